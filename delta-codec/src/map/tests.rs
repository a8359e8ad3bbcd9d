use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

use super::{Anchors, Learned, Major, Map};

fn noise(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

/// The map against a plain search.
#[test]
fn shifts_are_those_of_the_nearest_operation_below() {
    let mut state = 7;
    for round in 0..200_u32 {
        let (mut majors, mut order) = (vec![[0; 12]; 40], vec![[0; 2]; 40]);
        let mut map = Map::new(&mut majors, &mut order);
        let mut plain: Vec<Major> = Vec::new();
        for count in 0..round % 40 {
            let major = Major {
                source: noise(&mut state) % 1000,
                start: noise(&mut state) % 1000,
                len: noise(&mut state) % 50,
            };
            map.add(count, major);
            plain.push(major);
        }
        let count = round % 40;
        for target in 0..1100_u32 {
            let below = plain.iter().filter(|major| major.source <= target);
            let nearest = below.max_by_key(|major| major.source);
            let shift = nearest.map(|major| {
                (
                    major.start.wrapping_sub(major.source),
                    target - major.source < major.len,
                )
            });
            assert_eq!(map.shift(count, target, false), shift);
        }
    }
}

#[test]
fn nested_operations_leave_the_map() {
    let (mut majors, mut order) = (vec![[0; 12]; 8], vec![[0; 2]; 8]);
    let mut map = Map::new(&mut majors, &mut order);
    // Source, start, length: the second lies in the first, the third reaches beyond it, the fifth
    // ends where the fourth does.
    for (count, (source, start, len)) in (0..).zip([
        (100, 1100, 100),
        (120, 5120, 30),
        (190, 2190, 50),
        (300, 900, 20),
        (310, 7, 10),
    ]) {
        map.add(count, Major { source, start, len });
    }
    assert_eq!(map.shift(5, 125, false), Some((5000, true)));
    let kept = map.drop_nested(5);
    assert_eq!(kept, 3);
    for (target, expected) in [
        (99, None),
        (125, Some((1000, true))),
        (180, Some((1000, true))),
        (195, Some((2000, true))),
        (250, Some((2000, false))),
        (315, Some((600, true))),
        (9999, Some((600, false))),
    ] {
        assert_eq!(map.shift(kept, target, false), expected, "{target}");
    }
}

#[test]
fn a_full_or_damaged_map_is_harmless() {
    let (mut majors, mut order) = (vec![[0xff; 12]; 4], vec![[0xff; 2]; 4]);
    let mut map = Map::new(&mut majors, &mut order);
    let major = Major {
        source: 1,
        start: 2,
        len: 3,
    };
    for count in 0..9 {
        map.add(count, major);
        map.shift(count, 77, false);
        map.shift(u32::MAX, 77, false);
        map.drop_nested(u32::MAX);
    }
}

#[test]
fn learned_targets_come_back_until_displaced() {
    let mut entries = vec![[0; 8]; 16];
    let mut learned = Learned {
        entries: &mut entries,
    };
    assert_eq!(learned.get(0), None);
    for target in 0..2000 {
        learned.put(target, target ^ 5);
        assert_eq!(learned.get(target), Some(target ^ 5));
    }
    assert!(
        (0..2000)
            .filter(|target| learned.get(*target).is_some())
            .count()
            <= 16
    );
}

#[test]
fn anchors_answer_for_their_neighbours() {
    let mut entries = vec![[0; 8]; 8];
    let mut anchors = Anchors {
        entries: &mut entries,
    };
    let mut plain: BTreeMap<u32, u32> = BTreeMap::new();
    let (mut count, mut state) = (0, 9);
    for _ in 0..100 {
        let (target, shift) = (noise(&mut state) % 20, noise(&mut state));
        count = anchors.put(count, target, shift);
        if plain.len() < 8 || plain.contains_key(&target) {
            plain.insert(target, shift);
        }
        for target in 0..22 {
            let near = plain.range(..=target).next_back().or(plain.iter().next());
            assert_eq!(anchors.near(count, target), near.map(|(_, shift)| *shift));
        }
    }
    assert_eq!(count, 8);
}
