//! How a device applies a payload: over the old image, if it has a single slot; with checkpoints, if it cannot stage it
//! and its flash has room for them.

pub(crate) mod single;

pub(crate) mod least;

use sprag_manifest::{DeviceProfile, FlashProfile, Index, MAX_BLOCK_SIZE, Payload};
use sprag_verifier::{checkpoint_copy_len, checkpoint_min_operations};

use crate::codec::HostCodecs;
use least::Scope;

/// All checkpoints of an update together have at most one byte for so many of its image.
const IMAGE_PER_CHECKPOINT: u64 = 4;
/// Bytes for the head of a package when it is staged.
const HEAD_ROOM: u64 = 2048;
/// Blocks for whose torn copies a device keeps room when it stages.
const TORN_BLOCKS: u64 = 4;

/// Plans how the device of `profile` applies `payload`, and states the least power with which it does; nothing where the
/// profile does not name its flash, or for a payload that is applied in place. A `fixed` block size is kept.
pub(crate) fn plan(
    payload: &mut Payload,
    (image, source): (u32, u32),
    decoder_reads: Option<u64>,
    profile: &DeviceProfile,
    fixed: bool,
) {
    let Some(flash) = profile.flash.as_ref() else {
        return;
    };
    if payload.in_place_group != 0 {
        return;
    }
    place_checkpoints(payload, image, profile, fixed);
    let scope = Scope {
        image,
        source,
        decoder_reads,
        sector: flash.sector_size,
    };
    let tail = tail_of(flash, image);
    let stored = Index::new(payload).stored_len();
    // A device with an area of plenty never takes the tail.
    let in_tail = stored <= u64::from(tail) && 2 * stored + HEAD_ROOM > flash.staging_size.into();
    let least = least::operations(payload, &scope, in_tail.then_some(tail));
    payload.needs.min_operations = payload.needs.min_operations.max(least);
    payload.needs.min_work = least::work(payload, &scope);
}

/// Bytes of a slot behind an image of so many, in whole sectors.
fn tail_of(flash: &FlashProfile, image_len: u32) -> u32 {
    let sectors = u64::from(image_len).next_multiple_of(u64::from(flash.sector_size).max(1));
    flash
        .slot_size
        .saturating_sub(flash.trailer_reserve)
        .saturating_sub(u32::try_from(sectors).unwrap_or(u32::MAX))
}

/// Sets block size, checkpoint interval and what they take, for the device of `profile`; leaves `payload` as it is
/// where the device stages it, or has no room for checkpoints. A `fixed` block size is kept.
fn place_checkpoints(payload: &mut Payload, image_len: u32, profile: &DeviceProfile, fixed: bool) {
    let Some(flash) = profile.flash else { return };
    let sectors = |len: u32| {
        let rounded = u64::from(len).next_multiple_of(u64::from(flash.sector_size).max(1));
        u32::try_from(rounded).unwrap_or(u32::MAX)
    };
    let tail = tail_of(&flash, image_len);
    let torn = TORN_BLOCKS * u64::from(payload.block_size.min(payload.size));
    let ends = 2 * u64::from(flash.sector_size);
    let staged = Index::new(payload).stored_len() + HEAD_ROOM + torn + ends;
    if staged <= u64::from(flash.staging_size.max(tail)) {
        return;
    }
    let room = flash.scratch_size.max(tail);
    let fits = |payload: &Payload| {
        let copy_len = checkpoint_copy_len(payload, &HostCodecs);
        let two = u64::from(sectors(copy_len)) * 2;
        let ram = payload.min_ram() <= u64::from(profile.ram);
        (copy_len > 0 && two <= u64::from(room) && ram).then_some(copy_len)
    };
    // The smallest blocks that may each have a checkpoint: then a cut costs at most one of them.
    let sizes = core::iter::successors(Some(payload.block_size), |size| {
        Some(size * 2).filter(|size| !fixed && *size <= MAX_BLOCK_SIZE)
    });
    let each = sizes.into_iter().find_map(|block_size| {
        let candidate = Payload {
            block_size,
            ..*payload
        };
        let copy_len = fits(&candidate)?;
        let blocks = u64::from(Index::new(&candidate).block_count());
        let all = blocks * u64::from(copy_len) * IMAGE_PER_CHECKPOINT;
        (all <= u64::from(image_len)).then_some((block_size, flash.sector_size, copy_len))
    });
    // Else as many as the image allows, further apart.
    let apart = || {
        let copy_len = fits(payload)?;
        let interval = u64::from(copy_len) * IMAGE_PER_CHECKPOINT;
        let interval = u32::try_from(interval).ok().filter(|n| *n < image_len)?;
        Some((payload.block_size, interval, copy_len))
    };
    let Some((block_size, interval, copy_len)) = each.or_else(apart) else {
        return;
    };
    payload.block_size = block_size;
    payload.checkpoint_interval = interval;
    payload.needs.scratch = sectors(copy_len).saturating_mul(2);
    payload.needs.min_operations = checkpoint_min_operations(copy_len, flash.sector_size);
}

#[cfg(test)]
mod tests;
