//! The signed envelope, and the bytes that are signed.

use sprag_manifest::DecodeErrorKind as Kind;
use sprag_manifest::{
    Algorithm, BODY_PROTECTED, CONTENT_TYPE, EXTERNAL_AAD, EncodeError, Envelope, Header, ItemType,
    KeyId, Limit, MAX_ENVELOPE_LEN, SIG_PREFIX_MAX, SignatureEntry, eddsa_protected,
    sig_structure_prefix,
};

use crate::cbor::{Value, int, parse, text};
use crate::samples::{FULL, PAYLOADS, SOURCES, encoded};

/// An envelope around `manifest` with `count` signatures that nobody verifies.
pub(crate) fn signed(manifest: &[u8], count: u8) -> Vec<u8> {
    let protected: Vec<_> = (0..count)
        .map(|number| eddsa_protected(KeyId([number; 8])))
        .collect();
    let entries: Vec<_> = (0..count)
        .zip(&protected)
        .map(|(number, protected)| entry(number, protected))
        .collect();
    let mut buffer = vec![0; MAX_ENVELOPE_LEN];
    let len = Envelope::new(manifest, &entries)
        .encode(&mut buffer)
        .unwrap();
    buffer.truncate(len);
    buffer
}

fn entry(number: u8, protected: &[u8; 13]) -> SignatureEntry<'_> {
    SignatureEntry {
        algorithm: Algorithm::EdDsa,
        key_id: KeyId([number; 8]),
        protected,
        signature: &[0xee; 64],
    }
}

fn tree() -> Value {
    parse(&signed(b"manifest", 2)).unwrap()
}

#[test]
fn layout() {
    let bytes = signed(b"manifest", 1);
    let expected = [
        &[0xd8, 0x62, 0x84, 0x54][..],
        b"\xa1\x03\x71application/sprag",
        &[0xa0, 0x48],
        b"manifest",
        &[
            0x81, 0x83, 0x4d, 0xa2, 0x01, 0x27, 0x04, 0x48, 0, 0, 0, 0, 0, 0, 0, 0, 0xa0, 0x58,
            0x40,
        ],
        &[0xee; 64],
    ];
    assert_eq!(bytes, expected.concat());
    let envelope = Envelope::decode(&bytes).unwrap();
    assert_eq!(envelope.manifest_bytes(), b"manifest");
    assert_eq!(envelope.manifest_offset(), 26);
    assert_eq!(envelope.body_protected(), BODY_PROTECTED);
    assert_eq!(envelope.signature_count(), 1);
    let entries: Vec<_> = envelope.signatures().collect();
    assert_eq!(entries, [entry(0, &eddsa_protected(KeyId([0; 8])))]);
}

/// What a package costs beyond its payload: the header, the envelope and the pages.
#[test]
fn overhead() {
    let one_source = sprag_manifest::Manifest {
        sources: (&SOURCES[..1]).into(),
        payloads: (&PAYLOADS[..1]).into(),
        preconditions: sprag_manifest::Preconditions {
            min_battery_percent: Some(30),
            min_free_storage: Some(65_536),
            ..sprag_manifest::Preconditions::NONE
        },
        ..FULL
    };
    let usual = sprag_manifest::Manifest {
        os: None,
        validity: sprag_manifest::Validity::default(),
        preconditions: sprag_manifest::Preconditions::default(),
        keyset_version: None,
        keysets_len: 0,
        ..one_source.clone()
    };
    // Header and envelope with one signature: at most 400 bytes for a payload of one block.
    let fixed = |manifest| Header::LEN + signed(&encoded(manifest), 1).len();
    assert!(fixed(&usual) <= 400);
    // At most 448 bytes with every field, and the preconditions that most devices can tell.
    assert!(fixed(&one_source) <= 448);
    // With several blocks of 4 KiB, pages cost at most 1 % of the payload and 27 bytes.
    for blocks in 2..5_000_u64 {
        let size = u32::try_from(blocks * 4_096 - 4_095).unwrap();
        let payload = sprag_manifest::Payload {
            size,
            ..PAYLOADS[0]
        };
        let pages = sprag_manifest::Index::new(&payload).stored_len() - u64::from(size);
        assert!(pages <= u64::from(size) / 100 + 27, "{blocks}");
    }
}

#[test]
fn eight_signatures_and_any_manifest() {
    for len in [0, 1, 23, 24, 255, 256, 15_000] {
        let manifest = vec![0xff; len];
        let bytes = signed(&manifest, 8);
        let envelope = Envelope::decode(&bytes).unwrap();
        assert_eq!(envelope.manifest_bytes(), manifest);
        let offset = usize::try_from(envelope.manifest_offset()).unwrap();
        assert_eq!(&bytes[offset..offset + len], manifest, "{len}");
        let keys: Vec<_> = envelope
            .signatures()
            .map(|entry| entry.key_id.0[0])
            .collect();
        assert_eq!(keys, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}

#[test]
fn other_algorithms_decode() {
    for number in [-7_i64, -48, 5, 0, -257, i64::MAX, i64::MIN] {
        let mut envelope = tree();
        let protected = Value::Map(vec![
            (int(1), Value::Int(number.into())),
            (int(4), Value::Bytes(vec![7; 8])),
        ]);
        envelope.set(&[3, 1, 0], Value::Bytes(protected.to_bytes()));
        envelope.set(&[3, 1, 2], Value::Bytes(vec![1]));
        let bytes = envelope.to_bytes();
        let entry = Envelope::decode(&bytes)
            .unwrap()
            .signatures()
            .nth(1)
            .unwrap();
        assert_eq!(entry.algorithm, Algorithm::Other(number));
        assert_eq!(entry.key_id, KeyId([7; 8]));
        assert_eq!(entry.protected, protected.to_bytes());
        assert_eq!(entry.signature, [1]);
    }
}

fn protected(entries: Vec<(Value, Value)>) -> Value {
    Value::Bytes(Value::Map(entries).to_bytes())
}

fn kid() -> Value {
    Value::Bytes(vec![0; 8])
}

#[test]
fn refusals() {
    type Rule = (&'static str, fn(&mut Value), Kind);
    #[rustfmt::skip]
    let table: &[Rule] = &[
        (
            "no tag",
            |e| {
                let Value::Tag(_, inner) = e.clone() else { panic!() };
                *e = *inner;
            },
            Kind::WrongType { expected: ItemType::Tag, found: ItemType::Array },
        ),
        (
            "the tag of COSE_Sign1",
            |e| {
                let Value::Tag(tag, _) = e else { panic!() };
                *tag = 18;
            },
            Kind::WrongTag { expected: 98, found: 18 },
        ),
        ("the tag twice", |e| *e = Value::Tag(98, Box::new(e.clone())), Kind::ForbiddenItem { first: 0xd8 }),
        (
            "three elements",
            |e| {
                e.array(&[]).remove(0);
            },
            Kind::LengthMismatch { expected: 4, found: 3 },
        ),
        ("five elements", |e| e.array(&[]).push(int(0)), Kind::LengthMismatch { expected: 4, found: 5 }),
        ("no protected header", |e| e.set(&[0], Value::Bytes(vec![])), Kind::Truncated { needed: 1, available: 0 }),
        ("an empty protected header", |e| e.set(&[0], protected(vec![])), Kind::Empty),
        ("a protected header that is no string", |e| e.set(&[0], Value::Map(vec![])), Kind::WrongType { expected: ItemType::Bytes, found: ItemType::Map }),
        ("another content type", |e| e.set(&[0], protected(vec![(int(3), text("application/sprah"))])), Kind::WrongContentType),
        ("a longer content type", |e| e.set(&[0], protected(vec![(int(3), text("application/sprag2"))])), Kind::WrongContentType),
        ("a content type by number", |e| e.set(&[0], protected(vec![(int(3), int(60))])), Kind::WrongType { expected: ItemType::Text, found: ItemType::Uint }),
        ("an algorithm in the body", |e| e.set(&[0], protected(vec![(int(1), Value::Int(-8)), (int(3), text(CONTENT_TYPE))])), Kind::UnknownCriticalField { key: 1 }),
        ("a private header in the body", |e| e.set(&[0], protected(vec![(int(3), text(CONTENT_TYPE)), (Value::Int(-1), int(0))])), Kind::UnknownCriticalField { key: -1 }),
        ("a byte behind the protected header", |e| e.set(&[0], Value::Bytes([BODY_PROTECTED, &[0]].concat())), Kind::TrailingBytes { count: 1 }),
        ("an unprotected header", |e| e.append(&[1], 4, kid()), Kind::UnprotectedHeader { count: 1 }),
        ("a manifest that is elsewhere", |e| e.set(&[2], Value::Raw(vec![0xf6])), Kind::ForbiddenItem { first: 0xf6 }),
        ("a manifest that is a map", |e| e.set(&[2], Value::Map(vec![])), Kind::WrongType { expected: ItemType::Bytes, found: ItemType::Map }),
        ("no signatures", |e| e.array(&[3]).clear(), Kind::Empty),
        (
            "nine signatures",
            |e| {
                let one = e.at(&[3, 0]).clone();
                e.set(&[3], Value::Array(vec![one; 9]));
            },
            Kind::LimitExceeded { limit: Limit::Signatures, max: 8, found: 9 },
        ),
        ("2^32 - 1 signatures", |e| e.set(&[3], Value::Raw(vec![0x9a, 0xff, 0xff, 0xff, 0xff, 0x83])), Kind::LimitExceeded { limit: Limit::Signatures, max: 8, found: 0xffff_ffff }),
        (
            "a signature of two elements",
            |e| {
                e.array(&[3, 1]).remove(1);
            },
            Kind::LengthMismatch { expected: 3, found: 2 },
        ),
        ("a signature of four elements", |e| e.array(&[3, 1]).push(int(0)), Kind::LengthMismatch { expected: 3, found: 4 }),
        ("an unprotected header in a signature", |e| e.append(&[3, 1, 1], 1, Value::Int(-8)), Kind::UnprotectedHeader { count: 1 }),
        ("no algorithm", |e| e.set(&[3, 0, 0], protected(vec![(int(4), kid())])), Kind::MissingField { key: 1 }),
        ("no key", |e| e.set(&[3, 0, 0], protected(vec![(int(1), Value::Int(-8))])), Kind::MissingField { key: 4 }),
        ("an algorithm by name", |e| e.set(&[3, 0, 0], protected(vec![(int(1), text("EdDSA")), (int(4), kid())])), Kind::WrongType { expected: ItemType::Uint, found: ItemType::Text }),
        ("an algorithm beyond 64 bits", |e| e.set(&[3, 0, 0], protected(vec![(int(1), Value::Int(-(1 << 63) - 1)), (int(4), kid())])), Kind::LimitExceeded { limit: Limit::Signed64, max: i64::MAX.unsigned_abs(), found: 1 << 63 }),
        ("a key of seven bytes", |e| e.set(&[3, 0, 0], protected(vec![(int(1), Value::Int(-8)), (int(4), Value::Bytes(vec![0; 7]))])), Kind::LengthMismatch { expected: 8, found: 7 }),
        ("a critical list in a signature", |e| e.set(&[3, 0, 0], protected(vec![(int(1), Value::Int(-8)), (int(2), Value::Array(vec![int(1)])), (int(4), kid())])), Kind::UnknownCriticalField { key: 2 }),
        ("another header in a signature", |e| e.set(&[3, 0, 0], protected(vec![(int(1), Value::Int(-8)), (int(4), kid()), (int(5), kid())])), Kind::UnknownCriticalField { key: 5 }),
        ("a private header in a signature", |e| e.set(&[3, 0, 0], protected(vec![(int(1), Value::Int(-8)), (int(4), kid()), (Value::Int(-1), int(0))])), Kind::UnknownCriticalField { key: -1 }),
        ("headers out of order", |e| e.set(&[3, 0, 0], protected(vec![(int(4), kid()), (int(1), Value::Int(-8))])), Kind::KeyOrder { previous: 4, found: 1 }),
        ("a signature of 63 bytes", |e| e.set(&[3, 0, 2], Value::Bytes(vec![0; 63])), Kind::LengthMismatch { expected: 64, found: 63 }),
        ("a signature of 65 bytes", |e| e.set(&[3, 0, 2], Value::Bytes(vec![0; 65])), Kind::LengthMismatch { expected: 64, found: 65 }),
        (
            "an empty signature of another algorithm",
            |e| {
                e.set(&[3, 0, 0], protected(vec![(int(1), Value::Int(-7)), (int(4), kid())]));
                e.set(&[3, 0, 2], Value::Bytes(vec![]));
            },
            Kind::BelowMinimum { limit: Limit::SignatureLen, min: 1, found: 0 },
        ),
    ];
    for (name, edit, expected) in table {
        let mut envelope = tree();
        edit(&mut envelope);
        let error = Envelope::decode(&envelope.to_bytes()).expect_err(name);
        assert_eq!(error.kind, *expected, "{name}");
    }
}

#[test]
fn a_key_in_the_protected_header_has_its_offset_in_the_envelope() {
    let mut envelope = tree();
    envelope.set(
        &[3, 1, 0],
        protected(vec![
            (int(1), Value::Int(-8)),
            (int(4), Value::Bytes(vec![0xdd; 7])),
        ]),
    );
    let bytes = envelope.to_bytes();
    let kid = bytes
        .windows(2)
        .position(|window| window == [0x47, 0xdd])
        .unwrap();
    let error = Envelope::decode(&bytes).unwrap_err();
    assert_eq!(usize::try_from(error.offset).unwrap(), kid);
}

#[test]
fn too_long_is_refused_unread() {
    let bytes = vec![0xff; MAX_ENVELOPE_LEN + 1];
    let expected = Kind::LimitExceeded {
        limit: Limit::EnvelopeLen,
        max: 16_384,
        found: 16_385,
    };
    assert_eq!(Envelope::decode(&bytes).unwrap_err().kind, expected);
}

#[test]
fn writers_refuse_what_readers_refuse() {
    let mut buffer = [0; 256];
    let refused =
        |result, code| matches!(result, Err(EncodeError::Refused(error)) if error.code() == code);
    assert!(refused(
        Envelope::new(b"manifest", &[]).encode(&mut buffer),
        121
    ));
    let protected = eddsa_protected(KeyId([0; 8]));
    let short = SignatureEntry {
        signature: &[0; 63],
        ..entry(0, &protected)
    };
    assert!(refused(
        Envelope::new(b"manifest", &[short]).encode(&mut buffer),
        118
    ));
    let entries = [entry(0, &protected)];
    let envelope = Envelope::new(b"manifest", &entries);
    let len = envelope.encode(&mut buffer).unwrap();
    for capacity in 0..len {
        let result = envelope.encode(&mut buffer[..capacity]);
        assert!(
            matches!(result, Err(EncodeError::BufferTooSmall { .. })),
            "{capacity}"
        );
    }
}

#[test]
fn the_signed_bytes_are_a_sig_structure() {
    for len in [0_usize, 10, 100, 1_000, 16_384, 70_000] {
        let manifest = vec![0x5a; len];
        let protected = eddsa_protected(KeyId(*b"\x01\x02\x03\x04\x05\x06\x07\x08"));
        let mut prefix = [0; SIG_PREFIX_MAX];
        let prefix_len =
            sig_structure_prefix(BODY_PROTECTED, &protected, len, &mut prefix).unwrap();
        let signed = [&prefix[..prefix_len], &manifest].concat();
        // RFC 9052 section 4.4, written by the oracle.
        let expected = Value::Array(vec![
            text("Signature"),
            protected_bytes(&[(3, text("application/sprag"))]),
            protected_bytes(&[(1, Value::Int(-8)), (4, Value::Bytes((1..=8).collect()))]),
            Value::Bytes(b"sprag.manifest.v1".to_vec()),
            Value::Bytes(manifest),
        ]);
        assert_eq!(signed, expected.to_bytes(), "{len}");
    }
    assert_eq!(EXTERNAL_AAD.len(), 17);
}

#[test]
fn the_longest_headers_fit_the_prefix() {
    let longest =
        Value::Map(vec![(int(1), Value::Int(i64::MIN.into())), (int(4), kid())]).to_bytes();
    let mut prefix = [0; SIG_PREFIX_MAX];
    let len = usize::try_from(u32::MAX).unwrap();
    assert_eq!(
        sig_structure_prefix(BODY_PROTECTED, &longest, len, &mut prefix),
        Ok(SIG_PREFIX_MAX)
    );
    let longer = [&longest[..], &[0]].concat();
    assert!(sig_structure_prefix(BODY_PROTECTED, &longer, len, &mut prefix).is_err());
}

fn protected_bytes(entries: &[(u64, Value)]) -> Value {
    protected(
        entries
            .iter()
            .map(|(key, value)| (int(*key), value.clone()))
            .collect(),
    )
}
