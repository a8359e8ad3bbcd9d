//! Why bytes are refused, to the byte, with a stable number and both sides of the comparison.

mod display;

/// A refusal: what is wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// Where: the offset, in bytes, of the item at fault in the slice that was given to `decode`.
    pub offset: u32,
}

/// What is wrong with the bytes. [`DecodeErrorKind::code`] numbers every kind for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input ends before the item does.
    Truncated {
        /// Bytes that the item takes at least.
        needed: u64,
        /// Bytes that are left.
        available: u64,
    },
    /// Bytes follow the last item.
    TrailingBytes {
        /// How many.
        count: u64,
    },
    /// The package does not begin with "SPRG".
    BadMagic {
        /// The four bytes found.
        found: [u8; 4],
    },
    /// The format version, of header or manifest, is not 1.
    UnsupportedFormat {
        /// The version found.
        found: u64,
    },
    /// A length, a count or a value exceeds its limit.
    LimitExceeded {
        /// Which limit.
        limit: Limit,
        /// The largest allowed value.
        max: u64,
        /// The value found.
        found: u64,
    },
    /// A length, a count or a value is too small.
    BelowMinimum {
        /// Which limit.
        limit: Limit,
        /// The smallest allowed value.
        min: u64,
        /// The value found.
        found: u64,
    },
    /// An integer or a length is not in its shortest form (RFC 8949 section 4.2.1).
    NonMinimalInteger {
        /// The value, which has a shorter form.
        value: u64,
    },
    /// A string, an array or a map of indefinite length (RFC 8949 section 4.2.1 forbids them).
    IndefiniteLength,
    /// An item that the format never uses: float, simple value, tag, reserved additional information.
    ForbiddenItem {
        /// The initial byte of the item.
        first: u8,
    },
    /// An item of another type than the field's.
    WrongType {
        /// The field's type.
        expected: ItemType,
        /// The type found.
        found: ItemType,
    },
    /// A tag other than the one that must stand here.
    WrongTag {
        /// The tag number that must stand here.
        expected: u64,
        /// The tag number found.
        found: u64,
    },
    /// Arrays and maps inside a skipped field nest deeper than the limit.
    NestingTooDeep {
        /// Levels allowed.
        max: u64,
    },
    /// A map has the same key twice.
    DuplicateKey {
        /// The key.
        key: i64,
    },
    /// A key does not sort after the one before it (bytewise order of the encodings).
    KeyOrder {
        /// The key before.
        previous: i64,
        /// The key found.
        found: i64,
    },
    /// A field that this reader does not know and must not ignore.
    UnknownCriticalField {
        /// Its key.
        key: i64,
    },
    /// A field that must be present is not.
    MissingField {
        /// Its key.
        key: u64,
    },
    /// Text that is not UTF-8.
    InvalidUtf8,
    /// A name, identifier or version with a byte outside `A-Z a-z 0-9 . _ + -`.
    InvalidText {
        /// The first such byte.
        byte: u8,
    },
    /// A byte string, or an array that stands for a structure, of the wrong length.
    LengthMismatch {
        /// The length, in bytes or items, that it must have.
        expected: u64,
        /// The length found.
        found: u64,
    },
    /// A value that has no meaning in its field.
    InvalidValue {
        /// The field's key.
        key: u64,
        /// The value found.
        value: u64,
    },
    /// A field holds its default, which is written by leaving the field out.
    DefaultWritten {
        /// The field's key.
        key: u64,
    },
    /// A map or an array without entries: the field is left out instead.
    Empty,
    /// A lower bound above its upper bound: nothing could satisfy it.
    EmptyRange {
        /// The lower bound.
        min: u64,
        /// The upper bound.
        max: u64,
    },
    /// An unprotected COSE header, which nothing signs, is not empty.
    UnprotectedHeader {
        /// Entries found.
        count: u64,
    },
    /// The content type in the protected header is not `application/sprag`.
    WrongContentType,
    /// A payload names a source that the manifest does not list.
    SourceOutOfRange {
        /// The payload's number.
        payload: u32,
        /// The index that it names.
        source: u32,
        /// Sources listed.
        count: u32,
    },
    /// A delta or reverse payload names no source.
    SourceMissing {
        /// The payload's number.
        payload: u32,
    },
    /// A full payload names a source.
    SourceUnexpected {
        /// The payload's number.
        payload: u32,
        /// The index that it names.
        source: u32,
    },
    /// Two payloads have the same role and the same source.
    DuplicatePayload {
        /// The number of the first.
        first: u32,
        /// The number of the second.
        second: u32,
    },
    /// Two sources have the same digest.
    DuplicateSource {
        /// The index of the first.
        first: u32,
        /// The index of the second.
        second: u32,
    },
    /// A source has the target's digest: there is nothing to update.
    SourceIsTarget {
        /// The index of the source.
        source: u32,
    },
    /// A payload declares less RAM than its workspace and its buffers take.
    RamBelowMinimum {
        /// The payload's number.
        payload: u32,
        /// Bytes that it takes.
        minimum: u64,
        /// Bytes declared.
        found: u64,
    },
    /// A payload declares a larger workspace than RAM in all.
    WorkspaceExceedsRam {
        /// The payload's number.
        payload: u32,
        /// Bytes of workspace declared.
        workspace: u32,
        /// Bytes of RAM declared.
        ram: u32,
    },
    /// Sizes whose sum does not fit 64 bits.
    SumOverflow,
    /// A full payload is meant for applying in place, which only what reads an old image can be.
    GroupUnexpected {
        /// The payload's number.
        payload: u32,
        /// Bytes of its groups.
        group: u32,
    },
    /// Two keys of a keyset have the same bytes or the same identifier.
    DuplicateSigner {
        /// The index of the first.
        first: u32,
        /// The index of the second.
        second: u32,
    },
    /// A role asks for more signatures than it has keys.
    ThresholdUnreachable {
        /// Signatures that it asks for.
        threshold: u32,
        /// Keys that it has.
        members: u32,
    },
    /// A keyset lists a key that it revokes.
    RevokedSigner {
        /// The index of the key.
        key: u32,
    },
    /// The revoked keys are not in ascending order of their bytes, each once.
    RevokedOrder {
        /// The index of the first that is not above the one before.
        index: u32,
    },
}

/// What a limit limits. The values are in `limits.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Bytes of the envelope.
    EnvelopeLen,
    /// Bytes of the keysets section.
    KeysetsLen,
    /// Bytes of the payloads section.
    PayloadsLen,
    /// Signatures of an envelope.
    Signatures,
    /// Bytes of a signature.
    SignatureLen,
    /// Source images.
    Sources,
    /// Payloads.
    Payloads,
    /// Hardware revisions.
    Hardware,
    /// Bytes of a name, identifier or version.
    TextLen,
    /// Unknown non-critical fields in one map.
    Skipped,
    /// Bytes of a block.
    BlockSize,
    /// Bytes of an image.
    ImageSize,
    /// Bytes of an encoded payload.
    PayloadSize,
    /// Per cent of a battery's charge.
    BatteryPercent,
    /// Bytes of a keyset, with or without its signatures.
    KeysetLen,
    /// Keysets of a chain.
    Keysets,
    /// Keys of a keyset.
    Keys,
    /// Bytes of a public key.
    KeyLen,
    /// Revoked keys of a keyset.
    Revoked,
    /// Release roles of a keyset.
    ReleaseRoles,
    /// Signatures that a role asks for.
    Threshold,
    /// A field of 32 bits.
    Unsigned32,
    /// A map key or an algorithm number: a signed 64-bit integer.
    Signed64,
}

/// The types of CBOR items that the format uses (RFC 8949 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemType {
    /// Major type 0.
    Uint,
    /// Major type 1.
    Negative,
    /// Major type 2.
    Bytes,
    /// Major type 3.
    Text,
    /// Major type 4.
    Array,
    /// Major type 5.
    Map,
    /// Major type 6.
    Tag,
}

/// Why nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer ends before the encoding does.
    BufferTooSmall {
        /// Bytes of the buffer.
        capacity: u64,
    },
    /// The reader would refuse what was written, for this reason. Nothing invalid leaves a writer.
    Refused(DecodeError),
}

impl DecodeErrorKind {
    /// Every code with what it means, in order. Codes never move and are never used again.
    pub const ALL: &'static [(u16, &'static str)] = &[
        (100, "the input ends inside an item"),
        (101, "bytes follow the last item"),
        (102, "not a Sprag package"),
        (103, "unsupported format version"),
        (104, "a limit is exceeded"),
        (105, "a value is too small"),
        (106, "an integer is not in its shortest form"),
        (107, "a length is indefinite"),
        (108, "an item that the format never uses"),
        (109, "an item of the wrong type"),
        (110, "a wrong tag"),
        (111, "a skipped field nests too deeply"),
        (112, "a map has a key twice"),
        (113, "map keys are out of order"),
        (114, "an unknown critical field"),
        (115, "a required field is missing"),
        (116, "text is not UTF-8"),
        (117, "a name has a forbidden character"),
        (118, "an item of the wrong length"),
        (119, "a value has no meaning in its field"),
        (120, "a default is written out"),
        (121, "a map or an array is empty"),
        (122, "a range is empty"),
        (123, "an unprotected header is not empty"),
        (124, "wrong content type"),
        (125, "a payload names a source that is not listed"),
        (126, "a payload names no source"),
        (127, "a full payload names a source"),
        (128, "two payloads for the same purpose"),
        (129, "two sources are the same image"),
        (130, "a source is the target"),
        (131, "a payload declares too little RAM"),
        (132, "a payload's workspace exceeds its RAM"),
        (133, "a sum of sizes overflows"),
        (134, "a full payload has groups for applying in place"),
        (135, "two keys of a keyset are the same"),
        (136, "a threshold cannot be reached"),
        (137, "a keyset lists a key that it revokes"),
        (138, "revoked keys are out of order"),
    ];

    /// The stable number of this kind, within 100..=199.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Truncated { .. } => 100,
            Self::TrailingBytes { .. } => 101,
            Self::BadMagic { .. } => 102,
            Self::UnsupportedFormat { .. } => 103,
            Self::LimitExceeded { .. } => 104,
            Self::BelowMinimum { .. } => 105,
            Self::NonMinimalInteger { .. } => 106,
            Self::IndefiniteLength => 107,
            Self::ForbiddenItem { .. } => 108,
            Self::WrongType { .. } => 109,
            Self::WrongTag { .. } => 110,
            Self::NestingTooDeep { .. } => 111,
            Self::DuplicateKey { .. } => 112,
            Self::KeyOrder { .. } => 113,
            Self::UnknownCriticalField { .. } => 114,
            Self::MissingField { .. } => 115,
            Self::InvalidUtf8 => 116,
            Self::InvalidText { .. } => 117,
            Self::LengthMismatch { .. } => 118,
            Self::InvalidValue { .. } => 119,
            Self::DefaultWritten { .. } => 120,
            Self::Empty => 121,
            Self::EmptyRange { .. } => 122,
            Self::UnprotectedHeader { .. } => 123,
            Self::WrongContentType => 124,
            Self::SourceOutOfRange { .. } => 125,
            Self::SourceMissing { .. } => 126,
            Self::SourceUnexpected { .. } => 127,
            Self::DuplicatePayload { .. } => 128,
            Self::DuplicateSource { .. } => 129,
            Self::SourceIsTarget { .. } => 130,
            Self::RamBelowMinimum { .. } => 131,
            Self::WorkspaceExceedsRam { .. } => 132,
            Self::SumOverflow => 133,
            Self::GroupUnexpected { .. } => 134,
            Self::DuplicateSigner { .. } => 135,
            Self::ThresholdUnreachable { .. } => 136,
            Self::RevokedSigner { .. } => 137,
            Self::RevokedOrder { .. } => 138,
        }
    }
}

impl DecodeError {
    /// The stable number of [`DecodeError::kind`].
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.kind.code()
    }
}

impl core::error::Error for DecodeError {}

impl core::error::Error for EncodeError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::BufferTooSmall { .. } => None,
            Self::Refused(error) => Some(error),
        }
    }
}

/// Codes of this crate with the names that a report shows.
pub const CODES: &[(u16, &str)] = &[
    (100, "TRUNCATED"),
    (101, "TRAILING_BYTES"),
    (102, "BAD_MAGIC"),
    (103, "UNSUPPORTED_FORMAT"),
    (104, "LIMIT_EXCEEDED"),
    (105, "BELOW_MINIMUM"),
    (106, "NON_MINIMAL_INTEGER"),
    (107, "INDEFINITE_LENGTH"),
    (108, "FORBIDDEN_ITEM"),
    (109, "WRONG_TYPE"),
    (110, "WRONG_TAG"),
    (111, "NESTING_TOO_DEEP"),
    (112, "DUPLICATE_KEY"),
    (113, "KEY_ORDER"),
    (114, "UNKNOWN_CRITICAL_FIELD"),
    (115, "MISSING_FIELD"),
    (116, "INVALID_UTF8"),
    (117, "INVALID_TEXT"),
    (118, "LENGTH_MISMATCH"),
    (119, "INVALID_VALUE"),
    (120, "DEFAULT_WRITTEN"),
    (121, "EMPTY"),
    (122, "EMPTY_RANGE"),
    (123, "UNPROTECTED_HEADER"),
    (124, "WRONG_CONTENT_TYPE"),
    (125, "SOURCE_OUT_OF_RANGE"),
    (126, "SOURCE_MISSING"),
    (127, "SOURCE_UNEXPECTED"),
    (128, "DUPLICATE_PAYLOAD"),
    (129, "DUPLICATE_SOURCE"),
    (130, "SOURCE_IS_TARGET"),
    (131, "RAM_BELOW_MINIMUM"),
    (132, "WORKSPACE_EXCEEDS_RAM"),
    (133, "SUM_OVERFLOW"),
    (134, "GROUP_UNEXPECTED"),
    (135, "DUPLICATE_SIGNER"),
    (136, "THRESHOLD_UNREACHABLE"),
    (137, "REVOKED_SIGNER"),
    (138, "REVOKED_ORDER"),
];

#[cfg(test)]
mod tests;
