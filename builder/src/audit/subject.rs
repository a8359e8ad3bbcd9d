//! What an entry is about.

use serde::{Deserialize, Serialize};
use sprag_manifest::{Digest, Image, KeyId, Manifest};

use crate::digest::sha256;
use crate::error::Error;
use crate::verify::manifest_bytes;

/// What an entry is about, as far as it applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Subject {
    /// SHA-256 of a package, signatures included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<Digest>,
    /// SHA-256 of its manifest: the package's identity, whoever signs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Digest>,
    /// Who made the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// What kind of device it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Hardware revisions; of an approval without any: all that the package names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hardware: Vec<String>,
    /// The new image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<ImageName>,
    /// The old images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub old: Vec<ImageName>,
    /// Sequence number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Security counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_counter: Option<u64>,
    /// A key set that was signed, or that revokes a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyset: Option<KeysetName>,
    /// The key that signed a package or a key set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<KeyId>,
    /// A key that was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<KeyId>,
    /// SHA-256 of the device profile of a simulation, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Digest>,
    /// Whether a simulation says that the package may ship.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_ship: Option<bool>,
    /// Why, in the words of whoever did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a repair took from the end of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torn: Option<Tail>,
}

/// An image by version and digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageName {
    /// Its version.
    pub version: String,
    /// Its SHA-256.
    pub sha256: Digest,
}

/// A version of a key set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysetName {
    /// Whose it is.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// SHA-256 of the key set, without signatures.
    pub sha256: Digest,
}

/// Bytes that stood behind the last whole line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    /// How many.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: Digest,
}

impl From<&Image<'_>> for ImageName {
    fn from(image: &Image<'_>) -> Self {
        Self {
            version: image.version.into(),
            sha256: image.digest,
        }
    }
}

impl Subject {
    /// A package, by what it says of itself.
    ///
    /// # Errors
    /// What is wrong with its head.
    pub fn of_package(package: &[u8]) -> Result<Self, Error> {
        Ok(Self {
            package: Some(sha256(package)),
            ..Self::of_manifest(manifest_bytes(package)?)?
        })
    }

    /// A manifest that is signed without its package at hand.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of_manifest(bytes: &[u8]) -> Result<Self, Error> {
        let manifest = Manifest::decode(bytes).map_err(sprag_verifier::Error::from)?;
        Ok(Self {
            manifest: Some(sha256(bytes)),
            vendor: Some(manifest.vendor.into()),
            product: Some(manifest.product.into()),
            hardware: manifest.hardware.iter().map(Into::into).collect(),
            new: Some((&manifest.target).into()),
            old: manifest
                .sources
                .iter()
                .map(|image| ImageName::from(&image))
                .collect(),
            sequence: Some(manifest.sequence),
            security_counter: Some(manifest.security_counter),
            ..Self::default()
        })
    }

    /// Whether what is said of `self` is said of a package: of this very manifest, or, where `self` was written before
    /// there was one, of its new image, maker, product and all of its hardware.
    pub(super) fn covers(&self, package: &Self) -> bool {
        if self.manifest.is_some() {
            return self.manifest == package.manifest;
        }
        let hardware = &package.hardware;
        self.same_image(package)
            && (self.hardware.is_empty() || hardware.iter().all(|one| self.hardware.contains(one)))
    }

    /// The same of a withdrawal, for which one revision of the hardware is enough: what is withdrawn for one of a
    /// package's revisions must not go out in it. No revisions are all, on either side.
    pub(super) fn withdraws(&self, package: &Self) -> bool {
        if self.manifest.is_some() {
            return self.manifest == package.manifest;
        }
        let (withdrawn, hardware) = (&self.hardware, &package.hardware);
        self.same_image(package)
            && (withdrawn.is_empty()
                || hardware.is_empty()
                || hardware.iter().any(|one| withdrawn.contains(one)))
    }

    fn same_image(&self, other: &Self) -> bool {
        self.new.is_some()
            && (&self.new, &self.vendor, &self.product)
                == (&other.new, &other.vendor, &other.product)
    }
}
