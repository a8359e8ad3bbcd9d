//! One child process: its ending, its CPU time and its peak memory.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use wait4::Wait4;

use crate::numbers::float;

/// Exit code of coreutils' `timeout` when the limit was reached.
const TIMED_OUT_CODE: i32 = 124;

/// Seconds between the polite and the hard end of a command that is over its limit.
const GRACE_SECONDS: &str = "--kill-after=5";

/// A program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invocation {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    /// Where standard output goes; otherwise it is kept as text.
    pub(crate) stdout: Option<PathBuf>,
}

/// How a child ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    Success,
    TimedOut,
    /// The exit status and the last line of standard error.
    Failed(String),
}

/// What a child cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// User and system time of the child and of the children it waited for.
    pub(crate) cpu_seconds: f64,
    /// Largest resident set of any one of these processes, in bytes.
    pub(crate) peak_bytes: u64,
}

#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) ending: Ending,
    pub(crate) usage: Usage,
    /// Standard output, unless it went to a file.
    pub(crate) stdout: String,
}

/// Runs children one at a time.
#[derive(Debug)]
pub(crate) struct Runner {
    /// coreutils' `timeout`, which ends a whole process group; without it nothing is limited.
    pub(crate) timeout: Option<PathBuf>,
    pub(crate) limit_seconds: u64,
    /// Folder for captured output.
    pub(crate) scratch: PathBuf,
}

impl Runner {
    pub(crate) fn run(&self, invocation: &Invocation) -> io::Result<Finished> {
        let captured = self.scratch.join("stdout");
        let errors = self.scratch.join("stderr");
        let stdout = invocation.stdout.as_deref().unwrap_or(&captured);
        let start = Instant::now();
        let mut child = self
            .command(invocation)
            .stdin(Stdio::null())
            .stdout(File::create(stdout)?)
            .stderr(File::create(&errors)?)
            .spawn()?;
        // Reaped by wait4 itself, so that the usage is this child's alone.
        let ended = child.wait4()?;
        let usage = Usage {
            cpu_seconds: (ended.rusage.utime + ended.rusage.stime).as_secs_f64(),
            peak_bytes: ended.rusage.maxrss,
        };
        let over_limit = start.elapsed().as_secs_f64() >= float(self.limit_seconds);
        let ending = if ended.status.success() {
            Ending::Success
        } else if self.timeout.is_some()
            && over_limit
            && ended
                .status
                .code()
                .is_none_or(|code| code >= TIMED_OUT_CODE)
        {
            Ending::TimedOut
        } else {
            Ending::Failed(reason(&ended.status.to_string(), &errors))
        };
        let stdout = if invocation.stdout.is_none() {
            String::from_utf8_lossy(&fs::read(&captured)?).into_owned()
        } else {
            String::new()
        };
        Ok(Finished {
            ending,
            usage,
            stdout,
        })
    }

    fn command(&self, invocation: &Invocation) -> Command {
        let mut command = self.timeout.as_ref().map_or_else(
            || Command::new(&invocation.program),
            |timeout| {
                let mut command = Command::new(timeout);
                command
                    .arg(GRACE_SECONDS)
                    .arg(self.limit_seconds.to_string())
                    .arg(&invocation.program);
                command
            },
        );
        command.args(&invocation.args);
        command
    }
}

/// This process's own peak memory in bytes, below which a child's can not be seen; 0 if the
/// system does not tell.
pub(crate) fn own_peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|value| value.trim().strip_suffix("kB"))
        .and_then(|value| value.trim().parse::<u64>().ok())
        .map_or(0, |kibibytes| kibibytes.saturating_mul(1024))
}

fn reason(status: &str, errors: &Path) -> String {
    let text = fs::read(errors).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .map_or_else(|| status.to_owned(), |line| format!("{status}: {line}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Ending, Invocation, Runner, own_peak_bytes};
    use crate::tools::Tools;

    fn shell(script: &str) -> Invocation {
        Invocation {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            stdout: None,
        }
    }

    fn runner(scratch: &Path, limit_seconds: u64) -> Runner {
        Runner {
            timeout: Tools::from_environment(None).program("timeout"),
            limit_seconds,
            scratch: scratch.to_path_buf(),
        }
    }

    #[test]
    fn endings_and_output() {
        let scratch = tempfile::tempdir().unwrap();
        let runner = runner(scratch.path(), 60);
        let good = runner.run(&shell("echo out; echo noise >&2")).unwrap();
        assert_eq!(good.ending, Ending::Success);
        assert_eq!(good.stdout, "out\n");
        assert!(good.usage.peak_bytes > 100_000);
        let bad = runner
            .run(&shell("echo first >&2; echo last >&2; exit 3"))
            .unwrap();
        let Ending::Failed(reason) = bad.ending else {
            panic!("{:?}", bad.ending)
        };
        assert!(reason.contains('3') && reason.ends_with("last"), "{reason}");
    }

    #[test]
    fn standard_output_goes_to_its_file() {
        let scratch = tempfile::tempdir().unwrap();
        let target = scratch.path().join("patch");
        let mut invocation = shell("printf abc");
        invocation.stdout = Some(target.clone());
        runner(scratch.path(), 60).run(&invocation).unwrap();
        assert_eq!(std::fs::read(target).unwrap(), b"abc");
    }

    #[test]
    fn what_is_over_the_limit_is_ended_and_called_so() {
        let scratch = tempfile::tempdir().unwrap();
        let slow = runner(scratch.path(), 1).run(&shell("sleep 60")).unwrap();
        assert_eq!(slow.ending, Ending::TimedOut);
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let scratch = tempfile::tempdir().unwrap();
        let runner = Runner {
            timeout: None,
            limit_seconds: 1,
            scratch: scratch.path().to_path_buf(),
        };
        let absent = Invocation {
            program: scratch.path().join("absent"),
            args: Vec::new(),
            stdout: None,
        };
        assert!(runner.run(&absent).is_err());
    }

    #[test]
    fn own_peak_is_known_on_linux() {
        assert!(!cfg!(target_os = "linux") || own_peak_bytes() > 100_000);
    }
}
