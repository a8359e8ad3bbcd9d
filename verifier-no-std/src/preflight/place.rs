//! Where the image and what is staged of the package go.

use sprag_manifest::{Index, Payload};

use crate::checkpoint::{Place, checkpoint_copy_len};
use crate::codec::CodecSet;
use crate::error::Error;
use crate::flash::Flash;
use crate::record::StagingPlace;
use crate::staging::{Staging, log_end};
use crate::storage::{Area, Storage};

/// Parts that a power cut tears for which there is room in the log; each may push the next part into a new sector.
const TORN_PARTS: u32 = 4;

/// Where the payloads of an update of the only slot wait.
pub(super) struct StagedPlaces {
    /// With the head in front.
    pub(super) first: Staging,
    /// Of the payload that leads back.
    pub(super) second: Option<Staging>,
}

/// Both logs in the staging area, the second in sectors of its own.
pub(super) fn place_both<S: Storage>(
    flash: &Flash<'_, S>,
    head_len: usize,
    payload: &Payload,
    reverse: Option<&Payload>,
) -> Result<StagedPlaces, Error> {
    let area = Area::Staging;
    let have = flash.size(area);
    let exhausted = Err(Error::StagingExhausted { have });
    let end_of = |start, head: Option<usize>, payload: &Payload| {
        let index = Index::new(payload);
        let parts = index
            .items()
            .map(|part| usize::try_from(part.len).unwrap_or(usize::MAX));
        let end = log_end(flash, area, start, head.into_iter().chain(parts));
        let torn = index.block_buffer_len().saturating_mul(TORN_PARTS);
        let end = end.saturating_add(torn);
        (index.stored_len() <= u64::from(have) && end <= have).then_some(end)
    };
    let Some(end) = end_of(0, Some(head_len), payload) else {
        return exhausted;
    };
    let log = |start, end| Staging::new(StagingPlace::Area, area, start, end);
    let Some(reverse) = reverse else {
        return Ok(StagedPlaces {
            first: log(0, have),
            second: None,
        });
    };
    let fits = |start: u32, have: u32| {
        start < have && end_of(start, None, reverse).is_some_and(|end| end <= have)
    };
    // With a sector to spare for each, if there are so many.
    let least = flash.align_to_sector(area, end);
    let spare = flash.sector(area, least).end;
    let last = flash.sector(area, have.saturating_sub(1)).start;
    let start = if fits(spare, last) { spare } else { least };
    if !fits(start, have) {
        return exhausted;
    }
    Ok(StagedPlaces {
        first: log(0, start),
        second: Some(log(start, have)),
    })
}

/// Bytes of `slot` that an update may erase: whole sectors ahead of the bootloader's reserve.
pub(super) fn usable_slot<S: Storage>(flash: &Flash<'_, S>, slot: Area, reserve: u32) -> u32 {
    let usable = flash.size(slot).saturating_sub(reserve);
    match usable.checked_sub(1).map(|last| flash.sector(slot, last)) {
        Some(sector) if sector.end <= usable => usable,
        Some(sector) => sector.start,
        None => 0,
    }
}

/// The staging area if the payload fits it, else the tail of the slot, else none. `slot` is the slot to fill, the
/// bytes of its image, and the bytes of its reserve.
pub(super) fn place_staging<S: Storage>(
    flash: &Flash<'_, S>,
    slot: (Area, u32, u32),
    head_len: usize,
    payload: &Payload,
) -> Result<Option<Staging>, Error> {
    let (target, image_size, reserve) = slot;
    let index = Index::new(payload);
    let fits = |area: Area, start: u32, end: u32| {
        if index.stored_len() > u64::from(end.saturating_sub(start)) {
            return false;
        }
        let parts = index
            .items()
            .map(|part| usize::try_from(part.len).unwrap_or(usize::MAX));
        let log_end = log_end(flash, area, start, core::iter::once(head_len).chain(parts));
        let torn = index.block_buffer_len().saturating_mul(TORN_PARTS);
        log_end.saturating_add(torn) <= end
    };
    let area_size = flash.size(Area::Staging);
    if area_size != 0 && fits(Area::Staging, 0, area_size) {
        flash.check_geometry(Area::Staging)?;
        let staging = Staging::new(StagingPlace::Area, Area::Staging, 0, area_size);
        return Ok(Some(staging));
    }
    let start = flash.align_to_sector(target, image_size);
    let end = usable_slot(flash, target, reserve);
    let tail = fits(target, start, end);
    Ok(tail.then(|| Staging::new(StagingPlace::SlotTail, target, start, end)))
}

/// Where the checkpoints of a payload go that is not staged: the scratch area, else the tail of the slot, else nowhere.
pub(super) fn place_checkpoints<S: Storage, C: CodecSet>(
    flash: &Flash<'_, S>,
    (target, image_size, reserve): (Area, u32, u32),
    payload: &Payload,
    codecs: &C,
) -> Result<Option<Place>, Error> {
    let len = checkpoint_copy_len(payload, codecs);
    if payload.checkpoint_interval == 0 || len == 0 {
        return Ok(None);
    }
    let scratch = (0, flash.size(Area::Scratch));
    if let Some(place) = Place::new(flash, Area::Scratch, scratch, len) {
        flash.check_geometry(Area::Scratch)?;
        return Ok(Some(place));
    }
    let start = flash.align_to_sector(target, image_size);
    let tail = (start, usable_slot(flash, target, reserve));
    Ok(Place::new(flash, target, tail, len))
}
