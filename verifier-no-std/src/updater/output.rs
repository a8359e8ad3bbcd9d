//! The new image on its way to flash, a chunk at a time.

use sprag_manifest::Digest;

use super::in_place::{floor, put};
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
    /// In the only slot: where the group under way begins and ends. Else the whole image.
    group: (u32, u32),
    /// Where the group is written; its sectors are erased on the way.
    elsewhere: Option<Area>,
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
            group: (0, plan.new_size),
            elsewhere: None,
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

    /// Begins the group at `base` of an update of the only slot: in the scratch area, or, for a full payload, in the
    /// slot.
    pub(super) fn begin_group(&mut self, plan: &Plan, base: u32) {
        let len = plan.in_place.map_or(0, |in_place| in_place.group);
        (self.filled, self.written) = (0, base);
        (self.group, self.elsewhere) = match len {
            0 => ((0, self.size), Some(plan.target)),
            len => {
                let end = base.saturating_add(len).min(self.size);
                ((base, end), Some(Area::Scratch))
            }
        };
    }

    /// Where the group under way begins in the new image.
    pub(super) const fn base(&self) -> u32 {
        self.group.0
    }

    /// Whether all of a group is made but not of the image.
    pub(super) fn ends_group(&self) -> bool {
        self.made() >= self.group.1 && self.group.1 < self.size
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
        // No byte of the next group is made before this one is where it belongs.
        let left = self.group.1.saturating_sub(self.written);
        let left = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .saturating_sub(filled);
        let room = match self.group.1 < self.size {
            true => {
                let len = room.len().min(left);
                room.get_mut(..len).unwrap_or_default()
            }
            false => room,
        };
        let images = SlotImages {
            flash,
            active: plan.active,
            old_size: plan.old_size,
            target: plan.target,
            base: self.group.0,
            elsewhere: self.elsewhere,
            written: self.written,
            shift: plan.in_place.map_or(0, |in_place| in_place.shift),
            floor: floor(plan, self.group.0),
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
        let start = self.written;
        if let Some(area) = self.elsewhere {
            let place = start.saturating_sub(self.group.0);
            put(flash, (area, place), self.chunk, self.filled)?;
            self.written = self.written.saturating_add(len);
            self.filled = 0;
            return Ok(Flushed::Written);
        }
        let bytes = self.chunk.get(..padded).unwrap_or(self.chunk);
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
    /// In the only slot: where the group under way begins, and where it is made.
    base: u32,
    elsewhere: Option<Area>,
    written: u32,
    /// In the only slot: how far the old image was moved up, and where it begins that nothing of it is left before.
    shift: u32,
    floor: u32,
    pending: &'f [u8],
}

impl<S: Storage> SlotImages<'_, '_, S> {
    /// In the only slot, what is misread cannot be made good by another try.
    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), Error> {
        match S::ONE_SLOT && self.elsewhere.is_some() {
            true => self.flash.read_twice(area, offset, buf),
            false => self.flash.read(area, offset, buf),
        }
    }
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
        let place = offset.saturating_add(self.shift);
        self.read(self.active, place, buf)?;
        for (byte, _) in buf.iter_mut().zip(offset..self.floor) {
            *byte = 0;
        }
        Ok(())
    }

    fn read_new(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Error> {
        let in_flash = usize::try_from(self.written.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (old, new) = buf.split_at_mut(in_flash.min(buf.len()));
        let before = usize::try_from(self.base.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (slot, group) = old.split_at_mut(before.min(old.len()));
        if !slot.is_empty() {
            self.read(self.target, offset, slot)?;
        }
        if !group.is_empty() {
            let area = self.elsewhere.unwrap_or(self.target);
            let place = offset.max(self.base).saturating_sub(self.base);
            self.read(area, place, group)?;
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
