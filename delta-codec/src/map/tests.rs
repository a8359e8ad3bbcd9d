use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

use super::anchors::displaced;
use super::{Anchors, Learned, Major, Map, NUMBERS, Widths};

fn noise(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

/// Widths of images of all sizes, RAM with them.
fn widths() -> impl Iterator<Item = Widths> + Clone {
    [
        1200,
        0xffff,
        0x1_0000,
        0xb_0000,
        0xff_ffff,
        0x100_0000,
        u32::MAX,
    ]
    .into_iter()
    .map(|len| Widths::of_lengths(len, (len >> 1).saturating_add(700), len.min(NUMBERS - 1)))
}

/// The map against a plain search.
#[test]
fn shifts_are_those_of_the_nearest_operation_below() {
    let mut state = 7;
    for (count, widths) in (0..40).cycle().zip(widths().cycle()).take(200) {
        let mut bytes = vec![0xa5; 40 * 10];
        let mut queue = vec![0x5a; 2 * 7];
        let mut map = Map::new(&mut bytes, &mut queue, widths);
        assert!(map.capacity() >= 40);
        let mut plain: Vec<Major> = Vec::new();
        for index in 0..count {
            let major = Major {
                source: noise(&mut state) % 1000,
                // No two alike.
                start: index * 7919 % 1009,
                len: noise(&mut state) % 50 + 1,
            };
            map.put(index, major);
            assert_eq!(map.get(index), Some(major));
            plain.push(major);
        }
        let kept = map.sort(count);
        plain.sort_by_key(|major| (major.source, major.start));
        let mut end = 0;
        let all = plain.clone();
        plain.retain(|major| {
            let reaches = major.source + major.len > end;
            end = end.max(major.source + major.len);
            reaches
        });
        assert_eq!(kept, u32::try_from(plain.len()).unwrap());
        for (index, major) in (0..).zip(&plain) {
            assert_eq!(map.get(index), Some(*major));
        }
        for target in 0..1100_u32 {
            let below = plain.iter().rfind(|major| major.source <= target);
            let shift = below.map(|major| {
                (
                    major.start.wrapping_sub(major.source),
                    target - major.source < major.len,
                )
            });
            assert_eq!(map.shift(kept, target, false), shift);
        }
        let mut starts: Vec<u32> = all.iter().map(|major| major.start).collect();
        starts.sort_unstable();
        let mut offset = 0;
        for (done, start) in (0..).zip(starts) {
            map.enqueue(count, done, offset);
            assert_eq!(map.queued(done).map(|major| major.start), Some(start));
            offset = start + 1;
        }
    }
}

#[test]
fn a_full_or_damaged_map_is_harmless() {
    for widths in widths() {
        let mut bytes = vec![0xff; 33];
        let mut queue = [0xff; 7];
        let mut map = Map::new(&mut bytes, &mut queue, widths);
        let major = Major {
            source: 1,
            start: 2,
            len: 3,
        };
        for count in 0..9 {
            map.shift(count, 77, false);
            map.enqueue(count, 77, 6);
            map.queued(count);
            map.put(count, major);
            map.shift(u32::MAX, 77, true);
            map.enqueue(u32::MAX, 9, 77);
            map.queued(u32::MAX);
            map.sort(9);
        }
    }
}

#[test]
fn great_lengths_lack_low_bits() {
    for widths in widths() {
        for len in (0..40_000).chain((0..u32::BITS).map(|bits| u32::MAX >> bits)) {
            let len = len.saturating_add(1);
            if len - 1 > widths.start.max() {
                continue;
            }
            let kept = widths.kept_of(len);
            assert!(kept <= widths.len.max());
            let (least, lacks) = widths.len_of(kept);
            assert!(
                least <= len && len - least < 1 << lacks,
                "{len}: {least} {lacks}"
            );
            assert!(len > 1 << 15 || lacks == 0);
        }
    }
}

#[test]
fn learned_targets_come_back_until_displaced() {
    for widths in widths() {
        let mut bytes = vec![0; 96];
        let mut learned = Learned::new(&mut bytes, widths);
        assert_eq!(learned.get(0), None);
        for target in 0..1000 {
            learned.put(target, target ^ 5);
            assert_eq!(learned.get(target), Some(target ^ 5));
        }
        // Those displaced may be taken for others, but rarely.
        let known = (0..1000).filter(|target| learned.get(*target) == Some(target ^ 5));
        assert!(known.count() <= 24);
        let known = (0..1000).filter(|target| learned.get(*target).is_some());
        assert!(known.count() <= 48);
    }
}

#[test]
fn a_new_number_displaces_one_other() {
    let widths = Widths::of_lengths(1 << 20, 1 << 20, NUMBERS);
    let mut bytes = vec![0; 8 * usize::from(widths.anchor_len)];
    let mut anchors = Anchors::new(&mut bytes, widths);
    let mut plain: BTreeMap<u32, u32> = BTreeMap::new();
    let (mut count, mut state) = (0, 9);
    for _ in 0..400 {
        let (target, to) = (noise(&mut state) >> 4, noise(&mut state) >> 4);
        count = anchors.put(count, target, to);
        if plain.len() == 8 {
            let gone = displaced(target, 8);
            let gone = *plain.keys().nth(gone).unwrap();
            plain.remove(&gone);
        }
        plain.insert(target, to);
        for from in plain.keys().flat_map(|from| [*from, from + 1]) {
            let (near, to) = plain.range(..=from).next_back().unwrap();
            assert_eq!(anchors.near(count, from), Some(to.wrapping_sub(*near)));
        }
    }
    assert_eq!(count, 8);
}

#[test]
fn anchors_answer_for_their_neighbours() {
    for widths in widths() {
        let mut bytes = vec![0; 8 * usize::from(widths.anchor_len)];
        let mut anchors = Anchors::new(&mut bytes, widths);
        let mut plain: BTreeMap<u32, u32> = BTreeMap::new();
        let (mut count, mut state) = (0, 9);
        for _ in 0..100 {
            let (target, to) = (noise(&mut state) % 20, noise(&mut state) % 1000);
            count = anchors.put(count, target, to);
            if plain.len() < 8 || plain.contains_key(&target) {
                plain.insert(target, to);
            }
            for target in 0..22 {
                let near = plain.range(..=target).next_back().or(plain.iter().next());
                let near = near.map(|(from, to)| to.wrapping_sub(*from));
                assert_eq!(anchors.near(count, target), near);
            }
        }
        assert_eq!(count, 8);
    }
}
