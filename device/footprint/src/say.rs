//! Words for the one who started QEMU, by semihosting: `part what number`, a line each.

/// SYS_WRITE0: a text that ends with a zero byte.
const WRITE: usize = 0x04;
/// SYS_EXIT_EXTENDED: a reason and a code.
const EXIT: usize = 0x20;
/// ADP_Stopped_ApplicationExit.
const APPLICATION_EXIT: usize = 0x2_0026;

/// Says a number. Every program links this, so that the difference of two programs does not have it.
#[inline(never)]
pub fn say(part: &str, what: &str, number: u32) {
    let mut line = [0; 96];
    let mut at = 0;
    let mut put = |byte: u8| {
        // The last byte stays zero.
        if let Some(place) = line.get_mut(at).filter(|_| at < 95) {
            *place = byte;
            at += 1;
        }
    };
    for text in [part, " ", what, " "] {
        text.bytes().for_each(&mut put);
    }
    let mut unit = 1_000_000_000;
    while unit > 0 {
        let digit = number / unit % 10;
        if number >= unit || unit == 1 {
            put(b'0' + digit as u8);
        }
        unit /= 10;
    }
    put(b'\n');
    call(WRITE, line.as_ptr().addr());
}

/// What follows the program, or a fault or a panic of it.
#[cfg(bare_metal)]
#[unsafe(no_mangle)]
extern "C" fn ended(code: u32) -> ! {
    stop(code)
}

/// Ends the program; 0 is success.
pub fn stop(code: u32) -> ! {
    let block = [APPLICATION_EXIT, code as usize];
    call(EXIT, block.as_ptr().addr());
    loop {
        core::hint::spin_loop();
    }
}

#[inline(never)]
fn call(operation: usize, argument: usize) {
    #[cfg(target_arch = "arm")]
    // SAFETY: a call of the debugger, which reads what `argument` points at; the compiler must assume that.
    unsafe {
        core::arch::asm!("bkpt 0xab", inout("r0") operation => _, in("r1") argument);
    }
    #[cfg(target_arch = "riscv32")]
    // SAFETY: as above; the three instructions must lie next to each other, uncompressed, in one page.
    unsafe {
        core::arch::asm!(
            ".balign 16",
            ".option push",
            ".option norvc",
            "slli x0, x0, 0x1f",
            "ebreak",
            "srai x0, x0, 7",
            ".option pop",
            inout("a0") operation => _, in("a1") argument,
        );
    }
    #[cfg(not(bare_metal))]
    let _ = (operation, argument);
}
