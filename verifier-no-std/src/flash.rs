//! What the updater does with flash: read, compare, write and read back, with errors that name the address.

use core::ops::Range;

use crate::error::Error;
use crate::storage::{Area, Storage};

/// Bytes that are written, compared and read back at a time, and the size of the output buffer: a whole
/// number of write units on every supported part.
pub(crate) const CHUNK: usize = 256;

/// Bytes read at a time when only compared; keeps the stack small.
const PROBE: usize = 64;

/// Times that bytes are read which do not agree with themselves.
const READS: u8 = 3;

/// What flash holds where a chunk is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The very bytes.
    Equal,
    /// Erased cells.
    Blank,
    /// Something else.
    Dirty,
}

/// A [`Storage`] whose errors carry their addresses.
#[derive(Debug)]
pub(crate) struct Flash<'s, S> {
    storage: &'s mut S,
}

impl<'s, S: Storage> Flash<'s, S> {
    pub(crate) const fn new(storage: &'s mut S) -> Self {
        Self { storage }
    }

    pub(crate) fn size(&self, area: Area) -> u32 {
        self.storage.geometry(area).size
    }

    pub(crate) fn erased(&self, area: Area) -> u8 {
        self.storage.geometry(area).erased
    }

    pub(crate) fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        self.storage.sector(area, offset)
    }

    pub(crate) fn address(&self, area: Area, offset: u32) -> u32 {
        self.storage.geometry(area).base.saturating_add(offset)
    }

    /// `value` rounded up to whole write units of `area`.
    pub(crate) fn align(&self, area: Area, value: u32) -> u32 {
        let unit = self.storage.geometry(area).write_size;
        value.checked_next_multiple_of(unit).unwrap_or(u32::MAX)
    }

    /// `value` rounded up to the end of the sector it reaches into; 0 stays 0.
    pub(crate) fn align_to_sector(&self, area: Area, value: u32) -> u32 {
        match value.checked_sub(1) {
            Some(last) => self.storage.sector(area, last).end,
            None => 0,
        }
    }

    /// Refuses geometries that the updater cannot serve.
    pub(crate) fn check_geometry(&self, area: Area) -> Result<(), Error> {
        let geometry = self.storage.geometry(area);
        let serves = geometry.write_size.is_power_of_two()
            && usize::try_from(geometry.write_size).is_ok_and(|size| size <= CHUNK);
        if serves {
            Ok(())
        } else {
            Err(Error::Geometry {
                area,
                write_size: geometry.write_size,
            })
        }
    }

    pub(crate) fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), Error> {
        self.storage
            .read(area, offset, buf)
            .map_err(|kind| Error::FlashRead {
                area,
                address: self.address(area, offset),
                kind,
            })
    }

    /// Reads what nothing proves later: until two readings agree.
    pub(crate) fn read_twice(
        &mut self,
        area: Area,
        offset: u32,
        buf: &mut [u8],
    ) -> Result<(), Error> {
        for _ in 0..READS {
            self.read(area, offset, buf)?;
            if self.compare(area, offset, buf)? == Found::Equal {
                return Ok(());
            }
        }
        let address = self.address(area, offset);
        Err(Error::FlashVerify { area, address })
    }

    /// Erases whole sectors, once more if the driver reports a failure.
    pub(crate) fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), Error> {
        let address = self.address(area, range.start);
        self.storage
            .erase(area, range.clone())
            .or_else(|_| self.storage.erase(area, range))
            .map_err(|kind| Error::FlashErase {
                area,
                address,
                kind,
            })
    }

    /// Writes whole units and reads them back.
    ///
    /// Leading units that are to read as erased are left unwritten. So bytes that read as erased throughout were
    /// not begun before a reset, and may be written: flash with ECC takes one write, even one of erased bytes.
    pub(crate) fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        let address = self.address(area, offset);
        let (skipped, written) = self.split_blank(area, bytes);
        if !written.is_empty() {
            let start = u32::try_from(skipped.len()).map_or(u32::MAX, |n| offset.saturating_add(n));
            self.storage
                .write(area, start, written)
                .map_err(|kind| Error::FlashWrite {
                    area,
                    address,
                    kind,
                })?;
        }
        match self.compare(area, offset, bytes)? {
            Found::Equal => Ok(()),
            Found::Blank | Found::Dirty => Err(Error::FlashVerify { area, address }),
        }
    }

    /// The leading write units that read as erased, and the rest.
    fn split_blank<'b>(&self, area: Area, bytes: &'b [u8]) -> (&'b [u8], &'b [u8]) {
        let erased = self.erased(area);
        let unit = usize::try_from(self.storage.geometry(area).write_size).unwrap_or(CHUNK);
        let blank = bytes.iter().take_while(|&&byte| byte == erased).count();
        let whole = blank.saturating_sub(blank.checked_rem(unit).unwrap_or(0));
        bytes.split_at_checked(whole).unwrap_or((&[], bytes))
    }

    /// Compares flash with `bytes`. What cannot be read, such as a word with ECC whose write was cut short, is
    /// something else than the bytes.
    pub(crate) fn compare(
        &mut self,
        area: Area,
        offset: u32,
        bytes: &[u8],
    ) -> Result<Found, Error> {
        let erased = self.erased(area);
        let (mut equal, mut blank) = (true, true);
        let mut probe = [0_u8; PROBE];
        let mut at = offset;
        for wanted in bytes.chunks(PROBE) {
            let Some(found) = probe.get_mut(..wanted.len()) else {
                break;
            };
            if self.read(area, at, found).is_err() {
                return Ok(Found::Dirty);
            }
            equal &= *found == *wanted;
            blank &= found.iter().all(|&byte| byte == erased);
            at = u32::try_from(wanted.len()).map_or(u32::MAX, |n| at.saturating_add(n));
        }
        Ok(match (equal, blank) {
            (true, _) => Found::Equal,
            (false, true) => Found::Blank,
            (false, false) => Found::Dirty,
        })
    }

    /// Whether `range` reads as erased; what cannot be read does not.
    pub(crate) fn is_blank(&mut self, area: Area, range: Range<u32>) -> Result<bool, Error> {
        let erased = self.erased(area);
        let mut probe = [0_u8; PROBE];
        let mut at = range.start;
        while at < range.end {
            let left = usize::try_from(range.end.saturating_sub(at)).unwrap_or(PROBE);
            let Some(found) = probe.get_mut(..left.min(PROBE)) else {
                break;
            };
            let readable = self.read(area, at, found).is_ok();
            if !readable || found.iter().any(|&byte| byte != erased) {
                return Ok(false);
            }
            at = u32::try_from(found.len()).map_or(u32::MAX, |n| at.saturating_add(n));
        }
        Ok(true)
    }
}
