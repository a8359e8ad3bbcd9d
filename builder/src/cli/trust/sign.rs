//! Signing a version, looking at a store, and taking a version into a firmware.

use std::path::PathBuf;

use clap::Args;

use super::{named, read, signed, summary, write};
use crate::audit::{Action, Subject};
use crate::cli::audit::AuditArgs;
use crate::cli::holder::HolderArgs;
use crate::cli::print;
use crate::error::Error;
use crate::input::shown;
use crate::keys::{PasswordSource, SigningKey, VerifyingKey, minisign_id};
use crate::output::{Access, Existing, Target};
use crate::trust::describe_keyset;

/// Sign the last version with a root key, after telling what it changes
#[derive(Debug, Args)]
#[command(
    after_help = "A version is in force when enough root keys of the version before and enough of \
                  its own have signed."
)]
pub(in crate::cli) struct SignArgs {
    /// Trust store
    #[arg(value_name = "FILE.trust")]
    store: PathBuf,
    /// Root key: secret to sign here, public if a token or an agent holds the secret half
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// File whose first line is the key's password (else SPRAG_PASSWORD, else a prompt)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    holder: HolderArgs,
    #[command(flatten)]
    audit: AuditArgs,
}

/// Show every version: its keys, their roles, and who has signed
#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// Trust store
    #[arg(value_name = "FILE.trust")]
    store: PathBuf,
}

/// Check every version: refuse a store whose last version lacks signatures
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
    /// Trust store
    #[arg(value_name = "FILE.trust")]
    store: PathBuf,
}

/// Write a signed version as a firmware brings it along
#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// Trust store
    #[arg(value_name = "FILE.trust")]
    store: PathBuf,
    /// Key set to write
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Version [default: the last that is fully signed]
    #[arg(long, value_name = "N")]
    version: Option<u32>,
}

pub(super) fn sign(args: &SignArgs) -> Result<(), Error> {
    let mut store = read(&args.store)?;
    let log = args.audit.open()?;
    // A difference from a version that nobody vouches for says nothing.
    store.check_base()?;
    // Told before the key is opened, so that whoever types the password knows what for.
    print(&summary(&store)?)?;
    let key = if args.holder.is_given() {
        let key = VerifyingKey::load(&args.key)?;
        store.sign_with(&key, |message| args.holder.sign(&key, message))?;
        key.key_id()
    } else {
        let password = PasswordSource::from_option(args.password_file.as_deref());
        let key = SigningKey::load(&args.key, &password)?;
        store.sign(&key)?;
        key.key_id()
    };
    log.record(Action::Sign, || {
        Ok(Subject {
            signer: Some(key),
            keyset: Some(named(&store)?),
            ..Subject::default()
        })
    })?;
    write(&args.store, &store, Existing::Replace)?;
    let text = signed(&store.signatures(store.last())?);
    let id = minisign_id(key);
    print(&format!("\nsigned with key {id}\n{text}"))
}

pub(super) fn show(args: &ShowArgs) -> Result<(), Error> {
    let store = read(&args.store)?;
    let mut versions = Vec::new();
    for version in 1..=store.last() {
        let said = describe_keyset(&store.spec(version)?);
        versions.push(format!("{said}{}", signed(&store.signatures(version)?)));
    }
    print(&versions.join("\n"))
}

pub(super) fn verify(args: &VerifyArgs) -> Result<(), Error> {
    let store = read(&args.store)?;
    let last = store.last();
    (1..=last).try_for_each(|number| store.judge(number))?;
    let store = shown(&args.store);
    print(&format!("{store}: versions 1 to {last} are fully signed\n"))
}

pub(super) fn export(args: &ExportArgs) -> Result<(), Error> {
    let store = read(&args.store)?;
    let complete = store.last_complete();
    let version = args.version.unwrap_or(complete);
    if version > complete || version == 0 {
        let reason = format!("version {version} is not fully signed");
        return Err(Error::TrustChange { reason });
    }
    let inputs = [args.store.as_path()];
    let target = Target::check(&args.out, inputs, Existing::Replace, Access::Ordinary)?;
    target.write(store.keyset(version)?)?;
    Ok(())
}
