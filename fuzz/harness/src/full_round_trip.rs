//! Images that are encoded in full must come back, in pieces of any size.
//!
//! An input is a pace (3 B), profile, instruction set and effort (1 B each), an old image with its length in front (2 B),
//! and the edit that makes the image of it.

use sprag_delta::Profile;

use crate::choices::Choices;
use crate::decoding::{self, End, Pace, len_u32};
use crate::delta_round_trip::{EFFORTS, ISAS};
use crate::images;

/// Runs one input.
///
/// # Panics
/// If the image does not come back.
pub fn run(input: &[u8]) {
    let mut choices = Choices::new(input);
    let pace = Pace::take(&mut choices);
    let profile = choices.pick(&Profile::ALL);
    let isa = choices.pick(&ISAS);
    let effort = choices.pick(&EFFORTS);
    let old = images::old(&mut choices);
    let image = images::new(&mut choices, old);
    let stream = sprag::full::encode(&image, profile, isa, effort, &mut |_| ())
        .expect("an image that is short enough");
    let made = decoding::full(&stream, len_u32(&image), pace);
    match made.end {
        End::Done => assert!(made.bytes == image, "another image came back"),
        End::Stopped => assert!(image.starts_with(&made.bytes), "another image came back"),
        End::Refused(error) => panic!("refused: {error:?}"),
    }
}
