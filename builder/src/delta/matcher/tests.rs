use proptest::prelude::*;

use super::{Match, Matcher, common_len};

fn naive_len(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

proptest! {
    #[test]
    fn common_len_is_naive(
        a in prop::collection::vec(0_u8..2, 0..40),
        b in prop::collection::vec(0_u8..2, 0..40),
    ) {
        prop_assert_eq!(common_len(&a, &b), naive_len(&a, &b));
        prop_assert_eq!(common_len(&a, &a), a.len());
    }

    /// All matches are real, none is shorter than asked for, and the longest of all is among them.
    #[test]
    fn matches_are_those_of_a_naive_search(
        text in prop::collection::vec(0_u8..4, 0..300),
        query in prop::collection::vec(0_u8..4, 0..40),
        least in 2_usize..8,
    ) {
        let matcher = Matcher::new(&text);
        let mut found: Vec<Match> = Vec::new();
        matcher.search(&query, (least, 0), 4, &mut found);
        for each in &found {
            prop_assert_eq!(naive_len(&text[each.source..], &query), each.len);
            prop_assert!(each.len >= least);
        }
        let longest = (0..text.len()).map(|start| naive_len(&text[start..], &query)).max();
        let longest = longest.filter(|len| *len >= least);
        prop_assert_eq!(found.iter().map(|each| each.len).max(), longest);
    }
}
