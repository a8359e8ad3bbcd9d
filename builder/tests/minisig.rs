//! `sprag build --minisig`: the detached signature beside the package, for whoever has stock `minisign`.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/fixture.rs"]
mod fixture;

use std::fs;
use std::path::Path;
use std::process::Command;

use minisign_verify::{PublicKey, Signature};
use sprag::{CodecChoice, FullImage, SignatureKind, VerifyingKey, sha256, verify_detached};

const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/TEST-ONLY.key");
const PUBLIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/TEST-ONLY.pub");

/// Builds `fw.sprag` and `fw.sprag.minisig` in `folder`, and returns both.
fn build(folder: &Path) -> (Vec<u8>, String) {
    fs::write(folder.join("old.bin"), fixture::OLD).unwrap();
    fs::write(folder.join("new.bin"), fixture::NEW).unwrap();
    let flags = "build --old 1.0.0=old.bin --new new.bin --new-version 1.1.0 --vendor acme --product sensor \
                 --hardware r1,r2 --isa thumb --out fw.sprag --minisig --effort fast --key";
    let output = Command::new(env!("CARGO_BIN_EXE_sprag"))
        .args(flags.split_whitespace())
        .arg(KEY)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let package = fs::read(folder.join("fw.sprag")).unwrap();
    let signature = fs::read_to_string(folder.join("fw.sprag.minisig")).unwrap();
    (package, signature)
}

#[test]
fn the_committed_key_is_the_one_of_the_tests() {
    let public = VerifyingKey::load(PUBLIC.as_ref()).unwrap();
    assert_eq!(public, fixture::key().verifying_key());
    for path in [KEY, PUBLIC] {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.starts_with("untrusted comment: TEST-ONLY, "), "{path}");
    }
}

#[test]
fn minisign_verify_accepts_it() {
    let folder = tempfile::tempdir().unwrap();
    let (package, text) = build(folder.path());
    let public = fixture::key().verifying_key();

    let stock_key = PublicKey::decode(&public.to_file_text()).unwrap();
    let signature = Signature::decode(&text).unwrap();
    // `false`: prehashed signatures only.
    stock_key.verify(&package, &signature, false).unwrap();
    let mut other = package.clone();
    *other.last_mut().unwrap() ^= 1;
    assert!(stock_key.verify(&other, &signature, false).is_err());

    // The trusted comment holds name and digest of the file, and nothing else: no time.
    let expected = format!("file:fw.sprag sha256:{}", sha256(&package));
    assert_eq!(signature.trusted_comment(), expected);
    let ours = verify_detached(&public, &text, &package).unwrap();
    assert_eq!(
        (ours.kind(), ours.trusted_comment()),
        (SignatureKind::Prehashed, expected.as_str())
    );
}

#[test]
fn repetition_gives_equal_bytes() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let made = build(first.path());
    assert!(made == build(second.path()));
    // Over files that are there already, too.
    assert!(made == build(first.path()));
    // The library makes the same package.
    let package = fixture::package(CodecChoice::Auto, FullImage::WhereSmaller, 4096);
    assert!(made.0 == package);
}

#[test]
fn stock_minisign_accepts_it() {
    if Command::new("minisign").arg("-v").output().is_err() {
        assert!(
            std::env::var_os("SPRAG_REQUIRE_TOOLS").is_none(),
            "minisign is not installed, and SPRAG_REQUIRE_TOOLS is set"
        );
        println!("skipped: minisign is not installed (apt-get install minisign)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut package, _) = build(folder.path());
    let verify = || {
        let mut command = Command::new("minisign");
        command.args(["-V", "-H", "-p", PUBLIC, "-m", "fw.sprag"]);
        command.current_dir(folder.path()).output().unwrap()
    };
    let output = verify();
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.contains(&format!("file:fw.sprag sha256:{}", sha256(&package))),
        "{shown}"
    );

    package[100] ^= 1;
    fs::write(folder.path().join("fw.sprag"), package).unwrap();
    assert!(!verify().status.success());
}
