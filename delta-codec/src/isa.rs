//! Fields that hold addresses: how they are recognised in the bytes of an image and rewritten for
//! another target. One module for each instruction set; what they share is here.
//!
//! All arithmetic is on offsets within the images, wrapping at 32 bits; only pointers know at which
//! address an image lies.

mod a32;
mod a64;
mod riscv;
mod thumb;
mod xtensa;

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
        }
    }

    /// The instruction set of a number in a stream header.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::None),
            1 => Some(Self::Thumb),
            2 => Some(Self::A32),
            3 => Some(Self::A64),
            4 => Some(Self::Rv32),
            5 => Some(Self::Rv64),
            6 => Some(Self::Xtensa),
            _ => None,
        }
    }

    /// Log2 of the alignment of instructions.
    #[must_use]
    pub const fn unit_log2(self) -> u8 {
        match self {
            Self::Thumb | Self::Rv32 | Self::Rv64 => 1,
            Self::A32 | Self::A64 => 2,
            Self::None | Self::Xtensa => 0,
        }
    }
}

/// Where the images lie in memory, for pointers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Addresses {
    /// Address of the old image's first byte.
    pub old_base: u64,
    /// Address of the new image's first byte.
    pub new_base: u64,
    /// Address of the first byte of RAM.
    pub ram_base: u32,
    /// Bytes of RAM; 0 if pointers into RAM are not to be recognised.
    pub ram_len: u32,
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
}

/// Kinds of fields.
pub(crate) const KIND_COUNT: usize = 11;

/// Of these, the first ones are far.
pub(crate) const FAR_KIND_COUNT: usize = 5;

impl Kind {
    /// The index of its counters.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Call => 0,
            Self::Jump => 1,
            Self::Pointer => 2,
            Self::Ram => 3,
            Self::Page => 4,
            Self::Branch => 5,
            Self::ShortBranch => 6,
            Self::CompareBranch => 7,
            Self::Load => 8,
            Self::ShortLoad => 9,
            Self::Address => 10,
        }
    }

    /// Whether the target is usually in another function: worth learning and correcting.
    #[must_use]
    pub const fn is_far(self) -> bool {
        matches!(
            self,
            Self::Call | Self::Jump | Self::Pointer | Self::Ram | Self::Page
        )
    }
}

/// A field in the bytes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub kind: Kind,
    /// Bytes it takes, 2 to 8.
    pub len: u8,
    /// Offset in the image, or in RAM, of what it points at.
    pub target: u32,
}

/// One of the two images, as fields see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// The instruction set.
    pub isa: Isa,
    /// Address of the image's first byte.
    pub base: u64,
    /// Bytes of the image.
    pub len: u32,
    /// Address of the first byte of RAM.
    pub ram_base: u32,
    /// Bytes of RAM.
    pub ram_len: u32,
}

/// Bytes of an image that a recogniser looks at.
pub type Bytes = [u8; 8];

impl Side {
    /// How many bytes an instruction takes that begins with `bytes` at `offset`, or how many are left
    /// to the next place where one can begin.
    #[must_use]
    #[inline]
    pub fn instruction_len(&self, offset: u32, bytes: Bytes) -> u8 {
        let [first, second, ..] = bytes;
        let [lane, ..] = offset.to_le_bytes();
        match self.isa {
            Isa::None => 1,
            Isa::A32 | Isa::A64 => (lane & 3).wrapping_neg().wrapping_add(4),
            Isa::Thumb | Isa::Rv32 | Isa::Rv64 if lane & 1 != 0 => 1,
            Isa::Thumb if second >= 0xe8 => 4,
            Isa::Rv32 | Isa::Rv64 if first & 3 == 3 => 4,
            Isa::Thumb | Isa::Rv32 | Isa::Rv64 => 2,
            Isa::Xtensa if first & 8 == 0 => 3,
            Isa::Xtensa => 2,
        }
    }

    /// The field at `offset` inside what may be an instruction: a pointer, for data that look like
    /// code must not hide it.
    #[must_use]
    #[inline]
    pub fn recognise_inside(&self, offset: u32, bytes: Bytes) -> Option<Field> {
        let field = self.pointer(offset, bytes)?;
        let end = offset.checked_add(u32::from(field.len))?;
        (end <= self.len).then_some(field)
    }

    /// The field that begins at `offset`, where the image's bytes are `bytes`.
    #[must_use]
    #[inline]
    pub fn recognise(&self, offset: u32, bytes: Bytes) -> Option<Field> {
        let field = match self.isa {
            Isa::None => return None,
            Isa::Thumb if offset & 1 != 0 => return None,
            Isa::A32 | Isa::A64 if offset & 3 != 0 => return None,
            Isa::Rv32 | Isa::Rv64 if offset & 1 != 0 => return None,
            _ => match self.pointer(offset, bytes) {
                Some(field) => field,
                None => match self.isa {
                    Isa::Thumb => thumb::recognise(offset, bytes)?,
                    Isa::A32 => a32::recognise(offset, bytes)?,
                    Isa::A64 => a64::recognise(halves(self.base)[0], offset, bytes)?,
                    Isa::Rv32 | Isa::Rv64 => riscv::recognise(offset, bytes)?,
                    Isa::Xtensa => xtensa::recognise(offset, bytes)?,
                    Isa::None => return None,
                },
            },
        };
        let inside = field.kind == Kind::Ram || field.target < self.len;
        let fits = offset
            .checked_add(u32::from(field.len))
            .is_some_and(|end| end <= self.len);
        (inside && fits).then_some(field)
    }

    /// The bytes of a field, with `bytes` for all but its target, at `offset` of this image and
    /// for `target`. `None` if it cannot reach there.
    #[must_use]
    #[inline]
    pub fn rewrite(&self, kind: Kind, bytes: Bytes, offset: u32, target: u32) -> Option<Bytes> {
        match kind {
            Kind::Pointer if self.isa == Isa::A64 || self.isa == Isa::Rv64 => {
                Some(self.base.wrapping_add(u64::from(target)).to_le_bytes())
            }
            Kind::Pointer => {
                let [low, _] = halves(self.base);
                Some(with_word(bytes, low.wrapping_add(target)))
            }
            Kind::Ram => Some(with_word(bytes, self.ram_base.wrapping_add(target))),
            _ => match self.isa {
                Isa::None => None,
                Isa::Thumb => thumb::rewrite(kind, bytes, offset, target),
                Isa::A32 => a32::rewrite(kind, bytes, offset, target),
                Isa::A64 => a64::rewrite(halves(self.base)[0], kind, bytes, offset, target),
                Isa::Rv32 | Isa::Rv64 => riscv::rewrite(kind, bytes, offset, target),
                Isa::Xtensa => xtensa::rewrite(kind, bytes, offset, target),
            },
        }
    }

    /// The target at `offset` that all fields of a kind have in common: that of the distance 0.
    /// Rewritten for it, two fields that differ in their targets only are equal.
    #[must_use]
    pub fn origin(&self, kind: Kind, offset: u32) -> u32 {
        match (kind, self.isa) {
            (Kind::Pointer | Kind::Ram, _) => 0,
            (Kind::ShortLoad | Kind::Load | Kind::Address, Isa::Thumb) => {
                offset.wrapping_add(4) & !3
            }
            (_, Isa::Thumb) => offset.wrapping_add(4),
            (_, Isa::A32) => offset.wrapping_add(8),
            (Kind::Call, Isa::Xtensa) => (offset & !3).wrapping_add(4),
            (Kind::Page, Isa::A64) => {
                let [base, _] = halves(self.base);
                (base.wrapping_add(offset) & !0xfff).wrapping_sub(base)
            }
            // A literal lies before its load.
            (Kind::Load, Isa::Xtensa) => (offset.wrapping_add(3) & !3).wrapping_sub(4),
            (_, Isa::Xtensa) => offset.wrapping_add(4),
            (_, Isa::None | Isa::A64 | Isa::Rv32 | Isa::Rv64) => offset,
        }
    }

    /// Aligned words that are addresses in the image or in RAM. Small numbers are none.
    #[inline]
    fn pointer(&self, offset: u32, bytes: Bytes) -> Option<Field> {
        const SMALL: u32 = 0x100;
        if offset & 3 != 0 {
            return None;
        }
        let [base, base_high] = halves(self.base);
        let value = word(bytes);
        if matches!(self.isa, Isa::A64 | Isa::Rv64) {
            let [_, high] = halves(u64::from_le_bytes(bytes));
            let target = value.wrapping_sub(base);
            let is_address = offset & 7 == 0
                && high == base_high.wrapping_add(u32::from(value < base))
                && target < self.len
                && (high != 0 || value >= SMALL);
            return is_address.then_some(Field {
                kind: Kind::Pointer,
                len: 8,
                target,
            });
        }
        let target = value.wrapping_sub(base);
        if target < self.len && value >= SMALL {
            return Some(Field {
                kind: Kind::Pointer,
                len: 4,
                target,
            });
        }
        let target = value.wrapping_sub(self.ram_base);
        (target < self.ram_len).then_some(Field {
            kind: Kind::Ram,
            len: 4,
            target,
        })
    }
}

/// Low and high word.
fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    ]
}

/// The first four bytes.
#[inline]
fn word(bytes: Bytes) -> u32 {
    let [a, b, c, d, ..] = bytes;
    u32::from_le_bytes([a, b, c, d])
}

/// The bytes with another word in front.
#[inline]
fn with_word(bytes: Bytes, word: u32) -> Bytes {
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
