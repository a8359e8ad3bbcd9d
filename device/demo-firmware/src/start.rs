//! From reset to `main`: vector table, memory initialisation, fault and panic handlers.

use core::fmt::Write;
use core::panic::PanicInfo;

use crate::registers::Register;
use crate::uart::Uart;

/// Writing this with the key below restarts the part (System Control Block, AIRCR).
const AIRCR: Register = Register::at(0xE000_ED0C);
const AIRCR_RESET: u32 = 0x05FA_0004;
/// Where the vector table is (System Control Block, VTOR).
const VTOR: Register = Register::at(0xE000_ED08);
/// Why the last fault happened (System Control Block, CFSR).
const CFSR: Register = Register::at(0xE000_ED28);
const BUS_FAULT_ADDRESS: Register = Register::at(0xE000_ED38);

/// One entry of the vector table.
#[derive(Clone, Copy)]
#[repr(C)]
union Vector {
    handler: unsafe extern "C" fn(),
    stack: *const u32,
    reserved: u32,
}

// SAFETY: the table is never written, and the addresses in it are only read by the processor.
unsafe impl Sync for Vector {}

unsafe extern "C" {
    static __stack_top: u32;
    static mut __bss_start: u32;
    static __bss_end: u32;
    static mut __data_start: u32;
    static __data_end: u32;
    static __data_load: u32;
}

const fn handler(handler: unsafe extern "C" fn()) -> Vector {
    Vector { handler }
}

const RESERVED: Vector = Vector { reserved: 0 };
const UNUSED: Vector = handler(unexpected_interrupt);

// SAFETY: the section name is what the linker script places at the start of flash; nothing else uses it.
#[unsafe(link_section = ".vectors")]
#[used]
static VECTORS: [Vector; 16 + 82] = {
    let mut table = [UNUSED; 16 + 82];
    table[0] = Vector {
        stack: &raw const __stack_top,
    };
    table[1] = handler(reset);
    table[3] = handler(hard_fault);
    table[4] = handler(memory_fault);
    table[5] = handler(bus_fault);
    table[6] = handler(usage_fault);
    table[7] = RESERVED;
    table[8] = RESERVED;
    table[9] = RESERVED;
    table[10] = RESERVED;
    table[13] = RESERVED;
    table[15] = handler(tick);
    table
};

// SAFETY: no other function has this name; the linker script makes it the entry point.
#[unsafe(no_mangle)]
unsafe extern "C" fn reset() {
    let mut to = &raw mut __bss_start;
    let end = &raw const __bss_end;
    while to.cast_const() < end {
        // SAFETY: the linker script makes [__bss_start, __bss_end) aligned RAM that nothing uses yet.
        unsafe { to.write_volatile(0) };
        to = to.wrapping_add(1);
    }
    let mut from = &raw const __data_load;
    let mut to = &raw mut __data_start;
    let end = &raw const __data_end;
    while to.cast_const() < end {
        // SAFETY: __data_load is the image in flash of [__data_start, __data_end), word for word.
        let word = unsafe { from.read_volatile() };
        // SAFETY: `to` is inside that range, aligned, and nothing uses it yet.
        unsafe { to.write_volatile(word) };
        from = from.wrapping_add(1);
        to = to.wrapping_add(1);
    }
    // A bootloader's own table, or the alias of flash at zero, has been in use so far.
    VTOR.write((&raw const VECTORS).addr() as u32);
    crate::main()
}

unsafe extern "C" fn tick() {
    crate::clock::tick();
}

unsafe extern "C" fn hard_fault() {
    fatal("hard fault");
}

unsafe extern "C" fn memory_fault() {
    fatal("memory protection fault");
}

unsafe extern "C" fn bus_fault() {
    fatal("bus fault");
}

unsafe extern "C" fn usage_fault() {
    fatal("usage fault");
}

unsafe extern "C" fn unexpected_interrupt() {
    fatal("interrupt without a handler");
}

fn fatal(what: &str) -> ! {
    let mut console = Uart::console();
    // The console cannot fail, and nothing could be done if it did.
    let _ = write!(
        console,
        "\r\n*** {what}: status {:#010x}, address {:#010x}\r\n",
        CFSR.read(),
        BUS_FAULT_ADDRESS.read()
    );
    restart()
}

/// Restarts the part.
pub(crate) fn restart() -> ! {
    AIRCR.write(AIRCR_RESET);
    loop {
        core::hint::spin_loop();
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let mut console = Uart::console();
    // As above.
    let _ = write!(console, "\r\n*** {info}\r\n");
    restart()
}
