//! One attack, and the bench on which attacks are made.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::cbor::Item;
use super::desk::{Chunks, Desk};
use super::parts::Parts;
use super::setting::Setting;
use crate::error::Error;
use crate::keys::SigningKey;

/// What an attack aims at: the part of the device's work that must refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The 20 bytes in front.
    Header,
    /// The chain of keyset updates.
    Keysets,
    /// The COSE structure.
    Envelope,
    /// Who signed.
    Signature,
    /// The manifest's encoding and rules.
    Manifest,
    /// What the package is for.
    Binding,
    /// Replays and rollbacks.
    Freshness,
    /// What the device must have at hand.
    Preconditions,
    /// Memory, flash, codecs.
    Resources,
    /// The old image.
    Source,
    /// Pages and blocks.
    Blocks,
    /// The encoded payload.
    Stream,
    /// The new image.
    Target,
    /// All of it, as bytes on a line.
    Bytes,
}

impl Layer {
    /// All, in the order of verification.
    pub const ALL: [Self; 14] = [
        Self::Bytes,
        Self::Header,
        Self::Keysets,
        Self::Envelope,
        Self::Signature,
        Self::Manifest,
        Self::Binding,
        Self::Freshness,
        Self::Preconditions,
        Self::Resources,
        Self::Source,
        Self::Blocks,
        Self::Stream,
        Self::Target,
    ];
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Header => "header",
            Self::Keysets => "keysets",
            Self::Envelope => "envelope",
            Self::Signature => "signature",
            Self::Manifest => "manifest",
            Self::Binding => "binding",
            Self::Freshness => "freshness",
            Self::Preconditions => "preconditions",
            Self::Resources => "resources",
            Self::Source => "source",
            Self::Blocks => "blocks",
            Self::Stream => "stream",
            Self::Target => "target",
            Self::Bytes => "bytes",
        };
        f.pad(name)
    }
}

/// What must become of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A refusal with this code.
    Code(u16),
    /// The new image, as if nothing had happened.
    Identical,
    /// A refusal with any code, or the new image.
    RefusedOrIdentical,
}

/// A package that is offered to a device.
#[derive(Clone, Debug)]
pub struct Case {
    /// What was done to it.
    pub name: String,
    /// Who must find it out.
    pub layer: Layer,
    /// Why it must not pass, or may.
    pub why: String,
    /// What must become of it.
    pub expected: Expected,
    /// The package.
    pub package: Vec<u8>,
    /// The device.
    pub setting: Setting,
}

/// A good package, a key that its device trusts, and the attacks made so far.
#[derive(Debug)]
pub struct Bench<'b> {
    /// The package.
    pub package: &'b [u8],
    /// The same, taken apart.
    pub parts: Parts,
    /// Signs what is changed.
    pub key: &'b SigningKey,
    /// The device that takes the package as it is.
    pub setting: &'b Setting,
    /// Number of the payload that this device chooses.
    pub chosen: u32,
    /// Attacks.
    pub cases: Vec<Case>,
}

impl<'b> Bench<'b> {
    /// A bench without attacks.
    ///
    /// # Errors
    /// What is wrong with the package.
    pub fn new(
        package: &'b [u8],
        key: &'b SigningKey,
        setting: &'b Setting,
    ) -> Result<Self, Error> {
        let parts = Parts::of(package)?;
        let outcome = Desk::new(setting)?.offer(package, Chunks::Whole);
        Ok(Self {
            package,
            parts,
            key,
            setting,
            chosen: outcome.payload.unwrap_or(0),
            cases: Vec::new(),
        })
    }

    /// Notes an attack.
    pub fn add(&mut self, layer: Layer, name: &str, code: u16, why: &str, package: Vec<u8>) {
        let setting = self.setting.clone();
        self.add_on(setting, (layer, name, Expected::Code(code), why), package);
    }

    /// The same on another device, or with another expectation.
    pub fn add_on(
        &mut self,
        setting: Setting,
        (layer, name, expected, why): (Layer, &str, Expected, &str),
        package: Vec<u8>,
    ) {
        self.cases.push(Case {
            name: name.into(),
            layer,
            why: why.into(),
            expected,
            package,
            setting,
        });
    }

    /// The manifest changed, and signed.
    pub fn manifest(&mut self, name: &str, code: u16, why: &str, edit: impl FnOnce(&mut Item)) {
        let package = self.with_manifest(edit);
        self.add(Layer::Manifest, name, code, why, package);
    }

    /// A package with a changed manifest.
    #[must_use]
    pub fn with_manifest(&self, edit: impl FnOnce(&mut Item)) -> Vec<u8> {
        let mut manifest = self.parts.manifest_item();
        edit(&mut manifest);
        self.parts.signed(&manifest.encode(), self.key)
    }

    /// The entry of the first payload changed, and signed.
    pub fn payload(&mut self, name: &str, code: u16, why: &str, edit: impl FnOnce(&mut Item)) {
        self.manifest(name, code, why, |manifest| {
            if let Some(entry) = first_payload(manifest) {
                edit(entry);
            }
        });
    }

    /// A package whose chosen payload is another stream, with an index that holds; the manifest can be changed besides.
    #[must_use]
    pub fn with_stream(&self, stream: &[u8], edit: impl FnOnce(&mut Item)) -> Vec<u8> {
        let mut parts = self.parts.clone();
        let mut manifest = parts.manifest_item();
        parts.replace_stream(&mut manifest, self.chosen, stream);
        edit(&mut manifest);
        parts.signed(&manifest.encode(), self.key)
    }

    /// The device that takes the package, changed.
    #[must_use]
    pub fn device(&self, name: &str, change: impl FnOnce(&mut Setting)) -> Setting {
        self.setting.changed(name, change)
    }
}

/// The entry of the first payload.
pub(super) fn first_payload(manifest: &mut Item) -> Option<&mut Item> {
    nth_payload(manifest, 0)
}

/// The entry of this payload.
pub(super) fn nth_payload(manifest: &mut Item, number: u32) -> Option<&mut Item> {
    let place = usize::try_from(number).ok()?;
    manifest.get_mut(10)?.items_mut()?.get_mut(place)
}
