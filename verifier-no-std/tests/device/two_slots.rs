//! Storage that leaves out what a device does not need: what stays comes to the same bytes in flash.

use sprag_verifier::{
    Area, BootRecord, DeltaCodecs, Error, Intake, Preflight, PreflightStatus, StagingPlace, Status,
    Storage, TwoSlots, Updater, arena_len, check,
};

use crate::support::{
    Board, Offer, Package, Release, Room, apply, index, nrf, random_image, random_operations,
};

/// A whole update, without a break.
fn update(storage: &mut impl Storage, offer: &Offer, package: &Package) -> Result<(), Error> {
    let codecs = DeltaCodecs;
    let mut buf = vec![0; offer.intake_len];
    let mut intake = Intake::new(&mut buf);
    intake.push(&package.bytes)?;
    let authentic = intake.authenticate(&offer.trust())?;
    let record = BootRecord::load(storage)?;
    let verified = check(authentic, &offer.device(&record, Some("1.0.0")))?;
    let mut preflight = Preflight::new(&verified, offer.resources, &codecs);
    let plan = loop {
        if let PreflightStatus::Ready(plan) = preflight.step(storage)? {
            break plan;
        }
    };
    let mut arena = vec![0; index(arena_len(&plan, &codecs))];
    let mut updater = Updater::new(plan, &mut arena, &codecs)?;
    loop {
        match updater.step(storage)? {
            Status::NeedInput(wanted) => {
                let start = usize::try_from(wanted.offset).unwrap();
                let bytes = &package.bytes[start..start + index(wanted.len)];
                updater.push(wanted.offset, bytes)?;
            }
            Status::Done => return Ok(()),
            _ => {}
        }
    }
}

fn board(place: StagingPlace, old: &[u8]) -> Board<1, 4, 1024> {
    let room = Room {
        place,
        image: 12,
        staging: 24,
    };
    nrf(room).newly_made(old)
}

#[test]
fn what_is_left_out_changes_nothing_of_what_stays() {
    let old = random_image(9_000, 1);
    let operations = random_operations(9_000, 10_000, 2);
    let new = apply(&old, &operations);
    for place in [
        StagingPlace::Direct,
        StagingPlace::Area,
        StagingPlace::SlotTail,
    ] {
        let release = Release::native_delta(&old, &operations).with_checkpoints(1024);
        let package = release.package();
        let offer = Offer::new(&package, &old);
        let mut boards = [board(place, &old), board(place, &old), board(place, &old)];
        let [whole, two_slots, neither] = &mut boards;
        update(&mut whole.storage(), &offer, &package).unwrap();
        update(
            &mut TwoSlots::<_, true>(two_slots.storage()),
            &offer,
            &package,
        )
        .unwrap();
        update(
            &mut TwoSlots::<_, false>(neither.storage()),
            &offer,
            &package,
        )
        .unwrap();
        assert!(whole.holds(Area::SlotB, &new), "{place:?}");
        assert_eq!(whole.sim().bytes(), two_slots.sim().bytes(), "{place:?}");
        assert!(neither.holds(Area::SlotB, &new), "{place:?}");
        // Only what is not staged keeps checkpoints.
        let same = whole.sim().bytes() == neither.sim().bytes();
        assert_eq!(same, place != StagingPlace::Direct, "{place:?}");
        assert_eq!(neither.record().phase, whole.record().phase);
    }
}

#[test]
fn a_device_that_has_but_one_slot_is_told() {
    let old = random_image(3_000, 1);
    let operations = random_operations(3_000, 3_000, 2);
    let package = Release::native_delta(&old, &operations).package();
    let offer = Offer::new(&package, &old);
    let mut board = board(StagingPlace::Area, &old);
    board.layout.slot_b.len = 0;
    let before = board.operations();
    let refused = update(&mut TwoSlots::<_, true>(board.storage()), &offer, &package);
    assert!(
        matches!(refused, Err(Error::SlotTooSmall { have: 0, .. })),
        "{refused:?}"
    );
    assert_eq!(board.operations(), before);
}
