//! The power fails at every operation of an update's life, in every way that the simulator knows.
//!
//! `SPRAG_FULL=1` sweeps parts with their real sectors too, and cuts twice far more often.

use core::fmt::Debug;
use std::collections::BTreeSet;

use flash_sim::{CutStyle, Operation, OperationKind};
use sprag_manifest::Item;
use sprag_verifier::{
    Area, Boot, Outcome, Phase, StagingPlace, Wanted, checkpoint_copy_len,
    checkpoint_min_operations,
};

use crate::support::{
    Board, Link, Offer, Package, Ran, Release, Rng, Room, Stop, apply, h7, l0, l4, nrf,
    random_image, random_operations, rp2040, uneven,
};

/// Times under power in which an update must come to its end, however the power failed before.
const MANY_BOOTS: u32 = 12;

fn is_full() -> bool {
    std::env::var_os("SPRAG_FULL").is_some()
}

/// An update whose life is cut.
struct Sweep<const R: usize, const W: usize, const S: usize> {
    fresh: Board<R, W, S>,
    old: Vec<u8>,
    new: Vec<u8>,
    package: Package,
    offer: Offer,
    place: StagingPlace,
    keeps_checkpoints: bool,
    seed: u64,
}

impl<const R: usize, const W: usize, const S: usize> Sweep<R, W, S> {
    fn new(fresh: Board<R, W, S>, release: &Release, old: &[u8], place: StagingPlace) -> Self {
        let package = release.package();
        let mut offer = Offer::new(&package, old);
        offer.resources.trial_boots = 9;
        Self {
            fresh,
            old: old.to_vec(),
            new: release.new.clone(),
            offer,
            package,
            place,
            keeps_checkpoints: release.payloads[0].checkpoint_interval != 0,
            seed: 0,
        }
    }

    /// Blocks of the first payload that were fetched more than once, each time counted.
    fn blocks_again(&self, link: &Link<'_>) -> usize {
        let parts = self.package.parts(0);
        let blocks = parts
            .iter()
            .filter(|(item, _)| matches!(item, Item::Block(_)));
        let times = blocks.map(|(_, range)| {
            let fetched = |wanted: &&Wanted| range.start == usize::try_from(wanted.offset).unwrap();
            link.fetched.iter().filter(fetched).count()
        });
        times.map(|times| times.saturating_sub(1)).sum()
    }

    /// On a board that differs by `seed`: as it left the factory, with flash that reports torn units, or in service.
    fn of_seed(
        board: Board<R, W, S>,
        release: &Release,
        old: &[u8],
        place: StagingPlace,
        seed: u64,
    ) -> Self {
        let mut board = match seed {
            0 => board.newly_made(old),
            _ => board.in_service(old),
        };
        if seed == 1 {
            // As flash with ECC does.
            board.sim_mut().report_torn_units();
        }
        let mut sweep = Self::new(board, release, old, place);
        sweep.seed = seed;
        sweep
    }

    fn name(&self, what: &dyn Debug) -> String {
        format!(
            "{S}/{W} {:?}, image {}, cut {what:?}",
            self.place, self.seed
        )
    }

    /// Cuts every operation in every way; some of the recoveries are cut again. Returns both counts.
    fn run(&self, double_every: u64) -> (u64, u64) {
        let mut uncut = self.fresh.clone();
        let mut link = Link::new(&self.package.bytes);
        uncut.live(&self.offer, &self.new, &mut link).unwrap();
        let log = uncut.sim().log().to_vec();
        assert_eq!(log.len(), usize::try_from(uncut.operations()).unwrap());

        let (mut cuts, mut double_cuts) = (0, 0);
        let mut rng = Rng(log.len().try_into().unwrap());
        for operation in &log {
            for style in CutStyle::for_operation(operation, uncut.sim().geometry(), 7) {
                cuts += 1;
                let first = (operation.index, style);
                let (mut board, mut link) = self.cut_fresh(first);
                if cuts % double_every == 0 {
                    double_cuts += 1;
                    let seed = rng.next();
                    let style = match seed % 8 {
                        0 => CutStyle::Clean,
                        1 => CutStyle::AfterCompletion,
                        2..5 => CutStyle::TornWrite {
                            units_done: u32::try_from((seed >> 8) % 64).unwrap(),
                            garble: seed,
                        },
                        // One of a write tears its first unit.
                        _ => CutStyle::PartialErase {
                            sectors_done: 0,
                            seed: seed >> 8,
                        },
                    };
                    let second = (rng.next() % u64::try_from(log.len()).unwrap(), style);
                    self.cut_again(&mut board, &mut link, second, &(first, second));
                } else {
                    self.recover(board, &mut link, 1, &first);
                }
            }
        }
        (cuts, double_cuts)
    }

    fn cut_fresh(&self, (index, style): (u64, CutStyle)) -> (Board<R, W, S>, Link<'_>) {
        let mut board = self.fresh.clone();
        let mut link = Link::new(&self.package.bytes);
        board.sim_mut().cut_after(index, style);
        let mut ran = Ok(Ran::Updated);
        while ran.is_ok() {
            ran = board.run(&self.offer, &self.new, &mut link);
        }
        assert_eq!(ran, Err(Stop::PowerLost), "{}", self.name(&(index, style)));
        self.check_boot(&board, &(index, style));
        (board, link)
    }

    /// Cuts the recovery at one of its own operations, then lets it end.
    fn cut_again(
        &self,
        board: &mut Board<R, W, S>,
        link: &mut Link<'_>,
        (index, style): (u64, CutStyle),
        what: &dyn Debug,
    ) {
        board.sim_mut().power_on();
        board.sim_mut().cut_after(index, style);
        loop {
            match board.run(&self.offer, &self.new, link) {
                Ok(Ran::UpToDate) => break,
                Ok(_) => {}
                Err(stop) => {
                    assert_eq!(stop, Stop::PowerLost, "{}", self.name(what));
                    self.check_boot(board, what);
                    break;
                }
            }
        }
        self.recover(board.clone(), link, 2, what);
    }

    /// After a cut the device boots the old image or the new one, whole.
    fn check_boot(&self, board: &Board<R, W, S>, what: &dyn Debug) {
        let good = match board.would_boot() {
            Boot::Trial(slot) => board.holds(slot, &self.new),
            Boot::Confirmed(Area::SlotA) => board.holds(Area::SlotA, &self.old),
            Boot::Confirmed(slot) => board.holds(slot, &self.new),
            _ => false,
        };
        assert!(good, "{}: boots {:?}", self.name(what), board.would_boot());
    }

    /// With the power back, the update comes to its end, and hardly anything is fetched again.
    fn recover(
        &self,
        mut board: Board<R, W, S>,
        link: &mut Link<'_>,
        cuts: usize,
        what: &dyn Debug,
    ) {
        let mut boots = 0;
        loop {
            boots += 1;
            assert!(boots < MANY_BOOTS, "{}: no end", self.name(what));
            match board.power_on(&self.offer, &self.new, link) {
                Ok(Ran::UpToDate) => break,
                Ok(_) => {}
                // Too much was torn: the update begins anew by itself.
                Err(Stop::Refused(e)) if e.code() == 606 && cuts > 1 => {}
                Err(stop) => panic!("{}: {stop:?}", self.name(what)),
            }
        }
        let what = self.name(what);
        assert!(board.holds(Area::SlotA, &self.old), "{what}");
        assert!(board.holds(Area::SlotB, &self.new), "{what}");
        let record = board.record();
        assert_eq!(
            (record.phase, record.outcome),
            (Phase::Idle, Outcome::Confirmed),
            "{what}"
        );
        assert_eq!((record.security_counter, record.sequence), (3, 7), "{what}");
        let slot = board.range(Area::SlotB, board.region(Area::SlotB).len);
        let allowed = [Area::SlotB, Area::Staging, Area::Scratch, Area::Record]
            .map(|area| board.range(area, board.region(area).len));
        assert_eq!(board.strayed(&allowed), [], "{what}");
        let image = slot.start..slot.start + u32::try_from(self.new.len()).unwrap();
        assert_eq!(
            board.sim().weak_bits(image),
            0,
            "{what}: bits that may still change"
        );
        if self.keeps_checkpoints {
            let again = self.blocks_again(link);
            assert!(again <= cuts, "{what}: {again} blocks were fetched again");
        } else if self.place != StagingPlace::Direct {
            let starts: BTreeSet<_> = link.fetched.iter().map(|wanted| wanted.offset).collect();
            let again = link.fetched.len() - starts.len();
            assert!(again <= cuts, "{what}: {again} parts were fetched again");
        }
    }
}

/// Sweeps one part with all staging places and several images; sizes in sectors and bytes.
fn sweep<const R: usize, const W: usize, const S: usize>(
    make: impl Fn(Room) -> Board<R, W, S>,
    (image, staging): (u32, u32),
    (old_len, new_len): (u32, u32),
    least: u64,
) {
    let (seeds, double_every) = if is_full() { (0..12, 2) } else { (0..3, 5) };
    let (mut cuts, mut double_cuts) = (0, 0);
    for seed in seeds {
        let old = random_image(old_len, 11 + seed);
        let release = Release::delta(&old, &random_operations(old_len, new_len, 31 + seed));
        for place in [
            StagingPlace::Direct,
            StagingPlace::Area,
            StagingPlace::SlotTail,
        ] {
            let room = Room {
                place,
                image,
                staging,
            };
            let counts = Sweep::of_seed(make(room), &release, &old, place, seed).run(double_every);
            (cuts, double_cuts) = (cuts + counts.0, double_cuts + counts.1);
        }
    }
    println!("{S}/{W}: {cuts} cuts, {double_cuts} of them followed by another");
    assert!(cuts >= least, "only {cuts} cuts");
}

#[test]
fn nrf52_like() {
    sweep(nrf::<512>, (10, 12), (5000, 5100), 15_000);
}

#[test]
fn stm32l4_like() {
    sweep(l4::<512>, (10, 12), (5100, 5000), 8000);
}

#[test]
fn stm32h7_like() {
    sweep(h7::<1024>, (8, 9), (8000, 8190), 4000);
}

#[test]
fn stm32l0() {
    sweep(l0, (16, 28), (2000, 1900), 8000);
}

#[test]
fn stm32f4_like() {
    sweep(uneven, (0, 0), (5000, 6000), 15_000);
}

/// Sweeps one part without room to stage, with checkpoints in a scratch area; blocks lead over a sector's end each.
fn sweep_checkpoints<const R: usize, const W: usize, const S: usize>(
    make: impl Fn(Room) -> Board<R, W, S>,
    (image, scratch): (u32, u32),
    (old_len, new_len): (u32, u32),
    block_size: u32,
    least: u64,
) {
    let (seeds, double_every) = if is_full() { (0..12, 2) } else { (0..3, 5) };
    let (mut cuts, mut double_cuts) = (0, 0);
    for seed in seeds {
        let old = random_image(old_len, 11 + seed);
        let release = Release::delta(&old, &random_operations(old_len, new_len, 31 + seed));
        let releases = [release, Release::full(random_image(new_len, 51 + seed))];
        for release in releases.map(|release| release.with_checkpoints(block_size)) {
            let place = StagingPlace::Direct;
            let room = Room {
                place,
                image,
                staging: scratch,
            };
            let counts = Sweep::of_seed(make(room), &release, &old, place, seed).run(double_every);
            (cuts, double_cuts) = (cuts + counts.0, double_cuts + counts.1);
        }
    }
    println!("{S}/{W}, checkpoints: {cuts} cuts, {double_cuts} of them followed by another");
    assert!(cuts >= least, "only {cuts} cuts");
}

#[test]
fn checkpoints_nrf52_like() {
    sweep_checkpoints(nrf::<512>, (10, 12), (5000, 5100), 1024, 5000);
}

#[test]
fn checkpoints_stm32l4_like() {
    sweep_checkpoints(l4::<512>, (10, 12), (5100, 5000), 1024, 3000);
}

#[test]
fn checkpoints_stm32h7_like() {
    sweep_checkpoints(h7::<1024>, (8, 8), (8000, 8190), 2048, 2000);
}

#[test]
fn checkpoints_stm32l0() {
    sweep_checkpoints(l0, (16, 24), (2000, 1900), 512, 3000);
}

/// With power for only so many operations each time, the update still completes: for every number from the stated
/// minimum on.
#[test]
fn an_update_with_checkpoints_gets_further_each_time() {
    let old = random_image(5000, 1);
    let delta = Release::delta(&old, &random_operations(5000, 5100, 2));
    for release in [delta, Release::full(random_image(5100, 3))] {
        let release = release.with_checkpoints(1024);
        for (image, scratch) in [(10, 12), (18, 0)] {
            let room = Room {
                place: StagingPlace::Direct,
                image,
                staging: scratch,
            };
            let board = nrf::<512>(room).in_service(&old);
            let sweep = Sweep::new(board, &release, &old, room.place);
            let copy_len = checkpoint_copy_len(&sweep.package.payloads[0], &sweep.offer.codecs);
            let stated = u64::from(checkpoint_min_operations(copy_len, 512));
            let completes = |operations: u64| {
                let mut board = sweep.fresh.clone();
                let mut link = Link::new(&sweep.package.bytes);
                let mut offer = sweep.offer.clone();
                offer.resources.trial_boots = 200;
                for boot in 0..200_u64 {
                    board.sim_mut().power_on();
                    let style = match boot % 3 {
                        0 => CutStyle::Clean,
                        1 => CutStyle::TornWrite {
                            units_done: 5,
                            garble: boot,
                        },
                        _ => CutStyle::PartialErase {
                            sectors_done: 0,
                            seed: boot,
                        },
                    };
                    board.sim_mut().cut_after(operations, style);
                    loop {
                        match board.run(&offer, &sweep.new, &mut link) {
                            Ok(Ran::UpToDate) => return board.holds(Area::SlotB, &sweep.new),
                            Ok(_) => {}
                            Err(Stop::PowerLost) => break,
                            Err(stop) => panic!("{operations}: {stop:?}"),
                        }
                    }
                }
                false
            };
            for operations in stated..stated + 150 {
                assert!(completes(operations), "{operations} operations each time");
            }
            let least = (1..stated).rfind(|operations| !completes(*operations));
            println!("stated {stated}, does not complete with {least:?}");
            assert!(least.is_some(), "fewer operations always do: state fewer");
        }
    }
}

#[test]
fn stored_and_native_payloads_on_a_blank_slot() {
    let old = random_image(3000, 21);
    let operations = random_operations(3000, 2900, 22);
    let releases = [
        Release::native_delta(&old, &operations),
        Release::full(random_image(2900, 23)),
        // The decoder reads back what was written before the cut.
        Release::native_full(apply(&old, &operations)),
    ];
    for release in &releases {
        let room = Room {
            place: StagingPlace::SlotTail,
            image: 6,
            staging: 12,
        };
        let board = l4::<512>(room).newly_made(&old);
        Sweep::new(board, release, &old, room.place).run(16);
    }
}

/// Blocks like erased flash are staged without a write, so nothing but its erase tells of their sector.
#[test]
fn images_with_long_blank_runs() {
    let old = random_image(900, 21);
    let (mut cuts, mut double_cuts) = (0, 0);
    for run in [300, 700, 1000, 1300] {
        let mut new = random_image(500, 22);
        new.resize(500 + run, 0xff);
        new.extend(random_image(900, 23));
        let release = Release::full(new);
        for place in [StagingPlace::Area, StagingPlace::SlotTail] {
            let room = Room {
                place,
                image: 3,
                staging: 6,
            };
            let board = l4::<1024>(room).in_service(&old);
            let counts = Sweep::new(board, &release, &old, place).run(5);
            (cuts, double_cuts) = (cuts + counts.0, double_cuts + counts.1);
        }
    }
    println!("blank runs: {cuts} cuts, {double_cuts} of them followed by another");
}

/// Once all is staged, the update needs no link: the head is staged as well.
#[test]
fn a_staged_update_goes_on_without_a_link() {
    let old = random_image(3000, 1);
    let release = Release::delta(&old, &random_operations(3000, 2900, 2));
    for place in [StagingPlace::Area, StagingPlace::SlotTail] {
        let room = Room {
            place,
            image: 6,
            staging: 12,
        };
        let sweep = Sweep::new(nrf::<512>(room).in_service(&old), &release, &old, place);
        let mut uncut = sweep.fresh.clone();
        let mut link = Link::new(&sweep.package.bytes);
        uncut.live(&sweep.offer, &sweep.new, &mut link).unwrap();
        let image = uncut.range(Area::SlotB, 6 * 512);
        let log = uncut.sim().log();
        // The first write of the image: from here on all is staged. Then the tail is cleaned, head and all.
        let writes =
            |op: &&Operation| op.kind == OperationKind::Write && image.contains(&op.address);
        let staged = log.iter().find(writes).unwrap().index;
        let last = log.iter().rfind(writes).unwrap().index;
        let (mut alone, mut bereft) = (0, 0);
        for operation in log {
            let (mut board, mut link) = sweep.cut_fresh((operation.index, CutStyle::Clean));
            let ran = loop {
                match board.power_on(&sweep.offer, &sweep.new, &mut Link::none()) {
                    Ok(Ran::UpToDate) => break Ok(()),
                    Ok(_) => {}
                    Err(stop) => break Err(stop),
                }
            };
            let what = sweep.name(&operation);
            match ran {
                Ok(()) => alone += 1,
                Err(stop) => {
                    let cleaning = place == StagingPlace::SlotTail && operation.index > last;
                    assert!(operation.index < staged || cleaning, "{what}: {stop:?}");
                    bereft += 1;
                }
            }
            sweep.recover(board, &mut link, 1, &what);
        }
        assert!(alone > 10 && bereft > 10, "{place:?}: {alone} and {bereft}");
    }
}

#[test]
fn parts_at_full_size() {
    if !is_full() {
        return;
    }
    sweep(nrf::<4096>, (3, 3), (10_000, 12_000), 10_000);
    sweep(l4::<2048>, (8, 8), (16_000, 16_100), 10_000);
    sweep(rp2040, (8, 8), (30_000, 31_000), 500);
}
