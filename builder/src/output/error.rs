//! What can be wrong with an output.

use core::error::Error;
use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::input::{is_stdin, plain, shown};

/// Number and name of every [`OutputError`].
pub const OUTPUT_CODES: &[(u16, &str)] = &[
    (1100, "OUTPUT_FOLDER_MISSING"),
    (1101, "OUTPUT_FOLDER_IS_A_FILE"),
    (1102, "OUTPUT_IS_A_DIRECTORY"),
    (1103, "OUTPUT_EXISTS"),
    (1104, "OUTPUT_IS_AN_INPUT"),
    (1105, "OUTPUT_DISK_FULL"),
    (1106, "OUTPUT_NOT_WRITABLE"),
    (1107, "OUTPUT_FAILED"),
];

/// Why an output could not be written. Nothing of it is left behind.
#[derive(Debug)]
#[non_exhaustive]
pub enum OutputError {
    /// The folder that the output is to be in does not exist.
    FolderMissing {
        /// The folder.
        folder: PathBuf,
    },
    /// What should be the folder is a file.
    NotAFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The output's own path is a directory.
    Directory {
        /// The path as given.
        path: PathBuf,
    },
    /// The output exists and is of a kind that is never overwritten.
    Exists {
        /// The path as given.
        path: PathBuf,
    },
    /// The output would replace one of the inputs.
    SameAsInput {
        /// The path as given.
        path: PathBuf,
    },
    /// No room: the disk is full or a quota is reached.
    DiskFull {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// No permission, or a read-only file system.
    NotWritable {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Anything else that the system refused.
    Failed {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl OutputError {
    /// The variant for what the system said about `path`.
    #[must_use]
    pub fn from_io(path: &Path, source: io::Error) -> Self {
        use io::ErrorKind::{
            AlreadyExists, FileTooLarge, NotFound, PermissionDenied, QuotaExceeded,
            ReadOnlyFilesystem, StorageFull,
        };
        let path = path.to_path_buf();
        let source = plain(source);
        match source.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::DiskFull { path, source },
            PermissionDenied | ReadOnlyFilesystem => Self::NotWritable { path, source },
            AlreadyExists => Self::Exists { path },
            // The output itself need not exist; only its folder must.
            NotFound => Self::FolderMissing {
                folder: super::folder_of(&path).into(),
            },
            _ => Self::Failed { path, source },
        }
    }

    /// Whether the reader of standard output has gone away, which commands that print a text
    /// treat as success.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Failed { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The stable number, explained by `sprag explain`.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::FolderMissing { .. } => 1100,
            Self::NotAFolder { .. } => 1101,
            Self::Directory { .. } => 1102,
            Self::Exists { .. } => 1103,
            Self::SameAsInput { .. } => 1104,
            Self::DiskFull { .. } => 1105,
            Self::NotWritable { .. } => 1106,
            Self::Failed { .. } => 1107,
        }
    }

    /// The exit code of the command: 2 usage, 3 I/O.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::SameAsInput { .. } => 2,
            _ => 3,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::FolderMissing { folder } => {
                return Some(format!("make it first: mkdir -p {}", shown(folder)));
            }
            Self::NotAFolder { .. } | Self::Directory { .. } => {
                "name a file in an existing folder; `-` is standard output"
            }
            Self::Exists { .. } => "choose another name, or move the old file away first",
            Self::SameAsInput { .. } => "choose another name: inputs are never overwritten",
            Self::DiskFull { .. } => "make room and run the command again; nothing was left behind",
            Self::NotWritable { .. } => "choose a folder that you may write to",
            Self::Failed { .. } => "check the disk or the network share that holds the folder",
        };
        Some(text.into())
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |path: &Path| match is_stdin(path) {
            true => "standard output".to_owned(),
            false => shown(path),
        };
        match self {
            Self::FolderMissing { folder } => write!(f, "{}: no such folder", shown(folder)),
            Self::NotAFolder { folder } => write!(f, "{}: is not a folder", shown(folder)),
            Self::Directory { path } => write!(f, "{}: is a directory", shown(path)),
            Self::Exists { path } => write!(f, "{}: exists already", shown(path)),
            Self::SameAsInput { path } => write!(f, "{}: is also an input", shown(path)),
            Self::DiskFull { path, source } => write!(f, "{}: no room: {source}", name(path)),
            Self::NotWritable { path, source } | Self::Failed { path, source } => {
                write!(f, "{}: cannot be written: {source}", name(path))
            }
        }
    }
}

// No `source`: the message above already holds it.
impl Error for OutputError {}
