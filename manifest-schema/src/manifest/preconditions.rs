//! What a device must have at hand before it begins.

use core::fmt;
use core::str::FromStr;

use super::parts::{count, optional};
use crate::error::{DecodeErrorKind, EncodeError, Limit};
use crate::fields::Fields;
use crate::limits::MAX_BATTERY_PERCENT;
use crate::reader::{Reader, Step};
use crate::writer::Writer;

/// What a device must have at hand before it begins; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// Charge of the battery in per cent, 0 to 100.
    pub min_battery_percent: Option<u8>,
    /// Free storage in bytes.
    pub min_free_storage: Option<u32>,
    /// Lowest temperature in degrees Celsius, inclusive.
    pub min_temperature: Option<i8>,
    /// Highest temperature in degrees Celsius, inclusive.
    pub max_temperature: Option<i8>,
    /// RAM in bytes that the application must have free beside the update.
    pub min_free_ram: Option<u32>,
    /// When in the day an update may begin.
    pub window: Option<TimeWindow>,
}

/// A part of every day in minutes since 00:00 UTC. It passes midnight if it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    from: u16,
    until: u16,
}

/// Minutes of a day.
const DAY: u16 = 24 * 60;

impl TimeWindow {
    /// From minute `from`, inclusive, until minute `until`, exclusive; both below 1440, and not the same.
    #[must_use]
    pub const fn new(from: u16, until: u16) -> Option<Self> {
        if from < DAY && until < DAY && from != until {
            Some(Self { from, until })
        } else {
            None
        }
    }

    /// First minute.
    #[must_use]
    pub const fn from(&self) -> u16 {
        self.from
    }

    /// First minute after it.
    #[must_use]
    pub const fn until(&self) -> u16 {
        self.until
    }

    /// Length in minutes.
    #[must_use]
    pub const fn len(&self) -> u16 {
        distance(self.from, self.until)
    }

    /// Never: a window has at least one minute.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Whether minute `minute` of the day is inside.
    #[must_use]
    pub const fn contains(&self, minute: u16) -> bool {
        distance(self.from, minute) < self.len()
    }

    /// Minutes from minute `minute` of the day to the next beginning.
    #[must_use]
    pub const fn minutes_to_begin(&self, minute: u16) -> u16 {
        distance(minute, self.from)
    }

    /// Minutes from the last end to minute `minute` of the day, where that is outside.
    #[must_use]
    pub const fn minutes_since_end(&self, minute: u16) -> u16 {
        distance(self.until, minute)
    }
}

/// Minutes forward from one minute of the day to another.
const fn distance(from: u16, to: u16) -> u16 {
    let to = to.wrapping_rem(DAY);
    match to.checked_sub(from) {
        Some(minutes) => minutes,
        None => to.saturating_add(DAY).saturating_sub(from),
    }
}

/// As in files and on the command line: `22:00-04:30`.
impl fmt::Display for TimeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |minute: u16| (minute.wrapping_div(60), minute.wrapping_rem(60));
        let ((a, b), (c, d)) = (clock(self.from), clock(self.until));
        write!(f, "{a:02}:{b:02}-{c:02}:{d:02}")
    }
}

/// Why a text is no time window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseWindowError;

impl fmt::Display for ParseWindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("two different times of day, as in 22:00-04:30 (UTC)")
    }
}

impl core::error::Error for ParseWindowError {}

impl FromStr for TimeWindow {
    type Err = ParseWindowError;

    fn from_str(text: &str) -> Result<Self, ParseWindowError> {
        let two_digits = |text: &str, below: u16| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse::<u16>().ok().filter(|_| digits)?;
            (number < below).then_some(number)
        };
        let clock = |text: &str| {
            let (hours, minutes) = text.split_once(':')?;
            let hours = two_digits(hours, 24)?;
            Some(
                hours
                    .saturating_mul(60)
                    .saturating_add(two_digits(minutes, 60)?),
            )
        };
        let window = text
            .split_once('-')
            .and_then(|(from, until)| Self::new(clock(from)?, clock(until)?));
        window.ok_or(ParseWindowError)
    }
}

impl Preconditions {
    /// Nothing is asked.
    pub const NONE: Self = Self {
        min_battery_percent: None,
        min_free_storage: None,
        min_temperature: None,
        max_temperature: None,
        min_free_ram: None,
        window: None,
    };

    pub(super) fn decode(reader: &mut Reader<'_>) -> Step<Self> {
        let mut fields = reader.map()?;
        let bytes = |reader: &mut Reader<'_>| reader.uint32(Limit::Unsigned32, u32::MAX);
        let battery = fields.optional(reader, 1, |reader| {
            reader.uint32(Limit::BatteryPercent, u32::from(MAX_BATTERY_PERCENT))
        })?;
        let min_free_storage = fields.optional(reader, 2, bytes)?;
        let min_temperature = fields.optional(reader, 3, |reader| degrees(reader, 3))?;
        let max_temperature = fields.optional(reader, 4, |reader| degrees(reader, 4))?;
        if let (Some(min), Some(max)) = (min_temperature, max_temperature)
            && min > max
        {
            return reader.refuse(invalid(4, max.unsigned_abs().into()));
        }
        let preconditions = Self {
            min_battery_percent: battery.and_then(|percent| u8::try_from(percent).ok()),
            min_free_storage,
            min_temperature,
            max_temperature,
            min_free_ram: fields.optional(reader, 5, bytes)?,
            window: window(reader, &mut fields)?,
        };
        fields.end(reader)?;
        Ok(preconditions)
    }

    pub(super) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        let battery = self.min_battery_percent.map(u64::from);
        let storage = self.min_free_storage.map(u64::from);
        let ram = self.min_free_ram.map(u64::from);
        let from = self.window.map(|window| u64::from(window.from));
        let until = self.window.map(|window| u64::from(window.until));
        let temperatures = [(3, self.min_temperature), (4, self.max_temperature)];
        let entries = [battery, storage, ram, from, until]
            .into_iter()
            .map(count)
            .chain(temperatures.map(|(_, degrees)| u64::from(degrees.is_some())))
            .fold(0_u64, u64::saturating_add);
        writer.map(entries)?;
        optional(writer, 1, battery)?;
        optional(writer, 2, storage)?;
        for (key, degrees) in temperatures {
            if let Some(degrees) = degrees {
                writer.uint(key)?;
                writer.int(degrees.into())?;
            }
        }
        optional(writer, 5, ram)?;
        optional(writer, 6, from)?;
        optional(writer, 7, until)
    }
}

/// A temperature: -128 to 127 degrees Celsius.
fn degrees(reader: &mut Reader<'_>, key: u64) -> Step<i8> {
    let value = reader.int()?;
    match i8::try_from(value) {
        Ok(degrees) => Ok(degrees),
        Err(_) => reader.refuse(invalid(key, value.unsigned_abs())),
    }
}

/// Both ends, or none.
fn window(reader: &mut Reader<'_>, fields: &mut Fields) -> Step<Option<TimeWindow>> {
    let minute = |reader: &mut Reader<'_>, key| {
        let value = reader.uint()?;
        match u16::try_from(value) {
            Ok(minute) if minute < DAY => Ok(minute),
            _ => reader.refuse(invalid(key, value)),
        }
    };
    if !fields.has(reader, 6)? {
        if fields.has(reader, 7)? {
            reader.skip()?;
            fields.required(reader, 6)?;
        }
        return Ok(None);
    }
    let from = minute(reader, 6)?;
    let until = fields.required(reader, 7)?;
    let until = minute(until, 7)?;
    match TimeWindow::new(from, until) {
        Some(window) => Ok(Some(window)),
        None => reader.refuse(invalid(7, until.into())),
    }
}

const fn invalid(key: u64, value: u64) -> DecodeErrorKind {
    DecodeErrorKind::InvalidValue { key, value }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::TimeWindow;

    #[test]
    fn windows_pass_midnight_and_are_written_as_people_do() {
        let window: TimeWindow = "22:00-04:30".parse().unwrap();
        assert_eq!(
            (window.from(), window.until(), window.len()),
            (1320, 270, 390)
        );
        assert_eq!(format!("{window}"), "22:00-04:30");
        let inside = [1320, 1439, 0, 269];
        let outside = [(270, 1050, 0), (1319, 1, 1049), (720, 600, 450)];
        assert!(inside.iter().all(|&minute| window.contains(minute)));
        for (minute, to_begin, since_end) in outside {
            assert!(!window.contains(minute), "{minute}");
            assert_eq!(window.minutes_to_begin(minute), to_begin, "{minute}");
            assert_eq!(window.minutes_since_end(minute), since_end, "{minute}");
        }
        assert!(!window.is_empty() && TimeWindow::new(0, 1440).is_none());
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in [
            "",
            "22:00",
            "22:00-22:00",
            "24:00-01:00",
            "1:00-02:00",
            "01:60-02:00",
            "+1:00-02:00",
            "01:00-02:00-03:00",
            "01:00 - 02:00",
        ] {
            assert!(text.parse::<TimeWindow>().is_err(), "{text}");
        }
    }
}
