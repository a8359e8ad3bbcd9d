//! A device with a single slot: how the new image is made over the old one there, and what that takes of it.

use sprag_delta::{Profile, workspace_len};
use sprag_manifest::{
    Codec, Digest, FlashProfile, Header, Index, MAX_BLOCK_SIZE, MAX_ENVELOPE_LEN, MIN_BLOCK_SIZE,
    Manifest, Needs, OUTPUT_BUFFER_LEN, Payload, Role,
};
use sprag_verifier::in_place_copy_len;

use super::least::{self, Scope};
use crate::codec::HostCodecs;
use crate::delta::InPlace;
use crate::error::Error;

/// Bytes of a sector, if no profile says more of the device.
pub(crate) const USUAL_SECTOR: u32 = 4096;
/// RAM for page, block and output buffer, beside the decoder's.
pub(crate) const BUFFERS: u32 = 2048;
/// The saved states of an update together have at most one byte for so many of its image, if the scratch area allows.
const IMAGE_PER_STATE: u32 = 4;
/// Blocks for whose torn copies a device keeps room when it stages.
const TORN_BLOCKS: u64 = 4;
/// Bytes that the updater writes at a time.
const CHUNK_LEN: u32 = 256;
/// A change of the boot record is an erase and a write.
const NOTE: u32 = 2;
/// The first change of a record is made in both copies; and one copy that a cut tore is made again.
const NOTES: u32 = 8;

/// The only slot, and the areas beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Single {
    /// Bytes of a sector, in all areas.
    sector: u32,
    /// Bytes of the slot ahead of the bootloader's; `None` if it has two sectors more than the larger image.
    slot: Option<u32>,
    scratch: Scratch,
    /// Bytes of the staging area; `None` if it is as large as need be.
    staging: Option<u32>,
    write_size: u32,
}

/// What is known of the scratch area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scratch {
    /// It has so many bytes.
    Bytes(u32),
    /// It has room for a group of so many bytes and the decoder's states.
    Group(u32),
}

/// How a payload is made for the only slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) in_place: InPlace,
    /// Bytes of decoder workspace.
    pub(crate) workspace: u32,
    /// Bytes of the scratch area that the update takes.
    scratch: u32,
    /// Most erases of a sector of the image.
    erases: u32,
}

impl Single {
    /// As `flash` describes it; `None` if that has two slots.
    pub(crate) fn of(flash: &FlashProfile) -> Option<Self> {
        let usable = flash.slot_size.saturating_sub(flash.trailer_reserve);
        (flash.slots == 1).then_some(Self {
            sector: flash.sector_size,
            slot: Some(usable - usable % flash.sector_size.max(1)),
            scratch: Scratch::Bytes(flash.scratch_size),
            staging: Some(flash.staging_size),
            write_size: flash.write_size,
        })
    }

    /// A device of which the length of a group is known, and nothing else: sectors of 4 KiB, a slot with two of them
    /// more than the larger image, and areas of the size that it takes.
    ///
    /// # Errors
    /// [`Error::BadValue`] if a group is not whole sectors.
    pub(crate) fn with_groups(group_len: u32) -> Result<Self, Error> {
        if group_len == 0 || !group_len.is_multiple_of(USUAL_SECTOR) {
            return Err(Error::BadValue {
                field: "in-place",
                value: group_len.to_string(),
                reason: format!("a group is whole sectors of {USUAL_SECTOR} B"),
            });
        }
        Ok(Self {
            sector: USUAL_SECTOR,
            slot: None,
            scratch: Scratch::Group(group_len),
            staging: None,
            write_size: 4,
        })
    }

    fn sectors(&self, len: u32) -> u32 {
        len.checked_next_multiple_of(self.sector.max(1))
            .unwrap_or(u32::MAX)
    }

    /// How an update between images of these lengths is made with at most `ram` bytes of decoder workspace: the old
    /// image moved up as far as the slot allows, groups as long as the scratch area allows.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`] if an image does not fit the slot, not the least group and state the scratch area, or not
    /// the smallest decoder the memory.
    pub(crate) fn plan(&self, old_len: u32, new_len: u32, ram: u32) -> Result<Plan, Error> {
        let usable = self.slot.unwrap_or_else(|| {
            let two = self.sector.saturating_mul(2);
            self.sectors(old_len.max(new_len)).saturating_add(two)
        });
        for (what, len) in [("the old image", old_len), ("the new image", new_len)] {
            if self.sectors(len) > usable {
                return Err(does_not_fit(what, len.into(), usable));
            }
        }
        // Further up than the new image reaches there is nothing to gain.
        let whole = self.sectors(new_len);
        let shift = (usable - self.sectors(old_len)).min(whole);
        let largest = crate::codec::native_profile(ram)?;
        let profiles = Profile::ALL
            .into_iter()
            .filter(|profile| workspace_len(*profile) <= workspace_len(largest));
        let plan = |profile| {
            let workspace = u32::try_from(workspace_len(profile)).unwrap_or(u32::MAX);
            let copy = copy_len(workspace);
            let two = self.sectors(copy).saturating_mul(2);
            let group = match self.scratch {
                Scratch::Bytes(len) if len >= whole => whole,
                Scratch::Bytes(len) => len.saturating_sub(two),
                Scratch::Group(len) => len.min(whole),
            };
            let group = group - group % self.sector.max(1);
            // With one group no state is ever saved.
            let states = if group < whole { two } else { 0 };
            let scratch = group.saturating_add(states);
            let sparing = group >= whole || group / IMAGE_PER_STATE >= copy;
            let plan = Plan {
                in_place: InPlace {
                    group_len: group,
                    shift,
                },
                workspace,
                scratch,
                // Once to copy the new image; before that to move the old one up, where it does not go beyond.
                erases: if shift == 0 || shift >= whole { 1 } else { 2 },
            };
            (plan, sparing, self.sector.saturating_add(two))
        };
        let mut plans: Vec<_> = profiles.map(plan).collect();
        plans.sort_by_key(|(plan, ..)| core::cmp::Reverse(plan.workspace));
        if let (Scratch::Group(_), Some((plan, ..))) = (self.scratch, plans.first()) {
            return Ok(*plan);
        }
        let mut fitting = plans
            .iter()
            .filter(|(plan, ..)| plan.in_place.group_len > 0);
        // Else the decoder whose state is the smallest.
        let last = fitting.clone().next_back();
        let chosen = fitting.find(|(_, sparing, _)| *sparing).or(last);
        match (chosen, self.scratch) {
            (Some((plan, ..)), _) => Ok(*plan),
            (None, Scratch::Bytes(have) | Scratch::Group(have)) => {
                let need = plans
                    .iter()
                    .map(|(.., least)| *least)
                    .min()
                    .unwrap_or(whole);
                Err(does_not_fit(
                    "the scratch area",
                    need.min(whole).into(),
                    have,
                ))
            }
        }
    }

    /// Completes the entries of payloads for the only slot: deltas with their plans, and full images without one.
    /// `source_len` is that of the longest old image. A `fixed` block size is kept.
    pub(crate) fn complete(
        &self,
        entries: &mut [(Payload, Option<Plan>)],
        (target_len, source_len): (u32, u32),
        decoder_reads: &[Option<u64>],
        fixed: bool,
    ) {
        for (payload, plan) in entries.iter_mut() {
            if let Some(plan) = plan {
                payload.in_place_group = plan.in_place.group_len;
                payload.in_place_shift = plan.in_place.shift;
                payload.needs.scratch = plan.scratch;
                payload.needs.erases = plan.erases;
            }
        }
        // What leads there and what leads back are staged together, through the same buffers.
        let all: Vec<Payload> = entries.iter().map(|(payload, _)| *payload).collect();
        for ((payload, plan), reads) in entries.iter_mut().zip(decoder_reads) {
            let mut together: Vec<Payload> = all
                .iter()
                .filter(|p| p.source == payload.source)
                .copied()
                .collect();
            if !fixed {
                let block_size = block_size(&together, payload.block_size);
                payload.block_size = block_size;
                for other in &mut together {
                    other.block_size = block_size;
                }
            }
            payload.needs.ram = payload.needs.workspace.saturating_add(buffers(&together));
            let staged = together.iter().map(|p| self.staging_operations(p));
            let staged = staged.fold(0, u32::saturating_add);
            let applied = self.applying_operations(payload, plan.as_ref(), target_len);
            payload.needs.min_operations = applied.max(staged);
            let scope = Scope {
                image: target_len,
                source: source_len,
                decoder_reads: *reads,
                sector: self.sector,
            };
            let state_len = plan.map_or(0, |plan| copy_len(plan.workspace));
            payload.needs.min_work = least::work_in_place(payload, &together, &scope, state_len);
        }
    }

    /// Erases and writes of a stretch of flash.
    fn operations(&self, len: u32) -> u32 {
        let sectors = len.div_ceil(self.sector.max(1));
        len.div_ceil(CHUNK_LEN).saturating_add(sectors)
    }

    /// Flash operations with which each of what a cut has begun anew comes to its end: moving a piece of the old image,
    /// making a group and saving the decoder's state, copying it; of a full image, all of it.
    fn applying_operations(&self, payload: &Payload, plan: Option<&Plan>, target_len: u32) -> u32 {
        let longest = match plan {
            Some(plan) => {
                let piece = plan.in_place.shift.min(plan.in_place.group_len);
                let moved = self.operations(piece);
                let state = self.operations(copy_len(payload.needs.workspace));
                let made = self
                    .operations(plan.in_place.group_len)
                    .saturating_add(state);
                moved.max(made.saturating_add(2))
            }
            None => self.operations(target_len),
        };
        longest.saturating_add(NOTE + NOTES)
    }

    /// Flash operations with which a payload is staged without a cut, since there is room for few torn parts.
    fn staging_operations(&self, payload: &Payload) -> u32 {
        let head = u32::try_from(MAX_ENVELOPE_LEN).unwrap_or(u32::MAX);
        let parts = Index::new(payload)
            .items()
            .map(|part| part.len.div_ceil(CHUNK_LEN));
        let stored = u32::try_from(Index::new(payload).stored_len()).unwrap_or(u32::MAX);
        // Each part may begin a sector that was not full.
        let sectors = self
            .operations(stored)
            .saturating_sub(stored.div_ceil(CHUNK_LEN));
        parts
            .fold(self.operations(head), u32::saturating_add)
            .saturating_add(sectors.saturating_mul(2))
            .saturating_add(NOTE + NOTES)
    }

    /// Whether the staging area holds the head of the package, each payload, and with it the one that leads back.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`].
    pub(crate) fn check_staging(
        &self,
        header: &Header,
        manifest: &Manifest<'_>,
    ) -> Result<(), Error> {
        let Some(have) = self.staging else {
            return Ok(());
        };
        let there = manifest.payloads.iter().filter(|p| p.role != Role::Reverse);
        for payload in there {
            let mut payloads = manifest.payloads.iter();
            let back = payloads.find(|p| {
                payload.role == Role::Delta && p.role == Role::Reverse && p.source == payload.source
            });
            let need = self.staging_len(header.payloads_offset(), &payload, back.as_ref());
            if need > have.into() {
                let what = match back {
                    Some(_) => "staging the update and its way back",
                    None => "staging the update",
                };
                return Err(does_not_fit(what, need, have));
            }
        }
        Ok(())
    }

    /// Bytes of the staging area that an update takes, as the device reckons: each part lies in one sector if it can, and
    /// there is room for some that a cut tore.
    fn staging_len(&self, head_len: u64, payload: &Payload, back: Option<&Payload>) -> u64 {
        let sector = u64::from(self.sector.max(1));
        let unit = u64::from(self.write_size.max(1));
        let log_end = |start: u64, head: Option<u64>, payload: &Payload| {
            let index = Index::new(payload);
            let parts = index.items().map(|part| u64::from(part.len));
            let end = head.into_iter().chain(parts).fold(start, |at, len| {
                let len = len.next_multiple_of(unit);
                let left = at.next_multiple_of(sector) - at;
                let seat = if left != 0 && len > left {
                    at + left
                } else {
                    at
                };
                seat + len
            });
            end + TORN_BLOCKS * u64::from(index.block_buffer_len())
        };
        let end = log_end(0, Some(head_len), payload);
        match back {
            Some(back) => log_end(end.next_multiple_of(sector), None, back),
            None => end,
        }
    }
}

/// Bytes of one saved state of a decoder with this workspace.
fn copy_len(workspace: u32) -> u32 {
    let payload = Payload {
        role: Role::Delta,
        source: Some(0),
        codec: Codec::NativeDelta,
        size: 1,
        block_size: MIN_BLOCK_SIZE,
        root: Digest([0; 32]),
        checkpoint_interval: 0,
        in_place_group: 0,
        in_place_shift: 0,
        needs: Needs {
            workspace,
            ram: 0,
            scratch: 0,
            erases: 0,
            min_operations: 0,
            min_work: 0,
        },
    };
    in_place_copy_len(&payload, &HostCodecs)
}

/// The largest blocks, of `most` bytes at most, with which the buffers of payloads stay in their bounds.
fn block_size(together: &[Payload], most: u32) -> u32 {
    let sizes = core::iter::successors(Some(MIN_BLOCK_SIZE), |size| Some(size * 2))
        .take_while(|size| *size <= most.min(MAX_BLOCK_SIZE));
    let of = |block_size| {
        let cut = |payload: &Payload| Payload {
            block_size,
            ..*payload
        };
        buffers(&together.iter().map(cut).collect::<Vec<_>>())
    };
    sizes
        .filter(|size| of(*size) <= BUFFERS)
        .last()
        .unwrap_or(most)
}

/// Bytes of page, block and output buffer that serve each of these payloads.
fn buffers(together: &[Payload]) -> u32 {
    let most = |len: fn(&Index) -> u32| {
        let lens = together.iter().map(|payload| len(&Index::new(payload)));
        lens.max().unwrap_or(0)
    };
    let page_and_block = most(Index::page_buffer_len).saturating_add(most(Index::block_buffer_len));
    page_and_block.saturating_add(OUTPUT_BUFFER_LEN)
}

fn does_not_fit(what: &'static str, need: u64, have: u32) -> Error {
    Error::DoesNotFit {
        what,
        need,
        have: have.into(),
    }
}

#[cfg(test)]
mod tests;
