//! `cargo xtask bench`: the tables, printed as they come.

use std::process::ExitCode;

use crate::repo;

/// Runs the table program with the words that follow `bench`.
pub(crate) fn run(words: &[&str]) -> ExitCode {
    let mut command = repo::cargo();
    command.args([
        "run",
        "--release",
        "--package",
        "sprag-benches",
        "--bin",
        "table",
        "--",
    ]);
    match command.args(words).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            crate::report::say(&format!("error: cargo could not be started: {error}\n"));
            ExitCode::FAILURE
        }
    }
}
