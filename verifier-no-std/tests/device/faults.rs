//! Flash that lies or fails: the update ends in the new image or in an error with its address, and the old image
//! boots on.

use flash_sim::{CutStyle, Defect, Flake, OperationKind};
use sprag_verifier::{Area, Boot, Error, FlashErrorKind, StagingPlace};

use crate::matrix::is_full;
use crate::support::single_slot::{InPlacePlan, SingleSlot, Trial};
use crate::support::sweep::{Counts, Life as _, Lived, Pairs, Tears, sweep, uncut};
use crate::support::two_slots::TwoSlots;
use crate::support::{
    Board, Link, Offer, Package, Release, Room, Stop, index, nrf, random_image, random_operations,
};

const BASE: u32 = 0x0800_0000;

struct Bench {
    board: Board<1, 4, 512>,
    offer: Offer,
    package: Package,
    old: Vec<u8>,
    new: Vec<u8>,
}

fn bench(place: StagingPlace) -> Bench {
    let old = random_image(3000, 1);
    let release = Release::delta(&old, &random_operations(3000, 2900, 2));
    bench_of(place, old, release)
}

fn bench_of(place: StagingPlace, old: Vec<u8>, release: Release) -> Bench {
    let package = release.package();
    let room = Room {
        place,
        image: 6,
        staging: 12,
    };
    Bench {
        board: nrf(room).in_service(&old),
        offer: Offer::new(&package, &old),
        package,
        old,
        new: release.new,
    }
}

impl Bench {
    fn update(&self, board: &mut Board<1, 4, 512>, link: &mut Link<'_>) -> Result<(), Error> {
        match board.update(&self.offer, link) {
            Ok(_) => Ok(()),
            Err(Stop::Refused(e)) => Err(e),
            Err(stop) => panic!("{stop:?}"),
        }
    }

    /// Whatever happened, the device boots one image or the other.
    fn check_boot(&self, board: &Board<1, 4, 512>, what: &str) {
        match board.would_boot() {
            Boot::Trial(slot) => assert!(board.holds(slot, &self.new), "{what}"),
            boot => assert!(board.holds(boot.slot(), &self.old), "{what}: {boot:?}"),
        }
    }
}

#[test]
fn one_misread_of_a_staged_part_costs_nothing() {
    for place in [StagingPlace::Area, StagingPlace::SlotTail] {
        let bench = bench(place);
        let staging = match place {
            StagingPlace::Area => bench.board.range(Area::Staging, 12 * 512),
            _ => {
                let slot = bench.board.range(Area::SlotB, 18 * 512);
                slot.start + 6 * 512..slot.end
            }
        };
        let mut board = bench.board.clone();
        board.sim_mut().set_trace(flash_sim::Trace::All);
        bench
            .update(&mut board, &mut Link::new(&bench.package.bytes))
            .unwrap();
        let reads = board
            .sim()
            .log()
            .iter()
            .filter(|op| op.kind == OperationKind::Read && staging.contains(&op.address));
        let reads = u32::try_from(reads.count()).unwrap();
        let parts = bench.package.parts(0).len();
        for skip in 0..reads {
            let mut board = bench.board.clone();
            let flake = Flake::WrongBit;
            board.sim_mut().flaky_reads(staging.clone(), flake, skip, 1);
            let mut link = Link::new(&bench.package.bytes);
            bench
                .update(&mut board, &mut link)
                .unwrap_or_else(|e| panic!("{skip}: {e:?}"));
            assert!(board.holds(Area::SlotB, &bench.new), "read {skip}");
            assert_eq!(link.fetched.len(), parts, "read {skip}: parts fetched");
        }
        assert!(reads > 30, "{reads}");
    }
}

#[test]
fn one_misread_anywhere_never_boots_a_wrong_image() {
    for place in [StagingPlace::Direct, StagingPlace::Area] {
        let bench = bench(place);
        let capacity = bench.board.sim().geometry().capacity();
        let mut fine = 0;
        for skip in (0..600).step_by(3) {
            for flake in [Flake::WrongBit, Flake::Error] {
                let what = format!("{place:?}, read {skip}, {flake:?}");
                let mut board = bench.board.clone();
                board.sim_mut().flaky_reads(0..capacity, flake, skip, 1);
                let mut link = Link::new(&bench.package.bytes);
                match bench.update(&mut board, &mut link) {
                    Ok(()) => fine += 1,
                    Err(Error::FlashRead { kind, .. }) => {
                        assert_eq!(kind, FlashErrorKind::Other, "{what}");
                    }
                    // The record does not read back, or a blank one not as blank: nothing is guessed.
                    Err(e) => assert!(matches!(e.code(), 500..=799 | 804 | 903), "{what}: {e:?}"),
                }
                board.sim_mut().clear_faults();
                bench.check_boot(&board, &what);
                // The next try succeeds.
                let mut link = Link::new(&bench.package.bytes);
                board.live(&bench.offer, &bench.new, &mut link).unwrap();
            }
        }
        assert!(fine > 100, "{place:?}: {fine}");
    }
}

/// A bit of the new image that is misread when it is read back does not end the update: it is hashed again.
#[test]
fn one_misread_of_the_new_image_is_not_a_wrong_image() {
    // Its decoder reads nothing back, which would make another image of a misread bit.
    let release = Release::full(random_image(2900, 2));
    let bench = bench_of(StagingPlace::Area, random_image(3000, 1), release);
    let len = u32::try_from(bench.new.len()).unwrap();
    let slot = bench.board.range(Area::SlotB, len);
    let mut fine = 0;
    for skip in 0..400 {
        let mut board = bench.board.clone();
        board
            .sim_mut()
            .flaky_reads(slot.clone(), Flake::WrongBit, skip, 1);
        let mut link = Link::new(&bench.package.bytes);
        match bench.update(&mut board, &mut link) {
            Ok(()) => fine += 1,
            // A chunk that does not read back.
            Err(e) => assert!(matches!(e, Error::FlashVerify { .. }), "{skip}: {e:?}"),
        }
    }
    assert!(fine > 300, "{fine}");
}

/// A bit of the running image that is misread is never taken for another image: it is hashed again.
#[test]
fn one_misread_of_the_source_is_not_a_wrong_source() {
    let bench = bench(StagingPlace::Area);
    let running = bench.board.range(Area::SlotA, 3000);
    for skip in 0..12 {
        let mut board = bench.board.clone();
        let flake = Flake::WrongBit;
        board.sim_mut().flaky_reads(running.clone(), flake, skip, 1);
        let mut buf = vec![0; bench.offer.intake_len];
        let prepared = board.prepare(&bench.offer, &mut Link::new(&bench.package.bytes), &mut buf);
        prepared.unwrap_or_else(|e| panic!("read {skip}: {e:?}"));
    }
    // Of what is another image for good, the first difference is reported.
    let mut board = bench.board.clone();
    board
        .sim_mut()
        .load(running.start + 999, &[!bench.old[999]]);
    let refused = bench.update(&mut board, &mut Link::new(&bench.package.bytes));
    assert!(
        matches!(refused, Err(Error::SourceNotListed { .. })),
        "{refused:?}"
    );
    assert_eq!(board.operations(), 0);
}

/// An erase that fails once is done again, and so is a write of the boot record or of the staging area; any other write
/// that fails once ends the try with its address, and the next try succeeds.
#[test]
fn one_failure_of_any_operation_costs_a_try_at_most() {
    for place in [
        StagingPlace::Direct,
        StagingPlace::Area,
        StagingPlace::SlotTail,
    ] {
        let bench = bench(place);
        let mut whole = bench.board.clone();
        let mut link = Link::new(&bench.package.bytes);
        bench.update(&mut whole, &mut link).unwrap();
        for n in 0..whole.operations() {
            let what = format!("{place:?}, operation {n}");
            let mut board = bench.board.clone();
            board.sim_mut().fail_after(n, 1);
            let mut link = Link::new(&bench.package.bytes);
            let failed = whole.sim().log()[usize::try_from(n).unwrap()];
            let within = |area, len| board.range(area, len).contains(&failed.address);
            let record = within(Area::Record, 1024) && n > 0;
            let staged = within(Area::Staging, board.region(Area::Staging).len);
            let again = record || staged;
            match bench.update(&mut board, &mut link) {
                // The head is in the first sector of the slot's tail, which may be erased again.
                Ok(()) => {
                    let head =
                        place == StagingPlace::SlotTail && board.holds(Area::SlotB, &bench.new);
                    assert!(
                        again || head || failed.kind == OperationKind::Erase,
                        "{what}"
                    );
                }
                Err(Error::FlashWrite { address, .. }) => {
                    assert!(!again && failed.kind == OperationKind::Write, "{what}");
                    let operation = failed.address..failed.address + failed.len;
                    let address = address - BASE;
                    // A write that begins with blank units is named by its chunk.
                    let near = operation.contains(&address) || failed.address - address < 256;
                    assert!(near, "{what}: {address:#x}");
                }
                other => panic!("{what}: {other:?}"),
            }
            bench.check_boot(&board, &what);
            let mut link = Link::new(&bench.package.bytes);
            board
                .live(&bench.offer, &bench.new, &mut link)
                .unwrap_or_else(|e| panic!("{what}: {e:?}"));
        }
    }
}

#[test]
fn a_sector_that_fails_is_named_and_the_old_image_boots_on() {
    for place in [StagingPlace::Direct, StagingPlace::Area] {
        let bench = bench(place);
        let slot = bench.board.region(Area::SlotB).start;
        for sector in 0..6 {
            let start = slot + sector * 512;
            for defect in [
                Defect::EraseFails,
                Defect::WriteFails,
                Defect::StuckBits { seed: 7 },
            ] {
                let what = format!("{place:?} sector {sector} {defect:?}");
                let mut board = bench.board.clone();
                board.sim_mut().break_sector(start, defect);
                let mut link = Link::new(&bench.package.bytes);
                let refused = bench.update(&mut board, &mut link);
                let (area, kind) = (Area::SlotB, FlashErrorKind::Other);
                let within = BASE + start..BASE + start + 512;
                match refused {
                    Err(Error::FlashErase {
                        area: a,
                        address,
                        kind: k,
                    }) => {
                        assert_eq!((a, address, k), (area, BASE + start, kind), "{what}");
                        assert_eq!(defect, Defect::EraseFails);
                    }
                    Err(Error::FlashWrite {
                        area: a,
                        address,
                        kind: k,
                    }) => {
                        assert_eq!((a, k), (area, kind), "{what}");
                        assert!(within.contains(&address), "{what}: {address:#x}");
                        assert_eq!(defect, Defect::WriteFails);
                    }
                    Err(Error::FlashVerify { area: a, address }) => {
                        assert_eq!(a, area, "{what}");
                        assert!(within.contains(&address), "{what}: {address:#x}");
                        assert!(matches!(defect, Defect::StuckBits { .. }), "{what}");
                    }
                    // Bits may be stuck as the new image wants them.
                    Ok(()) => assert!(matches!(defect, Defect::StuckBits { .. }), "{what}"),
                    Err(e) => panic!("{what}: {e:?}"),
                }
                bench.check_boot(&board, &what);
                assert!(board.holds(Area::SlotA, &bench.old), "{what}");
            }
        }
    }
}

#[test]
fn a_cell_of_the_staging_area_that_sticks_is_worked_around() {
    let bench = bench(StagingPlace::Area);
    let range = bench.board.range(Area::Staging, 12 * 512);
    let mut done = 0;
    for address in (range.start..range.end).step_by(37) {
        let mut board = bench.board.clone();
        board.sim_mut().stick_bits(address, 0x18, 0x08);
        let what = format!("cell {:#x}", address - range.start);
        let mut link = Link::new(&bench.package.bytes);
        match bench.update(&mut board, &mut link) {
            Ok(()) => {
                done += 1;
                assert!(board.holds(Area::SlotB, &bench.new), "{what}");
            }
            Err(e) => panic!("{what}: {e:?}"),
        }
        bench.check_boot(&board, &what);
    }
    println!(
        "{done} of {} updates worked around a stuck cell",
        (range.end - range.start) / 37
    );
    assert!(done > 100, "{done}");
}

const DEFECTS: [Defect; 3] = [
    Defect::EraseFails,
    Defect::WriteFails,
    Defect::StuckBits { seed: 7 },
];

/// A staging area with sectors to spare outlives one that is bad from the start, with the power cut at any operation.
#[test]
fn a_bad_sector_of_the_staging_area_is_left() {
    let old = random_image(3000, 1);
    let release = Release::delta(&old, &random_operations(3000, 2900, 2));
    let room = Room {
        place: StagingPlace::Area,
        image: 6,
        staging: 14,
    };
    let fresh = nrf::<512>(room).in_service(&old);
    let area = fresh.region(Area::Staging);
    let mut counts = Counts::default();
    for sector in (0..14).filter(|n| is_full() || [0, 1, 4, 6].contains(n)) {
        for defect in DEFECTS {
            let mut board = fresh.clone();
            board
                .sim_mut()
                .break_sector(area.start + sector * 512, defect);
            let life = TwoSlots::new(board, &release, &old, room.place);
            counts.add(sweep(&life, Tears::Few, Pairs::Sampled(40)));
        }
    }
    println!("{counts:?}");
    assert!(
        counts.cuts > 3000 && counts.double_cuts >= 480,
        "{counts:?}"
    );
}

/// Two groups over an image of seven sectors.
const ONE_SLOT: InPlacePlan = InPlacePlan {
    image: 7,
    group: 4,
    shift: 1,
    checkpoint: 256 + 120,
    block_size: 256,
    native: false,
};

/// The same with a single slot, where the head is found again without a link.
#[test]
fn a_bad_sector_is_left_with_a_single_slot_too() {
    let mut counts = Counts::default();
    for trial in [Trial::Fails, Trial::Confirms] {
        if trial == Trial::Confirms && !is_full() {
            continue;
        }
        for sector in (0..20).filter(|n| is_full() || [0, 3].contains(n)) {
            for defect in DEFECTS {
                let mut life = SingleSlot::new(nrf::<512>, ONE_SLOT, 0, trial);
                let at = life.fresh.region(Area::Staging).start + sector * 512;
                life.fresh.sim_mut().break_sector(at, defect);
                // All is staged after other operations than with good sectors.
                life.count_staged();
                counts.add(sweep(&life, Tears::Few, Pairs::Sampled(20)));
            }
        }
    }
    println!("{counts:?}");
    assert!(
        counts.cuts > 3000 && counts.double_cuts >= 120,
        "{counts:?}"
    );
}

/// With a single slot, what is misread while the old image is moved and overwritten could not be made good.
#[test]
fn one_misread_never_costs_the_only_slot() {
    let life = SingleSlot::new(nrf::<512>, ONE_SLOT, 0, Trial::Fails);
    let capacity = life.fresh.sim().geometry().capacity();
    let reads = u32::try_from(uncut(&life).sim().totals().reads).unwrap();
    let apart = if is_full() { 1 } else { 13 };
    let mut times = 0;
    for skip in (0..reads).step_by(apart) {
        for flake in [Flake::WrongBit, Flake::Error] {
            let mut board = life.fresh.clone();
            board.sim_mut().flaky_reads(0..capacity, flake, skip, 1);
            let mut link = Link::new(&life.package.bytes);
            let mut boots = 0;
            let rests = loop {
                boots += 1;
                assert!(boots < 12, "read {skip}, {flake:?}: no end");
                match life.run(&mut board, &mut link) {
                    Ok(Lived::Rests) => break true,
                    Ok(Lived::On) => {}
                    Err(Stop::Refused(e)) => {
                        let known = matches!(e.code(), 801 | 804 | 903 | 500..=699);
                        assert!(known, "read {skip}, {flake:?}: {e:?}");
                    }
                    Err(stop) => panic!("read {skip}, {flake:?}: {stop:?}"),
                }
            };
            assert!(rests && board.holds(Area::SlotA, &life.old), "read {skip}");
            times += 1;
        }
    }
    assert!(times > 150, "{times} of {reads} reads");
}

/// A sector that goes bad while the update is under way: what it holds is read on, and what comes goes elsewhere.
#[test]
fn a_sector_of_the_staging_area_may_go_bad_at_any_time() {
    let bench = bench(StagingPlace::Area);
    let area = bench.board.region(Area::Staging);
    let mut whole = bench.board.clone();
    bench
        .update(&mut whole, &mut Link::new(&bench.package.bytes))
        .unwrap();
    let mut times = 0;
    for n in (0..whole.operations()).step_by(if is_full() { 1 } else { 5 }) {
        for sector in 0..area.len / 512 {
            for defect in [Defect::EraseFails, Defect::WriteFails] {
                let what = format!("operation {n}, sector {sector}, {defect:?}");
                let mut board = bench.board.clone();
                board.sim_mut().cut_after(n, CutStyle::Clean);
                let mut link = Link::new(&bench.package.bytes);
                let cut = board.update(&bench.offer, &mut link).map(|_| ());
                assert_eq!(cut, Err(Stop::PowerLost), "{what}");
                board
                    .sim_mut()
                    .break_sector(area.start + sector * 512, defect);
                board
                    .live(&bench.offer, &bench.new, &mut link)
                    .unwrap_or_else(|e| panic!("{what}: {e:?}"));
                assert!(board.holds(Area::SlotB, &bench.new), "{what}");
                times += 1;
            }
        }
    }
    assert!(times > 200, "{times}");
}

/// Without a sector to spare, the update ends with the address of the bad one.
#[test]
fn a_bad_sector_without_a_spare_one_is_named() {
    let old = random_image(3000, 1);
    let release = Release::delta(&old, &random_operations(3000, 2900, 2));
    let package = release.package();
    let offer = Offer::new(&package, &old);
    let least = (1..20).find(|staging| {
        let room = Room {
            place: StagingPlace::Area,
            image: 6,
            staging: *staging,
        };
        let mut board = nrf::<512>(room).in_service(&old);
        let mut buf = vec![0; offer.intake_len];
        let prepared = board.prepare(&offer, &mut Link::new(&package.bytes), &mut buf);
        prepared.is_ok_and(|(plan, _)| plan.is_staged())
    });
    let room = Room {
        place: StagingPlace::Area,
        image: 6,
        staging: least.unwrap(),
    };
    let mut board = nrf::<512>(room).in_service(&old);
    let area = board.region(Area::Staging);
    for sector in 0..area.len / 512 {
        board
            .sim_mut()
            .break_sector(area.start + sector * 512, Defect::EraseFails);
    }
    let refused = board.update(&offer, &mut Link::new(&package.bytes));
    let within = BASE + area.start..BASE + area.start + area.len;
    let Err(Stop::Refused(Error::FlashErase { area, address, .. })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(area, Area::Staging);
    assert!(within.contains(&address), "{address:#x}");
    assert!(matches!(board.would_boot(), Boot::Confirmed(Area::SlotA)));
}

#[test]
fn a_write_that_goes_astray_never_boots_a_wrong_image() {
    let bench = bench(StagingPlace::Area);
    let slot = bench.board.region(Area::SlotB);
    let mut uncut = bench.board.clone();
    bench
        .update(&mut uncut, &mut Link::new(&bench.package.bytes))
        .unwrap();
    let writes = u64::from(u32::try_from(uncut.sim().totals().writes).unwrap());
    for n in 0..writes {
        let mut board = bench.board.clone();
        // Behind the new image and its padding, where nothing is written otherwise.
        let spare = slot.start + slot.len - 256;
        assert!(index(spare - slot.start) > bench.new.len() / 2);
        board
            .sim_mut()
            .erase(slot.start + slot.len - 512, slot.start + slot.len)
            .unwrap();
        board.sim_mut().misdirect_write_after(n, spare);
        let mut link = Link::new(&bench.package.bytes);
        let _ = bench.update(&mut board, &mut link);
        let what = format!("write {n}");
        bench.check_boot(&board, &what);
        let mut link = Link::new(&bench.package.bytes);
        board
            .live(&bench.offer, &bench.new, &mut link)
            .unwrap_or_else(|e| panic!("{what}: {e:?}"));
    }
    assert!(writes > 20);
}
