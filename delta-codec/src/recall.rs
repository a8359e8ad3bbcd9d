//! Recalled bytes: which byte came after a context when it was last met. For contexts that are
//! seldom met twice this says as much as counters of each bit, in two bytes.

use crate::ablation::{self, Stage};
use crate::isa::halves;
use crate::model::usize_of;

/// Bytes of an entry: the byte, then five bits of the context's hash over how often it came again.
pub(crate) const RECALL_LEN: usize = 2;

/// Most that how sure an entry is may count to; 0 is an entry never used.
pub(crate) const SURE_MAX: u8 = 7;

const SURE: u8 = 7;

/// Where a context's entry is, and how it is told from others there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    slot: u32,
    /// Five bits of the context's hash, in place.
    check: u8,
}

/// A byte that may come, and how sure that is, 1 to [`SURE_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recalled {
    pub(crate) byte: u8,
    pub(crate) sure: u8,
}

/// One table by hash for all contexts, which so share it by need.
pub(crate) struct Recalls<'a> {
    pub(crate) entries: &'a mut [[u8; RECALL_LEN]],
}

impl Recalls<'_> {
    #[inline]
    pub(crate) fn key(&self, context: u32) -> Key {
        let product = context.wrapping_mul(0x9e37_79b1);
        let hash = (product ^ product >> 15).wrapping_mul(0x2c1b_3c6d);
        let [low, ..] = hash.to_le_bytes();
        let count = u64::try_from(self.entries.len()).unwrap_or(0);
        let [_, slot] = halves(u64::from(hash).wrapping_mul(count));
        Key {
            slot,
            check: low & !SURE,
        }
    }

    #[inline]
    pub(crate) fn get(&self, key: Key) -> Option<Recalled> {
        if !ablation::is_on(Stage::Recall) {
            return None;
        }
        let [byte, state] = *self.entries.get(usize_of(key.slot))?;
        let sure = state & SURE;
        (sure > 0 && state & !SURE == key.check).then_some(Recalled { byte, sure })
    }

    /// Notes that `byte` came after a context. What is sure gives way only in steps.
    pub(crate) fn put(&mut self, key: Key, byte: u8) {
        let Some(entry) = self.entries.get_mut(usize_of(key.slot)) else {
            return;
        };
        let [known, state] = *entry;
        let sure = state & SURE;
        let same = state & !SURE == key.check;
        *entry = if same && known == byte {
            [byte, key.check | sure.saturating_add(1).min(SURE_MAX)]
        } else if same && sure > 3 {
            [known, key.check | sure >> 2]
        } else if !same && sure > 2 {
            [known, state.wrapping_sub(1)]
        } else {
            [byte, key.check | 1]
        };
    }
}

#[cfg(test)]
mod tests;
