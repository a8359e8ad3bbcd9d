//! What predicts what: the contexts of flags, missed bytes and literals.

mod bytes;

use crate::coder::Coder;
use crate::isa::{KIND_COUNT, Kind};
use crate::number::{self, NUMBER_COUNTERS};
use crate::tables::Tables;

pub(crate) use bytes::{Equal, equal, literal, missed};

/// Kinds of numbers, each with its own counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    LiteralLen,
    /// The length of a copy that follows another at once.
    CopyLen,
    CopyLenAfterLiterals,
    /// Distance of a source from the end of the last copy.
    Skip,
    SkipAfterLiterals,
    /// Distance from the last diagonal.
    Drift,
    /// Distance from another diagonal.
    Return,
    /// The number of major operations, then what lies between them.
    MajorGap,
    MajorLen,
    MajorSkip,
    MajorSkipAfterGap,
    /// How far a field's target is from the one predicted.
    Residual,
    PointerResidual,
    RamResidual,
    /// The same, from the last such distance.
    RepeatedResidual,
}

impl Number {
    fn base(self) -> usize {
        let kind = match self {
            Self::LiteralLen => 0_usize,
            Self::CopyLen => 1,
            Self::CopyLenAfterLiterals => 2,
            Self::Skip => 3,
            Self::SkipAfterLiterals => 4,
            Self::Drift => 5,
            Self::Return => 6,
            Self::MajorGap => 7,
            Self::MajorLen => 8,
            Self::MajorSkip => 9,
            Self::MajorSkipAfterGap => 10,
            Self::Residual => 11,
            Self::PointerResidual => 12,
            Self::RamResidual => 13,
            Self::RepeatedResidual => 14,
        };
        NUMBERS.wrapping_add(kind.wrapping_mul(NUMBER_COUNTERS))
    }
}

const NUMBER_KINDS: usize = 15;

// Counters of bytes and numbers: numbers, single bits, misses, recalled bytes, then the tables that
// grow with the profile.
const NUMBERS: usize = 0;
const SINGLES: usize = NUMBERS + NUMBER_KINDS * NUMBER_COUNTERS;
const SINGLE_SOURCE: usize = SINGLES;
const SINGLE_MINOR: usize = SINGLE_SOURCE + 12;
const SINGLE_REACHED: usize = SINGLE_MINOR + 1;
const SINGLE_REPEATED: usize = SINGLE_REACHED + KIND_COUNT;
const SINGLE_LAYOUT: usize = SINGLE_REPEATED + KIND_COUNT;
const SINGLE_VERBATIM: usize = SINGLE_LAYOUT + 1;
const SINGLE_COUNT: usize = 14 + 2 * KIND_COUNT + VERBATIM_SLOTS;
const MISS_BITS: usize = SINGLES + SINGLE_COUNT;
const MISS_DELTA: usize = MISS_BITS + 256;
const LITERAL_RECALL: usize = MISS_DELTA + 256;
const MISS_RECALL: usize = LITERAL_RECALL + bytes::RECALLS * RECALL_COUNTERS;
/// Counters of bytes and numbers of every profile.
pub(crate) const BITS_FIXED: usize = MISS_RECALL + bytes::RECALLS * RECALL_COUNTERS;

/// Whether a recalled byte comes: by how sure it is and by the pair of bits.
const RECALL_COUNTERS: usize = 32;

// Counters of flags.
const EQUAL_RUN: usize = 0;
const STRETCH_RUN: usize = EQUAL_RUN + 64;
const STRETCH_PAST: usize = STRETCH_RUN + 64;
const STRETCH_SIZE: usize = STRETCH_PAST + 32;
const FIELD_HISTORY: usize = STRETCH_SIZE + 128;
const FIELD_PLACE: usize = FIELD_HISTORY + 128;
const EQUAL_FIRST: usize = FIELD_PLACE + 128;
/// Counters of flags of every profile.
pub(crate) const FLAGS_FIXED: usize = EQUAL_FIRST + 64;

// Mixer weights: sets of as many as there are inputs.
const SET_EQUAL: usize = 0;
const SET_LITERAL: usize = SET_EQUAL + (2 + SUBSTITUTION_STATES) * EQUAL_INPUTS;
const SET_MISS: usize = SET_LITERAL + 4 * LITERAL_INPUTS;
const SET_STRETCH: usize = SET_MISS + 8 * MISS_INPUTS;
const SET_FIELD: usize = SET_STRETCH + 4 * STRETCH_INPUTS;
const SET_EQUAL_FIRST: usize = SET_FIELD + 6 * FIELD_INPUTS;
/// Mixer weights of every profile.
pub(crate) const WEIGHT_COUNT: usize = SET_EQUAL_FIRST + FIRST_INPUTS;
/// Where the weights of each kind of decision begin.
#[cfg(feature = "ablation")]
pub(crate) const SETS: [usize; 6] = [
    SET_EQUAL,
    SET_LITERAL,
    SET_MISS,
    SET_STRETCH,
    SET_FIELD,
    SET_EQUAL_FIRST,
];

/// What the substitution of the halfword says of a byte: nothing (0); the old byte (1); another byte,
/// by confidence (2 to 4); it was wrong about the byte before (5).
pub(crate) const SUBSTITUTION_STATES: usize = 6;

const EQUAL_INPUTS: usize = 5;
const FIRST_INPUTS: usize = 3;
const LITERAL_INPUTS: usize = 2 + bytes::RECALLS;
const MISS_INPUTS: usize = 3 + bytes::RECALLS;
const STRETCH_INPUTS: usize = 3;
const FIELD_INPUTS: usize = 2;

/// Counters of verbatim stretches, by their size.
const VERBATIM_SLOTS: usize = 4;

/// Log2 of the smallest and largest stretch.
pub(crate) const STRETCH_MIN: u8 = 6;
pub(crate) const STRETCH_MAX: u8 = 9;

/// Where a byte stands: what both kinds of byte model look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Offset in the new image.
    pub(crate) offset: u32,
    /// The last four bytes of the new image, newest lowest.
    pub(crate) recent: u32,
    /// Log2 of the alignment of instructions, 0 to 2.
    pub(crate) unit_log2: u8,
}

/// The old byte that a copy stands on, with its surroundings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OldPlace {
    /// Offset in the old image.
    pub(crate) offset: u32,
    pub(crate) byte: u8,
    pub(crate) before: u8,
    pub(crate) after: u8,
    /// The last byte of the instruction, where the operation code is.
    pub(crate) opcode: u8,
}

/// What a copy has met so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct History {
    /// One bit a byte or field, newest lowest; set for a miss.
    pub(crate) misses: u32,
    /// Bytes since the last miss.
    pub(crate) run: u32,
    /// New minus old byte at the last miss.
    pub(crate) delta: u8,
    /// What the byte became in another place.
    pub(crate) hint: Hint,
}

/// What the substitution of a halfword says of one of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hint {
    None,
    /// The byte, and the confidence, 0 to 3.
    Byte(u8, u8),
    /// It was wrong about the first byte.
    Wrong,
}

impl Hint {
    /// The state for a byte that was `old`.
    fn state(self, old: u8) -> usize {
        match self {
            Self::None => 0,
            Self::Byte(byte, _) if byte == old => 1,
            Self::Byte(_, confidence) => usize::from(confidence.min(2)).wrapping_add(2),
            Self::Wrong => 5,
        }
    }
}

pub(crate) fn unsigned<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    kind: Number,
    value: u32,
) -> u32 {
    number::unsigned(tables, coder, kind.base(), value)
}

pub(crate) fn signed<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    kind: Number,
    value: i32,
) -> i32 {
    number::signed(tables, coder, kind.base(), value)
}

/// Which of two flags of an operation is coded: whose source, or where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SourceOf {
    /// A major operation's.
    pub(crate) major: bool,
    /// Something lies between it and the operation before.
    pub(crate) after_gap: bool,
}

/// Codes which base a source is relative to: 0 the end of the last copy, 1 to 3 diagonals. At most
/// three decisions.
pub(crate) fn source_base<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    of: SourceOf,
    base: u8,
) -> u8 {
    let row = usize::from(of.after_gap) | usize::from(of.major) << 1;
    let at = SINGLE_SOURCE.wrapping_add(row.wrapping_mul(3));
    let mut decoded = 0;
    for slot in [at, at.wrapping_add(1), at.wrapping_add(2)] {
        if !tables.bit(coder, slot, base > decoded) {
            break;
        }
        decoded = decoded.wrapping_add(1);
    }
    decoded
}

/// Codes whether segments and regions are told.
pub(crate) fn layout<C: Coder>(tables: &mut Tables<'_>, coder: &mut C, told: bool) -> bool {
    tables.bit(coder, SINGLE_LAYOUT, told)
}

/// Codes whether a minor operation comes before the next major one.
pub(crate) fn minor<C: Coder>(tables: &mut Tables<'_>, coder: &mut C, minor: bool) -> bool {
    tables.bit(coder, SINGLE_MINOR, minor)
}

/// Codes whether a field that no candidate fits has the old one's form.
pub(crate) fn reached<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    kind: Kind,
    reached: bool,
) -> bool {
    tables.bit(
        coder,
        SINGLE_REACHED.wrapping_add(usize::from(kind.number())),
        reached,
    )
}

/// Codes whether a residual is told relative to the last one of its kind.
pub(crate) fn repeated<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    kind: Kind,
    repeated: bool,
) -> bool {
    tables.bit(
        coder,
        SINGLE_REPEATED.wrapping_add(usize::from(kind.number())),
        repeated,
    )
}

/// Where a candidate for a field's bytes comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Learned,
    Map,
    /// The old bytes as they are.
    Raw,
}

/// A candidate about to be accepted or refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) kind: Kind,
    pub(crate) origin: Origin,
    /// Candidates of this field, 1 to 3.
    pub(crate) count: u8,
    /// Whether a major operation holds the target.
    pub(crate) inside: bool,
    /// Last fields of this kind, newest lowest, set where the first candidate failed.
    pub(crate) past: u8,
    /// Last units of the copy, see [`History::misses`].
    pub(crate) misses: u32,
}

/// Codes whether a candidate is right.
pub(crate) fn candidate<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    candidate: Candidate,
    right: bool,
) -> bool {
    let origin = match candidate.origin {
        Origin::Learned => 0_usize,
        Origin::Map => 1,
        Origin::Raw => 2,
    };
    let row = usize::from(candidate.kind.number())
        .wrapping_mul(3)
        .wrapping_add(origin)
        << 1;
    let alone = usize::from(candidate.count == 1);
    let others = usize::from(candidate.count.saturating_sub(1).min(2));
    let by_history = (row | alone) << 3 | usize::from(candidate.past & 7);
    let by_place =
        (row | usize::from(candidate.inside)) << 3 | others << 1 | usize_of(candidate.misses & 1);
    let indices = [
        FIELD_HISTORY.wrapping_add(by_history % 127),
        FIELD_PLACE.wrapping_add(by_place % 127),
    ];
    let set = origin << 1 | usize::from(candidate.kind.is_far());
    tables.mix_field(
        coder,
        SET_FIELD.wrapping_add(set.wrapping_mul(FIELD_INPUTS)),
        &indices,
        right,
    )
}

/// Codes whether the next bytes of a copy are the very old ones, by `step` of the exponent.
pub(crate) fn verbatim<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    step: u8,
    verbatim: bool,
) -> bool {
    let slot = usize::from(step >> 1).min(const { VERBATIM_SLOTS - 1 });
    tables.bit(coder, SINGLE_VERBATIM.wrapping_add(slot), verbatim)
}

/// Codes whether the next `len` bytes of a copy are all as predicted. `past` are the last stretch
/// flags, newest lowest.
pub(crate) fn stretch<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    stretch: Stretch,
    clean: bool,
) -> bool {
    let size_log2 = usize_of(log2(stretch.len)).min(15);
    let step = usize::from(stretch.exponent.wrapping_sub(STRETCH_MIN) & 3);
    let start = usize::from(stretch.at_start);
    let run = usize_of(log2(stretch.run)).min(15);
    let indices = [
        STRETCH_RUN.wrapping_add(step << 4 | run),
        STRETCH_PAST.wrapping_add(step << 3 | usize::from(stretch.past & 3) << 1 | start),
        STRETCH_SIZE.wrapping_add(step << 5 | size_log2 << 1 | start),
    ];
    let set = SET_STRETCH.wrapping_add(step.wrapping_mul(STRETCH_INPUTS));
    tables.mix_flag(coder, set, &indices, clean)
}

/// A stretch about to be coded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) exponent: u8,
    /// Bytes of it: 2^exponent or the rest of the copy.
    pub(crate) len: u32,
    pub(crate) run: u32,
    pub(crate) past: u8,
    pub(crate) at_start: bool,
}

/// Mask of an offset within a unit.
fn unit_mask(unit_log2: u8) -> u32 {
    match unit_log2 {
        0 => 0,
        1 => 1,
        _ => 3,
    }
}

/// Mask of an offset within what is taken for an instruction.
pub(crate) fn instruction_mask(unit_log2: u8) -> u32 {
    unit_mask(unit_log2) | 1
}

/// Bits of a number: 0 for 0, else 1 + floor(log2).
pub(crate) fn log2(value: u32) -> u32 {
    u32::BITS.wrapping_sub(value.leading_zeros())
}

fn hash32(value: u32) -> u32 {
    let product = value.wrapping_mul(0x9e37_79b1);
    product ^ (product >> 15)
}

fn hash(value: u32) -> usize {
    usize_of(hash32(value))
}

/// A context's hash and the bits of the byte so far.
fn spread(hash: u32, prefix: u32) -> usize {
    usize_of(hash.wrapping_add(hash32(prefix.wrapping_mul(0x3d4d_51cb))))
}

pub(crate) fn usize_of(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

fn low_byte(value: u32) -> u8 {
    let [low, ..] = value.to_le_bytes();
    low
}
