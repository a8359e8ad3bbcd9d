//! `sprag audit`.

mod look;
mod note;
mod record;

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub(super) use self::record::{AuditArgs, Recorder};
use super::holder::HolderArgs;
use crate::audit::{Entry, Subject, now};
use crate::error::Error;
use crate::holder::Signer;
use crate::keys::{PasswordSource, SigningKey, VerifyingKey, minisign_id};
use crate::printable::printable;

/// Keep a log of who built, simulated, signed, approved, revoked and overrode what, and check it
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    Init(note::InitArgs),
    Approve(note::ApproveArgs),
    Revoke(note::RevokeArgs),
    Override(note::OverrideArgs),
    Repair(note::RepairArgs),
    Head(look::HeadArgs),
    Verify(look::VerifyArgs),
    Show(look::ShowArgs),
}

pub(super) fn run(command: &AuditCommand) -> Result<(), Error> {
    match command {
        AuditCommand::Init(args) => note::init(args),
        AuditCommand::Approve(args) => note::approve(args),
        AuditCommand::Revoke(args) => note::revoke(args),
        AuditCommand::Override(args) => note::overridden(args),
        AuditCommand::Repair(args) => note::repair(args),
        AuditCommand::Head(args) => look::head(args),
        AuditCommand::Verify(args) => look::verify(args),
        AuditCommand::Show(args) => look::show(args),
    }
}

/// Who writes, and when.
#[derive(Debug, Args)]
struct Writer {
    /// Key that signs, of a person or a machine, and for logs alone: secret, or public if a token or an agent holds the
    /// secret half
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Time, in seconds of Unix time [default: this machine's clock]
    #[arg(long, value_name = "SECONDS")]
    time: Option<u64>,
    /// File whose first line is the key's password (else SPRAG_PASSWORD, else a prompt)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    holder: HolderArgs,
}

impl Writer {
    fn key(&self) -> Result<Box<dyn Signer>, Error> {
        if self.holder.is_given() {
            return Ok(Box::new(self.holder.held(VerifyingKey::load(&self.key)?)));
        }
        let password = PasswordSource::from_option(self.password_file.as_deref());
        Ok(Box::new(SigningKey::load(&self.key, &password)?))
    }

    fn time(&self) -> u64 {
        self.time.unwrap_or_else(now)
    }
}

/// An entry in words: one line, and what it is about indented under it.
fn told(entry: &Entry) -> String {
    let date = crate::explain::date(entry.time);
    let key = minisign_id(entry.key);
    let head = format!("{} {} by key {key}, {date}\n", entry.seq, entry.action);
    head + &about(&entry.subject)
}

/// What an entry is about, a line for each fact. Texts are from a file that anybody may have written.
fn about(subject: &Subject) -> String {
    let mut lines = Vec::new();
    let mut say = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            lines.push(format!("  {name}: {}\n", printable(&value)));
        }
    };
    let joined = |parts: &[String]| (!parts.is_empty()).then(|| parts.join(" "));
    say("vendor", subject.vendor.clone());
    say("product", subject.product.clone());
    say("hardware", joined(&subject.hardware));
    for (name, image) in subject
        .new
        .iter()
        .map(|image| ("new", image))
        .chain(subject.old.iter().map(|image| ("old", image)))
    {
        say(name, Some(format!("{} {}", image.version, image.sha256)));
    }
    say("sequence", subject.sequence.map(|n| n.to_string()));
    say(
        "security counter",
        subject.security_counter.map(|n| n.to_string()),
    );
    say("manifest", subject.manifest.map(|d| d.to_string()));
    say("package", subject.package.map(|d| d.to_string()));
    let keyset = subject.keyset.as_ref();
    say(
        "key set",
        keyset.map(|set| format!("{} version {} {}", set.name, set.version, set.sha256)),
    );
    say("signed by key", subject.signer.map(minisign_id));
    say("revoked key", subject.revoked.map(minisign_id));
    say("device profile", subject.device.map(|d| d.to_string()));
    say(
        "verdict",
        subject.may_ship.map(|may| match may {
            true => "may ship".into(),
            false => "must not ship".into(),
        }),
    );
    say("reason", subject.reason.clone());
    let torn = subject.torn.as_ref();
    say(
        "torn",
        torn.map(|tail| format!("{} bytes {}", tail.bytes, tail.sha256)),
    );
    lines.concat()
}
