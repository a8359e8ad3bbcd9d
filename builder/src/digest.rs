//! SHA-256, as `sha256sum` prints it.

use sha2::{Digest as _, Sha256};
use sprag_manifest::Digest;

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}
