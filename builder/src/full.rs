//! The encoder of native full images: operations by a cost-based parse, coded with the model that
//! `sprag-delta` shares with the decoder. Pure functions of slices.

mod matcher;
mod parse;

use sprag_delta::full::{Encoder, filter_image, workspace_len};
use sprag_delta::{ByteSink, EncodeError, Isa, Profile};

/// Encodes `image` for a device with `profile`, its code in `isa`. `progress` is told the bytes done.
///
/// # Errors
/// [`EncodeError::ImageTooLong`] if the image is longer than 2^32 - 1 bytes.
pub fn encode(
    image: &[u8],
    profile: Profile,
    isa: Isa,
    depth: u32,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<u8>, EncodeError> {
    let mut filtered = image.to_vec();
    filter_image(isa, &mut filtered);
    let mut workspace = vec![0; workspace_len(profile)];
    let mut stream = Stream(Vec::new());
    let mut encoder = Encoder::new(&mut workspace, profile, isa, &filtered, &mut stream)?;
    parse::parse(&filtered, &mut encoder, depth, progress);
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
