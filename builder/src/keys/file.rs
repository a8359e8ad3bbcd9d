//! Key files: making a pair, and reading either half.

use core::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::format::{Cipher, ED25519, Hidden, MAX_FILE_LEN, SecretBox};
use super::{Cost, Found, KeyError, Password, SigningKey, kdf};
use crate::input::is_stdin;
use crate::output::{Access, Existing, Target};

/// How a new secret key is kept.
#[derive(Clone, Debug)]
pub enum Protection {
    /// Encrypted under a password.
    Password(Password, Cost),
    /// In the clear, as with `minisign -G -W`: for machines that have nobody to ask.
    None,
}

/// The two files of a key pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    /// The secret key, mode 0600.
    pub secret: PathBuf,
    /// The public key.
    pub public: PathBuf,
}

impl KeyFiles {
    /// The paths for `--out`: `FILE.key` has `FILE.pub` beside it, any other `NAME` has `NAME.pub`.
    #[must_use]
    pub fn beside(secret: &Path) -> Self {
        let public = if secret
            .extension()
            .is_some_and(|extension| extension == "key")
        {
            secret.with_extension("pub")
        } else {
            let mut name = secret.as_os_str().to_owned();
            name.push(".pub");
            name.into()
        };
        Self {
            secret: secret.into(),
            public,
        }
    }
}

/// A new key pair that has no files yet.
///
/// ```no_run
/// # fn main() -> Result<(), sprag::KeyError> {
/// use sprag::{Cost, KeyFiles, NewKey, PasswordSource, Protection};
/// let files = KeyFiles::beside("release.key".as_ref());
/// let ready = NewKey::check(&files)?; // before anybody types a password
/// let password = PasswordSource::from_option(None).new_password()?;
/// let key = ready.generate(&Protection::Password(password, Cost::default()))?;
/// println!("key {}", sprag::minisign_id(key.key_id()));
/// # Ok(())
/// # }
/// ```
pub struct NewKey {
    secret: Target,
    public: Target,
}

impl NewKey {
    /// Checks that both files can be made and that neither exists.
    ///
    /// # Errors
    ///
    /// [`KeyError::Exists`], [`KeyError::Output`] where a file cannot be made there, and
    /// [`KeyError::ToStdout`] for `-`.
    pub fn check(files: &KeyFiles) -> Result<Self, KeyError> {
        if is_stdin(&files.secret) || is_stdin(&files.public) {
            return Err(KeyError::ToStdout);
        }
        Ok(Self {
            secret: Target::check(&files.secret, [], Existing::Refuse, Access::Owner)?,
            public: Target::check(&files.public, [], Existing::Refuse, Access::Ordinary)?,
        })
    }

    /// Generates a key and writes both files: both appear, or neither.
    ///
    /// # Errors
    ///
    /// No randomness, no memory for the password's cost, or a file cannot be written.
    pub fn generate(self, protection: &Protection) -> Result<SigningKey, KeyError> {
        let key = SigningKey::generate()?;
        self.write(&key, protection)?;
        Ok(key)
    }

    /// As [`NewKey::generate`], for a key that comes from elsewhere.
    ///
    /// # Errors
    ///
    /// As [`NewKey::generate`].
    pub fn write(self, key: &SigningKey, protection: &Protection) -> Result<(), KeyError> {
        let secret_text = secret_file_text(key, protection)?;
        let public_text = key.verifying_key().to_file_text();
        // The public half first: if only one appears, it is the one that gives nothing away.
        let public_path = self.public.path().to_path_buf();
        self.public.write(public_text.as_bytes())?;
        self.secret.write(secret_text.as_bytes()).map_err(|error| {
            let _ = std::fs::remove_file(&public_path);
            error.into()
        })
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey")
            .field("secret", &self.secret.path())
            .finish_non_exhaustive()
    }
}

/// Writes a secret key's file again under another protection, in one step.
///
/// # Errors
///
/// The key cannot be opened, or its file not be written; it is then as it was.
pub fn change_protection(
    path: &Path,
    key: &SigningKey,
    protection: &Protection,
) -> Result<(), KeyError> {
    let target = Target::check(path, [], Existing::Replace, Access::Owner)?;
    Ok(target.write(secret_file_text(key, protection)?.as_bytes())?)
}

/// The text of a secret key file.
fn secret_file_text(
    key: &SigningKey,
    protection: &Protection,
) -> Result<Zeroizing<String>, KeyError> {
    let hidden = Hidden::new(ED25519, key.key_id(), &key.pair_bytes());
    secret_box(ED25519, hidden, protection)
}

/// The same of what is to be hidden.
pub(super) fn secret_box(
    kind: [u8; 2],
    mut hidden: Hidden,
    protection: &Protection,
) -> Result<Zeroizing<String>, KeyError> {
    let cipher = match protection {
        Protection::None => Cipher::None,
        Protection::Password(password, cost) => {
            let mut salt = [0; 32];
            random(&mut salt)?;
            let (opslimit, memlimit) = cost.limits();
            hidden.combine(&*kdf::stream(password, &salt, opslimit, memlimit)?);
            Cipher::Scrypt {
                salt,
                opslimit,
                memlimit,
            }
        }
    };
    let secret = SecretBox {
        kind,
        cipher,
        hidden,
    };
    Ok(secret.encode())
}

/// The text of a key file, cleared from memory when dropped.
pub(super) fn read_key_text(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let unreadable = |source| KeyError::Unreadable {
        path: path.into(),
        source,
    };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeyError::Missing { path: path.into() });
        }
        opened => opened.map_err(unreadable)?,
    };
    // Reserved in full, so that growing leaves no copy of a key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_LEN + 1));
    let limit = u64::try_from(MAX_FILE_LEN + 1).unwrap_or(u64::MAX);
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let package = bytes.starts_with(b"SPRG");
    let text = core::str::from_utf8(&bytes)
        .ok()
        .filter(|text| text.len() <= MAX_FILE_LEN);
    match text {
        Some(text) if !package => Ok(Zeroizing::new(text.into())),
        _ => {
            let found = if package {
                Found::Package
            } else {
                Found::Unknown
            };
            Err(KeyError::NotAKey {
                path: path.into(),
                found,
            })
        }
    }
}

/// Fills `bytes` from the system's generator.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), KeyError> {
    getrandom::fill(bytes).map_err(|_| KeyError::NoRandomness)
}
