//! `sprag trust`.

mod edit;
mod sign;

use std::path::Path;

use clap::Subcommand;

use super::print;
use crate::audit::KeysetName;
use crate::digest::sha256;
use crate::error::Error;
use crate::input::Pinned;
use crate::keys::minisign_id;
use crate::output::{Access, Existing, Target};
use crate::trust::{KeysetSpec, Signatures, TrustFile, changes};

/// Look after a trust store: which keys may sign what, how many of them must, version by version
#[derive(Debug, Subcommand)]
pub(super) enum TrustCommand {
    Init(edit::InitArgs),
    Add(edit::AddArgs),
    Remove(edit::RemoveArgs),
    Revoke(edit::RevokeArgs),
    Rotate(edit::RotateArgs),
    Threshold(edit::ThresholdArgs),
    Limit(edit::LimitArgs),
    Sign(sign::SignArgs),
    Show(sign::ShowArgs),
    Verify(sign::VerifyArgs),
    Export(sign::ExportArgs),
}

pub(super) fn run(command: &TrustCommand) -> Result<(), Error> {
    match command {
        TrustCommand::Init(args) => edit::init(args),
        TrustCommand::Add(args) => edit::add(args),
        TrustCommand::Remove(args) => edit::remove(args),
        TrustCommand::Revoke(args) => edit::revoke(args),
        TrustCommand::Rotate(args) => edit::rotate(args),
        TrustCommand::Threshold(args) => edit::threshold(args),
        TrustCommand::Limit(args) => edit::limit(args),
        TrustCommand::Sign(args) => sign::sign(args),
        TrustCommand::Show(args) => sign::show(args),
        TrustCommand::Verify(args) => sign::verify(args),
        TrustCommand::Export(args) => sign::export(args),
    }
}

fn read(path: &Path) -> Result<TrustFile, Error> {
    TrustFile::decode(path, Pinned::read(path)?.bytes())
}

fn write(path: &Path, store: &TrustFile, existing: Existing) -> Result<(), Error> {
    let none: [&Path; 0] = [];
    let target = Target::check(path, none, existing, Access::Ordinary)?;
    target.write(&store.encode()?)?;
    Ok(())
}

/// Changes the last version, or a copy of it where all have signed that; prints what is different.
fn change(
    path: &Path,
    edit: impl FnOnce(&mut KeysetSpec) -> Result<(), Error>,
) -> Result<(), Error> {
    change_after(path, edit, |_| Ok(()))
}

/// The same; `before` is called with what is to be written, before it is.
fn change_after(
    path: &Path,
    edit: impl FnOnce(&mut KeysetSpec) -> Result<(), Error>,
    before: impl FnOnce(&TrustFile) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut store = read(path)?;
    let mut spec = store.spec(store.last())?;
    edit(&mut spec)?;
    store.change(&spec)?;
    before(&store)?;
    write(path, &store, Existing::Replace)?;
    print(&summary(&store)?)
}

/// The last version, as an audit log names it.
fn named(store: &TrustFile) -> Result<KeysetName, Error> {
    let version = store.last();
    Ok(KeysetName {
        name: store.spec(version)?.name,
        version,
        sha256: sha256(store.keyset(version)?),
    })
}

/// What the last version changes, and whose signatures it lacks.
fn summary(store: &TrustFile) -> Result<String, Error> {
    let last = store.last();
    let new = store.spec(last)?;
    let old = match last {
        1 => None,
        _ => Some(store.spec(last - 1)?),
    };
    let mut text = match &old {
        None => "first version\n".into(),
        Some(old) => format!("{}, version {} to {last}\n", new.name, old.version),
    };
    for line in changes(old.as_ref(), &new) {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str(&format!(
        "SHA-256 of the key set: {}\n",
        sha256(store.keyset(last)?)
    ));
    text.push_str(&signed(&store.signatures(last)?));
    Ok(text)
}

/// Who has signed, and how many must.
fn signed(signatures: &Signatures) -> String {
    let of = |name: &str, (keys, threshold): &(Vec<_>, u32)| {
        let names: Vec<String> = keys.iter().map(|id| minisign_id(*id)).collect();
        let by = match names.is_empty() {
            true => String::new(),
            false => format!(": {}", names.join(" ")),
        };
        format!("{name} {} of {threshold}{by}\n", keys.len())
    };
    let mut text = String::new();
    if let Some(before) = &signatures.before {
        text.push_str(&of("signed by root keys of the version before:", before));
    }
    text.push_str(&of("signed by its own root keys:", &signatures.own));
    if !signatures.is_complete() {
        text.push_str("not in force yet: sign it with `sprag trust sign`\n");
    }
    text
}
