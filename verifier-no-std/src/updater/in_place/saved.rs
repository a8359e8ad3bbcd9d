//! The decoder's state at the end of a group, in flash: two copies in turn behind the group in the scratch area, so that
//! the one that counts stays while the other is written.
//!
//! ```text
//! 0..4 magic "SPRI" | 4..8 layout version 1 | 8..40 manifest digest | 40..44 payload | 44..48 offset in the new image
//! 48..52 ordinal of the part that the decoder was taking | 52..56 bytes of it taken, 2^32 - 1: no more input
//! 56..60 bytes of the state | 60..92 SHA-256 of the state | 92..108 first 16 bytes of SHA-256 of 0..92
//! 256.. state
//! ```

use core::ops::Range;

use sprag_manifest::{Digest, Payload};

use super::{Input, Updater, put};
use crate::codec::{CodecSet, PatchDecoder, PullError};
use crate::error::Error;
use crate::flash::{CHUNK, Flash};
use crate::hash::{Hasher, same, sha256};
use crate::storage::{Area, Storage};

const MAGIC: [u8; 4] = *b"SPRI";
const VERSION: u32 = 1;
const BODY_LEN: usize = 92;
const HEADER_LEN: usize = 108;
/// A whole number of write units on every supported part.
const STATE_START: u32 = 256;
/// Instead of bytes taken of a part: there is no more input.
const NO_INPUT: u32 = u32::MAX;
/// Chunks written in one step.
const CHUNKS_PER_STEP: u32 = 2;
/// Times a copy is read before it counts as torn.
const READS: u8 = 3;

/// Bytes that one copy of the decoder's state takes in the scratch area, before it is rounded up to whole sectors; 0 if
/// the decoder of this payload cannot be saved. Where the new image has several groups, two are kept behind the group.
#[must_use]
pub fn in_place_copy_len<C: CodecSet>(payload: &Payload, codecs: &C) -> u32 {
    match codecs.most_state(payload) {
        0 => 0,
        state => STATE_START.saturating_add(state),
    }
}

/// What is in front of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    manifest: Digest,
    payload: u32,
    offset: u32,
    ordinal: u32,
    taken: u32,
    len: u32,
    digest: Digest,
}

impl Header {
    fn encode(&self) -> [u8; HEADER_LEN] {
        let fields: [&[u8]; 9] = [
            &MAGIC,
            &VERSION.to_le_bytes(),
            &self.manifest.0,
            &self.payload.to_le_bytes(),
            &self.offset.to_le_bytes(),
            &self.ordinal.to_le_bytes(),
            &self.taken.to_le_bytes(),
            &self.len.to_le_bytes(),
            &self.digest.0,
        ];
        let mut bytes = [0; HEADER_LEN];
        let (body, checksum) = bytes.split_at_mut(BODY_LEN);
        for (to, from) in body.iter_mut().zip(fields.iter().copied().flatten()) {
            *to = *from;
        }
        for (to, from) in checksum.iter_mut().zip(sha256(body).0) {
            *to = from;
        }
        bytes
    }

    /// `None` if it is torn or of another layout version.
    fn decode(bytes: &[u8; HEADER_LEN]) -> Option<Self> {
        let (body, checksum) = bytes.split_at(BODY_LEN);
        if sha256(body).0.get(..checksum.len())? != checksum {
            return None;
        }
        let number = |at: usize| {
            let bytes = body.get(at..)?.first_chunk()?;
            Some(u32::from_le_bytes(*bytes))
        };
        let digest = |at: usize| Some(Digest(*body.get(at..)?.first_chunk()?));
        if body.first_chunk() != Some(&MAGIC) || number(4)? != VERSION {
            return None;
        }
        Some(Self {
            manifest: digest(8)?,
            payload: number(40)?,
            offset: number(44)?,
            ordinal: number(48)?,
            taken: number(52)?,
            len: number(56)?,
            digest: digest(60)?,
        })
    }
}

impl<D: PatchDecoder> Updater<'_, D> {
    /// Writes a piece of the decoder's state behind `at`, and last what is in front of it. Returns how far it came, or
    /// nothing when all is written.
    pub(super) fn save_group<S: Storage>(
        &mut self,
        storage: &mut S,
        input: Input,
        at: u32,
    ) -> Result<Option<u32>, Error> {
        let mut flash = Flash::new(storage);
        let flash = &mut flash;
        let offset = self.output.made();
        let copy = self.copy_range(flash, offset)?;
        let len = self.decoder.state_len().ok_or(Error::WrongState)?;
        let need = STATE_START.saturating_add(len);
        let have = copy.end.saturating_sub(copy.start);
        if need > have {
            return Err(Error::Scratch { need, have });
        }
        let mut chunk = [flash.erased(Area::Scratch); CHUNK];
        if at == 0 {
            let end = flash.align_to_sector(Area::Scratch, copy.start.saturating_add(STATE_START));
            flash.erase(Area::Scratch, copy.start..end)?;
        }
        let mut at = at;
        for _ in 0..CHUNKS_PER_STEP {
            let left = usize::try_from(len.saturating_sub(at)).unwrap_or(CHUNK);
            let count = left.min(CHUNK);
            if count == 0 {
                break;
            }
            self.piece(at, &mut chunk, count)?;
            let place = copy.start.saturating_add(STATE_START).saturating_add(at);
            put(flash, (Area::Scratch, place), &chunk, count)?;
            at = at.saturating_add(u32::try_from(count).unwrap_or(0));
            chunk.fill(flash.erased(Area::Scratch));
        }
        if at < len {
            return Ok(Some(at));
        }
        let mut hasher = Hasher::new();
        let mut done = 0;
        while done < len {
            let left = usize::try_from(len.saturating_sub(done)).unwrap_or(CHUNK);
            let count = left.min(CHUNK);
            self.piece(done, &mut chunk, count)?;
            hasher.update(chunk.get(..count).unwrap_or_default());
            done = done.saturating_add(u32::try_from(count).unwrap_or(0));
        }
        let header = Header {
            manifest: self.plan.manifest,
            payload: self.plan.payload_number,
            offset,
            ordinal: self.cursor.ordinal(),
            taken: match input {
                Input::Block(taken) => u32::try_from(taken).unwrap_or(0),
                Input::End => NO_INPUT,
            },
            len,
            digest: hasher.finish(),
        };
        chunk.fill(flash.erased(Area::Scratch));
        for (to, from) in chunk.iter_mut().zip(header.encode()) {
            *to = from;
        }
        let written = u32::try_from(HEADER_LEN).unwrap_or(u32::MAX);
        let written = usize::try_from(flash.align(Area::Scratch, written)).unwrap_or(CHUNK);
        flash.write(
            Area::Scratch,
            copy.start,
            chunk.get(..written).unwrap_or(&chunk),
        )?;
        Ok(None)
    }

    fn piece(&self, at: u32, chunk: &mut [u8], count: usize) -> Result<(), Error> {
        self.decoder
            .save_state(at, chunk.get_mut(..count).unwrap_or_default())?;
        Ok(())
    }

    /// Puts the decoder into the state in which the group at `offset` begins. Returns the part that goes on, and where.
    pub(super) fn restore_group<S: Storage>(
        &mut self,
        storage: &mut S,
        offset: u32,
    ) -> Result<(u32, Input), Error> {
        let mut flash = Flash::new(storage);
        // It belongs into one of them; a damaged record may say otherwise.
        let first = self.copy_range(&flash, offset)?;
        for _ in 0..READS {
            if let Some(found) = self.restore_from(&mut flash, first.clone(), offset)? {
                return Ok(found);
            }
        }
        self.decoder.restart();
        Err(Error::CheckpointLost { offset })
    }

    fn restore_from<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        copy: Range<u32>,
        offset: u32,
    ) -> Result<Option<(u32, Input)>, Error> {
        let mut bytes = [0; HEADER_LEN];
        if flash.read(Area::Scratch, copy.start, &mut bytes).is_err() {
            return Ok(None);
        }
        let Some(header) = Header::decode(&bytes) else {
            return Ok(None);
        };
        let fits = header.manifest == self.plan.manifest
            && header.payload == self.plan.payload_number
            && header.offset == offset
            && STATE_START.saturating_add(header.len) <= copy.end.saturating_sub(copy.start);
        if !fits {
            return Ok(None);
        }
        let mut hasher = Hasher::new();
        let start = copy.start.saturating_add(STATE_START);
        let read = |at: u32, piece: &mut [u8]| {
            flash.read(Area::Scratch, start.saturating_add(at), piece)?;
            hasher.update(piece);
            Ok(())
        };
        let loaded: Result<(), PullError<Error>> = self.decoder.load_state(header.len, read);
        if loaded.is_err() || !same(&hasher.finish(), &header.digest) {
            return Ok(None);
        }
        let input = match header.taken {
            NO_INPUT => Input::End,
            taken => Input::Block(usize::try_from(taken).unwrap_or(usize::MAX)),
        };
        Ok(Some((header.ordinal, input)))
    }

    /// Where the state at `offset` of the new image is kept: behind the group, two copies in turn.
    fn copy_range<S: Storage>(
        &self,
        flash: &Flash<'_, S>,
        offset: u32,
    ) -> Result<Range<u32>, Error> {
        let in_place = self.plan.in_place.ok_or(Error::WrongState)?;
        let group = in_place.group;
        let room = self.plan.payload.needs.scratch.saturating_sub(group);
        let middle = group.saturating_add(room / 2);
        let sector = flash.sector(Area::Scratch, middle);
        // Half of it, in whole sectors.
        let middle = if sector.start == middle {
            middle
        } else {
            sector.start
        };
        let len = middle.saturating_sub(group);
        let second = offset.checked_div(group).unwrap_or(0) & 1 != 0;
        Ok(if second {
            middle..middle.saturating_add(len)
        } else {
            group..middle
        })
    }
}
