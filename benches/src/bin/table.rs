//! Prints one table over a folder of image pairs: ours beside the public delta tools.

use std::process::ExitCode;

use clap::Parser;
use sprag_benches::{Args, run};

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
