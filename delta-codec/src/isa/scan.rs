//! The quick search for the next place where a field may begin, for stretches of a copy that go by
//! without a decision. It never passes over a field that changes; [`Side::recognise`] has the last
//! word.

use super::{Bytes, Isa, Side, extend, halves, word};
use crate::data::Data;
use crate::model::usize_of;
use crate::region::Class;

/// What the first bytes of an instruction say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// No field, or a pointer; so many bytes.
    Plain(u8),
    /// A near field of so many bytes, whose target is about as far away as the other number says.
    Near(u8, u32),
    /// Perhaps a field.
    Field,
}

/// Targets of near fields that move as the code does that is being copied: offsets in the old image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Zone {
    pub(crate) from: u32,
    pub(crate) len: u32,
}

/// How far a target told by [`Look::Near`] may be off.
const BLUR: u32 = 16;

/// What is looked for.
pub(crate) struct Search {
    class: Class,
    /// Low words of addresses in the image, and the high word of the first, less one.
    image: u32,
    image_len: u32,
    image_high: u32,
    ram: u32,
    ram_len: u32,
    zone: Zone,
}

/// Where a search stands.
struct Cursor<'a> {
    offset: u32,
    bytes: &'a [u8],
    at: usize,
    /// Bytes left of the instruction.
    inner: u8,
}

impl Cursor<'_> {
    /// The eight bytes here.
    #[inline]
    fn front(&self) -> Option<&Bytes> {
        self.bytes.get(self.at..).and_then(<[u8]>::first_chunk)
    }

    /// The offset here, modulo 2^32.
    #[inline]
    fn here(&self) -> u32 {
        let [at, ..] = halves(u64::try_from(self.at).unwrap_or(0));
        self.offset.wrapping_add(at)
    }
}

impl Search {
    /// A search in regions of `class` of an image; near fields with targets in `zone` are passed
    /// over.
    #[inline]
    pub(crate) fn new(side: &Side, class: Class, zone: Zone) -> Self {
        let (image, image_len) = side.segments.range(side.len);
        let [_, high] = halves(side.segments.base);
        Self {
            class,
            image,
            image_len,
            image_high: high.wrapping_sub(1),
            ram: side.ram_base,
            ram_len: side.memory(),
            // What is about inside is inside.
            zone: Zone {
                from: zone.from.saturating_add(BLUR),
                len: zone.len.saturating_sub(const { 2 * BLUR }),
            },
        }
    }

    /// How many bytes go by before a field may begin that changes, from `offset` on, where the
    /// image's bytes are `bytes`. If none may begin among the first `limit`, the answer is at most
    /// an instruction beyond them; it also ends where less than eight bytes are left. `inner_left`
    /// are the bytes left of an instruction begun before, told anew.
    ///
    /// In Thumb code, what may be a field of four bytes is shown to `take` first: how many bytes went
    /// by, and the bytes there. If it has dealt with it, the search goes on behind it. Not inlined:
    /// its variables are off the stack when its callers look closer.
    #[inline(never)]
    pub(crate) fn next_field(
        &self,
        offset: u32,
        (bytes, limit): (&[u8], usize),
        inner_left: &mut u8,
        take: &mut impl FnMut(usize, Bytes) -> bool,
    ) -> usize {
        let [lane, ..] = offset.to_le_bytes();
        let unit = 1_u8.wrapping_shl(u32::from(self.class.step_log2()));
        let mut inner = *inner_left;
        if inner == 0 {
            inner = lane.wrapping_neg() & unit.wrapping_sub(1);
        }
        let mut cursor = Cursor {
            offset,
            bytes,
            at: 0,
            inner,
        };
        let mut none = |_, _| false;
        match self.class {
            Class::Code(Isa::None) => return limit,
            Class::Code(Isa::Thumb) => self.scan(&mut cursor, limit, thumb, take),
            Class::Code(Isa::A32) => self.scan(&mut cursor, limit, a32, &mut none),
            Class::Code(Isa::A64) => self.scan(&mut cursor, limit, a64, &mut none),
            Class::Code(Isa::Rv32 | Isa::Rv64) => self.scan(&mut cursor, limit, riscv, &mut none),
            Class::Code(Isa::Xtensa) => self.scan(&mut cursor, limit, xtensa, &mut none),
            Class::Code(Isa::X86_64) => self.scan(&mut cursor, limit, x86_64, &mut none),
            Class::Data(Data::Pointer32 | Data::Pointer64) => {
                self.scan(&mut cursor, limit, |_| Look::Plain(4), &mut none);
            }
            Class::Data(_) => {
                // Any word, whatever the one before.
                let gone = lane.wrapping_neg() & 3;
                *inner_left = inner.saturating_sub(gone);
                return usize::from(gone).min(limit);
            }
        }
        *inner_left = cursor.inner;
        cursor.at
    }

    #[inline]
    fn scan(
        &self,
        cursor: &mut Cursor<'_>,
        limit: usize,
        look: impl Fn(u32) -> Look,
        take: &mut impl FnMut(usize, Bytes) -> bool,
    ) {
        let [lane, ..] = cursor.offset.to_le_bytes();
        let aligned = usize::from(lane.wrapping_neg() & 3);
        if self.steps(cursor, limit.min(aligned), &look) && self.words(cursor, limit, &look, take) {
            self.steps(cursor, limit, &look);
        }
    }

    /// Goes on to `limit` in steps that lead no farther than to the next word. False if it found
    /// something.
    #[inline]
    fn steps(&self, cursor: &mut Cursor<'_>, limit: usize, look: &impl Fn(u32) -> Look) -> bool {
        while cursor.at < limit {
            let Some(front) = cursor.front() else {
                return false;
            };
            let here = cursor.here();
            if here & 3 == 0 && self.may_be_pointer(here, *front) {
                return false;
            }
            if cursor.inner == 0 {
                cursor.inner = self.len_of(look(word(*front)), here);
                if cursor.inner == 0 {
                    return false;
                }
            }
            let [lane, ..] = (here & 3).to_le_bytes();
            let step = cursor.inner.min(4_u8.wrapping_sub(lane));
            cursor.at = cursor.at.wrapping_add(usize::from(step));
            cursor.inner = cursor.inner.wrapping_sub(step);
        }
        true
    }

    /// Goes on from the beginning of a word in whole words, not beyond `limit`. False if it found
    /// something.
    #[inline]
    fn words(
        &self,
        cursor: &mut Cursor<'_>,
        limit: usize,
        look: &impl Fn(u32) -> Look,
        take: &mut impl FnMut(usize, Bytes) -> bool,
    ) -> bool {
        let (bytes, mut here) = (cursor.bytes, cursor.here());
        let (mut at, mut inner) = (cursor.at, u32::from(cursor.inner));
        // The word begins in a field that was taken: no pointer begins there.
        let mut taken = false;
        let passed = loop {
            if at.wrapping_add(4) > limit {
                break true;
            }
            let Some(front) = bytes.get(at..).and_then(<[u8]>::first_chunk) else {
                break true;
            };
            if !taken && self.may_be_pointer(here, *front) {
                break false;
            }
            taken = false;
            let both = u64::from_le_bytes(*front);
            let mut found = false;
            while inner < 4 {
                let [code, _] = halves(both.wrapping_shr(inner << 3));
                let mut len = self.len_of(look(code), here.wrapping_add(inner));
                if len == 0 {
                    let place = at.wrapping_add(usize_of(inner));
                    let there = bytes.get(place..).and_then(<[u8]>::first_chunk);
                    found = !(place.wrapping_add(4) <= limit
                        && there.is_some_and(|there| take(place, *there)));
                    if found {
                        break;
                    }
                    len = 4;
                    taken = inner > 0;
                }
                inner = inner.wrapping_add(u32::from(len));
            }
            if found {
                at = at.wrapping_add(usize_of(inner));
                inner = 0;
                break false;
            }
            inner = inner.wrapping_sub(4);
            at = at.wrapping_add(4);
            here = here.wrapping_add(4);
        };
        if taken {
            at = at.wrapping_add(usize_of(inner));
            inner = 0;
        }
        let [inner, ..] = inner.to_le_bytes();
        (cursor.at, cursor.inner) = (at, inner);
        passed
    }

    /// The length of an instruction at an offset, or zero if it may be a field that changes.
    #[inline]
    fn len_of(&self, look: Look, here: u32) -> u8 {
        match look {
            Look::Plain(len) => len,
            Look::Near(len, distance) => {
                let target = here.wrapping_add(distance);
                if target.wrapping_sub(self.zone.from) < self.zone.len {
                    len
                } else {
                    0
                }
            }
            Look::Field => 0,
        }
    }

    /// Whether aligned bytes at an offset may be a pointer.
    #[inline]
    pub(crate) fn may_be_pointer(&self, here: u32, bytes: Bytes) -> bool {
        let [low, high] = halves(u64::from_le_bytes(bytes));
        let inside = low.wrapping_sub(self.image) < self.image_len;
        if matches!(
            self.class,
            Class::Code(Isa::A64 | Isa::Rv64 | Isa::X86_64) | Class::Data(Data::Pointer64)
        ) {
            return inside && here & 7 == 0 && high.wrapping_sub(self.image_high) <= 2;
        }
        inside || low.wrapping_sub(self.ram) < self.ram_len
    }
}

impl Side {
    /// Whether a field may begin at an offset where a field of its class can.
    #[inline]
    pub(crate) fn may_begin(&self, class: Class, offset: u32, bytes: Bytes) -> bool {
        let search = Search::new(self, class, Zone::default());
        if offset & 3 == 0 && search.may_be_pointer(offset, bytes) {
            return true;
        }
        let code = word(bytes);
        let look = match class {
            Class::Code(Isa::None) => return false,
            Class::Code(Isa::Thumb) => thumb(code),
            Class::Code(Isa::A32) => a32(code),
            Class::Code(Isa::A64) => a64(code),
            Class::Code(Isa::Rv32 | Isa::Rv64) => riscv(code),
            Class::Code(Isa::Xtensa) => xtensa(code),
            Class::Code(Isa::X86_64) => x86_64(code),
            Class::Data(Data::Pointer32 | Data::Pointer64) => return false,
            Class::Data(_) => return true,
        };
        !matches!(look, Look::Plain(_))
    }
}

#[inline]
fn thumb(code: u32) -> Look {
    let [_, high, _, second_high] = code.to_le_bytes();
    match THUMB.get(usize::from(high)) {
        Some(len) if *len != 0 => Look::Plain(*len),
        _ => match high {
            0xf0..=0xf7 if second_high & 0x80 != 0 => Look::Field,
            0xf0..=0xf7 => Look::Plain(4),
            0x48..=0x4f | 0xa0..=0xa7 => Look::Near(2, (code & 0xff) << 2),
            0xd0..=0xdf => Look::Near(2, extend((code & 0xff) << 1, 9)),
            0xe0..=0xe7 => Look::Near(2, extend((code & 0x7ff) << 1, 12)),
            0xf8 if code & 0xff7f != 0xf85f => Look::Plain(4),
            0xb0..=0xbb => Look::Near(2, (code >> 9 & 1) << 6 | (code >> 3 & 0x1f) << 1),
            _ => Look::Field,
        },
    }
}

/// Lengths of Thumb instructions by their high byte; 0 where a field may be.
static THUMB: [u8; 256] = {
    let mut table = [0; 256];
    let mut high = 0_u8;
    loop {
        #[expect(
            clippy::indexing_slicing,
            clippy::as_conversions,
            reason = "evaluated when compiled"
        )]
        {
            table[high as usize] = match high {
                0x48..=0x4f | 0xa0..=0xa7 | 0xb1 | 0xb3 | 0xb9 | 0xbb | 0xd0..=0xdd => 0,
                0xe0..=0xe7 | 0xf0..=0xf8 => 0,
                0xe8.. => 4,
                _ => 2,
            };
        }
        if high == u8::MAX {
            break table;
        }
        high = high.wrapping_add(1);
    }
};

#[inline]
fn a32(code: u32) -> Look {
    match code >> 24 & 0xf {
        0xa | 0xb => Look::Field,
        0x5 if code & 0x0f7f_0000 == 0x051f_0000 => {
            let distance = code & 0xfff;
            if code & 0x0080_0000 != 0 {
                Look::Near(4, distance)
            } else {
                Look::Near(4, distance.wrapping_neg())
            }
        }
        _ => Look::Plain(4),
    }
}

#[inline]
fn a64(code: u32) -> Look {
    let [.., high] = code.to_le_bytes();
    let imm19 = || Look::Near(4, extend((code >> 5 & 0x7_ffff) << 2, 21));
    match high {
        0x14..=0x17 | 0x94..=0x97 => Look::Field,
        0x54 | 0x34 | 0x35 | 0xb4 | 0xb5 => imm19(),
        0x36 | 0x37 | 0xb6 | 0xb7 => Look::Near(4, extend((code >> 5 & 0x3fff) << 2, 16)),
        _ if high & 0x3b == 0x18 => imm19(),
        _ if high & 0x1f == 0x10 => Look::Field,
        // What may complete a page.
        0x91 => Look::Field,
        _ if high & 0x3b == 0x39 => Look::Field,
        _ => Look::Plain(4),
    }
}

#[inline]
fn riscv(code: u32) -> Look {
    match code & 0x7f {
        0x6f | 0x63 | 0x17 => Look::Field,
        low if low & 3 == 3 => Look::Plain(4),
        low if low & 3 == 1 && matches!(code >> 13 & 7, 1 | 5..=7) => Look::Field,
        _ => Look::Plain(2),
    }
}

#[inline]
fn xtensa(code: u32) -> Look {
    match code & 15 {
        5 => Look::Field,
        6 if code & 0x30 == 0 => Look::Field,
        1 => Look::Near(3, 0xfffc_0000 | (code >> 8 & 0xffff) << 2),
        6 if code & 0x30 == 0x10 => Look::Near(3, extend(code >> 12 & 0xfff, 12)),
        6 | 7 => Look::Near(3, extend(code >> 16 & 0xff, 8)),
        low if low & 8 == 0 => Look::Plain(3),
        _ => Look::Plain(2),
    }
}

#[inline]
fn x86_64(code: u32) -> Look {
    if super::x86_64::begins(code) {
        Look::Field
    } else {
        Look::Plain(1)
    }
}

#[cfg(test)]
mod tests;
