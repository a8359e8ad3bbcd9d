//! What is known of where old addresses went: the major operations, and single targets learned.
//!
//! All of it is packed: the lengths of the images say how many bits an offset takes.

use core::cell::Cell;

use crate::ablation::{self, Stage};
use crate::isa::{Side, halves};
use crate::model::usize_of;
use crate::packed::{Bits, Records, width_of};

/// How many bits each number takes in the tables of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Widths {
    source: Bits,
    start: Bits,
    /// Of a length minus one, shortened if it needs more.
    len: Bits,
    /// Bits that a shortened length lacks.
    len_lacks: u32,
    major_len: usize,
    /// A learned target, above it the check.
    learned: Bits,
    check: Bits,
    learned_len: usize,
    /// A place in RAM, above it the place it went to.
    anchor: Bits,
    anchor_to: Bits,
    anchor_len: usize,
    has_anchors: bool,
    /// Whether targets may be numbers that are no places of an image.
    pub(crate) has_numbers: bool,
}

impl Widths {
    pub(crate) fn of(old: &Side, new: &Side) -> Self {
        Self::of_lengths(old.len, new.len, old.ram_len)
    }

    #[expect(
        clippy::arithmetic_side_effects,
        reason = "sums of a few numbers of at most 32"
    )]
    pub(crate) const fn of_lengths(old_len: u32, new_len: u32, ram_len: u32) -> Self {
        if ram_len >= NUMBERS {
            return Self::of_lengths(old_len, new_len, 0).with_numbers();
        }
        let (source, start, ram) = (of_offset(old_len), of_offset(new_len), of_offset(ram_len));
        // Whole bytes: what is left of the last one is the length's.
        let major_len = (source + start + LEN_WIDTH).div_ceil(8);
        let mut len = major_len * 8 - source - start;
        let mut len_lacks = 0;
        if len < start {
            // One bit says whether a length is shortened.
            len_lacks = start - (len - 1);
        } else {
            len = start;
        }
        // There may be memory behind an image, too.
        let mut target = width_of(old_len.saturating_sub(1) | new_len.saturating_sub(1)) + 1;
        if target <= ram {
            target = ram;
        }
        if target > 32 {
            target = 32;
        }
        let learned_len = if target <= 24 { 4 } else { 6 };
        let mut check = learned_len * 8 - target;
        if check > 16 {
            check = 16;
        }
        Self {
            source: Bits {
                at: 0,
                width: source,
            },
            start: Bits {
                at: source,
                width: start,
            },
            len: Bits {
                at: source + start,
                width: len,
            },
            len_lacks,
            major_len: bytes(major_len),
            learned: Bits {
                at: 0,
                width: target,
            },
            check: Bits {
                at: target,
                width: check,
            },
            learned_len: bytes(learned_len),
            anchor: Bits { at: 0, width: ram },
            anchor_to: Bits {
                at: ram,
                width: ram,
            },
            anchor_len: bytes((2 * ram).div_ceil(8)),
            has_anchors: ram_len > 0,
            has_numbers: false,
        }
    }

    /// The same with room for targets that are no places of an image, and with anchors for them.
    #[must_use]
    const fn with_numbers(self) -> Self {
        Self {
            learned: Bits { at: 0, width: 28 },
            check: Bits { at: 28, width: 12 },
            learned_len: 5,
            anchor: Bits { at: 0, width: 28 },
            anchor_to: Bits { at: 28, width: 28 },
            anchor_len: 7,
            has_anchors: true,
            has_numbers: true,
            ..self
        }
    }

    /// What is kept of a length of at least one byte.
    pub(crate) fn kept_of(&self, len: u32) -> u32 {
        let len = len.wrapping_sub(1);
        match len.checked_sub(self.short_from()) {
            Some(long) => (long >> self.len_lacks).wrapping_add(self.short_from()),
            None => len,
        }
    }

    /// The least length of which this is kept, and how many low bits of it are not.
    pub(crate) fn len_of(&self, kept: u32) -> (u32, u32) {
        let (len, lacks) = match kept.checked_sub(self.short_from()) {
            Some(long) => (
                long.wrapping_shl(self.len_lacks)
                    .saturating_add(self.short_from()),
                self.len_lacks,
            ),
            None => (kept, 0),
        };
        (len.saturating_add(1), lacks)
    }

    /// From here on, lengths minus one are shortened.
    fn short_from(&self) -> u32 {
        if self.len_lacks == 0 {
            u32::MAX
        } else {
            self.len.max().wrapping_add(1) >> 1
        }
    }

    /// How much of `map` and `anchors` bytes is the map's: without RAM there are no anchors. With
    /// numbers it is `beside_numbers`.
    pub(crate) const fn map_bytes(
        &self,
        map: usize,
        anchors: usize,
        beside_numbers: usize,
    ) -> usize {
        if self.has_numbers {
            beside_numbers
        } else if self.has_anchors {
            map
        } else {
            map.saturating_add(anchors)
        }
    }

    /// Major operations in so many bytes.
    pub(crate) const fn major_count(&self, bytes: usize) -> usize {
        match bytes.checked_div(self.major_len) {
            Some(count) if count <= MAJORS_MAX => count,
            Some(_) => MAJORS_MAX,
            None => 0,
        }
    }
}

/// Bits of an offset below `len`.
const fn of_offset(len: u32) -> u32 {
    width_of(len.saturating_sub(1))
}

/// Most major operations of a stream: an index takes two bytes.
const MAJORS_MAX: usize = 1 << 16;

/// Lengths of RAM from here on say that there is none, but numbers that are no places of an image.
pub(crate) const NUMBERS: u32 = 1 << 31;

/// Bytes of an index in the queue.
pub(crate) const QUEUED_LEN: usize = 2;

const QUEUED: Bits = Bits { at: 0, width: 16 };

/// A length takes at least so many bits of a major operation.
const LEN_WIDTH: u32 = 16;

const fn bytes(count: u32) -> usize {
    #[expect(clippy::as_conversions, reason = "a dozen at most; in a constant")]
    {
        count as usize
    }
}

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
            .saturating_mul(widths.major_len);
        let (bytes, _) = bytes.split_at_mut_checked(used).unwrap_or_default();
        Self {
            records: Records::new(bytes, widths.major_len),
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
        let index = usize_of(index);
        Some(Major {
            source: self.records.get(index, self.widths.source)?,
            start: self.records.get(index, self.widths.start)?,
            len: self
                .widths
                .len_of(self.records.get(index, self.widths.len)?)
                .0,
        })
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

/// Targets whose new place was seen, in a table by hash: a new one displaces an old one. Of a
/// target only a check is kept, zero where there is none: rarely, one is taken for another.
pub(crate) struct Learned<'a> {
    records: Records<'a>,
    target: Bits,
    check: Bits,
}

impl<'a> Learned<'a> {
    pub(crate) fn new(bytes: &'a mut [u8], widths: Widths) -> Self {
        Self {
            records: Records::new(bytes, widths.learned_len),
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
        let [known, _] = halves(record.wrapping_shr(self.check.at));
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
        let count = u64::try_from(self.records.count()).unwrap_or(0);
        let slot = usize::try_from(u64::from(hash).wrapping_mul(count) >> 32).unwrap_or(0);
        let low = (hash ^ target >> 16) & 0xffff;
        let check = low >> 16_u32.saturating_sub(self.check.width);
        (slot, check.max(1))
    }
}

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
            records: Records::new(bytes, widths.anchor_len),
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
                self.records.rotate_left(last, place);
            } else {
                self.records.rotate(place, last);
            }
            self.records.set(place, self.from, target);
        }
        self.records.set(place, self.to, new_target);
        count.saturating_add(u32::from(!is_known && known < self.records.count()))
    }
}

/// Which of `count` anchors goes when a full table takes a new one.
fn displaced(target: u32, count: usize) -> usize {
    let hash = u64::from(target.wrapping_mul(0x9e37_79b1));
    let count = u64::try_from(count).unwrap_or(0);
    usize::try_from(hash.wrapping_mul(count) >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests;
