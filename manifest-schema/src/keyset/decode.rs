//! The keyset map, key by key.

use super::parts::{CounterRange, Quorum};
use super::{Keyset, keys};
use crate::error::{DecodeErrorKind, Limit};
use crate::header::FORMAT_VERSION;
use crate::limits::{MAX_KEYS, MAX_RELEASE_ROLES, MAX_REVOKED};
use crate::manifest::Validity;
use crate::reader::{Reader, Step};

/// Fields are read in the order in which they are written here: the order of their keys.
pub(super) fn keyset<'a>(reader: &mut Reader<'a>) -> Step<Keyset<'a>> {
    let mut fields = reader.map()?;
    let format = fields.required(reader, keys::FORMAT)?.uint()?;
    if format != u64::from(FORMAT_VERSION) {
        return reader.refuse(DecodeErrorKind::UnsupportedFormat { found: format });
    }
    let version = fields
        .required(reader, keys::VERSION)?
        .uint32(Limit::Unsigned32, u32::MAX)?;
    if version == 0 {
        return reader.refuse_minimum(Limit::Unsigned32, 1);
    }
    let keyset = Keyset {
        version,
        name: fields.required(reader, keys::NAME)?.name()?,
        keys: fields
            .required(reader, keys::KEYS)?
            .list(Limit::Keys, MAX_KEYS)?,
        root: Quorum::decode(fields.required(reader, keys::ROOT)?)?,
        releases: fields
            .required(reader, keys::RELEASES)?
            .list(Limit::ReleaseRoles, MAX_RELEASE_ROLES)?,
        validity: fields
            .optional(reader, keys::VALIDITY, Validity::decode)?
            .unwrap_or_default(),
        sequences: fields
            .optional(reader, keys::SEQUENCES, CounterRange::decode)?
            .unwrap_or_default(),
        security_counters: fields
            .optional(reader, keys::SECURITY_COUNTERS, CounterRange::decode)?
            .unwrap_or_default(),
        revoked: fields
            .optional(reader, keys::REVOKED, |reader| {
                reader.list(Limit::Revoked, MAX_REVOKED)
            })?
            .unwrap_or_default(),
    };
    fields.end(reader)?;
    Ok(keyset)
}
