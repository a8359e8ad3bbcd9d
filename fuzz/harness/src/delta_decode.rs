//! Hostile deltas, for every profile and instruction set, over any old image: in pieces of any size, going on from
//! checkpoints at any call, decoding gives what it gives at once, or is refused for the same reason. Damaged checkpoints do no
//! harm.
//!
//! An input is a pace (3 B), flags (1 B), the length of the new image (3 B), the length of the stream (2 B), the stream, and
//! the old image, repeated as the flags say.

use crate::choices::Choices;
use crate::decoding::{self, Pace};

/// Longest new image, in bytes.
const NEW_MAX: u32 = 1 << 18;
/// Longest old image, in bytes.
const OLD_MAX: usize = 1 << 16;

/// Runs one input.
pub fn run(input: &[u8]) {
    let mut choices = Choices::new(input);
    let pace = Pace::take(&mut choices);
    let flags = choices.u8();
    let new_len = (u32::from(choices.u16()) | u32::from(choices.u8()) << 16) % NEW_MAX;
    let len = usize::from(choices.u16());
    let stream = choices.bytes(len);
    let old = choices.rest();
    let times = 1 << (flags & 7);
    let old: Vec<u8> = old.repeat(times).into_iter().take(OLD_MAX).collect();
    if flags & 8 != 0 {
        decoding::delta(stream, &old, new_len, pace.with_damage());
        return;
    }
    let whole = decoding::delta(stream, &old, new_len, Pace::WHOLE);
    let made = decoding::delta(stream, &old, new_len, pace);
    made.assert_same(&whole);
}
