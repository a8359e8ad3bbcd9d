//! Inside a copy: stretches without surprise, and single bytes and fields.

use super::{Context, HITS_TO_STRETCH, Machine, Mode, Step, VERBATIM_MIN};
use crate::coder::Coder;
use crate::images::Images;
use crate::isa::Bytes;
use crate::model::{self, Equal, Hint, History, STRETCH_MAX, STRETCH_MIN, Stretch};
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
    #[inline(never)]
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
        Ok(self.byte(context, out))
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
        out: &mut [u8],
    ) -> usize {
        let (old, key, old_half) = self.old_place(context.window);
        let known = context.tables.substitutions.get(key);
        let [last, ..] = self.recent.to_le_bytes();
        let second = self.source & 1 != 0;
        let is_half = !second && self.unit_log2 > 0 && self.region.class.step_log2() > 0;
        if is_half
            && self.plain_left == 0
            && self.doubt_left.wrapping_sub(1) > 1
            && self.copy_left > 1
        {
            let hint = match known {
                None => Hint::None,
                Some(known) if known.new == old_half => Hint::Byte(old.byte, 0),
                Some(known) => Hint::Byte(!old.byte, known.confidence),
            };
            let truth = C::ENCODING && {
                let [first, second, ..] = context.truth.new_bytes(self.produced);
                [first, second] == old_half
            };
            let history = History {
                misses: self.misses,
                run: self.run,
                delta: self.delta,
                hint,
            };
            let (tables, coder) = (&mut *context.tables, &mut *context.coder);
            if model::equal(
                tables,
                coder,
                self.place(),
                old,
                history,
                Equal::Pair,
                truth,
            ) {
                tables.substitutions.put(key, old_half, old_half);
                self.inner_left = self.inner_left.saturating_sub(2);
                self.half = false;
                return self.finish_unit(true, &old_half, out);
            }
            self.doubt_left = 2;
        }
        let kind = if is_half && self.doubt_left == 2 {
            Equal::First
        } else {
            Equal::Byte
        };
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
            && model::equal(tables, coder, place, old, history, kind, truth == old.byte);
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
        self.finish_byte(hit, byte, out)
    }

    /// The same as [`finish_unit`](Self::finish_unit) for the byte that most units are.
    #[inline]
    fn finish_byte(&mut self, expected: bool, byte: u8, out: &mut [u8]) -> usize {
        self.count_unit(expected, 1);
        self.emit_byte(byte, out)
    }

    /// Gives out the bytes of a unit and goes on. `expected` is whether a stretch would have had
    /// them.
    #[inline]
    pub(super) fn finish_unit(&mut self, expected: bool, bytes: &[u8], out: &mut [u8]) -> usize {
        self.count_unit(expected, u32::try_from(bytes.len()).unwrap_or(0));
        self.emit(bytes, out)
    }

    #[inline]
    fn count_unit(&mut self, expected: bool, len: u32) {
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
    }
}
