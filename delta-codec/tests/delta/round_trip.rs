use proptest::prelude::*;
use sprag_delta::{
    Class, Data, DecodeError, Decoder, EncodeError, Encoding, Isa, Operation, Profile, Pull,
    Region, encode, workspace_len,
};

use super::support::{
    Case, ISAS, Memory, Noise, PLAIN, Stream, THUMB, build, cases, len_u32, rich_case,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn decoding_undoes_encoding(case in cases()) {
        let patch = case.encode();
        prop_assert_eq!(case.decode(&patch).unwrap(), case.new);
    }

    #[test]
    fn pieces_do_not_matter(case in cases(), piece_len in 1_usize..300, out_len in 1_usize..70) {
        let patch = case.encode();
        prop_assert_eq!(case.decode_in_pieces(&patch, piece_len, out_len).unwrap(), case.new);
    }
}

#[test]
fn all_small_pieces_give_the_same_image() {
    let case = rich_case(THUMB);
    let patch = case.encode();
    for size in 1..=64 {
        assert_eq!(
            case.decode_in_pieces(&patch, size, 256).as_ref(),
            Ok(&case.new),
            "in {size}"
        );
        assert_eq!(
            case.decode_in_pieces(&patch, 999, size).as_ref(),
            Ok(&case.new),
            "out {size}"
        );
        assert_eq!(
            case.decode_in_pieces(&patch, size, 65 - size).as_ref(),
            Ok(&case.new)
        );
    }
}

/// A stream without an instruction set has no addresses, and still may have regions with fields.
#[test]
fn addresses_without_an_instruction_set_are_not_told() {
    const POINTERS: &[Region] = &[Region {
        start: 768,
        class: Class::Data(Data::Pointer32),
    }];
    let encoding = Encoding {
        isa: Isa::None,
        regions: POINTERS,
        ..THUMB
    };
    let case = rich_case(encoding);
    let patch = case.encode();
    assert!(case.decode(&patch).as_ref() == Ok(&case.new));
}

#[test]
fn small_images() {
    let cases: [(&str, Vec<u8>, &[u8]); 4] = [
        ("both empty", vec![], b""),
        ("no old image", vec![], b"firmware"),
        ("no new image", vec![1, 2, 3], b""),
        ("one byte", vec![], b"x"),
    ];
    for (name, old, tail) in cases {
        for profile in Profile::ALL {
            let case = build(Encoding { profile, ..PLAIN }, old.clone(), &[], tail);
            let patch = case.encode();
            assert_eq!(case.decode(&patch).as_deref(), Ok(tail), "{name}");
        }
    }
}

#[test]
fn equal_images_cost_next_to_nothing() {
    let old = Noise(99).bytes(1 << 20);
    let case = build(PLAIN, old, &[(vec![], 0, 65535, vec![], false)], &[]);
    let whole = Operation {
        copy_len: 1 << 20,
        ..Operation::default()
    };
    let case = Case {
        new: case.old.clone(),
        operations: vec![whole],
        ..case
    };
    let patch = case.encode();
    assert!(patch.len() <= 26, "{} bytes", patch.len());
    let mut workspace = vec![0; workspace_len(Profile::Kib16)];
    let mut decoder = Decoder::new(&mut workspace, 1 << 20, 1 << 20);
    let mut out = vec![0; 1 << 20];
    assert_eq!(decoder.push(&patch), patch.len());
    decoder.finish();
    let mut done = 0;
    while let Pull::Output(len) = decoder
        .pull(&mut Memory { old: &case.old }, &mut out[done..])
        .unwrap()
    {
        done += len;
        if done == out.len() {
            break;
        }
    }
    assert_eq!(out, case.new);
    assert!(
        decoder.work() < 3000,
        "{} decisions for a copy without change",
        decoder.work()
    );
}

#[test]
fn encoding_is_deterministic() {
    let case = rich_case(THUMB);
    assert_eq!(case.encode(), case.encode());
}

#[test]
fn workspace_size_is_exact() {
    for profile in Profile::ALL {
        let case = rich_case(Encoding { profile, ..THUMB });
        let patch = case.encode();
        let need = workspace_len(profile);
        for have in [need - 1, need, need + 1] {
            let mut workspace = vec![0; have];
            let mut decoder = Decoder::new(&mut workspace, len_u32(&case.old), len_u32(&case.new));
            decoder.push(&patch);
            decoder.finish();
            let pulled = decoder.pull(&mut Memory { old: &case.old }, &mut [0; 16]);
            if have < need {
                assert_eq!(pulled, Err(DecodeError::WorkspaceTooSmall { need, have }));
            } else {
                assert!(matches!(pulled, Ok(Pull::Output(_))), "{pulled:?}");
            }
        }
    }
}

#[test]
fn any_tiny_workspace_is_refused() {
    let case = rich_case(Encoding {
        profile: Profile::Kib8,
        ..PLAIN
    });
    let need = workspace_len(Profile::Kib8);
    for have in [0, 1, 127, 128, 129, 192, need - 1] {
        let mut workspace = vec![0; have];
        let mut decoder = Decoder::new(&mut workspace, len_u32(&case.old), len_u32(&case.new));
        decoder.push(&case.encode());
        decoder.finish();
        let pulled = decoder.pull(&mut Memory { old: &case.old }, &mut [0; 16]);
        assert_eq!(pulled, Err(DecodeError::WorkspaceTooSmall { need, have }));
    }
}

#[test]
fn operations_that_do_not_fit_are_refused() {
    let (old, new) = (b"old image".as_slice(), b"new image".as_slice());
    let whole = Operation {
        copy_len: 9,
        ..Operation::default()
    };
    let cases: [(&str, &[Operation]); 6] = [
        (
            "too long",
            &[Operation {
                literal_len: 1,
                ..whole
            }],
        ),
        ("leaves the old image", &[Operation { source: 1, ..whole }]),
        (
            "source outside",
            &[Operation {
                source: 9,
                copy_len: 1,
                literal_len: 8,
                major: false,
            }],
        ),
        (
            "one too many",
            &[
                whole,
                Operation {
                    copy_len: 1,
                    ..whole
                },
            ],
        ),
        (
            "major without copy",
            &[Operation {
                major: true,
                literal_len: 9,
                ..whole
            }],
        ),
        (
            "no copy",
            &[
                Operation {
                    literal_len: 4,
                    ..Operation::default()
                },
                whole,
            ],
        ),
    ];
    for (name, operations) in cases {
        let mut workspace = vec![0; workspace_len(Profile::Kib16)];
        let mut stream = Stream(Vec::new());
        let result = encode(
            &mut workspace,
            PLAIN,
            (old, new),
            operations,
            &mut stream,
            |_| (),
        );
        assert!(
            matches!(result, Err(EncodeError::InvalidOperation { .. })),
            "{name}: {result:?}"
        );
    }
    let mut short = vec![0; workspace_len(Profile::Kib16) - 1];
    let result = encode(
        &mut short,
        PLAIN,
        (old, new),
        &[whole],
        &mut Stream(vec![]),
        |_| (),
    );
    assert!(
        matches!(result, Err(EncodeError::WorkspaceTooSmall { .. })),
        "{result:?}"
    );
}

#[test]
fn all_instruction_sets_and_profiles_come_back() {
    for isa in ISAS {
        for profile in Profile::ALL {
            let addresses = if isa == Isa::None {
                PLAIN.addresses
            } else {
                THUMB.addresses
            };
            let case = rich_case(Encoding {
                isa,
                profile,
                addresses,
                ..THUMB
            });
            let patch = case.encode();
            assert_eq!(
                case.decode(&patch).as_ref(),
                Ok(&case.new),
                "{isa:?} {profile:?}"
            );
            assert_eq!(case.decode_in_pieces(&patch, 1, 1).as_ref(), Ok(&case.new));
        }
    }
}

#[test]
fn what_follows_the_operations_is_literal() {
    let case = rich_case(THUMB);
    for count in 0..case.operations.len() {
        let operations = case.operations[..count].to_vec();
        let case = Case {
            operations,
            ..case.clone()
        };
        assert_eq!(case.decode(&case.encode()).as_ref(), Ok(&case.new));
    }
}

/// Calls and pointers into code that moved are predicted by the announced operations.
#[test]
fn moved_code_is_cheap() {
    let mut noise = Noise(8);
    let mut old = noise.bytes(40_000);
    let mut new_code = Vec::new();
    // A call every eight bytes, all to places that move by 96.
    for place in (0..20_000).step_by(8) {
        let target = 20_000 + usize::try_from(noise.next() % 20_000).unwrap() / 2 * 2;
        old[place..place + 4].copy_from_slice(&call(place, target));
        // Between them two short instructions: a long one would reach into the next call.
        old[place + 5] &= 0x7f;
        old[place + 7] &= 0x7f;
    }
    for place in (0..20_000).step_by(8) {
        let target = call_target(place, &old[place..place + 4]);
        new_code.extend_from_slice(&call(place, target + 96));
        new_code.extend_from_slice(&old[place + 4..place + 8]);
    }
    let inserted = noise.bytes(96);
    let new = [&new_code, &inserted, &old[20_000..]].concat();
    let operations = |major| {
        vec![
            Operation {
                copy_len: 20_000,
                major,
                ..Operation::default()
            },
            Operation {
                literal_len: 96,
                copy_len: 20_000,
                source: 20_000,
                major,
            },
        ]
    };
    let case = |major, encoding| {
        let operations = operations(major);
        Case {
            encoding,
            old: old.clone(),
            new: new.clone(),
            operations,
        }
    };
    let announced = case(true, THUMB).encode();
    let inline = case(false, THUMB).encode();
    let plain = case(true, PLAIN).encode();
    assert_eq!(case(true, THUMB).decode(&announced).as_ref(), Ok(&new));
    assert!(announced.len() < 200, "{} bytes", announced.len());
    let (inline, plain, announced) = (inline.len(), plain.len(), announced.len());
    assert!(
        announced < 140 && inline < 145 && announced.max(inline) * 3 < plain,
        "{announced} {inline} {plain}"
    );
}

/// BL from one offset to another.
fn call(from: usize, to: usize) -> [u8; 4] {
    let distance = u32::try_from(to - from - 4).unwrap();
    let word = 0xf800_f000 | distance >> 12 & 0x3ff | (distance >> 1 & 0x7ff) << 16;
    word.to_le_bytes()
}

fn call_target(from: usize, code: &[u8]) -> usize {
    let word = u32::from_le_bytes(code.try_into().unwrap());
    let distance = (word & 0x3ff) << 12 | (word >> 16 & 0x7ff) << 1;
    from + 4 + usize::try_from(distance).unwrap()
}

/// Of a great length the map keeps the high bits; the rest comes where the copy begins.
#[test]
fn great_copies_in_the_map() {
    let mut noise = Noise(41);
    let old = noise.bytes(300_000);
    for len in [65_535, 65_536, 65_537, 131_072, 131_073, 200_003, 299_000] {
        let new = [&old[1000..1000 + len], b"between", &old[..500]].concat();
        let [long, short] =
            [(0, len, 1000), (7, 500, 0)].map(|(literals, copy, source)| Operation {
                literal_len: literals,
                copy_len: u32::try_from(copy).unwrap(),
                source,
                major: true,
            });
        let case = Case {
            encoding: THUMB,
            old: old.clone(),
            new,
            operations: vec![long, short],
        };
        let patch = case.encode();
        assert_eq!(case.decode(&patch).as_ref(), Ok(&case.new), "{len}");
        assert!(patch.len() < 60, "{len}: {} bytes", patch.len());
    }
}

/// The format is a contract with devices in the field: these streams must stay as they are. Another
/// sum here is another stream kind.
#[test]
fn the_format_is_pinned() {
    let sums = Profile::ALL.map(|profile| {
        let mut sum = 0xcbf2_9ce4_8422_2325_u64;
        for isa in ISAS {
            let addresses = if isa == Isa::None {
                PLAIN.addresses
            } else {
                THUMB.addresses
            };
            let case = rich_case(Encoding {
                isa,
                profile,
                addresses,
                ..THUMB
            });
            for byte in case.encode() {
                sum = (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
            }
        }
        sum
    });
    assert_eq!(
        sums,
        [
            2_042_658_476_092_355_178,
            8_578_526_470_471_852_909,
            14_571_654_053_784_590_710,
            5_747_450_561_309_653_492
        ]
    );
}
