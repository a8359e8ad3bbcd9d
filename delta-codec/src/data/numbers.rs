//! BTF, the types of a kernel's debug information: words that are numbers of types or places of
//! names. What a word is, is told by those around it. Numbers close to each other change alike.

use crate::isa::{Bytes, Code, Field, Kind, with_word, word};

/// Bytes before and behind a word that are looked at.
pub(crate) const BEHIND: u32 = 8;
pub(crate) const AHEAD: u32 = 8;

/// Words from here on tell the kind of a type.
const INFO: u32 = 1 << 24;
/// Numbers from here on are places of names.
const NAMES: u32 = 1 << 18;
/// Smaller ones may be sizes.
const SMALL: u32 = 1 << 12;

/// Sets of targets that do not meet those of addresses.
const NAME: u32 = 1 << 26;
const TYPE: u32 = 2 << 26;
const SET: u32 = 3 << 26;

/// Kinds of types whose third word is the number of a type: a bit each.
const REFERRING: u32 =
    1 << 2 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 18;

#[inline]
pub(super) fn recognise(bytes: Bytes, around: Code<'_>) -> Option<Field> {
    let value = word(bytes);
    let near = |distance| around.word(distance).unwrap_or(0);
    let (before, next) = (near(-4), near(4));
    if value == 0 || value >= INFO {
        return None;
    }
    let set = if next >= INFO {
        NAME
    } else if before >= INFO {
        let refers = REFERRING.wrapping_shr(before.wrapping_shr(24) & 31) & 1 != 0;
        if !refers {
            return None;
        }
        TYPE
    } else if value >= NAMES {
        NAME
    } else if before >= NAMES || before == 0 {
        TYPE
    } else if value < SMALL || (NAMES..INFO).contains(&near(-8)) {
        return None;
    } else {
        NAME
    };
    Some(Field {
        kind: Kind::Ram,
        len: 4,
        target: set | value,
    })
}

/// The number in the set that `near` is of.
#[inline]
pub(super) fn target(kind: Kind, bytes: Bytes, near: u32) -> Option<u32> {
    let value = word(bytes);
    (kind == Kind::Ram && value < INFO).then_some(near & SET | value)
}

#[inline]
pub(super) fn rewrite(kind: Kind, bytes: Bytes, target: u32) -> Option<Bytes> {
    (kind == Kind::Ram).then(|| with_word(bytes, target & !SET))
}
