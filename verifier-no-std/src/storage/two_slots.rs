//! A choice of what is linked: nothing for devices with a single slot, and checkpoints or none.

use core::ops::Range;

use super::{Area, FlashErrorKind, Geometry, Storage};

/// The storage of a device with two slots. What only a device with one needs is not linked; without `CHECKPOINTS`, what
/// an update needs that is not staged and shall not start over after a reset is not linked either.
#[derive(Clone, Copy, Debug)]
pub struct TwoSlots<S, const CHECKPOINTS: bool>(
    /// The device's flash.
    pub S,
);

impl<S: Storage, const CHECKPOINTS: bool> Storage for TwoSlots<S, CHECKPOINTS> {
    const ONE_SLOT: bool = false;
    const CHECKPOINTS: bool = CHECKPOINTS;

    fn geometry(&self, area: Area) -> Geometry {
        self.0.geometry(area)
    }

    fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        self.0.sector(area, offset)
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        self.0.read(area, offset, buf)
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        self.0.write(area, offset, bytes)
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        self.0.erase(area, range)
    }
}
