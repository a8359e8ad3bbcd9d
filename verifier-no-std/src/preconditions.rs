//! Whether a device is in a state to update now, with hysteresis, so that a value at the threshold does not let an
//! update begin and stop again and again. Deferred is not refused: the package is good, and is offered again later.

use sprag_manifest::{Digest, Preconditions, TimeWindow};

use crate::error::Error;
use crate::policy::Device;
use crate::record::{BootRecord, Phase};

/// Per cent of battery charge.
const BATTERY_MARGIN: u8 = 5;
/// Degrees Celsius; at most half of the range that the package allows, which would be empty otherwise.
const TEMPERATURE_MARGIN: u8 = 2;
/// The share of bytes asked for, as a divisor.
const BYTES_MARGIN: u32 = 8;
/// Minutes behind the end of the time window in which an update that has begun goes on.
const WINDOW_MARGIN: u16 = 30;

/// Seconds after which another look pays, by how fast each value moves.
const BATTERY_RETRY: u32 = 1800;
const TEMPERATURE_RETRY: u32 = 600;
const STORAGE_RETRY: u32 = 3600;
const RAM_RETRY: u32 = 60;
const CLOCK_RETRY: u32 = 3600;

/// Where the update of a package stands when it is tried. [`Attempt::of`] tells begun from not begun; that the last
/// try was deferred is for the application to remember ([`Attempt::deferred`]), in RAM if it likes: all that is lost
/// with it is the margin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attempt {
    /// Not begun: thresholds are as the package states them.
    #[default]
    First,
    /// Not begun, and deferred the last time: begins at a margin beyond the thresholds.
    Deferred,
    /// Begun, which flash shows: goes on down to a margin short of the thresholds.
    Begun,
    /// Begun, and deferred since: goes on at the thresholds, so a device that just reaches them is not kept waiting.
    Halted,
}

impl Attempt {
    /// How the update whose manifest has this digest stands by the boot record.
    #[must_use]
    pub fn of(record: &BootRecord, manifest: &Digest) -> Self {
        let begun = matches!(record.phase, Phase::Erasing | Phase::Writing);
        match begun && record.manifest == *manifest {
            true => Self::Begun,
            false => Self::First,
        }
    }

    /// The same after it was deferred.
    #[must_use]
    pub const fn deferred(self) -> Self {
        match self {
            Self::First | Self::Deferred => Self::Deferred,
            Self::Begun | Self::Halted => Self::Halted,
        }
    }

    /// A lower bound, moved by the margin where there is one; both are of the same unit.
    fn lowest<T: Margin>(self, bound: T, margin: T) -> T {
        match self {
            Self::First | Self::Halted => bound,
            Self::Deferred => bound.up(margin),
            Self::Begun => bound.down(margin),
        }
    }

    /// The same for an upper bound.
    fn highest<T: Margin>(self, bound: T, margin: T) -> T {
        match self {
            Self::First | Self::Halted => bound,
            Self::Deferred => bound.down(margin),
            Self::Begun => bound.up(margin),
        }
    }

    /// Whether a value that the device cannot tell holds the update back: once it has begun, a sensor or a clock
    /// that was lost in a reset must not hold it back for ever.
    const fn needs_value(self) -> bool {
        matches!(self, Self::First | Self::Deferred)
    }
}

/// Numbers that a margin is added to or taken from, as far as they go.
trait Margin: Copy + PartialOrd {
    fn up(self, margin: Self) -> Self;
    fn down(self, margin: Self) -> Self;
}

impl Margin for u32 {
    fn up(self, margin: Self) -> Self {
        self.saturating_add(margin)
    }
    fn down(self, margin: Self) -> Self {
        self.saturating_sub(margin)
    }
}

impl Margin for i8 {
    fn up(self, margin: Self) -> Self {
        self.saturating_add(margin)
    }
    fn down(self, margin: Self) -> Self {
        self.saturating_sub(margin)
    }
}

/// Why an update waits. `need` is the bound with the margin that applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The battery is too low.
    Battery {
        /// Per cent needed.
        need: u8,
        /// Per cent measured; 0 if the device cannot tell.
        have: u8,
    },
    /// Too little storage is free for the application's own needs.
    Storage {
        /// Bytes needed.
        need: u32,
        /// Bytes free; 0 if the device cannot tell.
        have: u32,
    },
    /// Too cold or too hot.
    Temperature {
        /// Lowest temperature in degrees Celsius.
        min: i8,
        /// Highest temperature.
        max: i8,
        /// Temperature of the device; `None` if it cannot tell.
        have: Option<i8>,
    },
    /// Too little RAM is free beside the update.
    Ram {
        /// Bytes needed.
        need: u32,
        /// Bytes free; 0 if the device cannot tell.
        have: u32,
    },
    /// Not the time of day.
    Window {
        /// The package's window.
        need: TimeWindow,
        /// Minute of the day (UTC) on the device; `None` if it cannot tell.
        have: Option<u16>,
    },
    /// The link is too poor now; what was verified is kept.
    Link {
        /// Tries that failed in this session.
        tries: u32,
    },
}

/// Holds the preconditions of a package against the device. [`crate::check`] does it before an update begins; an
/// application may do it again whenever it likes, and pause the update while it is deferred.
///
/// # Errors
/// [`Error::Deferred`], codes 330 to 334: the first that does not hold.
pub fn check_preconditions(
    preconditions: &Preconditions,
    device: &Device<'_>,
) -> Result<(), Error> {
    let attempt = device.attempt;
    let Preconditions {
        min_battery_percent,
        min_free_storage,
        min_temperature,
        max_temperature,
        min_free_ram,
        window,
    } = *preconditions;
    if let Some(bound) = min_battery_percent {
        // A battery that is asked to be full must not be asked for more.
        let need = attempt.lowest(u32::from(bound), BATTERY_MARGIN.into());
        let need = u8::try_from(need.min(100)).unwrap_or(100);
        if !enough(attempt, need, device.battery_percent) {
            let have = device.battery_percent.unwrap_or(0);
            return deferred(Reason::Battery { need, have }, BATTERY_RETRY);
        }
    }
    if let Some(bound) = min_free_storage {
        let need = attempt.lowest(bound, bound.wrapping_div(BYTES_MARGIN));
        if !enough(attempt, need, device.free_storage) {
            let have = device.free_storage.unwrap_or(0);
            return deferred(Reason::Storage { need, have }, STORAGE_RETRY);
        }
    }
    check_temperature(min_temperature, max_temperature, device)?;
    if let Some(bound) = min_free_ram {
        let need = attempt.lowest(bound, bound.wrapping_div(BYTES_MARGIN));
        if !enough(attempt, need, device.free_ram) {
            let have = device.free_ram.unwrap_or(0);
            return deferred(Reason::Ram { need, have }, RAM_RETRY);
        }
    }
    window.map_or(Ok(()), |window| check_window(window, device))
}

fn enough<T: PartialOrd>(attempt: Attempt, need: T, have: Option<T>) -> bool {
    have.map_or(!attempt.needs_value(), |have| have >= need)
}

fn check_temperature(min: Option<i8>, max: Option<i8>, device: &Device<'_>) -> Result<(), Error> {
    if min.is_none() && max.is_none() {
        return Ok(());
    }
    let attempt = device.attempt;
    let (low, high) = (min.unwrap_or(i8::MIN), max.unwrap_or(i8::MAX));
    let margin = high.abs_diff(low).wrapping_div(2).min(TEMPERATURE_MARGIN);
    let margin = i8::try_from(margin).unwrap_or(0);
    let low = min.map_or(low, |min| attempt.lowest(min, margin));
    let high = max.map_or(high, |max| attempt.highest(max, margin));
    let holds = device
        .temperature
        .map_or(!attempt.needs_value(), |degrees| {
            (low..=high).contains(&degrees)
        });
    if holds {
        return Ok(());
    }
    let reason = Reason::Temperature {
        min: low,
        max: high,
        have: device.temperature,
    };
    deferred(reason, TEMPERATURE_RETRY)
}

fn check_window(window: TimeWindow, device: &Device<'_>) -> Result<(), Error> {
    let need = window;
    let Some(minute) = device.minute_of_day else {
        return match device.attempt.needs_value() {
            true => deferred(Reason::Window { need, have: None }, CLOCK_RETRY),
            false => Ok(()),
        };
    };
    // Time moves one way: only the end of the window needs a margin, and only for what has begun inside.
    let goes_on =
        device.attempt == Attempt::Begun && window.minutes_since_end(minute) < WINDOW_MARGIN;
    if window.contains(minute) || goes_on {
        return Ok(());
    }
    let seconds = u32::from(window.minutes_to_begin(minute)).saturating_mul(60);
    let have = Some(minute);
    deferred(Reason::Window { need, have }, seconds)
}

const fn deferred(reason: Reason, retry_after: u32) -> Result<(), Error> {
    Err(Error::Deferred {
        reason,
        retry_after,
    })
}

#[cfg(test)]
mod tests;
