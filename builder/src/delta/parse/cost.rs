//! What following a diagonal costs: how far the images agree, and what changed fields take.

use sprag_delta::Kind;

use super::{Images, MISS, Way, as_i64, as_u32, as_u64};
use crate::delta::fields::MovedTo;
use crate::delta::matcher::common_len;

/// Comparing stops here; a match that goes on is compared again later.
const COMPARE_MAX: usize = 1024;

/// For each doubling of the jump from one diagonal to the next.
const JUMP: u64 = 102;
const JUMP_MAX: u64 = 24 * 64;
/// A field that changes: a far one and another, before anything is known of where addresses went.
const FIELD_FAR: u64 = 160;
const FIELD_NEAR: u64 = 192;
/// And then: as predicted, a call or jump that is not, a pointer that is not.
const FIELD_PREDICTED: u64 = 10;
const FIELD_CALL: u64 = 640;
const FIELD_POINTER: u64 = 320;

impl Images<'_> {
    /// Renews how far the images agree along a diagonal.
    pub(super) fn look_along(&self, way: &mut Way, position: usize) {
        if way.clean_end <= position {
            way.clean_end = position + agreement(self.old, self.new, position, way.diagonal);
        }
        if let Some(masked) = self.masked
            && way.masked_end <= position
        {
            let len = agreement(masked.old, masked.new, position, way.diagonal);
            way.masked_end = position + len;
        }
    }

    /// The cost and length of a field that differs from the old one in its target only, if that is
    /// cheaper than its bytes.
    pub(super) fn field_cost(
        &self,
        way: &Way,
        position: usize,
        moved: Option<&MovedTo>,
    ) -> Option<(u64, usize)> {
        let masked = self.masked?;
        if way.clean_end >= position + 8 {
            return None;
        }
        let new_field = masked.new_fields.get(position)?;
        let source = usize::try_from(as_i64(position) + way.diagonal).ok()?;
        let field = masked.old_fields.get(source)?;
        let len = usize::from(field.len);
        if field.kind != new_field.kind
            || field.len != new_field.len
            || way.clean_end >= position + len
        {
            return None;
        }
        let (old, new) = (
            masked.old_fields.bytes_at(source),
            masked.new_fields.bytes_at(position),
        );
        let side = masked.new_fields.side();
        let class = masked.old_fields.class(source);
        let rewrite = |target| side.rewrite(class, field.kind, old, as_u32(position), target);
        if rewrite(new_field.target)?[..len] != new[..len] {
            return None;
        }
        let far = field.kind.is_far();
        let cost = match moved {
            None => {
                if far {
                    FIELD_FAR
                } else {
                    FIELD_NEAR
                }
            }
            Some(moved) => {
                let shift = moved.shift(field.target).unwrap_or(0);
                let predicted = rewrite(field.target.wrapping_add(shift));
                match field.kind {
                    _ if predicted.is_some_and(|bytes| bytes[..len] == new[..len]) => {
                        FIELD_PREDICTED
                    }
                    Kind::Call | Kind::Jump => FIELD_CALL,
                    _ if far => FIELD_POINTER,
                    _ => MISS,
                }
            }
        };
        let differing = old
            .iter()
            .zip(&new)
            .take(len)
            .filter(|(old, new)| old != new)
            .count();
        (cost < MISS * as_u64(differing)).then_some((cost, len))
    }
}

/// How many bytes from `position` on agree along a diagonal, up to [`COMPARE_MAX`].
fn agreement(old: &[u8], new: &[u8], position: usize, diagonal: i64) -> usize {
    let Ok(source) = usize::try_from(as_i64(position) + diagonal) else {
        return 0;
    };
    let old = old.get(source..).unwrap_or_default();
    let old = &old[..old.len().min(COMPARE_MAX)];
    common_len(old, &new[position..])
}

/// The cost of the number that says how far away the next diagonal is.
pub(super) fn jump_cost(distance: u64) -> u64 {
    let distance = distance + 1;
    let log2 = distance.ilog2();
    // Linear between powers of two, in 1/64.
    let fraction = if log2 >= 6 {
        distance >> (log2 - 6)
    } else {
        distance << (6 - log2)
    };
    let log2_64 = u64::from(log2) * 64 + (fraction - 64);
    (log2_64 * JUMP / 64).min(JUMP_MAX)
}
