//! Whether a package can be meant for a device, by what that says of itself: a clear word before a byte is sent. The device judges
//! again, and by more.

use sprag_manifest::{Header, Manifest};
use sprag_verifier::{Error, intake_len};

use super::DeviceFacts;

/// Why the package is not for the device, if that can be seen.
pub(super) fn refusal(
    manifest: &Manifest<'_>,
    package: &[u8],
    device: &DeviceFacts,
) -> Option<Error> {
    let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let mut hardware = manifest.hardware.iter();
    if manifest.vendor != device.vendor {
        return Some(Error::Vendor {
            package: manifest.vendor.into(),
            device: device.vendor.as_str().into(),
        });
    }
    if manifest.product != device.product {
        return Some(Error::Product {
            package: manifest.product.into(),
            device: device.product.as_str().into(),
        });
    }
    if !hardware.any(|revision| revision == device.hardware) {
        let first = manifest.hardware.iter().next().unwrap_or_default();
        return Some(Error::Hardware {
            package: first.into(),
            device: device.hardware.as_str().into(),
        });
    }
    if manifest.isa != device.isa {
        let (package, device) = (manifest.isa, device.isa);
        return Some(Error::Isa { package, device });
    }
    if manifest.security_counter < device.security_counter {
        return Some(Error::SecurityCounter {
            package: manifest.security_counter,
            device: device.security_counter,
        });
    }
    let repeats = manifest.sequence == device.sequence
        && device
            .digest
            .is_none_or(|digest| digest == manifest.target.digest);
    if manifest.sequence <= device.sequence && !repeats {
        return Some(Error::Sequence {
            package: manifest.sequence,
            device: device.sequence,
        });
    }
    let envelope = Header::decode(package).map_or(0, |header| header.envelope_len);
    if u64::from(envelope) > device.envelope {
        let len = |bytes: u64| intake_len(usize::try_from(bytes).unwrap_or(usize::MAX));
        let len = |bytes: u64| u32::try_from(len(bytes)).unwrap_or(u32::MAX);
        return Some(Error::EnvelopeTooLarge {
            need: len(envelope.into()),
            have: len(device.envelope),
        });
    }
    if u64::from(manifest.target.size) > device.slot {
        return Some(Error::SlotTooSmall {
            need: manifest.target.size,
            have: narrow(device.slot),
        });
    }
    // By the version that the device reports; it compares digests.
    let applies = |source: Option<u32>| match source.and_then(|n| manifest.sources.get(n)) {
        None => true,
        Some(source) => source.version == device.version,
    };
    let mut fitting = manifest
        .payloads
        .iter()
        .filter(|payload| applies(payload.source));
    let Some(payload) = fitting.next() else {
        return Some(Error::SourceNotListed {
            sources: manifest.sources.len(),
            device: device.version.as_str().into(),
        });
    };
    if u64::from(payload.needs.ram) > device.ram && fitting.next().is_none() {
        return Some(Error::Ram {
            need: payload.needs.ram,
            have: narrow(device.ram),
        });
    }
    None
}
