//! The measured channels: converter input, calibration, filters, limits.

use crate::RELEASE_1_1;
use crate::calibration;
use crate::filter::{Median, Smooth, Summary};
use crate::registers::Register;
use crate::texts::Text;

const CONVERTER: Register = Register::at(0x4001_2000);
const CLOCK_ENABLE: Register = Register::at(0x4002_3844);
const CONTROL_2: usize = 0x08;
const SEQUENCE_3: usize = 0x34;
const DATA: usize = 0x4C;
const STATUS: usize = 0x00;
const CONVERTED: u32 = 1 << 1;
const CONVERTER_ON: u32 = 1;
const START_CONVERSION: u32 = 1 << 30;
/// Status polls before a conversion is given up.
const PATIENCE: u32 = 1_000;

/// What does not change about a channel.
pub(crate) struct Kind {
    pub(crate) key: &'static str,
    pub(crate) name: Text,
    pub(crate) unit: &'static str,
    /// Value in hundredths, per 32 converter counts.
    table: &'static [i32; 129],
    input: u8,
    smoothing: u8,
    /// Alarm limits, in hundredths of the unit.
    pub(crate) low: i32,
    pub(crate) high: i32,
    /// How far back inside a limit a value must come before the alarm ends.
    hysteresis: i32,
}

pub(crate) const COUNT: usize = 6;
pub(crate) const TEMPERATURE: usize = 0;
pub(crate) const HUMIDITY: usize = 1;

pub(crate) static KINDS: [Kind; COUNT] = [
    Kind {
        key: "temp",
        name: Text::Temperature,
        unit: "C",
        table: &calibration::TEMPERATURE,
        input: 0,
        smoothing: 3,
        low: -2_000,
        high: 7_000,
        hysteresis: 150,
    },
    Kind {
        key: "hum",
        name: Text::Humidity,
        unit: "%",
        table: &calibration::HUMIDITY,
        input: 1,
        smoothing: 4,
        low: 500,
        high: 9_500,
        hysteresis: 200,
    },
    Kind {
        key: "press",
        name: Text::Pressure,
        unit: "hPa",
        table: &calibration::PRESSURE,
        input: 4,
        smoothing: 5,
        low: 80_000,
        high: 108_000,
        hysteresis: 300,
    },
    Kind {
        key: "light",
        name: Text::Light,
        unit: "lx",
        table: &calibration::LIGHT,
        input: 5,
        smoothing: 2,
        low: -1,
        high: 1_150_000,
        hysteresis: 5_000,
    },
    Kind {
        key: "supply",
        name: Text::Supply,
        unit: "V",
        table: &calibration::SUPPLY,
        input: 8,
        smoothing: 4,
        low: 280,
        high: 350,
        hysteresis: 5,
    },
    Kind {
        key: "plate",
        name: Text::Plate,
        unit: "C",
        table: &calibration::TEMPERATURE,
        input: 9,
        smoothing: 3,
        low: -2_500,
        high: 9_000,
        hysteresis: 250,
    },
];

/// Where a value stands with regard to its limits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Unknown,
    Low,
    Normal,
    High,
}

impl Level {
    pub(crate) fn text(self) -> Text {
        match self {
            Self::Unknown => Text::LevelUnknown,
            Self::Low => Text::LevelLow,
            Self::Normal => Text::LevelNormal,
            Self::High => Text::LevelHigh,
        }
    }
}

/// A change of level that somebody should hear of.
pub(crate) struct Crossing {
    pub(crate) from: Level,
    pub(crate) to: Level,
}

/// What changes about a channel.
pub(crate) struct Channel {
    pub(crate) counts: u16,
    pub(crate) value: i32,
    pub(crate) offset: i32,
    pub(crate) level: Level,
    pub(crate) failures: u16,
    pub(crate) summary: Summary,
    pub(crate) median: Median,
    smooth: Smooth,
}

impl Channel {
    pub(crate) fn new(kind: &Kind) -> Self {
        Self {
            counts: 0,
            value: 0,
            offset: 0,
            level: Level::Unknown,
            failures: 0,
            summary: Summary::EMPTY,
            median: Median::new(if RELEASE_1_1 { 5 } else { 1 }),
            smooth: Smooth::new(kind.smoothing),
        }
    }

    /// Takes one reading; a converter that does not answer counts as a failure.
    pub(crate) fn sample(&mut self, kind: &Kind) -> Option<Crossing> {
        let Some(counts) = convert(kind.input) else {
            self.failures = self.failures.saturating_add(1);
            return None;
        };
        self.counts = counts;
        let mut value = calibration::convert(kind.table, counts);
        if RELEASE_1_1 {
            value = self.median.push(value);
        }
        self.value = self.smooth.push(value) + self.offset;
        self.summary.push(self.value);
        let level = self.judge(kind);
        if level == self.level {
            return None;
        }
        let crossing = Crossing {
            from: self.level,
            to: level,
        };
        self.level = level;
        Some(crossing)
    }

    fn judge(&self, kind: &Kind) -> Level {
        let (low, high) = match self.level {
            Level::Low => (kind.low + kind.hysteresis, kind.high),
            Level::High => (kind.low, kind.high - kind.hysteresis),
            Level::Normal | Level::Unknown => (kind.low, kind.high),
        };
        if self.value < low {
            Level::Low
        } else if self.value > high {
            Level::High
        } else {
            Level::Normal
        }
    }

    #[cfg(feature = "release-1-1")]
    pub(crate) fn reset_filters(&mut self, kind: &Kind, median: usize) {
        self.median = Median::new(median);
        self.smooth = Smooth::new(kind.smoothing);
        self.summary = Summary::EMPTY;
    }
}

pub(crate) fn start_converter() {
    CLOCK_ENABLE.set(1 << 8);
    CONVERTER.offset(CONTROL_2).set(CONVERTER_ON);
}

/// One conversion of one input, in 12-bit counts.
pub(crate) fn convert(input: u8) -> Option<u16> {
    CONVERTER.offset(SEQUENCE_3).write(u32::from(input));
    CONVERTER.offset(CONTROL_2).set(START_CONVERSION);
    (0..PATIENCE)
        .find(|_| CONVERTER.offset(STATUS).read() & CONVERTED != 0)
        .map(|_| (CONVERTER.offset(DATA).read() & 0xFFF) as u16)
}
