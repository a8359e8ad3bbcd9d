//! Counters, and the mixer that makes one prediction out of several.

use core::cell::Cell;

use super::Tables;
use crate::coder::{Coder, within};
use crate::logistic::{squash, step, stretch};

/// Inputs of the widest mixer.
const INPUTS_MAX: usize = 9;

/// The probability of a one and how sure it is: little-endian, 12 bits of probability over 4 bits
/// of count. Every bit pattern is a valid counter.
pub(crate) type Counter = [u8; 2];

/// A counter that has seen nothing.
pub(crate) const COUNTER_NEW: Counter = [0x00, 0x80];

/// Bits that a counter of bytes or numbers remembers, and one of flags, whose likelihood changes
/// faster from place to place.
const BIT_LIMIT: u8 = 15;
const FLAG_LIMIT: u8 = 12;

/// How fast weights learn.
const BYTE_RATE: i32 = 10;
const FLAG_RATE: i32 = 8;
const FIELD_RATE: i32 = 5;

/// Weights are 16.16 fixed point and start at 0.28. Within +-16 nine products of 17 and 12 bits fit
/// an i32; a stream that drives them farther gets sums that wrap, on every target alike.
pub(crate) const WEIGHT_NEW: i32 = 18350;

/// Probability of a one in 1/65536.
#[inline]
fn one(counter: Counter) -> u16 {
    u16::from_le_bytes(counter) & 0xfff0 | 8
}

/// The counter after `bit`. It stays within 16 bits, as no step is a whole.
#[inline]
fn after(counter: Counter, bit: bool, limit: u8) -> Counter {
    let [low, _] = counter;
    let count = low & 15;
    let one = i32::from(one(counter));
    let target = if bit { 65535_i32 } else { 0 };
    let moved = one.wrapping_add(target.wrapping_sub(one).wrapping_mul(step(count)) >> 14);
    let [low, high, ..] = moved.to_le_bytes();
    [
        low & 0xf0 | count.wrapping_add(u8::from(count < limit)),
        high,
    ]
}

/// A counter that begins with a prior: six bits of stretched probability (32: one half; units of 64)
/// over two that say how many bits it is as if it had seen.
pub(crate) fn believing(prior: u8) -> Counter {
    let stretched = i32::from(prior >> 2).wrapping_sub(32) << 6;
    let count = match prior & 3 {
        0 => 0,
        1 => 2,
        2 => 5,
        _ => 12,
    };
    (squash(stretched) & 0xfff0 | count).to_le_bytes()
}

/// An input of the mixer: a counter, of a one or of a zero, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Input(usize);

impl Input {
    /// Nothing to say.
    pub(crate) const NONE: Self = Self(!ZERO);

    /// The counter at `index`, in which a one stands for a one.
    pub(crate) const fn of(index: usize) -> Self {
        Self(index)
    }

    /// The counter at `index`, in which a one stands for `bit`.
    pub(crate) const fn expecting(index: usize, bit: bool) -> Self {
        Self(if bit { index } else { index | ZERO })
    }

    fn index(self) -> usize {
        self.0 & !ZERO
    }

    fn is_zero(self) -> bool {
        self.0 & ZERO != 0
    }
}

/// Marks an input whose counter's one stands for a zero.
const ZERO: usize = 1 << 31;

/// The first of the weights a mixed prediction uses, how fast they learn, and the limit of the
/// counters.
struct Mixing {
    first: usize,
    rate: i32,
    limit: u8,
}

impl Tables<'_> {
    /// Codes a bit under one counter.
    pub(crate) fn bit<C: Coder>(&mut self, coder: &mut C, index: usize, bit: bool) -> bool {
        let counter = self.bits.get(index).copied().unwrap_or(COUNTER_NEW);
        let bit = coder.code(bit, within(one(counter)));
        if let Some(counter) = self.bits.get_mut(index) {
            *counter = after(*counter, bit, BIT_LIMIT);
        }
        bit
    }

    /// Codes a bit of a byte under the mixed prediction of several counters.
    pub(crate) fn mix_bit<C: Coder, const N: usize>(
        &mut self,
        coder: &mut C,
        first: usize,
        inputs: &[Input; N],
        bit: bool,
    ) -> bool {
        let mixing = Mixing {
            first,
            rate: BYTE_RATE,
            limit: BIT_LIMIT,
        };
        mix(self.bits, self.weights, mixing, inputs, coder, bit)
    }

    /// Codes a flag under the mixed prediction of several counters.
    pub(crate) fn mix_flag<C: Coder, const N: usize>(
        &mut self,
        coder: &mut C,
        first: usize,
        inputs: &[Input; N],
        bit: bool,
    ) -> bool {
        let mixing = Mixing {
            first,
            rate: FLAG_RATE,
            limit: FLAG_LIMIT,
        };
        mix(self.flags, self.weights, mixing, inputs, coder, bit)
    }

    /// Codes whether a field is as predicted.
    pub(crate) fn mix_field<C: Coder, const N: usize>(
        &mut self,
        coder: &mut C,
        first: usize,
        inputs: &[Input; N],
        bit: bool,
    ) -> bool {
        let mixing = Mixing {
            first,
            rate: FIELD_RATE,
            limit: FLAG_LIMIT,
        };
        mix(self.flags, self.weights, mixing, inputs, coder, bit)
    }
}

#[inline]
fn mix<C: Coder, const N: usize>(
    counters: &mut [Counter],
    weights: &mut [[u8; 4]],
    mixing: Mixing,
    inputs: &[Input; N],
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
    // Two inputs may share a counter: cells may be held twice. A new one says next to nothing.
    let counters = Cell::from_mut(counters).as_slice_of_cells();
    let none = Cell::new(COUNTER_NEW);
    let counters: [&Cell<Counter>; N] = core::array::from_fn(|slot| {
        inputs
            .get(slot)
            .and_then(|input| counters.get(input.index()))
            .unwrap_or(&none)
    });
    let mut stretched = [0_i32; N];
    let mut dot = 0_i32;
    for (((value, input), counter), weight) in stretched
        .iter_mut()
        .zip(inputs)
        .zip(counters)
        .zip(weights.iter())
    {
        let towards_one = stretch(one(counter.get()));
        *value = if input.is_zero() {
            towards_one.wrapping_neg()
        } else {
            towards_one
        };
        let weight = i32::from_le_bytes(*weight) >> 4;
        dot = dot.wrapping_add(value.wrapping_mul(weight));
    }
    let one = squash(dot >> 12);
    let bit = coder.code(bit, one);
    let error = (i32::from(bit) << 16).wrapping_sub(i32::from(one));
    let error = error.wrapping_mul(mixing.rate) >> 4;
    for (value, weight) in stretched.iter().zip(weights.iter_mut()) {
        let moved = value.wrapping_mul(error) >> 14;
        *weight = i32::from_le_bytes(*weight)
            .wrapping_add(moved)
            .to_le_bytes();
    }
    for (input, counter) in inputs.iter().zip(counters) {
        let seen = bit ^ input.is_zero();
        counter.set(after(counter.get(), seen, mixing.limit));
    }
    bit
}

#[cfg(test)]
mod tests;
