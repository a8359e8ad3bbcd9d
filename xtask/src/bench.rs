//! `cargo xtask bench`: the tables, printed as they come; with `--instructions` the decoder's work, with
//! `--ablation` what each stage of the codec is worth, with `--in-place` patches for a single slot.

use std::process::ExitCode;

use crate::repo;

/// Builds the command that is measured, then runs the table program with the words that follow `bench`.
pub(crate) fn run(words: &[&str]) -> ExitCode {
    const BUILD: [&str; 4] = ["build", "--release", "--package", "sprag"];
    const PROGRAMS: [&str; 5] = ["build", "--release", "--package", "sprag-benches", "--bins"];
    const RUN: [&str; 5] = ["run", "--release", "--package", "sprag-benches", "--bin"];
    let (program, words) = match words {
        ["--instructions", rest @ ..] => ("instructions", rest),
        ["--in-place", rest @ ..] => ("in_place", rest),
        ["--ablation", rest @ ..] => return ablation(rest),
        words => ("table", words),
    };
    let run = [&RUN[..], &[program, "--"], words].concat();
    all(&[BUILD.to_vec(), PROGRAMS.to_vec(), run])
}

/// What each stage of the codec is worth: a program with our library inside, in which stages can be switched off.
fn ablation(words: &[&str]) -> ExitCode {
    const RUN: [&str; 9] = [
        "run",
        "--release",
        "--package",
        "sprag-benches",
        "--features",
        "ablation",
        "--bin",
        "ablation",
        "--",
    ];
    all(&[[&RUN[..], words].concat()])
}

/// Runs cargo with each of these, until one fails.
fn all(commands: &[Vec<&str>]) -> ExitCode {
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
