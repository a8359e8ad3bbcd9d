//! Secret keys that are not in files: in a token behind PKCS #11, or in an ssh-agent. They sign, and never come out.
//!
//! What they answer is checked under the public key that was asked for, before it is used.

mod agent;
mod error;
mod pkcs11;

#[cfg(test)]
mod tests;

use ed25519_dalek::Signature;

pub use self::agent::sign_with_agent;
pub use self::error::{HOLDER_CODES, HolderError};
pub use self::pkcs11::{Token, TokenPlace};
use crate::keys::VerifyingKey;

/// A signature that `key` made over `message`, and nothing else.
fn checked(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Result<[u8; 64], HolderError> {
    let wrong = HolderError::Wrong { key: key.key_id() };
    let Ok(bytes) = <[u8; 64]>::try_from(signature) else {
        return Err(wrong);
    };
    let public = ed25519_dalek::VerifyingKey::from_bytes(&key.to_bytes());
    let holds = public.is_ok_and(|public| {
        public
            .verify_strict(message, &Signature::from_bytes(&bytes))
            .is_ok()
    });
    if holds { Ok(bytes) } else { Err(wrong) }
}
