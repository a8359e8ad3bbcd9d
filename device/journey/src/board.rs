//! QEMU's machines: where things are, how a start is asked for, and how the application is started.

use sprag_verifier::Area;

/// What the build script knows of the machine.
pub(crate) struct Machine {
    pub(crate) board: &'static str,
    pub(crate) application: usize,
    /// The word of RAM in which the bootloader says what it chose.
    pub(crate) handed: usize,
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

/// What stands in that word, so that it is not taken for what memory happens to hold.
const HANDED_A: u32 = 0x534c_4f41;
const HANDED_B: u32 = 0x534c_4f42;

/// Tells the application from which slot it runs. The boot record does not: a bootloader that cannot write it boots the confirmed
/// image while the record says that one is on trial.
pub fn hand_over(slot: Area) {
    let word = match slot {
        Area::SlotB => HANDED_B,
        _ => HANDED_A,
    };
    // SAFETY: the word lies behind the RAM that the linker knows of.
    unsafe { write(MACHINE.handed, word) };
}

/// The slot from which the application runs, if a bootloader has told.
#[must_use]
pub fn handed_over() -> Option<Area> {
    // SAFETY: as above.
    match unsafe { read(MACHINE.handed) } {
        HANDED_A => Some(Area::SlotA),
        HANDED_B => Some(Area::SlotB),
        _ => None,
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
