//! Bootloaders that swap: the image that runs lies in one slot for ever, and an update changes places with it.
//!
//! The verifier's boot record follows an image that stays in its slot. [`SwapSlots`] stands between: it is the storage
//! to give to `Preflight` and `Updater`, it turns the record's slots into the places where their images are now, and it
//! refuses to write to the slot that runs.

use core::ops::Range;

use sha2::{Digest as _, Sha256};
use sprag_verifier::{
    Area, Boot, BootRecord, Error, FlashErrorKind, Geometry, Phase, Storage, choose, confirm,
};

/// Bytes hashed at a time.
const PIECE_LEN: usize = 256;

/// Where a new image is, as of this start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewImage {
    /// There is none, or it is not whole yet.
    None,
    /// Whole, in the slot that does not run.
    Waits,
    /// In the slot that runs, and not confirmed in the record.
    Runs,
}

/// A device's storage under a bootloader that swaps. In the storage itself, [`Area::SlotA`] is the slot that runs and
/// [`Area::SlotB`] the other.
#[derive(Debug)]
pub struct SwapSlots<'s, S> {
    storage: &'s mut S,
    /// The record's slot whose image lies in the slot that runs.
    runs: Area,
}

impl<'s, S: Storage> SwapSlots<'s, S> {
    /// Finds out where a new image is, by its digest. Call it at every start.
    ///
    /// # Errors
    /// [`Error::RecordLost`] and flash errors.
    pub fn find(storage: &'s mut S) -> Result<(Self, NewImage), Error> {
        let record = BootRecord::load(storage)?;
        let mut slots = Self {
            storage,
            runs: record.confirmed,
        };
        if !waits(&record) {
            return Ok((slots, NewImage::None));
        }
        if !slots.running_image_is(&record)? {
            return Ok((slots, NewImage::Waits));
        }
        slots.runs = record.confirmed.other_slot();
        // A bootloader that was asked by others than [`SwapSlots::count_try`] has no try counted.
        if record.phase == Phase::Pending && !is_trial(choose(&mut slots)?)? {
            return Ok((slots, NewImage::None));
        }
        Ok((slots, NewImage::Runs))
    }

    /// The storage as the bootloader sees it.
    pub const fn physical(&mut self) -> &mut S {
        self.storage
    }

    /// Hashes the image that waits once more and counts a try; `false` if it does not hold or its tries are used up, and
    /// the update has ended. Call it before the bootloader is asked to swap, so that an image which it refuses, or which
    /// never gets as far as [`SwapSlots::find`], is not tried for ever.
    ///
    /// # Errors
    /// [`Error::WrongState`] if no image waits; flash errors.
    pub fn count_try(&mut self) -> Result<bool, Error> {
        let record = BootRecord::load(self.storage)?;
        if !waits(&record) || self.runs != record.confirmed {
            return Err(Error::WrongState);
        }
        is_trial(choose(self)?)
    }

    /// Whether the new image runs on trial, so that it can be confirmed.
    ///
    /// # Errors
    /// Flash errors.
    pub fn is_on_trial(&mut self) -> Result<bool, Error> {
        let record = BootRecord::load(self.storage)?;
        Ok(record.phase == Phase::Testing && self.runs == record.confirmed.other_slot())
    }

    /// Confirms the new image in the record. Call it after the bootloader was told: a power cut between the two is
    /// mended at the next start, where the image runs and the bootloader would not give it back.
    ///
    /// # Errors
    /// [`Error::NothingToConfirm`] if the new image does not run; flash errors.
    pub fn confirm(&mut self) -> Result<BootRecord, Error> {
        let runs = self.runs;
        confirm(self, runs)
    }

    /// Whether the slot that runs holds the new image.
    fn running_image_is(&mut self, record: &BootRecord) -> Result<bool, Error> {
        let mut hasher = Sha256::new();
        let mut buf = [0_u8; PIECE_LEN];
        let mut at = 0_u32;
        while at < record.trial_size {
            let left = usize::try_from(record.trial_size.saturating_sub(at)).unwrap_or(PIECE_LEN);
            let Some(piece) = buf.get_mut(..left.min(PIECE_LEN)) else {
                break;
            };
            crate::flash::read(self.storage, Area::SlotA, at, piece)?;
            hasher.update(&*piece);
            at = at.saturating_add(u32::try_from(piece.len()).unwrap_or(u32::MAX));
        }
        Ok(hasher.finalize().as_slice() == record.trial_digest.0.as_slice())
    }

    /// Where the image of the record's slot lies.
    fn place(&self, area: Area) -> Area {
        match area {
            Area::SlotA | Area::SlotB if area == self.runs => Area::SlotA,
            Area::SlotA | Area::SlotB => Area::SlotB,
            other => other,
        }
    }

    /// The same, to change: never the slot that runs.
    fn place_to_change(&self, area: Area) -> Result<Area, FlashErrorKind> {
        match self.place(area) {
            Area::SlotA => Err(FlashErrorKind::OutOfBounds),
            place => Ok(place),
        }
    }
}

/// Whether the new image may be tried; a try that cannot be counted is none.
const fn is_trial(boot: Boot) -> Result<bool, Error> {
    match boot {
        Boot::Trial(_) => Ok(true),
        Boot::Unrecorded { failure, .. } => Err(failure),
        _ => Ok(false),
    }
}

/// Whether the record has a new image that is whole and not confirmed.
pub(crate) const fn waits(record: &BootRecord) -> bool {
    matches!(record.phase, Phase::Pending | Phase::Testing)
}

impl<S: Storage> Storage for SwapSlots<'_, S> {
    fn geometry(&self, area: Area) -> Geometry {
        self.storage.geometry(self.place(area))
    }

    fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        self.storage.sector(self.place(area), offset)
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        self.storage.read(self.place(area), offset, buf)
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        let place = self.place_to_change(area)?;
        self.storage.write(place, offset, bytes)
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        let place = self.place_to_change(area)?;
        self.storage.erase(place, range)
    }
}
