//! From lines to findings.

use core::cmp::Reverse;
use std::sync::LazyLock;

use regex::Regex;

use super::causes::Subject;
use super::facts::{Fact, facts};
use super::signs::{regex, signs};
use super::{EVIDENCE_MAX, Evidence, TEXT_MAX};
use crate::explain::{explain, explanations};

/// A code of ours settles what went wrong; only how it came to that stays open.
const CODE_WEIGHT: u8 = 90;
/// A number that might be ours or might not, such as `error 404`.
const DOUBTFUL_WEIGHT: u8 = 45;
/// Of a line longer than this only the front is looked at, in bytes.
const LINE_MAX: usize = 4096;

/// What lines have told so far.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) lines: usize,
    pub(super) telling: usize,
    pub(super) found: Vec<Finding>,
}

/// A subject, and what speaks for it.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) subject: Subject,
    pub(super) weight: u8,
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) evidence: Vec<Evidence>,
    pub(super) facts: Vec<Fact>,
}

impl Scan {
    /// Reads one line.
    pub(super) fn line(&mut self, line: &str) {
        self.lines += 1;
        let line = front(line, LINE_MAX);
        if line.trim().is_empty() {
            return;
        }
        let mut told: Vec<(Subject, u8)> = codes(line)
            .into_iter()
            .map(|(code, weight)| (Subject::Code(code), weight))
            .collect();
        // Where our own code stands, the wording around it is ours too and adds nothing.
        if !told.iter().any(|(_, weight)| *weight == CODE_WEIGHT) {
            told.extend(signs(line));
        }
        // Each subject once, with what weighs most.
        told.sort_by_key(|(subject, weight)| (*subject, Reverse(*weight)));
        told.dedup_by_key(|(subject, _)| *subject);
        if told.is_empty() {
            return;
        }
        self.telling += 1;
        let facts = facts(line);
        for (subject, weight) in told {
            self.add(subject, weight, line, &facts);
        }
    }

    fn add(&mut self, subject: Subject, weight: u8, line: &str, facts: &[Fact]) {
        let evidence = Evidence {
            line: self.lines,
            text: line.trim().chars().take(TEXT_MAX).collect(),
        };
        match self.found.iter_mut().find(|found| found.subject == subject) {
            None => self.found.push(Finding {
                subject,
                weight,
                first: self.lines,
                count: 1,
                evidence: vec![evidence],
                facts: facts.to_vec(),
            }),
            Some(found) => {
                found.weight = found.weight.max(weight);
                found.count += 1;
                if found.evidence.len() < EVIDENCE_MAX {
                    found.evidence.push(evidence);
                }
                for fact in facts {
                    if found.facts.len() < EVIDENCE_MAX && !found.facts.contains(fact) {
                        found.facts.push(fact.clone());
                    }
                }
            }
        }
    }
}

/// Codes of ours in a line, each with how sure it is that it is one.
fn codes(line: &str) -> Vec<(u16, u8)> {
    let numbers = |pattern: &Regex, weight| -> Vec<(u16, u8)> {
        let found = pattern.captures_iter(line);
        let numbers = found.filter_map(|found| {
            let number = found.iter().skip(1).flatten().next()?;
            number.as_str().parse().ok()
        });
        numbers.map(|number| (number, weight)).collect()
    };
    let names = NAMES.captures_iter(line).filter_map(|found| {
        let name = found.get(1)?.as_str();
        let name = name.strip_prefix("SPRAG_E_").unwrap_or(name);
        // A name without an underscore is a word that anybody may write large.
        let ours = name.contains('_') || found.get(1)?.as_str() != name;
        let code = explanations().iter().find(|e| ours && e.name == name)?.code;
        Some((code, CODE_WEIGHT))
    });
    let doubtful = if HTTP.is_match(line) {
        Vec::new()
    } else {
        numbers(&DOUBTFUL, DOUBTFUL_WEIGHT)
    };
    let reported = if DUMP.is_match(line) {
        Vec::new()
    } else {
        numbers(&REPORTED, CODE_WEIGHT)
    };
    let all = numbers(&CERTAIN, CODE_WEIGHT).into_iter();
    all.chain(reported)
        .chain(names)
        .chain(doubtful)
        .filter(|(code, _)| explain(*code).is_some())
        .collect()
}

/// At most `max` bytes of a text, cut between characters.
fn front(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// As our command prints it, at the end of a line; as JSON has it, on a line of its own; as logs of ours say it.
static CERTAIN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:^|\s)\[([1-9][0-9]{2,3})\]\s*$|^\s*"code" ?: ?([1-9][0-9]{2,3}),?\s*$|\bsprag:? (?:error |code )([1-9][0-9]{2,3})\b"#,
    )
});
/// As devices report it: `E804`, a large letter and no part of anything longer.
static REPORTED: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant, which a test compiles")]
    Regex::new(r#"(?:^|[\s:=("'])E([1-9][0-9]{2,3})(?:$|[\s,.;:)"'])"#).unwrap()
});
/// Bytes as they are dumped look like reports.
static DUMP: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\b[0-9a-f]{4}[ :]+e[0-9]{3}\b|\be[0-9]{3}[ :]+[0-9a-f]{4}\b"));
static DOUBTFUL: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\b(?:error|code|status|result)[ :=#]{1,3}([1-9][0-9]{2,3})\b"));
/// Numbers of HTTP look like ours.
static HTTP: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\bhttps?\b|\bGET\b|\bPUT\b|\bPOST\b|\bcoap\b|\burl\b|\bserver\b"));
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant, which a test compiles")]
    Regex::new(r"\b((?:SPRAG_E_)?[A-Z][A-Z0-9_]{3,})\b").unwrap()
});
