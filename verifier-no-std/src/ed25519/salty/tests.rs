//! Both implementations side by side, on the edges that the vectors of C2SP/CCTV and Wycheproof are about. The vectors
//! are made here.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "scalars, points and small numbers"
)]

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::hazmat::ExpandedSecretKey;
use sha2::{Digest as _, Sha512};
use std::vec::Vec;

use super::{FIELD_ORDER, GROUP_ORDER, SMALL_ORDER, Salty};
use crate::ed25519::{Dalek, Ed25519};

fn accepts<V: Ed25519>(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    V::key(key).is_some_and(|key| V::verify(&key, message, signature))
}

/// Adds two numbers, lowest byte first.
fn sum(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    let mut carry = 0;
    let mut sum = [0; 32];
    for (to, (a, b)) in sum.iter_mut().zip(a.iter().zip(b)) {
        carry += u16::from(*a) + u16::from(*b);
        *to = u8::try_from(carry & 0xff).unwrap();
        carry >>= 8;
    }
    sum
}

fn scalar() -> Scalar {
    ExpandedSecretKey::from(&[7; 32]).scalar
}

/// A signature by the scalar, whatever the torsion of the key and of R.
fn sign(key: &[u8; 32], r: &[u8; 32], nonce: Scalar, message: &[u8]) -> [u8; 64] {
    let hash: [u8; 64] = Sha512::new()
        .chain_update(r)
        .chain_update(key)
        .chain_update(message)
        .finalize()
        .into();
    let s = nonce + Scalar::from_bytes_mod_order_wide(&hash) * scalar();
    join(r, &s.to_bytes())
}

fn join(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(r);
    signature[32..].copy_from_slice(s);
    signature
}

/// Encodings of points of small order, canonical or not, with either sign.
fn small_order() -> Vec<[u8; 32]> {
    let mut all = Vec::new();
    for y in SMALL_ORDER {
        let beyond = sum(&y, &FIELD_ORDER);
        // Only 0 and 1 have a second encoding.
        let encodings = [Some(y), (beyond[31] < 0x80).then_some(beyond)];
        for y in encodings.into_iter().flatten() {
            let mut negative = y;
            negative[31] |= 0x80;
            all.extend([y, negative]);
        }
    }
    all
}

#[test]
fn the_list_of_small_orders_is_that_of_the_curve() {
    for point in EIGHT_TORSION {
        let mut y = point.compress().to_bytes();
        y[31] &= 0x7f;
        assert!(SMALL_ORDER.contains(&y));
    }
    for y in SMALL_ORDER {
        let point = CompressedEdwardsY(y).decompress().unwrap();
        assert!(point.is_small_order());
    }
}

#[test]
fn both_say_the_same_of_points_with_torsion() {
    let base = curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
    let (mut good, mut bad) = (0, 0);
    for (number, torsion) in (0_u8..).zip(EIGHT_TORSION) {
        for (second, other) in (0_u8..).zip(EIGHT_TORSION) {
            let nonce = Scalar::from(1_000_u64 + u64::from(number));
            let key = (base * scalar() + torsion).compress().to_bytes();
            let r = (base * nonce + other).compress().to_bytes();
            for message in [
                [number, second, 0],
                [number, second, 1],
                [number, second, 2],
            ] {
                let signature = sign(&key, &r, nonce, &message);
                let verdict = accepts::<Dalek>(&key, &message, &signature);
                assert_eq!(accepts::<Salty>(&key, &message, &signature), verdict);
                (good, bad) = (good + u32::from(verdict), bad + u32::from(!verdict));
            }
        }
    }
    assert!(good > 3 && bad > 100, "{good} {bad}");
}

#[test]
fn small_orders_and_second_encodings_are_refused() {
    let base = curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
    let key = (base * scalar()).compress().to_bytes();
    let zero = [0; 32];
    for point in small_order() {
        assert!(Dalek::key(&point).is_none() && Salty::key(&point).is_none());
        for message in 0_u8..16 {
            let signature = sign(&key, &point, Scalar::ZERO, &[message]);
            assert!(!accepts::<Dalek>(&key, &[message], &signature));
            assert!(!accepts::<Salty>(&key, &[message], &signature));
            assert!(!accepts::<Salty>(&point, &[message], &join(&point, &zero)));
        }
    }
    // Encodings beyond p of points of full order.
    for low in 2_u8..19 {
        let mut y = zero;
        y[0] = low;
        let beyond = sum(&y, &FIELD_ORDER);
        assert!(Salty::key(&beyond).is_none(), "{low}");
        let signature = sign(&key, &beyond, Scalar::ONE, b"message");
        assert!(!accepts::<Dalek>(&key, b"message", &signature));
        assert!(!accepts::<Salty>(&key, b"message", &signature));
    }
}

#[test]
fn s_is_below_the_group_order() {
    let base = curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
    let key = (base * scalar()).compress().to_bytes();
    let nonce = Scalar::from(5_u8);
    let r = (base * nonce).compress().to_bytes();
    let signature = sign(&key, &r, nonce, b"message");
    assert!(accepts::<Dalek>(&key, b"message", &signature));
    assert!(accepts::<Salty>(&key, b"message", &signature));
    let mut s: [u8; 32] = *signature.last_chunk().unwrap();
    // S + L, + 2 L, ... as far as it fits.
    for _ in 0..14 {
        s = sum(&s, &GROUP_ORDER);
        assert!(!accepts::<Dalek>(&key, b"message", &join(&r, &s)));
        assert!(!accepts::<Salty>(&key, b"message", &join(&r, &s)));
    }
    for bit in 0..512 {
        let mut bent = signature;
        bent[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepts::<Salty>(&key, b"message", &bent), "{bit}");
    }
}
