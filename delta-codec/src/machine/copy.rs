//! Inside a copy: stretches without surprise, and single bytes and fields.

use super::{Context, HITS_TO_STRETCH, Machine, Mode, Step, VERBATIM_MIN};
use crate::coder::Coder;
use crate::error::DecodeError;
use crate::images::Images;
use crate::isa::{Bytes, Code, halves, reach};
use crate::model::{self, Hint, History, OldPlace, STRETCH_MAX, STRETCH_MIN, Stretch};
use crate::region::{Class, Span};
use crate::substitution::Substitution;
use crate::tables::Tables;
use crate::truth::Truth;

impl Machine {
    pub(super) fn start_copy(&mut self) {
        self.mode = Mode::Offer;
        self.at_start = true;
        self.exponent = self.exponent.clamp(STRETCH_MIN, const { STRETCH_MIN + 1 });
        self.doubt_left = 0;
        self.plain_left = 0;
        self.inner_left = 0;
        self.half = false;
        self.verbatim = VERBATIM_MIN;
        self.verbatim_wait = 0;
    }

    pub(super) fn offer<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> usize {
        if self.is_verbatim_due() {
            self.offer_verbatim(context);
            return 0;
        }
        let full = 1_u32.wrapping_shl(u32::from(self.exponent));
        let len = full.min(self.copy_left);
        self.risky = self.risky_kinds();
        let truth = C::ENCODING && self.is_clean(context, len);
        let offer = Stretch {
            exponent: self.exponent,
            len,
            run: self.run,
            past: self.past,
            at_start: self.at_start,
        };
        let clean = model::stretch(context.tables, context.coder, offer, truth);
        self.past = self.past << 1 | u8::from(clean);
        self.at_start = false;
        if clean {
            self.half = false;
            self.clean_left = len;
            self.mode = Mode::Clean;
            if self.exponent == STRETCH_MAX {
                self.verbatim_wait = self.verbatim_wait.saturating_sub(1);
            }
            self.exponent = self.exponent.saturating_add(1).min(STRETCH_MAX);
        } else if self.exponent > STRETCH_MIN && len > 1 << STRETCH_MIN {
            self.exponent = self.exponent.saturating_sub(2);
            while self.exponent > STRETCH_MIN && 1_u32.wrapping_shl(u32::from(self.exponent)) >= len
            {
                self.exponent = self.exponent.saturating_sub(1);
            }
            self.exponent = self.exponent.max(STRETCH_MIN);
        } else {
            self.exponent = STRETCH_MIN;
            self.doubt_left = len;
            self.mode = Mode::Unit;
        }
        0
    }

    /// Makes the region of the source the current one.
    #[inline]
    pub(super) fn enter_region(&mut self, tables: &Tables<'_>) {
        if !self.region.holds(self.source) {
            self.region = self.region_at(tables, self.source);
        }
    }

    fn region_at(&self, tables: &Tables<'_>, source: u32) -> Span {
        tables
            .regions
            .find(self.region_count, self.first_class, source)
    }

    /// For the encoder: whether a stretch holds no surprise up to the first risky field that fails.
    fn is_clean<C: Coder, I: Images, T: Truth>(
        &self,
        context: &Context<'_, '_, C, I, T>,
        len: u32,
    ) -> bool {
        let mut region = self.region;
        let mut gone = 0_u32;
        let mut inner_left = self.inner_left;
        while gone < len {
            let (offset, source) = (
                self.produced.wrapping_add(gone),
                self.source.wrapping_add(gone),
            );
            if !region.holds(source) {
                region = self.region_at(context.tables, source);
            }
            if region.class == Class::NONE {
                let piece = len.saturating_sub(gone).min(region.left(source)).max(1);
                if !context.truth.is_equal(offset, source, piece) {
                    return false;
                }
                gone = gone.saturating_add(piece);
                continue;
            }
            let (old, code) = (
                context.truth.old_bytes(source),
                context.truth.old_code(source),
            );
            let new = context.truth.new_bytes(offset);
            let left = self.copy_left.saturating_sub(gone);
            let place = (offset, source);
            let class = region.class;
            let code = (old, code);
            let field = self.expect(context.tables, class, place, code, left, &mut inner_left);
            let (expected, unit) = field.map_or((old, 1), |(_, bytes, len)| (bytes, len));
            let len = usize::from(unit);
            if expected.get(..len) != new.get(..len) {
                // The stretch goes as far as to a risky field that fails.
                return field.is_some_and(|(kind, ..)| self.is_risky(kind));
            }
            if field.is_none() {
                inner_left = inner_left.saturating_sub(1);
            }
            gone = gone.saturating_add(u32::from(unit));
        }
        true
    }

    /// One byte or field with its own decisions.
    pub(super) fn unit<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        out: &mut [u8],
    ) -> Step<I> {
        self.enter_region(context.tables);
        let bytes = self.old_bytes(context)?;
        if self.plain_left == 0 && self.may_be_field(bytes) {
            let place = (self.produced, self.source);
            let (class, left) = (self.region.class, self.copy_left);
            let mut inner_left = self.inner_left;
            let code = (bytes, self.old_code(context.window));
            let prediction =
                self.predict(context.tables, class, place, code, left, &mut inner_left);
            self.inner_left = inner_left;
            if let Some(prediction) = prediction {
                return Ok(self.field(context, &prediction, bytes, out));
            }
        }
        Ok(self.byte(context, bytes, out))
    }

    /// Whether the source needs a closer look: a field may begin here. If not, takes account of the
    /// instruction.
    #[inline]
    fn may_be_field(&mut self, bytes: Bytes) -> bool {
        let class = self.region.class;
        let step = 1_u32.wrapping_shl(u32::from(class.step_log2()));
        if self.source & step.wrapping_sub(1) != 0 {
            return false;
        }
        if self.inner_left > 0 {
            return self.source & 3 == 0;
        }
        if self.old.may_begin(class, self.source, bytes) {
            return true;
        }
        self.inner_left = self.old.instruction_len(class, self.source, bytes);
        false
    }

    fn byte<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        bytes: Bytes,
        out: &mut [u8],
    ) -> usize {
        let (old, key, old_half) = self.old_place(context.window, bytes);
        let known = context.tables.substitutions.get(key);
        let [last, ..] = self.recent.to_le_bytes();
        let second = self.source & 1 != 0;
        let hint = match known {
            None => Hint::None,
            Some(Substitution {
                new: [first, _],
                confidence,
            }) if !second => Hint::Byte(first, confidence),
            Some(Substitution {
                new: [first, second],
                confidence,
            }) if first == last => Hint::Byte(second, confidence),
            Some(_) => Hint::Wrong,
        };
        let truth = if C::ENCODING {
            context.truth.byte(self.produced)
        } else {
            0
        };
        let (tables, coder) = (&mut *context.tables, &mut *context.coder);
        let place = self.place();
        let history = History {
            misses: self.misses,
            run: self.run,
            delta: self.delta,
            hint,
        };
        let hit = self.doubt_left != 1
            && model::equal(tables, coder, place, old, history, truth == old.byte);
        let byte = if hit {
            old.byte
        } else {
            model::missed(tables, coder, place, old, history, truth)
        };
        self.plain_left = self.plain_left.saturating_sub(1);
        self.inner_left = self.inner_left.saturating_sub(1);
        if second && self.half {
            tables.substitutions.put(key, old_half, [last, byte]);
        }
        self.half = !second;
        if !hit {
            self.delta = byte.wrapping_sub(old.byte);
        }
        self.finish_unit(hit, &[byte], out)
    }

    /// Gives out the bytes of a unit and goes on. `expected` is whether a stretch would have had
    /// them.
    #[inline]
    pub(super) fn finish_unit(&mut self, expected: bool, bytes: &[u8], out: &mut [u8]) -> usize {
        let len = u32::try_from(bytes.len()).unwrap_or(0);
        self.misses = self.misses << 1 | u32::from(!expected);
        if expected {
            self.run = self.run.saturating_add(len);
            self.doubt_left = self.doubt_left.saturating_sub(len);
        } else {
            self.run = 0;
            self.doubt_left = 0;
        }
        self.source = self.source.wrapping_add(len);
        self.copy_left = self.copy_left.saturating_sub(len);
        if self.copy_left == 0 {
            self.mode = Mode::Operation;
        } else if self.run >= HITS_TO_STRETCH && self.doubt_left == 0 && self.plain_left == 0 {
            self.mode = Mode::Offer;
        }
        self.emit(bytes, out)
    }

    /// The old byte at the source, which begins `bytes`, with its surroundings, and the key and the
    /// bytes of its halfword; zeros outside the old image.
    #[inline]
    fn old_place(&self, window: &[u8], bytes: Bytes) -> (OldPlace, u16, [u8; 2]) {
        let offset = self.source;
        let window = window
            .get(..model::usize_of(self.window_len))
            .unwrap_or_default();
        // The window begins with a whole word, at or before this one.
        let start = model::usize_of((offset & !3).wrapping_sub(self.window_start));
        let word = front(window.get(start..).unwrap_or_default());
        let [word, _] = halves(u64::from_le_bytes(word));
        let at = |offset: u32| {
            let [byte, ..] = word.wrapping_shr((offset & 3) << 3).to_le_bytes();
            byte
        };
        let before = if offset & 3 != 0 {
            at(offset.wrapping_sub(1))
        } else {
            let before = start.checked_sub(1).and_then(|before| window.get(before));
            before.copied().unwrap_or(0)
        };
        let [byte, after, ..] = bytes;
        let place = OldPlace {
            offset,
            byte,
            before,
            after,
            opcode: at(offset | model::instruction_mask(self.unit_log2)),
        };
        let half = [at(offset & !1), at(offset | 1)];
        if self.unit_log2 < 2 {
            return (place, u16::from_le_bytes(half), half);
        }
        // Of a word-sized instruction both halves matter.
        let key = (word ^ offset >> 1 & 1).wrapping_mul(0x9e37_79b1);
        let [_, _, low, high] = key.to_le_bytes();
        (place, u16::from_le_bytes([low, high]), half)
    }

    /// The place of the source in the window, which holds what lies around it.
    pub(super) fn old_code<'c>(&self, window: &'c [u8]) -> Code<'c> {
        let window = window
            .get(..model::usize_of(self.window_len))
            .unwrap_or_default();
        let place = model::usize_of(self.source.wrapping_sub(self.window_start));
        Code::new(window, place)
    }

    /// The old bytes at the source, zeros beyond the end. Afterwards the window holds them, at
    /// least the three bytes before, and what the recogniser may look at.
    #[inline]
    pub(super) fn old_bytes<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Result<Bytes, DecodeError<I::Error>> {
        let (behind, ahead) = reach(self.region.class);
        let index = self.source.wrapping_sub(self.window_start);
        if index < behind.max(3) || index.saturating_add(ahead) > self.window_len {
            self.fill_window(context)?;
        }
        let index = model::usize_of(self.source.wrapping_sub(self.window_start));
        let rest = context.window.get(index..).unwrap_or_default();
        if let Some(bytes) = rest.first_chunk()
            && index.wrapping_add(bytes.len()) <= model::usize_of(self.window_len)
        {
            return Ok(*bytes);
        }
        let window = context
            .window
            .get(..model::usize_of(self.window_len))
            .unwrap_or_default();
        Ok(front(window.get(index..).unwrap_or_default()))
    }

    /// Reads the old image around the source, unless all there is is at hand.
    #[inline(never)]
    fn fill_window<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Result<(), DecodeError<I::Error>> {
        let (behind, ahead) = reach(self.region.class);
        let from = self.source.saturating_sub(behind.max(3));
        let to = self.source.saturating_add(ahead).min(self.old.len);
        let end = self.window_start.saturating_add(self.window_len);
        if from < self.window_start || to > end {
            let start = from & !3;
            let len = self.old.len.saturating_sub(start);
            let len = model::usize_of(len).min(context.window.len());
            let window = context.window.get_mut(..len).unwrap_or_default();
            context
                .images
                .read_old(start, window)
                .map_err(DecodeError::Images)?;
            self.window_start = start;
            self.window_len = u32::try_from(len).unwrap_or(0);
        }
        Ok(())
    }
}

/// The first bytes, zeros beyond the end.
pub(crate) fn front(bytes: &[u8]) -> Bytes {
    if let Some(front) = bytes.first_chunk() {
        return *front;
    }
    let mut front = Bytes::default();
    for (to, from) in front.iter_mut().zip(bytes) {
        *to = *from;
    }
    front
}
