//! Running programs: output is kept, and shown only when it is wanted.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Runs a program without input; what it printed, on both streams in the order in which it came.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let line = show(command);
    let start = |source| Failure::Start {
        program: program(command),
        source,
    };
    let (mut reader, writer) = io::pipe().map_err(start)?;
    let errors = writer.try_clone().map_err(|source| Failure::Start {
        program: line.clone(),
        source,
    })?;
    command.stdin(Stdio::null()).stdout(writer).stderr(errors);
    let mut child = command.spawn().map_err(|source| Failure::Start {
        program: program(command),
        source,
    })?;
    // The command holds our ends of the pipe; without them closed, reading would never end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut bytes = Vec::new();
    reader
        .read_to_end(&mut bytes)
        .map_err(|source| Failure::Start {
            program: program(command),
            source,
        })?;
    let status = child.wait().map_err(|source| Failure::Start {
        program: program(command),
        source,
    })?;
    let output = String::from_utf8_lossy(&bytes).into_owned();
    if status.success() {
        Ok(output)
    } else {
        Err(Failure::Command { line, output })
    }
}

/// Runs a program; only what it printed on standard output.
pub(crate) fn stdout(command: &mut Command) -> Result<String, Failure> {
    let result = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Failure::Start {
            program: program(command),
            source,
        })?;
    if result.status.success() {
        return Ok(String::from_utf8_lossy(&result.stdout).into_owned());
    }
    let output = String::from_utf8_lossy(&result.stderr).into_owned();
    Err(Failure::Command {
        line: show(command),
        output,
    })
}

/// Whether a program is there and its version can be asked for.
pub(crate) fn exists(program: &str, question: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg(question)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok()
}

/// Runs `work` while no other process holds the lock at `path`.
pub(crate) fn locked<T>(
    path: &Path,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Failure::at(folder))?;
    }
    let lock = File::create(path).map_err(Failure::at(path))?;
    lock.lock().map_err(Failure::at(path))?;
    // Dropping the file, also in a panic, gives the lock back.
    work()
}

fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn show(command: &Command) -> String {
    let words = core::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
