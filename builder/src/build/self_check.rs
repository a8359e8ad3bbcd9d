//! Applies a new package to every source with the code a device runs, in as much memory as the manifest states.

use sprag_manifest::{FlashProfile, Manifest, Role};
use sprag_verifier::{Area, Boot, ExampleKeys, KeyRole, TrustAnchors, TrustedKey};

use super::BuildInputs;
use crate::codec::Progress;
use crate::device::{SimulatedDevice, UpdateInputs};
use crate::error::Error;
use crate::keys::SigningKey;
use crate::profile::{device_of_class, intended_device, intended_flash};
use crate::verify::{manifest_of, verify};

/// Applies the package to every source with the code a device runs, in as much memory as the manifest states.
pub(super) fn self_check(
    inputs: &BuildInputs<'_>,
    package: &[u8],
    key: &SigningKey,
    progress: Progress<'_>,
) -> Result<(), Error> {
    let keys = [TrustedKey {
        id: key.key_id(),
        role: KeyRole::Release,
        key: key.verifying_key().to_bytes(),
    }];
    let trust = TrustAnchors {
        keys: &keys,
        example_keys: ExampleKeys::Accept,
    };
    if let Some(profile) = inputs.profile {
        // The bindings of the device that the package was asked to fit.
        let manifest = manifest_of(package)?;
        verify(package, &trust, Some(&device_of_class(profile, &manifest)))?;
    }
    let manifest = manifest_of(package)?;
    let serves_others = manifest
        .payloads
        .iter()
        .any(|payload| payload.role == Role::Full);
    let unlisted = unlisted_image(inputs);
    let others = serves_others.then_some((None, unlisted.as_slice()));
    let listed = inputs
        .sources
        .iter()
        .map(|source| (Some(source.version), source.bytes));
    for (version, old) in listed.chain(others) {
        let flash = match inputs.profile.and_then(|profile| profile.flash) {
            Some(flash) => fitting(flash, old)?,
            // With room to stage the package, so that this is proven too.
            None => intended_flash(&manifest, old.len(), package.len()),
        };
        let mut device = SimulatedDevice::new(&flash, old)?;
        let described = intended_device(&manifest, version);
        let ram = manifest
            .payloads
            .iter()
            .map(|p| p.needs.ram)
            .max()
            .unwrap_or(0);
        let ram = inputs.profile.map_or(ram, |profile| profile.ram);
        let update = UpdateInputs {
            trust: &trust,
            device: &described,
            ram,
        };
        device
            .update(package, &update, &mut |done, total| {
                progress("checking", done, total);
            })
            .map_err(Error::SelfCheck)?;
        let boot = device.power_on().map_err(Error::SelfCheck)?;
        let slot = match flash.slots {
            1 => Area::SlotA,
            _ => Area::SlotB,
        };
        let other_bytes = || Error::SelfCheckBytes {
            source: version.unwrap_or("any other").into(),
        };
        let made = device.slot(slot, inputs.new.len());
        if boot != Boot::Trial(slot) || made != inputs.new {
            return Err(other_bytes());
        }
        if flash.slots == 1 {
            let confirmed = device.clone().confirm().map_err(Error::SelfCheck)?;
            let back = leads_back(&manifest, version);
            let is_old = match back {
                true => goes_back(&mut device, &update, progress).map_err(Error::SelfCheck)?,
                false => true,
            };
            let is_whole = !back || device.slot(slot, old.len()) == old;
            if confirmed.confirmed_digest != manifest.target.digest || !is_old || !is_whole {
                return Err(other_bytes());
            }
        }
    }
    Ok(())
}

/// Whether the package has a payload from the new image to the one of this version.
fn leads_back(manifest: &Manifest<'_>, version: Option<&str>) -> bool {
    manifest.payloads.iter().any(|payload| {
        let source = payload.source.and_then(|n| manifest.sources.get(n));
        payload.role == Role::Reverse && source.map(|source| source.version) == version
    })
}

/// Boots an image on trial that does not confirm itself until the device has gone back; whether it has.
fn goes_back(
    device: &mut SimulatedDevice,
    update: &UpdateInputs<'_>,
    progress: Progress<'_>,
) -> Result<bool, sprag_verifier::Error> {
    loop {
        match device.power_on()? {
            Boot::Trial(_) => {}
            Boot::Apply(_) => break,
            _ => return Ok(false),
        }
    }
    device.apply_staged(update, &mut |done, total| {
        progress("checking the way back", done, total);
    })?;
    Ok(device.power_on()? == Boot::Confirmed(Area::SlotA))
}

/// The flash of a profile, if the old image can be in its slot.
fn fitting(flash: FlashProfile, old: &[u8]) -> Result<FlashProfile, Error> {
    let (need, have) = (old.len(), flash.slot_size);
    if usize::try_from(have).is_ok_and(|have| need <= have) {
        return Ok(flash);
    }
    let need = u64::try_from(need).unwrap_or(u64::MAX);
    Err(Error::DoesNotFit {
        what: "the old image",
        need,
        have: have.into(),
    })
}

/// An image that is none of those in the package, and begins like none: behind it flash is erased, which a longer
/// image may have there too.
pub(super) fn unlisted_image(inputs: &BuildInputs<'_>) -> [u8; 1] {
    let images = inputs
        .sources
        .iter()
        .map(|source| source.bytes)
        .chain([inputs.new]);
    let taken: Vec<u8> = images.filter_map(|bytes| bytes.first().copied()).collect();
    [(0..u8::MAX)
        .find(|byte| !taken.contains(byte))
        .unwrap_or(u8::MAX)]
}
