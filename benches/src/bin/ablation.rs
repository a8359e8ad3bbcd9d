//! Prints what each stage of the delta codec is worth, over a folder of pairs.

use std::process::ExitCode;

use clap::Parser;
use sprag_benches::{AblationArgs, ablate};

fn main() -> ExitCode {
    match ablate(&AblationArgs::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
