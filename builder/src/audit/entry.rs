//! One line of the log.

use core::fmt;

use serde::{Deserialize, Serialize};
use sprag_manifest::{Digest, KeyId};

use super::seal::{self, Sealed};
use super::subject::Subject;
use crate::holder::{HolderError, Signer};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Action {
    /// The log was begun.
    Open,
    /// A package was built.
    Build,
    /// A package was simulated on a device.
    Simulate,
    /// A package or a key set was signed.
    Sign,
    /// A package, or an image that is to be packed, was approved.
    Approve,
    /// An approval was withdrawn, or a key was revoked.
    Revoke,
    /// A check was passed over.
    Override,
    /// What a power cut had left of a line was taken from the end.
    Repair,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Build => "build",
            Self::Simulate => "simulate",
            Self::Sign => "sign",
            Self::Approve => "approve",
            Self::Revoke => "revoke",
            Self::Override => "override",
            Self::Repair => "repair",
        })
    }
}

/// An entry, without its signature. The fields are in the order of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number: 0 for the first.
    pub seq: u64,
    /// SHA-256 of the line before, without its end; zeros for the first.
    pub prev: Digest,
    /// Seconds of Unix time, as the machine that wrote it had it: a claim.
    pub time: u64,
    /// What was done.
    pub action: Action,
    /// The key that signs the entry: who says so.
    pub key: KeyId,
    /// What it was done to.
    pub subject: Subject,
}

impl Entry {
    /// The line, without its end.
    pub(super) fn to_line(&self, key: &dyn Signer) -> Result<String, HolderError> {
        seal::seal(seal::ENTRY, self, key)
    }

    /// Reads a line.
    pub(super) fn read(line: &[u8]) -> Result<Sealed<Self>, String> {
        seal::open(seal::ENTRY, line)
    }
}
