//! Time: the tick interrupt and the calendar.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::registers::Register;

const SYSTICK_CONTROL: Register = Register::at(0xE000_E010);
const SYSTICK_RELOAD: Register = Register::at(0xE000_E014);
const SYSTICK_VALUE: Register = Register::at(0xE000_E018);
/// Core clock, counter and interrupt on.
const SYSTICK_ENABLE: u32 = 0b111;
const TICKS_PER_MILLISECOND: u32 = 16_000;

static MILLISECONDS: AtomicU32 = AtomicU32::new(0);

pub(crate) fn start() {
    SYSTICK_RELOAD.write(TICKS_PER_MILLISECOND - 1);
    SYSTICK_VALUE.write(0);
    SYSTICK_CONTROL.write(SYSTICK_ENABLE);
}

/// Called by the tick interrupt. The only writer, so a load and a store suffice.
pub(crate) fn tick() {
    MILLISECONDS.store(
        MILLISECONDS.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}

/// Milliseconds since reset; wraps after 49 days.
pub(crate) fn now() -> u32 {
    MILLISECONDS.load(Ordering::Relaxed)
}

/// Whether `period` milliseconds have passed since `*last`; if so, `*last` moves on by one period.
pub(crate) fn due(last: &mut u32, period: u32) -> bool {
    if now().wrapping_sub(*last) < period {
        return false;
    }
    *last = last.wrapping_add(period);
    true
}

/// A moment, as a person reads it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
}

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

const fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in_month(year: u32, month: u8) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Moment {
    /// Seconds since the start of 1970, counted forward year by year and month by month.
    pub(crate) fn from_unix(seconds: u32) -> Self {
        let (mut days, rest) = (seconds / 86_400, seconds % 86_400);
        let mut year = 1970;
        loop {
            let length = if is_leap(year) { 366 } else { 365 };
            if days < length {
                break;
            }
            days -= length;
            year += 1;
        }
        let mut month = 1;
        while days >= days_in_month(year, month) {
            days -= days_in_month(year, month);
            month += 1;
        }
        Self {
            year: year as u16,
            month,
            day: days as u8 + 1,
            hour: (rest / 3600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
        }
    }

    pub(crate) fn to_unix(self) -> Option<u32> {
        let year = u32::from(self.year);
        if !(1970..2100).contains(&year)
            || !(1..=12).contains(&self.month)
            || self.day == 0
            || u32::from(self.day) > days_in_month(year, self.month)
            || self.hour > 23
            || self.minute > 59
            || self.second > 59
        {
            return None;
        }
        let years: u32 = (1970..year)
            .map(|year| if is_leap(year) { 366 } else { 365 })
            .sum();
        let months: u32 = (1..self.month)
            .map(|month| days_in_month(year, month))
            .sum();
        let days = years + months + u32::from(self.day) - 1;
        let seconds =
            u32::from(self.hour) * 3600 + u32::from(self.minute) * 60 + u32::from(self.second);
        days.checked_mul(86_400)?.checked_add(seconds)
    }

    fn weekday(self) -> &'static str {
        let days = self.to_unix().unwrap_or(0) / 86_400;
        WEEKDAYS[(days % 7) as usize]
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            self.weekday(),
            self.year,
            self.month,
            self.day,
            self.hour,
            self.minute,
            self.second
        )
    }
}
