//! The keyset map, in the order of its keys.

use super::parts::CounterRange;
use super::{Keyset, keys};
use crate::error::EncodeError;
use crate::header::FORMAT_VERSION;
use crate::manifest::Validity;
use crate::writer::Writer;

pub(super) fn keyset(keyset: &Keyset<'_>, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
    let validity = Some(keyset.validity).filter(|validity| *validity != Validity::default());
    let range = |range| Some(range).filter(|range| *range != CounterRange::ANY);
    let sequences = range(keyset.sequences);
    let security_counters = range(keyset.security_counters);
    let optional = [
        validity.is_some(),
        sequences.is_some(),
        security_counters.is_some(),
        !keyset.revoked.is_empty(),
    ];
    // Keys 1 to 6 are always there.
    writer.map(
        optional
            .into_iter()
            .fold(6, |sum, there| sum.saturating_add(u64::from(there))),
    )?;

    key(writer, keys::FORMAT)?;
    writer.uint(u64::from(FORMAT_VERSION))?;
    key(writer, keys::VERSION)?;
    writer.uint(u64::from(keyset.version))?;
    key(writer, keys::NAME)?;
    writer.text(keyset.name)?;
    key(writer, keys::KEYS)?;
    keyset.keys.encode(writer)?;
    key(writer, keys::ROOT)?;
    keyset.root.encode(writer)?;
    key(writer, keys::RELEASES)?;
    keyset.releases.encode(writer)?;
    if let Some(validity) = validity {
        key(writer, keys::VALIDITY)?;
        validity.encode(writer)?;
    }
    if let Some(sequences) = sequences {
        key(writer, keys::SEQUENCES)?;
        sequences.encode(writer)?;
    }
    if let Some(security_counters) = security_counters {
        key(writer, keys::SECURITY_COUNTERS)?;
        security_counters.encode(writer)?;
    }
    if !keyset.revoked.is_empty() {
        key(writer, keys::REVOKED)?;
        keyset.revoked.encode(writer)?;
    }
    Ok(())
}

fn key(writer: &mut Writer<'_>, key: u8) -> Result<(), EncodeError> {
    writer.uint(u64::from(key))
}
