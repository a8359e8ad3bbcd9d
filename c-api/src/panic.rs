//! What a panic leads to: a fault, which the firmware has a handler for. Nothing of Sprag panics; docs/PORTING.md names
//! the paths in the cryptography that the compiler does not see through.

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
