//! The whole way on every kind of part: update, trial boot, confirm, revert, and back again.

use core::ops::Range;

use flash_sim::OperationKind;
use sprag_manifest::Role;
use sprag_verifier::{Area, Boot, BootRecord, Outcome, Phase, Resources, StagingPlace, choose};

use crate::support::{
    Board, Link, Offer, Ran, Release, Room, Signer, Work, apply, f4, h7, index, l0, l4, nrf,
    random_image, random_operations, rp2040,
};

const PLACES: [StagingPlace; 3] = [
    StagingPlace::Direct,
    StagingPlace::Area,
    StagingPlace::SlotTail,
];

/// What one step may do, as the documentation of `step` says.
const STEP: Work = Work {
    bytes_read: 0,
    bytes_written: 1024,
    sectors_erased: 4,
};

/// An update from `old_len` to `new_len` bytes on the board that `make` gives for each staging place.
fn journey<const R: usize, const W: usize, const S: usize>(
    make: impl Fn(Room) -> Board<R, W, S>,
    room: (u32, u32),
    (old_len, new_len): (u32, u32),
) {
    let old = random_image(old_len, 1);
    let operations = random_operations(old_len, new_len, 2);
    let releases = [
        Release::delta(&old, &operations),
        Release::native_delta(&old, &operations),
        Release::full(apply(&old, &operations)),
        Release::native_full(apply(&old, &operations)),
    ];
    for place in PLACES {
        for release in &releases {
            let (image, staging) = room;
            let room = Room {
                place,
                image,
                staging,
            };
            for board in [make(room).in_service(&old), make(room).newly_made(&old)] {
                run(board, release, &old, place);
            }
        }
    }
}

fn run<const R: usize, const W: usize, const S: usize>(
    mut board: Board<R, W, S>,
    release: &Release,
    old: &[u8],
    place: StagingPlace,
) {
    let package = release.package();
    let what = format!("{S}/{W} {place:?} {:?}", package.payloads[0].codec);
    let offer = Offer::new(&package, old);
    let mut link = Link::new(&package.bytes);
    let steps = board.update(&offer, &mut link).expect(&what);

    // Each part was fetched once, and nothing else. What looks like erased flash is staged without being fetched.
    let blank = |range: &Range<usize>| {
        let mut bytes = package.bytes[range.clone()].iter();
        place != StagingPlace::Direct && bytes.all(|&byte| byte == board.layout.erased)
    };
    let fetched: Vec<_> = link
        .fetched
        .iter()
        .map(|w| usize::try_from(w.offset).unwrap())
        .collect();
    let mut parts = package.parts(0);
    parts.retain(|(_, range)| fetched.contains(&range.start) || !blank(range));
    let starts: Vec<_> = parts.iter().map(|(_, range)| range.start).collect();
    assert_eq!(starts, fetched, "{what}");

    // The new image is there and marked, and the old one is where it was.
    let record = board.record();
    assert_eq!(
        (record.phase, record.staging),
        (Phase::Pending, place),
        "{what}"
    );
    assert!(board.holds(Area::SlotB, &release.new), "{what}");
    assert!(board.holds(Area::SlotA, old), "{what}");

    // Writes and erases went where they may go, at most as often as the manifest says.
    let image = board.region(Area::SlotB);
    let sectors: Vec<_> = board.sim().geometry().sectors().collect();
    let image_end = image.start + u32::try_from(release.new.len()).unwrap();
    let image_end = sectors
        .iter()
        .map(|sector| sector.start + sector.size)
        .find(|end| *end >= image_end)
        .unwrap();
    let image_sectors = image.start..image_end;
    let mut allowed = vec![image_sectors.clone()];
    allowed.push(board.range(Area::Record, board.region(Area::Record).len));
    match place {
        StagingPlace::Area => {
            allowed.push(board.range(Area::Staging, board.region(Area::Staging).len));
        }
        StagingPlace::SlotTail => allowed.push(image_end..image.start + image.len),
        _ => {}
    }
    assert_eq!(board.strayed(&allowed), [], "{what}");
    let erases = package.payloads[0].needs.erases;
    assert!(board.most_erases(&image_sectors) <= erases, "{what}");
    assert_eq!(board.sim().weak_bits(image_sectors), 0, "{what}");
    if place == StagingPlace::SlotTail {
        let tail = image_end..image.start + image.len;
        assert!(board.most_erases(&tail) <= 2, "{what}");
        let tail = &board.sim().bytes()[index(tail.start)..index(tail.end)];
        assert!(
            tail.iter().all(|&byte| byte == board.layout.erased),
            "{what}"
        );
    }
    for work in steps {
        assert!(work.bytes_written <= STEP.bytes_written, "{what}: {work:?}");
        assert!(
            work.sectors_erased <= STEP.sectors_erased,
            "{what}: {work:?}"
        );
    }
    let longest = board
        .sim()
        .log()
        .iter()
        .filter(|op| op.kind == OperationKind::Write);
    assert!(longest.map(|op| op.len).max() <= Some(256), "{what}");

    // Trial, confirm, and counters that advance with the confirm only.
    assert_eq!((record.security_counter, record.sequence), (0, 0), "{what}");
    let mut link = Link::new(&[]);
    assert_eq!(
        board.power_on(&offer, &release.new, &mut link),
        Ok(Ran::Confirmed),
        "{what}"
    );
    let record = board.record();
    assert_eq!((record.security_counter, record.sequence), (3, 7), "{what}");
    assert_eq!(
        (record.phase, record.outcome),
        (Phase::Idle, Outcome::Confirmed)
    );
    assert_eq!(board.would_boot(), Boot::Confirmed(Area::SlotB), "{what}");
}

#[test]
fn nrf52_4_kib_sectors_4_byte_words() {
    journey::<1, 4, 4096>(nrf, (5, 8), (18_000, 20_000));
}

#[test]
fn stm32f4_uneven_sectors() {
    journey(f4::<8192>, (2, 3), (9000, 16_001));
}

#[test]
fn stm32l4_2_kib_sectors_8_byte_words_written_once() {
    journey::<1, 8, 2048>(l4, (8, 12), (16_384, 16_381));
}

#[test]
fn stm32h7_scaled_sectors_32_byte_words_written_once() {
    journey::<1, 32, 8192>(h7, (3, 5), (20_001, 23_999));
}

#[test]
fn stm32l0_128_byte_sectors_erased_to_zeros() {
    journey(l0, (40, 80), (5000, 5001));
}

#[test]
fn rp2040_256_byte_pages_read_in_words() {
    journey(rp2040, (4, 6), (15_003, 12_289));
}

#[test]
fn there_and_back_again() {
    let a = random_image(9000, 1);
    let forth = random_operations(9000, 9500, 2);
    let b = apply(&a, &forth);
    let room = Room {
        place: StagingPlace::SlotTail,
        image: 3,
        staging: 3,
    };
    let mut board = nrf::<4096>(room).in_service(&a);
    let first = Release::delta(&a, &forth);
    let package = first.package();
    let mut offer = Offer::new(&package, &a);
    offer.versions.push((b.clone(), "1.1.0"));
    board
        .live(&offer, &b, &mut Link::new(&package.bytes))
        .unwrap();

    // The same package again is refused: the running image is no listed source any more.
    let error = board
        .update(&offer, &mut Link::new(&package.bytes))
        .unwrap_err();
    assert_eq!(
        format!("{error:?}").split_once(' ').unwrap().0,
        "Refused(SourceNotListed"
    );

    // Back to the old image under a new number, in the slot where it came from.
    let back = random_operations(9500, 9000, 3);
    let mut second = Release::delta(&b, &back);
    second.sources[0].0 = "1.1.0";
    (second.version, second.sequence) = ("1.2.0", 8);
    let package = second.package();
    offer.intake_len = package.head_len() + 77;
    board
        .live(&offer, &second.new, &mut Link::new(&package.bytes))
        .unwrap();
    assert_eq!(board.would_boot(), Boot::Confirmed(Area::SlotA));
    assert!(board.holds(Area::SlotA, &second.new));
    assert!(board.holds(Area::SlotB, &b), "the image before stays");
    let record = board.record();
    assert_eq!((record.sequence, record.security_counter), (8, 3));
}

#[test]
fn unconfirmed_tries_run_out_and_revert() {
    let old = random_image(3000, 1);
    let release = Release::delta(&old, &random_operations(3000, 3100, 2));
    let package = release.package();
    let room = Room {
        place: StagingPlace::Direct,
        image: 2,
        staging: 0,
    };
    let mut board = nrf::<4096>(room).in_service(&old);
    let mut offer = Offer::new(&package, &old);
    offer.resources = Resources {
        trial_boots: 3,
        ..offer.resources
    };
    board
        .update(&offer, &mut Link::new(&package.bytes))
        .unwrap();
    let mut boots = Vec::new();
    for _ in 0..5 {
        boots.push(choose(&mut board.storage()).unwrap());
    }
    let trial = Boot::Trial(Area::SlotB);
    let (reverted, confirmed) = (Boot::Reverted(Area::SlotA), Boot::Confirmed(Area::SlotA));
    assert_eq!(boots, [trial, trial, trial, reverted, confirmed]);
    let record = board.record();
    assert_eq!(
        (record.phase, record.outcome),
        (Phase::Idle, Outcome::Reverted)
    );
    assert_eq!((record.security_counter, record.sequence), (0, 0));

    // The package may be tried again once it is forgiven, and a better one at once.
    BootRecord::forgive(&mut board.storage()).unwrap();
    board
        .live(&offer, &release.new, &mut Link::new(&package.bytes))
        .unwrap();
}

#[test]
fn a_payload_of_one_block_has_no_page() {
    let old = random_image(2000, 1);
    let mut release = Release::delta(&old, &random_operations(2000, 1500, 2));
    release.payloads[0].block_size = 4096;
    release.signers = vec![Signer::new(1)];
    let package = release.package();
    assert_eq!(package.parts(0).len(), 1);
    let room = Room {
        place: StagingPlace::Area,
        image: 2,
        staging: 4,
    };
    let board = nrf::<4096>(room).in_service(&old);
    assert_eq!(release.payloads[0].role, Role::Delta);
    run(board, &release, &old, StagingPlace::Area);
}
