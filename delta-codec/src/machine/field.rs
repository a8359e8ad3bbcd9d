//! Fields inside a copy: candidates for their new bytes, and what is told when none is right.

use super::{Context, Machine, signed_of};
use crate::ablation::{self, Stage};
use crate::coder::Coder;
use crate::images::Images;
use crate::isa::{Bytes, Code, Field, Isa, Kind};
use crate::model::{self, Candidate, Number, Origin};
use crate::region::Class;
use crate::tables::Tables;
use crate::truth::Truth;

/// What a field may have become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prediction {
    field: Field,
    candidates: [(Bytes, Origin); 3],
    count: u8,
    /// Whether a major operation holds the target.
    inside: bool,
    /// The target by the map.
    mapped: u32,
}

/// Residuals of this magnitude or more are not worth telling.
const RESIDUAL_MAX: u32 = 1 << 26;

impl Machine {
    /// What the field at a place (offset in the new image, offset in the old one) may have become;
    /// `None` if there is none, or nothing to predict. `class` is that of the region, `left` are the
    /// bytes left of the copy; `inner_left` those of an instruction begun before, told anew.
    pub(super) fn predict(
        &self,
        tables: &Tables<'_>,
        class: Class,
        place: (u32, u32),
        (old, code): (Bytes, Code<'_>),
        left: u32,
        inner_left: &mut u8,
    ) -> Option<Prediction> {
        let (offset, source) = place;
        let field = self.locate(class, source, (old, code), left, inner_left)?;
        let shift = self.shift_of(tables, field.kind, field.target);
        let far = field.kind.is_far();
        let (shift, inside) = shift.map_or((None, false), |(shift, inside)| (Some(shift), inside));
        if !far && (shift.is_none() || shift == self.own_shift(place)) {
            return None;
        }
        let mapped = field.target.wrapping_add(shift.unwrap_or(0));
        let mut prediction = Prediction {
            field,
            candidates: [(old, Origin::Raw); 3],
            count: 0,
            inside,
            mapped,
        };
        let rewrite = |target| self.new.rewrite(class, field.kind, old, offset, target);
        if far && let Some(target) = tables.learned.get(field.target) {
            prediction.add(rewrite(target), Origin::Learned);
        }
        if shift.is_some() {
            prediction.add(rewrite(mapped), Origin::Map);
        }
        prediction.add(Some(old), Origin::Raw);
        if !far && prediction.count == 1 {
            return None;
        }
        *inner_left = 0;
        Some(prediction)
    }

    /// Decides a field. It may turn out to be told byte by byte; then there is no output yet.
    pub(super) fn field<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        prediction: &Prediction,
        old: Bytes,
        out: &mut [u8],
    ) -> usize {
        let Field { kind, len, target } = prediction.field;
        self.half = false;
        let len = usize::from(len);
        let truth = if C::ENCODING {
            context.truth.new_bytes(self.produced)
        } else {
            Bytes::default()
        };
        let past = self
            .field_past
            .get(usize::from(kind.number()))
            .copied()
            .unwrap_or(0);
        // If a surprise must begin here, the first candidate is wrong.
        let surprise = self.doubt_left > 0 && u32::from(prediction.field.len) >= self.doubt_left;

        let candidates = prediction
            .candidates
            .iter()
            .take(usize::from(prediction.count));
        let mut right = None;
        for (index, (bytes, origin)) in candidates.enumerate() {
            if index == 0 && surprise {
                continue;
            }
            let candidate = Candidate {
                kind,
                origin: *origin,
                count: prediction.count,
                inside: prediction.inside,
                past,
                misses: self.misses,
            };
            let is_right = C::ENCODING && bytes.get(..len) == truth.get(..len);
            if model::candidate(context.tables, context.coder, candidate, is_right) {
                right = Some((index, *bytes, *origin));
                break;
            }
        }
        let expected = right.is_some_and(|(index, ..)| index == 0);
        if let Some(past) = self.field_past.get_mut(usize::from(kind.number())) {
            *past = *past << 1 | u8::from(!expected);
        }
        let (bytes, new_target) = match right {
            Some((_, bytes, origin)) => {
                // The map and what was learned know this target already.
                let seen = origin == Origin::Raw && !expected;
                let new_target = if seen {
                    self.target(prediction, bytes)
                } else {
                    None
                };
                (bytes, new_target)
            }
            None => match self.corrected(context, prediction, old, truth) {
                Some((bytes, target)) => (bytes, Some(target)),
                None => {
                    self.plain_left = prediction.field.len;
                    self.run = 0;
                    self.doubt_left = 0;
                    return 0;
                }
            },
        };
        if kind.is_far()
            && let Some(new_target) = new_target
        {
            context.tables.learned.put(target, new_target);
            if kind == Kind::Ram {
                let anchors = &mut context.tables.anchors;
                self.anchor_count = anchors.put(self.anchor_count, target, new_target);
            }
        }
        self.finish_unit(expected, bytes.get(..len).unwrap_or_default(), out)
    }

    /// A far field whose target is told relative to the one by the map.
    fn corrected<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        prediction: &Prediction,
        old: Bytes,
        truth: Bytes,
    ) -> Option<(Bytes, u32)> {
        if !ablation::is_on(Stage::Residuals) {
            return None;
        }
        let kind = prediction.field.kind;
        let slot = usize::from(kind.far_number()?);
        let align = self.align_log2(kind, prediction.field.len);
        let mut told = None;
        if C::ENCODING {
            told = self.residual(prediction, old, truth, align);
        }
        let (tables, coder) = (&mut *context.tables, &mut *context.coder);
        if !model::reached(tables, coder, kind, told.is_some()) {
            return None;
        }
        let last = self.residuals.get(slot).copied().unwrap_or(0);
        let residual = told.unwrap_or(0);
        let from_last = residual.wrapping_sub(last);
        let nearer = signed_of(from_last).unsigned_abs() < signed_of(residual).unsigned_abs();
        let repeated = model::repeated(tables, coder, kind, nearer);
        let number = match kind {
            _ if repeated => Number::RepeatedResidual,
            Kind::Pointer => Number::PointerResidual,
            Kind::Ram => Number::RamResidual,
            _ => Number::Residual,
        };
        let base = if repeated { last } else { 0 };
        let distance = signed_of(residual.wrapping_sub(base));
        let distance = model::signed(tables, coder, number, distance);
        let residual = base.wrapping_add_signed(distance);
        if let Some(slot) = self.residuals.get_mut(slot) {
            *slot = residual;
        }
        let target = prediction.mapped.wrapping_add(residual.wrapping_shl(align));
        // What the stream says may be out of reach; the old bytes then stand for it.
        let bytes = self
            .new
            .rewrite(self.region.class, kind, old, self.produced, target);
        Some((bytes.unwrap_or(old), target))
    }

    /// For the encoder: the residual that makes a field's true bytes, if there is one.
    fn residual(
        &self,
        prediction: &Prediction,
        old: Bytes,
        truth: Bytes,
        align: u32,
    ) -> Option<u32> {
        let Field { kind, len, .. } = prediction.field;
        let found = self.target(prediction, truth)?;
        let bytes = self
            .new
            .rewrite(self.region.class, kind, old, self.produced, found)?;
        let distance = signed_of(found.wrapping_sub(prediction.mapped));
        let residual = distance.wrapping_shr(align);
        let exact = residual.wrapping_shl(align) == distance;
        let same = bytes.get(..usize::from(len)) == truth.get(..usize::from(len));
        let worth = residual.unsigned_abs() < RESIDUAL_MAX;
        (same && exact && worth).then(|| u32::from_le_bytes(residual.to_le_bytes()))
    }

    /// Where a field of the new image points, if it is one.
    fn target(&self, prediction: &Prediction, bytes: Bytes) -> Option<u32> {
        let Prediction { field, mapped, .. } = *prediction;
        let form = (field.kind, field.len);
        self.new
            .target(self.region.class, form, self.produced, bytes, mapped)
    }

    /// Log2 of the unit in which targets of a kind lie.
    fn align_log2(&self, kind: Kind, len: u8) -> u32 {
        let Class::Code(isa) = self.region.class else {
            return 0;
        };
        match (kind, isa) {
            (Kind::Call | Kind::Jump, Isa::Thumb | Isa::Rv32 | Isa::Rv64) => 1,
            (Kind::Call | Kind::Jump, Isa::A32 | Isa::A64) | (Kind::Call, Isa::Xtensa) => 2,
            (Kind::Page, Isa::A64) if len == 4 => 12,
            _ => 0,
        }
    }
}

impl Prediction {
    /// Adds a candidate that differs from those before.
    fn add(&mut self, bytes: Option<Bytes>, origin: Origin) {
        let Some(bytes) = bytes else {
            return;
        };
        let len = usize::from(self.field.len);
        let count = usize::from(self.count);
        let Some((known, free)) = self.candidates.split_at_mut_checked(count) else {
            return;
        };
        if known
            .iter()
            .any(|(known, _)| known.get(..len) == bytes.get(..len))
        {
            return;
        }
        if let Some(slot) = free.first_mut() {
            *slot = (bytes, origin);
            self.count = self.count.wrapping_add(1);
        }
    }
}
