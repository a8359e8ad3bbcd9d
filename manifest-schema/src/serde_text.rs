//! Types that are text in TOML and JSON: names, hexadecimal, dotted versions.

use core::fmt::Display;
use std::borrow::Cow;
use std::format;
use std::string::String;

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde::ser::{Serialize, Serializer};

use crate::ids::{Digest, KeyId};
use crate::limits::{MAX_BATTERY_PERCENT, MAX_BLOCK_SIZE, MIN_BLOCK_SIZE};
use crate::manifest::{Codec, Isa, Role, TimeWindow};
use crate::reader::is_name;
use crate::version::PackedVersion;

/// A value written as `$write` gives it, and read with `$read`, which returns an option.
macro_rules! as_text {
    ($type:ty, $expected:literal, $write:expr, $read:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(Self, S) -> Result<S::Ok, S::Error> = $write;
                write(*self, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                let read: fn(&str) -> Option<Self> = $read;
                read(&text).ok_or_else(|| Error::invalid_value(Unexpected::Str(&text), &$expected))
            }
        }
    };
}

as_text!(
    Digest,
    "64 hexadecimal digits",
    |digest, s| s.collect_str(&digest),
    Self::from_hex
);
as_text!(
    KeyId,
    "16 hexadecimal digits",
    |id, s| s.collect_str(&id),
    Self::from_hex
);
as_text!(
    Isa,
    "one of none, thumb, a32, a64, rv32, rv64, xtensa, x86-64",
    |isa, s| s.serialize_str(isa.name()),
    Self::from_name
);
as_text!(
    Role,
    "one of delta, full, reverse",
    |role, s| s.serialize_str(role.name()),
    Self::from_name
);
as_text!(
    Codec,
    "one of stored, native-delta, native-full, bsdiff-zstd",
    |codec, s| s.serialize_str(codec.name()),
    Self::from_name
);

as_text!(
    TimeWindow,
    "two different times of day, as in 22:00-04:30 (UTC)",
    |window, s| s.collect_str(&window),
    |text| text.parse().ok()
);

impl Serialize for PackedVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PackedVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse()
            .map_err(|error| Error::custom(format!("{text:?}: {error}")))
    }
}

/// Text that the package's reader accepts as a name, identifier or version.
pub(crate) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    check_name(&text)?;
    Ok(text)
}

pub(crate) fn optional_name<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.as_deref().map_or(Ok(()), check_name)?;
    Ok(text)
}

pub(crate) fn names<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<std::vec::Vec<String>, D::Error> {
    let texts = std::vec::Vec::<String>::deserialize(deserializer)?;
    texts.iter().try_for_each(|text| check_name(text))?;
    Ok(texts)
}

pub(crate) fn optional_percent<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u8>, D::Error> {
    let percent = Option::<u8>::deserialize(deserializer)?;
    match percent {
        Some(above) if above > MAX_BATTERY_PERCENT => Err(out_of_range(above, "0 to 100 per cent")),
        percent => Ok(percent),
    }
}

pub(crate) fn optional_block_size<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u32>, D::Error> {
    let block_size = Option::<u32>::deserialize(deserializer)?;
    match block_size {
        Some(size)
            if !size.is_power_of_two() || !(MIN_BLOCK_SIZE..=MAX_BLOCK_SIZE).contains(&size) =>
        {
            Err(out_of_range(size, "a power of two from 256 to 65536"))
        }
        block_size => Ok(block_size),
    }
}

fn check_name<E: Error>(text: &str) -> Result<(), E> {
    if is_name(text) {
        return Ok(());
    }
    Err(E::invalid_value(
        Unexpected::Str(text),
        &"1 to 32 characters of A-Z a-z 0-9 . _ + -",
    ))
}

fn out_of_range<E: Error>(found: impl Display, expected: &str) -> E {
    E::custom(format!("{found} is not {expected}"))
}
