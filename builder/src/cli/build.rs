//! `sprag build`.

mod given;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use sprag_manifest::{Isa, ReleaseRequirement, TimeWindow};

use super::args::{self, OldImage};
use super::audit::AuditArgs;
use super::simulate::simulated;
use super::{Format, Steps, print, print_json, report};
use crate::audit::{Action, Subject};
use crate::build::{BuildInputs, FullImage, IsaMismatch, Source, WayBack, build_with_chain};
use crate::codec::{CodecChoice, Effort};
use crate::container::InputFormat;
use crate::digest::sha256;
use crate::error::Error;
use crate::input::{Image, Pinned, is_stdin, single_stdin};
use crate::inspect::inspect;
use crate::keys::{PasswordSource, SigningKey, TrustedComment};
use crate::lms::{add_lms_signature, lms_state_path};
use crate::output::{Access, Existing, OutputError, Target};
use crate::profile::read_profile;
use crate::release::ReleaseSpec;
use crate::simulate::{Cuts, Flaws, SimulationInputs, simulate};
use crate::trust::TrustFile;

/// Turn an old and a new image into a signed delta package, proven to apply before it is written
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  A package for one source version:
    sprag build --old fw-1.5.1.bin --old-version 1.5.1 --new fw-1.5.2.bin --new-version 1.5.2 \\
      --vendor acme --product gateway --hardware r1,r2 --isa thumb --key release.key --out fw.sprag
  The same, with what does not change from release to release in a file:
    sprag build --release release.toml --old 1.5.1=fw-1.5.1.bin --new fw-1.5.2.bin \\
      --new-version 1.5.2 --key release.key --out fw.sprag
  Several source versions, and a full image for all others:
    sprag build ... --old 1.5.0=a.bin --old 1.5.1=b.bin --with-full ...
  For a device with a single slot, that can go back:
    sprag build ... --device cortex-m-single --with-reverse ...
  For a device that runs Linux and has 8 MiB to spare:
    sprag build ... --codec bsdiff-zstd --ram 8MiB ...")]
pub(super) struct BuildArgs {
    /// Old image, as PATH or VERSION=PATH; may be repeated. Without one, a full package is made
    #[arg(long, value_name = "[VERSION=]PATH", value_parser = args::old_image)]
    old: Vec<OldImage>,
    /// New image (`-` reads standard input)
    #[arg(long, value_name = "PATH")]
    new: PathBuf,
    /// What the images' files are: auto, bin, elf, hex, srec or uf2; auto converts hex, srec and uf2
    #[arg(long, value_name = "FORMAT", value_parser = args::input_format, default_value = "auto")]
    input_format: InputFormat,
    /// Secret key that signs the package
    #[arg(long, value_name = "FILE.key")]
    key: PathBuf,
    /// Secret LMS key that signs as well, for devices that ask for both; its password is that of --key
    #[arg(long, value_name = "FILE.key")]
    lms_key: Option<PathBuf>,
    /// File whose first line is the key's password (else SPRAG_PASSWORD, else a prompt)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Package to write (`-` writes standard output)
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Also write OUT.minisig, a detached signature that stock minisign verifies
    #[arg(long)]
    minisig: bool,
    /// File with the fields below; flags win over it
    #[arg(long, value_name = "release.toml", help_heading = "Release")]
    release: Option<PathBuf>,
    /// Who made the device
    #[arg(long, value_name = "NAME", help_heading = "Release")]
    vendor: Option<String>,
    /// What kind of device it is
    #[arg(long, value_name = "NAME", help_heading = "Release")]
    product: Option<String>,
    /// Hardware revisions the new image runs on, separated by commas
    #[arg(
        long,
        value_name = "REV",
        value_delimiter = ',',
        help_heading = "Release"
    )]
    hardware: Vec<String>,
    /// Instruction set that devices check: thumb a32 a64 rv32 rv64 xtensa x86-64 none
    #[arg(long, value_name = "ISA", value_parser = args::isa, help_heading = "Release")]
    isa: Option<Isa>,
    /// Build even if the new image's own header names another instruction set
    #[arg(long, help_heading = "Release")]
    allow_isa_mismatch: bool,
    /// Version of an old image given without one
    #[arg(long, value_name = "VERSION", help_heading = "Release")]
    old_version: Option<String>,
    /// Version of the new image
    #[arg(long, value_name = "VERSION", help_heading = "Release")]
    new_version: Option<String>,
    /// Devices refuse counters below the one they stored on the last confirm [default: 0]
    #[arg(long, value_name = "N", value_parser = args::number, help_heading = "Release")]
    security_counter: Option<u64>,
    /// Devices refuse numbers not above the installed one [default: the new version, packed]
    #[arg(long, value_name = "N", value_parser = args::number, help_heading = "Release")]
    sequence: Option<u64>,
    /// Address the images are linked to run at
    #[arg(long, value_name = "ADDRESS", value_parser = args::number, help_heading = "Release")]
    load_address: Option<u64>,
    /// Bootloader the new image needs
    #[arg(long, value_name = "ID[=MIN[..MAX]]", value_parser = args::requirement, help_heading = "Release")]
    bootloader: Option<ReleaseRequirement>,
    /// Operating system the new image needs
    #[arg(long, value_name = "ID[=MIN[..MAX]]", value_parser = args::requirement, help_heading = "Release")]
    os: Option<ReleaseRequirement>,
    /// Partition layout the new image is linked for
    #[arg(long, value_name = "NAME", help_heading = "Release")]
    layout: Option<String>,
    /// Not to be installed before this second of Unix time
    #[arg(long, value_name = "SECONDS", help_heading = "Release")]
    not_before: Option<u64>,
    /// Not to be installed after this second of Unix time
    #[arg(long, value_name = "SECONDS", help_heading = "Release")]
    not_after: Option<u64>,
    /// Battery charge a device needs to begin
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100), help_heading = "Release")]
    min_battery_percent: Option<u8>,
    /// Free storage a device needs to begin
    #[arg(long, value_name = "BYTES", value_parser = args::bytes, help_heading = "Release")]
    min_free_storage: Option<u32>,
    /// Lowest temperature for an update, in degrees Celsius
    #[arg(
        long,
        value_name = "DEGREES",
        allow_negative_numbers = true,
        help_heading = "Release"
    )]
    min_temperature: Option<i8>,
    /// Highest temperature for an update, in degrees Celsius
    #[arg(
        long,
        value_name = "DEGREES",
        allow_negative_numbers = true,
        help_heading = "Release"
    )]
    max_temperature: Option<i8>,
    /// RAM that must be free beside the update
    #[arg(long, value_name = "BYTES", value_parser = args::bytes, help_heading = "Release")]
    min_free_ram: Option<u32>,
    /// Time of day (UTC) in which an update may begin, for example 22:00-04:30
    #[arg(long, value_name = "FROM-UNTIL", help_heading = "Release")]
    window: Option<TimeWindow>,
    /// Lowest version of the key set a device must have
    #[arg(long, value_name = "N", help_heading = "Release")]
    keyset_version: Option<u32>,
    /// Trust store whose key set updates go into the package, for devices that have missed them
    #[arg(long, value_name = "FILE.trust", help_heading = "Release")]
    keyset_chain: Option<PathBuf>,
    /// Version of the key set that every device has; its updates are left out [default: 1]
    #[arg(
        long,
        value_name = "N",
        requires = "keyset_chain",
        help_heading = "Release"
    )]
    keyset_from: Option<u32>,
    /// Bytes that are authenticated together: a power of two from 256 to 65536 [default: 4096]
    #[arg(long, value_name = "BYTES", value_parser = args::bytes, help_heading = "Release")]
    block_size: Option<u32>,
    /// auto takes the smallest payload the device can decode, the full image included
    #[arg(long, value_name = "CODEC", value_parser = args::codec, default_value = "auto", help_heading = "Coding")]
    codec: CodecChoice,
    /// Decoder workspace on the device: 8192, 16384, 65536 or 8388608 (gateways) select a native profile [default: 16384]
    #[arg(long, value_name = "BYTES", value_parser = args::bytes, help_heading = "Coding")]
    ram: Option<u32>,
    /// How hard to try: fast, default or best
    #[arg(long, value_name = "EFFORT", value_parser = args::effort, default_value = "default", help_heading = "Coding")]
    effort: Effort,
    /// Device the package must fit
    #[arg(long, value_name = "profile.toml", help_heading = "Coding")]
    device: Option<PathBuf>,
    /// Simulate the package on the device, and write it only if it may ship
    #[arg(long, requires = "device", help_heading = "Coding")]
    simulate: bool,
    /// Add the full image, for devices that run anything else than the old images
    #[arg(long, help_heading = "Coding")]
    with_full: bool,
    /// Without --device: for a device with a single slot, which makes groups of so many bytes before they overwrite the
    /// old image
    #[arg(long, value_name = "GROUP", value_parser = args::group, conflicts_with = "device", help_heading = "Coding")]
    in_place: Option<u32>,
    /// Add deltas that lead back, with which a device with a single slot goes back to its old image
    #[arg(long, help_heading = "Coding")]
    with_reverse: bool,
    /// Name this entry of --audit in the package: one that approves the new image
    #[arg(long, value_name = "N", requires = "audit", help_heading = "Audit log")]
    approval: Option<u64>,
    #[command(flatten)]
    audit: AuditArgs,
    /// Print one JSON object: that of `sprag inspect`
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &BuildArgs) -> Result<(), Error> {
    let streams = || {
        let images = args.old.iter().map(|old| &old.path).chain([&args.new]);
        images
            .chain(&args.release)
            .chain(&args.device)
            .chain(&args.keyset_chain)
            .map(PathBuf::as_path)
    };
    single_stdin(streams())?;
    // Above all, a package must not take the place of the key that signs it.
    let state = args.lms_key.as_deref().map(lms_state_path);
    let secrets = || {
        [&args.key]
            .into_iter()
            .chain(&args.password_file)
            .chain(&args.lms_key)
            .chain(&state)
            .map(PathBuf::as_path)
            .chain(args.audit.paths())
    };
    let inputs = || streams().chain(secrets());
    let target = Target::check(&args.out, inputs(), Existing::Replace, Access::Ordinary)?;
    let minisig = match args.minisig {
        true if is_stdin(&args.out) => {
            let reason = "the signature goes beside a file, and standard output is none".into();
            return Err(Error::BadValue {
                field: "minisig",
                value: "-".into(),
                reason,
            });
        }
        true => Some(Target::check(
            &with_suffix(&args.out, ".minisig"),
            inputs(),
            Existing::Replace,
            Access::Ordinary,
        )?),
        false => None,
    };
    let mut release = ReleaseSpec::new(args.merged_release()?)?;
    let profile = args.device.as_deref().map(read_profile).transpose()?;
    let old = args.read_old(&release)?;
    let new = Image::read(&args.new, args.input_format)?;
    release.approval = args.named_entry(&release, new.bytes())?;
    let log = args.audit.open()?;
    let password = PasswordSource::from_option(args.password_file.as_deref());
    let key = SigningKey::load(&args.key, &password)?;
    let lms_key = args.lms_key()?;

    let sources = old
        .iter()
        .map(|(version, image)| Source {
            version,
            bytes: image.bytes(),
        })
        .collect();
    let build_inputs = BuildInputs {
        release,
        sources,
        new: new.bytes(),
        codec: args.codec,
        ram: args.ram,
        told_address: same_address(old.iter().map(|(_, image)| image).chain([&new])),
        effort: args.effort,
        full: if args.with_full {
            FullImage::Always
        } else {
            FullImage::WhereSmaller
        },
        isa_mismatch: match args.allow_isa_mismatch {
            true => IsaMismatch::Allow,
            false => IsaMismatch::Refuse,
        },
        profile: profile.as_ref(),
        in_place: args.in_place,
        way_back: match args.with_reverse {
            true => WayBack::WithReverse,
            false => WayBack::Without,
        },
    };
    let mut steps = Steps::default();
    let chain = match &args.keyset_chain {
        Some(path) => {
            let store = TrustFile::decode(path, Pinned::read(path)?.bytes())?;
            store.chain(args.keyset_from.unwrap_or(1))?.0
        }
        None => Vec::new(),
    };
    let package = build_with_chain(&build_inputs, &chain, &key, &mut |step, done, total| {
        steps.show(step, done, total);
    })?;
    let package = match &lms_key {
        Some(key) => add_lms_signature(&package, key)?,
        None => package,
    };
    if args.simulate
        && let Some(profile) = &profile
    {
        let images = old.iter().map(|(_, image)| image.bytes());
        let any = old.is_empty().then_some(&[][..]);
        for bytes in images.chain(any) {
            let inputs = SimulationInputs {
                package: &package,
                profile,
                old: bytes,
                cuts: Cuts::default(),
                flaws: Flaws::default(),
                seed: 1,
            };
            let result = simulate(&inputs, &mut |step, done, total| {
                steps.show(step, done, total);
            })?;
            log.record(Action::Simulate, || {
                simulated(&package, profile, result.may_ship)
            })?;
            report::verdict(&result)?;
        }
    }
    drop(steps);
    for image in old.iter().map(|(_, image)| image).chain([&new]) {
        image.recheck()?;
    }
    let inspection = inspect(&package)?;
    let to_stdout = is_stdin(&args.out);
    // The signature is on the disk before the package gets its name, and gets its own after it: no failure leaves a
    // signature without its package.
    let minisig = match minisig {
        Some(minisig) => {
            let comment = TrustedComment::for_file(&args.out, sha256(&package))?;
            let signature = key.sign_detached(package.as_slice(), &comment)?;
            let failed = |e| OutputError::from_io(minisig.path(), e);
            let mut pending = minisig.clone().begin()?;
            pending
                .write_all(signature.as_bytes())
                .and_then(|()| pending.flush())
                .map_err(failed)?;
            Some(pending)
        }
        None => None,
    };
    if args.allow_isa_mismatch {
        let reason = Some("--allow-isa-mismatch".into());
        let subject = || {
            Ok(Subject {
                reason,
                ..Subject::of_package(&package)?
            })
        };
        log.record(Action::Override, subject)?;
    }
    log.record(Action::Build, || {
        Ok(Subject {
            signer: Some(key.key_id()),
            ..Subject::of_package(&package)?
        })
    })?;
    target.write(&package)?;
    if let Some(minisig) = minisig {
        minisig.commit()?;
    }
    match Format::from(args.json) {
        Format::Json if !to_stdout => print_json(&inspection),
        Format::Text if !to_stdout => print(&report::built(&inspection, &args.out)),
        // Standard output holds the package.
        _ => Ok(()),
    }
}

/// The address that the files of all images tell.
pub(super) fn same_address<'i>(mut images: impl Iterator<Item = &'i Image>) -> Option<u64> {
    let first = images.next()?.load_address()?;
    images
        .all(|image| image.load_address() == Some(first))
        .then_some(first)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
