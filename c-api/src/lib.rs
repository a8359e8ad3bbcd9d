//! The device side for firmware in C: `include/sprag.h` is made from this crate.
//!
//! The shape is the one that users of other delta tools know: [`sprag_init`], [`sprag_process`] with chunks of any
//! size, [`sprag_finalize`]; and [`sprag_resume`] after a reset, [`sprag_boot_choose`] in the bootloader,
//! [`sprag_confirm`] or [`sprag_give_up`] in the new image. Flash is reached through callbacks, all memory is the
//! caller's, and nothing of libc is called but `memcpy`, `memmove`, `memset` and `memcmp`.
//!
//! What an update is remains in `sprag-verifier`; here pointers become references, and nothing else is decided.
//! All unsafe code of the device side is in `pointer.rs` and at the entry points in `update.rs` and `boot.rs`; the
//! modules beside them see references only.
#![no_std]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::expect_used,
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    unsafe_op_in_unsafe_fn
)]

// The host has a panic handler in its standard library; a static library without one cannot be made.
#[cfg(not(target_os = "none"))]
extern crate std;

mod boot;
mod flash;
mod given;
#[cfg(all(target_os = "none", feature = "panic-handler"))]
mod panic;
mod pointer;
mod report;
mod session;
mod status;
mod types;
mod update;

pub use boot::{sprag_boot_choose, sprag_confirm, sprag_forgive, sprag_give_up, sprag_record_read};
pub use status::*;
pub use types::*;
pub use update::{
    sprag_finalize, sprag_handle_size, sprag_init, sprag_lwm2m_result, sprag_process, sprag_report,
    sprag_resume, sprag_seek, sprag_version, sprag_wanted,
};
