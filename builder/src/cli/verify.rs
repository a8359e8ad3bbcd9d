//! `sprag verify`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sprag_manifest::{Digest, KeyId, ManifestView};
use sprag_verifier::ValidityCheck;

use super::args::{TrustArgs, key_name};
use super::{Format, print, print_json, report};
use crate::error::Error;
use crate::input::{Pinned, read_text};
use crate::inspect::{HSS_LMS, SCHEMA, inspect};
use crate::keys::{VerifyingKey, verify_detached};
use crate::profile::{device, read_profile};
use crate::verify::verify;

/// Check a package: signature, every hash, and with --device every binding
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag verify fw.sprag --trust release.pub
  sprag verify fw.sprag --trust release.pub --device gateway-r2.toml
  sprag verify fw.sprag --trust release.pub --minisig fw.sprag.minisig")]
pub(super) struct VerifyArgs {
    /// Package (`-` reads standard input)
    #[arg(value_name = "PKG")]
    package: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// Device to check the bindings against; without one they are printed as not checked
    #[arg(long, value_name = "profile.toml")]
    device: Option<PathBuf>,
    /// Detached minisign signature to check as well
    #[arg(long, value_name = "FILE.minisig")]
    minisig: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Serialize)]
struct VerifyReport {
    schema: u32,
    verified: bool,
    /// The version of the key set that the signatures were judged by; absent without a trust store.
    #[serde(skip_serializing_if = "Option::is_none")]
    keyset_version: Option<u32>,
    signer: KeyId,
    signer_minisign_id: String,
    manifest_sha256: Digest,
    blocks: u64,
    bindings_checked: bool,
    validity: &'static str,
    minisig_trusted_comment: Option<String>,
    /// What became of signatures by HSS-LMS; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    lms: Option<&'static str>,
    manifest: ManifestView,
}

pub(super) fn run(args: &VerifyArgs) -> Result<(), Error> {
    let mut trust = args.trust.load()?;
    let profile = args.device.as_deref().map(read_profile).transpose()?;
    let package = Pinned::read(&args.package)?;
    let described = profile.as_ref().map(device);
    let now = described.as_ref().and_then(|device| device.now);
    let followed = trust.follow(package.bytes(), now)?;
    let verified = verify(package.bytes(), &trust.anchors(), described.as_ref())?;
    let minisig_trusted_comment = match &args.minisig {
        Some(path) => Some(check_minisig(args, &read_text(path)?, package.bytes())?),
        None => None,
    };
    let result = VerifyReport {
        schema: SCHEMA,
        verified: true,
        keyset_version: followed.as_ref().map(|followed| followed.version),
        signer: verified.signer,
        signer_minisign_id: key_name(verified.signer),
        manifest_sha256: verified.manifest_digest,
        blocks: verified.blocks,
        bindings_checked: profile.is_some(),
        validity: match verified.validity {
            None => "not checked",
            Some(ValidityCheck::None) => "none stated",
            Some(ValidityCheck::Checked) => "checked",
            Some(_) => "not judged: no trusted clock",
        },
        minisig_trusted_comment,
        lms: has_lms_signature(package.bytes())?.then_some("not checked"),
        manifest: verified.manifest,
    };
    match Format::from(args.json) {
        Format::Json => print_json(&result),
        Format::Text => {
            let comment = result.minisig_trusted_comment.as_deref();
            print(&report::verified(
                &result.manifest,
                &result.signer_minisign_id,
                result.blocks,
                result.bindings_checked,
                result.validity,
                comment,
                result.lms.is_some(),
            ))
        }
    }
}

fn has_lms_signature(package: &[u8]) -> Result<bool, Error> {
    let mut signatures = inspect(package)?.signatures.into_iter();
    Ok(signatures.any(|signature| signature.algorithm == HSS_LMS))
}

/// The trusted comment of a detached signature by one of the trusted keys.
fn check_minisig(args: &VerifyArgs, signature: &str, package: &[u8]) -> Result<String, Error> {
    let mut refusal = None;
    for path in args.trust.paths() {
        let key = VerifyingKey::load(path)?;
        match verify_detached(&key, signature, package) {
            Ok(detached) => return Ok(detached.trusted_comment().into()),
            Err(e) => refusal = refusal.or(Some(e)),
        }
    }
    Err(refusal.map_or(Error::MissingField { field: "trust" }, Error::Key))
}
