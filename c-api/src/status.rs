//! What every function returns: 0 and above for success, the negative of an error's stable number below.
//!
//! The numbers of all errors are in `include/sprag_codes.h`, which is made from the registers.

use sprag_verifier::Error;

/// Done; after `sprag_process`: more bytes are wanted.
pub const SPRAG_OK: i32 = 0;
/// The new image is whole and marked for its trial boot: restart.
pub const SPRAG_DONE: i32 = 1;
/// All is staged for the bootloader, which makes the new image in the only slot: restart.
pub const SPRAG_STAGED: i32 = 2;

/// What the C side can do wrong: `sprag_verifier::BINDING_CODES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misuse {
    NullPointer,
    StructSize,
    Misaligned,
    Memory,
    Text,
    FlashLayout,
    Incomplete,
    Argument,
}

/// Why a call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// By the updater.
    Update(Error),
    /// Before it was asked.
    Misuse(Misuse),
}

impl From<Error> for Refusal {
    fn from(e: Error) -> Self {
        Self::Update(e)
    }
}

impl From<Misuse> for Refusal {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

impl Refusal {
    /// The stable number.
    pub(crate) const fn code(&self) -> u16 {
        match self {
            Self::Update(e) => e.code(),
            Self::Misuse(misuse) => misuse.code(),
        }
    }
}

impl Misuse {
    const fn code(self) -> u16 {
        match self {
            Self::NullPointer => 921,
            Self::StructSize => 922,
            Self::Misaligned => 923,
            Self::Memory => 924,
            Self::Text => 925,
            Self::FlashLayout => 926,
            Self::Incomplete => 927,
            Self::Argument => 928,
        }
    }
}

/// What a function returns.
pub(crate) fn status(result: Result<i32, Refusal>) -> i32 {
    result.unwrap_or_else(|refusal| i32::from(refusal.code()).wrapping_neg())
}
