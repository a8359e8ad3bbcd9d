//! What the parse takes each event to cost: constants at first, then what the coder really spent on
//! such events in an earlier stream of the same images.

use sprag_delta::{Kind, Operation};

use super::{Images, index};
use crate::delta::coding::Costs;
use crate::delta::fields::MovedTo;

/// More kinds of fields than there are.
const KINDS: usize = 32;

/// Prices in 1/64 bit.
#[derive(Debug, Clone)]
pub(in crate::delta) struct Prices {
    pub(super) literal: u64,
    /// A byte that differs, by the last three units, newest lowest, set for a miss.
    pub(super) miss: [u64; 8],
    /// A byte that is equal, by the last four.
    pub(super) hit: [u64; 16],
    /// A field that changed as predicted, and one that changed otherwise, by kind.
    pub(super) predicted: [u64; KINDS],
    pub(super) corrected: [u64; KINDS],
}

/// At first.
const LITERAL: u64 = 333;
const MISS: u64 = 512;
/// More for a miss that no miss precedes.
const LONE_MISS: u64 = 96;
/// A copy on another diagonal.
const SWITCH: u64 = 736;
/// From a copy to literals.
pub(super) const LEAVE: u64 = 256;
/// For each doubling of the jump from one diagonal to the next.
const JUMP: u64 = 102;
const JUMP_MAX: u64 = 24 * 64;
/// A field as predicted, a call or jump that is not, a pointer that is not.
const FIELD_PREDICTED: u64 = 10;
const FIELD_CALL: u64 = 640;
const FIELD_POINTER: u64 = 320;

impl Default for Prices {
    fn default() -> Self {
        let mut miss = [MISS; 8];
        miss[0] += LONE_MISS;
        miss[4] += LONE_MISS;
        let mut hit = [22; 16];
        for (past, price) in hit.iter_mut().enumerate() {
            if past & 1 == 0 {
                *price = 8;
            }
        }
        hit[0] = 1;
        let mut corrected = [FIELD_POINTER; KINDS];
        corrected[kind_index(Kind::Call)] = FIELD_CALL;
        corrected[kind_index(Kind::Jump)] = FIELD_CALL;
        Self {
            literal: LITERAL,
            miss,
            hit,
            predicted: [FIELD_PREDICTED; KINDS],
            corrected,
        }
    }
}

impl Prices {
    /// What changed fields cost in the stream of some operations. (The means of literals, misses and
    /// operations are of no use: those that a parse hesitates about cost less than others.)
    pub(in crate::delta) fn measured(
        images: &Images<'_>,
        operations: &[Operation],
        costs: &Costs,
        moved: &MovedTo,
    ) -> Self {
        let mut predicted = [Tally::default(); KINDS];
        let mut corrected = [Tally::default(); KINDS];
        let mut start = 0;
        for operation in operations {
            start += index(operation.literal_len);
            let end = start + index(operation.copy_len);
            let mut place = start;
            while place < end {
                let source = index(operation.source) + place - start;
                let Some(field) = images.changed_field(place, source, end, Some(moved)) else {
                    place += 1;
                    continue;
                };
                let tallies = if field.is_predicted {
                    &mut predicted
                } else {
                    &mut corrected
                };
                // The first bytes of a copy hold the operation's own bits.
                if place > start {
                    let bits = costs.between(place, place + field.len);
                    tallies[kind_index(field.kind)].add(bits.into());
                }
                place += field.len;
            }
            start = end;
        }
        let mut prices = Self::default();
        for (price, tally) in prices.predicted.iter_mut().zip(predicted) {
            *price = tally.price(*price);
        }
        for (price, tally) in prices.corrected.iter_mut().zip(corrected) {
            *price = tally.price(*price);
        }
        prices
    }
}

/// A field whose target changed and nothing else.
pub(super) struct ChangedField {
    pub(super) kind: Kind,
    pub(super) len: usize,
    pub(super) is_predicted: bool,
}

/// How often something happened, and the bits it took, in 1/16.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    count: u64,
    bits: u64,
}

impl Tally {
    fn add(&mut self, bits: u64) {
        self.count += 1;
        self.bits += bits;
    }

    /// The mean, with some events at the price expected.
    fn price(self, expected: u64) -> u64 {
        const EXPECTED_COUNT: u64 = 8;
        (self.bits * 4 + expected * EXPECTED_COUNT) / (self.count + EXPECTED_COUNT)
    }
}

pub(super) fn kind_index(kind: Kind) -> usize {
    usize::from(kind.number()).min(KINDS - 1)
}

/// The price of a copy on a diagonal at some distance from that of the way before.
pub(super) fn switch(distance: u64) -> u64 {
    let distance = distance + 1;
    let log2 = distance.ilog2();
    // Linear between powers of two, in 1/64.
    let fraction = if log2 >= 6 {
        distance >> (log2 - 6)
    } else {
        distance << (6 - log2)
    };
    let log2_64 = u64::from(log2) * 64 + (fraction - 64);
    SWITCH + (log2_64 * JUMP / 64).min(JUMP_MAX)
}
