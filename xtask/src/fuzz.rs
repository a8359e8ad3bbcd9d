//! `cargo xtask fuzz`: every target of `fuzz/` for some seconds, through cargo-fuzz.

use std::fs;
use std::process::Command;

use crate::failure::Failure;
use crate::report::{Done, Report};
use crate::{repo, run};

/// Seconds for each target.
const DEFAULT_SECONDS: u32 = 60;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    seconds: u32,
    /// All targets, if none is named.
    target: Option<String>,
}

impl Run {
    /// Reads the words behind `fuzz`. Nothing if they are none of its arguments.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        let (seconds, words) = match words {
            ["--seconds", seconds, rest @ ..] => (seconds.parse().ok()?, rest),
            rest => (DEFAULT_SECONDS, rest),
        };
        let target = match words {
            [] => None,
            [target] if !target.starts_with('-') => Some((*target).to_owned()),
            _ => return None,
        };
        Some(Self { seconds, target })
    }

    pub(crate) fn start(&self, report: &mut Report) {
        let mut targets = Vec::new();
        report.stage("fuzz targets", || {
            targets = all()?;
            if let Some(only) = &self.target {
                targets.retain(|target| target == only);
            }
            match targets.len() {
                0 => Err(Failure::Missing {
                    what: "there is no such fuzz target".to_owned(),
                    help: format!("the targets are {}", all()?.join(", ")),
                }),
                count => Ok(Done::Passed(format!("{count} targets"))),
            }
        });
        for target in targets {
            report.stage(&target, || self.target(&target));
        }
    }

    fn target(&self, target: &str) -> Result<Done, Failure> {
        let corpus = repo::path("fuzz/corpus").join(target);
        fs::create_dir_all(&corpus).map_err(Failure::at(&corpus))?;
        // The crates under test have no unsafe code: what an address sanitizer finds, they cannot do.
        let mut fuzz = cargo_fuzz();
        fuzz.args(["run", "--sanitizer", "none", target])
            .arg(&corpus)
            .arg(repo::path("fuzz/seeds").join(target));
        let limit = format!("-max_total_time={}", self.seconds);
        fuzz.args(["--", &limit, "-timeout=30", "-rss_limit_mb=3000"]);
        let output = run::output(&mut fuzz)?;
        let count = executions(&output)
            .ok_or_else(|| Failure::Check(format!("nothing was run:\n{output}")))?;
        Ok(Done::Passed(format!("{count} executions")))
    }
}

/// The names of all targets.
fn all() -> Result<Vec<String>, Failure> {
    let folder = repo::path("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(Failure::at(&folder))? {
        let path = entry.map_err(Failure::at(&folder))?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

/// cargo-fuzz by the nightly compiler, or by the stable one that is told to act like it.
fn cargo_fuzz() -> Command {
    // Whichever toolchain runs this task must not choose for the next.
    let cargo = || {
        let mut cargo = Command::new("cargo");
        cargo.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
        cargo
            .env("CARGO_TERM_COLOR", "never")
            .current_dir(repo::root());
        cargo
    };
    let mut fuzz = cargo();
    if run::output(cargo().args(["+nightly", "--version"])).is_ok() {
        fuzz.arg("+nightly");
    } else {
        fuzz.env("RUSTC_BOOTSTRAP", "1");
    }
    fuzz.arg("fuzz");
    fuzz
}

/// The number in libFuzzer's last line, `Done N runs in S second(s)`.
fn executions(output: &str) -> Option<u64> {
    let line = output
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("Done "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Run, executions};

    #[test]
    fn arguments() {
        let run = |seconds, target: Option<&str>| {
            let target = target.map(str::to_owned);
            Some(Run { seconds, target })
        };
        assert_eq!(Run::of(&[]), run(60, None));
        assert_eq!(Run::of(&["full_decode"]), run(60, Some("full_decode")));
        assert_eq!(Run::of(&["--seconds", "5", "a"]), run(5, Some("a")));
        for wrong in [
            &["--seconds"][..],
            &["--seconds", "x"],
            &["--all"],
            &["a", "b"],
        ] {
            assert_eq!(Run::of(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn executions_are_read_from_the_last_line() {
        assert_eq!(
            executions("#5 NEW\nDone 1234 runs in 61 second(s)\n"),
            Some(1234)
        );
        assert_eq!(executions("error: no such command"), None);
    }
}
