//! Thumb and Thumb-2 (Arm Architecture Reference Manual, DDI 0403, A6 and A7).

use super::{Bytes, Field, Kind, extend, reaches, with_word, word};

/// What the program counter reads as, and the same aligned to a word.
fn here(offset: u32) -> u32 {
    offset.wrapping_add(4)
}

fn here_aligned(offset: u32) -> u32 {
    here(offset) & !3
}

fn bit(value: u32, place: u32) -> u32 {
    value.wrapping_shr(place) & 1
}

#[inline]
pub(super) fn recognise(offset: u32, bytes: Bytes) -> Option<Field> {
    let both = word(bytes);
    let (first, second) = (both & 0xffff, both >> 16);
    let field = |kind, len, target| Some(Field { kind, len, target });
    match first >> 12 {
        0x4 if first & 0xf800 == 0x4800 => {
            let target = here_aligned(offset).wrapping_add((first & 0xff) << 2);
            field(Kind::ShortLoad, 2, target)
        }
        0xa if first & 0xf800 == 0xa000 => {
            let target = here_aligned(offset).wrapping_add((first & 0xff) << 2);
            field(Kind::Address, 2, target)
        }
        0xb if first & 0xf500 == 0xb100 => {
            let distance = bit(first, 9) << 6 | (first >> 3 & 0x1f) << 1;
            field(Kind::CompareBranch, 2, here(offset).wrapping_add(distance))
        }
        0xd if first & 0x0f00 < 0x0e00 => {
            let target = here(offset).wrapping_add(extend((first & 0xff) << 1, 9));
            field(Kind::ShortBranch, 2, target)
        }
        0xe if first & 0xf800 == 0xe000 => {
            let target = here(offset).wrapping_add(extend((first & 0x7ff) << 1, 12));
            field(Kind::ShortBranch, 2, target)
        }
        0xf if first & 0xf800 == 0xf000 => match second & 0xd000 {
            0xd000 | 0x9000 => {
                let kind = if second & 0x4000 != 0 {
                    Kind::Call
                } else {
                    Kind::Jump
                };
                field(
                    kind,
                    4,
                    here(offset).wrapping_add(far_distance(first, second)),
                )
            }
            0xc000 if second & 1 == 0 => {
                let target = here_aligned(offset).wrapping_add(far_distance(first, second));
                field(Kind::Call, 4, target)
            }
            0x8000 if first >> 6 & 0xf < 0xe => {
                let distance = bit(first, 10) << 20
                    | bit(second, 11) << 19
                    | bit(second, 13) << 18
                    | (first & 0x3f) << 12
                    | (second & 0x7ff) << 1;
                field(
                    Kind::Branch,
                    4,
                    here(offset).wrapping_add(extend(distance, 21)),
                )
            }
            _ => None,
        },
        0xf if first & 0xff7f == 0xf85f => {
            let distance = second & 0xfff;
            let up = first & 0x80 != 0;
            let distance = if up {
                distance
            } else {
                distance.wrapping_neg()
            };
            field(Kind::Load, 4, here_aligned(offset).wrapping_add(distance))
        }
        _ => None,
    }
}

/// Of BL and of B.W, encoding T4: the kind, and how far from the instruction itself the target is.
#[inline]
pub(crate) fn call(code: u32) -> Option<(Kind, u32)> {
    let kind = match code & 0xd000_f800 {
        0xd000_f000 => Kind::Call,
        0x9000_f000 => Kind::Jump,
        _ => return None,
    };
    Some((kind, here(far_distance(code & 0xffff, code >> 16))))
}

/// The distance of BL, of BLX and of B.W, encoding T4.
fn far_distance(first: u32, second: u32) -> u32 {
    let sign = bit(first, 10);
    let high = 1 ^ bit(second, 13) ^ sign;
    let low = 1 ^ bit(second, 11) ^ sign;
    let distance =
        sign << 24 | high << 23 | low << 22 | (first & 0x3ff) << 12 | (second & 0x7ff) << 1;
    extend(distance, 25)
}

#[inline]
pub(super) fn rewrite(kind: Kind, bytes: Bytes, offset: u32, target: u32) -> Option<Bytes> {
    let both = word(bytes);
    let (first, second) = (both & 0xffff, both >> 16);
    let distance = target.wrapping_sub(here(offset));
    let aligned = target.wrapping_sub(here_aligned(offset));
    let (first, second) = match kind {
        Kind::Call | Kind::Jump => {
            // BLX goes to A32, in whole words.
            let (distance, unit) = if second & 0xd000 == 0xc000 {
                (aligned, 4)
            } else {
                (distance, 2)
            };
            if !reaches(distance, 25, unit) {
                return None;
            }
            let sign = bit(distance, 24);
            let high = 1 ^ bit(distance, 23) ^ sign;
            let low = 1 ^ bit(distance, 22) ^ sign;
            (
                0xf000 | sign << 10 | distance >> 12 & 0x3ff,
                second & 0xd000 | high << 13 | low << 11 | distance >> 1 & 0x7ff,
            )
        }
        Kind::Branch => {
            if !reaches(distance, 21, 2) {
                return None;
            }
            (
                first & 0xfbc0 | bit(distance, 20) << 10 | distance >> 12 & 0x3f,
                second & 0xd000
                    | bit(distance, 18) << 13
                    | bit(distance, 19) << 11
                    | distance >> 1 & 0x7ff,
            )
        }
        Kind::ShortLoad | Kind::Address => {
            if aligned > 1020 || aligned & 3 != 0 {
                return None;
            }
            (first & 0xff00 | aligned >> 2, second)
        }
        Kind::ShortBranch if first & 0xf000 == 0xd000 => {
            if !reaches(distance, 9, 2) {
                return None;
            }
            (first & 0xff00 | distance >> 1 & 0xff, second)
        }
        Kind::ShortBranch => {
            if !reaches(distance, 12, 2) {
                return None;
            }
            (first & 0xf800 | distance >> 1 & 0x7ff, second)
        }
        Kind::CompareBranch => {
            if distance > 126 || distance & 1 != 0 {
                return None;
            }
            (
                first & 0xfd07 | bit(distance, 6) << 9 | (distance >> 1 & 0x1f) << 3,
                second,
            )
        }
        Kind::Load => {
            let down = aligned.wrapping_neg();
            if aligned <= 0xfff {
                (first | 0x80, second & 0xf000 | aligned)
            } else if down <= 0xfff {
                (first & !0x80, second & 0xf000 | down)
            } else {
                return None;
            }
        }
        _ => return None,
    };
    Some(with_word(bytes, first | second << 16))
}
