//! Between the phases: resources, then the digest of the old image; then the first writes to flash.
//!
//! Until the source digest has matched, flash is only read. Then the boot record says what begins, the target
//! slot is erased, the package's head is staged, and the record says that writing may begin.

mod erase;
mod place;
mod single;
mod source;

use sprag_manifest::{Digest, Payload, Role};

use crate::boot::is_single;
use crate::codec::CodecSet;
use crate::error::Error;
use crate::flash::Flash;
use crate::mend::{erase_again, note};
use crate::plan::Plan;
use crate::policy::{VerifiedManifest, check_freshness};
use crate::record::{BootRecord, Phase, StagingPlace};
use crate::storage::{Area, Storage};
use erase::{Erased, SlotEraser};
use place::{place_checkpoints, place_staging, usable_slot};
use source::{SourceMatch, SourceSearch};

/// What this device gives to an update. Sizes are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resources {
    /// Memory for phase two: the arena of [`crate::Updater`], and what codecs bring themselves.
    pub ram: u32,
    /// Bytes at the end of each slot that belong to the bootloader.
    pub trailer_reserve: u32,
    /// Boots in which a new image must confirm itself.
    pub trial_boots: u8,
}

/// What a step of the preflight leads to.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "the plan is returned once; a box would need a heap"
)]
pub enum PreflightStatus {
    /// Call again.
    Working,
    /// Phase two may begin.
    Ready(Plan),
}

/// The checks and preparations between policy and the first block.
#[derive(Debug)]
pub struct Preflight<'m, 'b, C> {
    verified: &'m VerifiedManifest<'b>,
    codecs: &'m C,
    resources: Resources,
    /// Of a device with a single slot: the bootloader runs, not the application.
    in_bootloader: bool,
    state: State<'m, 'b>,
}

#[derive(Debug)]
enum State<'m, 'b> {
    Inspect,
    Search(SourceSearch<'m, 'b>, BootRecord),
    Erase(SlotEraser, Plan),
    StageHead(Plan),
    BeginWriting(Plan),
    Ready(Plan),
    Failed(Error),
}

impl<'m, 'b, C: CodecSet> Preflight<'m, 'b, C> {
    /// Prepares the update that `verified` describes.
    #[must_use]
    pub const fn new(
        verified: &'m VerifiedManifest<'b>,
        resources: Resources,
        codecs: &'m C,
    ) -> Self {
        Self {
            verified,
            codecs,
            resources,
            in_bootloader: false,
            state: State::Inspect,
        }
    }

    /// Does a bounded piece of work: reads at most 4 KiB or one sector, erases at most four sectors, or
    /// writes at most 1 KiB.
    ///
    /// # Errors
    /// Codes 401 to 407 and 501 to 503 before the first write; flash errors; the same error again after one.
    #[inline(never)]
    pub fn step<S: Storage>(&mut self, storage: &mut S) -> Result<PreflightStatus, Error> {
        let state = core::mem::replace(&mut self.state, State::Failed(Error::WrongState));
        match self.advance(state, storage) {
            Ok(State::Ready(plan)) => {
                self.state = State::Ready(plan);
                Ok(PreflightStatus::Ready(plan))
            }
            Ok(state) => {
                self.state = state;
                Ok(PreflightStatus::Working)
            }
            Err(e) => {
                self.state = State::Failed(e);
                Err(e)
            }
        }
    }

    fn advance<S: Storage>(
        &self,
        state: State<'m, 'b>,
        storage: &mut S,
    ) -> Result<State<'m, 'b>, Error> {
        match state {
            State::Inspect => self.inspect(storage),
            State::Search(mut search, record) => {
                let limit = storage.geometry(record.confirmed).size;
                match search.step(&mut Flash::new(storage), record.confirmed, limit)? {
                    None => Ok(State::Search(search, record)),
                    Some(found) => self.choose(storage, &record, found),
                }
            }
            State::Erase(mut eraser, plan) => match eraser.step(&mut Flash::new(storage))? {
                Erased::Sector => Ok(State::Erase(eraser, plan)),
                Erased::Note(offset) => {
                    note(storage, offset)?;
                    Ok(State::Erase(eraser, plan))
                }
                Erased::All if plan.staging.is_some() => Ok(State::StageHead(plan)),
                Erased::All => Ok(State::BeginWriting(plan)),
            },
            State::StageHead(mut plan) => {
                let head = self.verified.authentic.head;
                let staging = plan.staging.as_mut().ok_or(Error::WrongState)?;
                match staging.write(&mut Flash::new(storage), head)? {
                    true if plan.in_place.is_some() => Self::ready_behind_head(storage, plan),
                    true => Ok(State::BeginWriting(plan)),
                    false => Ok(State::StageHead(plan)),
                }
            }
            State::BeginWriting(plan) => {
                BootRecord::change(storage, |record| {
                    record.phase = Phase::Writing;
                    record.erase_offset = BootRecord::NO_ERASE;
                    record.staging_start = plan.staging.map_or(0, |log| log.start());
                    Ok(())
                })?;
                Ok(State::Ready(plan))
            }
            State::Ready(plan) => Ok(State::Ready(plan)),
            State::Failed(e) => Err(e),
        }
    }

    /// What can be refused without hashing the old image.
    #[inline(never)]
    fn inspect<S: Storage>(&self, storage: &mut S) -> Result<State<'m, 'b>, Error> {
        let record = BootRecord::load(storage)?;
        if matches!(record.phase, Phase::Pending | Phase::Testing) {
            return Err(Error::Unconfirmed);
        }
        if self.verified.authentic.digest == record.reverted {
            return Err(Error::RevertedBefore {
                manifest: record.reverted,
            });
        }
        let flash = Flash::new(storage);
        let single = is_single(&flash);
        let target = match single {
            true => record.confirmed,
            false => record.confirmed.other_slot(),
        };
        for area in [record.confirmed, target, Area::Record] {
            flash.check_geometry(area)?;
        }
        let manifest = self.verified.manifest();
        // The counters may have advanced since the policy was checked.
        check_freshness(manifest, &record.installed(None))?;
        let have = usable_slot(&flash, target, self.resources.trailer_reserve);
        if manifest.target.size > have {
            return Err(Error::SlotTooSmall {
                need: manifest.target.size,
                have,
            });
        }
        if single && let Some(state) = self.inspect_single(storage, &record)? {
            return Ok(state);
        }
        let usable = manifest.payloads.iter().filter(|payload| {
            payload.role != Role::Reverse && (!single || Self::serves_single(payload))
        });
        let payloads = manifest.payloads.len();
        let mut refusal = Error::NoPayload { payloads };
        for payload in usable {
            match self.check_payload(&payload) {
                Ok(()) => {
                    let search = SourceSearch::new(self.verified);
                    return Ok(State::Search(search, record));
                }
                Err(e) => refusal = more_telling(refusal, e),
            }
        }
        Err(refusal)
    }

    /// Picks the payload for the image that was found, and where its blocks go.
    #[inline(never)]
    fn choose<S: Storage>(
        &self,
        storage: &mut S,
        record: &BootRecord,
        found: Result<SourceMatch, Error>,
    ) -> Result<State<'m, 'b>, Error> {
        let manifest = self.verified.manifest();
        let single = is_single(&Flash::new(storage));
        let full = || {
            (0_u32..)
                .zip(manifest.payloads.iter())
                .find(|(_, p)| p.role == Role::Full)
        };
        let delta = found.map(|source| {
            let wanted = |p: &Payload| {
                p.role == Role::Delta
                    && p.source == Some(source.number)
                    && (!single || Self::serves_single(p))
            };
            let delta = (0_u32..)
                .zip(manifest.payloads.iter())
                .find(|(_, p)| wanted(p));
            (delta, source)
        });
        let delta_refusal = match delta {
            Ok((Some((number, payload)), source)) => match self.check_payload(&payload) {
                Ok(()) if single => {
                    let mut sources = (0_u32..).zip(manifest.sources.iter());
                    let old = sources.find(|(number, _)| *number == source.number);
                    let old = old.map(|(_, image)| image);
                    return self.begin_single(storage, record, number, payload, old);
                }
                Ok(()) => return self.begin(storage, record, number, payload, source.size),
                Err(e) => e,
            },
            Ok((None, _)) => Error::NoPayload {
                payloads: manifest.payloads.len(),
            },
            Err(e) => e,
        };
        // A version under another name is a wrong package, not a missing source.
        if matches!(delta_refusal, Error::SourceVersion { .. }) {
            return Err(delta_refusal);
        }
        let (number, payload) = full().ok_or(delta_refusal)?;
        self.check_payload(&payload)?;
        if single {
            return self.begin_single(storage, record, number, payload, None);
        }
        self.begin(storage, record, number, payload, 0)
    }

    fn check_payload(&self, payload: &Payload) -> Result<(), Error> {
        if !self.codecs.supports(payload.codec) {
            return Err(Error::CodecUnsupported {
                package: payload.codec.number().into(),
            });
        }
        let (need, have) = (payload.needs.ram, self.resources.ram);
        if need > have {
            return Err(Error::Ram { need, have });
        }
        // Checkpoints are kept where there is room for them; without, a reset costs blocks and nothing else.
        match payload.needs.scratch {
            _ if payload.checkpoint_interval != 0 => Ok(()),
            0 => Ok(()),
            // What only an update of a single slot takes is looked at there.
            _ if payload.in_place_group != 0 => Ok(()),
            need => Err(Error::Scratch { need, have: 0 }),
        }
    }

    fn begin<S: Storage>(
        &self,
        storage: &mut S,
        record: &BootRecord,
        number: u32,
        payload: Payload,
        old_size: u32,
    ) -> Result<State<'m, 'b>, Error> {
        let authentic = &self.verified.authentic;
        let manifest = self.verified.manifest();
        let target = record.confirmed.other_slot();
        let head_len = authentic.head.len();
        let slot = (target, manifest.target.size, self.resources.trailer_reserve);
        let staging = place_staging(&Flash::new(storage), slot, head_len, &payload)?;
        let checkpoints = match staging {
            None if S::CHECKPOINTS => {
                place_checkpoints(&Flash::new(storage), slot, &payload, self.codecs)?
            }
            _ => None,
        };
        let source = payload.source.and_then(|n| manifest.sources.get(n));
        let offset = manifest.payload_offset(number).ok_or(Error::WrongState)?;
        let mut plan = Plan {
            payload,
            payload_number: number,
            payload_offset: authentic.header.payloads_offset().saturating_add(offset),
            package_len: authentic.header.package_len().ok_or(Error::WrongState)?,
            old_size,
            old_digest: source.map_or(Digest([0; 32]), |source| source.digest),
            new_size: manifest.target.size,
            new_digest: manifest.target.digest,
            manifest: authentic.digest,
            security_counter: manifest.security_counter,
            sequence: manifest.sequence,
            // An image that has no boot to confirm itself in would be fetched for nothing.
            trial_boots: self.resources.trial_boots.max(1),
            active: record.confirmed,
            target,
            staging,
            checkpoints,
            resumed: false,
            in_place: None,
        };
        let place = staging.map_or(StagingPlace::Direct, |staging| staging.place);
        let start = staging.map_or(0, |staging| staging.start());
        let same_update = record.manifest == plan.manifest
            && record.payload == number
            && record.staging == place
            && (record.staging_start == start || place == StagingPlace::Area);
        if same_update && record.phase == Phase::Writing {
            plan.resumed = true;
            plan.staging = staging.map(|log| log.beginning_at(record.staging_start));
            if record.erase_offset != BootRecord::NO_ERASE {
                erase_again(storage, target, record.erase_offset, plan.new_size)?;
            }
            return self.find_head(storage, plan);
        }
        let flash = Flash::new(storage);
        let end = flash.align_to_sector(target, plan.new_size);
        if same_update && record.phase == Phase::Erasing {
            return Ok(State::Erase(
                SlotEraser::new(target, record.erase_offset, end),
                plan,
            ));
        }
        BootRecord::change(storage, |record| {
            record.phase = Phase::Erasing;
            record.erase_offset = 0;
            record.manifest = plan.manifest;
            record.payload = number;
            record.staging = place;
            record.staging_start = start;
            record.trial_size = plan.new_size;
            record.trial_digest = plan.new_digest;
            Ok(())
        })?;
        Ok(State::Erase(SlotEraser::new(target, 0, end), plan))
    }

    /// The staged head of an update that goes on; written again where it was lost.
    fn find_head<S: Storage>(
        &self,
        storage: &mut S,
        mut plan: Plan,
    ) -> Result<State<'m, 'b>, Error> {
        let head = self.verified.authentic.head;
        let Some(staging) = plan.staging.as_mut() else {
            return Ok(State::Ready(plan));
        };
        if staging.seek_known(&mut Flash::new(storage), head)? {
            Self::ready_behind_head(storage, plan)
        } else {
            Ok(State::StageHead(plan))
        }
    }

    /// The record tells where the head is, for a start without a link.
    fn ready_behind_head<S: Storage>(storage: &mut S, plan: Plan) -> Result<State<'m, 'b>, Error> {
        let start = plan.staging.map_or(0, |log| log.start());
        if BootRecord::load(storage)?.staging_start != start {
            BootRecord::update(storage, |record| {
                record.staging_start = start;
                Ok(())
            })?;
        }
        Ok(State::Ready(plan))
    }
}

/// Of two refusals, the one that tells more: a payload that is there but does not fit says more than none.
fn more_telling(first: Error, second: Error) -> Error {
    match (first, second) {
        (Error::Ram { need: a, .. }, Error::Ram { need: b, .. }) if a <= b => first,
        (Error::Ram { .. }, Error::CodecUnsupported { .. }) => first,
        _ => second,
    }
}
