use super::{Best, Kind, PairReport, Report, Row, Status, best, means};
use crate::numbers::BIG_IMAGE_SIZE;

fn row(tool: &str, kind: Kind, bytes: u64) -> Row {
    Row {
        bytes: Some(bytes),
        ram_bytes: (kind != Kind::Peer).then_some(16384),
        ..Row::empty(tool, kind, Status::Ok, None)
    }
}

fn pair(name: &str, new_bytes: u64, ours: u64, bsdiff: u64) -> PairReport {
    let rows = vec![
        row("sprag", Kind::Payload, ours),
        row("bsdiff", Kind::Peer, bsdiff),
        row("zstd-19", Kind::Peer, bsdiff * 2),
    ];
    PairReport {
        name: name.into(),
        old_bytes: 1,
        new_bytes,
        best: best(&rows, None),
        rows,
    }
}

#[test]
fn best_is_the_smallest_right_result_or_the_recorded_one() {
    let mut wrong = row("wrong", Kind::Peer, 1);
    wrong.status = Status::Wrong;
    let rows = vec![
        row("sprag", Kind::Payload, 5),
        row("a", Kind::Peer, 30),
        wrong,
        row("b", Kind::Peer, 20),
    ];
    let named = |tool: &str, bytes, recorded| {
        Some(Best {
            tool: tool.into(),
            bytes,
            recorded,
        })
    };
    assert_eq!(best(&rows, None), named("b", 20, false));
    assert_eq!(best(&rows, Some(("c", 20))), named("b", 20, false));
    assert_eq!(best(&rows, Some(("c", 19))), named("c", 19, true));
    assert_eq!(best(&[], Some(("c", 19))), named("c", 19, true));
    assert_eq!(best(&[], None), None);
}

#[test]
fn means_with_and_without_big_images() {
    let pairs = [
        pair("small", 1000, 50, 100),
        pair("at the limit", BIG_IMAGE_SIZE, 20, 10),
        pair("big", BIG_IMAGE_SIZE + 1, 1, 64),
    ];
    let means = means(&pairs, &[16384], &["bsdiff", "zstd-19", "xdelta3"]);
    assert_eq!(means.len(), 2);
    let close = |a: Option<f64>, b: f64| assert!((a.unwrap() - b).abs() < 1e-12, "{a:?} {b}");
    // (1/2 * 2 * 1/64)^(1/3) = 1/4
    close(means[0].to_bsdiff(), 0.25);
    assert_eq!((means[0].pairs, means[0].up_to_bytes), (3, None));
    close(means[1].to_best, 1.0);
    close(Some(means[1].to_peer["zstd-19"]), 0.5);
    assert!(!means[1].to_peer.contains_key("xdelta3"));
    assert_eq!(
        (means[1].pairs, means[1].up_to_bytes),
        (2, Some(BIG_IMAGE_SIZE))
    );
}

#[test]
fn pairs_without_ours_count_in_no_mean() {
    let mut failed = pair("failed", 1000, 1, 100);
    failed.rows[0].status = Status::Wrong;
    let pairs = [pair("small", 1000, 50, 100), failed];
    let means = means(&pairs, &[16384, 8192], &["bsdiff"]);
    assert_eq!(means.len(), 2);
    assert_eq!((means[0].pairs, means[0].to_bsdiff()), (1, Some(0.5)));
    assert_eq!((means[1].pairs, means[1].to_best), (0, None));
}

#[test]
fn json_is_read_back_as_it_was_and_knows_its_schema() {
    let pairs = vec![pair("small", 1000, 50, 100)];
    let report = Report {
        schema: super::SCHEMA,
        effort: None,
        limit_seconds: Some(300),
        memory_floor_bytes: 4096,
        tools: Vec::new(),
        means: means(&pairs, &[16384], &["bsdiff"]),
        pairs,
    };
    let text = serde_json::to_string_pretty(&report).unwrap();
    assert!(text.starts_with("{\n  \"schema\": 1,"), "{text}");
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    let extended = text.replacen("\"schema\"", "\"surprise\": 0, \"schema\"", 1);
    assert!(serde_json::from_str::<Report>(&extended).is_err());
}
