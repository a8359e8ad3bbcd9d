//! The table of commands, and what they share.

mod service;
mod values;

use core::fmt::{self, Write};

use crate::node::Node;
use crate::texts::Text;

/// Why a command did nothing.
pub(crate) enum Problem {
    Missing,
    Bad,
    Range,
    Output,
}

impl From<fmt::Error> for Problem {
    fn from(_: fmt::Error) -> Self {
        Self::Output
    }
}

type Outcome = Result<(), Problem>;

pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) usage: &'static str,
    help: &'static str,
    pub(crate) run: fn(&mut Node, &str) -> Outcome,
}

const fn command(
    name: &'static str,
    usage: &'static str,
    help: &'static str,
    run: fn(&mut Node, &str) -> Outcome,
) -> Command {
    Command {
        name,
        usage,
        help,
        run,
    }
}

pub(crate) static COMMANDS: &[Command] = &[
    command(
        "air",
        "LENGTH",
        "time on air of a report of LENGTH bytes, by data rate",
        values::air,
    ),
    command("bands", "", "vibration by frequency band", values::bands),
    command(
        "date",
        "[YYYY-MM-DD HH:MM:SS]",
        "print or set the clock (universal time)",
        service::date,
    ),
    command("defaults", "", "forget all settings", service::defaults),
    command(
        "events",
        "[clear]",
        "print or clear the event log",
        service::events,
    ),
    command(
        "explain",
        "NUMBER",
        "cause and remedy of a fault, NUMBER in hexadecimal",
        service::explain,
    ),
    command(
        "faults",
        "",
        "all faults this release knows",
        service::list_faults,
    ),
    #[cfg(feature = "release-1-1")]
    command(
        "filter",
        "[1|3|5|7|9]",
        "readings that the median filter looks at; 1 turns it off",
        values::filter,
    ),
    command(
        "fingerprint",
        "",
        "SHA-256 and CRC-32 of the running firmware",
        service::fingerprint,
    ),
    command("get", "[NAME]", "print one setting, or all", service::get),
    command(
        "heater",
        "[on|off|clear|DEGREES]",
        "control the heater",
        values::heater,
    ),
    command("help", "", "the commands", service::help),
    command(
        "language",
        "[en|de|es]",
        "language of texts",
        service::language,
    ),
    command(
        "map",
        "",
        "the Modbus register map with current values",
        service::map,
    ),
    command(
        "monitor",
        "on|off",
        "tell what happens as it happens",
        service::monitor,
    ),
    command(
        "peek",
        "ADDRESS [COUNT]",
        "dump memory words, ADDRESS in hexadecimal",
        service::peek,
    ),
    command("plans", "", "radio channel plans", service::plans),
    command("report", "", "print a report now", values::report),
    command("restart", "", "restart the node", service::restart),
    command(
        "rule",
        "[INDEX [EXPRESSION]]",
        "list, store or remove rules, as in: rule 0 temp > 5000",
        values::rule,
    ),
    command(
        "save",
        "",
        "keep the settings over a restart",
        service::save,
    ),
    command("screen", "", "print what the display shows", values::screen),
    command("set", "NAME VALUE", "change a setting", service::set),
    command("status", "", "all values and states", values::status),
    #[cfg(feature = "release-1-1")]
    command(
        "trend",
        "[NAME]",
        "how a value changed over the last hours",
        values::trend,
    ),
    command("version", "", "version of the firmware", service::version),
];

fn number<T: core::str::FromStr>(text: &str) -> Result<T, Problem> {
    if text.is_empty() {
        return Err(Problem::Missing);
    }
    text.parse().map_err(|_| Problem::Bad)
}

/// A decimal number with at most two places, in hundredths.
fn hundredths(text: &str) -> Result<i32, Problem> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let (whole, digits): (i32, i32) = (number(whole)?, number(part)?);
    let part = match part.len() {
        1 => digits * 10,
        2 => digits,
        _ => return Err(Problem::Range),
    };
    let whole = whole.checked_mul(100).ok_or(Problem::Range)?;
    Ok(if text.starts_with('-') {
        whole - part
    } else {
        whole + part
    })
}

fn hexadecimal(text: &str) -> Result<u32, Problem> {
    if text.is_empty() {
        return Err(Problem::Missing);
    }
    u32::from_str_radix(text.trim_start_matches("0x"), 16).map_err(|_| Problem::Bad)
}

fn say(node: &mut Node, text: Text) -> Outcome {
    let text = node.text(text);
    write!(node.console, "{text}.\r\n")?;
    Ok(())
}
