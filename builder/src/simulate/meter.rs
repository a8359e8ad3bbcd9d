//! Flash with a clock: every driver call takes the time that the device profile says, and power may last only so
//! long.

use core::ops::Range;

use flash_sim::CutStyle;
use sprag_manifest::TimingProfile;
use sprag_verifier::{Area, FlashErrorKind, Geometry, Storage};

use crate::device::SimStorage;

/// One change of flash, as the device asked for it.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Bytes at an offset.
    Write(Area, u32, Vec<u8>),
    /// A range of whole sectors.
    Erase(Area, Range<u32>),
}

/// The flash of a device, with its clock.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    pub(super) storage: SimStorage,
    timing: TimingProfile,
    /// Virtual time in nanoseconds.
    pub(super) clock: u64,
    /// Nanoseconds that power lasts from now; `None` for ever.
    power_left: Option<u64>,
    /// Every change since it was asked for.
    log: Option<Vec<Change>>,
}

impl Meter {
    pub(super) const fn new(storage: SimStorage, timing: TimingProfile) -> Self {
        Self {
            storage,
            timing,
            clock: 0,
            power_left: None,
            log: None,
        }
    }

    /// Keeps every change from now on.
    pub(super) fn record(&mut self) {
        self.log = Some(Vec::new());
    }

    /// The changes kept.
    pub(super) fn recorded(&mut self) -> Vec<Change> {
        self.log.take().unwrap_or_default()
    }

    /// Makes a change again; whether the power lasted.
    pub(super) fn replay(&mut self, change: &Change) -> bool {
        let done = match change {
            Change::Write(area, offset, bytes) => self.storage.write(*area, *offset, bytes),
            Change::Erase(area, range) => self.storage.erase(*area, range.clone()),
        };
        done.is_ok()
    }

    /// Switches the power on; it lasts `nanoseconds`, or for ever.
    pub(super) fn power_on(&mut self, nanoseconds: Option<u64>) {
        self.storage.sim_mut().power_on();
        self.power_left = nanoseconds;
    }

    /// Whether the power is on.
    pub(super) fn is_powered(&self) -> bool {
        self.storage.sim().is_powered()
    }

    /// Whether the time under power is over, though no operation has met its end.
    pub(super) const fn power_is_gone(&self) -> bool {
        matches!(self.power_left, Some(0))
    }

    /// Erases and writes so far.
    pub(super) fn operations(&self) -> u64 {
        self.storage.sim().operation_count()
    }

    /// Bytes read from flash so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.storage.sim().totals().bytes_read
    }

    /// Time of the processor for hashing so many bytes.
    pub(super) fn hash(&mut self, bytes: u64) {
        self.pass(bytes * u64::from(self.timing.hash_ns));
    }

    /// Time of the processor for decoding so many bytes.
    pub(super) fn decode(&mut self, bytes: u64) {
        self.pass(bytes * u64::from(self.timing.decode_ns));
    }

    /// Time of the processor for one signature.
    pub(super) fn verify(&mut self) {
        self.pass(u64::from(self.timing.signature_us) * 1000);
    }

    /// Lets time pass. If the power ends meanwhile, the next driver call finds out.
    pub(super) const fn pass(&mut self, nanoseconds: u64) {
        self.clock += nanoseconds;
        if let Some(left) = self.power_left {
            self.power_left = Some(left.saturating_sub(nanoseconds));
        }
    }

    /// Time of a driver call; where the power ends in it, the call is cut.
    fn call(&mut self, nanoseconds: u64) {
        if self.power_left.is_some_and(|left| left < nanoseconds) && self.is_powered() {
            let seed = self.clock;
            self.storage.sim_mut().cut_after(0, torn(0, seed));
        }
        self.pass(nanoseconds);
    }
}

/// A write or erase that was interrupted in its unit or sector of this number.
pub(super) const fn torn(units_done: u32, garble: u64) -> CutStyle {
    CutStyle::TornWrite { units_done, garble }
}

impl Storage for Meter {
    fn geometry(&self, area: Area) -> Geometry {
        self.storage.geometry(area)
    }

    fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        self.storage.sector(area, offset)
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        let bytes = u64::try_from(buf.len()).unwrap_or(u64::MAX);
        let cost = bytes * u64::from(self.timing.read_ns);
        if self.power_left.is_some_and(|left| left <= cost) {
            // A device without power does not read.
            self.pass(cost);
            self.storage.sim_mut().cut_after(0, CutStyle::Clean);
            return Err(FlashErrorKind::Other);
        }
        self.pass(cost);
        self.storage.read(area, offset, buf)
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        let unit = self.geometry(area).write_size.max(1);
        let units = u64::try_from(bytes.len()).unwrap_or(u64::MAX) / u64::from(unit);
        self.call(units * u64::from(self.timing.write_ns));
        if let Some(log) = &mut self.log {
            log.push(Change::Write(area, offset, bytes.to_vec()));
        }
        self.storage.write(area, offset, bytes)
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        let first = self.storage.sector(area, range.start);
        let size = first.end.saturating_sub(first.start).max(1);
        let sectors = u64::from(range.end.saturating_sub(range.start).div_ceil(size));
        self.call(sectors * u64::from(self.timing.erase_us) * 1000);
        if let Some(log) = &mut self.log {
            log.push(Change::Erase(area, range.clone()));
        }
        self.storage.erase(area, range)
    }
}
