//! Whose signature counts, and which signatures are none.

use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _};
use sha2::{Digest as _, Sha512};
use sprag_manifest::{Algorithm, KeyId};
use sprag_verifier::{EXAMPLE_KEYS, Error, ExampleKeys, Intake, KeyRole, TrustAnchors, TrustedKey};

use crate::support::{
    Link, Offer, Package, Release, Room, Signed, Signer, Stop, nrf, random_image,
    random_operations, signed_bytes,
};

/// A package, and its manifest as it was signed.
fn package() -> Package {
    let old = random_image(900, 1);
    Release::delta(&old, &random_operations(900, 950, 2)).package()
}

/// The order of the base point (RFC 8032, section 5.1), little-endian.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The eight points of small order, and the encodings of them that are not canonical.
const SMALL_ORDER: [&str; 12] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn authenticate(package: &Package, keys: &[TrustedKey]) -> Result<KeyId, Error> {
    let trust = TrustAnchors {
        keys,
        example_keys: ExampleKeys::Refuse,
    };
    let mut buf = vec![0; package.head_len() + 77];
    let mut intake = Intake::new(&mut buf);
    assert_eq!(intake.push(&package.bytes)?, package.head_len());
    intake
        .authenticate(&trust)
        .map(|authentic| authentic.signer())
}

#[test]
fn one_trusted_release_key_is_enough() {
    let package = package();
    let (one, two) = (Signer::new(1), Signer::new(2));
    let (root, release) = (KeyRole::Root, KeyRole::Release);
    let (sig_one, sig_two) = (one.sign(&package.manifest), two.sign(&package.manifest));
    let unknown = |package, trusted| Err(Error::UnknownKey { package, trusted });
    let role = |key| Err(Error::KeyRole { key });
    let both = [sig_one.clone(), sig_two.clone()];
    let table = [
        (
            "one",
            vec![sig_one.clone()],
            vec![one.trusted(release)],
            Ok(one.id),
        ),
        ("no keys", vec![sig_one.clone()], vec![], unknown(one.id, 0)),
        (
            "another key",
            vec![sig_one.clone()],
            vec![two.trusted(release)],
            unknown(one.id, 1),
        ),
        (
            "wrong role",
            vec![sig_one.clone()],
            vec![one.trusted(root)],
            role(one.id),
        ),
        (
            "unknown, then known",
            both.to_vec(),
            vec![two.trusted(release)],
            Ok(two.id),
        ),
        (
            "known, then unknown",
            both.to_vec(),
            vec![one.trusted(release)],
            Ok(one.id),
        ),
        (
            "both known",
            both.to_vec(),
            vec![two.trusted(release), one.trusted(release)],
            Ok(one.id),
        ),
        (
            "two unknown",
            both.to_vec(),
            vec![Signer::new(3).trusted(release)],
            unknown(one.id, 1),
        ),
        (
            "wrong role first",
            both.to_vec(),
            vec![one.trusted(root), two.trusted(release)],
            Ok(two.id),
        ),
    ];
    for (name, signed, keys, expected) in table {
        assert_eq!(
            authenticate(&package.signed_by(&signed), &keys),
            expected,
            "{name}"
        );
    }
}

#[test]
fn a_signature_that_does_not_hold_refuses_the_package() {
    let package = package();
    let (one, two) = (Signer::new(1), Signer::new(2));
    let keys = [one.trusted(KeyRole::Release), two.trusted(KeyRole::Release)];
    let good = one.sign(&package.manifest);
    let invalid = |key| Err(Error::SignatureInvalid { key });
    let with = |change: &dyn Fn(&mut Signed)| {
        let mut signed = good.clone();
        change(&mut signed);
        signed
    };
    let other = Release::full(random_image(500, 3)).package();
    let plain = |message: &[u8]| one.key.sign(message).to_bytes().to_vec();
    let manifest = &package.manifest;
    let cases = [
        ("from another package", one.sign(&other.manifest)),
        (
            "by another key",
            with(&|s| s.signature = two.sign(manifest).signature),
        ),
        (
            "over the bare manifest",
            with(&|s| s.signature = plain(manifest)),
        ),
        (
            "over another context",
            with(&|s| {
                let mut message = signed_bytes(&s.protected, manifest);
                let at = message.windows(4).position(|w| w == b"spra").unwrap();
                message[at..at + 17].copy_from_slice(b"sprag.keyset.v100");
                s.signature = plain(&message);
            }),
        ),
        (
            "over another key's header",
            with(&|s| {
                s.signature = plain(&signed_bytes(&two.sign(manifest).protected, manifest));
            }),
        ),
        ("all zeros", with(&|s| s.signature.fill(0))),
        (
            "R = identity, S = 0",
            with(&|s| {
                s.signature.fill(0);
                s.signature[0] = 1;
            }),
        ),
        (
            "S plus the group's order",
            with(&|s| {
                let mut carry = 0;
                for (byte, add) in s.signature[32..].iter_mut().zip(L) {
                    let sum = u16::from(*byte) + u16::from(add) + carry;
                    [*byte, _] = sum.to_le_bytes();
                    carry = sum >> 8;
                }
                assert_eq!(carry, 0);
            }),
        ),
    ];
    for (name, signed) in cases {
        let bad = package.signed_by(core::slice::from_ref(&signed));
        assert_eq!(authenticate(&bad, &keys), invalid(one.id), "{name}");
        // A good signature behind it does not help; the first that names a trusted key decides.
        let both = package.signed_by(&[signed, two.sign(manifest)]);
        assert_eq!(
            authenticate(&both, &keys),
            invalid(one.id),
            "{name}, then a good one"
        );
    }
}

/// Numbers below the group's order L = 2^252 + `L_LOW`, as their upper and lower half.
type Scalar = (u128, u128);

const L_LOW: u128 = 0x14de_f9de_a2f7_9cd6_5812_631a_5cf5_d3ed;

fn add(a: Scalar, b: Scalar) -> Scalar {
    let (low, carry) = a.1.overflowing_add(b.1);
    let high = a.0 + b.0 + u128::from(carry);
    match (high, low) < (1 << 124, L_LOW) {
        true => (high, low),
        false => {
            let (low, borrow) = low.overflowing_sub(L_LOW);
            (high - (1 << 124) - u128::from(borrow), low)
        }
    }
}

/// The product of `a`, a number of any size in little-endian bytes, and `b`.
fn multiply(a: &[u8], b: Scalar) -> Scalar {
    let bits = a
        .iter()
        .rev()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    bits.fold((0, 0), |sum, bit| {
        let doubled = add(sum, sum);
        if bit == 1 { add(doubled, b) } else { doubled }
    })
}

#[test]
fn a_signature_that_only_a_lenient_verifier_accepts() {
    let package = package();
    let one = Signer::new(1);
    let mut signed = one.sign(&package.manifest);
    // R is the identity and S = H(R, A, M) * a: made with the secret key, but for a point of small order.
    let message = signed_bytes(&signed.protected, &package.manifest);
    let mut bytes = [0; 64];
    bytes[0] = 1;
    let mut hasher = Sha512::new();
    hasher.update(&bytes[..32]);
    hasher.update(one.key.verifying_key().as_bytes());
    hasher.update(&message);
    let challenge = multiply(&hasher.finalize(), (0, 1));
    let mut secret = Sha512::digest(one.key.as_bytes());
    secret[0] &= 248;
    secret[31] = secret[31] & 127 | 64;
    let (high, low) = multiply(&secret[..32], challenge);
    bytes[32..48].copy_from_slice(&low.to_le_bytes());
    bytes[48..].copy_from_slice(&high.to_le_bytes());

    let signature = Signature::from_bytes(&bytes);
    let lenient = one.key.verifying_key().verify(&message, &signature);
    assert!(lenient.is_ok(), "RFC 8032 without the strict rules");
    signed.signature = bytes.to_vec();
    let refused = authenticate(
        &package.signed_by(&[signed]),
        &[one.trusted(KeyRole::Release)],
    );
    assert_eq!(refused, Err(Error::SignatureInvalid { key: one.id }));
}

#[test]
fn another_algorithm_is_refused_for_a_trusted_key_and_passed_over_for_others() {
    let package = package();
    let (one, two) = (Signer::new(1), Signer::new(2));
    let mut odd = one.sign(&package.manifest);
    odd.algorithm = Algorithm::Other(-7);
    odd.protected[2] = 0x26; // ES256, RFC 9053 section 2.1
    let bent = package.signed_by(&[odd.clone()]);
    let keys = [one.trusted(KeyRole::Release)];
    assert_eq!(
        authenticate(&bent, &keys),
        Err(Error::AlgorithmUnsupported { package: -7 })
    );
    let hybrid = package.signed_by(&[odd, two.sign(&package.manifest)]);
    assert_eq!(
        authenticate(&hybrid, &[two.trusted(KeyRole::Release)]),
        Ok(two.id)
    );
}

#[test]
fn an_envelope_without_signatures_is_malformed() {
    let package = package();
    let one = Signer::new(1);
    // The list's last signature, cut out of the bytes: the array becomes empty.
    let entry = one.sign(&package.manifest);
    let entry_len = 1 + 1 + entry.protected.len() + 1 + 2 + entry.signature.len();
    let mut bytes = package.bytes.clone();
    let head_len = package.head_len();
    let list = head_len - entry_len - 1;
    assert_eq!(bytes[list], 0x81);
    bytes[list] = 0x80;
    bytes.drain(list + 1..head_len);
    let envelope_len = u32::try_from(list + 1 - 20).unwrap();
    bytes[8..12].copy_from_slice(&envelope_len.to_le_bytes());
    let mut buf = vec![0; 2048];
    let mut intake = Intake::new(&mut buf);
    intake.push(&bytes).unwrap();
    let keys = [one.trusted(KeyRole::Release)];
    let trust = TrustAnchors {
        keys: &keys,
        example_keys: ExampleKeys::Refuse,
    };
    let refused = intake.authenticate(&trust).unwrap_err();
    assert!(matches!(refused, Error::Format(_)), "{refused:?}");
}

#[test]
fn keys_of_small_order_are_refused_even_where_trusted() {
    let package = package();
    for encoding in SMALL_ORDER {
        let key = sprag_manifest::Digest::from_hex(encoding).unwrap().0;
        let id = KeyId([9; 8]);
        let mut signed = Signer::new(9).sign(&package.manifest);
        // With a key of order one, R = identity and S = 0 would verify anything.
        signed.signature.fill(0);
        signed.signature[0] = 1;
        let role = KeyRole::Release;
        let refused = authenticate(
            &package.signed_by(&[signed]),
            &[TrustedKey { id, role, key }],
        );
        assert_eq!(refused, Err(Error::WeakKey { key: id }), "{encoding}");
    }
}

#[test]
fn example_keys_are_refused_unless_asked_for() {
    for (number, key) in (0..).zip(EXAMPLE_KEYS) {
        let id = KeyId([number; 8]);
        let package = package().signed_by(&[Signer::new(number).sign(&package().manifest)]);
        let role = KeyRole::Release;
        let key = TrustedKey {
            id,
            role,
            key: *key,
        };
        assert_eq!(
            authenticate(&package, &[key]),
            Err(Error::ExampleKey { key: id })
        );
    }
}

#[test]
fn every_refusal_leaves_flash_alone() {
    let old = random_image(900, 1);
    let package = package();
    let room = Room {
        place: sprag_verifier::StagingPlace::Area,
        image: 2,
        staging: 3,
    };
    let mut board = nrf::<512>(room).in_service(&old);
    let mut offer = Offer::new(&package, &old);
    offer.keys = vec![
        Signer {
            id: Signer::new(1).id,
            key: SigningKey::from_bytes(&[7; 32]),
        }
        .trusted(KeyRole::Release),
    ];
    let stop = board.update(&offer, &mut Link::new(&package.bytes));
    let key = KeyId([1; 8]);
    assert_eq!(
        stop.unwrap_err(),
        Stop::Refused(Error::SignatureInvalid { key })
    );
    assert_eq!(board.operations(), 0);
}
