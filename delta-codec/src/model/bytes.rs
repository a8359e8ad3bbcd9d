//! Bytes: whether one is as in the old image, what it is instead, and literals.

use super::{
    BITS_FIXED, EQUAL_FIRST, EQUAL_INPUTS, EQUAL_RUN, FLAGS_FIXED, Hint, History, LITERAL_INPUTS,
    LITERAL_RECALL, MISS_BITS, MISS_DELTA, MISS_INPUTS, MISS_RECALL, OldPlace, Place,
    RECALL_COUNTERS, SET_EQUAL, SET_EQUAL_FIRST, SET_LITERAL, SET_MISS, hash, hash32,
    instruction_mask, log2, low_byte, spread, unit_mask, usize_of,
};
use crate::coder::Coder;
use crate::tables::{Places, Tables, VOTES_MAX, Vote, Votes};

/// What is asked to equal the old bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Equal {
    /// Both bytes of a halfword.
    Pair,
    /// The first byte of a halfword of which one byte is not.
    First,
    /// A byte.
    Byte,
}

/// Codes whether a byte or a halfword of a copy equals the old one.
#[inline(never)]
pub(crate) fn equal<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    place: Place,
    old: OldPlace,
    history: History,
    kind: Equal,
    equal: bool,
) -> bool {
    let lane = old.offset & instruction_mask(place.unit_log2);
    let neighbour = if old.offset & 1 == 0 {
        old.after
    } else {
        old.before
    };
    let other = if place.unit_log2 == 2 {
        old.opcode
    } else {
        neighbour
    };
    let places = tables.places;
    let mask = places.flag_mask;
    let hashed = FLAGS_FIXED;
    let second = hashed.wrapping_add(mask).wrapping_add(1);
    let run = usize_of(log2(history.run).min(15) << 2 | old.offset & 3);
    let state = history.hint.state(old.byte);
    let indices = [
        places
            .histories
            .wrapping_add(usize_of(history.misses) & places.history_mask),
        EQUAL_RUN.wrapping_add(run),
        hashed.wrapping_add(hash(u32::from(old.opcode) | lane << 8 | 0x900) & mask),
        second.wrapping_add(hash(u32::from(old.byte) | u32::from(other) << 8 | lane << 16) & mask),
        places
            .substitution_flags
            .wrapping_add(state << 4 | usize_of((old.offset & 3) << 2 | history.misses & 3)),
    ];
    if kind == Equal::First {
        let indices = [
            EQUAL_FIRST.wrapping_add(state << 3 | usize_of(history.misses & 7)),
            hashed.wrapping_add(hash(u32::from(old.opcode) | lane << 8 | 0x2900) & mask),
            second.wrapping_add(
                hash(u32::from(old.byte) | u32::from(other) << 8 | lane << 16 | 1 << 20) & mask,
            ),
        ];
        return tables.mix_flag(coder, SET_EQUAL_FIRST, &indices, equal);
    }
    let quiet = history.misses & 255 == 0;
    let set = match state {
        0 if quiet => 0,
        0 => usize_of(history.misses & 1).wrapping_add(1),
        state => state.wrapping_add(2),
    };
    let first = SET_EQUAL.wrapping_add(set.wrapping_mul(EQUAL_INPUTS));
    tables.mix_flag(coder, first, &indices, equal)
}

/// Codes a byte of a copy that differs from the old one.
#[inline(never)]
pub(crate) fn missed<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    place: Place,
    old: OldPlace,
    history: History,
    byte: u8,
) -> u8 {
    let lane = old.offset & instruction_mask(place.unit_log2);
    let contexts = miss_contexts(place, old, history.delta, lane);
    let mut votes = recall(tables, MISS_RECALL, &contexts);
    let position = usize_of(old.offset & 3);
    let order_0 = order_0(tables.places, place);
    let by_position = SET_MISS.wrapping_add(position.wrapping_mul(MISS_INPUTS));

    // Bits still to come, the next one highest: of the old byte, of the one changed as the last
    // one was, and of the substitution; the latter two as long as they agree.
    let mut old_bits = old.byte;
    let (mut shifted, mut is_shifted) = (old.byte.wrapping_add(history.delta), true);
    let (mut hint, confidence, mut is_hinted) = match history.hint {
        Hint::Byte(hint, confidence) if hint != old.byte => (hint, confidence & 3, true),
        _ => (0, 0, false),
    };
    let by_hint = SET_MISS.wrapping_add(
        usize::from(confidence)
            .wrapping_add(4)
            .wrapping_mul(MISS_INPUTS),
    );
    let mut prefix = 1_u32;
    let mut apart = 0_u32;
    for index in 0_u8..8 {
        let old_bit = u32::from(old_bits >> 7);
        if index == 7 && apart == 0 {
            // It differs from the old byte, and seven bits did not.
            prefix = prefix << 1 | (1 ^ old_bit);
            break;
        }
        let by_bits = old_bit | u32::from(index) << 1 | apart.min(3) << 4;
        let (set, by_delta) = if is_hinted {
            let row = u32::from(hint >> 7) | u32::from(confidence & 1) << 4;
            (by_hint, 32 | row | u32::from(index) << 1)
        } else if is_shifted {
            let row = u32::from(shifted >> 7).wrapping_add((old.offset & 1) << 4);
            let row = row.wrapping_add(u32::from(index) << 1);
            (by_position, row.wrapping_add(1))
        } else {
            (by_position, 0)
        };
        let by_delta = usize_of(by_delta).wrapping_add(position << 6) & 255;
        let inputs = [
            order_0.wrapping_add(usize_of(prefix)),
            MISS_BITS.wrapping_add(usize_of(by_bits) | position << 6),
            MISS_DELTA.wrapping_add(by_delta),
        ];
        let bit = byte.wrapping_shl(index.into()) & 0x80 != 0;
        let bit = tables.mix_bit(coder, set, (&inputs, &mut votes), index, bit);
        apart = apart.wrapping_add(u32::from(bit) ^ old_bit);
        old_bits <<= 1;
        is_shifted &= (shifted & 0x80 != 0) == bit;
        shifted <<= 1;
        is_hinted &= (hint & 0x80 != 0) == bit;
        hint <<= 1;
        prefix = prefix << 1 | u32::from(bit);
    }
    let byte = low_byte(prefix);
    remember(tables, miss_contexts(place, old, history.delta, lane), byte);
    byte
}

/// Codes a literal byte.
#[inline(never)]
pub(crate) fn literal<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    place: Place,
    byte: u8,
) -> u8 {
    let order_0 = order_0(tables.places, place);
    let lane = place.offset & unit_mask(place.unit_log2);
    let mut votes = recall(tables, LITERAL_RECALL, &literal_contexts(place, lane));
    let order_1 = hash32(place.recent & 0xff | lane << 16);
    let order_1_mask = tables.places.order_1_mask;
    let set = SET_LITERAL.wrapping_add(usize_of(lane).wrapping_mul(LITERAL_INPUTS));
    let mut prefix = 1_u32;
    for index in 0_u8..8 {
        let bit = byte.wrapping_shl(index.into()) & 0x80 != 0;
        let inputs = [
            order_0.wrapping_add(usize_of(prefix)),
            BITS_FIXED.wrapping_add(spread(order_1, prefix) & order_1_mask),
        ];
        let bit = tables.mix_bit(coder, set, (&inputs, &mut votes), index, bit);
        prefix = prefix << 1 | u32::from(bit);
    }
    let byte = low_byte(prefix);
    remember(tables, literal_contexts(place, lane), byte);
    byte
}

/// Contexts under which both kinds of byte are recalled.
pub(super) const RECALLS: usize = VOTES_MAX;

/// Each context below has a number, so that no two are alike.
fn context(number: u32, lane: u32, bytes: u32) -> u32 {
    bytes ^ number << 26 ^ lane << 24
}

/// Contexts of a literal: bytes before it, the newest first. In code they are the rest of the
/// instruction and its neighbour's operation code or registers.
fn literal_contexts(place: Place, lane: u32) -> [u32; RECALLS] {
    let recent = place.recent;
    [
        context(1, lane, recent & 0xff),
        // The second one and where the first one leads roughly; the other way round.
        context(2, lane, recent & 0xfff0),
        context(3, lane, recent & 0xf0ff),
        // The second and third; the first and third; the second and fourth.
        context(4, lane, recent >> 8 & 0xffff),
        context(5, lane, recent & 0x00ff_00ff),
        context(6, lane, recent >> 8 & 0x00ff_00ff),
    ]
}

/// Contexts of a missed byte: what changed once changes again.
fn miss_contexts(place: Place, old: OldPlace, delta: u8, lane: u32) -> [u32; RECALLS] {
    let (byte, opcode) = (u32::from(old.byte), u32::from(old.opcode) << 8);
    let before = u32::from(old.before) << 8;
    let newest = place.recent & 0xff;
    [
        // Literals have the same context: both are code of the same compiler.
        context(1, lane, newest),
        context(8, lane, byte),
        context(9, lane, byte | opcode),
        context(10, lane, byte | u32::from(delta) << 8),
        context(11, lane, byte | newest << 8),
        context(12, lane, byte | before | newest << 16),
    ]
}

/// The bytes recalled under contexts; `first` is the first of the counters of how often they come.
fn recall(tables: &Tables<'_>, first: usize, contexts: &[u32; RECALLS]) -> Votes {
    let mut votes = Votes::default();
    let mut first = first;
    for (weight, context) in (0..).zip(contexts) {
        if let Some(known) = tables.recalls.get(tables.recalls.key(*context)) {
            let counter = first.wrapping_add(usize::from(known.sure) << 2);
            let counter = u16::try_from(counter).unwrap_or(u16::MAX);
            votes.push(Vote::new(counter, known.byte, weight));
        }
        first = first.wrapping_add(RECALL_COUNTERS);
    }
    votes
}

/// Notes the byte that came. Contexts are made again for it, and keys: kept, they would take stack
/// beneath the mixer.
fn remember(tables: &mut Tables<'_>, contexts: [u32; RECALLS], byte: u8) {
    for context in contexts {
        let key = tables.recalls.key(context);
        tables.recalls.put(key, byte);
    }
}

fn order_0(places: &Places, place: Place) -> usize {
    let phase = place.offset & (unit_mask(place.unit_log2) | 1) & places.phase_mask;
    places.order_0.wrapping_add(usize_of(phase) << 8)
}
