//! What bootloader and application of the update journey share: the board, its serial line, and its flash.
#![no_std]

mod board;
mod nor;
mod uart;

pub use board::{APPLICATION, BOARD, hand_over, handed_over, restart, start_application};
pub use nor::Nor;
#[cfg(bare_metal)]
use start as _;
pub use uart::Uart;
