//! Local search: many small changes to the pieces at once, far from each other, each judged by the
//! bits that the coder then really spends around it.

mod proposals;

use sprag_delta::{EncodeError, Operation};

use super::Effort;
use super::ablation::{Stage, is_on};
use super::coding::{Attempt, Coding, Costs};
use super::fields::MovedTo;
use super::parse::{Images, Prices};
use super::pieces::{Change, Piece, changed, operations, pieces};
use proposals::Proposal;

/// Bytes behind a change in which its effects are counted.
const TAIL: usize = 64;
/// How far before it the pieces that it touches may begin to be counted as well.
const HEAD: usize = 256;
/// Bits in 1/16 that a change must save: less is chance.
const WORTH: u64 = 32;
/// Windows lie in cells of so many bytes, each for one change.
const CELL: usize = 32;
/// Rounds before new changes are thought of.
const ROUNDS: usize = 8;

/// How much work a search may do for each byte of the new image, in the unit of [`Search::work_of`].
const fn work_per_byte(effort: Effort) -> u64 {
    match effort {
        Effort::Fast => 0,
        Effort::Default => 2,
        Effort::Best => 80,
    }
}

/// A search chooses the major operations anew so often.
const fn turns(effort: Effort) -> u64 {
    match effort {
        Effort::Fast | Effort::Default => 1,
        Effort::Best => 8,
    }
}

/// The shortest stream that changes of an attempt's operations lead to. `choose` says which of them
/// are major.
pub(super) fn refine(
    images: Images<'_>,
    prices: &Prices,
    coding: &mut Coding<'_>,
    attempt: Attempt,
    effort: Effort,
    choose: &dyn Fn(&mut [Operation]),
) -> Result<Vec<u8>, EncodeError> {
    let new_len = images.new.len();
    let work = as_u64(new_len) * work_per_byte(effort);
    let mut best = attempt;
    if work == 0 || !is_on(Stage::Search) {
        return Ok(best.stream);
    }
    let pieces = pieces(&best.operations, new_len);
    let mut search = Search::new(images, prices, pieces, &best.costs);
    for _ in 0..turns(effort) {
        let finished = search.run(coding, work / turns(effort))?;
        let mut operations = operations(&search.pieces);
        let found = coding.attempt(operations.clone())?;
        choose(&mut operations);
        let mut chosen = coding.attempt(operations)?;
        if !chosen.is_shorter_than(&found) {
            chosen = found;
        }
        search.go_on_from(&chosen);
        if chosen.is_shorter_than(&best) {
            best = chosen;
        }
        if finished {
            break;
        }
    }
    Ok(best.stream)
}

/// A search in progress.
struct Search<'s, 'a> {
    images: Images<'a>,
    prices: &'s Prices,
    /// The best so far.
    pieces: Vec<Piece>,
    /// Where they say that addresses went.
    moved: MovedTo,
    /// Bits in 1/16 that each byte of the new image took.
    bits: Vec<u16>,
    /// The cells in which something changed since changes were last thought of.
    fresh: Vec<bool>,
    proposals: Vec<Proposal>,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(images: Images<'a>, prices: &'s Prices, pieces: Vec<Piece>, costs: &Costs) -> Self {
        let new_len = images.new.len();
        Self {
            images,
            prices,
            moved: MovedTo::of(&operations(&pieces)),
            pieces,
            bits: (0..new_len).map(|at| bits_at(costs, at)).collect(),
            fresh: vec![true; new_len / CELL + 1],
            proposals: Vec::new(),
        }
    }

    /// Goes on from an attempt that is near the best.
    fn go_on_from(&mut self, attempt: &Attempt) {
        self.pieces = pieces(&attempt.operations, self.bits.len());
        self.moved = MovedTo::of(&attempt.operations);
        self.renew(0, self.bits.len(), &attempt.costs);
    }

    /// Tries changes, the promising first, until so much work is done. Returns whether nothing is left
    /// that pays.
    fn run(&mut self, coding: &mut Coding<'_>, work: u64) -> Result<bool, EncodeError> {
        let mut done = 0;
        while done < work {
            self.propose();
            let mut accepted = 0;
            for _ in 0..ROUNDS {
                let tried = self.choose();
                if tried.is_empty() {
                    break;
                }
                let changes: Vec<Change> = tried.iter().map(|(_, change)| *change).collect();
                let attempt = coding.attempt(operations(&changed(&self.pieces, &changes)))?;
                accepted += self.judge(&tried, &attempt.costs);
                done += self.work_of(&attempt);
                if done >= work {
                    return Ok(false);
                }
            }
            if accepted == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Accepts the changes around which the bits became fewer. Returns their number.
    fn judge(&mut self, tried: &[((usize, usize), Change)], costs: &Costs) -> usize {
        // So many changes make everything a bit dearer or cheaper, also where there is none.
        let (mut before, mut after, mut known) = (1, 1, 0);
        for ((from, to), _) in tried {
            before += self.bits_between(known, *from);
            after += u64::from(costs.between(known, *from));
            known = *to;
        }
        before += self.bits_between(known, self.bits.len());
        after += u64::from(costs.between(known, self.bits.len()));

        let mut accepted = Vec::new();
        let mut known = 0;
        for &((from, to), change) in tried {
            self.renew(known, from, costs);
            known = to;
            let expected = self.bits_between(from, to) * after / before;
            if expected >= u64::from(costs.between(from, to)) + WORTH {
                accepted.push(change);
                self.renew(from, to, costs);
                self.fresh[from / CELL..=to / CELL].fill(true);
            }
        }
        self.renew(known, self.bits.len(), costs);
        self.pieces = changed(&self.pieces, &accepted);
        accepted.len()
    }

    /// Takes proposals off the list whose windows do not overlap, in the order of the new image.
    fn choose(&mut self) -> Vec<((usize, usize), Change)> {
        let mut taken = vec![false; self.fresh.len()];
        let mut chosen = Vec::new();
        let mut proposals = core::mem::take(&mut self.proposals);
        proposals.retain(|proposal| {
            let change = proposal.change;
            if self.is_idle(change) {
                return false;
            }
            let window = self.window(change);
            let cells = &mut taken[window.0 / CELL..=window.1 / CELL];
            if cells.contains(&true) {
                return true;
            }
            cells.fill(true);
            chosen.push((window, change));
            false
        });
        self.proposals = proposals;
        chosen.sort_unstable_by_key(|(window, _)| *window);
        chosen
    }

    fn is_fresh(&self, start: usize, end: usize) -> bool {
        self.fresh[start / CELL..=end / CELL].contains(&true)
    }

    /// What an encoding takes, which is about half a microsecond each.
    fn work_of(&self, attempt: &Attempt) -> u64 {
        as_u64(attempt.stream.len() + self.bits.len() / 8)
    }

    fn renew(&mut self, from: usize, to: usize, costs: &Costs) {
        for at in from..to {
            self.bits[at] = bits_at(costs, at);
        }
    }

    fn bits_between(&self, from: usize, to: usize) -> u64 {
        self.bits[from..to]
            .iter()
            .map(|bits| u64::from(*bits))
            .sum()
    }

    /// The bytes whose cost a change may alter much.
    fn window(&self, change: Change) -> (usize, usize) {
        let mut from = change.start;
        let piece = self.pieces[self.piece_at(from)];
        if from - piece.start <= HEAD {
            from = piece.start;
        }
        if from == piece.start && from > 0 {
            // What changes may join the piece before.
            let before = self.pieces[self.piece_at(from - 1)];
            if from - before.start <= HEAD {
                from = before.start;
            }
        }
        (from, (change.end + TAIL).min(self.bits.len()))
    }

    fn piece_at(&self, place: usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.start <= place);
        after.saturating_sub(1)
    }

    /// Whether a change changes nothing.
    fn is_idle(&self, change: Change) -> bool {
        let piece = self.pieces[self.piece_at(change.start)];
        piece.end >= change.end && piece.diagonal == change.diagonal
    }
}

fn bits_at(costs: &Costs, at: usize) -> u16 {
    u16::try_from(costs.between(at, at + 1)).unwrap_or(u16::MAX)
}

fn as_u64(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
