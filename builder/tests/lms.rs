//! `sprag sign` with an LMS key, killed at random points and run by several at once: no leaf signs twice.
//! `SPRAG_FULL=1` makes 300 rounds.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/fixture.rs"]
mod fixture;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use sprag::{CodecChoice, FullImage};
use sprag_manifest::{Algorithm, Envelope, Header};

fn sprag(folder: &Path, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sprag"))
        .current_dir(folder)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn sign(folder: &Path, out: &str) -> Child {
    sprag(
        folder,
        &["sign", "fw.sprag", "--key", "lms.key", "--out", out],
    )
}

/// The leaf of a package's LMS signature.
fn leaf(package: &[u8]) -> u32 {
    let header = Header::decode(package).unwrap();
    let at = |offset: u64| usize::try_from(offset).unwrap();
    let envelope = &package[at(header.envelope_offset())..at(header.payloads_offset())];
    let envelope = Envelope::decode(envelope).unwrap();
    let mut signatures = envelope.signatures();
    let entry = signatures
        .find(|entry| entry.algorithm == Algorithm::HssLms)
        .unwrap();
    u32::from_be_bytes(entry.signature[4..8].try_into().unwrap())
}

#[test]
fn verify_says_that_it_does_not_check_the_signature() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ok = |line: &str| {
        let args: Vec<&str> = line.split_whitespace().collect();
        assert!(sprag(folder, &args).wait().unwrap().success(), "{line}");
    };
    let said = |option: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sprag"));
        command.args(["verify", "fw.sprag", "--trust", "rel.pub"]);
        let out = command.args(option.split_whitespace()).current_dir(folder);
        String::from_utf8(out.output().unwrap().stdout).unwrap()
    };
    fs::write(folder.join("new.bin"), [7; 4096]).unwrap();
    ok("key generate --no-password --out rel.key");
    ok("key generate --no-password --out lms.key --lms H5/W8");
    ok(
        "build --new new.bin --new-version 1.0.0 --vendor acme --product sensor --hardware r1 --isa thumb \
        --codec stored --out fw.sprag --key rel.key",
    );
    let (text, json) = (said(""), said("--json"));
    assert!(
        text.starts_with("good") && !text.contains("HSS-LMS"),
        "{text}"
    );
    assert!(!json.contains("\"lms\""), "{json}");
    ok("sign fw.sprag --key lms.key");
    let (text, json) = (said(""), said("--json"));
    assert!(text.contains("  HSS-LMS    NOT CHECKED"), "{text}");
    assert!(json.contains("\"lms\": \"not checked\""), "{json}");
}

#[test]
fn a_process_that_is_killed_never_uses_a_leaf_again() {
    // Each round takes up to three leaves, of 32 or of 1024.
    let (rounds, parameters) = match std::env::var_os("SPRAG_FULL") {
        Some(_) => (300, "H10/W4"),
        None => (9, "H5/W4"),
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let package = fixture::package(CodecChoice::BsdiffZstd, FullImage::WhereSmaller, 1024);
    fs::write(folder.join("fw.sprag"), package).unwrap();
    let generate = [
        "key",
        "generate",
        "--lms",
        parameters,
        "--out",
        "lms.key",
        "--no-password",
    ];
    assert!(sprag(folder, &generate).wait().unwrap().success());

    let start = Instant::now();
    assert!(sign(folder, "whole.sprag").wait().unwrap().success());
    let whole = start.elapsed();
    let mut made = vec!["whole.sprag".to_owned()];
    let mut random = 20_261_121_u32;
    for number in 0..rounds {
        // Three at once wait for each other; each is killed at its own point.
        let names = [0, 1, 2].map(|other| format!("{number}-{other}.sprag"));
        let mut children: Vec<Child> = names.iter().map(|name| sign(folder, name)).collect();
        for child in &mut children {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            std::thread::sleep(whole * (random >> 24) / 256);
            child.kill().unwrap();
        }
        for mut child in children {
            child.wait().unwrap();
        }
        made.extend(names);
    }
    assert!(sign(folder, "last.sprag").wait().unwrap().success());
    made.push("last.sprag".to_owned());

    let packages = made
        .iter()
        .filter_map(|name| fs::read(folder.join(name)).ok());
    let leaves: Vec<u32> = packages.map(|package| leaf(&package)).collect();
    let different: BTreeSet<u32> = leaves.iter().copied().collect();
    assert_eq!(different.len(), leaves.len(), "{leaves:?}");
    // The state counts every leaf that signed, and the last signature has the last leaf.
    let state = fs::read_to_string(folder.join("lms.key.state")).unwrap();
    let taken = u32::try_from(state.lines().count() - 1).unwrap();
    assert_eq!(leaves.last().copied(), taken.checked_sub(1));
}
