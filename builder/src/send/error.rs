//! What can go wrong on a line, and what a device says went wrong.

use core::fmt;
use std::io;

use crate::exit;
use crate::explain::explain;
use crate::printable::printable;

/// Number and name of every [`LinkError`].
pub const LINK_CODES: &[(u16, &str)] = &[
    (1140, "LINK_FAILED"),
    (1141, "LINK_SILENT"),
    (1142, "LINK_ANSWER"),
    (1143, "LINK_UNSERVED"),
    (1144, "NOT_CONFIRMED"),
    (1145, "REVERTED"),
];

/// Why a package did not come to its end over a line.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkError {
    /// The system refused to open, read or write the line, for longer than the patience.
    Failed {
        /// The line.
        port: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Nobody answers.
    Silent {
        /// The line.
        port: String,
    },
    /// The device's answer makes no sense.
    Answer {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The device speaks SMP, but does not know what it is asked.
    Unserved {
        /// The number that SMP has for it.
        rc: u64,
    },
    /// The new image was not seen to run confirmed in time: it is on trial, waits for a start, or was lost.
    NotConfirmed {
        /// Its version.
        version: String,
    },
    /// The new image was tried and given up; the old one runs.
    Reverted {
        /// Version of the image that runs.
        version: String,
    },
}

impl LinkError {
    /// The stable number, explained by `sprag explain`.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Failed { .. } => 1140,
            Self::Silent { .. } => 1141,
            Self::Answer { .. } => 1142,
            Self::Unserved { .. } => 1143,
            Self::NotConfirmed { .. } => 1144,
            Self::Reverted { .. } => 1145,
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
            Self::Failed { .. } => "check the cable, the path and who else has it open",
            Self::Silent { .. } => {
                "check that the device runs and that nothing else listens; then send again: it goes on where it was"
            }
            Self::Answer { .. } | Self::Unserved { .. } => {
                "check that the firmware serves updates as docs/SERIAL.md describes"
            }
            Self::NotConfirmed { .. } => {
                "look at the device: an image that is not confirmed in its tries is given up"
            }
            Self::Reverted { .. } => {
                "look at why the new image did not confirm itself; the device runs what it ran before"
            }
        };
        Some(text.into())
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { port, source } => write!(f, "{port}: {source}"),
            Self::Silent { port } => write!(f, "{port}: no answer"),
            Self::Answer { what } => write!(f, "the device's answer cannot be used: {what}"),
            Self::Unserved { rc } => {
                write!(f, "the device does not serve the request (SMP says {rc})")
            }
            Self::NotConfirmed { version } => {
                write!(
                    f,
                    "version {version} was sent, and was not seen to be confirmed in time"
                )
            }
            Self::Reverted { version } => write!(
                f,
                "the new image was tried and given up; the device runs version {} again",
                printable(version)
            ),
        }
    }
}

// No `source`: the message above already holds it.
impl core::error::Error for LinkError {}

/// What a device said it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The stable number.
    pub code: u16,
    /// What the package has, where two sides were compared.
    pub package: Option<String>,
    /// What the device has.
    pub device: Option<String>,
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the device refused the package: ")?;
        match explain(self.code) {
            Some(explanation) => f.write_str(explanation.meaning.trim_end_matches('.'))?,
            None => f.write_str("for a reason that this version of sprag does not know")?,
        }
        match (&self.package, &self.device) {
            (Some(package), Some(device)) => write!(
                f,
                " (package: {}, device: {})",
                printable(package),
                printable(device)
            ),
            (Some(side), None) | (None, Some(side)) => write!(f, " ({})", printable(side)),
            (None, None) => Ok(()),
        }
    }
}
