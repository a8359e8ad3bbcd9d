//! The ceremony of `keys-example/` as it is documented, with a release key in a token where SoftHSM2 is here.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/softhsm.rs"]
mod softhsm;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use softhsm::SoftHsm;
use sprag::VerifyingKey;
use sprag_verifier::EXAMPLE_KEYS;
use tempfile::TempDir;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../keys-example")
}

fn script(name: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .arg(examples().join(name))
        .env("SPRAG", env!("CARGO_BIN_EXE_sprag"))
        .env_remove("SPRAG_PASSWORD")
        .env_remove("SPRAG_AUDIT")
        .env_remove("SPRAG_AUDIT_KEY");
    command
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(text).unwrap()
}

#[test]
fn the_ceremony() {
    let folder = TempDir::new().unwrap();
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let mut command = script("ceremony.sh");
    command
        .arg(folder.path())
        .arg(images.join("sensor-1.0.0.bin"))
        .arg(images.join("sensor-1.1.0.bin"));
    let hsm = SoftHsm::with_keys(&["release"]);
    if let Some(hsm) = &hsm {
        command
            .env("SPRAG_PKCS11", hsm.module())
            .env("SPRAG_TOKEN", "sprag-test")
            .env("SPRAG_KEY_LABEL", "release")
            .env("SPRAG_PIN", "1234")
            .envs(hsm.environment());
    }
    let output = command.output().unwrap();
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.ends_with("The ceremony is complete.\n"), "{said}");
    assert_eq!(said.contains("token.sprag"), hsm.is_some());
    // Equal keys and equal steps give equal key sets: those that are shown here.
    for (made, shown) in [
        ("fleet.trust", "example-fleet.trust"),
        ("factory.keyset", "example-factory.keyset"),
    ] {
        let made = fs::read(folder.path().join(made)).unwrap();
        assert!(made == fs::read(examples().join(shown)).unwrap(), "{shown}");
    }
}

#[test]
fn example_keys_are_made_anew_and_refused() {
    let folder = TempDir::new().unwrap();
    let output = script("make-keys.sh").arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let mut made = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let committed = fs::read(examples().join(path.file_name().unwrap())).unwrap();
        assert!(committed == fs::read(&path).unwrap(), "{path:?}");
        made += 1;
    }
    assert_eq!(made, 16);
    // Devices know every one, and no key that is not here.
    let mut published = BTreeSet::new();
    for entry in fs::read_dir(examples()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "pub") {
            published.insert(VerifyingKey::load(&path).unwrap().to_bytes());
        }
    }
    assert_eq!(published, EXAMPLE_KEYS.iter().copied().collect());
    assert_eq!(published.len(), 9);
}
