//! Halfwords that changed: an old halfword that became something once mostly becomes it again.

use crate::ablation::{self, Stage};
use crate::model::usize_of;

/// Bytes of an entry: key, new halfword, confidence with a mark of use.
pub(crate) const SUBSTITUTION_LEN: usize = 5;

const USED: u8 = 0x80;

/// What an old halfword became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Substitution {
    pub(crate) new: [u8; 2],
    /// How often it was right, 0 to 3.
    pub(crate) confidence: u8,
}

/// A table by hash; a new key displaces an old one. It may have no entries at all.
pub(crate) struct Substitutions<'a> {
    pub(crate) entries: &'a mut [[u8; SUBSTITUTION_LEN]],
}

impl Substitutions<'_> {
    pub(crate) fn get(&self, key: u16) -> Option<Substitution> {
        if !ablation::is_on(Stage::Substitutions) {
            return None;
        }
        let [low, high, first, second, state] = *self.entries.get(self.slot(key))?;
        let found = state & USED != 0 && u16::from_le_bytes([low, high]) == key;
        found.then_some(Substitution {
            new: [first, second],
            confidence: state & 3,
        })
    }

    /// Notes that the old halfword `old` of `key` became `new`.
    pub(crate) fn put(&mut self, key: u16, old: [u8; 2], new: [u8; 2]) {
        let next = match self.get(key) {
            None if new == old => return,
            None => Substitution { new, confidence: 0 },
            Some(known) if known.new == new => Substitution {
                new,
                confidence: known.confidence.saturating_add(1).min(3),
            },
            Some(known) if known.confidence > 1 => Substitution {
                confidence: known.confidence / 2,
                ..known
            },
            Some(_) => Substitution { new, confidence: 0 },
        };
        let slot = self.slot(key);
        if let Some(slot) = self.entries.get_mut(slot) {
            let [low, high] = key.to_le_bytes();
            let [first, second] = next.new;
            *slot = [low, high, first, second, next.confidence | USED];
        }
    }

    fn slot(&self, key: u16) -> usize {
        // A power of two of entries, or none.
        let mask = self.entries.len().wrapping_sub(1);
        usize_of(u32::from(key).wrapping_mul(0x9e37_79b1) >> 16) & mask
    }
}

#[cfg(test)]
mod tests;
