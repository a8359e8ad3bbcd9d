//! Records of whole bytes that hold numbers of as few bits as the images' sizes allow.

use crate::isa::{halves, low_after};
use crate::moving::{to_back, to_front};

/// Where a number of at most 32 bits lies in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bits {
    /// Its lowest bit, counted from the lowest of the record's first byte.
    at: u8,
    width: u8,
}

impl Bits {
    /// `width` bits, 1 to 32, from bit `at` on, which is below 256.
    pub(crate) const fn new(at: u32, width: u32) -> Self {
        // Bytes, because a device has these in structures on its stack.
        let [at, ..] = at.to_le_bytes();
        let [width, ..] = width.to_le_bytes();
        Self { at, width }
    }

    /// The place of the lowest bit.
    pub(crate) const fn at(self) -> u32 {
        widened(self.at)
    }

    pub(crate) const fn width(self) -> u32 {
        widened(self.width)
    }

    /// The largest number.
    #[inline]
    pub(crate) const fn max(self) -> u32 {
        u32::MAX.wrapping_shr(u32::BITS.wrapping_sub(self.width()))
    }
}

const fn widened(byte: u8) -> u32 {
    u32::from_le_bytes([byte, 0, 0, 0])
}

/// Bits of a number up to `largest`, at least one.
pub(crate) const fn width_of(largest: u32) -> u32 {
    u32::BITS.wrapping_sub((largest | 1).leading_zeros())
}

/// A table of records.
pub(crate) struct Records<'a> {
    bytes: &'a mut [u8],
    /// Bytes of a record.
    len: usize,
}

impl<'a> Records<'a> {
    /// As many records of `len` bytes as `bytes` has room for.
    pub(crate) fn new(bytes: &'a mut [u8], len: usize) -> Self {
        Self { bytes, len }
    }

    pub(crate) fn count(&self) -> usize {
        self.bytes.len().checked_div(self.len).unwrap_or(0)
    }

    #[inline]
    pub(crate) fn get(&self, index: usize, bits: Bits) -> Option<u32> {
        let start = index.checked_mul(self.len)?;
        let rest = self.bytes.get(start..)?;
        if rest.len() < self.len {
            return None;
        }
        // What lies behind the record does not matter, but that it is there makes this quick.
        let rest = rest.get(usize::try_from(bits.at() >> 3).ok()?..)?;
        let word = rest
            .first_chunk()
            .map_or_else(|| word_of(rest), |word| u64::from_le_bytes(*word));
        Some(low_after(word, bits.at() & 7) & bits.max())
    }

    /// Several numbers of a record.
    #[inline]
    pub(crate) fn get_all<const N: usize>(&self, index: usize, all: [Bits; N]) -> Option<[u32; N]> {
        if self.len <= 8 {
            let record = self.whole(index)?;
            return Some(all.map(|bits| low_after(record, bits.at()) & bits.max()));
        }
        let mut numbers = [0; N];
        for (number, bits) in numbers.iter_mut().zip(all) {
            *number = self.get(index, bits)?;
        }
        Some(numbers)
    }

    /// How many of the first `count` records hold in their lowest bits, which are `bits`, at most
    /// `value`; they are in order.
    pub(crate) fn rank(&self, count: usize, bits: Bits, value: u32) -> usize {
        let (mut low, mut high) = (0, count.min(self.count()));
        let max = bits.max();
        while low < high {
            let middle = low.wrapping_add(high.wrapping_sub(low) >> 1);
            let rest = self.bytes.get(middle.wrapping_mul(self.len)..);
            let rest = rest.unwrap_or_default();
            let first = rest.first_chunk().map_or_else(
                || {
                    let [first, _] = halves(word_of(rest));
                    first
                },
                |word| u32::from_le_bytes(*word),
            );
            if first & max <= value {
                low = middle.wrapping_add(1);
            } else {
                high = middle;
            }
        }
        low
    }

    /// A record of at most eight bytes as a number; what is above it, others fill.
    #[inline]
    pub(crate) fn whole(&self, index: usize) -> Option<u64> {
        let start = index.checked_mul(self.len)?;
        let rest = self.bytes.get(start..)?;
        if rest.len() < self.len {
            return None;
        }
        Some(
            rest.first_chunk()
                .map_or_else(|| word_of(rest), |word| u64::from_le_bytes(*word)),
        )
    }

    /// Puts the low bits of `value` into a record, if there is one of that index.
    pub(crate) fn set(&mut self, index: usize, bits: Bits, value: u32) {
        let start = index.saturating_mul(self.len);
        let record = self.bytes.get_mut(start..);
        let record = record.and_then(|bytes| bytes.get_mut(..self.len));
        let skip = usize::try_from(bits.at() >> 3).unwrap_or(usize::MAX);
        let Some(rest) = record.and_then(|record| record.get_mut(skip..)) else {
            return;
        };
        let place = bits.at() & 7;
        let mask = u64::from(bits.max()).wrapping_shl(place);
        let value = u64::from(value).wrapping_shl(place) & mask;
        let word = word_of(rest) & !mask | value;
        for (slot, byte) in rest.iter_mut().zip(word.to_le_bytes()) {
            *slot = byte;
        }
    }

    /// Puts zeros everywhere.
    pub(crate) fn clear(&mut self) {
        self.bytes.fill(0);
    }

    /// Moves the records from `place` to before `last` one further, over `last`. What `place` holds
    /// then is for the caller to replace: turning records around would take more stack.
    pub(crate) fn shift_up(&mut self, place: usize, last: usize) {
        let len = self.len;
        if let Some(moved) = self.between(place, last) {
            to_back(moved, len);
        }
    }

    /// Moves the records behind `place`, up to `last`, one nearer, over `place`. What `last` holds then
    /// is for the caller to replace.
    pub(crate) fn shift_down(&mut self, place: usize, last: usize) {
        let len = self.len;
        if let Some(moved) = self.between(place, last) {
            to_front(moved, len);
        }
    }

    /// The records from `place` to `last`.
    fn between(&mut self, place: usize, last: usize) -> Option<&mut [u8]> {
        let start = place.checked_mul(self.len)?;
        let end = last.checked_add(1)?.checked_mul(self.len)?;
        self.bytes.get_mut(start..end)
    }

    /// Sorts the first `count` records by `key`, in place and in O(n log n) steps.
    pub(crate) fn sort<K: PartialOrd>(&mut self, count: usize, key: impl Fn(&Self, usize) -> K) {
        self.heap(count, &key);
        // From then on, the largest one goes to the end.
        for last in (1..count).rev() {
            self.swap(0, last);
            self.sift(0, last, &key);
        }
    }

    /// Makes a heap of the first `count` records, the one with the largest `key` in front.
    pub(crate) fn heap<K: PartialOrd>(&mut self, count: usize, key: &impl Fn(&Self, usize) -> K) {
        for root in (0..count >> 1).rev() {
            self.sift(root, count, key);
        }
    }

    /// Lets a record sink below all larger ones of the heap that ends at `end`.
    pub(crate) fn sift<K: PartialOrd>(
        &mut self,
        root: usize,
        end: usize,
        key: &impl Fn(&Self, usize) -> K,
    ) {
        let mut root = root;
        let sinking = key(self, root);
        loop {
            let mut child = root.saturating_mul(2).saturating_add(1);
            if child >= end {
                return;
            }
            let mut largest = key(self, child);
            let other = child.saturating_add(1);
            if other < end {
                let beside = key(self, other);
                if beside > largest {
                    (child, largest) = (other, beside);
                }
            }
            if largest <= sinking {
                return;
            }
            self.swap(root, child);
            root = child;
        }
    }

    /// Swaps two records, `front` not behind `back`.
    pub(crate) fn swap(&mut self, front: usize, back: usize) {
        let split = back.saturating_mul(self.len);
        let Some((low, high)) = self.bytes.split_at_mut_checked(split) else {
            return;
        };
        let low = low.get_mut(front.saturating_mul(self.len)..);
        let low = low.and_then(|low| low.get_mut(..self.len));
        if let (Some(low), Some(high)) = (low, high.get_mut(..self.len)) {
            for (low, high) in low.iter_mut().zip(high) {
                core::mem::swap(low, high);
            }
        }
    }
}

/// The first eight bytes, zeros beyond the end. No copy: `memcpy` takes stack where there is least.
#[inline(never)]
fn word_of(bytes: &[u8]) -> u64 {
    let first = bytes.iter().take(8).rev();
    first.fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
