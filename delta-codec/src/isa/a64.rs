//! 64-bit ARM (Arm Architecture Reference Manual, DDI 0487, C4.1).

use super::{Bytes, Field, Kind, extend, halves, reaches, with_word, word};

#[inline]
pub(super) fn recognise(offset: u32, bytes: Bytes) -> Option<Field> {
    let code = word(bytes);
    let field = |kind, distance: u32| {
        Some(Field {
            kind,
            len: 4,
            target: offset.wrapping_add(distance),
        })
    };
    if code & 0x7c00_0000 == 0x1400_0000 {
        let kind = if code >> 31 != 0 {
            Kind::Call
        } else {
            Kind::Jump
        };
        return field(kind, extend((code & 0x03ff_ffff) << 2, 28));
    }
    if code & 0xff00_0010 == 0x5400_0000 {
        return field(Kind::Branch, imm19(code));
    }
    if code & 0x7e00_0000 == 0x3400_0000 {
        return field(Kind::CompareBranch, imm19(code));
    }
    if code & 0x7e00_0000 == 0x3600_0000 {
        return field(Kind::ShortBranch, extend((code >> 5 & 0x3fff) << 2, 16));
    }
    if code & 0x3b00_0000 == 0x1800_0000 {
        return field(Kind::Load, imm19(code));
    }
    if code & 0x9f00_0000 == 0x9000_0000 {
        return page(offset, bytes);
    }
    if code & 0x9f00_0000 == 0x1000_0000 {
        return field(
            Kind::Address,
            extend((code >> 5 & 0x7_ffff) << 2 | code >> 29 & 3, 21),
        );
    }
    None
}

/// ADRP, with the instruction behind it if that adds the place within the page.
fn page(offset: u32, bytes: Bytes) -> Option<Field> {
    let [code, next] = halves(u64::from_le_bytes(bytes));
    let pages = (code >> 5 & 0x7_ffff) << 2 | code >> 29 & 3;
    // Beyond 2 GiB the distance does not fit 32 bits.
    if extend(pages, 21) != extend(pages, 20) {
        return None;
    }
    let address = page_of(offset).wrapping_add(pages << 12);
    let (len, place) = match place_scale(code, next) {
        Some(scale) => (8, (next >> 10 & 0xfff).wrapping_shl(scale)),
        None => (4, 0),
    };
    Some(Field {
        kind: Kind::Page,
        len,
        target: address.wrapping_add(place),
    })
}

/// If `next` adds to the register that ADRP sets, or loads or stores by it: log2 of the unit of its
/// immediate.
fn place_scale(code: u32, next: u32) -> Option<u32> {
    if next >> 5 & 31 != code & 31 {
        return None;
    }
    if next & 0xffc0_0000 == 0x9100_0000 {
        return Some(0);
    }
    let vector = next & 0x0480_0000 == 0x0480_0000;
    let access = next & 0x3b00_0000 == 0x3900_0000;
    access.then_some(if vector { 4 } else { next >> 30 })
}

fn page_of(address: u32) -> u32 {
    address & !0xfff
}

fn imm19(code: u32) -> u32 {
    extend((code >> 5 & 0x7_ffff) << 2, 21)
}

#[inline]
pub(super) fn rewrite(kind: Kind, bytes: Bytes, offset: u32, target: u32) -> Option<Bytes> {
    if kind == Kind::Page {
        return rewrite_page(bytes, offset, target);
    }
    let code = word(bytes);
    let distance = target.wrapping_sub(offset);
    let code = match kind {
        Kind::Call | Kind::Jump if reaches(distance, 28, 4) => {
            code & 0xfc00_0000 | distance >> 2 & 0x03ff_ffff
        }
        Kind::Branch | Kind::CompareBranch | Kind::Load if reaches(distance, 21, 4) => {
            code & 0xff00_001f | (distance >> 2 & 0x7_ffff) << 5
        }
        Kind::ShortBranch if reaches(distance, 16, 4) => {
            code & 0xfff8_001f | (distance >> 2 & 0x3fff) << 5
        }
        Kind::Address if reaches(distance, 21, 1) => {
            code & 0x9f00_001f | (distance & 3) << 29 | (distance >> 2 & 0x7_ffff) << 5
        }
        _ => return None,
    };
    Some(with_word(bytes, code))
}

fn rewrite_page(bytes: Bytes, offset: u32, target: u32) -> Option<Bytes> {
    let [code, next] = halves(u64::from_le_bytes(bytes));
    let distance = page_of(target).wrapping_sub(page_of(offset));
    let pages = extend(distance >> 12, 20);
    let code = code & 0x9f00_001f | (pages & 3) << 29 | (pages >> 2 & 0x7_ffff) << 5;
    let next = match place_scale(code, next) {
        Some(scale) => {
            let place = target & 0xfff;
            let units = place.wrapping_shr(scale);
            if units.wrapping_shl(scale) != place {
                return None;
            }
            next & 0xffc0_03ff | units << 10
        }
        None => next,
    };
    Some((u64::from(code) | u64::from(next) << 32).to_le_bytes())
}
