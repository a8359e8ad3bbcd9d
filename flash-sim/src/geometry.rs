//! The shape of a flash part: sectors, write units, erased value, write rule.

mod presets;

#[cfg(test)]
mod tests;

use core::ops::Range;

/// Sectors, write units, erased value and write rule of a part.
///
/// Sizes are in bytes, addresses count from the start of the flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    runs: Vec<Run>,
    write_size: u32,
    read_size: u32,
    erased_value: u8,
    write_rule: WriteRule,
}

impl Geometry {
    /// `sector_count` sectors of `sector_size` bytes.
    ///
    /// Read and write size are 1, the erased value is `0xff`, the rule is
    /// [`WriteRule::Multiwrite`]; the `with_` methods change them.
    ///
    /// # Panics
    ///
    /// If a number is zero or the capacity does not fit 32 bits.
    #[must_use]
    pub fn uniform(sector_size: u32, sector_count: u32) -> Self {
        Self::uneven(&[(sector_count, sector_size)])
    }

    /// Sectors of several sizes, as runs of (count, size in bytes); else as
    /// [`uniform`](Self::uniform).
    ///
    /// ```
    /// let part = flash_sim::Geometry::uneven(&[(4, 16 << 10), (1, 64 << 10), (7, 128 << 10)]);
    /// assert_eq!(part.capacity(), 1 << 20);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no run, a number is zero or the capacity does not fit 32 bits.
    #[must_use]
    pub fn uneven(runs: &[(u32, u32)]) -> Self {
        assert!(!runs.is_empty(), "a flash needs at least one sector");
        let runs: Vec<Run> = runs
            .iter()
            .map(|&(count, size)| Run { count, size })
            .collect();
        let capacity = runs.iter().try_fold(0_u32, |sum, run| {
            assert!(
                run.count > 0 && run.size > 0,
                "an empty run of sectors: {run:?}"
            );
            sum.checked_add(run.count.checked_mul(run.size)?)
        });
        assert!(capacity.is_some(), "the capacity does not fit 32 bits");
        Self {
            runs,
            write_size: 1,
            read_size: 1,
            erased_value: 0xff,
            write_rule: WriteRule::Multiwrite,
        }
    }

    /// Sets the size of a write unit: a power of two from 1 to 256.
    ///
    /// # Panics
    ///
    /// If it is another number, does not divide every sector, or is not a multiple of the read
    /// size.
    #[must_use]
    pub fn with_write_size(mut self, write_size: u32) -> Self {
        assert!(
            write_size.is_power_of_two() && write_size <= 256,
            "write size {write_size} is not a power of two from 1 to 256"
        );
        for run in &self.runs {
            assert!(
                run.size.is_multiple_of(write_size),
                "sector size {} is not a multiple of the write size {write_size}",
                run.size
            );
        }
        self.write_size = write_size;
        self.check_read_size()
    }

    /// Sets the size to which reads are aligned: a power of two that divides the write size.
    ///
    /// # Panics
    ///
    /// If it is another number.
    #[must_use]
    pub fn with_read_size(mut self, read_size: u32) -> Self {
        self.read_size = read_size;
        self.check_read_size()
    }

    /// Sets the value of an erased byte.
    ///
    /// # Panics
    ///
    /// If it is neither `0xff` nor `0x00`.
    #[must_use]
    pub fn with_erased_value(mut self, erased_value: u8) -> Self {
        assert!(
            matches!(erased_value, 0x00 | 0xff),
            "erased value {erased_value:#04x} is neither 0x00 nor 0xff"
        );
        self.erased_value = erased_value;
        self
    }

    /// Sets the write rule.
    #[must_use]
    pub fn with_write_rule(mut self, write_rule: WriteRule) -> Self {
        self.write_rule = write_rule;
        self
    }

    /// The same part cut down to its first `count` sectors, for sweeps that need no more.
    ///
    /// # Panics
    ///
    /// If `count` is zero or the part has fewer sectors.
    #[must_use]
    pub fn first_sectors(mut self, count: u32) -> Self {
        let available = self.sector_count();
        assert!(
            (1..=available).contains(&count),
            "{count} of {available} sectors"
        );
        let mut left = count;
        for run in &mut self.runs {
            run.count = run.count.min(left);
            left -= run.count;
        }
        self.runs.retain(|run| run.count > 0);
        self
    }

    /// Capacity in bytes.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.runs.iter().map(|run| run.count * run.size).sum()
    }

    /// Size of a write unit in bytes.
    #[must_use]
    pub fn write_size(&self) -> u32 {
        self.write_size
    }

    /// Alignment of reads in bytes.
    #[must_use]
    pub fn read_size(&self) -> u32 {
        self.read_size
    }

    /// The value of an erased byte, `0xff` or `0x00`.
    #[must_use]
    pub fn erased_value(&self) -> u8 {
        self.erased_value
    }

    /// How often a write unit may be written between erases.
    #[must_use]
    pub fn write_rule(&self) -> WriteRule {
        self.write_rule
    }

    /// Number of sectors.
    #[must_use]
    pub fn sector_count(&self) -> u32 {
        self.runs.iter().map(|run| run.count).sum()
    }

    /// Size of the largest sector in bytes: the erase size that holds everywhere.
    #[must_use]
    pub fn largest_sector(&self) -> u32 {
        self.runs.iter().map(|run| run.size).max().unwrap_or(0)
    }

    /// All sectors in order of address.
    pub fn sectors(&self) -> impl Iterator<Item = Sector> + '_ {
        let sizes = self
            .runs
            .iter()
            .flat_map(|run| (0..run.count).map(move |_| run.size));
        sizes.scan((0, 0), |(index, start), size| {
            let sector = Sector {
                index: *index,
                start: *start,
                size,
            };
            *index += 1;
            *start += size;
            Some(sector)
        })
    }

    /// The sector that holds the byte at `address`, or `None` beyond the capacity.
    #[must_use]
    pub fn sector_at(&self, address: u32) -> Option<Sector> {
        let (mut index, mut start) = (0, 0);
        for run in &self.runs {
            let nth = (address - start) / run.size;
            if nth < run.count {
                let start = start + nth * run.size;
                return Some(Sector {
                    index: index + nth,
                    start,
                    size: run.size,
                });
            }
            index += run.count;
            start += run.count * run.size;
        }
        None
    }

    /// Whether a sector begins or the flash ends at `address`.
    #[must_use]
    pub fn is_sector_boundary(&self, address: u32) -> bool {
        self.sector_at(address)
            .map_or(address == self.capacity(), |sector| sector.start == address)
    }

    fn check_read_size(self) -> Self {
        assert!(
            self.read_size.is_power_of_two() && self.write_size.is_multiple_of(self.read_size),
            "read size {} is not a power of two that divides the write size {}",
            self.read_size,
            self.write_size
        );
        self
    }
}

/// How often a write unit may be written between erases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteRule {
    /// Once: the unit carries an error-correcting code, which a second write would spoil.
    WriteOnce,
    /// Repeatedly, as long as no programmed bit would have to return to its erased state.
    Multiwrite,
}

/// One sector: the smallest range that can be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sector {
    /// Number of the sector, from 0.
    pub index: u32,
    /// Address of its first byte.
    pub start: u32,
    /// Size in bytes.
    pub size: u32,
}

impl Sector {
    /// The addresses of the sector.
    #[must_use]
    pub fn range(self) -> Range<u32> {
        self.start..self.start + self.size
    }
}

/// `count` sectors of `size` bytes in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    count: u32,
    size: u32,
}
