//! How few bits the lengths of the images allow.

use crate::isa::Side;
use crate::packed::{Bits, width_of};

/// How many bits each number takes in the tables of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Widths {
    pub(super) source: Bits,
    pub(super) start: Bits,
    /// Of a length minus one, shortened if it needs more.
    pub(super) len: Bits,
    /// Bits that a shortened length lacks.
    pub(super) len_lacks: u8,
    /// Bytes of a record; all of these are bytes, as a device has them on its stack.
    pub(super) major_len: u8,
    /// A learned target, above it the check.
    pub(super) learned: Bits,
    pub(super) check: Bits,
    pub(super) learned_len: u8,
    /// A place in RAM, above it the place it went to.
    pub(super) anchor: Bits,
    pub(super) anchor_to: Bits,
    pub(super) anchor_len: u8,
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
            source: Bits::new(0, source),
            start: Bits::new(source, start),
            len: Bits::new(source + start, len),
            len_lacks: byte(len_lacks),
            major_len: byte(major_len),
            learned: Bits::new(0, target),
            check: Bits::new(target, check),
            learned_len: byte(learned_len),
            anchor: Bits::new(0, ram),
            anchor_to: Bits::new(ram, ram),
            anchor_len: byte((2 * ram).div_ceil(8)),
            has_anchors: ram_len > 0,
            has_numbers: false,
        }
    }

    /// The same with room for targets that are no places of an image, and with anchors for them.
    #[must_use]
    const fn with_numbers(self) -> Self {
        Self {
            learned: Bits::new(0, 28),
            check: Bits::new(28, 12),
            learned_len: 5,
            anchor: Bits::new(0, 28),
            anchor_to: Bits::new(28, 28),
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
            Some(long) => long
                .wrapping_shr(self.len_lacks.into())
                .wrapping_add(self.short_from()),
            None => len,
        }
    }

    /// The least length of which this is kept, and how many low bits of it are not.
    pub(crate) fn len_of(&self, kept: u32) -> (u32, u32) {
        let (len, lacks) = match kept.checked_sub(self.short_from()) {
            Some(long) => (
                long.wrapping_shl(self.len_lacks.into())
                    .saturating_add(self.short_from()),
                self.len_lacks.into(),
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
        match bytes.checked_div(widened(self.major_len)) {
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

/// A length takes at least so many bits of a major operation.
const LEN_WIDTH: u32 = 16;

/// A number below 256.
const fn byte(number: u32) -> u8 {
    let [byte, ..] = number.to_le_bytes();
    byte
}

pub(super) const fn widened(byte: u8) -> usize {
    #[expect(clippy::as_conversions, reason = "no loss; in a constant")]
    {
        byte as usize
    }
}
