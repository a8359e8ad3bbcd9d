//! The report as text: every tool on every pair, and below it one line a pair with the ratios.

use crate::layout::{Align, Style, Table};
use crate::numbers::{float, grouped, mebibytes, ratio};
use crate::report::{Kind, Mean, PairReport, Report, Row, Status};

const EMPTY: &str = "-";

/// The whole report.
pub(crate) fn render(report: &Report, style: Style) -> String {
    let mut out = every_tool(report).render(style);
    out.push('\n');
    out.push_str(&every_pair(report).render(style));
    out.push('\n');
    for line in notes(report) {
        match style {
            Style::Terminal => out.push_str(&format!("{line}\n")),
            Style::Markdown => out.push_str(&format!("- {line}\n")),
        }
    }
    out
}

fn every_tool(report: &Report) -> Table {
    let mut table = Table::new(&[
        ("pair", Align::Left),
        ("tool", Align::Left),
        ("bytes", Align::Right),
        ("% of new", Align::Right),
        ("ours/it", Align::Right),
        ("encode s", Align::Right),
        ("decode s", Align::Right),
        ("encode MiB", Align::Right),
        ("decode MiB", Align::Right),
        ("note", Align::Left),
    ]);
    for pair in &report.pairs {
        let first_ram = pair.rows.iter().find_map(|row| row.ram_bytes);
        let ours = first_ram
            .and_then(|ram| pair.payload(ram))
            .and_then(|row| row.bytes);
        for row in &pair.rows {
            if row.status != Status::NotApplicable {
                table.row(tool_cells(pair, row, ours));
            }
        }
    }
    table
}

fn tool_cells(pair: &PairReport, row: &Row, ours: Option<u64>) -> Vec<String> {
    let to_it = match (row.kind, row.bytes, ours) {
        (Kind::Peer, Some(bytes), Some(ours)) => ratio(ours, bytes),
        _ => None,
    };
    let share = row.bytes.and_then(|bytes| ratio(bytes, pair.new_bytes));
    vec![
        pair.name.clone(),
        row.tool.clone(),
        row.bytes
            .map_or_else(|| word(row.status).to_owned(), grouped),
        share.map_or_else(|| EMPTY.to_owned(), |share| format!("{:.2}", share * 100.0)),
        ratio_cell(to_it),
        seconds(row.encode_seconds, 2),
        seconds(row.decode_seconds, 3),
        row.encode_peak_bytes
            .map_or_else(|| EMPTY.to_owned(), mebibytes),
        row.decode_peak_bytes
            .map_or_else(|| EMPTY.to_owned(), mebibytes),
        note(pair, row),
    ]
}

fn note(pair: &PairReport, row: &Row) -> String {
    let mut parts = Vec::new();
    if let Some(bytes) = row.workspace_bytes {
        parts.push(format!("workspace {} B", grouped(bytes)));
    }
    if let Some(bytes) = row.overhead_bytes {
        parts.push(format!("overhead {} B", grouped(bytes)));
    }
    parts.extend(row.codec.clone());
    parts.extend(row.reason.clone());
    let best = pair.best.as_ref().filter(|best| !best.recorded);
    if row.kind == Kind::Peer && best.is_some_and(|best| best.tool == row.tool) {
        parts.push("best peer".to_owned());
    }
    parts.join(", ")
}

fn every_pair(report: &Report) -> Table {
    let mut table = Table::new(&[
        ("pair", Align::Left),
        ("new bytes", Align::Right),
        ("RAM", Align::Right),
        ("payload", Align::Right),
        ("package", Align::Right),
        ("overhead", Align::Right),
        ("best peer", Align::Left),
        ("its bytes", Align::Right),
        ("ours/best", Align::Right),
        ("ours/bsdiff", Align::Right),
    ]);
    for mean in report
        .means
        .iter()
        .filter(|mean| mean.up_to_bytes.is_none())
    {
        for pair in &report.pairs {
            table.row(pair_cells(pair, mean.ram_bytes));
        }
        for mean in report
            .means
            .iter()
            .filter(|other| other.ram_bytes == mean.ram_bytes)
        {
            table.row(mean_cells(mean));
        }
    }
    table
}

fn pair_cells(pair: &PairReport, ram: u32) -> Vec<String> {
    let payload = pair.payload(ram).and_then(|row| row.bytes);
    let package = pair.package(ram);
    let ours = |kind| {
        let row = pair
            .rows
            .iter()
            .find(|row| row.kind == kind && row.ram_bytes == Some(ram));
        row.map_or_else(|| EMPTY.to_owned(), bytes_or_word)
    };
    let best = pair.best.as_ref();
    let against = |theirs: Option<u64>| ratio_cell(payload.zip(theirs).and_then(divide));
    vec![
        pair.name.clone(),
        grouped(pair.new_bytes),
        grouped(ram.into()),
        ours(Kind::Payload),
        ours(Kind::Package),
        package
            .and_then(|row| row.overhead_bytes)
            .map_or_else(|| EMPTY.to_owned(), grouped),
        best.map_or_else(
            || EMPTY.to_owned(),
            |best| match best.recorded {
                true => format!("{} (recorded)", best.tool),
                false => best.tool.clone(),
            },
        ),
        best.map_or_else(|| EMPTY.to_owned(), |best| grouped(best.bytes)),
        against(best.map(|best| best.bytes)),
        against(pair.peer_bytes(crate::peers::BSDIFF)),
    ]
}

fn mean_cells(mean: &Mean) -> Vec<String> {
    let over = mean.up_to_bytes.map_or_else(String::new, |bytes| {
        format!(" up to {} MiB", float(bytes) / 1_048_576.0)
    });
    let mut cells = vec![String::new(); 10];
    cells[0] = format!("geometric mean of {}{over}", mean.pairs);
    cells[2] = grouped(mean.ram_bytes.into());
    cells[8] = ratio_cell(mean.to_best);
    cells[9] = ratio_cell(mean.to_bsdiff());
    cells
}

fn notes(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for tool in &report.tools {
        if let Some(missing) = &tool.missing {
            lines.push(format!("missing: {}: {missing}", tool.name));
        }
    }
    for pair in &report.pairs {
        for row in &pair.rows {
            let told = matches!(row.status, Status::Failed | Status::Wrong | Status::Timeout);
            if let (true, Some(reason)) = (told, &row.reason) {
                let word = word(row.status);
                lines.push(format!("{word}: {} on {}: {reason}", row.tool, pair.name));
            }
        }
    }
    lines.push(
        "Seconds are CPU time, user and system, of the whole command; sprag's encode includes its \
         own check, its decode is the codec alone as the command states it."
            .to_owned(),
    );
    lines.push(format!(
        "MiB is the command's largest resident set, not below {}; a tool in Python carries its \
         interpreter. A device needs the workspace.",
        mebibytes(report.memory_floor_bytes)
    ));
    if report.limit_seconds.is_none() {
        lines.push("missing: timeout: coreutils not found; no command was limited".to_owned());
    }
    lines
}

fn bytes_or_word(row: &Row) -> String {
    row.bytes
        .map_or_else(|| word(row.status).to_owned(), grouped)
}

fn divide((ours, theirs): (u64, u64)) -> Option<f64> {
    ratio(ours, theirs)
}

fn ratio_cell(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| EMPTY.to_owned(), |ratio| format!("{ratio:.3}"))
}

fn seconds(seconds: Option<f64>, digits: usize) -> String {
    seconds.map_or_else(|| EMPTY.to_owned(), |seconds| format!("{seconds:.digits$}"))
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Ok => EMPTY,
        Status::Missing => "missing",
        Status::Timeout => "timeout",
        Status::Failed => "failed",
        Status::Wrong => "wrong",
        Status::NotApplicable => "n/a",
    }
}

#[cfg(test)]
mod tests;
