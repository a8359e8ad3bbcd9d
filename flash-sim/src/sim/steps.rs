//! The steps of an operation, after all checks: whole, failing or cut.

use core::ops::Range;

use super::{FlashSim, Unit, units};
use crate::error::FlashError;
use crate::faults::Flake;
use crate::geometry::Sector;
use crate::index;
use crate::power::CutStyle;
use crate::rng::Rng;

impl FlashSim {
    pub(super) fn read_range(
        &mut self,
        range: &Range<u32>,
        out: &mut [u8],
    ) -> Result<(), FlashError> {
        let flake = self.faults.flake(range);
        if let Some((Flake::Error, _)) = flake {
            return Err(FlashError::ReadFailed {
                address: range.start,
            });
        }
        if self.faults.reports_torn_units()
            && let Some(unit) = self.units_of(range).find(|&unit| self.units[unit].torn)
        {
            let unit = u32::try_from(unit).expect("addresses have 32 bits");
            return Err(FlashError::Uncorrectable {
                address: unit * self.write_size(),
            });
        }
        self.cells.read(index(range.start), out, &mut self.noise);
        if let Some((Flake::WrongBit, part)) = flake {
            let address = part.start + self.noise.below(part.end - part.start);
            out[index(address - range.start)] ^= 1 << self.noise.below(8);
        }
        Ok(())
    }

    pub(super) fn write_units(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError> {
        for (address, unit) in units(address, self.write_size(), data) {
            self.check_writable(address)?;
            self.cells.program(index(address), unit);
            self.count_write(address);
        }
        Ok(())
    }

    pub(super) fn cut_write(&mut self, style: CutStyle, address: u32, data: &[u8]) {
        let (done, seed) = match style {
            CutStyle::Clean => return,
            CutStyle::AfterCompletion => (u32::MAX, 0),
            CutStyle::TornWrite {
                units_done: done,
                garble: seed,
            }
            | CutStyle::PartialErase {
                sectors_done: done,
                seed,
            } => (done, seed),
        };
        let whole = index(done)
            .saturating_mul(index(self.write_size()))
            .min(data.len());
        let (whole, rest) = data.split_at(whole);
        if self.write_units(address, whole).is_err() {
            return;
        }
        let address = address + u32::try_from(whole.len()).expect("within the capacity");
        let torn = units(address, self.write_size(), rest).next();
        if let Some((address, unit)) = torn
            && self.check_writable(address).is_ok()
        {
            let range = index(address)..index(address) + unit.len();
            let before = self.cells.bytes()[range.clone()].to_vec();
            self.cells
                .program_partly(range.start, unit, &mut Rng::new(seed));
            // A unit that took no bit is as if it had not been begun: its caller cannot know.
            if self.cells.bytes()[range] != before {
                self.count_write(address).torn = true;
            }
        }
    }

    pub(super) fn erase_sectors(&mut self, range: &Range<u32>) -> Result<(), FlashError> {
        let mut address = range.start;
        while address < range.end {
            let sector = self.sector_at(address);
            self.check_erasable(sector)?;
            self.cells
                .erase(index(sector.start)..index(sector.range().end));
            let units = self.units_of(&sector.range());
            self.units[units].fill(Unit::default());
            self.count_erase(sector);
            address = sector.range().end;
        }
        Ok(())
    }

    pub(super) fn cut_erase(&mut self, style: CutStyle, range: &Range<u32>) {
        let (done, seed) = match style {
            CutStyle::Clean => return,
            CutStyle::AfterCompletion => (u32::MAX, 0),
            CutStyle::TornWrite {
                units_done: done,
                garble: seed,
            }
            | CutStyle::PartialErase {
                sectors_done: done,
                seed,
            } => (done, seed),
        };
        let torn = self
            .geometry
            .sectors()
            .filter(|sector| range.contains(&sector.start))
            .nth(index(done));
        let whole = range.start..torn.map_or(range.end, |sector| sector.start);
        if self.erase_sectors(&whole).is_ok()
            && let Some(sector) = torn
            && self.check_erasable(sector).is_ok()
        {
            self.cells
                .erase_partly(index(sector.start)..index(sector.range().end), seed);
            let units = self.units_of(&sector.range());
            for unit in self.units[units].iter_mut().filter(|unit| unit.writes > 0) {
                unit.torn = true;
            }
            self.count_erase(sector);
        }
    }

    fn check_writable(&self, address: u32) -> Result<(), FlashError> {
        if self.faults.write_fails(self.sector_at(address)) {
            return Err(FlashError::WriteFailed { address });
        }
        Ok(())
    }

    fn check_erasable(&self, sector: Sector) -> Result<(), FlashError> {
        if self.faults.erase_fails(sector) {
            return Err(FlashError::EraseFailed {
                address: sector.start,
            });
        }
        Ok(())
    }

    fn count_write(&mut self, address: u32) -> &mut Unit {
        self.totals.bytes_written += u64::from(self.write_size());
        let unit = index(address / self.write_size());
        let unit = &mut self.units[unit];
        unit.writes = unit.writes.saturating_add(1);
        unit
    }

    fn count_erase(&mut self, sector: Sector) {
        self.totals.sectors_erased += 1;
        let count = &mut self.erase_counts[index(sector.index)];
        *count += 1;
        if let Some(defect) = self.faults.worn_out_by(*count) {
            self.break_sector(sector.start, defect);
        }
    }
}
