use proptest::prelude::*;
use sprag_delta::{
    Class, Data, DecodeError, EncodeError, Encoding, Profile, Region, encode, workspace_len,
};

use super::support::{Case, Noise, PLAIN, Stream, THUMB, cases, rich_case};

#[test]
fn every_truncation_is_refused() {
    let case = rich_case(THUMB);
    let patch = case.encode();
    for len in 0..patch.len() {
        match case.decode(&patch[..len]) {
            Err(DecodeError::Truncated { .. }) => {}
            // What is read as zeros may say something else before it is found missing.
            Err(
                DecodeError::SourceOutOfRange { .. }
                | DecodeError::OutputOverrun { .. }
                | DecodeError::MapTooLong { .. },
            ) => {}
            other => panic!("{len} bytes of {}: {other:?}", patch.len()),
        }
    }
}

#[test]
fn trailing_input_is_refused() {
    let case = rich_case(THUMB);
    let patch = case.encode();
    for count in [1, 2, 3, 4, 5, 100, 1000] {
        for byte in [0, 0xff] {
            let mut longer = patch.clone();
            longer.resize(patch.len() + count, byte);
            for piece_len in [1, 50, 10_000] {
                let result = case.decode_in_pieces(&longer, piece_len, 64);
                let Err(DecodeError::TrailingInput { surplus }) = result else {
                    panic!("{count} more bytes: {result:?}");
                };
                assert!((1..=count).contains(&usize::try_from(surplus).unwrap()));
            }
        }
    }
}

#[test]
fn unknown_headers_are_refused() {
    let case = rich_case(THUMB);
    let patch = case.encode();
    let known = |offset: usize, value: u8| match offset {
        0 => value == 1,
        1 => value <= 3,
        _ => value >> 4 <= 7 && value & 15 <= 2,
    };
    for offset in 0..3 {
        for value in 0..=255 {
            let mut changed = patch.clone();
            changed[offset] = value;
            let result = case.decode(&changed);
            let refusal = DecodeError::BadHeader {
                offset: u32::try_from(offset).unwrap(),
                value,
            };
            assert_eq!(
                result == Err(refusal),
                !known(offset, value),
                "{value} at {offset}"
            );
        }
    }
}

#[test]
fn header_numbers_have_one_form() {
    let case = rich_case(THUMB);
    // Kind, profile, Thumb and halfwords, then four numbers.
    let cases: [(&str, &[u8], Option<u32>); 6] = [
        ("shortest", &[0, 0, 0, 0], None),
        ("leading zero", &[0x80, 0, 0, 0, 0], Some(4)),
        (
            "65 bits",
            &[255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
            Some(12),
        ),
        (
            "64 bits",
            &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0],
            None,
        ),
        (
            "RAM above 32 bits",
            &[0, 0, 255, 255, 255, 255, 16],
            Some(9),
        ),
        (
            "eleven bytes",
            &[128, 128, 128, 128, 128, 128, 128, 128, 128, 129, 1],
            Some(13),
        ),
    ];
    for (name, numbers, refused_at) in cases {
        let mut patch = vec![1, 1, 0x11];
        patch.extend_from_slice(numbers);
        patch.extend_from_slice(&[0x55; 40]);
        let result = case.decode(&patch);
        let offset = match result {
            Err(DecodeError::BadHeader { offset, .. }) => Some(offset),
            _ => None,
        };
        assert_eq!(offset, refused_at, "{name}: {result:?}");
    }
}

/// Numbers that are no places of an image take wider entries of the map than a stream has without saying so.
#[test]
fn numbers_are_refused_where_the_header_has_no_room_for_them() {
    for data in [Data::Numbers32, Data::Relocation64] {
        let class = Class::Data(data);
        for profile in Profile::ALL {
            let encoding = Encoding {
                profile,
                regions: vec![Region { start: 256, class }].leak(),
                addresses: THUMB.addresses.with_numbers(),
                ..THUMB
            };
            let case = rich_case(encoding);
            let patch = case.encode();
            assert!(case.decode(&patch).as_ref() == Ok(&case.new));

            let room = [0x80, 0x80, 0x80, 0x80, 0x08]; // 2^31 bytes of RAM
            let at = patch.windows(room.len()).position(|bytes| bytes == room);
            let mut claiming = patch.clone();
            claiming[at.unwrap() + 4] = 0x04;
            let code = class.code().into();
            assert_eq!(
                case.decode(&claiming),
                Err(DecodeError::UnknownClass { code })
            );

            let encoding = Encoding {
                addresses: THUMB.addresses,
                ..encoding
            };
            let mut workspace = vec![0; workspace_len(profile)];
            let images = (case.old.as_slice(), case.new.as_slice());
            let mut sink = Stream(Vec::new());
            let made = encode(
                &mut workspace,
                encoding,
                images,
                &case.operations,
                &mut sink,
                |_| (),
            );
            assert_eq!(made, Err(EncodeError::InvalidRegion { offset: 256 }));
        }
    }
}

/// Flipped bits may decode to another image of the right length; the digest is there for that.
/// `decode_in_pieces` checks the promises.
#[test]
fn every_flipped_bit_is_harmless() {
    let case = rich_case(THUMB);
    let patch = case.encode();
    for bit in 0..patch.len() * 8 {
        let mut changed = patch.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let _ = case.decode(&changed);
    }
}

#[test]
fn noise_is_harmless() {
    let mut noise = Noise(77);
    for round in 0_usize..600 {
        let mut patch = noise.bytes(round % 300);
        let profile = Profile::ALL[round % 3];
        for (byte, value) in patch.iter_mut().zip([1, profile.code(), header(round)]) {
            *byte = value;
        }
        let case = Case {
            encoding: Encoding { profile, ..PLAIN },
            old: noise.bytes(round * 7 % 500),
            new: noise.bytes(round * 13 % 5000),
            operations: vec![],
        };
        let _ = case.decode_in_pieces(&patch, 1 + round % 50, 1 + round % 64);
    }
}

/// All instruction sets and units in turn.
fn header(round: usize) -> u8 {
    let round = u8::try_from(round % 21).unwrap();
    ((round / 3) << 4) | (round % 3)
}

/// Constant bytes drive the coder into its corners: always the likely, always the unlikely value.
#[test]
fn constant_streams_are_harmless() {
    let old = Noise(5).bytes(1000);
    for byte in 0..=255 {
        for profile in Profile::ALL {
            let mut patch = vec![byte; 5000];
            patch[..7].copy_from_slice(&[1, profile.code(), header(usize::from(byte)), 0, 0, 0, 0]);
            let case = Case {
                encoding: Encoding { profile, ..PLAIN },
                old: old.clone(),
                new: vec![0; 20_000],
                operations: vec![],
            };
            let _ = case.decode(&patch);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damage_is_harmless(
        case in cases(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        piece_len in 1_usize..200,
        out_len in 1_usize..100,
    ) {
        let mut patch = case.encode();
        for (place, byte) in damage {
            let at = place.index(patch.len());
            patch[at] = byte;
        }
        // Never with more workspace than the header asks for, as the profile may change.
        let _ = case.decode_in_pieces(&patch, piece_len, out_len);
    }

    #[test]
    fn wrong_old_image_is_harmless(case in cases(), other in prop::collection::vec(any::<u8>(), 0..4000)) {
        let patch = case.encode();
        let _ = Case { old: other, ..case }.decode(&patch);
    }
}
