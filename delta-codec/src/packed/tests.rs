use std::vec;
use std::vec::Vec;

use super::{Bits, Records, width_of};

#[test]
fn widths() {
    for (largest, width) in [(0, 1), (1, 1), (2, 2), (255, 8), (256, 9), (u32::MAX, 32)] {
        assert_eq!(width_of(largest), width);
        assert!(Bits::new(0, width).max() >= largest);
    }
}

/// Numbers beside each other do not touch.
#[test]
fn numbers_come_back() {
    for widths in [
        [20, 20, 16],
        [32, 32, 16],
        [1, 7, 32],
        [9, 32, 31],
        [3, 2, 3],
    ] {
        let mut at = 0;
        let fields = widths.map(|width| {
            at += width;
            Bits::new(at - width, width)
        });
        let len = usize::try_from(at.div_ceil(8)).unwrap();
        let mut bytes = vec![0xa5; len * 5];
        let mut records = Records::new(&mut bytes, len);
        assert_eq!(records.count(), 5);
        let value = |index: usize, bits: Bits| {
            let index = u32::try_from(index).unwrap();
            (index + 1).wrapping_mul(0x9e37_79b1 ^ bits.at()) & bits.max()
        };
        for bits in fields {
            for index in 0..9 {
                records.set(index, bits, value(index, bits));
            }
        }
        for bits in fields {
            for index in 0..5 {
                assert_eq!(records.get(index, bits), Some(value(index, bits)));
            }
            assert_eq!(records.get(5, bits), None);
            assert_eq!(records.get(usize::MAX, bits), None);
        }
    }
}

#[test]
fn records_are_sorted() {
    let bits = Bits::new(3, 13);
    for count in 0..70_usize {
        let mut bytes = vec![0; 2 * count];
        let mut records = Records::new(&mut bytes, 2);
        let mut plain: Vec<u32> = (0..count)
            .map(|index| u32::try_from(index * 7919 % 61).unwrap())
            .collect();
        for (index, value) in plain.iter().enumerate() {
            records.set(index, bits, *value);
        }
        records.sort(count, |records, index| records.get(index, bits));
        plain.sort_unstable();
        for (index, value) in plain.iter().enumerate() {
            assert_eq!(records.get(index, bits), Some(*value));
        }
        // More than there are: nothing breaks.
        records.sort(count + 5, |records, index| records.get(index, bits));
    }
}

#[test]
fn a_record_makes_room_for_another() {
    let bits = Bits::new(0, 8);
    let all = |records: &Records<'_>| -> Vec<u32> {
        (0..5)
            .map(|index| records.get(index, bits).unwrap())
            .collect()
    };
    let mut bytes = vec![0, 1, 2, 3, 4];
    let mut records = Records::new(&mut bytes, 1);
    // Room at 1; record 3 is gone.
    records.shift_up(1, 3);
    records.set(1, bits, 9);
    assert_eq!(all(&records), [0, 9, 1, 2, 4]);
    // Room at 3; record 1 is gone.
    records.shift_down(1, 3);
    records.set(3, bits, 8);
    assert_eq!(all(&records), [0, 1, 2, 8, 4]);
    let before = all(&records);
    for (place, last) in [(3, 1), (4, 9), (usize::MAX, 2), (4, 4), (5, 4)] {
        records.shift_up(place, last);
        records.shift_down(place, last);
        assert_eq!(all(&records), before);
    }
}
