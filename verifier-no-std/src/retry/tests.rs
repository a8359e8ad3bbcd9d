use std::vec::Vec;

use super::{Retry, RetryLimits};
use crate::error::Error;
use crate::preconditions::Reason;

const LIMITS: RetryLimits = RetryLimits {
    per_part: 3,
    in_a_row: 6,
    per_session: 10,
    first_delay_ms: 100,
    longest_delay_ms: 1_000,
    retry_after_s: 60,
};

const BAD: Error = Error::BlockHash { block: 372 };

fn deferred(tries: u32) -> Error {
    Error::Deferred {
        reason: Reason::Link { tries },
        retry_after: 60,
    }
}

#[test]
fn delays_double_up_to_the_cap_and_end_in_a_deferral() {
    let mut retry = Retry::new(LIMITS);
    let delays: Vec<_> = (0..6).map(|_| retry.no_answer()).collect();
    let expected = [
        Ok(100),
        Ok(200),
        Ok(400),
        Ok(800),
        Ok(1_000),
        Err(deferred(6)),
    ];
    assert_eq!(delays, expected);
    retry.begin_session();
    assert_eq!(retry.no_answer(), Ok(100));
    retry.verified();
    assert_eq!(retry.no_answer(), Ok(100));
}

#[test]
fn no_delay_overflows() {
    let endless = RetryLimits {
        in_a_row: u32::MAX,
        per_session: u32::MAX,
        ..LIMITS
    };
    let mut retry = Retry::new(endless);
    let last = (0..100).map(|_| retry.no_answer()).last();
    assert_eq!(last, Some(Ok(1_000)));
}

#[test]
fn a_session_is_bounded_even_where_parts_arrive_in_between() {
    let mut retry = Retry::new(LIMITS);
    for _ in 0..9 {
        assert_eq!(retry.no_answer(), Ok(100));
        retry.verified();
    }
    assert_eq!(retry.no_answer(), Err(deferred(10)));
}

#[test]
fn a_part_that_is_always_wrong_is_named() {
    let mut retry = Retry::new(LIMITS);
    assert_eq!(retry.refused(BAD), Ok(100));
    // Another session does not give it more tries.
    retry.begin_session();
    assert_eq!(retry.refused(BAD), Ok(100));
    let named = Error::BlockRetries {
        block: 372,
        tries: 3,
    };
    assert_eq!(retry.refused(BAD), Err(named));
}

#[test]
fn parts_are_counted_one_by_one() {
    let mut retry = Retry::new(LIMITS);
    for page in 0..4 {
        assert!(retry.refused(BAD).is_ok());
        assert!(retry.refused(Error::PageHash { page }).is_ok());
        retry.verified();
    }
    let mut retry = Retry::new(LIMITS);
    let page = Error::PageHash { page: 2 };
    let ends: Vec<_> = (0..3).map(|_| retry.refused(page)).collect();
    let named = Error::PageRetries { page: 2, tries: 3 };
    assert_eq!(ends, [Ok(100), Ok(200), Err(named)]);
}

#[test]
fn what_does_not_get_better_is_not_tried_again() {
    let mut retry = Retry::new(LIMITS);
    assert_eq!(retry.refused(Error::RecordLost), Err(Error::RecordLost));
    let gap = Error::StreamGap {
        wanted: 1,
        found: 2,
    };
    assert_eq!(retry.refused(gap), Ok(100));
}
