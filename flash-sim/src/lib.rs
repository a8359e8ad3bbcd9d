//! Simulated NOR flash for the tests, sweeps and self-checks of an updater.
//!
//! A [`FlashSim`] keeps the rules of a real part and is merciless about them: a call that is out
//! of bounds, misaligned, or that programs what was not erased is a bug of its caller and
//! **panics**. What a real part does to a correct caller is injected and comes back as an
//! **error** ([`FlashError`]) or as wrong bytes: power cuts with torn writes and partial erases
//! ([`CutStyle`]), worn and stuck sectors ([`Defect`]), flaky reads ([`Flake`]), protected ranges.
//! All of it is off until asked for, and repeats exactly from a seed.
//!
//! | to | use |
//! | --- | --- |
//! | describe a part | [`Geometry`], its presets, [`WriteRule`] |
//! | prepare and inspect | [`FlashSim::load`], [`FlashSim::bytes`], `clone` as a snapshot |
//! | count | [`FlashSim::log`], [`Totals`], [`FlashSim::erase_counts`], [`FlashSim::unit_writes`] |
//! | cut the power | [`FlashSim::cut_after`], [`CutStyle::for_operation`] |
//! | drive a driver's user | [`ConstFlash`], which implements the `embedded-storage` traits |
//!
//! A sweep records an uncut run, then cuts every operation of it in every way:
//!
//! ```
//! use flash_sim::{CutStyle, FlashError, FlashSim, Geometry};
//!
//! // The caller under test: make the second sector hold 64 bytes of 0x5a.
//! fn update(flash: &mut FlashSim) -> Result<(), FlashError> {
//!     let mut found = [0; 64];
//!     flash.read(0x1000, &mut found)?;
//!     if found != [0x5a; 64] {
//!         flash.erase(0x1000, 0x2000)?;
//!         flash.write(0x1000, &[0x5a; 64])?;
//!     }
//!     Ok(())
//! }
//!
//! let fresh = FlashSim::new(Geometry::nrf52840().first_sectors(2));
//! let mut uncut = fresh.clone();
//! update(&mut uncut)?;
//! assert_eq!(uncut.operation_count(), 2);
//!
//! let mut cuts = 0;
//! for operation in uncut.log() {
//!     for style in CutStyle::for_operation(operation, uncut.geometry(), 1) {
//!         let mut flash = fresh.clone();
//!         flash.cut_after(operation.index, style);
//!         assert_eq!(update(&mut flash), Err(FlashError::PowerLost));
//!         flash.power_on();
//!         update(&mut flash)?;
//!         assert_eq!(flash.bytes()[0x1000..0x1040], [0x5a; 64]);
//!         cuts += 1;
//!     }
//! }
//! assert_eq!(cuts, (2 + 4) + (2 + 16)); // An erase tears in 4 ways here, a write at 16 units.
//! # Ok::<(), FlashError>(())
//! ```

mod cells;
mod error;
mod faults;
mod geometry;
mod log;
mod nor;
mod power;
mod rng;
mod sim;

pub use error::FlashError;
pub use faults::{Defect, Flake};
pub use geometry::{Geometry, Sector, WriteRule};
pub use log::{Operation, OperationKind, Outcome, Totals, Trace};
pub use nor::ConstFlash;
pub use power::CutStyle;
pub use sim::FlashSim;

/// An address or length of the flash as an index into host memory.
fn index(value: u32) -> usize {
    usize::try_from(value).expect("hosts address at least 32 bits")
}
