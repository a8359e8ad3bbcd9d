//! Inputs to begin with: made-up code of every instruction set, and parts of our own demonstration firmware.

mod device;

use sprag::delta::{EncodeOptions, encode};
use sprag_delta::{Addresses, Isa, Profile, Segments};

use crate::choices::Noise;
use crate::delta_round_trip::ISAS;
use crate::images::edit;

const DEMO: [&[u8]; 2] = [
    include_bytes!("../../../builder/demo/sensor-1.0.0.bin"),
    include_bytes!("../../../builder/demo/sensor-1.1.0.bin"),
];

/// Where made-up images lie.
const BASE: u32 = 0x0800_0000;
const RAM_BASE: u32 = 0x2000_0000;
const RAM_LEN: u32 = 0x1_0000;

/// A seed: the target it is for, its name, its bytes.
#[derive(Debug, Clone)]
pub struct Seed {
    /// The target.
    pub target: &'static str,
    /// Name of the file.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
}

/// Two images and what is claimed of them.
struct Case {
    name: String,
    profile: Profile,
    isa: Isa,
    old: Vec<u8>,
    edit: Vec<u8>,
    new: Vec<u8>,
}

/// All seeds; the same on every call.
///
/// # Panics
/// If an image cannot be encoded.
#[must_use]
pub fn all() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (number, case) in cases().iter().enumerate() {
        let pace = [number, number / 2, number / 3].map(|byte| byte.to_le_bytes()[0]);
        let mut add = |target, bytes: Vec<u8>| {
            let name = case.name.clone();
            seeds.push(Seed {
                target,
                name,
                bytes: [&pace[..], &bytes].concat(),
            });
        };
        add("delta_round_trip", delta_round_trip(case));
        add("delta_decode", delta_decode(case));
        add("full_round_trip", full_round_trip(case));
        add("full_decode", full_decode(case));
    }
    seeds.extend(device::all());
    seeds
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, isa) in (0_u64..).zip(ISAS) {
        let (old, edit, new) = made_up(isa, number);
        let profile = Profile::ALL[cases.len() % 4];
        let name = format!("{isa:?}").to_lowercase();
        cases.push(Case {
            name,
            profile,
            isa,
            old,
            edit,
            new,
        });
    }
    for (name, start, len) in [("demo-vectors", 0, 1500), ("demo-text", 30_000, 1500)] {
        let [old, new] = DEMO.map(|image| image[start..start + len].to_vec());
        let edit = edit_for(&old, &new);
        let (profile, isa) = (Profile::Kib16, Isa::Thumb);
        let name = name.to_owned();
        cases.push(Case {
            name,
            profile,
            isa,
            old,
            edit,
            new,
        });
    }
    cases
}

/// Words of code and pointers, and an edit with everything in it.
fn made_up(isa: Isa, seed: u64) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let mut noise = Noise(seed);
    let mut old = Vec::new();
    for place in 0..220_u32 {
        let near = u32::from(noise.u8());
        let word = match (noise.below(4), isa) {
            (0, _) => BASE + near * 3,
            (1, _) => RAM_BASE + near * 4,
            (2, Isa::Thumb) => 0xf800_f000 | near << 16,
            (2, Isa::A32) => 0xeb00_0000 | near,
            (2, Isa::A64) => 0x9400_0000 | near,
            (2, Isa::Rv32 | Isa::Rv64) => 0x0000_00ef | near << 21,
            (2, Isa::Xtensa) => 0x0000_0005 | near << 6,
            (2, Isa::X86_64) => 0x0000_00e8 | near << 8,
            (2, _) => place,
            _ => u32::from_le_bytes([noise.u8() & 3, 0x46, noise.u8() & 7, 0x68]),
        };
        old.extend(word.to_le_bytes());
    }
    let edit = [
        &[edit::COPY, 0, 0, 200, 0][..],
        &[edit::LITERAL, 12],
        &noise.bytes(12),
        &[edit::MOVED, 200, 0, 144, 1, 12, 0, 2],
        &[edit::SET, 30, 0, 7, edit::SET, 31, 0, 8],
        &[edit::RUN, 0xff, 100, 0],
        &[edit::MOVED, 88, 2, 10, 1, 12, 0, 0],
        &[edit::LITERAL, 3, 1, 2, 3],
    ];
    let edit = edit.concat();
    let new = crate::images::new(&mut crate::choices::Choices::new(&edit), &old);
    (old, edit, new)
}

/// An edit that makes `new` out of `old`: copies where eight bytes are the same.
fn edit_for(old: &[u8], new: &[u8]) -> Vec<u8> {
    const SHORTEST: usize = 8;
    let mut edit = Vec::new();
    let mut literals: Vec<u8> = Vec::new();
    let two = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
    let flush = |edit: &mut Vec<u8>, literals: &mut Vec<u8>| {
        for some in literals.chunks(255) {
            edit.push(edit::LITERAL);
            edit.push(u8::try_from(some.len()).unwrap_or(u8::MAX));
            edit.extend_from_slice(some);
        }
        literals.clear();
    };
    let mut at = 0;
    while at < new.len() {
        let same = |start: usize| {
            let pairs = old[start..].iter().zip(&new[at..]);
            pairs.take_while(|(old, new)| old == new).count()
        };
        let longest = (0..old.len()).map(|start| (same(start), start)).max();
        match longest {
            Some((len, start)) if len >= SHORTEST => {
                flush(&mut edit, &mut literals);
                edit.push(edit::COPY);
                edit.extend(two(start));
                edit.extend(two(len));
                at += len;
            }
            _ => {
                literals.push(new[at]);
                at += 1;
            }
        }
    }
    flush(&mut edit, &mut literals);
    edit
}

fn isa_choice(isa: Isa) -> u8 {
    isa.code()
}

/// Index in the list that `delta_round_trip` picks from.
fn profile_choice(profile: Profile) -> u8 {
    match profile {
        Profile::Gateway => 15,
        small => small.code(),
    }
}

fn images(case: &Case) -> Vec<u8> {
    let len = u16::try_from(case.old.len()).unwrap_or(u16::MAX);
    [&len.to_le_bytes()[..], &case.old, &case.edit].concat()
}

fn delta_round_trip(case: &Case) -> Vec<u8> {
    // One segment and no tail.
    let at = [&[1][..], &u64::from(BASE).to_le_bytes(), &[0; 4], &[0; 2]].concat();
    [
        &[0, profile_choice(case.profile), 1, isa_choice(case.isa)][..],
        &RAM_BASE.to_le_bytes(),
        &RAM_LEN.to_le_bytes(),
        &at,
        &at,
        // A region of pointers in both, from byte 768 on.
        &[1, 2, 16],
        &[1, 2, 16],
        &images(case),
    ]
    .concat()
}

fn delta_decode(case: &Case) -> Vec<u8> {
    let at = Segments::at(BASE.into());
    let options = EncodeOptions {
        isa: case.isa,
        addresses: Addresses {
            old: at,
            new: at,
            ram_base: RAM_BASE,
            ram_len: RAM_LEN,
        },
        ..EncodeOptions::new(case.profile)
    };
    let stream = encode(&case.old, &case.new, &options).expect("two small images");
    let [a, b, c, ..] = case.new.len().to_le_bytes();
    let [low, high, ..] = stream.len().to_le_bytes();
    [&[0, a, b, c, low, high][..], &stream, &case.old].concat()
}

fn full_round_trip(case: &Case) -> Vec<u8> {
    let choices = [case.profile.code(), isa_choice(case.isa), 1];
    [&choices[..], &images(case)].concat()
}

fn full_decode(case: &Case) -> Vec<u8> {
    let effort = sprag::Effort::Default;
    let stream = sprag::full::encode(&case.new, case.profile, case.isa, effort, &mut |_| ())
        .expect("a small image");
    let [a, b, c, ..] = case.new.len().to_le_bytes();
    [&[a, b, c][..], &stream].concat()
}
