//! What a package says of itself. Trusts nothing: the signature is not checked, and said not to be.

mod stream;

use serde::{Deserialize, Serialize};
use sprag_manifest::{
    Algorithm, Codec, Digest, Envelope, Header, ImageView, Index, Item, KeyId, Manifest,
    ManifestView,
};
use sprag_verifier::Error as DeviceError;

use crate::digest::sha256;
use crate::error::Error;
use crate::verify::bad_parts;
pub use stream::{SegmentView, StreamInspection};

/// Version of the JSON that `--json` prints.
pub const SCHEMA: u32 = 1;

/// The name of HSS-LMS in [`SignatureView::algorithm`] (RFC 8778).
pub(crate) const HSS_LMS: &str = "HSS-LMS";

/// Everything that can be read from a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspection {
    /// Version of this JSON object.
    pub schema: u32,
    /// Bytes of the file.
    pub package_bytes: u64,
    /// SHA-256 of the file, as `sha256sum` prints it.
    pub package_sha256: Digest,
    /// Bytes of the header.
    pub header_bytes: u64,
    /// Bytes of the envelope, manifest and signatures included.
    pub envelope_bytes: u64,
    /// Bytes of the manifest.
    pub manifest_bytes: u64,
    /// Offset of the manifest in the file.
    pub manifest_offset: u64,
    /// SHA-256 of the manifest's bytes: the identity of the package on a device.
    pub manifest_sha256: Digest,
    /// Everything but the payloads' encoded bytes: header, envelope and index pages.
    pub overhead_bytes: u64,
    /// The signatures, none of them checked.
    pub signatures: Vec<SignatureView>,
    /// The manifest.
    pub manifest: ManifestView,
    /// The payloads, with what their hashes say.
    pub payloads: Vec<PayloadInspection>,
    /// Of the first payload: its encoded bytes.
    pub payload_bytes: u64,
    /// Of the first payload: its codec.
    pub codec: Codec,
    /// Of the first payload: bytes of decoder workspace.
    pub ram_bytes: u32,
    /// Of the first payload: bytes of RAM in all, buffers included.
    pub total_ram_bytes: u32,
    /// Of the first payload: the old image it is for; `null` for a full image.
    pub source: Option<ImageView>,
    /// The new image.
    pub target: ImageView,
    /// Bytes behind the end of the package.
    pub trailing_bytes: u64,
}

/// A signature of the envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureView {
    /// The key it names, as stored in its file.
    pub key_id: KeyId,
    /// The same, as `minisign` prints it.
    pub minisign_id: String,
    /// The algorithm's name (RFC 9053), or its number.
    pub algorithm: String,
}

/// A payload, and whether it is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayloadInspection {
    /// What it is for: `delta`, `full` or `reverse`.
    pub role: String,
    /// Version of the source, if it has one.
    pub source_version: Option<String>,
    /// Its codec.
    pub codec: Codec,
    /// Offset in the file.
    pub offset: u64,
    /// Encoded bytes.
    pub payload_bytes: u64,
    /// Bytes of index pages.
    pub page_bytes: u64,
    /// Bytes of a block.
    pub block_bytes: u32,
    /// Number of blocks.
    pub blocks: u32,
    /// Blocks in the file whose hash is not the manifest's; a bad page counts as all blocks behind it.
    pub bad_blocks: Vec<u32>,
    /// Bytes, pages included, by which the file ends too early.
    pub missing_bytes: u64,
    /// SHA-256 of the encoded bytes without pages.
    pub payload_sha256: Digest,
    /// Bytes of decoder workspace.
    pub ram_bytes: u32,
    /// Bytes of RAM in all, buffers included.
    pub total_ram_bytes: u32,
    /// What a stream of a native codec says of the images; `null` of other codecs, and where it is damaged.
    pub stream: Option<StreamInspection>,
}

/// Reads `package` as far as it can be read.
///
/// # Errors
/// [`Error::Device`] with the format error if header, envelope or manifest are malformed.
pub fn inspect(package: &[u8]) -> Result<Inspection, Error> {
    let format = |e: sprag_manifest::DecodeError| Error::Device(DeviceError::Format(e));
    let header = Header::decode(package).map_err(format)?;
    let envelope_start = usize::try_from(header.envelope_offset()).unwrap_or(usize::MAX);
    let payloads_start = usize::try_from(header.payloads_offset()).unwrap_or(usize::MAX);
    let bytes = package.get(envelope_start..payloads_start.min(package.len()));
    let envelope = Envelope::decode(bytes.unwrap_or_default()).map_err(format)?;
    let manifest = Manifest::decode(envelope.manifest_bytes()).map_err(format)?;
    let view = ManifestView::from(&manifest);
    let payloads = payloads(&manifest, package, payloads_start);
    let first = manifest.payloads.iter().next();
    let first_source = first
        .and_then(|p| p.source)
        .and_then(|n| manifest.sources.get(n));
    let encoded: u64 = payloads.iter().map(|p| p.payload_bytes).sum();
    let package_bytes = wide(package.len());
    let declared = header.package_len().unwrap_or(u64::MAX);
    Ok(Inspection {
        schema: SCHEMA,
        package_bytes,
        package_sha256: sha256(package),
        header_bytes: wide(Header::LEN),
        envelope_bytes: header.envelope_len.into(),
        manifest_bytes: wide(envelope.manifest_bytes().len()),
        manifest_offset: header.envelope_offset() + u64::from(envelope.manifest_offset()),
        manifest_sha256: sha256(envelope.manifest_bytes()),
        overhead_bytes: declared.min(package_bytes).saturating_sub(encoded),
        signatures: envelope
            .signatures()
            .map(|entry| SignatureView {
                key_id: entry.key_id,
                minisign_id: crate::keys::minisign_id(entry.key_id),
                algorithm: match entry.algorithm {
                    Algorithm::EdDsa => "EdDSA".into(),
                    Algorithm::HssLms => HSS_LMS.into(),
                    Algorithm::Other(number) => number.to_string(),
                },
            })
            .collect(),
        payload_bytes: first.map_or(0, |p| p.size.into()),
        codec: first.map_or(Codec::Stored, |p| p.codec),
        ram_bytes: first.map_or(0, |p| p.needs.workspace),
        total_ram_bytes: first.map_or(0, |p| p.needs.ram),
        source: first_source.as_ref().map(ImageView::from),
        target: ImageView::from(&manifest.target),
        trailing_bytes: package_bytes.saturating_sub(declared),
        manifest: view,
        payloads,
    })
}

fn payloads(
    manifest: &Manifest<'_>,
    package: &[u8],
    payloads_start: usize,
) -> Vec<PayloadInspection> {
    let mut inspections = Vec::new();
    for (number, payload) in (0_u32..).zip(manifest.payloads.iter()) {
        let index = Index::new(&payload);
        let offset = wide(payloads_start) + manifest.payload_offset(number).unwrap_or(0);
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(package.len());
        let stored = package.get(start..).unwrap_or_default();
        let len = usize::try_from(index.stored_len())
            .unwrap_or(usize::MAX)
            .min(stored.len());
        let stored = stored.get(..len).unwrap_or_default();
        // A manifest may state payloads of gigabytes; only what is in the file is looked at.
        let blocks = || {
            let there = index
                .items()
                .take_while(|placed| placed.offset < wide(stored.len()));
            there.filter_map(|placed| match placed.item {
                Item::Block(block) => Some((block, placed)),
                Item::Page(_) => None,
            })
        };
        let mut bad_blocks = Vec::new();
        for item in bad_parts(number, &payload, stored) {
            match item {
                Item::Block(block) => bad_blocks.push(block),
                // Behind a wrong page no block can be told from another.
                Item::Page(page) => {
                    let behind = blocks().filter(|&(b, _)| index.page_of_block(b) >= Some(page));
                    bad_blocks.extend(behind.map(|(block, _)| block));
                }
            }
        }
        let encoded: Vec<u8> = blocks()
            .flat_map(|(_, placed)| {
                let start = usize::try_from(placed.offset).unwrap_or(usize::MAX);
                let end = usize::try_from(placed.end()).unwrap_or(usize::MAX);
                stored.get(start..end.min(stored.len())).unwrap_or_default()
            })
            .copied()
            .collect();
        let source = payload.source.and_then(|n| manifest.sources.get(n));
        let old_len = source.map_or(0, |source| source.size);
        let stream = stream::stated(payload.codec, &encoded, old_len, manifest.target.size);
        inspections.push(PayloadInspection {
            role: payload.role.name().into(),
            source_version: source.map(|source| source.version.into()),
            codec: payload.codec,
            offset,
            payload_bytes: payload.size.into(),
            page_bytes: index.stored_len().saturating_sub(payload.size.into()),
            block_bytes: payload.block_size,
            blocks: index.block_count(),
            bad_blocks,
            missing_bytes: index.stored_len().saturating_sub(wide(stored.len())),
            payload_sha256: sha256(&encoded),
            ram_bytes: payload.needs.workspace,
            total_ram_bytes: payload.needs.ram,
            stream,
        });
    }
    inspections
}

fn wide(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
