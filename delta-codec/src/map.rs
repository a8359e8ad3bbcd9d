//! What is known of where old addresses went: the major operations, and single targets learned.
//!
//! All of it is packed: the lengths of the images say how many bits an offset takes.

mod anchors;
mod learned;
mod widths;

use core::cell::Cell;

use crate::ablation::{self, Stage};
use crate::model::usize_of;
use crate::packed::{Bits, Records};

pub(crate) use anchors::Anchors;
pub(crate) use learned::Learned;
use widths::widened;
pub(crate) use widths::{NUMBERS, Widths};

/// Bytes of an index in the queue.
pub(crate) const QUEUED_LEN: usize = 2;

const QUEUED: Bits = Bits::new(0, 16);

/// A copy that the stream announces before everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Major {
    /// First byte copied, an offset in the old image.
    pub(crate) source: u32,
    /// Where it goes, an offset in the new image.
    pub(crate) start: u32,
    /// In the map the low bits of a great length are missing.
    pub(crate) len: u32,
}

/// The major operations: once all are there, sorted by their sources.
pub(crate) struct Map<'a> {
    records: Records<'a>,
    /// Indices of the next ones in the new image, in their order there, as many as it has room for:
    /// number `n` of all lies at `n` modulo their number.
    queue: Records<'a>,
    pub(crate) widths: Widths,
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
    pub(crate) fn new(bytes: &'a mut [u8], queue: &'a mut [u8], widths: Widths) -> Self {
        let used = widths
            .major_count(bytes.len())
            .saturating_mul(widened(widths.major_len));
        let (bytes, _) = bytes.split_at_mut_checked(used).unwrap_or_default();
        Self {
            records: Records::new(bytes, widened(widths.major_len)),
            queue: Records::new(queue, QUEUED_LEN),
            widths,
            last: Default::default(),
        }
    }

    /// The most operations it holds.
    pub(crate) fn capacity(&self) -> u32 {
        u32::try_from(self.records.count()).unwrap_or(u32::MAX)
    }

    pub(crate) fn get(&self, index: u32) -> Option<Major> {
        let Widths {
            source, start, len, ..
        } = self.widths;
        let [source, start, len] = self
            .records
            .get_all(usize_of(index), [source, start, len])?;
        let (len, _) = self.widths.len_of(len);
        Some(Major { source, start, len })
    }

    /// Puts operation number `index` in its place.
    pub(crate) fn put(&mut self, index: u32, major: Major) {
        self.last = Default::default();
        let (index, widths) = (usize_of(index), self.widths);
        self.records.set(index, widths.source, major.source);
        self.records.set(index, widths.start, major.start);
        self.records
            .set(index, widths.len, widths.kept_of(major.len));
    }

    /// Once all `count` operations are there: sorts them by their sources and puts those behind
    /// all others that lie, in the old image, within an earlier one. Returns how many the others
    /// are.
    pub(crate) fn sort(&mut self, count: u32) -> u32 {
        self.last = Default::default();
        let Widths { source, start, .. } = self.widths;
        self.records.sort(usize_of(count), |records, index| {
            (records.get(index, source), records.get(index, start))
        });
        let mut kept = 0_u32;
        let mut end = 0_u32;
        for index in 0..count {
            let Some(major) = self.get(index) else {
                break;
            };
            let major_end = major.source.saturating_add(major.len);
            if major_end > end {
                end = major_end;
                self.records.swap(usize_of(kept), usize_of(index));
                kept = kept.saturating_add(1);
            }
        }
        kept
    }

    /// Operation number `done` in the new image, if [`enqueue`](Self::enqueue) kept pace.
    pub(crate) fn queued(&self, done: u32) -> Option<Major> {
        let slot = usize_of(done).checked_rem(self.queue.count())?;
        self.get(self.queue.get(slot, QUEUED)?)
    }

    /// After `done` of `count` sorted operations, all before `offset` in the new image: looks for
    /// the next ones if the queue is used up. That takes a pass over all operations.
    pub(crate) fn enqueue(&mut self, count: u32, done: u32, offset: u32) {
        if usize_of(done).checked_rem(self.queue.count()) != Some(0) {
            return;
        }
        let (records, width) = (&self.records, self.widths.start);
        let queue = &mut self.queue;
        let start_at = |index: u32| records.get(usize_of(index), width);
        let start = |queue: &Records<'_>, slot| queue.get(slot, QUEUED).and_then(start_at);
        let mut held = 0_usize;
        for index in 0..count {
            let Some(found) = start_at(index) else {
                break;
            };
            if found < offset {
                continue;
            }
            if held < queue.count() {
                queue.set(held, QUEUED, index);
                held = held.saturating_add(1);
                if held == queue.count() {
                    queue.heap(held, &start);
                }
            } else if Some(found) < start(queue, 0) {
                // In place of the farthest.
                queue.set(0, QUEUED, index);
                queue.sift(0, held, &start);
            }
        }
        queue.sort(held, start);
    }

    /// How far what was at `target` has moved, and whether one of the first `count` operations says
    /// so itself or only its nearest neighbour below does. `None` below all. The answers for near
    /// and for far targets are kept apart at hand, as most are the same again.
    #[inline]
    pub(crate) fn shift(&self, count: u32, target: u32, far: bool) -> Option<(u32, bool)> {
        if !ablation::is_on(Stage::Map) {
            return None;
        }
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
        let major = self.get(above.checked_sub(1)?)?;
        let next = if above < count {
            self.records.get(usize_of(above), self.widths.source)
        } else {
            None
        };
        let end = next.unwrap_or(u32::MAX);
        Some(Reach {
            from: major.source,
            len: end.wrapping_sub(major.source),
            inside: major.len,
            shift: major.start.wrapping_sub(major.source),
        })
    }

    /// How many of the first `count` operations begin at or below `source`.
    fn rank(&self, count: u32, source: u32) -> u32 {
        let rank = self
            .records
            .rank(usize_of(count), self.widths.source, source);
        u32::try_from(rank).unwrap_or(count)
    }
}

#[cfg(test)]
mod tests;
