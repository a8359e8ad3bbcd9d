//! 64-bit ARM (Arm Architecture Reference Manual, DDI 0487, C4.1).

use super::{Bytes, Code, Field, Kind, extend, halves, reaches, with_word, word};

#[inline]
pub(super) fn recognise(offset: u32, bytes: Bytes, around: Code<'_>) -> Option<Field> {
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
        return page(offset, bytes, around);
    }
    if let Some(scale) = scale_of(code) {
        return place(offset, code, scale, around);
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
fn page(offset: u32, bytes: Bytes, around: Code<'_>) -> Option<Field> {
    let [code, next] = halves(u64::from_le_bytes(bytes));
    let address = page_address(offset, code)?;
    let (len, place) = match place_scale(code, next) {
        Some(scale) => (8, (next >> 10 & 0xfff).wrapping_shl(scale)),
        None => (4, completed(code & 31, around).unwrap_or(0)),
    };
    let target = address.wrapping_add(place);
    Some(Field {
        kind: Kind::Page,
        len,
        target,
    })
}

/// The page that ADRP sets, unless it is beyond 2 GiB: then the distance does not fit 32 bits.
fn page_address(offset: u32, code: u32) -> Option<u32> {
    let pages = (code >> 5 & 0x7_ffff) << 2 | code >> 29 & 3;
    let page = page_of(offset).wrapping_add(pages << 12);
    (extend(pages, 21) == extend(pages, 20)).then_some(page)
}

/// The place within the page that one of the next instructions adds to a register, before another
/// one sets it.
fn completed(register: u32, around: Code<'_>) -> Option<u32> {
    for distance in [4, 8, 12, 16, 20, 24] {
        let code = around.word(distance)?;
        if let Some(scale) = scale_of(code)
            && code >> 5 & 31 == register
        {
            return Some((code >> 10 & 0xfff).wrapping_shl(scale));
        }
        if is_call(code) || sets(code, register) {
            return None;
        }
    }
    None
}

/// The place within a page that an instruction adds to a register which one of the instructions
/// before set to that page.
fn place(offset: u32, code: u32, scale: u32, around: Code<'_>) -> Option<Field> {
    let register = code >> 5 & 31;
    for (distance, at) in [4, 8, 12, 16, 20, 24]
        .into_iter()
        .zip([-4, -8, -12, -16, -20, -24])
    {
        let before = around.word(at)?;
        if before & 0x9f00_0000 == 0x9000_0000 && before & 31 == register {
            let page = page_address(offset.wrapping_sub(distance), before)?;
            let place = (code >> 10 & 0xfff).wrapping_shl(scale);
            return Some(Field {
                kind: Kind::Place,
                len: 4,
                target: page.wrapping_add(place),
            });
        }
        if is_call(before) || sets(before, register) {
            return None;
        }
    }
    None
}

/// B, BL, BLR, BR, RET.
fn is_call(code: u32) -> bool {
    code & 0x7c00_0000 == 0x1400_0000 || code & 0xfe00_0000 == 0xd600_0000
}

/// Whether an instruction may set a register. Of stores and branches the field is another.
fn sets(code: u32, register: u32) -> bool {
    let is_branch = code & 0x1c00_0000 == 0x1400_0000;
    let is_store = code & 0x0a40_0000 == 0x0800_0000;
    code & 31 == register && !is_branch && !is_store
}

/// If `next` adds to the register that ADRP sets, or loads or stores by it: log2 of the unit of its
/// immediate.
fn place_scale(code: u32, next: u32) -> Option<u32> {
    if next >> 5 & 31 != code & 31 {
        return None;
    }
    scale_of(next)
}

/// Log2 of the unit of the immediate of an ADD, a load or a store.
fn scale_of(code: u32) -> Option<u32> {
    if code & 0xffc0_0000 == 0x9100_0000 {
        return Some(0);
    }
    let vector = code & 0x0480_0000 == 0x0480_0000;
    let access = code & 0x3b00_0000 == 0x3900_0000;
    access.then_some(if vector { 4 } else { code >> 30 })
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
        Kind::Place => placed(code, target, scale_of(code)?)?,
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
        Some(scale) => placed(next, target, scale)?,
        None => next,
    };
    Some((u64::from(code) | u64::from(next) << 32).to_le_bytes())
}

/// An instruction with the place of an address within its page.
fn placed(code: u32, address: u32, scale: u32) -> Option<u32> {
    let place = address & 0xfff;
    let units = place.wrapping_shr(scale);
    (units.wrapping_shl(scale) == place).then_some(code & 0xffc0_03ff | units << 10)
}

/// The target nearest to `near` that has this page, or this place within a page.
pub(super) fn target(kind: Kind, bytes: Bytes, offset: u32, near: u32) -> Option<u32> {
    let code = word(bytes);
    if kind == Kind::Page {
        if code & 0x9f00_0000 != 0x9000_0000 {
            return None;
        }
        let page = page_address(offset, code)?;
        return Some(near.wrapping_add(page.wrapping_sub(page_of(near))));
    }
    let place = (code >> 10 & 0xfff).wrapping_shl(scale_of(code)?);
    Some(near.wrapping_add(extend(place.wrapping_sub(near), 12)))
}
