//! Prints how many instructions decoding takes for each byte of output, over a folder of pairs.

use std::process::ExitCode;

use clap::Parser;
use sprag_benches::{InstructionArgs, count_instructions};

fn main() -> ExitCode {
    match count_instructions(&InstructionArgs::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
