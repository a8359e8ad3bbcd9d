//! `sprag attack`.

use core::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sprag_manifest::Digest;
use sprag_verifier::EXAMPLE_KEYS;

use super::args::{TrustArgs, key_name};
use super::{Format, Steps, print, print_json};
use crate::attack::{Chunks, Desk, Matrix, Parts, Setting, corpus};
use crate::container::InputFormat;
use crate::digest::sha256;
use crate::error::Error;
use crate::input::{Image, Pinned, single_stdin};
use crate::inspect::SCHEMA;
use crate::keys::{PasswordSource, SigningKey};
use crate::profile::{device_of_class, intended_device, intended_flash, read_profile};
use crate::verify::manifest_of;

/// Attack a package: some hundred hostile variants of it, run against the device code; none may come through
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag attack fw.sprag --trust test.pub --key test.key --old fw-1.5.1.bin --any-key
  sprag attack fw.sprag --trust keys-example/example-release.pub --allow-example-keys \\
      --key keys-example/example-release.key --old fw-1.5.1.bin

Sign the package with a key for tests: what is malformed under a signature is signed anew with --key, and no
device of yours may ever trust such a key. Exit code 0: every attack was refused, or led to the very same
image where it may. 9: one came through.")]
pub(super) struct AttackArgs {
    /// Package (`-` reads standard input)
    #[arg(value_name = "PKG")]
    package: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// Secret key that signed the package, and signs its hostile variants
    #[arg(long, value_name = "FILE.key")]
    key: PathBuf,
    /// File whose first line is the key's password (else SPRAG_PASSWORD, else a prompt)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Take another key than the published ones of keys-example/: no device trusts it
    #[arg(long)]
    any_key: bool,
    /// Image that the device runs; not needed for a package with a full image
    #[arg(long, value_name = "PATH")]
    old: Option<PathBuf>,
    /// Device to attack; without one, the device the package names
    #[arg(long, value_name = "profile.toml")]
    device: Option<PathBuf>,
    /// Packages with a bit flipped, cut short, or with a byte too many or too few, spread over it
    #[arg(long, value_name = "N", default_value_t = 1000)]
    damaged: usize,
    /// Streams with a byte changed, indexed and signed
    #[arg(long, value_name = "N", default_value_t = 100)]
    hostile_streams: u32,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Serialize)]
struct AttackReport<'m> {
    schema: u32,
    package_sha256: Digest,
    withstood: bool,
    attacks: u64,
    #[serde(flatten)]
    matrix: &'m Matrix,
}

pub(super) fn run(args: &AttackArgs) -> Result<(), Error> {
    let streams = [&args.package]
        .into_iter()
        .chain(&args.old)
        .chain(&args.device);
    single_stdin(streams.map(PathBuf::as_path))?;
    let mut trust = args.trust.load()?;
    let profile = args.device.as_deref().map(read_profile).transpose()?;
    let package = Pinned::read(&args.package)?;
    let old = args
        .old
        .as_deref()
        .map(|path| Image::read(path, InputFormat::Auto))
        .transpose()?;
    let old = old.as_ref().map_or(&[][..], Image::bytes);
    let password = PasswordSource::from_option(args.password_file.as_deref());
    let key = SigningKey::load(&args.key, &password)?;
    check_key(&key, args.any_key)?;

    let manifest = manifest_of(package.bytes())?;
    trust.follow(package.bytes(), None)?;
    let device = match &profile {
        Some(profile) => device_of_class(profile, &manifest),
        None => intended_device(&manifest, None),
    };
    let given = profile.as_ref().and_then(|profile| profile.flash);
    let flash =
        given.unwrap_or_else(|| intended_flash(&manifest, old.len(), package.bytes().len()));
    let ram = profile.as_ref().map_or(u32::MAX, |profile| profile.ram);
    let setting = Setting::of(&device, &trust.anchors(), flash, ram)
        .changed("the package's", |setting| {
            setting.keyset = trust.keyset_text();
        })
        .running("the package's", old.to_vec());
    check_signer(package.bytes(), &key, &setting)?;
    let cases = corpus(
        package.bytes(),
        &key,
        &setting,
        args.hostile_streams,
        args.damaged,
    )?;
    let mut steps = Steps::default();
    let matrix = Matrix::run(package.bytes(), &setting, &cases, &mut |done, total| {
        steps.show("attacking", done, total);
    })?;
    drop(steps);
    let report = AttackReport {
        schema: SCHEMA,
        package_sha256: Digest(sha256(package.bytes()).0),
        withstood: matrix.failures.is_empty(),
        attacks: matrix.attacks(),
        matrix: &matrix,
    };
    match Format::from(args.json) {
        Format::Json => print_json(&report)?,
        Format::Text => print(&text(&matrix))?,
    }
    match matrix.failures.first() {
        None => Ok(()),
        Some(first) => Err(Error::Gate {
            reason: format!("the attack {} came through: {}", first.attack, first.found),
        }),
    }
}

/// A key that signs hostile packages is one that no device trusts.
fn check_key(key: &SigningKey, any_key: bool) -> Result<(), Error> {
    let public = key.verifying_key();
    if any_key || EXAMPLE_KEYS.contains(&public.to_bytes()) {
        return Ok(());
    }
    Err(Error::BadValue {
        field: "key",
        value: key_name(public.key_id()),
        reason: "not a published example key; --any-key says that no device trusts it".into(),
    })
}

/// What `--key` signs is what the device takes: else every refusal would be one of the key, and of nothing that is
/// attacked.
fn check_signer(package: &[u8], key: &SigningKey, setting: &Setting) -> Result<(), Error> {
    Desk::new(setting)?.offer(package, Chunks::Whole).result?;
    let parts = Parts::of(package)?;
    let again = parts.signed(&parts.manifest, key);
    match Desk::new(setting)?.offer(&again, Chunks::Whole).result {
        Ok(_) => Ok(()),
        Err(e) => Err(Error::BadValue {
            field: "key",
            value: key_name(key.key_id()),
            reason: format!(
                "--key alone does not satisfy --trust: signed anew by it, the package is refused with {}",
                e.code()
            ),
        }),
    }
}

/// Rows line up; what came through stands below.
fn text(matrix: &Matrix) -> String {
    let mut text = String::new();
    let head = [
        "layer",
        "attacks",
        "refused",
        "identical",
        "other code",
        "came through",
    ];
    let [layer, rest @ ..] = head;
    let _ = write!(text, "{layer:<14}");
    for title in rest {
        let _ = write!(text, "  {title:>9}");
    }
    text.push('\n');
    let mut sums = [0; 5];
    for row in &matrix.layers {
        let numbers = [
            row.attacks,
            row.refused,
            row.identical,
            row.other_code,
            row.failed,
        ];
        line(&mut text, &row.layer.to_string(), rest, numbers);
        for (sum, number) in sums.iter_mut().zip(numbers) {
            *sum += number;
        }
    }
    line(&mut text, "in all", rest, sums);
    for finding in &matrix.failures {
        let (name, why, found) = (&finding.attack, &finding.why, &finding.found);
        let _ = writeln!(text, "CAME THROUGH  {name} ({why}): {found}");
    }
    let (offered, erases) = (matrix.offered_in_turn, matrix.most_erases);
    let verdict = if matrix.failures.is_empty() {
        "withstood"
    } else {
        "NOT WITHSTOOD"
    };
    let _ = writeln!(
        text,
        "one device, offered {offered} of them in turn, then took the good package; most erases of a sector: {erases}\n{verdict}"
    );
    text
}

fn line(text: &mut String, name: &str, titles: [&str; 5], numbers: [u64; 5]) {
    let _ = write!(text, "{name:<14}");
    for (title, number) in titles.iter().zip(numbers) {
        let width = title.len().max(9);
        let _ = write!(text, "  {number:>width$}");
    }
    text.push('\n');
}
