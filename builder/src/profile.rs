//! Device profiles: what a package is checked against on a desk or in a pipeline.

use std::path::Path;

use sprag_manifest::{DeviceProfile, FlashProfile, Isa, Manifest, Preconditions};
use sprag_verifier::{Attempt, Component, Device, Installed};

use crate::error::Error;
use crate::input::read_text;

/// Profiles of classes of devices that ship with the command, by name.
pub const SHIPPED_PROFILES: [(&str, &str); 4] = [
    (
        "cortex-m-16k",
        include_str!("../profiles/cortex-m-16k.toml"),
    ),
    (
        "cortex-m-256k",
        include_str!("../profiles/cortex-m-256k.toml"),
    ),
    ("esp32", include_str!("../profiles/esp32.toml")),
    (
        "linux-gateway",
        include_str!("../profiles/linux-gateway.toml"),
    ),
];

/// The shipped profile of this name, unless there is a file of that name.
fn shipped(path: &Path) -> Option<&'static str> {
    let named = |(name, _): &&(&str, &str)| path.as_os_str() == *name;
    let (_, text) = SHIPPED_PROFILES.iter().find(named)?;
    (!path.exists()).then_some(text)
}

/// Reads a device profile: a file, or the name of one that ships with the command.
///
/// # Errors
/// [`Error::Input`] and [`Error::Authoring`].
pub fn read_profile(path: &Path) -> Result<DeviceProfile, Error> {
    let text = match shipped(path) {
        Some(text) => text.to_owned(),
        None => read_text(path)?,
    };
    toml::from_str(&text).map_err(|e| Error::Authoring {
        path: path.into(),
        reason: e.to_string(),
    })
}

/// The device that a profile describes.
#[must_use]
pub fn device(profile: &DeviceProfile) -> Device<'_> {
    Device {
        vendor: &profile.vendor,
        product: &profile.product,
        hardware: &profile.hardware,
        isa: profile.isa.unwrap_or(Isa::None),
        bootloader: profile.bootloader.as_ref().map(component),
        os: profile.os.as_ref().map(component),
        layout: profile.layout.as_deref(),
        load_address: profile.load_address,
        keyset_version: u32::MAX,
        now: None,
        battery_percent: profile.battery_percent,
        free_storage: profile.free_storage,
        temperature: profile.temperature,
        free_ram: profile.free_ram,
        minute_of_day: profile.minute_of_day,
        attempt: Attempt::First,
        installed: Installed {
            version: profile.installed_version.as_deref(),
            digest: None,
            security_counter: profile.security_counter,
            sequence: profile.sequence,
        },
    }
}

/// The device that a profile describes; what the profile of a class of devices leaves out is as `manifest` binds it.
#[must_use]
pub fn device_of_class<'p>(profile: &'p DeviceProfile, manifest: &Manifest<'p>) -> Device<'p> {
    let meant = intended_device(manifest, None);
    let mut device = device(profile);
    for (field, meant) in [
        (&mut device.vendor, meant.vendor),
        (&mut device.product, meant.product),
        (&mut device.hardware, meant.hardware),
    ] {
        if field.is_empty() {
            *field = meant;
        }
    }
    if profile.isa.is_none() {
        device.isa = meant.isa;
    }
    if profile.vendor.is_empty() && profile.product.is_empty() {
        // No device of its own: nothing of what a package may ask for is known, so nothing is held against it.
        device.bootloader = device.bootloader.or(meant.bootloader);
        device.os = device.os.or(meant.os);
        device.layout = device.layout.or(meant.layout);
        device.battery_percent = device.battery_percent.or(meant.battery_percent);
        device.free_storage = device.free_storage.or(meant.free_storage);
        device.temperature = device.temperature.or(meant.temperature);
        device.free_ram = device.free_ram.or(meant.free_ram);
        device.minute_of_day = device.minute_of_day.or(meant.minute_of_day);
    }
    device
}

fn component(component: &sprag_manifest::Component) -> Component<'_> {
    Component {
        id: &component.id,
        version: component.version.0,
    }
}

/// The device that `manifest` was made for, as far as it says: for applying a package when no profile is given,
/// and for the self-check.
#[must_use]
pub fn intended_device<'m>(
    manifest: &Manifest<'m>,
    installed_version: Option<&'m str>,
) -> Device<'m> {
    let component = |requirement: sprag_manifest::Requirement<'m>| Component {
        id: requirement.id,
        version: requirement.min.or(requirement.max).unwrap_or(0),
    };
    Device {
        vendor: manifest.vendor,
        product: manifest.product,
        hardware: manifest.hardware.iter().next().unwrap_or_default(),
        isa: manifest.isa,
        bootloader: manifest.bootloader.map(component),
        os: manifest.os.map(component),
        layout: manifest.layout,
        load_address: manifest.target.load_address,
        keyset_version: u32::MAX,
        now: None,
        battery_percent: Some(100),
        free_storage: Some(u32::MAX),
        temperature: comfortable(&manifest.preconditions),
        free_ram: Some(u32::MAX),
        minute_of_day: manifest.preconditions.window.map(|window| window.from()),
        attempt: Attempt::First,
        installed: Installed {
            version: installed_version,
            ..Installed::default()
        },
    }
}

/// A temperature in the range that a package allows.
fn comfortable(preconditions: &Preconditions) -> Option<i8> {
    preconditions
        .min_temperature
        .or(preconditions.max_temperature)
}

/// The flash of a device without a profile: 4 KiB sectors, words of 4 bytes, slots that hold `image_size` bytes.
#[must_use]
pub fn default_flash(image_size: u32) -> FlashProfile {
    const SECTOR_SIZE: u32 = 4096;
    FlashProfile {
        slot_size: image_size
            .max(1)
            .checked_next_multiple_of(SECTOR_SIZE)
            .unwrap_or(u32::MAX),
        sector_size: SECTOR_SIZE,
        write_size: 4,
        erased_value: 0xff,
        trailer_reserve: 0,
        staging_size: 0,
        scratch_size: 0,
    }
}

#[cfg(test)]
mod tests;
