//! Updates over a serial line, in SMP, the protocol of mcumgr (docs/SERIAL.md). No heap, no recursion, no panic, no
//! unsafe code.
//!
//! | layer | here |
//! | --- | --- |
//! | lines of Base64 with a checksum | [`FrameReader`], [`write_frame`] |
//! | messages, for both sides | [`Header`], [`Request`], [`Answer`], [`Hello`] |
//! | the device's side of an update | [`serve`], over a [`Port`] |
//!
//! A crate of its own: whoever fetches packages another way links none of it. Nothing here is trusted by what is behind it: a
//! line that lies costs time, as any transport that lies does.
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::expect_used
)]

#[cfg(test)]
extern crate std;

mod answer;
mod cbor;
mod frame;
mod header;
mod hello;
mod request;
mod serve;

pub use answer::{Answer, Fault, Side};
pub use frame::{FrameReader, LINE_LEN, crc16, write_frame};
pub use header::{HEADER_LEN, Header, Operation};
pub use hello::{Hello, PROTOCOL, Stage};
pub use request::{Request, Upload};
pub use serve::{End, Identity, Line, Memory, Port, serve};

#[cfg(test)]
mod tests;
