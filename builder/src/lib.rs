//! Sprag's library: turns firmware images into small, signed packages, and proves each with the code that devices
//! run. The `sprag` command is a thin layer over it ([`cli::main`]).
//!
//! | step | module's items |
//! | --- | --- |
//! | read images, pinned | [`Pinned`], [`Image`] |
//! | images in other forms | [`flatten`] |
//! | describe the release | [`ReleaseSpec`], [`read_release`] |
//! | build, sign and prove | [`build`], [`BuildInputs`] |
//! | look inside | [`inspect`], [`verify`] |
//! | apply, on simulated flash | [`SimulatedDevice`] |
//! | apply, to files or partitions | [`Slots`] |
//! | send it over a line, in SMP | [`send`](fn@send) |
//! | cut its power, at every operation | [`simulate`], [`Simulation`] |
//! | sign far from the builder | [`Request`], [`Answer`] |
//! | a second signature, by LMS | [`LmsSecret`], [`add_lms_signature`] |
//! | key sets, version by version | [`TrustFile`], [`KeysetSpec`] |
//! | keys in tokens and agents | [`Token`], [`sign_with_agent`] |
//! | who did what, in a log that only grows | [`AuditLog`], [`Chain`] |
//! | keys, in minisign's format | [`SigningKey`], [`VerifyingKey`] |
//! | what a log tells of a failed update | [`diagnose`](mod@diagnose) |
//! | the bare codec | [`delta`](mod@delta) |

pub mod attack;
mod audit;
mod build;
pub mod cli;
mod codec;
mod container;
pub mod delta;
mod demo;
mod device;
pub mod diagnose;
mod digest;
mod error;
pub mod exit;
mod explain;
pub mod full;
mod holder;
mod image;
mod input;
mod inspect;
mod keys;
mod lms;
mod output;
mod package;
mod printable;
mod profile;
mod release;
mod send;
mod sign;
mod simulate;
mod slots;
mod sniff;
mod strategy;
#[cfg(test)]
mod testing;
mod trust;
mod verify;
mod work;

pub use audit::{
    AUDIT_CODES, Action, Approved, AuditError, AuditLog, Chain, Entry, EntryRef, Head, ImageName,
    KeysetName, Listed, Proof, Repaired, Subject, Tail,
};
pub use build::{BuildInputs, FullImage, IsaMismatch, Source, WayBack, build, build_with_chain};
pub use codec::{
    CodecChoice, CodecLimits, DEFAULT_GATEWAY_RAM, DEFAULT_RAM, Effort, Encoded, HostCodecs,
    HostDecoder, Progress, native as encode_native,
};
pub use container::{CONTAINER_CODES, ContainerError, FlatImage, GAP_MAX, InputFormat, flatten};
pub use device::{SimulatedDevice, UpdateInputs, UpdateReport};
pub use digest::sha256;
pub use error::{BUILD_CODES, Error};
pub use explain::{
    Explanation, Shown, Stage, describe, explain, explanations, fault_library, render, shown,
};
pub use holder::{HOLDER_CODES, HeldKey, HolderError, Signer, Token, TokenPlace, sign_with_agent};
pub use input::{
    INPUT_CODES, Image, InputError, MAX_INPUT_LEN, MAX_TEXT_LEN, Pinned, is_stdin, read_text,
    single_stdin,
};
pub use inspect::{
    Inspection, PayloadInspection, SCHEMA, SegmentView, SignatureView, StreamInspection, inspect,
};
pub use keys::{
    Cost, Detached, ExportForm, Found, Imported, KEY_CODES, KeyError, KeyFacts, KeyFiles, NewKey,
    PASSWORD_VARIABLE, PIN_VARIABLE, Password, PasswordSource, Protection, RawKey, SecretFacts,
    SignatureKind, SigningKey, TrustedComment, VerifyingKey, change_protection, minisign_id,
    verify_detached,
};
pub use lms::{
    LmsFacts, LmsParameters, LmsSecret, NewLmsKey, add_lms_signature,
    load_public as load_lms_public,
};
pub use output::{Access, Existing, OUTPUT_CODES, OutputError, Pending, Target};
pub use profile::{
    SHIPPED_PROFILES, default_flash, device as profile_device, device_of_class, intended_device,
    intended_flash, read_profile,
};
pub use release::{DEFAULT_BLOCK_SIZE, ReleaseSpec, checked_name, read_release};
pub use send::{
    Address, DeviceFacts, LINK_CODES, LinkError, Reported, SendEvent, SendOptions, SendOutcome,
    Sent, send,
};
pub use sign::{Answer, Request, add_signature};
pub use simulate::{
    CutReport, Cuts, FlawCounts, FlawReport, Flaws, ForwardProgress, LinkReport, Simulation,
    SimulationInputs, Uninterrupted, simulate,
};
pub use slots::{NewSlots, SLOT_CODES, Slots, SlotsError, name as slot_name};
pub use trust::{
    Followed, KeysetSpec, ReleaseRoleSpec, RoleSpec, Signatures, TrustFile, changes,
    describe_keyset,
};
pub use verify::{Verified, verify};
