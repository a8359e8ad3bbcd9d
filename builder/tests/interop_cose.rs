//! Other people's COSE and CBOR libraries (pycose and cbor2, in Python) read our packages: `interop/check_package.py`
//! is written from docs/FORMAT.md alone.
//!
//! `SPRAG_PYTHON` names a Python that has what `interop/requirements.txt` lists; `cargo xtask test` sets it. Without
//! it the tests say so and pass, unless `SPRAG_REQUIRE_TOOLS` is set.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/fixture.rs"]
mod fixture;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use sprag::{CodecChoice, FullImage, inspect};
use tempfile::TempDir;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/interop/check_package.py"
);
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/TEST-ONLY.key");
const PUBLIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/TEST-ONLY.pub");
const OTHER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/keys/TEST-ONLY-other.pub"
);

struct Bench {
    python: String,
    folder: TempDir,
}

impl Bench {
    /// `None` where Python is missing and may be.
    fn new(test: &str) -> Option<Self> {
        let Ok(python) = std::env::var("SPRAG_PYTHON") else {
            assert!(
                std::env::var_os("SPRAG_REQUIRE_TOOLS").is_none(),
                "{test}: SPRAG_REQUIRE_TOOLS is set, and SPRAG_PYTHON is not"
            );
            println!(
                "skipped {test}: SPRAG_PYTHON names no Python with pycose (cargo xtask test makes one)"
            );
            return None;
        };
        Some(Self {
            python,
            folder: tempfile::tempdir().unwrap(),
        })
    }

    fn sprag(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sprag"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// Writes `package` and what `sprag inspect` says of it.
    fn put(&self, package: &[u8]) {
        fs::write(self.folder.path().join("fw.sprag"), package).unwrap();
        let output = self.sprag(&["inspect", "fw.sprag", "--json"]);
        assert!(output.status.success(), "{output:?}");
        fs::write(self.folder.path().join("fw.json"), output.stdout).unwrap();
    }

    /// What the independent reader says of the files.
    fn check(&self, public: &str) -> Result<String, String> {
        let mut command = Command::new(&self.python);
        command.args([SCRIPT, "fw.sprag", public, "fw.json"]);
        let output = command.current_dir(self.folder.path()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            Some(0) => Ok(String::from_utf8(output.stdout).unwrap().trim_end().into()),
            _ => Err(stderr.trim_end().into()),
        }
    }
}

#[test]
fn an_independent_reader_agrees_on_every_kind_of_package() {
    let Some(bench) = Bench::new("an_independent_reader_agrees_on_every_kind_of_package") else {
        return;
    };
    let cases = [
        (
            "delta in blocks and pages",
            CodecChoice::Native,
            FullImage::WhereSmaller,
            256,
        ),
        (
            "delta and full image",
            CodecChoice::Native,
            FullImage::Always,
            4096,
        ),
        (
            "delta in one block",
            CodecChoice::Native,
            FullImage::WhereSmaller,
            65_536,
        ),
        (
            "bsdiff-zstd and full image",
            CodecChoice::BsdiffZstd,
            FullImage::Always,
            1024,
        ),
        (
            "full image",
            CodecChoice::Stored,
            FullImage::WhereSmaller,
            2048,
        ),
    ];
    for (name, codec, full, block_size) in cases {
        let package = fixture::package(codec, full, block_size);
        bench.put(&package);
        let inspection = inspect(&package).unwrap();
        let payloads = inspection.payloads.len();
        let blocks: u32 = inspection
            .payloads
            .iter()
            .map(|payload| payload.blocks)
            .sum();
        let expected = format!("good: 1 signature, {payloads} payloads, {blocks} blocks");
        assert_eq!(bench.check(PUBLIC), Ok(expected), "{name}");
    }
}

#[test]
fn an_independent_reader_agrees_on_every_field() {
    let Some(bench) = Bench::new("an_independent_reader_agrees_on_every_field") else {
        return;
    };
    let write =
        |name: &str, bytes: &[u8]| fs::write(bench.folder.path().join(name), bytes).unwrap();
    write("a.bin", fixture::OLD);
    write("b.bin", &fixture::OLD[..70_000]);
    write("new.bin", fixture::NEW);
    let flags = "build --old 1.0.0=a.bin --old 0.9.0=b.bin --new new.bin --new-version 1.1.0 --vendor acme \
                 --product sensor --hardware r1,r2,r3 --isa thumb --security-counter 300 --sequence 0xffffffffffffffff \
                 --load-address 0x08008000 --bootloader mcuboot=1.9..2.1 --os zephyr=3.7 --layout dual-512k \
                 --not-before 1700000000 --not-after 1900000000 --min-battery-percent 30 --min-free-storage 64KiB \
                 --keyset-version 3 --block-size 512 --with-full --effort fast --out fw.sprag --key";
    let mut arguments: Vec<&str> = flags.split_whitespace().collect();
    arguments.push(KEY);
    let output = bench.sprag(&arguments);
    assert!(output.status.success(), "{output:?}");
    bench.put(&fs::read(bench.folder.path().join("fw.sprag")).unwrap());
    let good = bench.check(PUBLIC).unwrap();
    assert!(
        good.starts_with("good: 1 signature, 3 payloads, "),
        "{good}"
    );
}

#[test]
fn the_independent_reader_is_no_rubber_stamp() {
    let Some(bench) = Bench::new("the_independent_reader_is_no_rubber_stamp") else {
        return;
    };
    let package = fixture::package(CodecChoice::Native, FullImage::WhereSmaller, 256);
    let inspection = inspect(&package).unwrap();
    bench.put(&package);
    let other = bench.check(OTHER).unwrap_err();
    assert!(other.starts_with("wrong: key identifier"), "{other}");

    let place = |offset: u64| usize::try_from(offset).unwrap();
    let manifest = place(inspection.manifest_offset + inspection.manifest_bytes / 2);
    let envelope_end = inspection.header_bytes + inspection.envelope_bytes;
    let cases = [
        ("manifest", manifest, "wrong: the signature does not verify"),
        (
            "signature",
            place(envelope_end - 1),
            "wrong: the signature does not verify",
        ),
        ("page", place(envelope_end), "wrong: hash of page 0"),
        ("block", package.len() - 1, "wrong: hash of block"),
    ];
    for (name, at, expected) in cases {
        let mut changed = package.clone();
        changed[at] ^= 1;
        fs::write(bench.folder.path().join("fw.sprag"), changed).unwrap();
        let wrong = bench.check(PUBLIC).unwrap_err();
        assert!(wrong.starts_with(expected), "{name}: {wrong}");
    }
    fs::write(bench.folder.path().join("fw.sprag"), &package).unwrap();
    let json = bench.folder.path().join("fw.json");
    let text = fs::read_to_string(&json).unwrap();
    fs::write(&json, text.replace("\"sensor\"", "\"censor\"")).unwrap();
    let wrong = bench.check(PUBLIC).unwrap_err();
    assert!(wrong.starts_with("wrong: product"), "{wrong}");
    assert!(Path::new(SCRIPT).is_file());
}

#[test]
fn an_independent_verifier_of_lms_agrees() {
    let Some(bench) = Bench::new("an_independent_verifier_of_lms_agrees") else {
        return;
    };
    let script = Path::new(SCRIPT).with_file_name("check_lms.py");
    for parameters in ["H5/W4", "H5/W8"] {
        let package = fixture::package(CodecChoice::BsdiffZstd, FullImage::WhereSmaller, 1024);
        fs::write(bench.folder.path().join("fw.sprag"), package).unwrap();
        let out = format!("{}.key", parameters.replace('/', ""));
        let public = out.replace(".key", ".pub");
        let generate = ["key", "generate", "--no-password", "--lms", parameters];
        let commands = [
            [&generate[..], &["--out", &out]].concat(),
            vec!["sign", "fw.sprag", "--key", &out, "--out", "first.sprag"],
            vec!["sign", "fw.sprag", "--key", &out, "--out", "second.sprag"],
        ];
        for command in commands {
            let output = bench.sprag(&command);
            assert!(output.status.success(), "{output:?}");
        }
        for (package, leaf) in [("first.sprag", "leaf 0"), ("second.sprag", "leaf 1")] {
            let mut command = Command::new(&bench.python);
            command.arg(&script).args([package, &public]);
            let output = command.current_dir(bench.folder.path()).output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert_eq!(said.trim_end(), leaf, "{:?}", output.stderr);
        }
    }
}
