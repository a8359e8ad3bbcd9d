//! Patches for devices with a single slot: the new image is made group by group over the old one,
//! and no byte may be copied that an earlier group has overwritten.

use sprag_delta::Operation;

use super::parse::{as_i64, as_u32};
use super::pieces::{Piece, operations, pieces};

/// Bytes below the source of a copy that the decoder may look at: recognisers of instructions do,
/// as far as six words behind, from the beginning of a word.
const MARGIN: usize = 32;

/// How a device with a single slot makes the new image over the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InPlace {
    /// Bytes that are made elsewhere before they overwrite the old ones; not zero.
    pub group_len: u32,
    /// By how much the old image is moved up in its slot before anything else.
    pub shift: u32,
}

impl InPlace {
    /// The offset in the old image below which nothing is left when a byte of the new image at
    /// `position` is made.
    #[must_use]
    pub fn floor(self, position: u32) -> u32 {
        let group = position - position % self.group_len.max(1);
        group.saturating_sub(self.shift)
    }

    /// Bytes from `position` to the end of its group.
    #[must_use]
    pub fn left(self, position: u32) -> u32 {
        let group_len = self.group_len.max(1);
        group_len - position % group_len
    }

    /// As far as images of so many bytes can be moved up in a slot that has two sectors of 4 KiB
    /// more than the larger one.
    #[must_use]
    pub fn usual_shift(old_len: usize, new_len: usize) -> u32 {
        const SECTOR: usize = 4096;
        let sectors = |len: usize| len.div_ceil(SECTOR);
        let most = sectors(old_len.max(new_len)) + 2 - sectors(old_len);
        as_u32(most * SECTOR)
    }

    /// The lowest source of a byte at `position`.
    pub(super) fn least(self, position: usize) -> usize {
        match index(self.floor(as_u32(position))) {
            0 => 0,
            floor => floor + MARGIN,
        }
    }

    pub(super) fn allows(self, position: usize, diagonal: i64) -> bool {
        as_i64(position) + diagonal >= as_i64(self.least(position))
    }

    /// Where the group of `position` ends.
    fn group_end(self, position: usize) -> usize {
        let group_len = index(self.group_len.max(1));
        position - position % group_len + group_len
    }

    /// From `position` on: where a copy along `diagonal` has to end.
    pub(super) fn end(self, position: usize, diagonal: i64) -> usize {
        if !self.allows(position, diagonal) {
            return position;
        }
        if as_i64(index(self.shift)) + diagonal >= as_i64(MARGIN) {
            return usize::MAX;
        }
        // At the beginning of every group that has a floor.
        self.group_end(position.max(index(self.shift)))
    }

    /// The same operations without what has no source any more.
    pub(super) fn allowed(self, wanted: &[Operation], new_len: usize) -> Vec<Operation> {
        let mut made: Vec<Piece> = Vec::new();
        for piece in pieces(wanted, new_len) {
            let first = made.len();
            let mut start = piece.start;
            while start < piece.end {
                let end = self.group_end(start).min(piece.end);
                let kept = piece.diagonal.filter(|along| self.allows(start, *along));
                let part = Piece {
                    start,
                    end,
                    diagonal: kept,
                    major: false,
                };
                if !made.last_mut().is_some_and(|last| last.join(part)) {
                    made.push(part);
                }
                start = end;
            }
            if piece.major {
                let parts = made.iter_mut().skip(first.saturating_sub(1));
                let copied = parts.filter(|part| part.diagonal == piece.diagonal);
                if let Some(longest) = copied.max_by_key(|part| part.len()) {
                    longest.major = true;
                }
            }
        }
        operations(&made)
    }
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
