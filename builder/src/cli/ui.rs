//! What the commands print: tables, sizes, progress and failures.

#[cfg(test)]
mod tests;

use core::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Columns that line up.
///
/// ```text
/// payload   delta   12,731 B (12.4 KiB)
/// index     pages      128 B
/// ```
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    columns: Vec<Align>,
    rows: Vec<Vec<String>>,
}

/// The side of its column that a cell stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// For words.
    Left,
    /// For numbers.
    Right,
}

impl Table {
    /// An empty table with these columns.
    pub(crate) fn new(columns: impl Into<Vec<Align>>) -> Self {
        Self {
            columns: columns.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. Missing cells are empty; cells without a column stand on the left.
    pub(crate) fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) -> &mut Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }

    /// Whether it has no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The width of a column in characters.
    fn width(&self, column: usize) -> usize {
        self.rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| width(cell))
            .max()
            .unwrap_or(0)
    }
}

impl fmt::Display for Table {
    /// One line for each row, two blanks between columns, none at the end of a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let gap = if column == 0 { "" } else { "  " };
                let fill = " ".repeat(self.width(column) - width(cell));
                match self.columns.get(column) {
                    Some(Align::Right) => write!(line, "{gap}{fill}{cell}")?,
                    _ => write!(line, "{gap}{cell}{fill}")?,
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A number with its thousands apart: `12,731`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size, exact and at a glance: `12,731 B (12.4 KiB)`, and `731 B` below 1 KiB.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let exact = format!("{} B", thousands(bytes));
    if bytes < 1024 {
        return exact;
    }
    // Tenths of the unit, rounded half up, in integers: equal on every machine.
    let mut unit = 1024_u128;
    for name in UNITS {
        let tenths = (u128::from(bytes) * 10 + unit / 2) / unit;
        if tenths < 10_240 || name == "EiB" {
            return format!("{exact} ({}.{} {name})", tenths / 10, tenths % 10);
        }
        unit *= 1024;
    }
    exact
}

/// A share: `6.3 %`; `-` where there is no whole to have a share of.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".into();
    }
    let whole = u128::from(whole);
    let tenths = (u128::from(part) * 1000 + whole / 2) / whole;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// A progress bar on standard error, if that is a terminal, and otherwise nothing.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar for `total` units of work.
    pub(crate) fn new(label: &'static str, total: u64) -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template("{prefix:>10} [{bar:30}] {percent:>3} %") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(label);
        Self(bar)
    }

    /// `done` units of the work are done.
    pub(crate) fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// More or less work than was thought.
    pub(crate) fn set_total(&self, total: u64) {
        self.0.set_length(total);
    }
}

impl Drop for Progress {
    /// Takes the bar away, so that results and errors stand on a clean line.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Whether a stream is written to in colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Plain text.
    Plain,
    /// With ANSI colours.
    Colour,
}

impl Paint {
    /// For standard error: colour on a terminal, unless `NO_COLOR` is set (no-color.org: to
    /// anything but the empty text) or the terminal is `dumb`.
    pub(crate) fn for_stderr() -> Self {
        Self::choose(
            io::stderr().is_terminal(),
            std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
            std::env::var_os("TERM").is_some_and(|term| term == "dumb"),
        )
    }

    fn choose(terminal: bool, no_color: bool, dumb: bool) -> Self {
        if terminal && !no_color && !dumb {
            Self::Colour
        } else {
            Self::Plain
        }
    }

    /// `text` in bold and the colour of this ANSI number.
    fn bold(self, colour: u8, text: &str) -> String {
        match self {
            Self::Plain => text.into(),
            Self::Colour => format!("\x1b[1;{colour}m{text}\x1b[0m"),
        }
    }
}

/// Prints a failure: `error:` what, with its number, then `help:` what to do.
///
/// ```text
/// error: old.bin: no such file [1010]
/// help: check the path; `-` reads standard input
/// ```
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn print_failure(
    out: &mut impl Write,
    paint: Paint,
    message: &dyn fmt::Display,
    code: Option<u16>,
    help: Option<&str>,
) -> io::Result<()> {
    write!(out, "{} {message}", paint.bold(RED, "error:"))?;
    match code {
        Some(code) => writeln!(out, " [{code}]")?,
        None => writeln!(out)?,
    }
    match help {
        Some(help) => writeln!(out, "{} {help}", paint.bold(CYAN, "help:")),
        None => Ok(()),
    }
}

/// The width of a text in characters, which for the names that are printed is its width in columns.
fn width(text: &str) -> usize {
    text.chars().count()
}

const RED: u8 = 31;
const CYAN: u8 = 36;
