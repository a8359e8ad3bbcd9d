//! The `embedded-storage` traits over a simulated flash.

#[cfg(test)]
mod tests;

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

use crate::error::FlashError;
use crate::sim::FlashSim;

/// A [`FlashSim`] as a driver with constant sizes, in bytes.
///
/// `ERASE` is the size of the largest sector, the alignment at which every erase is whole; an
/// erase on other true sector boundaries works as well. `MultiwriteNorFlash` is not implemented
/// whatever the part can do, so that nobody comes to need it. A borrowed flash is
/// `&mut ConstFlash`, for which `embedded-storage` passes the traits on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstFlash<const READ: usize, const WRITE: usize, const ERASE: usize> {
    sim: FlashSim,
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> ConstFlash<READ, WRITE, ERASE> {
    /// Wraps a simulator.
    ///
    /// # Panics
    ///
    /// If a constant disagrees with the geometry.
    #[must_use]
    #[track_caller]
    pub fn new(sim: FlashSim) -> Self {
        let geometry = sim.geometry();
        let agreed = [
            ("READ", READ, geometry.read_size()),
            ("WRITE", WRITE, geometry.write_size()),
            ("ERASE", ERASE, geometry.largest_sector()),
        ];
        for (name, constant, size) in agreed {
            assert!(
                constant == crate::index(size),
                "{name} is {constant}, but the geometry has {size}"
            );
        }
        Self { sim }
    }

    /// The simulator.
    #[must_use]
    pub fn sim(&self) -> &FlashSim {
        &self.sim
    }

    /// The simulator, to cut its power or break it.
    pub fn sim_mut(&mut self) -> &mut FlashSim {
        &mut self.sim
    }

    /// The simulator, unwrapped.
    #[must_use]
    pub fn into_sim(self) -> FlashSim {
        self.sim
    }
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> ErrorType
    for ConstFlash<READ, WRITE, ERASE>
{
    type Error = FlashError;
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> ReadNorFlash
    for ConstFlash<READ, WRITE, ERASE>
{
    const READ_SIZE: usize = READ;

    #[track_caller]
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.sim.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        crate::index(self.sim.geometry().capacity())
    }
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> NorFlash
    for ConstFlash<READ, WRITE, ERASE>
{
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    #[track_caller]
    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.sim.erase(from, to)
    }

    #[track_caller]
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.sim.write(offset, bytes)
    }
}
