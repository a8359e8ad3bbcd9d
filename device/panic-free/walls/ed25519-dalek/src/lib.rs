//! What our crates call of `ed25519-dalek`, without its content: opaque, and without panics.
#![no_std]

use core::hint::black_box;

/// Never told apart.
#[derive(Clone, Copy, Debug)]
pub struct SignatureError;

/// A signature.
#[derive(Clone, Copy, Debug)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Of 64 bytes.
    ///
    /// # Errors
    /// Another length.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, SignatureError> {
        let bytes = bytes.try_into().map_err(|_| SignatureError)?;
        Ok(Self(bytes))
    }
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// Of 32 bytes.
    ///
    /// # Errors
    /// Whatever the real one refuses.
    #[inline(never)]
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SignatureError> {
        match black_box(true) {
            true => Ok(Self(*bytes)),
            false => Err(SignatureError),
        }
    }

    /// Whether it is a point of low order.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        black_box(self.0) == [0; 32]
    }

    /// Verifies.
    ///
    /// # Errors
    /// Whatever the real one refuses.
    #[inline(never)]
    pub fn verify_strict(
        &self,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        match black_box((message, signature.0, true)).2 {
            true => Ok(()),
            false => Err(SignatureError),
        }
    }
}
