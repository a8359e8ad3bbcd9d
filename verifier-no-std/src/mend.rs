//! Erases sectors of the slot anew when they hold what they should not.

use crate::error::Error;
use crate::flash::{CHUNK, Flash};
use crate::record::BootRecord;
use crate::storage::{Area, Storage};

/// Erases the sectors under the chunk at `offset` of the image of `size` bytes in `slot`, noted in the boot record
/// meanwhile: a sector whose erase is cut short may read as erased, and must be erased again before it is written.
pub(crate) fn erase_again<S: Storage>(
    storage: &mut S,
    slot: Area,
    offset: u32,
    size: u32,
) -> Result<(), Error> {
    note(storage, offset)?;
    let mut flash = Flash::new(storage);
    let last = offset.saturating_add(u32::try_from(CHUNK).unwrap_or(u32::MAX).saturating_sub(1));
    let last = last.min(size.saturating_sub(1));
    let range = flash.sector(slot, offset).start..flash.sector(slot, last).end;
    flash.erase(slot, range)?;
    note(storage, BootRecord::NO_ERASE)
}

/// Notes in the boot record how far an erase is.
pub(crate) fn note<S: Storage>(storage: &mut S, erase_offset: u32) -> Result<(), Error> {
    BootRecord::change(storage, |record| {
        record.erase_offset = erase_offset;
        Ok(())
    })
}
