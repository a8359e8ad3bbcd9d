//! Rules of the keyset, each broken once.

use super::{
    ChainHead, CounterRange, Key, Keyset, Members, PublicKey, Quorum, ReleaseRole, Scope, keys,
};
use crate::envelope::{Algorithm, Document, Envelope, SignatureEntry, eddsa_protected};
use crate::error::{DecodeErrorKind as Kind, EncodeError, Limit};
use crate::ids::KeyId;
use crate::limits::{KEYSET_HEAD_LEN, MAX_KEYSET_LEN};
use crate::list::List;
use crate::manifest::Validity;
use std::format;
use std::vec;
use std::vec::Vec;

const A: Key<'_> = key(1, &[0xa1; 32]);
const B: Key<'_> = key(2, &[0xb2; 32]);
const C: Key<'_> = key(3, &[0xc3; 32]);

const fn key(id: u8, public: &[u8]) -> Key<'_> {
    Key {
        id: KeyId([id; 8]),
        algorithm: Algorithm::EdDsa,
        public: PublicKey(public),
    }
}

const fn quorum(threshold: u32, members: u16) -> Quorum {
    Quorum {
        threshold,
        members: Members(members),
    }
}

const ANY: ReleaseRole<'_> = ReleaseRole {
    quorum: quorum(2, 0b111),
    scope: Scope {
        vendor: None,
        product: None,
        hardware: List::empty(),
    },
};

/// Three keys, 2 of 3 for everything.
const SMALL: Keyset<'_> = Keyset {
    version: 1,
    name: "acme-fleet",
    keys: List::from_slice(&[A, B, C]),
    root: quorum(2, 0b111),
    releases: List::from_slice(&[ANY]),
    validity: Validity {
        not_before: None,
        not_after: None,
    },
    sequences: CounterRange::ANY,
    security_counters: CounterRange::ANY,
    revoked: List::empty(),
};

/// Every field.
const FULL: Keyset<'_> = Keyset {
    version: u32::MAX,
    keys: List::from_slice(&[
        A,
        B,
        Key {
            // HSS-LMS (RFC 8778); its key has 60 bytes.
            algorithm: Algorithm::HssLms,
            public: PublicKey(&[0xd4; 60]),
            ..C
        },
    ]),
    releases: List::from_slice(&[
        ANY,
        ReleaseRole {
            quorum: quorum(1, 0b100),
            scope: Scope {
                vendor: Some("acme"),
                product: Some("lamp"),
                hardware: List::from_slice(&["rev-b", "rev-c"]),
            },
        },
    ]),
    validity: Validity {
        not_before: Some(1),
        not_after: Some(2),
    },
    sequences: CounterRange {
        min: Some(5),
        max: Some(u64::MAX),
    },
    security_counters: CounterRange {
        min: None,
        max: Some(9),
    },
    revoked: List::from_slice(&[key(8, &[0x01; 32]), key(9, &[0xff; 32])]),
    ..SMALL
};

fn encoded(keyset: &Keyset<'_>) -> Vec<u8> {
    let mut buffer = vec![0; 4_096];
    let len = keyset.encode(&mut buffer).unwrap();
    buffer.truncate(len);
    buffer
}

fn refused(keyset: &Keyset<'_>) -> Kind {
    match keyset.encode(&mut [0; 8_192]) {
        Err(EncodeError::Refused(error)) => error.kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn keysets_decode_to_themselves() {
    for keyset in [SMALL, FULL] {
        let bytes = encoded(&keyset);
        let decoded = Keyset::decode(&bytes).unwrap();
        assert_eq!(decoded, keyset);
        assert_eq!(encoded(&decoded), bytes);
        for len in 0..bytes.len() {
            assert!(Keyset::decode(&bytes[..len]).is_err(), "{len}");
        }
    }
}

#[test]
fn every_byte_counts() {
    let bytes = encoded(&FULL);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bent = bytes.clone();
            bent[at] ^= 1 << bit;
            if let Ok(other) = Keyset::decode(&bent) {
                assert_ne!(other, FULL, "{at} {bit}");
                // Bit 5 of a key makes it negative, and the field one that is not kept.
                let again = encoded(&other);
                assert!(again == bent || again.len() < bent.len(), "{at} {bit}");
            }
        }
    }
}

#[test]
fn a_store_of_three_keys_is_small() {
    let keyset = encoded(&SMALL);
    assert!(keyset.len() <= 190, "{}", keyset.len());
    // Signed by two of the old and two of the new root keys.
    let protected = [1, 2, 3, 4].map(|id| eddsa_protected(KeyId([id; 8])));
    let entries: Vec<_> = protected
        .iter()
        .map(|protected| SignatureEntry {
            algorithm: Algorithm::EdDsa,
            key_id: KeyId([1; 8]),
            protected,
            signature: &[7; 64],
        })
        .collect();
    let mut buffer = [0; 1_024];
    let update = Envelope::of(Document::Keyset, &keyset, &entries);
    let len = update.encode(&mut buffer).unwrap();
    assert!(KEYSET_HEAD_LEN + len <= 600, "{len}");

    // It is no envelope of a manifest, nor the reverse, and its content lies where it says.
    let decoded = Envelope::decode_as(Document::Keyset, &buffer[..len]).unwrap();
    let at = usize::try_from(decoded.manifest_offset()).unwrap();
    assert_eq!(&buffer[at..at + keyset.len()], keyset);
    let as_manifest = Envelope::decode(&buffer[..len]).unwrap_err();
    assert_eq!(as_manifest.kind, Kind::WrongContentType);
    let len = Envelope::new(b"manifest", &entries)
        .encode(&mut buffer)
        .unwrap();
    let as_keyset = Envelope::decode_as(Document::Keyset, &buffer[..len]).unwrap_err();
    assert_eq!(as_keyset.kind, Kind::WrongContentType);
}

#[test]
fn thresholds_can_be_reached_and_are_never_zero() {
    let root = |threshold, members| Keyset {
        root: quorum(threshold, members),
        ..SMALL
    };
    let unreachable = |threshold, members| Kind::ThresholdUnreachable { threshold, members };
    assert_eq!(
        refused(&root(0, 0b111)),
        Kind::BelowMinimum {
            limit: Limit::Threshold,
            min: 1,
            found: 0
        }
    );
    assert_eq!(refused(&root(1, 0)), unreachable(1, 0));
    assert_eq!(refused(&root(2, 0b100)), unreachable(2, 1));
    assert_eq!(refused(&root(4, 0b111)), unreachable(4, 3));
    assert_eq!(
        refused(&root(5, 0b111)),
        Kind::LimitExceeded {
            limit: Limit::Threshold,
            max: 4,
            found: 5
        }
    );
    assert_eq!(
        refused(&root(2, 0b1011)),
        Kind::InvalidValue {
            key: 2,
            value: 0b1011
        }
    );
    let release = [ReleaseRole {
        quorum: quorum(3, 0b11),
        ..ANY
    }];
    let release = Keyset {
        releases: List::from_slice(&release),
        ..SMALL
    };
    assert_eq!(refused(&release), unreachable(3, 2));
    assert!(!quorum(0, 0b111).is_met_by(Members(0b111)));
    assert!(!quorum(2, 0b011).is_met_by(Members(0b101)));
    assert!(quorum(2, 0b011).is_met_by(Members(0b111)));
}

#[test]
fn keys_are_different_whole_and_not_revoked() {
    let with = |third: Key<'static>| {
        let keys = [A, B, third];
        refused(&Keyset {
            keys: List::from_slice(&keys),
            ..SMALL
        })
    };
    let same = Kind::DuplicateSigner {
        first: 0,
        second: 2,
    };
    assert_eq!(with(Key { id: A.id, ..C }), same, "the same identifier");
    assert_eq!(
        with(Key {
            public: A.public,
            ..C
        }),
        same,
        "the same bytes under two identifiers"
    );
    assert_eq!(
        with(key(3, &[9; 31])),
        Kind::LengthMismatch {
            expected: 32,
            found: 31
        }
    );
    assert_eq!(
        with(Key {
            algorithm: Algorithm::HssLms,
            public: PublicKey(&[9; 56]),
            ..C
        }),
        Kind::LengthMismatch {
            expected: 60,
            found: 56
        }
    );
    assert_eq!(
        with(Key {
            algorithm: Algorithm::Other(-47),
            public: PublicKey(&[9; 65]),
            ..C
        }),
        Kind::LimitExceeded {
            limit: Limit::KeyLen,
            max: 64,
            found: 65
        }
    );
    assert_eq!(
        with(Key {
            algorithm: Algorithm::Other(-8),
            ..C
        }),
        Kind::DefaultWritten { key: 3 }
    );
    let revoked = |revoked: &[Key<'_>]| {
        refused(&Keyset {
            revoked: List::from_slice(revoked),
            ..SMALL
        })
    };
    assert_eq!(
        revoked(&[Key {
            id: KeyId([7; 8]),
            ..C
        }]),
        Kind::RevokedSigner { key: 2 }
    );
    let (low, high) = (key(8, &[1; 32]), key(9, &[2; 32]));
    assert_eq!(revoked(&[high, low]), Kind::RevokedOrder { index: 1 });
    assert_eq!(revoked(&[low, high, high]), Kind::RevokedOrder { index: 2 });
}

#[test]
fn limits_hold() {
    assert_eq!(
        refused(&Keyset {
            version: 0,
            ..SMALL
        }),
        Kind::BelowMinimum {
            limit: Limit::Unsigned32,
            min: 1,
            found: 0
        }
    );
    let many: Vec<[u8; 32]> = (0..17).map(|number| [number; 32]).collect();
    let keys: Vec<_> = (0..17)
        .zip(&many)
        .map(|(id, public)| key(id, public))
        .collect();
    assert_eq!(
        refused(&Keyset {
            keys: List::from_slice(&keys),
            ..SMALL
        }),
        Kind::LimitExceeded {
            limit: Limit::Keys,
            max: 16,
            found: 17
        }
    );
    // Sixteen keys and as many revoked ones are more than a device keeps.
    let revoked: Vec<_> = (0..16_u8).map(|number| [0xf0 | number; 32]).collect();
    let revoked: Vec<_> = revoked.iter().map(|public| key(9, public)).collect();
    let long = Keyset {
        keys: List::from_slice(&keys[..16]),
        revoked: List::from_slice(&revoked),
        ..SMALL
    };
    let Kind::LimitExceeded { limit, max, found } = refused(&long) else {
        panic!()
    };
    assert_eq!((limit, max), (Limit::KeysetLen, 1_000));
    assert!(found > 1_000 && MAX_KEYSET_LEN == 1_000);
    assert_eq!(
        refused(&Keyset {
            releases: List::empty(),
            ..SMALL
        }),
        Kind::Empty
    );
    assert_eq!(
        refused(&Keyset {
            sequences: CounterRange {
                min: Some(2),
                max: Some(1)
            },
            ..SMALL
        }),
        Kind::EmptyRange { min: 2, max: 1 }
    );
}

#[test]
fn heads_of_a_chain() {
    let head = ChainHead {
        version: 0x0102_0304,
        len: 0x0506,
    };
    assert_eq!(head.encode(), [4, 3, 2, 1, 6, 5]);
    assert_eq!(ChainHead::decode(&head.encode()), Ok(head));
    let of = |len| {
        let head = ChainHead { version: 1, len };
        ChainHead::decode(&head.encode()).map_err(|error| error.code())
    };
    assert_eq!(of(0), Err(105));
    assert!(of(2_048).is_ok());
    assert_eq!(of(2_049), Err(104));
}

#[test]
fn the_document_has_every_key() {
    let document = include_str!("../../../docs/FORMAT.md");
    let names = [
        (keys::FORMAT, "KEYSET_FORMAT"),
        (keys::VERSION, "VERSION"),
        (keys::NAME, "NAME"),
        (keys::KEYS, "KEYS"),
        (keys::ROOT, "ROOT"),
        (keys::RELEASES, "RELEASES"),
        (keys::VALIDITY, "KEYSET_VALIDITY"),
        (keys::SEQUENCES, "SEQUENCES"),
        (keys::SECURITY_COUNTERS, "SECURITY_COUNTERS"),
        (keys::REVOKED, "REVOKED"),
    ];
    for (number, name) in names {
        let row = format!("\n| {number} | `{name}` |");
        assert!(document.contains(&row), "{row}");
    }
}
