//! Errors in words: the kind, then both sides of the comparison.

use core::fmt;

use super::{DecodeError, DecodeErrorKind, EncodeError, Limit};

impl Limit {
    /// What is limited, in words.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EnvelopeLen => "envelope length",
            Self::KeysetsLen => "keysets length",
            Self::PayloadsLen => "payloads length",
            Self::Signatures => "signatures",
            Self::SignatureLen => "signature length",
            Self::Sources => "sources",
            Self::Payloads => "payloads",
            Self::Hardware => "hardware revisions",
            Self::TextLen => "text length",
            Self::Skipped => "unknown non-critical fields",
            Self::BlockSize => "block size",
            Self::ImageSize => "image size",
            Self::PayloadSize => "payload size",
            Self::BatteryPercent => "battery per cent",
            Self::KeysetLen => "keyset length",
            Self::Keysets => "keysets of a chain",
            Self::Keys => "keys",
            Self::KeyLen => "public key length",
            Self::Revoked => "revoked keys",
            Self::ReleaseRoles => "release roles",
            Self::Threshold => "threshold",
            Self::Unsigned32 => "32-bit field",
            Self::Signed64 => "signed 64-bit integer",
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code();
        let text = Self::ALL.iter().find(|(number, _)| *number == code);
        f.write_str(text.map_or("", |(_, text)| *text))?;
        self.fmt_values(f)
    }
}

impl DecodeErrorKind {
    fn fmt_values(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { needed, available } => {
                write!(f, ": it takes {needed} bytes, {available} are left")
            }
            Self::TrailingBytes { count } => write!(f, ": {count}"),
            Self::BadMagic { found } => write!(f, ": it begins with {found:02x?}"),
            Self::UnsupportedFormat { found } => write!(f, ": {found}, this reader knows 1"),
            Self::LimitExceeded { limit, max, found } => {
                write!(f, ": {} {found}, at most {max}", limit.name())
            }
            Self::BelowMinimum { limit, min, found } => {
                write!(f, ": {} {found}, at least {min}", limit.name())
            }
            Self::NonMinimalInteger { value } => write!(f, ": {value}"),
            Self::ForbiddenItem { first } => write!(f, ": initial byte {first:#04x}"),
            Self::WrongType { expected, found } => write!(f, ": {found:?} for {expected:?}"),
            Self::WrongTag { expected, found } => write!(f, ": {found} for {expected}"),
            Self::NestingTooDeep { max } => write!(f, ": more than {max} levels"),
            Self::DuplicateKey { key } | Self::UnknownCriticalField { key } => {
                write!(f, ": key {key}")
            }
            Self::KeyOrder { previous, found } => write!(f, ": {found} after {previous}"),
            Self::MissingField { key } | Self::DefaultWritten { key } => write!(f, ": key {key}"),
            Self::InvalidText { byte } => write!(f, ": byte {byte:#04x}"),
            Self::LengthMismatch { expected, found } => write!(f, ": {found} for {expected}"),
            Self::InvalidValue { key, value } => write!(f, ": key {key}, value {value}"),
            Self::EmptyRange { min, max } => write!(f, ": from {min} to {max}"),
            Self::UnprotectedHeader { count } => write!(f, ": {count} entries"),
            Self::SourceOutOfRange {
                payload,
                source,
                count,
            } => {
                write!(f, ": payload {payload}, source {source} of {count}")
            }
            Self::SourceMissing { payload } => write!(f, ": payload {payload}"),
            Self::SourceUnexpected { payload, source } => {
                write!(f, ": payload {payload}, source {source}")
            }
            Self::DuplicatePayload { first, second }
            | Self::DuplicateSource { first, second }
            | Self::DuplicateSigner { first, second } => {
                write!(f, ": {first} and {second}")
            }
            Self::ThresholdUnreachable { threshold, members } => {
                write!(f, ": {threshold} signatures of {members} keys")
            }
            Self::RevokedSigner { key } => write!(f, ": key {key}"),
            Self::RevokedOrder { index } => write!(f, ": number {index}"),
            Self::SourceIsTarget { source } => write!(f, ": source {source}"),
            Self::RamBelowMinimum {
                payload,
                minimum,
                found,
            } => {
                write!(f, ": payload {payload}, {found} bytes, at least {minimum}")
            }
            Self::WorkspaceExceedsRam {
                payload,
                workspace,
                ram,
            } => {
                write!(f, ": payload {payload}, {workspace} bytes of {ram}")
            }
            Self::GroupUnexpected { payload, group } => {
                write!(f, ": payload {payload}, groups of {group} bytes")
            }
            Self::IndefiniteLength
            | Self::InvalidUtf8
            | Self::Empty
            | Self::WrongContentType
            | Self::SumOverflow => Ok(()),
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { capacity } => {
                write!(f, "the encoding does not fit a buffer of {capacity} bytes")
            }
            Self::Refused(error) => write!(f, "a reader would refuse it: {error}"),
        }
    }
}
