//! Why a run could not start or finish.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A run that could not start or finish. A tool that fails is a row of the table, not an error.
#[derive(Debug)]
#[non_exhaustive]
pub enum BenchError {
    /// The command line names something that does not exist.
    Usage(String),
    /// A file or folder could not be used.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not have the shape that it must have.
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The peers could not be installed.
    Install(String),
}

impl BenchError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    /// Exit code of the process, as the `sprag` command uses them: 2 usage, 3 I/O, 4 malformed.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Io { .. } | Self::Install(_) => 3,
            Self::Malformed { .. } => 4,
        }
    }
}

impl fmt::Display for BenchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(reason) => f.write_str(reason),
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Malformed { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Install(reason) => write!(f, "peers not installed: {reason}"),
        }
    }
}

impl core::error::Error for BenchError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
