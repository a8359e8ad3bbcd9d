//! `sprag explain`.

use clap::Args;

use super::print;
use crate::error::Error;
use crate::explain::{explain, explanations, render};

/// Tell what an error code means, what leads to it and what to do
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag explain 601
  sprag explain        lists all codes")]
pub(super) struct ExplainArgs {
    /// Code from an error message or a device's report, with or without a leading E
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(super) fn run(args: &ExplainArgs) -> Result<(), Error> {
    let Some(code) = &args.code else {
        let lines: String = explanations()
            .iter()
            .map(|e| format!("{:>5}  {}\n", e.code, e.name))
            .collect();
        return print(&lines);
    };
    let digits = code.strip_prefix(['E', 'e']).unwrap_or(code);
    let unknown = || Error::BadValue {
        field: "code",
        value: code.clone(),
        reason: "there is no such code; `sprag explain` lists all".into(),
    };
    let number = digits.parse::<u16>().map_err(|_| unknown())?;
    print(&render(explain(number).ok_or_else(unknown)?))
}
