//! The stock `minisign` of Debian reads what Sprag writes, and the reverse.
//!
//! Where the tool is not installed the tests say so and pass, unless `SPRAG_REQUIRE_TOOLS` is set.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sprag::{
    Cost, KeyFiles, NewKey, PasswordSource, Pinned, Protection, SignatureKind, SigningKey,
    TrustedComment, VerifyingKey, minisign_id, verify_detached,
};
use tempfile::TempDir;

const DATA: &[u8] = b"SPRG and some bytes of a package\n";
const PASSWORD: &str = "correct horse";

/// A folder with a data file in it, and the tool run there.
struct Bench(TempDir);

impl Bench {
    /// `None` where the tool is missing and may be.
    fn new(test: &str) -> Option<Self> {
        if Command::new("minisign").arg("-v").output().is_err() {
            assert!(
                std::env::var_os("SPRAG_REQUIRE_TOOLS").is_none(),
                "{test}: minisign is not installed, and SPRAG_REQUIRE_TOOLS is set"
            );
            println!("skipped {test}: minisign is not installed (apt-get install minisign)");
            return None;
        }
        let bench = Self(tempfile::tempdir().unwrap());
        fs::write(bench.path("data.sprag"), DATA).unwrap();
        Some(bench)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the tool with `input` typed to it.
    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new("minisign")
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may end without reading its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn succeed(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert!(
            output.status.success(),
            "minisign {arguments:?}: {output:?}"
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn generate(&self, protection: &Protection) -> SigningKey {
        let files = KeyFiles::beside(&self.path("ours.key"));
        NewKey::check(&files).unwrap().generate(protection).unwrap()
    }

    fn sign(&self, key: &SigningKey) -> String {
        let data = self.path("data.sprag");
        let digest = Pinned::read(&data).unwrap().digest();
        let comment = TrustedComment::for_file(&data, digest).unwrap();
        let text = key.sign_detached(DATA, &comment).unwrap();
        fs::write(self.path("data.sprag.minisig"), &text).unwrap();
        text
    }

    fn signature(&self) -> String {
        fs::read_to_string(self.path("data.sprag.minisig")).unwrap()
    }
}

fn given(password: &str) -> PasswordSource {
    PasswordSource::Given(password.into())
}

fn public(path: &Path) -> VerifyingKey {
    VerifyingKey::load(path).unwrap()
}

#[test]
fn the_tool_verifies_our_signatures() {
    let Some(bench) = Bench::new("the_tool_verifies_our_signatures") else {
        return;
    };
    let key = bench.generate(&Protection::None);
    bench.sign(&key);
    let verify = ["-V", "-p", "ours.pub", "-m", "data.sprag"];
    let output = bench.succeed(&verify, "");
    assert!(
        output.contains("Signature and comment signature verified"),
        "{output}"
    );
    assert!(
        output.contains("Trusted comment: file:data.sprag sha256:"),
        "{output}"
    );
    // -H: only prehashed signatures are accepted.
    bench.succeed(&["-V", "-H", "-p", "ours.pub", "-m", "data.sprag"], "");

    fs::write(bench.path("data.sprag"), b"other").unwrap();
    assert!(!bench.run(&verify, "").status.success());
}

#[test]
fn the_tool_signs_with_our_unencrypted_key() {
    let Some(bench) = Bench::new("the_tool_signs_with_our_unencrypted_key") else {
        return;
    };
    let key = bench.generate(&Protection::None);
    let ours = bench.sign(&key);
    let comment = ours
        .lines()
        .nth(2)
        .unwrap()
        .strip_prefix("trusted comment: ")
        .unwrap();
    bench.succeed(
        &[
            "-S",
            "-H",
            "-s",
            "ours.key",
            "-m",
            "data.sprag",
            "-t",
            comment,
        ],
        "",
    );
    // Same key, same file, same comments: Ed25519 leaves one signature to be made, byte for byte.
    assert_eq!(bench.signature(), ours);
}

#[test]
fn the_tool_opens_our_password_and_refuses_another() {
    let Some(bench) = Bench::new("the_tool_opens_our_password_and_refuses_another") else {
        return;
    };
    let key = bench.generate(&Protection::Password(PASSWORD.into(), Cost::Moderate));
    let sign = ["-S", "-s", "ours.key", "-m", "data.sprag"];
    assert!(!bench.run(&sign, "wrong\n").status.success());
    bench.succeed(&sign, &format!("{PASSWORD}\n"));
    verify_detached(&key.verifying_key(), &bench.signature(), DATA).unwrap();
}

#[test]
fn we_open_the_tools_password() {
    let Some(bench) = Bench::new("we_open_the_tools_password") else {
        return;
    };
    let twice = format!("{PASSWORD}\n{PASSWORD}\n");
    bench.succeed(&["-G", "-s", "stock.key", "-p", "stock.pub"], &twice);
    let key = SigningKey::load(&bench.path("stock.key"), &given(PASSWORD)).unwrap();
    assert_eq!(key.verifying_key(), public(&bench.path("stock.pub")));

    // The tool's own name for the key.
    let text = fs::read_to_string(bench.path("stock.pub")).unwrap();
    assert!(
        text.lines()
            .next()
            .unwrap()
            .ends_with(&minisign_id(key.key_id())),
        "{text}"
    );

    bench.sign(&key);
    bench.succeed(&["-V", "-p", "stock.pub", "-m", "data.sprag"], "");
}

#[test]
fn we_read_the_tools_unencrypted_key_and_both_kinds_of_signature() {
    let Some(bench) = Bench::new("we_read_the_tools_unencrypted_key_and_both_kinds_of_signature")
    else {
        return;
    };
    bench.succeed(&["-G", "-W", "-s", "stock.key", "-p", "stock.pub"], "");
    let key = SigningKey::load(&bench.path("stock.key"), &given("unused")).unwrap();
    let public = public(&bench.path("stock.pub"));
    assert_eq!(key.verifying_key(), public);
    // -l: the legacy kind, which we verify and never make.
    for (flag, kind) in [
        ("-H", SignatureKind::Prehashed),
        ("-l", SignatureKind::Legacy),
    ] {
        let sign = [
            "-S",
            flag,
            "-s",
            "stock.key",
            "-m",
            "data.sprag",
            "-t",
            "a comment",
        ];
        bench.succeed(&sign, "");
        let valid = verify_detached(&public, &bench.signature(), DATA).unwrap();
        assert_eq!(
            (valid.kind(), valid.trusted_comment()),
            (kind, "a comment"),
            "{flag}"
        );
        let other = verify_detached(&public, &bench.signature(), b"other").unwrap_err();
        assert_eq!(other.code(), 1222, "{flag}");
    }
    bench.sign(&key);
    bench.succeed(&["-V", "-H", "-p", "stock.pub", "-m", "data.sprag"], "");
}
