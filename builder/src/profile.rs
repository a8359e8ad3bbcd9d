//! Device profiles: what a package is checked against on a desk or in a pipeline.

use std::path::Path;

use sprag_manifest::{DeviceProfile, FlashProfile, Isa, Manifest, Preconditions, Role};
use sprag_verifier::{Attempt, Component, Device, Installed};

use crate::error::Error;
use crate::input::read_text;

/// Profiles of classes of devices that ship with the command, by name.
pub const SHIPPED_PROFILES: [(&str, &str); 5] = [
    (
        "cortex-m-16k",
        include_str!("../profiles/cortex-m-16k.toml"),
    ),
    (
        "cortex-m-256k",
        include_str!("../profiles/cortex-m-256k.toml"),
    ),
    (
        "cortex-m-single",
        include_str!("../profiles/cortex-m-single.toml"),
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

/// The flash of a device that `manifest` was made for, as far as it says: with one slot if a payload may be applied in
/// place, with room for an old image of `old_len` bytes, and to stage a package of `package_len`.
#[must_use]
pub fn intended_flash(manifest: &Manifest<'_>, old_len: usize, package_len: usize) -> FlashProfile {
    /// Bytes for the head of a package and for the ends of sectors, when it is staged.
    const STAGING_ROOM: usize = 64 * 1024;
    let narrow = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    let room = narrow(package_len.saturating_mul(2).saturating_add(STAGING_ROOM));
    let size = manifest.target.size.max(narrow(old_len));
    let payloads = || manifest.payloads.iter().filter(|p| p.in_place_group != 0);
    if payloads().next().is_none() {
        // Behind the image.
        return default_flash(size.saturating_add(room));
    }
    // Whatever the device's sectors are, groups are whole ones.
    let lens = payloads().flat_map(|p| [p.in_place_group, p.in_place_shift, p.needs.scratch]);
    let odd = lens.fold(SECTOR_SIZE, |bits, len| bits | len);
    let sector_size = 1 << odd.trailing_zeros();
    let whole = |len: u32| {
        len.checked_next_multiple_of(sector_size)
            .unwrap_or(u32::MAX)
    };
    let moved_up = payloads().map(|payload| {
        let source = payload.source.and_then(|n| manifest.sources.get(n));
        let old = match payload.role {
            Role::Reverse => manifest.target.size,
            _ => source.map_or(0, |source| source.size),
        };
        whole(old).saturating_add(payload.in_place_shift)
    });
    let slot_size = moved_up.fold(whole(size), u32::max);
    let scratch = payloads().map(|p| p.needs.scratch).max().unwrap_or(0);
    FlashProfile {
        slots: 1,
        slot_size,
        sector_size,
        staging_size: whole(room),
        scratch_size: whole(scratch),
        ..default_flash(size)
    }
}

const SECTOR_SIZE: u32 = 4096;

/// The flash of a device without a profile: 4 KiB sectors, words of 4 bytes, slots that hold `image_size` bytes.
#[must_use]
pub fn default_flash(image_size: u32) -> FlashProfile {
    FlashProfile {
        slots: 2,
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
