//! Numbers: an adaptive unary bit length, then modelled top and bottom bits, the rest raw.

use crate::coder::Coder;
use crate::tables::Tables;

/// Counters of one kind of number.
pub(crate) const NUMBER_COUNTERS: usize = SIGN + 4;

/// Offsets of the counters within a kind: the unary length, the highest bit below the leading one
/// and the next one, the second-lowest and lowest bit, the sign.
const LENGTH: usize = 0;
const HIGH: usize = LENGTH + 20;
const SECOND: usize = HIGH + 12;
const LOW_1: usize = SECOND + 8;
const LOW_0: usize = LOW_1 + 4;
const SIGN: usize = LOW_0 + 4;

/// Most binary decisions of one signed number.
pub(crate) const NUMBER_WORK: u32 = 32 + 31 + 1;

/// Codes an unsigned number under the counters that begin at `base`.
pub(crate) fn unsigned<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    base: usize,
    value: u32,
) -> u32 {
    let true_len = u32::BITS.wrapping_sub(value.leading_zeros());
    let mut len = 0_u32;
    while len < u32::BITS {
        let slot = LENGTH.wrapping_add(at_most(len, 19));
        if !tables.bit(coder, base.wrapping_add(slot), true_len > len) {
            break;
        }
        len = len.wrapping_add(1);
    }
    let Some(below) = len.checked_sub(1) else {
        return 0;
    };
    let mut decoded = 1_u32;
    let mut place = below;
    while let Some(next) = place.checked_sub(1) {
        place = next;
        let bit = value.wrapping_shr(place) & 1 != 0;
        let from_top = below.wrapping_sub(place);
        let slot = match (from_top, place) {
            (1, _) => Some(HIGH.wrapping_add(at_most(below, 11))),
            (_, 0) => Some(LOW_0.wrapping_add(at_most(below, 3))),
            (_, 1) => Some(LOW_1.wrapping_add(at_most(below, 3))),
            (2, _) => {
                let pair = at_most(below.wrapping_sub(4), 3).wrapping_mul(2);
                Some(
                    SECOND
                        .wrapping_add(pair)
                        .wrapping_add(at_most(decoded & 1, 1)),
                )
            }
            _ => None,
        };
        let bit = match slot {
            Some(slot) => tables.bit(coder, base.wrapping_add(slot), bit),
            None => coder.code(bit, 32768),
        };
        decoded = (decoded << 1) | u32::from(bit);
    }
    decoded
}

/// Codes the low `bits` bits of `value` as they are.
pub(crate) fn raw<C: Coder>(coder: &mut C, bits: u32, value: u32) -> u32 {
    let mut decoded = 0;
    for place in (0..bits).rev() {
        let bit = coder.code(value.wrapping_shr(place) & 1 != 0, 32768);
        decoded = decoded << 1 | u32::from(bit);
    }
    decoded
}

/// Codes a signed number: its magnitude, then, unless zero, its sign.
pub(crate) fn signed<C: Coder>(
    tables: &mut Tables<'_>,
    coder: &mut C,
    base: usize,
    value: i32,
) -> i32 {
    let magnitude = unsigned(tables, coder, base, value.unsigned_abs());
    if magnitude == 0 {
        return 0;
    }
    let slot = SIGN.wrapping_add(at_most(magnitude.ilog2(), 3));
    let negative = tables.bit(coder, base.wrapping_add(slot), value < 0);
    let magnitude = i32::from_le_bytes(magnitude.to_le_bytes());
    if negative {
        magnitude.wrapping_neg()
    } else {
        magnitude
    }
}

/// `value`, but at most `limit`, as an index.
fn at_most(value: u32, limit: u8) -> usize {
    usize::from(u8::try_from(value).unwrap_or(limit).min(limit))
}

#[cfg(test)]
mod tests;
