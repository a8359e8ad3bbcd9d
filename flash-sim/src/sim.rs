//! The simulated flash: checks each call, lets faults have their say, moves the bits, counts.

mod rules;
mod steps;
#[cfg(test)]
mod tests;

use core::fmt::{Debug, Formatter, Result as FmtResult};
use core::ops::Range;

use crate::cells::Cells;
use crate::error::FlashError;
use crate::faults::Faults;
use crate::geometry::{Geometry, Sector};
use crate::index;
use crate::log::{Operation, OperationKind, Outcome, Totals, Trace};
use crate::power::{CutStyle, Power};
use crate::rng::Rng;

/// A flash part in memory, erased and without faults when new.
///
/// An operation is one call of [`erase`](Self::erase) or [`write`](Self::write) over at least one
/// byte, however many sectors or units it spans. Cloning makes a snapshot: content, counters,
/// faults and power. Equal simulators have all of these alike.
#[derive(Clone, PartialEq, Eq)]
pub struct FlashSim {
    geometry: Geometry,
    pub(crate) cells: Cells,
    pub(crate) faults: Faults,
    units: Vec<Unit>,
    erase_counts: Vec<u32>,
    totals: Totals,
    trace: Trace,
    log: Vec<Operation>,
    power: Power,
    /// What weak bits and flaky reads draw from.
    noise: Rng,
}

/// The driver calls.
///
/// While the power is off they do nothing and return [`FlashError::PowerLost`].
impl FlashSim {
    /// Reads into `out` from `address` on.
    ///
    /// # Errors
    ///
    /// Power loss and injected faults only.
    ///
    /// # Panics
    ///
    /// If the range is out of bounds or not aligned to the read size.
    #[track_caller]
    pub fn read(&mut self, address: u32, out: &mut [u8]) -> Result<(), FlashError> {
        self.check_power()?;
        let range = self.check_range("read", address, out.len(), self.geometry.read_size());
        if range.is_empty() {
            return Ok(());
        }
        let result = self.read_range(&range, out);
        self.record(OperationKind::Read, &range, Outcome::of(&result));
        self.totals.reads += 1;
        self.totals.bytes_read += u64::from(range.end - range.start);
        result
    }

    /// Programs `data` from `address` on.
    ///
    /// # Errors
    ///
    /// Power loss and injected faults only.
    ///
    /// # Panics
    ///
    /// If the range is out of bounds or not whole write units, if the write rule forbids another
    /// write of a unit, or if a programmed bit would have to return to its erased state.
    #[track_caller]
    pub fn write(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError> {
        self.check_power()?;
        let range = self.check_range("write", address, data.len(), self.geometry.write_size());
        self.check_write_rule(address, data);
        if range.is_empty() {
            return Ok(());
        }
        let cut = self.power.begin_operation();
        let admitted = self
            .faults
            .admit(&range, FlashError::WriteFailed { address });
        let target = self.faults.misdirect();
        let result = match (cut, admitted) {
            (None, Ok(())) => match target {
                Some(target) => {
                    self.check_range("misdirected write", target, data.len(), self.write_size());
                    self.write_units(target, data)
                }
                None => self.write_units(address, data),
            },
            (None, Err(error)) => Err(error),
            (Some(style), Ok(())) => {
                self.cut_write(style, address, data);
                Err(FlashError::PowerLost)
            }
            (Some(_), Err(_)) => Err(FlashError::PowerLost),
        };
        self.record(OperationKind::Write, &range, Outcome::of(&result));
        self.totals.writes += 1;
        result
    }

    /// Erases the sectors from address `from` up to, not including, `to`.
    ///
    /// # Errors
    ///
    /// Power loss and injected faults only.
    ///
    /// # Panics
    ///
    /// If an end is beyond the capacity or no sector boundary, or `to` comes before `from`.
    #[track_caller]
    pub fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.check_power()?;
        self.check_sectors(from, to);
        let range = from..to;
        if range.is_empty() {
            return Ok(());
        }
        let cut = self.power.begin_operation();
        let admitted = self
            .faults
            .admit(&range, FlashError::EraseFailed { address: from });
        let result = match (cut, admitted) {
            (None, Ok(())) => self.erase_sectors(&range),
            (None, Err(error)) => Err(error),
            (Some(style), Ok(())) => {
                self.cut_erase(style, &range);
                Err(FlashError::PowerLost)
            }
            (Some(_), Err(_)) => Err(FlashError::PowerLost),
        };
        self.record(OperationKind::Erase, &range, Outcome::of(&result));
        self.totals.erases += 1;
        result
    }
}

/// Setup, power, and what a test looks at.
impl FlashSim {
    /// An erased flash; noise, where faults ask for it, comes from seed 0.
    #[must_use]
    pub fn new(geometry: Geometry) -> Self {
        Self::with_seed(geometry, 0)
    }

    /// An erased flash whose weak bits and flaky reads follow `seed`.
    #[must_use]
    pub fn with_seed(geometry: Geometry, seed: u64) -> Self {
        let capacity = geometry.capacity();
        Self {
            cells: Cells::new(index(capacity), geometry.erased_value()),
            faults: Faults::default(),
            units: vec![Unit::default(); index(capacity / geometry.write_size())],
            erase_counts: vec![0; index(geometry.sector_count())],
            totals: Totals::default(),
            trace: Trace::default(),
            log: Vec::new(),
            power: Power::default(),
            noise: Rng::new(seed),
            geometry,
        }
    }

    /// The geometry.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The content as the cells hold it: stuck bits as stuck, weak bits in their stored state.
    /// Not a driver call: counts nothing and works without power.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.cells.bytes()
    }

    /// Places content, erased or not, regardless of rules and power. Counts nothing; units that
    /// it touches count as written once, or not at all where they are erased then.
    ///
    /// # Panics
    ///
    /// If the range is out of bounds.
    #[track_caller]
    pub fn load(&mut self, address: u32, data: &[u8]) {
        let range = self.check_range("load", address, data.len(), 1);
        if range.is_empty() {
            return;
        }
        self.cells.load(index(address), data);
        for unit in self.units_of(&range) {
            let start = unit * index(self.write_size());
            let erased = self
                .cells
                .is_erased(start..start + index(self.write_size()));
            self.units[unit] = Unit {
                writes: u8::from(!erased),
                torn: false,
            };
        }
    }

    /// Cuts the power at an operation to come: `n` more are whole, the next one is cut. It and
    /// all calls after it return [`FlashError::PowerLost`], until [`power_on`](Self::power_on).
    ///
    /// Replaces an earlier call that has not come true.
    pub fn cut_after(&mut self, n: u64, style: CutStyle) {
        self.power = Power::Failing { left: n, style };
    }

    /// Switches the power on, and forgets a cut that was to come.
    pub fn power_on(&mut self) {
        self.power = Power::On;
    }

    /// Whether the power is on.
    #[must_use]
    pub fn is_powered(&self) -> bool {
        self.power != Power::Off
    }

    /// Sets what the log keeps from now on.
    pub fn set_trace(&mut self, trace: Trace) {
        self.trace = trace;
    }

    /// The calls so far, as far as the [`Trace`] keeps them.
    #[must_use]
    pub fn log(&self) -> &[Operation] {
        &self.log
    }

    /// Calls and bytes so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Erase and write calls so far, failed and cut ones included.
    #[must_use]
    pub fn operation_count(&self) -> u64 {
        self.totals.erases + self.totals.writes
    }

    /// How often each sector was erased, in order of address; a cut erase that had begun counts.
    #[must_use]
    pub fn erase_counts(&self) -> &[u32] {
        &self.erase_counts
    }

    /// How often the write unit that holds `address` was written since its last whole erase, up
    /// to 255.
    ///
    /// # Panics
    ///
    /// If `address` is beyond the capacity.
    #[must_use]
    #[track_caller]
    pub fn unit_writes(&self, address: u32) -> u8 {
        self.sector_at(address);
        self.units[index(address / self.write_size())].writes
    }

    /// Number of weak bits in `range`.
    ///
    /// # Panics
    ///
    /// If the range is out of bounds.
    #[must_use]
    #[track_caller]
    pub fn weak_bits(&self, range: Range<u32>) -> u32 {
        assert!(
            range.end <= self.geometry.capacity(),
            "weak bits of {range:?}: out of bounds"
        );
        self.cells.weak_bits(index(range.start)..index(range.end))
    }

    /// Starts the log, the totals and the erase counts anew, wear included. Content, unit
    /// counters, faults and power stay.
    pub fn reset_counters(&mut self) {
        self.log.clear();
        self.totals = Totals::default();
        self.erase_counts.fill(0);
    }
}

/// What steps and rules share.
impl FlashSim {
    #[track_caller]
    pub(crate) fn sector_at(&self, address: u32) -> Sector {
        let Some(sector) = self.geometry.sector_at(address) else {
            panic!(
                "{address:#010x} is beyond the capacity {:#x}",
                self.geometry.capacity()
            );
        };
        sector
    }

    fn write_size(&self) -> u32 {
        self.geometry.write_size()
    }

    /// Numbers of the write units that `range`, which is not empty, touches.
    fn units_of(&self, range: &Range<u32>) -> Range<usize> {
        index(range.start / self.write_size())..index(range.end.div_ceil(self.write_size()))
    }

    fn record(&mut self, kind: OperationKind, range: &Range<u32>, outcome: Outcome) {
        let kept = match self.trace {
            Trace::Off => false,
            Trace::Changes => kind != OperationKind::Read,
            Trace::All => true,
        };
        if kept {
            self.log.push(Operation {
                index: self.operation_count(),
                kind,
                address: range.start,
                len: range.end - range.start,
                outcome,
            });
        }
    }
}

impl Debug for FlashSim {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        f.debug_struct("FlashSim")
            .field("geometry", &self.geometry)
            .field("totals", &self.totals)
            .field("power", &self.power)
            .finish_non_exhaustive()
    }
}

impl Outcome {
    fn of(result: &Result<(), FlashError>) -> Self {
        match result {
            Ok(()) => Self::Completed,
            Err(FlashError::PowerLost) => Self::Cut,
            Err(_) => Self::Failed,
        }
    }
}

/// What the part remembers of one write unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Unit {
    /// Writes since the last whole erase.
    writes: u8,
    /// Whether the power failed while the unit was being written or erased.
    torn: bool,
}

/// Splits aligned data into (address, write unit).
fn units(address: u32, write_size: u32, data: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    (0..)
        .map(move |n| address + n * write_size)
        .zip(data.chunks(index(write_size)))
}
