//! The only source of chance: small, seeded, the same on every machine.

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`, or 0 for a bound of 0. The bias, below 2^-32, does not matter here.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let product = u128::from(self.next()) * u128::from(bound);
        u32::try_from(product >> 64).expect("smaller than the bound")
    }

    /// A byte in which each bit is set with a chance of `eighths` / 8 (0 to 7).
    pub(crate) fn mask(&mut self, eighths: u8) -> u8 {
        // Compares three random bits with `eighths`, for eight columns at once: from the lowest
        // bit up, a one of `eighths` admits half of the rest, and a zero refuses half.
        let [a, b, c, ..] = self.next().to_le_bytes();
        [(a, 1), (b, 2), (c, 4)]
            .into_iter()
            .fold(0, |mask, (coin, bit)| {
                if eighths & bit != 0 {
                    mask | coin
                } else {
                    mask & coin
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn first_numbers_match_the_published_generator() {
        // The reference output for seed 1234567.
        let mut rng = Rng::new(1_234_567);
        let numbers = [rng.next(), rng.next(), rng.next()];
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn below_stays_below_and_reaches_both_ends() {
        let mut rng = Rng::new(7);
        let numbers: Vec<u32> = (0..1000).map(|_| rng.below(6)).collect();
        assert_eq!(numbers.iter().min(), Some(&0));
        assert_eq!(numbers.iter().max(), Some(&5));
        assert_eq!(rng.below(0), 0);
    }

    #[test]
    fn masks_have_the_stated_density() {
        for eighths in 0..8 {
            let mut rng = Rng::new(u64::from(eighths));
            let ones: u32 = (0..10_000).map(|_| rng.mask(eighths).count_ones()).sum();
            let expected = 10_000 * u32::from(eighths);
            assert!(
                ones.abs_diff(expected) < 1000,
                "{eighths}: {ones} of {expected}"
            );
        }
    }
}
