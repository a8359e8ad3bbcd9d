//! A device with a single slot: the application only stages, the bootloader applies what is staged.

use sprag_manifest::{Digest, Image, Payload, Role};

use super::place::{StagedPlaces, place_both, usable_slot};
use super::{Preflight, State};
use crate::codec::CodecSet;
use crate::error::Error;
use crate::flash::Flash;
use crate::hash::same;
use crate::plan::{InPlace, Plan, Reverse};
use crate::record::{BootRecord, Phase, StagingPlace};
use crate::storage::{Area, Storage};

impl<'m, 'b, C: CodecSet> Preflight<'m, 'b, C> {
    /// For the bootloader of a device with a single slot, after [`crate::Boot::Apply`]: what is staged is applied. The
    /// application of such a device only stages, and is overwritten when it does not run.
    #[must_use]
    pub const fn in_bootloader(mut self) -> Self {
        self.in_bootloader = true;
        self
    }

    /// Whether a payload may serve the only slot.
    pub(super) const fn serves_single(payload: &Payload) -> bool {
        matches!(payload.role, Role::Full) || payload.in_place_group != 0
    }

    /// What an update under way allows; `None` if a new one may begin with a search for the source.
    pub(super) fn inspect_single<S: Storage>(
        &self,
        storage: &mut S,
        record: &BootRecord,
    ) -> Result<Option<State<'m, 'b>>, Error> {
        let under_way = match record.phase {
            Phase::Staged | Phase::Moving | Phase::Decoding | Phase::Copying => true,
            Phase::Recovering => false,
            _ => return Ok(None),
        };
        if !self.in_bootloader {
            // It would overwrite itself.
            return Err(Error::WrongState);
        }
        if under_way && record.manifest == self.verified.authentic.digest {
            return self.go_on(storage, record).map(Some);
        }
        if record.phase == Phase::Staged {
            return Ok(None);
        }
        // Nothing is left that a delta could be for.
        let payloads = self.verified.manifest().payloads.len();
        let gone = Err(Error::NoPayload { payloads });
        self.choose(storage, record, gone).map(Some)
    }

    /// Begins to stage a payload, and the one that leads back if there is one.
    pub(super) fn begin_single<S: Storage>(
        &self,
        storage: &mut S,
        record: &BootRecord,
        number: u32,
        payload: Payload,
        old: Option<Image<'_>>,
    ) -> Result<State<'m, 'b>, Error> {
        let new = self.verified.manifest().target;
        let mut plan = self.single_plan(storage, record, (number, payload), old, new)?;
        let destroyed = plan.in_place.is_some_and(|in_place| in_place.has_begun());
        let phase = if destroyed {
            Phase::Recovering
        } else {
            Phase::Writing
        };
        if record.manifest == plan.manifest && record.payload == number && record.phase == phase {
            plan.resumed = true;
            return self.find_head(storage, plan);
        }
        let reverse = plan.in_place.and_then(|in_place| in_place.reverse);
        BootRecord::change(storage, |record| {
            record.phase = phase;
            record.erase_offset = BootRecord::NO_ERASE;
            record.manifest = plan.manifest;
            record.payload = number;
            record.reverse = reverse.map(|reverse| reverse.number);
            record.staging = StagingPlace::Area;
            record.staging_start = plan.staging.map_or(0, |log| log.start());
            record.trial_size = plan.new_size;
            record.trial_digest = plan.new_digest;
            if let Some(old) = old {
                // What a reverse payload has to lead to.
                record.confirmed_size = old.size;
                record.confirmed_digest = old.digest;
            }
            Ok(())
        })?;
        Ok(State::StageHead(plan))
    }

    /// In the bootloader: the payload that the record names.
    fn go_on<S: Storage>(
        &self,
        storage: &mut S,
        record: &BootRecord,
    ) -> Result<State<'m, 'b>, Error> {
        let manifest = self.verified.manifest();
        let mut payloads = (0_u32..).zip(manifest.payloads.iter());
        let found = payloads.find(|(number, _)| *number == record.payload);
        let (number, payload) = found.ok_or(Error::WrongState)?;
        let listed = payload
            .source
            .and_then(|source| {
                (0_u32..)
                    .zip(manifest.sources.iter())
                    .find(|(n, _)| *n == source)
            })
            .map(|(_, image)| image);
        let (old, new) = match payload.role {
            Role::Delta => (listed, manifest.target),
            Role::Full => (None, manifest.target),
            Role::Reverse => {
                let new = listed.ok_or(Error::WrongState)?;
                if !same(&new.digest, &record.confirmed_digest) {
                    return Err(Error::SourceDigest {
                        package: new.digest,
                        device: record.confirmed_digest,
                    });
                }
                (Some(manifest.target), new)
            }
        };
        self.check_payload(&payload)?;
        let mut plan = self.single_plan(storage, record, (number, payload), old, new)?;
        plan.resumed = true;
        if let Some(in_place) = plan.in_place.as_mut() {
            in_place.applies = true;
            in_place.leads_back = payload.role == Role::Reverse;
        }
        if payload.role == Role::Reverse {
            // The head is in front of the other payload.
            return Ok(State::Ready(plan));
        }
        let staging = plan.staging.as_mut().ok_or(Error::WrongState)?;
        if staging.seek_known(&mut Flash::new(storage), self.verified.authentic.head)? {
            Ok(State::Ready(plan))
        } else {
            Err(Error::StagedBlock {
                block: 0,
                address: staging.address(&Flash::new(storage)),
            })
        }
    }

    fn single_plan<S: Storage>(
        &self,
        storage: &mut S,
        record: &BootRecord,
        (number, payload): (u32, Payload),
        old: Option<Image<'_>>,
        new: Image<'_>,
    ) -> Result<Plan, Error> {
        let authentic = &self.verified.authentic;
        let manifest = self.verified.manifest();
        let slot = record.confirmed;
        let flash = Flash::new(storage);
        flash.check_geometry(Area::Staging)?;
        let old_size = old.map_or(0, |old| old.size);
        self.check_room(&flash, slot, &payload, old_size)?;
        // The log of a payload does not depend on which of the two is applied.
        let forward = match payload.role {
            Role::Reverse => (0_u32..)
                .zip(manifest.payloads.iter())
                .find(|(_, p)| p.role == Role::Delta && p.source == payload.source)
                .ok_or(Error::WrongState)?,
            _ => (number, payload),
        };
        let leads_back = |p: &Payload| {
            p.role == Role::Reverse && p.source == forward.1.source && p.in_place_group != 0
        };
        let reverse = (0_u32..)
            .zip(manifest.payloads.iter())
            .find(|(_, p)| forward.1.role == Role::Delta && leads_back(p));
        let reverse = match reverse {
            Some((_, p)) => {
                self.check_payload(&p)?;
                self.check_room(&flash, slot, &p, manifest.target.size)?;
                reverse
            }
            None => None,
        };
        let head_len = authentic.head.len();
        let StagedPlaces { mut first, second } = place_both(
            &flash,
            head_len,
            &forward.1,
            reverse.map(|(_, p)| p).as_ref(),
        )?;
        if record.manifest == authentic.digest {
            first = first.beginning_at(record.staging_start);
        }
        let package_offset = |number| {
            let offset = manifest.payload_offset(number).ok_or(Error::WrongState)?;
            Ok::<_, Error>(authentic.header.payloads_offset().saturating_add(offset))
        };
        let (staging, reverse) = match (payload.role, reverse, second) {
            (Role::Reverse, _, Some(second)) => (second, None),
            (Role::Reverse, _, None) => return Err(Error::WrongState),
            (_, Some((number, payload)), Some(staging)) => {
                let offset = package_offset(number)?;
                let reverse = Reverse {
                    payload,
                    number,
                    offset,
                    staging,
                };
                (first, Some(reverse))
            }
            _ => (first, None),
        };
        Ok(Plan {
            payload,
            payload_number: number,
            payload_offset: package_offset(number)?,
            package_len: authentic.header.package_len().ok_or(Error::WrongState)?,
            old_size,
            old_digest: old.map_or(Digest([0; 32]), |old| old.digest),
            new_size: new.size,
            new_digest: new.digest,
            manifest: authentic.digest,
            security_counter: manifest.security_counter,
            sequence: manifest.sequence,
            trial_boots: self.resources.trial_boots.max(1),
            active: slot,
            target: slot,
            staging: Some(staging),
            checkpoints: None,
            resumed: false,
            in_place: Some(InPlace {
                applies: false,
                group: payload.in_place_group,
                shift: payload.in_place_shift,
                phase: record.phase,
                offset: record.erase_offset,
                reverse,
                leads_back: false,
            }),
        })
    }

    /// Whether slot and scratch area have room for a payload, in whole sectors.
    fn check_room<S: Storage>(
        &self,
        flash: &Flash<'_, S>,
        slot: Area,
        payload: &Payload,
        old_size: u32,
    ) -> Result<(), Error> {
        let have = usable_slot(flash, slot, self.resources.trailer_reserve);
        let (group, shift) = (payload.in_place_group, payload.in_place_shift);
        let need = flash.align_to_sector(slot, old_size).saturating_add(shift);
        if need > have {
            return Err(Error::SlotTooSmall { need, have });
        }
        if group == 0 {
            return Ok(());
        }
        flash.check_geometry(Area::Scratch)?;
        let (need, have) = (payload.needs.scratch, flash.size(Area::Scratch));
        if need > have {
            return Err(Error::Scratch { need, have });
        }
        // Of sectors of different sizes the largest must divide both.
        let mut at = 0;
        while at < usable_slot(flash, slot, self.resources.trailer_reserve) {
            let sector = flash.sector(slot, at);
            let len = sector.end.saturating_sub(sector.start).max(1);
            if group.checked_rem(len) != Some(0) || shift.checked_rem(len) != Some(0) {
                return Err(Error::GroupOfSectors {
                    package: group,
                    sector: len,
                });
            }
            at = sector.end.max(at.saturating_add(1));
        }
        Ok(())
    }
}
