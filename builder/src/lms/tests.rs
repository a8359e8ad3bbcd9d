//! Keys against the vectors of RFC 8554, and leaves that are given out once, whatever fails.

use core::str::FromStr as _;
use std::fs;
use std::io;

use sprag_manifest::KeyId;
use sprag_verifier::LmsKey;
use zeroize::Zeroizing;

use super::state::{Refused, State, Store, path_of};
use super::tree::Tree;
use super::{LmsFacts, LmsParameters, LmsSecret, NewLmsKey, add_lms_signature};
use crate::keys::{KeyError, KeyFiles, PasswordSource, Protection};
use crate::testing::{built, inputs, noise_of};

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let byte = |pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    let bytes: Vec<u8> = hex.as_bytes().chunks(2).map(byte).collect();
    bytes.try_into().unwrap()
}

/// RFC 8554, appendix F, test case 2: seeds and identifiers of both levels, and the roots they lead to.
#[test]
fn keys_are_made_as_in_rfc_8554() {
    let cases = [
        (
            "H10/W4",
            "558b8966c48ae9cb898b423c83443aae014a72f1b1ab5cc85cf1d892903b5439",
            "d08fabd4a2091ff0a8cb4ed834e74534",
            "32a58885cd9ba0431235466bff9651c6c92124404d45fa53cf161c28f1ad5a8e",
        ),
        (
            "H5/W8",
            "a1c4696e2608035a886100d05cd99945eb3370731884a8235e2fb3d4d71f2547",
            "215f83b7ccb9acbcd08db97b0d04dc2b",
            "a1cd035833e0e90059603f26e07ad2aad152338e7a5e5984bcd5f7bb4eba40b7",
        ),
    ];
    for (name, seed, id, root) in cases {
        let tree = Tree {
            parameters: LmsParameters::from_str(name).unwrap(),
            id: bytes(id),
            seed: Zeroizing::new(bytes(seed)),
        };
        assert_eq!(tree.levels().last().unwrap(), &[bytes(root)], "{name}");
    }
}

#[test]
fn every_leaf_signs_and_only_as_itself() {
    for name in ["H5/W4", "H5/W8"] {
        let tree = Tree {
            parameters: LmsParameters::from_str(name).unwrap(),
            id: [3; 16],
            seed: Zeroizing::new([4; 32]),
        };
        let levels = tree.levels();
        let key = LmsKey {
            id: KeyId([1; 8]),
            key: tree.public(&levels.last().unwrap()[0]),
        };
        for leaf in 0..32 {
            let mut signature = tree.sign(&levels, leaf, &[5; 32], b"message");
            assert_eq!(signature.len(), tree.parameters.signature_len());
            assert_eq!(key.verify(&[b"mess", b"age"], &signature), Ok(()));
            assert!(key.verify(&[b"massage"], &signature).is_err());
            signature[7] ^= 1;
            assert!(key.verify(&[b"message"], &signature).is_err());
        }
    }
    for other in ["H10", "h10/w8", "H20/W8", "H10/W2", "H10/W8 ", ""] {
        assert!(LmsParameters::from_str(other).is_err(), "{other:?}");
    }
}

/// A file whose machine loses its power after so many operations. What was not synced is there up to some byte; behind
/// that it is missing, or its length is there and zeros are its bytes.
struct Disk {
    bytes: Vec<u8>,
    synced: usize,
    operations: u32,
}

impl Disk {
    fn operation(&mut self) -> io::Result<()> {
        let left = self.operations.checked_sub(1);
        self.operations = left.ok_or_else(|| io::Error::other("no power"))?;
        Ok(())
    }

    /// All that may be found afterwards.
    fn afterwards(&self) -> Vec<Vec<u8>> {
        let lost = self.synced..=self.bytes.len();
        let torn = lost.clone().map(|len| self.bytes[..len].to_vec());
        let zeros = lost.map(|len| {
            let mut bytes = self.bytes.clone();
            bytes[len..].fill(0);
            bytes
        });
        torn.chain(zeros).collect()
    }
}

impl Store for Disk {
    fn read_all(&mut self) -> io::Result<Vec<u8>> {
        self.operation()?;
        Ok(self.bytes.clone())
    }

    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        assert_eq!(offset, self.bytes.len());
        self.bytes.extend(bytes);
        self.operation()
    }

    fn sync(&mut self) -> io::Result<()> {
        self.operation()?;
        self.synced = self.bytes.len();
        Ok(())
    }
}

/// Follows every life of a state up to three cuts: no leaf is given out twice.
#[test]
fn no_cut_gives_a_leaf_out_twice() {
    let state = State {
        public: b"key".to_vec(),
        leaves: 6,
        mark: "created:7".into(),
    };
    let mut lives = vec![(state.head().into_bytes(), Vec::new())];
    let mut given = 0_u32;
    for _ in 0..3 {
        let mut next: Vec<(Vec<u8>, Vec<u32>)> = Vec::new();
        for (bytes, leaves) in lives {
            for operations in 0..=9 {
                let mut disk = Disk {
                    synced: bytes.len(),
                    bytes: bytes.clone(),
                    operations,
                };
                let mut leaves = leaves.clone();
                loop {
                    match state.reserve(&mut disk) {
                        Ok(leaf) => {
                            assert!(!leaves.contains(&leaf), "{leaf} after {leaves:?}");
                            leaves.push(leaf);
                            given += 1;
                        }
                        Err(Refused::Io(_) | Refused::UsedUp) => break,
                        Err(Refused::State(reason)) => panic!("{reason}"),
                    }
                }
                next.extend(
                    disk.afterwards()
                        .into_iter()
                        .map(|left| (left, leaves.clone())),
                );
            }
        }
        next.sort_unstable();
        next.dedup();
        lives = next;
    }
    assert!(given > 1_000, "{given}");
}

fn new_key(folder: &std::path::Path) -> (KeyFiles, LmsFacts) {
    let files = KeyFiles::beside(&folder.join("lms.key"));
    let parameters = LmsParameters::from_str("H5/W4").unwrap();
    let ready = NewLmsKey::check(&files).unwrap();
    let facts = ready.generate(parameters, &Protection::None).unwrap();
    (files, facts)
}

fn load(files: &KeyFiles) -> LmsSecret {
    let source = PasswordSource::EnvironmentOrPrompt;
    LmsSecret::load(&files.secret, &source).unwrap().unwrap()
}

#[test]
fn a_key_signs_as_often_as_it_has_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let (files, facts) = new_key(folder.path());
    for number in 0_u32..32 {
        let key = load(&files);
        assert_eq!(key.left().unwrap(), 32 - number);
        let signature = key.sign(b"message").unwrap();
        assert_eq!(signature[4..8], number.to_be_bytes());
        assert_eq!(facts.key.verify(&[b"message"], &signature), Ok(()));
    }
    let key = load(&files);
    assert_eq!(key.left().unwrap(), 0);
    assert!(matches!(
        key.sign(b"message"),
        Err(KeyError::LmsUsedUp { leaves: 32, .. })
    ));
    let source = PasswordSource::EnvironmentOrPrompt;
    let seen = LmsFacts::of(&files.secret, &source).unwrap().unwrap();
    assert_eq!((seen.key, seen.left), (facts.key, Some(0)));
    let public = LmsFacts::of(&files.public, &source).unwrap().unwrap();
    assert_eq!((public.key, public.left), (facts.key, None));
}

#[test]
fn a_state_that_cannot_be_relied_on_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = new_key(folder.path());
    let (other, _) = {
        let place = folder.path().join("other");
        fs::create_dir(&place).unwrap();
        new_key(&place)
    };
    let state = path_of(&files.secret);
    let refused = || match load(&files).sign(b"message") {
        Err(KeyError::LmsState { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    load(&files).sign(b"message").unwrap();
    let kept = fs::read(&state).unwrap();

    let mut edited = kept.clone();
    edited[kept.len() - 3] ^= 1;
    fs::write(&state, &edited).unwrap();
    assert_eq!(refused(), "its lines are not those of its key");
    fs::write(&state, b"").unwrap();
    assert_eq!(refused(), "it is no state of an LMS key, or damaged");
    fs::write(&state, fs::read(path_of(&other.secret)).unwrap()).unwrap();
    assert_eq!(refused(), "it is the state of another key");
    fs::write(&state, &kept).unwrap();
    load(&files).sign(b"message").unwrap();
    fs::remove_file(&state).unwrap();
    assert_eq!(
        refused(),
        "it is missing: which leaves are used is not known"
    );
}

/// The state is removed and written again, as a backup is restored: its inode may well be the old one.
#[cfg(unix)]
#[test]
fn a_restored_state_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = new_key(folder.path());
    let state = path_of(&files.secret);
    let created = || fs::metadata(&state).unwrap().created();
    let Ok(first) = created() else {
        eprintln!("SKIPPED: this file system keeps no creation times");
        return;
    };
    let kept = fs::read(&state).unwrap();
    load(&files).sign(b"message").unwrap();
    // Until the file system's clock has moved on; it does every few milliseconds.
    while created().unwrap() == first {
        fs::remove_file(&state).unwrap();
        fs::write(&state, &kept).unwrap();
    }
    match load(&files).sign(b"message") {
        Err(KeyError::LmsState { reason, .. }) => assert_eq!(
            reason,
            "it is a copy: the key that it belongs to may have signed elsewhere since"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_package_without_room_for_a_signature_costs_no_leaf() {
    let mut package = built(&inputs(Vec::new(), &noise_of(1, 700))).unwrap();
    // Seven of 2,352 bytes are more than an envelope holds.
    for number in 1..=7 {
        let folder = tempfile::tempdir().unwrap();
        let (files, _) = new_key(folder.path());
        let key = load(&files);
        match add_lms_signature(&package, &key) {
            Ok(signed) => package = signed,
            Err(error) => {
                assert_eq!((number, key.left().unwrap()), (7, 32), "{error}");
                return;
            }
        }
        assert_eq!(key.left().unwrap(), 31);
    }
    panic!("an envelope holds seven");
}
