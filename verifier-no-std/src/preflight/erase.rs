//! Erases the slot for the new image, sector by sector.

use crate::error::Error;
use crate::flash::Flash;
use crate::storage::{Area, Storage};

/// Sectors erased between two notes of it in the boot record. A reset costs at most so many erases twice.
const SECTORS_PER_NOTE: u32 = 16;

/// What a step of the eraser did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Erased {
    /// A sector.
    Sector,
    /// A sector, and the boot record should say that those before this offset are done.
    Note(u32),
    /// The last sector.
    All,
}

/// Erases the sectors from `at` to `end`, whatever they hold: a sector of unknown history, or whose erase was cut
/// short, may read as erased and not be.
#[derive(Debug)]
pub(super) struct SlotEraser {
    slot: Area,
    at: u32,
    end: u32,
    since_note: u32,
}

impl SlotEraser {
    pub(super) const fn new(slot: Area, at: u32, end: u32) -> Self {
        Self {
            slot,
            at,
            end,
            since_note: 0,
        }
    }

    /// Erases one sector.
    pub(super) fn step<S: Storage>(&mut self, flash: &mut Flash<'_, S>) -> Result<Erased, Error> {
        if self.at >= self.end {
            return Ok(Erased::All);
        }
        let sector = flash.sector(self.slot, self.at);
        self.at = sector.end;
        flash.erase(self.slot, sector)?;
        self.since_note = self.since_note.saturating_add(1);
        if self.at >= self.end {
            Ok(Erased::All)
        } else if self.since_note >= SECTORS_PER_NOTE {
            self.since_note = 0;
            Ok(Erased::Note(self.at))
        } else {
            Ok(Erased::Sector)
        }
    }
}
