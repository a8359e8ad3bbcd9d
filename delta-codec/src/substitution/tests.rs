use super::{Substitution, Substitutions};

#[test]
fn confidence_rises_and_falls() {
    let mut entries = std::vec![[0; 5]; 8];
    let mut table = Substitutions {
        entries: &mut entries,
    };
    assert_eq!(table.get(0), None);
    table.put(0x1234, [1, 2], [1, 2]);
    assert_eq!(
        table.get(0x1234),
        None,
        "what stays the same is not noted at first"
    );
    for confidence in [0, 1, 2, 3, 3] {
        table.put(0x1234, [1, 2], [3, 4]);
        assert_eq!(
            table.get(0x1234),
            Some(Substitution {
                new: [3, 4],
                confidence
            })
        );
    }
    for (new, confidence) in [([3, 4], 1), ([1, 2], 0), ([1, 2], 1)] {
        table.put(0x1234, [1, 2], [1, 2]);
        assert_eq!(table.get(0x1234), Some(Substitution { new, confidence }));
    }
}

#[test]
fn an_empty_table_knows_nothing() {
    let mut table = Substitutions { entries: &mut [] };
    table.put(7, [0, 0], [1, 1]);
    assert_eq!(table.get(7), None);
}
