//! Xtensa (Xtensa Instruction Set Architecture Reference Manual, 7).

use super::{Bytes, Field, Kind, extend, reaches, with_word, word};

#[inline]
pub(super) fn recognise(offset: u32, bytes: Bytes) -> Option<Field> {
    let code = word(bytes) & 0x00ff_ffff;
    let here = offset.wrapping_add(4);
    let field = |kind, from: u32, distance| {
        Some(Field {
            kind,
            len: 3,
            target: from.wrapping_add(distance),
        })
    };
    match code & 15 {
        5 => field(
            Kind::Call,
            (offset & !3).wrapping_add(4),
            extend(code >> 6, 18) << 2,
        ),
        1 => field(
            Kind::Load,
            offset.wrapping_add(3) & !3,
            0xfffc_0000 | code >> 8 << 2,
        ),
        6 => match code >> 4 & 3 {
            0 => field(Kind::Jump, here, extend(code >> 6, 18)),
            1 => field(Kind::Branch, here, extend(code >> 12, 12)),
            _ => field(Kind::ShortBranch, here, extend(code >> 16, 8)),
        },
        7 => field(Kind::ShortBranch, here, extend(code >> 16, 8)),
        _ => None,
    }
}

#[inline]
pub(super) fn rewrite(kind: Kind, bytes: Bytes, offset: u32, target: u32) -> Option<Bytes> {
    let all = word(bytes);
    let distance = target.wrapping_sub(offset.wrapping_add(4));
    let code = match kind {
        Kind::Call => {
            let distance = target.wrapping_sub((offset & !3).wrapping_add(4));
            if !reaches(distance, 20, 4) {
                return None;
            }
            all & 0x3f | (distance >> 2 & 0x3_ffff) << 6
        }
        Kind::Load => {
            let distance = target.wrapping_sub(offset.wrapping_add(3) & !3);
            if distance & 3 != 0 || distance < 0xfffc_0000 {
                return None;
            }
            all & 0xff | (distance >> 2 & 0xffff) << 8
        }
        Kind::Jump if reaches(distance, 18, 1) => all & 0x3f | (distance & 0x3_ffff) << 6,
        Kind::Branch if reaches(distance, 12, 1) => all & 0xfff | (distance & 0xfff) << 12,
        Kind::ShortBranch if reaches(distance, 8, 1) => all & 0xffff | (distance & 0xff) << 16,
        _ => return None,
    };
    Some(with_word(bytes, all & 0xff00_0000 | code & 0x00ff_ffff))
}
