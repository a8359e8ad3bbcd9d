//! MCUboot's own imgtool signs the old and the new image, and accepts what the updater made of the old one in the slot.
//!
//! `SPRAG_PYTHON` names a Python that has what `interop/requirements.txt` lists; `cargo xtask test` sets it. Without
//! it the test says so and passes, unless `SPRAG_REQUIRE_TOOLS` is set.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const OLD: &[u8] = include_bytes!("../demo/sensor-1.0.0.bin");
const NEW: &[u8] = include_bytes!("../demo/sensor-1.1.0.bin");
const SLOT_SIZE: &str = "0x40000";

struct Bench {
    python: String,
    folder: TempDir,
}

impl Bench {
    fn new() -> Option<Self> {
        let Ok(python) = std::env::var("SPRAG_PYTHON") else {
            assert!(
                std::env::var_os("SPRAG_REQUIRE_TOOLS").is_none(),
                "SPRAG_REQUIRE_TOOLS is set, and SPRAG_PYTHON is not"
            );
            println!(
                "skipped: SPRAG_PYTHON names no Python with imgtool (cargo xtask test makes one)"
            );
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [("old.bin", OLD), ("new.bin", NEW)] {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
        for name in ["TEST-ONLY.key", "TEST-ONLY.pub"] {
            fs::copy(keys.join(name), folder.path().join(name)).unwrap();
        }
        Some(Self { python, folder })
    }

    fn run(&self, program: &str, arguments: &str) -> Output {
        Command::new(program)
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env("SPRAG_PASSWORD", "correct horse")
            .output()
            .unwrap()
    }

    fn imgtool(&self, arguments: &str) -> Output {
        self.run(&self.python, &format!("-m imgtool.main {arguments}"))
    }

    fn sprag(&self, arguments: &str) {
        let output = self.run(env!("CARGO_BIN_EXE_sprag"), arguments);
        assert!(output.status.success(), "{arguments}: {output:?}");
    }
}

fn succeed(output: &Output) {
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn imgtool_accepts_the_image_in_the_slot() {
    let Some(bench) = Bench::new() else {
        return;
    };
    succeed(&bench.imgtool("keygen -k sign.pem -t ecdsa-p256"));
    for (name, version) in [("old", "1.0.0"), ("new", "1.1.0")] {
        succeed(&bench.imgtool(&format!(
            "sign -k sign.pem --version {version} --header-size 0x200 --pad-header --align 8 --slot-size {SLOT_SIZE} \
             {name}.bin {name}.img"
        )));
    }
    bench.sprag(
        "build --old old.img --new new.img --old-version 1.0.0 --new-version 1.1.0 --vendor acme --product sensor \
         --hardware r1 --isa thumb --key TEST-ONLY.key --out fw.sprag --effort fast",
    );
    bench.sprag(&format!(
        "slots init fw --image old.img --slot-size {SLOT_SIZE}"
    ));
    bench.sprag("apply fw.sprag --slots fw --trust TEST-ONLY.pub");
    let read = |name: &str| fs::read(bench.folder.path().join(name)).unwrap();
    let new = read("new.img");
    let slot = read("fw/slot-b");
    assert!(slot.starts_with(&new));
    // imgtool reads the image's own lengths; behind it lies what the slot holds.
    let verified = bench.imgtool("verify -k sign.pem fw/slot-b");
    succeed(&verified);
    let text = String::from_utf8(verified.stdout).unwrap();
    assert!(text.contains("Image was correctly validated"), "{text}");

    // And refuses it where a bit differs.
    let mut broken = slot;
    broken[0x300] ^= 1;
    fs::write(bench.folder.path().join("broken.img"), broken).unwrap();
    let refused = bench.imgtool("verify -k sign.pem broken.img");
    let text = String::from_utf8(refused.stdout).unwrap();
    assert!(!text.contains("correctly validated"), "{text}");
}

/// The trailer's length and magics, held against imgtool's own.
#[test]
fn imgtool_makes_the_trailers_that_the_adapter_writes() {
    let Some(bench) = Bench::new() else {
        return;
    };
    let script = "
import imgtool.image as i
for align in (1, 4, 8, 16, 32):
    made = i.Image(align=align, slot_size=0x40000)
    swap = made._trailer_size(align, 128, False, None, False, 0)
    overwrite = made._trailer_size(align, 128, True, None, False, 0)
    print(align, swap, overwrite, bytes(made.boot_magic).hex())
";
    let output = Command::new(&bench.python).args(["-c", script]).output();
    let output = output.unwrap();
    succeed(&output);
    let magic = |align: &str| format!("{align}002de15d29410b8d77679c110f1f8a");
    let first = "77c295f360d2ef7f3552500f2cb67980";
    let expected = format!(
        "1 432 32 {first}\n4 1584 32 {first}\n8 3120 32 {first}\n16 6224 48 {}\n32 12448 96 {}\n",
        magic("10"),
        magic("20")
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}
