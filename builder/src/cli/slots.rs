//! `sprag slots`, and `sprag apply --slots`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use sprag_manifest::Digest;
use sprag_verifier::{Area, Boot, BootRecord, Outcome, Phase};

use super::ui::{Align, Table};
use super::{Format, args, print, print_json};
use crate::error::Error;
use crate::input::{Pinned, shown};
use crate::inspect::SCHEMA;
use crate::slots::{NewSlots, Slots, name};

/// Look after a folder of slots: two images and the boot record that says which one boots
#[derive(Debug, Subcommand)]
#[command(after_help = "The round of an update on a gateway:
  sprag slots init /data/fw --image fw-1.5.1.bin --slot-size 64MiB    once, at the factory
  sprag apply fw.sprag --slots /data/fw --trust release.pub           fills the other slot
  sprag slots boot /data/fw                                           at every start: prints the slot to boot
  sprag slots confirm /data/fw --running slot-b                       once the new image is well

A new image that is not confirmed in 3 starts is given up, and the old one boots again.")]
pub(super) enum SlotsCommand {
    Init(InitArgs),
    Boot(BootArgs),
    Confirm(ConfirmArgs),
    Status(StatusArgs),
}

/// Make a folder of slots whose slot A holds an image
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag slots init /data/fw --image fw-1.5.1.bin --slot-size 64MiB
  sprag slots init /data/fw --image fw-1.5.1.bin --slot-size 64MiB --staging-size 8MiB

With partitions, make the folder yourself:
  ln -s /dev/mmcblk0p2 slot-a; ln -s /dev/mmcblk0p3 slot-b; truncate -s 8192 record")]
pub(super) struct InitArgs {
    /// Folder to make
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Image that is installed now
    #[arg(long, value_name = "PATH")]
    image: PathBuf,
    /// Size of each slot; files take no room until they are filled
    #[arg(long, value_name = "BYTES", value_parser = args::bytes)]
    slot_size: u32,
    /// Size of the place where a package waits while it arrives; without one, the end of the slot serves where it
    /// is long enough
    #[arg(long, value_name = "BYTES", value_parser = args::bytes, default_value = "0", hide_default_value = true)]
    staging_size: u32,
}

/// Choose the slot to boot, count the try, and print its path
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag slots boot /data/fw

For the bootloader or the first program of a start, once for each start.")]
pub(super) struct BootArgs {
    /// Folder of slots
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Say that the new image is well: it boots from now on, and its counters hold
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag slots confirm /data/fw --running slot-b

Refused unless the image in that slot is on trial, so it does no harm to run it at every start.")]
pub(super) struct ConfirmArgs {
    /// Folder of slots
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Slot that this system was started from, as the bootloader tells it
    #[arg(long, value_name = "SLOT")]
    running: Slot,
}

/// Tell what the boot record says; changes nothing
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag slots status /data/fw
  sprag slots status /data/fw --json")]
pub(super) struct StatusArgs {
    /// Folder of slots
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// A slot, by the name of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Slot {
    SlotA,
    SlotB,
}

#[derive(Debug, Serialize)]
struct BootReport {
    schema: u32,
    slot: &'static str,
    path: PathBuf,
    /// `confirmed`, `trial` or `reverted`.
    why: &'static str,
    tries_left: u8,
}

#[derive(Debug, Serialize)]
struct StatusReport {
    schema: u32,
    confirmed: &'static str,
    phase: &'static str,
    tries_left: u8,
    outcome: &'static str,
    security_counter: u64,
    sequence: u64,
    /// `null` until the first update is confirmed.
    confirmed_sha256: Option<Digest>,
    /// The image under way or on trial; `null` if there is none.
    trial_sha256: Option<Digest>,
    revision: u32,
}

impl SlotsCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Boot(args) => args.json.into(),
            Self::Status(args) => args.json.into(),
            Self::Init(_) | Self::Confirm(_) => Format::Text,
        }
    }
}

pub(super) fn run(command: &SlotsCommand) -> Result<(), Error> {
    match command {
        SlotsCommand::Init(args) => init(args),
        SlotsCommand::Boot(args) => boot(args),
        SlotsCommand::Confirm(args) => confirm(args),
        SlotsCommand::Status(args) => status(args),
    }
}

fn init(args: &InitArgs) -> Result<(), Error> {
    let image = Pinned::read(&args.image)?;
    let new = NewSlots {
        image: image.bytes(),
        slot_size: args.slot_size,
        staging_size: args.staging_size,
    };
    Slots::create(&args.folder, &new)?;
    print(&format!(
        "{}: slot-a holds sha256 {} and boots\n",
        shown(&args.folder),
        image.digest()
    ))
}

fn boot(args: &BootArgs) -> Result<(), Error> {
    let mut slots = Slots::open_record(&args.folder)?;
    let boot = slots.boot()?;
    let path = slots.path(boot.slot());
    match Format::from(args.json) {
        Format::Json => print_json(&BootReport {
            schema: SCHEMA,
            slot: name(boot.slot()),
            path,
            why: match boot {
                Boot::Trial(_) => "trial",
                Boot::Reverted(_) => "reverted",
                Boot::Unrecorded { .. } => "unrecorded",
                _ => "confirmed",
            },
            tries_left: slots.record()?.tries_left,
        }),
        Format::Text => print(&format!("{}\n", path.display())),
    }
}

fn confirm(args: &ConfirmArgs) -> Result<(), Error> {
    let running = match args.running {
        Slot::SlotA => Area::SlotA,
        Slot::SlotB => Area::SlotB,
    };
    Slots::open_record(&args.folder)?.confirm(running)?;
    print(&format!("{} is confirmed\n", name(running)))
}

fn status(args: &StatusArgs) -> Result<(), Error> {
    let record = Slots::open(&args.folder)?.record()?;
    let under_way = record.phase != Phase::Idle;
    let report = StatusReport {
        schema: SCHEMA,
        confirmed: name(record.confirmed),
        phase: phase(&record),
        tries_left: record.tries_left,
        outcome: match record.outcome {
            Outcome::Confirmed => "confirmed",
            Outcome::Reverted => "reverted",
            _ => "none",
        },
        security_counter: record.security_counter,
        sequence: record.sequence,
        confirmed_sha256: (record.confirmed_size > 0).then_some(record.confirmed_digest),
        trial_sha256: under_way.then_some(record.trial_digest),
        revision: record.revision,
    };
    match Format::from(args.json) {
        Format::Json => print_json(&report),
        Format::Text => print(&status_text(&report, &args.folder)),
    }
}

fn status_text(report: &StatusReport, folder: &Path) -> String {
    let other = match report.confirmed {
        "slot-a" => "slot-b",
        _ => "slot-a",
    };
    let state = match report.phase {
        "idle" => "no update is under way".into(),
        "pending" => format!("{other} is filled and boots next, on trial"),
        "testing" => format!(
            "{other} is on trial, {} more tries; confirm it or it is given up",
            report.tries_left
        ),
        _ => format!("{other} is being filled; run the same `sprag apply` again to go on"),
    };
    let last = match report.outcome {
        "none" => "none yet",
        outcome => outcome,
    };
    let mut table = Table::new([Align::Left, Align::Left]);
    table
        .row(["folder", &shown(folder)])
        .row(["confirmed", report.confirmed])
        .row(["state", &state])
        .row(["last update", last])
        .row(["sequence", &report.sequence.to_string()])
        .row(["security counter", &report.security_counter.to_string()]);
    table.to_string()
}

const fn phase(record: &BootRecord) -> &'static str {
    match record.phase {
        Phase::Idle => "idle",
        Phase::Erasing => "erasing",
        Phase::Writing => "writing",
        Phase::Pending => "pending",
        _ => "testing",
    }
}
