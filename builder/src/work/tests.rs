//! Images that make searches slow if anything does.

use sprag_delta::{Isa, Profile};

use super::counted;
use crate::delta::{self, Effort, EncodeOptions};
use crate::full;
use crate::testing::noise_of;

/// An image of `len` bytes and another of the same kind.
type Kind = fn(usize) -> [Vec<u8>; 2];

const KINDS: [(&str, Kind); 8] = [
    ("noise", |len| [noise_of(1, len), noise_of(2, len)]),
    ("zeros", |len| [vec![0; len], vec![0; len - 3]]),
    ("zeros, then ones", |len| [vec![0; len], vec![1; len]]),
    ("period 2", |len| {
        [periodic(&[1, 2], len), periodic(&[2, 1], len)]
    }),
    ("period 2, changed now and then", |len| {
        let old = periodic(&[1, 2], len);
        let mut new = old.clone();
        new.iter_mut().step_by(37).for_each(|byte| *byte = 3);
        [old, new]
    }),
    ("de Bruijn", |len| {
        [de_bruijn(len), de_bruijn(2 * len).split_off(len)]
    }),
    ("repeats with a byte of their own", |len| {
        [repeats(len, 1), repeats(len, 7)]
    }),
    ("Fibonacci word", |len| {
        [fibonacci(len, 3), fibonacci(len, 5)]
    }),
];

fn periodic(period: &[u8], len: usize) -> Vec<u8> {
    period.iter().copied().cycle().take(len).collect()
}

/// Bytes 0 and 1 of which every 16 in a row, but zeros alone, come once in 65,535: a shift register with the feedback
/// x^16 + x^14 + x^13 + x^11 + 1.
fn de_bruijn(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        let bit = (state ^ state >> 2 ^ state >> 3 ^ state >> 5) & 1;
        state = state >> 1 | bit << 15;
        u8::from(bit == 1)
    };
    (0..len).map(|_| next()).collect()
}

/// The same 61 bytes again and again, each time with another number in front.
fn repeats(len: usize, first: usize) -> Vec<u8> {
    let body = noise_of(4, 61);
    let mut image = Vec::new();
    for number in first.. {
        if image.len() >= len {
            break;
        }
        image.extend(u16::try_from(number % 65_536).unwrap().to_le_bytes());
        image.extend(&body);
    }
    image.truncate(len);
    image
}

fn fibonacci(len: usize, step: u8) -> Vec<u8> {
    let (mut a, mut b) = (vec![0], vec![0, step]);
    while b.len() < len {
        let next = [b.as_slice(), &a].concat();
        a = core::mem::replace(&mut b, next);
    }
    b.truncate(len);
    b
}

/// Steps a byte that are enough for whatever images hold, and how much these may grow where images are four times as long:
/// searches are logarithmic.
fn assert_bounded(name: &str, bound: u64, work: impl Fn(usize)) {
    let per_byte = |len: usize| counted(|| work(len)) / u64::try_from(len).unwrap();
    let (short, long) = (per_byte(4 << 10), per_byte(16 << 10));
    println!("{name}: {short} and {long} steps a byte");
    assert!(short > 0, "{name}: nothing is counted");
    assert!(
        short <= bound && long <= bound,
        "{name}: {short} and {long} steps a byte"
    );
    assert!(
        long <= 2 * short + 20,
        "{name}: {short} steps a byte, then {long}"
    );
}

#[test]
fn deltas_of_pathological_images_take_bounded_work() {
    for (name, kind) in KINDS {
        for (isa, effort, bound) in [
            (Isa::None, Effort::Fast, 100),
            (Isa::None, Effort::Default, 200),
            (Isa::Thumb, Effort::Default, 600),
        ] {
            let options = EncodeOptions {
                isa,
                effort,
                ..EncodeOptions::new(Profile::Kib8)
            };
            assert_bounded(&format!("{name}, {isa:?}, {effort:?}"), bound, |len| {
                let [old, new] = kind(len);
                delta::encode(&old, &new, &options).unwrap();
            });
        }
    }
}

#[test]
fn full_images_take_bounded_work() {
    for (name, kind) in KINDS {
        assert_bounded(name, 500, |len| {
            let [image, _] = kind(len);
            full::encode(
                &image,
                Profile::Kib8,
                Isa::Thumb,
                Effort::Default,
                &mut |_| (),
            )
            .unwrap();
        });
    }
}
