//! The adaptive tables: counters and mixer weights in a slab of bytes.

use core::cell::Cell;

use crate::coder::{Coder, within};
use crate::logistic::{squash, step, stretch};
use crate::map::{Anchors, LEARNED_LEN, Learned, MAJOR_LEN, Map};
use crate::model::{SUBSTITUTION_STATES, WEIGHT_COUNT};
use crate::profile::Profile;
use crate::region::{REGION_LEN, Regions};
use crate::substitution::{SUBSTITUTION_LEN, Substitutions};

/// Inputs of the widest mixer.
pub(crate) const INPUTS_MAX: usize = 9;

/// A counter: the probability of a one and how sure it is, packed into a few bytes. Every bit
/// pattern is a valid counter.
pub(crate) trait Counter: Copy {
    /// A counter that has seen nothing.
    const NEW: Self;

    /// Probability of a one in 1/65536.
    fn one(self) -> u16;

    /// The counter after `bit`.
    fn after(self, bit: bool) -> Self;
}

/// Moves a probability towards `bit`. It stays within 16 bits, as no step is a whole.
#[inline]
fn towards(one: u16, bit: bool, step: i32) -> u16 {
    let one = i32::from(one);
    let target = if bit { 65535 } else { 0_i32 };
    let moved = one.wrapping_add(target.wrapping_sub(one).wrapping_mul(step) >> 14);
    let [low, high, ..] = moved.to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// Little-endian u16: 12 bits of probability over 4 bits of count.
impl Counter for [u8; 2] {
    const NEW: Self = [0x00, 0x80];

    #[inline]
    fn one(self) -> u16 {
        u16::from_le_bytes(self) & 0xfff0 | 8
    }

    #[inline]
    fn after(self, bit: bool) -> Self {
        let [low, _] = self;
        let count = low & 15;
        let moved = towards(self.one(), bit, step(count)) & 0xfff0;
        (moved | u16::from(count.wrapping_add(u8::from(count < 15)))).to_le_bytes()
    }
}

/// Little-endian u16 of probability, then the count: for flags that are nearly always one.
impl Counter for [u8; 3] {
    const NEW: Self = [0x00, 0x80, 0];

    #[inline]
    fn one(self) -> u16 {
        let [low, high, _] = self;
        u16::from_le_bytes([low, high])
    }

    #[inline]
    fn after(self, bit: bool) -> Self {
        let [_, _, count] = self;
        let [low, high] = towards(self.one(), bit, step(count)).to_le_bytes();
        [low, high, count.wrapping_add(u8::from(count < 30))]
    }
}

/// How many of each table a profile has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Log2 of the counters in each hashed table of byte contexts.
    pub(crate) byte_bits: u32,
    /// Log2 of the counters under the old byte of a miss.
    pub(crate) miss_bits: u32,
    /// Log2 of the counters in each hashed table of flag contexts.
    pub(crate) flag_bits: u32,
    /// Log2 of the recent hits and misses that a flag's context holds.
    pub(crate) history_bits: u32,
    /// Log2 of the positions that order 0 tells apart.
    pub(crate) phase_bits: u32,
    /// Major operations.
    pub(crate) major_count: usize,
    /// Log2 of the learned targets.
    pub(crate) learned_bits: u32,
    /// Anchors in RAM.
    pub(crate) anchor_count: usize,
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
                byte_bits: 6,
                miss_bits: 6,
                flag_bits: 6,
                history_bits: 6,
                phase_bits: 0,
                major_count: 28,
                learned_bits: 5,
                anchor_count: 24,
                substitution_count: 0,
                region_count: 6,
            },
            Profile::Kib16 => Self {
                byte_bits: 8,
                miss_bits: 8,
                flag_bits: 8,
                history_bits: 8,
                phase_bits: 1,
                major_count: 166,
                learned_bits: 7,
                anchor_count: 64,
                substitution_count: 128,
                region_count: 32,
            },
            Profile::Kib64 => Self {
                byte_bits: 10,
                miss_bits: 11,
                flag_bits: 10,
                history_bits: 8,
                phase_bits: 2,
                major_count: 1790,
                learned_bits: 10,
                anchor_count: 250,
                substitution_count: 512,
                region_count: 128,
            },
            Profile::Gateway => Self {
                byte_bits: 18,
                miss_bits: 16,
                flag_bits: 16,
                history_bits: 14,
                phase_bits: 2,
                major_count: 30_000,
                learned_bits: 16,
                anchor_count: 250,
                substitution_count: 1 << 16,
                region_count: 8192,
            },
        }
    }

    /// Two-byte counters.
    pub(crate) const fn bit_count(self) -> usize {
        self.order_0() + (256 << self.phase_bits)
    }

    /// Where the counters under the old byte of a miss begin.
    pub(crate) const fn misses(self) -> usize {
        crate::model::BITS_FIXED + (4 << self.byte_bits)
    }

    /// Where the counters of order 0 begin.
    pub(crate) const fn order_0(self) -> usize {
        self.misses() + (1 << self.miss_bits)
    }

    /// Where the counters under recent hits and misses begin.
    pub(crate) const fn histories(self) -> usize {
        crate::model::FLAGS_FIXED + (2 << self.flag_bits)
    }

    /// Where the counters under the state of the substitution begin.
    pub(crate) const fn substitution_flags(self) -> usize {
        self.histories() + (1 << self.history_bits)
    }

    /// Three-byte counters.
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
            + 3 * self.flag_count()
            + 4 * WEIGHT_COUNT
            + (MAJOR_LEN + 2) * self.major_count
            + LEARNED_LEN * ((1 << self.learned_bits) + self.anchor_count)
            + SUBSTITUTION_LEN * self.substitution_count
            + REGION_LEN * self.region_count
    }
}

/// Typed views of the slab.
pub(crate) struct Tables<'a> {
    pub(crate) layout: Layout,
    pub(crate) bits: &'a mut [[u8; 2]],
    pub(crate) flags: &'a mut [[u8; 3]],
    weights: &'a mut [[u8; 4]],
    pub(crate) map: Map<'a>,
    pub(crate) learned: Learned<'a>,
    pub(crate) anchors: Anchors<'a>,
    pub(crate) substitutions: Substitutions<'a>,
    pub(crate) regions: Regions<'a>,
}

impl<'a> Tables<'a> {
    /// Splits a slab of at least [`Layout::len`] bytes; `None` if it is shorter.
    pub(crate) fn split(slab: &'a mut [u8], layout: Layout) -> Option<Self> {
        let (bits, rest) = pieces(slab, layout.bit_count())?;
        let (flags, rest) = pieces(rest, layout.flag_count())?;
        let (weights, rest) = pieces(rest, WEIGHT_COUNT)?;
        let (majors, rest) = pieces(rest, layout.major_count)?;
        let (order, rest) = pieces(rest, layout.major_count)?;
        let (learned, rest) = pieces(rest, 1_usize.wrapping_shl(layout.learned_bits))?;
        let (anchors, rest) = pieces(rest, layout.anchor_count)?;
        let (substitutions, rest) = pieces(rest, layout.substitution_count)?;
        let (regions, _) = pieces(rest, layout.region_count)?;
        Some(Self {
            layout,
            bits,
            flags,
            weights,
            map: Map::new(majors, order),
            learned: Learned { entries: learned },
            anchors: Anchors { entries: anchors },
            substitutions: Substitutions {
                entries: substitutions,
            },
            regions: Regions { entries: regions },
        })
    }

    /// Puts every counter and weight into its first state.
    pub(crate) fn reset(&mut self) {
        self.bits.fill(Counter::NEW);
        self.flags.fill(Counter::NEW);
        self.weights.fill(WEIGHT_NEW.to_le_bytes());
        self.learned.entries.fill(Default::default());
        self.substitutions.entries.fill(Default::default());
    }

    /// Codes a bit under one two-byte counter.
    pub(crate) fn bit<C: Coder>(&mut self, coder: &mut C, index: usize, bit: bool) -> bool {
        let counter = self.bits.get(index).copied().unwrap_or(Counter::NEW);
        let bit = coder.code(bit, within(counter.one()));
        if let Some(counter) = self.bits.get_mut(index) {
            *counter = counter.after(bit);
        }
        bit
    }

    /// Codes a bit of a byte under the mixed prediction of several two-byte counters.
    pub(crate) fn mix_bit<C: Coder, const N: usize>(
        &mut self,
        coder: &mut C,
        first: usize,
        indices: &[usize; N],
        bit: bool,
    ) -> bool {
        mix(
            self.bits,
            self.weights,
            Mixing {
                first,
                rate: BYTE_RATE,
            },
            indices,
            coder,
            bit,
        )
    }

    /// Codes a flag under the mixed prediction of several three-byte counters.
    pub(crate) fn mix_flag<C: Coder, const N: usize>(
        &mut self,
        coder: &mut C,
        first: usize,
        indices: &[usize; N],
        bit: bool,
    ) -> bool {
        mix(
            self.flags,
            self.weights,
            Mixing {
                first,
                rate: FLAG_RATE,
            },
            indices,
            coder,
            bit,
        )
    }

    /// Codes whether a field is as predicted, under three-byte counters.
    pub(crate) fn mix_field<C: Coder, const N: usize>(
        &mut self,
        coder: &mut C,
        first: usize,
        indices: &[usize; N],
        bit: bool,
    ) -> bool {
        mix(
            self.flags,
            self.weights,
            Mixing {
                first,
                rate: FIELD_RATE,
            },
            indices,
            coder,
            bit,
        )
    }
}

/// The first `count` pieces of `N` bytes, and the rest.
fn pieces<const N: usize>(slab: &mut [u8], count: usize) -> Option<(&mut [[u8; N]], &mut [u8])> {
    let (front, rest) = slab.split_at_mut_checked(count.checked_mul(N)?)?;
    let (pieces, _) = front.as_chunks_mut();
    Some((pieces, rest))
}

/// The first of the weights a mixed prediction uses, and how fast they learn.
struct Mixing {
    first: usize,
    rate: i32,
}

/// Weights are 16.16 fixed point and start at 0.28. Within +-16 nine products of 17 and 12 bits fit
/// an i32; a stream that drives them farther gets sums that wrap, on every target alike.
const WEIGHT_NEW: i32 = 18350;

const BYTE_RATE: i32 = 10;
const FLAG_RATE: i32 = 5;
const FIELD_RATE: i32 = 2;

#[inline]
fn mix<C: Coder, K: Counter, const N: usize>(
    counters: &mut [K],
    weights: &mut [[u8; 4]],
    mixing: Mixing,
    indices: &[usize; N],
    coder: &mut C,
    bit: bool,
) -> bool {
    const { assert!(N <= INPUTS_MAX) };
    let mut spare = [[0; 4]; N];
    let weights = match weights
        .get_mut(mixing.first..)
        .and_then(<[_]>::first_chunk_mut::<N>)
    {
        Some(weights) => weights,
        None => &mut spare,
    };
    // Two indices may be the same: cells may be held twice.
    let counters = Cell::from_mut(counters).as_slice_of_cells();
    let none = Cell::new(K::NEW);
    let counters: [&Cell<K>; N] = core::array::from_fn(|slot| {
        indices
            .get(slot)
            .and_then(|i| counters.get(*i))
            .unwrap_or(&none)
    });
    let mut inputs = [0_i32; N];
    let mut dot = 0_i32;
    for ((input, counter), weight) in inputs.iter_mut().zip(counters).zip(weights.iter()) {
        *input = stretch(counter.get().one());
        let weight = i32::from_le_bytes(*weight) >> 4;
        dot = dot.wrapping_add(input.wrapping_mul(weight));
    }
    let one = squash(dot >> 12);
    let bit = coder.code(bit, one);
    let error = (i32::from(bit) << 16).wrapping_sub(i32::from(one));
    let error = error.wrapping_mul(mixing.rate) >> 4;
    for (input, weight) in inputs.iter().zip(weights.iter_mut()) {
        let moved = input.wrapping_mul(error) >> 14;
        *weight = i32::from_le_bytes(*weight)
            .wrapping_add(moved)
            .to_le_bytes();
    }
    for counter in counters {
        counter.set(counter.get().after(bit));
    }
    bit
}

#[cfg(test)]
mod tests;
