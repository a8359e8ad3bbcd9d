//! `sprag send`.

use core::time::Duration;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sprag_manifest::Digest;
use sprag_verifier::Outcome;

use super::ui::{Align, Table, size};
use super::{Format, Steps, print, print_json};
use crate::error::Error;
use crate::input::Pinned;
use crate::inspect::SCHEMA;
use crate::printable::printable;
use crate::send::{Address, DeviceFacts, SendEvent, SendOptions, SendOutcome, Sent, send};

/// Send a package to a device over a serial line or a socket, and watch it confirm the new image
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag send fw.sprag --port /dev/ttyUSB0
  sprag send fw.sprag --port /dev/ttyACM0 --baud 1000000 --no-start
  sprag send fw.sprag --tcp 192.168.7.2:4000
  sprag send fw.sprag --unix qemu.sock

The device speaks SMP, the protocol of mcumgr (docs/SERIAL.md). A package for another device is refused before a byte
of it is sent. Interrupted, run it again: it goes on where the device was.")]
pub(super) struct SendArgs {
    /// Package (`-` reads standard input)
    #[arg(value_name = "PKG")]
    package: PathBuf,
    #[command(flatten)]
    line: LineArgs,
    /// Speed of the serial port, in bits a second
    #[arg(long, value_name = "BAUD", default_value_t = 115_200)]
    baud: u32,
    /// Seconds in which an answer must come before the request is repeated
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    timeout: u32,
    /// Seconds in which something must move forward, while the line is broken or the device starts anew
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    patience: u32,
    /// Leave the start of the new image to somebody else
    #[arg(long)]
    no_start: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// The line to the device.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct LineArgs {
    /// Serial port
    #[arg(long, value_name = "PATH")]
    port: Option<PathBuf>,
    /// TCP connection to a serial server
    #[arg(long, value_name = "HOST:PORT")]
    tcp: Option<String>,
    /// Unix socket, as QEMU has them
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct SendReport<'s> {
    schema: u32,
    outcome: &'static str,
    device: DeviceReport<'s>,
    package_bytes: u64,
    sent_bytes: u64,
    resumed_at: Option<u64>,
    repeated: u32,
    reconnects: u32,
}

#[derive(Debug, Serialize)]
struct DeviceReport<'s> {
    vendor: &'s str,
    product: &'s str,
    hardware: &'s str,
    isa: &'static str,
    version: &'s str,
    sha256: Option<Digest>,
    security_counter: u64,
    sequence: u64,
    stage: &'static str,
    last_update: &'static str,
    ram: u64,
    envelope: u64,
    slot: u64,
    packet: u64,
}

pub(super) fn run(args: &SendArgs) -> Result<(), Error> {
    let package = Pinned::read(&args.package)?;
    let format = Format::from(args.json);
    let options = SendOptions {
        answer: Duration::from_secs(args.timeout.into()),
        patience: Duration::from_secs(args.patience.into()),
        start: !args.no_start,
    };
    let mut steps = Steps::default();
    let mut shown = Ok(());
    let sent = send(
        &args.address(),
        package.bytes(),
        &options,
        &mut |event| match event {
            SendEvent::Device(device) if format == Format::Text => {
                shown = print(&introduction(device));
            }
            SendEvent::Wants(done, total) => steps.show("sending", done, total),
            _ => {}
        },
    );
    drop(steps);
    let sent = sent?;
    shown?;
    let package_bytes = u64::try_from(package.bytes().len()).unwrap_or(u64::MAX);
    match format {
        Format::Json => print_json(&report(&sent, package_bytes)),
        Format::Text => print(&conclusion(&sent, package_bytes)),
    }
}

impl SendArgs {
    fn address(&self) -> Address {
        match &self.line {
            LineArgs {
                tcp: Some(host), ..
            } => Address::Tcp(host.clone()),
            LineArgs {
                unix: Some(path), ..
            } => Address::Unix(path.clone()),
            LineArgs { port, .. } => Address::Serial(port.clone().unwrap_or_default(), self.baud),
        }
    }
}

fn introduction(device: &DeviceFacts) -> String {
    let name = |text: &str| printable(text);
    let mut table = Table::new([Align::Left, Align::Left]);
    let board = [&device.vendor, &device.product, &device.hardware].map(|text| name(text));
    table
        .row(["device", &board.join(" ")])
        .row([
            "runs",
            &format!("{} ({})", name(&device.version), device.isa.name()),
        ])
        .row(["state", device.stage.name()])
        .row(["last update", last_update(device.outcome)])
        .row(["sequence", &device.sequence.to_string()])
        .row(["security counter", &device.security_counter.to_string()])
        .row(["memory for updates", &size(device.ram)])
        .row(["longest image", &size(device.slot)]);
    table.to_string()
}

fn conclusion(sent: &Sent, package_bytes: u64) -> String {
    let end = match sent.outcome {
        SendOutcome::Already => return "the device runs this image already\n".into(),
        SendOutcome::Waiting => "the new image waits for the next start",
        SendOutcome::Confirmed => "the new image runs and is confirmed",
    };
    let went_on = match sent.resumed_at {
        Some(offset) => format!(", went on at byte {offset}"),
        None => String::new(),
    };
    let again = match sent.reconnects {
        0 => String::new(),
        1 => ", 1 new connection".into(),
        more => format!(", {more} new connections"),
    };
    let bytes = sent.sent_bytes;
    format!("sent {bytes} bytes of a package of {package_bytes}{went_on}{again}; {end}\n")
}

const fn last_update(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Confirmed => "confirmed",
        Outcome::Reverted => "reverted",
        _ => "none",
    }
}

fn report(sent: &Sent, package_bytes: u64) -> SendReport<'_> {
    let device = &sent.device;
    SendReport {
        schema: SCHEMA,
        outcome: match sent.outcome {
            SendOutcome::Already => "already",
            SendOutcome::Waiting => "waiting",
            SendOutcome::Confirmed => "confirmed",
        },
        device: DeviceReport {
            vendor: &device.vendor,
            product: &device.product,
            hardware: &device.hardware,
            isa: device.isa.name(),
            version: &device.version,
            sha256: device.digest,
            security_counter: device.security_counter,
            sequence: device.sequence,
            stage: device.stage.name(),
            last_update: last_update(device.outcome),
            ram: device.ram,
            envelope: device.envelope,
            slot: device.slot,
            packet: device.packet,
        },
        package_bytes,
        sent_bytes: sent.sent_bytes,
        resumed_at: sent.resumed_at,
        repeated: sent.repeated,
        reconnects: sent.reconnects,
    }
}
