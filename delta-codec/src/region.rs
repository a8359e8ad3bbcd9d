//! What the parts of the old image hold, as far as fields are concerned.

use crate::data::Data;
use crate::isa::Isa;

/// What a region of an image holds: which fields are looked for in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Instructions and the literals between them; with [`Isa::None`] nothing known.
    Code(Isa),
    /// A table of addresses.
    Data(Data),
}

/// Numbers of classes below this are those of instruction sets.
const FIRST_DATA: u8 = 16;

impl Class {
    /// Whether its fields may be numbers that are no places of an image: a stream has room for them
    /// or for pointers into RAM.
    #[must_use]
    pub const fn has_numbers(self) -> bool {
        matches!(self, Self::Data(Data::Numbers32 | Data::Relocation64))
    }

    /// Nothing known: no field is looked for.
    pub const NONE: Self = Self::Code(Isa::None);

    /// The number in a stream.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Code(isa) => isa.code(),
            Self::Data(data) => FIRST_DATA.wrapping_add(data.code()),
        }
    }

    /// The class of a number in a stream.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code.checked_sub(FIRST_DATA) {
            None => match Isa::from_code(code) {
                Some(isa) => Some(Self::Code(isa)),
                None => None,
            },
            Some(code) => match Data::from_code(code) {
                Some(data) => Some(Self::Data(data)),
                None => None,
            },
        }
    }

    /// The class itself if this build has it, see [`Isa::built`].
    #[inline]
    pub(crate) const fn built(self) -> Self {
        match self {
            Self::Code(isa) => Self::Code(isa.built()),
            data @ Self::Data(_) => data,
        }
    }

    /// Log2 of the alignment of fields.
    #[must_use]
    #[inline]
    pub const fn step_log2(self) -> u8 {
        match self {
            Self::Code(isa) => isa.unit_log2(),
            Self::Data(_) => 2,
        }
    }
}

/// A region of the old image, up to where the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Offset of its first byte, a multiple of [`REGION_UNIT`].
    pub start: u32,
    /// What it holds.
    pub class: Class,
}

/// Regions begin at multiples of so many bytes.
pub const REGION_UNIT: u32 = 256;

/// The region that a place is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
    pub(crate) class: Class,
}

impl Span {
    /// No place at all.
    pub(crate) const EMPTY: Self = Self {
        start: 0,
        len: 0,
        class: Class::NONE,
    };

    #[inline]
    pub(crate) fn holds(&self, offset: u32) -> bool {
        offset.wrapping_sub(self.start) < self.len
    }

    /// Bytes from a place in it to its end.
    pub(crate) fn left(&self, offset: u32) -> u32 {
        self.len.saturating_sub(offset.wrapping_sub(self.start))
    }
}

/// Bytes of a region in the workspace: start and class.
pub(crate) const REGION_LEN: usize = 5;

/// The regions behind the first one, in the workspace.
pub(crate) struct Regions<'a> {
    pub(crate) entries: &'a mut [[u8; REGION_LEN]],
}

impl Regions<'_> {
    pub(crate) fn capacity(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// Sets region number `index` of those behind the first one.
    pub(crate) fn set(&mut self, index: usize, start: u32, class: Class) {
        if let Some(slot) = self.entries.get_mut(index) {
            let [a, b, c, d] = start.to_le_bytes();
            *slot = [a, b, c, d, class.code()];
        }
    }

    /// Start of a region and its class.
    pub(crate) fn get(&self, index: usize) -> Option<(u32, Class)> {
        let [a, b, c, d, code] = *self.entries.get(index)?;
        let class = Class::from_code(code).unwrap_or(Class::NONE);
        Some((u32::from_le_bytes([a, b, c, d]), class))
    }

    /// The region that holds `offset`, where `count` regions follow the first one, of class
    /// `first`.
    pub(crate) fn find(&self, count: u32, first: Class, offset: u32) -> Span {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let known = self.entries.get(..count).unwrap_or_default();
        let above =
            known.partition_point(|[a, b, c, d, _]| u32::from_le_bytes([*a, *b, *c, *d]) <= offset);
        let below = above.checked_sub(1).and_then(|index| self.get(index));
        let (start, class) = below.unwrap_or((0, first));
        let next = (above < known.len())
            .then(|| self.get(above))
            .flatten()
            .map_or(u32::MAX, |(start, _)| start);
        Span {
            start,
            len: next.saturating_sub(start),
            class,
        }
    }
}

#[cfg(test)]
mod tests;
