//! What the first bytes of an instruction say of fields, set by set: quicker than recognising them, and
//! careful.

use crate::isa::{extend, x86_64 as x86};
use crate::model::usize_of;

/// What the first bytes of an instruction say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// No field, or a pointer; so many bytes.
    Plain(u8),
    /// A near field of so many bytes, whose target is about as far away as the other number says.
    Near(u8, u32),
    /// Perhaps a field.
    Field,
}

#[inline]
pub(super) fn thumb(code: u32) -> Look {
    let [_, high, _, second_high] = code.to_le_bytes();
    match THUMB.get(usize::from(high)) {
        Some(len) if *len != 0 => Look::Plain(*len),
        _ => match high {
            0xf0..=0xf7 if second_high & 0x80 != 0 => Look::Field,
            0xf0..=0xf7 => Look::Plain(4),
            0x48..=0x4f | 0xa0..=0xa7 => Look::Near(2, (code & 0xff) << 2),
            0xd0..=0xdf => Look::Near(2, extend((code & 0xff) << 1, 9)),
            0xe0..=0xe7 => Look::Near(2, extend((code & 0x7ff) << 1, 12)),
            0xf8 if code & 0xff7f != 0xf85f => Look::Plain(4),
            0xb0..=0xbb => Look::Near(2, (code >> 9 & 1) << 6 | (code >> 3 & 0x1f) << 1),
            _ => Look::Field,
        },
    }
}

/// Lengths of Thumb instructions by their high byte; 0 where a field may be.
static THUMB: [u8; 256] = {
    let mut table = [0; 256];
    let mut high = 0_u8;
    loop {
        #[expect(
            clippy::indexing_slicing,
            clippy::as_conversions,
            reason = "evaluated when compiled"
        )]
        {
            table[high as usize] = match high {
                0x48..=0x4f | 0xa0..=0xa7 | 0xb1 | 0xb3 | 0xb9 | 0xbb | 0xd0..=0xdd => 0,
                0xe0..=0xe7 | 0xf0..=0xf8 => 0,
                0xe8.. => 4,
                _ => 2,
            };
        }
        if high == u8::MAX {
            break table;
        }
        high = high.wrapping_add(1);
    }
};

/// Whether both halfwords of a word are instructions without a field.
#[inline]
pub(super) fn thumb_is_plain(word: u32) -> bool {
    let len = |high: u32| THUMB.get(usize_of(high)).copied().unwrap_or(0);
    len(word >> 8 & 0xff) & len(word >> 24) == 2
}

#[inline]
pub(super) fn a32(code: u32) -> Look {
    match code >> 24 & 0xf {
        0xa | 0xb => Look::Field,
        0x5 if code & 0x0f7f_0000 == 0x051f_0000 => {
            let distance = code & 0xfff;
            if code & 0x0080_0000 != 0 {
                Look::Near(4, distance)
            } else {
                Look::Near(4, distance.wrapping_neg())
            }
        }
        _ => Look::Plain(4),
    }
}

#[inline]
pub(super) fn a64(code: u32) -> Look {
    let [.., high] = code.to_le_bytes();
    let imm19 = || Look::Near(4, extend((code >> 5 & 0x7_ffff) << 2, 21));
    match high {
        0x14..=0x17 | 0x94..=0x97 => Look::Field,
        0x54 | 0x34 | 0x35 | 0xb4 | 0xb5 => imm19(),
        0x36 | 0x37 | 0xb6 | 0xb7 => Look::Near(4, extend((code >> 5 & 0x3fff) << 2, 16)),
        _ if high & 0x3b == 0x18 => imm19(),
        _ if high & 0x1f == 0x10 => Look::Field,
        // What may complete a page.
        0x91 => Look::Field,
        _ if high & 0x3b == 0x39 => Look::Field,
        _ => Look::Plain(4),
    }
}

#[inline]
pub(super) fn riscv(code: u32) -> Look {
    match code & 0x7f {
        0x6f | 0x63 | 0x17 => Look::Field,
        low if low & 3 == 3 => Look::Plain(4),
        low if low & 3 == 1 && matches!(code >> 13 & 7, 1 | 5..=7) => Look::Field,
        _ => Look::Plain(2),
    }
}

#[inline]
pub(super) fn xtensa(code: u32) -> Look {
    match code & 15 {
        5 => Look::Field,
        6 if code & 0x30 == 0 => Look::Field,
        1 => Look::Near(3, 0xfffc_0000 | (code >> 8 & 0xffff) << 2),
        6 if code & 0x30 == 0x10 => Look::Near(3, extend(code >> 12 & 0xfff, 12)),
        6 | 7 => Look::Near(3, extend(code >> 16 & 0xff, 8)),
        low if low & 8 == 0 => Look::Plain(3),
        _ => Look::Plain(2),
    }
}

#[inline]
pub(super) fn x86_64(code: u32) -> Look {
    if x86::begins(code) {
        Look::Field
    } else {
        Look::Plain(1)
    }
}
