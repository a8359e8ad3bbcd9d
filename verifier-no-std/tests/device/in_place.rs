//! A device with a single slot: what the matrix of cuts does not show.

use flash_sim::CutStyle;
use sprag_verifier::{Area, Boot, Error, Phase};

use crate::support::single_slot::{InPlacePlan, SingleSlot, Trial, single};
use crate::support::sweep::{Life as _, What, cut_fresh, finish, uncut};
use crate::support::{Board, Link, Offer, Release, Stop, index, l0, nrf};

const SMALL: InPlacePlan = InPlacePlan {
    image: 13,
    group: 4,
    shift: 2,
    checkpoint: 256 + 120,
    block_size: 256,
    native: false,
};

fn case() -> SingleSlot<1, 4, 512> {
    SingleSlot::new(nrf::<512>, SMALL, 0, Trial::Confirms)
}

/// Powers on without a link until all is as it should be.
fn finish_alone(case: &SingleSlot<1, 4, 512>, board: &mut Board<1, 4, 512>) {
    finish(case, board, &mut Link::none(), 1, &What::default());
}

/// With the decoder's state lost there is no way on but a full image, which the bootloader takes from a link.
#[test]
fn both_checkpoints_lost() {
    let mut case = case();
    let full = Release::full(case.new.clone()).package();
    let (mut lost, mut fine) = (0, 0);
    for operation in uncut(&case).sim().log().to_vec() {
        let (mut board, _) = cut_fresh(&case, (operation.index, CutStyle::Clean));
        board.sim_mut().power_on();
        let record = board.record();
        let resumes = match record.phase {
            Phase::Decoding if record.erase_offset > 0 => record.erase_offset,
            _ => continue,
        };
        let scratch = board.region(Area::Scratch);
        let junk = vec![0x5a; index(scratch.len)];
        // One copy is as good as both, if it is the right one.
        let half = scratch.start + 4 * 512 + u32::from(resumes / 2048 % 2 == 0) * 512;
        let mut half_lost = board.clone();
        half_lost.sim_mut().load(half, &junk[..512]);
        finish_alone(&case, &mut half_lost);
        fine += 1;

        board.sim_mut().load(scratch.start, &junk);
        let refused = Err(Stop::Refused(Error::CheckpointLost { offset: resumes }));
        assert_eq!(case.run(&mut board, &mut Link::none()), refused);
        // It never boots what is there, and no delta helps.
        assert_eq!(board.record().phase, Phase::Recovering);
        assert_eq!(board.would_boot(), Boot::Apply(Area::SlotA));
        let none = case.run(&mut board, &mut Link::none());
        assert_eq!(none, Err(Stop::Refused(Error::NoPayload { payloads: 2 })));

        let delta = core::mem::replace(&mut case.offer, Offer::new(&full, &case.old));
        case.offer.in_bootloader = true;
        case.stage(&mut board, &mut Link::new(&full.bytes)).unwrap();
        finish_alone(&case, &mut board);
        case.offer = delta;
        lost += 1;
    }
    assert!(lost > 20 && fine > 20, "{lost} {fine}");
}

/// Of the smallest sectors, a chunk takes more operations than of any other: a step stays within its bound, which every
/// life here asserts.
#[test]
fn steps_are_bounded_on_the_smallest_sectors() {
    let plan = InPlacePlan {
        image: 48,
        group: 16,
        shift: 8,
        ..SMALL
    };
    let case = SingleSlot::new(l0, plan, 0, Trial::Fails);
    let board = uncut(&case);
    assert!(board.operations() > 300, "{}", board.operations());
}

/// What the running image does is stage; it never overwrites itself.
#[test]
fn the_application_only_stages() {
    let case = case();
    let mut board = case.fresh.clone();
    let mut link = Link::new(&case.package.bytes);
    case.stage(&mut board, &mut link).unwrap();
    let outside =
        [Area::Staging, Area::Record].map(|area| board.range(area, board.region(area).len));
    assert_eq!(board.strayed(&outside), []);
    assert_eq!(board.would_boot(), Boot::Apply(Area::SlotA));
    let again = case.stage(&mut board, &mut link);
    assert_eq!(again, Err(Stop::Refused(Error::WrongState)));
}

/// Sectors that do not divide a group are refused before anything is written.
#[test]
fn groups_are_whole_sectors() {
    let made_for = case();
    let plan = InPlacePlan {
        image: 3,
        group: 1,
        checkpoint: 400,
        ..SMALL
    };
    let mut case = SingleSlot::new(nrf::<4096>, plan, 0, Trial::Confirms);
    case.fresh = single(nrf::<4096>, plan).in_service(&made_for.old);
    (case.package, case.offer) = (made_for.package, made_for.offer);
    let mut board = case.fresh.clone();
    let refused = case.stage(&mut board, &mut Link::new(&case.package.bytes));
    let error = Error::GroupOfSectors {
        package: 2048,
        sector: 4096,
    };
    assert_eq!(refused, Err(Stop::Refused(error)));
    assert_eq!(board.operations(), 0);
}
