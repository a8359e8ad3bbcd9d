//! Codes are a contract with the field.

use super::{DecodeError, DecodeErrorKind, EncodeError, ItemType, Limit};
use std::collections::BTreeSet;
use std::string::ToString;
use std::vec::Vec;

/// One of every kind. A kind that is not listed here breaks the comparison with `ALL`.
#[rustfmt::skip]
const SAMPLES: &[(DecodeErrorKind, &str)] = &[
    (DecodeErrorKind::Truncated { needed: 32, available: 7 }, "the input ends inside an item: it takes 32 bytes, 7 are left"),
    (DecodeErrorKind::TrailingBytes { count: 3 }, "bytes follow the last item: 3"),
    (DecodeErrorKind::BadMagic { found: *b"\x7fELF" }, "not a Sprag package: it begins with [7f, 45, 4c, 46]"),
    (DecodeErrorKind::UnsupportedFormat { found: 2 }, "unsupported format version: 2, this reader knows 1"),
    (DecodeErrorKind::LimitExceeded { limit: Limit::Sources, max: 32, found: 33 }, "a limit is exceeded: sources 33, at most 32"),
    (DecodeErrorKind::BelowMinimum { limit: Limit::BlockSize, min: 256, found: 1 }, "a value is too small: block size 1, at least 256"),
    (DecodeErrorKind::NonMinimalInteger { value: 5 }, "an integer is not in its shortest form: 5"),
    (DecodeErrorKind::IndefiniteLength, "a length is indefinite"),
    (DecodeErrorKind::ForbiddenItem { first: 0xf5 }, "an item that the format never uses: initial byte 0xf5"),
    (DecodeErrorKind::WrongType { expected: ItemType::Map, found: ItemType::Text }, "an item of the wrong type: Text for Map"),
    (DecodeErrorKind::WrongTag { expected: 98, found: 18 }, "a wrong tag: 18 for 98"),
    (DecodeErrorKind::NestingTooDeep { max: 4 }, "a skipped field nests too deeply: more than 4 levels"),
    (DecodeErrorKind::DuplicateKey { key: -1 }, "a map has a key twice: key -1"),
    (DecodeErrorKind::KeyOrder { previous: 2, found: 1 }, "map keys are out of order: 1 after 2"),
    (DecodeErrorKind::UnknownCriticalField { key: 18 }, "an unknown critical field: key 18"),
    (DecodeErrorKind::MissingField { key: 4 }, "a required field is missing: key 4"),
    (DecodeErrorKind::InvalidUtf8, "text is not UTF-8"),
    (DecodeErrorKind::InvalidText { byte: 0x20 }, "a name has a forbidden character: byte 0x20"),
    (DecodeErrorKind::LengthMismatch { expected: 32, found: 31 }, "an item of the wrong length: 31 for 32"),
    (DecodeErrorKind::InvalidValue { key: 7, value: 8 }, "a value has no meaning in its field: key 7, value 8"),
    (DecodeErrorKind::DefaultWritten { key: 9 }, "a default is written out: key 9"),
    (DecodeErrorKind::Empty, "a map or an array is empty"),
    (DecodeErrorKind::EmptyRange { min: 2, max: 1 }, "a range is empty: from 2 to 1"),
    (DecodeErrorKind::UnprotectedHeader { count: 1 }, "an unprotected header is not empty: 1 entries"),
    (DecodeErrorKind::WrongContentType, "wrong content type"),
    (DecodeErrorKind::SourceOutOfRange { payload: 0, source: 2, count: 1 }, "a payload names a source that is not listed: payload 0, source 2 of 1"),
    (DecodeErrorKind::SourceMissing { payload: 1 }, "a payload names no source: payload 1"),
    (DecodeErrorKind::SourceUnexpected { payload: 1, source: 0 }, "a full payload names a source: payload 1, source 0"),
    (DecodeErrorKind::DuplicatePayload { first: 0, second: 2 }, "two payloads for the same purpose: 0 and 2"),
    (DecodeErrorKind::DuplicateSource { first: 0, second: 1 }, "two sources are the same image: 0 and 1"),
    (DecodeErrorKind::SourceIsTarget { source: 0 }, "a source is the target: source 0"),
    (DecodeErrorKind::RamBelowMinimum { payload: 0, minimum: 9, found: 8 }, "a payload declares too little RAM: payload 0, 8 bytes, at least 9"),
    (DecodeErrorKind::WorkspaceExceedsRam { payload: 0, workspace: 9, ram: 8 }, "a payload's workspace exceeds its RAM: payload 0, 9 bytes of 8"),
    (DecodeErrorKind::SumOverflow, "a sum of sizes overflows"),
    (DecodeErrorKind::GroupUnexpected { payload: 1, group: 4096 }, "a full payload has groups for applying in place: payload 1, groups of 4096 bytes"),
    (DecodeErrorKind::DuplicateSigner { first: 0, second: 2 }, "two keys of a keyset are the same: 0 and 2"),
    (DecodeErrorKind::ThresholdUnreachable { threshold: 2, members: 1 }, "a threshold cannot be reached: 2 signatures of 1 keys"),
    (DecodeErrorKind::RevokedSigner { key: 3 }, "a keyset lists a key that it revokes: key 3"),
    (DecodeErrorKind::RevokedOrder { index: 1 }, "revoked keys are out of order: number 1"),
];

#[test]
fn codes_are_listed_once_and_in_order() {
    let listed: Vec<u16> = DecodeErrorKind::ALL.iter().map(|(code, _)| *code).collect();
    let samples: Vec<u16> = SAMPLES.iter().map(|(kind, _)| kind.code()).collect();
    assert_eq!(listed, samples);
    assert_eq!(listed, (100..139).collect::<Vec<_>>());
    let texts: BTreeSet<_> = DecodeErrorKind::ALL.iter().map(|(_, text)| text).collect();
    assert_eq!(texts.len(), listed.len());
}

#[test]
fn every_kind_names_both_sides() {
    for (kind, text) in SAMPLES {
        assert_eq!(kind.to_string(), *text);
    }
    let error = DecodeError {
        kind: DecodeErrorKind::Empty,
        offset: 12,
    };
    assert_eq!(error.to_string(), "a map or an array is empty at byte 12");
    assert_eq!(error.code(), 121);
    assert_eq!(
        EncodeError::Refused(error).to_string(),
        "a reader would refuse it: a map or an array is empty at byte 12"
    );
    assert_eq!(
        EncodeError::BufferTooSmall { capacity: 7 }.to_string(),
        "the encoding does not fit a buffer of 7 bytes"
    );
}
