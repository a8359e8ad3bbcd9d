//! The contract of our command, spoken by a shell script in its place.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Sprag, find};
use crate::child::Runner;
use crate::pairs::{self, Pair};
use crate::report::{Kind, Row, Status};

/// Stores instead of coding: the patch is the new image; a package adds 100 bytes in front.
const STAND_IN: &str = r#"#!/bin/sh
command="$1"; shift
while [ $# -gt 0 ]; do
  case "$1" in
    --old) old="$2"; shift ;;
    --new) new="$2"; shift ;;
    --out) out="$2"; shift ;;
    --ram) ram="$2"; shift ;;
    --trust) trust="$2"; shift ;;
    --*) ;;
    *) package="$1" ;;
  esac
  shift
done
size() { wc -c < "$1" | tr -d ' '; }
case "$command" in
  --version) echo "sprag 9.9.9" ;;
  key) echo secret > "$out"; echo public > "${out%.key}.pub" ;;
  delta) cp "$new" "$out"
    echo "{\"schema\":1,\"payload_bytes\":$(size "$new"),\"encode_seconds\":0.5,"
    echo "\"decode_seconds\":0.25,\"ram_bytes\":$ram,\"of_a_later_version\":[]}" ;;
  build) head -c 100 /dev/zero > "$out"; cat "$new" >> "$out"; echo "{}" ;;
  inspect) bytes=$(size "$package")
    echo "{\"package_bytes\":$bytes,\"payload_bytes\":$((bytes - 100)),"
    echo "\"codec\":\"stored\",\"ram_bytes\":0,\"total_ram_bytes\":256}" ;;
  apply) test -f "$trust" || exit 5
    tail -c +101 "$package" > "$out" ;;
esac
"#;

fn stand_in(folder: &Path, script: &str) -> PathBuf {
    let program = folder.join("sprag");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

fn pair(folder: &Path) -> Pair {
    let images = folder.join("pairs").join("pair");
    fs::create_dir_all(&images).unwrap();
    fs::write(images.join("old.bin"), b"the old image").unwrap();
    fs::write(images.join("new.bin"), b"the new image, longer").unwrap();
    pairs::in_folder(&folder.join("pairs")).unwrap().remove(0)
}

fn rows(script: &str) -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let program = stand_in(folder.path(), script);
    let runner = Runner {
        timeout: None,
        limit_seconds: 60,
        scratch: folder.path().to_path_buf(),
    };
    let sprag = Sprag::new(&runner, &program, Some("best"), folder.path()).unwrap();
    assert_eq!(sprag.version().as_deref(), Some("sprag 9.9.9"));
    sprag.rows(&pair(folder.path()), 16384, true).unwrap()
}

#[test]
fn payload_package_and_full_image_are_measured() {
    let rows = rows(STAND_IN);
    let kinds: Vec<Kind> = rows.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [Kind::Payload, Kind::Package, Kind::Full]);
    for row in &rows {
        assert_eq!(
            (row.status, row.ram_bytes),
            (Status::Ok, Some(16384)),
            "{row:?}"
        );
        assert!(row.encode_peak_bytes > Some(100_000));
    }
    assert_eq!(
        (rows[0].bytes, rows[0].workspace_bytes),
        (Some(21), Some(16384))
    );
    assert_eq!(rows[0].decode_seconds, Some(0.25));
    assert_eq!(
        (rows[1].bytes, rows[1].overhead_bytes),
        (Some(121), Some(100))
    );
    assert_eq!(rows[1].codec.as_deref(), Some("stored"));
    assert_eq!(rows[2].bytes, Some(21));
}

#[test]
fn what_is_wrong_is_never_a_size() {
    let cases = [
        (
            "a byte off",
            "tail -c +101",
            "tail -c +102",
            1,
            Status::Wrong,
        ),
        (
            "no result",
            "tail -c +101 \"$package\" > \"$out\"",
            "true",
            1,
            Status::Failed,
        ),
        (
            "apply refuses",
            "test -f \"$trust\"",
            "false",
            1,
            Status::Failed,
        ),
        (
            "another size",
            "cp \"$new\" \"$out\"",
            "cp \"$old\" \"$out\"",
            0,
            Status::Wrong,
        ),
        (
            "not JSON",
            "echo \"{\\\"schema\\\"",
            "echo \"{schema",
            0,
            Status::Failed,
        ),
        (
            "package size",
            "$((bytes - 100))",
            "0,\\\"package_bytes\\\":$bytes",
            1,
            Status::Failed,
        ),
    ];
    for (name, from, to, index, status) in cases {
        let script = STAND_IN.replace(from, to);
        assert_ne!(script, STAND_IN, "{name}");
        let row = &rows(&script)[index];
        assert_eq!((row.status, row.bytes), (status, None), "{name}: {row:?}");
        assert!(row.reason.is_some(), "{name}");
    }
}

#[test]
fn our_command_is_found_or_named_as_missing() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent");
    assert!(find(Some(&absent), folder.path()).is_err());
    let release = folder.path().join("release");
    fs::create_dir(&release).unwrap();
    let program = stand_in(&release, STAND_IN);
    let found = find(Some(&program), &absent).unwrap();
    assert!(found.ends_with("release/sprag"));
}
