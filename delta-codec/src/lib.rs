//! The delta format of Sprag: the model that encoder and decoder share, and the streaming decoder.
//!
//! A patch turns an old image, read at random, into a new image, written strictly in order. The
//! decoder needs no heap, keeps all its tables in a slab of bytes that the caller lends, accepts
//! its input in pieces of any size, and can be saved and restored at any point.
//!
//! # Promises for hostile input
//!
//! Whatever the bytes of a patch are: no panic, no endless loop; no byte is read outside the old
//! image or written beyond the new one; [`Pull::Done`] comes only after exactly `new_len` bytes
//! and exactly the whole input. One call of [`Decoder::pull`] decodes at most
//! [`WORK_PER_BYTE`]` * (out.len() + 1)` binary decisions, besides those of
//! layout and map.
//!
//! The bytes of a stream are described in `docs/FORMAT.md`, "Native delta".

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

#[cfg(feature = "ablation")]
pub mod ablation;
#[cfg(not(feature = "ablation"))]
mod ablation;
mod checkpoint;
mod coder;
mod data;
mod decoder;
mod encoder;
mod error;
mod fifo;
pub mod full;
mod header;
mod images;
mod isa;
mod logistic;
mod machine;
mod map;
mod model;
mod moving;
mod number;
mod packed;
mod priors;
mod profile;
mod recall;
mod region;
mod segments;
mod substitution;
mod tables;
#[cfg(feature = "train")]
pub mod train;
mod truth;

pub use checkpoint::{CheckpointError, LoadError, checkpoint_len};
pub use coder::ByteSink;
pub use data::Data;
pub use decoder::{Decoder, Pull, Stated, WORK_PER_BYTE};
pub use encoder::{EncodeError, Encoding, Part, Spent, Unit, encode, encode_observed};
pub use error::DecodeError;
pub use images::Images;
pub use isa::{Addresses, Bytes, Code, Field, Isa, Kind, Side};
pub use profile::{Profile, workspace_len};
pub use region::{Class, REGION_UNIT, Region};
pub use segments::{SEGMENTS_MAX, Segment, Segments};
pub use truth::Operation;
