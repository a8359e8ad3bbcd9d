//! A firmware in C, with a flash in memory, links the static library and applies a package; `tests/c` has it. Here it is
//! compiled with the host's `cc`, with its sanitizers, and its flash is compared with that of an update in Rust.
//!
//! `SPRAG_FULL=1` cuts the power at each operation in place of each fifth.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/inputs.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Inputs, NOR_SIZE, SECTOR};

/// The static library that cargo has made for this test.
fn library() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let entries = exe.parent().unwrap().read_dir().unwrap();
    let archives = entries.map(|entry| entry.unwrap().path()).filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("libsprag_c-") && name.ends_with(".a")
    });
    // Older ones are of other features, or of an older source.
    let newest = archives.max_by_key(|path| path.metadata().unwrap().modified().unwrap());
    newest.expect("cargo makes the library before its tests")
}

fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

/// Compiles the program, with these flags besides.
fn compile(folder: &Path, name: &str, flags: &[&str]) -> PathBuf {
    let (here, program) = (Path::new(env!("CARGO_MANIFEST_DIR")), folder.join(name));
    let mut cc = Command::new("cc");
    cc.args([
        "-std=c99",
        "-O1",
        "-g",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-pedantic",
    ]);
    cc.args(["-Wno-unused-const-variable"]).args(flags);
    cc.arg("-I").arg(here.join("include")).arg("-I").arg(folder);
    for source in ["update.c", "nor.c"] {
        cc.arg(here.join("tests/c").join(source));
    }
    cc.arg(library()).arg("-o").arg(&program);
    // What Rust's standard library needs, which the host's variant has for its panic handler.
    run(cc.args(["-lpthread", "-ldl", "-lm"]));
    program
}

#[test]
fn a_firmware_in_c_updates_itself() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = Inputs::make(folder.path());
    let program = compile(
        folder.path(),
        "update",
        &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    );
    let dump = folder.path().join("flash.bin");
    let scenario = |name: &str| {
        let mut command = Command::new(&program);
        command.arg(name).args(inputs.files());
        command
    };
    for name in ["gives-up", "refusals", "damage", "misuse"] {
        run(&mut scenario(name));
    }
    run(scenario("chunks").arg(&dump));
    let step = match std::env::var_os("SPRAG_FULL") {
        Some(_) => "1",
        None => "5",
    };
    println!("{}", run(scenario("cuts").arg(step)));

    let (by_c, by_rust) = (std::fs::read(dump).unwrap(), inputs.update_in_rust());
    assert_eq!((by_c.len(), by_rust.len()), (NOR_SIZE, NOR_SIZE));
    let differs = (0..NOR_SIZE).find(|&at| by_c[at] != by_rust[at]);
    assert_eq!(
        differs.map(|at| at / SECTOR),
        None,
        "the sector that differs"
    );
}

/// The header stands alone, in C99, C11 and C++.
#[test]
fn the_header_is_c_and_cpp() {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("alone.c");
    std::fs::write(
        &source,
        "#include \"sprag.h\"\nint use(struct sprag_handle *h);\nint use(struct sprag_handle *h) { return sprag_finalize(h) == SPRAG_DONE; }\n",
    )
    .unwrap();
    for (language, standard) in [
        ("c", "-std=c99"),
        ("c", "-std=c11"),
        ("c++", "-std=c++11"),
        ("c++", "-std=c++17"),
    ] {
        let mut cc = Command::new("cc");
        cc.args(["-x", language, standard, "-Wall", "-Wextra", "-Werror"]);
        cc.args(["-pedantic", "-fsyntax-only", "-I"]).arg(&include);
        run(cc.arg(&source));
    }
}
