//! Files of LMS keys: the same layout, passwords and protection as those of Ed25519 keys.

use std::path::Path;

use sprag_manifest::{HSS_LMS_KEY_LEN, KeyId};
use zeroize::Zeroizing;

use super::file::{read_key_text, secret_box};
use super::format::{Cipher, Hidden, LMS, SecretBox, decode_lms_public, encode_lms_public};
use super::{Found, KeyError, Password, Protection, kdf};

/// A secret key file, opened.
pub(crate) struct Opened {
    pub(crate) key_id: KeyId,
    pub(crate) payload: Zeroizing<[u8; 64]>,
}

/// Whether the file at `path` is the secret half of an LMS key, or the public one; `None` for something else.
pub(crate) fn is_secret(path: &Path) -> Result<Option<bool>, KeyError> {
    let text = read_key_text(path)?;
    Ok(match decode_lms_public(&text) {
        Ok(_) => Some(false),
        Err(Found::LmsSecretKey) => Some(true),
        Err(_) => None,
    })
}

/// Opens the secret key at `path`; `None` if the file is something else, which is for others to judge.
pub(crate) fn open_secret(
    path: &Path,
    password: impl FnOnce() -> Result<Password, KeyError>,
) -> Result<Option<Opened>, KeyError> {
    let text = read_key_text(path)?;
    let mut secret = match SecretBox::decode_lms(&text) {
        Ok(secret) => secret,
        Err(found @ Found::LmsPublicKey) => {
            return Err(KeyError::PublicWhereSecret {
                path: path.into(),
                found,
            });
        }
        Err(_) => return Ok(None),
    };
    let refused = match secret.cipher {
        Cipher::None => KeyError::Broken { path: path.into() },
        Cipher::Scrypt {
            salt,
            opslimit,
            memlimit,
        } => {
            let stream = kdf::stream(&password()?, &salt, opslimit, memlimit)?;
            secret.hidden.combine(&stream);
            KeyError::WrongPassword { path: path.into() }
        }
    };
    let (key_id, payload) = secret.hidden.open(LMS, secret.cipher).ok_or(refused)?;
    Ok(Some(Opened {
        key_id,
        payload: Zeroizing::new(*payload),
    }))
}

/// The text of a secret key file.
pub(crate) fn secret_text(
    key_id: KeyId,
    payload: &[u8; 64],
    protection: &Protection,
) -> Result<Zeroizing<String>, KeyError> {
    secret_box(LMS, Hidden::new(LMS, key_id, payload), protection)
}

/// The public key in the file at `path`; `None` if it is something else.
pub(crate) fn open_public(path: &Path) -> Result<Option<(KeyId, [u8; HSS_LMS_KEY_LEN])>, KeyError> {
    let text = read_key_text(path)?;
    match decode_lms_public(&text) {
        Ok(key) => Ok(Some(key)),
        Err(found @ Found::LmsSecretKey) => Err(KeyError::SecretWherePublic {
            path: path.into(),
            found,
        }),
        Err(_) => Ok(None),
    }
}

/// The text of a public key file.
pub(crate) fn public_text(key_id: KeyId, key: &[u8; HSS_LMS_KEY_LEN]) -> String {
    encode_lms_public(key_id, key)
}
