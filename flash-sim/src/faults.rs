//! Faults that a part can have, all off until asked for.

#[cfg(test)]
mod tests;

use core::ops::Range;
use std::collections::BTreeMap;

use crate::error::FlashError;
use crate::geometry::Sector;
use crate::rng::Rng;
use crate::sim::FlashSim;

/// What is wrong with a sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// Erases fail with [`FlashError::EraseFailed`] and change nothing.
    EraseFails,
    /// Writes fail with [`FlashError::WriteFailed`] and change nothing.
    WriteFails,
    /// One to eight bits never change, and no call says so: only a read-back shows it.
    StuckBits {
        /// Seed that picks the bits and their state.
        seed: u64,
    },
}

/// How a flaky read misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flake {
    /// It fails with [`FlashError::ReadFailed`].
    Error,
    /// It succeeds with one wrong bit.
    WrongBit,
}

/// Faults to inject. Addresses are in bytes from the start of the flash.
impl FlashSim {
    /// Breaks the sector that holds `address`, in addition to what is already wrong with it.
    ///
    /// # Panics
    ///
    /// If `address` is beyond the capacity.
    pub fn break_sector(&mut self, address: u32, defect: Defect) {
        let sector = self.sector_at(address);
        match defect {
            Defect::EraseFails => self.faults.broken(sector).erase_fails = true,
            Defect::WriteFails => self.faults.broken(sector).write_fails = true,
            Defect::StuckBits { seed } => {
                let mut rng = Rng::new(seed);
                for _ in 0..=rng.below(8) {
                    let address = sector.start + rng.below(sector.size);
                    let mask = 1 << rng.below(8);
                    self.stick_bits(address, mask, rng.mask(4));
                }
            }
        }
    }

    /// Lets every sector bear `erases` erases; with the last of them it gets the defect.
    ///
    /// # Panics
    ///
    /// If `erases` is zero.
    pub fn wear_out_after(&mut self, erases: u32, defect: Defect) {
        assert!(erases > 0, "a sector bears at least one erase");
        self.faults.wear_out = Some((erases, defect));
    }

    /// Sticks the bits of `mask` at `address` to their state in `value`, silently.
    ///
    /// # Panics
    ///
    /// If `address` is beyond the capacity.
    pub fn stick_bits(&mut self, address: u32, mask: u8, value: u8) {
        self.sector_at(address);
        self.cells.stick(crate::index(address), mask, value);
    }

    /// Makes the bits of `mask` at `address` weak: each read finds them in either state, until
    /// they are programmed or erased.
    ///
    /// # Panics
    ///
    /// If `address` is beyond the capacity.
    pub fn weaken_bits(&mut self, address: u32, mask: u8) {
        self.sector_at(address);
        self.cells.weaken(crate::index(address), mask);
    }

    /// Refuses erases and writes that touch `range`, with [`FlashError::WriteProtected`].
    pub fn protect(&mut self, range: Range<u32>) {
        self.faults.protected.push(range);
    }

    /// Makes reads that touch `range` flaky: after `skip` good ones, the next `times` misbehave.
    pub fn flaky_reads(&mut self, range: Range<u32>, flake: Flake, skip: u32, times: u32) {
        self.faults.flaky.push(FlakyRange {
            range,
            flake,
            skip,
            times,
        });
    }

    /// Fails operations (erases and writes) that would have succeeded: after `n` more, the next
    /// `times` change nothing and return an error with their first address.
    pub fn fail_after(&mut self, n: u64, times: u64) {
        self.faults.failing = Some(Failing { left: n, times });
    }

    /// Misdirects one write silently: after `n` more, the next one programs its bytes at `to`.
    ///
    /// A write that is cut or fails is not misdirected, but counts. The misdirected write panics
    /// if `to` is no write unit or the bytes do not fit there.
    pub fn misdirect_write_after(&mut self, n: u64, to: u32) {
        self.faults.misdirected = Some(Misdirected { left: n, to });
    }

    /// Makes reads of a torn write unit fail with [`FlashError::Uncorrectable`], as parts with an
    /// error-correcting code do. Without this, the unit reads as the bits that it holds.
    pub fn report_torn_units(&mut self) {
        self.faults.torn_units = TornUnits::Reported;
    }

    /// Takes all faults off. Stuck bits are free, content stays as it is, weak bits stay weak.
    pub fn clear_faults(&mut self) {
        self.faults = Faults::default();
        self.cells.unstick();
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    broken: BTreeMap<u32, Broken>,
    wear_out: Option<(u32, Defect)>,
    protected: Vec<Range<u32>>,
    flaky: Vec<FlakyRange>,
    failing: Option<Failing>,
    misdirected: Option<Misdirected>,
    torn_units: TornUnits,
}

impl Faults {
    /// The defect that a sector gets with its erase number `erases`.
    pub(crate) fn worn_out_by(&self, erases: u32) -> Option<Defect> {
        self.wear_out
            .and_then(|(limit, defect)| (erases == limit).then_some(defect))
    }

    pub(crate) fn erase_fails(&self, sector: Sector) -> bool {
        self.broken
            .get(&sector.index)
            .is_some_and(|broken| broken.erase_fails)
    }

    pub(crate) fn write_fails(&self, sector: Sector) -> bool {
        self.broken
            .get(&sector.index)
            .is_some_and(|broken| broken.write_fails)
    }

    pub(crate) fn reports_torn_units(&self) -> bool {
        self.torn_units == TornUnits::Reported
    }

    /// Whether an operation over `range` may change anything, or else why not: `failure`
    /// unless the range is protected.
    pub(crate) fn admit(
        &mut self,
        range: &Range<u32>,
        failure: FlashError,
    ) -> Result<(), FlashError> {
        let touched = self.protected.iter().filter_map(|protected| {
            let overlap = overlap(protected, range);
            (!overlap.is_empty()).then_some(overlap.start)
        });
        if let Some(address) = touched.min() {
            return Err(FlashError::WriteProtected { address });
        }
        match &mut self.failing {
            Some(Failing {
                left: 0,
                times: 1..,
            }) => {
                self.failing = self.failing.and_then(Failing::next_time);
                Err(failure)
            }
            Some(Failing { left, .. }) => {
                *left = left.saturating_sub(1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Where the write that begins now goes instead, if it is misdirected.
    pub(crate) fn misdirect(&mut self) -> Option<u32> {
        let misdirected = self.misdirected.as_mut()?;
        if misdirected.left > 0 {
            misdirected.left -= 1;
            return None;
        }
        self.misdirected.take().map(|misdirected| misdirected.to)
    }

    /// What goes wrong with a read of `range`, and within which part of it.
    pub(crate) fn flake(&mut self, range: &Range<u32>) -> Option<(Flake, Range<u32>)> {
        let mut found = None;
        for flaky in &mut self.flaky {
            let overlap = overlap(&flaky.range, range);
            if overlap.is_empty() {
                continue;
            }
            if flaky.skip > 0 {
                flaky.skip -= 1;
            } else if flaky.times > 0 {
                flaky.times -= 1;
                found = found.or(Some((flaky.flake, overlap)));
            }
        }
        found
    }

    fn broken(&mut self, sector: Sector) -> &mut Broken {
        self.broken.entry(sector.index).or_default()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Broken {
    erase_fails: bool,
    write_fails: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct FlakyRange {
    range: Range<u32>,
    flake: Flake,
    skip: u32,
    times: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failing {
    left: u64,
    times: u64,
}

impl Failing {
    fn next_time(self) -> Option<Self> {
        (self.times > 1).then(|| Self {
            left: 0,
            times: self.times - 1,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Misdirected {
    left: u64,
    to: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum TornUnits {
    #[default]
    Read,
    Reported,
}

fn overlap(a: &Range<u32>, b: &Range<u32>) -> Range<u32> {
    a.start.max(b.start)..a.end.min(b.end)
}
