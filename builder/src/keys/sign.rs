//! The secret half: signing keys, and the two things they sign.

use core::fmt;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;

use blake2::{Blake2b512, Digest as _};
use ed25519_dalek::Signer as _;
use sprag_manifest::{Digest, KeyId};
use zeroize::Zeroizing;

use super::file::{random, read_key_text};
use super::format::{Cipher, SecretBox, encode_signature};
use super::{Found, KeyError, PasswordSource, VerifyingKey, kdf, minisign_id};
use crate::input::shown;

/// A secret key and its id. Cleared from memory when dropped, and never shown.
pub struct SigningKey {
    key_id: KeyId,
    inner: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A fresh key with a fresh id, from the system's randomness.
    ///
    /// # Errors
    ///
    /// [`KeyError::NoRandomness`].
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        let mut key_id = [0; 8];
        random(seed.as_mut_slice())?;
        random(&mut key_id)?;
        Ok(Self::from_seed(KeyId(key_id), &seed))
    }

    /// The key of a 32-byte seed (RFC 8032), for keys that come from elsewhere.
    #[must_use]
    pub fn from_seed(key_id: KeyId, seed: &[u8; 32]) -> Self {
        Self {
            key_id,
            inner: ed25519_dalek::SigningKey::from_bytes(seed),
        }
    }

    /// Reads a minisign secret key file. `password` is asked only where the file is encrypted.
    ///
    /// # Errors
    ///
    /// Missing, unreadable, not a key, a public key, damaged, or the password is wrong or cannot
    /// be had.
    pub fn load(path: &Path, password: &PasswordSource) -> Result<Self, KeyError> {
        let text = read_key_text(path)?;
        let mut secret = SecretBox::decode(&text).map_err(|found| match found {
            Found::PublicKey | Found::OtherPublicKey | Found::LmsPublicKey => {
                KeyError::PublicWhereSecret {
                    path: path.into(),
                    found,
                }
            }
            _ => KeyError::NotAKey {
                path: path.into(),
                found,
            },
        })?;
        let broken = || match secret.cipher {
            Cipher::None => KeyError::Broken { path: path.into() },
            Cipher::Scrypt { .. } => KeyError::WrongPassword { path: path.into() },
        };
        if let Cipher::Scrypt {
            salt,
            opslimit,
            memlimit,
        } = secret.cipher
        {
            let password = password.existing(&shown(path))?;
            let stream = kdf::stream(&password, &salt, opslimit, memlimit)?;
            secret.hidden.combine(&stream);
        }
        let (key_id, pair) = secret
            .hidden
            .open(secret.kind, secret.cipher)
            .ok_or_else(broken)?;
        // A wrong public half would make signatures that betray the secret one, so it is checked.
        let inner = ed25519_dalek::SigningKey::from_keypair_bytes(pair)
            .map_err(|_| KeyError::Broken { path: path.into() })?;
        Ok(Self { key_id, inner })
    }

    /// The id, eight bytes as in the file: the COSE `kid`.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The public half.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey::of(self)
    }

    /// Signs `message` itself with Ed25519 (RFC 8032): for the `Sig_structure` of an envelope, and
    /// for nothing that anybody else chose.
    #[must_use]
    pub fn sign_ed25519(&self, message: &[u8]) -> [u8; 64] {
        self.inner.sign(message).to_bytes()
    }

    /// Makes a detached, prehashed signature over everything that `data` yields, and over
    /// `comment`: the text of a `.minisig` file.
    ///
    /// # Errors
    ///
    /// [`KeyError::Data`] where `data` cannot be read.
    pub fn sign_detached(
        &self,
        mut data: impl Read,
        comment: &TrustedComment,
    ) -> Result<String, KeyError> {
        let mut hash = Blake2b512::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match data.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => hash.update(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(KeyError::Data(error)),
            }
        }
        let signature = self.sign_ed25519(&hash.finalize());
        let global = self.sign_ed25519(&[&signature, comment.0.as_bytes()].concat());
        Ok(encode_signature(
            self.key_id,
            &signature,
            &comment.0,
            &global,
        ))
    }

    pub(super) fn pair_bytes(&self) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(self.inner.to_keypair_bytes())
    }

    pub(super) fn public_bytes(&self) -> [u8; 32] {
        self.inner.verifying_key().to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ..)", minisign_id(self.key_id))
    }
}

/// The comment that a detached signature covers: `file:NAME sha256:HEX`, and no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedComment(String);

impl TrustedComment {
    /// The comment for a file called `name` with this SHA-256. Folders are left out.
    ///
    /// # Errors
    ///
    /// [`KeyError::CommentRefused`] where the name is empty, longer than 255 bytes, not UTF-8, or
    /// holds control characters, with which it could forge a line.
    pub fn for_file(name: &Path, sha256: Digest) -> Result<Self, KeyError> {
        let name = name.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if name.is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
            return Err(KeyError::CommentRefused);
        }
        Ok(Self(format!("file:{name} sha256:{sha256}")))
    }

    /// The comment as it stands in the signature.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
