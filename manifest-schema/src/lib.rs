//! The Sprag package format: header, envelope, manifest and block index, as `docs/FORMAT.md` and
//! `sprag.cddl` lay them down.
//!
//! This crate has no opinion on trust. It takes bytes apart, refuses everything that is not the one
//! deterministic encoding, and says why with a stable code. It allocates nothing, never recurses and
//! never panics; work is bounded by the length of the input, which is bounded by [`MAX_ENVELOPE_LEN`].
//!
//! | feature | adds | needs |
//! | --- | --- | --- |
//! | `serde` | `Release`, `DeviceProfile`, `ManifestView`: authoring files and JSON | std |
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::expect_used
)]

#[cfg(any(feature = "serde", test))]
extern crate std;

mod envelope;
mod error;
mod fields;
mod header;
mod ids;
mod index;
mod keyset;
mod limits;
mod list;
mod manifest;
mod reader;
mod version;
mod writer;

#[cfg(feature = "serde")]
mod authoring;
#[cfg(feature = "serde")]
mod serde_text;
#[cfg(feature = "serde")]
mod view;

pub use envelope::{
    ALG_HSS_LMS, Algorithm, BODY_PROTECTED, CONTENT_TYPE, Document, EDDSA_PROTECTED_LEN,
    EXTERNAL_AAD, Envelope, HSS_LMS_PROTECTED_LEN, KEYSET_BODY_PROTECTED, KEYSET_CONTENT_TYPE,
    KEYSET_EXTERNAL_AAD, SIG_PREFIX_MAX, SignatureEntry, eddsa_protected, hss_lms_protected,
    sig_structure_prefix, sig_structure_prefix_of,
};
pub use error::{CODES, DecodeError, DecodeErrorKind, EncodeError, ItemType, Limit};
pub use fields::Fields;
pub use header::{FORMAT_VERSION, Header, MAGIC};
pub use ids::{Digest, KeyId};
pub use index::{
    BLOCK_DOMAIN, Index, Item, Items, PAGE_DOMAIN, PREFIX_LEN, Placed, block_prefix, page_prefix,
};
pub use keyset::{
    ChainHead, CounterRange, Key, Keyset, Members, PublicKey, Quorum, ReleaseRole, Scope,
};
pub use limits::{
    DIGEST_LEN, EDDSA_KEY_LEN, EDDSA_SIGNATURE_LEN, HSS_LMS_KEY_LEN, KEY_ID_LEN, KEYSET_HEAD_LEN,
    MAX_BATTERY_PERCENT, MAX_BLOCK_SIZE, MAX_ENVELOPE_LEN, MAX_HARDWARE, MAX_IMAGE_SIZE,
    MAX_KEY_LEN, MAX_KEYS, MAX_KEYSET_LEN, MAX_KEYSET_UPDATE_LEN, MAX_KEYSETS, MAX_KEYSETS_LEN,
    MAX_NESTING, MAX_PAYLOADS, MAX_PAYLOADS_LEN, MAX_RELEASE_ROLES, MAX_REVOKED, MAX_SIGNATURES,
    MAX_SKIPPED, MAX_SOURCES, MAX_TEXT_LEN, MAX_THRESHOLD, MIN_BLOCK_SIZE, OUTPUT_BUFFER_LEN,
    PAGE_ENTRIES, PAGE_LEN,
};
pub use list::{Element, Iter, List};
pub use manifest::{
    Codec, Image, Isa, Manifest, Needs, ParseWindowError, Payload, Preconditions, Requirement,
    Role, TimeWindow, Validity,
};
pub use reader::{Nested, Reader, Refused, Step, is_name};
pub use version::{PackedVersion, VersionError};
pub use writer::Writer;

#[cfg(feature = "serde")]
pub use authoring::{
    Component, DeviceProfile, FlashProfile, LinkProfile, PowerProfile, Release,
    ReleasePreconditions, ReleaseRequirement, ReleaseValidity, TaskProfile, TimingProfile,
};
#[cfg(feature = "serde")]
pub use view::{
    ImageView, ManifestView, PayloadView, PreconditionsView, RequirementView, ValidityView,
};
