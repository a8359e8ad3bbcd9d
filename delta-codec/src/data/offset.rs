//! Words relative to one place of the image, which the stream names: tables of all symbols.

use crate::isa::{Bytes, Field, Kind, Side, with_word, word};
use crate::segments::low;

#[inline]
pub(super) fn recognise(side: &Side, bytes: Bytes) -> Option<Field> {
    let address = origin(side).wrapping_add(word(bytes));
    let target = side.segments.offset_of(address, side.len)?;
    Some(Field {
        kind: Kind::Pointer,
        len: 4,
        target,
    })
}

#[inline]
pub(super) fn rewrite(side: &Side, kind: Kind, bytes: Bytes, target: u32) -> Option<Bytes> {
    let distance = side
        .segments
        .low_address_of(target)
        .wrapping_sub(origin(side));
    (kind == Kind::Pointer).then(|| with_word(bytes, distance))
}

fn origin(side: &Side) -> u32 {
    low(side.segments.base).wrapping_add(side.segments.origin)
}
