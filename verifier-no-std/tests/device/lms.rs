//! LMS as second signature: RFC 8554's own vectors, what is refused of a signature, and devices that ask for both, with
//! fixed keys and by a keyset.

use core::slice;

use sprag_manifest::{Document, KeyId, Scope};
use sprag_verifier::{
    Dalek, Error, ExampleKeys, Intake, KeyRole, LmsKey, TrustAnchors, TrustedKey, WithLms,
};

use crate::support::{
    H5, H10, H15, LmsSigner, Package, Release, Signed, Signer, W4, W8, random_image,
    random_operations,
};
use crate::trust::{Accepted, Device, Set, package_with};

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.as_bytes().chunks(2).map(byte).collect()
}

/// Name, key, message and signature of each vector.
fn vectors() -> Vec<(&'static str, LmsKey, Vec<u8>, Vec<u8>)> {
    let lines = include_str!("lms/rfc8554.txt").lines().skip(2);
    let vector = |line: &'static str| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [name, key, message, signature] = fields[..] else {
            panic!("{line}")
        };
        let key = LmsKey {
            id: KeyId([7; 8]),
            key: bytes(key).try_into().unwrap(),
        };
        (name, key, bytes(message), bytes(signature))
    };
    lines.map(vector).collect()
}

#[test]
fn the_vectors_of_rfc_8554_hold_and_nothing_near_them() {
    let vectors = vectors();
    let names: Vec<_> = vectors.iter().map(|vector| vector.0).collect();
    assert_eq!(names, ["1-top", "1-bottom", "2-top", "2-bottom"]);
    for (name, key, message, signature) in vectors {
        assert_eq!(key.verify(&[&message], &signature), Ok(()), "{name}");
        let (front, back) = message.split_at(message.len() / 3);
        let parts = [front, &[], back];
        assert_eq!(key.verify(&parts, &signature), Ok(()), "{name}");
        assert!(key.verify(&[back], &signature).is_err(), "{name}");
        for at in 0..signature.len() {
            let mut bent = signature.clone();
            bent[at] ^= 1 << (at % 8);
            assert!(key.verify(&[&message], &bent).is_err(), "{name} {at}");
        }
        for at in 0..key.key.len() {
            let mut bent = key;
            bent.key[at] ^= 1 << (at % 8);
            assert!(bent.verify(&[&message], &signature).is_err(), "{name} {at}");
        }
    }
}

#[test]
fn all_parameters_hold_at_the_first_and_the_last_leaf() {
    for (lms, ots) in [
        (H5, W4),
        (H5, W8),
        (H10, W4),
        (H10, W8),
        (H15, W4),
        (H15, W8),
    ] {
        let leaves = 1 << lms.1;
        for leaf in [0, 1, leaves / 2, leaves - 1] {
            let signer = LmsSigner::new(9, lms, ots, leaf);
            let signature = signer.sign_bytes(b"message");
            let bytes = 48 + 32 * (u32::from(ots.2) + lms.1);
            assert_eq!(signature.len(), usize::try_from(bytes).unwrap());
            assert_eq!(signer.key().verify(&[b"message"], &signature), Ok(()));
        }
    }
}

/// What is bent of a good signature by H10 and W8, and what is said of it.
#[test]
fn each_fault_of_a_signature_has_its_code() {
    let signer = LmsSigner::new(9, H10, W8, 5);
    let (key, good) = (signer.key(), signer.sign_bytes(b"message"));
    let len = u32::try_from(good.len()).unwrap();
    assert_eq!(len, 1_456);
    let at = |place: usize, word: u32| {
        let mut bent = good.clone();
        bent[place..place + 4].copy_from_slice(&word.to_be_bytes());
        bent
    };
    let lms_type = 12 + 32 * 35;
    let invalid = Error::SignatureInvalid { key: signer.id };
    let kind = |package, device| Error::LmsType { package, device };
    let cut = |have: u32| Error::LmsLength { need: len, have };
    let leaf = |package| Error::LmsLeaf {
        package,
        device: 1_024,
    };
    let prefix = |count: usize| good[..count].to_vec();
    let table = [
        ("wrong leaf", at(4, 6), invalid),
        ("a leaf of another tree's size", at(4, 1_023), invalid),
        ("the first leaf behind the tree", at(4, 1_024), leaf(1_024)),
        ("the last number", at(4, u32::MAX), leaf(u32::MAX)),
        ("two levels", at(0, 1), kind(1, 0)),
        ("another LM-OTS type", at(8, 3), kind(3, 4)),
        ("no LM-OTS type", at(8, 0), kind(0, 4)),
        ("another LMS type", at(lms_type, 5), kind(5, 6)),
        ("no LMS type", at(lms_type, u32::MAX), kind(u32::MAX, 6)),
        ("a wrong randomizer", at(12, 0), invalid),
        ("a wrong chain", at(44, 0), invalid),
        ("a wrong path", at(lms_type + 4, 0), invalid),
        ("a byte less", prefix(1_455), cut(1_455)),
        ("a byte more", [&good[..], &[0]].concat(), cut(1_457)),
        ("without its path", prefix(lms_type + 4), cut(len - 320)),
        ("twelve bytes", prefix(12), cut(12)),
        ("eleven bytes", prefix(11), cut(11)),
        ("nothing", vec![], cut(0)),
    ];
    assert_eq!(key.verify(&[b"message"], &good), Ok(()));
    for (name, signature, error) in table {
        let found = key.verify(&[b"message"], &signature);
        assert_eq!(found, Err(error), "{name}");
    }
    let unusable = |place: usize, word: u32| {
        let mut key = key;
        key.key[place..place + 4].copy_from_slice(&word.to_be_bytes());
        key.verify(&[b"message"], &good)
    };
    let refused = Err(Error::LmsKey { key: signer.id });
    for (place, word) in [
        (0, 0),
        (0, 2),
        (4, 0),
        (4, 4),
        (4, 8),
        (8, 0),
        (8, 2),
        (8, 5),
    ] {
        assert_eq!(unusable(place, word), refused, "{place} {word}");
    }
}

/// A release by Ed25519 key 1.
fn package() -> Package {
    let old = random_image(900, 1);
    Release::delta(&old, &random_operations(900, 950, 2)).package()
}

fn both(package: &Package, keys: &[TrustedKey], lms: &[LmsKey]) -> Result<KeyId, Error> {
    let trust = TrustAnchors {
        keys,
        example_keys: ExampleKeys::Refuse,
    };
    let mut buf = vec![0; package.head_len() + 77];
    let mut intake = Intake::new(&mut buf);
    for chunk in package.bytes[..package.head_len()].chunks(23) {
        assert_eq!(intake.push(chunk)?, chunk.len());
    }
    let authentic = intake.authenticate_both::<Dalek>(&trust, lms)?;
    assert_eq!(authentic.manifest().sequence, 7);
    Ok(authentic.signer())
}

#[test]
fn a_device_that_asks_for_both_takes_neither_alone() {
    let package = package();
    let (ed, stranger) = (Signer::new(1), Signer::new(2));
    let lms = LmsSigner::new(9, H10, W8, 5);
    let other = LmsSigner::new(8, H5, W4, 5);
    let by = |signed: &[Signed]| package.signed_by(signed);
    let (a, b) = (ed.sign(&package.manifest), lms.sign(&package.manifest));
    let elsewhere =
        Release::delta(&random_image(901, 3), &random_operations(901, 950, 2)).package();
    let moved = lms.sign(&elsewhere.manifest);
    let as_keyset = lms.sign_document(Document::Keyset, &package.manifest);
    let renamed = LmsSigner {
        id: lms.id,
        ..other.clone()
    };
    let renamed = renamed.sign(&package.manifest);
    let mut bent = b.clone();
    bent.signature[100] ^= 1;
    let mut cut = b.clone();
    cut.signature.pop();
    // The number of Ed25519 over an LMS signature is refused by the reader; that of ECDSA is passed over.
    let mut downgraded = b.clone();
    downgraded.algorithm = sprag_manifest::Algorithm::Other(-7);
    downgraded.protected[2..4].copy_from_slice(&[0x26, 0x04]);
    downgraded.protected.remove(4);
    let keys = [ed.trusted(KeyRole::Release)];
    let anchors = [lms.key()];
    let invalid = Err(Error::SignatureInvalid { key: lms.id });
    let missing = Err(Error::LmsMissing { trusted: 1 });
    let unknown = |package| {
        let trusted = 1;
        Err(Error::UnknownKey { package, trusted })
    };
    let table = [
        ("both", by(&[a.clone(), b.clone()]), Ok(ed.id)),
        ("both, LMS first", by(&[b.clone(), a.clone()]), Ok(ed.id)),
        ("Ed25519 alone", by(slice::from_ref(&a)), missing),
        ("LMS alone", by(slice::from_ref(&b)), unknown(lms.id)),
        (
            "LMS by a stranger",
            by(&[a.clone(), other.sign(&package.manifest)]),
            missing,
        ),
        (
            "and by a stranger besides",
            by(&[a.clone(), other.sign(&package.manifest), b.clone()]),
            Ok(ed.id),
        ),
        (
            "Ed25519 by a stranger",
            by(&[stranger.sign(&package.manifest), b.clone()]),
            unknown(stranger.id),
        ),
        (
            "a wrong LMS signature",
            by(&[a.clone(), bent.clone()]),
            invalid,
        ),
        (
            "a wrong one beside a good one",
            by(&[a.clone(), b.clone(), bent]),
            invalid,
        ),
        ("of another manifest", by(&[a.clone(), moved]), invalid),
        (
            "of a keyset with the same bytes",
            by(&[a.clone(), as_keyset]),
            invalid,
        ),
        (
            "cut",
            by(&[a.clone(), cut]),
            Err(Error::LmsLength {
                need: 1_456,
                have: 1_455,
            }),
        ),
        (
            "a stranger's under the trusted name",
            by(&[a.clone(), renamed]),
            Err(Error::LmsType {
                package: 3,
                device: 4,
            }),
        ),
        (
            "under another algorithm's number",
            by(&[a.clone(), downgraded]),
            missing,
        ),
    ];
    for (name, package, verdict) in table {
        assert_eq!(both(&package, &keys, &anchors), verdict, "{name}");
    }
    // No LMS key trusted is no LMS key satisfied.
    let package = by(&[a, b]);
    assert_eq!(
        both(&package, &keys, &[]),
        Err(Error::LmsMissing { trusted: 0 })
    );
    // A device that does not know LMS passes the second signature over.
    let trust = TrustAnchors {
        keys: &keys,
        example_keys: ExampleKeys::Refuse,
    };
    let mut buf = vec![0; package.head_len() + 77];
    let mut intake = Intake::new(&mut buf);
    intake.push(&package.bytes[..package.head_len()]).unwrap();
    assert_eq!(intake.authenticate(&trust).unwrap().signer(), ed.id);
}

/// A root and a release role that take an Ed25519 key and an LMS key: a threshold of as many keys as there are is a
/// policy of both.
fn two_kinds() -> Set {
    let mut set = Set::new();
    set.root = (2, vec![10, 110]);
    set.releases = vec![(2, vec![1, 101], Scope::default())];
    set
}

#[test]
fn a_keyset_lists_keys_of_both_kinds() {
    let set = two_kinds();
    let package = package_with(|_| (), &[], &[1]);
    let by = |signed: &[Signed]| package.signed_by(signed).bytes;
    let (ed, lms) = (Signer::new(1), Set::lms(101));
    let (a, b) = (ed.sign(&package.manifest), lms.sign(&package.manifest));
    let root = Set::lms(110).sign(&package.manifest);
    let mut bent = b.clone();
    bent.signature[100] ^= 1;
    let accepted = |signer, keyset| Ok(Accepted { signer, keyset });
    let threshold = |have| Err(Error::Threshold { need: 2, have });
    let invalid = Err(Error::SignatureInvalid { key: lms.id });
    let table = [
        ("both", by(&[a.clone(), b.clone()]), accepted(ed.id, 1)),
        (
            "LMS first",
            by(&[b.clone(), a.clone()]),
            accepted(lms.id, 1),
        ),
        ("Ed25519 alone", by(slice::from_ref(&a)), threshold(1)),
        ("LMS alone", by(slice::from_ref(&b)), threshold(1)),
        ("LMS twice", by(&[b.clone(), b.clone()]), threshold(1)),
        ("a root key's", by(&[a.clone(), root]), threshold(1)),
        ("a wrong one", by(&[a.clone(), bent]), invalid),
    ];
    for (name, bytes, verdict) in &table {
        let found = Device::new(&set).offer_by::<WithLms<Dalek>>(bytes);
        assert_eq!(&found, verdict, "{name}");
    }
    // A build without LMS knows the key, and cannot count what it signs.
    let unsupported = Err(Error::AlgorithmUnsupported { package: -46 });
    for (bytes, verdict) in [(by(&[a, b.clone()]), threshold(1)), (by(&[b]), unsupported)] {
        assert_eq!(Device::new(&set).offer(&bytes), verdict);
    }
}

#[test]
fn a_rotation_takes_the_lms_root_too() {
    let first = two_kinds();
    let second = first.next(|set| set.releases = vec![(1, vec![2], Scope::default())]);
    let offer = |signed: &[Signed]| {
        let chain = second.update(signed);
        let package = package_with(|_| (), &chain, &[2]);
        Device::new(&first).offer_by::<WithLms<Dalek>>(&package.bytes)
    };
    let a = Set::sign(Document::Keyset, 10, &second.encoded());
    let b = Set::sign(Document::Keyset, 110, &second.encoded());
    let as_manifest = Set::sign(Document::Manifest, 110, &second.encoded());
    let signer = KeyId([2; 8]);
    let (need, have) = (2, 1);
    assert_eq!(
        offer(&[a.clone(), b.clone()]),
        Ok(Accepted { signer, keyset: 2 })
    );
    assert_eq!(
        offer(slice::from_ref(&a)),
        Err(Error::Threshold { need, have })
    );
    assert_eq!(offer(&[b]), Err(Error::Threshold { need, have }));
    let invalid = Error::SignatureInvalid {
        key: KeyId([110; 8]),
    };
    assert_eq!(offer(&[a, as_manifest]), Err(invalid));
}
