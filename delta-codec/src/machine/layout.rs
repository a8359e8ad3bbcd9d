//! What a stream says before anything else: segments and regions, unless there is but one of each.

use super::{Context, Machine, Mode, Step, signed_of};
use crate::coder::Coder;
use crate::error::DecodeError;
use crate::images::Images;
use crate::model::{self, Number};
use crate::region::{Class, REGION_UNIT, Region, Span};
use crate::segments::{Further, SEGMENTS_MAX, Segments};
use crate::truth::Truth;

/// Steps of the largest layout: a flag, two counts and two tails, two numbers for each segment
/// behind the first; then [`REGION_STEPS`] for each region.
pub(crate) const LAYOUT_STEPS: usize = 1 + 6 + 2 * 2 * (SEGMENTS_MAX - 1) + 1;

/// Steps for each region: where it begins and what it holds.
pub(crate) const REGION_STEPS: usize = 2;

/// Numbers of a segment: where it begins, and its address.
const SEGMENT_NUMBERS: u32 = 2;

impl Machine {
    pub(super) fn layout<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let truth = C::ENCODING && {
            let (addresses, regions) = context.truth.layout();
            let plain = |segments: Segments| segments == Segments::at(segments.base);
            !(plain(addresses.old) && plain(addresses.new) && regions.is_empty())
        };
        let told = model::layout(context.tables, context.coder, truth);
        self.mode = if told {
            Mode::SegmentCount
        } else {
            Mode::MajorCount
        };
        Ok(0)
    }

    /// How many segments, how much memory behind the images, and what tables of offsets count from:
    /// each of the old one, then of the new one.
    pub(super) fn segment_count<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let (addresses, _) = context.truth.layout();
        let (true_old, true_new) = (addresses.old, addresses.new);
        let truth = match self.layout_done {
            0 => true_old.count.into(),
            1 => true_new.count.into(),
            2 => true_old.tail,
            3 => true_new.tail,
            4 => true_old.origin,
            _ => true_new.origin,
        };
        let number = model::unsigned(context.tables, context.coder, Number::MajorGap, truth);
        if self.layout_done < 2 {
            let limit = u8::try_from(SEGMENTS_MAX.saturating_sub(1)).unwrap_or(0);
            let count = u8::try_from(number).ok().filter(|count| *count <= limit);
            let count = count.ok_or(DecodeError::MapTooLong {
                count: number,
                limit: limit.into(),
            })?;
            let side = if self.layout_done == 0 {
                &mut self.old
            } else {
                &mut self.new
            };
            side.segments.count = count;
        } else {
            match self.layout_done {
                2 => self.old.segments.tail = number,
                3 => self.new.segments.tail = number,
                4 => self.old.segments.origin = number,
                _ => self.new.segments.origin = number,
            }
        }
        self.layout_done = self.layout_done.saturating_add(1);
        if self.layout_done == 6 {
            self.layout_done = 0;
            self.mode = Mode::Segment;
        }
        Ok(0)
    }

    /// A number of a segment: of the old image relative to the segment before, of the new one to
    /// the old one's segment of the same rank.
    pub(super) fn segment<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let (of_start, rank) = (
            self.layout_done.is_multiple_of(SEGMENT_NUMBERS),
            self.layout_done / SEGMENT_NUMBERS,
        );
        let old_count = u32::from(self.old.segments.count);
        let is_old = rank < old_count;
        let rank = model::usize_of(if is_old {
            rank
        } else {
            rank.wrapping_sub(old_count)
        });
        let of = |segments: &Segments, rank: usize| -> Further {
            segments.further.get(rank).copied().unwrap_or_default()
        };
        let count = if is_old {
            self.old.segments.count
        } else {
            self.new.segments.count
        };
        if rank >= usize::from(count) {
            self.layout_done = 0;
            self.mode = Mode::RegionCount;
            return Ok(0);
        }
        let (addresses, _) = context.truth.layout();
        let (truth, base) = if is_old {
            let base = rank.checked_sub(1).map(|rank| of(&self.old.segments, rank));
            (of(&addresses.old, rank), base.unwrap_or_default())
        } else {
            (of(&addresses.new, rank), of(&self.old.segments, rank))
        };
        let pick = |segment: Further| {
            if of_start {
                segment.start
            } else {
                segment.shift
            }
        };
        let (truth, base) = (pick(truth), pick(base));
        let distance = signed_of(truth.wrapping_sub(base));
        let kind = if of_start {
            Number::MajorSkip
        } else {
            Number::MajorSkipAfterGap
        };
        let distance = model::signed(context.tables, context.coder, kind, distance);
        let number = base.wrapping_add_signed(distance);
        let side = if is_old { &mut self.old } else { &mut self.new };
        if let Some(segment) = side.segments.further.get_mut(rank) {
            if of_start {
                segment.start = number;
            } else {
                segment.shift = number;
            }
        }
        self.layout_done = self.layout_done.saturating_add(1);
        Ok(0)
    }

    pub(super) fn count_regions<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let (_, regions) = context.truth.layout();
        let truth = u32::try_from(regions.len()).unwrap_or(u32::MAX);
        let count = model::unsigned(context.tables, context.coder, Number::MajorGap, truth);
        let limit = context.tables.regions.capacity();
        if count > limit {
            return Err(DecodeError::MapTooLong { count, limit });
        }
        self.region_count = count;
        self.region = Span::EMPTY;
        self.mode = if count > 0 {
            Mode::Region
        } else {
            Mode::MajorCount
        };
        Ok(0)
    }

    /// Where a region begins, or what it holds.
    pub(super) fn region<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let index = model::usize_of(self.layout_done / 2);
        let (_, regions) = context.truth.layout();
        let truth = regions.get(index).copied().unwrap_or(Region {
            start: 0,
            class: Class::NONE,
        });
        let regions = &context.tables.regions;
        let (start, class);
        if self.layout_done.is_multiple_of(2) {
            let before = index.checked_sub(1).and_then(|index| regions.get(index));
            let (last, _) = before.unwrap_or((0, Class::NONE));
            let truth = truth.start.wrapping_sub(last) / REGION_UNIT;
            let (tables, coder) = (&mut *context.tables, &mut *context.coder);
            let units = model::unsigned(tables, coder, Number::MajorLen, truth.wrapping_sub(1));
            let step = units
                .checked_add(1)
                .and_then(|units| units.checked_mul(REGION_UNIT));
            start = step
                .and_then(|step| last.checked_add(step))
                .unwrap_or(u32::MAX);
            if start >= self.old.len {
                return Err(DecodeError::SourceOutOfRange {
                    offset: start,
                    len: 1,
                    old_len: self.old.len,
                });
            }
            class = Class::NONE;
        } else {
            (start, _) = regions.get(index).unwrap_or((0, Class::NONE));
            let (tables, coder) = (&mut *context.tables, &mut *context.coder);
            let truth = truth.class.code().into();
            let code = model::unsigned(tables, coder, Number::MajorGap, truth);
            let known = u8::try_from(code).ok().and_then(Class::from_code);
            // Numbers need wider tables than small profiles have.
            let room = context.tables.map.widths.has_numbers;
            let known = known.filter(|class| room || !class.has_numbers());
            class = known.ok_or(DecodeError::UnknownClass { code })?;
        }
        context.tables.regions.set(index, start, class);
        self.layout_done = self.layout_done.saturating_add(1);
        if self.layout_done / 2 >= self.region_count {
            self.mode = Mode::MajorCount;
        }
        Ok(0)
    }
}
