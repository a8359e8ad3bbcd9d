//! Vibration: a 256-point transform in Q15 and the bands that bearings are judged by.

use crate::tables::{WINDOW, sine};

pub(crate) const POINTS: usize = 256;
pub(crate) const BANDS: usize = 8;

/// Last point of each band, and what a worn bearing does not exceed there.
static BAND_ENDS: [usize; BANDS] = [4, 8, 14, 24, 40, 64, 96, 128];
static BAND_LIMITS: [u32; BANDS] = [900, 760, 610, 480, 400, 330, 260, 210];

#[derive(Clone, Copy, Default)]
struct Complex {
    re: i32,
    im: i32,
}

/// A record of samples, and its spectrum by bands.
pub(crate) struct Spectrum {
    points: [Complex; POINTS],
    filled: usize,
    pub(crate) bands: [u32; BANDS],
    pub(crate) records: u32,
}

impl Spectrum {
    pub(crate) const fn new() -> Self {
        Self {
            points: [Complex { re: 0, im: 0 }; POINTS],
            filled: 0,
            bands: [0; BANDS],
            records: 0,
        }
    }

    /// Takes one sample (12-bit counts around 2048); true when a record is complete and analysed.
    pub(crate) fn push(&mut self, counts: u16) -> bool {
        let centred = (i32::from(counts) - 2048) * 8;
        let windowed = (centred * i32::from(WINDOW[self.filled])) >> 15;
        self.points[self.filled] = Complex {
            re: windowed,
            im: 0,
        };
        self.filled += 1;
        if self.filled < POINTS {
            return false;
        }
        self.filled = 0;
        self.records = self.records.wrapping_add(1);
        self.transform();
        self.collect();
        true
    }

    /// Decimation in time, halving at every stage so that nothing overflows.
    fn transform(&mut self) {
        for i in 0..POINTS {
            let j = usize::from((i as u8).reverse_bits());
            if i < j {
                self.points.swap(i, j);
            }
        }
        let mut half = 1;
        while half < POINTS {
            let step = (512 / half) as u16;
            for start in (0..POINTS).step_by(2 * half) {
                for k in 0..half {
                    let angle = step * k as u16;
                    let (cosine, sine) = (i32::from(sine(angle + 256)), -i32::from(sine(angle)));
                    let (even, odd) = (self.points[start + k], self.points[start + k + half]);
                    let re = (odd.re * cosine - odd.im * sine) >> 15;
                    let im = (odd.re * sine + odd.im * cosine) >> 15;
                    self.points[start + k] = Complex {
                        re: (even.re + re) / 2,
                        im: (even.im + im) / 2,
                    };
                    self.points[start + k + half] = Complex {
                        re: (even.re - re) / 2,
                        im: (even.im - im) / 2,
                    };
                }
            }
            half *= 2;
        }
    }

    fn collect(&mut self) {
        let mut from = 1;
        for (band, end) in self.bands.iter_mut().zip(BAND_ENDS) {
            let energy: u64 = self.points[from..end]
                .iter()
                .map(|point| {
                    let (re, im) = (i64::from(point.re), i64::from(point.im));
                    (re * re + im * im) as u64
                })
                .sum();
            *band = (energy / (end - from) as u64).isqrt() as u32;
            from = end;
        }
    }

    /// The first band over its limit: number, level, limit.
    pub(crate) fn worst(&self) -> Option<(usize, u32, u32)> {
        let judged = self.bands.iter().zip(BAND_LIMITS).enumerate();
        judged
            .filter(|(_, (level, limit))| **level > *limit)
            .max_by_key(|(_, (level, limit))| **level * 1000 / *limit)
            .map(|(band, (level, limit))| (band, *level, limit))
    }
}
