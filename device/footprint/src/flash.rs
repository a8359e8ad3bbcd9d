//! A flash part in the machine's external memory. It is a model of cost, not of failure: `flash-sim` is for that.

use core::ops::Range;

use sprag_verifier::{Area, FlashErrorKind, Geometry, Storage};

use crate::machine::{EXTERNAL, read};

/// What QEMU loads besides the lengths of the package, of the old and of the new image, a word each.
const PACKAGE: usize = EXTERNAL + 0x1000;
const SLOT_A: usize = EXTERNAL + 0x20_0000;
const SLOT_LEN: u32 = 0x20_0000;
const SECTOR: u32 = 4096;
const WRITE_SIZE: u32 = 8;

/// Start and length of an area: two slots, a staging area of half a slot, the boot record and the stored keyset.
const fn place(area: Area) -> (usize, u32) {
    match area {
        Area::SlotA => (SLOT_A, SLOT_LEN),
        Area::SlotB => (EXTERNAL + 0x40_0000, SLOT_LEN),
        Area::Staging => (EXTERNAL + 0x60_0000, SLOT_LEN / 2),
        Area::Record => (EXTERNAL + 0x70_0000, 2 * SECTOR),
        Area::Trust => (EXTERNAL + 0x78_0000, 2 * SECTOR),
        _ => (EXTERNAL + 0x80_0000, 0),
    }
}

/// The package that QEMU loaded.
#[must_use]
pub fn package() -> &'static [u8] {
    // SAFETY: nothing but QEMU, before the start, ever writes there.
    unsafe { core::slice::from_raw_parts(PACKAGE as *const u8, word(0)) }
}

/// The old image that QEMU loaded, in slot A.
#[must_use]
pub fn old_image() -> &'static [u8] {
    // SAFETY: only an update of slot A would write there, and slot A is the one that runs.
    unsafe { core::slice::from_raw_parts(SLOT_A as *const u8, word(1)) }
}

/// Bytes of the new image.
#[must_use]
pub fn new_len() -> u32 {
    word(2) as u32
}

fn word(number: usize) -> usize {
    // SAFETY: the first words of the external memory are the lengths.
    unsafe { read(EXTERNAL + 4 * number) as usize }
}

/// The part.
#[derive(Debug)]
#[non_exhaustive]
pub struct Part;

impl Part {
    /// The part with the old image in slot A, and all else blank.
    #[must_use]
    pub fn new() -> Self {
        for area in [Area::SlotB, Area::Staging, Area::Record, Area::Trust] {
            erase(area, 0..place(area).1);
        }
        Self
    }
}

impl Default for Part {
    fn default() -> Self {
        Self::new()
    }
}

impl Storage for Part {
    fn geometry(&self, area: Area) -> Geometry {
        Geometry {
            size: place(area).1,
            write_size: WRITE_SIZE,
            erased: 0xff,
            base: 0,
        }
    }

    fn sector(&self, _: Area, offset: u32) -> Range<u32> {
        let start = offset - offset % SECTOR;
        start..start + SECTOR
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        load(area, offset, buf)
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        store(area, offset, bytes)
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        erase(area, range);
        Ok(())
    }
}

#[inline(never)]
fn load(area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
    let from = inside(area, offset, buf.len())? as *const u8;
    // SAFETY: the range lies in the area, which no value of Rust's lies in.
    unsafe { core::ptr::copy_nonoverlapping(from, buf.as_mut_ptr(), buf.len()) };
    Ok(())
}

#[inline(never)]
fn store(area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
    let to = inside(area, offset, bytes.len())? as *mut u8;
    // SAFETY: as above.
    unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    Ok(())
}

#[inline(never)]
fn erase(area: Area, range: Range<u32>) {
    let len = range.end.saturating_sub(range.start) as usize;
    if let Ok(to) = inside(area, range.start, len) {
        // SAFETY: as above.
        unsafe { core::ptr::write_bytes(to as *mut u8, 0xff, len) };
    }
}

/// The address of a range of an area.
fn inside(area: Area, offset: u32, len: usize) -> Result<usize, FlashErrorKind> {
    let (start, size) = place(area);
    let end = (offset as usize).checked_add(len);
    match end {
        Some(end) if end <= size as usize => Ok(start + offset as usize),
        _ => Err(FlashErrorKind::OutOfBounds),
    }
}
