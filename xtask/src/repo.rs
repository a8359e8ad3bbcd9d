//! Where things are in the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Crates that a device links, in the order in which they build on each other.
pub(crate) const DEVICE_CRATES: [&str; 6] = [
    "sprag-manifest",
    "sprag-delta",
    "sprag-verifier",
    "sprag-boot-adapters",
    "sprag-link",
    "sprag-c",
];

/// Targets without std that each of them is built for.
pub(crate) const DEVICE_TARGETS: [&str; 2] = ["thumbv7em-none-eabi", "riscv32imc-unknown-none-elf"];

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// A file or folder of the repository.
pub(crate) fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

/// The host's cargo, started in the repository's folder.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).env("CARGO_TERM_COLOR", "never");
    command
}
