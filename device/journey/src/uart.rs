//! The serial line: CMSDK's UART on Arm's boards, a 16550 on `virt`. Both are polled; QEMU holds back what has no room.

use sprag_link::Port;

use crate::board::{MACHINE, read, write};

/// The line.
#[derive(Debug)]
#[non_exhaustive]
pub struct Uart;

const BASE: usize = MACHINE.uart;

impl Uart {
    /// Switches the line on.
    #[must_use]
    pub fn start() -> Self {
        #[cfg(not(target_arch = "riscv32"))]
        for (register, value) in [(BASE + 16, 16), (BASE + 8, 0b11)] {
            // SAFETY: baud rate and enable bits are registers of the UART.
            unsafe { write::<u32>(register, value) };
        }
        Self
    }

    /// Sends a text.
    pub fn say(&mut self, text: &str) {
        self.write(text.as_bytes());
    }

    /// Sends a number.
    pub fn say_number(&mut self, number: u16) {
        let mut unit = 10_000;
        while unit > 0 {
            if number >= unit || unit == 1 {
                self.write(&[b'0' + (number / unit % 10) as u8]);
            }
            unit /= 10;
        }
    }
}

impl Port for Uart {
    fn read(&mut self) -> Option<u8> {
        #[cfg(not(target_arch = "riscv32"))]
        {
            // SAFETY: the state is a register of the UART.
            let full = unsafe { read::<u32>(BASE + 4) } & 0b10 != 0;
            // SAFETY: the data is a register of the UART.
            full.then(|| unsafe { read::<u32>(BASE) } as u8)
        }
        #[cfg(target_arch = "riscv32")]
        {
            // SAFETY: the line status is a register of the UART.
            let ready = unsafe { read::<u8>(BASE + 5) } & 1 != 0;
            // SAFETY: the data is a register of the UART.
            ready.then(|| unsafe { read::<u8>(BASE) })
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            #[cfg(not(target_arch = "riscv32"))]
            {
                // SAFETY: the state is a register of the UART.
                while unsafe { read::<u32>(BASE + 4) } & 1 != 0 {
                    core::hint::spin_loop();
                }
                // SAFETY: the data is a register of the UART.
                unsafe { write(BASE, u32::from(*byte)) };
            }
            #[cfg(target_arch = "riscv32")]
            {
                // SAFETY: the line status is a register of the UART.
                while unsafe { read::<u8>(BASE + 5) } & 0x20 == 0 {
                    core::hint::spin_loop();
                }
                // SAFETY: the data is a register of the UART.
                unsafe { write(BASE, *byte) };
            }
        }
    }
}
