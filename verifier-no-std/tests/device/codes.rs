//! The register of codes. They travel in reports for years: a code is never moved, and never used again.

use std::collections::BTreeSet;

use sprag_manifest::{DecodeErrorKind, Digest, Isa, KeyId, TimeWindow};
use sprag_verifier::{
    Area, CODES, CodecError, Error, FlashErrorKind, Intake, Reason, Text, lwm2m_result,
};

/// Every code of the device side, as it was given out.
const GIVEN_OUT: &[(u16, &str, u8)] = &[
    (201, "UNKNOWN_KEY", 5),
    (202, "SIGNATURE_INVALID", 5),
    (203, "ALGORITHM_UNSUPPORTED", 5),
    (204, "KEY_ROLE", 5),
    (205, "WEAK_KEY", 5),
    (206, "EXAMPLE_KEY", 5),
    (207, "KEY_REVOKED", 5),
    (208, "THRESHOLD", 5),
    (209, "KEY_SCOPE", 5),
    (210, "LMS_MISSING", 5),
    (211, "LMS_TYPE", 5),
    (212, "LMS_LENGTH", 5),
    (213, "LMS_LEAF", 5),
    (214, "LMS_KEY", 5),
    (301, "VENDOR", 6),
    (302, "PRODUCT", 6),
    (303, "HARDWARE", 6),
    (304, "ISA", 6),
    (305, "BOOTLOADER_ID", 6),
    (306, "BOOTLOADER_VERSION", 6),
    (307, "OS_ID", 6),
    (308, "OS_VERSION", 6),
    (309, "LAYOUT", 6),
    (310, "LOAD_ADDRESS", 6),
    (311, "SEQUENCE_RANGE", 6),
    (312, "SECURITY_COUNTER_RANGE", 6),
    (313, "KEYSET_NOT_YET_VALID", 6),
    (314, "KEYSET_NAME", 6),
    (315, "REVOCATION_LOST", 6),
    (320, "SECURITY_COUNTER", 6),
    (321, "SEQUENCE", 6),
    (322, "NOT_YET_VALID", 6),
    (323, "EXPIRED", 6),
    (324, "KEYSET_VERSION", 6),
    (325, "KEYSETS_UNSUPPORTED", 6),
    (326, "KEYSET_SKIPPED", 6),
    (327, "KEYSET_FORK", 6),
    (328, "KEYSET_EXPIRED", 6),
    (330, "DEFERRED_BATTERY", 11),
    (331, "DEFERRED_STORAGE", 11),
    (332, "DEFERRED_TEMPERATURE", 11),
    (333, "DEFERRED_RAM", 11),
    (334, "DEFERRED_WINDOW", 11),
    (335, "DEFERRED_LINK", 11),
    (401, "ENVELOPE_TOO_LARGE", 3),
    (402, "INSUFFICIENT_RAM", 3),
    (403, "INSUFFICIENT_SCRATCH", 2),
    (404, "SLOT_TOO_SMALL", 2),
    (405, "CODEC_UNSUPPORTED", 6),
    (406, "GEOMETRY", 6),
    (407, "NO_PAYLOAD", 6),
    (408, "GROUP_OF_SECTORS", 6),
    (409, "KEYSET_AREA", 2),
    (501, "SOURCE_DIGEST", 8),
    (502, "SOURCE_VERSION", 8),
    (503, "SOURCE_NOT_LISTED", 8),
    (601, "BLOCK_HASH", 5),
    (602, "PAGE_HASH", 5),
    (603, "STREAM_GAP", 4),
    (604, "STREAM_END", 4),
    (605, "STAGED_BLOCK", 4),
    (606, "STAGING_EXHAUSTED", 4),
    (607, "TARGET_DIGEST", 5),
    (608, "BLOCK_RETRIES", 5),
    (609, "PAGE_RETRIES", 5),
    (610, "CHECKPOINT_LOST", 8),
    (701, "STREAM_HEADER", 8),
    (702, "WORKSPACE_TOO_SMALL", 8),
    (703, "SOURCE_RANGE", 8),
    (704, "OUTPUT_OVERRUN", 8),
    (705, "STREAM_TRUNCATED", 8),
    (706, "STREAM_TRAILING", 8),
    (707, "STREAM_MALFORMED", 8),
    (708, "SAVED_STATE", 8),
    (720, "OUTPUT_SIZE", 8),
    (801, "FLASH_READ", 8),
    (802, "FLASH_WRITE", 8),
    (803, "FLASH_ERASE", 8),
    (804, "FLASH_VERIFY", 8),
    (901, "UNCONFIRMED", 8),
    (902, "NOTHING_TO_CONFIRM", 8),
    (903, "RECORD_LOST", 8),
    (904, "WRONG_STATE", 8),
    (905, "REVERTED_BEFORE", 8),
    (906, "KEYSET_LOST", 8),
];

/// One value of every variant, in the order of the codes.
fn one_of_each() -> Vec<Error> {
    let (id, key) = (Text::new("x"), KeyId([1; 8]));
    let (a, b) = (Digest([1; 32]), Digest([2; 32]));
    let (area, address, kind) = (Area::Record, 0x0800_0000, FlashErrorKind::Other);
    let text = |make: fn(Text, Text) -> Error| make(id, Text::EMPTY);
    let deferred = |reason| Error::Deferred {
        reason,
        retry_after: 1,
    };
    let codec = [
        CodecError::Header { found: 1 },
        CodecError::WorkspaceTooSmall { need: 2, have: 1 },
        CodecError::SourceRange {
            offset: -1,
            len: 1,
            size: 0,
        },
        CodecError::OutputOverrun { size: 1 },
        CodecError::Truncated { made: 1 },
        CodecError::Trailing,
        CodecError::Malformed,
        CodecError::SavedState,
    ];
    let before = vec![
        Error::UnknownKey {
            package: key,
            trusted: 0,
        },
        Error::SignatureInvalid { key },
        Error::AlgorithmUnsupported { package: -7 },
        Error::KeyRole { key },
        Error::WeakKey { key },
        Error::ExampleKey { key },
        Error::KeyRevoked { key },
        Error::Threshold { need: 2, have: 1 },
        text(|package, keyset| Error::KeyScope { package, keyset }),
        Error::LmsMissing { trusted: 1 },
        Error::LmsType {
            package: 3,
            device: 4,
        },
        Error::LmsLength { need: 2, have: 1 },
        Error::LmsLeaf {
            package: 32,
            device: 32,
        },
        Error::LmsKey { key },
        text(|package, device| Error::Vendor { package, device }),
        text(|package, device| Error::Product { package, device }),
        text(|package, device| Error::Hardware { package, device }),
        Error::Isa {
            package: Isa::Thumb,
            device: Isa::None,
        },
        text(|package, device| Error::BootloaderId { package, device }),
        Error::BootloaderVersion {
            min: 1,
            max: 2,
            device: 3,
        },
        text(|package, device| Error::OsId { package, device }),
        Error::OsVersion {
            min: 1,
            max: 2,
            device: 3,
        },
        text(|package, device| Error::Layout { package, device }),
        Error::LoadAddress {
            package: 1,
            device: 2,
        },
        Error::SequenceRange {
            package: 3,
            min: 1,
            max: 2,
        },
        Error::SecurityCounterRange {
            package: 3,
            min: 1,
            max: 2,
        },
        Error::KeysetNotYetValid {
            keyset: 2,
            device: 1,
        },
        text(|package, device| Error::KeysetName { package, device }),
        Error::RevocationLost { key },
        Error::SecurityCounter {
            package: 1,
            device: 2,
        },
        Error::Sequence {
            package: 1,
            device: 2,
        },
        Error::NotYetValid {
            package: 2,
            device: 1,
        },
        Error::Expired {
            package: 1,
            device: 2,
        },
        Error::KeysetVersion {
            package: 2,
            device: 1,
        },
        Error::KeysetsUnsupported { package: 1 },
        Error::KeysetSkipped {
            package: 3,
            device: 1,
        },
        Error::KeysetFork {
            package: a,
            device: b,
        },
        Error::KeysetExpired {
            keyset: 1,
            device: 2,
        },
        deferred(Reason::Battery { need: 2, have: 1 }),
        deferred(Reason::Storage { need: 2, have: 1 }),
        deferred(Reason::Temperature {
            min: 0,
            max: 1,
            have: Some(2),
        }),
        deferred(Reason::Ram { need: 2, have: 1 }),
        deferred(Reason::Window {
            need: TimeWindow::new(0, 1).unwrap(),
            have: None,
        }),
        deferred(Reason::Link { tries: 1 }),
        Error::EnvelopeTooLarge { need: 2, have: 1 },
        Error::Ram { need: 2, have: 1 },
        Error::Scratch { need: 1, have: 0 },
        Error::SlotTooSmall { need: 2, have: 1 },
        Error::CodecUnsupported { package: 2 },
        Error::Geometry {
            area,
            write_size: 3,
        },
        Error::NoPayload { payloads: 1 },
        Error::GroupOfSectors {
            package: 6,
            sector: 4,
        },
        Error::KeysetArea {
            need: 2_048,
            have: 0,
        },
        Error::SourceDigest {
            package: a,
            device: b,
        },
        text(|package, device| Error::SourceVersion { package, device }),
        Error::SourceNotListed {
            sources: 1,
            device: id,
        },
        Error::BlockHash { block: 1 },
        Error::PageHash { page: 1 },
        Error::StreamGap {
            wanted: 1,
            found: 2,
        },
        Error::StreamEnd {
            package: 1,
            found: 2,
        },
        Error::StagedBlock { block: 1, address },
        Error::StagingExhausted { have: 1 },
        Error::TargetDigest {
            package: a,
            device: b,
        },
        Error::BlockRetries { block: 1, tries: 2 },
        Error::PageRetries { page: 1, tries: 2 },
        Error::CheckpointLost { offset: 1 },
    ];
    let behind = [
        Error::OutputSize {
            package: 2,
            decoded: 1,
        },
        Error::FlashRead {
            area,
            address,
            kind,
        },
        Error::FlashWrite {
            area,
            address,
            kind,
        },
        Error::FlashErase {
            area,
            address,
            kind,
        },
        Error::FlashVerify { area, address },
        Error::Unconfirmed,
        Error::NothingToConfirm,
        Error::RecordLost,
        Error::WrongState,
        Error::RevertedBefore { manifest: a },
        Error::KeysetLost,
    ];
    let codec = codec.into_iter().map(Error::Codec);
    before.into_iter().chain(codec).chain(behind).collect()
}

#[test]
fn the_register_is_as_it_was_given_out() {
    let given_out: Vec<_> = GIVEN_OUT
        .iter()
        .map(|&(code, name, _)| (code, name))
        .collect();
    assert_eq!(CODES, given_out);
    assert!(CODES.is_sorted_by(|a, b| a.0 < b.0), "each code once");
    let names: BTreeSet<_> = CODES.iter().map(|(_, name)| name).collect();
    assert_eq!(names.len(), CODES.len(), "each name once");
}

#[test]
fn every_value_has_its_code_and_every_code_a_value() {
    let codes: Vec<u16> = one_of_each().iter().map(Error::code).collect();
    let given_out: Vec<u16> = GIVEN_OUT.iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes, given_out);
    for error in one_of_each() {
        assert_eq!(error.to_string(), format!("E{}", error.code()));
    }
}

#[test]
fn every_code_has_an_lwm2m_result() {
    for (error, (code, name, result)) in one_of_each().iter().zip(GIVEN_OUT) {
        assert_eq!(error.lwm2m_result(), *result, "{name}");
        assert_eq!(lwm2m_result(*code), *result, "{name}");
    }
    for code in (0..=1999).chain(DecodeErrorKind::ALL.iter().map(|(code, _)| *code)) {
        assert!((2..=11).contains(&lwm2m_result(code)), "{code}");
    }
}

#[test]
fn refusals_of_the_format_keep_their_codes() {
    let mut buf = [0; 200];
    let mut intake = Intake::new(&mut buf);
    let refused = intake.push(b"SPRX----------------").unwrap_err();
    assert!(matches!(refused, Error::Format(_)));
    assert!((100..200).contains(&refused.code()), "{refused:?}");
    assert_eq!(refused.lwm2m_result(), 6);
}
