//! Puts a package together: payloads cut into blocks and pages, manifest, envelope, header.

use sprag_manifest::{
    Algorithm, BODY_PROTECTED, DeviceProfile, Digest, Envelope, Header, Image, Index, Item, KeyId,
    List, MAX_BLOCK_SIZE, MAX_ENVELOPE_LEN, Manifest, Needs, Payload, Placed, Role, SIG_PREFIX_MAX,
    SignatureEntry, eddsa_protected, sig_structure_prefix,
};
use sprag_verifier::{block_hash, page_hash};

use crate::codec::Encoded;
use crate::error::Error;
use crate::keys::{SigningKey, minisign_id};
use crate::release::ReleaseSpec;
use crate::strategy;
use crate::strategy::single::{self, Single};

/// Erases of any sector of the image in an uninterrupted update: each is erased once, before it is written.
const ERASES: u32 = 1;

/// A payload and what it is for.
#[derive(Clone, Debug)]
pub(crate) struct PayloadSpec {
    /// What it is for.
    pub(crate) role: Role,
    /// Number of the source; `None` for a full image.
    pub(crate) source: Option<u32>,
    /// The payload.
    pub(crate) encoded: Encoded,
    /// How it is made over the old image, if it is for a device with a single slot.
    pub(crate) in_place: Option<single::Plan>,
    /// Bytes of both images that its decoder reads, if that was counted.
    pub(crate) decoder_reads: Option<u64>,
}

impl PayloadSpec {
    /// Decodes `new` from `old` once and counts.
    pub(crate) fn count_reads(&mut self, old: &[u8], new: &[u8]) {
        let entry = entry(self, MAX_BLOCK_SIZE);
        self.decoder_reads = strategy::least::decoder_reads(&entry, &self.encoded.bytes, old, new);
    }
}

/// The device that a package is made for, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fit<'p> {
    /// What the maker says of it.
    pub(crate) profile: Option<&'p DeviceProfile>,
    /// Its only slot, if it has no second one.
    pub(crate) single: Option<Single>,
    /// The key set updates that it may have missed.
    pub(crate) chain: &'p [u8],
}

/// Makes a signed package. Equal inputs give equal bytes.
///
/// # Errors
/// [`Error::Manifest`] if the manifest would break the format's rules; [`Error::DoesNotFit`] if the staging area of a
/// device with a single slot has no room for it.
pub(crate) fn assemble(
    release: &ReleaseSpec,
    sources: &[Image<'_>],
    target: Image<'_>,
    payloads: &[PayloadSpec],
    fit: Fit<'_>,
    key: &SigningKey,
) -> Result<Vec<u8>, Error> {
    let fixed = release.rest.block_size.is_some();
    let mut entries: Vec<_> = payloads
        .iter()
        .map(|spec| (entry(spec, release.block_size), spec.in_place))
        .collect();
    let largest = sources.iter().map(|source| source.size).max();
    let sizes = (target.size, largest.unwrap_or(0));
    match (&fit.single, fit.profile) {
        (Some(single), _) => {
            let reads: Vec<_> = payloads.iter().map(|spec| spec.decoder_reads).collect();
            single.complete(&mut entries, sizes, &reads, fixed);
        }
        (None, Some(profile)) => {
            for ((entry, _), spec) in entries.iter_mut().zip(payloads) {
                strategy::plan(entry, sizes, spec.decoder_reads, profile, fixed);
            }
        }
        (None, None) => {}
    }
    let mut described = Vec::new();
    let mut stored = Vec::new();
    for ((number, spec), (entry, _)) in (0_u32..).zip(payloads).zip(entries) {
        let (payload, bytes) = cut(number, entry, &spec.encoded.bytes);
        described.push(payload);
        stored.push(bytes);
    }
    let hardware: Vec<&str> = release.hardware.iter().map(String::as_str).collect();
    let rest = &release.rest;
    let manifest = Manifest {
        sequence: release.sequence,
        security_counter: release.security_counter,
        vendor: &release.vendor,
        product: &release.product,
        hardware: List::from_slice(&hardware),
        isa: release.isa,
        target,
        sources: List::from_slice(sources),
        payloads: List::from_slice(&described),
        bootloader: rest.bootloader.as_ref().map(|r| r.as_requirement()),
        os: rest.os.as_ref().map(|r| r.as_requirement()),
        layout: rest.layout.as_deref(),
        validity: rest.validity.into(),
        preconditions: rest.preconditions.into(),
        keyset_version: rest.keyset_version,
        keysets_len: u32::try_from(fit.chain.len()).unwrap_or(u32::MAX),
    };
    let mut buffer = vec![0; MAX_ENVELOPE_LEN];
    let len = manifest.encode(&mut buffer)?;
    buffer.truncate(len);
    if let Some(approval) = release.approval {
        approval.add_to(&mut buffer)?;
    }
    let envelope = sign(&buffer, key)?;

    let header = Header {
        keysets_len: u16::try_from(fit.chain.len()).unwrap_or(u16::MAX),
        envelope_len: u32::try_from(envelope.len()).unwrap_or(u32::MAX),
        payloads_len: manifest.payloads_len().unwrap_or(u64::MAX),
    };
    if let Some(single) = &fit.single {
        single.check_staging(&header, &manifest)?;
    }
    let mut package = vec![0; Header::LEN];
    header.encode(&mut package)?;
    package.extend_from_slice(fit.chain);
    package.extend_from_slice(&envelope);
    for bytes in stored {
        package.extend_from_slice(&bytes);
    }
    Ok(package)
}

/// The same package, signed by another key alone.
///
/// # Errors
/// What is wrong with the package's head.
pub(crate) fn signed_anew(package: &[u8], key: &SigningKey) -> Result<Vec<u8>, Error> {
    let head = Head::of(package)?;
    let envelope = sign(head.envelope()?.manifest_bytes(), key)?;
    head.with_envelope(&envelope)
}

/// The same package with a signature more, behind those that it has. Whatever made the signature, the bytes are the
/// same.
///
/// # Errors
/// What is wrong with the package's head; [`Error::TrustChange`] if the key has signed.
pub(crate) fn with_signature(
    package: &[u8],
    key_id: KeyId,
    signature: &[u8; 64],
) -> Result<Vec<u8>, Error> {
    let protected = eddsa_protected(key_id);
    let entry = SignatureEntry {
        algorithm: Algorithm::EdDsa,
        key_id,
        protected: &protected,
        signature,
    };
    with_entry(package, &entry)
}

/// The same for a signature by any algorithm.
///
/// # Errors
/// Those of [`with_signature`].
pub(crate) fn with_entry(package: &[u8], entry: &SignatureEntry<'_>) -> Result<Vec<u8>, Error> {
    let head = Head::of(package)?;
    let envelope = head.envelope()?;
    let mut entries: Vec<SignatureEntry<'_>> = envelope.signatures().collect();
    if entries.iter().any(|other| other.key_id == entry.key_id) {
        let reason = format!("key {} has signed the package", minisign_id(entry.key_id));
        return Err(Error::TrustChange { reason });
    }
    entries.push(*entry);
    let mut buffer = vec![0; MAX_ENVELOPE_LEN];
    let len = Envelope::new(envelope.manifest_bytes(), &entries).encode(&mut buffer)?;
    buffer.truncate(len);
    head.with_envelope(&buffer)
}

/// The bytes that a key of this id signs under a manifest (RFC 9052, section 4.4).
pub(crate) fn message_of(manifest: &[u8], key_id: KeyId) -> Result<Vec<u8>, Error> {
    message_under(manifest, &eddsa_protected(key_id))
}

/// The same under the protected header of any signature.
pub(crate) fn message_under(manifest: &[u8], protected: &[u8]) -> Result<Vec<u8>, Error> {
    let mut prefix = [0; SIG_PREFIX_MAX];
    let len = sig_structure_prefix(BODY_PROTECTED, protected, manifest.len(), &mut prefix)?;
    Ok([prefix.get(..len).unwrap_or_default(), manifest].concat())
}

/// A package taken apart at its envelope.
struct Head<'p> {
    header: Header,
    keysets: &'p [u8],
    envelope: &'p [u8],
    payloads: &'p [u8],
}

impl<'p> Head<'p> {
    fn of(package: &'p [u8]) -> Result<Self, Error> {
        let header = Header::decode(package).map_err(sprag_verifier::Error::from)?;
        let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        let (start, end) = (at(header.envelope_offset()), at(header.payloads_offset()));
        Ok(Self {
            header,
            keysets: package.get(Header::LEN..start).unwrap_or_default(),
            envelope: package.get(start..end).unwrap_or_default(),
            payloads: package.get(end..).unwrap_or_default(),
        })
    }

    fn envelope(&self) -> Result<Envelope<'p>, Error> {
        Ok(Envelope::decode(self.envelope).map_err(sprag_verifier::Error::from)?)
    }

    /// The package with another envelope.
    fn with_envelope(&self, envelope: &[u8]) -> Result<Vec<u8>, Error> {
        let header = Header {
            envelope_len: u32::try_from(envelope.len()).unwrap_or(u32::MAX),
            ..self.header
        };
        let mut bytes = vec![0; Header::LEN];
        header.encode(&mut bytes)?;
        // Keysets lie between header and envelope.
        for part in [self.keysets, envelope, self.payloads] {
            bytes.extend_from_slice(part);
        }
        Ok(bytes)
    }
}

/// The envelope around a manifest, with one Ed25519 signature over the Sig_structure of RFC 9052, section 4.4.
fn sign(manifest: &[u8], key: &SigningKey) -> Result<Vec<u8>, Error> {
    let protected = eddsa_protected(key.key_id());
    let signature = key.sign_ed25519(&message_of(manifest, key.key_id())?);
    let entry = SignatureEntry {
        algorithm: Algorithm::EdDsa,
        key_id: key.key_id(),
        protected: &protected,
        signature: &signature,
    };
    let mut buffer = vec![0; MAX_ENVELOPE_LEN];
    let len = Envelope::new(manifest, &[entry]).encode(&mut buffer)?;
    buffer.truncate(len);
    Ok(buffer)
}

/// A payload's entry, but for its root and the RAM that its buffers take.
fn entry(spec: &PayloadSpec, block_size: u32) -> Payload {
    let Encoded {
        codec,
        bytes,
        workspace,
    } = &spec.encoded;
    let needs = Needs {
        workspace: *workspace,
        ram: 0,
        scratch: 0,
        erases: ERASES,
        min_operations: 0,
        min_work: 0,
    };
    Payload {
        role: spec.role,
        source: spec.source,
        codec: *codec,
        size: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        block_size,
        root: Digest([0; 32]),
        checkpoint_interval: 0,
        in_place_group: 0,
        in_place_shift: 0,
        needs,
    }
}

/// Cuts a payload into blocks, with the pages that authenticate them in between.
fn cut(number: u32, mut payload: Payload, bytes: &[u8]) -> (Payload, Vec<u8>) {
    let least = u32::try_from(payload.min_ram()).unwrap_or(u32::MAX);
    payload.needs.ram = payload.needs.ram.max(least);
    let index = Index::new(&payload);
    let blocks = blocks_of(bytes, payload.block_size);
    let hashes: Vec<Digest> = (0..)
        .zip(&blocks)
        .map(|(block, bytes)| block_hash(number, block, bytes))
        .collect();

    // Each page holds the hash of the next, so the last is made first.
    let mut pages: Vec<Vec<u8>> = Vec::new();
    let mut next: Option<Digest> = None;
    for page in (0..index.page_count()).rev() {
        let entries = hashes_of_page(&index, page, &hashes);
        let bytes: Vec<u8> = entries
            .iter()
            .copied()
            .chain(next)
            .flat_map(|hash| hash.0)
            .collect();
        next = Some(page_hash(number, page, &bytes));
        pages.push(bytes);
    }
    pages.reverse();
    payload.root = next.or(hashes.first().copied()).unwrap_or(payload.root);

    let part = |item: Item| match item {
        Item::Page(page) => usize::try_from(page)
            .ok()
            .and_then(|n| pages.get(n))
            .map(Vec::as_slice),
        Item::Block(block) => usize::try_from(block)
            .ok()
            .and_then(|n| blocks.get(n))
            .copied(),
    };
    let stored = index
        .items()
        .filter_map(|placed| part(placed.item))
        .flatten()
        .copied()
        .collect();
    (payload, stored)
}

/// The hashes of the blocks behind `page`, up to the next page.
fn hashes_of_page<'h>(index: &Index, page: u32, hashes: &'h [Digest]) -> &'h [Digest] {
    let first = |page: u32| match index.page(page).map(|placed| index.next(placed.item)) {
        Some(Some(Placed {
            item: Item::Block(block),
            ..
        })) => usize::try_from(block).ok(),
        _ => None,
    };
    let start = first(page).unwrap_or(hashes.len());
    let end = first(page.saturating_add(1)).unwrap_or(hashes.len());
    hashes.get(start..end).unwrap_or_default()
}

fn blocks_of(bytes: &[u8], block_size: u32) -> Vec<&[u8]> {
    bytes
        .chunks(usize::try_from(block_size).unwrap_or(usize::MAX).max(1))
        .collect()
}

#[cfg(test)]
mod tests;
