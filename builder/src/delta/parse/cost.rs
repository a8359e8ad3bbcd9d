//! What following a diagonal costs: how far the images agree, and what changed fields take.

use super::prices::{ChangedField, Prices, kind_index};
use super::{Images, Way, as_i64, as_u32, as_u64};
use sprag_delta::{Class, Data, Kind};

use crate::delta::fields::MovedTo;
use crate::delta::matcher::common_len;

/// Comparing stops here; a match that goes on is compared again later.
const COMPARE_MAX: usize = 1024;

/// A field that changes, in 1/64 bit: a far one and another, before anything is known of where
/// addresses went.
const FIELD_FAR: u64 = 160;
const FIELD_NEAR: u64 = 192;

impl Images<'_> {
    /// The lowest source of a copy to `position`.
    pub(in crate::delta) fn first_source(&self, position: usize) -> usize {
        self.in_place.map_or(0, |in_place| in_place.least(position))
    }

    /// Whether the byte at `position` may come along a diagonal, as far as the groups of a device
    /// with a single slot go.
    pub(super) fn allows(&self, position: usize, diagonal: i64) -> bool {
        self.in_place
            .is_none_or(|in_place| in_place.allows(position, diagonal))
    }

    /// From `position` on: where a copy along `diagonal` has to end for the same reason.
    fn end(&self, position: usize, diagonal: i64) -> usize {
        self.in_place
            .map_or(usize::MAX, |in_place| in_place.end(position, diagonal))
    }

    /// Renews how far the images agree along a diagonal.
    pub(super) fn look_along(&self, way: &mut Way, position: usize) {
        if way.clean_end <= position {
            let len = agreement(self.old, self.new, position, way.diagonal);
            way.clean_end = (position + len).min(self.end(position, way.diagonal));
        }
        if let Some(masked) = self.masked
            && way.masked_end <= position
        {
            let len = agreement(masked.old, masked.new, position, way.diagonal);
            way.masked_end = (position + len).min(self.end(position, way.diagonal));
        }
    }

    /// The cost and length of a field that differs from the old one in its target only, if that is
    /// cheaper than its bytes.
    pub(super) fn field_cost(
        &self,
        way: &Way,
        position: usize,
        moved: Option<&MovedTo>,
        prices: &Prices,
    ) -> Option<(u64, usize)> {
        self.masked?;
        if way.clean_end >= position + 8 {
            return None;
        }
        let source = usize::try_from(as_i64(position) + way.diagonal).ok()?;
        let field = self.changed_field(position, source, self.new.len(), moved)?;
        let ChangedField {
            kind,
            len,
            is_predicted,
        } = field;
        let cost = match moved {
            None if kind.is_far() => FIELD_FAR,
            None => FIELD_NEAR,
            Some(_) if is_predicted => prices.predicted[kind_index(kind)],
            Some(_) => prices.corrected[kind_index(kind)],
        };
        let (old, new) = (&self.old[source..], &self.new[position..]);
        let pairs = old.iter().zip(new).take(len);
        let differing = pairs.filter(|(old, new)| old != new).count();
        (cost < prices.miss[0] * as_u64(differing)).then_some((cost, len))
    }

    /// About what some bytes of the new image cost along a diagonal or as literals; nothing if that
    /// is more than `limit` or they lie outside the old image.
    pub(in crate::delta) fn price(
        &self,
        (start, end): (usize, usize),
        diagonal: Option<i64>,
        moved: Option<&MovedTo>,
        prices: &Prices,
        limit: u64,
    ) -> Option<u64> {
        let Some(diagonal) = diagonal else {
            let price = as_u64(end - start) * prices.literal;
            return (price <= limit).then_some(price);
        };
        let first = usize::try_from(as_i64(start) + diagonal).ok()?;
        if first + (end - start) > self.old.len() || self.end(start, diagonal) < end {
            return None;
        }
        let (mut price, mut place, mut misses) = (0, start, 0_u8);
        while place < end && price <= limit {
            let source = first + (place - start);
            if self.old[source] == self.new[place] {
                price += prices.hit[usize::from(misses & 15)];
                misses <<= 1;
                place += 1;
            } else if let Some(field) = self.changed_field(place, source, end, moved) {
                let kind = kind_index(field.kind);
                price += if field.is_predicted {
                    prices.predicted[kind]
                } else {
                    prices.corrected[kind]
                };
                misses = misses << 1 | u8::from(!field.is_predicted);
                place += field.len;
            } else {
                price += prices.miss[usize::from(misses & 7)];
                misses = misses << 1 | 1;
                place += 1;
            }
        }
        (price <= limit).then_some(price)
    }

    /// The field at a place of both images, if its target differs and it ends before `end`.
    pub(super) fn changed_field(
        &self,
        position: usize,
        source: usize,
        end: usize,
        moved: Option<&MovedTo>,
    ) -> Option<ChangedField> {
        let masked = self.masked?;
        let new_field = masked.new_fields.get(position)?;
        let field = masked.old_fields.get(source)?;
        let len = usize::from(field.len);
        if field.kind != new_field.kind || field.len != new_field.len || position + len > end {
            return None;
        }
        let (old, new) = (
            masked.old_fields.bytes_at(source),
            masked.new_fields.bytes_at(position),
        );
        if old[..len] == new[..len] {
            return None;
        }
        let side = masked.new_fields.side();
        let class = masked.old_fields.class(source);
        let rewrite = |target| side.rewrite(class, field.kind, old, as_u32(position), target);
        if rewrite(new_field.target)?[..len] != new[..len] {
            return None;
        }
        // Numbers close to each other change alike; the masks show which do.
        let by_mark = matches!(class, Class::Data(Data::Numbers32 | Data::Relocation64))
            && field.kind == Kind::Ram;
        let alike = || {
            let old = masked.old.get(source..source + len);
            old == masked.new.get(position..position + len)
        };
        let is_predicted = moved.is_some_and(|moved| {
            if by_mark {
                return alike();
            }
            let shift = moved.shift(field.target).unwrap_or(0);
            let predicted = rewrite(field.target.wrapping_add(shift));
            predicted.is_some_and(|bytes| bytes[..len] == new[..len])
        });
        Some(ChangedField {
            kind: field.kind,
            len,
            is_predicted,
        })
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
