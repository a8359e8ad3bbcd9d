//! `sprag diagnose`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::ui::{size, thousands};
use super::{Format, print, print_json};
use crate::diagnose::{Cause, Diagnosis, Fact, Subject, diagnose};
use crate::error::Error;
use crate::explain::push_wrapped;
use crate::input::Pinned;
use crate::inspect::SCHEMA;
use crate::printable::printable;

/// Tell from a device's log or report why an update failed: the likely causes, ranked, with what to do
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag diagnose device.log
  dmesg | sprag diagnose -
  sprag diagnose device.log --all     the unlikely causes too

A log of any program is read: codes of sprag settle a cause, the wording of others only points at one.")]
pub(super) struct DiagnoseArgs {
    /// Text of a log, JSON of a command, or a report as the serial link carries it; `-` reads standard input
    #[arg(value_name = "LOG|REPORT")]
    log: PathBuf,
    /// Print causes below 40 % and all but the first five too
    #[arg(long)]
    all: bool,
    /// Print one JSON object, always with all causes
    #[arg(long)]
    pub(super) json: bool,
}

/// Causes that are printed unless all are asked for.
const SHOWN: usize = 5;
const SHOWN_FROM: u8 = 40;

pub(super) fn run(args: &DiagnoseArgs) -> Result<(), Error> {
    let log = Pinned::read(&args.log)?;
    let diagnosis = diagnose(log.bytes());
    match Format::from(args.json) {
        Format::Json => print_json(&view(&diagnosis)),
        Format::Text => print(&text(&diagnosis, args.all)),
    }
}

fn text(diagnosis: &Diagnosis, all: bool) -> String {
    let mut text = match (diagnosis.lines, diagnosis.telling) {
        (0, _) => "a report of one refusal\n".into(),
        (1, telling) => format!("1 line, {telling} of it tells of a fault\n"),
        (lines, 1) => format!(
            "{} lines, 1 of them tells of a fault\n",
            thousands(wide(lines))
        ),
        (lines, telling) => format!(
            "{} lines, {} of them tell of faults\n",
            thousands(wide(lines)),
            thousands(wide(telling))
        ),
    };
    if diagnosis.skipped > 0 {
        text.push_str(&format!(
            "the first {} were passed over: a log is read from its end\n",
            size(wide(diagnosis.skipped))
        ));
    }
    if diagnosis.causes.is_empty() {
        text.push_str(
            "\nno known fault. What the device itself reports (its code, or the refusal that `sprag send` prints) tells more than a log.\n",
        );
        return text;
    }
    let shown = |(place, cause): &(usize, &Cause)| {
        all || *place == 0 || (*place < SHOWN && cause.confidence >= SHOWN_FROM)
    };
    let causes = diagnosis.causes.iter().enumerate();
    let shown: Vec<_> = causes.filter(shown).collect();
    let left = diagnosis.causes.len() - shown.len();
    for (place, cause) in shown {
        text.push('\n');
        push_cause(&mut text, place + 1, cause);
    }
    if left > 0 {
        let (causes, are) = if left == 1 {
            ("cause", "is")
        } else {
            ("causes", "are")
        };
        text.push_str(&format!(
            "\n{left} less likely {causes} {are} not shown: --all\n"
        ));
    }
    text
}

fn push_cause(text: &mut String, place: usize, cause: &Cause) {
    let subject = cause.subject;
    let code = subject
        .code()
        .map_or(String::new(), |code| format!("{code} "));
    text.push_str(&format!(
        "{place}. {code}{}, stage {}, confidence {} %\n",
        subject.name(),
        subject.stage(),
        cause.confidence
    ));
    for evidence in &cause.evidence {
        let label = match evidence.line {
            0 => "report".into(),
            line => format!("line {line}"),
        };
        text.push_str(&format!("{label:<8} {}\n", printable(&evidence.text)));
    }
    let more = cause.count - cause.evidence.len();
    if more > 0 {
        let lines = if more == 1 { "line" } else { "lines" };
        text.push_str(&format!(
            "         and {} {lines} more\n",
            thousands(wide(more))
        ));
    }
    for fact in &cause.facts {
        push_wrapped(text, "figures", &sentence(fact));
    }
    if let Some(origin) = cause.follows {
        let sentence = format!(
            "{} stands before it and is known to lead to it.",
            origin.name()
        );
        push_wrapped(text, "follows", &sentence);
    }
    for (label, sentence) in ["meaning", "cause", "remedy"]
        .iter()
        .zip(subject.sentences())
    {
        push_wrapped(text, label, sentence);
    }
}

/// Counts are as wide as the tables' numbers.
fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn sentence(fact: &Fact) -> String {
    match fact {
        Fact::Memory { free, threshold } if free < threshold => format!(
            "{} are free and {} are demanded: {} short.",
            size(*free),
            size(*threshold),
            size(threshold - free)
        ),
        Fact::Memory { free, threshold } => format!(
            "{} are free and {} are demanded: that is enough, so look for what takes memory in between.",
            size(*free),
            size(*threshold)
        ),
        Fact::Address(address) => format!("Address {address:#010x}."),
        Fact::Key(key) => {
            format!("Key {key}; `sprag key show FILE.pub` tells whose number that is.")
        }
    }
}

#[derive(Serialize)]
struct View<'d> {
    schema: u32,
    lines: usize,
    skipped_bytes: usize,
    telling_lines: usize,
    causes: Vec<CauseView<'d>>,
}

#[derive(Serialize)]
struct CauseView<'d> {
    code: Option<u16>,
    name: &'static str,
    stage: &'static str,
    confidence: u8,
    follows: Option<&'static str>,
    count: usize,
    evidence: Vec<EvidenceView<'d>>,
    free_bytes: Option<u64>,
    threshold_bytes: Option<u64>,
    addresses: Vec<u64>,
    keys: Vec<&'d str>,
    meaning: &'static str,
    cause: &'static str,
    remedy: &'static str,
}

#[derive(Serialize)]
struct EvidenceView<'d> {
    line: usize,
    text: &'d str,
}

fn view(diagnosis: &Diagnosis) -> View<'_> {
    View {
        schema: SCHEMA,
        lines: diagnosis.lines,
        skipped_bytes: diagnosis.skipped,
        telling_lines: diagnosis.telling,
        causes: diagnosis.causes.iter().map(cause_view).collect(),
    }
}

fn cause_view(cause: &Cause) -> CauseView<'_> {
    let [meaning, of, remedy] = cause.subject.sentences();
    let memory = cause.facts.iter().find_map(|fact| match fact {
        Fact::Memory { free, threshold } => Some((*free, *threshold)),
        _ => None,
    });
    CauseView {
        code: cause.subject.code(),
        name: cause.subject.name(),
        stage: cause.subject.stage().name(),
        confidence: cause.confidence,
        follows: cause.follows.map(Subject::name),
        count: cause.count,
        evidence: cause
            .evidence
            .iter()
            .map(|evidence| EvidenceView {
                line: evidence.line,
                text: &evidence.text,
            })
            .collect(),
        free_bytes: memory.map(|(free, _)| free),
        threshold_bytes: memory.map(|(_, threshold)| threshold),
        addresses: cause
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Address(address) => Some(*address),
                _ => None,
            })
            .collect(),
        keys: cause
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Key(key) => Some(key.as_str()),
                _ => None,
            })
            .collect(),
        meaning,
        cause: of,
        remedy,
    }
}
