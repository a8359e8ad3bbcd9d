//! What can be wrong with an audit log.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

use sprag_manifest::{Digest, KeyId};

use crate::exit;
use crate::holder::HolderError;
use crate::input::{plain, shown};
use crate::keys::minisign_id;

/// Number and name of every [`AuditError`].
pub const AUDIT_CODES: &[(u16, &str)] = &[
    (1160, "AUDIT_FAILED"),
    (1161, "AUDIT_EXISTS"),
    (1162, "AUDIT_LINE"),
    (1163, "AUDIT_UNTRUSTED"),
    (1164, "AUDIT_SIGNATURE"),
    (1165, "AUDIT_SEQUENCE"),
    (1166, "AUDIT_CHAIN"),
    (1167, "AUDIT_TORN"),
    (1168, "AUDIT_HEAD"),
    (1169, "AUDIT_TRUNCATED"),
    (1170, "AUDIT_FORK"),
    (1171, "AUDIT_NOT_APPROVED"),
    (1172, "AUDIT_NAMES_OTHER"),
    (1173, "AUDIT_WITHDRAWS_NOTHING"),
];

/// Why a log was refused, or could not be written. Numbers count entries from 0.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuditError {
    /// The system refused to open, lock, read, write or sync it.
    Failed {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A log is to be begun where a file is.
    Exists {
        /// The path as given.
        path: PathBuf,
    },
    /// A line is no entry in its only spelling.
    Line {
        /// Its number.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// An entry is by a key that is not trusted.
    Untrusted {
        /// Its number.
        number: u64,
        /// The key that it names.
        key: KeyId,
    },
    /// The key that an entry names did not sign it.
    Signature {
        /// Its number.
        number: u64,
        /// The key that it names.
        key: KeyId,
    },
    /// An entry has another number than its place.
    Sequence {
        /// Its place.
        number: u64,
        /// The number that it has.
        found: u64,
    },
    /// An entry does not follow the line before.
    Chain {
        /// Its number.
        number: u64,
        /// SHA-256 of the line before.
        expected: Digest,
        /// What the entry has for it.
        found: Digest,
    },
    /// The last line is torn.
    Torn {
        /// The path as given.
        path: PathBuf,
        /// Whole entries before it.
        entries: u64,
        /// Bytes that are there of it.
        bytes: usize,
    },
    /// A file is not a signed head.
    Head {
        /// The path as given.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The log ends before an entry that a head or a package names.
    Truncated {
        /// Entries that there are.
        entries: u64,
        /// Number of the entry that is named.
        wanted: u64,
    },
    /// Another entry is in the place of one that a head or a package names.
    Fork {
        /// Its number.
        number: u64,
        /// SHA-256 of the line that is named.
        expected: Digest,
        /// SHA-256 of the line that is there.
        found: Digest,
    },
    /// Fewer keys approved a package than must.
    NotApproved {
        /// Keys that must.
        needed: u64,
        /// Keys that did, and did not withdraw it.
        found: u64,
        /// Number of the entry that withdrew approvals, if one did.
        withdrawn: Option<u64>,
    },
    /// The entry that a package names does not approve it.
    NamesOther {
        /// Its number.
        number: u64,
    },
    /// No approval stands that a withdrawal would take back.
    WithdrawsNothing,
    /// A token or an agent did not sign the entry or the head.
    Signer(HolderError),
}

impl AuditError {
    pub(super) fn failed(path: &Path, source: io::Error) -> Self {
        Self::Failed {
            path: path.into(),
            source: plain(source),
        }
    }

    /// The stable number, explained by `sprag explain`.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::Failed { .. } => 1160,
            Self::Exists { .. } => 1161,
            Self::Line { .. } => 1162,
            Self::Untrusted { .. } => 1163,
            Self::Signature { .. } => 1164,
            Self::Sequence { .. } => 1165,
            Self::Chain { .. } => 1166,
            Self::Torn { .. } => 1167,
            Self::Head { .. } => 1168,
            Self::Truncated { .. } => 1169,
            Self::Fork { .. } => 1170,
            Self::NotApproved { .. } => 1171,
            Self::NamesOther { .. } => 1172,
            Self::WithdrawsNothing => 1173,
            Self::Signer(e) => e.code(),
        }
    }

    /// The exit code of the command.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed { .. } | Self::Exists { .. } => exit::IO,
            Self::Line { .. } | Self::Torn { .. } => exit::MALFORMED,
            Self::Untrusted { .. } | Self::Signature { .. } | Self::Head { .. } => exit::SIGNATURE,
            Self::Sequence { .. }
            | Self::Chain { .. }
            | Self::Truncated { .. }
            | Self::Fork { .. }
            | Self::NotApproved { .. }
            | Self::NamesOther { .. }
            | Self::WithdrawsNothing => exit::GATE,
            Self::Signer(e) => e.exit_code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::Failed { .. } => {
                "check path, permissions and disk; `sprag audit init` begins a log"
            }
            Self::Exists { .. } => "choose another name: a log is never overwritten",
            Self::Line { .. }
            | Self::Signature { .. }
            | Self::Sequence { .. }
            | Self::Chain { .. } => {
                "the log was changed: keep it as it is, and compare it with a copy"
            }
            Self::Untrusted { .. } => "trust the key with --trust FILE.pub if it is one of yours",
            Self::Torn { .. } => {
                "`sprag audit repair` keeps the torn bytes and makes the end whole"
            }
            Self::Head { .. } => "name a file that `sprag audit head` wrote, and trust its key",
            Self::Truncated { .. } | Self::Fork { .. } => {
                "find the log that the head or the package names; this one is not it, or was cut"
            }
            Self::NotApproved { .. } => {
                "ask for the approvals that are missing: `sprag audit approve`"
            }
            Self::NamesOther { .. } => "build the package with the --approval that it has",
            Self::WithdrawsNothing => "look up what was approved: `sprag audit show`",
            Self::Signer(e) => return e.help(),
        };
        Some(text.into())
    }
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { path, source } => write!(f, "{}: {source}", shown(path)),
            Self::Exists { path } => write!(f, "{}: exists already", shown(path)),
            Self::Line { number, reason } => write!(f, "entry {number} is none: {reason}"),
            Self::Untrusted { number, key } => {
                let key = minisign_id(*key);
                write!(f, "entry {number} is by key {key}, which is not trusted")
            }
            Self::Signature { number, key } => {
                let key = minisign_id(*key);
                write!(
                    f,
                    "entry {number} was not signed by key {key}: it was changed"
                )
            }
            Self::Sequence { number, found } => write!(
                f,
                "entry {found} is where {number} belongs: lines were deleted, inserted or moved"
            ),
            Self::Chain {
                number,
                expected,
                found,
            } => write!(
                f,
                "entry {number} follows a line {found}, and the line before is {expected}"
            ),
            Self::Torn {
                path,
                entries,
                bytes,
            } => write!(
                f,
                "{}: {entries} entries are whole, and {bytes} bytes of a torn line follow",
                shown(path)
            ),
            Self::Head { path, reason } => write!(f, "{}: no signed head: {reason}", shown(path)),
            Self::Truncated { entries, wanted } => write!(
                f,
                "the log has {entries} entries, and entry {wanted} is known to exist: its end is missing"
            ),
            Self::Fork {
                number,
                expected,
                found,
            } => write!(
                f,
                "entry {number} is {found}, and {expected} is known to be: another log, or a fork of it"
            ),
            Self::NotApproved {
                needed,
                found,
                withdrawn,
            } => {
                write!(f, "{found} keys approved the package, and {needed} must")?;
                match withdrawn {
                    Some(number) => write!(f, "; entry {number} withdrew those before it"),
                    None => Ok(()),
                }
            }
            Self::NamesOther { number } => {
                write!(
                    f,
                    "the package names entry {number}, which does not approve it"
                )
            }
            Self::WithdrawsNothing => {
                f.write_str("no approval stands that this would withdraw; nothing was written")
            }
            Self::Signer(e) => e.fmt(f),
        }
    }
}

impl core::error::Error for AuditError {}

impl From<HolderError> for AuditError {
    fn from(e: HolderError) -> Self {
        Self::Signer(e)
    }
}
