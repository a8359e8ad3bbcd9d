//! The adaptive tables in a slab of bytes, and how large they are. `mix` has what counters and
//! weights do.

mod mix;

use crate::ablation::{self, Stage};
use crate::map::{Anchors, Learned, Map, QUEUED_LEN, Widths};
use crate::model::{SUBSTITUTION_STATES, WEIGHT_COUNT};
use crate::priors;
use crate::profile::Profile;
use crate::recall::{RECALL_LEN, Recalls};
use crate::region::{REGION_LEN, Regions};
use crate::substitution::{SUBSTITUTION_LEN, Substitutions};

use mix::{COUNTER_NEW, WEIGHT_NEW, believing};
pub(crate) use mix::{Counter, VOTES_MAX, Vote, Votes};

/// How many of each table a profile has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Log2 of the counters of literals under the byte before.
    pub(crate) order_1_bits: u32,
    /// Recalled bytes.
    pub(crate) recall_count: usize,
    /// Log2 of the counters in each hashed table of flag contexts.
    pub(crate) flag_bits: u32,
    /// Log2 of the recent hits and misses that a flag's context holds.
    pub(crate) history_bits: u32,
    /// Log2 of the positions that order 0 tells apart.
    pub(crate) phase_bits: u32,
    /// Bytes of the major operations.
    pub(crate) map_bytes: usize,
    /// The same where anchors are for numbers and need more.
    pub(crate) map_bytes_beside_numbers: usize,
    /// Major operations whose order in the new image is found at once.
    pub(crate) queue_count: usize,
    /// Bytes of the learned targets.
    pub(crate) learned_bytes: usize,
    /// Bytes of the anchors in RAM.
    pub(crate) anchor_bytes: usize,
    /// Substitutions, a power of two or none.
    pub(crate) substitution_count: usize,
    /// Regions behind the first one.
    pub(crate) region_count: usize,
}

#[expect(clippy::arithmetic_side_effects, reason = "constants below 2^23")]
impl Layout {
    pub(crate) const fn of(profile: Profile) -> Self {
        match profile {
            Profile::Kib8 => Self {
                order_1_bits: 7,
                recall_count: 90,
                flag_bits: 6,
                history_bits: 6,
                phase_bits: 0,
                map_bytes: 578,
                map_bytes_beside_numbers: 289,
                queue_count: 8,
                learned_bytes: 128,
                anchor_bytes: 120,
                substitution_count: 0,
                region_count: 6,
            },
            Profile::Kib16 => Self {
                order_1_bits: 9,
                recall_count: 994,
                flag_bits: 8,
                history_bits: 8,
                phase_bits: 1,
                map_bytes: 2984,
                map_bytes_beside_numbers: 1492,
                queue_count: 24,
                learned_bytes: 512,
                anchor_bytes: 320,
                substitution_count: 128,
                region_count: 32,
            },
            Profile::Kib64 => Self {
                order_1_bits: 12,
                recall_count: 3042,
                flag_bits: 10,
                history_bits: 8,
                phase_bits: 2,
                map_bytes: 29640,
                map_bytes_beside_numbers: 14_820,
                queue_count: 128,
                learned_bytes: 4096,
                anchor_bytes: 1250,
                substitution_count: 512,
                region_count: 128,
            },
            Profile::Gateway => Self {
                order_1_bits: 17,
                recall_count: 1 << 20,
                flag_bits: 16,
                history_bits: 14,
                phase_bits: 2,
                map_bytes: 360_000,
                map_bytes_beside_numbers: 360_000,
                queue_count: 40_000,
                learned_bytes: 6 << 16,
                anchor_bytes: 24_000 * 8,
                substitution_count: 1 << 16,
                region_count: 8192,
            },
        }
    }

    /// Bytes of the map: what anchors do not take.
    pub(crate) const fn map_bytes_of(self, widths: Widths) -> usize {
        widths.map_bytes(
            self.map_bytes,
            self.anchor_bytes,
            self.map_bytes_beside_numbers,
        )
    }

    /// Counters of bytes and numbers.
    pub(crate) const fn bit_count(self) -> usize {
        self.order_0() + (256 << self.phase_bits)
    }

    /// Where the counters of order 0 begin.
    pub(crate) const fn order_0(self) -> usize {
        crate::model::BITS_FIXED + (1 << self.order_1_bits)
    }

    /// Where the counters under recent hits and misses begin.
    pub(crate) const fn histories(self) -> usize {
        crate::model::FLAGS_FIXED + (2 << self.flag_bits)
    }

    /// Where the counters under the state of the substitution begin.
    pub(crate) const fn substitution_flags(self) -> usize {
        self.histories() + (1 << self.history_bits)
    }

    /// Counters of flags.
    pub(crate) const fn flag_count(self) -> usize {
        let states = if self.substitution_count > 0 {
            SUBSTITUTION_STATES
        } else {
            1
        };
        self.substitution_flags() + 16 * states
    }

    /// Bytes of all tables.
    pub(crate) const fn len(self) -> usize {
        2 * self.bit_count()
            + 2 * self.flag_count()
            + 4 * WEIGHT_COUNT
            + self.map_bytes
            + QUEUED_LEN * self.queue_count
            + self.learned_bytes
            + self.anchor_bytes
            + SUBSTITUTION_LEN * self.substitution_count
            + REGION_LEN * self.region_count
            + RECALL_LEN * self.recall_count
    }
}

/// Where those counters begin whose number depends on the profile, and masks of as many.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) order_0: usize,
    pub(crate) phase_mask: u32,
    pub(crate) order_1_mask: usize,
    pub(crate) flag_mask: usize,
    pub(crate) histories: usize,
    pub(crate) history_mask: usize,
    pub(crate) substitution_flags: usize,
}

#[expect(clippy::arithmetic_side_effects, reason = "constants below 2^23")]
impl Places {
    const fn of(layout: Layout) -> Self {
        Self {
            order_0: layout.order_0(),
            phase_mask: (1 << layout.phase_bits) - 1,
            order_1_mask: (1 << layout.order_1_bits) - 1,
            flag_mask: (1 << layout.flag_bits) - 1,
            histories: layout.histories(),
            history_mask: (1 << layout.history_bits) - 1,
            substitution_flags: layout.substitution_flags(),
        }
    }

    /// In flash: of a copy there would be two on the stack.
    const fn at(profile: Profile) -> &'static Self {
        static KIB_8: Places = Places::of(Layout::of(Profile::Kib8));
        static KIB_16: Places = Places::of(Layout::of(Profile::Kib16));
        static KIB_64: Places = Places::of(Layout::of(Profile::Kib64));
        static GATEWAY: Places = Places::of(Layout::of(Profile::Gateway));
        match profile {
            Profile::Kib8 => &KIB_8,
            Profile::Kib16 => &KIB_16,
            Profile::Kib64 => &KIB_64,
            Profile::Gateway => &GATEWAY,
        }
    }
}

/// Typed views of the slab.
pub(crate) struct Tables<'a> {
    pub(crate) places: &'static Places,
    bits: &'a mut [Counter],
    flags: &'a mut [Counter],
    weights: &'a mut [[u8; 4]],
    pub(crate) map: Map<'a>,
    pub(crate) learned: Learned<'a>,
    pub(crate) anchors: Anchors<'a>,
    pub(crate) substitutions: Substitutions<'a>,
    pub(crate) regions: Regions<'a>,
    pub(crate) recalls: Recalls<'a>,
}

impl<'a> Tables<'a> {
    /// Splits a slab of at least [`Layout::len`] bytes; `None` if it is shorter.
    pub(crate) fn split(slab: &'a mut [u8], profile: Profile, widths: Widths) -> Option<Self> {
        let layout = Layout::of(profile);
        let (bits, rest) = pieces(slab, layout.bit_count())?;
        let (flags, rest) = pieces(rest, layout.flag_count())?;
        let (weights, rest) = pieces(rest, WEIGHT_COUNT)?;
        let (learned, rest) = rest.split_at_mut_checked(layout.learned_bytes)?;
        let places = layout.map_bytes.checked_add(layout.anchor_bytes)?;
        let (places, rest) = rest.split_at_mut_checked(places)?;
        let map_bytes = layout.map_bytes_of(widths);
        let (majors, anchors) = places.split_at_mut_checked(map_bytes)?;
        let queue = QUEUED_LEN.checked_mul(layout.queue_count)?;
        let (queue, rest) = rest.split_at_mut_checked(queue)?;
        let (substitutions, rest) = pieces(rest, layout.substitution_count)?;
        let (regions, rest) = pieces(rest, layout.region_count)?;
        let (recalls, _) = pieces(rest, layout.recall_count)?;
        Some(Self {
            places: Places::at(profile),
            bits,
            flags,
            weights,
            map: Map::new(majors, queue, widths),
            learned: Learned::new(learned, widths),
            anchors: Anchors::new(anchors, widths),
            substitutions: Substitutions {
                entries: substitutions,
            },
            regions: Regions { entries: regions },
            recalls: Recalls { entries: recalls },
        })
    }

    /// Puts every counter and weight into its first state.
    pub(crate) fn reset(&mut self) {
        self.bits.fill(COUNTER_NEW);
        self.flags.fill(COUNTER_NEW);
        self.weights.fill(WEIGHT_NEW.to_le_bytes());
        self.learned.clear();
        self.substitutions.entries.fill(Default::default());
        self.recalls.entries.fill(Default::default());
        if !ablation::is_on(Stage::Priors) {
            return;
        }
        #[cfg(feature = "train")]
        if crate::train::is_blank() {
            return;
        }
        for (counter, prior) in self.bits.iter_mut().zip(&priors::BITS) {
            *counter = believing(*prior);
        }
        for (counter, prior) in self.flags.iter_mut().zip(&priors::FLAGS) {
            *counter = believing(*prior);
        }
        for (weight, prior) in self.weights.iter_mut().zip(&priors::WEIGHTS) {
            *weight = (i32::from(*prior) << 11).to_le_bytes();
        }
    }

    /// Counters of bits, counters of flags, mixer weights.
    #[cfg(feature = "train")]
    pub(crate) fn learned_values(&self) -> (&[Counter], &[Counter], &[[u8; 4]]) {
        (self.bits, self.flags, self.weights)
    }
}

/// The first `count` pieces of `N` bytes, and the rest.
fn pieces<const N: usize>(slab: &mut [u8], count: usize) -> Option<(&mut [[u8; N]], &mut [u8])> {
    let (front, rest) = slab.split_at_mut_checked(count.checked_mul(N)?)?;
    let (pieces, _) = front.as_chunks_mut();
    Some((pieces, rest))
}

#[cfg(test)]
mod tests;
