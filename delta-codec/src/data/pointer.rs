//! Absolute addresses of 32 and 64 bits. Small numbers are none.

use crate::isa::{Bytes, Field, Kind, Side, with_word, word};
use crate::segments::low;

const SMALL: u32 = 0x100;

/// A word that is an address in the image or in RAM.
#[inline]
pub(crate) fn recognise_32(side: &Side, bytes: Bytes) -> Option<Field> {
    let value = word(bytes);
    if let Some(target) = side.segments.offset_of(value, side.len)
        && value >= SMALL
    {
        return Some(Field {
            kind: Kind::Pointer,
            len: 4,
            target,
        });
    }
    let target = value.wrapping_sub(side.ram_base);
    (target < side.memory()).then_some(Field {
        kind: Kind::Ram,
        len: 4,
        target,
    })
}

/// Two words that are an address in the image, at a multiple of 8.
#[inline]
pub(crate) fn recognise_64(side: &Side, offset: u32, bytes: Bytes) -> Option<Field> {
    let value = u64::from_le_bytes(bytes);
    if offset & 7 != 0 || value < SMALL.into() {
        return None;
    }
    let target = side.segments.offset_of(low(value), side.len)?;
    (side.segments.address_of(target) == value).then_some(Field {
        kind: Kind::Pointer,
        len: 8,
        target,
    })
}

#[inline]
pub(crate) fn rewrite_32(side: &Side, kind: Kind, bytes: Bytes, target: u32) -> Option<Bytes> {
    match kind {
        Kind::Pointer => Some(with_word(bytes, side.segments.low_address_of(target))),
        Kind::Ram => Some(with_word(bytes, side.ram_base.wrapping_add(target))),
        _ => None,
    }
}

#[inline]
pub(crate) fn rewrite_64(side: &Side, kind: Kind, target: u32) -> Option<Bytes> {
    (kind == Kind::Pointer).then(|| side.segments.address_of(target).to_le_bytes())
}
