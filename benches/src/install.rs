//! Installs the peers: Python packages into their own environment, Debian packages as root.

use std::path::Path;
use std::process::Command;

use crate::error::BenchError;
use crate::tools::Tools;

const REQUIREMENTS: &str = include_str!("../peers-requirements.txt");
const DEBIAN_PACKAGES: [&str; 4] = ["bsdiff", "xdelta3", "zstd", "xz-utils"];
const DEBIAN_PROGRAMS: [&str; 4] = ["bsdiff", "xdelta3", "zstd", "xz"];

/// Makes `target/peers-venv` with the pinned packages, and installs what Debian has.
pub(crate) fn install(tools: &Tools, target: &Path) -> Result<(), BenchError> {
    debian(tools)?;
    let folder = target.join("peers-venv");
    let requirements = target.join("peers-requirements.txt");
    std::fs::create_dir_all(target).map_err(BenchError::io(target))?;
    std::fs::write(&requirements, REQUIREMENTS).map_err(BenchError::io(&requirements))?;
    let python = tools
        .program("python3")
        .ok_or_else(|| BenchError::Install("python3 not found".to_owned()))?;
    done(Command::new(python).args(["-m", "venv"]).arg(&folder))?;
    done(
        Command::new(folder.join("bin").join("python"))
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(&requirements),
    )
}

fn debian(tools: &Tools) -> Result<(), BenchError> {
    if DEBIAN_PROGRAMS
        .iter()
        .all(|name| tools.program(name).is_some())
    {
        return Ok(());
    }
    let (Some(apt), true) = (tools.program("apt-get"), is_root(tools)) else {
        eprintln!(
            "note: not root on Debian; install yourself: {}",
            DEBIAN_PACKAGES.join(" ")
        );
        return Ok(());
    };
    done(Command::new(&apt).args(["update", "-qq"]))?;
    done(
        Command::new(&apt)
            .args(["install", "-qq", "-y"])
            .args(DEBIAN_PACKAGES),
    )
}

fn is_root(tools: &Tools) -> bool {
    tools
        .program("id")
        .and_then(|id| Command::new(id).arg("-u").output().ok())
        .is_some_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Runs a command with its output on standard error: standard output is for the table.
fn done(command: &mut Command) -> Result<(), BenchError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| BenchError::Install(format!("{name}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or_default();
    Err(BenchError::Install(format!(
        "{name}: {}: {last}",
        output.status
    )))
}
