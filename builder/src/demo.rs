//! The journey of a package on two bundled images, told as it goes.
//!
//! The images were built from `device/demo-firmware` (see `builder/demo/README.md`).

use std::path::Path;

use flash_sim::CutStyle;
use sprag_manifest::{Isa, Release};
use sprag_verifier::{
    Area, Boot, Error as DeviceError, ExampleKeys, KeyRole, TrustAnchors, TrustedKey,
};

use crate::build::{BuildInputs, FullImage, IsaMismatch, Source, WayBack, build};
use crate::codec::{CodecChoice, Effort};
use crate::device::{SimulatedDevice, UpdateInputs};
use crate::error::Error;
use crate::inspect::{Inspection, inspect};
use crate::keys::{KeyFiles, NewKey, PasswordSource, Protection, SigningKey, VerifyingKey};
use crate::output::{Access, Existing, Target};
use crate::profile::{default_flash, intended_device};
use crate::release::ReleaseSpec;
use crate::verify::{manifest_of, verify};

/// The old image: version 1.0.0 of the demonstration firmware, a sensor node on a Cortex-M4.
pub(crate) const OLD_IMAGE: &[u8] = include_bytes!("../demo/sensor-1.0.0.bin");
/// The new image: version 1.1.0.
pub(crate) const NEW_IMAGE: &[u8] = include_bytes!("../demo/sensor-1.1.0.bin");

const OLD_VERSION: &str = "1.0.0";
const NEW_VERSION: &str = "1.1.0";

/// Power cuts before the update is let through.
const CUTS: u64 = 5;
/// Flash operations of the update between them.
const OPERATIONS_BETWEEN_CUTS: u64 = 61;

/// What the demonstration found.
#[derive(Debug)]
pub(crate) struct DemoReport {
    /// The package it built.
    pub(crate) inspection: Inspection,
    /// Bytes of the new image.
    pub(crate) full_bytes: u64,
    /// Bytes of a bsdiff patch as `bsdiff` would make it, compressed with zstd.
    pub(crate) bsdiff_bytes: u64,
    /// How the tampered packages were refused.
    pub(crate) refusals: Vec<Refusal>,
    /// What was booted after each power cut.
    pub(crate) boots: Vec<Boot>,
    /// Most erases of any sector of the new image's slot.
    pub(crate) most_erases: u32,
    /// Blocks of the package, checked.
    pub(crate) blocks: u64,
}

/// A tampered package and its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    /// What was tampered with.
    pub(crate) what: &'static str,
    /// What the device said.
    pub(crate) error: DeviceError,
    /// Writes and erases that the device did until then.
    pub(crate) flash_operations: u64,
}

/// Runs the journey in `folder`; `say` is told each step before it is taken.
///
/// # Errors
/// What any of the steps reports.
pub(crate) fn demo(folder: &Path, say: &mut dyn FnMut(&str)) -> Result<DemoReport, Error> {
    say("generate a key pair");
    let files = KeyFiles::beside(&folder.join("demo.key"));
    NewKey::check(&files)?.generate(&Protection::None)?;
    let key = SigningKey::load(&files.secret, &PasswordSource::from_option(None))?;
    let public = VerifyingKey::load(&files.public)?;
    let keys = [TrustedKey {
        id: public.key_id(),
        role: KeyRole::Release,
        key: public.to_bytes(),
    }];
    let trust = TrustAnchors {
        keys: &keys,
        example_keys: ExampleKeys::Refuse,
    };

    say("build, sign and prove a package");
    let package = build(&inputs()?, &key, &mut |_, _, _| ())?;
    let bsdiff = build(&bsdiff_inputs()?, &key, &mut |_, _, _| ())?;
    write(folder, "sensor-1.0.0.bin", OLD_IMAGE)?;
    write(folder, "sensor-1.1.0.bin", NEW_IMAGE)?;
    write(folder, "sensor.sprag", &package)?;
    let inspection = inspect(&package)?;

    say("verify it: signature, and the hash of every block");
    let blocks = verify(&package, &trust, None)?.blocks;

    say("tamper with it, and offer it to a device");
    let refusals = tamper(&package, &inspection, &trust)?;

    say("update a device, and cut its power on the way");
    let mut device = new_device()?;
    let boots = update_with_cuts(&mut device, &package, &trust)?;
    device.confirm()?;
    let new = device.slot(Area::SlotB, NEW_IMAGE.len());
    write(folder, "sensor-applied.bin", new)?;
    if new != NEW_IMAGE {
        return Err(Error::SelfCheckBytes {
            source: OLD_VERSION.into(),
        });
    }
    Ok(DemoReport {
        full_bytes: wide(NEW_IMAGE.len()),
        bsdiff_bytes: inspect(&bsdiff)?.payload_bytes,
        inspection,
        refusals,
        boots,
        most_erases: device.most_erases(Area::SlotB),
        blocks,
    })
}

fn inputs() -> Result<BuildInputs<'static>, Error> {
    let release = ReleaseSpec::new(Release {
        vendor: Some("example".into()),
        product: Some("sensor-node".into()),
        hardware: vec!["r1".into(), "r2".into()],
        isa: Some(Isa::Thumb),
        new_version: Some(NEW_VERSION.into()),
        ..Release::default()
    })?;
    Ok(BuildInputs {
        release,
        sources: vec![Source {
            version: OLD_VERSION,
            bytes: OLD_IMAGE,
        }],
        new: NEW_IMAGE,
        codec: CodecChoice::Auto,
        ram: None,
        told_address: None,
        effort: Effort::default(),
        full: FullImage::WhereSmaller,
        isa_mismatch: IsaMismatch::Refuse,
        profile: None,
        in_place: None,
        way_back: WayBack::Without,
    })
}

fn bsdiff_inputs() -> Result<BuildInputs<'static>, Error> {
    Ok(BuildInputs {
        codec: CodecChoice::BsdiffZstd,
        ..inputs()?
    })
}

/// Flips a byte here and there, and counts what a device does to its flash before it refuses: nothing, if the byte
/// lies before the blocks.
fn tamper(
    package: &[u8],
    inspection: &Inspection,
    trust: &TrustAnchors<'_>,
) -> Result<Vec<Refusal>, Error> {
    let manifest_at = inspection.manifest_offset + inspection.manifest_bytes / 2;
    let signature_at = inspection.header_bytes + inspection.envelope_bytes - 8;
    let block_at = inspection.package_bytes - inspection.payload_bytes / 2;
    let places = [
        ("a byte of the manifest", manifest_at),
        ("a byte of the signature", signature_at),
        ("a byte of a block", block_at),
    ];
    let mut refusals = Vec::new();
    for (what, at) in places {
        let mut tampered = package.to_vec();
        let at = usize::try_from(at).unwrap_or(0);
        if let Some(byte) = tampered.get_mut(at) {
            *byte ^= 0x10;
        }
        let mut device = new_device()?;
        match update(&mut device, &tampered, package, trust) {
            Ok(()) => {
                return Err(Error::SelfCheckBytes {
                    source: what.into(),
                });
            }
            Err(error) => {
                let totals = device.totals();
                let flash_operations = totals.writes + totals.erases;
                refusals.push(Refusal {
                    what,
                    error,
                    flash_operations,
                });
            }
        }
    }
    Ok(refusals)
}

fn new_device() -> Result<SimulatedDevice, Error> {
    let longest = OLD_IMAGE.len().max(NEW_IMAGE.len());
    let mut flash = default_flash(u32::try_from(longest).unwrap_or(u32::MAX));
    // Room behind the image for the package, so that a cut transfer need not begin anew.
    flash.slot_size = flash.slot_size.saturating_mul(2);
    SimulatedDevice::new(&flash, OLD_IMAGE)
}

/// Offers `package` to a device of the kind that `original` was made for.
fn update(
    device: &mut SimulatedDevice,
    package: &[u8],
    original: &[u8],
    trust: &TrustAnchors<'_>,
) -> Result<(), DeviceError> {
    let manifest = manifest_of(original)?;
    let described = intended_device(&manifest, Some(OLD_VERSION));
    let ram = manifest
        .payloads
        .iter()
        .map(|payload| payload.needs.ram)
        .max()
        .unwrap_or(0);
    let inputs = UpdateInputs {
        trust,
        device: &described,
        ram,
    };
    device.update(package, &inputs, &mut |_, _| ()).map(|_| ())
}

/// Cuts the power every few dozen operations, boots, and goes on; returns what was booted.
fn update_with_cuts(
    device: &mut SimulatedDevice,
    package: &[u8],
    trust: &TrustAnchors<'_>,
) -> Result<Vec<Boot>, Error> {
    let mut boots = Vec::new();
    for cut in 0..CUTS {
        let style = CutStyle::TornWrite {
            units_done: 3,
            garble: cut,
        };
        device.cut_power_after(OPERATIONS_BETWEEN_CUTS + cut, style);
        let ended = update(device, package, package, trust);
        if device.is_powered() {
            ended?;
            break;
        }
        boots.push(device.power_on()?);
    }
    update(device, package, package, trust)?;
    boots.push(device.power_on()?);
    Ok(boots)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    Target::check(&path, [], Existing::Replace, Access::Ordinary)?.write(bytes)?;
    Ok(())
}

fn wide(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
