//! RISC-V with compressed instructions (The RISC-V Instruction Set Manual, volume I).

use super::{Bytes, Field, Isa, Kind, extend, halves, reaches, with_word, word};

#[inline]
pub(super) fn recognise(isa: Isa, offset: u32, bytes: Bytes) -> Option<Field> {
    let code = word(bytes);
    let field = |kind, len, distance: u32| {
        Some(Field {
            kind,
            len,
            target: offset.wrapping_add(distance),
        })
    };
    match code & 0x7f {
        0x6f => {
            let kind = if code & 0xf80 != 0 {
                Kind::Call
            } else {
                Kind::Jump
            };
            let distance = code >> 31 << 20
                | code & 0x000f_f000
                | (code >> 20 & 1) << 11
                | (code >> 21 & 0x3ff) << 1;
            field(kind, 4, extend(distance, 21))
        }
        0x63 => {
            let distance = code >> 31 << 12
                | (code >> 7 & 1) << 11
                | (code >> 25 & 0x3f) << 5
                | (code >> 8 & 0xf) << 1;
            field(Kind::Branch, 4, extend(distance, 13))
        }
        0x17 => {
            let [_, next] = halves(u64::from_le_bytes(bytes));
            let low = pair_low(code, next)?;
            field(Kind::Page, 8, (code & 0xffff_f000).wrapping_add(low))
        }
        _ if code & 3 == 1 => match code >> 13 & 7 {
            // C.JAL; with 64 bits it is C.ADDIW.
            1 if isa == Isa::Rv32 => field(Kind::Call, 2, jump_distance(code)),
            5 => field(Kind::ShortLoad, 2, jump_distance(code)),
            6 | 7 => field(Kind::ShortBranch, 2, branch_distance(code)),
            _ => None,
        },
        _ => None,
    }
}

/// The low part of an AUIPC pair: a load, store, addition or jump by the register it sets.
fn pair_low(code: u32, next: u32) -> Option<u32> {
    if next >> 15 & 31 != code >> 7 & 31 {
        return None;
    }
    match next & 0x7f {
        0x03 | 0x07 | 0x13 | 0x67 => Some(extend(next >> 20, 12)),
        0x23 | 0x27 => Some(extend((next >> 25) << 5 | next >> 7 & 31, 12)),
        _ => None,
    }
}

/// The distance of C.J and C.JAL.
fn jump_distance(code: u32) -> u32 {
    let distance = (code >> 12 & 1) << 11
        | (code >> 11 & 1) << 4
        | (code >> 9 & 3) << 8
        | (code >> 8 & 1) << 10
        | (code >> 7 & 1) << 6
        | (code >> 6 & 1) << 7
        | (code >> 3 & 7) << 1
        | (code >> 2 & 1) << 5;
    extend(distance, 12)
}

/// The distance of C.BEQZ and C.BNEZ.
fn branch_distance(code: u32) -> u32 {
    let distance = (code >> 12 & 1) << 8
        | (code >> 10 & 3) << 3
        | (code >> 5 & 3) << 6
        | (code >> 3 & 3) << 1
        | (code >> 2 & 1) << 5;
    extend(distance, 9)
}

#[inline]
pub(super) fn rewrite(kind: Kind, bytes: Bytes, offset: u32, target: u32) -> Option<Bytes> {
    let code = word(bytes);
    let d = target.wrapping_sub(offset);
    let code = match kind {
        Kind::Call if code & 3 != 3 => return jump_to(bytes, d),
        Kind::ShortLoad => return jump_to(bytes, d),
        Kind::Call | Kind::Jump if reaches(d, 21, 2) => {
            code & 0xfff
                | (d >> 20 & 1) << 31
                | (d >> 1 & 0x3ff) << 21
                | (d >> 11 & 1) << 20
                | d & 0x000f_f000
        }
        Kind::Branch if reaches(d, 13, 2) => {
            code & 0x01ff_f07f
                | (d >> 12 & 1) << 31
                | (d >> 5 & 0x3f) << 25
                | (d >> 1 & 0xf) << 8
                | (d >> 11 & 1) << 7
        }
        Kind::Page => {
            let [_, next] = halves(u64::from_le_bytes(bytes));
            let high = d.wrapping_add(0x800) & 0xffff_f000;
            let low = d.wrapping_sub(high);
            let next = if matches!(next & 0x7f, 0x23 | 0x27) {
                next & 0x01ff_f07f | (low >> 5 & 0x7f) << 25 | (low & 31) << 7
            } else {
                next & 0x000f_ffff | (low & 0xfff) << 20
            };
            let code = code & 0xfff | high;
            return Some((u64::from(code) | u64::from(next) << 32).to_le_bytes());
        }
        Kind::ShortBranch if reaches(d, 9, 2) => {
            code & 0xffff_e383
                | (d >> 8 & 1) << 12
                | (d >> 3 & 3) << 10
                | (d >> 6 & 3) << 5
                | (d >> 1 & 3) << 3
                | (d >> 5 & 1) << 2
        }
        _ => return None,
    };
    Some(with_word(bytes, code))
}

/// C.J or C.JAL over a distance.
fn jump_to(bytes: Bytes, d: u32) -> Option<Bytes> {
    if !reaches(d, 12, 2) {
        return None;
    }
    let code = word(bytes);
    let code = code & 0xffff_e003
        | (d >> 11 & 1) << 12
        | (d >> 4 & 1) << 11
        | (d >> 8 & 3) << 9
        | (d >> 10 & 1) << 8
        | (d >> 6 & 1) << 7
        | (d >> 7 & 1) << 6
        | (d >> 1 & 7) << 3
        | (d >> 5 & 1) << 2;
    Some(with_word(bytes, code))
}
