//! The native full image: which profile, which instruction set.

use sprag_delta::Isa;
use sprag_delta::full::workspace_len;
use sprag_manifest::Codec;

use super::{CodecLimits, Encoded, Progress, fitting_profile};
use crate::error::Error;
use crate::full;

/// The instruction sets whose branches the codec knows.
const ISAS: [Isa; 6] = [
    Isa::Thumb,
    Isa::A32,
    Isa::A64,
    Isa::Rv32,
    Isa::Rv64,
    Isa::Xtensa,
];

/// The native full image, in the largest profile that fits.
///
/// # Errors
/// [`Error::DoesNotFit`] if no profile fits, [`Error::Codec`] if the encoder refuses the image.
pub(crate) fn encode(
    new: &[u8],
    limits: &CodecLimits,
    progress: Progress<'_>,
) -> Result<Encoded, Error> {
    let what = "the native full-image decoder";
    let profile = fitting_profile(limits.ram, what, workspace_len)?;
    let isa = match limits.isa {
        Some(isa) => Isa::from_code(isa.number()).unwrap_or(Isa::None),
        None => full::find_isa(new, &ISAS),
    };
    let total = u64::try_from(new.len()).unwrap_or(u64::MAX);
    let bytes = full::encode(new, profile, isa, limits.effort, &mut |done| {
        let done = u64::try_from(done).unwrap_or(u64::MAX);
        progress("coding the full image", done, total);
    })
    .map_err(|e| Error::Codec {
        codec: "native full",
        reason: e.to_string(),
    })?;
    Ok(Encoded {
        codec: Codec::NativeFull,
        bytes,
        workspace: u32::try_from(workspace_len(profile)).unwrap_or(u32::MAX),
    })
}

/// Whether the native full image may be smaller than `len` bytes, by a quick look: it is never half of what a fast
/// general compressor makes.
pub(crate) fn may_beat(new: &[u8], len: usize) -> bool {
    zstd::bulk::compress(new, 3).is_ok_and(|quick| quick.len() / 2 < len)
}
