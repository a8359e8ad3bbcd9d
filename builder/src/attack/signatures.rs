//! Signatures that do not hold, or are not by the right key.

use sprag_manifest::{Document, KeyId, eddsa_protected};
use sprag_verifier::EXAMPLE_KEYS;

use super::case::{Bench, Expected, Layer};
use super::cbor::Item;
use super::parts::{self, message, protected_by};
use super::setting::{Trusted, hex};
use crate::keys::SigningKey;

/// The order of Ed25519's group (RFC 8032, section 5.1), little-endian.
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A key that no device trusts.
pub(super) fn stranger() -> SigningKey {
    SigningKey::from_seed(KeyId(*b"STRANGER"), b"sprag attack: a key of nobody's!")
}

/// All of them.
pub(super) fn attack(bench: &mut Bench<'_>) {
    forged(bench);
    elsewhere(bench);
    several(bench);
    stores(bench);
}

fn add(bench: &mut Bench<'_>, name: &str, code: u16, why: &str, entries: Vec<Item>) {
    let envelope = parts::envelope(Document::Manifest, &bench.parts.manifest, entries);
    let package = bench.parts.around(&envelope.encode());
    bench.add(
        Layer::Signature,
        &format!("signature-{name}"),
        code,
        why,
        package,
    );
}

/// The 64 bytes that hold.
fn good_signature(bench: &Bench<'_>) -> [u8; 64] {
    let context = (
        Document::Manifest.body_protected(),
        Document::Manifest.external_aad(),
    );
    let protected = eddsa_protected(bench.key.key_id());
    bench
        .key
        .sign_ed25519(&message(context, &protected, &bench.parts.manifest))
}

/// Bytes that are no signature, or another's.
fn forged(bench: &mut Bench<'_>) {
    let protected = eddsa_protected(bench.key.key_id());
    let good = good_signature(bench);
    let one = |bytes: &[u8]| vec![parts::entry(&protected, bytes)];
    let flip = |at: usize| {
        let mut bytes = good;
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1;
        }
        bytes
    };
    add(bench, "r-flipped", 202, "a bit of R", one(&flip(0)));
    add(bench, "s-flipped", 202, "a bit of S", one(&flip(32)));
    add(bench, "zero", 202, "64 zero bytes", one(&[0; 64]));
    add(bench, "ones", 202, "64 bytes of ones", one(&[0xff; 64]));
    // R is the neutral element and S is 0: holds for a key of small order, and for nothing else.
    let mut neutral = [0; 64];
    neutral[0] = 1;
    add(
        bench,
        "neutral-point",
        202,
        "R of small order",
        one(&neutral),
    );
    let mut malleated = good;
    let mut carry = 0_u16;
    for (byte, order) in malleated.iter_mut().skip(32).zip(GROUP_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        let [low, high] = sum.to_le_bytes();
        (*byte, carry) = (low, high.into());
    }
    add(
        bench,
        "s-malleated",
        202,
        "S with the group's order added",
        one(&malleated),
    );
    let mut swapped = good;
    swapped.rotate_left(32);
    add(
        bench,
        "halves-swapped",
        202,
        "S in the place of R",
        one(&swapped),
    );
    let other = stranger();
    let context = (
        Document::Manifest.body_protected(),
        Document::Manifest.external_aad(),
    );
    let forged = other.sign_ed25519(&message(context, &protected, &bench.parts.manifest));
    add(
        bench,
        "by-another-key",
        202,
        "another key's, in the name of the trusted one",
        one(&forged),
    );
    let stranger = parts::signature(Document::Manifest, &bench.parts.manifest, &other);
    add(
        bench,
        "unknown-key",
        201,
        "a key that the device does not know",
        vec![stranger],
    );
    let algorithms = [
        ("es256", -7),
        ("ed448", -53),
        ("hmac-256", 5),
        ("ps256", -37),
        ("none", 0),
    ];
    for (name, number) in algorithms {
        let protected = protected_by(Item::int(number), bench.key.key_id());
        let why = "another algorithm in the trusted key's name";
        add(
            bench,
            &format!("algorithm-{name}"),
            203,
            why,
            vec![parts::entry(&protected, &good)],
        );
    }
}

/// Signatures that hold, over something else.
fn elsewhere(bench: &mut Bench<'_>) {
    let protected = eddsa_protected(bench.key.key_id());
    let manifest = bench.parts.manifest.clone();
    let body = Document::Manifest.body_protected();
    let sign = |bytes: &[u8]| vec![parts::entry(&protected, &bench.key.sign_ed25519(bytes))];
    let keyset = sign(&message(
        (body, Document::Keyset.external_aad()),
        &protected,
        &manifest,
    ));
    let no_context = sign(&message((body, b""), &protected, &manifest));
    let as_keyset = (
        Document::Keyset.body_protected(),
        Document::Keyset.external_aad(),
    );
    let as_keyset = sign(&message(as_keyset, &protected, &manifest));
    let plain = sign(&manifest);
    let digest = sign(&crate::digest::sha256(&manifest).0);
    let mut other = bench.parts.manifest_item();
    let sequence = other.get(2).and_then(Item::as_uint).unwrap_or(0);
    let moved = sequence.checked_add(1).map(|next| {
        other.set(2, Item::Uint(next));
        parts::signature(Document::Manifest, &other.encode(), bench.key)
    });
    add(
        bench,
        "context-of-a-keyset",
        202,
        "made for a keyset",
        keyset,
    );
    add(
        bench,
        "document-of-a-keyset",
        202,
        "made for a keyset of these bytes",
        as_keyset,
    );
    add(
        bench,
        "without-context",
        202,
        "made without a context",
        no_context,
    );
    add(
        bench,
        "of-plain-bytes",
        202,
        "over the manifest alone, as of a file",
        plain,
    );
    add(
        bench,
        "of-the-digest",
        202,
        "over the manifest's digest",
        digest,
    );
    if let Some(moved) = moved {
        add(
            bench,
            "of-another-manifest",
            202,
            "moved from another package",
            vec![moved],
        );
    }
}

/// More than one.
fn several(bench: &mut Bench<'_>) {
    let good = parts::signature(Document::Manifest, &bench.parts.manifest, bench.key);
    let unknown = parts::signature(Document::Manifest, &bench.parts.manifest, &stranger());
    let bad = parts::entry(&eddsa_protected(bench.key.key_id()), &[0; 64]);
    add(
        bench,
        "good-then-bad",
        202,
        "one that holds, then one in the same name that does not",
        vec![good.clone(), bad.clone()],
    );
    add(
        bench,
        "bad-then-good",
        202,
        "one that does not hold, then one that does",
        vec![bad, good.clone()],
    );
    let pairs = [
        (
            "unknown-besides",
            "a stranger has signed as well",
            vec![unknown.clone(), good.clone()],
        ),
        (
            "unknown-behind",
            "a stranger has signed as well, behind",
            vec![good.clone(), unknown],
        ),
        (
            "twice",
            "the key has signed twice",
            vec![good.clone(), good],
        ),
    ];
    for (name, why, entries) in pairs {
        let envelope = parts::envelope(Document::Manifest, &bench.parts.manifest, entries);
        let package = bench.parts.around(&envelope.encode());
        let name = format!("signature-{name}");
        let case = (Layer::Signature, name.as_str(), Expected::Identical, why);
        bench.add_on(bench.setting.clone(), case, package);
    }
}

/// Trust stores that should not have been.
fn stores(bench: &mut Bench<'_>) {
    if bench.setting.keyset.is_some() {
        return;
    }
    let package = bench.package.to_vec();
    let id = hex(&bench.key.key_id().0);
    let with = |key: &[u8], role: &str| {
        vec![Trusted {
            id: id.clone(),
            key: hex(key),
            role: role.into(),
        }]
    };
    let public = bench.key.verifying_key().to_bytes();
    // The neutral element: a point of order 1, under which anything can be made to hold.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let stores = [
        (
            "key-of-another-role",
            "trusts-root-only",
            204,
            "the key signs keysets, and no release",
            with(&public, "root"),
        ),
        (
            "weak-key",
            "trusts-weak-key",
            205,
            "the trusted key is of small order",
            with(&neutral, "release"),
        ),
        (
            "zero-key",
            "trusts-zero-key",
            205,
            "the trusted key is of small order, all zero",
            with(&[0; 32], "release"),
        ),
        (
            "no-key",
            "trusts-nobody",
            201,
            "the device trusts nobody",
            vec![],
        ),
    ];
    for (name, device, code, why, keys) in stores {
        let setting = bench.device(device, |setting| setting.keys = keys);
        let case = (Layer::Signature, format!("trust-{name}"), code, why);
        bench.add_on(
            setting,
            (case.0, &case.1, Expected::Code(case.2), case.3),
            package.clone(),
        );
    }
    if let Some(example) = EXAMPLE_KEYS.first() {
        let setting = bench.device("trusts-example-key", |setting| {
            setting.keys = with(example, "release");
            setting.example_keys = false;
        });
        let why = "the trusted key's secret half is published";
        bench.add_on(
            setting,
            (
                Layer::Signature,
                "trust-example-key",
                Expected::Code(206),
                why,
            ),
            package,
        );
    }
}
