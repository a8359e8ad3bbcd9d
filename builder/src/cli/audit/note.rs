//! What people write into a log themselves.

use std::path::PathBuf;

use clap::Args;

use super::{Writer, about, told};
use crate::audit::{Action, AuditLog, ImageName, Repaired, Subject};
use crate::cli::print;
use crate::error::Error;
use crate::input::{Image, Pinned, shown};
use crate::release::checked_name;

/// Begin a log; never overwrites
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag audit init release.log --key desk.key
  sprag build ... --audit release.log --audit-key desk.key
  export SPRAG_AUDIT=release.log SPRAG_AUDIT_KEY=desk.key")]
pub(in crate::cli) struct InitArgs {
    /// Log to begin
    #[arg(value_name = "LOG")]
    log: PathBuf,
    #[command(flatten)]
    writer: Writer,
}

/// Approve a package, or an image that is to be packed, after telling what it is
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag audit approve release.log --key alice.key --package fw.sprag
  An image before it is packed, so that the package can name the entry (`sprag build --approval N`):
  sprag audit approve release.log --key alice.key --new fw.bin --new-version 1.5.2 \\
    --vendor acme --product gateway")]
pub(in crate::cli) struct ApproveArgs {
    #[command(flatten)]
    note: Note,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: Option<String>,
}

/// Withdraw the approvals of a package or an image
#[derive(Debug, Args)]
pub(in crate::cli) struct RevokeArgs {
    #[command(flatten)]
    note: Note,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
}

/// Say that a check was passed over for a package, and why
#[derive(Debug, Args)]
pub(in crate::cli) struct OverrideArgs {
    #[command(flatten)]
    note: Note,
    /// Which check, and why
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
}

/// Make the end of a log whole again after a power cut; the torn bytes are kept
#[derive(Debug, Args)]
pub(in crate::cli) struct RepairArgs {
    /// Log
    #[arg(value_name = "LOG")]
    log: PathBuf,
    #[command(flatten)]
    writer: Writer,
}

#[derive(Debug, Args)]
struct Note {
    /// Log
    #[arg(value_name = "LOG")]
    log: PathBuf,
    #[command(flatten)]
    writer: Writer,
    /// Package; its manifest is what counts, whoever signs it
    #[arg(
        long,
        value_name = "PKG",
        required_unless_present = "new",
        conflicts_with = "new"
    )]
    package: Option<PathBuf>,
    /// New image, for a package that is not built yet
    #[arg(long, value_name = "PATH", requires_all = ["new_version", "vendor", "product"])]
    new: Option<PathBuf>,
    /// Its version
    #[arg(long, value_name = "VERSION", requires = "new")]
    new_version: Option<String>,
    /// Who made the device
    #[arg(long, value_name = "NAME", requires = "new")]
    vendor: Option<String>,
    /// What kind of device it is
    #[arg(long, value_name = "NAME", requires = "new")]
    product: Option<String>,
    /// Hardware revisions, separated by commas [default: all]
    #[arg(long, value_name = "REV", value_delimiter = ',', requires = "new")]
    hardware: Vec<String>,
}

impl Note {
    fn subject(&self) -> Result<Subject, Error> {
        if let Some(path) = &self.package {
            return Subject::of_package(Pinned::read(path)?.bytes());
        }
        let (Some(path), Some(version)) = (&self.new, &self.new_version) else {
            return Err(Error::MissingField { field: "package" });
        };
        let image = Image::read(path, crate::container::InputFormat::Auto)?;
        let name = |field, value: &Option<String>| {
            let value = value.clone().ok_or(Error::MissingField { field })?;
            checked_name(field, value)
        };
        Ok(Subject {
            vendor: Some(name("vendor", &self.vendor)?),
            product: Some(name("product", &self.product)?),
            hardware: self.hardware.clone(),
            new: Some(ImageName {
                version: checked_name("new-version", version.clone())?,
                sha256: crate::digest::sha256(image.bytes()),
            }),
            ..Subject::default()
        })
    }

    fn write(&self, action: Action, reason: Option<&String>) -> Result<(), Error> {
        let subject = Subject {
            reason: reason.cloned(),
            ..self.subject()?
        };
        // Told before the key is opened, so that whoever types the password knows what for.
        print(&format!("{action}\n{}", about(&subject)))?;
        let (key, time) = (self.writer.key()?, self.writer.time());
        let log = AuditLog::open(&self.log)?;
        let withdrawn = match action {
            Action::Revoke => log.chain().withdrawn_by(&subject)?,
            _ => Vec::new(),
        };
        let listed = log.append(action, subject, &*key, time)?;
        let numbers: Vec<String> = withdrawn.iter().map(u64::to_string).collect();
        let withdraws = match numbers.is_empty() {
            true => String::new(),
            false => format!(" withdraws entry {}", numbers.join(", ")),
        };
        let log = shown(&self.log);
        print(&format!("{log}: entry {}{withdraws}\n", listed.entry.seq))
    }
}

/// A reason: one line of text.
fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say why".into()),
        said if said.len() > MAX_REASON || said.chars().any(char::is_control) => {
            Err(format!("at most {MAX_REASON} bytes, on one line"))
        }
        said => Ok(said.into()),
    }
}

pub(super) fn init(args: &InitArgs) -> Result<(), Error> {
    let (key, time) = (args.writer.key()?, args.writer.time());
    let listed = AuditLog::create(&args.log, &*key, time)?;
    print(&told(&listed.entry))
}

pub(super) fn approve(args: &ApproveArgs) -> Result<(), Error> {
    args.note.write(Action::Approve, args.reason.as_ref())
}

pub(super) fn revoke(args: &RevokeArgs) -> Result<(), Error> {
    args.note.write(Action::Revoke, Some(&args.reason))
}

pub(super) fn overridden(args: &OverrideArgs) -> Result<(), Error> {
    args.note.write(Action::Override, Some(&args.reason))
}

pub(super) fn repair(args: &RepairArgs) -> Result<(), Error> {
    let (key, time) = (args.writer.key()?, args.writer.time());
    let log = shown(&args.log);
    let said = match AuditLog::open(&args.log)?.repair(&*key, time)? {
        Repaired::Nothing => format!("{log}: nothing to repair\n"),
        Repaired::LineEnd => format!("{log}: the last entry was whole but for its line's end\n"),
        Repaired::Kept { path, bytes } => {
            format!("{log}: {bytes} torn bytes are kept in {}\n", shown(&path))
        }
    };
    print(&said)
}

/// Bytes of a reason.
const MAX_REASON: usize = 500;
