//! A manifest as JSON: owned, with names for numbers, hexadecimal for bytes and dotted versions.
//!
//! The view is for people and scripts. Nothing is ever verified from it, or encoded from it.

use std::borrow::ToOwned;
use std::string::String;
use std::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::ids::Digest;
use crate::index::Index;
use crate::manifest::{
    Codec, Image, Isa, Manifest, Payload, Preconditions, Requirement, Role, TimeWindow, Validity,
};
use crate::version::PackedVersion;

/// A whole manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestView {
    /// See [`Manifest::sequence`].
    pub sequence: u64,
    /// See [`Manifest::security_counter`].
    pub security_counter: u64,
    /// See [`Manifest::vendor`].
    pub vendor: String,
    /// See [`Manifest::product`].
    pub product: String,
    /// See [`Manifest::hardware`].
    pub hardware: Vec<String>,
    /// See [`Manifest::isa`].
    pub isa: Isa,
    /// See [`Manifest::target`].
    pub target: ImageView,
    /// See [`Manifest::sources`].
    pub sources: Vec<ImageView>,
    /// See [`Manifest::payloads`].
    pub payloads: Vec<PayloadView>,
    /// Length of the payloads section in bytes.
    pub payloads_bytes: Option<u64>,
    /// See [`Manifest::bootloader`].
    pub bootloader: Option<RequirementView>,
    /// See [`Manifest::os`].
    pub os: Option<RequirementView>,
    /// See [`Manifest::layout`].
    pub layout: Option<String>,
    /// See [`Manifest::validity`].
    pub validity: ValidityView,
    /// See [`Manifest::preconditions`].
    pub preconditions: PreconditionsView,
    /// See [`Manifest::keyset_version`].
    pub keyset_version: Option<u32>,
    /// Length of the keysets section in bytes.
    pub keysets_bytes: u32,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageView {
    /// Its version.
    pub version: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Its length in bytes.
    pub bytes: u32,
    /// The address that it is linked to run at.
    pub load_address: Option<u64>,
}

/// A payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayloadView {
    /// What it is for.
    pub role: Role,
    /// Index into the sources.
    pub source: Option<u32>,
    /// How it is encoded.
    pub codec: Codec,
    /// Encoded bytes, without index pages.
    pub payload_bytes: u32,
    /// Bytes in the package: encoded bytes and index pages.
    pub stored_bytes: u64,
    /// Offset from the start of the payloads section in bytes.
    pub offset: Option<u64>,
    /// Bytes of every block but the last.
    pub block_bytes: u32,
    /// Number of blocks.
    pub blocks: u32,
    /// Number of index pages.
    pub pages: u32,
    /// Hash of index page 0, or of the only block.
    pub root: Digest,
    /// Bytes of the decoder's workspace.
    pub ram_bytes: u32,
    /// Bytes of RAM in all, buffers included.
    pub total_ram_bytes: u32,
    /// Bytes of scratch flash.
    pub scratch_bytes: u32,
    /// Most erases of any sector of the image.
    pub erases: u32,
    /// Bytes of the new image between two checkpoints; 0 if none are kept.
    pub checkpoint_interval: u32,
    /// Bytes of a group of sectors, if the payload may be applied in place; else 0.
    pub in_place_group: u32,
    /// Bytes by which the old image is moved up first.
    pub in_place_shift: u32,
    /// Least flash operations between power cuts with which the update completes; 0 if not stated.
    pub min_operations: u32,
    /// The least work between two cuts of the power, in units of 1024 bytes; 0 if nothing is stated.
    pub min_work: u32,
}

/// A required component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequirementView {
    /// The component's name.
    pub id: String,
    /// The lowest version, inclusive.
    pub min: Option<PackedVersion>,
    /// The highest version, inclusive.
    pub max: Option<PackedVersion>,
}

/// When a package may be installed: seconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidityView {
    /// Not earlier than this.
    pub not_before: Option<u64>,
    /// Not later than this.
    pub not_after: Option<u64>,
}

/// What a device must have at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreconditionsView {
    /// Charge of the battery in per cent.
    pub min_battery_percent: Option<u8>,
    /// Free storage in bytes.
    pub min_free_storage: Option<u32>,
    /// Lowest temperature in degrees Celsius.
    pub min_temperature: Option<i8>,
    /// Highest temperature in degrees Celsius.
    pub max_temperature: Option<i8>,
    /// Free RAM in bytes.
    pub min_free_ram: Option<u32>,
    /// Part of the day (UTC).
    pub window: Option<TimeWindow>,
}

impl From<&Manifest<'_>> for ManifestView {
    fn from(manifest: &Manifest<'_>) -> Self {
        let payloads = (0_u32..)
            .zip(manifest.payloads.iter())
            .map(|(number, payload)| PayloadView {
                offset: manifest.payload_offset(number),
                ..PayloadView::from(&payload)
            });
        Self {
            sequence: manifest.sequence,
            security_counter: manifest.security_counter,
            vendor: manifest.vendor.to_owned(),
            product: manifest.product.to_owned(),
            hardware: manifest.hardware.iter().map(ToOwned::to_owned).collect(),
            isa: manifest.isa,
            target: ImageView::from(&manifest.target),
            sources: manifest
                .sources
                .iter()
                .map(|source| ImageView::from(&source))
                .collect(),
            payloads: payloads.collect(),
            payloads_bytes: manifest.payloads_len(),
            bootloader: manifest.bootloader.as_ref().map(RequirementView::from),
            os: manifest.os.as_ref().map(RequirementView::from),
            layout: manifest.layout.map(ToOwned::to_owned),
            validity: manifest.validity.into(),
            preconditions: manifest.preconditions.into(),
            keyset_version: manifest.keyset_version,
            keysets_bytes: manifest.keysets_len,
        }
    }
}

impl From<&Image<'_>> for ImageView {
    fn from(image: &Image<'_>) -> Self {
        Self {
            version: image.version.to_owned(),
            sha256: image.digest,
            bytes: image.size,
            load_address: image.load_address,
        }
    }
}

/// Without the offset, which only the whole manifest knows.
impl From<&Payload> for PayloadView {
    fn from(payload: &Payload) -> Self {
        let index = Index::new(payload);
        Self {
            role: payload.role,
            source: payload.source,
            codec: payload.codec,
            payload_bytes: payload.size,
            stored_bytes: index.stored_len(),
            offset: None,
            block_bytes: payload.block_size,
            blocks: index.block_count(),
            pages: index.page_count(),
            root: payload.root,
            ram_bytes: payload.needs.workspace,
            total_ram_bytes: payload.needs.ram,
            scratch_bytes: payload.needs.scratch,
            erases: payload.needs.erases,
            checkpoint_interval: payload.checkpoint_interval,
            in_place_group: payload.in_place_group,
            in_place_shift: payload.in_place_shift,
            min_operations: payload.needs.min_operations,
            min_work: payload.needs.min_work,
        }
    }
}

impl From<&Requirement<'_>> for RequirementView {
    fn from(requirement: &Requirement<'_>) -> Self {
        Self {
            id: requirement.id.to_owned(),
            min: requirement.min.map(PackedVersion),
            max: requirement.max.map(PackedVersion),
        }
    }
}

impl From<Validity> for ValidityView {
    fn from(validity: Validity) -> Self {
        let Validity {
            not_before,
            not_after,
        } = validity;
        Self {
            not_before,
            not_after,
        }
    }
}

impl From<Preconditions> for PreconditionsView {
    fn from(preconditions: Preconditions) -> Self {
        let Preconditions {
            min_battery_percent,
            min_free_storage,
            min_temperature,
            max_temperature,
            min_free_ram,
            window,
        } = preconditions;
        Self {
            min_battery_percent,
            min_free_storage,
            min_temperature,
            max_temperature,
            min_free_ram,
            window,
        }
    }
}

#[cfg(test)]
mod tests;
