//! Words relative to their own place: tables of symbols, exceptions and jump labels.

use crate::isa::{Bytes, Field, Kind, Side, with_word, word};

/// Distances nearer than this are numbers of another sort.
const NEAR: u32 = 0x1000;

#[inline]
pub(super) fn recognise(side: &Side, offset: u32, bytes: Bytes) -> Option<Field> {
    let distance = word(bytes);
    let magnitude = i32::from_le_bytes(distance.to_le_bytes()).unsigned_abs();
    if magnitude < NEAR {
        return None;
    }
    let address = side.segments.low_address_of(offset).wrapping_add(distance);
    let target = side.segments.offset_of(address, side.len)?;
    Some(Field {
        kind: Kind::Relative,
        len: 4,
        target,
    })
}

#[inline]
pub(super) fn rewrite(
    side: &Side,
    kind: Kind,
    bytes: Bytes,
    offset: u32,
    target: u32,
) -> Option<Bytes> {
    if kind != Kind::Relative {
        return None;
    }
    let here = side.segments.low_address_of(offset);
    let there = side.segments.low_address_of(target);
    Some(with_word(bytes, there.wrapping_sub(here)))
}
