//! Streams that are signed and wrong: a mistake of the maker must not cost the device its old image, nor the next
//! package.

use sprag_manifest::Codec;
use sprag_verifier::{Area, Boot, CodecError, Error, Phase, StagingPlace};

use crate::support::{
    Board, Link, Offer, Operation, Ran, Release, Room, Stop, nrf, random_image, random_operations,
    test_stream,
};

const OLD_LEN: u32 = 900;
const NEW_LEN: u32 = 1000;

/// A stream of old bytes at `offset`, then enough to fill the image.
fn copy(offset: u32, len: u32) -> Vec<u8> {
    test_stream(&[
        Operation::Old { offset, len },
        Operation::Literal(random_image(NEW_LEN - len, 5)),
    ])
}

/// Literal bytes only.
fn literal(len: u32) -> Vec<u8> {
    test_stream(&[Operation::Literal(random_image(len, 5))])
}

#[test]
fn a_wrong_stream_ends_the_update_and_nothing_else() {
    let codec = |e: CodecError| Error::Codec(e);
    let range = |offset: u32, len| {
        codec(CodecError::SourceRange {
            offset: offset.into(),
            len,
            size: OLD_LEN,
        })
    };
    let made = |made| codec(CodecError::Truncated { made });
    let overrun = codec(CodecError::OutputOverrun { size: NEW_LEN });
    let test = Codec::BsdiffZstd;
    let cases = [
        (
            "old bytes from beyond the end",
            test,
            copy(OLD_LEN - 99, 100),
            range(801, 100),
        ),
        (
            "old bytes from far away",
            test,
            copy(u32::MAX - 4, 8),
            range(u32::MAX - 4, 8),
        ),
        (
            "too few bytes",
            test,
            literal(NEW_LEN - 1),
            made(NEW_LEN - 1),
        ),
        ("one byte too many", test, literal(NEW_LEN + 1), overrun),
        ("far too many bytes", test, literal(NEW_LEN + 700), overrun),
        (
            "an operation cut short",
            test,
            vec![3, 0, 0, 0, 0],
            codec(CodecError::Malformed),
        ),
        (
            "no operation",
            test,
            vec![9; 9],
            codec(CodecError::Header { found: 9 }),
        ),
        ("stored, too short", Codec::Stored, vec![7; 999], made(999)),
        ("stored, too long", Codec::Stored, vec![7; 1001], overrun),
    ];
    for (name, number, stream, expected) in cases {
        for place in [
            StagingPlace::Direct,
            StagingPlace::Area,
            StagingPlace::SlotTail,
        ] {
            let what = format!("{name}, {place:?}");
            let old = random_image(OLD_LEN, 1);
            let good = Release::delta(&old, &random_operations(OLD_LEN, NEW_LEN, 2));
            let mut bad = good.clone();
            bad.payloads[0].codec = number;
            bad.payloads[0].stream = stream.clone();
            if number == Codec::Stored {
                bad.payloads[0].workspace = 0;
            }
            let package = bad.package();
            let room = Room {
                place,
                image: 2,
                staging: 12,
            };
            let mut board: Board<1, 4, 512> = nrf(room).in_service(&old);
            let offer = Offer::new(&package, &old);
            for _ in 0..2 {
                // However often it is tried.
                let stop = board
                    .update(&offer, &mut Link::new(&package.bytes))
                    .unwrap_err();
                assert_eq!(stop, Stop::Refused(expected), "{what}");
                assert_eq!(board.would_boot(), Boot::Confirmed(Area::SlotA), "{what}");
                assert_eq!(board.record().phase, Phase::Writing, "{what}");
                assert!(board.holds(Area::SlotA, &old), "{what}");
            }
            // The next package is taken.
            let mut fixed = good;
            fixed.sequence += 1;
            let package = fixed.package();
            let offer = Offer::new(&package, &old);
            let mut link = Link::new(&package.bytes);
            let ran = board.power_on(&offer, &fixed.new, &mut link);
            assert_eq!(ran, Ok(Ran::Updated), "{what}");
        }
    }
}
