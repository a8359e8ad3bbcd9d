//! Keys that other tools made.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use ct_codecs::{Base64, Decoder as _};
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use sha2::{Digest as _, Sha256};
use sprag_manifest::KeyId;
use zeroize::Zeroizing;

use super::format::MAX_FILE_LEN;
use super::{KeyError, PasswordSource, SigningKey, VerifyingKey};

/// What 32 bytes without any frame are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawKey {
    /// A seed (RFC 8032, section 5.1.5).
    Secret,
    /// A public key.
    Public,
}

/// A key that was read.
#[derive(Debug)]
pub enum Imported {
    /// Both halves.
    Secret(SigningKey),
    /// The public half.
    Public(VerifyingKey),
}

impl Imported {
    /// Reads a key of another tool: PEM (PKCS#8 or `SubjectPublicKeyInfo`, RFC 8410), a public key of OpenSSH, minisign's
    /// own, or, where `raw` says what they are, 32 bytes or 64 hexadecimal digits.
    ///
    /// Formats other than minisign's have no key id. It is then `key_id`, or else the first eight
    /// bytes of the public key's SHA-256, so that both halves get the same one.
    ///
    /// # Errors
    ///
    /// Missing, unreadable, no key of a known form ([`KeyError::Foreign`]), weak, or the password of a
    /// minisign key is wrong.
    pub fn read(
        path: &Path,
        raw: Option<RawKey>,
        key_id: Option<KeyId>,
        password: &PasswordSource,
    ) -> Result<Self, KeyError> {
        let bytes = read(path)?;
        let foreign = |reason: &str| KeyError::Foreign {
            path: path.into(),
            reason: reason.into(),
        };
        if let Some(raw) = raw {
            let bytes = raw_bytes(&bytes)
                .ok_or_else(|| foreign("it has neither 32 bytes nor 64 hexadecimal digits"))?;
            return match raw {
                RawKey::Secret => Ok(Self::Secret(secret(key_id, &bytes))),
                RawKey::Public => VerifyingKey::foreign(*bytes, key_id).map(Self::Public),
            };
        }
        let text = core::str::from_utf8(&bytes).map_err(|_| foreign("it is not text"))?;
        let begins = |label: &str| {
            text.trim_start()
                .starts_with(&format!("-----BEGIN {label}"))
        };
        if begins("PRIVATE KEY") {
            let key = ed25519_dalek::SigningKey::from_pkcs8_pem(text)
                .map_err(|error| foreign(&error.to_string()))?;
            return Ok(Self::Secret(secret(key_id, key.as_bytes())));
        }
        if begins("PUBLIC KEY") {
            let key = ed25519_dalek::VerifyingKey::from_public_key_pem(text)
                .map_err(|error| foreign(&error.to_string()))?;
            return VerifyingKey::foreign(key.to_bytes(), key_id).map(Self::Public);
        }
        if begins("ENCRYPTED PRIVATE KEY") {
            return Err(foreign(
                "it is encrypted; `openssl pkey -in FILE` opens it, and Sprag encrypts its own",
            ));
        }
        if ["ssh-", "ecdsa-", "sk-"]
            .iter()
            .any(|kind| text.starts_with(kind))
        {
            let key = openssh_public(text).ok_or_else(|| foreign("it is no ssh-ed25519 key"))?;
            return VerifyingKey::foreign(key, key_id).map(Self::Public);
        }
        match SigningKey::load(path, password) {
            Err(KeyError::PublicWhereSecret { .. }) => VerifyingKey::load(path).map(Self::Public),
            Err(KeyError::NotAKey { found, .. }) => Err(foreign(&format!("it is {found}"))),
            loaded => loaded.map(Self::Secret),
        }
    }
}

/// The id of a key that has none: the first eight bytes of the public key's SHA-256.
fn derived_id(public: &[u8; 32]) -> KeyId {
    let [a, b, c, d, e, f, g, h, ..] = Sha256::digest(public).0;
    KeyId([a, b, c, d, e, f, g, h])
}

fn secret(key_id: Option<KeyId>, seed: &[u8; 32]) -> SigningKey {
    let of = |key_id| SigningKey::from_seed(key_id, seed);
    let id = key_id.unwrap_or_else(|| derived_id(&of(KeyId([0; 8])).verifying_key().to_bytes()));
    of(id)
}

impl VerifyingKey {
    /// A key that comes without an id: it gets `key_id`, or else the first eight bytes of its SHA-256.
    ///
    /// # Errors
    ///
    /// [`KeyError::Weak`].
    pub fn foreign(key: [u8; 32], key_id: Option<KeyId>) -> Result<Self, KeyError> {
        Self::from_bytes(key_id.unwrap_or_else(|| derived_id(&key)), key)
    }
}

/// The key in a line of OpenSSH's `.pub` files (RFC 8709, section 4).
fn openssh_public(text: &str) -> Option<[u8; 32]> {
    let mut words = text.split_whitespace();
    let kind = words.next().filter(|kind| *kind == "ssh-ed25519")?;
    let blob = Base64::decode_to_vec(words.next()?, None).ok()?;
    // Two strings: the type again, and the key.
    let key = blob
        .strip_prefix(&[0, 0, 0, 11])?
        .strip_prefix(kind.as_bytes())?
        .strip_prefix(&[0, 0, 0, 32])?;
    key.try_into().ok()
}

fn raw_bytes(bytes: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    if let Ok(raw) = bytes.try_into() {
        return Some(Zeroizing::new(raw));
    }
    let digits = bytes.trim_ascii();
    if digits.len() != 64 {
        return None;
    }
    let mut raw = Zeroizing::new([0; 32]);
    for (byte, pair) in raw.iter_mut().zip(digits.chunks(2)) {
        let pair = core::str::from_utf8(pair).ok()?;
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(raw)
}

/// The bytes of a file that may hold a key, cleared from memory when dropped.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => KeyError::Missing { path: path.into() },
        _ => KeyError::Unreadable {
            path: path.into(),
            source,
        },
    };
    // Reserved in full, so that growing leaves no copy of a key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_LEN));
    let limit = u64::try_from(MAX_FILE_LEN).unwrap_or(u64::MAX);
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}
