//! How a payload is made: every codec the builder knows, and the choice among them.

mod bsdiff_zstd;
mod full;
mod host;
mod native;

use sprag_delta::{Profile, workspace_len};
use sprag_manifest::{Codec, Isa};

use crate::delta::InPlace;
use crate::error::Error;
pub(crate) use bsdiff_zstd::BsdiffZstdDecoder;
pub(crate) use full::encode as native_full;
pub use host::{HostCodecs, HostDecoder};
pub use native::encode as native;
pub(crate) use native::{Found, encode_found, find};

pub use crate::delta::Effort;

/// RAM that `--ram` stands at when it is left out: the 16 KiB profile.
pub const DEFAULT_RAM: u32 = 16 * 1024;

/// RAM for `--codec bsdiff-zstd` without `--ram`: devices that run Linux.
pub const DEFAULT_GATEWAY_RAM: u32 = 64 * 1024 * 1024;

/// `--codec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CodecChoice {
    /// The smallest payload that the device can decode, the full image included.
    #[default]
    Auto,
    /// The native delta, and the native full image where there is no old one.
    Native,
    /// bsdiff operations in a zstd frame.
    BsdiffZstd,
    /// The image as it is.
    Stored,
}

/// An encoded payload, before it is cut into blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// How it is encoded.
    pub codec: Codec,
    /// The payload.
    pub bytes: Vec<u8>,
    /// Bytes of decoder workspace it needs.
    pub workspace: u32,
}

/// What the encoders may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecLimits {
    /// Bytes of decoder workspace on the device.
    pub ram: u32,
    /// How hard to try.
    pub effort: Effort,
    /// Instruction set to code for; found from the images if not given.
    pub isa: Option<Isa>,
    /// Address that both images are linked to run at; guessed from the old one if not given.
    pub load_address: Option<u64>,
    /// Native deltas for a device with a single slot.
    pub in_place: Option<InPlace>,
}

/// Told what is going on: a word for the step, the bytes of the new image done, and how many there are.
pub type Progress<'p> = &'p mut dyn FnMut(&'static str, u64, u64);

/// The full image, as `choice` says: the smaller of native and stored if it leaves that open.
///
/// # Errors
/// [`Error::DoesNotFit`] if the native codec was asked for by name and needs more than the limits, [`Error::Codec`] if
/// its encoder fails.
pub(crate) fn full(
    new: &[u8],
    choice: CodecChoice,
    limits: &CodecLimits,
    progress: Progress<'_>,
) -> Result<Encoded, Error> {
    let stored = stored(new);
    if choice == CodecChoice::Stored {
        return Ok(stored);
    }
    match native_full(new, limits, progress) {
        Ok(native) if native.bytes.len() < stored.bytes.len() => Ok(native),
        Ok(_) => Ok(stored),
        Err(Error::DoesNotFit { .. }) if choice != CodecChoice::Native => Ok(stored),
        Err(e) => Err(e),
    }
}

/// Whether a full image may be smaller than a payload of `len` bytes. Costs little; a yes may be wrong, a no is not.
pub(crate) fn full_may_beat(new: &[u8], choice: CodecChoice, len: usize) -> bool {
    new.len() <= len || choice == CodecChoice::Auto && full::may_beat(new, len)
}

/// The full image, stored.
fn stored(new: &[u8]) -> Encoded {
    Encoded {
        codec: Codec::Stored,
        bytes: new.to_vec(),
        workspace: 0,
    }
}

/// A delta from `old` to `new`, as `choice` says; `None` if no delta codec fits, or `choice` asks for none.
///
/// # Errors
/// [`Error::DoesNotFit`] if a codec that was asked for by name needs more than the limits, [`Error::Codec`] if its
/// encoder fails.
pub(crate) fn delta(
    old: &[u8],
    new: &[u8],
    choice: CodecChoice,
    limits: &CodecLimits,
    progress: Progress<'_>,
) -> Result<Option<Encoded>, Error> {
    let native = |progress: Progress<'_>| native(old, new, limits, progress);
    let bsdiff = || bsdiff_zstd::encode(old, new, limits.ram);
    match choice {
        CodecChoice::Stored => Ok(None),
        CodecChoice::Native => native(progress).map(Some),
        CodecChoice::BsdiffZstd => bsdiff().map(Some),
        CodecChoice::Auto => {
            // The state of the other decoder cannot be saved between two groups.
            let other = limits.in_place.is_none().then(bsdiff);
            let candidates = [native(progress)].into_iter().chain(other);
            let mut best: Option<Encoded> = None;
            for candidate in candidates {
                match candidate {
                    Ok(encoded) => {
                        if best
                            .as_ref()
                            .is_none_or(|best| encoded.bytes.len() < best.bytes.len())
                        {
                            best = Some(encoded);
                        }
                    }
                    Err(Error::DoesNotFit { .. }) => {}
                    Err(e) => return Err(e),
                }
            }
            Ok(best)
        }
    }
}

/// The largest profile whose decoder fits `ram` bytes.
///
/// # Errors
/// [`Error::DoesNotFit`] if not even the smallest does.
pub(crate) fn native_profile(ram: u32) -> Result<Profile, Error> {
    fitting_profile(ram, "the native delta decoder", workspace_len)
}

/// The largest profile of which `need` says that it fits `ram` bytes.
fn fitting_profile(
    ram: u32,
    what: &'static str,
    workspace_len: fn(Profile) -> usize,
) -> Result<Profile, Error> {
    let need = |profile| u64::try_from(workspace_len(profile)).unwrap_or(u64::MAX);
    let fitting = Profile::ALL
        .into_iter()
        .filter(|&profile| need(profile) <= ram.into());
    let smallest = Profile::ALL.into_iter().map(need).min().unwrap_or(u64::MAX);
    fitting
        .max_by_key(|&profile| need(profile))
        .ok_or(Error::DoesNotFit {
            what,
            need: smallest,
            have: ram.into(),
        })
}
