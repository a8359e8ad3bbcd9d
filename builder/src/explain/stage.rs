//! Where in an update's life a fault shows.

use core::fmt;

/// The stage of an update that a fault belongs to. Those of a device come in the order in which it goes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Before a package leaves the pipeline: inputs, keys, the build.
    Release,
    /// Getting the bytes, and having room for them.
    Download,
    /// Whether they are whole, ours and for this device.
    Integrity,
    /// The old image, what is staged, and the way back.
    Backup,
    /// Making the new image in flash.
    Write,
    /// Choosing and starting an image.
    Boot,
    /// The new image at work.
    Operation,
}

impl Stage {
    /// All stages, in their order.
    pub const ALL: [Self; 7] = [
        Self::Release,
        Self::Download,
        Self::Integrity,
        Self::Backup,
        Self::Write,
        Self::Boot,
        Self::Operation,
    ];

    /// The stage of a code.
    #[must_use]
    pub const fn of(code: u16) -> Self {
        match code {
            330..=499 | 603 | 608 | 609 | 1140..=1143 => Self::Download,
            500..=599 | 605 | 606 | 610 | 906 => Self::Backup,
            607 | 720 | 800..=899 => Self::Write,
            901 | 903 | 905 | 1130..=1139 => Self::Boot,
            902 | 904 | 907..=999 | 1144 | 1145 => Self::Operation,
            ..=799 | 900 => Self::Integrity,
            _ => Self::Release,
        }
    }

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Download => "download",
            Self::Integrity => "integrity",
            Self::Backup => "backup",
            Self::Write => "write",
            Self::Boot => "boot",
            Self::Operation => "operation",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
