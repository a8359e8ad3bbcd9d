//! The verifier's storage over files and partitions, in an order that a power cut cannot upset.
//!
//! The system keeps what is written for a while and may bring it to the disk in any order. Three rules make an order:
//!
//! 1. A boot record is written only when everything that it speaks of is durable: the other areas are synced first.
//! 2. The record is synced after each change; and before its older copy is overwritten, so is the newer one, which a
//!    process that was killed may have left in the system's memory.
//! 3. In the other areas, nothing is written on erased sectors before the erase is durable: the updater reads
//!    from the parts that it finds whole that the erase ahead of them was, and leaves blank what is to be blank.
//!
//! What is read is what the system holds, durable or not; so every area counts as not yet synced when it is opened.

use core::ops::Range;
use std::io;

use sprag_verifier::{Area, FlashErrorKind, Geometry, Storage};

use super::medium::Medium;

/// Bytes of a new record file: a sector for each copy.
pub(super) const RECORD_LEN: u32 = 2 * RECORD_SECTOR;
/// A page of the system: what a disk writes at once is no longer.
const RECORD_SECTOR: u32 = 4096;
/// Bytes that count as erased together: few enough that little is lost by a cut, and enough that syncs are few.
const SECTOR: u32 = 64 << 10;
/// What erased bytes are: a new file holds zeros without taking room.
const ERASED: u8 = 0;
/// Bytes of zeros written at a time.
const PIECE_LEN: usize = 4096;

/// One medium for each area.
#[derive(Clone, Debug)]
pub(super) struct Areas<M> {
    pub(super) slot_a: M,
    pub(super) slot_b: M,
    pub(super) record: M,
    pub(super) staging: Option<M>,
}

/// Files and partitions as flash.
#[derive(Debug)]
pub(super) struct SlotStorage<M> {
    parts: Vec<(Area, Part<M>)>,
    failure: Option<(Area, io::Error)>,
}

#[derive(Debug)]
struct Part<M> {
    medium: M,
    size: u32,
    unsynced: Unsynced,
}

/// What a power cut may take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unsynced {
    Nothing,
    Writes,
    /// Erases, and perhaps writes.
    Erases,
}

impl<M: Medium> Part<M> {
    fn sync(&mut self) -> io::Result<()> {
        if self.unsynced != Unsynced::Nothing {
            self.medium.sync()?;
            self.unsynced = Unsynced::Nothing;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8], kind: Unsynced) -> io::Result<()> {
        // Before the write: one that fails may have done its part.
        self.unsynced = self.unsynced.max(kind);
        self.medium.write_at(offset.into(), bytes)
    }

    /// Writes zeros where there are others, so that a new file stays without room taken.
    fn erase(&mut self, range: Range<u32>) -> io::Result<()> {
        let zeros = [ERASED; PIECE_LEN];
        let mut found = [0; PIECE_LEN];
        let mut at = range.start;
        while at < range.end {
            let left = usize::try_from(range.end - at).unwrap_or(PIECE_LEN);
            let len = left.min(PIECE_LEN);
            let (zeros, found) = (&zeros[..len], &mut found[..len]);
            self.medium.read_at(at.into(), found)?;
            if found != zeros {
                self.write(at, zeros, Unsynced::Erases)?;
            }
            at += u32::try_from(len).unwrap_or(u32::MAX);
        }
        Ok(())
    }
}

impl<M: Medium> SlotStorage<M> {
    /// # Errors
    /// The area that cannot serve, and why.
    pub(super) fn new(areas: Areas<M>) -> Result<Self, (Area, &'static str)> {
        let Areas {
            slot_a,
            slot_b,
            record,
            staging,
        } = areas;
        let media = [
            (Area::SlotA, Some(slot_a)),
            (Area::SlotB, Some(slot_b)),
            (Area::Record, Some(record)),
            (Area::Staging, staging),
        ];
        let mut parts = Vec::new();
        for (area, medium) in media {
            let Some(mut medium) = medium else {
                continue;
            };
            let len = medium.len().map_err(|_| (area, "has no length"))?;
            // What lies beyond 32 bits is left alone.
            let size = u32::try_from(len).unwrap_or(u32::MAX - SECTOR + 1);
            match area {
                Area::Record if size < RECORD_LEN => return Err((area, "needs 8,192 B")),
                Area::SlotA | Area::SlotB if size == 0 => return Err((area, "is empty")),
                _ => {}
            }
            let part = Part {
                medium,
                size,
                unsynced: Unsynced::Erases,
            };
            parts.push((area, part));
        }
        Ok(Self {
            parts,
            failure: None,
        })
    }

    /// Puts another medium of the same length in an area's place.
    pub(super) fn replace(&mut self, area: Area, medium: M) {
        if let Some(part) = self.part_mut(area) {
            part.medium = medium;
        }
    }

    #[cfg(test)]
    pub(super) fn into_media(self) -> impl Iterator<Item = (Area, M)> {
        let parts = self.parts.into_iter();
        parts.map(|(area, part)| (area, part.medium))
    }

    /// What the system said last, if it refused something.
    pub(super) const fn take_failure(&mut self) -> Option<(Area, io::Error)> {
        self.failure.take()
    }

    fn part(&self, area: Area) -> Option<&Part<M>> {
        let mut parts = self.parts.iter();
        parts.find(|(of, _)| *of == area).map(|(_, part)| part)
    }

    fn part_mut(&mut self, area: Area) -> Option<&mut Part<M>> {
        let mut parts = self.parts.iter_mut();
        parts.find(|(of, _)| *of == area).map(|(_, part)| part)
    }

    /// The part of `area`, if `len` bytes from `offset` lie in it.
    fn place(
        &mut self,
        area: Area,
        offset: u32,
        len: usize,
    ) -> Result<&mut Part<M>, FlashErrorKind> {
        let part = self.part_mut(area).ok_or(FlashErrorKind::OutOfBounds)?;
        let len = u32::try_from(len).map_err(|_| FlashErrorKind::OutOfBounds)?;
        match offset.checked_add(len) {
            Some(end) if end <= part.size => Ok(part),
            _ => Err(FlashErrorKind::OutOfBounds),
        }
    }

    /// Rule 1.
    fn sync_others(&mut self) -> Result<(), FlashErrorKind> {
        for (area, part) in &mut self.parts {
            if *area != Area::Record {
                let area = *area;
                part.sync().map_err(|e| note(&mut self.failure, area, e))?;
            }
        }
        Ok(())
    }
}

/// Keeps the system's reason, which the verifier's errors have no room for.
fn note(failure: &mut Option<(Area, io::Error)>, area: Area, e: io::Error) -> FlashErrorKind {
    *failure = Some((area, e));
    FlashErrorKind::Other
}

impl<M: Medium> Storage for SlotStorage<M> {
    fn geometry(&self, area: Area) -> Geometry {
        Geometry {
            size: self.part(area).map_or(0, |part| part.size),
            write_size: 1,
            erased: ERASED,
            base: 0,
        }
    }

    fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        let len = match area {
            Area::Record => RECORD_SECTOR,
            _ => SECTOR,
        };
        let start = offset - offset % len;
        let size = self.part(area).map_or(0, |part| part.size);
        start..start.saturating_add(len).min(size.max(start))
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        let part = self.place(area, offset, buf.len())?;
        let read = part.medium.read_at(offset.into(), buf);
        read.map_err(|e| note(&mut self.failure, area, e))
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        let of_record = area == Area::Record;
        if of_record {
            self.sync_others()?;
        }
        let part = self.place(area, offset, bytes.len())?;
        let written = if of_record {
            part.write(offset, bytes, Unsynced::Writes)
                .and_then(|()| part.sync())
        } else {
            let erases = match part.unsynced {
                Unsynced::Erases => part.sync(),
                _ => Ok(()),
            };
            erases.and_then(|()| part.write(offset, bytes, Unsynced::Writes))
        };
        written.map_err(|e| note(&mut self.failure, area, e))
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        let len = usize::try_from(range.end.saturating_sub(range.start));
        let part = self.place(area, range.start, len.unwrap_or(usize::MAX))?;
        let newer_copy = match area {
            Area::Record => part.sync(),
            _ => Ok(()),
        };
        let erased = newer_copy.and_then(|()| part.erase(range));
        erased.map_err(|e| note(&mut self.failure, area, e))
    }
}
