//! What fields must be to each other. Offsets point to the key or role at fault.

use super::Keyset;
use super::parts::Members;
use crate::error::DecodeErrorKind;
use crate::reader::{Reader, Step};

/// Keys differ, in their bytes and in their identifiers, and none is revoked.
pub(super) fn keys(reader: &mut Reader<'_>, keyset: &Keyset<'_>) -> Step<()> {
    let mut keys = keyset.keys.iter();
    let mut first = 0_u32;
    loop {
        let offset = keys.offset();
        let Some(key) = keys.next() else {
            return Ok(());
        };
        let mut second = first;
        for other in keys.clone() {
            second = second.saturating_add(1);
            if other.id == key.id || other.public == key.public {
                let kind = DecodeErrorKind::DuplicateSigner { first, second };
                return reader.refuse_at(offset, kind);
            }
        }
        if keyset.revokes(key.public.0) {
            return reader.refuse_at(offset, DecodeErrorKind::RevokedSigner { key: first });
        }
        first = first.saturating_add(1);
    }
}

/// Roles name keys that are there.
pub(super) fn roles(reader: &mut Reader<'_>, keyset: &Keyset<'_>) -> Step<()> {
    let releases = keyset.releases.iter().map(|role| role.quorum.members);
    for members in releases.chain([keyset.root.members]) {
        if (keyset.keys.len()..u16::BITS).any(|index| members.contains(index)) {
            let Members(value) = members;
            let kind = DecodeErrorKind::InvalidValue {
                key: 2,
                value: value.into(),
            };
            return reader.refuse_at(0, kind);
        }
    }
    Ok(())
}

/// Revoked keys ascend: one order, and none twice.
pub(super) fn revoked(reader: &mut Reader<'_>, keyset: &Keyset<'_>) -> Step<()> {
    let following = keyset.revoked.iter().skip(1);
    let mut index = 0_u32;
    for (before, behind) in keyset.revoked.iter().zip(following) {
        index = index.saturating_add(1);
        if before.public >= behind.public {
            return reader.refuse_at(0, DecodeErrorKind::RevokedOrder { index });
        }
    }
    Ok(())
}
