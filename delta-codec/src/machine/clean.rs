//! Stretches of a copy that go by without a decision: those that hold no surprise once their fields
//! are put right, and verbatim ones, whose very bytes are the old ones.

use super::{Context, Machine, Mode, Step};
use crate::coder::Coder;
use crate::error::DecodeError;
use crate::images::Images;
use crate::isa::{Search, Shown, reach};
use crate::model;
use crate::moving::put;
use crate::region::Class;
use crate::truth::Truth;

/// Most bytes of a stretch with fields that are read at once: a risky field makes that the rest is read
/// again.
const PIECE_MAX: u32 = 256;

/// Log2 of the smallest and largest verbatim stretch; a shorter copy is offered none.
pub(crate) const VERBATIM_MIN: u8 = 12;
pub(crate) const VERBATIM_MAX: u8 = 24;

/// How much an accepted verbatim stretch adds to the exponent of the next, and a refused one takes.
const VERBATIM_UP: u8 = 2;
const VERBATIM_DOWN: u8 = 4;

/// After the smallest one was refused: largest other stretches until the next is offered.
const VERBATIM_WAIT: u8 = 8;

/// Verbatim stretches refused before another is offered.
pub(super) const VERBATIM_STEPS: u32 = 1 + 3;

const _: () = assert!(VERBATIM_MAX - VERBATIM_MIN <= 3 * VERBATIM_DOWN);

impl Machine {
    /// Whether a verbatim stretch is offered before any other.
    pub(super) fn is_verbatim_due(&self) -> bool {
        self.verbatim_wait == 0 && self.copy_left >= 1 << VERBATIM_MIN
    }

    /// Offers a verbatim stretch: 2^exponent bytes or the rest of the copy.
    pub(super) fn offer_verbatim<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) {
        let full = 1_u32.wrapping_shl(u32::from(self.verbatim));
        let len = full.min(self.copy_left);
        let truth = C::ENCODING && context.truth.is_equal(self.produced, self.source, len);
        let step = self.verbatim.saturating_sub(VERBATIM_MIN);
        if model::verbatim(context.tables, context.coder, step, truth) {
            self.half = false;
            self.inner_left = 0;
            self.clean_left = len;
            self.is_verbatim = true;
            self.mode = Mode::Clean;
            let longer = self.verbatim.saturating_add(VERBATIM_UP);
            self.verbatim = longer.min(VERBATIM_MAX);
        } else if self.verbatim > VERBATIM_MIN {
            let shorter = self.verbatim.saturating_sub(VERBATIM_DOWN);
            self.verbatim = shorter.max(VERBATIM_MIN);
        } else {
            self.verbatim_wait = VERBATIM_WAIT;
        }
    }

    /// Copies as much of a stretch as fits, without any decision, or decides the risky field that comes
    /// first.
    pub(super) fn clean<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        out: &mut [u8],
    ) -> Step<I> {
        self.enter_region(context.tables);
        let written = if self.is_verbatim || self.region.class == Class::NONE {
            self.clean_bytes(context, out)?
        } else {
            let written = if self.at_risky {
                0
            } else {
                self.clean_units(context, out)?
            };
            if written == 0 && self.at_risky {
                // Its decisions are a unit of work of their own.
                self.at_risky = false;
                self.risky_field(context, out)?
            } else {
                written
            }
        };
        self.is_verbatim &= self.clean_left > 0;
        if self.copy_left == 0 {
            self.mode = Mode::Operation;
        } else if self.mode == Mode::Clean && self.clean_left == 0 {
            self.mode = Mode::Offer;
        }
        Ok(written)
    }

    fn clean_bytes<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        out: &mut [u8],
    ) -> Step<I> {
        let room = u32::try_from(out.len()).unwrap_or(u32::MAX);
        let len = self.clean_left.min(room);
        let len = if self.is_verbatim {
            len
        } else {
            len.min(self.region.left(self.source).max(1))
        };
        let piece = out.get_mut(..model::usize_of(len)).unwrap_or_default();
        context
            .images
            .read_old(self.source, piece)
            .map_err(DecodeError::Images)?;
        self.misses = self.misses.checked_shl(len).unwrap_or(0);
        self.note(piece);
        Ok(piece.len())
    }

    /// Copies up to the next risky field. Not inlined: its buffer is off the stack again before anything
    /// is decoded.
    #[inline]
    fn clean_units<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        out: &mut [u8],
    ) -> Step<I> {
        let mut written = 0_usize;
        while self.clean_left > 0 && written < out.len() {
            self.enter_region(context.tables);
            if self.at_risky {
                break;
            }
            let room = out.get_mut(written..).unwrap_or_default();
            let gone = self.clean_piece(context, room)?;
            written = written.saturating_add(gone);
            if gone > 0 || self.at_risky {
                continue;
            }
            // The end of the room or of the old image.
            let room = out.get_mut(written..).unwrap_or_default();
            written = written.saturating_add(self.clean_unit(context, room)?);
        }
        Ok(written)
    }

    /// Copies one field or what lies before the next place where one can begin; nothing before a risky
    /// field.
    #[inline(never)]
    fn clean_unit<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        room: &mut [u8],
    ) -> Step<I> {
        let old = self.old_bytes(context)?;
        let place = (self.produced, self.source);
        let (class, left) = (self.region.class, self.copy_left);
        let code = (old, self.old_code(context.window));
        let mut inner_left = self.inner_left;
        let field = self.expect_calm(context.tables, class, place, code, left, &mut inner_left);
        let Ok(field) = field else {
            self.at_risky = true;
            return Ok(0);
        };
        self.inner_left = inner_left;
        let (bytes, len, units) = match field {
            Some((bytes, len)) => (bytes, u32::from(len), 1),
            None => {
                let len = self.fieldless_len().min(self.clean_left);
                let [gone, ..] = len.to_le_bytes();
                self.inner_left = self.inner_left.saturating_sub(gone);
                (old, len, len)
            }
        };
        let bytes = bytes.get(..model::usize_of(len)).unwrap_or_default();
        let written = self.emit(bytes, room);
        self.misses = self.misses.wrapping_shl(units);
        self.advance(len);
        Ok(written)
    }

    /// Copies what lies before the next risky field, and well inside the room and the old image:
    /// a piece of the old image at once, in which fields are then put right. Returns how many
    /// bytes that are.
    #[inline(never)]
    fn clean_piece<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        room: &mut [u8],
    ) -> Step<I> {
        let class = self.region.class;
        let (behind, ahead) = reach(class);
        let len = self.clean_left.min(self.region.left(self.source));
        let len = model::usize_of(len.min(PIECE_MAX)).min(room.len());
        // What lies ahead, for the search to look at; others write over it.
        let rest = self.old.len.saturating_sub(self.source);
        let seen = len.saturating_add(model::usize_of(ahead));
        let seen = seen.min(room.len()).min(model::usize_of(rest));
        let piece = room.get_mut(..seen).unwrap_or_default();
        context
            .images
            .read_old(self.source, piece)
            .map_err(DecodeError::Images)?;
        let search = Search::new(&self.old, class, self.zone(context.tables));
        let step = 1_usize.wrapping_shl(u32::from(class.step_log2()));
        let mut inner_left = self.inner_left;
        let own_shift = self.own_shift((self.produced, self.source));
        let (mut at, mut fields, mut field_bytes) = (0_usize, 0_usize, 0_usize);
        let mut words = 0_usize;
        while at < len {
            let limit = len.saturating_sub(at);
            let place = |at: usize| {
                let at = u32::try_from(at).unwrap_or(u32::MAX);
                (self.produced.wrapping_add(at), self.source.wrapping_add(at))
            };
            let gone = search.next_field(
                place(at).1,
                (piece.get_mut(at..).unwrap_or_default(), limit),
                &mut inner_left,
                &mut |gone, bytes, shown| {
                    let place = place(at.wrapping_add(gone));
                    let expected = match shown {
                        Shown::Instruction => {
                            self.expect_call(context.tables, place, *bytes, own_shift)
                        }
                        Shown::Pointer => self.expect_pointer(context.tables, *bytes),
                    };
                    if let Ok(Some(expected)) = expected {
                        *bytes = expected;
                    }
                    words = words.wrapping_add(usize::from(expected.is_ok()));
                    expected.is_ok()
                },
            );
            at = at.saturating_add(gone);
            if at >= len {
                // Of the last instruction a part may belong to what comes next.
                let over = u8::try_from(at.wrapping_sub(len)).unwrap_or(0);
                inner_left = inner_left.saturating_add(over);
                at = len;
                break;
            }
            let (produced, source) = place(at);
            // What lies behind was put right already: it is read again where it matters.
            let old = if behind > 0 {
                self.old_bytes_at(context, source)?
            } else if let Some(old) = piece.get(at..).and_then(<[u8]>::first_chunk) {
                *old
            } else {
                break;
            };
            let code = (old, self.old_code_at(context.window, source));
            let left = self
                .copy_left
                .saturating_sub(produced.wrapping_sub(self.produced));
            let mut inner_after = inner_left;
            let place = (produced, source);
            let field =
                self.expect_calm(context.tables, class, place, code, left, &mut inner_after);
            let Ok(field) = field else {
                self.at_risky = true;
                break;
            };
            if let Some((bytes, width)) = field {
                let width = usize::from(width);
                let to = piece.get_mut(at..at.saturating_add(width));
                let (Some(to), Some(from)) = (to, bytes.get(..width)) else {
                    break;
                };
                put(to, from);
                at = at.saturating_add(width);
                fields = fields.wrapping_add(1);
                field_bytes = field_bytes.wrapping_add(width);
            } else {
                let past = model::usize_of(source) & step.wrapping_sub(1);
                let width = step.wrapping_sub(past).min(len.wrapping_sub(at));
                inner_after = inner_after.saturating_sub(u8::try_from(width).unwrap_or(0));
                at = at.saturating_add(width);
            }
            inner_left = inner_after;
        }
        self.inner_left = inner_left;
        // A field is one hit, any other byte too.
        let hits = at.wrapping_sub(field_bytes).wrapping_add(fields);
        let hits = hits.wrapping_sub(words.wrapping_mul(3));
        let hits = u32::try_from(hits).unwrap_or(u32::MAX);
        self.misses = self.misses.checked_shl(hits).unwrap_or(0);
        self.note(room.get(..at).unwrap_or_default());
        Ok(at)
    }

    /// Takes account of bytes copied without a decision.
    fn note(&mut self, bytes: &[u8]) {
        let tail = bytes.len().saturating_sub(4);
        for byte in bytes.get(tail..).unwrap_or_default() {
            self.recent = self.recent << 8 | u32::from(*byte);
        }
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.produced = self.produced.saturating_add(len);
        self.advance(len);
    }

    /// Bytes from a source where no field begins to the next place where one can.
    fn fieldless_len(&self) -> u32 {
        let step = 1_u32.wrapping_shl(u32::from(self.region.class.step_log2()));
        step.wrapping_sub(self.source & step.wrapping_sub(1))
    }

    /// A field with its own flag in a stretch, which ends if the first candidate fails.
    #[inline(never)]
    fn risky_field<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        out: &mut [u8],
    ) -> Step<I> {
        let old = self.old_bytes(context)?;
        let place = (self.produced, self.source);
        let (class, before) = (self.region.class, self.copy_left);
        let code = (old, self.old_code(context.window));
        let mut inner_left = self.inner_left;
        let prediction = self.predict(context.tables, class, place, code, before, &mut inner_left);
        let Some(prediction) = prediction else {
            return Ok(0);
        };
        self.inner_left = inner_left;
        let written = self.field(context, &prediction, old, out);
        let failed = self.run == 0;
        if failed {
            self.clean_left = 0;
            self.mode = Mode::Unit;
        } else {
            let len = before.saturating_sub(self.copy_left);
            self.clean_left = self.clean_left.saturating_sub(len);
            self.mode = Mode::Clean;
        }
        Ok(written)
    }

    /// Goes `len` bytes on in a stretch.
    fn advance(&mut self, len: u32) {
        self.run = self.run.saturating_add(len);
        self.source = self.source.wrapping_add(len);
        self.copy_left = self.copy_left.saturating_sub(len);
        self.clean_left = self.clean_left.saturating_sub(len);
    }
}
