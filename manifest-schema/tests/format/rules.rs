//! One entry for every rule of the manifest: what is done to a valid one, and what is said to it.

use std::collections::BTreeSet;

use sprag_manifest::DecodeErrorKind as Kind;
use sprag_manifest::{EncodeError, ItemType, Limit, Manifest, Requirement};

use crate::cbor::{Value, int, text};
use crate::samples::{FULL, PAYLOADS, SOURCES, TARGET, encoded, tree};

type Rule = (&'static str, fn(&mut Value), Kind);

fn raw(bytes: &[u8]) -> Value {
    Value::Raw(bytes.to_vec())
}

fn repeat(value: &Value, count: usize) -> Value {
    Value::Array(vec![value.clone(); count])
}

const U32_LIMIT: (u64, u64) = (0xffff_ffff, 0x1_0000_0000);

/// Kinds that only a broken envelope, header or keyset brings about; their own tables have them.
const ELSEWHERE: [u16; 8] = [102, 110, 123, 124, 135, 136, 137, 138];

/// No version 1 manifest can bring about an overflow: 65 payloads are far from 64 bits.
const UNREACHABLE: [u16; 1] = [133];

#[rustfmt::skip]
const ITEMS: &[Rule] = &[
    ("an integer with one byte too many", |m| m.set(&[3], raw(&[0x18, 0x17])), Kind::NonMinimalInteger { value: 23 }),
    ("an integer with two bytes too many", |m| m.set(&[3], raw(&[0x19, 0, 0xff])), Kind::NonMinimalInteger { value: 255 }),
    ("an integer with four bytes too many", |m| m.set(&[3], raw(&[0x1a, 0, 0, 0xff, 0xff])), Kind::NonMinimalInteger { value: 65_535 }),
    ("an integer with eight bytes too many", |m| m.set(&[3], raw(&[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])), Kind::NonMinimalInteger { value: 0xffff_ffff }),
    ("a long form of a length", |m| m.set(&[4], raw(b"\x78\x01a")), Kind::NonMinimalInteger { value: 1 }),
    ("a long form of a count", |m| m.set(&[6], raw(b"\x98\x01\x61a")), Kind::NonMinimalInteger { value: 1 }),
    ("a text of indefinite length", |m| m.set(&[4], raw(b"\x7f\x61a\xff")), Kind::IndefiniteLength),
    ("bytes of indefinite length", |m| m.set(&[8, 2], raw(b"\x5f\x41a\xff")), Kind::IndefiniteLength),
    ("an array of indefinite length", |m| m.set(&[6], raw(b"\x9f\x61a\xff")), Kind::IndefiniteLength),
    ("a map of indefinite length", |m| m.set(&[14], raw(&[0xbf, 1, 1, 0xff])), Kind::IndefiniteLength),
    ("an integer of indefinite length", |m| m.set(&[3], raw(&[0x1f])), Kind::ForbiddenItem { first: 0x1f }),
    ("a reserved form 28", |m| m.set(&[3], raw(&[0x1c])), Kind::ForbiddenItem { first: 0x1c }),
    ("a reserved form 30", |m| m.set(&[4], raw(&[0x7e])), Kind::ForbiddenItem { first: 0x7e }),
    ("a float", |m| m.set(&[3], raw(&[0xf9, 0x3c, 0])), Kind::ForbiddenItem { first: 0xf9 }),
    ("true", |m| m.set(&[3], raw(&[0xf5])), Kind::ForbiddenItem { first: 0xf5 }),
    ("null for an optional field", |m| m.set(&[13], raw(&[0xf6])), Kind::ForbiddenItem { first: 0xf6 }),
    ("a break", |m| m.set(&[3], raw(&[0xff])), Kind::ForbiddenItem { first: 0xff }),
    ("a tag", |m| m.set(&[3], raw(&[0xc1, 0x07])), Kind::ForbiddenItem { first: 0xc1 }),
    ("a tag of indefinite length", |m| m.set(&[3], raw(&[0xdf])), Kind::ForbiddenItem { first: 0xdf }),
    ("a tag around the manifest", |m| *m = Value::Tag(98, Box::new(m.clone())), Kind::ForbiddenItem { first: 0xd8 }),
    ("a bignum", |m| m.set(&[2], raw(&[0xc2, 0x41, 1])), Kind::ForbiddenItem { first: 0xc2 }),
    ("a text for an integer", |m| m.set(&[2], text("1")), Kind::WrongType { expected: ItemType::Uint, found: ItemType::Text }),
    ("a negative integer", |m| m.set(&[2], Value::Int(-1)), Kind::WrongType { expected: ItemType::Uint, found: ItemType::Negative }),
    ("bytes for a text", |m| m.set(&[4], Value::Bytes(b"acme".to_vec())), Kind::WrongType { expected: ItemType::Text, found: ItemType::Bytes }),
    ("a text for bytes", |m| m.set(&[8, 2], text("01234567890123456789012345678901")), Kind::WrongType { expected: ItemType::Bytes, found: ItemType::Text }),
    ("a text for an array", |m| m.set(&[6], text("a")), Kind::WrongType { expected: ItemType::Array, found: ItemType::Text }),
    ("an array for a map", |m| m.set(&[8], Value::Array(vec![])), Kind::WrongType { expected: ItemType::Map, found: ItemType::Array }),
    ("an array for the manifest", |m| *m = Value::Array(vec![]), Kind::WrongType { expected: ItemType::Map, found: ItemType::Array }),
    ("a text for a key", |m| m.map(&[]).push((text("a"), int(1))), Kind::WrongType { expected: ItemType::Uint, found: ItemType::Text }),
    ("a key beyond 63 bits", |m| m.append(&[], 1 << 63, int(0)), Kind::LimitExceeded { limit: Limit::Signed64, max: i64::MAX.unsigned_abs(), found: 1 << 63 }),
    ("a length beyond the end", |m| m.set(&[17], raw(b"\x7a\xff\xff\xff\xff")), Kind::WrongType { expected: ItemType::Uint, found: ItemType::Text }),
    ("a text beyond the end", |m| m.append(&[], -1, raw(b"\x7a\xff\xff\xff\xffabc")), Kind::Truncated { needed: 0xffff_ffff, available: 3 }),
    ("nothing at all", |m| *m = raw(&[]), Kind::Truncated { needed: 1, available: 0 }),
    ("half a head", |m| *m = raw(&[0xb9, 1]), Kind::Truncated { needed: 2, available: 1 }),
    ("a byte behind the manifest", |m| *m = Value::Raw([m.to_bytes(), vec![0]].concat()), Kind::TrailingBytes { count: 1 }),
    ("the manifest twice", |m| *m = Value::Raw([m.to_bytes(), m.to_bytes()].concat()), Kind::TrailingBytes { count: 565 }),
];

#[rustfmt::skip]
const COUNTS: &[Rule] = &[
    ("a manifest of 2^32 entries", |m| *m = raw(&[0xbb, 0, 0, 0, 1, 0, 0, 0, 0, 0]), Kind::Truncated { needed: 0x2_0000_0000, available: 1 }),
    ("a manifest of 2^64 - 1 entries", |m| *m = raw(b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x01"), Kind::Truncated { needed: u64::MAX, available: 1 }),
    ("2^32 - 1 hardware revisions", |m| m.set(&[6], raw(b"\x9a\xff\xff\xff\xff\x61a")), Kind::LimitExceeded { limit: Limit::Hardware, max: 32, found: 0xffff_ffff }),
    ("2^64 - 1 payloads", |m| m.set(&[10], raw(b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff")), Kind::LimitExceeded { limit: Limit::Payloads, max: 65, found: u64::MAX }),
    ("32 hardware revisions in 2 bytes", |m| *m = raw(b"\xa8\x01\x01\x02\x00\x03\x00\x04\x61a\x05\x61a\x06\x98\x20\x61a"), Kind::Truncated { needed: 32, available: 2 }),
    ("33 hardware revisions", |m| m.set(&[6], repeat(&text("a"), 33)), Kind::LimitExceeded { limit: Limit::Hardware, max: 32, found: 33 }),
    (
        "33 sources",
        |m| {
            let source = m.at(&[9, 0]).clone();
            m.set(&[9], repeat(&source, 33));
        },
        Kind::LimitExceeded { limit: Limit::Sources, max: 32, found: 33 },
    ),
    (
        "66 payloads",
        |m| {
            let payload = m.at(&[10, 0]).clone();
            m.set(&[10], repeat(&payload, 66));
        },
        Kind::LimitExceeded { limit: Limit::Payloads, max: 65, found: 66 },
    ),
    ("no hardware", |m| m.array(&[6]).clear(), Kind::Empty),
    ("no sources, written out", |m| m.array(&[9]).clear(), Kind::Empty),
    ("no payloads", |m| m.array(&[10]).clear(), Kind::Empty),
    ("an empty manifest", |m| m.map(&[]).clear(), Kind::Empty),
    ("an empty target", |m| m.map(&[8]).clear(), Kind::Empty),
    ("an empty payload", |m| m.map(&[10, 2]).clear(), Kind::Empty),
    ("an empty bootloader", |m| m.map(&[11]).clear(), Kind::Empty),
    ("an empty validity", |m| m.map(&[14]).clear(), Kind::Empty),
    ("empty preconditions", |m| m.map(&[15]).clear(), Kind::Empty),
];

#[rustfmt::skip]
const KEYS: &[Rule] = &[
    ("a key twice", |m| m.append(&[], 17, int(1_024)), Kind::DuplicateKey { key: 17 }),
    (
        "a key twice, with other values",
        |m| {
            let entries = m.map(&[8]);
            entries.insert(1, (int(1), text("2")));
        },
        Kind::DuplicateKey { key: 1 },
    ),
    (
        "a non-critical key twice",
        |m| {
            m.append(&[], -1, int(0));
            m.append(&[], -1, int(0));
        },
        Kind::DuplicateKey { key: -1 },
    ),
    ("keys in descending order", |m| m.map(&[14]).reverse(), Kind::KeyOrder { previous: 2, found: 1 }),
    (
        "a critical key behind a non-critical one",
        |m| {
            m.remove(&[], 17);
            m.append(&[], -1, int(0));
            m.append(&[], 17, int(1));
        },
        Kind::KeyOrder { previous: -1, found: 17 },
    ),
    (
        "non-critical keys in numeric order",
        |m| {
            m.append(&[], -2, int(0));
            m.append(&[], -1, int(0));
        },
        Kind::KeyOrder { previous: -2, found: -1 },
    ),
    ("key 0", |m| m.map(&[]).insert(0, (int(0), int(0))), Kind::UnknownCriticalField { key: 0 }),
    ("key 18", |m| m.append(&[], 18, int(0)), Kind::UnknownCriticalField { key: 18 }),
    ("a very large key", |m| m.append(&[], i128::from(i64::MAX), int(0)), Kind::UnknownCriticalField { key: i64::MAX }),
    ("key 5 in an image", |m| m.append(&[8], 5, int(0)), Kind::UnknownCriticalField { key: 5 }),
    ("key 16 in a payload", |m| m.append(&[10, 3], 16, int(0)), Kind::UnknownCriticalField { key: 16 }),
    ("key 4 in a requirement", |m| m.append(&[11], 4, int(0)), Kind::UnknownCriticalField { key: 4 }),
    ("key 3 in the validity", |m| m.append(&[14], 3, int(0)), Kind::UnknownCriticalField { key: 3 }),
    ("key 8 in the preconditions", |m| m.append(&[15], 8, int(0)), Kind::UnknownCriticalField { key: 8 }),
];

#[rustfmt::skip]
const TEXTS: &[Rule] = &[
    ("an empty name", |m| m.set(&[4], text("")), Kind::BelowMinimum { limit: Limit::TextLen, min: 1, found: 0 }),
    ("a name of 33 bytes", |m| m.set(&[5], text("123456789012345678901234567890123")), Kind::LimitExceeded { limit: Limit::TextLen, max: 32, found: 33 }),
    ("a space", |m| m.set(&[4], text("ac me")), Kind::InvalidText { byte: b' ' }),
    ("NUL", |m| m.set(&[4], text("acme\0")), Kind::InvalidText { byte: 0 }),
    ("a line feed", |m| m.set(&[4], text("acme\n")), Kind::InvalidText { byte: b'\n' }),
    ("an escape", |m| m.set(&[4], text("\x1b[2J")), Kind::InvalidText { byte: 0x1b }),
    ("a path", |m| m.set(&[13], text("../x")), Kind::InvalidText { byte: b'/' }),
    ("an accent", |m| m.set(&[5], text("é")), Kind::InvalidText { byte: 0xc3 }),
    ("right-to-left override", |m| m.set(&[6, 0], text("a\u{202e}b")), Kind::InvalidText { byte: 0xe2 }),
    ("a Cyrillic a", |m| m.set(&[4], text("\u{430}cme")), Kind::InvalidText { byte: 0xd0 }),
    ("DEL", |m| m.set(&[8, 1], text("1\x7f")), Kind::InvalidText { byte: 0x7f }),
    ("a bad requirement id", |m| m.set(&[11, 1], text("a:b")), Kind::InvalidText { byte: b':' }),
    ("half a character", |m| m.set(&[4], raw(b"\x61\xc3")), Kind::InvalidUtf8),
    ("an overlong NUL", |m| m.set(&[4], raw(b"\x62\xc0\x80")), Kind::InvalidUtf8),
    ("a surrogate", |m| m.set(&[4], raw(b"\x63\xed\xa0\x80")), Kind::InvalidUtf8),
];

#[rustfmt::skip]
const VALUES: &[Rule] = &[
    ("format 0", |m| m.set(&[1], int(0)), Kind::UnsupportedFormat { found: 0 }),
    ("format 2", |m| m.set(&[1], int(2)), Kind::UnsupportedFormat { found: 2 }),
    ("format 2^32 + 1", |m| m.set(&[1], int((1 << 32) + 1)), Kind::UnsupportedFormat { found: (1 << 32) + 1 }),
    ("an unknown instruction set", |m| m.set(&[7], int(8)), Kind::InvalidValue { key: 7, value: 8 }),
    ("instruction set 2^32", |m| m.set(&[7], int(1 << 32)), Kind::InvalidValue { key: 7, value: 1 << 32 }),
    ("a digest of 31 bytes", |m| m.set(&[8, 2], Value::Bytes(vec![0; 31])), Kind::LengthMismatch { expected: 32, found: 31 }),
    ("a digest of 33 bytes", |m| m.set(&[9, 1, 2], Value::Bytes(vec![0; 33])), Kind::LengthMismatch { expected: 32, found: 33 }),
    ("an empty root", |m| m.set(&[10, 0, 6], Value::Bytes(vec![])), Kind::LengthMismatch { expected: 32, found: 0 }),
    ("an empty target image", |m| m.set(&[8, 3], int(0)), Kind::BelowMinimum { limit: Limit::ImageSize, min: 1, found: 0 }),
    ("an image of 4 GiB", |m| m.set(&[8, 3], int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::ImageSize, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("an image of 2^63 bytes", |m| m.set(&[9, 0, 3], int(1 << 63)), Kind::LimitExceeded { limit: Limit::ImageSize, max: U32_LIMIT.0, found: 1 << 63 }),
    ("an empty payload stream", |m| m.set(&[10, 0, 4], int(0)), Kind::BelowMinimum { limit: Limit::PayloadSize, min: 1, found: 0 }),
    ("a payload of 4 GiB", |m| m.set(&[10, 0, 4], int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::PayloadSize, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("an unknown role", |m| m.set(&[10, 0, 1], int(3)), Kind::InvalidValue { key: 1, value: 3 }),
    ("an unknown codec", |m| m.set(&[10, 0, 3], int(4)), Kind::InvalidValue { key: 3, value: 4 }),
    ("blocks of 128 bytes", |m| m.set(&[10, 0, 5], int(128)), Kind::BelowMinimum { limit: Limit::BlockSize, min: 256, found: 128 }),
    ("blocks of no bytes", |m| m.set(&[10, 0, 5], int(0)), Kind::BelowMinimum { limit: Limit::BlockSize, min: 256, found: 0 }),
    ("blocks of 128 KiB", |m| m.set(&[10, 0, 5], int(131_072)), Kind::LimitExceeded { limit: Limit::BlockSize, max: 65_536, found: 131_072 }),
    ("blocks of 4352 bytes", |m| m.set(&[10, 0, 5], int(4_352)), Kind::InvalidValue { key: 5, value: 4_352 }),
    ("blocks of 4095 bytes", |m| m.set(&[10, 0, 5], int(4_095)), Kind::InvalidValue { key: 5, value: 4_095 }),
    ("a workspace of 4 GiB", |m| m.set(&[10, 0, 7], int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::Unsigned32, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("RAM of 4 GiB", |m| m.set(&[10, 0, 8], int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::Unsigned32, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("scratch of 4 GiB", |m| m.set(&[10, 1, 9], int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::Unsigned32, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("2^32 erases", |m| m.set(&[10, 1, 10], int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::Unsigned32, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("no checkpoints, written out", |m| m.append(&[10, 3], 11, int(0)), Kind::DefaultWritten { key: 11 }),
    ("a checkpoint every 4 GiB", |m| m.append(&[10, 3], 11, int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::Unsigned32, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("no groups, written out", |m| m.append(&[10, 3], 12, int(0)), Kind::DefaultWritten { key: 12 }),
    ("groups of 4 GiB", |m| m.append(&[10, 3], 12, int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::Unsigned32, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("no least operations, written out", |m| m.append(&[10, 3], 13, int(0)), Kind::DefaultWritten { key: 13 }),
    ("2^32 least operations", |m| m.append(&[10, 3], 13, int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::Unsigned32, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("no scratch, written out", |m| m.set(&[10, 1, 9], int(0)), Kind::DefaultWritten { key: 9 }),
    ("a battery of 101 %", |m| m.set(&[15, 1], int(101)), Kind::LimitExceeded { limit: Limit::BatteryPercent, max: 100, found: 101 }),
    ("free storage of 4 GiB", |m| m.set(&[15, 2], int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::Unsigned32, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("keyset version 2^32", |m| m.set(&[16], int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::Unsigned32, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("no keysets, written out", |m| m.set(&[17], int(0)), Kind::DefaultWritten { key: 17 }),
    ("8193 bytes of keysets", |m| m.set(&[17], int(8_193)), Kind::LimitExceeded { limit: Limit::KeysetsLen, max: 8_192, found: 8_193 }),
];

#[rustfmt::skip]
const RELATIONS: &[Rule] = &[
    ("a requirement that nothing satisfies", |m| m.set(&[11, 3], int((1 << 48) - 1)), Kind::EmptyRange { min: 1 << 48, max: (1 << 48) - 1 }),
    ("a temperature below 8 bits", |m| m.set(&[15, 3], Value::Int(-129)), Kind::InvalidValue { key: 3, value: 129 }),
    ("a temperature above 8 bits", |m| m.set(&[15, 4], int(128)), Kind::InvalidValue { key: 4, value: 128 }),
    ("no temperature between", |m| m.set(&[15, 4], Value::Int(-11)), Kind::InvalidValue { key: 4, value: 11 }),
    ("a window from tomorrow", |m| m.set(&[15, 6], int(1_440)), Kind::InvalidValue { key: 6, value: 1_440 }),
    ("a window until tomorrow", |m| m.set(&[15, 7], int(65_536 + 270)), Kind::InvalidValue { key: 7, value: 65_806 }),
    ("a window of no minute", |m| m.set(&[15, 7], int(1_320)), Kind::InvalidValue { key: 7, value: 1_320 }),
    ("a window without an end", |m| m.remove(&[15], 7), Kind::MissingField { key: 7 }),
    ("a window without a beginning", |m| m.remove(&[15], 6), Kind::MissingField { key: 6 }),
    ("a validity that is never", |m| m.set(&[14, 2], int(1)), Kind::EmptyRange { min: 1_700_000_000, max: 1 }),
    ("a delta from a source that is not there", |m| m.set(&[10, 1, 2], int(2)), Kind::SourceOutOfRange { payload: 1, source: 2, count: 2 }),
    ("a delta from a source when there are none", |m| m.remove(&[], 9), Kind::SourceOutOfRange { payload: 0, source: 0, count: 0 }),
    ("a reverse to a source that is not there", |m| m.set(&[10, 3, 2], int(9)), Kind::SourceOutOfRange { payload: 3, source: 9, count: 2 }),
    ("a delta from nowhere", |m| m.remove(&[10, 0], 2), Kind::SourceMissing { payload: 0 }),
    ("a reverse to nowhere", |m| m.remove(&[10, 3], 2), Kind::SourceMissing { payload: 3 }),
    ("a full payload from a source", |m| m.map(&[10, 2]).insert(1, (int(2), int(0))), Kind::SourceUnexpected { payload: 2, source: 0 }),
    ("no shift, written out", |m| m.append(&[10, 3], 14, int(0)), Kind::DefaultWritten { key: 14 }),
    ("a shift of 4 GiB", |m| m.append(&[10, 3], 14, int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::Unsigned32, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("no least work, written out", |m| m.append(&[10, 3], 15, int(0)), Kind::DefaultWritten { key: 15 }),
    ("a least work of 4 GiB", |m| m.append(&[10, 3], 15, int(U32_LIMIT.1)), Kind::LimitExceeded { limit: Limit::Unsigned32, max: U32_LIMIT.0, found: U32_LIMIT.1 }),
    ("a shift in a full payload", |m| m.append(&[10, 2], 14, int(4_096)), Kind::GroupUnexpected { payload: 2, group: 4_096 }),
    ("a full payload in place", |m| m.append(&[10, 2], 12, int(4_096)), Kind::GroupUnexpected { payload: 2, group: 4_096 }),
    ("two deltas from one source", |m| m.set(&[10, 1, 2], int(0)), Kind::DuplicatePayload { first: 0, second: 1 }),
    (
        "two full payloads",
        |m| {
            let full = m.at(&[10, 2]).clone();
            m.array(&[10]).push(full);
        },
        Kind::DuplicatePayload { first: 2, second: 4 },
    ),
    ("two sources of one digest", |m| m.set(&[9, 1, 2], Value::Bytes(vec![0x22; 32])), Kind::DuplicateSource { first: 0, second: 1 }),
    ("a source that is the target", |m| m.set(&[9, 1, 2], Value::Bytes(vec![0x11; 32])), Kind::SourceIsTarget { source: 1 }),
    ("RAM a byte short", |m| m.set(&[10, 0, 8], int(16_384 + 4_096 + 255)), Kind::RamBelowMinimum { payload: 0, minimum: 20_736, found: 20_735 }),
    ("RAM a byte short, with a page", |m| m.set(&[10, 1, 8], int(18 * 32 + 4_096 + 255)), Kind::RamBelowMinimum { payload: 1, minimum: 4_928, found: 4_927 }),
    ("RAM short of the largest page", |m| m.set(&[10, 2, 8], int(1_024 + 256 + 255)), Kind::RamBelowMinimum { payload: 2, minimum: 1_536, found: 1_535 }),
    ("a workspace larger than RAM", |m| m.set(&[10, 3, 7], int(20_737)), Kind::WorkspaceExceedsRam { payload: 3, workspace: 20_737, ram: 20_736 }),
    (
        "a workspace of 4 GiB - 1, and RAM no less",
        |m| {
            m.set(&[10, 0, 7], int(U32_LIMIT.0));
            m.set(&[10, 0, 8], int(U32_LIMIT.0));
        },
        Kind::RamBelowMinimum { payload: 0, minimum: U32_LIMIT.0 + 4_352, found: U32_LIMIT.0 },
    ),
];

#[test]
fn every_rule_refuses() {
    for (name, edit, expected) in [ITEMS, COUNTS, KEYS, TEXTS, VALUES, RELATIONS].concat() {
        let mut value = tree(&FULL);
        edit(&mut value);
        let error = Manifest::decode(&value.to_bytes()).expect_err(name);
        assert_eq!(error.kind, expected, "{name}");
    }
}

#[test]
fn every_kind_has_a_rule() {
    let rules = [ITEMS, COUNTS, KEYS, TEXTS, VALUES, RELATIONS].concat();
    let mut covered: BTreeSet<u16> = rules.iter().map(|(_, _, kind)| kind.code()).collect();
    // `required_fields` and `skipping.rs` have these.
    covered.extend([115, 111]);
    covered.extend(ELSEWHERE);
    covered.extend(UNREACHABLE);
    let all: BTreeSet<u16> = Kind::ALL.iter().map(|(code, _)| *code).collect();
    assert_eq!(covered, all);
}

#[test]
fn required_fields() {
    let table: &[(&[i128], &[i128])] = &[
        (&[], &[1, 2, 3, 4, 5, 6, 7, 8, 10]),
        (&[8], &[1, 2, 3]),
        (&[9, 0], &[1, 2, 3]),
        (&[10, 1], &[1, 3, 4, 5, 6, 7, 8, 10]),
        (&[11], &[1]),
    ];
    for (path, required) in table {
        let mut whole = tree(&FULL);
        let keys: Vec<Value> = whole.map(path).iter().map(|(key, _)| key.clone()).collect();
        for key in keys {
            let Value::Int(key) = key else {
                panic!("{key:?}")
            };
            let mut value = tree(&FULL);
            value.remove(path, key);
            let bytes = value.to_bytes();
            let result = Manifest::decode(&bytes).map_err(|error| error.kind);
            let missing = Kind::MissingField {
                key: u64::try_from(key).unwrap(),
            };
            if required.contains(&key) {
                assert_eq!(result, Err(missing), "{path:?} {key}");
            } else {
                // A delta without its source, or deltas without sources, break other rules.
                assert_ne!(result, Err(missing), "{path:?} {key}");
            }
        }
    }
}

#[test]
fn offsets_point_to_the_fault() {
    let mut value = tree(&FULL);
    let marker = value.at(&[10, 3]).to_bytes();
    value.set(&[10, 3, 2], int(9));
    let bytes = value.to_bytes();
    // The payload's map begins where the one before it ends; only the last byte of its key 2 differs.
    let payload = bytes
        .windows(4)
        .rposition(|window| window == &marker[..4])
        .unwrap();
    let error = Manifest::decode(&bytes).unwrap_err();
    assert_eq!(usize::try_from(error.offset).unwrap(), payload);

    let mut value = tree(&FULL);
    value.set(&[4], text("ac me"));
    let bytes = value.to_bytes();
    let vendor = bytes
        .windows(6)
        .position(|window| window == b"\x65ac me")
        .unwrap();
    let error = Manifest::decode(&bytes).unwrap_err();
    assert_eq!(usize::try_from(error.offset).unwrap(), vendor);
    assert_eq!(
        error.to_string(),
        format!("a name has a forbidden character: byte 0x20 at byte {vendor}")
    );
}

#[test]
fn limits_are_reached() {
    // 32 sources, 65 payloads, 32 hardware revisions of 32 bytes: all allowed, and within 16 KiB.
    let name = "12345678901234567890123456789012";
    let hardware = [name; 32];
    let digest = |number: u8| sprag_manifest::Digest([number; 32]);
    let sources: Vec<_> = (100..132)
        .map(|number| sprag_manifest::Image {
            version: name,
            digest: digest(number),
            size: u32::MAX,
            load_address: Some(u64::MAX),
        })
        .collect();
    let largest = sprag_manifest::Needs {
        workspace: u32::MAX - 67_000,
        ram: u32::MAX,
        scratch: u32::MAX,
        erases: u32::MAX,
        min_operations: u32::MAX,
        min_work: u32::MAX,
    };
    let payload = |role, source| sprag_manifest::Payload {
        role,
        source,
        size: u32::MAX,
        block_size: 256,
        checkpoint_interval: u32::MAX,
        in_place_group: match role {
            sprag_manifest::Role::Full => 0,
            _ => u32::MAX,
        },
        in_place_shift: match role {
            sprag_manifest::Role::Full => 0,
            _ => u32::MAX,
        },
        needs: largest,
        ..PAYLOADS[0]
    };
    let mut payloads = vec![payload(sprag_manifest::Role::Full, None)];
    for source in 0..32 {
        payloads.push(payload(sprag_manifest::Role::Delta, Some(source)));
        payloads.push(payload(sprag_manifest::Role::Reverse, Some(source)));
    }
    let requirement = Some(Requirement {
        id: name,
        min: Some(u64::MAX),
        max: Some(u64::MAX),
    });
    let manifest = Manifest {
        sequence: u64::MAX,
        security_counter: u64::MAX,
        vendor: name,
        product: name,
        hardware: (&hardware[..]).into(),
        sources: (&sources[..]).into(),
        payloads: (&payloads[..]).into(),
        bootloader: requirement,
        os: requirement,
        layout: Some(name),
        keyset_version: Some(u32::MAX),
        keysets_len: 8_192,
        ..FULL
    };
    let bytes = encoded(&manifest);
    assert_eq!(Manifest::decode(&bytes).unwrap(), manifest);
    assert!(bytes.len() < 12_000, "{}", bytes.len());
    assert!(manifest.payloads_len().unwrap() <= sprag_manifest::MAX_PAYLOADS_LEN);
}

#[test]
fn a_manifest_longer_than_the_envelope_is_refused_unread() {
    let bytes = vec![0xff; sprag_manifest::MAX_ENVELOPE_LEN + 1];
    let expected = Kind::LimitExceeded {
        limit: Limit::EnvelopeLen,
        max: 16_384,
        found: 16_385,
    };
    assert_eq!(Manifest::decode(&bytes).unwrap_err().kind, expected);
}

#[test]
fn writers_refuse_what_readers_refuse() {
    let mut buffer = [0; 1024];
    let table = [
        (
            Manifest {
                vendor: "a b",
                ..FULL
            },
            Kind::InvalidText { byte: b' ' },
        ),
        (
            Manifest {
                sources: (&SOURCES[..1]).into(),
                ..FULL
            },
            Kind::SourceOutOfRange {
                payload: 1,
                source: 1,
                count: 1,
            },
        ),
        (
            Manifest {
                sources: (&[SOURCES[0], TARGET][..]).into(),
                ..FULL
            },
            Kind::SourceIsTarget { source: 1 },
        ),
        (
            Manifest {
                payloads: (&[][..]).into(),
                ..FULL
            },
            Kind::Empty,
        ),
    ];
    for (manifest, expected) in table {
        match manifest.encode(&mut buffer) {
            Err(EncodeError::Refused(error)) => assert_eq!(error.kind, expected),
            other => panic!("{other:?}"),
        }
    }
    let len = encoded(&FULL).len();
    assert_eq!(FULL.encode(&mut buffer[..len]), Ok(len));
    for capacity in 0..len {
        assert_eq!(
            FULL.encode(&mut buffer[..capacity]),
            Err(EncodeError::BufferTooSmall {
                capacity: u64::try_from(capacity).unwrap()
            })
        );
    }
}
