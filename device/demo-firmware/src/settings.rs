//! Settings: named, bounded, kept in two copies with a check sum each.

use crate::RELEASE_1_1;
use crate::crc::crc32;
use crate::registers::Register;
use crate::texts::Language;

/// A settings word: what it is called, its bounds and its first value.
pub(crate) struct Setting {
    pub(crate) key: &'static str,
    pub(crate) least: i32,
    pub(crate) greatest: i32,
    default: i32,
    pub(crate) help: &'static str,
}

pub(crate) const COUNT: usize = if RELEASE_1_1 { 18 } else { 16 };
pub(crate) const LANGUAGE: usize = 0;
pub(crate) const BUS_ADDRESS: usize = 1;
pub(crate) const REPORT_PERIOD: usize = 3;
pub(crate) const SAMPLE_PERIOD: usize = 4;
pub(crate) const HEATER_TARGET: usize = 5;
pub(crate) const HEATER_CUT_OUT: usize = 6;
pub(crate) const TIME_ZONE: usize = 10;
pub(crate) const FIRST_OFFSET: usize = 11;
#[cfg(feature = "release-1-1")]
pub(crate) const MEDIAN: usize = 16;
#[cfg(feature = "release-1-1")]
pub(crate) const TREND_PERIOD: usize = 17;

const fn setting(
    key: &'static str,
    least: i32,
    greatest: i32,
    default: i32,
    help: &'static str,
) -> Setting {
    Setting {
        key,
        least,
        greatest,
        default,
        help,
    }
}

pub(crate) static SETTINGS: [Setting; COUNT] = [
    setting("ui.language", 0, 2, 0, "0 English, 1 German, 2 Spanish"),
    setting("bus.address", 1, 247, 17, "Modbus address of this node"),
    setting(
        "bus.silence",
        2,
        100,
        4,
        "silence that ends a frame, in milliseconds",
    ),
    setting(
        "report.period",
        5,
        86_400,
        300,
        "seconds between two reports",
    ),
    setting(
        "sample.period",
        20,
        60_000,
        250,
        "milliseconds between two readings",
    ),
    setting("heater.target", 0, 8_500, 4_000, "hundredths of a degree"),
    setting(
        "heater.cutout",
        5_000,
        11_000,
        9_500,
        "hundredths of a degree",
    ),
    setting(
        "heater.p",
        0,
        1_000_000,
        24_000,
        "proportional gain, 65536 is one",
    ),
    setting("heater.i", 0, 100_000, 310, "integral gain, 65536 is one"),
    setting(
        "heater.d",
        0,
        4_000_000,
        98_000,
        "derivative gain, 65536 is one",
    ),
    setting(
        "clock.zone",
        -720,
        840,
        60,
        "minutes ahead of universal time",
    ),
    setting(
        "offset.temp",
        -500,
        500,
        0,
        "hundredths of a degree added to readings",
    ),
    setting(
        "offset.hum",
        -1_000,
        1_000,
        0,
        "hundredths of a percent added to readings",
    ),
    setting(
        "offset.press",
        -2_000,
        2_000,
        0,
        "pascals added to readings",
    ),
    setting(
        "offset.light",
        -5_000,
        5_000,
        0,
        "hundredths of a lux added to readings",
    ),
    setting(
        "display.page",
        0,
        30,
        5,
        "seconds each page stays, 0 keeps the first",
    ),
    #[cfg(feature = "release-1-1")]
    setting(
        "filter.median",
        1,
        9,
        5,
        "readings that the median filter looks at, 1 turns it off",
    ),
    #[cfg(feature = "release-1-1")]
    setting(
        "trend.period",
        10,
        3_600,
        60,
        "seconds between two records of the trend",
    ),
];

/// The last 4 KiB of RAM, which the linker script leaves alone and a reset does not clear.
const COPIES: [Register; 2] = [Register::at(0x2001_F000), Register::at(0x2001_F800)];
const MAGIC: u32 = 0x534E_5354;

/// The values, and which copy is to be written next.
pub(crate) struct Settings {
    values: [i32; COUNT],
    generation: u32,
}

/// How loading went.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loaded {
    Both,
    One,
    Older,
    None,
}

impl Settings {
    pub(crate) fn defaults() -> Self {
        let mut values = [0; COUNT];
        for (value, setting) in values.iter_mut().zip(&SETTINGS) {
            *value = setting.default;
        }
        Self {
            values,
            generation: 0,
        }
    }

    pub(crate) fn load() -> (Self, Loaded) {
        let copies = COPIES.map(read_copy);
        let good = copies.iter().flatten().count();
        let newest = copies
            .into_iter()
            .flatten()
            .max_by_key(|(settings, _)| settings.generation);
        match newest {
            None => (Self::defaults(), Loaded::None),
            Some((settings, stored)) if stored < COUNT => (settings, Loaded::Older),
            Some((settings, _)) => (settings, if good == 2 { Loaded::Both } else { Loaded::One }),
        }
    }

    pub(crate) fn save(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        let copy = COPIES[(self.generation % 2) as usize];
        let mut bytes = [0; 12 + 4 * COUNT];
        bytes[..4].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.generation.to_le_bytes());
        bytes[8..12].copy_from_slice(&(COUNT as u32).to_le_bytes());
        for (place, value) in bytes[12..].chunks_exact_mut(4).zip(self.values) {
            place.copy_from_slice(&value.to_le_bytes());
        }
        let (words, _) = bytes.as_chunks::<4>();
        for (i, word) in words.iter().enumerate() {
            copy.offset(4 * i).write(u32::from_le_bytes(*word));
        }
        copy.offset(bytes.len()).write(crc32(&bytes));
    }

    pub(crate) fn get(&self, index: usize) -> i32 {
        self.values[index]
    }

    /// Sets a value; false if it is out of bounds.
    pub(crate) fn set(&mut self, index: usize, value: i32) -> bool {
        let setting = &SETTINGS[index];
        let allowed = (setting.least..=setting.greatest).contains(&value);
        if allowed {
            self.values[index] = value;
        }
        allowed
    }

    pub(crate) fn language(&self) -> Language {
        let index = usize::try_from(self.values[LANGUAGE]).unwrap_or(0);
        Language::ALL
            .get(index)
            .copied()
            .unwrap_or(Language::English)
    }
}

pub(crate) fn find(key: &str) -> Option<usize> {
    SETTINGS.iter().position(|setting| setting.key == key)
}

/// One copy, with the number of words that it holds: an older release stored fewer.
fn read_copy(copy: Register) -> Option<(Settings, usize)> {
    let word = |i: usize| copy.offset(4 * i).read();
    let stored = usize::try_from(word(2)).ok()?;
    if word(0) != MAGIC || stored > COUNT {
        return None;
    }
    let mut bytes = [0; 12 + 4 * COUNT];
    let len = 12 + 4 * stored;
    for (i, place) in bytes[..len].chunks_exact_mut(4).enumerate() {
        place.copy_from_slice(&word(i).to_le_bytes());
    }
    if crc32(&bytes[..len]) != copy.offset(len).read() {
        return None;
    }
    let mut settings = Settings::defaults();
    settings.generation = word(1);
    for i in 0..stored {
        settings.set(i, word(3 + i).cast_signed());
    }
    Some((settings, stored))
}
