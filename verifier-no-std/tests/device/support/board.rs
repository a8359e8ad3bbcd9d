//! A board: a flash with its layout, as bootloader and application find it at power-on.

use core::cell::RefCell;
use core::ops::Range;

use flash_sim::{ConstFlash, FlashSim, Operation};
use sprag_verifier::{
    Area, Boot, BootRecord, FlashErrorKind, Geometry, NorLayout, NorStorage, Region, Storage,
    choose,
};

use super::{index, len_u32};

#[derive(Clone, Debug)]
pub(crate) struct Board<const READ: usize, const WRITE: usize, const SECTOR: usize> {
    flash: ConstFlash<READ, WRITE, SECTOR>,
    pub(crate) layout: NorLayout<'static>,
}

/// The storage of any board, so that the updater is compiled once for all of them.
pub(crate) struct AnyStorage<'b> {
    flash: RefCell<&'b mut dyn AnyFlash>,
    layout: NorLayout<'static>,
}

/// What is asked of a storage.
enum Ask<'a> {
    Geometry,
    Sector(u32),
    Read(u32, &'a mut [u8]),
    Write(u32, &'a [u8]),
    Erase(Range<u32>),
}

/// What it says, in the same order; the last three say the last.
enum Answer {
    Geometry(Geometry),
    Sector(Range<u32>),
    Done(Result<(), FlashErrorKind>),
}

trait AnyFlash {
    fn answer(&mut self, layout: NorLayout<'static>, area: Area, ask: Ask<'_>) -> Answer;
}

impl<const READ: usize, const WRITE: usize, const SECTOR: usize> AnyFlash
    for ConstFlash<READ, WRITE, SECTOR>
{
    fn answer(&mut self, layout: NorLayout<'static>, area: Area, ask: Ask<'_>) -> Answer {
        let mut storage = NorStorage::new(self, layout);
        match ask {
            Ask::Geometry => Answer::Geometry(storage.geometry(area)),
            Ask::Sector(offset) => Answer::Sector(storage.sector(area, offset)),
            Ask::Read(offset, buf) => Answer::Done(storage.read(area, offset, buf)),
            Ask::Write(offset, bytes) => Answer::Done(storage.write(area, offset, bytes)),
            Ask::Erase(range) => Answer::Done(storage.erase(area, range)),
        }
    }
}

impl AnyStorage<'_> {
    fn ask(&self, area: Area, ask: Ask<'_>) -> Answer {
        self.flash.borrow_mut().answer(self.layout, area, ask)
    }

    fn done(&self, area: Area, ask: Ask<'_>) -> Result<(), FlashErrorKind> {
        match self.ask(area, ask) {
            Answer::Done(result) => result,
            _ => unreachable!(),
        }
    }
}

impl Storage for AnyStorage<'_> {
    fn geometry(&self, area: Area) -> Geometry {
        match self.ask(area, Ask::Geometry) {
            Answer::Geometry(geometry) => geometry,
            _ => unreachable!(),
        }
    }

    fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        match self.ask(area, Ask::Sector(offset)) {
            Answer::Sector(range) => range,
            _ => unreachable!(),
        }
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        self.done(area, Ask::Read(offset, buf))
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        self.done(area, Ask::Write(offset, bytes))
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        self.done(area, Ask::Erase(range))
    }
}

impl<const READ: usize, const WRITE: usize, const SECTOR: usize> Board<READ, WRITE, SECTOR> {
    pub(crate) fn new(sim: FlashSim, layout: NorLayout<'static>) -> Self {
        Self {
            flash: ConstFlash::new(sim),
            layout,
        }
    }

    /// With `image` in slot A, and the rest of the flash used by others: not blank, except for the record.
    pub(crate) fn in_service(mut self, image: &[u8]) -> Self {
        let capacity = index(self.sim().geometry().capacity());
        let used: Vec<u8> = (0..=250).cycle().take(capacity).collect();
        let blank = vec![self.layout.erased; index(self.layout.record.len)];
        let (record, slot) = (self.layout.record.start, self.layout.slot_a.start);
        self.sim_mut().load(0, &used);
        self.sim_mut().load(record, &blank);
        self.sim_mut().load(slot, image);
        self
    }

    /// With `image` in slot A, all else blank, as a device leaves the factory.
    pub(crate) fn newly_made(mut self, image: &[u8]) -> Self {
        let slot = self.layout.slot_a.start;
        self.sim_mut().load(slot, image);
        self
    }

    pub(crate) fn storage(&mut self) -> AnyStorage<'_> {
        AnyStorage {
            flash: RefCell::new(&mut self.flash),
            layout: self.layout,
        }
    }

    pub(crate) fn sim(&self) -> &FlashSim {
        self.flash.sim()
    }

    pub(crate) fn sim_mut(&mut self) -> &mut FlashSim {
        self.flash.sim_mut()
    }

    pub(crate) fn region(&self, area: Area) -> Region {
        match area {
            Area::SlotA => self.layout.slot_a,
            Area::SlotB => self.layout.slot_b,
            Area::Staging => self.layout.staging,
            Area::Scratch => self.layout.scratch,
            _ => self.layout.record,
        }
    }

    /// The range of `len` bytes at the start of `area`, from the start of the flash.
    pub(crate) fn range(&self, area: Area, len: u32) -> Range<u32> {
        let region = self.region(area);
        assert!(len <= region.len, "{area:?} has {} bytes", region.len);
        region.start..region.start + len
    }

    /// The first `len` bytes of `area`.
    pub(crate) fn content(&self, area: Area, len: usize) -> &[u8] {
        let range = self.range(area, u32::try_from(len).unwrap());
        &self.sim().bytes()[index(range.start)..index(range.end)]
    }

    pub(crate) fn holds(&self, area: Area, image: &[u8]) -> bool {
        len_u32(image) <= self.region(area).len && self.content(area, image.len()) == image
    }

    /// Erases and writes so far.
    pub(crate) fn operations(&self) -> u64 {
        self.sim().operation_count()
    }

    pub(crate) fn record(&mut self) -> BootRecord {
        BootRecord::load(&mut self.storage()).unwrap()
    }

    /// What would boot now; the board itself stays as it is.
    pub(crate) fn would_boot(&self) -> Boot {
        let mut twin = self.clone();
        twin.sim_mut().power_on();
        choose(&mut twin.storage()).unwrap()
    }

    /// The operations that touch anything outside `allowed`.
    pub(crate) fn strayed(&self, allowed: &[Range<u32>]) -> Vec<Operation> {
        let inside = |operation: &&Operation| {
            let end = operation.address + operation.len;
            allowed
                .iter()
                .any(|range| range.start <= operation.address && end <= range.end)
        };
        let log = self.sim().log();
        log.iter().filter(|op| !inside(op)).copied().collect()
    }

    /// Most erases of any sector in `range`.
    pub(crate) fn most_erases(&self, range: &Range<u32>) -> u32 {
        let sim = self.sim();
        sim.geometry()
            .sectors()
            .zip(sim.erase_counts())
            .filter(|(sector, _)| range.contains(&sector.start))
            .map(|(_, count)| *count)
            .max()
            .unwrap_or(0)
    }
}
