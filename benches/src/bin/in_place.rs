//! Prints what patches for a device with a single slot cost, over a folder of pairs.

use std::process::ExitCode;

use clap::Parser;
use sprag_benches::{InPlaceArgs, measure_in_place};

fn main() -> ExitCode {
    match measure_in_place(&InPlaceArgs::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
