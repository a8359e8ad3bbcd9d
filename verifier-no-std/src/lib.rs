//! What a device links: checks a package and applies it, block by block, to flash that may lose its power at
//! any moment. No heap, no recursion, no panic, no unsafe code.
//!
//! # Two phases, one memory
//!
//! | phase | types | memory |
//! | --- | --- | --- |
//! | 1 is it ours? | [`Intake`] -> [`AuthenticManifest`] -> [`VerifiedManifest`] -> [`Preflight`] -> [`Plan`] | the envelope's buffer ([`intake_len`]), about 8 KiB of stack |
//! | 2 apply it | [`Updater`] | one arena ([`arena_len`]; the manifest states it), little stack |
//!
//! Phase one returns before phase two's arena need exist, so the peak is the larger of the two. Each check has a
//! type that only the check can make: an [`Updater`] takes a [`Plan`], which comes from a [`VerifiedManifest`],
//! which comes from an [`AuthenticManifest`].
//!
//! # What is checked before the first erase
//!
//! Signature (Ed25519, strict), every binding to the device ([`policy`](check)), memory and slot size, and the
//! digest of the running image. Until all have passed, flash is only read.
//!
//! # After a reset
//!
//! Run the same calls again. [`Preflight`] sees in the boot record that the update is under way, and the
//! [`Updater`] finds in flash what it has already done: staged blocks by their hashes, written sectors by
//! decoding again and comparing, or from a checkpoint. [`choose`] tells the bootloader what to boot.
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

mod authenticate;
mod boot;
mod checkpoint;
mod codec;
mod ed25519;
mod error;
mod example_keys;
mod flash;
mod hash;
mod intake;
mod lms;
mod mend;
mod plan;
mod policy;
mod preconditions;
mod preflight;
mod record;
mod retry;
mod staging;
mod storage;
mod text;
mod trial;
mod trust;
mod updater;

pub use sprag_manifest::KeyId;

pub use authenticate::{AuthenticManifest, ExampleKeys, KeyRole, TrustAnchors, TrustedKey};
pub use boot::{Boot, choose, confirm, give_up};
pub use checkpoint::{CheckpointRefusal, checkpoint_copy_len, checkpoint_min_operations};
pub use codec::{
    CodecError, CodecSet, DeltaCodecs, DeltaDecoder, Images, NativeCodecs, NativeDecoder,
    PatchDecoder, Pull, PullError, StoredDecoder,
};
#[cfg(feature = "salty")]
pub use ed25519::Salty;
pub use ed25519::{Dalek, Ed25519};
pub use error::{BINDING_CODES, CODES, Error, lwm2m_result};
pub use example_keys::EXAMPLE_KEYS;
pub use hash::{block_hash, page_hash};
pub use intake::{Intake, intake_len};
pub use lms::{LmsKey, Signatures, WithLms};
pub use plan::Plan;
pub use policy::{Component, Device, Installed, ValidityCheck, VerifiedManifest, check};
pub use preconditions::{Attempt, Reason, check_preconditions};
pub use preflight::{Preflight, PreflightStatus, Resources};
pub use record::{BootRecord, Outcome, Phase, StagingPlace};
pub use retry::{Retry, RetryLimits};
pub use storage::{
    Area, FlashErrorKind, Geometry, NorLayout, NorStorage, Region, Sectors, Storage, TwoSlots,
};
pub use text::Text;
pub use trial::{Trial, Verdict};
pub use trust::Keyring;
pub use updater::{
    MAX_STEP_OPERATIONS, Progress, Resumed, Status, Updater, Wanted, arena_len, in_place_copy_len,
};
