//! What scripts rely on: JSON without surprises, passwords without a terminal, completions and manual pages.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/fixture.rs"]
mod fixture;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde::Deserialize;
use sprag::{
    CodecChoice, Cost, FullImage, Inspection, KeyFiles, NewKey, Protection, SCHEMA, inspect, sha256,
};
use sprag_manifest::{Digest, KeyId, ManifestView};
use tempfile::TempDir;

const RELEASE: &str =
    "--new-version 1.1.0 --vendor acme --product sensor --hardware r1,r2 --isa thumb";

/// Every command that takes a password finds this one, and no terminal to ask at.
const PASSWORD: &str = "correct horse battery staple";

struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
        for name in ["TEST-ONLY.key", "TEST-ONLY.pub"] {
            fs::copy(keys.join(name), bench.path(name)).unwrap();
        }
        fs::write(bench.path("old.bin"), fixture::OLD).unwrap();
        fs::write(bench.path("new.bin"), fixture::NEW).unwrap();
        let package = fixture::package(CodecChoice::Native, FullImage::WhereSmaller, 4096);
        fs::write(bench.path("fw.sprag"), package).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sprag"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.0.path());
        command.stdin(Stdio::null()).env_remove("SPRAG_PASSWORD");
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn succeed(&self, arguments: &str) -> Vec<u8> {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments}: {output:?}");
        output.stdout
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifyJson {
    schema: u32,
    verified: bool,
    signer: KeyId,
    signer_minisign_id: String,
    manifest_sha256: Digest,
    blocks: u64,
    bindings_checked: bool,
    validity: String,
    minisig_trusted_comment: Option<String>,
    manifest: ManifestView,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplyJson {
    schema: u32,
    slot: Option<String>,
    resumed: bool,
    source_sha256: Option<Digest>,
    target_version: String,
    target_sha256: Digest,
    target_bytes: u64,
    payload: u32,
    total_ram_bytes: u32,
    fetched_bytes: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeltaJson {
    schema: u32,
    old_bytes: u64,
    new_bytes: u64,
    payload_bytes: u64,
    encode_seconds: f64,
    decode_seconds: f64,
    ram_bytes: u64,
    decode_decisions: u64,
    found: Option<FoundJson>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FoundJson {
    isa: String,
    isa_evidence: String,
    old_load_address: u64,
    new_load_address: u64,
    ram_address: u32,
    ram_bytes: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorJson {
    schema: u32,
    error: ErrorBody,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorBody {
    code: u16,
    name: String,
    message: String,
    help: Option<String>,
    exit_code: u8,
}

#[test]
fn json_is_one_object_of_known_fields() {
    let bench = Bench::new();
    let package = fs::read(bench.path("fw.sprag")).unwrap();
    let inspection = inspect(&package).unwrap();

    let shown: Inspection =
        serde_json::from_slice(&bench.succeed("inspect fw.sprag --json")).unwrap();
    assert_eq!((shown.schema, &shown), (SCHEMA, &inspection));
    let build = format!(
        "build --old 1.0.0=old.bin --new new.bin --key TEST-ONLY.key {RELEASE} --effort fast \
         --codec native --minisig --out again.sprag --json"
    );
    let built: Inspection = serde_json::from_slice(&bench.succeed(&build)).unwrap();
    assert_eq!(built, inspection);

    let verify = "verify again.sprag --trust TEST-ONLY.pub --minisig again.sprag.minisig --json";
    let verified: VerifyJson = serde_json::from_slice(&bench.succeed(verify)).unwrap();
    assert_eq!(
        (
            verified.schema,
            verified.verified,
            verified.bindings_checked
        ),
        (SCHEMA, true, false)
    );
    assert_eq!(verified.signer, inspection.signatures[0].key_id);
    assert_eq!(
        verified.signer_minisign_id,
        inspection.signatures[0].minisign_id
    );
    assert_eq!(verified.manifest_sha256, inspection.manifest_sha256);
    assert_eq!(verified.blocks, u64::from(inspection.payloads[0].blocks));
    assert_eq!(
        (verified.validity.as_str(), verified.manifest),
        ("not checked", inspection.manifest)
    );
    let comment = format!("file:again.sprag sha256:{}", sha256(&package));
    assert_eq!(verified.minisig_trusted_comment, Some(comment));

    let apply = "apply fw.sprag --old old.bin --trust TEST-ONLY.pub --out applied.bin --json";
    let applied: ApplyJson = serde_json::from_slice(&bench.succeed(apply)).unwrap();
    assert_eq!((applied.schema, applied.payload), (SCHEMA, 0));
    assert_eq!((applied.slot, applied.resumed), (None, false));
    assert_eq!(applied.source_sha256, Some(sha256(fixture::OLD)));
    assert_eq!(
        (applied.target_version.as_str(), applied.target_sha256),
        ("1.1.0", sha256(fixture::NEW))
    );
    assert_eq!(
        applied.target_bytes,
        u64::try_from(fixture::NEW.len()).unwrap()
    );
    assert!(applied.total_ram_bytes <= inspection.total_ram_bytes);
    assert_eq!(applied.fetched_bytes, inspection.package_bytes);

    let delta = "delta --old old.bin --new new.bin --effort fast --json";
    let delta: DeltaJson = serde_json::from_slice(&bench.succeed(delta)).unwrap();
    assert_eq!(
        (delta.schema, delta.new_bytes),
        (SCHEMA, applied.target_bytes)
    );
    assert_eq!(delta.old_bytes, u64::try_from(fixture::OLD.len()).unwrap());
    assert!(delta.encode_seconds > 0.0 && delta.decode_seconds > 0.0 && delta.decode_decisions > 0);
    assert_eq!(delta.payload_bytes, inspection.payload_bytes);
    assert_eq!(delta.ram_bytes, u64::from(inspection.ram_bytes));
    let found = delta.found.unwrap();
    assert_eq!(found.isa, "thumb");
    assert!(!found.isa_evidence.is_empty());
    assert_eq!(found.old_load_address, found.new_load_address);
    assert!(found.ram_bytes == 0 || found.ram_address != 0);

    let full = "delta --full --new new.bin --effort fast --json";
    let full: DeltaJson = serde_json::from_slice(&bench.succeed(full)).unwrap();
    assert_eq!((full.old_bytes, full.new_bytes), (0, applied.target_bytes));
    assert!(full.payload_bytes > delta.payload_bytes && full.found.is_none());
}

#[test]
fn errors_are_objects_too() {
    let bench = Bench::new();
    for (arguments, exit, code, name) in [
        ("inspect none --json", 3, 1010, "INPUT_MISSING"),
        ("inspect old.bin --json", 4, 102, "BadMagic"),
        ("verify fw.sprag --trust TEST-ONLY.key --json", 5, 1203, ""),
        (
            "apply fw.sprag --old new.bin --out x --trust TEST-ONLY.pub --json",
            7,
            503,
            "SOURCE_NOT_LISTED",
        ),
        (
            "delta --old old.bin --new new.bin --ram 1 --json",
            8,
            1024,
            "DOES_NOT_FIT",
        ),
    ] {
        let output = bench.run(arguments);
        assert_eq!(output.status.code(), Some(exit), "{arguments}: {output:?}");
        let object: ErrorJson = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (object.schema, object.error.code),
            (SCHEMA, code),
            "{arguments}"
        );
        assert_eq!(i32::from(object.error.exit_code), exit, "{arguments}");
        assert!(!object.error.name.is_empty(), "{arguments}");
        assert!(
            name.is_empty() || plain(&object.error.name) == plain(name),
            "{object:?}"
        );
        // The same words for people.
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            stderr.starts_with(&format!("error: {} [{code}]\n", object.error.message)),
            "{stderr}"
        );
        if let Some(help) = object.error.help {
            assert!(stderr.contains(&format!("help: {help}\n")), "{stderr}");
        }
    }
}

/// A name without its style.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[test]
fn every_code_that_the_command_can_end_with_is_explained() {
    let bench = Bench::new();
    let list = String::from_utf8(bench.succeed("explain")).unwrap();
    let codes: Vec<u16> = list
        .lines()
        .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
        .collect();
    assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    let tables = [
        sprag::BUILD_CODES,
        sprag::INPUT_CODES,
        sprag::CONTAINER_CODES,
        sprag::OUTPUT_CODES,
        sprag::KEY_CODES,
        sprag_verifier::CODES,
    ];
    for (code, name) in tables.into_iter().flatten() {
        assert!(codes.contains(code), "{code} {name} is not explained");
    }
    for code in codes {
        let text = String::from_utf8(bench.succeed(&format!("explain {code}"))).unwrap();
        assert!(text.starts_with(&code.to_string()), "{text}");
    }
}

#[test]
fn passwords_come_from_a_file_or_the_environment() {
    let bench = Bench::new();
    fs::write(bench.path("password"), format!("{PASSWORD}\n")).unwrap();
    fs::write(bench.path("other"), "something else\n").unwrap();
    fs::write(bench.path("empty"), "\n").unwrap();
    fs::write(bench.path("long"), "x".repeat(1 << 17)).unwrap();
    fs::write(bench.path("noise"), [0xff, 0xfe]).unwrap();
    bench.succeed("key generate --out costly.key --password-file password");
    // Stock cost is 1 GiB and seconds for each use; the rest is shown with less.
    let files = KeyFiles::beside(&bench.path("release.key"));
    let protection = Protection::Password(PASSWORD.into(), Cost::Moderate);
    NewKey::check(&files)
        .unwrap()
        .generate(&protection)
        .unwrap();
    let build = format!("build --new new.bin --key release.key {RELEASE} --codec stored --out");

    bench.succeed(&format!("{build} by-file.sprag --password-file password"));
    let by_environment = format!("{build} by-environment.sprag");
    let output = bench
        .command(&by_environment)
        .env("SPRAG_PASSWORD", PASSWORD)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let read = |name: &str| fs::read(bench.path(name)).unwrap();
    assert!(read("by-file.sprag") == read("by-environment.sprag"));
    bench.succeed("verify by-file.sprag --trust release.pub");

    let generate = |file| format!("key generate --out x.sprag --password-file {file}");
    for (arguments, exit, code) in [
        (format!("{build} x.sprag --password-file other"), 5, 1208),
        (format!("{build} x.sprag --password-file none"), 3, 1214),
        // Nobody to ask.
        (format!("{build} x.sprag"), 2, 1212),
        (generate("empty"), 2, 1215),
        (generate("long"), 2, 1216),
        (generate("noise"), 2, 1217),
    ] {
        let output = bench.run(&arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{arguments}: {stderr}");
        assert!(
            stderr.contains(&format!("[{code}]")),
            "{arguments}: {stderr}"
        );
        assert!(
            !stderr.contains(PASSWORD) && !stderr.contains("something else"),
            "{stderr}"
        );
        assert!(!bench.path("x.sprag").exists(), "{arguments}");
    }
}

#[test]
fn keys_that_anybody_has_or_could_read_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let bench = Bench::new();
    bench.succeed("key generate --no-password --out own.key");
    bench.succeed("key check own.key own.pub");
    let read_by_all = fs::Permissions::from_mode(0o644);
    fs::set_permissions(bench.path("own.key"), read_by_all).unwrap();
    let published = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../keys-example/example-release.pub"
    );
    for (file, code) in [("own.key", 1226), (published, 1227)] {
        let output = bench.run(&format!("key check {file}"));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{stderr}");
        assert!(stderr.contains(&format!("[{code}]")), "{stderr}");
    }
}

#[test]
fn lines_that_are_not_there_or_say_nothing() {
    let bench = Bench::new();
    let silent = std::os::unix::net::UnixListener::bind(bench.path("silent")).unwrap();
    let by = "--timeout 1 --patience 1";
    for (line, code) in [("none", 1140), ("silent", 1141)] {
        let output = bench.run(&format!("send fw.sprag --unix {line} {by}"));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{stderr}");
        assert!(stderr.contains(&format!("[{code}]")), "{stderr}");
    }
    drop(silent);
}

#[test]
fn completions_and_manual_pages() {
    let bench = Bench::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = String::from_utf8(bench.succeed(&format!("completions {shell}"))).unwrap();
        assert!(
            text.contains("with-full") && text.contains("explain"),
            "{shell}"
        );
    }
    let page = String::from_utf8(bench.succeed("man")).unwrap();
    assert!(page.contains(".TH sprag 1"), "{page}");
    fs::create_dir(bench.path("man1")).unwrap();
    bench.succeed("man --out man1");
    let names = [
        "sprag",
        "sprag-build",
        "sprag-verify",
        "sprag-apply",
        "sprag-inspect",
        "sprag-key",
    ];
    for name in names {
        let text = fs::read_to_string(bench.path("man1").join(format!("{name}.1"))).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{name}: {text}");
    }
}

#[test]
fn the_demonstration_keeps_its_folder_if_asked() {
    let bench = Bench::new();
    let parent = bench.path("tmp");
    fs::create_dir(&parent).unwrap();
    let entries = || {
        fs::read_dir(&parent)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect::<Vec<_>>()
    };
    let run = |arguments: &str| {
        let output = bench
            .command(arguments)
            .env("TMPDIR", &parent)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run("demo");
    assert!(entries().is_empty());
    let text = run("demo --keep");
    let [folder] = entries().try_into().unwrap();
    assert!(text.contains(folder.to_str().unwrap()), "{text}");
    let package = folder.join("sensor.sprag");
    let inspected = bench.succeed(&format!("inspect {}", package.display()));
    assert!(!inspected.is_empty());
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bench = Bench::new();
    let mut child = bench
        .command("explain")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
