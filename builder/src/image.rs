//! What the builder finds out about an image by looking at its bytes: where it lies in memory, and where its RAM
//! is. Guesses cost bytes if they are wrong, never correctness.

pub(crate) mod base;
pub(crate) mod isa;
pub(crate) mod landmarks;
pub(crate) mod ram;
pub(crate) mod segments;
