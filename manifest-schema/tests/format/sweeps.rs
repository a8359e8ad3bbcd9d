//! Every way to damage a byte of a valid manifest or envelope, and what must come of it: a refusal,
//! or a document whose one encoding is what was read.

use sprag_manifest::{Envelope, MAX_ENVELOPE_LEN, Manifest};

use crate::cbor::parse;
use crate::envelope::signed;
use crate::samples::{FULL, SMALL, encoded};

/// Decodes; whatever decodes must be canonical by the oracle's lights, and encode to itself.
pub(crate) fn check_manifest(bytes: &[u8]) -> bool {
    let Ok(manifest) = Manifest::decode(bytes) else {
        return false;
    };
    let tree = parse(bytes).expect("the oracle reads it too");
    assert_eq!(
        tree.clone().sorted().to_bytes(),
        bytes,
        "not the one encoding"
    );
    // Skipped fields are not kept, so they are not written again.
    assert_eq!(encoded(&manifest), tree.without_noncritical().to_bytes());
    true
}

pub(crate) fn check_envelope(bytes: &[u8]) -> bool {
    let Ok(envelope) = Envelope::decode(bytes) else {
        return false;
    };
    let tree = parse(bytes).expect("the oracle reads it too");
    assert_eq!(tree.sorted().to_bytes(), bytes, "not the one encoding");
    let mut buffer = vec![0; MAX_ENVELOPE_LEN];
    let len = envelope.encode(&mut buffer).unwrap();
    assert_eq!(&buffer[..len], bytes);
    let manifest = envelope.manifest_bytes();
    let offset = usize::try_from(envelope.manifest_offset()).unwrap();
    assert_eq!(&bytes[offset..offset + manifest.len()], manifest);
    true
}

/// A document and its check.
type Sweep = (Vec<u8>, fn(&[u8]) -> bool);

fn documents() -> [Sweep; 4] {
    [
        (encoded(&FULL), check_manifest),
        (encoded(&SMALL), check_manifest),
        (signed(&encoded(&SMALL), 1), check_envelope),
        (signed(b"any bytes at all", 2), check_envelope),
    ]
}

#[test]
fn truncations() {
    for (bytes, check) in documents() {
        for len in 0..bytes.len() {
            assert!(!check(&bytes[..len]), "{len} of {} bytes", bytes.len());
        }
        assert!(check(&bytes));
    }
}

#[test]
fn every_other_value_of_every_byte() {
    for (bytes, check) in documents() {
        for position in 0..bytes.len() {
            for change in 1..=0xff {
                let mut bent = bytes.clone();
                bent[position] ^= change;
                check(&bent);
            }
        }
    }
}

#[test]
fn deletions_and_duplications() {
    for (bytes, check) in documents() {
        for position in 0..bytes.len() {
            let mut bent = bytes.clone();
            let byte = bent.remove(position);
            check(&bent);
            bent.insert(position, byte);
            bent.insert(position, byte);
            check(&bent);
        }
    }
}

#[test]
fn insertions() {
    for (bytes, check) in documents() {
        for position in 0..=bytes.len() {
            for byte in 0..=0xff {
                let mut bent = bytes.clone();
                bent.insert(position, byte);
                check(&bent);
            }
        }
    }
}

#[test]
fn trailing_bytes() {
    for (bytes, check) in documents() {
        for count in [1, 2, 3, 4, 16, 4096] {
            assert!(
                !check(&[&bytes[..], &vec![0; count]].concat()),
                "{count} zeros"
            );
        }
        assert!(
            !check(&[&bytes[..], &bytes[..]].concat()),
            "a second document"
        );
    }
}

#[test]
fn adjacent_entries_swapped_in_any_map() {
    let whole = parse(&encoded(&FULL)).unwrap();
    let mut swaps = 0;
    loop {
        // The swap of number `swaps`, counted over all maps.
        let mut tree = whole.clone();
        let (mut number, mut done) = (0, false);
        tree.visit_maps(&mut |entries| {
            for position in 1..entries.len() {
                if number == swaps {
                    entries.swap(position - 1, position);
                    done = true;
                }
                number += 1;
            }
        });
        if !done {
            break;
        }
        assert_eq!(
            Manifest::decode(&tree.to_bytes()).unwrap_err().code(),
            113,
            "swap {swaps}"
        );
        swaps += 1;
    }
    assert_eq!(swaps, 16 + 3 + 2 + 3 + 8 + 13 + 7 + 8 + 2 + 1 + 6);
}
