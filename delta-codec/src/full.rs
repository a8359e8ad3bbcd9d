//! The full-image codec: a new image from nothing, for devices without a useful old one.
//!
//! LZ77 operations over bytes whose branches are absolute, every decision predicted by mixed
//! contexts. The window is the new image itself, read back from flash. What a stream says is in
//! `docs/FORMAT.md`, "Native full".

mod decoder;
mod encoder;
mod filter;
mod header;
mod machine;
mod memory;
mod model;
mod tables;

pub use decoder::{Decoder, WORK_PER_BYTE};
pub use encoder::{Encoder, PRICE_BIT, filter_image};
pub use memory::{Memory, Source};
pub use model::LENGTH_STEPS;

use crate::coder::{ByteSink, Coder, RangeDecoder, RangeEncoder};
use crate::fifo::FIFO_LEN;
use crate::profile::Profile;
use tables::Layout;

/// A coder that may leave the tables as they are.
pub(crate) trait Side: Coder {
    /// Whether tables learn from what is coded.
    const LEARNING: bool;
}

impl Side for RangeDecoder<'_, '_> {
    const LEARNING: bool = true;
}

impl<S: ByteSink> Side for RangeEncoder<'_, S> {
    const LEARNING: bool = true;
}

/// Bytes of the window in the workspace.
pub(crate) const WINDOW_LEN: usize = 96;

/// Filtered bytes kept at hand.
pub(crate) const RECENT_LEN: usize = 32;

/// Bytes of workspace that decoding a stream of `profile` takes. A workspace may be larger.
#[must_use]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "constants of a few KiB, evaluated when compiled"
)]
pub const fn workspace_len(profile: Profile) -> usize {
    FIFO_LEN + WINDOW_LEN + RECENT_LEN + Layout::of(profile).len()
}

const _: () = {
    let mut i = 0;
    while i < Profile::ALL.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
        let profile = Profile::ALL[i];
        let need = workspace_len(profile) + size_of::<Decoder<'_>>();
        assert!(need <= profile.bytes());
        i += 1;
    }
};
