use super::{Trial, Verdict};

#[test]
fn the_deadline_is_exact() {
    let trial = Trial::new(0b11, 500, 1000);
    for (now, expected) in [
        (0, Verdict::Wait { left_ms: 1000 }),
        (500, Verdict::Wait { left_ms: 1000 }),
        (1499, Verdict::Wait { left_ms: 1 }),
        (1500, Verdict::Revert),
        (1501, Verdict::Revert),
        (u64::MAX, Verdict::Revert),
    ] {
        assert_eq!(trial.judge(now), expected, "at {now}");
    }
}

#[test]
fn all_checks_have_to_pass_in_time() {
    let mut trial = Trial::new(0b101, 0, 1000);
    trial.pass(0b001);
    trial.pass(0b010);
    assert_eq!(trial.judge(10), Verdict::Wait { left_ms: 990 });
    trial.pass(0b100);
    assert_eq!(trial.judge(1000), Verdict::Confirm);
    assert_eq!(trial.judge(1001), Verdict::Revert, "too late");
    assert_eq!(Trial::new(0, 7, 0).judge(7), Verdict::Confirm);
}

#[test]
fn a_failed_check_stays_failed() {
    let mut trial = Trial::new(1, 0, 1000);
    trial.fail();
    trial.pass(1);
    assert_eq!(trial.judge(1), Verdict::Revert);
}
