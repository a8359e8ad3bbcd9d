//! Updates under a model of MCUboot, cut off from power at every flash operation. Until the mark the
//! secondary slot must never show a valid trailer, though the image and what is staged of the package are made of
//! trailer magics.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/board.rs"]
mod support;

use flash_sim::CutStyle;
use sprag_boot_adapters::mcuboot::{
    Flag, Magic, Marked, Mcuboot, Mode, Running, SwapType, Trailer, Upgrade,
};
use sprag_verifier::{Area, BootRecord, Error, Outcome, Phase};
use support::{Board, Part, package, update};

const MAGIC_8: [u8; 16] = *b"\x77\xc2\x95\xf3\x60\xd2\xef\x7f\x35\x52\x50\x0f\x2c\xb6\x79\x80";
const MAGIC_16: [u8; 16] = *b"\x10\x00\x2d\xe1\x5d\x29\x41\x0b\x8d\x77\x67\x9c\x11\x0f\x1f\x8a";
const MAGIC_32: [u8; 16] = *b"\x20\x00\x2d\xe1\x5d\x29\x41\x0b\x8d\x77\x67\x9c\x11\x0f\x1f\x8a";

const OLD_LEN: usize = 3000;
const NEW_LEN: usize = 5000;

/// A part with the trailer of its MCUboot and the magic that this has.
type Case = (Part, Trailer, [u8; 16]);

fn cases() -> Vec<Case> {
    let trailer = |max_align, mode| Trailer {
        max_align,
        max_sectors: 32,
        mode,
        key_len: 0,
    };
    let part = |write_size, erased| Part {
        sector_size: 512,
        slot_sectors: 32,
        extra_sectors: 0,
        state_sectors: 0,
        write_size,
        erased,
    };
    use Mode::{SwapMove, SwapScratch};
    vec![
        (part(1, 0x00), trailer(8, SwapScratch), MAGIC_8),
        (part(4, 0xff), trailer(8, SwapMove), MAGIC_8),
        (part(8, 0xff), trailer(8, SwapScratch), MAGIC_8),
        (part(16, 0xff), trailer(16, SwapMove), MAGIC_16),
        (part(32, 0x00), trailer(32, SwapScratch), MAGIC_32),
    ]
}

fn slot_size(part: &Part) -> usize {
    usize::try_from(part.slot_sectors * part.sector_size).unwrap()
}

/// Magics one behind the other, the first at `shift`.
fn magics(magic: [u8; 16], shift: usize, len: usize) -> Vec<u8> {
    let pattern = magic.iter().copied().cycle();
    let start = (16 - shift % 16) % 16;
    pattern.skip(start).take(len).collect()
}

/// What MCUboot does at a reset, as its documentation tables it; the swap itself is its own affair.
fn reset(board: &mut Board, trailer: Trailer, magic: [u8; 16]) -> SwapType {
    let size = slot_size(&board.part);
    let align = usize::try_from(trailer.max_align).unwrap();
    let magic_len = 16_usize.next_multiple_of(align);
    let erased = board.part.erased;
    let fields = |slot: &[u8]| {
        let end = slot.len();
        let image_ok = end - magic_len - align;
        let found: [u8; 16] = slot[end - 16..].try_into().unwrap();
        (found, slot[image_ok], slot[image_ok - align])
    };
    let primary = board.slot(Area::SlotA).to_vec();
    let secondary = board.slot(Area::SlotB).to_vec();
    let (magic_2, ok_2, _) = fields(&secondary);
    let (magic_1, ok_1, done_1) = fields(&primary);
    let swap = if magic_2 == magic && ok_2 == erased {
        SwapType::Test
    } else if magic_2 == magic && ok_2 == 1 {
        SwapType::Permanent
    } else if magic_1 == magic && magic_2 == [erased; 16] && ok_1 == erased && done_1 == 1 {
        SwapType::Revert
    } else {
        return SwapType::None;
    };
    let images = size - usize::try_from(trailer.len(board.part.write_size)).unwrap();
    let images = images - images % usize::try_from(board.part.sector_size).unwrap();
    let mut new_primary = vec![erased; size];
    new_primary[..images].copy_from_slice(&secondary[..images]);
    let image_ok = size - magic_len - align;
    new_primary[size - 16..].copy_from_slice(&magic);
    new_primary[image_ok - align] = 1;
    if swap != SwapType::Test {
        new_primary[image_ok] = 1;
    }
    let mut new_secondary = vec![erased; size];
    new_secondary[..images].copy_from_slice(&primary[..images]);
    board.put(Area::SlotA, &new_primary);
    board.put(Area::SlotB, &new_secondary);
    swap
}

/// The application's part of a start: brings the update one step on. Whether it is at its end.
fn application(board: &mut Board, trailer: Trailer, package: &[u8]) -> Result<bool, Error> {
    let (mut mcuboot, running) = Mcuboot::start(board, trailer)?;
    match running {
        Running::Confirmed => {
            let record = BootRecord::load(mcuboot.slots())?;
            if record.outcome == Outcome::Confirmed && record.phase == Phase::Idle {
                return Ok(true);
            }
            mcuboot.prepare()?;
            let reserve = mcuboot.reserve();
            update(mcuboot.slots(), package, reserve)?;
            assert_eq!(mcuboot.mark(Upgrade::Test)?, Marked::Reset);
        }
        Running::NotMarked => {
            mcuboot.mark(Upgrade::Test)?;
        }
        Running::Trial => {
            mcuboot.confirm()?;
        }
        _ => {}
    }
    Ok(false)
}

/// Runs the application and resets until the update has ended; how many starts that took.
fn to_the_end(board: &mut Board, case: &Case, package: &[u8]) -> u32 {
    for start in 1..10 {
        reset(board, case.1, case.2);
        if application(board, case.1, package).unwrap() {
            return start;
        }
    }
    panic!("no end: {:?}", BootRecord::load(board));
}

fn assert_ended(board: &mut Board, case: &Case, new: &[u8]) {
    assert!(board.slot(Area::SlotA).starts_with(new));
    assert_eq!(reset(board, case.1, case.2), SwapType::None);
    let (_, running) = Mcuboot::start(board, case.1).unwrap();
    assert_eq!(running, Running::Confirmed);
    let record = BootRecord::load(board).unwrap();
    assert_eq!(
        (record.phase, record.outcome),
        (Phase::Idle, Outcome::Confirmed)
    );
}

/// Cuts every operation of the first start, which fills the slot and marks it.
fn sweep(case: &Case, shift: usize) -> u32 {
    let (part, trailer, magic) = case;
    let old = magics(*magic, shift + 5, OLD_LEN);
    let new = magics(*magic, shift, NEW_LEN);
    let package = package(&new);
    let fresh = || {
        let mut board = Board::new(*part);
        board.put(Area::SlotA, &old);
        board
    };
    let mut whole = fresh();
    assert!(!application(&mut whole, *trailer, &package).unwrap());
    let log = whole.sim.log().to_vec();
    assert_eq!(reset(&mut whole, *trailer, *magic), SwapType::Test);
    to_the_end(&mut whole, case, &package);
    assert_ended(&mut whole, case, &new);

    let mut cuts = 0;
    for operation in &log {
        let seed = operation.index + u64::try_from(shift).unwrap();
        let styles = CutStyle::for_operation(operation, whole.sim.geometry(), seed);
        // Clean, one that tears, and one whose caller never heard of its end.
        let torn = usize::try_from(seed).unwrap() % styles.len().max(1);
        let chosen = [0, torn, styles.len().saturating_sub(1)];
        for style in chosen.into_iter().filter_map(|style| styles.get(style)) {
            let context = format!("{case:?}, shift {shift}, {operation:?} cut {style:?}");
            let mut board = fresh();
            board.sim.cut_after(operation.index, *style);
            let cut = application(&mut board, *trailer, &package);
            assert!(cut.is_err(), "{context}");
            cuts += 1;
            board.sim.power_on();
            let record = BootRecord::load(&mut board).unwrap();
            let shown = board.slot(Area::SlotB).ends_with(magic);
            // The mark's last write may have been whole.
            let marked = record.phase == Phase::Testing;
            assert!(!shown || marked, "{context}: {record:?}");
            let swap = reset(&mut board, *trailer, *magic);
            assert_eq!(swap == SwapType::Test, shown, "{context}");
            let runs = if shown { &new } else { &old };
            assert!(board.slot(Area::SlotA).starts_with(runs), "{context}");
            let went_on = application(&mut board, *trailer, &package);
            assert!(went_on.is_ok(), "{context}: {went_on:?}");
            to_the_end(&mut board, case, &package);
            assert_ended(&mut board, case, &new);
        }
    }
    cuts
}

#[test]
fn no_cut_shows_a_valid_trailer_before_the_mark() {
    let shifts: Vec<usize> = match std::env::var_os("SPRAG_FULL") {
        Some(_) => (0..16).collect(),
        None => vec![0, 3, 8],
    };
    let mut cuts = 0;
    for case in cases() {
        for &shift in &shifts {
            cuts += sweep(&case, shift);
        }
    }
    println!("{cuts} cuts");
    assert!(cuts > 900, "{cuts} cuts");
}

#[test]
fn without_the_reserve_the_magic_would_show() {
    let (part, trailer, magic) = cases().remove(2);
    let mut board = Board::new(part);
    board.put(Area::SlotA, &magics(magic, 5, OLD_LEN));
    let new = magics(magic, 0, slot_size(&part));
    let package = package(&new);
    let (mut mcuboot, _) = Mcuboot::start(&mut board, trailer).unwrap();
    let reserve = mcuboot.reserve();
    let refusal = update(mcuboot.slots(), &package, reserve).unwrap_err();
    assert!(matches!(refusal, Error::SlotTooSmall { .. }));
    update(mcuboot.slots(), &package, 0).unwrap();
    assert!(board.slot(Area::SlotB).ends_with(&magic));
}

#[test]
fn an_image_that_is_not_confirmed_goes_back() {
    for case in cases() {
        let (part, trailer, magic) = case;
        let (old, new) = (magics(magic, 5, OLD_LEN), magics(magic, 1, NEW_LEN));
        let package = package(&new);
        let mut board = Board::new(part);
        board.put(Area::SlotA, &old);
        application(&mut board, trailer, &package).unwrap();
        // It starts, is seen to be on trial, and does not confirm; so for each of its tries.
        for _ in 0..support::TRIAL_BOOTS {
            assert_eq!(reset(&mut board, trailer, magic), SwapType::Test);
            let (mut mcuboot, running) = Mcuboot::start(&mut board, trailer).unwrap();
            assert_eq!(running, Running::Trial);
            assert_eq!(mcuboot.swap_type().unwrap(), SwapType::Revert);
            assert_eq!(mcuboot.mark(Upgrade::Test), Err(Error::WrongState));
            assert_eq!(mcuboot.prepare(), Err(Error::Unconfirmed));
            assert_eq!(reset(&mut board, trailer, magic), SwapType::Revert);
            assert!(board.slot(Area::SlotA).starts_with(&old));
            let (mut mcuboot, running) = Mcuboot::start(&mut board, trailer).unwrap();
            assert_eq!(running, Running::NotMarked);
            assert_eq!(mcuboot.confirm(), Err(Error::NothingToConfirm));
            mcuboot.mark(Upgrade::Test).unwrap();
        }
        let record = BootRecord::load(&mut board).unwrap();
        assert_eq!(
            (record.phase, record.outcome),
            (Phase::Idle, Outcome::Reverted)
        );
        assert_eq!(reset(&mut board, trailer, magic), SwapType::None);
        assert!(board.slot(Area::SlotA).starts_with(&old));
        // And the next package is taken.
        let package = support::package_of(&new, "3.0.0");
        to_the_end(&mut board, &case, &package);
        assert_ended(&mut board, &case, &new);
    }
}

#[test]
fn a_cut_between_image_ok_and_the_record_confirms_at_the_next_start() {
    for case in cases() {
        let (part, trailer, magic) = case;
        let new = magics(magic, 1, NEW_LEN);
        let package = package(&new);
        for at in 0..4 {
            let mut board = Board::new(part);
            board.put(Area::SlotA, &magics(magic, 5, OLD_LEN));
            application(&mut board, trailer, &package).unwrap();
            reset(&mut board, trailer, magic);
            let before = board.sim.operation_count();
            board.sim.cut_after(at, CutStyle::Clean);
            let ended = application(&mut board, trailer, &package);
            // image_ok, then the erase and the write of the record's older copy.
            assert_eq!(ended.is_err(), at < 3, "{before} and {at}");
            board.sim.power_on();
            to_the_end(&mut board, &case, &package);
            assert_ended(&mut board, &case, &new);
        }
    }
}

#[test]
fn a_second_update_follows_the_first() {
    let case = cases().remove(1);
    let (part, trailer, magic) = case;
    let mut board = Board::new(part);
    board.put(Area::SlotA, &magics(magic, 5, OLD_LEN));
    let first = magics(magic, 1, NEW_LEN);
    to_the_end(&mut board, &case, &package(&first));
    let second = magics(magic, 2, NEW_LEN);
    let package = support::package_of(&second, "3.0.0");
    let (mut mcuboot, running) = Mcuboot::start(&mut board, trailer).unwrap();
    assert_eq!(running, Running::Confirmed);
    mcuboot.prepare().unwrap();
    let reserve = mcuboot.reserve();
    update(mcuboot.slots(), &package, reserve).unwrap();
    assert_eq!(mcuboot.mark(Upgrade::Permanent), Ok(Marked::Reset));
    assert_eq!(mcuboot.mark(Upgrade::Permanent), Ok(Marked::Reset));
    assert_eq!(mcuboot.swap_type(), Ok(SwapType::Permanent));
    assert!(board.slot(Area::SlotA).starts_with(&first));
    assert_eq!(reset(&mut board, trailer, magic), SwapType::Permanent);
    assert_ended(&mut board, &case, &second);
}

#[test]
fn an_old_request_is_erased_before_an_update() {
    let (part, trailer, magic) = cases().remove(3);
    let mut board = Board::new(part);
    board.put(Area::SlotA, &magics(magic, 5, OLD_LEN));
    board.put(Area::SlotB, &magics(magic, 0, slot_size(&part)));
    let (mut mcuboot, running) = Mcuboot::start(&mut board, trailer).unwrap();
    assert_eq!(running, Running::Confirmed);
    mcuboot.prepare().unwrap();
    let state = trailer.read(&mut board, Area::SlotB).unwrap();
    assert_eq!(
        (state.magic, state.image_ok, state.copy_done),
        (Magic::Unset, Flag::Unset, Flag::Unset)
    );
}

#[test]
fn lengths_are_those_of_imgtool() {
    // imgtool 2.5.0, `Image._trailer_size` with 128 sectors, without encryption.
    for (write_size, max_align, swap, overwrite) in [
        (1, 8, 432, 32),
        (4, 8, 1584, 32),
        (8, 8, 3120, 32),
        (16, 16, 6224, 48),
        (32, 32, 12448, 96),
    ] {
        let trailer = |mode| Trailer {
            max_align,
            max_sectors: 128,
            mode,
            key_len: 0,
        };
        assert_eq!(trailer(Mode::SwapScratch).len(write_size), swap);
        assert_eq!(trailer(Mode::SwapMove).len(write_size), swap);
        assert_eq!(trailer(Mode::Overwrite).len(write_size), overwrite);
    }
}
