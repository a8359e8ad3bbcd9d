//! 32-bit ARM (Arm Architecture Reference Manual, DDI 0406, A8).

use super::{Bytes, Field, Kind, extend, reaches, with_word, word};

/// What the program counter reads as.
fn here(offset: u32) -> u32 {
    offset.wrapping_add(8)
}

#[inline]
pub(super) fn recognise(offset: u32, bytes: Bytes) -> Option<Field> {
    let code = word(bytes);
    if code & 0x0e00_0000 == 0x0a00_0000 {
        let kind = if code & 0x0100_0000 != 0 {
            Kind::Call
        } else {
            Kind::Jump
        };
        let target = here(offset).wrapping_add(extend((code & 0x00ff_ffff) << 2, 26));
        return Some(Field {
            kind,
            len: 4,
            target,
        });
    }
    if code & 0x0f7f_0000 == 0x051f_0000 {
        let distance = code & 0xfff;
        let up = code & 0x0080_0000 != 0;
        let distance = if up {
            distance
        } else {
            distance.wrapping_neg()
        };
        return Some(Field {
            kind: Kind::Load,
            len: 4,
            target: here(offset).wrapping_add(distance),
        });
    }
    None
}

#[inline]
pub(super) fn rewrite(kind: Kind, bytes: Bytes, offset: u32, target: u32) -> Option<Bytes> {
    let code = word(bytes);
    let distance = target.wrapping_sub(here(offset));
    let code = match kind {
        Kind::Call | Kind::Jump => {
            if !reaches(distance, 26, 4) {
                return None;
            }
            code & 0xff00_0000 | distance >> 2 & 0x00ff_ffff
        }
        Kind::Load => {
            let down = distance.wrapping_neg();
            if distance <= 0xfff {
                code & 0xff7f_f000 | 0x0080_0000 | distance
            } else if down <= 0xfff {
                code & 0xff7f_f000 | down
            } else {
                return None;
            }
        }
        _ => return None,
    };
    Some(with_word(bytes, code))
}
