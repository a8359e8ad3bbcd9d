//! How the updater hands an image to bootloaders that exist already (docs/BOOTLOADERS.md). No heap, no panic, no
//! unsafe code.
//!
//! | bootloader | here |
//! | --- | --- |
//! | any that swaps two slots | [`SwapSlots`] |
//! | MCUboot | [`mcuboot`], the trailers over it |
//! | embassy-boot | [`SwapSlots`] and the crate's own `BlockingFirmwareState`: `tests/embassy.rs` is the whole of it |
//!
//! A crate of its own, so that the verifier knows no bootloader and a device links the one it has.
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::expect_used
)]

mod flash;
pub mod mcuboot;
mod swap;

pub use swap::{NewImage, SwapSlots};
