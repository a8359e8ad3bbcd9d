//! What a panic leads to: a fault, which the firmware has a handler for. Nothing of Sprag panics; docs/PORTING.md names
//! the paths in the cryptography that the compiler does not see through.

#[cfg(feature = "panic-check")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[expect(
        unsafe_code,
        reason = "a function that is nowhere can only be a foreign one"
    )]
    // SAFETY: there is no such function, so this is never linked.
    unsafe extern "C" {
        safe fn a_panic_path_survived() -> !;
    }
    a_panic_path_survived()
}

#[cfg(not(feature = "panic-check"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        #[cfg(target_arch = "arm")]
        #[expect(unsafe_code, reason = "an instruction that has no other name")]
        // SAFETY: an undefined instruction is a fault, and nothing comes behind it.
        unsafe {
            core::arch::asm!("udf #0");
        }
        #[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
        #[expect(unsafe_code, reason = "an instruction that has no other name")]
        // SAFETY: as above.
        unsafe {
            core::arch::asm!("unimp");
        }
        core::hint::spin_loop();
    }
}
