//! `sprag explain`.

use clap::Args;
use serde::Serialize;

use super::{Format, print, print_json};
use crate::error::Error;
use crate::explain::{Explanation, Shown, Stage, explain, explanations, render, shown};
use crate::inspect::SCHEMA;

/// Tell what an error code means, what leads to it and what to do
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag explain 601
  sprag explain        lists all codes
  sprag explain --json prints the whole fault library (docs/FAULTS.md)")]
pub(super) struct ExplainArgs {
    /// Code from an error message or a device's report, with or without a leading E
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &ExplainArgs) -> Result<(), Error> {
    let one = args.code.as_deref().map(find).transpose()?;
    match (Format::from(args.json), one) {
        (Format::Text, Some(e)) => print(&render(e)),
        (Format::Text, None) => {
            let lines = explanations()
                .iter()
                .map(|e| format!("{:>5}  {:<9}  {}\n", e.code, Stage::of(e.code), e.name));
            print(&lines.collect::<String>())
        }
        (Format::Json, one) => print_json(&View {
            schema: SCHEMA,
            faults: match one {
                Some(e) => vec![FaultView::of(e)],
                None => explanations().iter().map(FaultView::of).collect(),
            },
        }),
    }
}

fn find(code: &str) -> Result<&'static Explanation, Error> {
    let digits = code.strip_prefix(['E', 'e']).unwrap_or(code);
    let found = digits.parse().ok().and_then(explain);
    found.ok_or_else(|| Error::BadValue {
        field: "code",
        value: code.into(),
        reason: "there is no such code; `sprag explain` lists all".into(),
    })
}

#[derive(Serialize)]
struct View {
    schema: u32,
    faults: Vec<FaultView>,
}

#[derive(Serialize)]
struct FaultView {
    code: u16,
    name: &'static str,
    stage: &'static str,
    meaning: &'static str,
    cause: &'static str,
    remedy: &'static str,
    /// The command that brings it about in this repository.
    shown_by: Option<String>,
}

impl FaultView {
    fn of(e: &Explanation) -> Self {
        let command = |how| match how {
            Shown::Not(_) => None,
            how => Some(how.to_string()),
        };
        Self {
            code: e.code,
            name: e.name,
            stage: Stage::of(e.code).name(),
            meaning: e.meaning,
            cause: e.cause,
            remedy: e.remedy,
            shown_by: shown(e.code).and_then(command),
        }
    }
}
