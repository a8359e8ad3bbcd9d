//! x86-64 (Intel 64 Architectures Software Developer's Manual, volume 2, 2.1 and appendix A).
//!
//! Instructions are not told apart: whatever looks like one of these, and whose distance of 32 bits
//! ends within the image, is one.

use super::{Bytes, Field, Kind, word};

#[inline]
pub(super) fn recognise(here: u32, bytes: Bytes) -> Option<Field> {
    let (kind, before) = form(word(bytes))?;
    let len = before.wrapping_add(4);
    let distance = word(tail(bytes, before));
    // Zero is mostly a place for a linker, or no instruction.
    let target = here.wrapping_add(len.into()).wrapping_add(distance);
    (distance != 0).then_some(Field { kind, len, target })
}

#[inline]
pub(super) fn rewrite(kind: Kind, bytes: Bytes, here: u32, target: u32) -> Option<Bytes> {
    let (found, before) = form(word(bytes))?;
    if found != kind {
        return None;
    }
    let len = u32::from(before).wrapping_add(4);
    let distance = target.wrapping_sub(here).wrapping_sub(len);
    if distance == 0 {
        return None;
    }
    let mut bytes = bytes;
    let slots = bytes.iter_mut().skip(before.into());
    for (slot, byte) in slots.zip(distance.to_le_bytes()) {
        *slot = byte;
    }
    Some(bytes)
}

/// Whether a field may begin with these bytes.
#[inline]
pub(super) fn begins(code: u32) -> bool {
    form(code).is_some()
}

/// The kind of an instruction, and its bytes before the distance.
#[inline]
fn form(code: u32) -> Option<(Kind, u8)> {
    let [first, second, third, _] = code.to_le_bytes();
    match first {
        0xe8 => Some((Kind::Call, 1)),
        0xe9 => Some((Kind::Jump, 1)),
        // Jcc.
        0x0f if second & 0xf0 == 0x80 => Some((Kind::Branch, 2)),
        // With a REX prefix, which has the width in bit 3.
        0x40..=0x4f if is_relative(third) => Some((access(second)?, 3)),
        _ if is_relative(second) => Some((access(first)?, 2)),
        _ => None,
    }
}

/// Mode 0 and register 5: the address is relative to the next instruction.
fn is_relative(modes: u8) -> bool {
    modes & 0xc7 == 5
}

/// The kind of an instruction that has an address but no immediate, so that the distance ends it.
fn access(code: u8) -> Option<Kind> {
    match code {
        // MOVSXD, TEST, XCHG, MOV, LEA; calls and jumps through memory, INC, DEC, PUSH; ALU.
        0x63 | 0x84..=0x8b | 0x8d | 0xff => Some(Kind::Page),
        0x00..=0x3f if code & 7 < 4 => Some(Kind::Page),
        _ => None,
    }
}

/// The bytes behind the first `count`.
fn tail(bytes: Bytes, count: u8) -> Bytes {
    let shift = u32::from(count).wrapping_mul(8);
    (u64::from_le_bytes(bytes) >> (shift & 63)).to_le_bytes()
}
