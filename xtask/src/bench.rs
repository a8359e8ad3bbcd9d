//! `cargo xtask bench`: the tables, printed as they come.

use std::process::ExitCode;

use crate::repo;

/// Builds the command that is measured, then runs the table program with the words that follow `bench`.
pub(crate) fn run(words: &[&str]) -> ExitCode {
    const BUILD: [&str; 4] = ["build", "--release", "--package", "sprag"];
    const TABLE: [&str; 7] = [
        "run",
        "--release",
        "--package",
        "sprag-benches",
        "--bin",
        "table",
        "--",
    ];
    let commands = [BUILD.to_vec(), [&TABLE[..], words].concat()];
    for arguments in commands {
        match repo::cargo().args(arguments).status() {
            Ok(status) if status.success() => {}
            Ok(_) => return ExitCode::FAILURE,
            Err(error) => {
                crate::report::say(&format!("error: cargo could not be started: {error}\n"));
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
