//! The load address of an image that does not say it: the base at which the most words are addresses of places
//! where something begins.

use std::collections::BTreeMap;

use sprag_delta::Isa;

use super::landmarks::Landmarks;

/// Words below this are numbers, not addresses.
const SMALL: u64 = 0x100;

/// No system maps addresses between these.
const USER_END: u64 = 1 << 48;
const KERNEL_START: u64 = 0xffff << 48;

/// Bases are looked for in steps of a page first, then of a word.
const PAGE: u64 = 0x1000;
const WORD: u64 = 4;

/// Most words and most places that are compared. Of more, an even sample is taken.
const WORDS_MAX: usize = 1 << 16;
const PLACES_MAX: usize = 1 << 14;
const FINE_MAX: usize = 1 << 11;

/// Bases whose chance is worked out: those with the most votes.
const CANDIDATES: usize = 32;

/// Stretches of addresses that are searched in steps of a word.
const STRETCHES: usize = 4;

/// A base needs this many votes, and its score must be beyond what chance gives.
const VOTES_MIN: u32 = 6;
const SCORE_MIN: u32 = 40;

/// A base, and what speaks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FoundBase {
    /// Address of the first byte.
    pub(crate) base: u64,
    /// Words that are addresses of landmarks at this base.
    pub(crate) votes: u32,
    /// Votes beyond those expected by chance, squared, by those expected: comparable between bases of an image.
    pub(crate) score: u32,
}

/// Finds the base of `image`, whose landmarks for `isa` are `landmarks`.
pub(crate) fn find(isa: Isa, image: &[u8], landmarks: &Landmarks) -> Option<FoundBase> {
    let words = words(isa, image);
    let places = all_places(landmarks);
    let len = u64::try_from(image.len()).unwrap_or(u64::MAX);
    let by_pages = by_pages(&words, &places, len);
    by_pages.or_else(|| by_words(&words, &places, len))
}

/// What may be addresses, sorted, each once: a frequent instruction must not count as many.
fn words(isa: Isa, image: &[u8]) -> Vec<u64> {
    let mut words: Vec<u64> = if matches!(isa, Isa::A64 | Isa::Rv64) {
        let (words, _) = image.as_chunks();
        words.iter().map(|word| u64::from_le_bytes(*word)).collect()
    } else {
        let (words, _) = image.as_chunks();
        words
            .iter()
            .map(|word| u32::from_le_bytes(*word).into())
            .collect()
    };
    words.retain(|&word| word >= SMALL && !(USER_END..KERNEL_START).contains(&word));
    words.sort_unstable();
    words.dedup();
    words
}

fn all_places(landmarks: &Landmarks) -> Vec<u64> {
    let functions = landmarks.functions.iter().copied();
    let mut places: Vec<u64> = functions
        .chain(landmarks.texts.iter().copied())
        .map(u64::from)
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// At most `max` of `all`, evenly spread.
fn sample(all: &[u64], max: usize) -> Vec<u64> {
    let step = all.len().div_ceil(max).max(1);
    all.iter().step_by(step).copied().collect()
}

/// The best base that is a multiple of a page.
fn by_pages(words: &[u64], places: &[u64], len: u64) -> Option<FoundBase> {
    let (words, places) = (sample(words, WORDS_MAX), sample(places, PLACES_MAX));
    let mut by_low: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for &place in &places {
        by_low.entry(place % PAGE).or_default().push(place);
    }
    let mut bases = Vec::new();
    for &word in &words {
        let matching = by_low.get(&(word % PAGE));
        let matching = matching.into_iter().flatten();
        bases.extend(matching.filter_map(|place| word.checked_sub(*place)));
    }
    best(bases, &words, &places, len)
}

/// The best base in steps of a word, where many words are.
fn by_words(words: &[u64], places: &[u64], len: u64) -> Option<FoundBase> {
    let places = sample(places, FINE_MAX);
    let mut best_found: Option<FoundBase> = None;
    for stretch in stretches(words, len) {
        let words = sample(stretch, FINE_MAX);
        let mut bases = Vec::new();
        for &word in &words {
            bases.extend(
                places
                    .iter()
                    .filter_map(|place| word.checked_sub(*place))
                    .filter(|base| base % WORD == 0),
            );
        }
        let found = best(bases, &words, &places, len);
        if let Some(found) = found
            && best_found.is_none_or(|best| found.score > best.score)
        {
            best_found = Some(found);
        }
    }
    best_found
}

/// The stretches of addresses as long as the image that most words lie in.
fn stretches(words: &[u64], len: u64) -> Vec<&[u64]> {
    let mut found: Vec<&[u64]> = Vec::new();
    let mut from = 0;
    while let Some(&first) = words.get(from) {
        let rest = words.get(from..).unwrap_or_default();
        let count = rest.partition_point(|&word| word - first < len.max(1));
        let (stretch, _) = rest.split_at(count.max(1));
        found.push(stretch);
        from += stretch.len();
    }
    found.sort_by_key(|stretch| core::cmp::Reverse(stretch.len()));
    found.truncate(STRETCHES);
    found
}

/// Of `bases`, which hold one entry for each vote, the one whose votes are least likely by chance.
fn best(mut bases: Vec<u64>, words: &[u64], places: &[u64], len: u64) -> Option<FoundBase> {
    bases.sort_unstable();
    let mut counted: Vec<(u32, u64)> = bases
        .chunk_by(|a, b| a == b)
        .filter_map(|same| {
            let count = u32::try_from(same.len()).unwrap_or(u32::MAX);
            Some((count, *same.first()?)).filter(|(count, _)| *count >= VOTES_MIN)
        })
        .collect();
    // Of equal counts the lowest base comes first.
    counted.sort_by_key(|&(count, base)| (core::cmp::Reverse(count), base));
    counted.truncate(CANDIDATES);
    let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let mut best: Option<FoundBase> = None;
    for (votes, base) in counted {
        let below = words.partition_point(|&word| word < base);
        let behind = words.partition_point(|&word| word < base.saturating_add(len));
        let inside = wide(behind - below);
        let expected = inside * wide(places.len()) / len.max(1) + 1;
        let beyond = u64::from(votes).saturating_sub(expected);
        let score = u32::try_from(beyond * beyond / expected).unwrap_or(u32::MAX);
        if score >= SCORE_MIN && best.is_none_or(|best| score > best.score) {
            best = Some(FoundBase { base, votes, score });
        }
    }
    best
}
