//! Format errors in words: what is wrong, at which byte of which part.

use sprag_manifest::{DecodeError, DecodeErrorKind, ItemType};

/// A format error in a sentence. Offsets count from the start of the part that was being read.
pub(super) fn describe(error: &DecodeError) -> String {
    let (what, part) = (sentence(&error.kind), part(&error.kind));
    format!("{what} (byte {} of the {part})", error.offset)
}

fn sentence(kind: &DecodeErrorKind) -> String {
    match *kind {
        DecodeErrorKind::Truncated { needed, available } => {
            format!("an item needs {needed} B, and {available} B are left")
        }
        DecodeErrorKind::TrailingBytes { count } => format!("{count} B follow the last item"),
        DecodeErrorKind::BadMagic { found } => {
            format!(
                "this is not a Sprag package: it begins with \"{}\", not \"SPRG\"",
                found.escape_ascii()
            )
        }
        DecodeErrorKind::UnsupportedFormat { found } => {
            format!("the format version is {found}, this reader knows version 1")
        }
        DecodeErrorKind::LimitExceeded { limit, max, found } => {
            format!("{}: {found} found, at most {max} allowed", limit.name())
        }
        DecodeErrorKind::BelowMinimum { limit, min, found } => {
            format!("{}: {found} found, at least {min} needed", limit.name())
        }
        DecodeErrorKind::NonMinimalInteger { value } => {
            format!("the number {value} is written in more bytes than it needs")
        }
        DecodeErrorKind::IndefiniteLength => {
            "a string, an array or a map does not state its length".into()
        }
        DecodeErrorKind::ForbiddenItem { first } => {
            format!("an item begins with {first:#04x}, which the format never uses")
        }
        DecodeErrorKind::WrongType { expected, found } => {
            format!("{} stands where {} belongs", item(found), item(expected))
        }
        DecodeErrorKind::WrongTag { expected, found } => {
            format!("tag {found} stands where tag {expected} belongs")
        }
        DecodeErrorKind::NestingTooDeep { max } => {
            format!("a skipped field nests more than {max} levels deep")
        }
        DecodeErrorKind::DuplicateKey { key } => format!("a map has key {key} twice"),
        DecodeErrorKind::KeyOrder { previous, found } => {
            format!("key {found} stands behind key {previous}, and sorts before it")
        }
        DecodeErrorKind::UnknownCriticalField { key } => {
            format!("field {key} is critical, and this reader does not know it")
        }
        DecodeErrorKind::MissingField { key } => format!("field {key} is missing"),
        DecodeErrorKind::InvalidUtf8 => "a text is not UTF-8".into(),
        DecodeErrorKind::InvalidText { byte } => {
            format!("a name holds byte {byte:#04x}, and only A-Z a-z 0-9 . _ + - are allowed")
        }
        DecodeErrorKind::LengthMismatch { expected, found } => {
            format!("a length is {found}, and must be {expected}")
        }
        DecodeErrorKind::InvalidValue { key, value } => {
            format!("the value {value} has no meaning in field {key}")
        }
        DecodeErrorKind::DefaultWritten { key } => {
            format!("field {key} holds its default, and must be left out")
        }
        DecodeErrorKind::Empty => "a map or an array is empty, and must be left out".into(),
        DecodeErrorKind::EmptyRange { min, max } => {
            format!("the range from {min} to {max} holds nothing")
        }
        DecodeErrorKind::UnprotectedHeader { count } => {
            format!(
                "an unprotected header, which nothing signs, has entries: {count}, and must have 0"
            )
        }
        DecodeErrorKind::WrongContentType => {
            "the protected content type is not application/sprag".into()
        }
        DecodeErrorKind::SourceOutOfRange {
            payload,
            source,
            count,
        } => {
            format!("payload {payload} names source {source}, and only {count} are listed")
        }
        DecodeErrorKind::SourceMissing { payload } => {
            format!("payload {payload} is a delta or a reverse, and names no source")
        }
        DecodeErrorKind::SourceUnexpected { payload, source } => {
            format!("payload {payload} is a full image, and names source {source}")
        }
        DecodeErrorKind::DuplicatePayload { first, second } => {
            format!("payloads {first} and {second} have the same role and the same source")
        }
        DecodeErrorKind::DuplicateSource { first, second } => {
            format!("sources {first} and {second} are the same image")
        }
        DecodeErrorKind::SourceIsTarget { source } => {
            format!("source {source} is the new image itself")
        }
        DecodeErrorKind::RamBelowMinimum {
            payload,
            minimum,
            found,
        } => {
            format!("payload {payload} states {found} B of RAM, its parts take {minimum} B")
        }
        DecodeErrorKind::WorkspaceExceedsRam {
            payload,
            workspace,
            ram,
        } => {
            format!("payload {payload} states a workspace of {workspace} B in {ram} B of RAM")
        }
        DecodeErrorKind::SumOverflow => "the payloads' lengths add up to more than 64 bits".into(),
        DecodeErrorKind::GroupUnexpected { payload, group } => {
            format!(
                "payload {payload} is a full image, and has groups of {group} B for applying in place"
            )
        }
        DecodeErrorKind::DuplicateSigner { first, second } => {
            format!("keys {first} and {second} of the key set have the same bytes or the same id")
        }
        DecodeErrorKind::ThresholdUnreachable { threshold, members } => {
            format!("a role asks for signatures by {threshold} keys, and has {members}")
        }
        DecodeErrorKind::RevokedSigner { key } => {
            format!("key {key} of the key set is one that it revokes")
        }
        DecodeErrorKind::RevokedOrder { index } => {
            format!("revoked key {index} is not above the one before it")
        }
        // The enum may grow; a test over the register of codes tells when it has.
        _ => kind.to_string(),
    }
}

/// The parts in which this can be wrong. The error itself does not say which was being read.
const fn part(kind: &DecodeErrorKind) -> &'static str {
    match kind {
        DecodeErrorKind::BadMagic { .. } => "header",
        DecodeErrorKind::UnsupportedFormat { .. } => "header or manifest",
        DecodeErrorKind::WrongTag { .. }
        | DecodeErrorKind::UnprotectedHeader { .. }
        | DecodeErrorKind::WrongContentType => "envelope",
        DecodeErrorKind::TrailingBytes { .. }
        | DecodeErrorKind::NonMinimalInteger { .. }
        | DecodeErrorKind::IndefiniteLength
        | DecodeErrorKind::ForbiddenItem { .. }
        | DecodeErrorKind::WrongType { .. }
        | DecodeErrorKind::DuplicateKey { .. }
        | DecodeErrorKind::KeyOrder { .. }
        | DecodeErrorKind::UnknownCriticalField { .. }
        | DecodeErrorKind::MissingField { .. }
        | DecodeErrorKind::InvalidUtf8
        | DecodeErrorKind::Empty => "envelope or manifest",
        DecodeErrorKind::NestingTooDeep { .. }
        | DecodeErrorKind::InvalidText { .. }
        | DecodeErrorKind::InvalidValue { .. }
        | DecodeErrorKind::DefaultWritten { .. }
        | DecodeErrorKind::EmptyRange { .. }
        | DecodeErrorKind::SourceOutOfRange { .. }
        | DecodeErrorKind::SourceMissing { .. }
        | DecodeErrorKind::SourceUnexpected { .. }
        | DecodeErrorKind::DuplicatePayload { .. }
        | DecodeErrorKind::DuplicateSource { .. }
        | DecodeErrorKind::SourceIsTarget { .. }
        | DecodeErrorKind::RamBelowMinimum { .. }
        | DecodeErrorKind::WorkspaceExceedsRam { .. }
        | DecodeErrorKind::SumOverflow
        | DecodeErrorKind::GroupUnexpected { .. } => "manifest",
        DecodeErrorKind::DuplicateSigner { .. }
        | DecodeErrorKind::ThresholdUnreachable { .. }
        | DecodeErrorKind::RevokedSigner { .. }
        | DecodeErrorKind::RevokedOrder { .. } => "key set",
        _ => "header, envelope or manifest",
    }
}

const fn item(item: ItemType) -> &'static str {
    match item {
        ItemType::Uint => "a number",
        ItemType::Negative => "a negative number",
        ItemType::Bytes => "a byte string",
        ItemType::Text => "a text",
        ItemType::Array => "an array",
        ItemType::Map => "a map",
        ItemType::Tag => "a tag",
    }
}
