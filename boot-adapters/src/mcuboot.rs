//! MCUboot with a primary and a secondary slot.
//!
//! In the device's [`Storage`], [`Area::SlotA`] is the primary slot and [`Area::SlotB`] the secondary one.
//! [`Mcuboot::slots`] is the storage to give to `Preflight` and `Updater`.
//!
//! ```text
//! at every start   Mcuboot::start   which image runs: confirmed, on trial, or is there something to do?
//! before an update Mcuboot::prepare the secondary slot's trailer is blank from here to the mark
//! the update       Preflight, Updater, with Resources { trailer_reserve: mcuboot.reserve(), .. }
//! after it         Mcuboot::mark    counts a try, writes the trailer, its magic last; then reset
//! on trial, well   Mcuboot::confirm image_ok first, then the record
//! ```
//!
//! Facts about the trailer are from MCUboot's `docs/design.md` and `bootutil_public`.

mod trailer;

use sprag_verifier::{Area, BootRecord, Error, Storage};

use crate::swap::{NewImage, SwapSlots, waits};
pub use trailer::{Flag, Magic, Mode, SwapType, Trailer, TrailerState};

/// What runs, as of this start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Running {
    /// The confirmed image; nothing waits.
    Confirmed,
    /// The new image, on trial: [`Mcuboot::confirm`] keeps it, else MCUboot reverts at the next reset.
    Trial,
    /// The confirmed image; the next reset swaps.
    SwapPending,
    /// The confirmed image; a new one is whole and MCUboot has not been asked to swap it, or has given it back. [`Mcuboot::mark`]
    /// asks while the record has tries left, and then ends the update as reverted.
    NotMarked,
}

/// How [`Mcuboot::mark`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// The next reset swaps.
    Reset,
    /// The tries are used up, or the image does not hold: the old image stays.
    Reverted,
}

/// What MCUboot is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// One start, to be confirmed.
    Test,
    /// For good, without a trial.
    Permanent,
}

/// The slots with their trailers.
#[derive(Debug)]
pub struct Mcuboot<'s, S> {
    slots: SwapSlots<'s, S>,
    trailer: Trailer,
}

impl<'s, S: Storage> Mcuboot<'s, S> {
    /// Finds out what runs and brings the record up to it. Call it at every start of the application; after
    /// [`Running::Trial`], confirm or let the reset come.
    ///
    /// # Errors
    /// [`Error::RecordLost`] and flash errors.
    pub fn start(storage: &'s mut S, trailer: Trailer) -> Result<(Self, Running), Error> {
        let (slots, new) = SwapSlots::find(storage)?;
        let mut mcuboot = Self { slots, trailer };
        let running = match new {
            NewImage::None => Running::Confirmed,
            NewImage::Waits => match mcuboot.read(Area::SlotB)?.magic {
                Magic::Good => Running::SwapPending,
                _ => Running::NotMarked,
            },
            NewImage::Runs if mcuboot.read(Area::SlotA)?.can_revert() => Running::Trial,
            NewImage::Runs => {
                // The power was cut between image_ok and the record, or the upgrade was permanent.
                mcuboot.slots.confirm()?;
                Running::Confirmed
            }
        };
        Ok((mcuboot, running))
    }

    /// The storage for the updater.
    pub const fn slots(&mut self) -> &mut SwapSlots<'s, S> {
        &mut self.slots
    }

    /// Bytes at the end of each slot that images and staged blocks keep off, for `Resources::trailer_reserve`.
    #[must_use]
    pub fn reserve(&mut self) -> u32 {
        self.trailer.reserve(self.slots.physical(), Area::SlotB)
    }

    /// Makes the secondary slot's trailer blank. Call it before `Preflight`: an old request to swap must not find the
    /// slot half filled.
    ///
    /// # Errors
    /// [`Error::Unconfirmed`] while a new image waits or is on trial; flash errors.
    pub fn prepare(&mut self) -> Result<(), Error> {
        if waits(&BootRecord::load(self.slots.physical())?) {
            return Err(Error::Unconfirmed);
        }
        self.trailer
            .erase_unless_blank(self.slots.physical(), Area::SlotB)
    }

    /// Counts a try and asks MCUboot to swap at the next reset.
    ///
    /// # Errors
    /// [`Error::WrongState`] if no new image waits; flash errors.
    pub fn mark(&mut self, upgrade: Upgrade) -> Result<Marked, Error> {
        let asked = self.read(Area::SlotB)?.magic == Magic::Good;
        let record = BootRecord::load(self.slots.physical())?;
        if asked && waits(&record) {
            // And nothing was reset since.
            return Ok(Marked::Reset);
        }
        if !self.slots.count_try()? {
            return Ok(Marked::Reverted);
        }
        self.trailer
            .write_request(self.slots.physical(), Area::SlotB, upgrade)?;
        Ok(Marked::Reset)
    }

    /// The running image is well: MCUboot keeps it, and the counters of the record advance.
    ///
    /// # Errors
    /// [`Error::NothingToConfirm`] unless [`Mcuboot::start`] said [`Running::Trial`]; flash errors.
    pub fn confirm(&mut self) -> Result<BootRecord, Error> {
        if !self.slots.is_on_trial()? {
            return Err(Error::NothingToConfirm);
        }
        self.trailer
            .write_image_ok(self.slots.physical(), Area::SlotA)?;
        self.slots.confirm()
    }

    /// What MCUboot will do at the next reset.
    ///
    /// # Errors
    /// Flash errors.
    pub fn swap_type(&mut self) -> Result<SwapType, Error> {
        let primary = self.read(Area::SlotA)?;
        let secondary = self.read(Area::SlotB)?;
        Ok(SwapType::of(&primary, &secondary))
    }

    fn read(&mut self, slot: Area) -> Result<TrailerState, Error> {
        self.trailer.read(self.slots.physical(), slot)
    }
}
