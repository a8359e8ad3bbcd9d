//! Flash as the updater sees it: six areas, each a range of sectors.

mod nor;
mod two_slots;

use core::ops::Range;

pub use nor::{NorLayout, NorStorage, Region, Sectors};
pub use two_slots::TwoSlots;

/// A part of the device's flash that the updater knows by its purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Area {
    /// First image slot.
    SlotA,
    /// Second image slot.
    SlotB,
    /// Where received blocks wait, if the device has such a place outside the slots.
    Staging,
    /// The two copies of the boot record, each in sectors of its own.
    Record,
    /// Checkpoints of the decoder, and the copy of a group of sectors while it is replaced in place; if the device
    /// has such a place outside the slots.
    Scratch,
    /// The two copies of the stored keyset, each in sectors of its own; if the device has a [`crate::Keyring`].
    Trust,
}

impl Area {
    /// The slot that an update fills while this one runs.
    #[must_use]
    pub const fn other_slot(self) -> Self {
        match self {
            Self::SlotB => Self::SlotA,
            _ => Self::SlotB,
        }
    }
}

/// What the updater must know of an area. Sizes are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes of the area; 0 if the device has no such area.
    pub size: u32,
    /// Bytes of the smallest write: a power of two, at most 256.
    pub write_size: u32,
    /// What an erased byte reads as: `0xff` on most parts, `0x00` on some.
    pub erased: u8,
    /// Absolute address of the area's first byte, for reports.
    pub base: u32,
}

/// What a flash driver can report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlashErrorKind {
    /// The call was not aligned to the flash's granularity.
    NotAligned,
    /// The call reached outside the flash.
    OutOfBounds,
    /// Anything else: the part failed, is protected, or lost its power.
    Other,
}

/// The device's flash. Offsets are bytes from the start of an area.
///
/// [`NorStorage`] implements it for one flash behind `embedded-storage`'s traits; a device with several parts,
/// or a driver in C, implements it directly. The updater writes each write unit at most once between erases
/// (so flash with ECC serves), only whole units, and only inside erased sectors.
pub trait Storage {
    /// Whether the device may have one slot only. `false` leaves out what only such a device needs; then
    /// [`Area::SlotB`] has a size. See [`TwoSlots`].
    const ONE_SLOT: bool = true;

    /// Whether checkpoints may be kept. `false` leaves them out: an update that is not staged starts over after a
    /// reset, which comes to the same image.
    const CHECKPOINTS: bool = true;

    /// What is known of `area`.
    fn geometry(&self, area: Area) -> Geometry;

    /// The sector that holds `offset`: the smallest range that can be erased alone. `offset` may be the area's size;
    /// any range may be answered then, since nothing is done with it but arithmetic.
    fn sector(&self, area: Area, offset: u32) -> Range<u32>;

    /// Fills `buf` from `offset`, at any alignment.
    ///
    /// # Errors
    /// What the driver reports.
    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind>;

    /// Writes whole write units.
    ///
    /// # Errors
    /// What the driver reports; the bytes may then be torn.
    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind>;

    /// Erases whole sectors.
    ///
    /// # Errors
    /// What the driver reports; the sectors may then hold anything.
    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind>;
}
