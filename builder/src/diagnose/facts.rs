//! Figures in a line that help to act on it.

use std::sync::LazyLock;

use regex::Regex;

/// A figure from a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// What there is, and what is needed, in bytes.
    Memory {
        /// What is free.
        free: u64,
        /// The bound that it was held against.
        threshold: u64,
    },
    /// An address or offset.
    Address(u64),
    /// A key's number.
    Key(String),
}

/// The figures of a line, in the order in which they are looked for.
pub(super) fn facts(line: &str) -> Vec<Fact> {
    let memory = MEMORY.captures(line).and_then(|found| {
        Some(Fact::Memory {
            free: bytes(found.get(1)?.as_str(), found.get(2)?.as_str())?,
            threshold: bytes(found.get(3)?.as_str(), found.get(4)?.as_str())?,
        })
    });
    let address = ADDRESS.captures(line).and_then(|found| {
        let digits = found.get(1)?.as_str();
        u64::from_str_radix(digits, 16).ok().map(Fact::Address)
    });
    let key = KEY.captures(line).and_then(|found| {
        let digits = found.get(1)?.as_str();
        Some(Fact::Key(digits.to_ascii_uppercase()))
    });
    [memory, address, key].into_iter().flatten().collect()
}

/// Units in logs are powers of two, whatever they are called.
fn bytes(number: &str, unit: &str) -> Option<u64> {
    let shift = match unit.to_ascii_uppercase().as_bytes().first() {
        Some(b'K') => 10,
        Some(b'M') => 20,
        Some(b'G') => 30,
        _ => 0,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

static MEMORY: LazyLock<Regex> = LazyLock::new(|| {
    super::signs::regex(
        r"(?:free|available|have)\D{0,12}(\d{1,15}) ?([kmg]?)i?b?\b.{0,40}?(?:threshold|required?|needs?|needed|minimum|min)\D{0,12}(\d{1,15}) ?([kmg]?)i?b?\b",
    )
});
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    super::signs::regex(r"(?:offset|address|addr|at|sector|lba)[ :=]{1,3}0x([0-9a-f]{1,16})\b")
});
static KEY: LazyLock<Regex> =
    LazyLock::new(|| super::signs::regex(r"\bkey(?: ?id)?[ :=]{1,3}(?:0x)?([0-9a-f]{16})\b"));
