//! From one version to the next.

use sprag::SigningKey;
use sprag::attack::parts::{envelope, signature};
use sprag::attack::{Bench, Item};
use sprag_manifest::Document;

use super::{
    add, changed, device, entry, first, framed, keyset, named, package, quorum, root, update,
};
use crate::bases::{key, setting};

/// From one version to the next.
pub(super) fn attack(bench: &mut Bench<'_>) {
    let next = keyset(2).encode();
    let signed = |signers: &[SigningKey]| update(2, &next, signers);
    let release = [key()];
    let mut link = |name: &str, code, why: &str, chain: &[u8]| {
        add(
            bench,
            first(),
            name,
            code,
            why,
            package(chain, &release, |_| ()),
        );
    };
    link(
        "by-a-stranger",
        201,
        "signed by a key that is in neither version",
        &signed(&[named(3)]),
    );
    link(
        "by-a-release-key",
        204,
        "signed by a key that signs releases",
        &signed(&[key()]),
    );
    let mut bad = signed(&[root()]);
    if let Some(byte) = bad.last_mut() {
        *byte ^= 1;
    }
    link(
        "signature-flipped",
        202,
        "a bit of the root key's signature",
        &bad,
    );
    let manifests = signature(Document::Manifest, &next, &root());
    let wrong = framed(
        2,
        &envelope(Document::Keyset, &next, vec![manifests]).encode(),
    );
    link(
        "signature-of-a-manifest",
        202,
        "the root key has signed these bytes as a manifest",
        &wrong,
    );
    let as_manifest = signature(Document::Manifest, &next, &root());
    let wrong = framed(
        2,
        &envelope(Document::Manifest, &next, vec![as_manifest]).encode(),
    );
    link(
        "in-a-manifests-envelope",
        124,
        "a key set with a manifest's content type",
        &wrong,
    );
    let by_new = changed(2, |keyset| {
        keyset.set(
            4,
            Item::Array(vec![
                entry(&named(3)),
                entry(&named(1)),
                entry(&key()),
                entry(&named(2)),
            ]),
        );
        keyset.set(5, quorum(1, 1));
    });
    link(
        "by-the-new-root-alone",
        201,
        "only the new root has signed",
        &update(2, &by_new.encode(), &[named(3)]),
    );
    link(
        "by-the-old-root-alone",
        201,
        "only the old root has signed",
        &update(2, &by_new.encode(), &[root()]),
    );
    link(
        "skipped",
        326,
        "two versions ahead",
        &update(3, &keyset(3).encode(), &[root()]),
    );
    link(
        "skipped-inside",
        326,
        "the frame says the next version, the key set another",
        &update(2, &keyset(3).encode(), &[root()]),
    );
    link(
        "out-of-order",
        326,
        "the second version stands twice",
        &[signed(&[root()]), signed(&[root()])].concat(),
    );
    let other = changed(1, |keyset| keyset.set(3, Item::text("others")));
    link(
        "fork",
        327,
        "another key set of the stored version",
        &update(1, &other.encode(), &[root()]),
    );
    let renamed = changed(2, |keyset| keyset.set(3, Item::text("others")));
    link(
        "renamed",
        314,
        "a successor of another name",
        &update(2, &renamed.encode(), &[root()]),
    );
    let nine: Vec<u8> = (2..=10)
        .flat_map(|version: u32| update(version, &keyset(version.into()).encode(), &[root()]))
        .collect();
    link("nine-steps", 104, "a chain longer than any", &nine);
    link("length-0", 105, "an update without a byte", &framed(2, &[]));
    link(
        "length-2049",
        104,
        "an update longer than any",
        &framed(2, &vec![0; 2049]),
    );
    let good = signed(&[root()]);
    link(
        "truncated",
        100,
        "the section ends inside an update",
        good.get(..good.len() - 1).unwrap_or_default(),
    );
    link(
        "half-a-frame",
        100,
        "the section ends inside a frame's head",
        &[&good[..], &[3, 0, 0]].concat(),
    );
    link(
        "envelope-trailing-byte",
        101,
        "a byte follows the update's structure",
        &framed(2, &[good.get(6..).unwrap_or_default(), &[0]].concat()),
    );

    let revoking = changed(1, |keyset| {
        keyset.set(10, Item::Array(vec![entry(&named(3))]));
    });
    let careful = device("keyset-revoked", &revoking);
    let forgot = update(2, &next, &[root()]);
    add(
        bench,
        careful.clone(),
        "revocation-lost",
        315,
        "a successor that forgets a revoked key",
        package(&forgot, &release, |_| ()),
    );
    add(
        bench,
        careful,
        "release-by-revoked-key",
        207,
        "the release is signed by a revoked key",
        package(&[], &[named(3)], |_| ()),
    );
    let fixed = package(&good, &release, |_| ());
    add(
        bench,
        setting(),
        "on-fixed-keys",
        325,
        "a chain for a device with fixed keys",
        fixed,
    );
}
