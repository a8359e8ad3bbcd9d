//! From reset to the program, and what a fault or a panic leads to. The linker script names the memory (`__bss_start`,
//! `__data_load`, `__stack_top`), the program defines `run` and `ended`.
#![cfg(target_os = "none")]
#![no_std]

/// The code of a fault of the processor.
pub const FAULT: u32 = 99;
/// The code of a panic.
pub const PANIC: u32 = 98;

unsafe extern "C" {
    static mut __bss_start: u32;
    static __bss_end: u32;
    static mut __data_start: u32;
    static __data_end: u32;
    static __data_load: u32;
    /// The program's.
    safe fn run();
    /// What follows the program: 0 after it returned, else why it did not.
    safe fn ended(code: u32) -> !;
}

#[cfg(target_arch = "arm")]
core::arch::global_asm!(
    // Stack, reset, and one handler for whatever should not happen.
    ".section .vectors, \"a\"",
    ".word __stack_top",
    ".word reset",
    ".rept 14",
    ".word fault",
    ".endr",
    // The floating-point unit is off after a reset where there is one; targets that use it need it on.
    ".section .text.reset, \"ax\"",
    ".global reset",
    ".thumb_func",
    "reset:",
    "ldr r0, =0xe000ed88",
    "ldr r1, [r0]",
    "ldr r2, =0x00f00000",
    "orrs r1, r2",
    "str r1, [r0]",
    "bl begin",
);

#[cfg(target_arch = "riscv32")]
core::arch::global_asm!(
    ".section .vectors, \"ax\"",
    ".global reset",
    "reset:",
    "la sp, __stack_top",
    "la t0, trap",
    "csrw mtvec, t0",
    "jal begin",
    ".balign 4",
    "trap:",
    "j fault",
);

/// Initialises memory as the linker script says, then runs the program.
#[unsafe(no_mangle)]
extern "C" fn begin() -> ! {
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
        // SAFETY: __data_load is the image in program memory of [__data_start, __data_end), word for word.
        let word = unsafe { from.read_volatile() };
        // SAFETY: `to` is inside that range, aligned, and nothing uses it yet.
        unsafe { to.write_volatile(word) };
        from = from.wrapping_add(1);
        to = to.wrapping_add(1);
    }
    run();
    ended(0)
}

#[unsafe(no_mangle)]
extern "C" fn fault() -> ! {
    ended(FAULT)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    ended(PANIC)
}
