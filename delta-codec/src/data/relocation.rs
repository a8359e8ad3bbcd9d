//! Relocations of 64-bit images (`Elf64_Rela`): a place, a type that is the same for all, and the
//! address that belongs there. Places go on as those before them did.

use super::pointer;
use crate::isa::{Bytes, Code, Field, Kind, Side};

/// Bytes before and behind a word that are looked at.
pub(crate) const BEHIND: u32 = 8;
pub(crate) const AHEAD: u32 = 16;

/// Greater places would meet the sets of numbers of BTF.
const PLACES: u32 = 1 << 26;

/// The type "relative" of x86-64, RISC-V and A64.
const TYPES: [u32; 3] = [8, 3, 0x403];

#[inline]
pub(super) fn recognise(side: &Side, offset: u32, bytes: Bytes, around: Code<'_>) -> Option<Field> {
    let is_type = |distance: isize| {
        let high = around.word(distance.wrapping_add(4));
        let low = around.word(distance);
        high == Some(0) && low.is_some_and(|low| TYPES.contains(&low))
    };
    let kind = if is_type(8) {
        Kind::Ram
    } else if is_type(-8) {
        Kind::Pointer
    } else {
        return None;
    };
    let field = pointer::recognise_64(side, offset, bytes)?;
    let has_room = kind == Kind::Pointer || field.target < PLACES;
    has_room.then_some(Field { kind, ..field })
}

#[inline]
pub(super) fn target(side: &Side, offset: u32, bytes: Bytes) -> Option<u32> {
    pointer::recognise_64(side, offset, bytes).map(|field| field.target)
}

#[inline]
pub(super) fn rewrite(side: &Side, kind: Kind, target: u32) -> Option<Bytes> {
    matches!(kind, Kind::Pointer | Kind::Ram)
        .then(|| side.segments.address_of(target).to_le_bytes())
}
