//! `cargo xtask footprint`: what the device side costs on bare metal, beside what it may cost.
//!
//! Programs of `device/footprint` are built as the smallest firmware is, and run under QEMU, which counts their
//! instructions. docs/PORTING.md says what the figures mean.

mod budget;
mod inputs;
mod machine;
mod programs;

use std::collections::BTreeMap;
use std::process::ExitCode;

use crate::c_firmware;
use crate::failure::Failure;
use crate::report::{self, Done, Report, say};
use budget::Budgets;
use inputs::Inputs;
use machine::{MACHINES, Machine};
pub(crate) use programs::{FLAGS, sections};

/// What the C library is built with where it is measured.
const C_VARIANT: &str = "delta-thumb";

/// One row of the table: a target, what was built for it, and figures by name.
#[derive(Clone, Debug)]
struct Row {
    target: &'static str,
    variant: &'static str,
    figures: BTreeMap<&'static str, u64>,
}

/// `cargo xtask footprint`: the table for all targets, compared with the budgets.
pub(crate) fn check(report: &mut Report) {
    let rows = stages(report, &MACHINES);
    judge(report, &rows);
}

/// `cargo xtask footprint --quick`: the same for the first target.
pub(crate) fn quick(report: &mut Report) {
    let rows = stages(report, MACHINES.get(..1).unwrap_or_default());
    judge(report, &rows);
}

/// `cargo xtask footprint --bless`: writes the figures as the budgets.
pub(crate) fn bless(report: &mut Report) {
    write(report, &MACHINES);
}

/// `cargo xtask footprint --quick --bless`: those of the first target.
pub(crate) fn bless_quick(report: &mut Report) {
    write(report, MACHINES.get(..1).unwrap_or_default());
}

fn write(report: &mut Report, machines: &[Machine]) {
    let rows = stages(report, machines);
    report.stage("footprint budgets", || {
        Budgets::read()?.with(&rows).write()?;
        Ok(Done::Passed("written".to_owned()))
    });
}

/// `cargo xtask footprint --json`: the figures alone.
pub(crate) fn json() -> ExitCode {
    let measured = Inputs::make().and_then(|inputs| {
        let rows = MACHINES.iter().map(|machine| measure(machine, &inputs));
        rows.collect::<Result<Vec<_>, Failure>>()
    });
    match measured {
        Ok(rows) => report::print(&as_json(&rows.concat())),
        Err(failure) => report::complain(&failure),
    }
}

fn stages(report: &mut Report, machines: &[Machine]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut inputs = None;
    report.stage("footprint: packages", || {
        let made = Inputs::make()?;
        let names = made.names();
        inputs = Some(made);
        Ok(Done::Passed(names))
    });
    let Some(inputs) = inputs else {
        return rows;
    };
    for machine in machines {
        report.stage(&format!("footprint: {}", machine.target), || {
            rows.extend(measure(machine, &inputs)?);
            Ok(Done::passed())
        });
    }
    say(&as_table(&rows));
    rows
}

fn judge(report: &mut Report, rows: &[Row]) {
    report.stage("footprint budgets", || {
        Budgets::read()?.judge(rows).map(Done::Passed)
    });
}

/// Builds and runs everything for one target.
fn measure(machine: &Machine, inputs: &Inputs) -> Result<Vec<Row>, Failure> {
    machine.ensure()?;
    programs::VARIANTS
        .iter()
        .map(|variant| {
            let built = variant.build(machine)?;
            let mut figures = programs::measure(&built, machine, inputs)?;
            if (machine.target, variant.name) == (c_firmware::TARGET, C_VARIANT) {
                figures.insert("flash-in-c", c_firmware::library_flash()?);
            }
            Ok(Row {
                target: machine.target,
                variant: variant.name,
                figures,
            })
        })
        .collect()
}

/// A column for each target and variant, a line for each figure.
fn as_table(rows: &[Row]) -> String {
    let mut table = String::new();
    for row in rows {
        table.push_str(&format!("{}, {}\n", row.target, row.variant));
        for (name, value) in &row.figures {
            let shown = match name.ends_with("-per-kib") {
                true => format!("{}.{} a byte", value / 1024, value % 1024 * 10 / 1024),
                false => value.to_string(),
            };
            table.push_str(&format!("  {name:<28}{shown:>14}\n"));
        }
    }
    table
}

fn as_json(rows: &[Row]) -> String {
    let rows = rows.iter().map(|row| {
        let figures = row.figures.iter();
        let figures = figures.map(|(name, value)| format!("\"{name}\": {value}"));
        format!(
            "  {{\"target\": \"{}\", \"variant\": \"{}\", {}}}",
            row.target,
            row.variant,
            figures.collect::<Vec<_>>().join(", ")
        )
    });
    format!("[\n{}\n]\n", rows.collect::<Vec<_>>().join(",\n"))
}
