//! Bytes: whether one is as in the old image, what it is instead, and literals.

use super::{
    BITS_FIXED, EQUAL_INPUTS, EQUAL_RUN, FLAGS_FIXED, Hint, History, LITERAL_INPUTS, MISS_BITS,
    MISS_DELTA, MISS_INPUTS, OldPlace, Place, SET_EQUAL, SET_LITERAL, SET_MISS, hash, hash32,
    instruction_mask, log2, low_byte, mask_of, spread, unit_mask, usize_of,
};
use crate::coder::Coder;
use crate::tables::{Layout, Tables};

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
    tables.mix_flag(coder, first, &indices, equal)
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
    let orders = Orders::new(
        tables,
        Place {
            unit_log2: 0,
            ..place
        },
    );
    let lane = old.offset & instruction_mask(place.unit_log2);
    let opcode = u32::from(old.opcode);
    let expected = u32::from(old.byte);
    let miss_mask = mask_of(tables.layout.miss_bits);
    let by_old = hash32(expected | lane << 8);
    let by_opcode = hash32(opcode | lane << 8 | 0x0330_0000);
    let by_both = hash32(expected | opcode << 8 | lane << 16 | 0x5500_0000);
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
        let indices = [
            tables
                .layout
                .misses()
                .wrapping_add(spread(by_old, prefix) & miss_mask),
            MISS_BITS.wrapping_add(usize_of(by_bits) | position << 6),
            MISS_DELTA.wrapping_add(usize_of(by_delta).wrapping_add(position << 6) & 255),
            orders.slot(3, spread(by_opcode, prefix)),
            order_0.wrapping_add(usize_of(prefix)),
            orders.index(0, prefix),
            orders.index(1, prefix),
            orders.index(2, prefix),
            orders.slot(3, spread(by_both, prefix)),
        ];
        let bit = byte.wrapping_shr(place_value) & 1 != 0;
        let bit = tables.mix_bit(coder, set, &indices, bit);
        differs |= u32::from(bit) != old_bit;
        prefix = prefix << 1 | u32::from(bit);
    }
    low_byte(prefix)
}

/// Codes a literal byte.
pub(crate) fn literal<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    place: Place,
    byte: u8,
) -> u8 {
    let orders = Orders::new(tables, place);
    let order_0 = order_0(tables.layout, place);
    let lane = place.offset & unit_mask(place.unit_log2);
    let set = SET_LITERAL.wrapping_add(usize_of(lane).wrapping_mul(LITERAL_INPUTS));
    let mut prefix = 1_u32;
    for place_value in (0..8).rev() {
        let bit = byte.wrapping_shr(place_value) & 1 != 0;
        let indices = [
            order_0.wrapping_add(usize_of(prefix)),
            orders.index(0, prefix),
            orders.index(1, prefix),
            orders.index(2, prefix),
            orders.index(3, prefix),
        ];
        let bit = tables.mix_bit(coder, set, &indices, bit);
        prefix = prefix << 1 | u32::from(bit);
    }
    low_byte(prefix)
}

/// Hashed contexts of the bytes before: one, two, two with a gap, three.
struct Orders {
    hashes: [u32; 4],
    bits: u32,
}

impl Orders {
    fn new(tables: &Tables<'_>, place: Place) -> Self {
        let lane = (place.offset & unit_mask(place.unit_log2)) << 16;
        let recent = place.recent;
        let one = recent & 0xff;
        let two = recent & 0xffff;
        let gap = recent >> 8 & 0xffff;
        let three = recent & 0x00ff_ffff;
        Self {
            hashes: [
                hash32(one | lane | 0x0100_0000),
                hash32(two | lane | 0x0200_0000),
                hash32(gap | lane | 0x0700_0000),
                hash32(
                    three
                        .wrapping_mul(5)
                        .wrapping_add(lane >> 16)
                        .wrapping_add(0x5100_0000),
                ),
            ],
            bits: tables.layout.byte_bits,
        }
    }

    /// The counter of context `which` under a byte's first bits.
    fn index(&self, which: usize, prefix: u32) -> usize {
        let hash = self.hashes.get(which).copied().unwrap_or(0);
        self.slot(which, spread(hash, prefix))
    }

    /// A counter of table `which`.
    fn slot(&self, which: usize, hash: usize) -> usize {
        BITS_FIXED
            .wrapping_add(which.wrapping_shl(self.bits))
            .wrapping_add(hash & mask_of(self.bits))
    }
}

fn order_0(layout: Layout, place: Place) -> usize {
    let phase = usize_of(place.offset & (unit_mask(place.unit_log2) | 1));
    let phases = 1_usize.wrapping_shl(layout.phase_bits);
    layout
        .order_0()
        .wrapping_add((phase & phases.wrapping_sub(1)) << 8)
}
