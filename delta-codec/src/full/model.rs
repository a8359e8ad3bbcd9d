//! The model: what each decision is predicted from. Everything here sees filtered bytes.

use super::Side;
use super::memory::{Memory, Source};
use super::tables::Tables;

/// Inputs of the widest mixer.
pub(crate) const INPUTS_MAX: usize = 8;

/// A length up to this is told byte by byte, and what goes beyond as a number.
pub const LENGTH_STEPS: u32 = 32;

// Counters in tables of their own.
const KIND: usize = 0;
const REPEATED: usize = KIND + 256;
const WHICH: usize = REPEATED + 64;
const STEPS: usize = WHICH + 3 * 64;
const STEP_SLOTS: usize = STEPS + 2 * 4 * 33;
const SLOT: usize = STEP_SLOTS + 2 * 16 * 4;
const SLOT_LAST: usize = SLOT + 4 * 64;
const LOW: usize = SLOT_LAST + 4 * 64;
const LONG: usize = LOW + 11 * 16;
pub(crate) const FIXED: usize = LONG + 32;

/// Hashed tables of flags.
pub(crate) const FLAG_TABLES: usize = 6;

// Weight sets.
const LITERAL_INPUTS: usize = 7;
const SET_LITERAL: usize = 0;
const SET_KIND: usize = SET_LITERAL + 4 * 5 * LITERAL_INPUTS;
const KIND_INPUTS: usize = 4;
const SET_REPEATED: usize = SET_KIND + 8 * KIND_INPUTS;
const REPEATED_INPUTS: usize = 3;
const SET_WHICH: usize = SET_REPEATED + 4 * REPEATED_INPUTS;
const WHICH_INPUTS: usize = 2;
const SET_STEP: usize = SET_WHICH + 3 * WHICH_INPUTS;
const STEP_INPUTS: usize = 4;
const SET_SLOT: usize = SET_STEP + 16 * STEP_INPUTS;
const SLOT_INPUTS: usize = 3;
pub(crate) const WEIGHT_COUNT: usize = SET_SLOT + 6 * SLOT_INPUTS;

const LITERAL_RATE: i32 = 10;
const FLAG_RATE: i32 = 5;

/// Most binary decisions of a source with the flag before it: whether it repeats, six of a slot,
/// the bits below the leading two.
pub(crate) const SOURCE_WORK: u32 = 2 + 6 + 30;

/// Codes a literal. `expected` is what the last copy would go on with.
pub(crate) fn literal<C: Side>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    memory: &Memory,
    expected: u8,
    byte: u8,
) -> u8 {
    let [l1, l2, l3, l4, ..] = memory.last().map(u32::from);
    let lane = memory.lane();
    let quarter = match memory.unit_log2 {
        0 => memory.offset & 3,
        _ => lane,
    };
    // The byte that tells most of the instruction before.
    let opcode = match (memory.unit_log2, lane) {
        (2, _) => l4,
        (1, 0) => l3,
        _ => l2,
    };
    let before = match memory.unit_log2 {
        2 => l4,
        _ if lane == 0 => l3 | 0x100,
        _ => l2 | l4 << 16,
    };
    let expected = u32::from(expected);
    let since = u32::from(memory.since.min(3));
    let layout = tables.layout;
    let [bits_0, bits_1, bits_2, ..] = layout.literal;
    // The first three tables are told apart by as many bits of their contexts as they have room for.
    let rows = |value: u32, bits: u32| {
        let rows = bits.saturating_sub(8);
        let top = rows.saturating_sub(u32::from(memory.unit_log2));
        let value = value.wrapping_shr(8_u32.saturating_sub(top));
        (value.wrapping_shl(u32::from(memory.unit_log2)) | lane) << 8
    };
    let hashes = [
        (quarter << 8) & mask32(bits_0),
        rows(l1, bits_1) & mask32(bits_1),
        rows(opcode, bits_2) & mask32(bits_2),
        hash(l1 | l2 << 8 | lane << 16 | 0x200_0000),
        hash(l1 ^ before << 8 ^ lane << 30),
        hash(expected | since << 8 | 0x600_0000),
        hash(expected | l1 << 8 | since.min(1) << 16),
    ];
    let masks = layout.literal.map(mask);
    let starts = layout.literals();
    let mut prefix = 1_u32;
    for index in 0_u32..8 {
        let place = 7_u32.wrapping_sub(index);
        let spread = prefix.wrapping_mul(0x9e37_79b1);
        let spread = spread ^ spread >> 13;
        let agrees = (expected | 256).wrapping_shr(place.wrapping_add(1)) == prefix;
        let mut indices = [0; LITERAL_INPUTS];
        let tables_of = hashes.iter().zip(starts.into_iter().zip(masks));
        for (number, (to, (hash, (start, mask)))) in indices.iter_mut().zip(tables_of).enumerate() {
            let more = if number < 3 { prefix } else { spread };
            *to = start.wrapping_add(usize_of(hash.wrapping_add(more)) & mask);
        }
        let set = quarter
            .wrapping_mul(5)
            .wrapping_add(if agrees { since } else { 4 });
        let set = SET_LITERAL.wrapping_add(usize_of(set).wrapping_mul(LITERAL_INPUTS));
        let bit = byte.wrapping_shr(place) & 1 != 0;
        let bit = tables.mix(coder, set, LITERAL_RATE, &indices, bit);
        prefix = prefix << 1 | u32::from(bit);
    }
    u8::try_from(prefix & 255).unwrap_or(0)
}

/// The index in the `table`-th hashed table of flags.
fn flag(tables: &Tables<'_>, table: usize, hash: u32) -> usize {
    let bits = tables.layout.flag;
    let start = tables.layout.flags().wrapping_add(table.wrapping_shl(bits));
    start.wrapping_add(usize_of(hash) & mask(bits))
}

/// Codes whether a copy comes next, not a literal.
pub(crate) fn is_copy<C: Side>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    memory: &Memory,
    expected: u8,
    copy: bool,
) -> bool {
    let [r1, r2, ..] = memory.last();
    let [r1, r2] = [r1, r2].map(u32::from);
    let since = u32::from(memory.since.min(7));
    let quarter = memory.offset & 3;
    let indices = [
        KIND.wrapping_add(usize::from(memory.operations))
            .wrapping_add(usize_of(quarter << 6)),
        flag(
            tables,
            0,
            hash(r1 | memory.lane() << 8 | since.min(2) << 12),
        ),
        flag(tables, 1, hash(r1 | r2 << 8 | memory.lane() << 16)),
        flag(
            tables,
            2,
            hash(u32::from(expected) | since << 8 | memory.lane() << 12),
        ),
    ];
    let set = SET_KIND.wrapping_add(usize_of(since).wrapping_mul(KIND_INPUTS));
    tables.mix(coder, set, FLAG_RATE, &indices, copy)
}

/// Codes where a copy comes from.
pub(crate) fn source<C: Side>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    memory: &Memory,
    expected: u8,
    source: Source,
) -> Source {
    let since = u32::from(memory.since);
    let [r1, ..] = memory.last();
    let operations = usize::from(memory.operations);
    let indices = [
        REPEATED.wrapping_add(operations),
        flag(
            tables,
            3,
            hash(u32::from(expected) | since.min(3) << 8 | memory.lane() << 12),
        ),
        flag(tables, 3, hash(since | u32::from(r1) << 8 | 0x77_0000)),
    ];
    let set = usize_of(since.min(3)).wrapping_mul(REPEATED_INPUTS);
    let set = SET_REPEATED.wrapping_add(set);
    if !tables.mix(coder, set, FLAG_RATE, &indices, source.is_repeat()) {
        let distance = match source {
            Source::Distance(distance) => distance,
            Source::Repeat(_) => 1,
        };
        return Source::Distance(self::distance(tables, coder, memory, distance));
    }
    let number = match source {
        Source::Repeat(number) => number,
        Source::Distance(_) => 0,
    };
    let mut which = 0_u8;
    while which < 3 {
        let row = usize::from(which);
        let indices = [
            WHICH
                .wrapping_add(row.wrapping_mul(64))
                .wrapping_add(operations),
            flag(
                tables,
                3,
                hash(u32::from(expected) | u32::from(which) << 8 | 0x55_0000),
            ),
        ];
        let set = SET_WHICH.wrapping_add(row.wrapping_mul(WHICH_INPUTS));
        if !tables.mix(coder, set, FLAG_RATE, &indices, number > which) {
            break;
        }
        which = which.saturating_add(1);
    }
    Source::Repeat(which)
}

/// The class of a distance, 0 to 63, and how many bits it leaves open.
pub(crate) fn slot(distance: u32) -> (u32, u32) {
    let rest = distance.wrapping_sub(1);
    if rest < 4 {
        return (rest, 0);
    }
    let top = 31_u32.wrapping_sub(rest.leading_zeros());
    let open = top.wrapping_sub(1);
    (top << 1 | rest.wrapping_shr(open) & 1, open)
}

fn distance<C: Side>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    memory: &Memory,
    distance: u32,
) -> u32 {
    let (slot_given, _) = slot(distance);
    let (last, _) = slot(memory.distance());
    let quarter = usize_of(memory.offset & 3);
    let [r1, ..] = memory.last();
    let context = hash(u32::from(r1) | memory.lane() << 8 | 0x33_0000);
    let mut prefix = 1_u32;
    for index in 0_u32..6 {
        let bit = slot_given.wrapping_shr(5_u32.wrapping_sub(index)) & 1 != 0;
        let indices = [
            SLOT.wrapping_add(quarter << 6)
                .wrapping_add(usize_of(prefix)),
            SLOT_LAST.wrapping_add(usize_of((last >> 3).min(3) << 6 | prefix)),
            flag(
                tables,
                4,
                context.wrapping_add(prefix.wrapping_mul(0x9e37_79b1)),
            ),
        ];
        let set = SET_SLOT.wrapping_add(usize_of(index).wrapping_mul(SLOT_INPUTS));
        let bit = tables.mix(coder, set, FLAG_RATE, &indices, bit);
        prefix = prefix << 1 | u32::from(bit);
    }
    let slot = prefix & 63;
    if slot < 4 {
        return slot.wrapping_add(1);
    }
    let open = (slot >> 1).wrapping_sub(1);
    let rest_given = distance.wrapping_sub(1);
    let mut rest = slot & 1 | 2;
    let mut place = open;
    while place > 4 {
        place = place.wrapping_sub(1);
        let bit = rest_given.wrapping_shr(place) & 1 != 0;
        rest = rest << 1 | u32::from(coder.code(bit, 32768));
    }
    // The lowest bits, the lowest first.
    let row = slot.min(14).wrapping_sub(4);
    let mut low = 0_u32;
    let mut prefix = 1_u32;
    for index in 0..place {
        let bit = rest_given.wrapping_shr(index) & 1 != 0;
        let bit = tables.bit(coder, LOW.wrapping_add(usize_of(row << 4 | prefix)), bit);
        prefix = prefix << 1 | u32::from(bit);
        low |= u32::from(bit).wrapping_shl(index);
    }
    (rest.wrapping_shl(place) | low).wrapping_add(1)
}

/// Codes whether a copy of `len` bytes so far goes on. `expected` is the byte that would come.
pub(crate) fn goes_on<C: Side>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    memory: &Memory,
    (source, len): (Source, u32),
    expected: u8,
    on: bool,
) -> bool {
    let repeat = u32::from(source.is_repeat());
    let (slot, _) = slot(memory.distance());
    let [r1, ..] = memory.last();
    let quarter = memory.offset & 3;
    let steps = len.min(32);
    let indices = [
        STEPS.wrapping_add(usize_of(
            (repeat << 2 | quarter).wrapping_mul(33).wrapping_add(steps),
        )),
        STEP_SLOTS.wrapping_add(usize_of(
            (repeat << 4 | (slot >> 2).min(15)) << 2 | len.min(4).saturating_sub(1),
        )),
        flag(
            tables,
            5,
            hash(u32::from(expected) | u32::from(r1) << 8 | memory.lane() << 16 | 0x100_0000),
        ),
        flag(
            tables,
            4,
            hash(
                u32::from(expected)
                    | len.min(4) << 8
                    | memory.lane() << 16
                    | repeat << 20
                    | 0x900_0000,
            ),
        ),
    ];
    let set = repeat << 3 | len.min(7);
    let set = SET_STEP.wrapping_add(usize_of(set).wrapping_mul(STEP_INPUTS));
    tables.mix(coder, set, FLAG_RATE, &indices, on)
}

/// Codes how many more bytes a long copy has.
pub(crate) fn more<C: Side>(tables: &mut Tables<'_>, coder: &mut C, count: u32) -> u32 {
    let value = count.saturating_add(1);
    let true_len = 31_u32.wrapping_sub(value.leading_zeros());
    let mut len = 0_u32;
    while len < 31 && tables.bit(coder, LONG.wrapping_add(usize_of(len)), true_len > len) {
        len = len.wrapping_add(1);
    }
    let mut decoded = 1_u32;
    let mut place = len;
    while place > 0 {
        place = place.wrapping_sub(1);
        let bit = value.wrapping_shr(place) & 1 != 0;
        decoded = decoded << 1 | u32::from(coder.code(bit, 32768));
    }
    decoded.wrapping_sub(1)
}

fn hash(value: u32) -> u32 {
    let product = value.wrapping_mul(0x9e37_79b1);
    product ^ product >> 15
}

const fn mask(bits: u32) -> usize {
    1_usize.wrapping_shl(bits).wrapping_sub(1)
}

const fn mask32(bits: u32) -> u32 {
    1_u32.wrapping_shl(bits).wrapping_sub(1)
}

fn usize_of(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
