//! Single targets learned.

use super::widths::{Widths, widened};
use crate::ablation::{self, Stage};
use crate::isa::{halves, low_after};
use crate::model::usize_of;
use crate::packed::{Bits, Records};

/// Targets whose new place was seen, in a table by hash: a new one displaces an old one. Of a
/// target only a check is kept, zero where there is none: rarely, one is taken for another.
pub(crate) struct Learned<'a> {
    records: Records<'a>,
    /// How many; some processors have no division.
    count: u32,
    target: Bits,
    check: Bits,
}

impl<'a> Learned<'a> {
    pub(crate) fn new(bytes: &'a mut [u8], widths: Widths) -> Self {
        let records = Records::new(bytes, widened(widths.learned_len));
        Self {
            count: u32::try_from(records.count()).unwrap_or(u32::MAX),
            records,
            target: widths.learned,
            check: widths.check,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.records.clear();
    }

    /// The new target of an old one.
    pub(crate) fn get(&self, target: u32) -> Option<u32> {
        if !ablation::is_on(Stage::Learned) {
            return None;
        }
        let (slot, check) = self.place(target);
        let record = self.records.whole(slot)?;
        let known = low_after(record, self.check.at());
        let [target, _] = halves(record);
        (known & self.check.max() == check).then_some(target & self.target.max())
    }

    pub(crate) fn put(&mut self, target: u32, new_target: u32) {
        let (slot, check) = self.place(target);
        self.records.set(slot, self.check, check);
        self.records.set(slot, self.target, new_target);
    }

    fn place(&self, target: u32) -> (usize, u32) {
        let hash = target.wrapping_mul(0x9e37_79b1);
        // The high bits say where, the low half is the check.
        let [_, slot] = halves(u64::from(hash).wrapping_mul(self.count.into()));
        let slot = usize_of(slot);
        let low = (hash ^ target >> 16) & 0xffff;
        let check = low >> 16_u32.saturating_sub(self.check.width());
        (slot, check.max(1))
    }
}
