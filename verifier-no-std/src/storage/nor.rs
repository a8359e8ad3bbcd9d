//! The adapter from `embedded-storage`'s traits: one flash, divided into areas.

use core::ops::Range;

use embedded_storage::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind};

use super::{Area, FlashErrorKind, Geometry, Storage};

#[cfg(test)]
mod tests;

/// A range of the flash, in bytes from its start. `len` 0 means that the device has no such area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Region {
    /// First byte; the start of a sector.
    pub start: u32,
    /// Bytes; whole sectors.
    pub len: u32,
}

/// The sectors of a flash.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Sectors<'s> {
    /// All of one size, the driver's `ERASE_SIZE`.
    Uniform,
    /// The start of every sector in bytes, ascending from 0; for parts whose driver accepts smaller erases
    /// than its largest `ERASE_SIZE` (STM32F4 and its like).
    Starts(&'s [u32]),
}

/// Where the areas lie.
#[derive(Clone, Copy, Debug)]
pub struct NorLayout<'s> {
    /// First slot.
    pub slot_a: Region,
    /// Second slot.
    pub slot_b: Region,
    /// Staging area, or an empty region.
    pub staging: Region,
    /// Boot record: two sectors, or twice as many as 212 bytes take.
    pub record: Region,
    /// Scratch area, or an empty region.
    pub scratch: Region,
    /// What an erased byte reads as; `embedded-storage` does not say.
    pub erased: u8,
    /// Absolute address of the flash's first byte, for reports.
    pub base: u32,
    /// The sectors.
    pub sectors: Sectors<'s>,
}

/// [`Storage`] over one flash behind `embedded-storage`'s [`NorFlash`].
#[derive(Debug)]
pub struct NorStorage<'s, F> {
    flash: F,
    layout: NorLayout<'s>,
    trust: Region,
}

/// Longest read granularity served; `READ_SIZE` is 1 to 16 on known parts.
const MAX_READ_SIZE: usize = 32;

impl<'s, F: NorFlash> NorStorage<'s, F> {
    /// Divides `flash` as `layout` says.
    #[must_use]
    pub const fn new(flash: F, layout: NorLayout<'s>) -> Self {
        const {
            assert!(
                F::READ_SIZE >= 1 && F::READ_SIZE <= MAX_READ_SIZE,
                "READ_SIZE is 1 to 32"
            );
            assert!(
                F::ERASE_SIZE >= F::WRITE_SIZE,
                "sectors hold whole write units"
            );
        }
        let trust = Region { start: 0, len: 0 };
        Self {
            flash,
            layout,
            trust,
        }
    }

    /// With an area for the stored keyset: two sectors, or twice as many as 1024 bytes take.
    #[must_use]
    pub fn with_trust(mut self, trust: Region) -> Self {
        self.trust = trust;
        self
    }

    /// The flash.
    pub const fn flash(&mut self) -> &mut F {
        &mut self.flash
    }

    /// Gives the flash back.
    #[must_use]
    pub fn into_flash(self) -> F {
        self.flash
    }

    const fn region(&self, area: Area) -> Region {
        match area {
            Area::SlotA => self.layout.slot_a,
            Area::SlotB => self.layout.slot_b,
            Area::Staging => self.layout.staging,
            Area::Record => self.layout.record,
            Area::Scratch => self.layout.scratch,
            Area::Trust => self.trust,
        }
    }

    /// The absolute range of `len` bytes at `offset` of `area`.
    fn absolute(&self, area: Area, offset: u32, len: u32) -> Result<Range<u32>, FlashErrorKind> {
        let region = self.region(area);
        let end = offset.checked_add(len).filter(|&end| end <= region.len);
        let start = region.start.checked_add(offset);
        match (start, end.and_then(|end| region.start.checked_add(end))) {
            (Some(start), Some(end)) => Ok(start..end),
            _ => Err(FlashErrorKind::OutOfBounds),
        }
    }

    /// Reads through a bounce buffer, for drivers that read whole words only.
    fn read_unaligned(&mut self, start: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        let granule = u32::try_from(F::READ_SIZE).map_err(|_| FlashErrorKind::NotAligned)?;
        let mut bounce = [0_u8; MAX_READ_SIZE];
        let mut position = start;
        let mut rest = buf;
        while !rest.is_empty() {
            let skip = position.checked_rem(granule).unwrap_or(0);
            let aligned = position.saturating_sub(skip);
            let word = bounce
                .get_mut(..F::READ_SIZE)
                .ok_or(FlashErrorKind::NotAligned)?;
            self.flash.read(aligned, word).map_err(|e| kind(&e))?;
            let useful = usize::try_from(skip).ok().and_then(|skip| word.get(skip..));
            let useful = useful.ok_or(FlashErrorKind::NotAligned)?;
            let count = useful.len().min(rest.len());
            let (now, later) = rest
                .split_at_mut_checked(count)
                .ok_or(FlashErrorKind::NotAligned)?;
            for (to, from) in now.iter_mut().zip(useful) {
                *to = *from;
            }
            rest = later;
            position = u32::try_from(count).map_or(u32::MAX, |n| position.saturating_add(n));
        }
        Ok(())
    }
}

impl<F: NorFlash> Storage for NorStorage<'_, F> {
    fn geometry(&self, area: Area) -> Geometry {
        let region = self.region(area);
        Geometry {
            size: region.len,
            write_size: u32::try_from(F::WRITE_SIZE).unwrap_or(u32::MAX),
            erased: self.layout.erased,
            base: self.layout.base.saturating_add(region.start),
        }
    }

    fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        let region = self.region(area);
        let absolute = region.start.saturating_add(offset);
        let (start, end) = match self.layout.sectors {
            Sectors::Uniform => {
                let size = u32::try_from(F::ERASE_SIZE).unwrap_or(u32::MAX);
                let start = absolute.saturating_sub(absolute.checked_rem(size).unwrap_or(0));
                (start, start.saturating_add(size))
            }
            Sectors::Starts(starts) => {
                let next = starts.partition_point(|&start| start <= absolute);
                let start = starts.get(next.saturating_sub(1)).copied().unwrap_or(0);
                let capacity = u32::try_from(self.flash.capacity()).unwrap_or(u32::MAX);
                (start, starts.get(next).copied().unwrap_or(capacity))
            }
        };
        start.saturating_sub(region.start)..end.saturating_sub(region.start).min(region.len)
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        let len = u32::try_from(buf.len()).map_err(|_| FlashErrorKind::OutOfBounds)?;
        let range = self.absolute(area, offset, len)?;
        let aligned = |value: u32| {
            usize::try_from(value).is_ok_and(|value| value.checked_rem(F::READ_SIZE) == Some(0))
        };
        if aligned(range.start) && aligned(len) {
            self.flash.read(range.start, buf).map_err(|e| kind(&e))
        } else {
            self.read_unaligned(range.start, buf)
        }
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        let len = u32::try_from(bytes.len()).map_err(|_| FlashErrorKind::OutOfBounds)?;
        let range = self.absolute(area, offset, len)?;
        self.flash.write(range.start, bytes).map_err(|e| kind(&e))
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        let range = self.absolute(area, range.start, range.end.saturating_sub(range.start))?;
        self.flash
            .erase(range.start, range.end)
            .map_err(|e| kind(&e))
    }
}

fn kind(error: &impl NorFlashError) -> FlashErrorKind {
    match error.kind() {
        NorFlashErrorKind::NotAligned => FlashErrorKind::NotAligned,
        NorFlashErrorKind::OutOfBounds => FlashErrorKind::OutOfBounds,
        _ => FlashErrorKind::Other,
    }
}
