//! What a release says about itself: `release.toml` and the flags, merged and made whole.

use std::path::Path;

use sprag_manifest::{Isa, MAX_BLOCK_SIZE, MIN_BLOCK_SIZE, PackedVersion, Release, is_name};

use crate::audit::EntryRef;
use crate::error::Error;
use crate::input::read_text;

/// Block size when none is given: what the format's overhead is stated for.
pub const DEFAULT_BLOCK_SIZE: u32 = 4096;

/// Reads `release.toml`.
///
/// # Errors
/// [`Error::Input`] and [`Error::Authoring`].
pub fn read_release(path: &Path) -> Result<Release, Error> {
    let text = read_text(path)?;
    toml::from_str(&text).map_err(|e| Error::Authoring {
        path: path.into(),
        reason: e.to_string(),
    })
}

/// A release with everything that a manifest must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseSpec {
    /// Who made the device.
    pub vendor: String,
    /// What kind of device it is.
    pub product: String,
    /// Hardware revisions that the new image runs on.
    pub hardware: Vec<String>,
    /// Instruction set.
    pub isa: Isa,
    /// Version of the new image.
    pub new_version: String,
    /// Sequence number.
    pub sequence: u64,
    /// Security counter.
    pub security_counter: u64,
    /// Bytes of a block.
    pub block_size: u32,
    /// What is optional, as it was given.
    pub rest: Release,
    /// The entry of an audit log that approved the release, for the package to name.
    pub approval: Option<EntryRef>,
}

impl ReleaseSpec {
    /// Checks that `release` is whole, and fills in what has a default: the sequence number is the new version
    /// packed into an integer, the security counter 0, the block size 4096.
    ///
    /// # Errors
    /// [`Error::MissingField`] and [`Error::BadValue`], in the order of the flags.
    pub fn new(release: Release) -> Result<Self, Error> {
        let name = |field, value: &Option<String>| {
            let value = value.clone().ok_or(Error::MissingField { field })?;
            checked_name(field, value)
        };
        let vendor = name("vendor", &release.vendor)?;
        let product = name("product", &release.product)?;
        if release.hardware.is_empty() {
            return Err(Error::MissingField { field: "hardware" });
        }
        for revision in &release.hardware {
            checked_name("hardware", revision.clone())?;
        }
        let isa = release.isa.ok_or(Error::MissingField { field: "isa" })?;
        let new_version = name("new-version", &release.new_version)?;
        if let Some(layout) = &release.layout {
            checked_name("layout", layout.clone())?;
        }
        let sequence = match release.sequence {
            Some(sequence) => sequence,
            None => packed_sequence(&new_version)?,
        };
        let block_size = release.block_size.unwrap_or(DEFAULT_BLOCK_SIZE);
        if !block_size.is_power_of_two() || !(MIN_BLOCK_SIZE..=MAX_BLOCK_SIZE).contains(&block_size)
        {
            return Err(Error::BadValue {
                field: "block-size",
                value: block_size.to_string(),
                reason: format!(
                    "it takes a power of two from {MIN_BLOCK_SIZE} to {MAX_BLOCK_SIZE}"
                ),
            });
        }
        Ok(Self {
            vendor,
            product,
            hardware: release.hardware.clone(),
            isa,
            new_version,
            sequence,
            security_counter: release.security_counter.unwrap_or(0),
            block_size,
            rest: release,
            approval: None,
        })
    }
}

/// A text that the format accepts as a name or version.
///
/// # Errors
/// [`Error::BadValue`] with the rule.
pub fn checked_name(field: &'static str, value: String) -> Result<String, Error> {
    if is_name(&value) {
        return Ok(value);
    }
    let reason = "it takes 1 to 32 letters, digits and . _ + -".into();
    Err(Error::BadValue {
        field,
        value,
        reason,
    })
}

fn packed_sequence(version: &str) -> Result<u64, Error> {
    match version.parse::<PackedVersion>() {
        Ok(packed) => Ok(packed.0),
        Err(e) => Err(Error::BadValue {
            field: "new-version",
            value: version.into(),
            reason: format!("{e}, so it gives no sequence number; pass --sequence"),
        }),
    }
}

#[cfg(test)]
mod tests;
