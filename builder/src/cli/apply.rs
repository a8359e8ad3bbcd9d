//! `sprag apply`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sprag_manifest::{Digest, FlashProfile, Manifest, Role};
use sprag_verifier::Phase;

use super::args::TrustArgs;
use super::{Format, Steps, print, print_json, ui};
use crate::device::{SimulatedDevice, UpdateInputs};
use crate::digest::sha256;
use crate::error::Error;
use crate::input::{Pinned, is_stdin, single_stdin};
use crate::inspect::SCHEMA;
use crate::output::{Access, Existing, Target};
use crate::profile::{default_flash, device, intended_device, intended_flash, read_profile};
use crate::slots::{Slots, name as slot_name};
use crate::verify::{check_head, manifest_of};

/// Apply a package to an old image, with the code that devices run, and write the new image
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag apply fw.sprag --old fw-1.5.1.bin --out fw-1.5.2.bin --trust release.pub
  sprag apply fw.sprag --old fw-1.5.1.bin --out fw-1.5.2.bin --trust release.pub --device r2.toml
  sprag apply fw.sprag --slots /data/fw --trust release.pub

With --out the update runs on simulated flash; the new image is written when it is whole and read back right.
With --slots it fills the slot that does not run (sprag slots --help). Killed or cut off from power at any point, run
it again: it goes on, and until it has ended the old image boots.")]
pub(super) struct ApplyArgs {
    /// Package (`-` reads standard input)
    #[arg(value_name = "PKG")]
    package: PathBuf,
    /// Old image; a full package needs none
    #[arg(long, value_name = "PATH")]
    old: Option<PathBuf>,
    /// New image to write (`-` writes standard output)
    #[arg(long, value_name = "PATH", required_unless_present = "slots")]
    out: Option<PathBuf>,
    /// Folder of slots to update, in place of --old and --out
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["old", "out"])]
    slots: Option<PathBuf>,
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
    /// The slot that was filled; `null` without `--slots`.
    slot: Option<&'static str>,
    /// Whether it went on from an earlier run.
    resumed: bool,
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
    let target = match &args.out {
        Some(out) => {
            let target = Target::check(out, inputs, Existing::Replace, Access::Ordinary);
            Some(target?)
        }
        None => None,
    };
    let mut trust = args.trust.load()?;
    let profile = args.device.as_deref().map(read_profile).transpose()?;
    let package = Pinned::read(&args.package)?;

    // What the package says of itself chooses the size of the simulated flash and, without a profile, the device it
    // is meant for. Not before its signature is checked: a stranger's package shall not cost gigabytes.
    trust.follow(package.bytes(), None)?;
    let digest = check_head(package.bytes(), &trust.anchors())?;
    let manifest = manifest_of(package.bytes())?;
    let described = match &profile {
        Some(profile) => device(profile),
        None => intended_device(&manifest, None),
    };
    let offer = Offer {
        package: package.bytes(),
        digest,
        manifest: &manifest,
        flash: profile.as_ref().and_then(|profile| profile.flash),
        update: UpdateInputs {
            trust: &trust.anchors(),
            device: &described,
            ram: profile
                .as_ref()
                .map_or_else(|| most_ram(&manifest), |profile| profile.ram),
        },
    };
    match (target, &args.slots) {
        (Some(target), _) => apply_to_image(args, &offer, target),
        (None, Some(folder)) => apply_to_slots(args, &offer, folder),
        (None, None) => Err(Error::MissingField { field: "out" }),
    }
}

/// A package whose signature is good, and whom it is offered to.
struct Offer<'o> {
    package: &'o [u8],
    /// Digest of the manifest.
    digest: Digest,
    manifest: &'o Manifest<'o>,
    flash: Option<FlashProfile>,
    update: UpdateInputs<'o>,
}

fn apply_to_image(args: &ApplyArgs, offer: &Offer<'_>, target: Target) -> Result<(), Error> {
    let old = args.old.as_deref().map(Pinned::read).transpose()?;
    let old_bytes = old.as_ref().map_or(&[][..], Pinned::bytes);
    let new_size = offer.manifest.target.size;
    let size = new_size.max(u32::try_from(old_bytes.len()).unwrap_or(u32::MAX));
    let flash = offer.flash.unwrap_or_else(|| {
        let meant = intended_flash(offer.manifest, old_bytes.len(), offer.package.len());
        match meant.slots {
            1 => meant,
            _ => default_flash(size),
        }
    });
    let mut simulated = SimulatedDevice::new(&flash, old_bytes)?;
    let mut steps = Steps::default();
    let done = simulated.update(offer.package, &offer.update, &mut |done, total| {
        steps.show("applying", done, total);
    })?;
    drop(steps);
    let slot = simulated.power_on()?.slot();
    let new = simulated.slot(slot, usize::try_from(new_size).unwrap_or(usize::MAX));
    let path = target.path().to_path_buf();
    target.write(new)?;
    if is_stdin(&path) {
        // Standard output holds the image.
        return Ok(());
    }
    let result = ApplyReport {
        source_sha256: old.as_ref().map(Pinned::digest),
        target_sha256: sha256(new),
        payload: done.payload,
        total_ram_bytes: done.arena_bytes,
        fetched_bytes: done.fetched_bytes,
        ..ApplyReport::of(offer.manifest)
    };
    result.print(args, &format!("{}: ", crate::input::shown(&path)), "")
}

fn apply_to_slots(args: &ApplyArgs, offer: &Offer<'_>, folder: &Path) -> Result<(), Error> {
    let mut slots = Slots::open_for_update(folder)?;
    let record = slots.record()?;
    let slot = record.confirmed.other_slot();
    let mut result = ApplyReport {
        slot: Some(slot_name(slot)),
        payload: record.payload,
        ..ApplyReport::of(offer.manifest)
    };
    // An earlier run may have been killed between the mark and its report.
    let marked = matches!(record.phase, Phase::Pending | Phase::Testing);
    if marked && record.manifest == offer.digest {
        result.resumed = true;
    } else {
        let reserve = offer.flash.map_or(0, |flash| flash.trailer_reserve);
        let mut steps = Steps::default();
        let done = slots.update(reserve, offer.package, &offer.update, &mut |done, total| {
            steps.show("applying", done, total);
        })?;
        result = ApplyReport {
            payload: done.payload,
            total_ram_bytes: done.arena_bytes,
            fetched_bytes: done.fetched_bytes,
            resumed: done.resumed,
            ..result
        };
    }
    let path = slots.path(slot);
    let place = format!("{}: ", crate::input::shown(&path));
    result.print(args, &place, "it boots next, on trial\n")
}

impl ApplyReport {
    fn of(manifest: &Manifest<'_>) -> Self {
        Self {
            schema: SCHEMA,
            source_sha256: None,
            target_version: manifest.target.version.into(),
            target_sha256: manifest.target.digest,
            target_bytes: manifest.target.size.into(),
            payload: 0,
            total_ram_bytes: 0,
            fetched_bytes: 0,
            slot: None,
            resumed: false,
        }
    }

    fn print(&self, args: &ApplyArgs, place: &str, more: &str) -> Result<(), Error> {
        match Format::from(args.json) {
            Format::Json => print_json(self),
            Format::Text => print(&format!(
                "{place}version {}, {}, sha256 {}\n{more}",
                self.target_version,
                ui::size(self.target_bytes),
                self.target_sha256,
            )),
        }
    }
}

fn most_ram(manifest: &Manifest<'_>) -> u32 {
    let usable = manifest
        .payloads
        .iter()
        .filter(|payload| payload.role != Role::Reverse);
    usable.map(|payload| payload.needs.ram).max().unwrap_or(0)
}
