//! Fields in tables of addresses: one module for each class of data; a row here, in
//! [`Data::ALL`] and in the two matches makes it known.

pub(crate) mod numbers;
mod offset;
pub(crate) mod pointer;
mod relative;
pub(crate) mod relocation;

use crate::isa::{Bytes, Code, Field, Kind, Side};

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Data {
    /// 32-bit addresses, and anything else between them.
    Pointer32,
    /// 64-bit addresses, and anything else between them.
    Pointer64,
    /// 32-bit words, each relative to its own place.
    Relative32,
    /// 32-bit words, each relative to one place of the image.
    Offset32,
    /// Numbers of types and names in BTF.
    Numbers32,
    /// Relocations of 64-bit images.
    Relocation64,
}

impl Data {
    /// All classes, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Pointer32,
        Self::Pointer64,
        Self::Relative32,
        Self::Offset32,
        Self::Numbers32,
        Self::Relocation64,
    ];

    /// The number in a stream, less 16.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Pointer32 => 0,
            Self::Pointer64 => 1,
            Self::Relative32 => 2,
            Self::Offset32 => 3,
            Self::Numbers32 => 4,
            Self::Relocation64 => 5,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Pointer32),
            1 => Some(Self::Pointer64),
            2 => Some(Self::Relative32),
            3 => Some(Self::Offset32),
            4 => Some(Self::Numbers32),
            5 => Some(Self::Relocation64),
            _ => None,
        }
    }

    /// The field that begins at `offset`, a multiple of 4.
    #[inline]
    pub(crate) fn recognise(
        self,
        side: &Side,
        offset: u32,
        bytes: Bytes,
        around: Code<'_>,
    ) -> Option<Field> {
        match self {
            Self::Pointer32 => pointer::recognise_32(side, bytes),
            Self::Pointer64 => pointer::recognise_64(side, offset, bytes),
            Self::Relative32 => relative::recognise(side, offset, bytes),
            Self::Offset32 => offset::recognise(side, bytes),
            Self::Numbers32 => numbers::recognise(bytes, around),
            Self::Relocation64 => relocation::recognise(side, offset, bytes, around),
        }
    }

    /// What a field of a known kind points at, where what lies around is not at hand.
    pub(crate) fn target(
        self,
        side: &Side,
        kind: Kind,
        offset: u32,
        bytes: Bytes,
        near: u32,
    ) -> Option<u32> {
        match self {
            Self::Numbers32 => numbers::target(kind, bytes, near),
            Self::Relocation64 => relocation::target(side, offset, bytes),
            _ => {
                let field = self.recognise(side, offset, bytes, Code::new(&[], 0))?;
                (field.kind == kind).then_some(field.target)
            }
        }
    }

    /// The bytes of a field for another target.
    #[inline]
    pub(crate) fn rewrite(
        self,
        side: &Side,
        kind: Kind,
        bytes: Bytes,
        offset: u32,
        target: u32,
    ) -> Option<Bytes> {
        match self {
            Self::Pointer32 => pointer::rewrite_32(side, kind, bytes, target),
            Self::Pointer64 => pointer::rewrite_64(side, kind, target),
            Self::Relative32 => relative::rewrite(side, kind, bytes, offset, target),
            Self::Offset32 => offset::rewrite(side, kind, bytes, target),
            Self::Numbers32 => numbers::rewrite(kind, bytes, target),
            Self::Relocation64 => relocation::rewrite(side, kind, target),
        }
    }
}

#[cfg(test)]
mod tests;
