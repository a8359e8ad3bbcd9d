//! What fields must be to each other. Offsets point to the source or payload at fault.

use super::payload::{Payload, Role};
use super::{Manifest, stored_len};
use crate::error::DecodeErrorKind;
use crate::reader::{Reader, Step};

/// Sources differ from the target and from each other.
pub(super) fn sources(reader: &mut Reader<'_>, manifest: &Manifest<'_>) -> Step<()> {
    let mut sources = manifest.sources.iter();
    let mut first = 0_u32;
    loop {
        let offset = sources.offset();
        let Some(source) = sources.next() else {
            return Ok(());
        };
        if source.digest == manifest.target.digest {
            let kind = DecodeErrorKind::SourceIsTarget { source: first };
            return reader.refuse_at(offset, kind);
        }
        let same = sources
            .clone()
            .position(|other| other.digest == source.digest);
        if let Some(second) = same.and_then(|distance| number_after(first, distance)) {
            let kind = DecodeErrorKind::DuplicateSource { first, second };
            return reader.refuse_at(offset, kind);
        }
        first = first.saturating_add(1);
    }
}

/// Payloads have the source that their role asks for, one purpose each, and enough RAM; together
/// their lengths can be added up.
pub(super) fn payloads(reader: &mut Reader<'_>, manifest: &Manifest<'_>) -> Step<()> {
    let mut payloads = manifest.payloads.iter();
    let mut first = 0_u32;
    loop {
        let offset = payloads.offset();
        let Some(payload) = payloads.next() else {
            break;
        };
        if let Err(kind) = source(manifest, first, &payload).and_then(|()| memory(first, &payload))
        {
            return reader.refuse_at(offset, kind);
        }
        let same = payloads
            .clone()
            .position(|other| other.role == payload.role && other.source == payload.source);
        if let Some(second) = same.and_then(|distance| number_after(first, distance)) {
            let kind = DecodeErrorKind::DuplicatePayload { first, second };
            return reader.refuse_at(offset, kind);
        }
        first = first.saturating_add(1);
    }
    match stored_len(manifest.payloads.iter()) {
        Some(_) => Ok(()),
        None => reader.refuse_at(0, DecodeErrorKind::SumOverflow),
    }
}

fn source(manifest: &Manifest<'_>, number: u32, payload: &Payload) -> Result<(), DecodeErrorKind> {
    let count = manifest.sources.len();
    match (payload.role, payload.source) {
        (Role::Full, None) => match payload.in_place_group.max(payload.in_place_shift) {
            0 => Ok(()),
            group => Err(DecodeErrorKind::GroupUnexpected {
                payload: number,
                group,
            }),
        },
        (Role::Full, Some(source)) => Err(DecodeErrorKind::SourceUnexpected {
            payload: number,
            source,
        }),
        (Role::Delta | Role::Reverse, None) => {
            Err(DecodeErrorKind::SourceMissing { payload: number })
        }
        (Role::Delta | Role::Reverse, Some(source)) if source >= count => {
            Err(DecodeErrorKind::SourceOutOfRange {
                payload: number,
                source,
                count,
            })
        }
        (Role::Delta | Role::Reverse, Some(_)) => Ok(()),
    }
}

fn memory(number: u32, payload: &Payload) -> Result<(), DecodeErrorKind> {
    let (workspace, ram) = (payload.needs.workspace, payload.needs.ram);
    if workspace > ram {
        return Err(DecodeErrorKind::WorkspaceExceedsRam {
            payload: number,
            workspace,
            ram,
        });
    }
    let (minimum, found) = (payload.min_ram(), u64::from(ram));
    if found < minimum {
        return Err(DecodeErrorKind::RamBelowMinimum {
            payload: number,
            minimum,
            found,
        });
    }
    Ok(())
}

/// The number of the item `distance` items behind the one that follows `first`.
fn number_after(first: u32, distance: usize) -> Option<u32> {
    u32::try_from(distance)
        .ok()?
        .checked_add(first)?
        .checked_add(1)
}
