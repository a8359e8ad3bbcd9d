//! QEMU's machines: where their memory is, how they count, and how deep a stack has been.

#[cfg(bare_metal)]
use core::arch::asm;

/// What the build script knows of the machine.
struct Machine {
    /// 16 MiB beside program memory and RAM: the flash part, and what QEMU loads there.
    external: usize,
    /// The first CMSDK timer; 0 where the processor counts its instructions itself.
    timer: usize,
    /// Instructions of one of the timer's ticks.
    tick: u32,
}

const MACHINE: Machine = include!(concat!(env!("OUT_DIR"), "/machine.rs"));

/// Where the flash part lies.
pub(crate) const EXTERNAL: usize = MACHINE.external;

/// What an unused word of the stack holds.
const PAINT: u32 = 0xa5c3_96e1;

/// Bytes below the stack pointer that painting leaves alone: its own frame.
const OWN_FRAME: usize = 128;

unsafe extern "C" {
    static __bss_end: u32;
    static __stack_top: u32;
}

/// Instructions so far. QEMU must run with `-icount shift=0`: an instruction is then a nanosecond of the machine's
/// time.
#[must_use]
pub fn instructions() -> u32 {
    #[cfg(target_arch = "riscv32")]
    {
        let count: u32;
        // SAFETY: reads a counter; there are no side effects.
        unsafe { asm!("csrr {}, minstret", out(reg) count) };
        count
    }
    #[cfg(not(target_arch = "riscv32"))]
    {
        const CONTROL: usize = MACHINE.timer;
        const VALUE: usize = MACHINE.timer + 4;
        const RELOAD: usize = MACHINE.timer + 8;
        // SAFETY: the address is that of a register of the timer.
        if unsafe { read(CONTROL) } == 0 {
            for (register, value) in [(RELOAD, u32::MAX), (VALUE, u32::MAX), (CONTROL, 1)] {
                // SAFETY: the address is that of a register of the timer, which nobody else uses.
                unsafe { write(register, value) };
            }
        }
        // SAFETY: the address is that of a register of the timer. It counts down.
        let passed = unsafe { !read(VALUE) };
        passed.wrapping_mul(MACHINE.tick)
    }
}

/// Fills the stack below what is in use.
#[inline(never)]
pub(crate) fn paint() {
    let mut word = (&raw const __bss_end).addr();
    let end = stack_pointer() - OWN_FRAME;
    while word < end {
        // SAFETY: between the end of the static data and the stack pointer nothing is in use.
        unsafe { write(word, PAINT) };
        word += 4;
    }
}

/// Bytes from the top of the stack to the deepest word that was written since it was painted.
#[inline(never)]
pub(crate) fn deepest() -> u32 {
    let mut word = (&raw const __bss_end).addr();
    let top = (&raw const __stack_top).addr();
    // SAFETY: the words up to the top of the stack are RAM.
    while word < top && unsafe { read(word) } == PAINT {
        word += 4;
    }
    (top - word) as u32
}

fn stack_pointer() -> usize {
    #[cfg(target_arch = "arm")]
    {
        let pointer: usize;
        // SAFETY: copies a register.
        unsafe { asm!("mov {}, sp", out(reg) pointer) };
        pointer
    }
    #[cfg(target_arch = "riscv32")]
    {
        let pointer: usize;
        // SAFETY: copies a register.
        unsafe { asm!("mv {}, sp", out(reg) pointer) };
        pointer
    }
    #[cfg(not(bare_metal))]
    OWN_FRAME
}

/// The word at `address`.
///
/// # Safety
/// It is the address of an aligned word that may be read.
pub(crate) unsafe fn read(address: usize) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { (address as *const u32).read_volatile() }
}

/// Writes the word at `address`.
///
/// # Safety
/// It is the address of an aligned word that may be written, and that no value of Rust's lies in.
unsafe fn write(address: usize, value: u32) {
    // SAFETY: the caller's promise.
    unsafe { (address as *mut u32).write_volatile(value) }
}
