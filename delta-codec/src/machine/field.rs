//! Fields inside a copy: candidates for their new bytes, and what is told when none is right.

use super::{Context, Machine, signed_of};
use crate::ablation::{self, Stage};
use crate::coder::Coder;
use crate::data::pointer::{recognise_32, rewrite_32};
use crate::images::Images;
use crate::isa::{Bytes, Code, Field, Isa, Kind, Zone, thumb_call, word};
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

/// A field has its own flag in the current stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Risky;

/// How far back a failure makes a kind risky.
const RISKY_PAST: u8 = 0xff;

/// Residuals of this magnitude or more are not worth telling.
const RESIDUAL_MAX: u32 = 1 << 26;

impl Machine {
    /// The field at an offset in the old image. The rest as in [`Self::predict`].
    #[inline]
    fn locate(
        &self,
        class: Class,
        source: u32,
        (old, code): (Bytes, Code<'_>),
        left: u32,
        inner_left: &mut u8,
    ) -> Option<Field> {
        let field = if *inner_left > 0 {
            self.old.recognise_inside(class, source, old)?
        } else {
            let Some(field) = self.old.recognise_in(class, source, old, code) else {
                *inner_left = self.old.instruction_len(class, source, old);
                return None;
            };
            field
        };
        *inner_left = field.len;
        (u32::from(field.len) <= left).then_some(field)
    }

    /// How far a target has moved, and whether an operation or an anchor holds it.
    #[inline]
    fn shift_of(&self, tables: &Tables<'_>, kind: Kind, target: u32) -> Option<(u32, bool)> {
        if kind == Kind::Ram {
            let shift = tables.anchors.near(self.anchor_count, target);
            shift.map(|shift| (shift, true))
        } else {
            tables.map.shift(self.map_len, target, kind.is_far())
        }
    }

    /// By how much a copied byte's offset grows, if near fields whose targets move as far stay as
    /// they are: both images in one piece, and the same alignment.
    #[inline]
    pub(super) fn own_shift(&self, (offset, source): (u32, u32)) -> Option<u32> {
        let own = offset.wrapping_sub(source);
        let (old, new) = (&self.old.segments, &self.new.segments);
        let bases = new.low_address_of(0).wrapping_sub(old.low_address_of(0));
        let whole = old.is_whole() && new.is_whole();
        (whole && own.wrapping_add(bases) & 3 == 0).then_some(own)
    }

    /// Targets of near fields that stay as they are, as far as that is known.
    pub(super) fn zone(&self, tables: &Tables<'_>) -> Zone {
        self.own_shift((self.produced, self.source))
            .and_then(|own| tables.map.alike(self.map_len, self.source, own))
            .map_or_else(Zone::default, |(from, len)| Zone { from, len })
    }

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

    /// What [`Self::expect`] says of Thumb's BL and B.W, which are most fields of most images: the
    /// bytes, or `None` if they stay. `Err` if it is to be asked: there is no such instruction, or
    /// it is no simple one.
    #[inline]
    pub(super) fn expect_call(
        &self,
        tables: &Tables<'_>,
        place: (u32, u32),
        old: Bytes,
        own_shift: Option<u32>,
    ) -> Result<Option<Bytes>, ()> {
        if !ablation::is_on(Stage::Instructions) {
            return Err(());
        }
        let (offset, source) = place;
        let (kind, distance) = thumb_call(word(old)).ok_or(())?;
        let segments = &self.old.segments;
        let target = segments.low_address_of(source).wrapping_add(distance);
        let target = segments.offset_of(target, self.old.len).ok_or(())?;
        if self.is_risky(kind) || tables.learned.get(target).is_some() {
            return Err(());
        }
        let shift = tables.map.shift(self.map_len, target, true);
        Ok(match shift {
            Some((shift, _)) if Some(shift) != own_shift => {
                let class = Class::Code(Isa::Thumb);
                let target = target.wrapping_add(shift);
                self.new.rewrite(class, kind, old, offset, target)
            }
            _ => None,
        })
    }

    /// The same of a word that may be a pointer or a place in RAM.
    #[inline]
    pub(super) fn expect_pointer(
        &self,
        tables: &Tables<'_>,
        old: Bytes,
    ) -> Result<Option<Bytes>, ()> {
        if !ablation::is_on(Stage::Pointers) {
            return Err(());
        }
        let Field { kind, target, .. } = recognise_32(&self.old, old).ok_or(())?;
        if self.is_risky(kind) || tables.learned.get(target).is_some() {
            return Err(());
        }
        let target = self
            .shift_of(tables, kind, target)
            .map(|(shift, _)| target.wrapping_add(shift));
        Ok(target.and_then(|target| rewrite_32(&self.new, kind, old, target)))
    }

    /// The kind, the first candidate and the length of [`Self::predict`], without the others.
    pub(super) fn expect(
        &self,
        tables: &Tables<'_>,
        class: Class,
        place: (u32, u32),
        (old, code): (Bytes, Code<'_>),
        left: u32,
        inner_left: &mut u8,
    ) -> Option<(Kind, Bytes, u8)> {
        let field = self.locate(class, place.1, (old, code), left, inner_left)?;
        let bytes = self.first_candidate(tables, class, place, old, field)?;
        *inner_left = 0;
        Some((field.kind, bytes, field.len))
    }

    /// The same in a stretch: bytes and length of a field, or that it is a risky one.
    #[inline]
    pub(super) fn expect_calm(
        &self,
        tables: &Tables<'_>,
        class: Class,
        place: (u32, u32),
        (old, code): (Bytes, Code<'_>),
        left: u32,
        inner_left: &mut u8,
    ) -> Result<Option<(Bytes, u8)>, Risky> {
        let Some(field) = self.locate(class, place.1, (old, code), left, inner_left) else {
            return Ok(None);
        };
        // Of near fields only those that change count.
        let is_risky = self.is_risky(field.kind);
        if is_risky && field.kind.is_far() {
            return Err(Risky);
        }
        let Some(bytes) = self.first_candidate(tables, class, place, old, field) else {
            return Ok(None);
        };
        if is_risky {
            return Err(Risky);
        }
        *inner_left = 0;
        Ok(Some((bytes, field.len)))
    }

    /// The first candidate for a field; `None` for a near one that stays as it is.
    fn first_candidate(
        &self,
        tables: &Tables<'_>,
        class: Class,
        place: (u32, u32),
        old: Bytes,
        field: Field,
    ) -> Option<Bytes> {
        let Field { kind, len, target } = field;
        let shift = self.shift_of(tables, kind, target).map(|(shift, _)| shift);
        let rewrite = |target| self.new.rewrite(class, kind, old, place.0, target);
        let mapped = shift.map(|shift| target.wrapping_add(shift));
        if kind.is_far() {
            let learned = tables.learned.get(target).and_then(rewrite);
            return Some(learned.or_else(|| mapped.and_then(rewrite)).unwrap_or(old));
        }
        if shift.is_none() || shift == self.own_shift(place) {
            return None;
        }
        let bytes = mapped.and_then(rewrite)?;
        let len = usize::from(len);
        (bytes.get(..len) != old.get(..len)).then_some(bytes)
    }

    /// Whether a kind is among those that have their own flag in the current stretch.
    pub(super) fn is_risky(&self, kind: Kind) -> bool {
        self.risky.wrapping_shr(u32::from(kind.number())) & 1 != 0
    }

    /// Whether the first candidate of a kind failed lately: in a stretch such a field has its own
    /// flag. Asked when the stretch is offered only, so that flags inside do not change the answer.
    pub(super) fn risky_kinds(&self) -> u16 {
        let mut risky = 0;
        for (kind, past) in (0..).zip(&self.field_past) {
            risky |= u16::from(past & RISKY_PAST != 0).wrapping_shl(kind);
        }
        risky
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
