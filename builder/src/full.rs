//! The encoder of native full images: operations by a cost-based parse, coded with the model that
//! `sprag-delta` shares with the decoder. Pure functions of slices.

mod matcher;
mod parse;

use sprag_delta::full::{Encoder, filter_image, workspace_len};
use sprag_delta::{ByteSink, EncodeError, Isa, Profile};

use crate::delta::Effort;

/// Positions that a search looks at, by effort.
const fn depth(effort: Effort) -> u32 {
    match effort {
        Effort::Fast => 8,
        _ => 48,
    }
}

/// The instruction set whose filter makes the most of `image` a repetition.
#[must_use]
pub fn find_isa(image: &[u8], candidates: &[Isa]) -> Isa {
    let mut best = (repetitions(image), Isa::None);
    for &isa in candidates {
        let mut filtered = image.to_vec();
        filter_image(isa, &mut filtered);
        let count = repetitions(&filtered);
        if count > best.0 {
            best = (count, isa);
        }
    }
    best.1
}

/// Positions at which five bytes begin that were there before, or nearly so: by their hashes.
fn repetitions(image: &[u8]) -> usize {
    const BITS: u32 = 18;
    let mut seen = vec![0_u16; 1 << BITS];
    let mut count = 0;
    for bytes in image.windows(5) {
        let mut word = [0; 8];
        word[..5].copy_from_slice(bytes);
        let hash = u64::from_le_bytes(word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = usize::try_from(hash >> (64 - BITS)).unwrap_or(0);
        let check = u16::try_from(hash >> 16 & 0xffff).unwrap_or(0) | 1;
        count += usize::from(seen[place] == check);
        seen[place] = check;
    }
    count
}

/// Encodes `image` for a device with `profile`, its code in `isa`. `progress` is told the bytes done.
///
/// # Errors
/// [`EncodeError::ImageTooLong`] if the image is longer than 2^32 - 1 bytes.
pub fn encode(
    image: &[u8],
    profile: Profile,
    isa: Isa,
    effort: Effort,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<u8>, EncodeError> {
    let mut filtered = image.to_vec();
    filter_image(isa, &mut filtered);
    let mut workspace = vec![0; workspace_len(profile)];
    let mut stream = Stream(Vec::new());
    let mut encoder = Encoder::new(&mut workspace, profile, isa, &filtered, &mut stream)?;
    parse::parse(&filtered, &mut encoder, depth(effort), progress);
    encoder.finish();
    Ok(stream.0)
}

/// A stream growing in memory.
struct Stream(Vec<u8>);

impl ByteSink for Stream {
    fn put(&mut self, byte: u8) {
        self.0.push(byte);
    }
}

#[cfg(test)]
mod tests;
