//! `sprag simulate` and the gate of `sprag build --simulate`, as commands: exit codes, JSON, and nothing on the screen
//! that is none.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const FLASH: &str = "ram = 40000\n[flash]\nslot-size = 16384\nsector-size = 1024\nwrite-size = 4\n";
const SLOW: &str = "[timing]\nerase-us = 600000\n";

fn sprag(folder: &Path, words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sprag"))
        .args(words.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn a_package_that_must_not_ship_is_not_written_and_a_good_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let noise = |seed: u32| {
        let next = |x: &u32| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        let bytes = core::iter::successors(Some(seed), next).map(|x| x.to_le_bytes()[3]);
        bytes.take(3000).collect::<Vec<u8>>()
    };
    let (old, mut new) = (noise(1), noise(1));
    new.splice(1000..1100, noise(2).into_iter().take(300));
    fs::write(path.join("old.bin"), &old).unwrap();
    fs::write(path.join("new.bin"), &new).unwrap();
    fs::write(path.join("good.toml"), FLASH).unwrap();
    fs::write(path.join("slow.toml"), format!("{FLASH}{SLOW}")).unwrap();
    let made = sprag(path, "key generate --no-password --out test.key");
    assert!(made.status.success());
    let build = "build --key test.key --vendor acme --product lamp --hardware r1 --isa none --new-version 2 \
                 --old 1=old.bin --new new.bin";

    let refused = sprag(
        path,
        &format!("{build} --device slow.toml --simulate --out slow.sprag"),
    );
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(9), "{words}");
    assert!(
        words.contains("late") && !words.contains('\u{1b}'),
        "{words}"
    );
    assert!(!path.join("slow.sprag").exists());

    let shipped = sprag(
        path,
        &format!("{build} --device good.toml --simulate --out good.sprag"),
    );
    assert_eq!(shipped.status.code(), Some(0), "{shipped:?}");
    let simulate = "simulate good.sprag --old old.bin --cuts 2 --json --device";
    for (device, code, may_ship) in [("good.toml", 0, true), ("slow.toml", 9, false)] {
        let run = sprag(path, &format!("{simulate} {device}"));
        assert_eq!(run.status.code(), Some(code), "{device}");
        let result: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(result["may_ship"], may_ship, "{device}");
        assert_eq!(result["schema"], 1);
        assert_eq!(result["cuts"]["bricks"], 0);
        assert_eq!(result["progress"]["work_suffices"], true);
        // No progress bar where nobody looks at a terminal.
        assert!(!String::from_utf8_lossy(&run.stderr).contains('\r'));
    }
}
