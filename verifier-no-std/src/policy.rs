//! Whether an authentic package is meant for this device, now. Never sees flash.

use sprag_manifest::{Digest, Isa, Manifest, Requirement};

use crate::authenticate::AuthenticManifest;
use crate::error::Error;
use crate::preconditions::{Attempt, check_preconditions};
use crate::text::Text;

/// A component with an id and a packed version (`sprag_manifest::PackedVersion`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component<'d> {
    /// Its id, compared byte for byte.
    pub id: &'d str,
    /// Its packed version.
    pub version: u64,
}

/// What is installed. [`crate::BootRecord::installed`] says what the boot record knows of it; the preflight holds the
/// package against the record again, whatever is given here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Installed<'d> {
    /// Version of the running image, if the device knows it.
    pub version: Option<&'d str>,
    /// Digest of the confirmed image, if one was ever confirmed.
    pub digest: Option<Digest>,
    /// Stored security counter.
    pub security_counter: u64,
    /// Sequence number of the confirmed image.
    pub sequence: u64,
}

/// What this device is, and how it is doing. What a package requires and the device cannot tell counts as not met,
/// apart from the load address, which most packages state for the builder's sake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device<'d> {
    /// Vendor, compared byte for byte.
    pub vendor: &'d str,
    /// Product, compared byte for byte.
    pub product: &'d str,
    /// Revision of this board; must be one of those listed.
    pub hardware: &'d str,
    /// Instruction set.
    pub isa: Isa,
    /// Bootloader.
    pub bootloader: Option<Component<'d>>,
    /// Operating system.
    pub os: Option<Component<'d>>,
    /// Partition layout.
    pub layout: Option<&'d str>,
    /// Address at which the slot runs, where the device knows it.
    pub load_address: Option<u64>,
    /// Version of the stored key set; 0 while the trust store is compiled in.
    pub keyset_version: u32,
    /// Seconds of Unix time from a trusted clock. Without one, validity dates are not judged, but reported.
    pub now: Option<u64>,
    /// Battery charge in percent.
    pub battery_percent: Option<u8>,
    /// Bytes of storage free for the application.
    pub free_storage: Option<u32>,
    /// Temperature in degrees Celsius.
    pub temperature: Option<i8>,
    /// Bytes of RAM free beside the update.
    pub free_ram: Option<u32>,
    /// Minutes since 00:00 UTC, by any clock: nothing that matters hangs on it.
    pub minute_of_day: Option<u16>,
    /// Where the update stands, which decides how preconditions are judged.
    pub attempt: Attempt,
    /// What is installed.
    pub installed: Installed<'d>,
}

/// What became of the validity dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValidityCheck {
    /// The package has none.
    None,
    /// Checked against a trusted clock.
    Checked,
    /// Not judged, for want of a trusted clock; to be reported.
    NoClock,
}

/// An authentic manifest that is meant for this device. Only [`check`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedManifest<'b> {
    pub(crate) authentic: AuthenticManifest<'b>,
    /// Version the device reports; empty if it names none.
    pub(crate) installed_version: Text,
    validity: ValidityCheck,
}

impl<'b> VerifiedManifest<'b> {
    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest<'b> {
        self.authentic.manifest()
    }

    /// The authentic manifest it was made from.
    #[must_use]
    pub const fn authentic(&self) -> &AuthenticManifest<'b> {
        &self.authentic
    }

    /// What became of the validity dates.
    #[must_use]
    pub const fn validity(&self) -> ValidityCheck {
        self.validity
    }
}

/// Checks every binding of the manifest against the device: identity first, then freshness, then preconditions.
///
/// # Errors
/// The first binding that does not hold, with both sides; codes 301 to 339.
#[inline(never)]
pub fn check<'b>(
    authentic: AuthenticManifest<'b>,
    device: &Device<'_>,
) -> Result<VerifiedManifest<'b>, Error> {
    let manifest = authentic.manifest();
    check_identity(manifest, device)?;
    check_keyset(manifest, device)?;
    check_freshness(manifest, &device.installed)?;
    let validity = check_validity(manifest, device)?;
    check_preconditions(&manifest.preconditions, device)?;
    let installed_version = device.installed.version.unwrap_or_default().into();
    Ok(VerifiedManifest {
        authentic,
        installed_version,
        validity,
    })
}

fn check_identity(manifest: &Manifest<'_>, device: &Device<'_>) -> Result<(), Error> {
    if manifest.vendor != device.vendor {
        return Err(Error::Vendor {
            package: manifest.vendor.into(),
            device: device.vendor.into(),
        });
    }
    if manifest.product != device.product {
        return Err(Error::Product {
            package: manifest.product.into(),
            device: device.product.into(),
        });
    }
    if !manifest
        .hardware
        .iter()
        .any(|revision| revision == device.hardware)
    {
        let first = manifest.hardware.iter().next().unwrap_or_default();
        return Err(Error::Hardware {
            package: first.into(),
            device: device.hardware.into(),
        });
    }
    if manifest.isa != device.isa {
        return Err(Error::Isa {
            package: manifest.isa,
            device: device.isa,
        });
    }
    check_component(
        manifest.bootloader,
        device.bootloader,
        |package, device| Error::BootloaderId { package, device },
        |min, max, device| Error::BootloaderVersion { min, max, device },
    )?;
    check_component(
        manifest.os,
        device.os,
        |package, device| Error::OsId { package, device },
        |min, max, device| Error::OsVersion { min, max, device },
    )?;
    if let Some(package) = manifest
        .layout
        .filter(|&layout| device.layout != Some(layout))
    {
        let device = device.layout.unwrap_or_default().into();
        return Err(Error::Layout {
            package: package.into(),
            device,
        });
    }
    match (manifest.target.load_address, device.load_address) {
        (Some(package), Some(device)) if package != device => {
            Err(Error::LoadAddress { package, device })
        }
        _ => Ok(()),
    }
}

fn check_component(
    required: Option<Requirement<'_>>,
    present: Option<Component<'_>>,
    other_id: impl Fn(Text, Text) -> Error,
    other_version: impl Fn(u64, u64, u64) -> Error,
) -> Result<(), Error> {
    let Some(required) = required else {
        return Ok(());
    };
    let Some(present) = present.filter(|present| present.id == required.id) else {
        let device = present.map_or("", |present| present.id);
        return Err(other_id(required.id.into(), device.into()));
    };
    let (min, max) = (required.min.unwrap_or(0), required.max.unwrap_or(u64::MAX));
    if (min..=max).contains(&present.version) {
        Ok(())
    } else {
        Err(other_version(min, max, present.version))
    }
}

fn check_keyset(manifest: &Manifest<'_>, device: &Device<'_>) -> Result<(), Error> {
    if let Some(package) = manifest
        .keyset_version
        .filter(|&v| v > device.keyset_version)
    {
        return Err(Error::KeysetVersion {
            package,
            device: device.keyset_version,
        });
    }
    Ok(())
}

/// Accept where the security counter does not go back and the sequence number goes forward; an equal sequence
/// number only to repeat the image that is installed.
pub(crate) fn check_freshness(
    manifest: &Manifest<'_>,
    installed: &Installed<'_>,
) -> Result<(), Error> {
    if manifest.security_counter < installed.security_counter {
        return Err(Error::SecurityCounter {
            package: manifest.security_counter,
            device: installed.security_counter,
        });
    }
    // A device as it left the factory knows no digest, and sequence number 0 stands for none.
    let same_image = match installed.digest {
        Some(digest) => digest == manifest.target.digest,
        None => installed.sequence == 0,
    };
    let repeats = manifest.sequence == installed.sequence && same_image;
    if manifest.sequence > installed.sequence || repeats {
        Ok(())
    } else {
        Err(Error::Sequence {
            package: manifest.sequence,
            device: installed.sequence,
        })
    }
}

fn check_validity(manifest: &Manifest<'_>, device: &Device<'_>) -> Result<ValidityCheck, Error> {
    let (not_before, not_after) = (manifest.validity.not_before, manifest.validity.not_after);
    if not_before.is_none() && not_after.is_none() {
        return Ok(ValidityCheck::None);
    }
    let Some(device) = device.now else {
        return Ok(ValidityCheck::NoClock);
    };
    match (not_before, not_after) {
        (Some(package), _) if device < package => Err(Error::NotYetValid { package, device }),
        (_, Some(package)) if device > package => Err(Error::Expired { package, device }),
        _ => Ok(ValidityCheck::Checked),
    }
}
