//! The display: a frame of 128 by 64 pixels, drawn anew for each page.

use core::fmt;

use crate::font;
use crate::registers::Register;

pub(crate) const WIDTH: usize = 128;
pub(crate) const HEIGHT: usize = 64;
const SERIAL_BUS_DATA: Register = Register::at(0x4001_300C);
const CHIP_SELECT: Register = Register::at(0x4002_0018);

/// Sent once: the display's own settings.
static START_SEQUENCE: [u8; 25] = [
    0xAE, 0xD5, 0x80, 0xA8, 0x3F, 0xD3, 0x00, 0x40, 0x8D, 0x14, 0x20, 0x00, 0xA1, 0xC8, 0xDA, 0x12,
    0x81, 0x9F, 0xD9, 0xF1, 0xDB, 0x40, 0xA4, 0xA6, 0xAF,
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Small,
    Large,
}

/// The frame and where the next character goes.
pub(crate) struct Display {
    frame: [[u8; WIDTH]; HEIGHT / 8],
    x: usize,
    y: usize,
    size: Size,
}

impl Display {
    pub(crate) const fn new() -> Self {
        Self {
            frame: [[0; WIDTH]; HEIGHT / 8],
            x: 0,
            y: 0,
            size: Size::Small,
        }
    }

    pub(crate) fn start() {
        CHIP_SELECT.write(1 << 20);
        for byte in START_SEQUENCE {
            SERIAL_BUS_DATA.write(u32::from(byte));
        }
    }

    pub(crate) fn clear(&mut self) {
        self.frame = [[0; WIDTH]; HEIGHT / 8];
        self.move_to(0, 0, Size::Small);
    }

    pub(crate) fn move_to(&mut self, x: usize, y: usize, size: Size) {
        (self.x, self.y, self.size) = (x, y, size);
    }

    pub(crate) fn dot(&mut self, x: usize, y: usize) {
        if x < WIDTH && y < HEIGHT {
            self.frame[y / 8][x] |= 1 << (y % 8);
        }
    }

    pub(crate) fn line(&mut self, from: (i32, i32), to: (i32, i32)) {
        let (dx, dy) = ((to.0 - from.0).abs(), -(to.1 - from.1).abs());
        let (step_x, step_y) = ((to.0 - from.0).signum(), (to.1 - from.1).signum());
        let (mut x, mut y, mut error) = (from.0, from.1, dx + dy);
        loop {
            if let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) {
                self.dot(x, y);
            }
            if (x, y) == to {
                return;
            }
            let twice = 2 * error;
            if twice >= dy {
                error += dy;
                x += step_x;
            }
            if twice <= dx {
                error += dx;
                y += step_y;
            }
        }
    }

    /// A bar of `parts` thousandths of the width.
    pub(crate) fn bar(&mut self, y: usize, height: usize, parts: u32) {
        let filled = parts.min(1000) as usize * (WIDTH - 2) / 1000;
        for row in y..y + height {
            let edge = row == y || row == y + height - 1;
            for x in 0..WIDTH {
                if edge || x == 0 || x == WIDTH - 1 || x <= filled {
                    self.dot(x, row);
                }
            }
        }
    }

    fn put(&mut self, character: u8) {
        let glyph = font::glyph(character);
        let (width, height) = match self.size {
            Size::Small => (font::SMALL_WIDTH, font::SMALL_HEIGHT),
            Size::Large => (font::LARGE_WIDTH, font::LARGE_HEIGHT),
        };
        for row in 0..height {
            let bits = match self.size {
                Size::Small => u32::from(font::SMALL[glyph][row]),
                Size::Large => font::LARGE[glyph][row],
            };
            for column in 0..width {
                if bits >> column & 1 == 1 {
                    self.dot(self.x + column, self.y + row);
                }
            }
        }
        self.x += width;
    }

    /// Sends the frame to the display.
    pub(crate) fn show(&self) {
        for (page, row) in self.frame.iter().enumerate() {
            CHIP_SELECT.write(1 << 4);
            SERIAL_BUS_DATA.write(0xB0 | page as u32);
            for column in row {
                SERIAL_BUS_DATA.write(u32::from(*column));
            }
            CHIP_SELECT.write(1 << 20);
        }
    }

    /// The frame as the shell prints it: two rows of pixels a line.
    pub(crate) fn print(&self, out: &mut impl fmt::Write) -> fmt::Result {
        for y in (0..HEIGHT).step_by(2) {
            for x in 0..WIDTH {
                let lit = |y: usize| self.frame[y / 8][x] >> (y % 8) & 1 == 1;
                out.write_char(match (lit(y), lit(y + 1)) {
                    (false, false) => ' ',
                    (true, false) => '\'',
                    (false, true) => '.',
                    (true, true) => ':',
                })?;
            }
            out.write_str("\r\n")?;
        }
        Ok(())
    }
}

impl fmt::Write for Display {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.bytes() {
            if character == b'\n' {
                self.x = 0;
                self.y += if self.size == Size::Small {
                    font::SMALL_HEIGHT + 1
                } else {
                    font::LARGE_HEIGHT
                };
            } else {
                self.put(character);
            }
        }
        Ok(())
    }
}
