//! The native delta: which profile, which instruction set, which addresses.

use sprag_delta::{Addresses, Isa, Profile, Segments, workspace_len};
use sprag_manifest::Codec;

use super::{CodecLimits, Encoded, Progress, native_profile};
use crate::delta::{self, Effort, EncodeOptions, detect_addresses, encode_with_progress, regions};
use crate::error::Error;
use crate::image::isa::by_calls;
use crate::sniff;

/// Images up to this length are coded once more without an instruction set, in case their code is but a part of them.
const TRY_NONE_LEN: usize = 1 << 20;

/// Bytes of a sample of the new image, and how much further the sample of the old one reaches on either side.
const SAMPLE_LEN: usize = 96 * 1024;
const SAMPLE_MARGIN: usize = 32 * 1024;
/// Where samples begin, in tenths of the image.
const SAMPLES: [usize; 2] = [3, 6];

/// The instruction sets that the codec knows.
const ISAS: [Isa; 8] = [
    Isa::None,
    Isa::Thumb,
    Isa::A32,
    Isa::A64,
    Isa::Rv32,
    Isa::Rv64,
    Isa::Xtensa,
    Isa::X86_64,
];

/// What was found out about the images, to be told to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Instruction set that the codec works with.
    pub(crate) isa: Isa,
    /// How it was found.
    pub(crate) isa_evidence: IsaEvidence,
    /// Where the images and the RAM lie.
    pub(crate) addresses: Addresses,
}

/// What speaks for an instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IsaEvidence {
    /// It was given.
    Given,
    /// A header of the image says so.
    Header(&'static str),
    /// So many calls land where functions begin, and hardly any do in another instruction set.
    Calls(u32),
    /// Samples of the images take the fewest bytes.
    Samples,
}

impl IsaEvidence {
    /// Whether coding without an instruction set is not worth a try.
    const fn is_clear(self) -> bool {
        matches!(self, Self::Given | Self::Calls(_))
    }
}

impl core::fmt::Display for IsaEvidence {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Given => f.write_str("given"),
            Self::Header(header) => f.write_str(header),
            Self::Calls(hits) => write!(f, "{hits} calls land on functions"),
            Self::Samples => f.write_str("samples of the images are coded shortest"),
        }
    }
}

/// The native delta, in the largest profile that fits.
///
/// # Errors
/// [`Error::DoesNotFit`] if no profile fits, [`Error::Codec`] if the encoder refuses the images.
pub fn encode(
    old: &[u8],
    new: &[u8],
    limits: &CodecLimits,
    progress: Progress<'_>,
) -> Result<Encoded, Error> {
    encode_found(old, new, limits, &find(old, new, limits)?, progress)
}

/// The native delta of images of which `found` is known.
///
/// # Errors
/// As [`encode`].
pub(crate) fn encode_found(
    old: &[u8],
    new: &[u8],
    limits: &CodecLimits,
    found: &Found,
    progress: Progress<'_>,
) -> Result<Encoded, Error> {
    let profile = native_profile(limits.ram)?;
    let isa = found.isa;
    let total = u64::try_from(new.len()).unwrap_or(u64::MAX);
    let mut stream = |isa, effort| {
        let mut addresses = found.addresses;
        let old_regions = regions::find(isa, old, profile.region_count());
        let new_regions = regions::find(isa, new, usize::MAX);
        (addresses.old, addresses.new) = regions::with_origins_and_tails(
            isa,
            (old, new),
            (&old_regions, &new_regions),
            (addresses.old, addresses.new),
        );
        let options = EncodeOptions {
            effort,
            isa,
            addresses,
            old_regions: &old_regions,
            new_regions: &new_regions,
            in_place: limits.in_place,
            ..EncodeOptions::new(profile)
        };
        let report = &mut |step, done: u32| progress(word(step), done.into(), total);
        encode_with_progress(old, new, &options, report).map_err(refused)
    };
    let mut best = stream(isa, limits.effort)?;
    if isa != Isa::None && !found.isa_evidence.is_clear() && new.len() <= TRY_NONE_LEN {
        let mut plain = stream(Isa::None, Effort::Fast)?;
        // More effort saves less than this.
        if limits.effort > Effort::Fast && plain.len() < best.len() + best.len() / 4 {
            plain = stream(Isa::None, limits.effort)?;
        }
        if plain.len() < best.len() {
            best = plain;
        }
    }
    let workspace = u32::try_from(workspace_len(profile)).unwrap_or(u32::MAX);
    Ok(Encoded {
        codec: Codec::NativeDelta,
        bytes: best,
        workspace,
    })
}

fn refused(e: sprag_delta::EncodeError) -> Error {
    Error::Codec {
        codec: "native",
        reason: e.to_string(),
    }
}

const fn word(step: delta::Step) -> &'static str {
    match step {
        delta::Step::Sort => "sorting",
        delta::Step::Parse => "matching",
        delta::Step::Code => "coding",
    }
}

/// The codec's own number of an instruction set is the manifest's; what it has no recogniser for is none to it.
fn codec_isa(isa: sprag_manifest::Isa) -> Isa {
    Isa::from_code(isa.number()).unwrap_or(Isa::None)
}

fn addresses(isa: Isa, old: &[u8], new: &[u8], load_address: Option<u64>) -> Addresses {
    let guess = detect_addresses(isa, old, new);
    match load_address {
        Some(base) => Addresses {
            old: Segments::at(base),
            new: Segments::at(base),
            ..guess
        },
        None => guess,
    }
}

/// Finds what the codec must know of the images: what was given, what their header says, what their code and words
/// show, in this order. A wrong guess costs bytes, never correctness.
///
/// # Errors
/// [`Error::Codec`] if the encoder refuses samples.
pub(crate) fn find(old: &[u8], new: &[u8], limits: &CodecLimits) -> Result<Found, Error> {
    let (isa, isa_evidence) = match limits.isa {
        Some(isa) => (codec_isa(isa), IsaEvidence::Given),
        None => find_isa(old, new, limits.load_address)?,
    };
    let addresses = addresses(isa, old, new, limits.load_address);
    Ok(Found {
        isa,
        isa_evidence,
        addresses,
    })
}

fn find_isa(
    old: &[u8],
    new: &[u8],
    load_address: Option<u64>,
) -> Result<(Isa, IsaEvidence), Error> {
    let sighting = sniff::isa(new);
    let mut candidates: Vec<Isa> = match &sighting {
        Some(sighting) => sighting.all().map(codec_isa).collect(),
        None => ISAS.to_vec(),
    };
    candidates.dedup();
    if let (Some(sighting), [only]) = (&sighting, candidates.as_slice()) {
        return Ok((*only, IsaEvidence::Header(sighting.evidence)));
    }
    let calls = [old, new]
        .into_iter()
        .find_map(|image| by_calls(image, &candidates));
    match calls {
        // For the codec the two differ in what it takes for pointers: in code linked to run at address 0, small
        // words often are none, whatever the width.
        Some(calls) if is_riscv(calls.isa) => candidates.retain(|isa| is_riscv(*isa)),
        Some(calls) => return Ok((calls.isa, IsaEvidence::Calls(calls.hits))),
        None => {}
    }
    let isa = by_samples(&candidates, old, new, load_address)?;
    Ok((isa, IsaEvidence::Samples))
}

const fn is_riscv(isa: Isa) -> bool {
    matches!(isa, Isa::Rv32 | Isa::Rv64)
}

/// The instruction set that codes samples of the images shortest.
fn by_samples(
    candidates: &[Isa],
    old: &[u8],
    new: &[u8],
    load_address: Option<u64>,
) -> Result<Isa, Error> {
    let mut best = (usize::MAX, Isa::None);
    for &isa in candidates {
        let base = addresses(isa, old, new, load_address);
        let mut len = 0;
        for (old_start, old_sample, new_start, new_sample) in samples(old, new) {
            let options = EncodeOptions {
                effort: Effort::Fast,
                isa,
                addresses: Addresses {
                    old: Segments::at(base.old.address_of(0).wrapping_add(old_start)),
                    new: Segments::at(base.new.address_of(0).wrapping_add(new_start)),
                    ..base
                },
                ..EncodeOptions::new(Profile::Kib16)
            };
            len += delta::encode(old_sample, new_sample, &options)
                .map_err(refused)?
                .len();
        }
        if len < best.0 {
            best = (len, isa);
        }
    }
    Ok(best.1)
}

/// Pieces of both images that lie at about the same place: start and bytes of each.
fn samples<'i>(old: &'i [u8], new: &'i [u8]) -> Vec<(u64, &'i [u8], u64, &'i [u8])> {
    if new.len() <= SAMPLES.len() * SAMPLE_LEN {
        return vec![(0, old, 0, new)];
    }
    let wide = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    let sample = |tenths: usize| {
        // Whole instructions of any instruction set, whatever the length.
        let new_start = (new.len() / 10 * tenths) & !3;
        let new_end = (new_start + SAMPLE_LEN).min(new.len());
        let old_start = new_start.saturating_sub(SAMPLE_MARGIN).min(old.len()) & !3;
        let old_end = (new_end + SAMPLE_MARGIN).min(old.len());
        let old_sample = old.get(old_start..old_end).unwrap_or_default();
        let new_sample = new.get(new_start..new_end).unwrap_or_default();
        (wide(old_start), old_sample, wide(new_start), new_sample)
    };
    SAMPLES.into_iter().map(sample).collect()
}

#[cfg(test)]
mod tests;
