use super::render;
use crate::layout::Style;
use crate::report::{Kind, PairReport, Report, Row, Status, ToolInfo, best, means};

fn report() -> Report {
    let mut payload = Row::empty("sprag", Kind::Payload, Status::Ok, None);
    payload.ram_bytes = Some(16384);
    payload.bytes = Some(2000);
    payload.workspace_bytes = Some(16384);
    payload.encode_seconds = Some(0.5);
    payload.decode_seconds = Some(0.02);
    payload.encode_peak_bytes = Some(12 << 20);
    let mut package = payload.clone();
    package.tool = "sprag package".into();
    package.kind = Kind::Package;
    package.bytes = Some(2400);
    package.overhead_bytes = Some(400);
    package.codec = Some("native-delta".into());
    let mut bsdiff = Row::empty("bsdiff", Kind::Peer, Status::Ok, None);
    bsdiff.bytes = Some(10000);
    let reason = Some("program xdelta3 not found".to_owned());
    let xdelta = Row::empty("xdelta3", Kind::Peer, Status::Missing, reason.clone());
    let slow = Some("encode: over the limit".to_owned());
    let zstd = Row::empty("zstd-22", Kind::Peer, Status::Timeout, slow);
    let other = Row::empty("detools-a64", Kind::Peer, Status::NotApplicable, None);
    let rows = vec![payload, package, bsdiff, xdelta, zstd, other];
    let pair = PairReport {
        name: "cortex-m-pair".into(),
        old_bytes: 199_000,
        new_bytes: 200_000,
        best: best(&rows, Some(("detools", 5000))),
        rows,
    };
    Report {
        schema: 1,
        effort: None,
        limit_seconds: Some(300),
        memory_floor_bytes: 4 << 20,
        tools: vec![ToolInfo {
            name: "xdelta3".into(),
            version: None,
            missing: reason.map(|reason| format!("{reason}; apt-get install xdelta3")),
            encode: String::new(),
            decode: String::new(),
        }],
        means: means(core::slice::from_ref(&pair), &[16384], &["bsdiff"]),
        pairs: vec![pair],
    }
}

#[test]
fn tables_line_up_with_ratios_and_means() {
    let text = render(&report(), Style::Terminal);
    let expected = "\
pair           tool             bytes  % of new  ours/it  encode s  decode s  encode MiB  decode MiB  note
-------------  -------------  -------  --------  -------  --------  --------  ----------  ----------  -------------------------------------------------
cortex-m-pair  sprag            2,000      1.00        -      0.50     0.020        12.0           -  workspace 16,384 B
cortex-m-pair  sprag package    2,400      1.20        -      0.50     0.020        12.0           -  workspace 16,384 B, overhead 400 B, native-delta
cortex-m-pair  bsdiff          10,000      5.00    0.200         -         -           -           -
cortex-m-pair  xdelta3        missing         -        -         -         -           -           -  program xdelta3 not found
cortex-m-pair  zstd-22        timeout         -        -         -         -           -           -  encode: over the limit

pair                 new bytes     RAM  payload  package  overhead  best peer           its bytes  ours/best  ours/bsdiff
-------------------  ---------  ------  -------  -------  --------  ------------------  ---------  ---------  -----------
cortex-m-pair          200,000  16,384    2,000    2,400       400  detools (recorded)      5,000      0.400        0.200
geometric mean of 1             16,384                                                                 0.400        0.200

missing: xdelta3: program xdelta3 not found; apt-get install xdelta3
timeout: zstd-22 on cortex-m-pair: encode: over the limit
";
    let squeeze = |text: &str| -> Vec<String> {
        // The rule's width follows the notes; everything else is compared as it stands.
        let rules = |line: &&str| !line.starts_with("---");
        text.lines().filter(rules).map(str::to_owned).collect()
    };
    let found = squeeze(&text);
    let expected = squeeze(expected);
    assert_eq!(found[..expected.len()], expected);
    assert!(found[expected.len()].starts_with("Seconds are CPU time"));
}

#[test]
fn markdown_has_the_same_rows() {
    let text = render(&report(), Style::Markdown);
    let rows = text.lines().filter(|line| line.starts_with('|')).count();
    assert_eq!(rows, 7 + 4);
    assert!(text.contains("| cortex-m-pair | xdelta3       | missing |"));
    assert!(text.contains("- missing: xdelta3: program xdelta3 not found"));
}

#[test]
fn the_best_peer_of_the_run_is_marked() {
    let mut report = report();
    report.pairs[0].best = best(&report.pairs[0].rows, None);
    let text = render(&report, Style::Terminal);
    let line = text.lines().find(|line| line.contains("10,000")).unwrap();
    assert!(line.ends_with("best peer"), "{line}");
}
