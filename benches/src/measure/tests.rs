use std::path::Path;

use super::Bench;
use crate::child::Runner;
use crate::pairs::{Architecture, Code, Pair};
use crate::peers::{Need, PEERS, Peer};
use crate::report::{Row, Status};
use crate::tools::Tools;

const COPY: &str = "cp {new} {patch}";
const COPY_BACK: &str = "cp {patch} {out}";

fn peer(encode: &'static str, decode: &'static str) -> Peer {
    Peer {
        name: "test",
        needs: &[Need::Program("cp")],
        code: None,
        encode,
        decode,
        version: "",
        install: "apt-get install coreutils",
    }
}

fn measure(folder: &Path, peer: &Peer, search_path: &str, limit_seconds: u64) -> Row {
    let old = folder.join("old.bin");
    let new = folder.join("new.bin");
    std::fs::write(&old, b"the old image").unwrap();
    std::fs::write(&new, b"the new image, longer").unwrap();
    let pair = Pair {
        name: "pair".into(),
        old_bytes: 13,
        new_bytes: 21,
        old,
        new,
        architecture: Architecture::Known(Code::Thumb),
    };
    let runner = Runner {
        timeout: Tools::from_environment(None).program("timeout"),
        limit_seconds,
        scratch: folder.to_path_buf(),
    };
    let bench = Bench {
        runner: &runner,
        tools: &Tools::new(search_path.into(), None),
        helper: folder.join("peers.py"),
        work: folder.to_path_buf(),
    };
    bench.peer(peer, &pair).unwrap()
}

#[test]
fn results_count_only_if_they_are_the_new_image() {
    let cases = [
        ("right", peer(COPY, COPY_BACK), Status::Ok, Some(21)),
        (
            "the old image comes out",
            peer(COPY, "cp {old} {out} {patch}"),
            Status::Failed,
            None,
        ),
        (
            "wrong bytes",
            peer("cp {old} {new}x > {patch}", "cp {old} {out}"),
            Status::Wrong,
            None,
        ),
        (
            "a patch, but no result",
            peer(COPY, "true {patch} {out}"),
            Status::Failed,
            None,
        ),
        (
            "no patch",
            peer("false {new} {patch}", COPY_BACK),
            Status::Failed,
            None,
        ),
        (
            "too slow",
            peer("sleep 60 {new} {patch}", COPY_BACK),
            Status::Timeout,
            None,
        ),
    ];
    for (name, mut peer, status, bytes) in cases {
        let folder = tempfile::tempdir().unwrap();
        if peer.encode.starts_with("sleep") {
            peer.encode = "sleep 60 > {patch}";
        }
        let limit_seconds = if status == Status::Timeout { 1 } else { 300 };
        let row = measure(folder.path(), &peer, "/bin:/usr/bin", limit_seconds);
        assert_eq!((row.status, row.bytes), (status, bytes), "{name}: {row:?}");
        assert_eq!(row.reason.is_some(), status != Status::Ok, "{name}");
    }
}

#[test]
fn a_missing_peer_is_a_row_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for peer in PEERS.iter().filter(|peer| peer.code.is_none()) {
        let row = measure(folder.path(), peer, "", 300);
        assert_eq!(
            (row.status, row.bytes),
            (Status::Missing, None),
            "{}",
            peer.name
        );
        assert_eq!(row.tool, peer.name);
        assert!(row.reason.unwrap().contains("not found"));
    }
}

#[test]
fn a_mode_for_another_instruction_set_is_not_applicable() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = peer(COPY, COPY_BACK);
    for (code, status) in [
        (Code::Thumb, Status::Ok),
        (Code::A64, Status::NotApplicable),
        (Code::Xtensa, Status::NotApplicable),
    ] {
        peer.code = Some(code);
        let row = measure(folder.path(), &peer, "/bin:/usr/bin", 300);
        assert_eq!(row.status, status);
    }
}
