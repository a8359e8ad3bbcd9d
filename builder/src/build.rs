//! Builds a package: encodes, chooses, assembles, signs, and lets the device code accept it before anyone sees it.

mod self_check;

use sprag_manifest::{DeviceProfile, Digest, Image, Role};

use crate::codec::{
    self, CodecChoice, CodecLimits, DEFAULT_GATEWAY_RAM, DEFAULT_RAM, Effort, Progress,
};
use crate::digest::sha256;
use crate::error::Error;
use crate::keys::SigningKey;
use crate::package::{Fit, PayloadSpec, assemble};
use crate::release::{ReleaseSpec, checked_name};
use crate::sniff;
use crate::strategy::single::{self, Single};
use self_check::self_check;

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

/// Whether a device with a single slot can go back to the image that it ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WayBack {
    /// It cannot.
    #[default]
    Without,
    /// Beside each delta goes one that leads back, which the device stages as well.
    WithReverse,
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
    /// Without a profile: the device has a single slot, and makes groups of so many bytes before they overwrite the old
    /// image; whole sectors of 4 KiB.
    pub in_place: Option<u32>,
    /// Whether a device with a single slot can go back.
    pub way_back: WayBack,
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
    build_with_chain(inputs, &[], key, progress)
}

/// The same with a chain of key set updates in front, for devices that have missed some
/// ([`crate::TrustFile::chain`]).
///
/// # Errors
/// Those of [`build`].
pub fn build_with_chain(
    inputs: &BuildInputs<'_>,
    chain: &[u8],
    key: &SigningKey,
    progress: Progress<'_>,
) -> Result<Vec<u8>, Error> {
    let release = &inputs.release;
    check_images(inputs)?;
    let single = only_slot(inputs)?;
    let limits = CodecLimits {
        ram: workspace_limit(inputs, single.is_some()),
        effort: inputs.effort,
        isa: None,
        load_address: release.rest.load_address.or(inputs.told_address),
        in_place: None,
    };

    let mut payloads = Vec::new();
    let mut full = None;
    let mut full_wanted = inputs.full == FullImage::Always || inputs.sources.is_empty();
    for (number, source) in (0_u32..).zip(&inputs.sources) {
        let mut made = |role, old: &[u8], new: &[u8]| {
            let plan = match (&single, inputs.codec) {
                (None, _) | (_, CodecChoice::Stored) => None,
                (Some(single), _) => Some(single.plan(len(old), len(new), limits.ram)?),
            };
            let limits = CodecLimits {
                ram: plan.map_or(limits.ram, |plan| plan.workspace),
                in_place: plan.map(|plan| plan.in_place),
                ..limits
            };
            let encoded = codec::delta(old, new, inputs.codec, &limits, progress)?;
            Ok::<_, Error>(encoded.map(|encoded| PayloadSpec {
                role,
                source: Some(number),
                encoded,
                in_place: plan,
                decoder_reads: None,
            }))
        };
        let delta = made(Role::Delta, source.bytes, inputs.new)?;
        if inputs.way_back == WayBack::WithReverse {
            let reverse = made(Role::Reverse, inputs.new, source.bytes)?;
            payloads.extend(delta.into_iter().chain(reverse));
            continue;
        }
        let kept = match delta {
            Some(delta) if inputs.codec == CodecChoice::Auto => {
                let len = delta.encoded.bytes.len();
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
            Some(delta) => payloads.push(delta),
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
            in_place: None,
            decoder_reads: None,
        });
    }

    if single.is_some() || inputs.profile.is_some_and(|p| p.flash.is_some()) {
        for payload in &mut payloads {
            let source = payload.source.and_then(|n| usize::try_from(n).ok());
            let source = source.and_then(|n| inputs.sources.get(n));
            let old = source.map_or(&[][..], |source| source.bytes);
            match payload.role {
                Role::Reverse => payload.count_reads(inputs.new, old),
                _ => payload.count_reads(old, inputs.new),
            }
        }
    }

    let target = image(&release.new_version, inputs.new, release.rest.load_address);
    let sources: Vec<Image<'_>> = inputs
        .sources
        .iter()
        .map(|source| image(source.version, source.bytes, None))
        .collect();
    let fit = Fit {
        profile: inputs.profile,
        single,
        chain,
    };
    let package = assemble(release, &sources, target, &payloads, fit, key)?;
    self_check(inputs, &package, key, progress)?;
    Ok(package)
}

fn image<'a>(version: &'a str, bytes: &[u8], load_address: Option<u64>) -> Image<'a> {
    Image {
        version,
        digest: sha256(bytes),
        size: len(bytes),
        load_address,
    }
}

fn len(image: &[u8]) -> u32 {
    u32::try_from(image.len()).unwrap_or(u32::MAX)
}

/// The only slot of the device, if it has no second one.
fn only_slot(inputs: &BuildInputs<'_>) -> Result<Option<Single>, Error> {
    let refused = |field, value: String, reason: &str| {
        let reason = reason.into();
        Err(Error::BadValue {
            field,
            value,
            reason,
        })
    };
    let flash = inputs.profile.and_then(|profile| profile.flash);
    let single = match (flash, inputs.in_place) {
        (Some(_), Some(group_len)) => {
            let reason = "the device profile says what flash there is";
            return refused("in-place", group_len.to_string(), reason);
        }
        (Some(flash), None) => Single::of(&flash),
        (None, Some(group_len)) => Some(Single::with_groups(group_len)?),
        (None, None) => None,
    };
    let back = inputs.way_back == WayBack::WithReverse;
    match (single, inputs.codec) {
        (None, _) if back => {
            let reason = "a device with two slots keeps its old image, and none with one is named";
            refused("with-reverse", "true".into(), reason)
        }
        (Some(_), CodecChoice::BsdiffZstd) => {
            let reason = "its decoder cannot be saved, as a device with a single slot has to";
            refused("codec", "bsdiff-zstd".into(), reason)
        }
        (Some(_), CodecChoice::Stored) if back => refused(
            "codec",
            "stored".into(),
            "there is no way back without a delta",
        ),
        _ if back && inputs.sources.is_empty() => Err(Error::MissingField { field: "old" }),
        _ => Ok(single),
    }
}

/// No image lies across the end of the address space.
fn check_address(inputs: &BuildInputs<'_>) -> Result<(), Error> {
    let Some(address) = inputs.release.rest.load_address else {
        return Ok(());
    };
    let last = len(inputs.new).checked_sub(1).map(u64::from);
    match last.and_then(|last| address.checked_add(last)) {
        Some(_) => Ok(()),
        None => Err(Error::BadValue {
            field: "load-address",
            value: format!("{address:#x}"),
            reason: "the image would end behind the end of the address space".into(),
        }),
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
    check_address(inputs)?;
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
fn workspace_limit(inputs: &BuildInputs<'_>, single: bool) -> u32 {
    let buffers = match inputs.release.rest.block_size {
        None if single => single::BUFFERS,
        _ => inputs.release.block_size.saturating_add(BUFFERS),
    };
    match (inputs.ram, inputs.profile, inputs.codec) {
        (Some(ram), _, _) => ram,
        (None, Some(profile), _) => profile.ram.saturating_sub(buffers),
        (None, None, CodecChoice::BsdiffZstd) => DEFAULT_GATEWAY_RAM,
        (None, None, _) => DEFAULT_RAM,
    }
}

/// Bytes of page and output buffer (docs/FORMAT.md, "Total RAM").
const BUFFERS: u32 = sprag_manifest::PAGE_LEN + sprag_manifest::OUTPUT_BUFFER_LEN;

#[cfg(test)]
mod tests;
