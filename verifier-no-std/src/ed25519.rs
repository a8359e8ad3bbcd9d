//! Ed25519 (RFC 8032), strictly: which implementation a build links is chosen by type.

#[cfg(feature = "salty")]
mod salty;

use ed25519_dalek::{Signature, VerifyingKey};

#[cfg(feature = "salty")]
pub use self::salty::Salty;

/// Checks signatures. Whatever [`Dalek`] refuses, an implementation refuses too: `S` not below the group order, `A` or `R`
/// of small order or no point, `R` not canonical; and the equation is checked without the cofactor.
pub trait Ed25519 {
    /// A public key that may be used.
    type Key;

    /// The key of these bytes; `None` if it is no point, or one of small order.
    fn key(bytes: &[u8; 32]) -> Option<Self::Key>;

    /// Whether this is `key`'s signature over `message`.
    fn verify(key: &Self::Key, message: &[u8], signature: &[u8; 64]) -> bool;
}

/// By `ed25519-dalek`.
#[derive(Clone, Copy, Debug)]
pub struct Dalek;

impl Ed25519 for Dalek {
    type Key = VerifyingKey;

    fn key(bytes: &[u8; 32]) -> Option<VerifyingKey> {
        let key = VerifyingKey::from_bytes(bytes).ok()?;
        (!key.is_weak()).then_some(key)
    }

    fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod edges;
#[cfg(test)]
mod tests;
