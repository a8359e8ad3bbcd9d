//! The callbacks as the updater's [`Storage`], and the check of the layout that comes first.

use core::ops::Range;

use sprag_verifier::{Area, FlashErrorKind, Geometry, Storage};

use crate::given;
use crate::status::Misuse;
use crate::types::{FlashArea, FlashConfig, SPRAG_FLASH_NOT_ALIGNED, SPRAG_FLASH_OUT_OF_BOUNDS};
use crate::types::{SPRAG_FLASH_OK, SectorRun};

/// All areas.
const AREAS: [Area; 5] = [
    Area::SlotA,
    Area::SlotB,
    Area::Staging,
    Area::Record,
    Area::Scratch,
];

/// A flash whose layout was checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallbackFlash<'c> {
    config: &'c FlashConfig,
    runs: &'c [SectorRun],
}

impl<'c> CallbackFlash<'c> {
    /// Checks that the callbacks are there, that sectors are whole write units, and that areas are whole sectors which
    /// do not overlap.
    pub(crate) fn new(config: &'c FlashConfig, runs: &'c [SectorRun]) -> Result<Self, Misuse> {
        if config.read.is_none() || config.write.is_none() || config.erase.is_none() {
            return Err(Misuse::NullPointer);
        }
        let flash = Self { config, runs };
        let mut end = config.base;
        for run in runs {
            let whole = run.size.checked_rem(config.write_size) == Some(0) && run.size > 0;
            let len = run.count.checked_mul(run.size).filter(|_| whole);
            end = len
                .and_then(|len| end.checked_add(len))
                .ok_or(Misuse::FlashLayout)?;
        }
        for area in AREAS {
            let FlashArea { address, size } = flash.area(area);
            let Some(after) = address.checked_add(size) else {
                return Err(Misuse::FlashLayout);
            };
            let needed = matches!(area, Area::SlotA | Area::Record);
            let outside = address < config.base || after > end;
            let uneven =
                flash.sector_at(address).start != address || !flash.is_boundary(after, end);
            let overlaps = AREAS.into_iter().any(|other| {
                let there = flash.area(other);
                other != area
                    && there.size > 0
                    && address < there.address.saturating_add(there.size)
                    && there.address < after
            });
            if (size == 0 && needed) || (size > 0 && (outside || uneven || overlaps)) {
                return Err(Misuse::FlashLayout);
            }
        }
        Ok(flash)
    }

    /// Between two pieces of work.
    pub(crate) fn idle(&self) {
        given::idle(self.config);
    }

    pub(crate) const fn area(&self, area: Area) -> FlashArea {
        match area {
            Area::SlotA => self.config.slot_a,
            Area::SlotB => self.config.slot_b,
            Area::Staging => self.config.staging,
            Area::Record => self.config.record,
            Area::Scratch => self.config.scratch,
            _ => FlashArea {
                address: 0,
                size: 0,
            },
        }
    }

    fn is_boundary(&self, address: u32, end: u32) -> bool {
        address == end || self.sector_at(address).start == address
    }

    /// The sector that holds `address`; what follows the table counts as one sector.
    fn sector_at(&self, address: u32) -> Range<u32> {
        let mut start = self.config.base;
        for run in self.runs {
            let end = start.saturating_add(run.count.saturating_mul(run.size));
            if address < end {
                let within = address.wrapping_sub(start);
                let into = within.checked_rem(run.size).unwrap_or(0);
                let first = address.wrapping_sub(into);
                return first..first.saturating_add(run.size);
            }
            start = end;
        }
        start..u32::MAX
    }

    /// The address of `len` bytes at `offset` of `area`.
    fn address(&self, area: Area, offset: u32, len: usize) -> Result<u32, FlashErrorKind> {
        let FlashArea { address, size } = self.area(area);
        let end = u32::try_from(len)
            .ok()
            .and_then(|len| offset.checked_add(len));
        match end {
            Some(end) if end <= size => Ok(address.wrapping_add(offset)),
            _ => Err(FlashErrorKind::OutOfBounds),
        }
    }
}

impl Storage for CallbackFlash<'_> {
    const ONE_SLOT: bool = cfg!(feature = "one-slot");
    const CHECKPOINTS: bool = cfg!(feature = "checkpoints");

    fn geometry(&self, area: Area) -> Geometry {
        let FlashArea { address, size } = self.area(area);
        Geometry {
            size,
            write_size: self.config.write_size,
            erased: self.config.erased.to_le_bytes()[0],
            base: address,
        }
    }

    fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        let FlashArea { address, size } = self.area(area);
        let found = self.sector_at(address.saturating_add(offset));
        found.start.saturating_sub(address)..found.end.saturating_sub(address).min(size)
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        let address = self.address(area, offset, buf.len())?;
        kind(given::read(self.config, address, buf))
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        let address = self.address(area, offset, bytes.len())?;
        kind(given::write(self.config, address, bytes))
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        let len = range.end.saturating_sub(range.start);
        let bytes = usize::try_from(len).unwrap_or(usize::MAX);
        let address = self.address(area, range.start, bytes)?;
        kind(given::erase(self.config, address, len))
    }
}

const fn kind(answer: i32) -> Result<(), FlashErrorKind> {
    match answer {
        SPRAG_FLASH_OK => Ok(()),
        SPRAG_FLASH_NOT_ALIGNED => Err(FlashErrorKind::NotAligned),
        SPRAG_FLASH_OUT_OF_BOUNDS => Err(FlashErrorKind::OutOfBounds),
        _ => Err(FlashErrorKind::Other),
    }
}
