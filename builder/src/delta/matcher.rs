//! Where bytes of the new image occur in the old one: a suffix array.

use crate::work;

/// Longest match the search looks at; a longer one is found as well, as its first part.
const LENGTH_MAX: usize = 256;

/// How many times as many suffixes are looked at where some are not wanted.
const FILTERED: usize = 8;

/// A place in the old image and how many bytes there equal the ones searched, up to
/// [`LENGTH_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) source: usize,
    pub(super) len: usize,
}

/// The sorted suffixes of an old image.
pub(super) struct Matcher<'a> {
    text: &'a [u8],
    suffixes: Vec<i32>,
    /// For each first two bytes, where their suffixes begin.
    buckets: Vec<u32>,
}

impl<'a> Matcher<'a> {
    /// Sorts the suffixes of `text`. Of a text of 2 GiB or more only the first part is searched.
    pub(super) fn new(text: &'a [u8]) -> Self {
        let searched = text.len().min(usize::try_from(i32::MAX).unwrap_or(0));
        let text = &text[..searched];
        let mut suffixes = vec![0; searched];
        divsufsort::sort_in_place(text, &mut suffixes);
        let mut buckets = vec![0_u32; (1 << 16) + 1];
        for pair in text.windows(2) {
            buckets[bucket(pair[0], pair[1]) + 1] += 1;
        }
        // The suffix of one byte sorts before all others with its first byte.
        if let Some(&last) = text.last() {
            buckets[bucket(last, 0)] += 1;
        }
        let mut sum = 0;
        for start in &mut buckets {
            sum += *start;
            *start = sum;
        }
        Self {
            text,
            suffixes,
            buckets,
        }
    }

    /// Appends up to `count` matches of the front of `query` from each side of its place in the
    /// order, each of at least `least` bytes and not below `first`, the longest first on each side.
    pub(super) fn search(
        &self,
        query: &[u8],
        (least, first): (usize, usize),
        count: usize,
        found: &mut Vec<Match>,
    ) {
        let query = &query[..query.len().min(LENGTH_MAX)];
        if query.len() < least.max(2) {
            return;
        }
        let bucket = bucket(query[0], query[1]);
        let (mut low, mut high) = (index(self.buckets[bucket]), index(self.buckets[bucket + 1]));
        let (start, end) = (low, high);
        let (mut low_len, mut high_len) = (0, 0);
        while low < high {
            let middle = low + (high - low) / 2;
            let suffix = self.suffix(middle);
            let known = low_len.min(high_len).min(suffix.len());
            let len = known + common_len(&suffix[known..], &query[known..]);
            if len < query.len() && suffix.get(len).is_none_or(|byte| *byte < query[len]) {
                (low, low_len) = (middle + 1, len);
            } else {
                (high, high_len) = (middle, len);
            }
        }
        // Some more where not every place will do.
        let ranks = if first > 0 { count * FILTERED } else { count };
        let above = (low..end).take(ranks);
        self.take_while_long(above, query, (least, first), count, found);
        let below = (start..low).rev().take(ranks);
        self.take_while_long(below, query, (least, first), count, found);
    }

    /// Going away from the query's place, matches only get shorter.
    fn take_while_long(
        &self,
        ranks: impl Iterator<Item = usize>,
        query: &[u8],
        (least, first): (usize, usize),
        count: usize,
        found: &mut Vec<Match>,
    ) {
        let (mut best, mut left) = (0, count);
        for rank in ranks {
            let suffix = self.suffix(rank);
            let len = common_len(suffix, query);
            if len < least || len * 2 < best || left == 0 {
                break;
            }
            let source = self.text.len() - suffix.len();
            if source < first {
                continue;
            }
            best = best.max(len);
            left -= 1;
            found.push(Match { source, len });
        }
    }

    fn suffix(&self, rank: usize) -> &'a [u8] {
        let start = usize::try_from(self.suffixes[rank]).unwrap_or(0);
        &self.text[start..]
    }
}

/// How many bytes at the front of `a` and `b` are equal.
pub(super) fn common_len(a: &[u8], b: &[u8]) -> usize {
    let (a_words, _) = a.as_chunks::<8>();
    let (b_words, _) = b.as_chunks::<8>();
    let words = a_words
        .iter()
        .zip(b_words)
        .take_while(|(a, b)| a == b)
        .count()
        * 8;
    work::spend(words / 8 + 1);
    words
        + a[words..]
            .iter()
            .zip(&b[words..])
            .take_while(|(a, b)| a == b)
            .count()
}

fn bucket(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
