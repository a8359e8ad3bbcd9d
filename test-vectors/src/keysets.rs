//! Key sets and chains of them: good ones, and links that are forged, skipped, forked or malformed.

mod documents;
mod links;
mod releases;

use sprag::SigningKey;
use sprag::attack::parts::{envelope, signature};
use sprag::attack::{Bench, Expected, Item, Layer, Parts, Setting, hex};
use sprag_manifest::{Document, KeyId};

use crate::bases::{BASES, key, setting};

/// Names for the keys: two roots, two that sign releases, and one that is in no first key set.
const SEEDS: [(&[u8; 8], &[u8; 32]); 4] = [
    (b"ROOT-ONE", b"sprag vectors: root key, first!!"),
    (b"ROOT-TWO", b"sprag vectors: root key, second!"),
    (b"RELEASE2", b"sprag vectors: release, second!!"),
    (b"NEWCOMER", b"sprag vectors: comes only later!"),
];

/// All of them.
pub(crate) fn attack(bench: &mut Bench<'_>) {
    good(bench);
    links::attack(bench);
    documents::attack(bench);
    releases::attack(bench);
}

fn named(number: usize) -> SigningKey {
    let (id, seed) = SEEDS.get(number).unwrap_or(&SEEDS[0]);
    SigningKey::from_seed(KeyId(**id), seed)
}

fn root() -> SigningKey {
    named(0)
}

fn entry(key: &SigningKey) -> Item {
    let public = key.verifying_key();
    Item::map([
        (1, Item::Bytes(public.key_id().0.to_vec())),
        (2, Item::Bytes(public.to_bytes().to_vec())),
    ])
}

fn quorum(threshold: u64, members: u64) -> Item {
    Item::map([(1, Item::Uint(threshold)), (2, Item::Uint(members))])
}

/// Version `version`: key 0 and 1 are root, 2 and 3 sign releases, one of each suffices.
fn keyset(version: u64) -> Item {
    let keys = vec![
        entry(&root()),
        entry(&named(1)),
        entry(&key()),
        entry(&named(2)),
    ];
    Item::map([
        (1, Item::Uint(1)),
        (2, Item::Uint(version)),
        (3, Item::text("acme-keys")),
        (4, Item::Array(keys)),
        (5, quorum(1, 0b0011)),
        (6, Item::Array(vec![quorum(1, 0b1100)])),
    ])
}

fn changed(version: u64, edit: impl FnOnce(&mut Item)) -> Item {
    let mut keyset = keyset(version);
    edit(&mut keyset);
    keyset
}

/// A key set in its frame, signed by these.
fn update(version: u32, keyset: &[u8], signers: &[SigningKey]) -> Vec<u8> {
    let signatures = signers
        .iter()
        .map(|key| signature(Document::Keyset, keyset, key))
        .collect();
    framed(
        version,
        &envelope(Document::Keyset, keyset, signatures).encode(),
    )
}

fn framed(version: u32, update: &[u8]) -> Vec<u8> {
    let len = u16::try_from(update.len()).unwrap_or(u16::MAX);
    [&version.to_le_bytes()[..], &len.to_le_bytes(), update].concat()
}

/// A package with this chain, signed by these.
fn package(chain: &[u8], signers: &[SigningKey], edit: impl FnOnce(&mut Item)) -> Vec<u8> {
    let Ok(mut parts) = Parts::of(BASES[0].package) else {
        return Vec::new();
    };
    parts.keysets = chain.to_vec();
    let mut manifest = parts.manifest_item();
    if !chain.is_empty() {
        manifest.set(17, Item::Uint(chain.len().try_into().unwrap_or(u64::MAX)));
    }
    edit(&mut manifest);
    let manifest = manifest.encode();
    let signatures = signers
        .iter()
        .map(|key| signature(Document::Manifest, &manifest, key))
        .collect();
    parts.around(&envelope(Document::Manifest, &manifest, signatures).encode())
}

fn device(name: &str, keyset: &Item) -> Setting {
    setting().changed(name, |device| {
        device.keys.clear();
        device.keyset = Some(hex(&keyset.encode()));
    })
}

fn first() -> Setting {
    device("keyset-1", &keyset(1))
}

fn add(
    bench: &mut Bench<'_>,
    setting: Setting,
    name: &str,
    code: u16,
    why: &str,
    package: Vec<u8>,
) {
    let expected = if code == 0 {
        Expected::Identical
    } else {
        Expected::Code(code)
    };
    bench.add_on(
        setting,
        (Layer::Keysets, &format!("keyset-{name}"), expected, why),
        package,
    );
}

fn good(bench: &mut Bench<'_>) {
    let release = || [key()];
    let chain = |versions: core::ops::RangeInclusive<u32>| -> Vec<u8> {
        versions
            .flat_map(|version| update(version, &keyset(version.into()).encode(), &[root()]))
            .collect()
    };
    add(
        bench,
        first(),
        "none-to-follow",
        0,
        "a stored key set, and no chain",
        package(&[], &release(), |_| ()),
    );
    add(
        bench,
        first(),
        "one-step",
        0,
        "a version ahead",
        package(&chain(2..=2), &release(), |_| ()),
    );
    add(
        bench,
        first(),
        "eight-steps",
        0,
        "the longest chain",
        package(&chain(2..=9), &release(), |_| ()),
    );
    let third = device("keyset-3", &keyset(3));
    add(
        bench,
        third.clone(),
        "passed-over",
        0,
        "versions that the device has left behind, and its own",
        package(&chain(1..=3), &release(), |_| ()),
    );
    add(
        bench,
        third,
        "all-passed-over",
        0,
        "a chain that ends below the device's version",
        package(&chain(1..=2), &release(), |_| ()),
    );
    let by_second = update(2, &keyset(2).encode(), &[named(1), named(3)]);
    add(
        bench,
        first(),
        "other-root-and-stranger",
        0,
        "the other root key has signed, and a stranger besides",
        package(&by_second, &release(), |_| ()),
    );
    let two = |version| {
        changed(version, |keyset| {
            keyset.set(5, quorum(2, 0b0011));
            keyset.set(6, Item::Array(vec![quorum(2, 0b1100)]));
        })
    };
    let strict = device("keyset-two-of-two", &two(1));
    let both = update(2, &two(2).encode(), &[named(1), root()]);
    add(
        bench,
        strict.clone(),
        "two-of-two",
        0,
        "both root keys and both release keys",
        package(&both, &[named(2), key()], |_| ()),
    );
    let one = update(2, &two(2).encode(), &[root()]);
    add(
        bench,
        strict.clone(),
        "one-root-of-two",
        208,
        "one root key where it takes two",
        package(&one, &[named(2), key()], |_| ()),
    );
    let twice = update(2, &two(2).encode(), &[root(), root()]);
    add(
        bench,
        strict.clone(),
        "one-root-twice",
        208,
        "one root key has signed twice",
        package(&twice, &[named(2), key()], |_| ()),
    );
    add(
        bench,
        strict.clone(),
        "one-release-of-two",
        208,
        "one release key where it takes two",
        package(&[], &[key()], |_| ()),
    );
    add(
        bench,
        strict,
        "one-release-twice",
        208,
        "one release key has signed twice",
        package(&[], &[key(), key()], |_| ()),
    );
}
