use super::{Counter, Layout, Tables};
use crate::profile::Profile;

#[test]
fn counters_follow_the_bits() {
    let mut two = <[u8; 2]>::NEW;
    let mut three = <[u8; 3]>::NEW;
    assert_eq!((two.one(), three.one()), (32776, 32768));
    for _ in 0..1000 {
        let (before_two, before_three) = (two.one(), three.one());
        (two, three) = (two.after(true), three.after(true));
        assert!(two.one() >= before_two && three.one() >= before_three);
    }
    assert!(two.one() > 64000 && three.one() > 65000);
    for _ in 0..1000 {
        (two, three) = (two.after(false), three.after(false));
    }
    assert!(two.one() < 1500 && three.one() < 500);
}

/// A restored checkpoint may hold any bytes.
#[test]
fn every_pattern_is_a_counter() {
    for pattern in 0..=u16::MAX {
        let two = pattern.to_le_bytes();
        for bit in [false, true] {
            assert!((8..=65528).contains(&two.after(bit).one()));
            let [low, high] = two;
            for count in [0, 29, 30, 31, 255] {
                let three = [low, high, count];
                let [.., after] = three.after(bit);
                assert!(after == count || after == count + 1 && after <= 30);
                let nearer = if bit {
                    three.after(bit).one() >= three.one()
                } else {
                    three.after(bit).one() <= three.one()
                };
                assert!(nearer);
            }
        }
    }
}

#[test]
fn a_short_slab_is_no_table() {
    for profile in Profile::ALL {
        let layout = Layout::of(profile);
        let mut slab = std::vec![0; layout.len()];
        assert!(Tables::split(&mut slab, layout).is_some());
        let (_, short) = slab.split_first_mut().unwrap();
        assert!(Tables::split(short, layout).is_none());
    }
}
