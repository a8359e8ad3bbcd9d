//! embassy-boot's own `BlockingFirmwareState` and `BootLoader` swap, confirm and revert what our updater put into their
//! DFU partition; our part is cut off from power at every operation. [`application`] is the whole adapter.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/board.rs"]
mod support;

use core::cell::RefCell;

use embassy_boot::{BlockingFirmwareState, BootLoader, BootLoaderConfig, State};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use flash_sim::{CutStyle, FlashError, FlashSim};
use sprag_boot_adapters::{NewImage, SwapSlots};
use sprag_verifier::{Area, BootRecord, Error, Outcome, Phase};
use support::{Board, Part, TRIAL_BOOTS, package, update};

const WRITE: usize = 8;
const ERASE: usize = 512;
const PART: Part = Part {
    sector_size: 512,
    slot_sectors: 20,
    // Their swap needs a page more in DFU than in ACTIVE; images and staged blocks keep off it.
    extra_sectors: 1,
    // 2 + 4 words for each page of ACTIVE.
    state_sectors: 2,
    write_size: 8,
    erased: 0xff,
};
const RESERVE: u32 = 512;

/// A part of the flash behind `embedded-storage`'s traits, as embassy-boot takes it.
struct Partition<'f> {
    sim: &'f RefCell<&'f mut FlashSim>,
    start: u32,
    len: u32,
}

impl ErrorType for Partition<'_> {
    type Error = FlashError;
}

impl ReadNorFlash for Partition<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.sim.borrow_mut().read(self.start + offset, bytes)
    }

    fn capacity(&self) -> usize {
        usize::try_from(self.len).unwrap()
    }
}

impl NorFlash for Partition<'_> {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let mut sim = self.sim.borrow_mut();
        sim.erase(self.start + from, self.start + to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.sim.borrow_mut().write(self.start + offset, bytes)
    }
}

/// Where ACTIVE, DFU and STATE lie.
fn partitions<'f>(board: &Board, sim: &'f RefCell<&'f mut FlashSim>) -> [Partition<'f>; 3] {
    let (active, dfu) = (board.region(Area::SlotA), board.region(Area::SlotB));
    let state = dfu.end..dfu.end + PART.state_sectors * PART.sector_size;
    [active, dfu, state].map(|region| Partition {
        sim,
        start: region.start,
        len: region.end - region.start,
    })
}

/// A reset: their bootloader swaps or reverts.
fn reset(board: &mut Board) -> State {
    let mut sim = board.sim.clone();
    let state = {
        let cell = RefCell::new(&mut sim);
        let [active, dfu, state] = partitions(board, &cell);
        let config = BootLoaderConfig { active, dfu, state };
        BootLoader::new(config)
            .prepare_boot(&mut [0; ERASE])
            .unwrap()
    };
    board.sim = sim;
    state
}

/// Their marks in the STATE partition.
#[derive(Clone, Copy, Debug)]
enum Mark {
    Updated,
    Booted,
}

/// Writes one on the board.
fn mark_theirs(board: &mut Board, mark: Mark) -> Result<(), Failed> {
    let mut sim = board.sim.clone();
    let done = {
        let cell = RefCell::new(&mut sim);
        let [_, _, state] = partitions(board, &cell);
        let mut aligned = [0; WRITE];
        let mut state = BlockingFirmwareState::new(state, &mut aligned);
        match mark {
            Mark::Updated => state.mark_updated(),
            Mark::Booted => state.mark_booted(),
        }
    };
    board.sim = sim;
    done.map_err(|_| Failed::Theirs)
}

/// What a start of the application did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// The slot is filled and the swap asked for.
    Marked,
    /// The tries are used up.
    Reverted,
    /// The new image runs and has just been confirmed.
    Confirmed,
    /// It had been already.
    Nothing,
}

#[derive(Debug)]
#[expect(dead_code, reason = "printed where a test fails")]
enum Failed {
    Ours(Error),
    Theirs,
}

impl From<Error> for Failed {
    fn from(e: Error) -> Self {
        Self::Ours(e)
    }
}

/// The adapter: what an application does at each start.
fn application(board: &mut Board, package: &[u8]) -> Result<Done, Failed> {
    let (mut slots, new) = SwapSlots::find(board)?;
    match new {
        NewImage::Runs => {
            // Theirs first: once it is there, they do not revert.
            mark_theirs(slots.physical(), Mark::Booted)?;
            slots.confirm()?;
            Ok(Done::Confirmed)
        }
        NewImage::None => {
            let record = BootRecord::load(&mut slots)?;
            if record.outcome == Outcome::Confirmed {
                return Ok(Done::Nothing);
            }
            update(&mut slots, package, RESERVE)?;
            mark(&mut slots)
        }
        NewImage::Waits => mark(&mut slots),
    }
}

fn mark(slots: &mut SwapSlots<'_, Board>) -> Result<Done, Failed> {
    if !slots.count_try()? {
        return Ok(Done::Reverted);
    }
    mark_theirs(slots.physical(), Mark::Updated)?;
    Ok(Done::Marked)
}

fn images() -> (Vec<u8>, Vec<u8>) {
    let bytes = |seed: u32, len: u32| {
        (0..len)
            .map(|i| u8::try_from(i.wrapping_mul(seed) >> 8 & 0xff).unwrap())
            .collect()
    };
    (bytes(2_654_435_761, 4000), bytes(2_246_822_519, 5000))
}

fn fresh(old: &[u8]) -> Board {
    let mut board = Board::new(PART);
    board.put(Area::SlotA, old);
    board
}

fn state_bytes(board: &Board) -> Vec<u8> {
    let start = usize::try_from(board.region(Area::SlotB).end).unwrap();
    board.sim.bytes()[start..].to_vec()
}

fn assert_ended(board: &mut Board, new: &[u8]) {
    assert!(board.slot(Area::SlotA).starts_with(new));
    assert_eq!(reset(board), State::Boot);
    assert!(board.slot(Area::SlotA).starts_with(new));
    let record = BootRecord::load(board).unwrap();
    assert_eq!(
        (record.phase, record.outcome),
        (Phase::Idle, Outcome::Confirmed)
    );
}

#[test]
fn their_bootloader_swaps_and_their_state_confirms() {
    let (old, new) = images();
    let package = package(&new);
    let mut board = fresh(&old);
    assert_eq!(reset(&mut board), State::Boot);
    assert_eq!(application(&mut board, &package).unwrap(), Done::Marked);
    assert!(board.slot(Area::SlotB).starts_with(&new));
    assert_eq!(reset(&mut board), State::Swap);
    assert!(board.slot(Area::SlotA).starts_with(&new));
    assert_eq!(application(&mut board, &package).unwrap(), Done::Confirmed);
    assert_ended(&mut board, &new);
    assert_eq!(application(&mut board, &package).unwrap(), Done::Nothing);
}

#[test]
fn their_bootloader_reverts_what_is_not_confirmed() {
    let (old, new) = images();
    let package = package(&new);
    let mut board = fresh(&old);
    for _ in 0..TRIAL_BOOTS {
        assert_eq!(application(&mut board, &package).unwrap(), Done::Marked);
        assert_eq!(reset(&mut board), State::Swap);
        // The new image starts, and does not confirm.
        assert_eq!(SwapSlots::find(&mut board).unwrap().1, NewImage::Runs);
        reset(&mut board);
        assert!(board.slot(Area::SlotA).starts_with(&old));
        assert_eq!(SwapSlots::find(&mut board).unwrap().1, NewImage::Waits);
    }
    assert_eq!(application(&mut board, &package).unwrap(), Done::Reverted);
    let record = BootRecord::load(&mut board).unwrap();
    assert_eq!(
        (record.phase, record.outcome),
        (Phase::Idle, Outcome::Reverted)
    );
    reset(&mut board);
    assert!(board.slot(Area::SlotA).starts_with(&old));
}

#[test]
fn a_cut_of_our_part_leaves_their_state_untouched() {
    let (old, new) = images();
    let package = package(&new);
    let mut whole = fresh(&old);
    application(&mut whole, &package).unwrap();
    let log = whole.sim.log().to_vec();
    let state_start = whole.region(Area::SlotB).end;
    let untouched = state_bytes(&fresh(&old));
    let (mut ours, mut marks) = (0, 0);
    for operation in &log {
        let is_theirs = operation.address >= state_start;
        let styles = CutStyle::for_operation(operation, whole.sim.geometry(), operation.index);
        for style in styles.iter().step_by(3) {
            let context = format!("{operation:?} cut {style:?}");
            let mut board = fresh(&old);
            board.sim.cut_after(operation.index, *style);
            assert!(application(&mut board, &package).is_err(), "{context}");
            board.sim.power_on();
            if is_theirs {
                marks += 1;
            } else {
                assert!(state_bytes(&board) == untouched, "{context}");
                ours += 1;
            }
            for _ in 0..8 {
                let state = reset(&mut board);
                let runs = board.slot(Area::SlotA);
                let boots = runs.starts_with(&old) || runs.starts_with(&new);
                assert!(boots, "{context}: {state:?}");
                match application(&mut board, &package) {
                    Ok(Done::Confirmed | Done::Nothing) => break,
                    Ok(_) => {}
                    Err(e) => panic!("{context}: {e:?}"),
                }
            }
            assert_ended(&mut board, &new);
        }
    }
    println!("{ours} cuts of our part, {marks} of their mark");
    assert!(ours > 100 && marks > 2, "{ours} and {marks}");
}
