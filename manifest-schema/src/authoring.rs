//! Files that people write: `release.toml` and device profiles.
//!
//! Keys are in kebab-case and unknown ones are refused. Text is held to the same rule as in the
//! package, so that a bad name fails here and not on the way out.

mod model;

use std::format;
use std::string::String;
use std::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::manifest::{Isa, Preconditions, Requirement, TimeWindow, Validity};
use crate::serde_text::{name, names, optional_block_size, optional_name, optional_percent};
use crate::version::PackedVersion;

pub use model::{LinkProfile, PowerProfile, TaskProfile, TimingProfile};

/// `release.toml`: what a release says about itself. Every field may be left out, because a flag of
/// the same name may supply it.
///
/// ```
/// let release: sprag_manifest::Release = toml::from_str(
///     r#"
///     vendor = "acme"
///     product = "gateway"
///     hardware = ["r1", "r2"]
///     isa = "thumb"
///     new-version = "1.5.2"
///     load-address = 0x0800_0000
///     bootloader = { id = "mcuboot", min = "1.9" }
///     "#,
/// )?;
/// assert_eq!(release.hardware, ["r1", "r2"]);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Release {
    /// Who made the device.
    #[serde(
        deserialize_with = "optional_name",
        skip_serializing_if = "Option::is_none"
    )]
    pub vendor: Option<String>,
    /// What kind of device it is.
    #[serde(
        deserialize_with = "optional_name",
        skip_serializing_if = "Option::is_none"
    )]
    pub product: Option<String>,
    /// The hardware revisions that the new image runs on.
    #[serde(deserialize_with = "names", skip_serializing_if = "Vec::is_empty")]
    pub hardware: Vec<String>,
    /// The instruction set that the new image is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isa: Option<Isa>,
    /// The version of the old image.
    #[serde(
        deserialize_with = "optional_name",
        skip_serializing_if = "Option::is_none"
    )]
    pub old_version: Option<String>,
    /// The version of the new image.
    #[serde(
        deserialize_with = "optional_name",
        skip_serializing_if = "Option::is_none"
    )]
    pub new_version: Option<String>,
    /// See `Manifest::security_counter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_counter: Option<u64>,
    /// See `Manifest::sequence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The address that the images are linked to run at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_address: Option<u64>,
    /// The partition layout that the new image is linked for.
    #[serde(
        deserialize_with = "optional_name",
        skip_serializing_if = "Option::is_none"
    )]
    pub layout: Option<String>,
    /// Bytes of a block: a power of two from 256 to 65536.
    #[serde(
        deserialize_with = "optional_block_size",
        skip_serializing_if = "Option::is_none"
    )]
    pub block_size: Option<u32>,
    /// The version of the keyset that the signing keys belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyset_version: Option<u32>,
    /// The bootloader that the new image needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootloader: Option<ReleaseRequirement>,
    /// The operating system or firmware stack that the new image needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<ReleaseRequirement>,
    /// When the package may be installed.
    #[serde(skip_serializing_if = "ReleaseValidity::is_default")]
    pub validity: ReleaseValidity,
    /// What the device must have at hand before it begins.
    #[serde(skip_serializing_if = "ReleasePreconditions::is_default")]
    pub preconditions: ReleasePreconditions,
}

/// A component and the range of its versions, in `release.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReleaseRequirement {
    /// The component's name.
    #[serde(deserialize_with = "name")]
    pub id: String,
    /// The lowest version, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<PackedVersion>,
    /// The highest version, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<PackedVersion>,
}

/// When a package may be installed, in `release.toml`: seconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ReleaseValidity {
    /// Not earlier than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<u64>,
    /// Not later than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<u64>,
}

/// What a device must have at hand, in `release.toml`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ReleasePreconditions {
    /// Charge of the battery in per cent.
    #[serde(
        deserialize_with = "optional_percent",
        skip_serializing_if = "Option::is_none"
    )]
    pub min_battery_percent: Option<u8>,
    /// Free storage in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_free_storage: Option<u32>,
    /// Lowest temperature in degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_temperature: Option<i8>,
    /// Highest temperature in degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_temperature: Option<i8>,
    /// Free RAM in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_free_ram: Option<u32>,
    /// Part of the day (UTC), as in `22:00-04:30`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<TimeWindow>,
}

/// A device as its maker describes it: what a package is checked against, on a desk or in a pipeline. The profile of
/// a class of devices leaves out what binds packages to one of them: vendor, product, hardware, instruction set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeviceProfile {
    /// Who made the device; empty for a class of devices.
    #[serde(
        default,
        deserialize_with = "name",
        skip_serializing_if = "String::is_empty"
    )]
    pub vendor: String,
    /// What kind of device it is; empty for a class of devices.
    #[serde(
        default,
        deserialize_with = "name",
        skip_serializing_if = "String::is_empty"
    )]
    pub product: String,
    /// The revision of this board; empty for a class of devices.
    #[serde(
        default,
        deserialize_with = "name",
        skip_serializing_if = "String::is_empty"
    )]
    pub hardware: String,
    /// The instruction set of its processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isa: Option<Isa>,
    /// Bytes of RAM that an update may use in its second phase (decoder and buffers).
    pub ram: u32,
    /// The version that is installed; left out if the device does not know it.
    #[serde(
        default,
        deserialize_with = "optional_name",
        skip_serializing_if = "Option::is_none"
    )]
    pub installed_version: Option<String>,
    /// The installed sequence number.
    #[serde(default)]
    pub sequence: u64,
    /// The stored security counter.
    #[serde(default)]
    pub security_counter: u64,
    /// The address that its images run at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_address: Option<u64>,
    /// Its partition layout.
    #[serde(
        default,
        deserialize_with = "optional_name",
        skip_serializing_if = "Option::is_none"
    )]
    pub layout: Option<String>,
    /// Charge of its battery in per cent; left out on mains.
    #[serde(
        default,
        deserialize_with = "optional_percent",
        skip_serializing_if = "Option::is_none"
    )]
    pub battery_percent: Option<u8>,
    /// Free storage in bytes; left out if it has none to speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_storage: Option<u32>,
    /// Its temperature in degrees Celsius; left out if it cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<i8>,
    /// RAM in bytes that is free beside the update; left out if it cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_ram: Option<u32>,
    /// Minutes since 00:00 UTC; left out if it cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minute_of_day: Option<u16>,
    /// Its bootloader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootloader: Option<Component>,
    /// Its operating system or firmware stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<Component>,
    /// Its flash; left out if updates are only checked, never simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flash: Option<FlashProfile>,
    /// How long things take.
    #[serde(default)]
    pub timing: TimingProfile,
    /// Its link; left out for one without faults that takes no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkProfile>,
    /// Its power.
    #[serde(default)]
    pub power: PowerProfile,
    /// What must go on beside an update.
    #[serde(default)]
    pub task: TaskProfile,
}

/// A component that is on a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Component {
    /// The component's name.
    #[serde(deserialize_with = "name")]
    pub id: String,
    /// Its version.
    pub version: PackedVersion,
}

/// The flash of a device: two slots of equal size, or one, and perhaps a staging area. All but the count in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", try_from = "FlashFields")]
pub struct FlashProfile {
    /// Slots: 2, or 1 on a device whose bootloader makes the new image over the old one.
    pub slots: u32,
    /// Bytes of one slot: whole sectors.
    pub slot_size: u32,
    /// Bytes that are erased together: whole write units.
    pub sector_size: u32,
    /// Bytes that are written together.
    pub write_size: u32,
    /// What an erased byte reads as.
    pub erased_value: u8,
    /// Bytes at the end of a slot that belong to the bootloader.
    pub trailer_reserve: u32,
    /// Bytes of the staging area: whole sectors, or 0 without one.
    pub staging_size: u32,
    /// Bytes of the scratch area, for checkpoints and for sectors that are replaced in place: whole sectors, or 0
    /// without one.
    pub scratch_size: u32,
}

/// A flash as it is written down, before its sizes are held against each other.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct FlashFields {
    #[serde(default = "two_slots")]
    slots: u32,
    slot_size: u32,
    sector_size: u32,
    write_size: u32,
    #[serde(default = "erased_high")]
    erased_value: u8,
    #[serde(default)]
    trailer_reserve: u32,
    #[serde(default)]
    staging_size: u32,
    #[serde(default)]
    scratch_size: u32,
}

const fn two_slots() -> u32 {
    2
}

/// NOR flash erases to ones; a few parts erase to zeros.
const fn erased_high() -> u8 {
    0xff
}

impl ReleaseRequirement {
    /// The requirement as the manifest holds it.
    #[must_use]
    pub fn as_requirement(&self) -> Requirement<'_> {
        let packed = |version: PackedVersion| version.0;
        Requirement {
            id: &self.id,
            min: self.min.map(packed),
            max: self.max.map(packed),
        }
    }
}

impl ReleaseValidity {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl ReleasePreconditions {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl From<ReleaseValidity> for Validity {
    fn from(validity: ReleaseValidity) -> Self {
        let ReleaseValidity {
            not_before,
            not_after,
        } = validity;
        Self {
            not_before,
            not_after,
        }
    }
}

impl From<ReleasePreconditions> for Preconditions {
    fn from(preconditions: ReleasePreconditions) -> Self {
        let ReleasePreconditions {
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

impl TryFrom<FlashFields> for FlashProfile {
    type Error = String;

    fn try_from(fields: FlashFields) -> Result<Self, String> {
        let FlashFields {
            slot_size,
            sector_size,
            write_size,
            ..
        } = fields;
        let multiple = |what: &str, value: u32, of: &str, unit: u32| {
            if unit != 0 && value.is_multiple_of(unit) {
                return Ok(());
            }
            Err(format!("{what} {value} is not a multiple of {of} {unit}"))
        };
        if !matches!(fields.slots, 1 | 2) {
            return Err(format!("slots {} is neither 1 nor 2", fields.slots));
        }
        if fields.slots == 1 && fields.staging_size == 0 {
            return Err("a device with one slot needs a staging-size".into());
        }
        if sector_size == 0 || slot_size == 0 {
            return Err("slot-size and sector-size are at least 1".into());
        }
        multiple("sector-size", sector_size, "write-size", write_size)?;
        multiple("slot-size", slot_size, "sector-size", sector_size)?;
        for (what, size) in [
            ("staging-size", fields.staging_size),
            ("scratch-size", fields.scratch_size),
        ] {
            multiple(what, size, "sector-size", sector_size)?;
        }
        if fields.trailer_reserve >= slot_size {
            let reserve = fields.trailer_reserve;
            return Err(format!(
                "trailer-reserve {reserve} leaves nothing of slot-size {slot_size}"
            ));
        }
        Ok(Self {
            slots: fields.slots,
            slot_size,
            sector_size,
            write_size,
            erased_value: fields.erased_value,
            trailer_reserve: fields.trailer_reserve,
            staging_size: fields.staging_size,
            scratch_size: fields.scratch_size,
        })
    }
}

#[cfg(test)]
mod tests;
