//! The branch filter: distances become absolute targets, so that two calls of one function are the
//! same bytes. The model sees filtered bytes only; flash holds plain ones. What is filtered at an
//! offset depends on at most [`REACH`] plain bytes before it and after it, so that any piece of the
//! image can be filtered on its own.

use crate::isa::{Bytes, Isa};

/// Bytes of the longest field.
pub(crate) const FIELD_MAX: usize = 8;

/// How far a field and what forbids it reach, in bytes.
pub(crate) const REACH: u32 = 16;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Distances to targets.
    Filter,
    /// Targets to distances.
    Restore,
}

/// Bytes between places where a field may begin.
const fn step(isa: Isa) -> u8 {
    match isa.built() {
        Isa::A32 | Isa::A64 => 4,
        Isa::Thumb | Isa::Rv32 | Isa::Rv64 => 2,
        _ => 1,
    }
}

/// Length of the field that may begin with these bytes, judged by the first [`step`] of them, which
/// the filter leaves as they are where it matters; 0 if none may.
fn start(isa: Isa, bytes: Bytes) -> u8 {
    let [a, b, _, d, ..] = bytes;
    match isa.built() {
        Isa::Thumb if b & 0xf8 == 0xf0 => 4,
        Isa::A32 if d & 0x0f == 0x0b => 4,
        Isa::A64 if d & 0xfc == 0x94 || d & 0x9f == 0x90 => 4,
        Isa::Rv32 | Isa::Rv64 if a == 0xef && b & 0x0f == 0 => 4,
        Isa::Rv32 | Isa::Rv64 if a & 0x7f == 0x17 => 8,
        Isa::Xtensa if a & 0x3f == 0x05 => 3,
        _ => 0,
    }
}

/// The bytes of the field at `offset` the other way round; `None` if there is none.
fn convert(isa: Isa, way: Way, offset: u32, bytes: Bytes) -> Option<(u8, Bytes)> {
    let [a, b, c, d, e, f, g, h] = bytes;
    let word = u32::from_le_bytes([a, b, c, d]);
    let next = u32::from_le_bytes([e, f, g, h]);
    let moved = |value: u32, offset: u32| match way {
        Way::Filter => value.wrapping_add(offset),
        Way::Restore => value.wrapping_sub(offset),
    };
    let with = |word: u32| {
        let [a, b, c, d] = word.to_le_bytes();
        [a, b, c, d, e, f, g, h]
    };
    match isa.built() {
        Isa::Thumb => {
            // BL, and B.W, that reach 4 MiB.
            if word & 0xb800_f800 != 0xb800_f000 {
                return None;
            }
            let value = (word & 0x7ff) << 11 | (word >> 16) & 0x7ff;
            let value = moved(value, offset >> 1);
            let word = word & 0xf800_f800 | (value >> 11) & 0x7ff | (value & 0x7ff) << 16;
            Some((4, with(word)))
        }
        Isa::A32 => {
            let value = moved(word, offset >> 2);
            Some((4, with(word & 0xff00_0000 | value & 0x00ff_ffff)))
        }
        Isa::A64 if word & 0xfc00_0000 == 0x9400_0000 => {
            let value = moved(word, offset >> 2);
            Some((4, with(word & 0xfc00_0000 | value & 0x03ff_ffff)))
        }
        Isa::A64 => {
            let value = (word >> 3) & 0x001f_fffc | (word >> 29) & 3;
            let value = moved(value, offset >> 12);
            let spread = (value & 0x001f_fffc) << 3 | (value & 3) << 29;
            Some((4, with(word & 0x9f00_001f | spread)))
        }
        Isa::Rv32 | Isa::Rv64 if word & 0x7f == 0x6f => {
            let raw = word >> 12;
            let value = match way {
                Way::Filter => {
                    let value = raw & 0x8_0000
                        | raw >> 9 & 0x3ff
                        | (raw >> 8 & 1) << 10
                        | (raw & 0xff) << 11;
                    value.wrapping_add(offset >> 1)
                }
                Way::Restore => {
                    let value = raw.wrapping_sub(offset >> 1);
                    value & 0x8_0000
                        | (value & 0x3ff) << 9
                        | (value >> 10 & 1) << 8
                        | value >> 11 & 0xff
                }
            };
            Some((4, with(word & 0xfff | value << 12)))
        }
        Isa::Rv32 | Isa::Rv64 => {
            let register = word >> 7 & 31;
            if register == 0 || next >> 15 & 31 != register {
                return None;
            }
            let low = match next & 0x7f {
                0x03 | 0x07 | 0x13 | 0x67 => next >> 20,
                0x23 | 0x27 => next >> 20 & 0xfe0 | next >> 7 & 0x1f,
                _ => return None,
            };
            let low = (low ^ 0x800).wrapping_sub(0x800);
            let value = moved((word & 0xffff_f000).wrapping_add(low), offset);
            let word = word & 0xfff | value.wrapping_add(0x800) & 0xffff_f000;
            let next = if next & 0x20 == 0 || next & 0x7f == 0x67 {
                next & 0x000f_ffff | value << 20
            } else {
                next & 0x01ff_f07f | (value & 0xfe0) << 20 | (value & 0x1f) << 7
            };
            let [a, b, c, d] = word.to_le_bytes();
            let [e, f, g, h] = next.to_le_bytes();
            Some((8, [a, b, c, d, e, f, g, h]))
        }
        Isa::Xtensa => {
            let value = moved(word >> 6 & 0x3_ffff, offset >> 2) & 0x3_ffff;
            Some((3, with(word & 0xff00_003f | value << 6)))
        }
        _ => None,
    }
}

/// Where a field may begin next: it must not begin inside what may be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Blocked {
    until: u32,
}

impl Blocked {
    /// Notes the starts in the plain `bytes` of a piece of `len` bytes at `offset`.
    fn note(&mut self, isa: Isa, offset: u32, bytes: Bytes, len: u8) {
        let mut word = u64::from_le_bytes(bytes);
        let mut place = 0_u8;
        while place < len {
            let reach = start(isa, word.to_le_bytes());
            if reach > 0 {
                let end = offset
                    .wrapping_add(u32::from(place))
                    .wrapping_add(u32::from(reach));
                self.until = self.until.max(end);
            }
            place = place.saturating_add(step(isa));
            word = word.wrapping_shr(u32::from(step(isa)).wrapping_mul(8));
        }
    }
}

/// Filters a piece of the image that begins at `offset`, a multiple of 4. Fields that end beyond the
/// piece are left.
pub(crate) fn filter(isa: Isa, offset: u32, piece: &mut [u8]) {
    if isa == Isa::None {
        return;
    }
    let mut blocked = Blocked::default();
    let mut place = 0_usize;
    while let Some(rest) = piece.get_mut(place..)
        && !rest.is_empty()
    {
        let mut bytes = [0; FIELD_MAX];
        for (to, from) in bytes.iter_mut().zip(rest.iter()) {
            *to = *from;
        }
        let here = offset.wrapping_add(u32::try_from(place).unwrap_or(u32::MAX));
        let mut len = step(isa);
        if start(isa, bytes) > 0 {
            if here >= blocked.until
                && let Some((field, new)) = convert(isa, Way::Filter, here, bytes)
                && let Some(to) = rest.get_mut(..usize::from(field))
            {
                for (to, from) in to.iter_mut().zip(new) {
                    *to = from;
                }
                len = field;
            }
            blocked.note(isa, here, bytes, len);
        }
        place = place.saturating_add(usize::from(len));
    }
}

/// Restores plain bytes from filtered ones, a byte at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Restorer {
    pub(crate) isa: Isa,
    /// Offset of the first byte held.
    pub(crate) offset: u32,
    /// Bytes of the image.
    pub(crate) len: u32,
    pub(crate) blocked: Blocked,
    /// Filtered bytes that wait, the first lowest, and how many.
    pub(crate) held: u64,
    pub(crate) held_len: u8,
}

impl Restorer {
    pub(crate) const fn new(isa: Isa, len: u32) -> Self {
        Self {
            isa,
            offset: 0,
            len,
            blocked: Blocked { until: 0 },
            held: 0,
            held_len: 0,
        }
    }

    /// Takes the next filtered byte. There is room for it once [`Self::pop`] has nothing to give.
    pub(crate) fn push(&mut self, byte: u8) {
        let place = u32::from(self.held_len).wrapping_mul(8);
        self.held |= u64::from(byte).wrapping_shl(place);
        self.held_len = self.held_len.saturating_add(1);
    }

    /// Gives the next plain bytes, and how many, if they are settled: not 0.
    pub(crate) fn pop(&mut self) -> Option<(Bytes, u8)> {
        let isa = self.isa;
        let bytes = self.held.to_le_bytes();
        let is_last = self.offset.saturating_add(u32::from(self.held_len)) >= self.len;
        if self.held_len == 0 || self.held_len < step(isa) && !is_last {
            return None;
        }
        let mut len = step(isa).min(self.held_len);
        let mut plain = bytes;
        let reach = start(isa, bytes);
        if reach > 0 {
            if self.offset >= self.blocked.until {
                if self.held_len < reach && !is_last {
                    return None;
                }
                if let Some((field, restored)) = convert(isa, Way::Restore, self.offset, bytes)
                    && field <= self.held_len
                {
                    (len, plain) = (field, restored);
                }
            }
            self.blocked.note(isa, self.offset, plain, len);
        }
        let shift = u32::from(len).wrapping_mul(8);
        self.held = self.held.checked_shr(shift).unwrap_or(0);
        self.held_len = self.held_len.saturating_sub(len);
        self.offset = self.offset.saturating_add(u32::from(len));
        Some((plain, len))
    }
}
