//! What is known of where old addresses went: the major operations, and single targets learned.

use core::cell::Cell;

use crate::model::usize_of;

/// A copy that the stream announces before everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Major {
    /// First byte copied, an offset in the old image.
    pub(crate) source: u32,
    /// Where it goes, an offset in the new image.
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// Bytes of a major operation in the workspace: source, start, length.
pub(crate) const MAJOR_LEN: usize = 12;

/// The major operations in the order of the new image, and their order in the old one.
pub(crate) struct Map<'a> {
    majors: &'a mut [[u8; MAJOR_LEN]],
    order: &'a mut [[u8; 2]],
    /// What was found last, for near targets and for far ones.
    last: [Cell<Reach>; 2],
}

/// Where in the old image the same operation answers.
#[derive(Debug, Clone, Copy, Default)]
struct Reach {
    from: u32,
    /// Bytes up to the next operation.
    len: u32,
    /// Of these, bytes that the operation copies.
    inside: u32,
    shift: u32,
}

impl<'a> Map<'a> {
    pub(crate) fn new(majors: &'a mut [[u8; MAJOR_LEN]], order: &'a mut [[u8; 2]]) -> Self {
        Self {
            majors,
            order,
            last: Default::default(),
        }
    }

    /// The most operations it holds.
    pub(crate) fn capacity(&self) -> u32 {
        u32::try_from(self.majors.len().min(self.order.len())).unwrap_or(0)
    }

    pub(crate) fn get(&self, index: u32) -> Option<Major> {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = *self.majors.get(usize_of(index))?;
        Some(Major {
            source: u32::from_le_bytes([a, b, c, d]),
            start: u32::from_le_bytes([e, f, g, h]),
            len: u32::from_le_bytes([i, j, k, l]),
        })
    }

    /// Adds operation number `count`, sorted by its source behind those of the same source.
    pub(crate) fn add(&mut self, count: u32, major: Major) {
        self.last = Default::default();
        let place = self.rank(count, major.source);
        let Some(slot) = self.majors.get_mut(usize_of(count)) else {
            return;
        };
        let (source, rest) = slot.split_at_mut(4);
        let (start, len) = rest.split_at_mut(4);
        source.copy_from_slice(&major.source.to_le_bytes());
        start.copy_from_slice(&major.start.to_le_bytes());
        len.copy_from_slice(&major.len.to_le_bytes());
        let Some(order) = self.order.get_mut(..=usize_of(count)) else {
            return;
        };
        if let Some(behind) = order.get_mut(place..) {
            behind.rotate_right(1);
        }
        if let Some(slot) = order.get_mut(place) {
            *slot = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
        }
    }

    /// Once all `count` operations are there: takes those out of the order that lie, in the old
    /// image, within an earlier one. Returns how many are left in it.
    pub(crate) fn drop_nested(&mut self, count: u32) -> u32 {
        self.last = Default::default();
        let mut kept = 0_u32;
        let mut end = 0_u32;
        for rank in 0..usize_of(count) {
            let Some(major) = self.sorted(rank) else {
                break;
            };
            let major_end = major.source.saturating_add(major.len);
            if major_end > end {
                end = major_end;
                let index = self.order.get(rank).copied().unwrap_or_default();
                if let Some(slot) = self.order.get_mut(usize_of(kept)) {
                    *slot = index;
                }
                kept = kept.saturating_add(1);
            }
        }
        kept
    }

    /// How far what was at `target` has moved, and whether an operation says so itself or only its
    /// nearest neighbour below does, among the first `count` of the order. `None` below all. The
    /// answers for near and for far targets are kept apart at hand, as most are the same again.
    #[inline]
    pub(crate) fn shift(&self, count: u32, target: u32, far: bool) -> Option<(u32, bool)> {
        let [near_last, far_last] = &self.last;
        let last = if far { far_last } else { near_last };
        let known = last.get();
        let distance = target.wrapping_sub(known.from);
        if distance < known.len {
            return Some((known.shift, distance < known.inside));
        }
        let found = self.search(count, target)?;
        last.set(found);
        Some((found.shift, target.wrapping_sub(found.from) < found.inside))
    }

    /// Offsets around `target` that have moved alike, if they have moved by `shift`: first and number.
    pub(crate) fn alike(&self, count: u32, target: u32, shift: u32) -> Option<(u32, u32)> {
        let (found, _) = self.shift(count, target, false)?;
        let [last, _] = &self.last;
        let last = last.get();
        (found == shift).then_some((last.from, last.len))
    }

    fn search(&self, count: u32, target: u32) -> Option<Reach> {
        let above = self.rank(count, target);
        let major = self.sorted(above.checked_sub(1)?)?;
        let next = if above < usize_of(count) {
            self.sorted(above)
        } else {
            None
        };
        let end = next.map_or(u32::MAX, |next| next.source);
        Some(Reach {
            from: major.source,
            len: end.wrapping_sub(major.source),
            inside: major.len,
            shift: major.start.wrapping_sub(major.source),
        })
    }

    /// How many of the first `count` operations begin at or below `source`.
    fn rank(&self, count: u32, source: u32) -> usize {
        let (mut low, mut high) = (0, usize_of(count).min(self.order.len()));
        while low < high {
            let middle = low.wrapping_add(high.wrapping_sub(low) / 2);
            if self
                .sorted(middle)
                .is_some_and(|major| major.source <= source)
            {
                low = middle.wrapping_add(1);
            } else {
                high = middle;
            }
        }
        low
    }

    fn sorted(&self, rank: usize) -> Option<Major> {
        let index = u16::from_le_bytes(*self.order.get(rank)?);
        self.get(u32::from(index))
    }
}

/// Bytes of a learned target: the target plus one (0: empty), and how far it moved.
pub(crate) const LEARNED_LEN: usize = 8;

type Entry = [u8; LEARNED_LEN];

fn entry(key: u32, shift: u32) -> Entry {
    (u64::from(key) | u64::from(shift) << 32).to_le_bytes()
}

fn parts(entry: Entry) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = entry;
    (
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    )
}

/// Targets whose new place was seen, in a table by hash: a new one displaces an old one.
pub(crate) struct Learned<'a> {
    pub(crate) entries: &'a mut [Entry],
}

impl Learned<'_> {
    pub(crate) fn get(&self, target: u32) -> Option<u32> {
        let (key, shift) = parts(*self.entries.get(self.slot(target))?);
        (key == target.wrapping_add(1)).then_some(shift)
    }

    pub(crate) fn put(&mut self, target: u32, shift: u32) {
        let slot = self.slot(target);
        if let Some(slot) = self.entries.get_mut(slot) {
            *slot = entry(target.wrapping_add(1), shift);
        }
    }

    fn slot(&self, target: u32) -> usize {
        // A power of two of entries.
        let mask = self.entries.len().wrapping_sub(1);
        usize_of((target >> 1).wrapping_mul(0x9e37_79b1) >> 16) & mask
    }
}

/// Places in RAM whose shift was seen, sorted: their neighbours above moved alike.
pub(crate) struct Anchors<'a> {
    pub(crate) entries: &'a mut [Entry],
}

impl Anchors<'_> {
    /// The shift of the nearest of `count` anchors at or below `target`, or of the first.
    pub(crate) fn near(&self, count: u8, target: u32) -> Option<u32> {
        let known = self.entries.get(..usize::from(count))?;
        let above = known.partition_point(|known| parts(*known).0 <= target);
        let (_, shift) = parts(*known.get(above.saturating_sub(1))?);
        Some(shift)
    }

    /// Adds or changes an anchor and returns their number. A full table stays as it is.
    pub(crate) fn put(&mut self, count: u8, target: u32, shift: u32) -> u8 {
        let known = self.entries.get(..usize::from(count)).unwrap_or_default();
        let place = known.partition_point(|known| parts(*known).0 < target);
        if known
            .get(place)
            .is_some_and(|known| parts(*known).0 == target)
        {
            if let Some(slot) = self.entries.get_mut(place) {
                *slot = entry(target, shift);
            }
            return count;
        }
        let Some(grown) = self.entries.get_mut(..=usize::from(count)) else {
            return count;
        };
        if let Some(behind) = grown.get_mut(place..) {
            behind.rotate_right(1);
        }
        if let Some(slot) = grown.get_mut(place) {
            *slot = entry(target, shift);
        }
        count.saturating_add(1)
    }
}

#[cfg(test)]
mod tests;
