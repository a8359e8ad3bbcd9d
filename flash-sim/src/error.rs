//! What an injected fault looks like to the caller.

use core::error::Error;
use core::fmt::{Display, Formatter, Result as FmtResult};

use embedded_storage::nor_flash::{NorFlashError, NorFlashErrorKind};

/// A fault of the device. Misuse by the caller is never an error: it panics.
///
/// Addresses are in bytes from the start of the flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlashError {
    /// The power failed during this call or earlier, and is still off.
    PowerLost,
    /// The sector at `address` was not erased; its content is unchanged.
    EraseFailed {
        /// Start of the sector.
        address: u32,
    },
    /// The write unit at `address` was not programmed; units before it were.
    WriteFailed {
        /// Start of the write unit.
        address: u32,
    },
    /// The read failed; the buffer holds nothing of use.
    ReadFailed {
        /// Where the read began.
        address: u32,
    },
    /// The error-correcting code could not repair the write unit at `address`.
    Uncorrectable {
        /// Start of the write unit.
        address: u32,
    },
    /// The call touched the protected byte at `address`; nothing was changed.
    WriteProtected {
        /// First protected byte that the call touched.
        address: u32,
    },
}

impl Display for FlashError {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        match self {
            Self::PowerLost => write!(f, "the power is off"),
            Self::EraseFailed { address } => write!(f, "erase failed at {address:#010x}"),
            Self::WriteFailed { address } => write!(f, "write failed at {address:#010x}"),
            Self::ReadFailed { address } => write!(f, "read failed at {address:#010x}"),
            Self::Uncorrectable { address } => write!(f, "uncorrectable bits at {address:#010x}"),
            Self::WriteProtected { address } => write!(f, "write-protected at {address:#010x}"),
        }
    }
}

impl Error for FlashError {}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        // Bounds and alignment panic instead, so what is left is particular to the device.
        NorFlashErrorKind::Other
    }
}
