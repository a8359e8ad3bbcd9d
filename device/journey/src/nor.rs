//! A NOR flash in memory that QEMU shares with a file: what was written when QEMU is killed is what the next start finds.
//!
//! It has a part's rules: sectors are erased whole, to ones; a write unit is written once between erases, and a second write is
//! refused. It takes its time for each word, so that a kill falls inside erases and writes as often as between them.

use core::ops::Range;

use sprag_verifier::{Area, FlashErrorKind, Geometry, Storage};

use crate::board::{MACHINE, read, write};

/// Bytes of a slot.
const SLOT_LEN: u32 = 256 << 10;
const SECTOR: u32 = 4096;
const WRITE_SIZE: u32 = 8;
const ERASED: u32 = u32::MAX;
/// Turns of an empty loop for each word that is erased, and for each that is written.
const ERASE_TURNS: u32 = 300;
const WRITE_TURNS: u32 = 1200;

/// Offset in the part and length of an area. `xtask/src/journey/machine.rs` puts the first image into slot A.
const fn place(area: Area) -> (u32, u32) {
    match area {
        Area::Record => (0, 2 * SECTOR),
        Area::Staging => (0x1_0000, 128 << 10),
        Area::SlotA => (0x10_0000, SLOT_LEN),
        Area::SlotB => (0x20_0000, SLOT_LEN),
        _ => (0, 0),
    }
}

/// The part.
#[derive(Debug)]
#[non_exhaustive]
pub struct Nor;

impl Nor {
    /// The part as it is.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// The bytes of a slot, until something is written.
    #[must_use]
    pub fn slot(&self, slot: Area) -> &[u8] {
        let (start, len) = place(slot);
        let start = (MACHINE.nor + start as usize) as *const u8;
        // SAFETY: the slot lies in the part, and what writes to it takes `self` mutably.
        unsafe { core::slice::from_raw_parts(start, len as usize) }
    }
}

impl Default for Nor {
    fn default() -> Self {
        Self::new()
    }
}

impl Storage for Nor {
    const ONE_SLOT: bool = false;

    fn geometry(&self, area: Area) -> Geometry {
        let (start, size) = place(area);
        Geometry {
            size,
            write_size: WRITE_SIZE,
            erased: 0xff,
            base: start,
        }
    }

    fn sector(&self, _: Area, offset: u32) -> Range<u32> {
        let start = offset - offset % SECTOR;
        start..start + SECTOR
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        let from = inside(area, offset, buf.len())? as *const u8;
        // SAFETY: the range lies in the part, which no value of Rust's lies in.
        unsafe { core::ptr::copy_nonoverlapping(from, buf.as_mut_ptr(), buf.len()) };
        Ok(())
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        let at = inside(area, offset, bytes.len())?;
        if !offset.is_multiple_of(WRITE_SIZE) || !bytes.len().is_multiple_of(WRITE_SIZE as usize) {
            return Err(FlashErrorKind::NotAligned);
        }
        let (words, _) = bytes.as_chunks::<4>();
        for (place, word) in (at..).step_by(4).zip(words) {
            // SAFETY: the word lies in the part.
            if unsafe { read::<u32>(place) } != ERASED {
                return Err(FlashErrorKind::Other);
            }
            busy(WRITE_TURNS);
            // SAFETY: as above, and no value of Rust's lies in it.
            unsafe { write(place, u32::from_le_bytes(*word)) };
        }
        Ok(())
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        let len = range.end.saturating_sub(range.start);
        let at = inside(area, range.start, len as usize)?;
        if !range.start.is_multiple_of(SECTOR) || !len.is_multiple_of(SECTOR) {
            return Err(FlashErrorKind::NotAligned);
        }
        for place in (at..at + len as usize).step_by(4) {
            busy(ERASE_TURNS);
            // SAFETY: the word lies in the part, and no value of Rust's lies in it.
            unsafe { write(place, ERASED) };
        }
        Ok(())
    }
}

fn busy(turns: u32) {
    for turn in 0..turns {
        core::hint::black_box(turn);
    }
}

/// The address of a range of an area.
fn inside(area: Area, offset: u32, len: usize) -> Result<usize, FlashErrorKind> {
    let (start, size) = place(area);
    match (offset as usize).checked_add(len) {
        Some(end) if end <= size as usize => Ok(MACHINE.nor + (start + offset) as usize),
        _ => Err(FlashErrorKind::OutOfBounds),
    }
}
