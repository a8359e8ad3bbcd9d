//! The fixed header, byte for byte.

use sprag_manifest::DecodeErrorKind as Kind;
use sprag_manifest::{EncodeError, Header, Limit, MAX_PAYLOADS_LEN};

const HEADER: Header = Header {
    keysets_len: 0x0102,
    envelope_len: 0x0304,
    payloads_len: 0x11_0506_0708,
};

const BYTES: [u8; 20] = *b"SPRG\x01\x00\x02\x01\x04\x03\x00\x00\x08\x07\x06\x05\x11\x00\x00\x00";

#[test]
fn layout() {
    let mut bytes = [0; Header::LEN];
    assert_eq!(HEADER.encode(&mut bytes), Ok(20));
    assert_eq!(bytes, BYTES);
    assert_eq!(Header::decode(&bytes), Ok(HEADER));
    assert_eq!(HEADER.envelope_offset(), 20 + 0x0102);
    assert_eq!(HEADER.payloads_offset(), 20 + 0x0102 + 0x0304);
    assert_eq!(
        HEADER.package_len(),
        Some(20 + 0x0102 + 0x0304 + 0x11_0506_0708)
    );
    // What follows belongs to others.
    assert_eq!(Header::decode(&[&BYTES[..], b"more"].concat()), Ok(HEADER));
}

#[test]
fn truncations() {
    for len in 0..Header::LEN {
        let error = Header::decode(&BYTES[..len]).unwrap_err();
        let available = u64::try_from(len).unwrap();
        assert_eq!(
            error.kind,
            Kind::Truncated {
                needed: 20,
                available
            },
            "{len}"
        );
    }
}

#[test]
fn refusals() {
    #[rustfmt::skip]
    let table: &[(&str, usize, &[u8], Kind)] = &[
        ("another magic", 0, b"sPRG", Kind::BadMagic { found: *b"sPRG" }),
        ("another magic, last byte", 3, b"g", Kind::BadMagic { found: *b"SPRg" }),
        ("version 0", 4, &[0, 0], Kind::UnsupportedFormat { found: 0 }),
        ("version 2", 4, &[2, 0], Kind::UnsupportedFormat { found: 2 }),
        ("version 257", 4, &[1, 1], Kind::UnsupportedFormat { found: 257 }),
        ("keysets too long", 6, &[0x01, 0x20], Kind::LimitExceeded { limit: Limit::KeysetsLen, max: 8_192, found: 8_193 }),
        ("no envelope", 8, &[0; 4], Kind::BelowMinimum { limit: Limit::EnvelopeLen, min: 1, found: 0 }),
        ("envelope too long", 8, &[1, 0x40, 0, 0], Kind::LimitExceeded { limit: Limit::EnvelopeLen, max: 16_384, found: 16_385 }),
        ("envelope of 4 GiB", 8, &[0xff; 4], Kind::LimitExceeded { limit: Limit::EnvelopeLen, max: 16_384, found: 0xffff_ffff }),
        ("no payloads", 12, &[0; 8], Kind::BelowMinimum { limit: Limit::PayloadsLen, min: 1, found: 0 }),
        ("payloads of 2^64 - 1", 12, &[0xff; 8], Kind::LimitExceeded { limit: Limit::PayloadsLen, max: MAX_PAYLOADS_LEN, found: u64::MAX }),
    ];
    for (name, offset, bytes, expected) in table {
        let mut bent = BYTES;
        bent[*offset..*offset + bytes.len()].copy_from_slice(bytes);
        let error = Header::decode(&bent).expect_err(name);
        assert_eq!(error.kind, *expected, "{name}");
        // Offsets point to the field.
        assert_eq!(
            usize::try_from(error.offset).unwrap(),
            if *offset == 3 { 0 } else { *offset },
            "{name}"
        );
    }
}

#[test]
fn every_other_value_of_every_byte_is_refused_or_read_back() {
    for position in 0..Header::LEN {
        for change in 1..=0xff {
            let mut bent = BYTES;
            bent[position] ^= change;
            if let Ok(header) = Header::decode(&bent) {
                assert!(position >= 6, "magic and version are fixed");
                let mut again = [0; Header::LEN];
                header.encode(&mut again).unwrap();
                assert_eq!(again, bent);
            }
        }
    }
}

#[test]
fn writers_refuse_what_readers_refuse() {
    let mut buffer = [0; Header::LEN];
    let none = Header {
        payloads_len: 0,
        ..HEADER
    };
    assert!(
        matches!(none.encode(&mut buffer), Err(EncodeError::Refused(error)) if error.code() == 105)
    );
    assert_eq!(
        HEADER.encode(&mut buffer[..19]),
        Err(EncodeError::BufferTooSmall { capacity: 19 })
    );
    assert_eq!(
        Header {
            payloads_len: u64::MAX,
            ..HEADER
        }
        .package_len(),
        None
    );
}
