//! Builds a package: encodes, chooses, assembles, signs, and lets the device code accept it before anyone sees it.

use sprag_manifest::{DeviceProfile, Digest, FlashProfile, Image, Role};
use sprag_verifier::{Area, ExampleKeys, KeyRole, TrustAnchors, TrustedKey};

use crate::codec::{
    self, CodecChoice, CodecLimits, DEFAULT_GATEWAY_RAM, DEFAULT_RAM, Effort, Progress,
};
use crate::device::{SimulatedDevice, UpdateInputs};
use crate::digest::sha256;
use crate::error::Error;
use crate::keys::SigningKey;
use crate::package::{PayloadSpec, assemble};
use crate::profile::{default_flash, device_of_class, intended_device};
use crate::release::{ReleaseSpec, checked_name};
use crate::sniff;
use crate::verify::{manifest_of, verify};

/// An old image that the package shall serve.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its version.
    pub version: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Whether a full image is added beside the deltas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FullImage {
    /// Only where it is smaller than a delta, or there is no old image.
    #[default]
    WhereSmaller,
    /// Always, for devices that run anything else.
    Always,
}

/// Whether a contradiction between the declared and the detected instruction set refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IsaMismatch {
    /// It does.
    #[default]
    Refuse,
    /// It does not.
    Allow,
}

/// Everything that goes into a package.
#[derive(Debug)]
pub struct BuildInputs<'a> {
    /// What the release says about itself.
    pub release: ReleaseSpec,
    /// The old images; none for a full package.
    pub sources: Vec<Source<'a>>,
    /// The new image.
    pub new: &'a [u8],
    /// Which codec.
    pub codec: CodecChoice,
    /// Bytes of decoder workspace on the device.
    pub ram: Option<u32>,
    /// Address of the first byte of every image, where the files they came in tell the same one. The codec alone uses it:
    /// devices check what the release says.
    pub told_address: Option<u64>,
    /// How hard to try.
    pub effort: Effort,
    /// Whether a full image is added.
    pub full: FullImage,
    /// What to do if the image is not what was declared.
    pub isa_mismatch: IsaMismatch,
    /// The device it must fit.
    pub profile: Option<&'a DeviceProfile>,
}

/// Builds, signs and proves a package.
///
/// # Errors
/// What is wrong with the inputs, what does not fit, or what the device code said of the result.
pub fn build(
    inputs: &BuildInputs<'_>,
    key: &SigningKey,
    progress: Progress<'_>,
) -> Result<Vec<u8>, Error> {
    let release = &inputs.release;
    check_images(inputs)?;
    let limits = CodecLimits {
        ram: workspace_limit(inputs),
        effort: inputs.effort,
        isa: None,
        load_address: release.rest.load_address.or(inputs.told_address),
        in_place: None,
    };

    let mut payloads = Vec::new();
    let mut full = None;
    let mut full_wanted = inputs.full == FullImage::Always || inputs.sources.is_empty();
    for (number, source) in (0_u32..).zip(&inputs.sources) {
        let delta = codec::delta(source.bytes, inputs.new, inputs.codec, &limits, progress)?;
        let kept = match delta {
            Some(delta) if inputs.codec == CodecChoice::Auto => {
                let len = delta.bytes.len();
                // The full image takes its time: it is made if it has a chance, and once.
                if full.is_none() && codec::full_may_beat(inputs.new, inputs.codec, len) {
                    full = Some(codec::full(inputs.new, inputs.codec, &limits, progress)?);
                }
                let smaller = full.as_ref().is_none_or(|full| len < full.bytes.len());
                smaller.then_some(delta)
            }
            delta => delta,
        };
        match kept {
            Some(encoded) => {
                payloads.push(PayloadSpec {
                    role: Role::Delta,
                    source: Some(number),
                    encoded,
                });
            }
            // The full image costs no more, and serves this source as well as any other.
            None => full_wanted = true,
        }
    }
    if full_wanted {
        let encoded = match full {
            Some(encoded) => encoded,
            None => codec::full(inputs.new, inputs.codec, &limits, progress)?,
        };
        payloads.push(PayloadSpec {
            role: Role::Full,
            source: None,
            encoded,
        });
    }

    let target = image(&release.new_version, inputs.new, release.rest.load_address);
    let sources: Vec<Image<'_>> = inputs
        .sources
        .iter()
        .map(|source| image(source.version, source.bytes, None))
        .collect();
    let package = assemble(release, &sources, target, &payloads, inputs.profile, key)?;
    self_check(inputs, &package, key, progress)?;
    Ok(package)
}

fn image<'a>(version: &'a str, bytes: &[u8], load_address: Option<u64>) -> Image<'a> {
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    Image {
        version,
        digest: sha256(bytes),
        size,
        load_address,
    }
}

fn check_images(inputs: &BuildInputs<'_>) -> Result<(), Error> {
    let new_version = &inputs.release.new_version;
    if inputs.new.is_empty() {
        return Err(Error::EmptyImage {
            version: new_version.clone(),
        });
    }
    let mut seen: Vec<(Digest, &str)> = Vec::new();
    for source in &inputs.sources {
        let version = checked_name("old-version", source.version.into())?;
        if source.bytes.is_empty() {
            return Err(Error::EmptyImage { version });
        }
        if source.bytes == inputs.new {
            return Err(Error::SameImages { version });
        }
        let digest = sha256(source.bytes);
        if let Some((_, first)) = seen.iter().find(|(other, _)| *other == digest) {
            return Err(Error::DuplicateSource {
                first: (*first).into(),
                second: version,
            });
        }
        seen.push((digest, source.version));
    }
    let declared = inputs.release.isa;
    match sniff::isa(inputs.new) {
        Some(found) if inputs.isa_mismatch == IsaMismatch::Refuse && !found.allows(declared) => {
            Err(Error::IsaMismatch {
                declared,
                found: found.isa,
                evidence: found.evidence,
            })
        }
        _ => Ok(()),
    }
}

/// `--ram`, or what the device profile leaves for the workspace, or the default of the codec.
fn workspace_limit(inputs: &BuildInputs<'_>) -> u32 {
    let buffers = inputs.release.block_size.saturating_add(BUFFERS);
    match (inputs.ram, inputs.profile, inputs.codec) {
        (Some(ram), _, _) => ram,
        (None, Some(profile), _) => profile.ram.saturating_sub(buffers),
        (None, None, CodecChoice::BsdiffZstd) => DEFAULT_GATEWAY_RAM,
        (None, None, _) => DEFAULT_RAM,
    }
}

/// Bytes for the head of a package and for the ends of sectors, when it is staged.
const STAGING_ROOM: usize = 64 * 1024;

/// Bytes of page and output buffer (docs/FORMAT.md, "Total RAM").
const BUFFERS: u32 = sprag_manifest::PAGE_LEN + sprag_manifest::OUTPUT_BUFFER_LEN;

/// Applies the package to every source with the code a device runs, in as much memory as the manifest states.
fn self_check(
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
        let size = inputs.new.len().max(old.len());
        let flash = match inputs.profile.and_then(|profile| profile.flash) {
            Some(flash) => fitting(flash, old)?,
            None => roomy_flash(size, package.len()),
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
        let made = device.slot(boot.slot(), inputs.new.len());
        if boot.slot() != Area::SlotB || made != inputs.new {
            return Err(Error::SelfCheckBytes {
                source: version.unwrap_or("any other").into(),
            });
        }
    }
    Ok(())
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

/// Flash with room for the package behind the image, so that staging is proven too.
fn roomy_flash(image_len: usize, package_len: usize) -> FlashProfile {
    let room = package_len.saturating_mul(2).saturating_add(STAGING_ROOM);
    default_flash(u32::try_from(image_len.saturating_add(room)).unwrap_or(u32::MAX))
}

/// An image that is none of those in the package, and begins like none: behind it flash is erased, which a longer
/// image may have there too.
fn unlisted_image(inputs: &BuildInputs<'_>) -> [u8; 1] {
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

#[cfg(test)]
mod tests;
