//! Every kind of bad input ends in its own code and exit code, with `error:` and `help:` lines, and leaves nothing
//! behind.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/fixture.rs"]
mod fixture;

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use sprag::{CodecChoice, Error, FullImage, KeyFiles, NewKey, Protection, inspect, verify};
use sprag_manifest::{
    Algorithm, Codec, Digest, Envelope, Header, Image, Isa, List, MAX_ENVELOPE_LEN, Manifest,
    Needs, Payload, Preconditions, Role, SignatureEntry, Validity, eddsa_protected,
};
use sprag_verifier::{ExampleKeys, KeyRole, TrustAnchors, TrustedKey};
use tempfile::TempDir;

const BUILD: &str = "build --new-version 1.1.0 --vendor acme --product sensor --hardware r1 --isa thumb \
                     --codec stored --key test.key";
const PROFILE: &str =
    "vendor = 'acme'\nproduct = 'sensor'\nhardware = 'r1'\nisa = 'thumb'\nram = 65536\n";

/// A folder with good inputs of every kind.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        bench.put("old.bin", fixture::OLD);
        bench.put("new.bin", fixture::NEW);
        bench.put(
            "fw.sprag",
            fixture::package(CodecChoice::Native, FullImage::WhereSmaller, 1024),
        );
        bench.put("device.toml", PROFILE);
        let files = KeyFiles::beside(&bench.path("test.key"));
        NewKey::check(&files)
            .unwrap()
            .write(&fixture::key(), &Protection::None)
            .unwrap();
        fs::create_dir(bench.path("folder")).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sprag"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Names of all files, and the bytes of those that are not too large to compare.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(self.0.path()).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            let small = metadata.is_file() && metadata.len() < 1 << 20;
            let bytes = if small {
                fs::read(entry.path()).unwrap_or_default()
            } else {
                vec![]
            };
            files.insert(entry.file_name().into_string().unwrap(), bytes);
        }
        files
    }

    /// The command is refused with this exit code and this code, and changes no file.
    fn refused(&self, arguments: &str, exit: i32, code: u16) -> String {
        let before = self.files();
        let output = self.run(arguments);
        self.assert_refused(arguments, &output, exit, code);
        assert!(before == self.files(), "{arguments}: files changed");
        String::from_utf8(output.stderr).unwrap()
    }

    fn assert_refused(&self, arguments: &str, output: &Output, exit: i32, code: u16) {
        let stderr = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{arguments}: {stderr}");
        let lines: Vec<&str> = stderr.lines().collect();
        assert!(lines[0].starts_with("error: "), "{arguments}: {stderr}");
        assert!(
            stderr.contains(&format!(" [{code}]\n")),
            "{arguments}: {stderr}"
        );
        assert!(output.stdout.is_empty(), "{arguments}: {output:?}");
        assert!(!stderr.contains("panicked"), "{arguments}: {stderr}");
    }
}

#[test]
fn the_good_inputs_are_good() {
    let bench = Bench::new();
    for arguments in [
        &format!("{BUILD} --old 1=old.bin --new new.bin --out out.sprag --device device.toml"),
        "inspect fw.sprag",
        "verify fw.sprag --trust test.pub --device device.toml",
        "apply fw.sprag --old old.bin --trust test.pub --out out.bin",
    ] {
        let output = bench.run(arguments);
        assert!(output.status.success(), "{arguments}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments}: {output:?}");
    }
    assert!(fs::read(bench.path("out.bin")).unwrap() == fixture::NEW);
    // A package is as good an image as any other.
    let arguments = format!("{BUILD} --new fw.sprag --out wrapped.sprag --isa none");
    let output = bench.run(&arguments.replacen("--isa thumb ", "", 1));
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn inputs_that_are_missing_empty_or_directories() {
    let bench = Bench::new();
    bench.put("empty", "");
    let build = |rest: &str| format!("{BUILD} --out out.sprag {rest}");
    // In the place of each input: exit code and code where it is missing, empty, and a directory.
    let places = [
        (
            build("--old 1=@ --new new.bin"),
            [(3, 1010), (4, 1014), (3, 1011)],
        ),
        (
            build("--old 1=old.bin --new @"),
            [(3, 1010), (4, 1014), (3, 1011)],
        ),
        ("inspect @".into(), [(3, 1010), (4, 1014), (3, 1011)]),
        (
            "verify @ --trust test.pub".into(),
            [(3, 1010), (4, 1014), (3, 1011)],
        ),
        (
            "apply @ --old old.bin --out out.bin --trust test.pub".into(),
            [(3, 1010), (4, 1014), (3, 1011)],
        ),
        (
            "apply fw.sprag --old @ --out out.bin --trust test.pub".into(),
            [(3, 1010), (4, 1014), (3, 1011)],
        ),
        (
            "delta --old @ --new new.bin --out p".into(),
            [(3, 1010), (4, 1014), (3, 1011)],
        ),
        (
            build("--new new.bin").replace("test.key", "@"),
            [(3, 1200), (4, 1202), (3, 1201)],
        ),
        (
            "verify fw.sprag --trust @".into(),
            [(3, 1200), (4, 1202), (3, 1201)],
        ),
        (
            "apply fw.sprag --old old.bin --out out.bin --trust @".into(),
            [(3, 1200), (4, 1202), (3, 1201)],
        ),
        (
            build("--new new.bin --release @"),
            [(3, 1010), (0, 0), (3, 1011)],
        ),
        (
            build("--new new.bin --device @"),
            [(3, 1010), (4, 1003), (3, 1011)],
        ),
        (
            "verify fw.sprag --trust test.pub --device @".into(),
            [(3, 1010), (4, 1003), (3, 1011)],
        ),
        (
            "verify fw.sprag --trust test.pub --minisig @".into(),
            [(3, 1010), (4, 1220), (3, 1011)],
        ),
    ];
    for (arguments, expected) in places {
        for (name, (exit, code)) in ["missing", "empty", "folder"].iter().zip(expected) {
            // An empty release file says nothing, which is its right.
            if exit > 0 {
                let stderr = bench.refused(&arguments.replace('@', name), exit, code);
                assert!(
                    code == 1220 || stderr.contains(name),
                    "{arguments}: {stderr}"
                );
                assert!(stderr.contains("\nhelp: "), "{arguments}: {stderr}");
            }
        }
    }
}

#[test]
fn inputs_of_the_wrong_kind() {
    let bench = Bench::new();
    bench.put("noise", [0xff, 0x00, 0x9d, 0x80].repeat(100));
    bench.put("text", "certainly = [not, what, it, should, be\n");
    for (arguments, exit, code) in [
        ("inspect old.bin", 4, 102),
        ("inspect text", 4, 102),
        ("verify old.bin --trust test.pub", 4, 102),
        ("verify test.pub --trust test.pub", 4, 102),
        (
            "apply new.bin --old old.bin --out out.bin --trust test.pub",
            4,
            102,
        ),
        (
            "apply old.bin --old fw.sprag --out out.bin --trust test.pub",
            4,
            102,
        ),
        ("verify fw.sprag --trust test.key", 5, 1203),
        ("verify fw.sprag --trust fw.sprag", 4, 1202),
        ("verify fw.sprag --trust noise", 4, 1202),
        ("verify fw.sprag --trust text", 4, 1202),
        ("verify fw.sprag --trust test.pub --device text", 4, 1003),
        ("verify fw.sprag --trust test.pub --device noise", 4, 1019),
        (
            "verify fw.sprag --trust test.pub --device fw.sprag",
            4,
            1019,
        ),
        ("verify fw.sprag --trust test.pub --minisig text", 4, 1220),
        ("verify fw.sprag --trust test.pub --minisig noise", 4, 1019),
        (
            "verify fw.sprag --trust test.pub --minisig test.pub",
            4,
            1220,
        ),
    ] {
        bench.refused(arguments, exit, code);
    }
    for (rest, exit, code) in [
        ("--release text", 4, 1003),
        ("--release noise", 4, 1019),
        ("--release device.toml", 4, 1003),
        ("--device text", 4, 1003),
    ] {
        bench.refused(
            &format!("{BUILD} --new new.bin --out out.sprag {rest}"),
            exit,
            code,
        );
    }
    let signed_by =
        |key: &str| format!("{BUILD} --new new.bin --out out.sprag").replace("test.key", key);
    for (key, exit, code) in [
        ("test.pub", 5, 1204),
        ("fw.sprag", 4, 1202),
        ("noise", 4, 1202),
        ("text", 4, 1202),
    ] {
        bench.refused(&signed_by(key), exit, code);
    }
}

#[test]
fn inputs_that_are_huge() {
    let bench = Bench::new();
    let sparse = |name: &str, len: u64| {
        let file = File::create(bench.path(name)).unwrap();
        file.set_len(len).unwrap();
    };
    sparse("huge", (4 << 30) + 1);
    sparse("long", 65 << 20);
    sparse("text", (1 << 20) + 1);
    sparse("key", (16 << 10) + 1);
    let build = |rest: &str| format!("{BUILD} --out out.sprag {rest}");
    for (arguments, exit, code) in [
        (build("--old 1=huge --new new.bin"), 4, 1015),
        (build("--new huge"), 4, 1015),
        (build("--new new.bin --release huge"), 4, 1015),
        (build("--new new.bin --release text"), 4, 1015),
        (build("--new new.bin --device text"), 4, 1015),
        (build("--new new.bin").replace("test.key", "huge"), 4, 1202),
        (build("--new new.bin").replace("test.key", "key"), 4, 1202),
        ("inspect huge".into(), 4, 1015),
        ("verify huge --trust test.pub".into(), 4, 1015),
        ("verify fw.sprag --trust huge".into(), 4, 1202),
        (
            "apply huge --old old.bin --out out.bin --trust test.pub".into(),
            4,
            1015,
        ),
        (
            "apply fw.sprag --old huge --out out.bin --trust test.pub".into(),
            4,
            1015,
        ),
        // Mapped, and no package.
        ("inspect long".into(), 4, 102),
        ("verify long --trust test.pub".into(), 4, 102),
    ] {
        bench.refused(&arguments, exit, code);
    }
}

#[test]
fn packages_that_claim_to_be_huge() {
    let bench = Bench::new();
    let package = fs::read(bench.path("fw.sprag")).unwrap();
    // Lengths of envelope and payloads (docs/FORMAT.md, section 3.2).
    for (at, bytes, codes) in [
        (8, &[0xff; 4][..], [104, 104, 104]),
        (8, &16_384_u32.to_le_bytes(), [101, 603, 603]),
        (8, &10_000_u32.to_le_bytes(), [101, 101, 101]),
        (12, &[0xff; 8], [104, 104, 104]),
        (12, &348_966_092_800_u64.to_le_bytes(), [0, 118, 118]),
    ] {
        let mut claims = package.clone();
        claims[at..at + bytes.len()].copy_from_slice(bytes);
        bench.put("claims", claims);
        let commands = [
            "inspect claims",
            "verify claims --trust test.pub",
            "apply claims --old old.bin --out out.bin --trust test.pub",
        ];
        for (arguments, code) in commands.into_iter().zip(codes) {
            if code > 0 {
                bench.refused(arguments, 4, code);
            }
        }
    }
}

/// A package of a few hundred bytes whose manifest speaks of as many payloads of 4 GiB as there may be.
fn boasting() -> Vec<u8> {
    let name = |n: u32| Digest(core::array::from_fn(|_| u8::try_from(n).unwrap()));
    let image = |n| Image {
        version: "1",
        digest: name(n),
        size: u32::MAX,
        load_address: None,
    };
    let sources: Vec<Image<'_>> = (1..=32).map(image).collect();
    let needs = Needs {
        workspace: 0,
        ram: u32::MAX,
        scratch: 0,
        erases: 1,
        min_operations: 0,
        min_work: 0,
    };
    let payload = |role, source| Payload {
        role,
        source,
        codec: Codec::NativeDelta,
        size: u32::MAX,
        block_size: 256,
        root: name(0),
        checkpoint_interval: 0,
        in_place_group: 0,
        in_place_shift: 0,
        needs,
    };
    let deltas =
        (0..32).flat_map(|n| [Role::Delta, Role::Reverse].map(|role| payload(role, Some(n))));
    let payloads: Vec<Payload> = deltas.chain([payload(Role::Full, None)]).collect();
    let manifest = Manifest {
        sequence: 1,
        security_counter: 0,
        vendor: "v",
        product: "p",
        hardware: List::from_slice(&["h"]),
        isa: Isa::None,
        target: image(0),
        sources: List::from_slice(&sources),
        payloads: List::from_slice(&payloads),
        bootloader: None,
        os: None,
        layout: None,
        validity: Validity::default(),
        preconditions: Preconditions::default(),
        keyset_version: None,
        keysets_len: 0,
    };
    let mut bytes = vec![0; MAX_ENVELOPE_LEN];
    let len = manifest.encode(&mut bytes).unwrap();
    let payloads_len = manifest.payloads_len().unwrap();
    let protected = eddsa_protected(fixture::key().key_id());
    let signature = SignatureEntry {
        algorithm: Algorithm::EdDsa,
        key_id: fixture::key().key_id(),
        protected: &protected,
        signature: &[0; 64],
    };
    let mut envelope = vec![0; MAX_ENVELOPE_LEN];
    let envelope_len = Envelope::new(&bytes[..len], &[signature])
        .encode(&mut envelope)
        .unwrap();
    let header = Header {
        keysets_len: 0,
        envelope_len: u32::try_from(envelope_len).unwrap(),
        payloads_len,
    };
    let mut package = vec![0; Header::LEN];
    header.encode(&mut package).unwrap();
    package.extend_from_slice(&envelope[..envelope_len]);
    package.extend_from_slice(&[0x5a; 3000]);
    package
}

#[test]
fn a_stranger_cannot_make_us_work() {
    let bench = Bench::new();
    bench.put("boast", boasting());
    // 2 GiB of address space: the simulated flash that the manifest asks for would not fit.
    let limited = |arguments: &str| {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "ulimit -v 2097152; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_sprag"),
        ]);
        command
            .args(arguments.split_whitespace())
            .current_dir(bench.0.path());
        command.output().unwrap()
    };
    for arguments in [
        "verify boast --trust test.pub",
        "apply boast --old old.bin --out out.bin --trust test.pub",
    ] {
        bench.assert_refused(arguments, &limited(arguments), 5, 202);
    }
    // Shown as far as it is there, in the time that takes.
    let shown = limited("inspect boast");
    assert!(shown.status.success(), "{shown:?}");
    let json = limited("inspect boast --json");
    assert!(
        json.status.success() && json.stdout.len() < 1 << 20,
        "{} B",
        json.stdout.len()
    );
}

#[test]
fn inputs_that_cannot_be_read() {
    let bench = Bench::new();
    let lock = |name: &str| {
        fs::set_permissions(bench.path(name), Permissions::from_mode(0o000)).unwrap();
    };
    lock("old.bin");
    if File::open(bench.path("old.bin")).is_ok() {
        println!("skipped: this user (root?) can read every file, whatever its mode");
        return;
    }
    lock("fw.sprag");
    lock("test.pub");
    lock("device.toml");
    for (arguments, code) in [
        (
            format!("{BUILD} --old 1=old.bin --new new.bin --out out.sprag"),
            1013,
        ),
        (
            format!("{BUILD} --new new.bin --out out.sprag --device device.toml"),
            1013,
        ),
        ("inspect fw.sprag".into(), 1013),
        ("verify fw.sprag --trust test.pub".into(), 1201),
    ] {
        bench.refused(&arguments, 3, code);
    }
    fs::set_permissions(bench.path("folder"), Permissions::from_mode(0o500)).unwrap();
    bench.refused(
        &format!("{BUILD} --new new.bin --out folder/out.sprag"),
        3,
        1106,
    );
}

#[test]
fn images_that_make_no_sense_together() {
    let bench = Bench::new();
    bench.put("same.bin", fixture::OLD);
    for (rest, exit, code) in [
        ("--old 1=new.bin --new new.bin", 2, 1020),
        ("--old 1=old.bin --new same.bin", 2, 1020),
        ("--old 1=old.bin --old 2=same.bin --new new.bin", 2, 1022),
        ("--old 1=old.bin --old 1=old.bin --new new.bin", 2, 1022),
        ("--old old.bin --new new.bin", 2, 1001),
        ("--old - --old 2=- --new new.bin", 2, 1017),
        ("--old 1=- --new -", 2, 1017),
        ("--new - --release -", 2, 1017),
        ("--new - --device -", 2, 1017),
    ] {
        bench.refused(&format!("{BUILD} --out out.sprag {rest}"), exit, code);
    }
    bench.refused("apply - --old - --out out.bin --trust test.pub", 2, 1017);
    bench.refused("delta --old - --new -", 2, 1017);
}

#[test]
fn outputs_that_cannot_be() {
    let bench = Bench::new();
    bench.put("link.sprag", "");
    fs::remove_file(bench.path("link.sprag")).unwrap();
    std::os::unix::fs::symlink("old.bin", bench.path("link.sprag")).unwrap();
    fs::hard_link(bench.path("test.key"), bench.path("hard.sprag")).unwrap();
    let places = [
        ("no/such/folder/out", 3, 1100),
        ("old.bin/out", 3, 1101),
        ("folder", 3, 1102),
        ("folder/", 3, 1102),
        ("/dev/full", 3, 1105),
    ];
    for (out, exit, code) in places {
        bench.refused(
            &format!("{BUILD} --old 1=old.bin --new new.bin --out {out}"),
            exit,
            code,
        );
        bench.refused(
            &format!("apply fw.sprag --old old.bin --trust test.pub --out {out}"),
            exit,
            code,
        );
        bench.refused(
            &format!("delta --old old.bin --new new.bin --effort fast --out {out}"),
            exit,
            code,
        );
    }
    // Nothing that goes in is overwritten, under whatever name.
    for out in [
        "old.bin",
        "./folder/../new.bin",
        "test.key",
        "device.toml",
        "link.sprag",
        "hard.sprag",
    ] {
        let arguments =
            format!("{BUILD} --old 1=old.bin --new new.bin --device device.toml --out {out}");
        bench.refused(&arguments, 2, 1104);
    }
    for out in ["fw.sprag", "old.bin", "test.pub", "device.toml"] {
        let arguments = format!(
            "apply fw.sprag --old old.bin --device device.toml --trust test.pub --out {out}"
        );
        bench.refused(&arguments, 2, 1104);
    }
    bench.refused("delta --old old.bin --new new.bin --out new.bin", 2, 1104);
    // A signature goes beside a file, and only with its package.
    bench.refused(&format!("{BUILD} --new new.bin --out - --minisig"), 2, 1002);
    fs::create_dir(bench.path("fw2.sprag.minisig")).unwrap();
    bench.refused(
        &format!("{BUILD} --new new.bin --out fw2.sprag --minisig"),
        3,
        1102,
    );
    std::os::unix::fs::symlink("/dev/full", bench.path("full.sprag")).unwrap();
    bench.refused(
        &format!("{BUILD} --new new.bin --out full.sprag --minisig"),
        3,
        1105,
    );
    // Keys are never overwritten.
    bench.refused("key generate --no-password --out test.key", 3, 1207);
    bench.refused("key generate --no-password --out folder", 3, 1102);
    bench.refused("key generate --no-password --out no/such/x.key", 3, 1100);
    bench.refused("key generate --no-password --out -", 2, 1218);
}

#[test]
fn standard_output_that_is_full() {
    let bench = Bench::new();
    let before = bench.files();
    for arguments in [
        &format!("{BUILD} --new new.bin --out -"),
        "apply fw.sprag --old old.bin --trust test.pub --out -",
        "inspect fw.sprag",
        "inspect fw.sprag --json",
        "verify fw.sprag --trust test.pub",
        "explain",
        "demo",
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = bench.command(arguments).stdout(full).output().unwrap();
        bench.assert_refused(arguments, &output, 3, 1105);
    }
    assert!(before == bench.files());
}

#[test]
fn outputs_that_exist_stay_when_the_command_fails() {
    let bench = Bench::new();
    bench.put("out.bin", "precious");
    bench.put("out.bin.minisig", "precious too");
    let mut damaged = fs::read(bench.path("fw.sprag")).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    bench.put("damaged", damaged);
    bench.refused(
        "apply damaged --old old.bin --out out.bin --trust test.pub",
        4,
        601,
    );
    bench.refused(
        "apply fw.sprag --old new.bin --out out.bin --trust test.pub",
        7,
        503,
    );
    bench.refused("apply fw.sprag --out out.bin --trust test.pub", 7, 503);
    bench.refused(
        &format!("{BUILD} --old 1=new.bin --new new.bin --minisig --out out.bin"),
        2,
        1020,
    );
    // The package is not written where its signature cannot be named for it.
    let long = "n".repeat(250);
    bench.refused(
        &format!("{BUILD} --new new.bin --minisig --out {long}"),
        3,
        1107,
    );
}

#[test]
fn packages_of_every_shorter_length() {
    let bench = Bench::new();
    let package = fs::read(bench.path("fw.sprag")).unwrap();
    let key = fixture::key().verifying_key();
    let keys = [TrustedKey {
        id: key.key_id(),
        role: KeyRole::Release,
        key: key.to_bytes(),
    }];
    let trust = TrustAnchors {
        keys: &keys,
        example_keys: ExampleKeys::Refuse,
    };
    let head = inspect(&package).unwrap().payloads[0].offset;
    let head = usize::try_from(head).unwrap();
    for len in 0..package.len() {
        match verify(&package[..len], &trust, None) {
            Err(Error::Device(e)) => assert_eq!(e.code(), 603, "{len} B: {e:?}"),
            found => panic!("{len} B: {found:?}"),
        }
    }
    // The commands, at the places that matter and some between.
    let places = [
        1,
        19,
        20,
        21,
        100,
        head - 1,
        head,
        head + 1,
        head + 500,
        package.len() - 1,
    ];
    for len in places {
        bench.put("short", &package[..len]);
        bench.refused("verify short --trust test.pub", 4, 603);
        let apply = bench.run("apply short --old old.bin --out out.bin --trust test.pub");
        bench.assert_refused("apply", &apply, 4, 603);
        assert!(!bench.path("out.bin").exists(), "{len} B");
        let shown = bench.run("inspect short");
        match len < head {
            true => bench.assert_refused("inspect", &shown, 4, 100),
            // What is there is shown, with a warning.
            false => {
                assert_eq!(shown.status.code(), Some(0), "{len} B: {shown:?}");
                let text = String::from_utf8(shown.stdout).unwrap();
                assert!(
                    text.contains("warning: payload 0 is cut off"),
                    "{len} B: {text}"
                );
            }
        }
    }
    bench.put("longer", [&package[..], b"\n"].concat());
    bench.refused("verify longer --trust test.pub", 4, 604);
    bench.refused(
        "apply longer --old old.bin --out out.bin --trust test.pub",
        4,
        604,
    );
    let shown = String::from_utf8(bench.run("inspect longer").stdout).unwrap();
    assert!(shown.contains("warning: 1 B follow the end"), "{shown}");
}

#[test]
fn standard_input_is_an_input_like_any_other() {
    let bench = Bench::new();
    let typed = |arguments: &str, input: &[u8]| {
        let mut command = bench.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It may end without reading its input.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    };
    let package = fs::read(bench.path("fw.sprag")).unwrap();
    let before = bench.files();
    // Results on standard output, and nothing else.
    let made = typed("apply - --old old.bin --trust test.pub --out -", &package);
    assert!(
        made.status.success() && made.stdout == fixture::NEW,
        "{:?}",
        made.stderr
    );
    let made = typed(
        "apply fw.sprag --old - --trust test.pub --out -",
        fixture::OLD,
    );
    assert!(
        made.status.success() && made.stdout == fixture::NEW,
        "{:?}",
        made.stderr
    );
    let built = typed(
        &format!("{BUILD} --old 1=old.bin --new - --out - --json"),
        fixture::NEW,
    );
    assert!(built.status.success(), "{built:?}");
    assert_eq!(inspect(&built.stdout).unwrap().target.version, "1.1.0");
    let release = typed(
        &format!("{BUILD} --new new.bin --release - --out -"),
        b"sequence = 77",
    );
    assert_eq!(inspect(&release.stdout).unwrap().manifest.sequence, 77);
    for arguments in ["inspect -", "verify - --trust test.pub"] {
        assert!(typed(arguments, &package).status.success(), "{arguments}");
        bench.assert_refused(arguments, &typed(arguments, b""), 4, 1014);
    }
    assert!(before == bench.files());
}
