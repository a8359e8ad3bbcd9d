//! Every byte of a package bent, every length cut off, and bytes behind the end.

use sprag_manifest::{Header, Item};
use sprag_verifier::{Area, Boot, Error, Phase, StagingPlace, Updater, arena_len};

use crate::support::{
    Board, Link, MANY_REFUSALS, Offer, Package, Ran, Release, Room, Stop, index, nrf, random_image,
    random_operations,
};

struct Target {
    board: Board<1, 4, 512>,
    old: Vec<u8>,
    new: Vec<u8>,
    package: Package,
    offer: Offer,
}

fn target(place: StagingPlace) -> Target {
    let old = random_image(3000, 1);
    let release = Release::delta(&old, &random_operations(3000, 3300, 2));
    let room = Room {
        place,
        image: 7,
        staging: 9,
    };
    let package = release.package();
    Target {
        board: nrf(room).in_service(&old),
        offer: Offer::new(&package, &old),
        new: release.new,
        old,
        package,
    }
}

/// Tries a bent head: it must be refused by a device that then still is as it was, to the last operation.
fn refuse_head(target: &Target, bytes: &[u8], what: &str) -> Stop {
    let mut board = target.board.clone();
    let stop = board
        .update(&target.offer, &mut Link::new(bytes))
        .expect_err(what);
    assert_eq!(board.operations(), 0, "{what}: {stop:?}");
    stop
}

#[test]
fn any_flipped_bit_of_header_and_envelope_costs_no_flash_operation() {
    let target = target(StagingPlace::Area);
    let head_len = target.package.head_len();
    let (mut flips, mut layers) = (0, [0; 10]);
    for at in 0..head_len {
        for bit in 0..8 {
            let mut bytes = target.package.bytes.clone();
            bytes[at] ^= 1 << bit;
            flips += 1;
            match refuse_head(&target, &bytes, &format!("byte {at} bit {bit}")) {
                Stop::Refused(e) => layers[index(u32::from(e.code() / 100))] += 1,
                Stop::LinkEnded => {
                    // A longer envelope than there are bytes: the device waits for the rest.
                    assert!(
                        Header::ENVELOPE_LEN_FIELD.contains(&at),
                        "byte {at} bit {bit}"
                    );
                }
                Stop::PowerLost => unreachable!(),
            }
        }
    }
    assert_eq!(flips, head_len * 8);
    // Format, signature, and the two lengths of the header. Nothing else is ever looked at.
    assert!(
        layers[1] > 0 && layers[2] > 0 && layers[4] > 0,
        "{layers:?}"
    );
    assert_eq!(layers[3], 14, "keysets, as far as the format allows them");
    assert_eq!(layers[5..].iter().sum::<i32>(), 0, "{layers:?}");
    println!("{flips} flips in the head");
}

#[test]
fn a_head_that_was_bent_in_flash_is_refused_like_any_other() {
    for place in [StagingPlace::Area, StagingPlace::SlotTail] {
        let target = target(place);
        let mut board = target.board.clone();
        let mut buf = vec![0; target.offer.intake_len];
        let mut link = Link::new(&target.package.bytes);
        board.prepare(&target.offer, &mut link, &mut buf).unwrap();
        let staged = match place {
            StagingPlace::Area => board.region(Area::Staging).start,
            _ => board.region(Area::SlotB).start + board.record().staging_start,
        };
        let head = &target.package.bytes[..target.package.head_len()];
        let before = board.operations();
        assert_eq!(board.prepare_alone(&target.offer), Ok(()));
        for (at, byte) in (staged..).zip(head) {
            let mut bent = board.clone();
            bent.sim_mut().load(at, &[byte ^ 0x40]);
            let stop = bent.prepare_alone(&target.offer).expect_err("a bent byte");
            assert!(matches!(stop, Stop::Refused(_)), "byte {at:#x}: {stop:?}");
            assert_eq!(bent.operations(), before, "byte {at:#x}: {stop:?}");
        }
    }
}

#[test]
fn a_flipped_bit_in_a_page_or_block_is_refused_before_it_is_decoded() {
    let mut flips = 0;
    for place in [
        StagingPlace::Direct,
        StagingPlace::Area,
        StagingPlace::SlotTail,
    ] {
        let target = target(place);
        let parts = target.package.parts(0);
        assert!(parts.len() > 4);
        for (item, range) in &parts {
            for at in range.clone() {
                flips += 1;
                let mut offer = target.offer.clone();
                offer.codecs = Default::default();
                let mut board = target.board.clone();
                let mut link = Link::new(&target.package.bytes);
                link.flip_once = Some((at, 1 << (at % 8)));
                board.update(&offer, &mut link).unwrap();

                // Refused by its number, once, before a byte of it was decoded.
                let (refusal, decoded) = link.refusals[0];
                assert_eq!(link.refusals.len(), 1, "byte {at}");
                let expected = match *item {
                    Item::Page(page) => Error::PageHash { page },
                    Item::Block(block) => Error::BlockHash { block },
                };
                assert_eq!(refusal, expected, "byte {at}");
                let before = parts.iter().take_while(|(_, other)| other != range);
                let blocks = before.filter(|(item, _)| matches!(item, Item::Block(_)));
                let most: usize = match place {
                    StagingPlace::Direct => blocks.map(|(_, range)| range.len()).sum(),
                    _ => 0,
                };
                assert_eq!(decoded, most, "byte {at}: bytes decoded");

                // Only that part was fetched again, and the update came to its end.
                let mut fetched: Vec<_> = link.fetched.iter().map(|w| w.offset).collect();
                let again = fetched.len();
                fetched.dedup();
                assert_eq!(
                    (again, fetched.len()),
                    (parts.len() + 1, parts.len()),
                    "byte {at}"
                );
                assert!(board.holds(Area::SlotB, &target.new), "byte {at}");
            }
        }
    }
    println!("{flips} flips in pages and blocks");
}

#[test]
fn a_bad_part_never_gets_through_however_often_it_is_sent() {
    let target = target(StagingPlace::Direct);
    let (_, range) = target.package.parts(0).pop().unwrap();
    let mut bytes = target.package.bytes.clone();
    bytes[range.start] ^= 0x80;
    let mut board = target.board.clone();
    let mut buf = vec![0; target.offer.intake_len];
    let mut link = Link::new(&bytes);
    let (plan, _) = board.prepare(&target.offer, &mut link, &mut buf).unwrap();
    let mut arena = vec![0; index(arena_len(&plan, &target.offer.codecs))];
    let mut updater = Updater::new(plan, &mut arena, &target.offer.codecs).unwrap();
    let mut refused = 0;
    while refused < 100 {
        updater.step(&mut board.storage()).unwrap();
        let Some(wanted) = updater.wanted() else {
            continue;
        };
        let at = usize::try_from(wanted.offset).unwrap();
        let part = &bytes[at..at + index(wanted.len)];
        if let Err(e) = updater.push(wanted.offset, part) {
            assert!(matches!(e, Error::BlockHash { .. }), "{e:?}");
            refused += 1;
        }
    }
    assert_eq!(board.would_boot(), Boot::Confirmed(Area::SlotA));
    assert!(!board.holds(Area::SlotB, &target.new));
}

#[test]
fn swapped_and_foreign_blocks_are_refused() {
    let target = target(StagingPlace::Direct);
    let blocks: Vec<_> = target
        .package
        .parts(0)
        .into_iter()
        .filter(|(item, range)| matches!(item, Item::Block(_)) && range.len() == 256)
        .collect();
    for (first, second) in [(0, 1), (1, 2), (0, blocks.len() - 1)] {
        let mut bytes = target.package.bytes.clone();
        for (to, from) in [(first, second), (second, first)] {
            let from = target.package.bytes[blocks[from].1.clone()].to_vec();
            bytes[blocks[to].1.clone()].copy_from_slice(&from);
        }
        let mut link = Link::new(&bytes);
        let stop = target
            .board
            .clone()
            .update(&target.offer, &mut link)
            .unwrap_err();
        let Item::Block(block) = blocks[first].0 else {
            unreachable!()
        };
        assert_eq!(stop, Stop::Refused(Error::BlockHash { block }));
        let same = link
            .refusals
            .iter()
            .all(|(refusal, _)| *refusal == Error::BlockHash { block });
        assert!(
            same && link.refusals.len() == MANY_REFUSALS,
            "nothing else got through"
        );
    }
}

#[test]
fn a_package_cut_short_at_any_length_never_completes() {
    for place in [StagingPlace::Direct, StagingPlace::Area] {
        let target = target(place);
        let package = &target.package;
        for len in 0..package.bytes.len() {
            let mut board = target.board.clone();
            let mut link = Link::new(&package.bytes[..len]);
            let stop = board
                .update_piecemeal(&target.offer, &mut link)
                .unwrap_err();
            assert_eq!(stop, Stop::LinkEnded, "{len} bytes");
            let touched = board.operations() > 0;
            assert_eq!(touched, len >= package.head_len(), "{len} bytes");
            assert_eq!(
                board.would_boot(),
                Boot::Confirmed(Area::SlotA),
                "{len} bytes"
            );
            assert!(board.holds(Area::SlotA, &target.old), "{len} bytes");
            assert!(board.record().phase != Phase::Pending, "{len} bytes");
            // The rest, when the link is back.
            if len % 97 == 0 {
                let mut link = Link::new(&package.bytes);
                let ran = board.power_on(&target.offer, &target.new, &mut link);
                assert_eq!(ran, Ok(Ran::Updated), "{len} bytes");
            }
        }
    }
}

#[test]
fn bytes_behind_the_end_are_refused_where_they_are_pushed() {
    let target = target(StagingPlace::Direct);
    let mut board = target.board.clone();
    let mut buf = vec![0; target.offer.intake_len];
    let mut link = Link::new(&target.package.bytes);
    let (plan, _) = board.prepare(&target.offer, &mut link, &mut buf).unwrap();
    let mut arena = vec![0; index(arena_len(&plan, &target.offer.codecs))];
    let mut updater = Updater::new(plan, &mut arena, &target.offer.codecs).unwrap();
    let package = u64::try_from(target.package.bytes.len()).unwrap();
    for (found, len) in [
        (package, 1),
        (package - 1, 2),
        (u64::MAX, 1),
        (0, index(1 << 16)),
    ] {
        let refused = updater.push(found, &vec![0; len]);
        assert_eq!(refused, Err(Error::StreamEnd { package, found }));
    }
    // Nothing is broken by it.
    let wanted = updater.wanted().unwrap();
    assert_eq!(updater.push(wanted.offset, &[]), Ok(0));
    assert_eq!(updater.wanted(), Some(wanted));
}

#[test]
fn a_second_envelope_behind_the_first_is_no_envelope() {
    let target = target(StagingPlace::Direct);
    let head_len = target.package.head_len();
    let envelope = target.package.bytes[Header::LEN..head_len].to_vec();
    let mut bytes = target.package.bytes.clone();
    bytes.splice(head_len..head_len, envelope.clone());
    let header = Header {
        envelope_len: u32::try_from(2 * envelope.len()).unwrap(),
        ..Header::decode(&bytes).unwrap()
    };
    header.encode(&mut bytes).unwrap();
    let mut offer = target.offer.clone();
    offer.intake_len += envelope.len();
    let stop = target.board.clone().update(&offer, &mut Link::new(&bytes));
    assert!(
        matches!(stop, Err(Stop::Refused(Error::Format(_)))),
        "{stop:?}"
    );
}
