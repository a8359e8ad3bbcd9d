//! Signatures that are made far from the builder: a request that people can read, and its answer.
//!
//! A request is text. Whoever answers it takes the manifest out of it, writes the request again and compares every byte,
//! so that what was read is what is signed. Neither holds anything secret.

use std::path::Path;

use ct_codecs::{Base64, Decoder as _, Encoder as _, Hex};
use sprag_manifest::{Digest, Image, KeyId, Manifest, PackedVersion};
use sprag_verifier::{Dalek, Ed25519 as _};

use crate::digest::sha256;
use crate::error::Error;
use crate::keys::{SigningKey, VerifyingKey, minisign_id};
use crate::package::{message_of, with_signature};
use crate::verify::manifest_bytes;

/// Adds `key`'s signature to a package, behind those that it has.
///
/// # Errors
/// What is wrong with the package; [`Error::TrustChange`] if the key has signed it.
pub fn add_signature(package: &[u8], key: &SigningKey) -> Result<Vec<u8>, Error> {
    let message = message_of(manifest_bytes(package)?, key.key_id())?;
    with_signature(package, key.key_id(), &key.sign_ed25519(&message))
}

/// What a key is asked to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    key: VerifyingKey,
    manifest: Vec<u8>,
}

/// A signature for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    key: VerifyingKey,
    manifest: Digest,
    signature: [u8; 64],
}

const REQUEST: &str = "sprag sign request 1";
const ANSWER: &str = "sprag sign answer 1";

impl Request {
    /// Asks `key` to sign `package`.
    ///
    /// # Errors
    /// What is wrong with the package's head.
    pub fn new(package: &[u8], key: &VerifyingKey) -> Result<Self, Error> {
        let manifest = manifest_bytes(package)?.to_vec();
        Ok(Self {
            key: key.clone(),
            manifest,
        })
    }

    /// Reads a request, and checks that its words say what its manifest says.
    ///
    /// # Errors
    /// [`Error::SignRequest`] naming `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let failed = |reason: &str| refused(path, reason);
        let key = key_of(text).ok_or_else(|| failed("it names no key"))?;
        let manifest = field(text, "manifest")
            .and_then(|value| Base64::decode_to_vec(value, None).ok())
            .ok_or_else(|| failed("it holds no manifest"))?;
        let request = Self { key, manifest };
        if request.to_text()? != text {
            return Err(failed(
                "its words are not what the manifest in it says: it was changed on the way",
            ));
        }
        Ok(request)
    }

    /// The request as text.
    ///
    /// # Errors
    /// What is wrong with the manifest.
    pub fn to_text(&self) -> Result<String, Error> {
        let mut text = format!("{REQUEST}\n{}", self.summary()?);
        let manifest = Base64::encode_to_string(&self.manifest).unwrap_or_default();
        text.push_str(&format!("manifest: {manifest}\n"));
        let check = sha256(text.as_bytes());
        text.push_str(&format!("check: {check}\n"));
        Ok(text)
    }

    /// What is to be signed, in words.
    ///
    /// # Errors
    /// What is wrong with the manifest.
    pub fn summary(&self) -> Result<String, Error> {
        let manifest = Manifest::decode(&self.manifest).map_err(sprag_verifier::Error::from)?;
        let hardware: Vec<&str> = manifest.hardware.iter().collect();
        let mut lines = vec![
            format!("key: {}", minisign_id(self.key.key_id())),
            format!("key-id: {}", self.key.key_id()),
            format!("public: {}", hex(&self.key.to_bytes())),
            format!("vendor: {}", manifest.vendor),
            format!("product: {}", manifest.product),
            format!("hardware: {}", hardware.join(" ")),
            format!("new: {}", image(&manifest.target)),
        ];
        for source in manifest.sources.iter() {
            lines.push(format!("old: {}", image(&source)));
        }
        lines.push(format!(
            "sequence: {} ({})",
            manifest.sequence,
            PackedVersion(manifest.sequence)
        ));
        lines.push(format!("security-counter: {}", manifest.security_counter));
        if let Some(version) = manifest.keyset_version {
            lines.push(format!("keyset-version: {version}"));
        }
        if manifest.keysets_len > 0 {
            lines.push(format!("key-set-updates: {} bytes", manifest.keysets_len));
        }
        lines.push(format!("manifest-sha256: {}", sha256(&self.manifest)));
        lines.push(String::new());
        Ok(lines.join("\n"))
    }

    /// The manifest that is to be signed.
    #[must_use]
    pub fn manifest(&self) -> &[u8] {
        &self.manifest
    }

    /// The key that is asked.
    #[must_use]
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Whether `key` is the one that is asked.
    ///
    /// # Errors
    /// [`Error::SignRequest`] naming `path` if another one is.
    pub fn check_asked(&self, path: &Path, key: &VerifyingKey) -> Result<(), Error> {
        if *key == self.key {
            return Ok(());
        }
        let asked = minisign_id(self.key.key_id());
        let reason = format!(
            "it asks key {asked}, and the key given is {}",
            minisign_id(key.key_id())
        );
        Err(refused(path, &reason))
    }

    /// Signs what is asked for.
    ///
    /// # Errors
    /// [`Error::SignRequest`] naming `path` if another key is asked.
    pub fn answer(&self, path: &Path, key: &SigningKey) -> Result<Answer, Error> {
        self.check_asked(path, &key.verifying_key())?;
        Ok(Answer {
            key: self.key.clone(),
            manifest: sha256(&self.manifest),
            signature: key.sign_ed25519(&self.message()?),
        })
    }

    /// An answer by a signature that another program made.
    ///
    /// # Errors
    /// [`Error::SignRequest`] naming `path` if the signature does not hold.
    pub fn answered_by(&self, path: &Path, signature: [u8; 64]) -> Result<Answer, Error> {
        let answer = Answer {
            key: self.key.clone(),
            manifest: sha256(&self.manifest),
            signature,
        };
        answer.check(path, &self.manifest)?;
        Ok(answer)
    }

    /// The bytes that the key signs.
    ///
    /// # Errors
    /// None for a manifest that was read.
    pub fn message(&self) -> Result<Vec<u8>, Error> {
        message_of(&self.manifest, self.key.key_id())
    }
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`Error::SignRequest`] naming `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let parsed = || {
            let signature = Hex::decode_to_vec(field(text, "signature")?, None).ok()?;
            Some(Self {
                key: key_of(text)?,
                manifest: Digest::from_hex(field(text, "manifest-sha256")?)?,
                signature: signature.try_into().ok()?,
            })
        };
        match parsed().filter(|answer| answer.to_text() == text) {
            Some(answer) => Ok(answer),
            None => Err(refused(path, "it is no answer to a request")),
        }
    }

    /// The answer as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!(
            "{ANSWER}\nkey-id: {}\npublic: {}\nmanifest-sha256: {}\nsignature: {}\n",
            self.key.key_id(),
            hex(&self.key.to_bytes()),
            self.manifest,
            hex(&self.signature)
        )
    }

    /// The key that signed.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key.key_id()
    }

    /// Whether it is by the key that was asked, byte for byte: an answer's own words on its key prove nothing.
    ///
    /// # Errors
    /// [`Error::SignRequest`] naming `path`.
    pub fn check_key(&self, path: &Path, key: &VerifyingKey) -> Result<(), Error> {
        if self.key == *key {
            return Ok(());
        }
        let reason = format!(
            "it is by key {} ({}), and key {} ({}) was asked",
            minisign_id(self.key.key_id()),
            hex(&self.key.to_bytes()),
            minisign_id(key.key_id()),
            hex(&key.to_bytes())
        );
        Err(refused(path, &reason))
    }

    /// Adds the signature to the package that was asked for.
    ///
    /// # Errors
    /// [`Error::SignRequest`] naming `path` if it is for another package or does not hold; [`Error::TrustChange`] if the
    /// key has signed the package.
    pub fn attach(&self, path: &Path, package: &[u8]) -> Result<Vec<u8>, Error> {
        self.check(path, manifest_bytes(package)?)?;
        with_signature(package, self.key.key_id(), &self.signature)
    }

    fn check(&self, path: &Path, manifest: &[u8]) -> Result<(), Error> {
        let found = sha256(manifest);
        if found != self.manifest {
            let asked = self.manifest;
            let reason = format!("it is for manifest {asked}, the package has {found}");
            return Err(refused(path, &reason));
        }
        let message = message_of(manifest, self.key.key_id())?;
        match Dalek::key(&self.key.to_bytes()) {
            Some(key) if Dalek::verify(&key, &message, &self.signature) => Ok(()),
            _ => Err(refused(path, "its signature does not hold")),
        }
    }
}

fn image(image: &Image<'_>) -> String {
    format!(
        "{} sha256:{} {} bytes",
        image.version, image.digest, image.size
    )
}

/// The value of the first line that begins with `name`.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn key_of(text: &str) -> Option<VerifyingKey> {
    let id = KeyId::from_hex(field(text, "key-id")?)?;
    let bytes = Digest::from_hex(field(text, "public")?)?.0;
    VerifyingKey::from_bytes(id, bytes).ok()
}

fn hex(bytes: &[u8]) -> String {
    // Only an overflow of the length could fail.
    Hex::encode_to_string(bytes).unwrap_or_default()
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::SignRequest {
        path: path.into(),
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests;
