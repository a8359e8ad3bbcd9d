//! The small structures of a manifest.

use crate::error::{DecodeErrorKind, EncodeError, Limit};
use crate::fields::Fields;
use crate::ids::Digest;
use crate::limits::MAX_IMAGE_SIZE;
use crate::list::Element;
use crate::reader::{Reader, Step};
use crate::writer::Writer;

/// An instruction set, as the package binds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// Not bound to an instruction set.
    None,
    /// Arm T32 (Thumb).
    Thumb,
    /// Arm A32.
    A32,
    /// Arm A64.
    A64,
    /// RISC-V, 32 bits.
    Rv32,
    /// RISC-V, 64 bits.
    Rv64,
    /// Xtensa.
    Xtensa,
    /// x86, 64 bits.
    X86_64,
}

/// A firmware image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// Its version, for people and for policies that name versions.
    pub version: &'a str,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its length in bytes; at least 1.
    pub size: u32,
    /// The address that it is linked to run at.
    pub load_address: Option<u64>,
}

/// A component that must be on the device, and the range that its version must be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement<'a> {
    /// The component's name.
    pub id: &'a str,
    /// The lowest version, packed (see `PackedVersion`), inclusive.
    pub min: Option<u64>,
    /// The highest version, packed, inclusive.
    pub max: Option<u64>,
}

/// When a package may be installed: seconds since 1970-01-01 00:00 UTC, both inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// Not earlier than this.
    pub not_before: Option<u64>,
    /// Not later than this.
    pub not_after: Option<u64>,
}

impl Isa {
    /// Every instruction set, in the order of its number.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Thumb,
        Self::A32,
        Self::A64,
        Self::Rv32,
        Self::Rv64,
        Self::Xtensa,
        Self::X86_64,
    ];

    /// The number in the manifest.
    #[must_use]
    pub const fn number(self) -> u8 {
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

    /// The instruction set of this number.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|isa| u64::from(isa.number()) == number)
    }

    /// The name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Thumb => "thumb",
            Self::A32 => "a32",
            Self::A64 => "a64",
            Self::Rv32 => "rv32",
            Self::Rv64 => "rv64",
            Self::Xtensa => "xtensa",
            Self::X86_64 => "x86-64",
        }
    }

    /// The instruction set of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|isa| isa.name() == name)
    }
}

impl<'a> Element<'a> for Image<'a> {
    fn decode(reader: &mut Reader<'a>) -> Step<Self> {
        let mut fields = reader.map()?;
        let image = Self {
            version: fields.required(reader, 1)?.name()?,
            digest: Digest(fields.required(reader, 2)?.fixed()?),
            size: size(fields.required(reader, 3)?, Limit::ImageSize)?,
            load_address: fields.optional(reader, 4, Reader::uint)?,
        };
        fields.end(reader)?;
        Ok(image)
    }

    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.map(if self.load_address.is_some() { 4 } else { 3 })?;
        writer.uint(1)?;
        writer.text(self.version)?;
        writer.uint(2)?;
        writer.byte_string(&self.digest.0)?;
        writer.uint(3)?;
        writer.uint(u64::from(self.size))?;
        optional(writer, 4, self.load_address)
    }
}

impl<'a> Requirement<'a> {
    pub(super) fn decode(reader: &mut Reader<'a>) -> Step<Self> {
        let mut fields = reader.map()?;
        let id = fields.required(reader, 1)?.name()?;
        let (min, max) = range(reader, &mut fields, 2)?;
        fields.end(reader)?;
        Ok(Self { id, min, max })
    }

    pub(super) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.map(
            1_u64
                .saturating_add(count(self.min))
                .saturating_add(count(self.max)),
        )?;
        writer.uint(1)?;
        writer.text(self.id)?;
        optional(writer, 2, self.min)?;
        optional(writer, 3, self.max)
    }
}

impl Validity {
    pub(crate) fn decode(reader: &mut Reader<'_>) -> Step<Self> {
        let mut fields = reader.map()?;
        let (not_before, not_after) = range(reader, &mut fields, 1)?;
        fields.end(reader)?;
        Ok(Self {
            not_before,
            not_after,
        })
    }

    pub(crate) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.map(count(self.not_before).saturating_add(count(self.not_after)))?;
        optional(writer, 1, self.not_before)?;
        optional(writer, 2, self.not_after)
    }
}

/// Reads a size of 1 to [`MAX_IMAGE_SIZE`] bytes.
pub(super) fn size(reader: &mut Reader<'_>, limit: Limit) -> Step<u32> {
    match reader.uint32(limit, MAX_IMAGE_SIZE)? {
        0 => reader.refuse_minimum(limit, 1),
        size => Ok(size),
    }
}

/// Reads an optional lower and an optional upper bound, from keys `first` and the next.
pub(crate) fn range(
    reader: &mut Reader<'_>,
    fields: &mut Fields,
    first: u8,
) -> Step<(Option<u64>, Option<u64>)> {
    let min = fields.optional(reader, first, Reader::uint)?;
    let max = fields.optional(reader, first.saturating_add(1), Reader::uint)?;
    match (min, max) {
        (Some(min), Some(max)) if min > max => {
            fields.refuse(reader, DecodeErrorKind::EmptyRange { min, max })
        }
        range => Ok(range),
    }
}

/// Writes an optional field of a map.
pub(crate) fn optional(
    writer: &mut Writer<'_>,
    key: u64,
    value: Option<u64>,
) -> Result<(), EncodeError> {
    let Some(value) = value else { return Ok(()) };
    writer.uint(key)?;
    writer.uint(value)
}

/// Entries of a map that an optional field takes.
pub(crate) fn count(field: Option<u64>) -> u64 {
    u64::from(field.is_some())
}
