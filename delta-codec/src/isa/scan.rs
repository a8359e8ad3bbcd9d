//! The quick search for the next place where a field may begin, for stretches of a copy that go by
//! without a decision. It never passes over a field that changes; [`Side::recognise`] has the last
//! word.

mod look;

use super::{Bytes, Isa, Side, halves, low_after, word};
use crate::data::Data;
use crate::model::usize_of;
use crate::region::Class;

use look::{Look, a32, a64, riscv, thumb, thumb_is_plain, x86_64, xtensa};

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

/// What [`Search::next_field`] shows to whoever may deal with it at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// What may be a pointer.
    Pointer,
    /// What may be an instruction with a field.
    Instruction,
}

/// Where a search stands.
struct Cursor<'a> {
    offset: u32,
    bytes: &'a mut [u8],
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
    /// by, and the bytes there, which it may change. If it has dealt with it, the search goes on
    /// behind it. Not inlined: its variables are off the stack when its callers look closer.
    #[inline(never)]
    pub(crate) fn next_field(
        &self,
        offset: u32,
        (bytes, limit): (&mut [u8], usize),
        inner_left: &mut u8,
        take: &mut impl FnMut(usize, &mut Bytes, Shown) -> bool,
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
        let mut none = |_, _: &mut Bytes, _| false;
        let never = |_| false;
        match self.class.built() {
            Class::Code(Isa::None) => return limit,
            Class::Code(Isa::Thumb) => self.scan(&mut cursor, limit, thumb, thumb_is_plain, take),
            Class::Code(Isa::A32) => self.scan(&mut cursor, limit, a32, never, &mut none),
            Class::Code(Isa::A64) => self.scan(&mut cursor, limit, a64, never, &mut none),
            Class::Code(Isa::Rv32 | Isa::Rv64) => {
                self.scan(&mut cursor, limit, riscv, never, &mut none);
            }
            Class::Code(Isa::Xtensa) => self.scan(&mut cursor, limit, xtensa, never, &mut none),
            Class::Code(Isa::X86_64) => self.scan(&mut cursor, limit, x86_64, never, &mut none),
            Class::Data(Data::Pointer32 | Data::Pointer64) => {
                self.scan(&mut cursor, limit, |_| Look::Plain(4), never, &mut none);
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
        skip: impl Fn(u32) -> bool,
        take: &mut impl FnMut(usize, &mut Bytes, Shown) -> bool,
    ) {
        let [lane, ..] = cursor.offset.to_le_bytes();
        let aligned = usize::from(lane.wrapping_neg() & 3);
        if self.steps(cursor, limit.min(aligned), &look)
            && self.words(cursor, limit, (&look, skip), take)
        {
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
    /// something. `skip` is whether a word that begins with an instruction has none but plain ones,
    /// which end with it; it may say no.
    #[inline]
    fn words(
        &self,
        cursor: &mut Cursor<'_>,
        limit: usize,
        (look, skip): (&impl Fn(u32) -> Look, impl Fn(u32) -> bool),
        take: &mut impl FnMut(usize, &mut Bytes, Shown) -> bool,
    ) -> bool {
        // Eight bytes that are there end at most four behind the limit: one check for both.
        let end = limit.saturating_add(4).min(cursor.bytes.len());
        let offset = cursor.offset;
        let mut rest = cursor.bytes.get_mut(cursor.at..end).unwrap_or_default();
        let begin = cursor.at;
        let all = rest.len();
        let place = |rest: &[u8]| begin.wrapping_add(all.wrapping_sub(rest.len()));
        let here = |at: usize| {
            let [at, ..] = halves(u64::try_from(at).unwrap_or(0));
            offset.wrapping_add(at)
        };
        let mut inner = u32::from(cursor.inner);
        // Where it ends, from the beginning of the word.
        let mut ahead = 0;
        // The word begins in a field that was taken: no pointer begins there.
        let mut taken = false;
        let passed = loop {
            let Some(front) = rest.first_chunk_mut::<8>() else {
                break true;
            };
            let both = u64::from_le_bytes(*front);
            let low = word(*front);
            if taken {
                taken = false;
            } else if self.may_be_pointer_low(low) {
                let at = place(rest);
                let Some(front) = rest.first_chunk_mut() else {
                    break true;
                };
                if self.may_be_pointer(here(at), *front) {
                    if !take(at, front, Shown::Pointer) {
                        break false;
                    }
                    inner = 0;
                    rest = behind(rest);
                    continue;
                }
            }
            if inner == 0 && skip(low) {
                rest = behind(rest);
                continue;
            }
            let mut found = false;
            while inner < 4 {
                let look = look(low_after(both, inner << 3));
                let mut len = match look {
                    Look::Plain(len) => len,
                    _ => self.len_of(look, here(place(rest)).wrapping_add(inner)),
                };
                if len == 0 {
                    let at = place(rest).wrapping_add(usize_of(inner));
                    let there = rest.get_mut(usize_of(inner)..);
                    let there = there.and_then(<[u8]>::first_chunk_mut);
                    found = !(at.wrapping_add(4) <= limit
                        && there.is_some_and(|there| take(at, there, Shown::Instruction)));
                    if found {
                        break;
                    }
                    len = 4;
                    taken = inner > 0;
                }
                inner = inner.wrapping_add(u32::from(len));
            }
            if found {
                ahead = core::mem::take(&mut inner);
                break false;
            }
            inner = inner.wrapping_sub(4);
            rest = behind(rest);
        };
        if taken {
            ahead = core::mem::take(&mut inner);
        }
        cursor.at = place(rest).wrapping_add(usize_of(ahead));
        [cursor.inner, ..] = inner.to_le_bytes();
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

    /// Whether a word may be the low one of a pointer.
    #[inline]
    fn may_be_pointer_low(&self, low: u32) -> bool {
        low.wrapping_sub(self.image) < self.image_len || low.wrapping_sub(self.ram) < self.ram_len
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

/// What lies behind a word.
#[inline]
fn behind(bytes: &mut [u8]) -> &mut [u8] {
    bytes.get_mut(4..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
