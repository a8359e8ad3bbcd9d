//! The ends of what the builder takes: names that write to a terminal, the smallest images, the largest numbers, and file systems that are full
//! or may not be written.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/desk.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod desk;

use std::fs::{self, File};
use std::process::Command;

use desk::Desk;

const BUILD: &str = "build --new-version 1.1.0 --vendor acme --product sensor --hardware r1 --isa thumb --key a.key";

fn desk() -> Desk {
    Desk::with_keys(&["a"])
}

/// Names of files, sorted.
fn names(desk: &Desk) -> Vec<std::ffi::OsString> {
    let entries = fs::read_dir(desk.path("")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn names_cannot_steer_a_terminal() {
    let desk = desk();
    for name in [
        "two\nlines.bin",
        "\u{1b}[2Jclear.bin",
        "back\u{8}\u{8}space.bin",
        "\u{202e}nib.exe",
        "zero\u{200b}width.bin",
        "bell\u{7}.bin",
        "quote'\"`$(x).bin",
        " blanks .bin",
    ] {
        // As an input that is not there, as one that is, and as an output.
        let missing = desk.command("inspect").arg(name).output().unwrap();
        assert_eq!(missing.status.code(), Some(3), "{name:?}");
        assert_clean(name, &missing.stderr);

        fs::write(desk.path(name), b"no package").unwrap();
        let wrong = desk.command("inspect").arg(name).output().unwrap();
        assert_eq!(wrong.status.code(), Some(4), "{name:?}");
        assert_clean(name, &wrong.stderr);

        fs::copy(desk.path("new.bin"), desk.path(name)).unwrap();
        let out = format!("{name}.sprag");
        let mut build = desk.command(&format!("{BUILD} --codec stored"));
        let built = build.args(["--new", name, "--out", &out]).output().unwrap();
        assert!(built.status.success(), "{name:?}: {built:?}");
        assert_clean(name, &built.stdout);
        assert_clean(name, &built.stderr);
        let shown = desk.command("inspect").arg(&out).output().unwrap();
        assert!(shown.status.success(), "{name:?}: {shown:?}");
        assert_clean(name, &shown.stdout);
    }
}

fn assert_clean(name: &str, said: &[u8]) {
    let said = core::str::from_utf8(said).unwrap();
    let steers = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{200b}".contains(c);
    assert!(!said.contains(steers), "{name:?}: {said:?}");
    assert!(!said.contains("two\nlines"), "{name:?}: {said:?}");
}

/// Names that go into a package are held to the rule of the format.
#[test]
fn names_in_a_package_are_plain() {
    let desk = desk();
    let before = names(&desk);
    for field in ["--vendor", "--product", "--hardware"] {
        for value in ["a\nb", "\u{1b}[2J", "\u{202e}x", "", "../up", "a\0b"] {
            if value.contains('\0') {
                continue; // No program can be given one.
            }
            let mut build = desk.command("build --new-version 1.1.0 --isa thumb --key a.key");
            build.args(["--new", "new.bin", "--out", "x.sprag"]);
            for (name, good) in [
                ("--vendor", "acme"),
                ("--product", "sensor"),
                ("--hardware", "r1"),
            ] {
                build.args([name, if name == field { value } else { good }]);
            }
            let output = build.output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            // A slash is a character of names; nothing is ever made of one but text.
            if value == "../up" && output.status.success() {
                fs::remove_file(desk.path("x.sprag")).unwrap();
                continue;
            }
            assert_eq!(output.status.code(), Some(2), "{field} {value:?}: {said}");
            assert_clean(value, said.as_bytes());
        }
    }
    assert_eq!(names(&desk), before, "nothing is left behind");
}

#[test]
fn the_smallest_images() {
    let desk = desk();
    let images: [(&str, &[u8]); 4] = [
        ("none", b""),
        ("zero", b"\0"),
        ("one", b"\x01"),
        ("two", b"ab"),
    ];
    for (name, bytes) in images {
        fs::write(desk.path(name), bytes).unwrap();
    }
    assert_eq!(
        desk.refused(&format!("{BUILD} --new none --out x.sprag")),
        1014
    );
    let line = format!("{BUILD} --old 1=none --new one --out x.sprag");
    assert_eq!(desk.refused(&line), 1014);
    for (old, new) in [
        ("zero", "one"),
        ("one", "two"),
        ("two", "one"),
        ("new.bin", "one"),
        ("one", "new.bin"),
    ] {
        for codec in ["native", "bsdiff-zstd"] {
            let line = format!("{BUILD} --old 1={old} --new {new} --codec {codec} --out x.sprag");
            desk.ok(&line);
            desk.ok(&format!("apply x.sprag --old {old} --out y --trust a.pub"));
            assert!(fs::read(desk.path("y")).unwrap() == fs::read(desk.path(new)).unwrap());
            fs::remove_file(desk.path("x.sprag")).unwrap();
            fs::remove_file(desk.path("y")).unwrap();
        }
    }
    desk.ok(&format!("{BUILD} --new one --out x.sprag"));
    desk.ok("apply x.sprag --out y --old zero --trust a.pub");
    assert_eq!(fs::read(desk.path("y")).unwrap(), b"\x01");
}

/// Numbers around the ends of 16, 31, 32 and 63 bits come back as they were given, or are refused.
#[test]
fn the_largest_numbers() {
    let desk = desk();
    for number in [
        0,
        1 << 16,
        (1 << 31) - 1,
        1 << 31,
        1 << 32,
        (1 << 63) - 1,
        1 << 63,
        u64::MAX,
    ] {
        let line = format!("{BUILD} --codec stored --new new.bin --out x.sprag");
        desk.ok(&format!("{line} --sequence {number}"));
        let shown = desk.ok("inspect x.sprag --json");
        assert!(
            shown.contains(&format!("\"sequence\": {number}")),
            "{shown}"
        );
        fs::remove_file(desk.path("x.sprag")).unwrap();
    }
    for (flags, code) in [
        ("--sequence 18446744073709551616", None),
        ("--sequence -1", None),
        ("--load-address 0x10000000000000000", None),
        ("--block-size 4294967296", None),
        ("--block-size 2147483648", Some(1002)),
        // The image would end behind the end of the address space.
        ("--load-address 0xffffffffffffffff", Some(1002)),
    ] {
        let line = format!("{BUILD} --codec stored --new new.bin --out x.sprag {flags}");
        let output = desk.command(&line).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags}: {said}");
        if let Some(code) = code {
            assert!(said.contains(&format!("[{code}]")), "{flags}: {said}");
        }
        assert!(!desk.path("x.sprag").exists(), "{flags}");
    }
}

/// Files that have a length and no bytes: longer than an offset of the format, they are refused before they are read.
#[test]
fn files_longer_than_the_format() {
    let desk = desk();
    for len in [1_u64 << 32, (1 << 32) + 1, 1 << 33, 1 << 40] {
        let sparse = File::create(desk.path("sparse")).unwrap();
        sparse.set_len(len).unwrap();
        for line in [
            "inspect sparse".into(),
            "verify sparse --trust a.pub".into(),
            format!("{BUILD} --new sparse --out x.sprag"),
            format!("{BUILD} --old 1=sparse --new new.bin --out x.sprag"),
        ] {
            assert_eq!(desk.refused(&line), 1015, "{len}: {line}");
        }
    }
    assert!(!desk.path("x.sprag").exists());
}

/// File systems of their own, which take a name space of mounts: in full runs, where the system lets us.
#[test]
fn file_systems_that_are_full_or_read_only() {
    if std::env::var_os("SPRAG_FULL").is_none() {
        return println!("skipped: mounts file systems; SPRAG_FULL=1 runs it");
    }
    let desk = desk();
    fs::create_dir(desk.path("small")).unwrap();
    let sprag = env!("CARGO_BIN_EXE_sprag");
    // Room for half a package; then a package, on a file system that may not be written.
    for (mount, expected) in [
        ("mount -t tmpfs -o size=8k none small", "1105"),
        ("mount -t tmpfs -o ro none small", "1106"),
    ] {
        let script = format!(
            "{mount} && {sprag} {BUILD} --codec stored --new new.bin --out small/x.sprag; echo \"exit $?\"; ls -A small | wc -l"
        );
        let mut shell = Command::new("unshare");
        let output = shell
            .args(["-rm", "sh", "-c", &script])
            .current_dir(desk.path(""))
            .output()
            .unwrap();
        if !output.status.success() && output.stdout.is_empty() {
            return println!("skipped: this system lets nobody mount: {output:?}");
        }
        let (said, failed) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        assert!(failed.contains(&format!("[{expected}]")), "{said}{failed}");
        assert_eq!(
            said.trim(),
            "exit 3\n0",
            "{mount}: nothing is left behind\n{failed}"
        );
    }
}
