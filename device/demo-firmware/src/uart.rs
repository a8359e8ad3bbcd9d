//! Serial lines: register access and formatted output.

use core::fmt;

use crate::registers::Register;

const PERIPHERAL_CLOCK_HZ: u32 = 16_000_000;
const STATUS: usize = 0x00;
const DATA: usize = 0x04;
const BAUD: usize = 0x08;
const CONTROL: usize = 0x0C;
const RECEIVED: u32 = 1 << 5;
const TRANSMIT_EMPTY: u32 = 1 << 7;
const ENABLE: u32 = (1 << 13) | (1 << 3) | (1 << 2);
const CLOCK_ENABLE_APB2: Register = Register::at(0x4002_3844);
const CLOCK_ENABLE_APB1: Register = Register::at(0x4002_3840);

/// One serial line.
#[derive(Clone, Copy)]
pub(crate) struct Uart {
    base: Register,
    clock_enable: Register,
    clock_bit: u32,
}

impl Uart {
    /// The shell's line.
    pub(crate) const fn console() -> Self {
        Self {
            base: Register::at(0x4001_1000),
            clock_enable: CLOCK_ENABLE_APB2,
            clock_bit: 1 << 4,
        }
    }

    /// The Modbus line.
    pub(crate) const fn field_bus() -> Self {
        Self {
            base: Register::at(0x4000_4400),
            clock_enable: CLOCK_ENABLE_APB1,
            clock_bit: 1 << 17,
        }
    }

    pub(crate) fn start(self, baud: u32) {
        self.clock_enable.set(self.clock_bit);
        self.base
            .offset(BAUD)
            .write((PERIPHERAL_CLOCK_HZ + baud / 2) / baud);
        self.base.offset(CONTROL).write(ENABLE);
    }

    /// The next received byte, if there is one.
    pub(crate) fn receive(self) -> Option<u8> {
        if self.base.offset(STATUS).read() & RECEIVED == 0 {
            return None;
        }
        Some((self.base.offset(DATA).read() & 0xFF) as u8)
    }

    pub(crate) fn send(self, bytes: &[u8]) {
        for byte in bytes {
            while self.base.offset(STATUS).read() & TRANSMIT_EMPTY == 0 {
                core::hint::spin_loop();
            }
            self.base.offset(DATA).write(u32::from(*byte));
        }
    }
}

impl fmt::Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.send(text.as_bytes());
        Ok(())
    }
}
