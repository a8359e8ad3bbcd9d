//! What a device's log or report tells of a failed update: the causes that it may have, the most likely first, each with the
//! lines that speak for it and with what to do.
//!
//! Text is read line by line. A line speaks for a cause by a code of ours (`[804]`, `E804`, `"code": 804`, `SPRAG_E_FLASH_VERIFY`), which
//! settles it, or by its wording, which other programs choose and which therefore only points (`signs`). A report as the serial link
//! carries it is read too. Nothing in a log is believed beyond that: it is text from outside, shown with its control characters escaped.

mod causes;
mod facts;
mod rank;
mod scan;
mod signs;

#[cfg(test)]
mod tests;

use sprag_link::{Answer, Fault, Side};

pub use causes::{FIELD_CAUSES, FieldCause, Subject};
pub use facts::Fact;
use rank::rank;
use scan::Scan;

/// The longest log that is read, in bytes; of a longer one the end is, where the fault is.
pub const MAX_LOG_LEN: usize = 16 << 20;

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Lines that were read.
    pub lines: usize,
    /// Bytes at the front that were passed over because the log is longer than [`MAX_LOG_LEN`].
    pub skipped: usize,
    /// Lines that speak for a cause.
    pub telling: usize,
    /// The causes, the most likely first.
    pub causes: Vec<Cause>,
}

/// A cause that a log speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What it is.
    pub subject: Subject,
    /// How far the log bears it out, 1 to 99: a code of ours counts 90, wording 25 to 75.
    pub confidence: u8,
    /// An earlier cause of which this is a known consequence.
    pub follows: Option<Subject>,
    /// The first lines that speak for it, at most [`EVIDENCE_MAX`].
    pub evidence: Vec<Evidence>,
    /// How many lines speak for it.
    pub count: usize,
    /// Figures that these lines give.
    pub facts: Vec<Fact>,
}

/// Lines that are shown for a cause.
pub const EVIDENCE_MAX: usize = 3;

/// A line that speaks for a cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Its number, from 1; 0 for a report that has no lines.
    pub line: usize,
    /// Its text, cut to [`TEXT_MAX`] characters.
    pub text: String,
}

/// Characters of a line that are kept.
pub const TEXT_MAX: usize = 160;

/// Reads a log or report.
#[must_use]
pub fn diagnose(bytes: &[u8]) -> Diagnosis {
    if let Some(fault) = Answer::decode(bytes).and_then(|answer| answer.fault()) {
        return of_report(&fault);
    }
    let skipped = bytes.len().saturating_sub(MAX_LOG_LEN);
    let text = String::from_utf8_lossy(bytes.get(skipped..).unwrap_or_default());
    let mut scan = Scan::default();
    for line in text.lines() {
        scan.line(line);
    }
    Diagnosis {
        lines: scan.lines,
        skipped,
        telling: scan.telling,
        causes: rank(scan.found),
    }
}

/// A refusal as the serial link carries it, read as the line that it would have been.
fn of_report(fault: &Fault<'_>) -> Diagnosis {
    let side = |side: Option<Side<'_>>| match side {
        None => String::new(),
        Some(Side::Number(number)) => number.to_string(),
        Some(Side::Text(text)) => text.into(),
        Some(Side::Bytes(bytes)) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let mut line = format!("refused with rc {}: {}", fault.rc, fault.reason);
    for (whose, value) in [("package", fault.package), ("device", fault.device)] {
        if value.is_some() {
            line.push_str(&format!(", {whose}: {}", side(value)));
        }
    }
    let mut scan = Scan::default();
    scan.line(&line);
    for found in &mut scan.found {
        for evidence in &mut found.evidence {
            evidence.line = 0;
        }
    }
    Diagnosis {
        lines: 0,
        skipped: 0,
        telling: scan.telling,
        causes: rank(scan.found),
    }
}
