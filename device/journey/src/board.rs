//! QEMU's machines: where things are, how a start is asked for, and how the application is started.

/// What the build script knows of the machine.
pub(crate) struct Machine {
    pub(crate) board: &'static str,
    pub(crate) application: usize,
    pub(crate) nor: usize,
    pub(crate) uart: usize,
}

pub(crate) const MACHINE: Machine = include!(concat!(env!("OUT_DIR"), "/machine.rs"));

/// The board's name, which packages are bound to.
pub const BOARD: &str = MACHINE.board;

/// Where the application runs.
pub const APPLICATION: usize = MACHINE.application;

/// The word at `address`.
///
/// # Safety
/// It is the address of a register or of an aligned word of memory that may be read.
pub(crate) unsafe fn read<T: Copy>(address: usize) -> T {
    // SAFETY: the caller's promise.
    unsafe { (address as *const T).read_volatile() }
}

/// Writes the word at `address`.
///
/// # Safety
/// It is the address of a register, or of an aligned word of memory that no value of Rust's lies in.
pub(crate) unsafe fn write<T: Copy>(address: usize, value: T) {
    // SAFETY: the caller's promise.
    unsafe { (address as *mut T).write_volatile(value) }
}

/// Starts the machine anew.
pub fn restart() -> ! {
    // Application Interrupt and Reset Control Register of the Armv7-M architecture; SiFive's test device on `virt`.
    let (register, value) = match cfg!(target_arch = "arm") {
        true => (0xe000_ed0c, 0x05fa_0004_u32),
        false => (0x10_0000, 0x7777),
    };
    // SAFETY: the register is the machine's, and does nothing but this.
    unsafe { write(register, value) };
    loop {
        core::hint::spin_loop();
    }
}

/// Copies the image in a slot to where it runs, and starts it.
pub fn start_application(image: &[u8]) -> ! {
    // SAFETY: the memory from there on holds the application that runs and nothing else, and the bootloader is not it.
    unsafe { core::ptr::copy_nonoverlapping(image.as_ptr(), APPLICATION as *mut u8, image.len()) };
    #[cfg(target_arch = "arm")]
    // SAFETY: the image begins with its stack pointer and the address of its first instruction; nothing of the bootloader is needed
    // any more. Its vectors are the application's from now on (VTOR).
    unsafe {
        core::arch::asm!(
            "dsb",
            "isb",
            "str r0, [r1]",
            "ldr r1, [r0]",
            "msr msp, r1",
            "ldr r1, [r0, #4]",
            "bx r1",
            in("r0") APPLICATION,
            in("r1") 0xe000_ed08_u32,
            options(noreturn),
        );
    }
    #[cfg(target_arch = "riscv32")]
    // SAFETY: the image begins with its first instruction; nothing of the bootloader is needed any more.
    unsafe {
        core::arch::asm!("fence.i", "jr {0}", in(reg) APPLICATION, options(noreturn));
    }
    #[cfg(not(bare_metal))]
    restart()
}
