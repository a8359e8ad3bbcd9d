//! Simulated flash behind the verifier's storage trait, with the granularities of a device profile.

use core::ops::Range;

use flash_sim::{FlashSim, Geometry, Trace};
use sprag_manifest::FlashProfile;
use sprag_verifier::{Area, FlashErrorKind, Geometry as AreaGeometry, Region, Storage};

use crate::error::Error;

/// Sectors of the boot record.
const RECORD_SECTORS: u32 = 2;
/// Longest write unit that the verifier serves.
const LARGEST_WRITE: u32 = 256;
/// A copy of the boot record has up to 256 bytes and a sector of its own.
const SMALLEST_SECTOR: u32 = 256;

/// One flash: boot record, slot A, slot B if the device has two, staging area, scratch area.
#[derive(Clone, Debug)]
pub(crate) struct SimStorage {
    sim: FlashSim,
    slot_size: u32,
    second_slot_size: u32,
    staging_size: u32,
    scratch_size: u32,
    record_size: u32,
}

impl SimStorage {
    /// Erased flash; slots are grown to hold an image of `image_len` bytes, which is there after all.
    ///
    /// # Errors
    /// [`Error::BadValue`] for granularities that no flash has, [`Error::DoesNotFit`] if the areas together are longer
    /// than 32-bit addresses reach.
    pub(crate) fn new(profile: &FlashProfile, image_len: usize) -> Result<Self, Error> {
        check_granularities(profile)?;
        let wide = |value: u32| u64::from(value);
        let sector = wide(profile.sector_size);
        let image = u64::try_from(image_len).unwrap_or(u64::MAX);
        let slot = wide(profile.slot_size).max(image).next_multiple_of(sector);
        let record = wide(RECORD_SECTORS) * sector;
        let second = if profile.slots == 1 { 0 } else { slot };
        let areas = wide(profile.staging_size) + wide(profile.scratch_size);
        let total = record + slot + second + areas;
        let too_long = |_| Error::DoesNotFit {
            what: "flash for slots and areas",
            need: total,
            have: u32::MAX.into(),
        };
        u32::try_from(total).map_err(too_long)?;
        let sectors = u32::try_from(total / sector).map_err(too_long)?;
        let geometry = Geometry::uniform(profile.sector_size, sectors)
            .with_write_size(profile.write_size)
            .with_erased_value(profile.erased_value);
        let mut sim = FlashSim::new(geometry);
        sim.set_trace(Trace::Off);
        Ok(Self {
            sim,
            slot_size: u32::try_from(slot).map_err(too_long)?,
            second_slot_size: u32::try_from(second).map_err(too_long)?,
            staging_size: profile.staging_size,
            scratch_size: profile.scratch_size,
            record_size: u32::try_from(record).map_err(too_long)?,
        })
    }

    pub(crate) const fn sim(&self) -> &FlashSim {
        &self.sim
    }

    pub(crate) const fn sim_mut(&mut self) -> &mut FlashSim {
        &mut self.sim
    }

    /// Breaks the sector of `area` that holds `offset`.
    pub(crate) fn break_sector(&mut self, area: Area, offset: u32, defect: flash_sim::Defect) {
        if let Ok(address) = self.address(area, offset, 1) {
            self.sim_mut().break_sector(address, defect);
        }
    }

    pub(crate) fn load(&mut self, area: Area, bytes: &[u8]) {
        let start = self.region(area).start;
        self.sim.load(start, bytes);
    }

    pub(crate) fn bytes(&self, area: Area) -> &[u8] {
        let Region { start, len } = self.region(area);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
        self.sim.bytes().get(start..end).unwrap_or_default()
    }

    pub(crate) fn erase_counts(&self, area: Area) -> &[u32] {
        let Region { start, len } = self.region(area);
        let sector = self.sim.geometry().largest_sector();
        let index = |at: u32| usize::try_from(at / sector).unwrap_or(usize::MAX);
        self.sim
            .erase_counts()
            .get(index(start)..index(start + len))
            .unwrap_or_default()
    }

    const fn region(&self, area: Area) -> Region {
        let slot_b = self.record_size + self.slot_size;
        let staging = slot_b + self.second_slot_size;
        let (start, len) = match area {
            Area::SlotA => (self.record_size, self.slot_size),
            Area::SlotB => (slot_b, self.second_slot_size),
            Area::Staging => (staging, self.staging_size),
            Area::Scratch => (staging + self.staging_size, self.scratch_size),
            Area::Record => (0, self.record_size),
            _ => (0, 0),
        };
        Region { start, len }
    }

    /// An area's offset as an address, if `len` bytes from it lie inside.
    fn address(&self, area: Area, offset: u32, len: usize) -> Result<u32, FlashErrorKind> {
        let region = self.region(area);
        let len = u32::try_from(len).map_err(|_| FlashErrorKind::OutOfBounds)?;
        match offset.checked_add(len) {
            Some(end) if end <= region.len => Ok(region.start + offset),
            _ => Err(FlashErrorKind::OutOfBounds),
        }
    }
}

/// What `FlashProfile` itself lets through, but the verifier or the simulator does not serve.
fn check_granularities(profile: &FlashProfile) -> Result<(), Error> {
    let refused = |field, value: u32, reason: &str| {
        Err(Error::BadValue {
            field,
            value: value.to_string(),
            reason: reason.into(),
        })
    };
    let FlashProfile {
        sector_size,
        write_size,
        erased_value,
        ..
    } = *profile;
    if !write_size.is_power_of_two() || write_size > LARGEST_WRITE {
        return refused("write-size", write_size, "a power of two up to 256 is");
    }
    if sector_size < SMALLEST_SECTOR {
        return refused(
            "sector-size",
            sector_size,
            "256 bytes are the least for a boot record",
        );
    }
    if erased_value != 0x00 && erased_value != 0xff {
        return refused(
            "erased-value",
            erased_value.into(),
            "cells erase to 0x00 or 0xff",
        );
    }
    Ok(())
}

impl Storage for SimStorage {
    fn geometry(&self, area: Area) -> AreaGeometry {
        let region = self.region(area);
        AreaGeometry {
            size: region.len,
            write_size: self.sim.geometry().write_size(),
            erased: self.sim.geometry().erased_value(),
            base: region.start,
        }
    }

    fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        let size = self.sim.geometry().largest_sector();
        let start = offset - offset % size;
        start..start.saturating_add(size).min(self.region(area).len)
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        let address = self.address(area, offset, buf.len())?;
        self.sim
            .read(address, buf)
            .map_err(|_| FlashErrorKind::Other)
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        let address = self.address(area, offset, bytes.len())?;
        self.sim
            .write(address, bytes)
            .map_err(|_| FlashErrorKind::Other)
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        let len = usize::try_from(range.end.saturating_sub(range.start));
        let from = self.address(area, range.start, len.unwrap_or(usize::MAX))?;
        let to = self.region(area).start + range.end;
        self.sim.erase(from, to).map_err(|_| FlashErrorKind::Other)
    }
}
