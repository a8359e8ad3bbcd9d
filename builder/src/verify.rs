//! Checks a whole package at a desk: signature, every hash, and, with a device, every binding.

use sprag_manifest::{
    Digest, Envelope, Header, Index, Item, KeyId, Manifest, ManifestView, Payload,
};
use sprag_verifier::{
    Device, Error as DeviceError, Intake, TrustAnchors, ValidityCheck, block_hash, check,
    intake_len, page_hash,
};

use crate::error::Error;
use crate::trust::authenticate;

/// A package that passed.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The key whose signature was accepted.
    pub signer: KeyId,
    /// SHA-256 of the manifest.
    pub manifest_digest: Digest,
    /// What became of the validity dates; `None` if no device was given.
    pub validity: Option<ValidityCheck>,
    /// The manifest.
    pub manifest: ManifestView,
    /// Blocks checked, of all payloads.
    pub blocks: u64,
}

/// Checks signature and bindings with the device code, then every page and block of every payload, and that
/// nothing follows.
///
/// # Errors
/// [`Error::Device`] with the first refusal.
pub fn verify(
    package: &[u8],
    trust: &TrustAnchors<'_>,
    device: Option<&Device<'_>>,
) -> Result<Verified, Error> {
    let mut buffer = vec![0; intake_len(sprag_manifest::MAX_ENVELOPE_LEN)];
    let intake = Intake::new(&mut buffer);
    let (authentic, head_len) = authenticate(intake, package, trust)?;
    let (signer, manifest_digest) = (authentic.signer(), authentic.digest());
    let view = ManifestView::from(authentic.manifest());
    let stored = package.get(head_len..).unwrap_or_default();
    let blocks = check_payloads(authentic.manifest(), stored, package)?;
    let validity = match device {
        Some(device) => Some(check(authentic, device)?.validity()),
        None => None,
    };
    Ok(Verified {
        signer,
        manifest_digest,
        validity,
        manifest: view,
        blocks,
    })
}

/// Checks the signature, and that nothing follows the package; no page or block is looked at. Returns the digest of
/// the manifest.
pub(crate) fn check_head(package: &[u8], trust: &TrustAnchors<'_>) -> Result<Digest, DeviceError> {
    let mut buffer = vec![0; intake_len(sprag_manifest::MAX_ENVELOPE_LEN)];
    let intake = Intake::new(&mut buffer);
    let manifest = authenticate(intake, package, trust)?.0.digest();
    let (declared, found) = (Header::decode(package)?.package_len(), wide(package.len()));
    match declared {
        Some(declared) if declared < found => Err(DeviceError::StreamEnd {
            package: declared,
            found,
        }),
        _ => Ok(manifest),
    }
}

/// The manifest of a package, before anybody has checked its signature.
pub(crate) fn manifest_of(package: &[u8]) -> Result<Manifest<'_>, DeviceError> {
    Ok(Manifest::decode(manifest_bytes(package)?)?)
}

/// The same, encoded.
pub(crate) fn manifest_bytes(package: &[u8]) -> Result<&[u8], DeviceError> {
    let header = Header::decode(package)?;
    let start = usize::try_from(header.envelope_offset()).unwrap_or(usize::MAX);
    let end = usize::try_from(header.payloads_offset()).unwrap_or(usize::MAX);
    let envelope = Envelope::decode(package.get(start..end).unwrap_or_default())?;
    Ok(envelope.manifest_bytes())
}

pub(crate) fn truncated(package: &[u8]) -> DeviceError {
    let len = u64::try_from(package.len()).unwrap_or(u64::MAX);
    DeviceError::StreamGap {
        wanted: len,
        found: len,
    }
}

/// Hashes every part of every payload; returns the number of blocks.
fn check_payloads(
    manifest: &Manifest<'_>,
    stored: &[u8],
    package: &[u8],
) -> Result<u64, DeviceError> {
    let mut rest = stored;
    let mut blocks = 0;
    for (number, payload) in (0_u32..).zip(manifest.payloads.iter()) {
        let len = usize::try_from(Index::new(&payload).stored_len()).unwrap_or(usize::MAX);
        let (bytes, behind) = rest.split_at_checked(len).ok_or(truncated(package))?;
        rest = behind;
        match bad_parts(number, &payload, bytes).next() {
            Some(Item::Page(page)) => return Err(DeviceError::PageHash { page }),
            Some(Item::Block(block)) => return Err(DeviceError::BlockHash { block }),
            None => blocks += u64::from(Index::new(&payload).block_count()),
        }
    }
    if rest.is_empty() {
        return Ok(blocks);
    }
    let len = u64::try_from(package.len()).unwrap_or(u64::MAX);
    let extra = u64::try_from(rest.len()).unwrap_or(u64::MAX);
    Err(DeviceError::StreamEnd {
        package: len - extra,
        found: len,
    })
}

/// The parts of a stored payload that do not have the hash they should, in order. Behind a wrong page nothing can
/// be told, so the search ends there; and it ends with the bytes, whatever length the payload states.
pub(crate) fn bad_parts<'a>(
    number: u32,
    payload: &Payload,
    stored: &'a [u8],
) -> impl Iterator<Item = Item> + 'a {
    let index = Index::new(payload);
    let mut expected_page = payload.root;
    let root = payload.root;
    let mut page: &[u8] = &[];
    let mut ended = false;
    let entry = |page: &[u8], offset: Option<u32>| {
        let offset = usize::try_from(offset?).ok()?;
        page.get(offset..)?.first_chunk().map(|hash| Digest(*hash))
    };
    let there = wide(stored.len());
    let items = index
        .items()
        .take_while(move |placed| placed.end() <= there);
    items.filter_map(move |placed| {
        if ended {
            return None;
        }
        let start = usize::try_from(placed.offset).unwrap_or(usize::MAX);
        let end = usize::try_from(placed.end()).unwrap_or(usize::MAX);
        let bytes = stored.get(start..end).unwrap_or_default();
        let good = match placed.item {
            Item::Page(k) => {
                let good = page_hash(number, k, bytes) == expected_page;
                page = bytes;
                ended = !good;
                expected_page = entry(page, index.next_page_hash_offset(k)).unwrap_or(root);
                good
            }
            Item::Block(i) => {
                let expected = match index.page_count() {
                    0 => Some(root),
                    _ => entry(page, index.block_hash_offset(i)),
                };
                expected == Some(block_hash(number, i, bytes))
            }
        };
        (!good).then_some(placed.item)
    })
}

fn wide(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
