//! A firmware in C, with a flash in memory, links the static library and applies a package; `tests/c` has it. Here it is
//! compiled with the host's `cc`, with its sanitizers, and its flash is compared with that of an update in Rust.
//!
//! `SPRAG_FULL=1` cuts the power at each operation in place of each fifth.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/program.rs"]
mod program;
#[path = "support/inputs.rs"]
mod support;

use std::path::Path;
use std::process::Command;

use program::{compile, run};
use support::{Inputs, NOR_SIZE, SECTOR};

#[test]
fn a_firmware_in_c_updates_itself() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = Inputs::make(folder.path());
    let program = compile(
        folder.path(),
        "update",
        &["update.c", "nor.c"],
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
