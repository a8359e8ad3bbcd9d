//! Flash that lies or fails: the update ends in the new image or in an error with its address, and the old image
//! boots on.

use flash_sim::{Defect, Flake, OperationKind};
use sprag_verifier::{Area, Boot, Error, FlashErrorKind, StagingPlace};

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

/// An erase that fails once is done again, and so is a write of the boot record; any other write that fails once ends the
/// try with its address, and the next try succeeds.
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
            let record = board.range(Area::Record, 1024).contains(&failed.address) && n > 0;
            match bench.update(&mut board, &mut link) {
                Ok(()) => assert!(record || failed.kind == OperationKind::Erase, "{what}"),
                Err(Error::FlashWrite { address, .. }) => {
                    assert!(!record && failed.kind == OperationKind::Write, "{what}");
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
            // Under the head, which has but one place; or where no room is left.
            Err(Error::FlashVerify { area, .. }) => assert_eq!(area, Area::Staging, "{what}"),
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
