//! The `sprag` command as the tests build it, for stages that make packages.

use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::{repo, run};

/// Builds the command with the flags and features of the tests, with which it is there already.
pub(crate) fn build() -> Result<(), Failure> {
    let mut cargo = repo::cargo();
    cargo.args(["build", "--locked", "--profile", "test", "--workspace"]);
    run::output(cargo.args(["--all-features", "--bin", "sprag"]))?;
    Ok(())
}

/// `sprag SUBCOMMAND`.
pub(crate) fn sprag(subcommand: &str) -> Command {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let folder = repo::root().join(folder.unwrap_or_else(|| "target".into()));
    let mut sprag = Command::new(folder.join("debug/sprag"));
    sprag.arg(subcommand);
    sprag
}
