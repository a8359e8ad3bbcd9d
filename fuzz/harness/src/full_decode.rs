//! Hostile full images: in pieces of any size, decoding gives what it gives at once, or is refused for the same reason.
//!
//! An input is a pace (3 B), the length of the image (3 B), and the stream.

use crate::choices::Choices;
use crate::decoding::{self, Pace};

/// Longest image, in bytes.
const LEN_MAX: u32 = 1 << 18;

/// Runs one input.
pub fn run(input: &[u8]) {
    let mut choices = Choices::new(input);
    let pace = Pace::take(&mut choices);
    let len = (u32::from(choices.u16()) | u32::from(choices.u8()) << 16) % LEN_MAX;
    let stream = choices.rest();
    let whole = decoding::full(stream, len, Pace::WHOLE);
    let made = decoding::full(stream, len, pace);
    made.assert_same(&whole);
}
