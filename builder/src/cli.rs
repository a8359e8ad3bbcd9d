//! The command line: parses, runs, prints, and turns every end into an exit code.
//!
//! Results go to standard output, progress and errors to standard error. With `--json` a command prints one
//! versioned object, and an error is one too.

mod apply;
mod args;
mod attack;
mod audit;
mod build;
mod completions;
mod delta;
mod demo;
mod diagnose;
mod explain;
mod holder;
mod inspect;
mod key;
mod report;
mod send;
mod sign;
mod simulate;
mod slots;
mod trust;
pub(crate) mod ui;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use serde::Serialize;

use crate::error::Error;
use crate::exit;
use crate::inspect::SCHEMA;
use crate::output::OutputError;

/// Builds, signs, checks and applies delta updates for device firmware.
#[derive(Debug, Parser)]
#[command(
    name = "sprag",
    version,
    max_term_width = 100,
    after_help = "Start with `sprag demo`: the whole journey on two bundled images, in seconds.\n\
                  Every error has a number in brackets; `sprag explain NUMBER` tells cause and remedy."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    #[command(subcommand)]
    Key(key::KeyCommand),
    #[command(subcommand)]
    Trust(trust::TrustCommand),
    Build(Box<build::BuildArgs>),
    Sign(sign::SignArgs),
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    Inspect(inspect::InspectArgs),
    Verify(verify::VerifyArgs),
    Apply(apply::ApplyArgs),
    #[command(subcommand)]
    Slots(slots::SlotsCommand),
    Send(send::SendArgs),
    Simulate(simulate::SimulateArgs),
    Attack(attack::AttackArgs),
    Delta(delta::DeltaArgs),
    Explain(explain::ExplainArgs),
    Diagnose(diagnose::DiagnoseArgs),
    Completions(completions::CompletionsArgs),
    Man(completions::ManArgs),
}

/// How a command prints its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Json,
}

impl From<bool> for Format {
    fn from(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = cli.command.format();
    match cli.command.run() {
        Ok(()) => ExitCode::from(exit::OK),
        Err(Error::Output(e)) if e.is_broken_pipe() => ExitCode::from(exit::OK),
        Err(e) => {
            report_failure(&e, format);
            ExitCode::from(e.exit_code())
        }
    }
}

impl Command {
    fn format(&self) -> Format {
        match self {
            Self::Build(args) => args.json.into(),
            Self::Inspect(args) => args.json.into(),
            Self::Verify(args) => args.json.into(),
            Self::Apply(args) => args.json.into(),
            Self::Send(args) => args.json.into(),
            Self::Simulate(args) => args.json.into(),
            Self::Attack(args) => args.json.into(),
            Self::Delta(args) => args.json.into(),
            Self::Explain(args) => args.json.into(),
            Self::Diagnose(args) => args.json.into(),
            Self::Slots(command) => command.format(),
            Self::Demo(_)
            | Self::Key(_)
            | Self::Sign(_)
            | Self::Audit(_)
            | Self::Trust(_)
            | Self::Completions(_)
            | Self::Man(_) => Format::Text,
        }
    }

    fn run(self) -> Result<(), Error> {
        match self {
            Self::Demo(args) => demo::run(&args),
            Self::Key(command) => key::run(&command),
            Self::Trust(command) => trust::run(&command),
            Self::Build(args) => build::run(&args),
            Self::Sign(args) => sign::run(&args),
            Self::Audit(command) => audit::run(&command),
            Self::Inspect(args) => inspect::run(&args),
            Self::Verify(args) => verify::run(&args),
            Self::Apply(args) => apply::run(&args),
            Self::Slots(command) => slots::run(&command),
            Self::Send(args) => send::run(&args),
            Self::Simulate(args) => simulate::run(&args),
            Self::Attack(args) => attack::run(&args),
            Self::Delta(args) => delta::run(&args),
            Self::Explain(args) => explain::run(&args),
            Self::Diagnose(args) => diagnose::run(&args),
            Self::Completions(args) => completions::completions(&args, Cli::command()),
            Self::Man(args) => completions::man(&args, Cli::command()),
        }
    }
}

/// An error as `--json` prints it.
#[derive(Debug, Serialize)]
struct Failure<'e> {
    schema: u32,
    error: FailureBody<'e>,
}

#[derive(Debug, Serialize)]
struct FailureBody<'e> {
    code: u16,
    name: &'e str,
    message: String,
    help: Option<String>,
    exit_code: u8,
}

fn report_failure(e: &Error, format: Format) {
    // A gate that failed has printed its report, which says so.
    if format == Format::Json && !matches!(e, Error::Gate { .. }) {
        let name = crate::explain::explain(e.code()).map_or("", |explanation| explanation.name);
        let body = FailureBody {
            code: e.code(),
            name,
            message: e.to_string(),
            help: e.help(),
            exit_code: e.exit_code(),
        };
        // If standard output is gone too, the exit code still tells.
        let _ = print_json(&Failure {
            schema: SCHEMA,
            error: body,
        });
    }
    let help = e.help();
    let mut stderr = std::io::stderr().lock();
    let paint = ui::Paint::for_stderr();
    let _ = ui::print_failure(&mut stderr, paint, e, Some(e.code()), help.as_deref());
}

/// Prints a result to standard output.
fn print(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|e| OutputError::from_io("-".as_ref(), e).into())
}

fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::BadValue {
        field: "json",
        value: String::new(),
        reason: e.to_string(),
    })?;
    print(&format!("{text}\n"))
}

/// A progress bar that follows the steps of a build.
#[derive(Default)]
struct Steps {
    bar: Option<(&'static str, ui::Progress)>,
}

impl Steps {
    fn show(&mut self, step: &'static str, done: u64, total: u64) {
        if self.bar.as_ref().is_none_or(|(shown, _)| *shown != step) {
            self.bar = Some((step, ui::Progress::new(step, total)));
        }
        if let Some((_, bar)) = &self.bar {
            bar.set_total(total);
            bar.set(done);
        }
    }
}
