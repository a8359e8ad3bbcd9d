//! Secret keys that are not in files: in a token behind PKCS #11, or in an ssh-agent. They sign, and never come out.
//!
//! What they answer is checked under the public key that was asked for, before it is used.

mod agent;
mod error;
mod pkcs11;

#[cfg(test)]
mod tests;

use ed25519_dalek::Signature;
use sprag_manifest::KeyId;

pub use self::agent::sign_with_agent;
pub use self::error::{HOLDER_CODES, HolderError};
pub use self::pkcs11::{Token, TokenPlace};
use crate::keys::{PasswordSource, SigningKey, VerifyingKey};

/// A key that signs, wherever its secret half is.
pub trait Signer {
    /// Its id.
    fn key_id(&self) -> KeyId;

    /// Signs `message` itself with Ed25519 (RFC 8032).
    ///
    /// # Errors
    /// What a token or an agent refuses; none for a key that is here.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], HolderError>;
}

impl Signer for SigningKey {
    fn key_id(&self) -> KeyId {
        Self::key_id(self)
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], HolderError> {
        Ok(self.sign_ed25519(message))
    }
}

/// A key whose secret half a token or an agent holds.
#[derive(Clone, Debug)]
pub struct HeldKey {
    /// Its public half.
    pub key: VerifyingKey,
    /// The token, and where its PIN is; without one, it is the agent.
    pub token: Option<(TokenPlace, PasswordSource)>,
}

impl Signer for HeldKey {
    fn key_id(&self) -> KeyId {
        self.key.key_id()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], HolderError> {
        match &self.token {
            Some((place, pin)) => Token::find(place)?.sign(&self.key, message, pin),
            None => sign_with_agent(&self.key, message),
        }
    }
}

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
