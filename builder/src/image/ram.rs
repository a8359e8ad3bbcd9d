//! Where the RAM is that an image's code works with: the addresses outside the image that it loads most.

use super::landmarks::Landmarks;

/// Lower words are numbers, and so are the highest, which are negative.
const LOWEST: u32 = 0x1_0000;
const HIGHEST: u32 = 0xffff_0000;

/// Addresses this close are in one cluster, and clusters this close in one memory.
const CLUSTER_GAP: u32 = 0x1000;
const MEMORY_GAP: u32 = 0x4_0000;

/// A cluster counts if it has this many addresses more than chance gives.
const EXCESS_MIN: i64 = 12;
const SIDE_EXCESS_MIN: i64 = 8;

/// The range is widened to multiples of this, so that small changes of the image do not show.
const ROUND: u32 = 0x100;

/// Addresses that are close to each other.
struct Cluster {
    low: u32,
    high: u32,
    /// Different addresses beyond those that would be here if loads hit any word alike.
    excess: i64,
}

/// The first address and the length of the memory that most addresses outside of the image, which lies at `base`,
/// are in. `None` where code does not load addresses by words, and where too few are outside.
pub(crate) fn find(image: &[u8], base: u64, landmarks: &Landmarks) -> Option<(u32, u32)> {
    let len = u64::try_from(image.len()).unwrap_or(u64::MAX);
    let outside = |word: u32| {
        let inside = u64::from(word).wrapping_sub(base) < len;
        (LOWEST..HIGHEST).contains(&word) && !inside && !is_text(word)
    };
    let (words, _) = image.as_chunks();
    let words = words.iter().map(|word| u32::from_le_bytes(*word));
    let all: Vec<u32> = sorted(words.clone().filter(|word| outside(*word)));
    let words: Vec<u32> = words.collect();
    let at = |place: &u32| words.get(usize::try_from(place / 4).ok()?).copied();
    let loaded = landmarks.literals.iter().filter_map(at);
    let loaded = sorted(loaded.filter(|word| outside(*word)));
    // What of all different words is loaded: so many of a cluster would be if it were no memory.
    let share = |count: usize| {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let loaded = i64::try_from(landmarks.literals.len()).unwrap_or(i64::MAX);
        count.saturating_mul(loaded) / i64::try_from(words.len().max(1)).unwrap_or(i64::MAX)
    };
    let clusters: Vec<Cluster> = loaded
        .chunk_by(|a, b| b - a <= CLUSTER_GAP)
        .filter_map(|chunk| {
            let (&low, &high) = (chunk.first()?, chunk.last()?);
            let here =
                all.partition_point(|&word| word <= high) - all.partition_point(|&word| word < low);
            let count = i64::try_from(chunk.len()).unwrap_or(i64::MAX);
            let excess = count - share(here);
            Some(Cluster { low, high, excess })
        })
        .collect();
    // Of equal ones the lowest.
    let (best, main) = clusters
        .iter()
        .enumerate()
        .min_by_key(|(_, cluster)| core::cmp::Reverse(cluster.excess))?;
    if main.excess < EXCESS_MIN {
        return None;
    }
    let (mut low, mut high) = (main.low, main.high);
    for cluster in clusters.get(best + 1..).unwrap_or_default() {
        if cluster.low - high > MEMORY_GAP {
            break;
        }
        if cluster.excess >= SIDE_EXCESS_MIN {
            high = cluster.high;
        }
    }
    for cluster in clusters.get(..best).unwrap_or_default().iter().rev() {
        if low - cluster.high > MEMORY_GAP {
            break;
        }
        if cluster.excess >= SIDE_EXCESS_MIN {
            low = cluster.low;
        }
    }
    let low = low / ROUND * ROUND;
    let high = (high / ROUND + 1).saturating_mul(ROUND);
    Some((low, high - low))
}

/// Whether a word may be from within a text, or from where one ends and the next begins.
fn is_text(word: u32) -> bool {
    let bytes = word.to_le_bytes();
    let printable = bytes
        .iter()
        .filter(|byte| matches!(byte, 0x20..=0x7e))
        .count();
    let nuls = bytes.iter().filter(|byte| **byte == 0).count();
    printable >= 3 && printable + nuls == 4
}

fn sorted(words: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut words: Vec<u32> = words.collect();
    words.sort_unstable();
    words.dedup();
    words
}
