//! What can be wrong with a folder of slots.

use core::error::Error;
use core::fmt;
use std::io;
use std::path::PathBuf;

use crate::exit;
use crate::input::{plain, shown};

/// Number and name of every [`SlotsError`].
pub const SLOT_CODES: &[(u16, &str)] = &[
    (1130, "SLOTS_INCOMPLETE"),
    (1131, "SLOTS_BUSY"),
    (1132, "SLOTS_FAILED"),
];

/// Why a folder of slots cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum SlotsError {
    /// A file or partition is missing, or too small.
    Incomplete {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another process has it open to write.
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// The system refused to open, read, write or sync a file or partition.
    Failed {
        /// Its path.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl SlotsError {
    /// The variant for what the system said about `path` when it was opened.
    pub(super) fn from_io(path: PathBuf, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Incomplete {
                path,
                reason: "is missing",
            },
            _ => Self::Failed {
                path,
                source: plain(source),
            },
        }
    }

    /// The stable number, explained by `sprag explain`.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Incomplete { .. } => 1130,
            Self::Busy { .. } => 1131,
            Self::Failed { .. } => 1132,
        }
    }

    /// The exit code of the command.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        exit::IO
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::Incomplete { .. } => {
                "a folder of slots has slot-a, slot-b and record: files, made by `sprag slots init`, or links to \
                 partitions"
            }
            Self::Busy { .. } => "wait until the other sprag has ended",
            Self::Failed { .. } => {
                "check permissions and the disk, then run the command again: it goes on where it was"
            }
        };
        Some(text.into())
    }
}

impl fmt::Display for SlotsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete { path, reason } => write!(f, "{}: {reason}", shown(path)),
            Self::Busy { folder } => write!(f, "{}: is in use", shown(folder)),
            Self::Failed { path, source } => write!(f, "{}: {source}", shown(path)),
        }
    }
}

// No `source`: the message above already holds it.
impl Error for SlotsError {}
