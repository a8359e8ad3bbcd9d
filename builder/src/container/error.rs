//! What can be wrong with a file that holds an image in another form.

use core::fmt;

use crate::exit;

/// Number and name of every [`ContainerError`].
pub const CONTAINER_CODES: &[(u16, &str)] = &[
    (1060, "NOT_IN_FORMAT"),
    (1061, "BAD_RECORD"),
    (1062, "BAD_RECORD_CHECKSUM"),
    (1063, "RECORDS_CUT_SHORT"),
    (1064, "RANGES_OVERLAP"),
    (1065, "RANGES_TOO_FAR_APART"),
    (1066, "NO_IMAGE_DATA"),
    (1067, "MIXED_FAMILIES"),
];

/// Why a file holds no image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContainerError {
    /// It is not in the format that was named.
    NotInFormat {
        /// The format.
        format: &'static str,
        /// What gives it away.
        reason: String,
    },
    /// A line or block breaks the rules of its format.
    BadRecord {
        /// `line` or `block`.
        unit: &'static str,
        /// Its number: lines from 1, blocks from 0.
        number: u32,
        /// Which rule.
        reason: String,
    },
    /// A line's bytes do not agree with its checksum.
    BadChecksum {
        /// Number of the line, from 1.
        line: u32,
        /// The checksum in the line.
        found: u8,
        /// The checksum of its bytes.
        expected: u8,
    },
    /// The file ends before the record or block that ends the image.
    CutShort {
        /// What is missing.
        missing: String,
    },
    /// An address is given bytes twice.
    Overlap {
        /// The first such address.
        address: u64,
    },
    /// Two ranges lie too far apart to be in one slot.
    Gap {
        /// Address behind the first range.
        from: u64,
        /// Address of the second.
        to: u64,
        /// Longest gap that is filled.
        max: u64,
    },
    /// No byte is given to any address.
    NoData,
    /// A UF2 file has images for several families of chips.
    MixedFamilies {
        /// The first's identifier.
        first: u32,
        /// Another's.
        second: u32,
    },
}

impl ContainerError {
    /// The stable number, explained by `sprag explain`.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::NotInFormat { .. } => 1060,
            Self::BadRecord { .. } => 1061,
            Self::BadChecksum { .. } => 1062,
            Self::CutShort { .. } => 1063,
            Self::Overlap { .. } => 1064,
            Self::Gap { .. } => 1065,
            Self::NoData => 1066,
            Self::MixedFamilies { .. } => 1067,
        }
    }

    /// The exit code of the command.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        exit::MALFORMED
    }

    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NotInFormat { .. } => {
                "check --input-format; `auto` recognises Intel HEX, S-records and UF2"
            }
            Self::BadRecord { .. } | Self::BadChecksum { .. } | Self::CutShort { .. } => {
                "make or download the file again; if it is the image itself, pass --input-format bin"
            }
            Self::Overlap { .. } => {
                "the file was joined from parts that share addresses; join them without"
            }
            Self::Gap { .. } => {
                "leave out what is not in the slot, such as configuration words (objcopy --remove-section)"
            }
            Self::NoData => "check the step that was to write it",
            Self::MixedFamilies { .. } => "name the file of this device's chip alone",
        }
    }
}

impl fmt::Display for ContainerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInFormat { format, reason } => write!(f, "is no {format} file: {reason}"),
            Self::BadRecord {
                unit,
                number,
                reason,
            } => write!(f, "{unit} {number}: {reason}"),
            Self::BadChecksum {
                line,
                found,
                expected,
            } => write!(
                f,
                "line {line}: the checksum is {found:02x}, and that of the bytes is {expected:02x}"
            ),
            Self::CutShort { missing } => write!(f, "ends too early: {missing}"),
            Self::Overlap { address } => {
                write!(f, "the byte at address {address:#x} is given twice")
            }
            Self::Gap { from, to, max } => write!(
                f,
                "nothing lies from {from:#x} to {to:#x}, and at most {max} B are filled"
            ),
            Self::NoData => write!(f, "holds no bytes of an image"),
            Self::MixedFamilies { first, second } => write!(
                f,
                "holds images for several families of chips, such as {first:#010x} and {second:#010x}"
            ),
        }
    }
}

impl core::error::Error for ContainerError {}
