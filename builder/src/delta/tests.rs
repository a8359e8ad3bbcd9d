use proptest::prelude::*;
use sprag_delta::{
    Addresses, Decoder, Encoding, Images, Isa, Operation, Profile, Pull, Unit, workspace_len,
};

use super::coding::Stream;
use super::{Effort, EncodeOptions, Step, encode, encode_with_progress};

struct Memory<'a> {
    old: &'a [u8],
}

impl Images for Memory<'_> {
    type Error = ();

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), ()> {
        let start = usize::try_from(offset).map_err(|_| ())?;
        buf.copy_from_slice(self.old.get(start..start + buf.len()).ok_or(())?);
        Ok(())
    }

    fn read_new(&mut self, _: u32, _: &mut [u8]) -> Result<(), ()> {
        Err(())
    }
}

fn decode(old: &[u8], patch: &[u8], new_len: usize, profile: Profile) -> Vec<u8> {
    let mut workspace = vec![0; workspace_len(profile)];
    let old_len = u32::try_from(old.len()).unwrap();
    let mut decoder = Decoder::new(&mut workspace, old_len, u32::try_from(new_len).unwrap());
    let (mut rest, mut new, mut out) = (patch, Vec::new(), [0; 300]);
    loop {
        rest = &rest[decoder.push(rest)..];
        if rest.is_empty() {
            decoder.finish();
        }
        match decoder.pull(&mut Memory { old }, &mut out).unwrap() {
            Pull::Output(len) => new.extend_from_slice(&out[..len]),
            Pull::NeedInput => {}
            Pull::Done => return new,
        }
    }
}

fn round_trip(old: &[u8], new: &[u8]) -> usize {
    let mut least = usize::MAX;
    for profile in [Profile::Kib8, Profile::Kib16, Profile::Kib64] {
        for (effort, isa) in [
            (Effort::Fast, Isa::None),
            (Effort::Default, Isa::None),
            (Effort::Default, Isa::Thumb),
            (Effort::Best, Isa::A32),
            (Effort::Fast, Isa::Xtensa),
        ] {
            let options = EncodeOptions {
                effort,
                isa,
                ..EncodeOptions::new(profile)
            };
            let patch = encode(old, new, &options).unwrap();
            assert!(
                decode(old, &patch, new.len(), profile) == new,
                "{options:?}"
            );
            least = least.min(patch.len());
        }
    }
    least
}

/// Code that moves by an insertion: each call changes its distance, and none is told.
#[test]
fn moved_code_costs_next_to_nothing() {
    let call = |from: u32, to: u32| {
        let distance = to - from - 4;
        0xf800_f000_u32 | distance >> 12 & 0x3ff | (distance >> 1 & 0x7ff) << 16
    };
    let image = |gap: u32| {
        let mut image = Vec::new();
        for number in 0..2000_u32 {
            let target = 20_000 + number * 7919 % 10_000 * 2 + gap;
            image.extend_from_slice(&call(number * 8, target).to_le_bytes());
            image.extend_from_slice(&[number.to_le_bytes()[0], 0x46, 0x70, 0x47]);
        }
        image.resize(18_000, 0xff);
        image.extend_from_slice(&vec![0x55; gap.try_into().unwrap()]);
        image.extend_from_slice(&noise(5, 30_000));
        image
    };
    let (old, new) = (image(0), image(100));
    let patch_len = |isa| {
        let options = EncodeOptions {
            isa,
            ..EncodeOptions::new(Profile::Kib8)
        };
        let patch = encode(&old, &new, &options).unwrap();
        assert!(decode(&old, &patch, new.len(), Profile::Kib8) == new);
        patch.len()
    };
    let (with, without) = (patch_len(Isa::Thumb), patch_len(Isa::None));
    assert!(
        with < 60 && without > 10 * with,
        "{with} and {without} bytes"
    );
}

/// Reproducible noise.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_be_bytes()[0]
        })
        .collect()
}

#[test]
fn structured_images_come_back_small() {
    let base = noise(3, 40_000);
    let moved = [&base[20_000..], &base[..20_000]].concat();
    let inserted = [&base[..100], b"a few more bytes", &base[100..]].concat();
    let mut patched = base.clone();
    for place in (0..base.len()).step_by(997) {
        patched[place] ^= 0x55;
    }
    let ramp: Vec<u8> = (0..=255).cycle().take(30_000).collect();
    let cases: [(&str, &[u8], &[u8], usize); 12] = [
        ("equal", &base, &base, 20),
        ("halves swapped", &base, &moved, 30),
        ("insertion", &base, &inserted, 45),
        ("deletion", &inserted, &base, 30),
        ("scattered bytes", &base, &patched, 150),
        ("shorter", &base, &base[..5000], 20),
        ("tail only", &base, &base[35_000..], 20),
        ("zeros from nothing", &[], &[0; 10_000], 700),
        ("zeros", &[0; 9000], &[0; 10_000], 150),
        ("ramp", &ramp[..20_000], &ramp, 60),
        ("nothing", &base, &[], 4),
        ("nothing from nothing", &[], &[], 4),
    ];
    for (name, old, new, limit) in cases {
        let len = round_trip(old, new);
        assert!(len <= limit, "{name}: {len} bytes");
    }
}

/// Images in which every short string occurs often: the search must stay fast and exact.
#[test]
fn repetitive_images_come_back() {
    let few: Vec<u8> = noise(9, 20_000).iter().map(|byte| byte & 1).collect();
    let other: Vec<u8> = noise(10, 20_000).iter().map(|byte| byte & 1).collect();
    round_trip(&few, &other);
    let mut fibonacci = vec![0_u8];
    let mut last = vec![1_u8];
    while fibonacci.len() < 20_000 {
        let next = [fibonacci.clone(), last].concat();
        last = core::mem::replace(&mut fibonacci, next);
    }
    round_trip(&fibonacci, &fibonacci[7..15_000]);
    round_trip(&[0xff; 3], &[0xff; 70_000]);
}

/// Operations by the plainest method: at each byte the longest match anywhere.
fn naive_operations(old: &[u8], new: &[u8]) -> Vec<Operation> {
    let mut operations = Vec::new();
    let (mut position, mut literal_len) = (0, 0);
    while position < new.len() {
        let match_len = |source: usize| {
            old[source..]
                .iter()
                .zip(&new[position..])
                .take_while(|(a, b)| a == b)
                .count()
        };
        let best = (0..old.len())
            .map(|source| (match_len(source), source))
            .max();
        match best {
            Some((len, source)) if len >= 4 => {
                let [len, source] = [len, source].map(|value| u32::try_from(value).unwrap());
                operations.push(Operation {
                    literal_len,
                    copy_len: len,
                    source,
                    major: false,
                });
                position += usize::try_from(len).unwrap();
                literal_len = 0;
            }
            _ => {
                position += 1;
                literal_len += 1;
            }
        }
    }
    if literal_len > 0 {
        operations.push(Operation {
            literal_len,
            ..Operation::default()
        });
    }
    operations
}

fn related_images() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let edit = (
        any::<u16>(),
        any::<u16>(),
        prop::collection::vec(0_u8..9, 0..12),
    );
    (
        prop::collection::vec(0_u8..9, 0..400),
        prop::collection::vec(edit, 0..8),
    )
        .prop_map(|(old, edits)| {
            let mut new = old.clone();
            for (from, to, bytes) in edits {
                let from = usize::from(from) % (new.len() + 1);
                let to = from + usize::from(to) % (new.len() - from + 1);
                new.splice(from..to.min(from + 40), bytes);
            }
            (old, new)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_images_come_back(
        old in prop::collection::vec(any::<u8>(), 0..600),
        new in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        round_trip(&old, &new);
    }

    #[test]
    fn related_images_come_back((old, new) in related_images()) {
        round_trip(&old, &new);
    }

    /// The naive twin gives the same image and is hardly ever shorter.
    #[test]
    fn naive_operations_agree((old, new) in related_images()) {
        let profile = Profile::Kib16;
        let mut stream = Stream(Vec::new());
        let mut workspace = vec![0; workspace_len(profile)];
        let (unit, isa, addresses) = (Unit::Byte, Isa::None, Addresses::default());
        let encoding = Encoding { profile, unit, isa, addresses, regions: &[] };
        let operations = naive_operations(&old, &new);
        sprag_delta::encode(&mut workspace, encoding, (&old, &new), &operations, &mut stream, |_| ())
            .unwrap();
        prop_assert!(decode(&old, &stream.0, new.len(), profile) == new);
        let options = EncodeOptions::new(profile);
        let ours = encode(&old, &new, &options).unwrap();
        prop_assert!(ours.len() <= stream.0.len() + stream.0.len() / 5 + 4,
            "{} bytes, naively {}", ours.len(), stream.0.len());
    }
}

/// Nothing can be saved on noise, as of encrypted images; it must not cost much either.
#[test]
fn noise_costs_what_storing_does() {
    let (old, new) = (noise(41, 150_000), noise(42, 150_000));
    for (profile, isa) in [
        (Profile::Kib8, Isa::None),
        (Profile::Kib16, Isa::Thumb),
        (Profile::Kib64, Isa::Xtensa),
    ] {
        let options = EncodeOptions {
            isa,
            ..EncodeOptions::new(profile)
        };
        let len = encode(&old, &new, &options).unwrap().len();
        assert!(
            len <= new.len() + new.len() / 100,
            "{profile:?}: {len} bytes"
        );
    }
}

/// Copies among which the parse hesitates: the search finds out which cost least.
#[test]
fn more_effort_makes_shorter_patches() {
    let old: Vec<u8> = noise(51, 30_000).iter().map(|byte| byte & 3).collect();
    let mut new = Vec::new();
    for (step, byte) in noise(52, 600).into_iter().enumerate() {
        let start = (usize::from(byte) * 101 + step * 7) % 29_000;
        new.extend_from_slice(&old[start..start + 8 + usize::from(byte & 31)]);
        let changed = new.len() - 5;
        new[changed] = byte;
    }
    let [fast, default, best] = [Effort::Fast, Effort::Default, Effort::Best].map(|effort| {
        let options = EncodeOptions {
            effort,
            ..EncodeOptions::new(Profile::Kib16)
        };
        let patch = encode(&old, &new, &options).unwrap();
        assert!(decode(&old, &patch, new.len(), Profile::Kib16) == new);
        patch.len()
    });
    assert!(
        best < default && default < fast,
        "{best}, {default} and {fast} bytes"
    );
}

#[test]
fn encoding_is_deterministic() {
    let old = noise(21, 30_000);
    let new = [&old[10_000..], &noise(22, 500), &old[..12_000]].concat();
    let options = EncodeOptions::new(Profile::Kib16);
    let first = encode(&old, &new, &options).unwrap();
    assert_eq!(first, encode(&old, &new, &options).unwrap());
    let in_thread = std::thread::scope(|scope| {
        scope
            .spawn(|| encode(&old, &new, &options).unwrap())
            .join()
            .unwrap()
    });
    assert_eq!(first, in_thread);
}

#[test]
fn progress_is_told() {
    let old = noise(31, 300_000);
    let mut seen = Vec::new();
    let options = EncodeOptions {
        isa: Isa::A64,
        ..EncodeOptions::new(Profile::Kib8)
    };
    let new = noise(32, 300_000);
    encode_with_progress(&old, &new, &options, &mut |step, done| {
        seen.push((step, done));
    })
    .unwrap();
    for step in [Step::Sort, Step::Parse, Step::Code] {
        assert!(seen.iter().any(|(seen, _)| *seen == step), "{step:?}");
    }
}
