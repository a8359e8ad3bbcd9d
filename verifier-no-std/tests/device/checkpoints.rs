//! Checkpoints that are of use, and those that are not: torn, stale, foreign, forged.

use flash_sim::CutStyle;
use sprag_manifest::Digest;
use sprag_verifier::{Area, Boot, CheckpointRefusal, Error, StagingPlace, checkpoint_copy_len};

use crate::support::{
    Board, Link, Offer, Package, Ran, Release, Rng, Room, Stop, index, nrf, random_image,
    random_operations, sha256,
};

const BODY_START: usize = 256;
const BLOCK_SIZE: u32 = 1024;
const NEW_LEN: u32 = 5000;

struct Bench {
    board: Board<1, 4, 512>,
    offer: Offer,
    package: Package,
    old: Vec<u8>,
    new: Vec<u8>,
}

fn bench(release: Release, old: &[u8], scratch: u32) -> Bench {
    let package = release.package();
    let room = Room {
        place: StagingPlace::Direct,
        image: 10,
        staging: scratch,
    };
    Bench {
        board: nrf(room).in_service(old),
        offer: Offer::new(&package, old),
        old: old.to_vec(),
        new: release.new,
        package,
    }
}

/// A stored image of five blocks.
fn stored() -> Bench {
    let old = random_image(4000, 1);
    let release = Release::full(random_image(NEW_LEN, 2)).with_checkpoints(BLOCK_SIZE);
    bench(release, &old, 12)
}

impl Bench {
    /// Cut once so many bytes of the new image are in flash, which then is in the middle of an update.
    fn cut_at(&self, bytes: usize) -> Board<1, 4, 512> {
        let mut uncut = self.board.clone();
        let mut link = Link::new(&self.package.bytes);
        uncut.update(&self.offer, &mut link).unwrap();
        let slot = self.board.range(Area::SlotB, NEW_LEN);
        let place = slot.start + u32::try_from(bytes).unwrap();
        let log = uncut.sim().log();
        let write = log.iter().find(|operation| {
            operation.kind == flash_sim::OperationKind::Write
                && operation.address >= place
                && slot.contains(&operation.address)
        });
        let mut board = self.board.clone();
        board
            .sim_mut()
            .cut_after(write.unwrap().index, CutStyle::Clean);
        let cut = board.update(&self.offer, &mut Link::new(&self.package.bytes));
        assert_eq!(cut.map(|_| ()), Err(Stop::PowerLost));
        board
    }

    /// Powers on until the new image is confirmed; how the first time went on, and the blocks that it fetched.
    fn recover(&self, board: &mut Board<1, 4, 512>, what: &str) -> (Link<'_>, u32) {
        let mut link = Link::new(&self.package.bytes);
        let mut tries = 0;
        loop {
            tries += 1;
            assert!(tries < 9, "{what}");
            match board.power_on(&self.offer, &self.new, &mut link) {
                Ok(Ran::UpToDate) => break,
                Ok(_) => {}
                // What a forged state made is not the image: the update begins anew.
                Err(Stop::Refused(Error::TargetDigest { .. })) => {
                    assert_eq!(board.would_boot(), Boot::Confirmed(Area::SlotA), "{what}");
                }
                Err(stop) => panic!("{what}: {stop:?}"),
            }
        }
        assert!(board.holds(Area::SlotA, &self.old), "{what}");
        assert!(board.holds(Area::SlotB, &self.new), "{what}");
        (link, tries)
    }

    /// The copies in the scratch area, each from its header on.
    fn copies(&self, board: &Board<1, 4, 512>) -> [(u32, Vec<u8>); 2] {
        let payload = self.package.payloads[0];
        let len = checkpoint_copy_len(&payload, &self.offer.codecs).next_multiple_of(512);
        let start = board.region(Area::Scratch).start;
        [start, start + len].map(|at| {
            let bytes = &board.sim().bytes()[index(at)..index(at + len)];
            (at, bytes.to_vec())
        })
    }

    /// The copy that is further.
    fn newest(&self, board: &Board<1, 4, 512>) -> (u32, Vec<u8>) {
        let made = |copy: &(u32, Vec<u8>)| field(&copy.1, 20);
        let whole = |copy: &(u32, Vec<u8>)| copy.1.starts_with(b"SPRC");
        let [first, second] = self.copies(board);
        match (whole(&first), whole(&second)) {
            (true, true) if made(&second) > made(&first) => second,
            (true, _) => first,
            _ => second,
        }
    }
}

fn field(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// Puts both sums right, as the documentation has them.
fn reseal(bytes: &mut [u8]) {
    let body_len = index(field(bytes, 24));
    let body_end = (BODY_START + body_len).min(bytes.len());
    let body = sha256(&bytes[BODY_START..body_end]);
    bytes[156..172].copy_from_slice(&body.0[..16]);
    let sum = sha256(&bytes[..172]);
    bytes[172..188].copy_from_slice(&sum.0[..16]);
}

#[test]
fn a_checkpoint_is_laid_out_as_documented() {
    let bench = stored();
    let board = bench.cut_at(3300);
    let (_, bytes) = bench.newest(&board);
    assert_eq!(&bytes[..8], b"SPRC\x01\0\x01\0");
    let [payload, part, taken, made, body_len] = [8, 12, 16, 20, 24].map(|at| field(&bytes, at));
    // Block 2 is part 3, behind the page. Its first sector ends at 2560; that of block 3 was not reached.
    assert_eq!((payload, part), (0, 3));
    assert_eq!(made, 2560);
    let digest = |at: usize| Digest(bytes[at..at + 32].try_into().unwrap());
    let mut twin = board.clone();
    twin.sim_mut().power_on();
    assert_eq!(digest(28), twin.record().manifest);
    assert_eq!(digest(60), Digest([0; 32]), "a full payload has no source");
    assert_eq!(digest(124), sha256(&bench.new[..index(made)]));
    let page_len = 32 * 5;
    assert_eq!(body_len, page_len + (BLOCK_SIZE - taken) + 69);
    let body = &bytes[BODY_START..BODY_START + index(body_len)];
    assert_eq!(bytes[156..172], sha256(body).0[..16]);
    assert_eq!(bytes[172..188], sha256(&bytes[..172]).0[..16]);
    let mut twin = bytes.clone();
    reseal(&mut twin);
    assert_eq!(twin, bytes);
    // What is left of the block, behind the page.
    let rest = &body[index(page_len)..][..index(BLOCK_SIZE - taken)];
    let begin = index(2 * BLOCK_SIZE + taken);
    assert_eq!(rest, &bench.new[begin..][..rest.len()]);
}

#[test]
fn an_update_goes_on_where_its_checkpoint_stands() {
    for at in [200, 1200, 2000, 3300, 4700] {
        let bench = stored();
        let mut board = bench.cut_at(at);
        let (link, tries) = bench.recover(&mut board, &format!("cut at {at}"));
        assert_eq!(tries, 3);
        let blocks = link
            .fetched
            .iter()
            .filter(|wanted| wanted.len > 160)
            .count();
        match at {
            200 => assert_eq!((link.resumed.from, blocks), (None, 5)),
            _ => {
                let from = index(link.resumed.from.unwrap());
                assert!(
                    from.is_multiple_of(512) && from <= at && at - from < 1536,
                    "{from}"
                );
                assert!(blocks <= 5 - at / 1024, "{at}: {blocks} blocks");
            }
        }
    }
}

#[test]
fn the_tail_of_the_slot_serves_as_well_and_is_left_blank() {
    let old = random_image(4000, 1);
    let release = Release::full(random_image(NEW_LEN, 2)).with_checkpoints(BLOCK_SIZE);
    let package = release.package();
    // Room behind the image for two copies, and not for the whole payload.
    let room = Room {
        place: StagingPlace::Direct,
        image: 18,
        staging: 0,
    };
    let bench = Bench {
        board: nrf(room).in_service(&old),
        offer: Offer::new(&package, &old),
        old,
        new: release.new,
        package,
    };
    let mut board = bench.cut_at(3300);
    let (link, _) = bench.recover(&mut board, "tail");
    assert_eq!(link.resumed.from, Some(2560));
    let slot = board.region(Area::SlotB);
    let tail = &board.sim().bytes()[index(slot.start) + 5120..][..3072];
    assert!(tail.iter().all(|byte| *byte == 0xff), "the tail is blank");
}

#[test]
fn without_room_an_update_starts_over() {
    let old = random_image(4000, 1);
    let release = Release::full(random_image(NEW_LEN, 2)).with_checkpoints(BLOCK_SIZE);
    let bench = bench(release, &old, 5);
    let mut board = bench.cut_at(3300);
    let (link, tries) = bench.recover(&mut board, "no room");
    assert_eq!((link.resumed.from, tries), (None, 3));
    assert_eq!(
        link.resumed.refused,
        [None, None],
        "there is no place to look"
    );
    assert_eq!(link.fetched.len(), 6, "all is fetched again");
}

#[test]
fn damage_costs_the_copy_and_never_the_update() {
    let bench = stored();
    let board = bench.cut_at(3300);
    let (at, bytes) = bench.newest(&board);
    let end = BODY_START + index(field(&bytes, 24));
    let header = 0..188;
    for byte in header.chain((BODY_START..end).step_by(31)) {
        let mut board = board.clone();
        board
            .sim_mut()
            .load(at + u32::try_from(byte).unwrap(), &[bytes[byte] ^ 0x10]);
        let (link, tries) = bench.recover(&mut board, &format!("byte {byte}"));
        let refused = if byte < BODY_START {
            CheckpointRefusal::Torn
        } else {
            CheckpointRefusal::Body
        };
        let second = at != bench.copies(&board)[0].0;
        assert_eq!(link.resumed.from, Some(1536), "byte {byte}: the other copy");
        let first = link.resumed.refused[usize::from(second)];
        assert_eq!(first, Some(refused), "byte {byte}");
        assert_eq!(tries, 3, "byte {byte}");
    }
    // Both are lost: from the start.
    let mut board = board.clone();
    for (at, bytes) in bench.copies(&board) {
        board.sim_mut().load(at, &[bytes[0] ^ 1]);
    }
    let (link, _) = bench.recover(&mut board, "both");
    assert_eq!(link.resumed.from, None);
    assert_eq!(link.fetched.len(), 6);
}

#[test]
fn what_belongs_to_something_else_is_named_and_passed_over() {
    let cases: [(usize, CheckpointRefusal); 8] = [
        (4, CheckpointRefusal::Version),
        (6, CheckpointRefusal::Version),
        (28, CheckpointRefusal::Package),
        (8, CheckpointRefusal::Source),
        (60, CheckpointRefusal::Source),
        (20, CheckpointRefusal::Position),
        (26, CheckpointRefusal::Position),
        (124, CheckpointRefusal::Prefix),
    ];
    for (field, refusal) in cases {
        let bench = stored();
        let mut board = bench.cut_at(3300);
        for (at, mut bytes) in bench.copies(&board) {
            bytes[field] ^= 1;
            reseal(&mut bytes);
            board.sim_mut().load(at, &bytes);
        }
        let (link, tries) = bench.recover(&mut board, &format!("byte {field}"));
        assert_eq!((link.resumed.from, tries), (None, 3), "byte {field}");
        assert_eq!(link.resumed.refused, [Some(refusal); 2], "byte {field}");
        assert_eq!(link.fetched.len(), 6, "byte {field}");
    }
}

#[test]
fn a_slot_that_lost_bytes_is_made_again() {
    let bench = stored();
    for byte in [0, 700, 2000, 2559] {
        let mut board = bench.cut_at(3300);
        let at = board.region(Area::SlotB).start + byte;
        board.sim_mut().load(at, &[!bench.new[index(byte)]]);
        let (link, tries) = bench.recover(&mut board, &format!("byte {byte}"));
        // The older copy counts on fewer bytes.
        let expected = (byte >= 1536).then_some(1536);
        assert_eq!((link.resumed.from, tries), (expected, 3), "byte {byte}");
    }
}

#[test]
fn another_package_takes_no_notice_of_it() {
    let bench = stored();
    let mut board = bench.cut_at(3300);
    let mut other = Release::full(random_image(NEW_LEN, 3)).with_checkpoints(BLOCK_SIZE);
    other.sequence = 8;
    let package = other.package();
    let offer = Offer::new(&package, &bench.old);
    // Cut before it has a checkpoint of its own, it finds those of the first and names them.
    let mut twin = board.clone();
    let mut link = Link::new(&package.bytes);
    twin.sim_mut().power_on();
    twin.update(&offer, &mut link).unwrap();
    assert_eq!(link.resumed.refused, [None, None]);
    let before = board.operations();
    let writes = twin.sim().log().iter().filter(|operation| {
        operation.index >= before
            && operation.kind == flash_sim::OperationKind::Write
            && twin.range(Area::SlotB, 5000).contains(&operation.address)
    });
    let first = writes
        .min_by_key(|operation| operation.index)
        .unwrap()
        .index
        - before;
    board.sim_mut().power_on();
    board.sim_mut().cut_after(first, CutStyle::AfterCompletion);
    let cut = board.update(&offer, &mut Link::new(&package.bytes));
    assert_eq!(cut.map(|_| ()), Err(Stop::PowerLost));
    board.sim_mut().power_on();
    let mut link = Link::new(&package.bytes);
    board.update(&offer, &mut link).unwrap();
    assert_eq!(link.resumed.refused, [Some(CheckpointRefusal::Package); 2]);
    assert!(board.holds(Area::SlotB, &other.new));
}

#[test]
fn a_changed_old_image_is_refused_before_anything_is_looked_at() {
    let old = random_image(4000, 1);
    let release = Release::delta(&old, &random_operations(4000, NEW_LEN, 2));
    let bench = bench(release.with_checkpoints(BLOCK_SIZE), &old, 12);
    let mut board = bench.cut_at(3300);
    let at = board.region(Area::SlotA).start + 999;
    board.sim_mut().load(at, &[!old[999]]);
    board.sim_mut().power_on();
    let before = board.operations();
    let stop = board.update(&bench.offer, &mut Link::new(&bench.package.bytes));
    let refused = matches!(stop, Err(Stop::Refused(Error::SourceNotListed { .. })));
    assert!(refused, "{stop:?}");
    assert_eq!(board.operations(), before);
}

/// Whatever a forged checkpoint says, under good checksums, no wrong image is ever marked, and the update ends.
#[test]
fn a_forged_checkpoint_costs_time_and_nothing_else() {
    let old = random_image(4000, 1);
    let operations = random_operations(4000, NEW_LEN, 2);
    let releases = [
        Release::full(random_image(NEW_LEN, 2)),
        Release::delta(&old, &operations),
        Release::native_delta(&old, &operations),
    ];
    let mut rng = Rng(5);
    let (mut anew, mut tried) = (0, 0);
    for release in releases {
        let block_size = if release.payloads[0].stream.len() > 4000 {
            BLOCK_SIZE
        } else {
            512
        };
        let scratch = 48;
        let bench = bench(release.with_checkpoints(block_size), &old, scratch);
        let cut = bench.cut_at(4000);
        let (at, bytes) = bench.newest(&cut);
        assert!(bytes.starts_with(b"SPRC"));
        let end = BODY_START + index(field(&bytes, 24));
        for round in 0..150 {
            let mut forged = bytes.clone();
            for _ in 0..1 + round % 3 {
                let seed = rng.next();
                let places = [12..28, 92..124, BODY_START..end];
                let range = places[usize::try_from(seed % 4).unwrap().min(2)].clone();
                let within = usize::try_from(seed >> 8).unwrap() % range.len();
                forged[range.start + within] ^= u8::try_from(seed % 255).unwrap() + 1;
            }
            reseal(&mut forged);
            let mut board = cut.clone();
            board.sim_mut().load(at, &forged);
            let (_, tries) = bench.recover(&mut board, &format!("round {round}"));
            tried += 1;
            anew += u32::from(tries > 3);
        }
    }
    println!("{tried} forged, {anew} began anew");
    assert!(anew > 0, "no forged state got as far as the digest");
}
