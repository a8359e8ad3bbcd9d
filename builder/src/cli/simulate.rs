//! `sprag simulate`.

use std::path::PathBuf;

use clap::Args;
use sprag_manifest::DeviceProfile;

use super::audit::AuditArgs;
use super::report::{self, verdict};
use super::{Format, Steps, print, print_json};
use crate::audit::{Action, Subject};
use crate::digest::sha256;
use crate::error::Error;
use crate::input::{Image, Pinned, single_stdin};
use crate::profile::read_profile;
use crate::simulate::{Cuts, Flaws, SimulationInputs, simulate};

/// Cut a device's power at the operations of an update, and say whether the package may ship to it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  On a class of devices that ships with sprag (cortex-m-16k, cortex-m-256k, cortex-m-single,
  esp32, linux-gateway):
    sprag simulate fw.sprag --device cortex-m-16k --old fw-1.5.1.bin
  On your own, with every operation cut:
    sprag simulate fw.sprag --device profile.toml --old fw-1.5.1.bin --cuts all

Exit code 0: may ship. 9: must not, for the reasons that are printed.
The package's signature is not checked here; `sprag verify` does that.")]
pub(super) struct SimulateArgs {
    /// Package (`-` reads standard input)
    #[arg(value_name = "PKG")]
    package: PathBuf,
    /// Device profile, or the name of one that ships with sprag
    #[arg(long, value_name = "profile.toml")]
    device: PathBuf,
    /// Image that the device runs; not needed for a package with a full image
    #[arg(long, value_name = "PATH")]
    old: Option<PathBuf>,
    /// Operations that are cut: all, or a number that is spread over the update [default: by size]
    #[arg(long, value_name = "all|N", value_parser = cuts)]
    cuts: Option<Cuts>,
    /// Updates with a bad sector each, in every area by turns
    #[arg(long, value_name = "N", default_value_t = Flaws::default().bad_sectors)]
    bad_sectors: u64,
    /// Updates in which a read comes wrong
    #[arg(long, value_name = "N", default_value_t = Flaws::default().flaky_reads)]
    flaky_reads: u64,
    /// Picks the operations, the torn bits and what the link does
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    audit: AuditArgs,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

fn cuts(text: &str) -> Result<Cuts, String> {
    match text {
        "all" => Ok(Cuts::All),
        _ => text
            .parse()
            .map(Cuts::Sample)
            .map_err(|_| "all, or a number".into()),
    }
}

pub(super) fn run(args: &SimulateArgs) -> Result<(), Error> {
    let streams = [&args.package]
        .into_iter()
        .chain(&args.old)
        .chain([&args.device]);
    single_stdin(streams.map(PathBuf::as_path))?;
    let profile = read_profile(&args.device)?;
    let log = args.audit.open()?;
    let package = Pinned::read(&args.package)?;
    let format = crate::container::InputFormat::Auto;
    let old = args
        .old
        .as_deref()
        .map(|path| Image::read(path, format))
        .transpose()?;
    let inputs = SimulationInputs {
        package: package.bytes(),
        profile: &profile,
        old: old.as_ref().map_or(&[][..], Image::bytes),
        cuts: args.cuts.unwrap_or_default(),
        flaws: Flaws {
            bad_sectors: args.bad_sectors,
            flaky_reads: args.flaky_reads,
        },
        seed: args.seed,
    };
    let mut steps = Steps::default();
    let result = simulate(&inputs, &mut |step, done, total| {
        steps.show(step, done, total);
    })?;
    drop(steps);
    log.record(Action::Simulate, || {
        simulated(inputs.package, &profile, result.may_ship)
    })?;
    match Format::from(args.json) {
        Format::Json => print_json(&result)?,
        Format::Text => print(&report::simulated(&result, &profile))?,
    }
    verdict(&result)
}

/// What an audit log says of a simulation.
pub(super) fn simulated(
    package: &[u8],
    profile: &DeviceProfile,
    may_ship: bool,
) -> Result<Subject, Error> {
    let profile = serde_json::to_vec(profile).unwrap_or_default();
    Ok(Subject {
        device: Some(sha256(&profile)),
        may_ship: Some(may_ship),
        ..Subject::of_package(package)?
    })
}
