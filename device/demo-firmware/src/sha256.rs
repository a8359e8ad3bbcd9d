//! SHA-256 (FIPS 180-4), for the fingerprint that the shell prints of the running firmware.

/// First 32 bits of the fractional part of the `root`-th root of a prime, by bisection (FIPS 180-4, 4.2.2, 5.3.3).
const fn fraction_of_root(prime: u128, root: u32) -> u32 {
    // The largest r with r^root <= prime * 2^(32 * root); its lowest 32 bits are the fraction.
    let (mut low, mut high) = (0_u128, 1_u128 << 37);
    while low + 1 < high {
        let middle = (low + high) / 2;
        // Cubes of 37 bits fit into 111; the prime shifted by 96 fits into 105.
        let power = if root == 2 {
            middle * middle
        } else {
            middle * middle * middle
        };
        if power <= prime << (32 * root) {
            low = middle
        } else {
            high = middle
        }
    }
    low as u32
}

const fn is_prime(n: u128) -> bool {
    let mut d = 2;
    while d * d <= n {
        if n.is_multiple_of(d) {
            return false;
        }
        d += 1;
    }
    n > 1
}

const fn constants<const N: usize>(root: u32) -> [u32; N] {
    let (mut table, mut count, mut n) = ([0; N], 0, 2);
    while count < N {
        if is_prime(n) {
            table[count] = fraction_of_root(n, root);
            count += 1;
        }
        n += 1;
    }
    table
}

static ROUND: [u32; 64] = constants(3);
const START: [u32; 8] = constants(2);

pub(crate) struct Sha256 {
    state: [u32; 8],
    block: [u8; 64],
    filled: usize,
    len: u64,
}

impl Sha256 {
    pub(crate) const fn new() -> Self {
        Self {
            state: START,
            block: [0; 64],
            filled: 0,
            len: 0,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        for byte in bytes {
            self.push(*byte);
        }
    }

    pub(crate) fn finish(mut self) -> [u8; 32] {
        let bits = self.len * 8;
        self.push(0x80);
        while self.filled != 56 {
            self.push(0);
        }
        for byte in bits.to_be_bytes() {
            self.push(byte);
        }
        let mut digest = [0; 32];
        for (place, word) in digest.chunks_exact_mut(4).zip(self.state) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        digest
    }

    fn push(&mut self, byte: u8) {
        self.block[self.filled] = byte;
        self.filled += 1;
        if self.filled == 64 {
            self.filled = 0;
            self.compress();
        }
    }

    fn compress(&mut self) {
        let mut w = [0_u32; 64];
        for (word, bytes) in w.iter_mut().zip(self.block.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        for t in 16..64 {
            let s0 = w[t - 15].rotate_right(7) ^ w[t - 15].rotate_right(18) ^ (w[t - 15] >> 3);
            let s1 = w[t - 2].rotate_right(17) ^ w[t - 2].rotate_right(19) ^ (w[t - 2] >> 10);
            w[t] = w[t - 16]
                .wrapping_add(s0)
                .wrapping_add(w[t - 7])
                .wrapping_add(s1);
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = self.state;
        for (k, w) in ROUND.iter().zip(w) {
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choose = (e & f) ^ (!e & g);
            let t1 = h
                .wrapping_add(s1)
                .wrapping_add(choose)
                .wrapping_add(*k)
                .wrapping_add(w);
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let t2 = s0.wrapping_add((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(t1), c, b, a, t1.wrapping_add(t2));
        }
        for (state, word) in self.state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *state = state.wrapping_add(word);
        }
    }
}
