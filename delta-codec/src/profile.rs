use core::mem::size_of;

use crate::decoder::Decoder;
use crate::fifo::FIFO_LEN;
use crate::machine::{LAYOUT_STEPS, MAJOR_STEPS, REGION_STEPS, STEP_WORK, WINDOW_LEN};
use crate::map::Widths;
use crate::tables::Layout;

/// How much RAM a patch may ask of a device. Larger tables predict better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Profile {
    /// Decoding fits 8 KiB.
    Kib8,
    /// Decoding fits 16 KiB.
    Kib16,
    /// Decoding fits 64 KiB.
    Kib64,
    /// Decoding fits 8 MiB: gateways, which run Linux.
    Gateway,
}

impl Profile {
    /// All profiles, smallest first.
    pub const ALL: [Self; 4] = [Self::Kib8, Self::Kib16, Self::Kib64, Self::Gateway];

    /// The bytes that workspace and [`Decoder`] together stay within.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Kib8 => 8 * 1024,
            Self::Kib16 => 16 * 1024,
            Self::Kib64 => 64 * 1024,
            Self::Gateway => 8 * 1024 * 1024,
        }
    }

    /// The most major operations of a stream between images of so many bytes, with so many bytes
    /// of RAM that pointers are recognised into.
    #[must_use]
    pub const fn major_count(self, old_len: u32, new_len: u32, ram_len: u32) -> usize {
        let layout = Layout::of(self);
        let widths = Widths::of_lengths(old_len, new_len, ram_len);
        widths.major_count(layout.map_bytes_of(widths))
    }

    /// The most regions of a stream behind the first one.
    #[must_use]
    pub const fn region_count(self) -> usize {
        Layout::of(self).region_count
    }

    /// Upper bound of binary decisions before the first byte of output, for layout and map.
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "constants far below 2^32, evaluated when compiled"
    )]
    pub const fn work_before_output(self) -> u32 {
        let steps = LAYOUT_STEPS
            + REGION_STEPS * self.region_count()
            + MAJOR_STEPS as usize * self.major_count(0, 0, 0);
        STEP_WORK * steps as u32
    }

    /// The profile's number in a stream header.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Kib8 => 0,
            Self::Kib16 => 1,
            Self::Kib64 => 2,
            Self::Gateway => 3,
        }
    }

    /// The profile of a number in a stream header.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Kib8),
            1 => Some(Self::Kib16),
            2 => Some(Self::Kib64),
            3 => Some(Self::Gateway),
            _ => None,
        }
    }
}

/// Bytes of workspace that decoding a stream of `profile` takes. A workspace may be larger.
#[must_use]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "constants of a few KiB, evaluated when compiled"
)]
pub const fn workspace_len(profile: Profile) -> usize {
    FIFO_LEN + WINDOW_LEN + Layout::of(profile).len()
}

const _: () = {
    let mut i = 0;
    while i < Profile::ALL.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
        let profile = Profile::ALL[i];
        assert!(workspace_len(profile) + size_of::<Decoder<'_>>() <= profile.bytes());
        i += 1;
    }
};
