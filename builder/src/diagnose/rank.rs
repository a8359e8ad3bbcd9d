//! From findings to an order.

use core::cmp::Reverse;

use super::Cause;
use super::causes::Subject::{self, Code, Field};
use super::scan::Finding;

/// Nothing in a log is certain.
const MOST: u8 = 99;
/// What the first telling line of a log speaks for is rather a cause than a consequence.
const FIRST_BONUS: u8 = 4;
/// For each further line, up to this many.
const REPEAT_MAX: usize = 4;
/// What explains another finding gains, and what is explained loses.
const EXPLAINS_BONUS: u8 = 15;
const FOLLOWS_MALUS: u8 = 20;
/// What weighs less explains nothing else: a guess does not carry another.
const EXPLAINS_FROM: u8 = 50;

/// The causes, the most likely first; equals in the order of the log.
pub(super) fn rank(found: Vec<Finding>) -> Vec<Cause> {
    let first = found.iter().map(|finding| finding.first).min();
    let origins: Vec<_> = found
        .iter()
        .map(|finding| origin(finding, &found))
        .collect();
    let mut ranked = Vec::with_capacity(found.len());
    for (finding, follows) in found.into_iter().zip(&origins) {
        let mut confidence = finding.weight;
        if Some(finding.first) == first {
            confidence += FIRST_BONUS;
        }
        let repeats = finding.count.saturating_sub(1).min(REPEAT_MAX);
        confidence += u8::try_from(repeats).unwrap_or_default();
        if origins.contains(&Some(finding.subject)) {
            confidence += EXPLAINS_BONUS;
        }
        if follows.is_some() {
            confidence = confidence.saturating_sub(FOLLOWS_MALUS);
        }
        let cause = Cause {
            subject: finding.subject,
            confidence: confidence.clamp(1, MOST),
            follows: *follows,
            evidence: finding.evidence,
            count: finding.count,
            facts: finding.facts,
        };
        ranked.push((finding.first, cause));
    }
    ranked.sort_by_key(|(first, cause)| (Reverse(cause.confidence), *first, cause.subject));
    ranked.into_iter().map(|(_, cause)| cause).collect()
}

/// The weightiest finding that stands on an earlier line and is known to lead to it.
fn origin(of: &Finding, found: &[Finding]) -> Option<Subject> {
    let leads = |from: Subject| {
        let mut rows = CONSEQUENCES.iter().filter(|(origin, _)| *origin == from);
        rows.any(|(_, consequences)| consequences.contains(&of.subject))
    };
    let earlier = found.iter().filter(|from| {
        from.first < of.first && from.weight >= EXPLAINS_FROM && leads(from.subject)
    });
    let weightiest = earlier.max_by_key(|from| (from.weight, Reverse(from.first)))?;
    Some(weightiest.subject)
}

/// What leads to what.
pub(super) const CONSEQUENCES: &[(Subject, &[Subject])] = &[
    (
        Field("POWER_DIP"),
        &[
            Code(801),
            Code(802),
            Code(803),
            Code(804),
            Code(903),
            Code(905),
            Field("MEDIA_FAULT"),
            Field("CRASH"),
            Field("WATCHDOG_RESET"),
        ],
    ),
    (
        Field("MEDIA_FAULT"),
        &[
            Code(607),
            Code(801),
            Code(802),
            Code(803),
            Code(804),
            Field("WRITE_PROTECTED"),
        ],
    ),
    (
        Field("STORAGE_FULL"),
        &[Code(331), Code(802), Code(1105), Code(1107)],
    ),
    (
        Field("WRITE_PROTECTED"),
        &[Code(802), Code(803), Code(1106)],
    ),
    (
        Field("CLOCK_WRONG"),
        &[
            Code(322),
            Code(323),
            Code(328),
            Code(335),
            Field("LINK_LOST"),
        ],
    ),
    (
        Field("LINK_LOST"),
        &[
            Code(335),
            Code(603),
            Code(608),
            Code(609),
            Code(1141),
            Code(1144),
        ],
    ),
    (
        Field("SERVER_REFUSED"),
        &[Code(335), Code(608), Code(609), Field("LINK_LOST")],
    ),
    (
        Field("OUT_OF_MEMORY"),
        &[Field("CRASH"), Field("WATCHDOG_RESET"), Code(333)],
    ),
    (Code(333), &[Field("OUT_OF_MEMORY"), Code(402)]),
    (
        Field("DRIVER_CONFLICT"),
        &[
            Field("CRASH"),
            Field("WATCHDOG_RESET"),
            Code(901),
            Code(905),
            Code(1144),
            Code(1145),
        ],
    ),
    (
        Field("CRASH"),
        &[
            Field("WATCHDOG_RESET"),
            Code(901),
            Code(905),
            Code(1144),
            Code(1145),
        ],
    ),
    (
        Field("WATCHDOG_RESET"),
        &[Code(901), Code(905), Code(1144), Code(1145)],
    ),
    (
        Field("IMAGE_NOT_BOOTABLE"),
        &[Code(905), Code(1144), Code(1145)],
    ),
    (Code(804), &[Code(607), Code(605)]),
    (Code(801), &[Code(501), Code(605), Code(607)]),
    (Code(601), &[Code(608)]),
    (Code(602), &[Code(609)]),
];
