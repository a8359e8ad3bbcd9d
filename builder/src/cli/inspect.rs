//! `sprag inspect`.

use std::path::PathBuf;

use clap::Args;

use super::{Format, print, print_json, report};
use crate::error::Error;
use crate::input::Pinned;
use crate::inspect::inspect;

/// Show what a package says of itself; trusts nothing and checks no signature
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag inspect fw.sprag
  sprag inspect fw.sprag --json | jq .payload_bytes

The SHA-256 of the file is what `sha256sum fw.sprag` prints. Offset and length of the manifest are
given, so that stock tools can check it as well.")]
pub(super) struct InspectArgs {
    /// Package (`-` reads standard input)
    #[arg(value_name = "PKG")]
    package: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &InspectArgs) -> Result<(), Error> {
    let package = Pinned::read(&args.package)?;
    let inspection = inspect(package.bytes())?;
    match Format::from(args.json) {
        Format::Json => print_json(&inspection),
        Format::Text => print(&report::picture(&inspection)),
    }
}
