//! The operations: the major ones, which make up the map, and what is told between two copies.

use super::{Context, Machine, Mode, Step, signed_of};
use crate::coder::Coder;
use crate::error::DecodeError;
use crate::images::Images;
use crate::map::Major;
use crate::model::{self, Number, SourceOf};
use crate::number;
use crate::tables::Tables;
use crate::truth::Truth;

impl Machine {
    pub(super) fn count_majors<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let truth = context.truth.major_count();
        let count = model::unsigned(context.tables, context.coder, Number::MajorGap, truth);
        let limit = context.tables.map.capacity();
        if count > limit {
            return Err(DecodeError::MapTooLong { count, limit });
        }
        self.major_count = count;
        self.mode = if count > 0 {
            Mode::MajorGap
        } else {
            Mode::Operation
        };
        Ok(0)
    }

    pub(super) fn major_gap<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let mut truth = 0;
        if C::ENCODING {
            let operation = context.truth.next_major();
            truth = operation.literal_len.saturating_sub(self.produced);
            // Until the stream has said them, the encoder keeps them where they will be.
            self.source = operation.source;
            self.copy_left = operation.copy_len;
        }
        let gap = model::unsigned(context.tables, context.coder, Number::MajorGap, truth);
        if gap >= self.left() {
            return Err(self.overrun(gap));
        }
        self.literal_left = gap;
        self.after_literals = gap > 0;
        self.mode = Mode::MajorSource;
        Ok(0)
    }

    pub(super) fn major_len<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let widths = context.tables.map.widths;
        let truth = widths.kept_of(self.copy_left);
        let kept = model::unsigned(context.tables, context.coder, Number::MajorLen, truth);
        let (len, _) = widths.len_of(kept);
        let start = self.produced.wrapping_add(self.literal_left);
        let major = Major {
            source: self.source,
            start,
            len,
        };
        self.check_copy(major)?;
        context.tables.map.put(self.major_done, major);
        self.remember_diagonal(self.source.wrapping_sub(start));
        // While the map is read, `produced` is where the last major operation ended.
        self.produced = start.wrapping_add(len);
        self.major_done = self.major_done.saturating_add(1);
        self.mode = Mode::MajorGap;
        if self.major_done >= self.major_count {
            let map = &mut context.tables.map;
            self.map_len = map.sort(self.major_count);
            map.enqueue(self.major_count, 0, 0);
            (self.produced, self.major_done, self.diagonals) = (0, 0, [0; 3]);
            self.mode = Mode::Operation;
        }
        (self.literal_left, self.copy_left) = (0, 0);
        Ok(0)
    }

    /// Where the next major operation begins, or the new image ends.
    fn limit(&self, next: Option<Major>) -> u32 {
        // A damaged checkpoint may have put it beyond the end.
        next.map_or(self.new.len, |major| major.start.min(self.new.len))
    }

    fn next_major(&self, tables: &Tables<'_>) -> Option<Major> {
        if self.major_done < self.major_count {
            tables.map.queued(self.major_done)
        } else {
            None
        }
    }

    pub(super) fn next_operation<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        if self.left() == 0 {
            self.mode = Mode::End;
            return Ok(0);
        }
        let next = self.next_major(context.tables);
        // Of a damaged checkpoint it may lie behind.
        let Some(room) = self.limit(next).checked_sub(self.produced) else {
            return Err(self.overrun(0));
        };
        if let Some(major) = next
            && room == 0
        {
            self.check_copy(major)?;
            let behind = major.start.saturating_add(1);
            self.major_done = self.major_done.saturating_add(1);
            let map = &mut context.tables.map;
            map.enqueue(self.major_count, self.major_done, behind);
            (self.source, self.copy_left) = (major.source, major.len);
            self.remember_diagonal(major.source.wrapping_sub(major.start));
            if self.len_lacks(context.tables) > 0 {
                self.mode = Mode::MajorRest;
            } else {
                context.truth.skip();
                self.start_copy();
            }
            return Ok(0);
        }
        let operation = context.truth.operation();
        let truth = operation.copy_len > 0 && !operation.major;
        if model::minor(context.tables, context.coder, truth) {
            self.mode = Mode::LiteralLen;
        } else {
            if C::ENCODING && !operation.major {
                context.truth.skip();
            }
            self.literal_left = room;
            self.mode = Mode::Literal;
        }
        Ok(0)
    }

    /// How many low bits of a major operation's length are missing.
    fn len_lacks(&self, tables: &Tables<'_>) -> u32 {
        let widths = tables.map.widths;
        widths.len_of(widths.kept_of(self.copy_left)).1
    }

    /// The low bits of a major operation's length.
    pub(super) fn major_rest<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let operation = context.truth.operation();
        context.truth.skip();
        let truth = operation.copy_len.wrapping_sub(self.copy_left);
        let lacks = self.len_lacks(context.tables);
        let rest = number::raw(context.coder, lacks, truth);
        let len = self.copy_left.saturating_add(rest);
        self.check_room(context.tables, self.source, len)?;
        self.copy_left = len;
        self.start_copy();
        Ok(0)
    }

    pub(super) fn literal_len<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let mut truth = 0;
        if C::ENCODING {
            let operation = context.truth.operation();
            context.truth.skip();
            truth = operation.literal_len;
            self.source = operation.source;
            self.copy_left = operation.copy_len;
        }
        let len = model::unsigned(context.tables, context.coder, Number::LiteralLen, truth);
        let limit = self.limit(self.next_major(context.tables));
        if len >= limit.saturating_sub(self.produced) {
            return Err(self.overrun(len));
        }
        self.literal_left = len;
        self.after_literals = len > 0;
        self.mode = Mode::Source;
        Ok(0)
    }

    /// The source of a major or minor operation.
    pub(super) fn read_source<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let major = self.mode == Mode::MajorSource;
        let start = self.produced.wrapping_add(self.literal_left);
        let [newest, older, oldest] = self.diagonals;
        let next = if major {
            None
        } else {
            self.next_major(context.tables)
        };
        let last = next.map_or(oldest, |major| major.source.wrapping_sub(major.start));
        let bases = [
            self.produced.wrapping_add(newest),
            start.wrapping_add(newest),
            start.wrapping_add(older),
            start.wrapping_add(last),
        ];
        let truth = self.source;
        let chosen = if C::ENCODING {
            nearest_base(&bases, truth)
        } else {
            0
        };
        let (tables, coder) = (&mut *context.tables, &mut *context.coder);
        let of = SourceOf {
            major,
            after_gap: self.after_literals,
        };
        let chosen = model::source_base(tables, coder, of, chosen);
        let base = bases.get(usize::from(chosen)).copied().unwrap_or(0);
        let kind = match (chosen, major, self.after_literals) {
            (0, false, false) => Number::Skip,
            (0, false, true) => Number::SkipAfterLiterals,
            (0, true, false) => Number::MajorSkip,
            (0, true, true) => Number::MajorSkipAfterGap,
            (1, ..) => Number::Drift,
            _ => Number::Return,
        };
        let distance = signed_of(truth.wrapping_sub(base));
        let distance = model::signed(tables, coder, kind, distance);
        self.source = base.wrapping_add_signed(distance);
        if self.source >= self.old.len {
            return Err(DecodeError::SourceOutOfRange {
                offset: self.source,
                len: 1,
                old_len: self.old.len,
            });
        }
        self.mode = if major { Mode::MajorLen } else { Mode::CopyLen };
        Ok(0)
    }

    pub(super) fn copy_len<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        let kind = if self.after_literals {
            Number::CopyLenAfterLiterals
        } else {
            Number::CopyLen
        };
        let truth = self.copy_left.wrapping_sub(1);
        let len = model::unsigned(context.tables, context.coder, kind, truth).saturating_add(1);
        self.check_room(context.tables, self.source, len)?;
        let start = self.produced.wrapping_add(self.literal_left);
        self.copy_left = len;
        self.remember_diagonal(self.source.wrapping_sub(start));
        if self.literal_left > 0 {
            self.mode = Mode::Literal;
        } else {
            self.start_copy();
        }
        Ok(0)
    }

    /// Refuses a copy behind the literals that leaves an image or overlaps the next major one.
    fn check_room<E>(
        &self,
        tables: &Tables<'_>,
        source: u32,
        len: u32,
    ) -> Result<(), DecodeError<E>> {
        let start = self.produced.wrapping_add(self.literal_left);
        self.check_copy(Major { source, start, len })?;
        if len > self.limit(self.next_major(tables)).saturating_sub(start) {
            return Err(self.overrun(self.literal_left.saturating_add(len)));
        }
        Ok(())
    }

    /// Refuses a copy that leaves an image.
    fn check_copy<E>(&self, copy: Major) -> Result<(), DecodeError<E>> {
        let Major { source, start, len } = copy;
        if len > self.new.len.saturating_sub(start) {
            return Err(DecodeError::OutputOverrun {
                offset: start,
                len,
                new_len: self.new.len,
            });
        }
        if len > self.old.len.saturating_sub(source) {
            let old_len = self.old.len;
            return Err(DecodeError::SourceOutOfRange {
                offset: source,
                len,
                old_len,
            });
        }
        Ok(())
    }

    fn overrun<E>(&self, len: u32) -> DecodeError<E> {
        DecodeError::OutputOverrun {
            offset: self.produced,
            len,
            new_len: self.new.len,
        }
    }

    /// Moves a diagonal to the front.
    fn remember_diagonal(&mut self, diagonal: u32) {
        let [newest, older, oldest] = self.diagonals;
        self.diagonals = if diagonal == newest {
            [newest, older, oldest]
        } else if diagonal == older {
            [older, newest, oldest]
        } else {
            [diagonal, newest, older]
        };
    }
}

/// The base an encoder chooses: a farther one only if it is much nearer the source.
fn nearest_base(bases: &[u32], source: u32) -> u8 {
    let mut chosen = 0;
    let mut least = u32::MAX;
    for (index, base) in (0_u8..).zip(bases) {
        let distance = signed_of(source.wrapping_sub(*base)).unsigned_abs();
        if index == 0 || distance.saturating_mul(4) < least {
            chosen = index;
            least = distance;
        }
    }
    chosen
}
