//! A checkpoint in flash: the decoder's state and all that goes with it, so that an update that is not staged goes
//! on after a reset without its first blocks.
//!
//! Two copies, each in sectors of its own, written alternately: body first, header last, so that a torn one has no
//! header. A copy is bound to package, payload and source; its checksum finds damage, not malice. Whoever can write
//! this flash can forge one: a decoder keeps its promises for hostile state, and the image is marked only after its
//! digest has been read back, so a forged copy costs time and nothing else.
//!
//! Layout (docs/FORMAT.md, "Checkpoints"), little-endian:
//!
//! ```text
//! 0..4 magic "SPRC" | 4..6 layout version 1 | 6..8 applier version | 8..12 payload | 12..16 part | 16..20 bytes of
//! it taken | 20..24 bytes of the image made | 24..28 body length | 28..60 manifest digest | 60..92 source digest
//! 92..124 hash of the next page | 124..156 digest of the image so far | 156..172 first half of the body's digest
//! 172..188 checksum: first half of SHA-256 of 0..172 | 256.. body: page, rest of the block, state
//! ```

use sprag_manifest::{Digest, Index, Payload};

use crate::codec::CodecSet;
use crate::error::Error;
use crate::flash::{CHUNK, Flash};
use crate::hash::sha256;
use crate::plan::Plan;
use crate::record::Fields;
use crate::storage::{Area, Storage};

const MAGIC: [u8; 4] = *b"SPRC";
const VERSION: u16 = 1;
/// Changes with anything in updater or decoders that gives saved state another meaning.
const APPLIER: u16 = 1;
const CHECKED_LEN: usize = 172;
const HEADER_LEN: usize = 188;
/// Bytes of a copy ahead of its body: whole write units on every part.
pub(crate) const BODY_START: u32 = 256;

/// Why a copy of a checkpoint was not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointRefusal {
    /// Blank, torn or damaged: there is no whole header.
    Torn,
    /// Written by another version of the updater.
    Version,
    /// Of another package.
    Package,
    /// Of another payload of this package, or for another old image.
    Source,
    /// Its position is none that this payload and this flash can have.
    Position,
    /// The slot does not hold what had been written by then.
    Prefix,
    /// The body is damaged, or does not belong to the header.
    Body,
    /// The decoder, or what came of it, refused the state.
    State,
}

/// Where the two copies lie: whole sectors each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) area: Area,
    pub(crate) start: u32,
    middle: u32,
    pub(crate) end: u32,
}

impl Place {
    /// Two copies of `len` bytes in `start..end` of `area`, which begins with a sector; `None` if they do not fit.
    pub(crate) fn new<S: Storage>(
        flash: &Flash<'_, S>,
        area: Area,
        (start, end): (u32, u32),
        len: u32,
    ) -> Option<Self> {
        let behind = |start: u32| {
            let end_of_copy = start.checked_add(len).filter(|&at| at <= end)?;
            Some(flash.align_to_sector(area, end_of_copy)).filter(|&at| at <= end)
        };
        let middle = behind(start)?;
        Some(Self {
            area,
            start,
            middle,
            end: behind(middle)?,
        })
    }

    /// First byte of a copy, and the byte behind it.
    pub(crate) const fn copy(&self, second: bool) -> (u32, u32) {
        if second {
            (self.middle, self.end)
        } else {
            (self.start, self.middle)
        }
    }
}

/// Bytes that one copy of a checkpoint of this payload takes at most, before it is rounded up to whole sectors; 0 if
/// its decoder cannot be saved. A device keeps two.
#[must_use]
pub fn checkpoint_copy_len<C: CodecSet>(payload: &Payload, codecs: &C) -> u32 {
    match codecs.most_state(payload) {
        0 => 0,
        state => {
            let index = Index::new(payload);
            BODY_START
                .saturating_add(index.page_buffer_len())
                .saturating_add(index.block_buffer_len())
                .saturating_add(state)
        }
    }
}

/// Flash operations with which an update that keeps checkpoints of `copy_len` bytes always gets further, however often
/// the power fails after as many: each time it makes good what the cut tore, writes a checkpoint, and fills a sector of
/// `sector_size` bytes behind it, or erases sectors up to the next note of it.
#[must_use]
pub const fn checkpoint_min_operations(copy_len: u32, sector_size: u32) -> u32 {
    const CHUNK_LEN: u32 = 256;
    // Record, erase, record: for a sector that was being erased, and two that may be torn.
    const MENDING: u32 = 15;
    // The first record in two copies, or sixteen sectors and the note of them; then the mark.
    const NOTES: u32 = 24;
    let chunks = sector_size.div_ceil(CHUNK_LEN).saturating_mul(2);
    let copy_chunks = copy_len.div_ceil(CHUNK_LEN).saturating_add(1);
    let copy_sectors = match sector_size {
        0 => 0,
        size => copy_len.div_ceil(size),
    };
    // Behind the slot's image both copies are erased at the end.
    (MENDING + NOTES)
        .saturating_add(chunks)
        .saturating_add(copy_chunks)
        .saturating_add(copy_sectors.saturating_mul(3))
}

/// What a copy says of itself, apart from what binds it to an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Ordinal of the block that was being decoded, and how much of it the decoder had taken.
    pub(crate) part: u32,
    pub(crate) taken: u32,
    /// Bytes of the new image that were in flash, and their digest.
    pub(crate) made: u32,
    pub(crate) prefix: Digest,
    /// What the next page must hash to.
    pub(crate) root: Digest,
    pub(crate) body_len: u32,
    pub(crate) body_sum: [u8; 16],
}

impl Header {
    fn encode(&self, plan: &Plan) -> [u8; HEADER_LEN] {
        let fields: [&[u8]; 13] = [
            &MAGIC,
            &VERSION.to_le_bytes(),
            &APPLIER.to_le_bytes(),
            &plan.payload_number.to_le_bytes(),
            &self.part.to_le_bytes(),
            &self.taken.to_le_bytes(),
            &self.made.to_le_bytes(),
            &self.body_len.to_le_bytes(),
            &plan.manifest.0,
            &plan.old_digest.0,
            &self.root.0,
            &self.prefix.0,
            &self.body_sum,
        ];
        let mut bytes = [0; HEADER_LEN];
        let (checked, checksum) = bytes.split_at_mut(CHECKED_LEN);
        for (to, from) in checked.iter_mut().zip(fields.iter().copied().flatten()) {
            *to = *from;
        }
        for (to, from) in checksum.iter_mut().zip(sha256(checked).0) {
            *to = from;
        }
        bytes
    }

    fn decode(bytes: &[u8; HEADER_LEN], plan: &Plan) -> Result<Self, CheckpointRefusal> {
        let (checked, checksum) = bytes.split_at(CHECKED_LEN);
        if !sha256(checked).0.starts_with(checksum) {
            return Err(CheckpointRefusal::Torn);
        }
        let mut fields = Fields(checked);
        Self::fields(&mut fields, plan).unwrap_or(Err(CheckpointRefusal::Torn))
    }

    fn fields(fields: &mut Fields<'_>, plan: &Plan) -> Option<Result<Self, CheckpointRefusal>> {
        if fields.array::<4>()? != MAGIC {
            return Some(Err(CheckpointRefusal::Torn));
        }
        let [version, applier] = [fields.array()?, fields.array()?].map(u16::from_le_bytes);
        if (version, applier) != (VERSION, APPLIER) {
            return Some(Err(CheckpointRefusal::Version));
        }
        let payload = fields.u32()?;
        let [part, taken, made, body_len] =
            [fields.u32()?, fields.u32()?, fields.u32()?, fields.u32()?];
        let [manifest, source, root, prefix] = [
            fields.array()?,
            fields.array()?,
            fields.array()?,
            fields.array()?,
        ]
        .map(Digest);
        if manifest != plan.manifest {
            return Some(Err(CheckpointRefusal::Package));
        }
        if payload != plan.payload_number || source != plan.old_digest {
            return Some(Err(CheckpointRefusal::Source));
        }
        Some(Ok(Self {
            part,
            taken,
            made,
            prefix,
            root,
            body_len,
            body_sum: fields.array()?,
        }))
    }
}

/// Reads the header of a copy. What cannot be read is torn.
pub(crate) fn read_header<S: Storage>(
    flash: &mut Flash<'_, S>,
    place: &Place,
    second: bool,
    plan: &Plan,
) -> Result<Header, CheckpointRefusal> {
    let mut bytes = [0; HEADER_LEN];
    let (start, end) = place.copy(second);
    flash
        .read(place.area, start, &mut bytes)
        .map_err(|_| CheckpointRefusal::Torn)?;
    let header = Header::decode(&bytes, plan)?;
    let room = end.saturating_sub(start).saturating_sub(BODY_START);
    if header.body_len > room {
        return Err(CheckpointRefusal::Position);
    }
    Ok(header)
}

/// Writes the header of a copy, which makes the copy count: the body must be in flash.
pub(crate) fn write_header<S: Storage>(
    flash: &mut Flash<'_, S>,
    place: &Place,
    second: bool,
    plan: &Plan,
    header: &Header,
) -> Result<(), Error> {
    let mut padded = [flash.erased(place.area); CHUNK];
    for (to, from) in padded.iter_mut().zip(header.encode(plan)) {
        *to = from;
    }
    let len = u32::try_from(HEADER_LEN).unwrap_or(u32::MAX);
    let len = usize::try_from(flash.align(place.area, len)).unwrap_or(CHUNK);
    let bytes = padded.get(..len).unwrap_or(&padded);
    flash.write(place.area, place.copy(second).0, bytes)
}
