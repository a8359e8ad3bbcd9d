//! The new image on its way to flash, a chunk at a time.

use sprag_manifest::Digest;

use super::{Error, Flash, Hasher, Plan};
use crate::codec::{CodecError, Images};
use crate::flash::{CHUNK, Found};
use crate::storage::{Area, Storage};

/// Decoded bytes that are not yet in flash, and how many are.
#[derive(Debug)]
pub(super) struct Output<'w> {
    chunk: &'w mut [u8],
    /// Decoded bytes in `chunk`.
    filled: usize,
    /// Bytes of the new image that are in flash.
    written: u32,
    size: u32,
    /// Digest of what is in flash, where checkpoints are kept.
    hasher: Option<Hasher>,
}

/// What a flush did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// The chunk is in flash and read back.
    Written,
    /// Flash holds something else at this offset, and must be erased before the chunk can be written.
    Dirty(u32),
}

impl<'w> Output<'w> {
    pub(super) fn new(chunk: &'w mut [u8], plan: &Plan) -> Self {
        Self {
            chunk,
            filled: 0,
            written: 0,
            size: plan.new_size,
            hasher: plan.checkpoints.map(|_| Hasher::new()),
        }
    }

    pub(super) fn restart(&mut self) {
        (self.filled, self.written) = (0, 0);
        self.hasher = self.hasher.take().map(|_| Hasher::new());
    }

    /// Goes on behind `written` bytes, which `hasher` has hashed.
    pub(super) fn resume(&mut self, written: u32, hasher: Hasher) {
        (self.filled, self.written) = (0, written);
        self.hasher = Some(hasher);
    }

    /// The digest of what is in flash; `None` where no checkpoints are kept.
    pub(super) fn prefix(&self) -> Option<Digest> {
        self.hasher.as_ref().map(Hasher::so_far)
    }

    pub(super) const fn written(&self) -> u32 {
        self.written
    }

    /// Bytes decoded so far.
    pub(super) fn made(&self) -> u32 {
        u32::try_from(self.filled).map_or(u32::MAX, |filled| self.written.saturating_add(filled))
    }

    pub(super) const fn is_pending(&self) -> bool {
        self.filled != 0
    }

    /// The images as the decoder reads them, and the room for its output.
    pub(super) fn split<'f, 's, S: Storage>(
        &'f mut self,
        plan: &Plan,
        flash: &'f mut Flash<'s, S>,
    ) -> (SlotImages<'f, 's, S>, &'f mut [u8]) {
        let filled = self.filled.min(self.chunk.len());
        let (pending, room) = self.chunk.split_at_mut(filled);
        let images = SlotImages {
            flash,
            active: plan.active,
            old_size: plan.old_size,
            target: plan.target,
            written: self.written,
            pending,
        };
        (images, room)
    }

    /// Counts decoded bytes; whether the chunk is to be flushed.
    pub(super) fn add(&mut self, count: usize) -> Result<bool, Error> {
        self.filled = self.filled.saturating_add(count);
        if self.made() > self.size {
            return Err(CodecError::OutputOverrun { size: self.size }.into());
        }
        Ok(self.filled >= self.chunk.len())
    }

    /// Brings the chunk to flash: nothing to do where it is there already, written where flash is blank.
    pub(super) fn flush<S: Storage>(
        &mut self,
        plan: &Plan,
        flash: &mut Flash<'_, S>,
    ) -> Result<Flushed, Error> {
        let area = plan.target;
        let len = u32::try_from(self.filled).unwrap_or(u32::MAX);
        let padded = usize::try_from(flash.align(area, len)).unwrap_or(CHUNK);
        let erased = flash.erased(area);
        for byte in self.chunk.iter_mut().take(padded).skip(self.filled) {
            *byte = erased;
        }
        let bytes = self.chunk.get(..padded).unwrap_or(self.chunk);
        let start = self.written;
        let good = match flash.compare(area, start, bytes)? {
            Found::Equal => true,
            Found::Blank => write_if_good(flash, area, start, bytes)?,
            Found::Dirty => false,
        };
        if !good {
            return Ok(Flushed::Dirty(start));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(self.chunk.get(..self.filled).unwrap_or_default());
        }
        self.written = self.written.saturating_add(len);
        self.filled = 0;
        Ok(Flushed::Written)
    }
}

/// Writes; `false` if it does not read back, so that an erase may mend it.
fn write_if_good<S: Storage>(
    flash: &mut Flash<'_, S>,
    area: Area,
    offset: u32,
    bytes: &[u8],
) -> Result<bool, Error> {
    match flash.write(area, offset, bytes) {
        Ok(()) => Ok(true),
        Err(Error::FlashVerify { .. }) => Ok(false),
        Err(e) => Err(e),
    }
}

/// The old image in its slot, and the new one as far as it is made.
#[derive(Debug)]
pub(super) struct SlotImages<'f, 's, S> {
    flash: &'f mut Flash<'s, S>,
    active: Area,
    old_size: u32,
    target: Area,
    written: u32,
    pending: &'f [u8],
}

impl<S: Storage> Images for SlotImages<'_, '_, S> {
    type Error = Error;

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Error> {
        let len = u32::try_from(buf.len()).unwrap_or(u32::MAX);
        if offset
            .checked_add(len)
            .is_none_or(|end| end > self.old_size)
        {
            let (offset, len) = (offset.into(), len.into());
            return Err(CodecError::SourceRange {
                offset,
                len,
                size: self.old_size,
            }
            .into());
        }
        self.flash.read(self.active, offset, buf)
    }

    fn read_new(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Error> {
        let in_flash = usize::try_from(self.written.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (old, new) = buf.split_at_mut(in_flash.min(buf.len()));
        if !old.is_empty() {
            self.flash.read(self.target, offset, old)?;
        }
        let start = usize::try_from(offset.saturating_sub(self.written)).unwrap_or(usize::MAX);
        let source = self
            .pending
            .get(start..)
            .and_then(|pending| pending.get(..new.len()));
        let source = source.ok_or(CodecError::SourceRange {
            offset: offset.into(),
            len: u64::try_from(new.len()).unwrap_or(u64::MAX),
            size: self.written,
        })?;
        for (to, from) in new.iter_mut().zip(source) {
            *to = *from;
        }
        Ok(())
    }
}
