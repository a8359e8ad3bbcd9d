//! The boot chooser: what a bootloader asks at every reset, and what the application says when it is well.

use crate::error::Error;
use crate::flash::{CHUNK, Flash};
use crate::hash::{Hasher, same};
use crate::record::{BootRecord, Copies, Outcome, Phase};
use crate::storage::{Area, Storage};
use sprag_manifest::Digest;

/// What to boot, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Boot {
    /// The confirmed image.
    Confirmed(Area),
    /// The new image, on trial: it runs until it is confirmed, or its tries are used up.
    Trial(Area),
    /// The confirmed image, because the new one was not confirmed in time or is not whole.
    Reverted(Area),
    /// None: the only slot is to be made by the bootloader from what is staged, with [`crate::Preflight::in_bootloader`].
    Apply(Area),
    /// The confirmed image, or what an only slot holds and is whole: the boot record cannot be written, so that no try
    /// can be counted and nothing new be begun.
    Unrecorded {
        /// The slot to boot.
        slot: Area,
        /// Why the record cannot be written: for a report.
        failure: Error,
    },
}

impl Boot {
    /// The slot to boot; of [`Boot::Apply`] the one to fill first.
    #[must_use]
    pub const fn slot(self) -> Area {
        match self {
            Self::Confirmed(slot)
            | Self::Trial(slot)
            | Self::Reverted(slot)
            | Self::Apply(slot)
            | Self::Unrecorded { slot, .. } => slot,
        }
    }
}

/// Chooses the slot to boot and counts the try. An image on trial is hashed each time, so that a slot that lost
/// its bytes is never booted. A record that can be read but not written costs the trial and not the boot:
/// [`Boot::Unrecorded`].
///
/// # Errors
/// [`Error::RecordLost`], and flash errors where no whole image is known of. A bootloader then boots the slot whose image it can check by its own
/// means; the record is left as it is, and [`confirm`] refuses an application that is not on trial.
pub fn choose<S: Storage>(storage: &mut S) -> Result<Boot, Error> {
    let mut flash = Flash::new(storage);
    let mut copies = Copies::new();
    copies.read(&mut flash)?;
    let record = &mut copies.current;
    let confirmed = record.confirmed;
    let single = is_single(&flash);
    let trial = trial_slot(single, confirmed);
    match record.phase {
        Phase::Idle | Phase::Erasing | Phase::Writing => return Ok(Boot::Confirmed(confirmed)),
        Phase::Staged | Phase::Moving | Phase::Decoding | Phase::Copying | Phase::Recovering => {
            return Ok(Boot::Apply(confirmed));
        }
        Phase::Pending | Phase::Testing => {}
    }
    let tries_left = record.tries_left.checked_sub(1);
    let mut whole = || slot_holds(&mut flash, trial, record.trial_size, &record.trial_digest);
    // A misread bit is no reason to revert for good.
    let holds = (tries_left.is_some() || single) && (whole() || whole());
    let boot = match tries_left {
        Some(left) if holds => {
            record.phase = Phase::Testing;
            record.tries_left = left;
            Boot::Trial(trial)
        }
        _ if single && holds => match record.reverse.take() {
            Some(reverse) => {
                record.phase = Phase::Staged;
                record.payload = reverse;
                record.outcome = Outcome::Reverted;
                Boot::Apply(confirmed)
            }
            // There is no other image.
            None => return Ok(Boot::Trial(trial)),
        },
        _ if single => {
            record.phase = Phase::Recovering;
            Boot::Apply(confirmed)
        }
        _ => {
            record.phase = Phase::Idle;
            record.outcome = Outcome::Reverted;
            record.reverted = record.manifest;
            Boot::Reverted(confirmed)
        }
    };
    match copies.store(&mut flash) {
        Ok(()) => Ok(boot),
        Err(failure) if single && !holds => Err(failure),
        Err(failure) => Ok(Boot::Unrecorded {
            slot: confirmed,
            failure,
        }),
    }
}

/// Confirms the image on trial, which runs from `running`: from now on it is the one that boots, and the counters
/// advance.
///
/// # Errors
/// [`Error::NothingToConfirm`] if no image is on trial, or another runs; [`Error::RecordLost`], and flash errors.
pub fn confirm<S: Storage>(storage: &mut S, running: Area) -> Result<BootRecord, Error> {
    let single = is_single(&Flash::new(storage));
    BootRecord::update(storage, |record| {
        let trial = trial_slot(single, record.confirmed);
        if record.phase != Phase::Testing || running != trial {
            return Err(Error::NothingToConfirm);
        }
        record.phase = Phase::Idle;
        record.outcome = Outcome::Confirmed;
        record.reverted = Digest([0; 32]);
        record.confirmed = running;
        record.reverse = None;
        record.confirmed_size = record.trial_size;
        record.confirmed_digest = record.trial_digest;
        // The check at the start let only greater counters in; a record written since may not undo that.
        record.security_counter = record.security_counter.max(record.trial_security_counter);
        record.sequence = record.sequence.max(record.trial_sequence);
        Ok(())
    })
}

/// Gives up the image on trial, which runs from `running`: the next boot is the confirmed image's.
///
/// # Errors
/// [`Error::NothingToConfirm`] if no image is on trial, or another runs; [`Error::RecordLost`], and flash errors.
pub fn give_up<S: Storage>(storage: &mut S, running: Area) -> Result<BootRecord, Error> {
    let single = is_single(&Flash::new(storage));
    BootRecord::update(storage, |record| {
        let trial = trial_slot(single, record.confirmed);
        if record.phase != Phase::Testing || running != trial {
            return Err(Error::NothingToConfirm);
        }
        record.tries_left = 0;
        Ok(())
    })
}

/// Whether there is but one slot.
pub(crate) fn is_single<S: Storage>(flash: &Flash<'_, S>) -> bool {
    S::ONE_SLOT && flash.size(Area::SlotB) == 0
}

/// Where an image on trial lies.
const fn trial_slot(single: bool, confirmed: Area) -> Area {
    if single {
        confirmed
    } else {
        confirmed.other_slot()
    }
}

/// Whether the first `size` bytes of `slot` can be read and have this digest.
fn slot_holds<S: Storage>(
    flash: &mut Flash<'_, S>,
    slot: Area,
    size: u32,
    digest: &Digest,
) -> bool {
    let mut hasher = Hasher::new();
    let mut buf = [0_u8; CHUNK];
    let mut at = 0_u32;
    while at < size {
        let left = usize::try_from(size.saturating_sub(at)).unwrap_or(CHUNK);
        let Some(piece) = buf.get_mut(..left.min(CHUNK)) else {
            break;
        };
        if flash.read(slot, at, piece).is_err() {
            return false;
        }
        hasher.update(piece);
        at = u32::try_from(piece.len()).map_or(u32::MAX, |n| at.saturating_add(n));
    }
    same(&hasher.finish(), digest)
}
