//! What a key file is, without its password.

use std::path::{Path, PathBuf};

use super::file::read_key_text;
use super::format::{Cipher, SecretBox};
use super::{Found, KeyError, PasswordSource, SigningKey, VerifyingKey};

/// What can be told of a key file without a password.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyFacts {
    /// The path as given.
    pub path: PathBuf,
    /// Whether it holds a secret key.
    pub secret: Option<SecretFacts>,
    /// The public half; an encrypted secret key hides even that.
    pub key: Option<VerifyingKey>,
    /// Whether the secret half is published in `keys-example/`, so that devices refuse the key.
    pub is_example: bool,
}

/// What can be told of a secret key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretFacts {
    /// Whether a password is needed.
    pub is_encrypted: bool,
    /// The bits of the file's mode by which others than its owner reach it, where there are modes.
    pub loose_mode: Option<u32>,
}

impl KeyFacts {
    /// Looks at a key file.
    ///
    /// # Errors
    ///
    /// Missing, unreadable, no minisign key, damaged, or weak.
    pub fn of(path: &Path) -> Result<Self, KeyError> {
        let text = read_key_text(path)?;
        let (secret, key) = match SecretBox::decode(&text) {
            Ok(found) => {
                let is_encrypted = found.cipher != Cipher::None;
                let secret = SecretFacts {
                    is_encrypted,
                    loose_mode: loose_mode(path),
                };
                let key = if is_encrypted {
                    None
                } else {
                    let key = SigningKey::load(path, &PasswordSource::EnvironmentOrPrompt)?;
                    Some(key.verifying_key())
                };
                (Some(secret), key)
            }
            Err(Found::PublicKey) => (None, Some(VerifyingKey::load(path)?)),
            Err(found) => {
                return Err(KeyError::NotAKey {
                    path: path.into(),
                    found,
                });
            }
        };
        let is_example = key
            .as_ref()
            .is_some_and(|key| sprag_verifier::EXAMPLE_KEYS.contains(&key.to_bytes()));
        Ok(Self {
            path: path.into(),
            secret,
            key,
            is_example,
        })
    }
}

#[cfg(unix)]
fn loose_mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    Some(mode & 0o077).filter(|loose| *loose != 0)
}

#[cfg(not(unix))]
fn loose_mode(_: &Path) -> Option<u32> {
    None
}
