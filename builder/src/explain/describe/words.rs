//! Values in words.

use sprag_manifest::PackedVersion;
use sprag_verifier::{Area, FlashErrorKind, Text};

use crate::printable::printable;

/// A name from a package or a device; the device's may hold anything, or be missing.
pub(super) fn name(text: &Text) -> String {
    match text.as_str() {
        "" => "unknown".into(),
        text => printable(text),
    }
}

/// `1 key`, `2 keys`.
pub(super) fn count(number: u32, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

pub(super) const fn area(area: Area) -> &'static str {
    match area {
        Area::SlotA => "slot A",
        Area::SlotB => "slot B",
        Area::Staging => "the staging area",
        Area::Record => "the boot record",
        Area::Scratch => "the scratch area",
        Area::Trust => "the stored key set",
        _ => "another area",
    }
}

/// What a flash driver said.
pub(super) const fn driver(kind: FlashErrorKind) -> &'static str {
    match kind {
        FlashErrorKind::NotAligned => "the driver says it is not aligned",
        FlashErrorKind::OutOfBounds => "the driver says it is out of bounds",
        _ => "other driver error",
    }
}

/// What a component's version should be, and is; a bound of 0 or `u64::MAX` is none.
pub(super) fn version_range(component: &str, min: u64, max: u64, device: u64) -> String {
    let [low, high, device] = [min, max, device].map(PackedVersion);
    let range = match (min, max) {
        (0, _) => format!("{high} or earlier"),
        (_, u64::MAX) => format!("{low} or later"),
        (min, max) if min == max => format!("{low}"),
        _ => format!("{low} to {high}"),
    };
    format!("the package needs {component} version {range}, this device has {device}")
}

/// A sequence number; with the version that it would stand for, if it is large enough to be a packed one.
pub(super) fn sequence(number: u64) -> String {
    if number < SMALLEST_PACKED {
        return number.to_string();
    }
    format!("{number} (packed {})", PackedVersion(number))
}

/// A second of Unix time as a date, for years up to 9999.
pub(crate) fn date(second: u64) -> String {
    let (mut days, in_day) = (second / DAY, second % DAY);
    let mut year = FIRST_YEAR;
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
        if year > LAST_YEAR {
            return format!("second {second} of Unix time");
        }
    }
    let february = if days_of(year) == 366 { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
    format!(
        "{year}-{month:02}-{:02} {hour:02}:{minute:02}:{second:02} UTC",
        days + 1
    )
}

/// Days of a year of the Gregorian calendar.
const fn days_of(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if leap { 366 } else { 365 }
}

const DAY: u64 = 86_400;
const FIRST_YEAR: u64 = 1970;
const LAST_YEAR: u64 = 9999;

/// Version 1.0.0, packed: what is smaller is a plain counter.
const SMALLEST_PACKED: u64 = 1 << 48;
