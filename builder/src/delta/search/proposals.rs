//! What a local search may change, and how promising that looks.

use super::Search;
use crate::delta::pieces::{Change, Piece};

/// A change and the bits it may save by the parse's prices, in 1/16.
pub(super) struct Proposal {
    pub(super) change: Change,
    gain: i64,
}

/// About what an operation's flags and numbers take, in 1/16 bit.
const OPERATION: i64 = 22 * 16;
/// A change that looks worse than this is not tried.
const GAIN_MIN: i64 = -14 * 16;
/// A parse's prices are in 1/64 bit, costs in 1/16.
const PRICE_PER_COST: u64 = 4;

/// How far boundaries move.
const STEPS: [usize; 7] = [1, 2, 3, 4, 6, 8, 16];
/// Stretches of a copy of this length that take more than so many 1/16 bits may be better literals,
/// or a copy from elsewhere.
const DEAR_LEN: usize = 16;
const DEAR: u64 = 60 * 16;
/// Copies up to this length are tried as literals.
const SHORT: usize = 64;

impl Search<'_, '_> {
    /// Where something changed lately there are other changes worth a try now. Puts the most promising
    /// first.
    pub(super) fn propose(&mut self) {
        let mut proposals = core::mem::take(&mut self.proposals);
        proposals.retain(|proposal| !self.is_fresh(proposal.change.start, proposal.change.end));
        for (index, piece) in self.pieces.iter().enumerate() {
            if self.is_fresh(piece.start, piece.end) {
                self.whole(index, &mut proposals);
                self.boundaries(index, &mut proposals);
                self.copies_from_elsewhere(index, &mut proposals);
            }
        }
        // The order is total: equal changes lie side by side.
        proposals.sort_unstable_by_key(|proposal| {
            let Change {
                start,
                end,
                diagonal,
            } = proposal.change;
            (-proposal.gain, start, end, diagonal)
        });
        proposals.dedup_by_key(|proposal| proposal.change);
        self.proposals = proposals;
        self.fresh.fill(false);
    }

    /// The whole piece as literals or as its neighbours.
    fn whole(&self, index: usize, found: &mut Vec<Proposal>) {
        let Piece { start, end, .. } = self.pieces[index];
        for other in index.saturating_sub(2)..(index + 3).min(self.pieces.len()) {
            self.consider(start, end, self.pieces[other].diagonal, found);
        }
        if end - start <= SHORT {
            self.consider(start, end, None, found);
        }
    }

    /// Moves of the boundary behind a piece.
    fn boundaries(&self, index: usize, found: &mut Vec<Proposal>) {
        let Some(next) = self.pieces.get(index + 1) else {
            return;
        };
        let piece = self.pieces[index];
        for step in STEPS {
            if step < next.end - next.start {
                self.consider(next.start, next.start + step, piece.diagonal, found);
            }
            if step < piece.end - piece.start {
                self.consider(piece.end - step, piece.end, next.diagonal, found);
            }
        }
    }

    /// The piece or what is dear in it as copies from where the bytes occur as well.
    fn copies_from_elsewhere(&self, index: usize, found: &mut Vec<Proposal>) {
        let piece = self.pieces[index];
        let Piece { start, end, .. } = piece;
        self.matches(piece, start, found);
        if piece.diagonal.is_none() {
            return;
        }
        let mut place = start + 4;
        while place + DEAR_LEN < end {
            if self.bits_between(place, place + DEAR_LEN) > DEAR {
                self.consider(place, place + DEAR_LEN, None, found);
                self.matches(piece, place, found);
                place += DEAR_LEN;
            }
            place += 4;
        }
    }

    fn matches(&self, piece: Piece, place: usize, found: &mut Vec<Proposal>) {
        let mut matches = Vec::new();
        let new = self.images.new;
        let first = self.images.first_source(place);
        self.images
            .matcher
            .search(&new[place..], (3, first), 2, &mut matches);
        if let Some(masked) = self.images.masked
            && place.is_multiple_of(masked.step)
        {
            let query = &masked.new[place..];
            masked.matcher.search(query, (4, first), 2, &mut matches);
        }
        matches.sort_unstable_by_key(|found| (found.source, found.len));
        matches.dedup_by_key(|found| found.source);
        for matching in matches {
            let diagonal = Some(as_i64(matching.source) - as_i64(place));
            let end = piece.end.min(place + matching.len);
            self.consider(place, end, diagonal, found);
            if end < piece.end {
                self.consider(place, piece.end, diagonal, found);
            }
        }
    }

    /// Adds a change if it looks promising.
    fn consider(&self, start: usize, end: usize, diagonal: Option<i64>, found: &mut Vec<Proposal>) {
        let index = self.piece_at(start);
        let piece = self.pieces[index];
        if piece.diagonal == diagonal {
            return;
        }
        // Bits of operations that begin or end; those of one that begins at `start` are among the bytes'.
        let mut gain = i64::try_from(self.bits_between(start, end)).unwrap_or(0);
        let before = if start > piece.start {
            piece.diagonal
        } else {
            index
                .checked_sub(1)
                .and_then(|before| self.pieces[before].diagonal)
        };
        if diagonal.is_some() && diagonal != before {
            gain -= OPERATION;
        }
        if end < piece.end {
            // The rest of the piece is another one now, unless it only begins later.
            gain -= if piece.diagonal.is_some() {
                OPERATION
            } else {
                0
            };
        } else if diagonal.is_some()
            && let Some(next) = self.pieces.get(index + 1)
            && next.diagonal == diagonal
        {
            gain += OPERATION;
        }
        let Ok(most) = u64::try_from(gain - GAIN_MIN) else {
            return;
        };
        let limit = most * PRICE_PER_COST;
        let price = self.images.price(
            (start, end),
            diagonal,
            Some(&self.moved),
            self.prices,
            limit,
        );
        if let Some(price) = price {
            gain -= i64::try_from(price / PRICE_PER_COST).unwrap_or(i64::MAX);
            let change = Change {
                start,
                end,
                diagonal,
            };
            found.push(Proposal { change, gain });
        }
    }
}

fn as_i64(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
