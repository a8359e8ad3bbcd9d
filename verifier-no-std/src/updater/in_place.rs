//! The only slot: the new image is made over the old one, group by group, so that a cut at any point is made good.
//!
//! First the old image is moved up in the slot, from its end on, in pieces no longer than the way it goes, nor than a
//! group: each goes to where nothing is, or what has been moved already. Then each group of the new image is made in the
//! scratch area while the old image still stands from the group's start on (less the way it was moved); the decoder's
//! state is saved; and the group is copied to the slot. The boot record says which of these is under way: each can be
//! done again from its beginning.

mod saved;

pub use saved::in_place_copy_len;

use super::{Pass, State, Updater};
use crate::codec::PatchDecoder;
use crate::error::Error;
use crate::flash::{CHUNK, Flash};
use crate::hash::Hasher;
use crate::plan::{InPlace, Plan};
use crate::record::{BootRecord, Outcome, Phase};
use crate::storage::{Area, Storage};

/// Chunks copied in one step: of sectors of 128 bytes, each may take two erases.
const CHUNKS_PER_STEP: u32 = 2;

/// What is done with the only slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// All that was staged is whole, and nothing has been overwritten.
    Begin,
    /// The old image is moved up: all from `top` on is, and of the piece below it what lies before `at`.
    Move { top: u32, at: u32 },
    /// The decoder is to go on at this group of the new image, after a reset.
    Resume(u32),
    /// The group is whole in the scratch area; of the decoder's state, `at` bytes are saved.
    Save { input: Input, at: u32 },
    /// The decoder's state is saved too, or the image ends here.
    Saved(Input),
    /// The group is copied to the slot, up to `at`.
    Copy { at: u32, input: Option<Input> },
}

/// Where the decoder's input goes on: behind so many bytes of the block, or nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Block(usize),
    End,
}

impl<D: PatchDecoder> Updater<'_, D> {
    /// What to do first in an update of the only slot.
    pub(super) fn first_stage(in_place: &InPlace) -> State {
        match in_place.phase {
            Phase::Moving => State::InPlace(moving(in_place, in_place.offset)),
            Phase::Decoding => State::InPlace(Stage::Resume(in_place.offset)),
            Phase::Copying if in_place.group == 0 => State::InPlace(Stage::Resume(0)),
            Phase::Copying => State::InPlace(Stage::Copy {
                at: in_place.offset,
                input: None,
            }),
            // Everything is read once before anything is overwritten.
            _ => State::Locate(Pass::Collect),
        }
    }

    /// All parts of a payload are staged.
    pub(super) fn all_collected(&mut self, in_place: &InPlace) {
        if self.swap_payloads() && self.at_reverse {
            self.state = match in_place.applies || self.searching {
                true => State::Locate(Pass::Collect),
                false => State::Receive(0),
            };
            return;
        }
        self.state = match in_place.applies {
            true => State::InPlace(Stage::Begin),
            false => State::Mark,
        };
    }

    /// From the payload to the one that leads back, or the other way. False if there is only one.
    fn swap_payloads(&mut self) -> bool {
        let plan = &mut self.plan;
        let Some(reverse) = plan
            .in_place
            .as_mut()
            .and_then(|in_place| in_place.reverse.as_mut())
        else {
            return false;
        };
        core::mem::swap(&mut plan.payload, &mut reverse.payload);
        core::mem::swap(&mut plan.payload_number, &mut reverse.number);
        core::mem::swap(&mut plan.payload_offset, &mut reverse.offset);
        if let Some(staging) = plan.staging.as_mut() {
            core::mem::swap(staging, &mut reverse.staging);
        }
        self.at_reverse = !self.at_reverse;
        self.start_over();
        true
    }

    pub(super) fn in_place<S: Storage>(
        &mut self,
        storage: &mut S,
        stage: Stage,
    ) -> Result<(), Error> {
        let in_place = self.plan.in_place.ok_or(Error::WrongState)?;
        self.destructive = true;
        let next = match stage {
            Stage::Begin if in_place.group == 0 => {
                note(storage, Phase::Copying, 0)?;
                Stage::Resume(0)
            }
            Stage::Begin if in_place.shift == 0 => {
                note(storage, Phase::Decoding, 0)?;
                Stage::Resume(0)
            }
            Stage::Begin => {
                let flash = Flash::new(storage);
                let top = flash.align_to_sector(self.plan.target, self.plan.old_size);
                note(storage, Phase::Moving, top)?;
                moving(&in_place, top)
            }
            Stage::Move { top, at } => self.move_up(storage, &in_place, top, at)?,
            Stage::Resume(offset) => return self.resume(storage, offset),
            Stage::Save { input, at } => match self.save_group(storage, input, at)? {
                Some(at) => Stage::Save { input, at },
                None => Stage::Saved(input),
            },
            Stage::Saved(input) => {
                let base = self.output.base();
                note(storage, Phase::Copying, base)?;
                Stage::Copy {
                    at: base,
                    input: Some(input),
                }
            }
            Stage::Copy { at, input } => return self.copy(storage, &in_place, at, input),
        };
        self.state = State::InPlace(next);
        Ok(())
    }

    /// Moves some chunks of the old image up; with the last of a piece, notes that.
    fn move_up<S: Storage>(
        &mut self,
        storage: &mut S,
        in_place: &InPlace,
        top: u32,
        at: u32,
    ) -> Result<Stage, Error> {
        let slot = self.plan.target;
        let end = top.min(self.plan.old_size);
        let mut flash = Flash::new(storage);
        let mut at = at;
        for _ in 0..CHUNKS_PER_STEP {
            if at >= end {
                break;
            }
            let to = at.saturating_add(in_place.shift);
            at = copy_chunk(&mut flash, (slot, at), (slot, to), end)?;
        }
        if at < end {
            return Ok(Stage::Move { top, at });
        }
        let top = top.saturating_sub(piece_len(in_place));
        if top > 0 {
            note(storage, Phase::Moving, top)?;
            Ok(moving(in_place, top))
        } else {
            note(storage, Phase::Decoding, 0)?;
            Ok(Stage::Resume(0))
        }
    }

    /// Has the decoder go on at the group that begins at `offset`.
    fn resume<S: Storage>(&mut self, storage: &mut S, offset: u32) -> Result<(), Error> {
        self.start_over();
        self.output.begin_group(&self.plan, offset);
        self.walk = None;
        if offset == 0 {
            self.decoder.restart();
        } else {
            let (ordinal, input) = self.restore_group(storage, offset)?;
            self.walk = Some((ordinal, input));
        }
        self.state = State::Locate(Pass::Apply);
        Ok(())
    }

    /// Copies some chunks of the group to the slot; behind the last, goes on to the next group.
    fn copy<S: Storage>(
        &mut self,
        storage: &mut S,
        in_place: &InPlace,
        at: u32,
        input: Option<Input>,
    ) -> Result<(), Error> {
        let base = group_start(in_place, at);
        let end = base.saturating_add(in_place.group).min(self.plan.new_size);
        let mut flash = Flash::new(storage);
        let mut at = at;
        for _ in 0..CHUNKS_PER_STEP {
            if at >= end {
                break;
            }
            let from = at.saturating_sub(base);
            let scratch_end = end.saturating_sub(base);
            let to = (self.plan.target, at);
            let done = copy_chunk(&mut flash, (Area::Scratch, from), to, scratch_end)?;
            at = base.saturating_add(done);
        }
        self.state = if at < end {
            // At a group's end, `at` would belong to the next one.
            State::InPlace(Stage::Copy { at, input })
        } else if end >= self.plan.new_size {
            State::Check(Hasher::new(), 0)
        } else {
            note(storage, Phase::Decoding, end)?;
            match input {
                None => State::InPlace(Stage::Resume(end)),
                Some(input) => {
                    self.output.begin_group(&self.plan, end);
                    input.state()
                }
            }
        };
        Ok(())
    }

    /// The decoder made the last byte of a group, or of the image.
    pub(super) fn end_group(&mut self) {
        let input = match self.state {
            State::Feed(taken) => Input::Block(taken),
            _ => Input::End,
        };
        self.state = State::InPlace(match self.output.made() < self.plan.new_size {
            true => Stage::Save { input, at: 0 },
            false => Stage::Saved(input),
        });
    }

    /// The only slot holds what it should: leave the record as the bootloader wants it.
    pub(super) fn mark_in_place(
        &self,
        in_place: &InPlace,
        record: &mut BootRecord,
    ) -> Result<(), Error> {
        let plan = &self.plan;
        if record.manifest != plan.manifest {
            return Err(Error::WrongState);
        }
        record.erase_offset = BootRecord::NO_ERASE;
        if !in_place.applies {
            if !matches!(record.phase, Phase::Writing | Phase::Recovering) {
                return Err(Error::WrongState);
            }
            record.phase = Phase::Staged;
            return Ok(());
        }
        record.tries_left = plan.trial_boots;
        record.phase = Phase::Pending;
        if in_place.leads_back {
            // It was confirmed before.
            record.phase = Phase::Idle;
            record.outcome = Outcome::Reverted;
            record.reverted = plan.manifest;
            record.tries_left = 0;
        }
        record.trial_size = plan.new_size;
        record.trial_digest = plan.new_digest;
        record.trial_security_counter = plan.security_counter;
        record.trial_sequence = plan.sequence;
        Ok(())
    }

    /// What an error that ends an update of the only slot leaves in the record: nothing, as long as it may be tried
    /// again; else that the slot needs a full image, or is as it was.
    pub(super) fn phase_after(&self, error: &Error) -> Option<Phase> {
        let for_good = matches!(
            error,
            Error::StagedBlock { .. }
                | Error::StagingExhausted { .. }
                | Error::TargetDigest { .. }
                | Error::CheckpointLost { .. }
                | Error::Codec(_)
                | Error::OutputSize { .. }
        );
        if !for_good {
            return None;
        }
        Some(match self.destructive {
            true => Phase::Recovering,
            false => Phase::Idle,
        })
    }
}

impl Input {
    pub(super) const fn state(self) -> State {
        match self {
            Self::Block(taken) => State::Feed(taken),
            Self::End => State::Drain,
        }
    }
}

/// Bytes of the old image that are moved up before that is noted: at most as many as the way they go, and no more than a
/// group has, so that as little power will do for it.
fn piece_len(in_place: &InPlace) -> u32 {
    in_place.shift.min(in_place.group)
}

/// The piece below `top` is to be moved up.
fn moving(in_place: &InPlace, top: u32) -> Stage {
    let at = top.saturating_sub(piece_len(in_place));
    Stage::Move { top, at }
}

/// Where the group of `at` begins.
pub(super) fn group_start(in_place: &InPlace, at: u32) -> u32 {
    at.saturating_sub(at.checked_rem(in_place.group).unwrap_or(0))
}

/// The old offset below which nothing of the old image is left while the group that begins at `base` is made.
pub(super) fn floor(plan: &Plan, base: u32) -> u32 {
    plan.in_place
        .map_or(0, |in_place| base.saturating_sub(in_place.shift))
}

/// Copies a chunk that ends at `end` of its area at the latest, and returns where it ends there.
fn copy_chunk<S: Storage>(
    flash: &mut Flash<'_, S>,
    (from, at): (Area, u32),
    (to, offset): (Area, u32),
    end: u32,
) -> Result<u32, Error> {
    let mut chunk = [flash.erased(to); CHUNK];
    let left = usize::try_from(end.saturating_sub(at)).unwrap_or(CHUNK);
    let len = left.min(CHUNK);
    // What is misread here is gone for good.
    flash.read_twice(from, at, chunk.get_mut(..len).unwrap_or_default())?;
    put(flash, (to, offset), &chunk, len)?;
    Ok(u32::try_from(len).map_or(end, |len| at.saturating_add(len)))
}

/// Writes the first `len` bytes of a chunk that is erased behind them; sectors that begin with them are erased before.
pub(super) fn put<S: Storage>(
    flash: &mut Flash<'_, S>,
    (area, offset): (Area, u32),
    chunk: &[u8],
    len: usize,
) -> Result<(), Error> {
    let padded = flash.align(area, u32::try_from(len).unwrap_or(u32::MAX));
    let end = offset.saturating_add(padded);
    let mut at = offset;
    while at < end {
        let sector = flash.sector(area, at);
        if sector.start == at {
            flash.erase(area, sector.clone())?;
        }
        at = sector.end;
    }
    let padded = usize::try_from(padded).unwrap_or(CHUNK);
    flash.write(area, offset, chunk.get(..padded).unwrap_or(chunk))
}

/// Notes in the boot record what is under way with the only slot.
fn note<S: Storage>(storage: &mut S, phase: Phase, offset: u32) -> Result<(), Error> {
    BootRecord::change(storage, |record| {
        record.phase = phase;
        record.erase_offset = offset;
        Ok(())
    })
}
