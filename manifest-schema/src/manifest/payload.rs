//! A payload's entry in the manifest.

use super::parts::{optional, size};
use crate::error::{DecodeErrorKind, EncodeError, Limit};
use crate::fields::Fields;
use crate::ids::Digest;
use crate::index::Index;
use crate::limits::{MAX_BLOCK_SIZE, MIN_BLOCK_SIZE, OUTPUT_BUFFER_LEN};
use crate::list::Element;
use crate::reader::{Reader, Step};
use crate::writer::Writer;

/// What a payload is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// From a source image to the target image.
    Delta,
    /// To the target image, whatever is installed.
    Full,
    /// From the target image back to a source image.
    Reverse,
}

/// How a payload is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// The image itself.
    Stored,
    /// The native delta stream.
    NativeDelta,
    /// The native stream without an old image.
    NativeFull,
    /// bsdiff operations in zstd frames.
    BsdiffZstd,
}

/// One payload: how it is encoded, where its blocks' hashes begin, and what it takes to apply it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// What it is for.
    pub role: Role,
    /// Index into the manifest's sources: the old image of a delta, the image that a reverse payload
    /// leads back to. `None` for a full payload.
    pub source: Option<u32>,
    /// How it is encoded.
    pub codec: Codec,
    /// Encoded bytes, without index pages; at least 1.
    pub size: u32,
    /// Bytes of every block but the last: a power of two from 256 to 65536.
    pub block_size: u32,
    /// Hash of index page 0, or of the block if there is only one.
    pub root: Digest,
    /// Bytes of the new image between two checkpoints of the decoder that a device keeps in flash when it
    /// applies the payload without staging it; 0 if it keeps none.
    pub checkpoint_interval: u32,
    /// Bytes of the new image in one group of sectors, if the payload may be applied in place: what a group is made of
    /// does not depend on old bytes that lie below the group's start once the old image was moved up. 0 if it may not.
    pub in_place_group: u32,
    /// Bytes by which the old image is moved up in its slot before it is overwritten, whole sectors.
    pub in_place_shift: u32,
    /// What applying it takes.
    pub needs: Needs,
}

/// Upper bounds of what applying a payload takes. They are signed: a device that has less refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Bytes that the decoder works in.
    pub workspace: u32,
    /// Bytes of RAM in all: the workspace and every buffer.
    pub ram: u32,
    /// Bytes of scratch flash.
    pub scratch: u32,
    /// Most erases of any sector of the image in an uninterrupted update.
    pub erases: u32,
    /// With power that lasts for this many flash operations each time, or more, the update still completes; 0 if
    /// nothing is stated.
    pub min_operations: u32,
    /// The same in units of 1024 bytes hashed, decoded, and read from or written to flash; 0 if nothing is stated.
    pub min_work: u32,
}

impl Role {
    /// Every role, in the order of its number.
    pub const ALL: [Self; 3] = [Self::Delta, Self::Full, Self::Reverse];

    /// The number in the manifest.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Delta => 0,
            Self::Full => 1,
            Self::Reverse => 2,
        }
    }

    /// The role of this number.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| u64::from(role.number()) == number)
    }

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delta => "delta",
            Self::Full => "full",
            Self::Reverse => "reverse",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl Codec {
    /// Every codec, in the order of its number.
    pub const ALL: [Self; 4] = [
        Self::Stored,
        Self::NativeDelta,
        Self::NativeFull,
        Self::BsdiffZstd,
    ];

    /// The number in the manifest.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Stored => 0,
            Self::NativeDelta => 1,
            Self::NativeFull => 2,
            Self::BsdiffZstd => 3,
        }
    }

    /// The codec of this number.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| u64::from(codec.number()) == number)
    }

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::NativeDelta => "native-delta",
            Self::NativeFull => "native-full",
            Self::BsdiffZstd => "bsdiff-zstd",
        }
    }

    /// The codec of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name() == name)
    }
}

impl Payload {
    /// The least RAM, in bytes, that [`Needs::ram`] may state: workspace, one index page if there are
    /// several blocks, one block, and the output buffer.
    #[must_use]
    pub fn min_ram(&self) -> u64 {
        let index = Index::new(self);
        [
            index.page_buffer_len(),
            index.block_buffer_len(),
            OUTPUT_BUFFER_LEN,
        ]
        .into_iter()
        .fold(u64::from(self.needs.workspace), |sum, len| {
            sum.saturating_add(u64::from(len))
        })
    }
}

impl Element<'_> for Payload {
    fn decode(reader: &mut Reader<'_>) -> Step<Self> {
        let mut fields = reader.map()?;
        let number = |reader: &mut Reader<'_>| reader.uint32(Limit::Unsigned32, u32::MAX);
        let mut payload = Self {
            role: numbered(reader, &mut fields, 1, Role::from_number)?,
            source: fields.optional(reader, 2, number)?,
            codec: numbered(reader, &mut fields, 3, Codec::from_number)?,
            size: size(fields.required(reader, 4)?, Limit::PayloadSize)?,
            block_size: block_size(fields.required(reader, 5)?)?,
            root: Digest(fields.required(reader, 6)?.fixed()?),
            checkpoint_interval: 0,
            in_place_group: 0,
            in_place_shift: 0,
            needs: Needs {
                workspace: number(fields.required(reader, 7)?)?,
                ram: number(fields.required(reader, 8)?)?,
                scratch: fields.not_default(reader, 9, Limit::Unsigned32, u32::MAX)?,
                erases: number(fields.required(reader, 10)?)?,
                min_operations: 0,
                min_work: 0,
            },
        };
        let mut not_zero = |key| fields.not_default(reader, key, Limit::Unsigned32, u32::MAX);
        payload.checkpoint_interval = not_zero(11)?;
        payload.in_place_group = not_zero(12)?;
        payload.needs.min_operations = not_zero(13)?;
        payload.in_place_shift = not_zero(14)?;
        payload.needs.min_work = not_zero(15)?;
        fields.end(reader)?;
        Ok(payload)
    }

    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        let source = self.source.map(u64::from);
        let [scratch, interval, group, operations, shift, work] = [
            self.needs.scratch,
            self.checkpoint_interval,
            self.in_place_group,
            self.needs.min_operations,
            self.in_place_shift,
            self.needs.min_work,
        ]
        .map(|value| Some(u64::from(value)).filter(|value| *value != 0));
        let optional_count = [source, scratch, interval, group, operations, shift, work]
            .into_iter()
            .flatten()
            .fold(0_u64, |count, _| count.saturating_add(1));
        writer.map(8_u64.saturating_add(optional_count))?;
        writer.uint(1)?;
        writer.uint(u64::from(self.role.number()))?;
        optional(writer, 2, source)?;
        writer.uint(3)?;
        writer.uint(u64::from(self.codec.number()))?;
        writer.uint(4)?;
        writer.uint(u64::from(self.size))?;
        writer.uint(5)?;
        writer.uint(u64::from(self.block_size))?;
        writer.uint(6)?;
        writer.byte_string(&self.root.0)?;
        writer.uint(7)?;
        writer.uint(u64::from(self.needs.workspace))?;
        writer.uint(8)?;
        writer.uint(u64::from(self.needs.ram))?;
        optional(writer, 9, scratch)?;
        writer.uint(10)?;
        writer.uint(u64::from(self.needs.erases))?;
        optional(writer, 11, interval)?;
        optional(writer, 12, group)?;
        optional(writer, 13, operations)?;
        optional(writer, 14, shift)?;
        optional(writer, 15, work)
    }
}

/// Reads a required field whose values are numbered.
pub(super) fn numbered<T>(
    reader: &mut Reader<'_>,
    fields: &mut Fields,
    key: u8,
    from_number: fn(u64) -> Option<T>,
) -> Step<T> {
    let value = fields.required(reader, key)?.uint()?;
    match from_number(value) {
        Some(meaning) => Ok(meaning),
        None => reader.refuse(DecodeErrorKind::InvalidValue {
            key: u64::from(key),
            value,
        }),
    }
}

fn block_size(reader: &mut Reader<'_>) -> Step<u32> {
    let size = reader.uint32(Limit::BlockSize, MAX_BLOCK_SIZE)?;
    if size < MIN_BLOCK_SIZE {
        return reader.refuse_minimum(Limit::BlockSize, u64::from(MIN_BLOCK_SIZE));
    }
    if size.is_power_of_two() {
        return Ok(size);
    }
    reader.refuse(DecodeErrorKind::InvalidValue {
        key: 5,
        value: u64::from(size),
    })
}
