//! `sprag apply`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sprag_manifest::{Digest, Manifest, Role};

use super::args::TrustArgs;
use super::{Format, Steps, print, print_json, ui};
use crate::device::{SimulatedDevice, UpdateInputs};
use crate::digest::sha256;
use crate::error::Error;
use crate::input::{Pinned, is_stdin, single_stdin};
use crate::inspect::SCHEMA;
use crate::output::{Access, Existing, Target};
use crate::profile::{default_flash, device, intended_device, read_profile};
use crate::verify::{check_head, manifest_of};

/// Apply a package to an old image, with the code that devices run, and write the new image
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag apply fw.sprag --old fw-1.5.1.bin --out fw-1.5.2.bin --trust release.pub
  sprag apply fw.sprag --old fw-1.5.1.bin --out fw-1.5.2.bin --trust release.pub --device r2.toml

The update runs on simulated flash; the new image is written when it is whole and read back right.")]
pub(super) struct ApplyArgs {
    /// Package (`-` reads standard input)
    #[arg(value_name = "PKG")]
    package: PathBuf,
    /// Old image; a full package needs none
    #[arg(long, value_name = "PATH")]
    old: Option<PathBuf>,
    /// New image to write (`-` writes standard output)
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// Device to check bindings and resources against; without one, the device the package names
    #[arg(long, value_name = "profile.toml")]
    device: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Serialize)]
struct ApplyReport {
    schema: u32,
    source_sha256: Option<Digest>,
    target_version: String,
    target_sha256: Digest,
    target_bytes: u64,
    payload: u32,
    total_ram_bytes: u32,
    fetched_bytes: u64,
}

pub(super) fn run(args: &ApplyArgs) -> Result<(), Error> {
    let streams = || {
        let files = [&args.package]
            .into_iter()
            .chain(&args.old)
            .chain(&args.device);
        files.map(PathBuf::as_path)
    };
    single_stdin(streams())?;
    let inputs = streams().chain(args.trust.paths().iter().map(PathBuf::as_path));
    let target = Target::check(&args.out, inputs, Existing::Replace, Access::Ordinary)?;
    let trust = args.trust.load()?;
    let profile = args.device.as_deref().map(read_profile).transpose()?;
    let package = Pinned::read(&args.package)?;
    let old = args.old.as_deref().map(Pinned::read).transpose()?;
    let old_bytes = old.as_ref().map_or(&[][..], Pinned::bytes);

    // What the package says of itself chooses the size of the simulated flash and, without a profile, the device it
    // is meant for. Not before its signature is checked: a stranger's package shall not cost gigabytes.
    check_head(package.bytes(), &trust.anchors())?;
    let manifest = manifest_of(package.bytes())?;
    let described = match &profile {
        Some(profile) => device(profile),
        None => intended_device(&manifest, None),
    };
    let new_size = manifest.target.size;
    let size = new_size.max(u32::try_from(old_bytes.len()).unwrap_or(u32::MAX));
    let flash = profile.as_ref().and_then(|profile| profile.flash);
    let mut simulated =
        SimulatedDevice::new(&flash.unwrap_or_else(|| default_flash(size)), old_bytes)?;
    let update = UpdateInputs {
        trust: &trust.anchors(),
        device: &described,
        ram: profile
            .as_ref()
            .map_or_else(|| most_ram(&manifest), |profile| profile.ram),
    };
    let mut steps = Steps::default();
    let done = simulated.update(package.bytes(), &update, &mut |done, total| {
        steps.show("applying", done, total);
    })?;
    drop(steps);
    let slot = simulated.power_on()?.slot();
    let new = simulated.slot(slot, usize::try_from(new_size).unwrap_or(usize::MAX));
    target.write(new)?;
    if is_stdin(&args.out) {
        // Standard output holds the image.
        return Ok(());
    }
    let result = ApplyReport {
        schema: SCHEMA,
        source_sha256: old.as_ref().map(Pinned::digest),
        target_version: manifest.target.version.into(),
        target_sha256: sha256(new),
        target_bytes: new_size.into(),
        payload: done.payload,
        total_ram_bytes: done.arena_bytes,
        fetched_bytes: done.fetched_bytes,
    };
    match Format::from(args.json) {
        Format::Json => print_json(&result),
        Format::Text => print(&format!(
            "{}: version {}, {}, sha256 {}\n",
            crate::input::shown(&args.out),
            result.target_version,
            ui::size(result.target_bytes),
            result.target_sha256,
        )),
    }
}

fn most_ram(manifest: &Manifest<'_>) -> u32 {
    let usable = manifest
        .payloads
        .iter()
        .filter(|payload| payload.role != Role::Reverse);
    usable.map(|payload| payload.needs.ram).max().unwrap_or(0)
}
