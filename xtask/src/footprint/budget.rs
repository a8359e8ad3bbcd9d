//! `device/footprint/budgets.toml`: what each figure was when it was last accepted. Growth fails.

use std::collections::BTreeMap;
use std::fs;

use super::Row;
use crate::failure::Failure;
use crate::repo;

const FILE: &str = "device/footprint/budgets.toml";

/// What a figure may grow by, in thousandths: the noise of a change elsewhere.
const SLACK: u64 = 10;

/// What [`DRAWN`] may grow by, in thousandths: three standard deviations.
const DRAWN_SLACK: u64 = 300;

/// How many hashes a signature of LMS takes follows from the digits of a digest, which every change of the package draws anew.
const DRAWN: &str = "lms-signature";

const HEAD: &str = "\
# What each figure of `cargo xtask footprint` was when it was last accepted; `cargo xtask footprint --bless` writes this
# file. More than a hundredth above fails. [bound.VARIANT] has what was asked for; it is written by hand, and what is
# above is told, not refused.
";

/// Figures by section and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Budgets(BTreeMap<String, BTreeMap<String, u64>>);

impl Budgets {
    pub(super) fn read() -> Result<Self, Failure> {
        let path = repo::path(FILE);
        Self::parse(&fs::read_to_string(&path).map_err(Failure::at(&path))?)
    }

    pub(super) fn write(&self) -> Result<(), Failure> {
        let path = repo::path(FILE);
        fs::write(&path, self.text()).map_err(Failure::at(&path))
    }

    /// The same with these rows in place of what they replace.
    pub(super) fn with(mut self, rows: &[Row]) -> Self {
        for row in rows {
            let section = self.0.entry(section(row)).or_default();
            for (name, value) in &row.figures {
                section.insert((*name).to_owned(), *value);
            }
        }
        self
    }

    /// Refuses what has grown; else tells what is above its bound, and what has shrunk.
    pub(super) fn judge(&self, rows: &[Row]) -> Result<String, Failure> {
        let (mut grown, mut remarks) = (Vec::new(), Vec::new());
        for row in rows {
            let budgets = self.0.get(&section(row));
            let bounds = self.0.get(&format!("bound.{}", row.variant));
            if budgets.is_none() {
                remarks.push(format!("{}: no budgets yet", section(row)));
            }
            for (name, value) in &row.figures {
                let place = format!("{} {name}", section(row));
                let slack = if *name == DRAWN { DRAWN_SLACK } else { SLACK };
                match budgets.and_then(|figures| figures.get(*name)) {
                    None if budgets.is_none() => {}
                    None => grown.push(format!("{place}: {value}, and no budget")),
                    Some(budget) if *value > budget + budget * slack / 1000 => {
                        grown.push(format!("{place}: {value}, budget {budget}"));
                    }
                    Some(budget) if *value < budget - budget * slack / 1000 => {
                        remarks.push(format!("{place}: {value}, budget only {budget}"));
                    }
                    Some(_) => {}
                }
                match bounds.and_then(|figures| figures.get(*name)) {
                    Some(bound) if value > bound => {
                        remarks.push(format!("{place}: {value}, asked for at most {bound}"));
                    }
                    _ => {}
                }
            }
        }
        if grown.is_empty() {
            return Ok(remarks.join("; "));
        }
        Err(Failure::Check(format!(
            "{}\nhelp: if this is meant, run `cargo xtask footprint --bless`",
            grown.join("\n")
        )))
    }

    /// The part of TOML that the file is in: sections of names with numbers.
    fn parse(text: &str) -> Result<Self, Failure> {
        let mut sections = BTreeMap::new();
        let mut section = String::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            let refuse = || Failure::Check(format!("{FILE}:{number}: not `name = number`: {line}"));
            if line.is_empty() {
            } else if let Some(name) = line.strip_prefix('[') {
                let name = name.strip_suffix(']').ok_or_else(refuse)?;
                section = name.replace('"', "");
                sections.insert(section.clone(), BTreeMap::new());
            } else {
                let (name, value) = line.split_once('=').ok_or_else(refuse)?;
                let value = value.trim().replace('_', "");
                let value = value.parse().map_err(|_| refuse())?;
                let figures = sections.get_mut(&section).ok_or_else(refuse)?;
                figures.insert(name.trim().to_owned(), value);
            }
        }
        Ok(Self(sections))
    }

    fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for (section, figures) in &self.0 {
            // A target's name may have a dot in it.
            let name = match section.rsplit_once('.') {
                Some((first, second)) => format!("\"{first}\".\"{second}\""),
                None => section.clone(),
            };
            text.push_str(&format!("\n[{name}]\n"));
            for (name, value) in figures {
                text.push_str(&format!("{name} = {value}\n"));
            }
        }
        text
    }
}

fn section(row: &Row) -> String {
    format!("{}.{}", row.target, row.variant)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Budgets, Row};

    fn row(flash: u64) -> [Row; 1] {
        [Row {
            target: "thumbv8m.main",
            variant: "small",
            figures: BTreeMap::from([("flash", flash)]),
        }]
    }

    #[test]
    fn what_is_written_is_read_back() {
        let budgets = Budgets::default().with(&row(1000));
        assert_eq!(Budgets::parse(&budgets.text()).unwrap(), budgets);
        assert!(Budgets::parse("[a]\nb = c\n").is_err());
        assert!(Budgets::parse("b = 1\n").is_err());
    }

    #[test]
    fn growth_is_refused_and_shrinking_is_told() {
        let budgets = Budgets::default().with(&row(1000));
        assert_eq!(budgets.judge(&row(1010)).unwrap(), "");
        assert!(budgets.judge(&row(1011)).is_err());
        assert!(
            budgets
                .judge(&row(900))
                .unwrap()
                .contains("budget only 1000")
        );
        // A figure that is new must be accepted; a target that was never measured is told.
        let other = Budgets::parse("[thumbv8m.main.small]\nram = 1\n").unwrap();
        assert!(other.judge(&row(1)).is_err());
        let remark = Budgets::default().judge(&row(1)).unwrap();
        assert!(remark.contains("no budgets yet"), "{remark}");
    }

    #[test]
    fn what_is_above_its_bound_is_told() {
        let bounds = Budgets::parse("[bound.small]\nflash = 999\n").unwrap();
        let remark = bounds.with(&row(1000)).judge(&row(1000)).unwrap();
        assert!(remark.contains("asked for at most 999"), "{remark}");
    }
}
