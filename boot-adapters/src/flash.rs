//! Storage with errors that carry their addresses.

use core::ops::Range;

use sprag_verifier::{Area, Error, Storage};

/// Bytes of the longest write: MCUboot's alignments end at 32.
pub(crate) const LONGEST_WRITE: usize = 32;

fn address<S: Storage>(storage: &S, area: Area, offset: u32) -> u32 {
    storage.geometry(area).base.saturating_add(offset)
}

pub(crate) fn read<S: Storage>(
    storage: &mut S,
    area: Area,
    offset: u32,
    buf: &mut [u8],
) -> Result<(), Error> {
    let done = storage.read(area, offset, buf);
    done.map_err(|kind| Error::FlashRead {
        area,
        address: address(storage, area, offset),
        kind,
    })
}

/// Writes at most [`LONGEST_WRITE`] bytes and reads them back.
pub(crate) fn write<S: Storage>(
    storage: &mut S,
    area: Area,
    offset: u32,
    bytes: &[u8],
) -> Result<(), Error> {
    let address = address(storage, area, offset);
    let done = storage.write(area, offset, bytes);
    done.map_err(|kind| Error::FlashWrite {
        area,
        address,
        kind,
    })?;
    let mut found = [0; LONGEST_WRITE];
    let found = found
        .get_mut(..bytes.len())
        .ok_or(Error::FlashVerify { area, address })?;
    read(storage, area, offset, found)?;
    match *found == *bytes {
        true => Ok(()),
        false => Err(Error::FlashVerify { area, address }),
    }
}

pub(crate) fn erase<S: Storage>(
    storage: &mut S,
    area: Area,
    range: Range<u32>,
) -> Result<(), Error> {
    let address = address(storage, area, range.start);
    let done = storage.erase(area, range);
    done.map_err(|kind| Error::FlashErase {
        area,
        address,
        kind,
    })
}
