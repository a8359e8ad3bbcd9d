//! What a stretch has in place of a field: its first candidate, without a decision.

use super::Machine;
use crate::ablation::{self, Stage};
use crate::data::pointer::{recognise_32, rewrite_32};
use crate::isa::{Bytes, Code, Field, Isa, Kind, Zone, thumb_call, word};
use crate::region::Class;
use crate::tables::Tables;

/// A field has its own flag in the current stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Risky;

/// How far back a failure makes a kind risky.
const RISKY_PAST: u8 = 0xff;

impl Machine {
    /// The field at an offset in the old image. The rest as in [`Self::predict`].
    #[inline]
    pub(super) fn locate(
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
    pub(super) fn shift_of(
        &self,
        tables: &Tables<'_>,
        kind: Kind,
        target: u32,
    ) -> Option<(u32, bool)> {
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
}
