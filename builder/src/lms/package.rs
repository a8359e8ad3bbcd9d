//! The signature in a package.

use sprag_manifest::{Algorithm, SignatureEntry, hss_lms_protected};

use super::LmsSecret;
use crate::error::Error;
use crate::package::{message_under, with_entry};
use crate::verify::manifest_bytes;

/// Adds an LMS signature to a package, behind those that it has.
///
/// # Errors
/// What is wrong with the package; [`Error::TrustChange`] if the key has signed it, before a leaf is taken; what is wrong
/// with the key or its state.
pub fn add_lms_signature(package: &[u8], key: &LmsSecret) -> Result<Vec<u8>, Error> {
    let protected = hss_lms_protected(key.key_id());
    let entry = |signature| SignatureEntry {
        algorithm: Algorithm::HssLms,
        key_id: key.key_id(),
        protected: &protected,
        signature,
    };
    // A package that cannot take the signature must not cost a leaf.
    let unsigned = vec![0; key.parameters().signature_len()];
    with_entry(package, &entry(&unsigned))?;
    let message = message_under(manifest_bytes(package)?, &protected)?;
    let signature = key.sign(&message)?;
    with_entry(package, &entry(&signature))
}
