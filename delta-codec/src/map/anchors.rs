//! Places in RAM, and numbers, learned in order.

use super::widths::{Widths, widened};
use crate::ablation::{self, Stage};
use crate::model::usize_of;
use crate::packed::{Bits, Records};

/// Places in RAM whose new place was seen, sorted: their neighbours above moved alike.
pub(crate) struct Anchors<'a> {
    records: Records<'a>,
    from: Bits,
    to: Bits,
    /// Whether a full table loses an anchor for a new one.
    displaces: bool,
}

impl<'a> Anchors<'a> {
    pub(crate) fn new(bytes: &'a mut [u8], widths: Widths) -> Self {
        Self {
            records: Records::new(bytes, widened(widths.anchor_len)),
            from: widths.anchor,
            to: widths.anchor_to,
            displaces: widths.has_numbers,
        }
    }

    /// The shift of the nearest of `count` anchors at or below `target`, or of the first.
    pub(crate) fn near(&self, count: u32, target: u32) -> Option<u32> {
        if !ablation::is_on(Stage::Anchors) {
            return None;
        }
        let count = usize_of(count).min(self.records.count());
        let below = target.min(const { u32::MAX - 1 });
        let index = self.records.rank(count, self.from, below).saturating_sub(1);
        if index >= count {
            return None;
        }
        let from = self.records.get(index, self.from)?;
        let to = self.records.get(index, self.to)?;
        Some(to.wrapping_sub(from))
    }

    /// Adds or changes an anchor and returns their number. A full table takes no new place in RAM;
    /// for a new number it loses another.
    pub(crate) fn put(&mut self, count: u32, target: u32, new_target: u32) -> u32 {
        let known = usize_of(count).min(self.records.count());
        // Those below it.
        let mut place = target
            .checked_sub(1)
            .map_or(0, |below| self.records.rank(known, self.from, below));
        let is_known = place < known && self.records.get(place, self.from) == Some(target);
        if !is_known {
            let capacity = self.records.count();
            let mut last = known;
            if known >= capacity {
                if !self.displaces {
                    return count;
                }
                // There are many more numbers than places in RAM, and those near each other come
                // together: one that chance chooses makes room.
                last = displaced(target, capacity);
            }
            if last < place {
                place = place.saturating_sub(1);
                self.records.shift_down(last, place);
            } else {
                self.records.shift_up(place, last);
            }
            self.records.set(place, self.from, target);
        }
        self.records.set(place, self.to, new_target);
        count.saturating_add(u32::from(!is_known && known < self.records.count()))
    }
}

/// Which of `count` anchors goes when a full table takes a new one.
pub(super) fn displaced(target: u32, count: usize) -> usize {
    let hash = u64::from(target.wrapping_mul(0x9e37_79b1));
    let count = u64::try_from(count).unwrap_or(0);
    usize::try_from(hash.wrapping_mul(count) >> 32).unwrap_or(0)
}
