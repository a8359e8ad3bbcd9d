//! Counters, and the mixer that makes one prediction out of several.

use core::cell::Cell;

use super::Tables;
use crate::ablation;
use crate::coder::{Coder, within};
use crate::logistic::{squash, step, stretch};
use crate::model::usize_of;

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

/// The counter after a bit, which is told as its [`end`]. It stays within 16 bits, as no step is a
/// whole.
#[inline]
fn after(counter: Counter, end: i32, pace: &Pace) -> Counter {
    let [count, _] = counter;
    let Some(Pacing { step, next }) = pace.get(usize::from(count & 15)) else {
        return counter;
    };
    let floor = i32::from(u16::from_le_bytes(counter) & 0xfff0);
    let distance = end.wrapping_sub(floor);
    let moved = (floor | 8).wrapping_add(distance.wrapping_mul(*step) >> 14);
    // A sum, not bits put together: compilers make fewer instructions of it.
    let [low, high, ..] = (moved & !15).wrapping_add(*next).to_le_bytes();
    [low, high]
}

/// The end that a counter moves towards, less the eight that a counter's probability has beyond its
/// bits.
#[inline]
fn end(bit: bool) -> i32 {
    (i32::from(bit).wrapping_neg() & 65535).wrapping_sub(8)
}

/// What a counter does next: its step, in 1/16384, and its next count.
#[derive(Clone, Copy)]
struct Pacing {
    step: i32,
    next: i32,
}

/// For each count.
type Pace = [Pacing; 16];

static BIT_PACE: Pace = pace(BIT_LIMIT);
static FLAG_PACE: Pace = pace(FLAG_LIMIT);

const fn pace(limit: u8) -> Pace {
    let mut pace = [Pacing { step: 0, next: 0 }; 16];
    let mut count = 0_u8;
    while count < 16 {
        let next = if count < limit {
            count.wrapping_add(1)
        } else {
            count
        };
        #[expect(
            clippy::indexing_slicing,
            clippy::as_conversions,
            reason = "evaluated when compiled"
        )]
        {
            pace[count as usize] = Pacing {
                step: step(count),
                next: next as i32,
            };
        }
        count = count.wrapping_add(1);
    }
    pace
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

/// A byte that some context expects, as an input of the mixer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Vote {
    /// The first of the counters of whether its next bit comes.
    counter: u16,
    byte: u8,
    /// Which of the votes' weights is its own.
    weight: u8,
    /// What it says of the next bit.
    stretched: i32,
}

impl Vote {
    pub(crate) fn new(counter: u16, byte: u8, weight: u8) -> Self {
        Self {
            counter,
            byte,
            weight,
            stretched: 0,
        }
    }
}

/// The votes of which all bits so far came; the others say nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Votes {
    list: [Vote; VOTES_MAX],
    len: usize,
}

impl Votes {
    #[inline]
    pub(crate) fn push(&mut self, vote: Vote) {
        if let Some(slot) = self.list.get_mut(self.len) {
            *slot = vote;
            self.len = self.len.wrapping_add(1);
        }
    }

    /// Forgets those whose bit `index`, counted from the top, is another than `bit`.
    fn retain(&mut self, index: u32, bit: bool) {
        let asked = *self;
        self.len = 0;
        for vote in asked.list.iter().take(asked.len) {
            if (vote.byte.wrapping_shl(index) & 0x80 != 0) == bit {
                self.push(*vote);
            }
        }
    }

    #[inline]
    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Vote> {
        self.list.iter_mut().zip(0..self.len).map(|(vote, _)| vote)
    }
}

/// Contexts that may each expect a byte.
pub(crate) const VOTES_MAX: usize = 6;

/// How fast weights learn, and counters.
struct Mixing {
    rate: i32,
    pace: &'static Pace,
}

const BYTES: Mixing = Mixing {
    rate: BYTE_RATE,
    pace: &BIT_PACE,
};

const FLAGS: Mixing = Mixing {
    rate: FLAG_RATE,
    pace: &FLAG_PACE,
};

const FIELDS: Mixing = Mixing {
    rate: FIELD_RATE,
    pace: &FLAG_PACE,
};

impl Tables<'_> {
    /// Codes a bit under one counter.
    pub(crate) fn bit<C: Coder>(&mut self, coder: &mut C, index: usize, bit: bool) -> bool {
        let Some(counter) = self.bits.get_mut(index) else {
            return coder.code(bit, EVEN);
        };
        let bit = coder.code(bit, within(one(*counter)));
        *counter = after(*counter, end(bit), &BIT_PACE);
        bit
    }

    /// Codes bit `index` of a byte, counted from the top, under the mixed prediction of several
    /// counters and of votes; `first` is the first of the weights, of which the last ones are the
    /// votes'.
    pub(crate) fn mix_bit<C: Coder, const N: usize>(
        &mut self,
        coder: &mut C,
        first: usize,
        (inputs, votes): (&[usize; N], &mut Votes),
        index: u8,
        bit: bool,
    ) -> bool {
        let first = ablation::first_weight(first);
        let weights = self.weights.get_mut(first..).unwrap_or_default();
        mix_votes(
            (self.bits, weights),
            (inputs, votes),
            index.into(),
            coder,
            bit,
        )
    }

    /// Codes a flag under the mixed prediction of several counters.
    pub(crate) fn mix_flag<C: Coder, const N: usize>(
        &mut self,
        coder: &mut C,
        first: usize,
        inputs: &[usize; N],
        bit: bool,
    ) -> bool {
        let first = ablation::first_weight(first);
        let weights = self.weights.get_mut(first..).unwrap_or_default();
        mix(&FLAGS, (self.flags, weights), inputs, coder, bit)
    }

    /// Codes whether a field is as predicted.
    pub(crate) fn mix_field<C: Coder, const N: usize>(
        &mut self,
        coder: &mut C,
        first: usize,
        inputs: &[usize; N],
        bit: bool,
    ) -> bool {
        let first = ablation::first_weight(first);
        let weights = self.weights.get_mut(first..).unwrap_or_default();
        mix(&FIELDS, (self.flags, weights), inputs, coder, bit)
    }
}

/// One half; also what an index outside the tables says, which there is none of.
const EVEN: u16 = 32768;

/// What an input says. Two may share a counter, so that cells may be held twice.
#[derive(Clone, Copy)]
struct Said<'a> {
    counter: &'a Cell<Counter>,
    stretched: i32,
}

impl<'a> Said<'a> {
    /// Before it is asked.
    fn nothing(counter: &'a Cell<Counter>) -> Self {
        Self {
            counter,
            stretched: 0,
        }
    }
}

type Slabs<'a> = (&'a mut [Counter], &'a mut [[u8; 4]]);

#[inline]
fn mix<C: Coder, const N: usize>(
    mixing: &Mixing,
    (counters, weights): Slabs<'_>,
    inputs: &[usize; N],
    coder: &mut C,
    bit: bool,
) -> bool {
    let Some(weights) = weights.first_chunk_mut() else {
        return coder.code(bit, EVEN);
    };
    let counters = Cell::from_mut(counters).as_slice_of_cells();
    let none = Cell::new(COUNTER_NEW);
    let mut said = [Said::nothing(&none); N];
    let Some(dot) = ask(counters, weights, inputs, &mut said) else {
        return coder.code(bit, EVEN);
    };
    let (bit, error) = settle(dot, mixing, coder, bit);
    tell(mixing, weights, &said, bit, error);
    bit
}

/// The same with votes.
#[inline]
fn mix_votes<C: Coder, const N: usize>(
    (counters, weights): Slabs<'_>,
    (inputs, votes): (&[usize; N], &mut Votes),
    index: u32,
    coder: &mut C,
    bit: bool,
) -> bool {
    let Some((weights, rest)) = weights.split_first_chunk_mut() else {
        return coder.code(bit, EVEN);
    };
    let Some(rest) = rest.first_chunk_mut::<VOTES_MAX>() else {
        return coder.code(bit, EVEN);
    };
    let counters = Cell::from_mut(counters).as_slice_of_cells();
    let none = Cell::new(COUNTER_NEW);
    let mut said = [Said::nothing(&none); N];
    let Some(mut dot) = ask(counters, weights, inputs, &mut said) else {
        return coder.code(bit, EVEN);
    };
    // Each pair of bits has a counter.
    let pair = usize_of(index >> 1);
    for vote in votes.iter_mut() {
        if let Some(counter) = counters.get(usize::from(vote.counter).wrapping_add(pair))
            && let Some(weight) = rest.get(usize::from(vote.weight))
        {
            let says = all_ones(vote.byte, index);
            let stretched = stretch(one(counter.get()));
            vote.stretched = (stretched ^ !says).wrapping_sub(!says);
            dot = dot.wrapping_add(weigh(vote.stretched, *weight));
        }
    }
    let (bit, error) = settle(dot, &BYTES, coder, bit);
    tell(&BYTES, weights, &said, bit, error);
    let came = i32::from(bit).wrapping_neg();
    let mut wrong = 0;
    for vote in votes.iter_mut() {
        if let Some(counter) = counters.get(usize::from(vote.counter).wrapping_add(pair))
            && let Some(weight) = rest.get_mut(usize::from(vote.weight))
        {
            *weight = taught(*weight, vote.stretched, error);
            let missed = all_ones(vote.byte, index) ^ came;
            wrong |= missed;
            let end = (!missed & 65535).wrapping_sub(8);
            counter.set(after(counter.get(), end, BYTES.pace));
        }
    }
    if wrong != 0 {
        votes.retain(index, bit);
    }
    bit
}

/// All ones if a byte's bit, counted from the top, is a one, else zero.
#[inline]
fn all_ones(byte: u8, index: u32) -> i32 {
    i32::from(byte.wrapping_shl(index).cast_signed()) >> 7
}

/// What the inputs say, into `all`, and their weighted sum.
#[inline]
fn ask<'a, const N: usize>(
    counters: &'a [Cell<Counter>],
    weights: &[[u8; 4]; N],
    inputs: &[usize; N],
    all: &mut [Said<'a>; N],
) -> Option<i32> {
    let mut dot = 0_i32;
    for ((said, input), weight) in all.iter_mut().zip(inputs).zip(weights) {
        let counter = counters.get(*input)?;
        let stretched = stretch(one(counter.get()));
        dot = dot.wrapping_add(weigh(stretched, *weight));
        *said = Said { counter, stretched };
    }
    Some(dot)
}

/// Codes the bit, and says by how much the prediction erred, times the rate.
#[inline]
fn settle<C: Coder>(dot: i32, mixing: &Mixing, coder: &mut C, bit: bool) -> (bool, i32) {
    let one = squash(dot >> 12);
    let bit = coder.code(bit, one);
    let error = (i32::from(bit) << 16).wrapping_sub(i32::from(one));
    (bit, error.wrapping_mul(mixing.rate) >> 4)
}

/// Moves counters and weights after a bit.
#[inline]
fn tell<const N: usize>(
    mixing: &Mixing,
    weights: &mut [[u8; 4]; N],
    all: &[Said<'_>; N],
    bit: bool,
    error: i32,
) {
    let end = end(bit);
    for (said, weight) in all.iter().zip(weights) {
        *weight = taught(*weight, said.stretched, error);
        let moved = after(said.counter.get(), end, mixing.pace);
        said.counter.set(moved);
    }
}

#[inline]
fn weigh(stretched: i32, weight: [u8; 4]) -> i32 {
    stretched.wrapping_mul(i32::from_le_bytes(weight) >> 4)
}

#[inline]
fn taught(weight: [u8; 4], stretched: i32, error: i32) -> [u8; 4] {
    let moved = stretched.wrapping_mul(error) >> 14;
    i32::from_le_bytes(weight).wrapping_add(moved).to_le_bytes()
}

#[cfg(test)]
mod tests;
