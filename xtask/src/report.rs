//! What the person at the terminal sees: one line a stage, then the count.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use crate::failure::Failure;

/// How a stage ended when nothing was wrong.
#[derive(Debug)]
pub(crate) enum Done {
    /// It held; with a remark, which may be empty.
    Passed(String),
    /// It could not be judged here, and why. Never silent.
    Skipped(String),
}

impl Done {
    pub(crate) fn passed() -> Self {
        Self::Passed(String::new())
    }
}

/// Counts stages.
#[derive(Debug, Default)]
pub(crate) struct Report {
    passed: u32,
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Report {
    /// Runs a task and ends with the count of its stages.
    pub(crate) fn of(task: impl FnOnce(&mut Self)) -> ExitCode {
        let mut report = Self::default();
        task(&mut report);
        report.finish()
    }

    /// Runs one stage; true if it passed.
    pub(crate) fn stage(
        &mut self,
        name: &str,
        stage: impl FnOnce() -> Result<Done, Failure>,
    ) -> bool {
        say(&format!("{name} ... "));
        let start = Instant::now();
        let outcome = stage();
        let seconds = start.elapsed().as_secs_f32();
        match outcome {
            Ok(Done::Passed(remark)) => {
                self.passed += 1;
                let separator = if remark.is_empty() { "" } else { ", " };
                say(&format!("ok ({seconds:.1} s{separator}{remark})\n"));
                true
            }
            Ok(Done::Skipped(reason)) => {
                self.skipped.push(name.to_owned());
                say(&format!("SKIPPED: {reason}\n"));
                false
            }
            Err(failure) => {
                self.failed.push(name.to_owned());
                say(&format!(
                    "FAILED ({seconds:.1} s)\n{}\n",
                    failure.to_string().trim_end()
                ));
                false
            }
        }
    }

    fn finish(self) -> ExitCode {
        if !self.skipped.is_empty() {
            say(&format!("skipped: {}\n", self.skipped.join("; ")));
        }
        if !self.failed.is_empty() {
            say(&format!("failed: {}\n", self.failed.join("; ")));
        }
        say(&format!(
            "{} passed, {} failed\n",
            self.passed,
            self.failed.len()
        ));
        if self.failed.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Prints at once, line end or not. A closed terminal is no reason to stop.
pub(crate) fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

pub(crate) fn print(text: &str) -> ExitCode {
    say(text);
    ExitCode::SUCCESS
}

/// Tells a failure outside any stage.
pub(crate) fn complain(failure: &Failure) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {failure}");
    ExitCode::FAILURE
}

pub(crate) fn usage(words: &[&str], help: &str) -> ExitCode {
    let _ = write!(
        io::stderr(),
        "error: no such task: {}\n\n{help}",
        words.join(" ")
    );
    ExitCode::from(2)
}
