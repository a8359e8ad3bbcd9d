//! A device as a list describes it, so that any reader can be one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sprag_manifest::{FlashProfile, Isa, KeyId, MAX_ENVELOPE_LEN};
use sprag_verifier::{
    Attempt, Component, Device, ExampleKeys, Installed, KeyRole, TrustAnchors, TrustedKey,
};

use crate::digest::sha256;

/// A bootloader or an operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its packed version.
    pub version: u64,
}

/// A key of the trust store, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trusted {
    /// Its id: 8 bytes.
    pub id: String,
    /// Its public half: 32 bytes.
    pub key: String,
    /// `release` or `root`.
    pub role: String,
}

/// A device that packages are offered to. Sizes are bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// What it is called in a list.
    pub name: String,
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Revision of the board.
    pub hardware: String,
    /// Instruction set.
    pub isa: Isa,
    /// Bootloader.
    pub bootloader: Option<Named>,
    /// Operating system.
    pub os: Option<Named>,
    /// Partition layout.
    pub layout: Option<String>,
    /// Address at which the slot runs.
    pub load_address: Option<u64>,
    /// Version of the keyset, where keys are fixed.
    pub keyset_version: u32,
    /// Seconds of Unix time.
    pub now: Option<u64>,
    /// Charge in per cent.
    pub battery_percent: Option<u8>,
    /// Free storage.
    pub free_storage: Option<u32>,
    /// Degrees Celsius.
    pub temperature: Option<i8>,
    /// Free RAM.
    pub free_ram: Option<u32>,
    /// Minutes since 00:00 UTC.
    pub minute_of_day: Option<u16>,
    /// The version that it reports.
    pub installed_version: Option<String>,
    /// Sequence number of the confirmed image.
    pub sequence: u64,
    /// Stored security counter.
    pub security_counter: u64,
    /// Fixed keys; none where a keyset is stored.
    pub keys: Vec<Trusted>,
    /// Whether published example keys count.
    pub example_keys: bool,
    /// The stored keyset, encoded, in hexadecimal.
    pub keyset: Option<String>,
    /// Longest envelope that its buffer holds.
    pub envelope_max: u32,
    /// RAM for phase two.
    pub ram: u32,
    /// Whether it decodes bsdiff-zstd as well.
    pub decodes_bsdiff: bool,
    /// Its flash.
    pub flash: FlashProfile,
    /// SHA-256 of the image that it runs.
    pub old_sha256: String,
    /// The image that it runs, which every attack on it shares.
    #[serde(skip)]
    pub old: Arc<[u8]>,
}

impl Setting {
    /// A device that runs no image yet, has every codec, and room for any envelope.
    #[must_use]
    pub fn of(
        device: &Device<'_>,
        trust: &TrustAnchors<'_>,
        flash: FlashProfile,
        ram: u32,
    ) -> Self {
        let named = |component: Option<Component<'_>>| {
            component.map(|component| Named {
                id: component.id.into(),
                version: component.version,
            })
        };
        let keys = trust.keys.iter().map(|key| Trusted {
            id: hex(&key.id.0),
            key: hex(&key.key),
            role: match key.role {
                KeyRole::Root => "root".into(),
                _ => "release".into(),
            },
        });
        Self {
            name: String::new(),
            vendor: device.vendor.into(),
            product: device.product.into(),
            hardware: device.hardware.into(),
            isa: device.isa,
            bootloader: named(device.bootloader),
            os: named(device.os),
            layout: device.layout.map(Into::into),
            load_address: device.load_address,
            keyset_version: device.keyset_version,
            now: device.now,
            battery_percent: device.battery_percent,
            free_storage: device.free_storage,
            temperature: device.temperature,
            free_ram: device.free_ram,
            minute_of_day: device.minute_of_day,
            installed_version: device.installed.version.map(Into::into),
            sequence: device.installed.sequence,
            security_counter: device.installed.security_counter,
            keys: keys.collect(),
            example_keys: trust.example_keys == ExampleKeys::Accept,
            keyset: None,
            envelope_max: u32::try_from(MAX_ENVELOPE_LEN).unwrap_or(u32::MAX),
            ram,
            decodes_bsdiff: true,
            flash,
            old_sha256: String::new(),
            old: Arc::default(),
        }
    }

    /// The same under another name, with another old image.
    #[must_use]
    pub fn running(mut self, name: &str, old: impl Into<Arc<[u8]>>) -> Self {
        let old = old.into();
        self.name = name.into();
        self.old_sha256 = hex(&sha256(&old).0);
        self.old = old;
        self
    }

    /// The same under another name, changed.
    #[must_use]
    pub fn changed(&self, name: &str, change: impl FnOnce(&mut Self)) -> Self {
        let mut setting = self.clone();
        setting.name = name.into();
        change(&mut setting);
        setting
    }

    /// The keys that it trusts.
    #[must_use]
    pub fn trusted(&self) -> Vec<TrustedKey> {
        let keys = self.keys.iter().map(|key| TrustedKey {
            id: KeyId(fixed(&key.id)),
            role: match key.role.as_str() {
                "root" => KeyRole::Root,
                _ => KeyRole::Release,
            },
            key: fixed(&key.key),
        });
        keys.collect()
    }

    /// Whether example keys count.
    #[must_use]
    pub const fn example_keys(&self) -> ExampleKeys {
        match self.example_keys {
            true => ExampleKeys::Accept,
            false => ExampleKeys::Refuse,
        }
    }

    /// The device, as the policy sees it.
    #[must_use]
    pub fn device(&self) -> Device<'_> {
        Device {
            vendor: &self.vendor,
            product: &self.product,
            hardware: &self.hardware,
            isa: self.isa,
            bootloader: self.bootloader.as_ref().map(component),
            os: self.os.as_ref().map(component),
            layout: self.layout.as_deref(),
            load_address: self.load_address,
            keyset_version: self.keyset_version,
            now: self.now,
            battery_percent: self.battery_percent,
            free_storage: self.free_storage,
            temperature: self.temperature,
            free_ram: self.free_ram,
            minute_of_day: self.minute_of_day,
            attempt: Attempt::First,
            installed: Installed {
                version: self.installed_version.as_deref(),
                digest: None,
                security_counter: self.security_counter,
                sequence: self.sequence,
            },
        }
    }
}

fn component(named: &Named) -> Component<'_> {
    Component {
        id: &named.id,
        version: named.version,
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What [`hex`] wrote; other digits count as 0.
#[must_use]
pub fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().map(digit).collect();
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect()
}

fn digit(digit: char) -> u8 {
    digit
        .to_digit(16)
        .and_then(|digit| digit.try_into().ok())
        .unwrap_or(0)
}

fn fixed<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().unwrap_or([0; N])
}
