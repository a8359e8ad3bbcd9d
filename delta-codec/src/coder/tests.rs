#![expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]

use std::vec;
use std::vec::Vec;

use super::{BYTES_PER_DECISION, ByteSink, Coder, Range, RangeDecoder, RangeEncoder, within};
use crate::fifo::Fifo;

impl ByteSink for Vec<u8> {
    fn put(&mut self, byte: u8) {
        self.push(byte);
    }
}

/// Codes decisions, decodes them, and checks how far the decoder reads.
fn round_trip(decisions: &[(bool, u16)]) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut encoder = RangeEncoder::new(&mut stream);
    for &(bit, one) in decisions {
        assert_eq!(encoder.code(bit, within(one)), bit);
    }
    let spent = encoder.spent();
    encoder.finish();
    let bits = u64::try_from(stream.len()).unwrap() * 8 * 256;
    assert!(
        spent <= bits + 8 && bits <= spent + 8 * 256 + 8,
        "{spent} for {bits}"
    );

    let mut lent = stream.clone();
    lent.resize(stream.len() + 8, 0xee);
    let mut fifo = Fifo::new(&mut lent);
    assert_eq!(fifo.push(&stream), stream.len());
    fifo.finish();
    let state = Range::start(&mut fifo);
    let mut decoder = RangeDecoder {
        state,
        fifo: &mut fifo,
        work: 0,
    };
    for &(bit, one) in decisions {
        let before = decoder.fifo.len() + 3 - usize::try_from(decoder.fifo.missing()).unwrap();
        assert_eq!(decoder.code(!bit, within(one)), bit);
        let after = decoder.fifo.len() + 3 - usize::try_from(decoder.fifo.missing()).unwrap();
        assert!(before - after <= BYTES_PER_DECISION);
    }
    assert_eq!((fifo.len(), fifo.missing()), (0, 3), "the end is not exact");
    stream
}

#[test]
fn nothing_takes_one_byte() {
    assert_eq!(round_trip(&[]).len(), 1);
}

#[test]
fn likely_bits_are_cheap_and_unlikely_ones_dear() {
    let likely = vec![(true, 65512); 10_000];
    let unlikely = vec![(false, 65512); 100];
    assert!(round_trip(&likely).len() < 2 + 10_000 * 6 / 10_000);
    assert!((140..=144).contains(&round_trip(&unlikely).len()));
}

#[test]
fn every_probability_is_accepted() {
    for one in [0, 1, 23, 24, 25, 32768, 65511, 65512, 65513, 65535] {
        for bit in [false, true] {
            round_trip(&vec![(bit, one); 500]);
        }
    }
}

#[test]
fn random_decisions_come_back() {
    let mut state = 1_u64;
    for _ in 0..200 {
        let mut decisions = Vec::new();
        for _ in 0..400 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let [high, low, bit, ..] = state.to_be_bytes();
            decisions.push((bit & 1 == 1, u16::from_be_bytes([high, low])));
        }
        round_trip(&decisions);
    }
}

/// Decisions chosen so that the interval stays across a carry boundary: the encoder has to hold
/// back long rows of 255.
#[test]
fn carries_reach_back() {
    let mut low = 0_u64;
    let mut range = u32::MAX;
    let mut decisions = Vec::new();
    for _ in 0..2000 {
        let bound = super::zero_share(range, 32768);
        // Stay around the middle of the first interval.
        let bit = low + u64::from(bound) <= 0x7fff_ffff;
        decisions.push((bit, 32768));
        if bit {
            low += u64::from(bound);
            range -= bound;
        } else {
            range = bound;
        }
        while range < super::RANGE_MIN {
            range <<= 8;
            low = (low << 8).min(0x7fff_ffff - 1);
        }
    }
    for tail in 0..16 {
        let mut decisions = decisions.clone();
        decisions.extend((0..4).map(|bit| (tail >> bit & 1 == 1, 32768)));
        round_trip(&decisions);
    }
}
