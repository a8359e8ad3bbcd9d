//! What can be wrong with an input.

use core::error::Error;
use core::fmt;
use std::io;
use std::path::PathBuf;

use super::shown;

/// Number and name of every [`InputError`].
pub const INPUT_CODES: &[(u16, &str)] = &[
    (1010, "INPUT_MISSING"),
    (1011, "INPUT_IS_A_DIRECTORY"),
    (1012, "INPUT_IS_NOT_A_FILE"),
    (1013, "INPUT_UNREADABLE"),
    (1014, "INPUT_EMPTY"),
    (1015, "INPUT_TOO_LARGE"),
    (1016, "INPUT_CHANGED"),
    (1017, "INPUT_STDIN_TWICE"),
    (1018, "INPUT_NO_ROOM_FOR_COPY"),
    (1019, "INPUT_NOT_TEXT"),
];

/// Why an input could not be read, or can no longer be relied on.
#[derive(Debug)]
#[non_exhaustive]
pub enum InputError {
    /// There is no such file.
    Missing {
        /// The path as given.
        path: PathBuf,
    },
    /// The path names a directory.
    Directory {
        /// The path as given.
        path: PathBuf,
    },
    /// The path names a terminal, a disk or another device.
    NotAFile {
        /// The path as given.
        path: PathBuf,
    },
    /// The system refused to open or to read the file.
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// There are no bytes in it.
    Empty {
        /// The path as given.
        path: PathBuf,
    },
    /// It is longer than what can be handled.
    TooLarge {
        /// The path as given.
        path: PathBuf,
        /// The limit in bytes.
        max: u64,
    },
    /// It was truncated, extended, rewritten, replaced or removed between the first read and now.
    Changed {
        /// The path as given.
        path: PathBuf,
        /// Its length in bytes at first.
        before: u64,
        /// Its length in bytes now; `None` where it is gone.
        after: Option<u64>,
    },
    /// More than one input was given as `-`.
    StdinTwice,
    /// A long input is copied to a temporary file before use, and the copy could not be made.
    NoCopy {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file that must be text is not UTF-8.
    NotText {
        /// The path as given.
        path: PathBuf,
        /// Offset in bytes of the first byte that is not UTF-8.
        offset: usize,
    },
}

impl InputError {
    /// The stable number, explained by `sprag explain`.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::Missing { .. } => 1010,
            Self::Directory { .. } => 1011,
            Self::NotAFile { .. } => 1012,
            Self::Unreadable { .. } => 1013,
            Self::Empty { .. } => 1014,
            Self::TooLarge { .. } => 1015,
            Self::Changed { .. } => 1016,
            Self::StdinTwice => 1017,
            Self::NoCopy { .. } => 1018,
            Self::NotText { .. } => 1019,
        }
    }

    /// The exit code of the command: 2 usage, 3 I/O, 4 malformed.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::StdinTwice => 2,
            Self::Missing { .. }
            | Self::Directory { .. }
            | Self::NotAFile { .. }
            | Self::Unreadable { .. }
            | Self::Changed { .. }
            | Self::NoCopy { .. } => 3,
            Self::Empty { .. } | Self::TooLarge { .. } | Self::NotText { .. } => 4,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::Missing { .. } => "check the path; `-` reads standard input",
            Self::Directory { .. } => "name a file in it",
            Self::NotAFile { .. } => "name a regular file or a pipe; copy a device to a file first",
            Self::Unreadable { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => "ask for read permission on the file",
                _ => "check the disk or the network share that holds the file",
            },
            Self::Empty { .. } => "check the step that was to write it",
            Self::TooLarge { .. } => {
                "check that this is the right file; larger ones are not handled"
            }
            Self::Changed { .. } => {
                "wait until the build has finished writing it, then run the command again"
            }
            Self::StdinTwice => "give `-` once and name files for the other inputs",
            Self::NoCopy { .. } => "set TMPDIR to a folder with room for the whole file",
            Self::NotText { .. } => "check that this is the right file, saved as UTF-8",
        };
        Some(text.into())
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => write!(f, "{}: no such file", shown(path)),
            Self::Directory { path } => write!(f, "{}: is a directory", shown(path)),
            Self::NotAFile { path } => write!(f, "{}: is not a file", shown(path)),
            Self::Unreadable { path, source } => {
                write!(f, "{}: cannot be read: {source}", shown(path))
            }
            Self::Empty { path } => write!(f, "{}: is empty", shown(path)),
            Self::TooLarge { path, max } => {
                write!(f, "{}: is longer than {max} bytes", shown(path))
            }
            Self::Changed {
                path,
                before,
                after,
            } => {
                write!(f, "{}: changed while it was in use: ", shown(path))?;
                match after {
                    None => write!(f, "it had {before} bytes and is gone"),
                    Some(after) if after == before => {
                        write!(f, "it has {after} bytes as before, but not the same ones")
                    }
                    Some(after) => write!(f, "it had {before} bytes and has {after}"),
                }
            }
            Self::StdinTwice => write!(f, "standard input can be read only once"),
            Self::NoCopy { path, source } => {
                write!(
                    f,
                    "{}: no temporary copy could be made: {source}",
                    shown(path)
                )
            }
            Self::NotText { path, offset } => {
                write!(
                    f,
                    "{}: is not text: byte {offset} is not UTF-8",
                    shown(path)
                )
            }
        }
    }
}

// No `source`: the message above already holds it.
impl Error for InputError {}
