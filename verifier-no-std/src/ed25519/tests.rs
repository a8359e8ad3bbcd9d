//! The vectors of Wycheproof against every implementation that is linked.

use super::{Dalek, Ed25519};
use std::vec::Vec;

fn verdicts<V: Ed25519>() -> (usize, usize) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for line in include_str!("wycheproof.txt").lines().skip(1) {
        let fields: Vec<&str> = line.split(' ').collect();
        let [number, verdict, key, message, signature] = fields[..] else {
            panic!("{line}")
        };
        let key: [u8; 32] = bytes(key).try_into().unwrap();
        let message = bytes(message);
        // A signature of another length never reaches the check.
        let holds = match <[u8; 64]>::try_from(bytes(signature)) {
            Ok(signature) => V::key(&key).is_some_and(|key| V::verify(&key, &message, &signature)),
            Err(_) => false,
        };
        assert_eq!(holds, verdict == "valid", "{number}");
        let seen = if holds { &mut good } else { &mut bad };
        seen.push(number);
    }
    (good.len(), bad.len())
}

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.trim_matches('-').as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

#[test]
fn dalek_agrees_with_wycheproof() {
    assert_eq!(verdicts::<Dalek>(), COUNTS);
}

#[cfg(feature = "salty")]
#[test]
fn salty_agrees_with_wycheproof() {
    assert_eq!(verdicts::<super::Salty>(), COUNTS);
}

/// Valid and invalid vectors.
const COUNTS: (usize, usize) = (88, 63);
