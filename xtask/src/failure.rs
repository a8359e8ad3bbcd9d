//! Why a stage did not do its work.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong, for a person to read.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A file or folder could not be used.
    File { path: PathBuf, source: io::Error },
    /// A program could not be started.
    Start { program: String, source: io::Error },
    /// A program ran and failed; all that it printed.
    Command { line: String, output: String },
    /// A program that the stage needs is not installed.
    Missing { what: String, help: String },
    /// The check itself did not hold.
    Check(String),
}

impl Failure {
    /// Names the file of an error of the system.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Start { program, source } => {
                write!(f, "{program} could not be started: {source}")
            }
            Self::Command { line, output } => write!(f, "this command failed: {line}\n{output}"),
            Self::Missing { what, help } => write!(f, "{what}\nhelp: {help}"),
            Self::Check(message) => f.write_str(message),
        }
    }
}

impl core::error::Error for Failure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File { source, .. } | Self::Start { source, .. } => Some(source),
            Self::Command { .. } | Self::Missing { .. } | Self::Check(_) => None,
        }
    }
}
