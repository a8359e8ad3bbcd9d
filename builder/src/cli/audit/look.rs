//! Checking a log, and signing how far it goes.

use std::path::{Path, PathBuf};

use clap::Args;
use sprag_verifier::EXAMPLE_KEYS;

use super::{Writer, told};
use crate::audit::{AuditError, AuditLog, Chain, EntryRef, Head, Proof};
use crate::cli::print;
use crate::error::Error;
use crate::input::{Pinned, read_text, shown};
use crate::keys::{KeyError, VerifyingKey, minisign_id};
use crate::output::{Access, Existing, Target};

/// Check every entry of a log; with a head, that none is missing at its end
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag audit verify release.log --trust desk.pub --trust alice.pub --head elsewhere/release.head
  Whether a package was approved, by two keys at least:
  sprag audit verify release.log --trust alice.pub --trust bob.pub --package fw.sprag --approvals 2

A log alone cannot show that entries are missing at its end, or that all was written anew by
whoever holds its keys. A head that is kept elsewhere can, and so can a package that names an entry.
The package's own signature is not checked here; `sprag verify` does that.")]
pub(in crate::cli) struct VerifyArgs {
    /// Log
    #[arg(value_name = "LOG")]
    log: PathBuf,
    #[command(flatten)]
    trust: Trust,
    /// Signed head to hold the log against; may be repeated
    #[arg(long, value_name = "HEAD")]
    head: Vec<PathBuf>,
    /// Package that must have been approved in the log
    #[arg(long, value_name = "PKG")]
    package: Option<PathBuf>,
    /// Keys that must have approved it
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u64).range(1..),
        requires = "package"
    )]
    approvals: u64,
}

/// Check a log and sign how far it goes, to be kept where whoever writes the log cannot reach
#[derive(Debug, Args)]
pub(in crate::cli) struct HeadArgs {
    /// Log
    #[arg(value_name = "LOG")]
    log: PathBuf,
    /// Head to write
    #[arg(long, value_name = "HEAD")]
    out: PathBuf,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    writer: Writer,
}

/// Tell every entry in words; checks no signature
#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// Log
    #[arg(value_name = "LOG")]
    log: PathBuf,
}

#[derive(Debug, Args)]
struct Trust {
    /// Public key whose entries and heads count; may be repeated
    #[arg(long = "trust", value_name = "FILE.pub", required = true)]
    keys: Vec<PathBuf>,
    /// Accept the published keys of keys-example/, which anybody can sign with
    #[arg(long)]
    allow_example_keys: bool,
}

impl Trust {
    fn load(&self) -> Result<Vec<VerifyingKey>, Error> {
        let load = |path: &PathBuf| {
            let key = VerifyingKey::load(path)?;
            match EXAMPLE_KEYS.contains(&key.to_bytes()) && !self.allow_example_keys {
                true => Err(KeyError::Published { path: path.clone() }.into()),
                false => Ok(key),
            }
        };
        self.keys.iter().map(load).collect()
    }
}

pub(super) fn verify(args: &VerifyArgs) -> Result<(), Error> {
    let keys = args.trust.load()?;
    let chain = Chain::read(&AuditLog::read(&args.log)?, Some(&keys))?;
    let mut named = Vec::new();
    for path in &args.head {
        named.push(Head::open(path, &read_text(path)?, &keys)?.entry_ref());
    }
    let mut about_package = String::new();
    if let Some(path) = &args.package {
        let package = Pinned::read(path)?;
        // First whether it is the right log, so that a cut one is not taken for a missing approval.
        named.extend(EntryRef::of_package(package.bytes())?);
        chain.prove(&named)?;
        let approved = chain.approval(package.bytes(), args.approvals)?;
        let numbers: Vec<String> = approved.entries.iter().map(u64::to_string).collect();
        let by: Vec<String> = approved.keys.iter().map(|id| minisign_id(*id)).collect();
        about_package = format!(
            "{}: approved by key {} (entry {}){}\n",
            shown(path),
            by.join(", "),
            numbers.join(", "),
            match approved.named {
                Some(named) => format!("; it names entry {}", named.seq),
                None => String::new(),
            }
        );
    }
    let proof = chain.prove(&named)?;
    refuse_torn(&args.log, &chain)?;
    let log = shown(&args.log);
    let by: Vec<String> = chain.keys().into_iter().map(minisign_id).collect();
    let mut text = format!(
        "{log}: {} entries hold, by key {}\n",
        chain.len(),
        by.join(", ")
    );
    for number in chain.backward() {
        text.push_str(&format!(
            "warning: entry {number} has an earlier time than the one before it\n"
        ));
    }
    text.push_str(&proven(proof));
    print(&(text + &about_package))
}

fn proven(proof: Proof) -> String {
    match (proof.proven, proof.unproven) {
        (0, _) => "the end is unproven: nothing outside of the log says which entry is its last \
                   (--head)\n"
            .into(),
        (proven, 0) => format!("proven to its end: {proven} entries\n"),
        (proven, behind) => format!(
            "proven: the first {proven} entries; {behind} behind them are whole, and whether more followed is \
             unproven\n"
        ),
    }
}

pub(super) fn head(args: &HeadArgs) -> Result<(), Error> {
    let chain = Chain::read(&AuditLog::read(&args.log)?, Some(&args.trust.load()?))?;
    refuse_torn(&args.log, &chain)?;
    let inputs = [args.log.as_path(), &args.writer.key];
    let target = Target::check(&args.out, inputs, Existing::Replace, Access::Ordinary)?;
    let key = args.writer.key()?;
    let text = Head::seal(&args.log, &chain, &*key, args.writer.time())?;
    target.write(text.as_bytes())?;
    let (log, out) = (shown(&args.log), shown(&args.out));
    print(&format!("{out}: {log} has {} entries\n", chain.len()))
}

pub(super) fn show(args: &ShowArgs) -> Result<(), Error> {
    let chain = Chain::read(&AuditLog::read(&args.log)?, None)?;
    let entries: Vec<String> = chain.entries().iter().map(|e| told(&e.entry)).collect();
    print(&entries.concat())?;
    refuse_torn(&args.log, &chain)
}

fn refuse_torn(path: &Path, chain: &Chain) -> Result<(), Error> {
    match chain.torn() {
        0 => Ok(()),
        bytes => Err(AuditError::Torn {
            path: path.into(),
            entries: chain.len(),
            bytes,
        }
        .into()),
    }
}
