use proptest::prelude::*;
use sprag_delta::{
    CheckpointError, Class, Data, Decoder, Encoding, Isa, LoadError, Profile, Pull, REGION_UNIT,
    Region, Unit, checkpoint_len, workspace_len,
};

use super::support::{Case, Memory, Noise, THUMB, build, cases, len_u32, rich_case};

const ENCODING: Encoding<'static> = Encoding {
    profile: Profile::Kib8,
    ..THUMB
};

/// Decodes, and before every call goes on in another workspace from a checkpoint.
fn decode_by_checkpoints(case: &Case, patch: &[u8], piece_len: usize, out_len: usize) -> Vec<u8> {
    let (old_len, new_len) = (len_u32(&case.old), len_u32(&case.new));
    let len = workspace_len(case.encoding.profile);
    let mut spaces = [vec![0; len], vec![0xff; len]];
    let mut saved = vec![0; checkpoint_len(case.encoding.profile)];
    let [first, _] = &mut spaces;
    let mut saved_len = Decoder::new(first, old_len, new_len)
        .save(&mut saved)
        .unwrap();
    let mut rest = patch;
    let mut new = Vec::new();
    for round in 0.. {
        let space = &mut spaces[round % 2];
        let mut decoder = Decoder::restore(space, old_len, new_len, &saved[..saved_len]).unwrap();
        let taken = decoder.push(&rest[..rest.len().min(piece_len)]);
        rest = &rest[taken..];
        if rest.is_empty() {
            decoder.finish();
        }
        let mut out = vec![0; out_len];
        match decoder
            .pull(&mut Memory { old: &case.old }, &mut out)
            .unwrap()
        {
            Pull::Output(len) => new.extend_from_slice(&out[..len]),
            Pull::NeedInput => {}
            Pull::Done => break,
        }
        saved_len = decoder.save(&mut saved).unwrap();
    }
    new
}

#[test]
fn a_checkpoint_at_every_call_changes_nothing() {
    let case = rich_case(ENCODING);
    let patch = case.encode();
    for (piece_len, out_len) in [(1, 200), (300, 1), (17, 23), (128, 64)] {
        assert!(decode_by_checkpoints(&case, &patch, piece_len, out_len) == case.new);
    }
}

/// Pieces of any length are the same bytes, and loading takes them in any split of its own.
#[test]
fn pieces_make_the_whole() {
    let case = rich_case(ENCODING);
    let patch = case.encode();
    let (old_len, new_len) = (len_u32(&case.old), len_u32(&case.new));
    let mut spaces = [(); 2].map(|()| vec![0xa5; workspace_len(Profile::Kib8)]);
    let [first, second] = &mut spaces;
    let mut decoder = Decoder::new(first, old_len, new_len);
    let (mut rest, mut made) = (&patch[..], Vec::new());
    while made.len() < case.new.len() / 2 {
        rest = &rest[decoder.push(rest)..];
        let mut out = [0; 100];
        if let Pull::Output(len) = decoder
            .pull(&mut Memory { old: &case.old }, &mut out)
            .unwrap()
        {
            made.extend_from_slice(&out[..len]);
        }
    }
    let mut whole = vec![0; decoder.saved_len().unwrap()];
    decoder.save(&mut whole).unwrap();
    for len in [1, 63, 64, 65, 256, 9999] {
        let mut pieced = Vec::new();
        while pieced.len() < whole.len() {
            let mut piece = vec![0; len.min(whole.len() - pieced.len())];
            decoder.save_piece(pieced.len(), &mut piece).unwrap();
            pieced.extend(piece);
        }
        assert!(pieced == whole, "pieces of {len}");
    }
    let mut piece = [7; 4];
    decoder.save_piece(whole.len() - 1, &mut piece).unwrap();
    assert_eq!(piece[1..], [7; 3], "bytes behind the end");

    let mut other = Decoder::new(second, old_len, new_len);
    let mut next = 0;
    other
        .load::<()>(whole.len(), |offset, piece| {
            assert_eq!(offset, next, "front to back");
            next += piece.len();
            piece.copy_from_slice(&whole[offset..next]);
            Ok(())
        })
        .unwrap();
    assert_eq!(next, whole.len());
    assert_eq!(other.produced(), decoder.produced());
    // A reader that fails is reported, wherever it does; then only a restart helps.
    for fails_at in [0, 1, whole.len() - 1] {
        let result = other.load(whole.len(), |offset, piece| {
            let fails = (offset..offset + piece.len()).contains(&fails_at);
            piece.copy_from_slice(&whole[offset..offset + piece.len()]);
            if fails { Err(fails_at) } else { Ok(()) }
        });
        assert_eq!(result, Err(LoadError::Read(fails_at)));
        assert_eq!(other.saved_len(), Err(CheckpointError::Failed));
    }
    other.restart();
    assert!(other.saved_len().is_ok());
}

/// A gateway's tables in full: more regions and major operations than any other profile holds, over a MiB.
#[test]
fn a_gateway_goes_on_from_checkpoints() {
    let mut noise = Noise(99);
    let old = noise.bytes(1 << 20);
    let classes = [
        Class::Code(Isa::A64),
        Class::Data(Data::Pointer64),
        Class::Data(Data::Numbers32),
        Class::Data(Data::Relocation64),
    ];
    let regions: Vec<Region> = (1..1000)
        .map(|unit| Region {
            start: unit * 4 * REGION_UNIT,
            class: classes[usize::try_from(unit % 4).unwrap()],
        })
        .collect();
    let encoding = Encoding {
        profile: Profile::Gateway,
        unit: Unit::Word,
        isa: Isa::A64,
        addresses: THUMB.addresses.with_numbers(),
        regions: Vec::leak(regions),
    };
    let pieces: Vec<_> = (0..6000_u16)
        .map(|number| {
            let len = 60 + number % 9;
            let changes = (0..3).map(|i| (i * 20_000, noise.byte())).collect();
            (
                noise.bytes(2),
                number.wrapping_mul(31),
                len,
                changes,
                number % 4 != 0,
            )
        })
        .collect();
    let case = build(encoding, old, &pieces, &[7; 40]);
    assert!(case.new.len() > 1 << 20);
    let majors = case.operations.iter().filter(|operation| operation.major);
    assert!(majors.count() > Profile::Kib64.major_count(1 << 20, 1 << 20, 0));

    let patch = case.encode();
    let need = checkpoint_len(Profile::Gateway);
    let (old_len, new_len) = (len_u32(&case.old), len_u32(&case.new));
    let mut spaces = [0, 0xff].map(|byte| vec![byte; workspace_len(Profile::Gateway)]);
    let mut saved = vec![0; need];
    let [first, _] = &mut spaces;
    let mut saved_len = Decoder::new(first, old_len, new_len)
        .save(&mut saved)
        .unwrap();
    let (mut rest, mut new, mut done) = (patch.as_slice(), Vec::new(), false);
    // In the regions, in the map, and every 64 KiB behind them.
    for leg in 0.. {
        let space = &mut spaces[leg % 2];
        let mut decoder = Decoder::restore(space, old_len, new_len, &saved[..saved_len]).unwrap();
        let goal = new.len() + (1 << 16);
        while !done && new.len() < goal {
            let before = rest.len();
            rest = &rest[decoder.push(&rest[..before.min(100)])..];
            if rest.is_empty() {
                decoder.finish();
            }
            let mut out = [0; 4096];
            match decoder
                .pull(&mut Memory { old: &case.old }, &mut out)
                .unwrap()
            {
                Pull::Output(len) => new.extend_from_slice(&out[..len]),
                Pull::NeedInput => {}
                Pull::Done => done = true,
            }
            if new.is_empty() && leg < 12 && patch.len() - rest.len() > leg * 500 {
                break;
            }
        }
        if done {
            assert!(leg > 20, "{leg} checkpoints");
            break;
        }
        saved_len = decoder.save(&mut saved).unwrap();
        assert_eq!(saved_len, need);
    }
    assert!(new == case.new);
}

#[test]
fn sizes_are_exact() {
    let case = rich_case(ENCODING);
    let mut workspace = vec![0; workspace_len(Profile::Kib8)];
    let mut decoder = Decoder::new(&mut workspace, len_u32(&case.old), len_u32(&case.new));
    decoder.push(&case.encode());
    decoder
        .pull(&mut Memory { old: &case.old }, &mut [0; 100])
        .unwrap();
    let need = checkpoint_len(Profile::Kib8);
    let mut buf = vec![0; need];
    assert_eq!(decoder.save(&mut buf), Ok(need));
    let have = need - 1;
    assert_eq!(
        decoder.save(&mut buf[..have]),
        Err(CheckpointError::BufferTooSmall { need, have })
    );
    let need = workspace_len(Profile::Kib8);
    let mut short = vec![0; need - 1];
    let restored = Decoder::restore(&mut short, len_u32(&case.old), len_u32(&case.new), &buf);
    let error = CheckpointError::WorkspaceTooSmall {
        need,
        have: need - 1,
    };
    assert_eq!(restored.err(), Some(error));
}

#[test]
fn a_failed_decoder_is_not_saved() {
    let mut workspace = vec![0; workspace_len(Profile::Kib8)];
    let mut decoder = Decoder::new(&mut workspace, 0, 9);
    decoder.push(&[9; 100]);
    decoder
        .pull(&mut Memory { old: &[] }, &mut [0; 9])
        .unwrap_err();
    assert_eq!(
        decoder.save(&mut vec![0; 9999]),
        Err(CheckpointError::Failed)
    );
}

#[test]
fn cut_or_longer_checkpoints_are_refused() {
    let case = rich_case(ENCODING);
    let mut workspace = vec![0; workspace_len(Profile::Kib8)];
    let mut decoder = Decoder::new(&mut workspace, len_u32(&case.old), len_u32(&case.new));
    decoder.push(&case.encode());
    decoder
        .pull(&mut Memory { old: &case.old }, &mut [0; 100])
        .unwrap();
    let mut saved = vec![0; checkpoint_len(Profile::Kib8)];
    decoder.save(&mut saved).unwrap();
    let mut other = vec![0; workspace_len(Profile::Kib8)];
    let mut restore = |saved: &[u8]| {
        Decoder::restore(&mut other, len_u32(&case.old), len_u32(&case.new), saved).err()
    };
    assert_eq!(restore(&saved), None);
    for len in (0..200).chain(saved.len() - 40..saved.len()) {
        assert_eq!(
            restore(&saved[..len]),
            Some(CheckpointError::Malformed),
            "{len}"
        );
    }
    saved.push(0);
    assert_eq!(restore(&saved), Some(CheckpointError::Malformed));
}

/// Whatever a damaged checkpoint holds, decoding stays inside the images and ends.
fn continue_damaged(case: &Case, saved: &[u8], rest: &[u8]) {
    let mut workspace = vec![0; workspace_len(case.encoding.profile)];
    let (old_len, new_len) = (len_u32(&case.old), len_u32(&case.new));
    let Ok(mut decoder) = Decoder::restore(&mut workspace, old_len, new_len, saved) else {
        return;
    };
    let mut rest = rest;
    let mut done = usize::try_from(decoder.produced()).unwrap();
    let mut out = [0; 50];
    loop {
        rest = &rest[decoder.push(rest)..];
        if rest.is_empty() {
            decoder.finish();
        }
        match decoder.pull(&mut Memory { old: &case.old }, &mut out) {
            Ok(Pull::Output(len)) => {
                done += len;
                assert!(
                    len > 0 && done <= case.new.len(),
                    "{len} {done} {}",
                    case.new.len()
                );
            }
            Ok(Pull::NeedInput) => assert!(!rest.is_empty()),
            Ok(Pull::Done) => {
                assert_eq!(done, case.new.len());
                break;
            }
            Err(error) => {
                // The images were never asked for bytes they do not have.
                assert!(
                    !matches!(error, sprag_delta::DecodeError::Images(_)),
                    "{error:?}"
                );
                break;
            }
        }
    }
}

#[test]
fn damaged_checkpoints_are_harmless() {
    let case = rich_case(ENCODING);
    let patch = case.encode();
    let mut noise = Noise(4242);
    for pulls in (0..40).step_by(4) {
        let mut workspace = vec![0; workspace_len(Profile::Kib8)];
        let mut decoder = Decoder::new(&mut workspace, len_u32(&case.old), len_u32(&case.new));
        let mut rest = &patch[..];
        for _ in 0..=pulls {
            rest = &rest[decoder.push(rest)..];
            decoder
                .pull(&mut Memory { old: &case.old }, &mut [0; 97])
                .unwrap();
        }
        let mut saved = vec![0; checkpoint_len(Profile::Kib8)];
        let len = decoder.save(&mut saved).unwrap();
        saved.truncate(len);
        continue_damaged(&case, &saved, rest);
        for byte in 0..saved.len().min(290) {
            for value in [0, 0x80, 0xff, noise.byte()] {
                let mut damaged = saved.clone();
                damaged[byte] = value;
                continue_damaged(&case, &damaged, rest);
            }
        }
        let mut tables = saved.clone();
        for byte in tables.iter_mut().skip(290) {
            *byte = noise.byte();
        }
        continue_damaged(&case, &tables, rest);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn checkpoints_change_nothing(case in cases(), piece_len in 1_usize..200, out_len in 1_usize..90) {
        let patch = case.encode();
        prop_assert!(decode_by_checkpoints(&case, &patch, piece_len, out_len) == case.new);
    }
}
