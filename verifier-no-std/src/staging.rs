//! Where received parts of a package wait in flash: a log that carries its own proof.
//!
//! The package's head (header and envelope), then the pages and blocks of one payload, one behind the other,
//! each padded to whole write units, and none across the end of a sector unless it begins with one. No index is
//! kept: after a reset the staged prefix is found again by checking each part against its signature or hash. A
//! write that was cut leaves a torn part; the log goes on behind it, by a rule that the search follows as well.
//! A sector is erased when the log enters it, and again where nothing in it proves that its erase was whole.

use crate::error::Error;
use crate::flash::{CHUNK, Flash, Found};
use crate::record::StagingPlace;
use crate::storage::{Area, Storage};

/// Pieces written in one call, each at most [`CHUNK`] bytes with at most one erase before it.
const PIECES_PER_CALL: u32 = 4;

/// Times a part is written anew, behind the bytes that did not read back, before staging gives up.
const MAX_REWRITES: u8 = 3;

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
    /// End of the last sector in which the parts found prove that its erase was whole.
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
            sound_to: 0,
            erased_to: 0,
        }
    }

    pub(crate) const fn start(&self) -> u32 {
        self.start
    }

    pub(crate) const fn end(&self) -> u32 {
        self.end
    }

    /// Absolute address of the position, for reports.
    pub(crate) fn address<S: Storage>(&self, flash: &Flash<'_, S>) -> u32 {
        flash.address(self.area, self.position)
    }

    /// Reads the bytes at the position.
    pub(crate) fn read<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        part: &mut [u8],
    ) -> Result<(), Error> {
        self.seat(flash, part.len())?;
        flash.read(self.area, self.position, part)
    }

    /// Moves behind a part that was found whole. Where it ends in bytes like erased ones, the erase of its last
    /// sector may have been cut short; any other byte of it there proves that erase whole.
    pub(crate) fn advance<S: Storage>(&mut self, flash: &Flash<'_, S>, part: &[u8]) {
        let start = self.position;
        self.position = self.end_of_part(flash, part.len());
        let sector = flash.sector(self.area, self.position.saturating_sub(1));
        let before = usize::try_from(sector.start.saturating_sub(start)).unwrap_or(usize::MAX);
        let erased = flash.erased(self.area);
        if part.iter().skip(before).any(|&byte| byte != erased) {
            self.sound_to = sector.end;
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
            // What an unsound sector holds before `at` is like erased bytes, or torn: nothing is lost.
            let sound = self.sound_to == sector.end || self.erased_to == sector.end;
            if at == sector.start || !sound {
                flash.erase(self.area, sector.clone())?;
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
                Err(Error::FlashVerify { .. }) if self.rewrites < MAX_REWRITES => {
                    self.rewrites = self.rewrites.saturating_add(1);
                    // At a sector's start the search would not look behind; there it is erased and written again.
                    if self.position == flash.sector(self.area, self.position).start {
                        self.written = 0;
                    } else {
                        self.skip_torn(flash, part.len());
                    }
                    return Ok(false);
                }
                Err(e) => return Err(e),
            }
        }
        Ok(false)
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
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        self.position.saturating_add(flash.align(self.area, len))
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
