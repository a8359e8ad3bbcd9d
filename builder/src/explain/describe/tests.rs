use std::collections::BTreeSet;

use sprag_manifest::{
    DecodeError, DecodeErrorKind, Digest, Isa, ItemType, KeyId, Limit, TimeWindow,
};
use sprag_verifier::{Area, CODES, CodecError, Error, FlashErrorKind, Reason, Text};

use super::describe;
use super::words::{date, sequence, version_range};

const V1_8: u64 = 0x0001_0008_0000_0000;
const V1_9: u64 = 0x0001_0009_0000_0000;
const V2_1: u64 = 0x0002_0001_0000_0000;
const KEY: KeyId = KeyId([1, 2, 3, 4, 5, 6, 7, 8]);

fn deferred(reason: Reason) -> Error {
    Error::Deferred {
        reason,
        retry_after: 1800,
    }
}

fn text(text: &str) -> Text {
    Text::new(text)
}

/// Compares, and returns the codes that were seen.
fn check(cases: impl IntoIterator<Item = (Error, impl AsRef<str>)>) -> BTreeSet<u16> {
    let mut codes = BTreeSet::new();
    for (error, expected) in cases {
        assert_eq!(describe(&error), expected.as_ref(), "{error:?}");
        codes.insert(error.code());
    }
    codes
}

#[test]
fn refusals_of_a_package() {
    let (package, device) = (text("acme"), text("globex"));
    let cases = [
        (
            Error::UnknownKey {
                package: KEY,
                trusted: 2,
            },
            "the package is signed by key 807060504030201, which this device does not trust; it \
             trusts 2 keys",
        ),
        (
            Error::SignatureInvalid { key: KEY },
            "the signature that names key 807060504030201 does not verify over this manifest",
        ),
        (
            Error::AlgorithmUnsupported { package: -7 },
            "the package is signed with COSE algorithm -7, this device verifies -8 (Ed25519)",
        ),
        (
            Error::KeyRole { key: KEY },
            "the package is signed by key 807060504030201, which is trusted, but not for releases",
        ),
        (
            Error::WeakKey { key: KEY },
            "key 807060504030201 of the trust store is weak: anyone could make signatures that it \
             accepts",
        ),
        (
            Error::ExampleKey { key: KEY },
            "the package is signed by example key 807060504030201, whose secret half is published",
        ),
        (
            Error::KeyRevoked { key: KEY },
            "a signature names key 807060504030201, which the key set has revoked",
        ),
        (
            Error::Threshold { need: 2, have: 1 },
            "valid signatures by 2 keys are needed, there are 1",
        ),
        (
            Error::KeyScope {
                package,
                keyset: device,
            },
            "the keys that signed are limited to globex, the package is for acme",
        ),
        (
            Error::LmsMissing { trusted: 1 },
            "the package has no LMS signature by a trusted key; the device asks for one beside Ed25519, and trusts 1 key",
        ),
        (
            Error::LmsType {
                package: 3,
                device: 4,
            },
            "the LMS signature says type 3 where its key says 4",
        ),
        (
            Error::LmsLength {
                need: 1_456,
                have: 1_455,
            },
            "the LMS signature has 1455 bytes, those of its key have 1456",
        ),
        (
            Error::LmsLeaf {
                package: 32,
                device: 32,
            },
            "the LMS signature is by leaf 32, its key's tree has 32 leaves, counted from 0",
        ),
        (
            Error::LmsKey { key: KEY },
            "LMS key 807060504030201 has several levels, or parameters that are not supported",
        ),
        (
            Error::Vendor { package, device },
            "the package is made for vendor acme, this device's vendor is globex",
        ),
        (
            Error::Product { package, device },
            "the package is made for product acme, this device's product is globex",
        ),
        (
            Error::Hardware {
                package: text("r1"),
                device: text("r3"),
            },
            "this device's hardware revision is r3, which the package does not list; it begins \
             with r1",
        ),
        (
            Error::Isa {
                package: Isa::Thumb,
                device: Isa::Rv32,
            },
            "the package is made for instruction set thumb, this device's is rv32",
        ),
        (
            Error::BootloaderId {
                package: text("mcuboot"),
                device: Text::EMPTY,
            },
            "the package needs bootloader mcuboot, this device's is unknown",
        ),
        (
            Error::BootloaderVersion {
                min: V1_9,
                max: V2_1,
                device: V1_8,
            },
            "the package needs bootloader version 1.9.0 to 2.1.0, this device has 1.8.0",
        ),
        (
            Error::OsId {
                package: text("zephyr"),
                device: text("threadx"),
            },
            "the package needs operating system zephyr, this device's is threadx",
        ),
        (
            Error::OsVersion {
                min: V1_9,
                max: u64::MAX,
                device: V1_8,
            },
            "the package needs operating system version 1.9.0 or later, this device has 1.8.0",
        ),
        (
            Error::Layout {
                package: text("ab-512"),
                device: text("ab-256"),
            },
            "the package is made for partition layout ab-512, this device's is ab-256",
        ),
        (
            Error::LoadAddress {
                package: 0x0802_0000,
                device: 0x0801_0000,
            },
            "the new image is linked for 0x08020000, this device runs its slot at 0x08010000",
        ),
        (
            Error::SequenceRange {
                package: 9,
                min: 1,
                max: 8,
            },
            "the package's sequence number is 9, the key set allows 1 to 8",
        ),
        (
            Error::SecurityCounterRange {
                package: 9,
                min: 1,
                max: 8,
            },
            "the package's security counter is 9, the key set allows 1 to 8",
        ),
        (
            Error::KeysetNotYetValid {
                keyset: 1_767_225_600,
                device: 0,
            },
            "the key set is valid from 2026-01-01 00:00:00 UTC, this device's clock says 1970-01-01 \
             00:00:00 UTC",
        ),
        (
            Error::KeysetName { package, device },
            "the update is of key set acme, this device has globex",
        ),
        (
            Error::RevocationLost { key: KEY },
            "the update forgets that key 807060504030201 was revoked",
        ),
        (
            Error::SecurityCounter {
                package: 3,
                device: 5,
            },
            "the package's security counter is 3, this device has stored 5 and never goes below it",
        ),
        (
            Error::Sequence {
                package: 7,
                device: 9,
            },
            "the package's sequence number is 7, this device has 9 installed",
        ),
        (
            Error::Sequence {
                package: V1_9,
                device: V1_9,
            },
            "the package has the installed sequence number 281513631416320 (packed 1.9.0), but another \
             image",
        ),
        (
            Error::NotYetValid {
                package: 1_767_225_600,
                device: 1_700_000_000,
            },
            "the package is valid from 2026-01-01 00:00:00 UTC, this device's clock says 2023-11-14 \
             22:13:20 UTC",
        ),
        (
            Error::Expired {
                package: 1_700_000_000,
                device: 1_767_225_600,
            },
            "the package was valid until 2023-11-14 22:13:20 UTC, this device's clock says 2026-01-01 \
             00:00:00 UTC",
        ),
        (
            Error::KeysetVersion {
                package: 3,
                device: 2,
            },
            "the package needs key set version 3, this device has version 2",
        ),
        (
            Error::KeysetsUnsupported { package: 700 },
            "the package carries 700 B of key set updates, which this build cannot judge",
        ),
        (
            Error::KeysetSkipped {
                package: 5,
                device: 3,
            },
            "a key set update has version 5, and version 3 is before it",
        ),
        (
            Error::KeysetFork {
                package: Digest([0xaa; 32]),
                device: Digest([0xbb; 32]),
            },
            "the package has another key set of the stored version: SHA-256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, and this device has bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        ),
        (
            Error::KeysetExpired {
                keyset: 0,
                device: 1_767_225_600,
            },
            "the key set was valid until 1970-01-01 00:00:00 UTC, this device's clock says 2026-01-01 \
             00:00:00 UTC",
        ),
        (
            deferred(Reason::Battery { need: 50, have: 20 }),
            "the update waits for 50 % of battery charge, this device has 20 %; try again in 30 minutes",
        ),
        (
            deferred(Reason::Battery { need: 50, have: 0 }),
            "the update waits for 50 % of battery charge, this device has none or cannot tell; try again in 30 minutes",
        ),
        (
            deferred(Reason::Storage {
                need: 4096,
                have: 512,
            }),
            "the update waits for 4096 B of free storage, this device has 512 B; try again in 30 minutes",
        ),
        (
            deferred(Reason::Storage {
                need: 4096,
                have: 0,
            }),
            "the update waits for 4096 B of free storage, this device has none or cannot tell; try again in 30 minutes",
        ),
        (
            deferred(Reason::Temperature {
                min: -10,
                max: 45,
                have: Some(46),
            }),
            "the update waits for -10 to 45 degrees Celsius, this device has 46; try again in 30 minutes",
        ),
        (
            deferred(Reason::Temperature {
                min: i8::MIN,
                max: 45,
                have: None,
            }),
            "the update waits for 45 degrees Celsius or less, this device cannot tell; try again in 30 minutes",
        ),
        (
            deferred(Reason::Temperature {
                min: 5,
                max: i8::MAX,
                have: Some(4),
            }),
            "the update waits for 5 degrees Celsius or more, this device has 4; try again in 30 minutes",
        ),
        (
            deferred(Reason::Ram {
                need: 4096,
                have: 512,
            }),
            "the update waits for 4096 B of free RAM, this device has 512 B; try again in 30 minutes",
        ),
        (
            deferred(Reason::Ram {
                need: 4096,
                have: 0,
            }),
            "the update waits for 4096 B of free RAM, this device has none or cannot tell; try again in 30 minutes",
        ),
        (
            deferred(Reason::Window {
                need: TimeWindow::new(1320, 270).unwrap(),
                have: Some(485),
            }),
            "the update waits for 22:00-04:30 UTC, this device's clock says 08:05; try again in 30 minutes",
        ),
        (
            deferred(Reason::Window {
                need: TimeWindow::new(1320, 270).unwrap(),
                have: None,
            }),
            "the update waits for 22:00-04:30 UTC, this device cannot tell the time; try again in 30 minutes",
        ),
        (
            deferred(Reason::Link { tries: 16 }),
            "the link failed 16 times; try again in 30 minutes",
        ),
        (
            Error::EnvelopeTooLarge {
                need: 9000,
                have: 4096,
            },
            "the package's head needs a buffer of 9000 B, this device gives 4096 B",
        ),
        (
            Error::Ram {
                need: 21_760,
                have: 16_384,
            },
            "the update needs 21760 B of RAM, this device gives 16384 B",
        ),
        (
            Error::Scratch {
                need: 8192,
                have: 0,
            },
            "the payload needs 8192 B of scratch flash, the device has 0 B",
        ),
        (
            Error::SlotTooSmall {
                need: 300_000,
                have: 262_144,
            },
            "the new image has 300000 B, the slot has room for 262144 B",
        ),
        (
            Error::CodecUnsupported { package: 3 },
            "the payload is encoded as bsdiff-zstd (codec 3), which this build cannot decode",
        ),
        (
            Error::CodecUnsupported { package: 9 },
            "the payload is encoded as unknown (codec 9), which this build cannot decode",
        ),
        (
            Error::Geometry {
                area: Area::Record,
                write_size: 512,
            },
            "the boot record is written in units of 512 B, and only powers of two up to 256 are \
             served",
        ),
        (
            Error::NoPayload { payloads: 1 },
            "the package has 1 payload, and none that this device can use",
        ),
        (
            Error::GroupOfSectors {
                package: 4096,
                sector: 16_384,
            },
            "the payload is made in groups of 4096 B, which are not whole sectors of 16384 B",
        ),
        (
            Error::KeysetArea {
                need: 2048,
                have: 0,
            },
            "two copies of the key set need 2048 B of flash, their area has 0 B",
        ),
    ];
    let codes = check(cases);
    let layer = |code: &u16| (200..500).contains(code);
    let registered: BTreeSet<_> = CODES.iter().map(|(code, _)| *code).filter(layer).collect();
    assert_eq!(codes, registered);
}

#[test]
fn failures_of_an_update() {
    let digest = |byte| Digest([byte; 32]);
    let (a, b) = ("aa".repeat(32), "bb".repeat(32));
    let (address, kind) = (0x0800_f000, FlashErrorKind::Other);
    let cases = [
        (
            Error::SourceDigest { package: digest(0xaa), device: digest(0xbb) },
            format!(
                "the installed image has SHA-256 {b}, the package was made for that version with \
                 SHA-256 {a}"
            ),
        ),
        (
            Error::SourceVersion { package: text("1.5.1"), device: text("1.5.0") },
            "this device reports version 1.5.0, but its image is the one that the package lists as \
             1.5.1"
                .into(),
        ),
        (
            Error::SourceNotListed { sources: 2, device: text("1.4.0") },
            "the installed image (version 1.4.0) is none that the package serves: it lists 2 sources, \
             and has no full image"
                .into(),
        ),
        (
            Error::BlockHash { block: 372 },
            "block 372 does not have the hash that the manifest was signed for".into(),
        ),
        (
            Error::PageHash { page: 3 },
            "index page 3 does not have the hash that the manifest was signed for".into(),
        ),
        (
            Error::StreamGap { wanted: 400, found: 600 },
            "the package is wanted from byte 400 on, and the bytes pushed begin at 600".into(),
        ),
        (
            Error::StreamGap { wanted: 600, found: 600 },
            "the package ends at byte 600, and more is wanted from byte 600 on".into(),
        ),
        (
            Error::StreamEnd { package: 1000, found: 1010 },
            "the package ends at byte 1000, and there are bytes behind its end (offset \
             1010)".into(),
        ),
        (
            Error::StagedBlock { block: 12, address },
            "block 12, staged in flash at 0x0800f000, can no longer be read back as it was".into(),
        ),
        (
            Error::StagingExhausted { have: 65_536 },
            "torn blocks have used up the 65536 B of the staging area".into(),
        ),
        (
            Error::TargetDigest { package: digest(0xaa), device: digest(0xbb) },
            format!("the new image in flash has SHA-256 {b}, the manifest was signed for {a}"),
        ),
        (
            Error::BlockRetries { block: 372, tries: 8 },
            "block 372 came wrong 8 times".into(),
        ),
        (
            Error::PageRetries { page: 3, tries: 8 },
            "index page 3 came wrong 8 times".into(),
        ),
        (
            Error::CheckpointLost { offset: 8192 },
            "the decoder was to go on at byte 8192 of the new image, and its saved state is lost".into(),
        ),
        (
            Error::Codec(CodecError::Header { found: 0x7f }),
            "the payload's stream has 0x7f in its header, which this decoder does not know".into(),
        ),
        (
            Error::Codec(CodecError::WorkspaceTooSmall { need: 16_384, have: 8192 }),
            "the payload's stream needs a workspace of 16384 B, the decoder was given 8192 \
             B".into(),
        ),
        (
            Error::Codec(CodecError::SourceRange { offset: -4, len: 8, size: 100 }),
            "the payload copies 8 B from offset -4 of an image of 100 B".into(),
        ),
        (
            Error::Codec(CodecError::OutputOverrun { size: 100 }),
            "the payload makes more than the 100 B of the new image".into(),
        ),
        (
            Error::Codec(CodecError::Truncated { made: 40 }),
            "the payload ends after 40 B of the new image were made".into(),
        ),
        (
            Error::Codec(CodecError::Trailing),
            "bytes follow the end of the payload's stream".into(),
        ),
        (
            Error::Codec(CodecError::Malformed),
            "the payload's stream breaks a rule of its codec, or its own checksum".into(),
        ),
        (
            Error::Codec(CodecError::SavedState),
            "the decoder's saved state is torn, or belongs to another stream".into(),
        ),
        (
            Error::OutputSize { package: 100, decoded: 90 },
            "the payload made 90 B, the manifest states 100 B for the new image".into(),
        ),
        (
            Error::FlashRead { area: Area::SlotA, address, kind: FlashErrorKind::OutOfBounds },
            "flash at 0x0800f000 (slot A) could not be read: the driver says it is out of \
             bounds".into(),
        ),
        (
            Error::FlashWrite { area: Area::SlotB, address, kind },
            "flash at 0x0800f000 (slot B) could not be written: other driver error".into(),
        ),
        (
            Error::FlashErase { area: Area::Staging, address, kind: FlashErrorKind::NotAligned },
            "flash at 0x0800f000 (the staging area) could not be erased: the driver says it is not \
             aligned"
                .into(),
        ),
        (
            Error::FlashVerify { area: Area::Record, address },
            "flash at 0x0800f000 (the boot record) does not read back as it was written".into(),
        ),
        (
            Error::Unconfirmed,
            "the installed image is on trial: confirm it or let it revert before the next \
             update".into(),
        ),
        (Error::NothingToConfirm, "no image is on trial, so there is nothing to confirm".into()),
        (
            Error::RecordLost,
            "neither copy of the boot record is whole, and its area is not blank".into(),
        ),
        (Error::WrongState, "a call came in a state that cannot serve it".into()),
        (
            Error::RevertedBefore { manifest: digest(9) },
            format!("the package with manifest {} was tried and reverted", digest(9)),
        ),
        (
            Error::KeysetLost,
            "neither copy of the stored key set is whole, and their area is not blank".into(),
        ),
    ];
    let codes = check(cases);
    let registered: BTreeSet<_> = CODES
        .iter()
        .map(|(code, _)| *code)
        .filter(|code| *code >= 500)
        .collect();
    assert_eq!(codes, registered);
}

#[test]
fn malformed_packages() {
    use DecodeErrorKind as K;
    let limit = Limit::Signatures;
    let cases = [
        (
            K::Truncated {
                needed: 32,
                available: 7,
            },
            "an item needs 32 B, and 7 B are left (byte 9 of the header, envelope or manifest)",
        ),
        (
            K::TrailingBytes { count: 3 },
            "3 B follow the last item (byte 9 of the envelope or manifest)",
        ),
        (
            K::BadMagic { found: *b"\x7fELF" },
            "this is not a Sprag package: it begins with \"\\x7fELF\", not \"SPRG\" (byte 9 of the \
             header)",
        ),
        (
            K::UnsupportedFormat { found: 2 },
            "the format version is 2, this reader knows version 1 (byte 9 of the header or \
             manifest)",
        ),
        (
            K::LimitExceeded {
                limit,
                max: 8,
                found: 9,
            },
            "signatures: 9 found, at most 8 allowed (byte 9 of the header, envelope or manifest)",
        ),
        (
            K::BelowMinimum {
                limit: Limit::ImageSize,
                min: 1,
                found: 0,
            },
            "image size: 0 found, at least 1 needed (byte 9 of the header, envelope or manifest)",
        ),
        (
            K::NonMinimalInteger { value: 5 },
            "the number 5 is written in more bytes than it needs (byte 9 of the envelope or \
             manifest)",
        ),
        (
            K::IndefiniteLength,
            "a string, an array or a map does not state its length (byte 9 of the envelope or \
             manifest)",
        ),
        (
            K::ForbiddenItem { first: 0xf5 },
            "an item begins with 0xf5, which the format never uses (byte 9 of the envelope or \
             manifest)",
        ),
        (
            K::WrongType {
                expected: ItemType::Bytes,
                found: ItemType::Text,
            },
            "a text stands where a byte string belongs (byte 9 of the envelope or manifest)",
        ),
        (
            K::WrongTag {
                expected: 98,
                found: 18,
            },
            "tag 18 stands where tag 98 belongs (byte 9 of the envelope)",
        ),
        (
            K::NestingTooDeep { max: 4 },
            "a skipped field nests more than 4 levels deep (byte 9 of the manifest)",
        ),
        (
            K::DuplicateKey { key: 4 },
            "a map has key 4 twice (byte 9 of the envelope or manifest)",
        ),
        (
            K::KeyOrder {
                previous: 5,
                found: 4,
            },
            "key 4 stands behind key 5, and sorts before it (byte 9 of the envelope or manifest)",
        ),
        (
            K::UnknownCriticalField { key: 40 },
            "field 40 is critical, and this reader does not know it (byte 9 of the envelope or \
             manifest)",
        ),
        (
            K::MissingField { key: 8 },
            "field 8 is missing (byte 9 of the envelope or manifest)",
        ),
        (
            K::InvalidUtf8,
            "a text is not UTF-8 (byte 9 of the envelope or manifest)",
        ),
        (
            K::InvalidText { byte: 0x2f },
            "a name holds byte 0x2f, and only A-Z a-z 0-9 . _ + - are allowed (byte 9 of the \
             manifest)",
        ),
        (
            K::LengthMismatch {
                expected: 64,
                found: 63,
            },
            "a length is 63, and must be 64 (byte 9 of the header, envelope or manifest)",
        ),
        (
            K::InvalidValue { key: 7, value: 99 },
            "the value 99 has no meaning in field 7 (byte 9 of the manifest)",
        ),
        (
            K::DefaultWritten { key: 17 },
            "field 17 holds its default, and must be left out (byte 9 of the manifest)",
        ),
        (
            K::Empty,
            "a map or an array is empty, and must be left out (byte 9 of the envelope or manifest)",
        ),
        (
            K::EmptyRange { min: 5, max: 4 },
            "the range from 5 to 4 holds nothing (byte 9 of the manifest)",
        ),
        (
            K::UnprotectedHeader { count: 1 },
            "an unprotected header, which nothing signs, has entries: 1, and must have 0 (byte 9 \
             of the envelope)",
        ),
        (
            K::WrongContentType,
            "the protected content type is not application/sprag (byte 9 of the envelope)",
        ),
        (
            K::SourceOutOfRange {
                payload: 1,
                source: 3,
                count: 2,
            },
            "payload 1 names source 3, and only 2 are listed (byte 9 of the manifest)",
        ),
        (
            K::SourceMissing { payload: 1 },
            "payload 1 is a delta or a reverse, and names no source (byte 9 of the manifest)",
        ),
        (
            K::SourceUnexpected {
                payload: 1,
                source: 0,
            },
            "payload 1 is a full image, and names source 0 (byte 9 of the manifest)",
        ),
        (
            K::DuplicatePayload {
                first: 0,
                second: 2,
            },
            "payloads 0 and 2 have the same role and the same source (byte 9 of the manifest)",
        ),
        (
            K::DuplicateSource {
                first: 0,
                second: 2,
            },
            "sources 0 and 2 are the same image (byte 9 of the manifest)",
        ),
        (
            K::SourceIsTarget { source: 1 },
            "source 1 is the new image itself (byte 9 of the manifest)",
        ),
        (
            K::RamBelowMinimum {
                payload: 0,
                minimum: 900,
                found: 800,
            },
            "payload 0 states 800 B of RAM, its parts take 900 B (byte 9 of the manifest)",
        ),
        (
            K::WorkspaceExceedsRam {
                payload: 0,
                workspace: 900,
                ram: 800,
            },
            "payload 0 states a workspace of 900 B in 800 B of RAM (byte 9 of the manifest)",
        ),
        (
            K::SumOverflow,
            "the payloads' lengths add up to more than 64 bits (byte 9 of the manifest)",
        ),
        (
            K::GroupUnexpected {
                payload: 1,
                group: 4096,
            },
            "payload 1 is a full image, and has groups of 4096 B for applying in place (byte 9 of the manifest)",
        ),
        (
            K::DuplicateSigner {
                first: 0,
                second: 2,
            },
            "keys 0 and 2 of the key set have the same bytes or the same id (byte 9 of the key set)",
        ),
        (
            K::ThresholdUnreachable {
                threshold: 2,
                members: 1,
            },
            "a role asks for signatures by 2 keys, and has 1 (byte 9 of the key set)",
        ),
        (
            K::RevokedSigner { key: 3 },
            "key 3 of the key set is one that it revokes (byte 9 of the key set)",
        ),
        (
            K::RevokedOrder { index: 1 },
            "revoked key 1 is not above the one before it (byte 9 of the key set)",
        ),
    ];
    let codes = check(
        cases.map(|(kind, expected)| (Error::Format(DecodeError { kind, offset: 9 }), expected)),
    );
    let registered: BTreeSet<_> = K::ALL.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, registered);
}

#[test]
fn names_cannot_steer_a_terminal() {
    let device = text("r1\x1b[2J\u{202e}x");
    let described = describe(&Error::Hardware {
        package: text("r1"),
        device,
    });
    assert!(
        described.contains("is r1\\u{1b}[2J\\u{202e}x, which"),
        "{described}"
    );
    assert!(!described.chars().any(char::is_control));
}

#[test]
fn version_ranges() {
    let cases = [
        (V1_8, V2_1, "1.8.0 to 2.1.0"),
        (V1_9, u64::MAX, "1.9.0 or later"),
        (0, V1_9, "1.9.0 or earlier"),
        (V1_9, V1_9, "1.9.0"),
    ];
    for (min, max, expected) in cases {
        let sentence = format!("the package needs os version {expected}, this device has 0.0.1");
        assert_eq!(version_range("os", min, max, 0x0001_0000), sentence);
    }
}

#[test]
fn sequence_numbers() {
    assert_eq!(sequence(7), "7");
    assert_eq!(sequence((1 << 48) - 1), "281474976710655");
    assert_eq!(sequence(1 << 48), "281474976710656 (packed 1.0.0)");
}

#[test]
fn dates() {
    let cases = [
        (0, "1970-01-01 00:00:00 UTC"),
        (86_399, "1970-01-01 23:59:59 UTC"),
        (951_782_400, "2000-02-29 00:00:00 UTC"),
        (951_868_800, "2000-03-01 00:00:00 UTC"),
        (1_709_164_800, "2024-02-29 00:00:00 UTC"),
        (1_735_689_599, "2024-12-31 23:59:59 UTC"),
        (1_735_689_600, "2025-01-01 00:00:00 UTC"),
        (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        (253_402_300_799, "9999-12-31 23:59:59 UTC"),
        (253_402_300_800, "second 253402300800 of Unix time"),
        (u64::MAX, "second 18446744073709551615 of Unix time"),
    ];
    for (second, expected) in cases {
        assert_eq!(date(second), expected);
    }
}
