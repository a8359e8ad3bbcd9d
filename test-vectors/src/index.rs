//! `index.json`: what every reader must say of every file.

use serde::{Deserialize, Serialize};
use sprag::attack::{Layer, Setting};

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// `sprag verify`, as a library.
    Builder,
    /// The device code, over simulated flash.
    Verifier,
    /// The C API, through its static library.
    CApi,
    /// Python, from docs/FORMAT.md alone.
    Python,
}

/// What one reader says that others do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differs {
    /// The code; 0 if it takes the package; absent if it cannot be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Why.
    pub why: String,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Vector {
    /// Where it is, from `v1`.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Name of the device that it is offered to.
    pub device: String,
    /// The code of section 3.9, or of the register of codes; 0 for a package that is taken.
    pub code: u16,
    /// SHA-256 of the image that it leads to, if it is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What must find it out.
    pub layer: Layer,
    /// Where the item at fault begins: from the start of what is read (header, envelope, manifest, key set).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    /// Why it is good or bad.
    pub why: String,
    /// Where the builder says something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub builder: Option<Differs>,
    /// Where the device code does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verifier: Option<Differs>,
    /// Where the C API does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c_api: Option<Differs>,
    /// Where the reader in Python does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python: Option<Differs>,
}

/// An image, as a device runs it or makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Where it is, from `v1`.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// The whole of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Index {
    /// The version of the format.
    pub format_version: u32,
    /// Where the format is described.
    pub format: String,
    /// Images.
    pub images: Vec<Image>,
    /// Devices, by name.
    pub devices: Vec<Setting>,
    /// Files.
    pub vectors: Vec<Vector>,
}

impl Vector {
    /// What a reader must say; `None` if it cannot be asked.
    #[must_use]
    pub fn expected(&self, reader: Reader) -> Option<u16> {
        let differs = match reader {
            Reader::Builder => &self.builder,
            Reader::Verifier => &self.verifier,
            Reader::CApi => &self.c_api,
            Reader::Python => &self.python,
        };
        differs
            .as_ref()
            .map_or(Some(self.code), |differs| differs.code)
    }
}
