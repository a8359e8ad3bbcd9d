//! Keys and detached signatures, in minisign's own file formats.
//!
//! A key pair is two text files: `FILE.key`, mode 0600 and encrypted under a password unless asked
//! otherwise, and `FILE.pub`. Stock `minisign` reads both, and Sprag reads those that stock
//! `minisign` made. The same Ed25519 key signs envelopes (COSE, over the manifest) and, detached,
//! whole packages (`.minisig`).
//!
//! The eight bytes of a minisign key id are random: no hash of the key, so an id chooses a key and
//! proves nothing. [`KeyId`] holds them in the order of the files, and in this order they are the
//! COSE `kid`. Stock `minisign` shows them as a little-endian number, and so does [`minisign_id`].
//!
//! Detached signatures are always made over the BLAKE2b-512 hash of the file (`ED`). The legacy
//! kind (`Ed`) signs the file's own bytes, so a file could be offered that equals the structure
//! that an envelope signs; it is verified and never made. Making one draws no randomness (RFC 8032)
//! and names no time, so that equal inputs give equal bytes.

mod error;
mod export;
mod facts;
mod file;
mod format;
mod import;
mod kdf;
pub(crate) mod lms_file;
mod password;
mod sign;
mod verify;

#[cfg(test)]
mod tests;

use sprag_manifest::KeyId;

pub use self::error::{Found, KEY_CODES, KeyError};
pub use self::export::ExportForm;
pub use self::facts::{KeyFacts, SecretFacts};
pub(crate) use self::file::random;
pub use self::file::{KeyFiles, NewKey, Protection, change_protection};
pub use self::import::{Imported, RawKey};
pub use self::kdf::Cost;
pub use self::password::{PASSWORD_VARIABLE, PIN_VARIABLE, Password, PasswordSource};
pub use self::sign::{SigningKey, TrustedComment};
pub use self::verify::{Detached, SignatureKind, VerifyingKey, verify_detached};

/// A key id as stock `minisign` shows it and as every message of Sprag does: as a number, the last
/// byte of the file first, without leading zeros.
#[must_use]
pub fn minisign_id(key_id: KeyId) -> String {
    format!("{:X}", u64::from_le_bytes(key_id.0))
}
