use proptest::prelude::*;
use sprag_delta::Operation;

use super::{Change, Piece, changed, operations, pieces};

fn copy(literal_len: u32, copy_len: u32, source: u32, major: bool) -> Operation {
    Operation {
        literal_len,
        copy_len,
        source,
        major,
    }
}

#[test]
fn operations_come_back() {
    let list = [
        copy(3, 10, 100, true),
        copy(0, 5, 7, false),
        copy(4, 0, 0, false),
    ];
    let made = pieces(&list, 22);
    assert_eq!(made.len(), 4);
    assert_eq!(operations(&made), list);
    // What follows the operations is literal.
    assert_eq!(
        pieces(&list[..1], 22).last().map(|piece| piece.end),
        Some(22)
    );
}

/// Of a major piece the longer part stays major, and what comes the same way becomes one.
#[test]
fn a_change_cuts_and_joins() {
    let list = pieces(&[copy(0, 100, 0, true), copy(0, 50, 500, false)], 150);
    let change = |start, end, diagonal| {
        [Change {
            start,
            end,
            diagonal,
        }]
    };
    let cut = changed(&list, &change(60, 70, None));
    let majors: Vec<bool> = cut.iter().map(|piece| piece.major).collect();
    assert_eq!(majors, [true, false, false, false]);
    let grown = changed(&list, &change(100, 120, Some(0)));
    assert_eq!((grown.len(), grown[0].end, grown[0].major), (2, 120, true));
    let gone = changed(&list, &change(100, 150, Some(0)));
    assert_eq!(gone.len(), 1);
    // A change may cover a boundary.
    let over = changed(&list, &change(90, 110, Some(7)));
    let ends: Vec<usize> = over.iter().map(|piece| piece.end).collect();
    assert_eq!(ends, [90, 110, 150]);
}

/// The way that each byte comes.
fn diagonals(pieces: &[Piece]) -> Vec<Option<i64>> {
    let of = |piece: &Piece| vec![piece.diagonal; piece.end - piece.start];
    pieces.iter().flat_map(of).collect()
}

proptest! {
    #[test]
    fn changes_are_those_of_each_byte(
        lens in prop::collection::vec((1_usize..20, prop::option::of(0_i64..3)), 1..12),
        cuts in prop::collection::btree_set(0_usize..100, 2..8),
        diagonal in prop::option::of(0_i64..3),
    ) {
        let mut list: Vec<Piece> = Vec::new();
        for (len, diagonal) in lens {
            let start = list.last().map_or(0, |piece: &Piece| piece.end);
            list.push(Piece { start, end: start + len, diagonal, major: false });
        }
        let new_len = list.last().unwrap().end;
        let cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= new_len).collect();
        let (pairs, _) = cuts.as_chunks::<2>();
        let changes: Vec<Change> =
            pairs.iter().map(|&[start, end]| Change { start, end, diagonal }).collect();
        let mut expected = diagonals(&list);
        for change in &changes {
            expected[change.start..change.end].fill(change.diagonal);
        }
        let made = changed(&list, &changes);
        prop_assert_eq!(diagonals(&made), expected);
        for (piece, next) in made.iter().zip(&made[1..]) {
            prop_assert_eq!(piece.end, next.start);
            prop_assert_ne!(piece.diagonal, next.diagonal);
        }
    }
}
