//! A package taken apart, and put together again with anything in any place, signed or not.

use sprag_manifest::{
    Document, Header, Index, KeyId, MAX_ENVELOPE_LEN, Manifest, Payload, eddsa_protected,
};
use sprag_verifier::{block_hash, page_hash};

use super::cbor::Item;
use crate::error::Error;
use crate::keys::SigningKey;
use crate::verify::{manifest_bytes, manifest_of};

/// Hashes of a page, and of one that is followed by another.
const PAGE_ENTRIES: usize = 32;

/// What a package consists of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The chain of keyset updates.
    pub keysets: Vec<u8>,
    /// The envelope, down to the manifest's bytes.
    pub envelope: Item,
    /// The bytes of the manifest.
    pub manifest: Vec<u8>,
    /// Pages and blocks of each payload, as they are stored.
    pub stored: Vec<Vec<u8>>,
}

impl Parts {
    /// Takes a good package apart.
    ///
    /// # Errors
    /// What is wrong with its head; [`Error::Device`] with code 603 if it is cut short.
    pub fn of(package: &[u8]) -> Result<Self, Error> {
        let header = Header::decode(package).map_err(sprag_verifier::Error::from)?;
        let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        let (start, end) = (at(header.envelope_offset()), at(header.payloads_offset()));
        let cut = || Error::Device(crate::verify::truncated(package));
        let keysets = package.get(Header::LEN..start).ok_or_else(cut)?;
        let envelope = package.get(start..end).and_then(Item::parse);
        let manifest = manifest_of(package)?;
        let mut rest = package.get(end..).ok_or_else(cut)?;
        let mut stored = Vec::new();
        for payload in manifest.payloads.iter() {
            let len = at(Index::new(&payload).stored_len());
            let (bytes, behind) = rest.split_at_checked(len).ok_or_else(cut)?;
            stored.push(bytes.to_vec());
            rest = behind;
        }
        Ok(Self {
            keysets: keysets.to_vec(),
            envelope: envelope.ok_or_else(cut)?,
            manifest: manifest_bytes(package)?.to_vec(),
            stored,
        })
    }

    /// The package, with lengths in the header that fit.
    #[must_use]
    pub fn assemble(&self) -> Vec<u8> {
        self.around(&self.envelope.encode())
    }

    /// The same with these bytes in the place of the envelope.
    #[must_use]
    pub fn around(&self, envelope: &[u8]) -> Vec<u8> {
        let payloads: usize = self.stored.iter().map(Vec::len).sum();
        let mut package = header(self.keysets.len(), envelope.len(), payloads);
        package.extend(&self.keysets);
        package.extend(envelope);
        package.extend(self.stored.iter().flatten());
        package
    }

    /// The package with this manifest in it, signed.
    #[must_use]
    pub fn signed(&self, manifest: &[u8], key: &SigningKey) -> Vec<u8> {
        let signature = signature(Document::Manifest, manifest, key);
        self.around(&envelope(Document::Manifest, manifest, vec![signature]).encode())
    }

    /// The manifest as a tree.
    #[must_use]
    pub fn manifest_item(&self) -> Item {
        Item::parse(&self.manifest).unwrap_or_else(|| Item::Raw(self.manifest.clone()))
    }

    /// The entry of a payload.
    #[must_use]
    pub fn payload(&self, number: u32) -> Option<Payload> {
        Manifest::decode(&self.manifest).ok()?.payloads.get(number)
    }

    /// The encoded bytes of a payload: its blocks, without pages.
    #[must_use]
    pub fn stream(&self, number: u32) -> Vec<u8> {
        let (Some(payload), Some(stored)) = (
            self.payload(number),
            usize::try_from(number)
                .ok()
                .and_then(|n| self.stored.get(n)),
        ) else {
            return Vec::new();
        };
        let mut stream = Vec::new();
        for placed in Index::new(&payload).items() {
            if matches!(placed.item, sprag_manifest::Item::Block(_)) {
                let range = usize::try_from(placed.offset).unwrap_or(usize::MAX)
                    ..usize::try_from(placed.end()).unwrap_or(usize::MAX);
                stream.extend_from_slice(stored.get(range).unwrap_or_default());
            }
        }
        stream
    }

    /// Puts another stream in the place of a payload's, with an index that holds, and says so in the manifest's tree.
    /// To be signed by the caller.
    pub fn replace_stream(&mut self, manifest: &mut Item, number: u32, stream: &[u8]) {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let entry = manifest
            .get_mut(10)
            .and_then(Item::items_mut)
            .and_then(|entries| entries.get_mut(place));
        let (Some(entry), Some(stored)) = (entry, self.stored.get_mut(place)) else {
            return;
        };
        let number_of = |key| entry.get(key).and_then(Item::as_uint).unwrap_or(0);
        let (block_size, workspace, ram) = (number_of(5), number_of(7), number_of(8));
        let block_size = usize::try_from(block_size).unwrap_or(usize::MAX);
        let (root, bytes) = cut(number, stream, block_size);
        *stored = bytes;
        let blocks = stream.len().div_ceil(block_size.max(1));
        let page = if blocks <= 1 {
            0
        } else {
            32 * blocks.min(PAGE_ENTRIES)
        };
        let least = workspace + wide(page) + wide(block_size.min(stream.len())) + 256;
        entry.set(4, Item::Uint(wide(stream.len())));
        entry.set(6, Item::Bytes(root.to_vec()));
        entry.set(8, Item::Uint(ram.max(least)));
    }
}

/// A header with these lengths.
#[must_use]
pub fn header(keysets: usize, envelope: usize, payloads: usize) -> Vec<u8> {
    let mut header = b"SPRG\x01\0".to_vec();
    header.extend(u16::try_from(keysets).unwrap_or(u16::MAX).to_le_bytes());
    header.extend(u32::try_from(envelope).unwrap_or(u32::MAX).to_le_bytes());
    header.extend(wide(payloads).to_le_bytes());
    header
}

/// An envelope around a document.
#[must_use]
pub fn envelope(document: Document, content: &[u8], signatures: Vec<Item>) -> Item {
    let body = Item::Array(vec![
        Item::Bytes(document.body_protected().to_vec()),
        Item::Map(Vec::new()),
        Item::Bytes(content.to_vec()),
        Item::Array(signatures),
    ]);
    Item::Tag(98, Box::new(body))
}

/// What a key puts under a document.
#[must_use]
pub fn signature(document: Document, content: &[u8], key: &SigningKey) -> Item {
    let protected = eddsa_protected(key.key_id());
    let context = (document.body_protected(), document.external_aad());
    let message = message(context, &protected, content);
    entry(&protected, &key.sign_ed25519(&message))
}

/// A signature's entry.
#[must_use]
pub fn entry(protected: &[u8], signature: &[u8]) -> Item {
    Item::Array(vec![
        Item::Bytes(protected.to_vec()),
        Item::Map(Vec::new()),
        Item::Bytes(signature.to_vec()),
    ])
}

/// The protected header of a signature by another algorithm.
#[must_use]
pub fn protected_by(algorithm: Item, key: KeyId) -> Vec<u8> {
    Item::map([(1, algorithm), (4, Item::Bytes(key.0.to_vec()))]).encode()
}

/// The Sig_structure of RFC 9052, section 4.4; `context` is the body's protected header and the external data.
#[must_use]
pub fn message(context: (&[u8], &[u8]), protected: &[u8], content: &[u8]) -> Vec<u8> {
    let bytes = |bytes: &[u8]| Item::Bytes(bytes.to_vec());
    Item::Array(vec![
        Item::text("Signature"),
        bytes(context.0),
        bytes(protected),
        bytes(context.1),
        bytes(content),
    ])
    .encode()
}

/// Blocks and pages as docs/FORMAT.md, section 3.7, has them; the root, and all in the order of storage.
#[must_use]
pub fn cut(number: u32, stream: &[u8], block_size: usize) -> ([u8; 32], Vec<u8>) {
    let blocks: Vec<&[u8]> = stream.chunks(block_size.max(1)).collect();
    let hashes: Vec<[u8; 32]> = (0..)
        .zip(&blocks)
        .map(|(block, bytes)| block_hash(number, block, bytes).0)
        .collect();
    if let [only] = hashes.as_slice() {
        return (*only, stream.to_vec());
    }
    // How many blocks each page has.
    let mut counts = Vec::new();
    let mut left = blocks.len();
    while left > PAGE_ENTRIES {
        counts.push(PAGE_ENTRIES - 1);
        left -= PAGE_ENTRIES - 1;
    }
    counts.push(left);
    let mut end = blocks.len();
    let mut next: Option<[u8; 32]> = None;
    let mut stored: Vec<u8> = Vec::new();
    for (page, count) in counts.iter().enumerate().rev() {
        let start = end - count;
        let entries = hashes.get(start..end).unwrap_or_default().iter();
        let bytes: Vec<u8> = entries.chain(&next).flatten().copied().collect();
        let page = u32::try_from(page).unwrap_or(u32::MAX);
        next = Some(page_hash(number, page, &bytes).0);
        let blocks = blocks.get(start..end).unwrap_or_default().concat();
        stored = [bytes, blocks, stored].concat();
        end = start;
    }
    (next.unwrap_or_default(), stored)
}

/// Whether an envelope of these bytes is one that a device's buffer could hold.
#[must_use]
pub fn has_room(envelope: &[u8]) -> bool {
    envelope.len() <= MAX_ENVELOPE_LEN
}

fn wide(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
