//! Where received parts of a package wait in flash: a log that carries its own proof.
//!
//! The package's head (header and envelope), then the pages and blocks of one payload, one behind the other,
//! each padded to whole write units, and none across the end of a sector unless it begins with one. No index is
//! kept: after a reset the staged prefix is found again by checking each part against its signature or hash. A
//! write that was cut leaves a torn part; the log goes on behind it, by a rule that the search follows as well.
//! A sector is erased when the log enters it, and again where nothing in it proves that its erase was whole. In the
//! staging area, a sector that cannot be erased or written is left, and what does not lie where it should is looked for behind it.

use crate::error::Error;
use crate::flash::{CHUNK, Flash, Found};
use crate::record::StagingPlace;
use crate::storage::{Area, Storage};

/// Pieces written in one call, each at most [`CHUNK`] bytes with at most one erase before it.
const PIECES_PER_CALL: u32 = 4;

/// Times a part is written anew, behind the bytes that did not read back, before staging gives up.
const MAX_REWRITES: u8 = 3;

/// Sectors left in a row because they could not be used, before staging gives up.
const MAX_LEFT: u8 = 2;

/// The log, with the position where the next part belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Staging {
    pub(crate) place: StagingPlace,
    area: Area,
    start: u32,
    end: u32,
    position: u32,
    /// Bytes of the part at `position` that are written.
    written: u32,
    rewrites: u8,
    /// Sectors left for the part at `position`.
    left: u8,
    /// Where the part was looked for first, while it is looked for behind sectors that may have been left.
    sought_from: Option<u32>,
    /// End of the last sector in which the parts found prove that its erase was whole, and that of all before it.
    sound_to: u32,
    /// End of the sector that this run erased last.
    erased_to: u32,
}

/// What lies at the log's position when the part looked for does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vacancy {
    /// The part can be written here.
    Free,
    /// A torn attempt; the log goes on behind it.
    Torn,
}

impl Staging {
    /// A log in `start..end` of `area`.
    pub(crate) const fn new(place: StagingPlace, area: Area, start: u32, end: u32) -> Self {
        Self {
            place,
            area,
            start,
            end,
            position: start,
            written: 0,
            rewrites: 0,
            left: 0,
            sought_from: None,
            sound_to: 0,
            erased_to: 0,
        }
    }

    /// Where the log begins: behind sectors that were left before anything was staged.
    pub(crate) const fn start(&self) -> u32 {
        self.start
    }

    /// The same log as an earlier run began it.
    pub(crate) const fn beginning_at(self, start: u32) -> Self {
        Self::new(self.place, self.area, start, self.end)
    }

    pub(crate) const fn end(&self) -> u32 {
        self.end
    }

    /// Absolute address of the position, for reports.
    pub(crate) fn address<S: Storage>(&self, flash: &Flash<'_, S>) -> u32 {
        flash.address(self.area, self.position)
    }

    /// Reads the bytes at the position. Sectors that cannot be read, as flash with ECC answers for a torn write or erase,
    /// read as anything but erased.
    pub(crate) fn read<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        part: &mut [u8],
    ) -> Result<(), Error> {
        self.seat(flash, part.len())?;
        let erased = flash.erased(self.area);
        let (mut at, mut rest) = (self.position, part);
        while !rest.is_empty() {
            let left = flash.sector(self.area, at).end.saturating_sub(at);
            let len = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            let (piece, behind) = core::mem::take(&mut rest).split_at_mut(len);
            if flash.read(self.area, at, piece).is_err() {
                piece.fill(!erased);
            }
            (at, rest) = (at.saturating_add(left), behind);
        }
        Ok(())
    }

    /// Of `part` as it was read at the position: takes the last sector that does not look erased for one that should, since
    /// a cut in the erase that makes it firm may have garbled it. False if there is none, or its erase is proved whole.
    pub(crate) fn take_for_erased<S: Storage>(
        &self,
        flash: &Flash<'_, S>,
        part: &mut [u8],
    ) -> bool {
        let erased = flash.erased(self.area);
        let last = part.iter().rposition(|&byte| byte != erased);
        let Some(last) = last.and_then(|last| u32::try_from(last).ok()) else {
            return false;
        };
        let sector = flash.sector(self.area, self.position.saturating_add(last));
        let start = usize::try_from(sector.start.saturating_sub(self.position));
        let Some(garbled) = start.ok().and_then(|start| part.get_mut(start..)) else {
            return false;
        };
        garbled.fill(erased);
        sector.start >= self.sound_to
    }

    /// Moves behind a part that was found whole. Where it ends in bytes like erased ones, the erase of the sectors under
    /// these may have been cut short; any other byte in a sector proves its erase whole.
    pub(crate) fn advance<S: Storage>(&mut self, flash: &Flash<'_, S>, part: &[u8]) {
        let start = self.position;
        if self.sought_from.take() == Some(self.start) {
            self.start = start;
        }
        self.left = 0;
        self.position = self.end_of_part(flash, part.len());
        let erased = flash.erased(self.area);
        let last = part.iter().rposition(|&byte| byte != erased);
        if let Some(last) = last.and_then(|last| u32::try_from(last).ok()) {
            self.sound_to = flash.sector(self.area, start.saturating_add(last)).end;
        }
        self.written = 0;
        self.rewrites = 0;
    }

    /// Judges the position after the part of `len` bytes was not found there.
    pub(crate) fn vacancy<S: Storage>(
        &self,
        flash: &mut Flash<'_, S>,
        len: usize,
    ) -> Result<Vacancy, Error> {
        let sector = flash.sector(self.area, self.position);
        if self.position == sector.start || self.sound_to != sector.end {
            // Torn or stale, it is erased before it is written.
            return Ok(Vacancy::Free);
        }
        let end = self.end_of_part(flash, len);
        match flash.is_blank(self.area, self.position..end)? {
            true => Ok(Vacancy::Free),
            false => Ok(Vacancy::Torn),
        }
    }

    /// Whether a part of `len` bytes can be written where the log stands; else moves on. After a reset, a place that was
    /// free is no promise of those behind it: a disk may have kept what was written later and lost what was before.
    pub(crate) fn find_room<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        len: usize,
    ) -> Result<bool, Error> {
        self.seat(flash, len)?;
        let free = self.written > 0 || self.vacancy(flash, len)? == Vacancy::Free;
        if !free {
            self.skip_torn(flash, len);
        }
        Ok(free)
    }

    /// Looks for bytes that are known, and moves behind them if they are there.
    pub(crate) fn seek_known<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        part: &[u8],
    ) -> Result<bool, Error> {
        loop {
            self.seat(flash, part.len())?;
            if flash.compare(self.area, self.position, part)? == Found::Equal {
                self.advance(flash, part);
                return Ok(true);
            }
            match self.vacancy(flash, part.len())? {
                Vacancy::Free if self.look_behind(flash, part.len()) => {}
                Vacancy::Free => return Ok(false),
                Vacancy::Torn => self.skip_torn(flash, part.len()),
            }
        }
    }

    /// Writes a bounded piece of `part` and says whether it is whole.
    pub(crate) fn write<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        part: &[u8],
    ) -> Result<bool, Error> {
        self.seat(flash, part.len())?;
        for _ in 0..PIECES_PER_CALL {
            let rest = usize::try_from(self.written)
                .ok()
                .and_then(|at| part.get(at..));
            let Some(rest) = rest.filter(|rest| !rest.is_empty()) else {
                self.advance(flash, part);
                return Ok(true);
            };
            let at = self.position.saturating_add(self.written);
            let sector = flash.sector(self.area, at);
            match self.firm_up(flash, sector.start) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(e) => return self.leave(flash, at, part.len(), e),
            }
            // What an unsound sector holds before `at` is like erased bytes, or torn: nothing is lost.
            let sound = self.sound_to == sector.end || self.erased_to == sector.end;
            if at == sector.start || !sound {
                if let Err(e) = flash.erase(self.area, sector.clone()) {
                    return self.leave(flash, at, part.len(), e);
                }
                self.erased_to = sector.end;
            }
            let room = usize::try_from(sector.end.saturating_sub(at)).unwrap_or(CHUNK);
            let len = rest.len().min(room).min(CHUNK);
            let mut piece = [flash.erased(self.area); CHUNK];
            for (to, from) in piece.iter_mut().zip(rest.iter().take(len)) {
                *to = *from;
            }
            let len = u32::try_from(len).unwrap_or(0);
            let padded = usize::try_from(flash.align(self.area, len)).unwrap_or(CHUNK);
            match flash.write(self.area, at, piece.get(..padded).unwrap_or(&piece)) {
                Ok(()) => self.written = self.written.saturating_add(len),
                Err(e) => return self.write_anew(flash, at, part.len(), e),
            }
        }
        Ok(false)
    }

    /// Erases one of the sectors up to `end` that hold nothing but bytes like erased ones; false if there is none. A cut
    /// that they outlived may have left them half erased: they read right today.
    pub(crate) fn firm_up<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        end: u32,
    ) -> Result<bool, Error> {
        let firm = self.sound_to.max(self.erased_to).max(self.start);
        if firm >= end {
            return Ok(false);
        }
        let sector = flash.sector(self.area, firm);
        self.erased_to = sector.end;
        flash.erase(self.area, sector)?;
        Ok(true)
    }

    /// The same behind the last part. A sector that cannot be erased reads right, and is checked once more when it is
    /// decoded.
    pub(crate) fn firm_up_end<S: Storage>(&mut self, flash: &mut Flash<'_, S>) -> bool {
        self.firm_up(flash, self.position).unwrap_or(true)
    }

    /// After a piece at `at` failed: the part of `len` bytes is written again, if in another place.
    fn write_anew<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        at: u32,
        len: usize,
        error: Error,
    ) -> Result<bool, Error> {
        let end = self.end_of_part(flash, len);
        if self.rewrites >= MAX_REWRITES {
            return self.leave(flash, at, len, error);
        }
        self.rewrites = self.rewrites.saturating_add(1);
        // At a sector's start the search would not look behind; there it is erased and written again.
        if self.position == flash.sector(self.area, self.position).start {
            self.written = 0;
        } else if flash.is_blank(self.area, self.position..end)? {
            // Nor where nothing was written.
            return self.leave(flash, at, len, error);
        } else {
            self.skip_torn(flash, len);
        }
        Ok(false)
    }

    /// Leaves the sector of the staging area at `at`, where a part of `len` bytes could not be written. A slot's sectors
    /// are not left: the image needs them.
    fn leave<S: Storage>(
        &mut self,
        flash: &Flash<'_, S>,
        at: u32,
        len: usize,
        error: Error,
    ) -> Result<bool, Error> {
        let next = flash.sector(self.area, at).end;
        let last = self.left >= MAX_LEFT || self.end_of(flash, next, len) > self.end;
        if last || self.place != StagingPlace::Area {
            return Err(error);
        }
        if self.position == self.start {
            self.start = next;
        }
        self.left = self.left.saturating_add(1);
        self.erased_to = next;
        (self.position, self.written, self.rewrites) = (next, 0, 0);
        Ok(false)
    }

    /// Whether a part of `len` bytes that is not at the position may lie behind a sector that was left; then moves
    /// there. Else back to where it was looked for first.
    pub(crate) fn look_behind<S: Storage>(&mut self, flash: &Flash<'_, S>, len: usize) -> bool {
        let from = self.sought_from.unwrap_or(self.position);
        let reach = (0..MAX_LEFT).fold(from, |reach, _| {
            flash.align_to_sector(self.area, self.end_of(flash, reach, len))
        });
        let next = flash.sector(self.area, self.position).end;
        let there = self.place == StagingPlace::Area
            && next <= reach
            && self.end_of(flash, next, len) <= self.end;
        self.sought_from = there.then_some(from);
        self.position = if there { next } else { from };
        there
    }

    /// Moves behind a torn part.
    pub(crate) fn skip_torn<S: Storage>(&mut self, flash: &Flash<'_, S>, len: usize) {
        self.position = self.end_of_part(flash, len);
        self.written = 0;
    }

    /// Moves to where a part of `len` bytes belongs, which is its place for good: what lies in another sector could
    /// else complete a torn part later.
    fn seat<S: Storage>(&mut self, flash: &Flash<'_, S>, len: usize) -> Result<(), Error> {
        self.position = seat(flash, self.area, self.position, len);
        if self.end_of_part(flash, len) > self.end {
            let have = self.end.saturating_sub(self.start);
            return Err(Error::StagingExhausted { have });
        }
        Ok(())
    }

    fn end_of_part<S: Storage>(&self, flash: &Flash<'_, S>, len: usize) -> u32 {
        self.end_of(flash, self.position, len)
    }

    fn end_of<S: Storage>(&self, flash: &Flash<'_, S>, start: u32, len: usize) -> u32 {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        start.saturating_add(flash.align(self.area, len))
    }
}

/// Where a part of `len` bytes belongs whose predecessor ends at `position`: in the rest of the sector if it fits,
/// else at the start of the next sector.
fn seat<S: Storage>(flash: &Flash<'_, S>, area: Area, position: u32, len: usize) -> u32 {
    let sector = flash.sector(area, position);
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    let end = position.saturating_add(flash.align(area, len));
    if position == sector.start || end <= sector.end {
        position
    } else {
        sector.end
    }
}

/// Where a log of parts of these lengths ends that begins at `start` of `area`.
pub(crate) fn log_end<S: Storage>(
    flash: &Flash<'_, S>,
    area: Area,
    start: u32,
    lens: impl Iterator<Item = usize>,
) -> u32 {
    lens.fold(start, |position, len| {
        let aligned = flash.align(area, u32::try_from(len).unwrap_or(u32::MAX));
        seat(flash, area, position, len).saturating_add(aligned)
    })
}
