//! The boot record and what follows from it: which slot boots, what may be confirmed, when updates are refused.

use flash_sim::{CutStyle, Defect, Flake};
use sprag_manifest::Digest;
use sprag_verifier::{
    Area, Boot, BootRecord, Error, Outcome, Phase, Region, StagingPlace, choose, confirm, give_up,
};

use crate::support::{
    Board, Link, Offer, Package, Ran, Release, Room, Stop, index, nrf, random_image,
    random_operations, sha256,
};

const RECORD_LEN: u32 = 212;
const PLACES: [u32; 2] = [0, 512];

/// A record as its documentation lays it down: an independent reading.
fn encode(record: &BootRecord, version: u16) -> Vec<u8> {
    let phase = match record.phase {
        Phase::Idle => 0,
        Phase::Erasing => 1,
        Phase::Writing => 2,
        Phase::Pending => 3,
        Phase::Testing => 4,
        Phase::Staged => 5,
        Phase::Moving => 6,
        Phase::Decoding => 7,
        Phase::Copying => 8,
        _ => 9,
    };
    let outcome = match record.outcome {
        Outcome::None => 0,
        Outcome::Confirmed => 1,
        _ => 2,
    };
    let staging = match record.staging {
        StagingPlace::Direct => 0,
        StagingPlace::Area => 1,
        _ => 2,
    };
    let slot = u8::from(record.confirmed == Area::SlotB);
    let mut bytes = b"SPRB".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend([phase, slot]);
    bytes.extend(record.revision.to_le_bytes());
    let reverse = record.reverse.map_or(0, |number| number + 1);
    bytes.extend([record.tries_left, outcome, staging]);
    bytes.push(u8::try_from(reverse).unwrap());
    for counter in [
        record.security_counter,
        record.sequence,
        record.trial_security_counter,
        record.trial_sequence,
    ] {
        bytes.extend(counter.to_le_bytes());
    }
    for number in [
        record.trial_size,
        record.staging_start,
        record.payload,
        record.confirmed_size,
    ] {
        bytes.extend(number.to_le_bytes());
    }
    for digest in [
        record.confirmed_digest,
        record.manifest,
        record.trial_digest,
    ] {
        bytes.extend(digest.0);
    }
    bytes.extend(record.erase_offset.to_le_bytes());
    bytes.extend(record.reverted.0);
    let checksum = sha256(&bytes);
    bytes.extend(&checksum.0[..16]);
    bytes
}

/// A device with an old image in slot A and a new one in slot B, and a package that made it.
struct Bench {
    board: Board<1, 4, 512>,
    offer: Offer,
    package: Package,
    old: Vec<u8>,
    new: Vec<u8>,
}

fn bench() -> Bench {
    let old = random_image(900, 1);
    let release = Release::delta(&old, &random_operations(900, 1000, 2));
    let package = release.package();
    let room = Room {
        place: StagingPlace::Direct,
        image: 2,
        staging: 0,
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
    /// With the new image in slot B.
    fn updated() -> Self {
        let mut bench = bench();
        let slot = bench.board.region(Area::SlotB).start;
        bench.board.sim_mut().load(slot, &bench.new);
        bench
    }

    fn store(&mut self, place: u32, bytes: &[u8]) {
        let start = self.board.region(Area::Record).start + place;
        self.board.sim_mut().load(start, bytes);
    }

    fn stored(&self, place: u32) -> Vec<u8> {
        let start = index(self.board.region(Area::Record).start + place);
        self.board.sim().bytes()[start..start + index(RECORD_LEN)].to_vec()
    }

    fn record(&self, phase: Phase, tries_left: u8) -> BootRecord {
        BootRecord {
            phase,
            tries_left,
            revision: 8,
            security_counter: 1,
            sequence: 2,
            trial_security_counter: 3,
            trial_sequence: 7,
            trial_size: u32::try_from(self.new.len()).unwrap(),
            trial_digest: sha256(&self.new),
            ..BootRecord::default()
        }
    }

    fn update(&mut self) -> Result<(), Stop> {
        let mut link = Link::new(&self.package.bytes);
        self.board.update(&self.offer, &mut link).map(|_| ())
    }
}

#[test]
fn a_record_is_laid_out_as_documented() {
    let mut bench = bench();
    let mut seen = Vec::new();
    bench.update().unwrap();
    for _ in 0..3 {
        let record = bench.board.record();
        let expected = encode(&record, 2);
        let copies = PLACES.map(|place| bench.stored(place));
        assert!(copies.contains(&expected), "{record:?}");
        seen.push((record.phase, record.revision));
        let mut link = Link::new(&[]);
        bench
            .board
            .power_on(&bench.offer, &bench.new, &mut link)
            .unwrap();
    }
    // Erasing, writing and pending; then testing and idle in one boot.
    assert_eq!(
        seen,
        [(Phase::Pending, 3), (Phase::Idle, 5), (Phase::Idle, 5)]
    );
    // Every field survives.
    let odd = BootRecord {
        phase: Phase::Writing,
        confirmed: Area::SlotB,
        revision: 0x0102_0304,
        tries_left: 5,
        outcome: Outcome::Reverted,
        staging: StagingPlace::SlotTail,
        security_counter: u64::MAX,
        sequence: 1 << 40,
        trial_security_counter: 2,
        trial_sequence: 3,
        trial_size: 4,
        staging_start: 5,
        payload: 6,
        reverse: Some(12),
        confirmed_size: 7,
        confirmed_digest: Digest([8; 32]),
        manifest: Digest([9; 32]),
        trial_digest: Digest([10; 32]),
        erase_offset: 11,
        reverted: Digest([12; 32]),
    };
    bench.store(0, &encode(&odd, 2));
    assert_eq!(bench.board.record(), odd);
}

#[test]
fn what_boots_in_every_phase() {
    let (a, b) = (Area::SlotA, Area::SlotB);
    let (idle, testing) = (Phase::Idle, Phase::Testing);
    // (phase, tries left, new image whole) -> boot, phase after, tries after
    let table = [
        (Phase::Idle, 0, true, Boot::Confirmed(a), idle, 0),
        (Phase::Idle, 3, true, Boot::Confirmed(a), idle, 3),
        (
            Phase::Erasing,
            3,
            true,
            Boot::Confirmed(a),
            Phase::Erasing,
            3,
        ),
        (
            Phase::Writing,
            3,
            true,
            Boot::Confirmed(a),
            Phase::Writing,
            3,
        ),
        (Phase::Pending, 3, true, Boot::Trial(b), testing, 2),
        (Phase::Pending, 1, true, Boot::Trial(b), testing, 0),
        (Phase::Pending, 0, true, Boot::Reverted(a), idle, 0),
        (Phase::Pending, 3, false, Boot::Reverted(a), idle, 3),
        (Phase::Testing, 255, true, Boot::Trial(b), testing, 254),
        (Phase::Testing, 1, true, Boot::Trial(b), testing, 0),
        (Phase::Testing, 0, true, Boot::Reverted(a), idle, 0),
        (Phase::Testing, 3, false, Boot::Reverted(a), idle, 3),
    ];
    for (phase, tries, whole, expected, phase_after, tries_after) in table {
        let what = format!("{phase:?} {tries} {whole}");
        let mut bench = Bench::updated();
        let record = bench.record(phase, tries);
        bench.store(0, &encode(&record, 2));
        if !whole {
            let at = bench.board.region(b).start + 500;
            let bent = [!bench.new[500]];
            bench.board.sim_mut().load(at, &bent);
        }
        assert_eq!(choose(&mut bench.board.storage()), Ok(expected), "{what}");
        assert_eq!(
            expected.slot(),
            if expected == Boot::Trial(b) { b } else { a }
        );
        let after = bench.board.record();
        assert_eq!(
            (after.phase, after.tries_left),
            (phase_after, tries_after),
            "{what}"
        );
        let reverted = expected == Boot::Reverted(a);
        let outcome = if reverted {
            Outcome::Reverted
        } else {
            Outcome::None
        };
        assert_eq!(after.outcome, outcome, "{what}");
        assert_eq!((after.security_counter, after.sequence), (1, 2), "{what}");
        // Where nothing changes, nothing is written.
        let changed = after != record;
        assert_eq!(bench.board.operations() > 0, changed, "{what}");
        assert!(bench.board.holds(a, &bench.old), "{what}");
    }
}

/// A bit of the new image that is misread at a boot does not revert it: it is hashed again.
#[test]
fn one_misread_at_a_boot_reverts_nothing() {
    for flake in [Flake::WrongBit, Flake::Error] {
        for skip in 0..40 {
            let mut bench = Bench::updated();
            let record = bench.record(Phase::Pending, 3);
            bench.store(0, &encode(&record, 2));
            bench.store(512, &encode(&bench.record(Phase::Writing, 0), 2));
            let capacity = bench.board.sim().geometry().capacity();
            let sim = bench.board.sim_mut();
            sim.flaky_reads(0..capacity, flake, skip, 1);
            let boot = choose(&mut bench.board.storage());
            // What does not read back is not counted as stored; the next boot tries.
            let unread = matches!(
                boot,
                Ok(Boot::Unrecorded {
                    slot: Area::SlotA,
                    ..
                })
            );
            assert!(
                boot == Ok(Boot::Trial(Area::SlotB)) || unread,
                "{skip}: {boot:?}"
            );
            bench.board.sim_mut().clear_faults();
            let again = choose(&mut bench.board.storage());
            assert_eq!(again, Ok(Boot::Trial(Area::SlotB)), "{skip}");
        }
    }
}

#[test]
fn only_an_image_on_trial_can_be_confirmed() {
    for phase in [Phase::Idle, Phase::Erasing, Phase::Writing, Phase::Pending] {
        let mut bench = Bench::updated();
        let record = bench.record(phase, 3);
        bench.store(512, &encode(&record, 2));
        let refused = confirm(&mut bench.board.storage(), Area::SlotB);
        assert_eq!(refused, Err(Error::NothingToConfirm), "{phase:?}");
        assert_eq!(bench.board.operations(), 0, "{phase:?}");
    }
    for confirmed in [Area::SlotA, Area::SlotB] {
        let mut bench = Bench::updated();
        let record = BootRecord {
            confirmed,
            ..bench.record(Phase::Testing, 0)
        };
        bench.store(512, &encode(&record, 2));
        // The image that is not on trial cannot confirm the other, however it came to run.
        let operations = bench.board.operations();
        let refused = confirm(&mut bench.board.storage(), confirmed);
        assert_eq!(refused, Err(Error::NothingToConfirm));
        assert_eq!(bench.board.operations(), operations);
        let after = confirm(&mut bench.board.storage(), confirmed.other_slot()).unwrap();
        assert_eq!(after, bench.board.record());
        let expected = BootRecord {
            phase: Phase::Idle,
            outcome: Outcome::Confirmed,
            confirmed: confirmed.other_slot(),
            revision: 9,
            security_counter: 3,
            sequence: 7,
            confirmed_size: record.trial_size,
            confirmed_digest: record.trial_digest,
            ..record
        };
        assert_eq!(after, expected);
        let twice = confirm(&mut bench.board.storage(), confirmed.other_slot());
        assert_eq!(twice, Err(Error::NothingToConfirm));
    }
}

#[test]
fn counters_never_go_back_with_a_confirm() {
    let mut bench = Bench::updated();
    let record = BootRecord {
        security_counter: 9,
        sequence: 1000,
        ..bench.record(Phase::Testing, 1)
    };
    bench.store(0, &encode(&record, 2));
    let after = confirm(&mut bench.board.storage(), Area::SlotB).unwrap();
    assert_eq!((after.security_counter, after.sequence), (9, 1000));
}

#[test]
fn no_update_begins_while_an_image_waits_or_is_on_trial() {
    for phase in [Phase::Pending, Phase::Testing] {
        let mut bench = Bench::updated();
        let record = bench.record(phase, 3);
        bench.store(0, &encode(&record, 2));
        assert_eq!(
            bench.update(),
            Err(Stop::Refused(Error::Unconfirmed)),
            "{phase:?}"
        );
        assert_eq!(bench.board.operations(), 0, "{phase:?}");
        assert!(bench.board.holds(Area::SlotB, &bench.new), "{phase:?}");
    }
}

#[test]
fn a_torn_copy_never_counts() {
    let mut bench = Bench::updated();
    let older = bench.record(Phase::Testing, 2);
    let newer = BootRecord {
        revision: 9,
        tries_left: 1,
        ..older
    };
    for (first, second) in [(0, 512), (512, 0)] {
        let whole = encode(&newer, 2);
        bench.store(first, &encode(&older, 2));
        bench.store(second, &whole);
        assert_eq!(bench.board.record(), newer);
        for len in 0..whole.len() {
            // The write ended here, with the rest still erased.
            let mut torn = whole.clone();
            torn[len..].fill(0xff);
            bench.store(second, &torn);
            assert_eq!(bench.board.record(), older, "torn at {len}");
            // Or any bit of the byte is off.
            for bit in 0..8 {
                let mut bent = whole.clone();
                bent[len] ^= 1 << bit;
                bench.store(second, &bent);
                assert_eq!(bench.board.record(), older, "byte {len} bit {bit}");
            }
        }
    }
}

/// The life of a record from a blank area on: each store may stop at any byte, of the erase or of the write, and what
/// boots is whole.
#[test]
fn whatever_byte_a_store_stops_at_a_valid_image_boots() {
    let mut states = vec![[vec![0xff; 512], vec![0xff; 512]]];
    let (mut bench, mut boots) = (bench(), 0);
    bench.update().unwrap();
    let log = bench.board.sim().log().to_vec();
    assert!(!log.is_empty());
    // The copies as they follow each other: testing, then idle and confirmed.
    let place = |bench: &Bench| {
        PLACES.map(|at| {
            let start = index(bench.board.region(Area::Record).start + at);
            bench.board.sim().bytes()[start..start + 512].to_vec()
        })
    };
    states.push(place(&bench));
    assert_eq!(
        choose(&mut bench.board.storage()),
        Ok(Boot::Trial(Area::SlotB))
    );
    states.push(place(&bench));
    confirm(&mut bench.board.storage(), Area::SlotB).unwrap();
    states.push(place(&bench));
    for pair in states[1..].windows(2) {
        let [before, after] = pair else {
            unreachable!()
        };
        let changed = (0..2).filter(|copy| before[*copy] != after[*copy]);
        let [copy] = changed.collect::<Vec<_>>()[..] else {
            panic!("one copy changes at a time")
        };
        bench.store(PLACES[1 - copy], &before[1 - copy]);
        for len in 0..=512 {
            // Erased so far from either end; or written so far.
            let mut erased = before[copy].clone();
            erased[..len].fill(0xff);
            let mut late = before[copy].clone();
            late[512 - len..].fill(0xff);
            let mut written = after[copy].clone();
            written[len..].fill(0xff);
            for torn in [erased, late, written] {
                bench.store(PLACES[copy], &torn);
                let boot = bench.board.would_boot();
                let image = if boot.slot() == Area::SlotB {
                    &bench.new
                } else {
                    &bench.old
                };
                assert!(bench.board.holds(boot.slot(), image), "{len}: {boot:?}");
                boots += 1;
            }
        }
    }
    assert_eq!(boots, 2 * 513 * 3);
}

#[test]
fn the_first_store_writes_both_copies() {
    let mut bench = bench();
    bench.update().unwrap();
    let records: Vec<_> = bench
        .board
        .sim()
        .log()
        .iter()
        .filter(|operation| {
            bench
                .board
                .range(Area::Record, 1024)
                .contains(&operation.address)
        })
        .map(|operation| operation.index)
        .collect();
    // The mark of a new device, then erase and write of both, before the first erase of the slot.
    assert_eq!(records[..5], [0, 1, 2, 3, 4]);
    // One copy decays while the update is under way: the other tells all there is to know.
    let mut fresh = self::bench();
    fresh.board.sim_mut().cut_after(5, CutStyle::Clean);
    assert_eq!(fresh.update(), Err(Stop::PowerLost));
    fresh.board.sim_mut().power_on();
    let record = fresh.board.record();
    assert_eq!(record.phase, Phase::Erasing);
    for place in PLACES {
        let whole = fresh.stored(place);
        let mut bent = whole.clone();
        bent[100] ^= 1;
        fresh.store(place, &bent);
        assert_eq!(fresh.board.record(), record, "copy at {place}");
        fresh.store(place, &whole);
    }
}

#[test]
fn a_reverted_package_is_not_tried_again_unless_it_is_forgiven() {
    let mut bench = bench();
    bench.update().unwrap();
    let manifest = bench.board.record().manifest;
    assert_eq!(
        choose(&mut bench.board.storage()),
        Ok(Boot::Trial(Area::SlotB))
    );
    // Its checks fail.
    let storage = &mut bench.board.storage();
    assert_eq!(give_up(storage, Area::SlotA), Err(Error::NothingToConfirm));
    assert_eq!(give_up(storage, Area::SlotB).unwrap().tries_left, 0);
    assert_eq!(choose(storage), Ok(Boot::Reverted(Area::SlotA)));
    let record = bench.board.record();
    assert_eq!(
        (record.outcome, record.reverted),
        (Outcome::Reverted, manifest)
    );
    let operations = bench.board.operations();
    for _ in 0..2 {
        let refused = Err(Stop::Refused(Error::RevertedBefore { manifest }));
        assert_eq!(bench.update(), refused);
    }
    assert_eq!(bench.board.operations(), operations, "nothing was touched");
    // Another package is taken, and so is this one once it is forgiven.
    let mut other = Release::full(random_image(1000, 9));
    other.sequence = 8;
    let package = other.package();
    let mut twin = bench.board.clone();
    let offer = Offer::new(&package, &bench.old);
    twin.live(&offer, &other.new, &mut Link::new(&package.bytes))
        .unwrap();
    assert_eq!(
        twin.record().reverted,
        Digest([0; 32]),
        "a confirm forgets it"
    );
    BootRecord::forgive(&mut bench.board.storage()).unwrap();
    bench.update().unwrap();
}

#[test]
fn copies_of_another_layout_version_are_none_of_ours() {
    let mut bench = Bench::updated();
    let record = bench.record(Phase::Testing, 2);
    let newer = BootRecord {
        revision: 99,
        ..record
    };
    for version in [0, 1, 0x0102, u16::MAX] {
        bench.store(0, &encode(&record, 2));
        bench.store(512, &encode(&newer, version));
        assert_eq!(bench.board.record(), record, "{version}");
        bench.store(0, &encode(&record, version));
        let lost = BootRecord::load(&mut bench.board.storage());
        assert_eq!(lost, Err(Error::RecordLost), "{version}");
    }
    // Values without a meaning, under a good checksum.
    for (at, value) in [(6, 10), (7, 2), (13, 3), (14, 3)] {
        let mut bytes = encode(&record, 2);
        bytes[at] = value;
        let checksum = sha256(&bytes[..196]);
        bytes[196..].copy_from_slice(&checksum.0[..16]);
        bench.store(0, &bytes);
        let lost = BootRecord::load(&mut bench.board.storage());
        assert_eq!(lost, Err(Error::RecordLost), "byte {at}");
    }
}

#[test]
fn a_lost_record_stops_everything_and_stays_as_it_is() {
    let mut bench = bench();
    bench.store(0, &[0x11; 212]);
    bench.store(512, &[0x22; 212]);
    let lost = Error::RecordLost;
    assert_eq!(choose(&mut bench.board.storage()), Err(lost));
    assert_eq!(confirm(&mut bench.board.storage(), Area::SlotB), Err(lost));
    assert_eq!(bench.update(), Err(Stop::Refused(lost)));
    assert_eq!(bench.board.operations(), 0);
}

#[test]
fn how_a_new_device_can_look() {
    // (first place, second place) -> whether it is a device as it left the factory
    let (blank, junk) = ([0xff; 512], [0x33; 512]);
    let mut torn = [0xff; 512];
    torn[..90].copy_from_slice(&encode(&BootRecord::default(), 2)[..90]);
    let marked = |bytes: &[u8]| {
        let mut place = [0xff; 512];
        place[..bytes.len()].copy_from_slice(bytes);
        place
    };
    let mark: Vec<u8> = b"SPRB".iter().map(|byte| !byte).collect();
    let torn_mark = [mark[0] | 0x0f, 0xff, mark[2], 0xff];
    let twice = [&torn_mark[..], &mark].concat();
    let decayed = {
        let mut bytes = encode(&BootRecord::default(), 2);
        bytes[70] ^= 4;
        marked(&bytes)
    };
    for (first, second, factory) in [
        (blank, blank, true),
        // The mark is torn, or written, or made good behind a torn one.
        (blank, marked(&torn_mark), true),
        (blank, marked(&mark), true),
        (blank, marked(&twice), true),
        // Then the first place is erased and written.
        (torn, marked(&mark), true),
        (junk, marked(&mark), true),
        (junk, marked(&twice), true),
        // A change that was cut, of a record whose other copy decayed since.
        (decayed, blank, false),
        (torn, blank, false),
        (junk, blank, false),
        (blank, decayed, false),
        (decayed, marked(b"SPRB"), false),
        (decayed, marked(&[0x5f, 0xff, 0xff, 0xff]), false),
        (blank, junk, false),
        (blank, torn, false),
        (junk, junk, false),
    ] {
        let mut bench = bench();
        bench.store(0, &first);
        bench.store(512, &second);
        let record = BootRecord::load(&mut bench.board.storage());
        let expected = factory.then(BootRecord::default).ok_or(Error::RecordLost);
        assert_eq!(record, expected, "{} {}", first[0], second[0]);
        if factory {
            assert_eq!(
                choose(&mut bench.board.storage()),
                Ok(Boot::Confirmed(Area::SlotA))
            );
            bench.update().unwrap();
            let mut link = Link::new(&[]);
            let ran = bench.board.power_on(&bench.offer, &bench.new, &mut link);
            assert_eq!(ran, Ok(Ran::Confirmed));
        }
    }
}

/// A cut in the middle of a change, then the other copy decays: never a new device, whose slot A would boot though the
/// confirmed image is in slot B.
#[test]
fn a_record_that_decays_behind_a_cut_is_no_new_device() {
    let mut bench = bench();
    let (mut lost, mut decays) = (0, 0);
    for sequence in [8, 9] {
        let mut release = Release::full(random_image(1000, sequence));
        release.sequence = sequence;
        let package = release.package();
        let offer = Offer::new(&package, &bench.old);
        let fresh = bench.board.clone();
        let live = |board: &mut Board<1, 4, 512>| {
            let mut link = Link::new(&package.bytes);
            board.run(&offer, &release.new, &mut link)?;
            board.run(&offer, &release.new, &mut link)
        };
        assert_eq!(live(&mut bench.board), Ok(Ran::Confirmed));
        let log = &bench.board.sim().log()[fresh.sim().log().len()..];
        let area = fresh.range(Area::Record, 1024);
        for operation in log.iter().filter(|op| area.contains(&op.address)) {
            for style in CutStyle::for_operation(operation, fresh.sim().geometry(), 7) {
                let mut board = fresh.clone();
                let at = operation.index - fresh.operations();
                board.sim_mut().cut_after(at, style);
                assert_eq!(live(&mut board), Err(Stop::PowerLost));
                board.sim_mut().power_on();
                let before = board.record();
                for place in PLACES {
                    let at = index(area.start + place);
                    let mut copy = board.sim().bytes()[at..at + 212].to_vec();
                    copy[40] ^= 8;
                    let mut board = board.clone();
                    board.sim_mut().load(area.start + place, &copy);
                    let what = format!("{sequence}: {operation:?} {style:?}, {place}");
                    decays += 1;
                    match BootRecord::load(&mut board.storage()) {
                        Err(Error::RecordLost) => lost += 1,
                        // Of the first change of all, nothing is told that a new device does not know.
                        Ok(after) if before.revision <= 1 => {
                            assert_eq!(after.confirmed, Area::SlotA, "{what}");
                        }
                        Ok(after) => assert!(after.revision + 1 >= before.revision, "{what}"),
                        Err(e) => panic!("{what}: {e:?}"),
                    }
                }
            }
        }
    }
    assert!(lost > 100 && decays > 1000, "{lost} of {decays}");
}

/// A record area that is worn out costs the update: what boots is whole, whatever was under way, and says why.
#[test]
fn a_record_that_cannot_be_written_boots_the_confirmed_image() {
    let defects = [
        Defect::EraseFails,
        Defect::WriteFails,
        Defect::StuckBits { seed: 3 },
    ];
    for defect in defects {
        for (phase, tries, whole) in [
            (Phase::Pending, 3, true),
            (Phase::Pending, 3, false),
            (Phase::Testing, 2, true),
            (Phase::Testing, 0, true),
        ] {
            for single in [false, true] {
                let what = format!("{defect:?} {phase:?} {tries} {whole} {single}");
                let mut bench = Bench::updated();
                let record = bench.record(phase, tries);
                bench.store(0, &encode(&record, 2));
                bench.store(512, &[0x77; 212]);
                let area = bench.board.region(Area::Record).start;
                match defect {
                    // Within the copy.
                    Defect::StuckBits { .. } => {
                        bench.board.sim_mut().stick_bits(area + 512 + 5, 0xff, 0xff);
                    }
                    _ => bench.board.sim_mut().break_sector(area + 512, defect),
                }
                let mut slot = Area::SlotB;
                if single {
                    let start = bench.board.layout.slot_a.start;
                    bench.board.layout.slot_b = Region::default();
                    bench.board.sim_mut().load(start, &bench.new);
                    slot = Area::SlotA;
                }
                if !whole {
                    let at = bench.board.region(slot).start + 500;
                    bench.board.sim_mut().load(at, &[!bench.new[500]]);
                }
                let image = if single { &bench.new } else { &bench.old };
                for _ in 0..3 {
                    let failure = match choose(&mut bench.board.storage()) {
                        Ok(Boot::Unrecorded { slot, failure }) => {
                            assert_eq!(slot, Area::SlotA, "{what}");
                            assert!(bench.board.holds(slot, image), "{what}");
                            failure
                        }
                        // The only image does not hold.
                        Err(failure) => {
                            assert!(single && !whole, "{what}");
                            failure
                        }
                        // The last image there is needs no try.
                        Ok(boot) => {
                            assert_eq!((boot, single, tries), (Boot::Trial(slot), true, 0));
                            continue;
                        }
                    };
                    let code = match defect {
                        Defect::EraseFails => 803,
                        Defect::WriteFails => 802,
                        Defect::StuckBits { .. } => 804,
                    };
                    assert_eq!(failure.code(), code, "{what}");
                    assert_eq!(bench.board.record(), record, "{what}");
                }
            }
        }
    }
}

/// Update after update, until the record's sectors are worn out and long after: each boot finds a whole image.
#[test]
fn a_record_area_wears_out() {
    for defect in [
        Defect::EraseFails,
        Defect::WriteFails,
        Defect::StuckBits { seed: 5 },
    ] {
        let mut bench = bench();
        let area = bench.board.range(Area::Record, 1024);
        let mut images = [bench.old.clone(), bench.new.clone()];
        let (mut done, mut refused, mut unrecorded) = (0, 0, 0);
        for n in 0..40 {
            let mut release = Release::full(random_image(1000, 100 + n));
            release.sequence = 10 + n;
            let package = release.package();
            let offer = Offer::new(&package, &images[0]);
            let mut link = Link::new(&package.bytes);
            for _ in 0..2 {
                let worn = bench.board.most_erases(&area) >= 30;
                for place in PLACES.map(|place| area.start + place) {
                    if worn && bench.board.most_erases(&(place..place + 512)) >= 30 {
                        bench.board.sim_mut().break_sector(place, defect);
                    }
                }
                let boot = choose(&mut bench.board.storage())
                    .unwrap_or_else(|e| panic!("{defect:?}, {n}: {e:?}"));
                let holds = |image: &Vec<u8>| bench.board.holds(boot.slot(), image);
                let known = images.iter().any(holds) || holds(&release.new);
                assert!(known, "{defect:?}, {n}: {boot:?}");
                match boot {
                    Boot::Trial(slot) => {
                        let confirmed = confirm(&mut bench.board.storage(), slot);
                        if confirmed.is_ok() {
                            images = [release.new.clone(), images[0].clone()];
                            done += 1;
                        }
                    }
                    Boot::Unrecorded { .. } => unrecorded += 1,
                    _ => match bench.board.update(&offer, &mut link) {
                        Ok(_) => images[1] = release.new.clone(),
                        Err(Stop::Refused(e)) => {
                            let codes = [802, 803, 804, 901];
                            assert!(codes.contains(&e.code()), "{defect:?}, {n}: {e:?}");
                            refused += 1;
                        }
                        Err(stop) => panic!("{stop:?}"),
                    },
                }
            }
        }
        println!("{defect:?}: {done} updates, {refused} refused, {unrecorded} boots unrecorded");
        assert!(
            done >= 8 && refused + unrecorded > 20,
            "{defect:?}: {done} {refused} {unrecorded}"
        );
    }
}
