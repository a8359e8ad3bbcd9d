//! The binary range coder: a 32-bit range, 16-bit probabilities.
//!
//! The decoder has no carries: it compares the code value, taken relative to the low end of its
//! interval, with the share of a zero. The encoder holds bytes back until no carry can reach them.

use crate::fifo::Fifo;

/// Where an encoder puts the bytes of a stream, in order.
pub trait ByteSink {
    /// Appends one byte.
    fn put(&mut self, byte: u8);
}

/// One side of the coder. The model calls it with the bit if it is known (encoding), or with
/// anything (decoding), and goes on with the bit it returns: so both sides run the same model.
pub(crate) trait Coder {
    /// Whether bits given are coded; otherwise they are ignored and read from the stream.
    const ENCODING: bool;

    /// Codes one bit whose probability of being one is `one` / 65536, which is [`within`] its
    /// bounds.
    fn code(&mut self, bit: bool, one: u16) -> bool;
}

/// Probabilities given to the coder stay inside `PROBABILITY_MIN..=65536 - PROBABILITY_MIN`.
///
/// With a range of at least 2^24 before each decision, the smaller share is at least
/// 2^8 * 24 > 2^12, so that two bytes of shift restore the range: one decision consumes at most
/// two bytes.
pub(crate) const PROBABILITY_MIN: u16 = 24;

/// Most bytes one binary decision consumes.
pub(crate) const BYTES_PER_DECISION: usize = 2;

/// Bytes beyond the end of a stream that the decoder reads, as zeros, when the stream is whole.
///
/// The encoder stops as soon as any continuation decodes to the same bits: after the highest of
/// the four bytes that the decoder looks ahead.
pub(crate) const BYTES_PAST_END: u32 = 3;

/// Below this the range takes in another byte.
const RANGE_MIN: u32 = 1 << 24;

/// The nearest probability that the coder takes.
#[inline]
pub(crate) fn within(one: u16) -> u16 {
    const MOST: u16 = u16::MAX - PROBABILITY_MIN + 1;
    one.clamp(PROBABILITY_MIN, MOST)
}

/// Splits a range: the share of a zero. The remainder of the division goes to the one, which is
/// the likely value of every flag of the model.
#[inline]
fn zero_share(range: u32, one: u16) -> u32 {
    (range >> 16).wrapping_mul(0x1_0000_u32.wrapping_sub(u32::from(one)))
}

/// State of a decoder between two decisions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    /// Width of the interval; at least 2^24 between decisions.
    pub(crate) range: u32,
    /// The stream's next 32 bits relative to the low end of the interval.
    pub(crate) code: u32,
}

impl Range {
    /// Starts decoding with the first four bytes of a stream.
    pub(crate) fn start(fifo: &mut Fifo<'_>) -> Self {
        let code = u32::from_be_bytes([fifo.next(), fifo.next(), fifo.next(), fifo.next()]);
        Self {
            range: u32::MAX,
            code,
        }
    }

    /// Whether the state is one that a decoder can reach.
    pub(crate) fn is_valid(self) -> bool {
        self.range >= RANGE_MIN
    }
}

/// The decoding side.
pub(crate) struct RangeDecoder<'a, 'w> {
    pub(crate) state: Range,
    pub(crate) fifo: &'a mut Fifo<'w>,
    /// Binary decisions decoded.
    pub(crate) work: u32,
}

impl RangeDecoder<'_, '_> {
    /// Takes in bytes until the range is wide enough. Seldom needed, so kept out of the way.
    #[inline(never)]
    fn refill(&mut self) {
        let Range { range, code } = &mut self.state;
        while *range < RANGE_MIN {
            *range = (*range << 8).max(1); // A range of zero cannot happen; if it did, this still ends.
            *code = (*code << 8) | u32::from(self.fifo.next());
        }
    }
}

impl Coder for RangeDecoder<'_, '_> {
    const ENCODING: bool = false;

    #[inline]
    fn code(&mut self, _: bool, one: u16) -> bool {
        let Range { range, code } = self.state;
        let bound = zero_share(range, one);
        let bit = code >= bound;
        let (range, code) = if bit {
            (range.wrapping_sub(bound), code.wrapping_sub(bound))
        } else {
            (bound, code)
        };
        self.state = Range { range, code };
        self.work = self.work.wrapping_add(1);
        if range < RANGE_MIN {
            self.refill();
        }
        bit
    }
}

/// The encoding side.
pub(crate) struct RangeEncoder<'a, S> {
    low: u64,
    range: u32,
    /// The last byte shifted out, which a carry may still reach.
    held: u8,
    /// How many bytes of 255 follow it.
    held_ones: u64,
    /// The byte held at first is none of the stream.
    started: bool,
    /// Bytes shifted out.
    shifted: u64,
    sink: &'a mut S,
}

impl<'a, S: ByteSink> RangeEncoder<'a, S> {
    pub(crate) fn new(sink: &'a mut S) -> Self {
        Self {
            low: 0,
            range: u32::MAX,
            held: 0,
            held_ones: 0,
            started: false,
            shifted: 0,
            sink,
        }
    }

    /// Bits spent so far, in 1/256: each halving of the range is one.
    pub(crate) fn spent(&self) -> u64 {
        let whole = self.shifted.wrapping_mul(8).wrapping_add(32);
        whole
            .wrapping_mul(256)
            .wrapping_sub(u64::from(log2_256(self.range)))
    }

    /// Ends the stream with the one byte that settles it.
    pub(crate) fn finish(mut self) {
        let last = u64::from(RANGE_MIN.wrapping_sub(1));
        self.low = self.low.wrapping_add(last) & !last;
        self.shift();
        self.shift();
    }

    fn shift(&mut self) {
        self.shifted = self.shifted.wrapping_add(1);
        let carry = self.low >> 32 != 0;
        if self.low < 0xff00_0000 || carry {
            if self.started {
                self.sink.put(self.held.wrapping_add(u8::from(carry)));
            }
            self.started = true;
            for _ in 0..self.held_ones {
                self.sink.put(if carry { 0 } else { 0xff });
            }
            self.held_ones = 0;
            let [_, _, _, _, top, ..] = self.low.to_be_bytes();
            self.held = top;
        } else {
            self.held_ones = self.held_ones.wrapping_add(1);
        }
        self.low = (self.low & 0x00ff_ffff) << 8;
    }
}

/// Log2 of a range in 1/256, to within 1/64 bit: linear between powers of two, and a parabola on it.
fn log2_256(range: u32) -> u32 {
    let range = range.max(1);
    let zeros = range.leading_zeros();
    // Below the leading one, as a fraction of 65536.
    let fraction = range.wrapping_shl(zeros).wrapping_shl(1) >> 16;
    let bulge = fraction.wrapping_mul(0x1_0000_u32.wrapping_sub(fraction)) >> 16;
    let fraction = fraction.wrapping_add(bulge.wrapping_mul(22) >> 6);
    31_u32
        .wrapping_sub(zeros)
        .wrapping_mul(256)
        .wrapping_add(fraction >> 8)
}

impl<S: ByteSink> Coder for RangeEncoder<'_, S> {
    const ENCODING: bool = true;

    #[inline]
    fn code(&mut self, bit: bool, one: u16) -> bool {
        let bound = zero_share(self.range, one);
        if bit {
            self.low = self.low.wrapping_add(u64::from(bound));
            self.range = self.range.wrapping_sub(bound);
        } else {
            self.range = bound;
        }
        while self.range < RANGE_MIN {
            self.range <<= 8;
            self.shift();
        }
        bit
    }
}

#[cfg(test)]
mod tests;
