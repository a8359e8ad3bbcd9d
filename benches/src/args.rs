//! Command line of the `table` binary.

use std::path::PathBuf;

use clap::Parser;

use crate::error::BenchError;
use crate::pairs::{self, Pair};
use crate::tools::workspace_folder;

/// Which pairs are measured.
#[derive(Debug, Clone, clap::Args)]
pub struct PairArgs {
    /// Folder of pairs; without it, the bundled demonstration images are measured
    #[arg(long, env = "SPRAG_CORPUS", value_name = "DIR")]
    pub pairs: Option<PathBuf>,

    /// Measure only this pair (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,

    /// Leave this pair out (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub skip: Vec<String>,
}

impl PairArgs {
    /// All pairs of the folder, or the bundled one.
    pub(crate) fn all(&self) -> Result<Vec<Pair>, BenchError> {
        match &self.pairs {
            Some(folder) => pairs::in_folder(folder),
            None => pairs::bundled(&workspace_folder()),
        }
    }

    /// Of these, the ones that were asked for.
    pub(crate) fn choose(&self, found: Vec<Pair>) -> Result<Vec<Pair>, BenchError> {
        pairs::choose(found, &self.only, &self.skip)
    }
}

/// Measures Sprag beside bsdiff, xdelta3, zstd, detools, HDiffPatch and xz over pairs of images.
#[derive(Debug, Clone, Parser)]
#[command(name = "table", version)]
pub struct Args {
    /// Folder of pairs: one sub-folder each, with old.bin, new.bin and optionally SOURCE.txt.
    /// Without it, the two bundled demonstration images are measured
    #[arg(long, env = "SPRAG_CORPUS", value_name = "DIR")]
    pub pairs: Option<PathBuf>,

    /// Measure only this pair (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,

    /// Leave this pair out (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub skip: Vec<String>,

    /// Also write the results to FILE as one JSON object
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Print the tables as Markdown
    #[arg(long)]
    pub markdown: bool,

    /// Decoder workspace in bytes; several, separated by commas, are measured one after the other
    #[arg(
        long,
        value_name = "BYTES",
        value_delimiter = ',',
        default_value = "16384"
    )]
    pub ram: Vec<u32>,

    /// Effort given to our encoder (fast, default, best); the command's own default if left out
    #[arg(long, value_name = "EFFORT")]
    pub effort: Option<String>,

    /// Measure our full-image package too, without any old image
    #[arg(long)]
    pub full: bool,

    /// Which peers to run: all, none, or names separated by commas
    #[arg(long, value_name = "LIST", default_value = "all")]
    pub peers: String,

    /// Wall-clock limit of one command in seconds; what takes longer is shown as `timeout`
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub limit: u64,

    /// Our command; without it, `sprag` beside the build's other binaries is taken
    #[arg(long, env = "SPRAG_BIN", value_name = "FILE")]
    pub sprag: Option<PathBuf>,

    /// Python interpreter that has detools and hdiffpatch
    #[arg(long, env = "SPRAG_PYTHON", value_name = "FILE")]
    pub python: Option<PathBuf>,

    /// Install the peers first: pinned Python packages into target/peers-venv, and, when run as
    /// root on Debian, bsdiff, xdelta3, zstd and xz-utils
    #[arg(long)]
    pub install_peers: bool,
}
