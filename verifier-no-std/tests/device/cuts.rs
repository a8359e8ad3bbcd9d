//! Power cuts that the matrix does not show: power for a few operations each time, no link any more, blank images.

use flash_sim::{CutStyle, Operation, OperationKind};
use sprag_verifier::{Area, StagingPlace, checkpoint_copy_len, checkpoint_min_operations};

use crate::matrix::is_full;
use crate::support::sweep::{
    Counts, Pairs, Tears, What, cut_fresh, finish, run_to_cut, sweep, uncut,
};
use crate::support::two_slots::TwoSlots;
use crate::support::{
    Link, Ran, Release, Room, Stop, apply, l4, nrf, random_image, random_operations,
};

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
            let life = TwoSlots::new(board, &release, &old, room.place);
            let copy_len = checkpoint_copy_len(&life.package.payloads[0], &life.offer.codecs);
            let stated = u64::from(checkpoint_min_operations(copy_len, 512));
            let completes = |operations: u64| {
                let mut board = life.fresh.clone();
                let mut link = Link::new(&life.package.bytes);
                let mut offer = life.offer.clone();
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
                        match board.run(&offer, &life.new, &mut link) {
                            Ok(Ran::UpToDate) => return board.holds(Area::SlotB, &life.new),
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
        let life = TwoSlots::new(board, release, &old, room.place);
        sweep(&life, Tears::All, Pairs::Sampled(200));
    }
}

/// Blocks like erased flash are staged without a write, so nothing but its erase tells of their sector.
#[test]
fn images_with_long_blank_runs() {
    let old = random_image(900, 21);
    let mut counts = Counts::default();
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
            let life = TwoSlots::new(board, &release, &old, place);
            counts.add(sweep(&life, Tears::All, Pairs::Sampled(100)));
        }
    }
    assert!(
        counts.cuts > 5000 && counts.double_cuts >= 800,
        "{counts:?}"
    );
}

/// Blocks longer than sectors: of a sector that holds nothing but bytes like erased ones, the part reads whole after a cut
/// in its erase, and later does not. Nor does a cut in the erase that mends it cost what was staged, nor one after that.
#[test]
fn sectors_of_blank_bytes_are_not_believed() {
    let old = random_image(900, 21);
    let mut cuts = [0; 2];
    // A whole block between two tails, the tail of one, most of one, two whole ones.
    let runs = [(800, 1300_usize), (800, 300), (400, 650), (700, 3000)];
    for (before, run) in &runs[..if is_full() { 4 } else { 1 }] {
        let mut new = random_image(*before, 22);
        new.resize(new.len() + run, 0xff);
        new.extend(random_image(1300, 23));
        let mut release = Release::full(new);
        release.payloads[0].block_size = 1024;
        for place in [StagingPlace::Area, StagingPlace::SlotTail] {
            let room = Room {
                place,
                image: 24,
                staging: 60,
            };
            let board = l4::<256>(room).in_service(&old);
            let life = TwoSlots::new(board, &release, &old, place);
            let uncut = uncut(&life);
            for operation in uncut.sim().log() {
                for style in CutStyle::for_operation(operation, uncut.sim().geometry(), 7) {
                    let torn_late = matches!(style, CutStyle::TornWrite { units_done: 11, .. });
                    if !matches!(style, CutStyle::PartialErase { .. }) && !torn_late {
                        continue;
                    }
                    let first = (operation.index, style);
                    let (board, link) = cut_fresh(&life, first);
                    let clean = (0..60).step_by(12).map(|later| (later, CutStyle::Clean));
                    for second in clean.chain((0..4).flat_map(torn_erases)) {
                        let (mut board, mut link) = (board.clone(), link.clone());
                        let what = What {
                            first: Some(first),
                            second: Some(second),
                        };
                        board.sim_mut().power_on();
                        board.sim_mut().cut_after(second.0, second.1);
                        run_to_cut(&life, &mut board, &mut link, &what);
                        // The third is as the second, and earlier in the same erases.
                        let torn = matches!(second.1, CutStyle::PartialErase { .. });
                        for third in (0..second.0).filter(|_| torn) {
                            let (mut board, mut link) = (board.clone(), link.clone());
                            board.sim_mut().power_on();
                            board.sim_mut().cut_after(third, second.1);
                            run_to_cut(&life, &mut board, &mut link, &what);
                            finish(&life, &mut board, &mut link, 3, &what);
                            cuts[1] += 1;
                        }
                        finish(&life, &mut board, &mut link, 2, &what);
                        cuts[0] += 1;
                    }
                }
            }
        }
    }
    println!("{cuts:?}");
    assert!(cuts[0] > 4000 && cuts[1] > 4000, "{cuts:?}");
}

/// An erase so many operations on, cut when it had garbled the sector, and when it had left bits that waver.
fn torn_erases(later: u64) -> [(u64, CutStyle); 2] {
    [28, 29].map(|seed| {
        let sectors_done = 0;
        (later, CutStyle::PartialErase { sectors_done, seed })
    })
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
        let life = TwoSlots::new(nrf::<512>(room).in_service(&old), &release, &old, place);
        let uncut = uncut(&life);
        let image = uncut.range(Area::SlotB, 6 * 512);
        let log = uncut.sim().log();
        // The first write of the image: from here on all is staged. Then the tail is cleaned, head and all.
        let writes =
            |op: &&Operation| op.kind == OperationKind::Write && image.contains(&op.address);
        let staged = log.iter().find(writes).unwrap().index;
        let last = log.iter().rfind(writes).unwrap().index;
        let (mut alone, mut bereft) = (0, 0);
        for operation in log {
            let (mut board, mut link) = cut_fresh(&life, (operation.index, CutStyle::Clean));
            let ran = loop {
                match board.power_on(&life.offer, &life.new, &mut Link::none()) {
                    Ok(Ran::UpToDate) => break Ok(()),
                    Ok(_) => {}
                    Err(stop) => break Err(stop),
                }
            };
            let what = format!("{place:?}, {operation:?}");
            match ran {
                Ok(()) => alone += 1,
                Err(stop) => {
                    let cleaning = place == StagingPlace::SlotTail && operation.index > last;
                    assert!(operation.index < staged || cleaning, "{what}: {stop:?}");
                    bereft += 1;
                }
            }
            finish(&life, &mut board, &mut link, 1, &What::default());
        }
        assert!(alone > 10 && bereft > 10, "{place:?}: {alone} and {bereft}");
    }
}
