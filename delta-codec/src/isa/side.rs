//! An image as its fields are seen: which one begins at a place, and its bytes for another target.

use super::{Bytes, Field, Isa, Kind, a32, a64, riscv, thumb, x86_64, xtensa};
use crate::ablation::{self, Stage};
use crate::data::{Data, numbers, pointer, relocation};
use crate::map::NUMBERS;
use crate::region::Class;
use crate::segments::Segments;

/// One of the two images, as fields see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// Where it lies in memory.
    pub segments: Segments,
    /// Bytes of the image.
    pub len: u32,
    /// Address of the first byte of RAM.
    pub ram_base: u32,
    /// Bytes of RAM.
    pub ram_len: u32,
}

/// Bytes before and behind a place that a recogniser of A64 looks at besides.
const BEHIND: u32 = 24;
const AHEAD: u32 = 28;

/// A place in a piece of an image with what lies around it.
#[derive(Debug, Clone, Copy)]
pub struct Code<'a> {
    piece: &'a [u8],
    place: usize,
}

impl<'a> Code<'a> {
    /// The place `place` of an image or of a piece of it.
    #[must_use]
    pub const fn new(piece: &'a [u8], place: usize) -> Self {
        Self { piece, place }
    }

    /// The word that lies `distance` bytes further on.
    pub(crate) fn word(&self, distance: isize) -> Option<u32> {
        let start = self.place.checked_add_signed(distance)?;
        let word = self.piece.get(start..)?.first_chunk()?;
        Some(u32::from_le_bytes(*word))
    }
}

/// Bytes before and behind a place of a class that [`Side::recognise_in`] looks at.
pub(crate) const fn reach(class: Class) -> (u32, u32) {
    match class.built() {
        Class::Code(Isa::A64) => (BEHIND, AHEAD),
        Class::Data(Data::Numbers32) => (numbers::BEHIND, numbers::AHEAD),
        Class::Data(Data::Relocation64) => (relocation::BEHIND, relocation::AHEAD),
        _ => (0, 8),
    }
}

impl Side {
    /// Bytes of RAM that pointers are recognised into: none if its length stands for numbers.
    #[inline]
    pub(crate) fn memory(&self) -> u32 {
        if self.ram_len >= NUMBERS {
            0
        } else {
            self.ram_len
        }
    }

    /// How many bytes an instruction takes that begins with `bytes` at `offset`, or how many are left
    /// to the next place where one can begin.
    #[must_use]
    #[inline]
    pub fn instruction_len(&self, class: Class, offset: u32, bytes: Bytes) -> u8 {
        let [first, second, ..] = bytes;
        let [lane, ..] = offset.to_le_bytes();
        match class.built() {
            Class::Code(Isa::None | Isa::X86_64) => 1,
            Class::Code(Isa::A32 | Isa::A64) | Class::Data(_) => {
                (lane & 3).wrapping_neg().wrapping_add(4)
            }
            Class::Code(Isa::Thumb | Isa::Rv32 | Isa::Rv64) if lane & 1 != 0 => 1,
            Class::Code(Isa::Thumb) if second >= 0xe8 => 4,
            Class::Code(Isa::Rv32 | Isa::Rv64) if first & 3 == 3 => 4,
            Class::Code(Isa::Thumb | Isa::Rv32 | Isa::Rv64) => 2,
            Class::Code(Isa::Xtensa) if first & 8 == 0 => 3,
            Class::Code(Isa::Xtensa) => 2,
        }
    }

    /// The field at `offset` inside what may be an instruction: a pointer, for data that look like
    /// code must not hide it.
    #[must_use]
    #[inline]
    pub fn recognise_inside(&self, class: Class, offset: u32, bytes: Bytes) -> Option<Field> {
        let field = match class {
            Class::Code(isa) => self.pointer(isa, offset, bytes)?,
            Class::Data(_) => return self.recognise(class, offset, bytes),
        };
        let end = offset.checked_add(u32::from(field.len))?;
        (end <= self.len).then_some(field)
    }

    /// The field that begins at `offset`, in a region of `class`, where the image's bytes are
    /// `bytes`.
    #[must_use]
    #[inline]
    pub fn recognise(&self, class: Class, offset: u32, bytes: Bytes) -> Option<Field> {
        self.recognise_in(class, offset, bytes, Code::new(&[], 0))
    }

    /// The same, with a look at what lies around.
    #[must_use]
    #[inline]
    pub fn recognise_in(
        &self,
        class: Class,
        offset: u32,
        bytes: Bytes,
        around: Code<'_>,
    ) -> Option<Field> {
        if matches!(class, Class::Data(_)) && !ablation::is_on(Stage::Data) {
            return None;
        }
        let field = match class.built() {
            Class::Code(Isa::None) => return None,
            _ if offset & (1_u32.wrapping_shl(class.step_log2().into())).wrapping_sub(1) != 0 => {
                return None;
            }
            Class::Data(data) => data.recognise(self, offset, bytes, around)?,
            Class::Code(isa) => match self.pointer(isa, offset, bytes) {
                Some(field) => field,
                None => {
                    let field = self.instruction(isa, offset, bytes, around)?;
                    let target = self.segments.offset_of(field.target, self.len)?;
                    Field { target, ..field }
                }
            },
        };
        let fits = offset
            .checked_add(u32::from(field.len))
            .is_some_and(|end| end <= self.len);
        fits.then_some(field)
    }

    /// The bytes of a field in a region of `class`, with `bytes` for all but its target, at
    /// `offset` of this image and for `target`. `None` if it cannot reach there.
    #[must_use]
    #[inline]
    pub fn rewrite(
        &self,
        class: Class,
        kind: Kind,
        bytes: Bytes,
        offset: u32,
        target: u32,
    ) -> Option<Bytes> {
        match class.built() {
            Class::Data(data) => data.rewrite(self, kind, bytes, offset, target),
            Class::Code(Isa::A64 | Isa::Rv64 | Isa::X86_64) if kind == Kind::Pointer => {
                pointer::rewrite_64(self, kind, target)
            }
            Class::Code(_) if matches!(kind, Kind::Pointer | Kind::Ram) => {
                pointer::rewrite_32(self, kind, bytes, target)
            }
            Class::Code(isa) => {
                let here = self.segments.low_address_of(offset);
                let there = self.segments.low_address_of(target);
                instruction_for(isa, kind, bytes, here, there)
            }
        }
    }

    /// What a field of a known kind and length, with these bytes, points at if that is not far from
    /// `near`: half an address is told by its other half.
    #[must_use]
    pub(crate) fn target(
        &self,
        class: Class,
        (kind, len): (Kind, u8),
        offset: u32,
        bytes: Bytes,
        near: u32,
    ) -> Option<u32> {
        let half = kind == Kind::Place || kind == Kind::Page && len == 4;
        if half && class.built() == Class::Code(Isa::A64) {
            let here = self.segments.low_address_of(offset);
            let near = self.segments.low_address_of(near);
            let target = a64::target(kind, bytes, here, near)?;
            return self.segments.offset_of(target, self.len);
        }
        if let Class::Data(data) = class {
            return data.target(self, kind, offset, bytes, near);
        }
        let field = self.recognise(class, offset, bytes)?;
        (field.kind == kind && field.len == len).then_some(field.target)
    }

    /// The bytes of a field as all fields of its kind have them that differ in their targets only.
    #[must_use]
    pub fn neutral(&self, class: Class, kind: Kind, bytes: Bytes, offset: u32) -> Option<Bytes> {
        match (class, kind) {
            (_, Kind::Pointer | Kind::Relative) => Some([0xa5; 8]),
            (_, Kind::Ram) => Some([0x5a; 8]),
            (Class::Code(isa), _) => {
                let here = self.segments.low_address_of(offset);
                let to = |origin| instruction_for(isa, kind, bytes, here, origin);
                let origin = origin(isa, kind, here);
                // BLX reaches whole words only.
                to(origin).or_else(|| to(origin & !3))
            }
            (Class::Data(_), _) => None,
        }
    }

    /// Aligned addresses of data among instructions.
    #[inline]
    fn pointer(&self, isa: Isa, offset: u32, bytes: Bytes) -> Option<Field> {
        if !ablation::is_on(Stage::Pointers) {
            return None;
        }
        if matches!(isa.built(), Isa::A64 | Isa::Rv64 | Isa::X86_64) {
            pointer::recognise_64(self, offset, bytes)
        } else if offset & 3 == 0 {
            pointer::recognise_32(self, bytes)
        } else {
            None
        }
    }

    /// An instruction; its target is an address.
    #[inline]
    fn instruction(&self, isa: Isa, offset: u32, bytes: Bytes, around: Code<'_>) -> Option<Field> {
        if !ablation::is_on(Stage::Instructions) {
            return None;
        }
        let here = self.segments.low_address_of(offset);
        match isa.built() {
            Isa::Thumb => thumb::recognise(here, bytes),
            Isa::A32 => a32::recognise(here, bytes),
            Isa::A64 => a64::recognise(here, bytes, around),
            Isa::Rv32 | Isa::Rv64 => riscv::recognise(isa, here, bytes),
            Isa::Xtensa => xtensa::recognise(here, bytes),
            Isa::X86_64 => x86_64::recognise(here, bytes),
            Isa::None => None,
        }
    }
}

/// An instruction at address `here`, for another target.
#[inline]
fn instruction_for(isa: Isa, kind: Kind, bytes: Bytes, here: u32, there: u32) -> Option<Bytes> {
    match isa.built() {
        Isa::None => None,
        Isa::Thumb => thumb::rewrite(kind, bytes, here, there),
        Isa::A32 => a32::rewrite(kind, bytes, here, there),
        Isa::A64 => a64::rewrite(kind, bytes, here, there),
        Isa::Rv32 | Isa::Rv64 => riscv::rewrite(kind, bytes, here, there),
        Isa::Xtensa => xtensa::rewrite(kind, bytes, here, there),
        Isa::X86_64 => x86_64::rewrite(kind, bytes, here, there),
    }
}

/// The target at address `here` that all fields of a kind have in common: that of the distance 0.
fn origin(isa: Isa, kind: Kind, here: u32) -> u32 {
    match (kind, isa.built()) {
        (Kind::ShortLoad | Kind::Load | Kind::Address, Isa::Thumb) => here.wrapping_add(4) & !3,
        (_, Isa::Thumb) => here.wrapping_add(4),
        (_, Isa::A32) => here.wrapping_add(8),
        (Kind::Call, Isa::Xtensa) => (here & !3).wrapping_add(4),
        (Kind::Page | Kind::Place, Isa::A64) => here & !0xfff,
        // A literal lies before its load.
        (Kind::Load, Isa::Xtensa) => (here.wrapping_add(3) & !3).wrapping_sub(4),
        (_, Isa::Xtensa) => here.wrapping_add(4),
        (_, Isa::None | Isa::A64 | Isa::Rv32 | Isa::Rv64 | Isa::X86_64) => here,
    }
}
