//! The package that has begun to overwrite the only slot of a device.

use sprag_manifest::{KeyId, Manifest, Role};

use crate::authenticate::Signed;
use crate::error::Error;
use crate::hash::{same, sha256};
use crate::record::{BootRecord, Phase};

/// The key named first in the envelope in `buf`, if this is the package that the boot record names, and the slot holds no
/// whole old image any more, or the new one that is to be undone.
#[inline(never)]
pub(crate) fn under_way(buf: &mut [u8], record: &BootRecord) -> Result<Option<KeyId>, Error> {
    let signed = Signed::manifest(buf);
    let envelope = signed.envelope()?;
    let manifest = envelope.manifest_bytes();
    if !same(&sha256(manifest), &record.manifest) {
        return Ok(None);
    }
    let begun = match record.phase {
        Phase::Moving | Phase::Decoding | Phase::Copying => true,
        // The way back is staged as well, and the slot is that of the way there.
        Phase::Staged => {
            let manifest = Manifest::decode(manifest)?;
            let mut payloads = (0_u32..).zip(manifest.payloads.iter());
            payloads.any(|(n, payload)| n == record.payload && payload.role == Role::Reverse)
        }
        _ => false,
    };
    let first = envelope.signatures().next();
    Ok(first.filter(|_| begun).map(|entry| entry.key_id))
}
