//! `sprag demo`.

use clap::Args;
use sprag_verifier::{Area, Boot};

use super::print;
use super::ui::{Align, Table, percent, size};
use crate::demo::{DemoReport, demo};
use crate::error::Error;
use crate::output::OutputError;

/// The whole journey on two bundled images, in a temporary folder, in seconds
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Keep the folder with keys, images and package
    #[arg(long)]
    keep: bool,
}

pub(super) fn run(args: &DemoArgs) -> Result<(), Error> {
    let folder = tempfile::Builder::new()
        .prefix("sprag-demo-")
        .tempdir()
        .map_err(|e| OutputError::from_io(&std::env::temp_dir(), e))?;
    print("A sensor node shall go from firmware 1.0.0 to 1.1.0.\n\n")?;
    let mut number = 0;
    let mut failed = Ok(());
    let report = demo(folder.path(), &mut |step| {
        number += 1;
        if let Err(e) = print(&format!("{number}. {step}\n")) {
            failed = Err(e);
        }
    })?;
    failed?;
    print(&outcome(&report))?;
    if args.keep {
        let kept = folder.keep();
        print(&format!(
            "\nKept in {0}; try: sprag inspect {0}/sensor.sprag\n",
            crate::input::shown(&kept)
        ))?;
    }
    Ok(())
}

fn outcome(report: &DemoReport) -> String {
    let mut text = String::from("\nWhat is sent\n");
    let mut sizes = Table::new([Align::Left, Align::Right, Align::Right]);
    let rows = [
        ("full image", report.full_bytes),
        ("bsdiff + zstd", report.bsdiff_bytes),
        ("Sprag payload", report.inspection.payload_bytes),
        ("Sprag package, signed", report.inspection.package_bytes),
    ];
    for (name, bytes) in rows {
        sizes.row([name, &size(bytes), &percent(bytes, report.full_bytes)]);
    }
    push(&mut text, &sizes);
    text.push_str(&format!(
        "\nVerified: the signature, and the hashes of all {} blocks.\n",
        report.blocks
    ));
    text.push_str("\nWhat the device refused\n");
    let mut refused = Table::new([Align::Left, Align::Left, Align::Left]);
    for refusal in &report.refusals {
        let done = match refusal.flash_operations {
            0 => "nothing was erased or written",
            _ => "nothing of it was decoded",
        };
        let code = refusal.error.code();
        let name = crate::explain::explain(code).map_or("", |explanation| explanation.name);
        refused.row([
            format!("{} flipped", refusal.what),
            format!("[{code}] {name}"),
            done.into(),
        ]);
    }
    push(&mut text, &refused);
    text.push_str("\nWhat booted\n");
    let mut boots = Table::new([Align::Left, Align::Left]);
    let last = report.boots.len().saturating_sub(1);
    for (number, boot) in report.boots.iter().enumerate() {
        let when = match number == last {
            true => "after the update".into(),
            false => format!("after power cut {}", number + 1),
        };
        boots.row([when, booted(*boot)]);
    }
    boots.row([
        "then",
        "confirmed: 1.1.0 stays, byte for byte the image that was released",
    ]);
    push(&mut text, &boots);
    text.push_str(&format!(
        "\nMemory: {} for decoder and buffers. Wear: no sector of the slot was erased more than {} times.\n",
        size(report.inspection.total_ram_bytes.into()),
        report.most_erases,
    ));
    text
}

fn booted(boot: Boot) -> String {
    let version = if boot.slot() == Area::SlotA {
        "1.0.0"
    } else {
        "1.1.0"
    };
    match boot {
        Boot::Trial(_) => format!("{version}, on trial"),
        Boot::Reverted(_) => format!("{version}, reverted"),
        _ => version.into(),
    }
}

fn push(text: &mut String, table: &Table) {
    for line in table.to_string().lines() {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
}
