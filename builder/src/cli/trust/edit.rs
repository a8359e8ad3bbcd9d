//! Changes of a trust store. Each prints, in words, what is different from the version that is in force.

use core::cell::Cell;
use std::path::{Path, PathBuf};

use clap::Args;
use sprag_manifest::KeyId;

use super::{change, change_after, named, summary, write};
use crate::audit::{Action, Subject};
use crate::cli::audit::AuditArgs;
use crate::cli::{args, print};
use crate::error::Error;
use crate::keys::VerifyingKey;
use crate::output::Existing;
use crate::trust::{KeysetSpec, ReleaseRoleSpec, TrustFile};

/// Start a trust store: the first version of a key set, to be signed by its root keys
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag trust init --out acme.trust --name acme-fleet \\
    --root root1.pub --root root2.pub --root root3.pub --root-threshold 2 \\
    --release rel1.pub --release rel2.pub --release rel3.pub --release-threshold 2
  sprag trust sign acme.trust --key root1.key")]
pub(in crate::cli) struct InitArgs {
    /// Trust store to write; never overwrites
    #[arg(long, value_name = "FILE.trust")]
    out: PathBuf,
    /// Whose key set it is; stays the same in all versions
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Public key that signs key sets; may be repeated
    #[arg(long, value_name = "FILE.pub", required = true)]
    root: Vec<PathBuf>,
    /// Public key that signs releases; may be repeated
    #[arg(long, value_name = "FILE.pub", required = true)]
    release: Vec<PathBuf>,
    /// Root keys that must sign
    #[arg(long, value_name = "N", default_value_t = 1)]
    root_threshold: u32,
    /// Release keys that must sign
    #[arg(long, value_name = "N", default_value_t = 1)]
    release_threshold: u32,
}

/// Add a key to a role
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag trust add acme.trust --release rel4.pub
  A delegate, who signs alone, and for one product only:
  sprag trust add acme.trust --release partner.pub --product lamp --threshold 1")]
pub(in crate::cli) struct AddArgs {
    /// Trust store
    #[arg(value_name = "FILE.trust")]
    store: PathBuf,
    /// Public key to sign key sets; may be repeated
    #[arg(long, value_name = "FILE.pub")]
    root: Vec<PathBuf>,
    /// Public key to sign releases; may be repeated
    #[arg(long, value_name = "FILE.pub")]
    release: Vec<PathBuf>,
    /// Releases of this vendor alone
    #[arg(long, value_name = "NAME", requires = "release")]
    vendor: Option<String>,
    /// Releases for this product alone
    #[arg(long, value_name = "NAME", requires = "release")]
    product: Option<String>,
    /// Releases for none but these hardware revisions, separated by commas
    #[arg(long, value_name = "REV", value_delimiter = ',', requires = "release")]
    hardware: Vec<String>,
    /// Keys of the delegates' role that must sign
    #[arg(long, value_name = "N", requires = "release")]
    threshold: Option<u32>,
}

/// Take a key out of every role
#[derive(Debug, Args)]
pub(in crate::cli) struct RemoveArgs {
    /// Trust store
    #[arg(value_name = "FILE.trust")]
    store: PathBuf,
    /// Key, by its id or its public key file
    #[arg(value_name = "KEY")]
    key: String,
}

/// Take a key out of every role, for ever: no later version may list it
#[derive(Debug, Args)]
pub(in crate::cli) struct RevokeArgs {
    /// Trust store
    #[arg(value_name = "FILE.trust")]
    store: PathBuf,
    /// Key, by its id or its public key file
    #[arg(value_name = "KEY")]
    key: String,
    #[command(flatten)]
    audit: AuditArgs,
}

/// Put a new key in the place of an old one, in every role; without keys, only the version changes
#[derive(Debug, Args)]
pub(in crate::cli) struct RotateArgs {
    /// Trust store
    #[arg(value_name = "FILE.trust")]
    store: PathBuf,
    /// Key to go, by its id or its public key file
    #[arg(long, value_name = "KEY", requires = "new")]
    old: Option<String>,
    /// Public key to come
    #[arg(long, value_name = "FILE.pub", requires = "old")]
    new: Option<PathBuf>,
}

/// Change how many keys must sign
#[derive(Debug, Args)]
pub(in crate::cli) struct ThresholdArgs {
    /// Trust store
    #[arg(value_name = "FILE.trust")]
    store: PathBuf,
    /// Root keys that must sign
    #[arg(long, value_name = "N")]
    root: Option<u32>,
    /// Release keys that must sign
    #[arg(long, value_name = "N")]
    release: Option<u32>,
}

/// Bound what release keys can do: the numbers that they may give out, and until when
#[derive(Debug, Args)]
#[command(after_help = "A bound that is not given stays as it is; `none` lifts it.")]
pub(in crate::cli) struct LimitArgs {
    /// Trust store
    #[arg(value_name = "FILE.trust")]
    store: PathBuf,
    /// Lowest sequence number; a device above the highest is set back to one below it
    #[arg(long, value_name = "N", value_parser = bound)]
    min_sequence: Option<Bound>,
    /// Highest sequence number
    #[arg(long, value_name = "N", value_parser = bound)]
    max_sequence: Option<Bound>,
    /// Lowest security counter; a device above the highest is set back to it
    #[arg(long, value_name = "N", value_parser = bound)]
    min_security_counter: Option<Bound>,
    /// Highest security counter
    #[arg(long, value_name = "N", value_parser = bound)]
    max_security_counter: Option<Bound>,
    /// First second of Unix time in which the key set is valid
    #[arg(long, value_name = "SECONDS", value_parser = bound)]
    not_before: Option<Bound>,
    /// Last second of Unix time in which the key set is valid
    #[arg(long, value_name = "SECONDS", value_parser = bound)]
    not_after: Option<Bound>,
}

/// A bound, or that there is none.
#[derive(Clone, Copy, Debug)]
struct Bound(Option<u64>);

fn bound(text: &str) -> Result<Bound, String> {
    match text {
        "none" => Ok(Bound(None)),
        _ => args::number(text).map(|number| Bound(Some(number))),
    }
}

pub(super) fn init(args: &InitArgs) -> Result<(), Error> {
    let mut spec = KeysetSpec::new(&args.name);
    spec.root.threshold = args.root_threshold;
    spec.root.members = listed(&mut spec, &args.root)?;
    let members = listed(&mut spec, &args.release)?;
    if let Some(release) = spec.releases.first_mut() {
        release.role.threshold = args.release_threshold;
        release.role.members = members;
    }
    let store = TrustFile::new(&spec)?;
    write(&args.out, &store, Existing::Refuse)?;
    print(&summary(&store)?)
}

pub(super) fn add(args: &AddArgs) -> Result<(), Error> {
    if args.root.is_empty() && args.release.is_empty() {
        return Err(Error::MissingField { field: "release" });
    }
    change(&args.store, |spec| {
        let roots = listed(spec, &args.root)?;
        join(&mut spec.root.members, &roots);
        let members = listed(spec, &args.release)?;
        if members.is_empty() {
            return Ok(());
        }
        let mut wanted = ReleaseRoleSpec {
            vendor: args.vendor.clone(),
            product: args.product.clone(),
            hardware: args.hardware.clone(),
            ..ReleaseRoleSpec::default()
        };
        let same = |release: &&mut ReleaseRoleSpec| {
            (&release.vendor, &release.product, &release.hardware)
                == (&wanted.vendor, &wanted.product, &wanted.hardware)
        };
        match spec.releases.iter_mut().find(same) {
            Some(release) => {
                join(&mut release.role.members, &members);
                release.role.threshold = args.threshold.unwrap_or(release.role.threshold);
            }
            None => {
                wanted.role.threshold = args.threshold.unwrap_or(1);
                wanted.role.members = members;
                spec.releases.push(wanted);
            }
        }
        Ok(())
    })
}

pub(super) fn remove(args: &RemoveArgs) -> Result<(), Error> {
    change(&args.store, |spec| {
        let id = key_id(spec, &args.key)?;
        spec.remove(id).map(|_| ())
    })
}

pub(super) fn revoke(args: &RevokeArgs) -> Result<(), Error> {
    let log = args.audit.open()?;
    let revoked = Cell::new(None);
    let edit = |spec: &mut KeysetSpec| {
        let id = key_id(spec, &args.key)?;
        let key = spec.remove(id)?;
        spec.revoked.push(key);
        revoked.set(Some(id));
        Ok(())
    };
    change_after(&args.store, edit, |store| {
        log.record(Action::Revoke, || {
            Ok(Subject {
                revoked: revoked.get(),
                keyset: Some(named(store)?),
                ..Subject::default()
            })
        })
    })
}

pub(super) fn rotate(args: &RotateArgs) -> Result<(), Error> {
    change(&args.store, |spec| {
        let (Some(old), Some(new)) = (&args.old, &args.new) else {
            return Ok(());
        };
        let old = key_id(spec, old)?;
        let new = spec.list(&VerifyingKey::load(new)?)?;
        let releases = spec.releases.iter_mut().map(|release| &mut release.role);
        for role in releases.chain([&mut spec.root]) {
            for member in role.members.iter_mut().filter(|member| **member == old) {
                *member = new;
            }
        }
        spec.remove(old).map(|_| ())
    })
}

pub(super) fn threshold(args: &ThresholdArgs) -> Result<(), Error> {
    if args.root.is_none() && args.release.is_none() {
        return Err(Error::MissingField { field: "root" });
    }
    change(&args.store, |spec| {
        spec.root.threshold = args.root.unwrap_or(spec.root.threshold);
        let mut releases = spec.releases.iter_mut();
        if let Some(release) = releases.find(|release| release.is_unlimited()) {
            release.role.threshold = args.release.unwrap_or(release.role.threshold);
        }
        Ok(())
    })
}

pub(super) fn limit(args: &LimitArgs) -> Result<(), Error> {
    change(&args.store, |spec| {
        let bounds = [
            (&mut spec.sequences.min, args.min_sequence),
            (&mut spec.sequences.max, args.max_sequence),
            (&mut spec.security_counters.min, args.min_security_counter),
            (&mut spec.security_counters.max, args.max_security_counter),
            (&mut spec.validity.not_before, args.not_before),
            (&mut spec.validity.not_after, args.not_after),
        ];
        for (field, bound) in bounds {
            if let Some(Bound(value)) = bound {
                *field = value;
            }
        }
        let ranges = [
            ("sequence number", spec.sequences),
            ("security counter", spec.security_counters),
        ];
        for (name, range) in ranges {
            if range.max.is_some() && range.min.is_none() {
                let reason = format!(
                    "a highest {name} needs a lowest: devices above the one are set back to the other"
                );
                return Err(Error::TrustChange { reason });
            }
        }
        Ok(())
    })
}

/// Lists the keys of these files.
fn listed(spec: &mut KeysetSpec, paths: &[PathBuf]) -> Result<Vec<KeyId>, Error> {
    let mut ids = Vec::new();
    for path in paths {
        let id = spec.list(&VerifyingKey::load(path)?)?;
        join(&mut ids, &[id]);
    }
    Ok(ids)
}

/// Adds those that are not there.
fn join(members: &mut Vec<KeyId>, more: &[KeyId]) {
    for id in more {
        if !members.contains(id) {
            members.push(*id);
        }
    }
}

/// A key by its id, as it is shown, or by its file.
fn key_id(spec: &KeysetSpec, text: &str) -> Result<KeyId, Error> {
    let by_id = spec
        .keys
        .iter()
        .map(VerifyingKey::key_id)
        .find(|id| args::key_name(*id).eq_ignore_ascii_case(text));
    match by_id {
        Some(id) => Ok(id),
        None if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            let reason = format!("key {text} is not in the key set");
            Err(Error::TrustChange { reason })
        }
        None => Ok(VerifyingKey::load(Path::new(text))?.key_id()),
    }
}
