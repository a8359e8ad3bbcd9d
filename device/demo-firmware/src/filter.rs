//! Filters that a channel runs its readings through.

/// The middle one of the last readings: a single wild reading leaves no trace.
#[derive(Clone, Copy)]
pub(crate) struct Median {
    window: [i32; Self::LONGEST],
    filled: usize,
    next: usize,
    len: usize,
}

impl Median {
    pub(crate) const LONGEST: usize = 9;

    /// `len` is made odd and at most [`Self::LONGEST`]; 1 passes readings through.
    pub(crate) fn new(len: usize) -> Self {
        Self {
            window: [0; Self::LONGEST],
            filled: 0,
            next: 0,
            len: len.clamp(1, Self::LONGEST) | 1,
        }
    }

    #[cfg(feature = "release-1-1")]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, reading: i32) -> i32 {
        self.window[self.next] = reading;
        self.next = (self.next + 1) % self.len;
        self.filled = (self.filled + 1).min(self.len);
        let mut sorted = self.window;
        let sorted = &mut sorted[..self.filled];
        for end in 1..sorted.len() {
            let mut at = end;
            while at > 0 && sorted[at - 1] > sorted[at] {
                sorted.swap(at - 1, at);
                at -= 1;
            }
        }
        sorted[self.filled / 2]
    }
}

/// Exponential smoothing; each reading counts 1 / 2^shift.
#[derive(Clone, Copy, Default)]
pub(crate) struct Smooth {
    state: Option<i64>,
    shift: u8,
}

impl Smooth {
    const FRACTION_BITS: u32 = 16;

    pub(crate) fn new(shift: u8) -> Self {
        Self {
            state: None,
            shift: shift.min(8),
        }
    }

    pub(crate) fn push(&mut self, reading: i32) -> i32 {
        let reading = i64::from(reading) << Self::FRACTION_BITS;
        let state = match self.state {
            None => reading,
            Some(state) => state + ((reading - state) >> self.shift),
        };
        self.state = Some(state);
        ((state + (1 << (Self::FRACTION_BITS - 1))) >> Self::FRACTION_BITS) as i32
    }
}

/// Least, greatest and mean of the readings of one report period.
#[derive(Clone, Copy)]
pub(crate) struct Summary {
    pub(crate) least: i32,
    pub(crate) greatest: i32,
    sum: i64,
    pub(crate) count: u32,
}

impl Summary {
    pub(crate) const EMPTY: Self = Self {
        least: i32::MAX,
        greatest: i32::MIN,
        sum: 0,
        count: 0,
    };

    pub(crate) fn push(&mut self, value: i32) {
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
        self.sum += i64::from(value);
        self.count += 1;
    }

    pub(crate) fn mean(&self) -> Option<i32> {
        if self.count == 0 {
            return None;
        }
        Some((self.sum / i64::from(self.count)) as i32)
    }
}
