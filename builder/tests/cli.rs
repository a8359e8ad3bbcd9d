//! Golden cases of the command line: `cmd/*.trycmd`, run in one folder of good and bad inputs.
//!
//! After a wanted change: `TRYCMD=overwrite cargo test -p sprag --test cli`, and read the difference.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/fixture.rs"]
mod fixture;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sprag::{CodecChoice, FullImage, inspect};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/*.trycmd");
const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");

/// Golden files that nobody reads are worse than none.
const MOST_CASES: usize = 45;

/// What the cases write when all goes well; whatever else appears was left behind by a failure.
const OUTPUTS: [&str; 9] = [
    "applied.bin",
    "full-built.sprag",
    "generated.key",
    "generated.pub",
    "patch",
    "release.head",
    "release.log",
    "single.sprag",
    "slots",
];

const DEVICE: &str = r#"vendor = "acme"
product = "sensor"
hardware = "r2"
isa = "thumb"
ram = 65536
installed-version = "1.0.0"
"#;

const RELEASE: &str = r#"vendor = "acme"
product = "sensor"
hardware = ["r1", "r2"]
isa = "thumb"
old-version = "1.0.0"
new-version = "1.1.0"
load-address = 0x0800_8000
bootloader = { id = "mcuboot", min = "1.9", max = "2.1" }

[preconditions]
min-battery-percent = 30
"#;

/// What a device in the field wrote, the three lines that users have reported among it.
const DEVICE_LOG: &str = "\
[   12.0] update: start 1.4.2 -> 1.5.0
[   12.4] Firmware validation failed: invalid signature
[  313.0] Firmware validation failed: invalid signature
[  400.0] Low memory condition detected (free: 128MB < threshold: 256MB)
[  500.1] Brownout detector was triggered
[  501.7] Flash write error at offset 0x0800F000
";

fn put_inputs(folder: &Path) {
    let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    put("old.bin", fixture::OLD);
    put("new.bin", fixture::NEW);
    put("empty.bin", b"");
    put("noise.bin", &[0x9d, 0x80, 0xff, 0x00]);
    put("device.log", DEVICE_LOG.as_bytes());
    put(
        "short.log",
        b"update: \x1b[2Jended with E804 at 0x0800f000\n",
    );
    put("quiet.log", b"boot: slot a\nverify ok\n");
    put("release.toml", RELEASE.as_bytes());
    put("wrong.toml", b"vendor = \"acme\"\nsequenze = 1\n");
    put("device.toml", DEVICE.as_bytes());
    put(
        "other.toml",
        DEVICE.replace("sensor", "actuator").as_bytes(),
    );
    put(
        "gateway.toml",
        DEVICE.replace("65536", "1048576").as_bytes(),
    );
    put("tiny.toml", DEVICE.replace("65536", "1024").as_bytes());
    for name in ["TEST-ONLY.key", "TEST-ONLY.pub", "TEST-ONLY-other.pub"] {
        fs::copy(Path::new(KEYS).join(name), folder.join(name)).unwrap();
    }
    let full = fixture::package(CodecChoice::Stored, FullImage::Always, 4096);
    put("full.sprag", &full);
    // Of bsdiff-zstd, so that no case changes with the native codec.
    let delta = fixture::package(CodecChoice::BsdiffZstd, FullImage::WhereSmaller, 1024);
    put("delta.sprag", &delta);
    let inspection = inspect(&delta).unwrap();
    let flipped = |at: u64| {
        let mut bytes = delta.clone();
        bytes[usize::try_from(at).unwrap()] ^= 1;
        bytes
    };
    put("block.sprag", &flipped(inspection.package_bytes - 1));
    put(
        "manifest.sprag",
        &flipped(inspection.manifest_offset + inspection.manifest_bytes - 1),
    );
    put("short.sprag", &delta[..5000]);
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn golden_cases() {
    let cases = Path::new(CASES).parent().unwrap();
    let count = names(cases).len();
    assert!(count <= MOST_CASES, "{count} golden files");

    let folder = tempfile::tempdir().unwrap();
    put_inputs(folder.path());
    let mut expected = names(folder.path());
    // The cases run where the test does; this program has no other test.
    std::env::set_current_dir(folder.path()).unwrap();
    trycmd::TestCases::new()
        .default_bin_path(env!("CARGO_BIN_EXE_sprag"))
        .register_bin("sprag", Path::new(env!("CARGO_BIN_EXE_sprag")))
        .env("COLUMNS", "100")
        .env("SPRAG_PASSWORD", "correct horse")
        .case(CASES)
        .run();
    std::env::set_current_dir("/").unwrap();

    expected.extend(OUTPUTS.map(String::from));
    assert_eq!(names(folder.path()), expected);
    let applied = fs::read(folder.path().join("applied.bin")).unwrap();
    assert!(applied == fixture::NEW);
    // Equal inputs give equal bytes, by the library and by the command.
    let built = fs::read(folder.path().join("full-built.sprag")).unwrap();
    assert!(built == fs::read(folder.path().join("full.sprag")).unwrap());
}
