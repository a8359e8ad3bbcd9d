//! Programs in C that link the static library, compiled with the host's `cc`.

use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Runs it to a good end; what it said.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

/// Compiles a program of these sources, with these flags besides.
pub(crate) fn compile(folder: &Path, name: &str, sources: &[&str], flags: &[&str]) -> PathBuf {
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
    for source in sources {
        cc.arg(here.join("tests/c").join(source));
    }
    cc.arg(library()).arg("-o").arg(&program);
    // What Rust's standard library needs, which the host's variant has for its panic handler.
    run(cc.args(["-lpthread", "-ldl", "-lm"]));
    program
}
