use super::{COUNTER_NEW, FLAG_LIMIT, FLAG_PACE, after, end, one};

#[test]
fn counters_follow_the_bits() {
    let mut counter = COUNTER_NEW;
    assert_eq!(one(counter), 32776);
    for bit in [true, false] {
        for _ in 0..1000 {
            let before = one(counter);
            counter = after(counter, end(bit), &FLAG_PACE);
            assert!(one(counter) >> 4 == before >> 4 || (one(counter) > before) == bit);
        }
        assert!(if bit {
            one(counter) > 64000
        } else {
            one(counter) < 1500
        });
    }
}

/// A restored checkpoint may hold any bytes.
#[test]
fn every_pattern_is_a_counter() {
    for pattern in 0..=u16::MAX {
        for bit in [false, true] {
            let counter = after(pattern.to_le_bytes(), end(bit), &FLAG_PACE);
            assert!(if bit {
                one(counter) | 15 >= pattern
            } else {
                one(counter) & !15 <= pattern
            });
            let (before, count) = (pattern.to_le_bytes()[0] & 15, counter[0] & 15);
            assert!(count == before || count == before + 1 && count <= FLAG_LIMIT);
        }
    }
}
