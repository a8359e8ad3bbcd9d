//! Fields that hold addresses: how they are recognised in the bytes of an image and rewritten for
//! another target. One module for each instruction set; what they share is here.
//!
//! # How to add an instruction set
//!
//! 1. A module with `recognise` (the field at an address, if its first eight bytes are one: kind,
//!    length, and the low word of the address it points at) and `rewrite` (the same bytes for
//!    another target, or `None` if it is out of reach). `rewrite` changes the target's bits alone
//!    and undoes nothing else: rewriting a field for the target recognised gives the same bytes.
//! 2. A variant of [`Isa`] with its number (the manifest's) and the alignment of instructions in
//!    `unit_log2`; then the compiler asks for the rest: how long instructions are, if the first
//!    bytes tell it; `instruction` and `instruction_for`, which call the module; `origin`, the
//!    target for which all fields of a kind look alike. 64-bit pointers are a matter of
//!    `pointer` and `rewrite`, units of far targets of `align_log2` in `machine/field.rs`.
//! 3. The kinds are those of [`Kind`]. A far kind's targets are learned and corrected, a near one's
//!    are only taken from the map or left as they are: calls, tail calls and addresses of data are
//!    far, branches inside a function near.
//!    `Isa::built` and `Cargo.toml` name the feature that links it.
//! 4. Tests: a row for each form in `known_instructions`, with bytes by hand from the manual; the
//!    instruction set in `ISAS`, for the property that rewriting and recognising agree; the numbers
//!    before and after on two pairs of real images in the commit's message.
//!
//! The arithmetic of instructions is on the low words of addresses, wrapping at 32 bits; what a
//! field points at is told as an offset in the image.

mod a32;
mod a64;
mod riscv;
mod scan;
mod side;
mod thumb;
mod x86_64;
mod xtensa;

pub(crate) use scan::{Search, Shown, Zone};
pub(crate) use side::reach;
pub use side::{Code, Side};
pub(crate) use thumb::call as thumb_call;

use crate::map::NUMBERS;
use crate::segments::Segments;

/// The instruction set that most code of both images is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Isa {
    /// No code, or none that this codec knows: no field is recognised.
    #[default]
    None,
    /// Thumb and Thumb-2.
    Thumb,
    /// 32-bit ARM.
    A32,
    /// 64-bit ARM.
    A64,
    /// 32-bit RISC-V.
    Rv32,
    /// 64-bit RISC-V.
    Rv64,
    /// Xtensa.
    Xtensa,
    /// 64-bit x86.
    X86_64,
}

impl Isa {
    /// The number in a stream header; the same as in a manifest.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Thumb => 1,
            Self::A32 => 2,
            Self::A64 => 3,
            Self::Rv32 => 4,
            Self::Rv64 => 5,
            Self::Xtensa => 6,
            Self::X86_64 => 7,
        }
    }

    /// The instruction set of a number in a stream header, if this build has it.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        let isa = match code {
            0 => return Some(Self::None),
            1 => Self::Thumb,
            2 => Self::A32,
            3 => Self::A64,
            4 => Self::Rv32,
            5 => Self::Rv64,
            6 => Self::Xtensa,
            7 => Self::X86_64,
            _ => return None,
        };
        match isa.built() {
            Self::None => None,
            isa => Some(isa),
        }
    }

    /// The instruction set itself if this build has it, else [`Self::None`]. Asked where an instruction set's own code
    /// is called, so that the code of others is not linked.
    #[inline]
    pub(crate) const fn built(self) -> Self {
        match self {
            Self::Thumb if cfg!(feature = "thumb") => self,
            Self::A32 if cfg!(feature = "a32") => self,
            Self::A64 if cfg!(feature = "a64") => self,
            Self::Rv32 | Self::Rv64 if cfg!(feature = "riscv") => self,
            Self::Xtensa if cfg!(feature = "xtensa") => self,
            Self::X86_64 if cfg!(feature = "x86-64") => self,
            _ => Self::None,
        }
    }

    /// Log2 of the alignment of instructions.
    #[must_use]
    pub const fn unit_log2(self) -> u8 {
        match self.built() {
            Self::Thumb | Self::Rv32 | Self::Rv64 => 1,
            Self::A32 | Self::A64 => 2,
            Self::None | Self::Xtensa | Self::X86_64 => 0,
        }
    }
}

/// Where the images lie in memory, for pointers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Addresses {
    /// Where the old image lies.
    pub old: Segments,
    /// Where the new image lies.
    pub new: Segments,
    /// Address of the first byte of RAM.
    pub ram_base: u32,
    /// Bytes of RAM; 0 if pointers into RAM are not to be recognised.
    pub ram_len: u32,
}

impl Addresses {
    /// The same with room for the numbers of [`Class::has_numbers`](crate::Class::has_numbers) in
    /// place of pointers into RAM.
    #[must_use]
    pub const fn with_numbers(self) -> Self {
        Self {
            ram_base: 0,
            ram_len: NUMBERS,
            ..self
        }
    }
}

/// What a field is. Which branches and loads are short depends on the instruction set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Branch that returns.
    Call,
    /// Far branch.
    Jump,
    /// Pointer into the image.
    Pointer,
    /// Pointer into RAM.
    Ram,
    /// The page of an address, completed by a later instruction.
    Page,
    /// Distance of something in the image from the word itself.
    Relative,
    /// Conditional branch.
    Branch,
    /// Branch of little reach.
    ShortBranch,
    /// Compare and branch.
    CompareBranch,
    /// Load relative to the program counter.
    Load,
    /// The same, or a jump, of little reach.
    ShortLoad,
    /// Address relative to the program counter.
    Address,
    /// The place of an address within the page that an earlier instruction set.
    Place,
}

/// Kinds of fields.
pub(crate) const KIND_COUNT: usize = 13;

/// Kinds of far fields.
pub(crate) const FAR_KIND_COUNT: usize = 7;

impl Kind {
    /// The index of its counters.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Call => 0,
            Self::Jump => 1,
            Self::Pointer => 2,
            Self::Ram => 3,
            Self::Page => 4,
            Self::Relative => 5,
            Self::Branch => 6,
            Self::ShortBranch => 7,
            Self::CompareBranch => 8,
            Self::Load => 9,
            Self::ShortLoad => 10,
            Self::Address => 11,
            Self::Place => 12,
        }
    }

    /// The index among far kinds.
    pub(crate) const fn far_number(self) -> Option<u8> {
        match self {
            Self::Call => Some(0),
            Self::Jump => Some(1),
            Self::Pointer => Some(2),
            Self::Ram => Some(3),
            Self::Page => Some(4),
            Self::Relative => Some(5),
            Self::Place => Some(6),
            _ => None,
        }
    }

    /// Whether the target is usually in another function: worth learning and correcting.
    #[must_use]
    pub const fn is_far(self) -> bool {
        self.far_number().is_some()
    }
}

/// A field in the bytes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub kind: Kind,
    /// Bytes it takes, 2 to 8.
    pub len: u8,
    /// Offset in the image, or in RAM, of what it points at; beyond the image's length what lies
    /// in memory behind it.
    pub target: u32,
}

/// Bytes of an image that a recogniser looks at.
pub type Bytes = [u8; 8];

/// Low and high word.
#[inline]
pub(crate) fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    ]
}

/// The low half of `value >> by`, for `by` below 64. Where registers have 32 bits, a shift of 64 is a call.
#[inline]
pub(crate) fn low_after(value: u64, by: u32) -> u32 {
    if cfg!(target_pointer_width = "64") {
        let [low, _] = halves(value.wrapping_shr(by));
        return low;
    }
    let [mut low, mut high] = halves(value);
    if by & 32 != 0 {
        [low, high] = [high, 0];
    }
    low.wrapping_shr(by) | high.wrapping_shl(1).wrapping_shl(!by & 31)
}

/// The first four bytes.
#[inline]
pub(crate) fn word(bytes: Bytes) -> u32 {
    let [a, b, c, d, ..] = bytes;
    u32::from_le_bytes([a, b, c, d])
}

/// The bytes with another word in front.
#[inline]
pub(crate) fn with_word(bytes: Bytes, word: u32) -> Bytes {
    let [a, b, c, d] = word.to_le_bytes();
    let [_, _, _, _, e, f, g, h] = bytes;
    [a, b, c, d, e, f, g, h]
}

/// A two's complement number of the lowest `bits` bits of `value`, as an offset.
#[inline]
fn extend(value: u32, bits: u32) -> u32 {
    let shift = u32::BITS.wrapping_sub(bits);
    let value = i32::from_le_bytes(value.wrapping_shl(shift).to_le_bytes()).wrapping_shr(shift);
    u32::from_le_bytes(value.to_le_bytes())
}

/// Whether a distance is a multiple of `unit` (a power of two) and a number of `bits` bits.
#[inline]
fn reaches(distance: u32, bits: u32, unit: u32) -> bool {
    distance & unit.wrapping_sub(1) == 0 && extend(distance, bits) == distance
}

#[cfg(test)]
mod tests;
