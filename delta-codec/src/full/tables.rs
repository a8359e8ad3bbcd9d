//! The tables of the full codec: counters and mixer weights in a slab of bytes.

use super::Side;
use super::model::{INPUTS_MAX, WEIGHT_COUNT};
use crate::logistic::{squash, step, stretch};
use crate::profile::Profile;

/// How many of each table a profile has, in logarithms to base 2 of counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Each table of literals: under the place, the byte before, the opcode before, two bytes
    /// before, an instruction before, the byte expected, and that with the byte before.
    pub(crate) literal: [u32; 7],
    /// Each hashed table of flags.
    pub(crate) flag: u32,
}

#[expect(clippy::arithmetic_side_effects, reason = "constants below 2^20")]
impl Layout {
    pub(crate) const fn of(profile: Profile) -> Self {
        match profile {
            Profile::Kib8 => Self {
                literal: [8, 8, 8, 5, 5, 8, 8],
                flag: 5,
            },
            Profile::Kib16 => Self {
                literal: [9, 11, 10, 6, 6, 9, 9],
                flag: 7,
            },
            Profile::Kib64 => Self {
                literal: [10, 13, 13, 11, 11, 11, 11],
                flag: 9,
            },
            Profile::Gateway => Self {
                literal: [12, 16, 16, 16, 16, 16, 13],
                flag: 12,
            },
        }
    }

    /// Where each table of literals begins.
    pub(crate) const fn literals(self) -> [usize; 7] {
        let [a, b, c, d, e, f, _] = self.literal;
        let a_end = super::model::FIXED + (1 << a);
        let b_end = a_end + (1 << b);
        let c_end = b_end + (1 << c);
        let d_end = c_end + (1 << d);
        let e_end = d_end + (1 << e);
        [
            super::model::FIXED,
            a_end,
            b_end,
            c_end,
            d_end,
            e_end,
            e_end + (1 << f),
        ]
    }

    /// Where the hashed tables of flags begin.
    pub(crate) const fn flags(self) -> usize {
        let [.., last] = self.literals();
        let [.., bits] = self.literal;
        last + (1 << bits)
    }

    const fn counters(self) -> usize {
        self.flags() + (super::model::FLAG_TABLES << self.flag)
    }

    /// Bytes of all tables.
    pub(crate) const fn len(self) -> usize {
        2 * self.counters() + 4 * WEIGHT_COUNT
    }
}

/// A counter: 12 bits of the probability of a one over 4 bits of count, little-endian. Every bit
/// pattern is valid.
pub(crate) type Counter = [u8; 2];

const COUNTER_NEW: Counter = [0x00, 0x80];

fn one(counter: Counter) -> u16 {
    u16::from_le_bytes(counter) & 0xfff0 | 8
}

fn after(counter: Counter, bit: bool, limit: u8) -> Counter {
    let [low, _] = counter;
    let count = low & 15;
    let target = if bit { 65535_i32 } else { 0 };
    let old = i32::from(one(counter));
    let step = target.wrapping_sub(old).wrapping_mul(step(count)) >> 14;
    let moved = old.wrapping_add(step);
    let moved = u16::try_from(moved.clamp(16, 65519)).unwrap_or(32768) & 0xfff0;
    (moved | u16::from(count.saturating_add(1).min(limit))).to_le_bytes()
}

/// Weights are 16.16 fixed point.
const WEIGHT_NEW: i32 = 18350;
const WEIGHT_LIMIT: i32 = (1 << 20) - 1;

/// Typed views of the slab.
pub(crate) struct Tables<'a> {
    pub(crate) layout: Layout,
    counters: &'a mut [Counter],
    weights: &'a mut [[u8; 4]],
}

impl<'a> Tables<'a> {
    /// Splits a slab of at least [`Layout::len`] bytes; `None` if it is shorter.
    pub(crate) fn split(slab: &'a mut [u8], layout: Layout) -> Option<Self> {
        let (counters, rest) = pieces(slab, layout.counters())?;
        let (weights, _) = pieces(rest, WEIGHT_COUNT)?;
        Some(Self {
            layout,
            counters,
            weights,
        })
    }

    /// Puts every counter and weight into its first state.
    pub(crate) fn reset(&mut self) {
        self.counters.fill(COUNTER_NEW);
        self.weights.fill(WEIGHT_NEW.to_le_bytes());
    }

    /// Codes a bit under one counter.
    pub(crate) fn bit<C: Side>(&mut self, coder: &mut C, index: usize, bit: bool) -> bool {
        let counter = self.counters.get(index).copied().unwrap_or(COUNTER_NEW);
        let bit = coder.code(bit, one(counter));
        if C::LEARNING
            && let Some(counter) = self.counters.get_mut(index)
        {
            *counter = after(*counter, bit, 15);
        }
        bit
    }

    /// Codes a bit under the mixed prediction of several counters. `set` is the first weight.
    #[inline]
    pub(crate) fn mix<C: Side, const N: usize>(
        &mut self,
        coder: &mut C,
        set: usize,
        rate: i32,
        indices: &[usize; N],
        bit: bool,
    ) -> bool {
        const { assert!(N <= INPUTS_MAX) };
        let mut spare = [[0; 4]; N];
        let weights = match self
            .weights
            .get_mut(set..)
            .and_then(<[_]>::first_chunk_mut::<N>)
        {
            Some(weights) => weights,
            None => &mut spare,
        };
        let mut inputs = [0_i32; N];
        let mut dot = 0_i32;
        for ((input, index), weight) in inputs.iter_mut().zip(indices).zip(weights.iter()) {
            *input = stretch(one(self
                .counters
                .get(*index)
                .copied()
                .unwrap_or(COUNTER_NEW)));
            let weight = i32::from_le_bytes(*weight) >> 4;
            dot = dot.wrapping_add(input.wrapping_mul(weight));
        }
        let one = squash(dot >> 12);
        let bit = coder.code(bit, one);
        if !C::LEARNING {
            return bit;
        }
        let error = (i32::from(bit) << 16).wrapping_sub(i32::from(one));
        let error = error.wrapping_mul(rate) >> 4;
        for (input, weight) in inputs.iter().zip(weights.iter_mut()) {
            let moved = input.wrapping_mul(error) >> 14;
            let moved = i32::from_le_bytes(*weight).wrapping_add(moved);
            *weight = moved.clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT).to_le_bytes();
        }
        for index in indices {
            if let Some(counter) = self.counters.get_mut(*index) {
                *counter = after(*counter, bit, 15);
            }
        }
        bit
    }
}

/// The first `count` pieces of `N` bytes, and the rest.
fn pieces<const N: usize>(slab: &mut [u8], count: usize) -> Option<(&mut [[u8; N]], &mut [u8])> {
    let (front, rest) = slab.split_at_mut_checked(count.checked_mul(N)?)?;
    let (pieces, _) = front.as_chunks_mut();
    Some((pieces, rest))
}
