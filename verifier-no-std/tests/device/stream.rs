//! The package as a stream in any pieces: same result, same refusals.

use sprag_manifest::Item;
use sprag_verifier::{
    Area, BootRecord, Error, Intake, Phase, Preflight, PreflightStatus, StagingPlace, Status,
    Updater, arena_len, check,
};

use crate::support::{
    Board, Offer, Package, Release, Room, index, nrf, random_image, random_operations,
};

/// A small update, and the device it is for.
struct Feed {
    board: Board<1, 4, 512>,
    package: Package,
    offer: Offer,
    new: Vec<u8>,
}

fn feed(place: StagingPlace) -> Feed {
    let old = random_image(700, 1);
    let release = Release::delta(&old, &random_operations(700, 1400, 3));
    let package = release.package();
    assert!(package.payloads[0].size > 512, "several blocks");
    let room = Room {
        place,
        image: 3,
        staging: 6,
    };
    Feed {
        board: nrf(room).in_service(&old),
        offer: Offer::new(&package, &old),
        package,
        new: release.new,
    }
}

impl Feed {
    /// Pushes pieces of a package, each with its offset, as they come. What is not taken is pushed again.
    fn push<'p>(
        &self,
        pieces: impl IntoIterator<Item = (usize, &'p [u8])>,
    ) -> Result<Board<1, 4, 512>, Error> {
        let mut board = self.board.clone();
        let mut pieces = pieces.into_iter();
        let mut piece: (usize, &[u8]) = (0, &[]);
        let mut buf = vec![0x5a; self.offer.intake_len];
        let mut intake = Intake::new(&mut buf);
        while intake.wanted() > 0 {
            if piece.1.is_empty() {
                piece = pieces.next().expect("the head ends before the pieces do");
            }
            let taken = intake.push(piece.1)?;
            piece = (piece.0 + taken, &piece.1[taken..]);
        }
        let authentic = intake.authenticate(&self.offer.trust())?;
        let device = self.offer.device(&BootRecord::default(), Some("1.0.0"));
        let verified = check(authentic, &device)?;
        let mut preflight = Preflight::new(&verified, self.offer.resources, &self.offer.codecs);
        let plan = loop {
            match preflight.step(&mut board.storage())? {
                PreflightStatus::Ready(plan) => break plan,
                _ => assert!(board.operations() < 1000),
            }
        };
        let mut arena = vec![0x5a; index(arena_len(&plan, &self.offer.codecs))];
        let mut updater = Updater::new(plan, &mut arena, &self.offer.codecs)?;
        loop {
            match updater.step(&mut board.storage())? {
                Status::Done => return Ok(board),
                Status::NeedInput(_) => {
                    if piece.1.is_empty() {
                        piece = pieces.next().expect("the update ends before the pieces do");
                    }
                    let offset = u64::try_from(piece.0).unwrap();
                    let taken = updater.push(offset, piece.1)?;
                    piece = (piece.0 + taken, &piece.1[taken..]);
                }
                _ => {}
            }
        }
    }

    fn succeed<'p>(&self, pieces: impl IntoIterator<Item = (usize, &'p [u8])>, what: &str) {
        let mut board = self
            .push(pieces)
            .unwrap_or_else(|e| panic!("{what}: {e:?}"));
        assert!(board.holds(Area::SlotB, &self.new), "{what}");
        assert_eq!(board.record().phase, Phase::Pending, "{what}");
    }
}

/// Pieces of `len` bytes with their offsets.
fn pieces(bytes: &[u8], len: usize) -> impl Iterator<Item = (usize, &[u8])> + Clone {
    bytes
        .chunks(len)
        .enumerate()
        .map(move |(n, piece)| (n * len, piece))
}

/// All cut in two at `at`.
fn halves(bytes: &[u8], at: usize) -> impl Iterator<Item = (usize, &[u8])> {
    let (first, second) = bytes.split_at(at);
    [(0, first), (at, second)]
        .into_iter()
        .filter(|(_, half)| !half.is_empty())
}

#[test]
fn every_split_in_two() {
    for place in [StagingPlace::Direct, StagingPlace::Area] {
        let feed = feed(place);
        let bytes = &feed.package.bytes;
        for at in 0..=bytes.len() {
            feed.succeed(halves(bytes, at), &format!("split at {at}"));
        }
    }
}

#[test]
fn every_size_of_pieces() {
    for place in [StagingPlace::Direct, StagingPlace::SlotTail] {
        let feed = feed(place);
        let bytes = &feed.package.bytes;
        for len in (1..=64).chain([255, 256, 257, 4096]) {
            feed.succeed(pieces(bytes, len), &format!("{len} bytes each"));
        }
    }
}

#[test]
fn every_size_of_pieces_gives_the_same_refusal() {
    let feed = feed(StagingPlace::Direct);
    let parts = feed.package.parts(0);
    let (page, block) = (parts[0].1.clone(), parts[2].1.clone());
    let head_len = feed.package.head_len();
    for at in [
        0,
        4,
        30,
        head_len / 2,
        head_len - 1,
        page.start,
        page.end - 1,
        block.start + 9,
    ] {
        let mut bent = feed.package.bytes.clone();
        bent[at] ^= 0x04;
        let refused = feed.push(pieces(&bent, bent.len())).unwrap_err();
        let layer = refused.code() / 100;
        assert_eq!(layer == 6, at >= head_len, "byte {at}: {refused:?}");
        for len in 1..=64 {
            let again = feed.push(pieces(&bent, len)).unwrap_err();
            assert_eq!(again, refused, "byte {at}, {len} bytes each");
        }
        for split in 0..bent.len() {
            let again = feed.push(halves(&bent, split)).unwrap_err();
            assert_eq!(again, refused, "byte {at}, split at {split}");
        }
    }
}

#[test]
fn what_was_pushed_before_is_passed_over() {
    let feed = feed(StagingPlace::Direct);
    let head_len = feed.package.head_len();
    let (head, payload) = feed.package.bytes.split_at(head_len);
    for len in [1, 7, 64, 100, 256, 300] {
        let placed = pieces(payload, len).map(|(at, piece)| (head_len + at, piece));
        let doubled = placed.clone().zip(placed.clone()).flat_map(|(a, b)| [a, b]);
        feed.succeed(
            [(0, head)].into_iter().chain(doubled),
            &format!("{len} bytes twice"),
        );
        // Each piece once more, together with all before it.
        let growing = placed.map(|(at, piece)| {
            let end = at + piece.len();
            (head_len, &feed.package.bytes[head_len..end])
        });
        feed.succeed(
            [(0, head)].into_iter().chain(growing),
            &format!("{len} bytes more"),
        );
    }
}

#[test]
fn a_gap_is_refused_and_can_be_closed() {
    let feed = feed(StagingPlace::Direct);
    let head_len = feed.package.head_len();
    let bytes = &feed.package.bytes;
    let (wanted, found) = (
        u64::try_from(head_len).unwrap(),
        u64::try_from(head_len + 1).unwrap(),
    );
    let gap = [
        (0, &bytes[..head_len]),
        (head_len + 1, &bytes[head_len + 1..]),
    ];
    assert_eq!(
        feed.push(gap).unwrap_err(),
        Error::StreamGap { wanted, found }
    );

    // The updater itself is none the worse for it.
    let mut board = feed.board.clone();
    let mut buf = vec![0; feed.offer.intake_len];
    let mut link = crate::support::Link::new(bytes);
    let (plan, _) = board.prepare(&feed.offer, &mut link, &mut buf).unwrap();
    let mut arena = vec![0; index(arena_len(&plan, &feed.offer.codecs))];
    let mut updater = Updater::new(plan, &mut arena, &feed.offer.codecs).unwrap();
    let mut gaps = 0;
    loop {
        match updater.step(&mut board.storage()).unwrap() {
            Status::NeedInput(wanted) => {
                let from = index(u32::try_from(wanted.offset).unwrap());
                for ahead in [1, 5, index(wanted.len)] {
                    let offset = wanted.offset + u64::try_from(ahead).unwrap();
                    if from + ahead < bytes.len() {
                        let refused = updater.push(offset, &bytes[from + ahead..=from + ahead]);
                        let (wanted, found) = (wanted.offset, offset);
                        assert_eq!(refused, Err(Error::StreamGap { wanted, found }));
                        gaps += 1;
                    }
                }
                assert_eq!(updater.push(wanted.offset, &bytes[from..=from]), Ok(1));
            }
            Status::Done => break,
            _ => {}
        }
    }
    assert!(gaps > 1000, "{gaps}");
    assert!(board.holds(Area::SlotB, &feed.new));
}

#[test]
fn nothing_is_taken_while_there_is_work() {
    let feed = feed(StagingPlace::Area);
    let bytes = &feed.package.bytes;
    let mut board = feed.board.clone();
    let mut buf = vec![0; feed.offer.intake_len];
    let mut link = crate::support::Link::new(bytes);
    let (plan, _) = board.prepare(&feed.offer, &mut link, &mut buf).unwrap();
    let mut arena = vec![0; index(arena_len(&plan, &feed.offer.codecs))];
    let mut updater = Updater::new(plan, &mut arena, &feed.offer.codecs).unwrap();
    let parts = feed.package.parts(0);
    let (mut taken, mut idle) = (Vec::new(), 0);
    loop {
        match updater.wanted() {
            None => {
                assert_eq!(updater.push(0, bytes), Ok(0));
                idle += 1;
            }
            Some(_) => taken.push(updater.push(0, bytes).unwrap()),
        }
        if updater.step(&mut board.storage()).unwrap() == Status::Done {
            break;
        }
    }
    // From the start of the package, every push brings one part; after the end, none.
    assert_eq!(
        taken,
        parts.iter().map(|(_, range)| range.end).collect::<Vec<_>>()
    );
    assert!(idle > parts.len());
    assert!(matches!(parts[0].0, Item::Page(0)));
    assert_eq!((updater.wanted(), updater.push(0, bytes)), (None, Ok(0)));
    assert_eq!(updater.step(&mut board.storage()), Ok(Status::Done));
}
