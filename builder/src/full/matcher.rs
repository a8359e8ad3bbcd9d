//! Where the bytes that come were before: binary trees of positions, by what follows them.

use crate::work;

/// Bytes that a match of the trees has at least.
const TREE_MIN: usize = 4;

/// Bytes beyond which matches are not told apart.
pub(super) const LEN_MAX: usize = 1024;

const NONE: u32 = u32::MAX;

/// Positions so far, to be asked in order.
pub(super) struct Matcher<'i> {
    image: &'i [u8],
    /// The last position of each pair and of each hash of three bytes.
    pairs: Vec<u32>,
    triples: Vec<u32>,
    /// The root of the tree of each hash of four bytes.
    roots: Vec<u32>,
    hash_bits: u32,
    /// Subtrees of each position, of what sorts before and after it.
    before: Vec<u32>,
    after: Vec<u32>,
    depth: u32,
}

impl<'i> Matcher<'i> {
    pub(super) fn new(image: &'i [u8], depth: u32) -> Self {
        let hash_bits = (usize::BITS - image.len().leading_zeros()).clamp(10, 20);
        Self {
            image,
            pairs: vec![NONE; 1 << 16],
            triples: vec![NONE; 1 << 16],
            roots: vec![NONE; 1 << hash_bits],
            hash_bits,
            before: vec![NONE; image.len()],
            after: vec![NONE; image.len()],
            depth,
        }
    }

    /// Appends (length, distance) of matches at `at`, longer and longer, and adds the position.
    pub(super) fn step(&mut self, at: usize, found: &mut Vec<(usize, u32)>) {
        let image = self.image;
        let rest = &image[at..];
        found.clear();
        if rest.len() < TREE_MIN {
            return;
        }
        let here = u32::try_from(at).unwrap_or(NONE);
        let mut best = 1;
        let pair = usize::from(u16::from_le_bytes([rest[0], rest[1]]));
        let mut offer = |slot: &mut u32, best: &mut usize| {
            let candidate = core::mem::replace(slot, here);
            if candidate != NONE {
                let len = common(image, candidate, at, 0);
                if len > *best {
                    *best = len;
                    found.push((len, here - candidate));
                }
            }
        };
        offer(&mut self.pairs[pair], &mut best);
        let triple = u32::from_le_bytes([rest[0], rest[1], rest[2], 0]);
        let triple = usize::try_from(triple.wrapping_mul(0x9e37_79b1) >> 16).unwrap_or(0);
        offer(&mut self.triples[triple], &mut best);

        let word = u32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]);
        let root =
            usize::try_from(word.wrapping_mul(0x9e37_79b1) >> (32 - self.hash_bits)).unwrap_or(0);
        let mut candidate = core::mem::replace(&mut self.roots[root], here);
        // Where the next position that sorts before, or after, is to be noted.
        let (mut open_before, mut open_after) = (Some((false, at)), Some((true, at)));
        let (mut len_before, mut len_after) = (0, 0);
        for _ in 0..self.depth {
            if candidate == NONE {
                break;
            }
            let start = usize::try_from(candidate).unwrap_or(0);
            let len = common(image, candidate, at, len_before.min(len_after));
            if len > best {
                best = len;
                found.push((len, here - candidate));
            }
            if len >= LEN_MAX || len == rest.len() {
                // As good as equal: take its place.
                let (before, after) = (self.before[start], self.after[start]);
                self.note(open_before.take(), before);
                self.note(open_after.take(), after);
                return;
            }
            if image[start + len] < rest[len] {
                self.note(open_before, candidate);
                open_before = Some((true, start));
                candidate = self.after[start];
                len_before = len;
            } else {
                self.note(open_after, candidate);
                open_after = Some((false, start));
                candidate = self.before[start];
                len_after = len;
            }
        }
        self.note(open_before, NONE);
        self.note(open_after, NONE);
    }

    fn note(&mut self, open: Option<(bool, usize)>, position: u32) {
        match open {
            Some((true, at)) => self.after[at] = position,
            Some((false, at)) => self.before[at] = position,
            None => {}
        }
    }
}

/// Bytes that are the same at both places, of which `known` are known to be.
fn common(image: &[u8], candidate: u32, at: usize, known: usize) -> usize {
    let start = usize::try_from(candidate).unwrap_or(0);
    run(&image[start..], &image[at..], known)
}

/// Bytes that are the same, up to [`LEN_MAX`].
pub(super) fn run(there: &[u8], here: &[u8], known: usize) -> usize {
    let limit = here.len().min(LEN_MAX);
    let known = known.min(limit);
    let differs = there[known..]
        .iter()
        .zip(&here[known..limit])
        .position(|(a, b)| a != b);
    let len = differs.map_or(limit.max(known), |more| known + more);
    work::spend((len - known) / 8 + 1);
    len
}
