//! The edges of Ed25519 that the vectors of C2SP/CCTV and of "Taming the many EdDSAs" are about: points of small order and
//! of mixed order, second encodings, S beyond the group order. The vectors are made here, by the names of CCTV's flags,
//! and stand in `edges.txt`, with which other verifiers are held against the same.
#![expect(clippy::arithmetic_side_effects, reason = "scalars and points")]

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as BASE, EIGHT_TORSION};
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity as _;
use ed25519_dalek::hazmat::ExpandedSecretKey;
use sha2::{Digest as _, Sha512};
use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString as _};
use std::vec::Vec;

use super::tests::bytes;
use super::{Dalek, Ed25519};

/// L, the order of the base point, and p, that of the field: lowest byte first.
const GROUP_ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
const FIELD_ORDER: &str = "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";

struct Vector {
    name: String,
    holds: bool,
    key: [u8; 32],
    message: Vec<u8>,
    signature: [u8; 64],
}

/// The secret scalar of all keys: that of the seed of sevens, which the builder's test has, too.
fn secret() -> Scalar {
    ExpandedSecretKey::from(&[7; 32]).scalar
}

/// A number more than another, lowest byte first, if it fits.
fn sum(a: &[u8; 32], b: &str) -> Option<[u8; 32]> {
    let (mut carry, mut sum) = (0, [0; 32]);
    for (to, (a, b)) in sum.iter_mut().zip(a.iter().zip(bytes(b))) {
        carry += u16::from(*a) + u16::from(b);
        *to = u8::try_from(carry & 0xff).unwrap();
        carry >>= 8;
    }
    (carry == 0).then_some(sum)
}

/// Every encoding of a point, the canonical one first: with y + p, and for x = 0 with the other sign.
fn encodings(point: &EdwardsPoint) -> Vec<[u8; 32]> {
    let canonical = point.compress().to_bytes();
    let sign = canonical[31] & 0x80;
    let mut y = canonical;
    y[31] &= 0x7f;
    let beyond = sum(&y, FIELD_ORDER).filter(|beyond| beyond[31] < 0x80);
    let signs = if *point == -point && point + point == EdwardsPoint::identity() {
        std::vec![sign, sign ^ 0x80]
    } else {
        std::vec![sign]
    };
    let ys = [Some(y), beyond].into_iter().flatten();
    let all = ys.flat_map(|y| {
        signs.iter().map(move |sign| {
            let mut encoded = y;
            encoded[31] |= sign;
            encoded
        })
    });
    all.collect()
}

/// k of the equation: the hash of R, key and message.
fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(key);
    Scalar::from_bytes_mod_order_wide(&hash.chain_update(message).finalize().into())
}

fn join(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    let joined = [*r, *s];
    joined.as_flattened().try_into().unwrap()
}

fn vectors() -> Vec<Vector> {
    let mut all = Vec::new();
    let mut add = |name: String, holds, key: [u8; 32], message: &[u8], signature| {
        let message = message.to_vec();
        all.push(Vector {
            name,
            holds,
            key,
            message,
            signature,
        });
    };
    let (a, nonce) = (secret(), Scalar::from(1_000_u16));
    let (honest_key, honest_r) = (BASE * a, BASE * nonce);
    let (key, r) = (
        honest_key.compress().to_bytes(),
        honest_r.compress().to_bytes(),
    );
    let s = (nonce + challenge(&r, &key, b"honest") * a).to_bytes();
    add("honest".into(), true, key, b"honest", join(&r, &s));
    // S + L, S + 2 L, ...: the same equation.
    let mut beyond = sum(&s, GROUP_ORDER);
    for times in 1.. {
        let Some(s) = beyond else { break };
        let name = format!("S_plus_{times}_L");
        add(name, false, key, b"honest", join(&r, &s));
        beyond = sum(&s, GROUP_ORDER);
    }
    add("all_zero_signature".into(), false, key, b"honest", [0; 64]);
    add("all_zero".into(), false, [0; 32], b"honest", [0; 64]);
    // Key or R with a component of small order: without the cofactor the components must cancel out.
    for (i, torsion) in (0_u8..).zip(EIGHT_TORSION) {
        for (j, other) in (0_u8..).zip(EIGHT_TORSION) {
            if i == 0 && j == 0 {
                continue;
            }
            let key = (honest_key + torsion).compress().to_bytes();
            let r = (honest_r + other).compress().to_bytes();
            let mut seen = BTreeMap::new();
            for message in 0_u8..16 {
                let k = challenge(&r, &key, &[message]);
                let cancels = other + torsion * k == EdwardsPoint::identity();
                seen.entry(cancels).or_insert((message, k));
            }
            for (cancels, (message, k)) in seen {
                let part = |number: u8, name| if number == 0 { "" } else { name };
                let a_part = part(i, "low_order_component_A ");
                let r_part = part(j, "low_order_component_R ");
                let residue = if cancels { "" } else { "low_order_residue " };
                let name = format!("{a_part}{r_part}{residue}{i}.{j}");
                let s = (nonce + k * a).to_bytes();
                let name = name.trim().replace(' ', ",");
                add(name, cancels, key, &[message], join(&r, &s));
            }
        }
    }
    // Key or R of small order, in each encoding; the equation holds with the cofactor, and for some messages without it.
    for (i, torsion) in (0_u8..).zip(EIGHT_TORSION) {
        for (number, encoded) in (0_u8..).zip(encodings(&torsion)) {
            let odd = |of| if number == 0 { "" } else { of };
            for message in 0_u8..8 {
                let k = challenge(&r, &encoded, &[message]);
                if message == 0 || torsion * k == EdwardsPoint::identity() {
                    let name = format!(
                        "low_order_A{},{i}.{number}.{message}",
                        odd(",non_canonical_A")
                    );
                    let s = nonce.to_bytes();
                    add(name, false, encoded, &[message], join(&r, &s));
                }
            }
            let k = challenge(&encoded, &key, b"R");
            let name = format!("low_order_R{},{i}.{number}", odd(",non_canonical_R"));
            add(name, false, key, b"R", join(&encoded, &(k * a).to_bytes()));
            // Both: anybody could sign anything.
            let name = format!("low_order_A,low_order_R,{i}.{number}");
            add(name, false, encoded, b"both", join(&encoded, &[0; 32]));
        }
    }
    all
}

fn text(vectors: &[Vector]) -> String {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let mut text =
        "# Made by the test `edges`: name, verdict, public key, message, signature.\n".to_string();
    for vector in vectors {
        let verdict = if vector.holds { "valid" } else { "invalid" };
        let (key, message) = (hex(&vector.key), hex(&vector.message));
        let signature = hex(&vector.signature);
        text.push_str(&format!(
            "{} {verdict} {key} {message} {signature}\n",
            vector.name
        ));
    }
    text
}

/// Everything that is refused or taken wrongly, by name.
fn faults<V: Ed25519>(vectors: &[Vector]) -> Vec<&str> {
    let wrong = vectors.iter().filter(|vector| {
        let key = V::key(&vector.key);
        let holds = key.is_some_and(|key| V::verify(&key, &vector.message, &vector.signature));
        holds != vector.holds
    });
    wrong.map(|vector| vector.name.as_str()).collect()
}

#[test]
fn every_verifier_says_the_same_of_the_edges() {
    let vectors = vectors();
    let valid = vectors.iter().filter(|vector| vector.holds).count();
    assert!(
        valid > 8 && vectors.len() > 150,
        "{valid} {}",
        vectors.len()
    );
    assert_eq!(faults::<Dalek>(&vectors), [""; 0]);
    #[cfg(feature = "salty")]
    assert_eq!(faults::<super::Salty>(&vectors), [""; 0]);
}

/// `SPRAG_BLESS=1` writes the file.
#[test]
fn the_file_holds_these_vectors() {
    let made = text(&vectors());
    if std::env::var_os("SPRAG_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ed25519/edges.txt");
        std::fs::write(path, &made).unwrap();
        return;
    }
    assert!(
        made == include_str!("edges.txt"),
        "SPRAG_BLESS=1 writes edges.txt"
    );
}
