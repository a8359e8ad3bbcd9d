use super::{Recalled, Recalls, SURE_MAX};

#[test]
fn what_came_is_recalled() {
    let mut entries = [[0; 2]; 100];
    let mut recalls = Recalls {
        entries: &mut entries,
    };
    let key = recalls.key(42);
    assert_eq!(recalls.get(key), None);
    for sure in [1, 2, 3, 4, 5, 6, SURE_MAX, SURE_MAX] {
        recalls.put(key, 7);
        assert_eq!(recalls.get(key), Some(Recalled { byte: 7, sure }));
    }
    // What is sure stands one contradiction.
    recalls.put(key, 8);
    assert_eq!(recalls.get(key), Some(Recalled { byte: 7, sure: 1 }));
    recalls.put(key, 8);
    assert_eq!(recalls.get(key), Some(Recalled { byte: 8, sure: 1 }));
}

#[test]
fn contexts_displace_each_other_in_steps() {
    let mut entries = [[0; 2]; 1];
    let mut recalls = Recalls {
        entries: &mut entries,
    };
    let (known, other) = (recalls.key(1), recalls.key(2));
    for _ in 0..4 {
        recalls.put(known, 7);
    }
    recalls.put(other, 8);
    recalls.put(other, 8);
    assert_eq!(recalls.get(known), Some(Recalled { byte: 7, sure: 2 }));
    recalls.put(other, 8);
    assert_eq!(recalls.get(known), None);
    assert_eq!(recalls.get(other), Some(Recalled { byte: 8, sure: 1 }));
}

#[test]
fn no_table_recalls_nothing() {
    let mut recalls = Recalls { entries: &mut [] };
    let key = recalls.key(1);
    recalls.put(key, 7);
    assert_eq!(recalls.get(key), None);
}
