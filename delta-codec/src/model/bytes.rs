//! Bytes: whether one is as in the old image, what it is instead, and literals.

use super::{
    BITS_FIXED, EQUAL_INPUTS, EQUAL_RUN, FLAGS_FIXED, Hint, History, LITERAL_INPUTS,
    LITERAL_RECALL, MISS_BITS, MISS_DELTA, MISS_INPUTS, MISS_RECALL, OldPlace, Place,
    RECALL_COUNTERS, SET_EQUAL, SET_LITERAL, SET_MISS, hash, hash32, instruction_mask, log2,
    low_byte, mask_of, spread, unit_mask, usize_of,
};
use crate::coder::Coder;
use crate::recall::{Key, Recalled};
use crate::tables::{Input, Layout, Tables};

/// Codes whether a byte of a copy equals the old one.
pub(crate) fn equal<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    place: Place,
    old: OldPlace,
    history: History,
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
    let mask = mask_of(tables.layout.flag_bits);
    let history_mask = mask_of(tables.layout.history_bits);
    let hashed = FLAGS_FIXED;
    let second = hashed.wrapping_add(mask).wrapping_add(1);
    let run = usize_of(log2(history.run).min(15) << 2 | old.offset & 3);
    let state = history.hint.state(old.byte);
    let indices = [
        tables
            .layout
            .histories()
            .wrapping_add(usize_of(history.misses) & history_mask),
        EQUAL_RUN.wrapping_add(run),
        hashed.wrapping_add(hash(u32::from(old.opcode) | lane << 8 | 0x900) & mask),
        second.wrapping_add(hash(u32::from(old.byte) | u32::from(other) << 8 | lane << 16) & mask),
        tables
            .layout
            .substitution_flags()
            .wrapping_add(state << 4 | usize_of((old.offset & 3) << 2 | history.misses & 3)),
    ];
    let quiet = history.misses & 255 == 0;
    let set = match state {
        0 if quiet => 0,
        0 => usize_of(history.misses & 1).wrapping_add(1),
        state => state.wrapping_add(2),
    };
    let first = SET_EQUAL.wrapping_add(set.wrapping_mul(EQUAL_INPUTS));
    tables.mix_flag(coder, first, &indices.map(Input::of), equal)
}

/// Codes a byte of a copy that differs from the old one.
pub(crate) fn missed<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    place: Place,
    old: OldPlace,
    history: History,
    byte: u8,
) -> u8 {
    let lane = old.offset & instruction_mask(place.unit_log2);
    let expected = u32::from(old.byte);
    let recalls = Recalling::new(
        tables,
        MISS_RECALL,
        miss_contexts(place, old, history.delta, lane),
    );
    let shifted = u32::from(old.byte.wrapping_add(history.delta));
    let position = usize_of(old.offset & 3);
    let order_0 = order_0(tables.layout, place);

    let mut prefix = 1_u32;
    let mut differs = false;
    for index in 0_u8..8 {
        let place_value = 7_u32.wrapping_sub(u32::from(index));
        let old_bit = expected.wrapping_shr(place_value) & 1;
        if index == 7 && !differs {
            // It differs from the old byte, and seven bits did not.
            prefix = prefix << 1 | (1 ^ old_bit);
            break;
        }
        let old_prefix = (expected | 256).wrapping_shr(place_value.wrapping_add(1));
        let apart = (prefix ^ old_prefix).count_ones().min(3);
        let by_bits = old_bit | u32::from(index) << 1 | apart << 4;
        let agrees = (shifted | 256).wrapping_shr(place_value.wrapping_add(1)) == prefix;
        let hinted = match history.hint {
            Hint::Byte(hint, confidence) if hint != old.byte => {
                let hint = u32::from(hint);
                let agrees = (hint | 256).wrapping_shr(place_value.wrapping_add(1)) == prefix;
                agrees.then_some((hint.wrapping_shr(place_value) & 1, confidence & 3))
            }
            _ => None,
        };
        let set = match hinted {
            Some((_, confidence)) => usize::from(confidence).wrapping_add(4),
            None => position,
        };
        let set = SET_MISS.wrapping_add(set.wrapping_mul(MISS_INPUTS));
        let by_delta = if let Some((bit, confidence)) = hinted {
            32 | bit | u32::from(index) << 1 | u32::from(confidence & 1) << 4
        } else if agrees {
            1_u32
                .wrapping_add(shifted.wrapping_shr(place_value) & 1)
                .wrapping_add(u32::from(index) << 1)
                .wrapping_add((old.offset & 1) << 4)
        } else {
            0
        };
        let by_delta = usize_of(by_delta).wrapping_add(position << 6) & 255;
        let [a, b, c, d, e, f] = recalls.inputs(prefix, index);
        let inputs = [
            Input::of(order_0.wrapping_add(usize_of(prefix))),
            Input::of(MISS_BITS.wrapping_add(usize_of(by_bits) | position << 6)),
            Input::of(MISS_DELTA.wrapping_add(by_delta)),
            a,
            b,
            c,
            d,
            e,
            f,
        ];
        let bit = byte.wrapping_shr(place_value) & 1 != 0;
        let bit = tables.mix_bit(coder, set, &inputs, bit);
        differs |= u32::from(bit) != old_bit;
        prefix = prefix << 1 | u32::from(bit);
    }
    let byte = low_byte(prefix);
    recalls.put(tables, byte);
    byte
}

/// Codes a literal byte.
pub(crate) fn literal<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    place: Place,
    byte: u8,
) -> u8 {
    let order_0 = order_0(tables.layout, place);
    let lane = place.offset & unit_mask(place.unit_log2);
    let recalls = Recalling::new(tables, LITERAL_RECALL, literal_contexts(place, lane));
    let order_1 = hash32(place.recent & 0xff | lane << 16);
    let order_1_mask = mask_of(tables.layout.order_1_bits);
    let set = SET_LITERAL.wrapping_add(usize_of(lane).wrapping_mul(LITERAL_INPUTS));
    let mut prefix = 1_u32;
    for index in 0_u8..8 {
        let bit = byte.wrapping_shl(index.into()) & 0x80 != 0;
        let [a, b, c, d, e, f] = recalls.inputs(prefix, index);
        let inputs = [
            Input::of(order_0.wrapping_add(usize_of(prefix))),
            Input::of(BITS_FIXED.wrapping_add(spread(order_1, prefix) & order_1_mask)),
            a,
            b,
            c,
            d,
            e,
            f,
        ];
        let bit = tables.mix_bit(coder, set, &inputs, bit);
        prefix = prefix << 1 | u32::from(bit);
    }
    let byte = low_byte(prefix);
    recalls.put(tables, byte);
    byte
}

/// Contexts under which both kinds of byte are recalled.
pub(super) const RECALLS: usize = 6;

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

/// The bytes recalled under the contexts of one byte.
struct Recalling {
    /// The first of the counters of how often they come.
    first: usize,
    keys: [Key; RECALLS],
    recalled: [Option<Recalled>; RECALLS],
}

impl Recalling {
    fn new(tables: &Tables<'_>, first: usize, contexts: [u32; RECALLS]) -> Self {
        let keys = contexts.map(Key::new);
        let recalled = keys.map(|key| tables.recalls.get(key));
        Self {
            first,
            keys,
            recalled,
        }
    }

    /// What each says of bit `index`, counted from the top, behind the bits in `prefix`.
    fn inputs(&self, prefix: u32, index: u8) -> [Input; RECALLS] {
        let mut inputs = [Input::NONE; RECALLS];
        let place_value = 7_u32.wrapping_sub(u32::from(index));
        let mut first = self.first;
        for (input, recalled) in inputs.iter_mut().zip(&self.recalled) {
            if let Some(Recalled { byte, sure }) = *recalled {
                let byte = u32::from(byte) | 256;
                if byte.wrapping_shr(place_value.wrapping_add(1)) == prefix {
                    let counter = first.wrapping_add(usize::from(sure << 2 | index >> 1));
                    *input = Input::expecting(counter, byte.wrapping_shr(place_value) & 1 != 0);
                }
            }
            first = first.wrapping_add(RECALL_COUNTERS);
        }
        inputs
    }

    fn put(&self, tables: &mut Tables<'_>, byte: u8) {
        for key in self.keys {
            tables.recalls.put(key, byte);
        }
    }
}

fn order_0(layout: Layout, place: Place) -> usize {
    let phase = usize_of(place.offset & (unit_mask(place.unit_log2) | 1));
    let phases = 1_usize.wrapping_shl(layout.phase_bits);
    layout
        .order_0()
        .wrapping_add((phase & phases.wrapping_sub(1)) << 8)
}
