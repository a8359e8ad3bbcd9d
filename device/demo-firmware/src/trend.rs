//! The trend store of release 1.1.0: one record a minute, kept as differences, and the slope over them.

/// Records of one value: the first whole, then differences of seven or fifteen bits.
#[derive(Clone, Copy)]
pub(crate) struct Trend {
    bytes: [u8; Self::CAPACITY],
    len: usize,
    first: Option<i32>,
    last: i32,
}

impl Trend {
    const CAPACITY: usize = 256;

    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; Self::CAPACITY],
            len: 0,
            first: None,
            last: 0,
        }
    }

    /// Adds a record; a full store forgets all but the newest record.
    pub(crate) fn push(&mut self, value: i32) {
        if self.first.is_none() || self.len + 2 > Self::CAPACITY {
            *self = Self {
                first: Some(value),
                last: value,
                ..Self::new()
            };
            return;
        }
        let difference = (value - self.last).clamp(-16_384, 16_383);
        self.last += difference;
        if (-64..64).contains(&difference) {
            self.bytes[self.len] = (difference & 0x7F) as u8;
            self.len += 1;
        } else {
            self.bytes[self.len] = 0x80 | (difference >> 8 & 0x7F) as u8;
            self.bytes[self.len + 1] = (difference & 0xFF) as u8;
            self.len += 2;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = i32> {
        let mut bytes = self.bytes[..self.len].iter().copied();
        let mut value = self.first;
        core::iter::from_fn(move || {
            let current = value?;
            value = bytes.next().map(|byte| {
                let difference = if byte & 0x80 == 0 {
                    (i32::from(byte) << 25) >> 25
                } else {
                    let low = bytes.next().unwrap_or(0);
                    (i32::from(byte & 0x7F) << 8 | i32::from(low)) << 17 >> 17
                };
                current + difference
            });
            Some(current)
        })
    }

    /// Change per hour by least squares, for records `period` seconds apart.
    pub(crate) fn slope(&self, period: u32) -> Option<f32> {
        let count = self.iter().count();
        if count < 8 {
            return None;
        }
        let middle = (count - 1) as f32 / 2.0;
        let (mut over, mut under) = (0.0_f32, 0.0_f32);
        for (i, value) in self.iter().enumerate() {
            let x = i as f32 - middle;
            over += x * value as f32;
            under += x * x;
        }
        Some(over / under * 3_600.0 / period as f32)
    }
}
