//! Makes packages: a release's facts to manifest, signature, pages and blocks.

use core::ops::Range;

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use sprag_manifest::{
    Algorithm, Codec, DIGEST_LEN, Digest, Document, Envelope, Header, Image, Index, Isa, Item,
    KeyId, List, Manifest, Needs, Payload, Preconditions, Requirement, Role, SIG_PREFIX_MAX,
    SignatureEntry, Validity, eddsa_protected, sig_structure_prefix_of,
};
use sprag_verifier::{KeyRole, TrustedKey, block_hash, page_hash};

use super::{
    Operation, WORKSPACE_LEN, apply, index, len_u32, native_full_stream, native_stream, test_stream,
};

/// A key that signs releases.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) id: KeyId,
    pub(crate) key: SigningKey,
}

impl Signer {
    pub(crate) fn new(seed: u8) -> Self {
        Self {
            id: KeyId([seed; 8]),
            key: SigningKey::from_bytes(&[seed; 32]),
        }
    }

    pub(crate) fn trusted(&self, role: KeyRole) -> TrustedKey {
        TrustedKey {
            id: self.id,
            role,
            key: self.key.verifying_key().to_bytes(),
        }
    }

    /// What this signer puts under `manifest`.
    pub(crate) fn sign(&self, manifest: &[u8]) -> Signed {
        let protected = eddsa_protected(self.id).to_vec();
        let message = signed_bytes(&protected, manifest);
        Signed {
            algorithm: Algorithm::EdDsa,
            id: self.id,
            signature: self.key.sign(&message).to_bytes().to_vec(),
            protected,
        }
    }
}

/// One entry of an envelope.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) algorithm: Algorithm,
    pub(crate) id: KeyId,
    pub(crate) protected: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// The `Sig_structure` as it is signed.
pub(crate) fn signed_bytes(protected: &[u8], manifest: &[u8]) -> Vec<u8> {
    signed_bytes_of(Document::Manifest, protected, manifest)
}

/// The same of any document.
pub(crate) fn signed_bytes_of(document: Document, protected: &[u8], content: &[u8]) -> Vec<u8> {
    let (body, len) = (document.body_protected(), content.len());
    let mut prefix = [0; SIG_PREFIX_MAX];
    let len = sig_structure_prefix_of(document, body, protected, len, &mut prefix).unwrap();
    [&prefix[..len], content].concat()
}

/// A payload as its maker sees it.
#[derive(Clone, Debug)]
pub(crate) struct PayloadSpec {
    pub(crate) role: Role,
    pub(crate) source: Option<u32>,
    pub(crate) codec: Codec,
    pub(crate) stream: Vec<u8>,
    pub(crate) block_size: u32,
    pub(crate) workspace: u32,
    pub(crate) scratch: u32,
    pub(crate) checkpoint_interval: u32,
    /// Bytes of a group and of the shift, for a single slot.
    pub(crate) in_place: (u32, u32),
    /// Most erases of a sector of the image.
    pub(crate) erases: u32,
}

/// What a release says. The defaults are made for `DEVICE`.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    pub(crate) sequence: u64,
    pub(crate) security_counter: u64,
    pub(crate) vendor: &'static str,
    pub(crate) product: &'static str,
    pub(crate) hardware: Vec<&'static str>,
    pub(crate) isa: Isa,
    pub(crate) version: &'static str,
    pub(crate) load_address: Option<u64>,
    pub(crate) new: Vec<u8>,
    pub(crate) sources: Vec<(&'static str, Vec<u8>)>,
    pub(crate) payloads: Vec<PayloadSpec>,
    pub(crate) bootloader: Option<Requirement<'static>>,
    pub(crate) os: Option<Requirement<'static>>,
    pub(crate) layout: Option<&'static str>,
    pub(crate) validity: Validity,
    pub(crate) preconditions: Preconditions,
    pub(crate) keyset_version: Option<u32>,
    pub(crate) signers: Vec<Signer>,
    /// The chain of keyset updates in front of the envelope.
    pub(crate) keysets: Vec<u8>,
}

impl Release {
    /// Version 1.1.0 from version 1.0.0, by the test codec in blocks of 256 bytes.
    pub(crate) fn delta(old: &[u8], operations: &[Operation]) -> Self {
        Self {
            payloads: vec![PayloadSpec {
                role: Role::Delta,
                source: Some(0),
                codec: Codec::BsdiffZstd,
                stream: test_stream(operations),
                block_size: 256,
                workspace: WORKSPACE_LEN,
                scratch: 0,
                checkpoint_interval: 0,
                in_place: (0, 0),
                erases: 1,
            }],
            sources: vec![("1.0.0", old.to_vec())],
            ..Self::bare(apply(old, operations))
        }
    }

    /// The same by the native delta.
    pub(crate) fn native_delta(old: &[u8], operations: &[Operation]) -> Self {
        let mut release = Self::delta(old, operations);
        let payload = &mut release.payloads[0];
        payload.codec = Codec::NativeDelta;
        payload.stream = native_stream(old, &release.new, operations);
        let workspace = sprag_delta::workspace_len(sprag_delta::Profile::Kib8);
        payload.workspace = u32::try_from(workspace).unwrap();
        release
    }

    /// Payloads in blocks of this size, with a checkpoint in each.
    pub(crate) fn with_checkpoints(mut self, block_size: u32) -> Self {
        for payload in &mut self.payloads {
            (payload.block_size, payload.checkpoint_interval) = (block_size, 1);
        }
        self
    }

    /// A native full image, without a source.
    pub(crate) fn native_full(new: Vec<u8>) -> Self {
        let mut release = Self::full(new);
        let payload = &mut release.payloads[0];
        payload.codec = Codec::NativeFull;
        payload.stream = native_full_stream(&release.new);
        let workspace = sprag_delta::full::workspace_len(sprag_delta::Profile::Kib8);
        payload.workspace = u32::try_from(workspace).unwrap();
        release
    }

    /// A full image as it is, without a source.
    pub(crate) fn full(new: Vec<u8>) -> Self {
        Self::bare(new).with_full()
    }

    /// Adds the full image.
    pub(crate) fn with_full(mut self) -> Self {
        self.payloads.push(PayloadSpec {
            role: Role::Full,
            source: None,
            codec: Codec::Stored,
            stream: self.new.clone(),
            block_size: 256,
            workspace: 0,
            scratch: 0,
            checkpoint_interval: 0,
            in_place: (0, 0),
            erases: 1,
        });
        self
    }

    fn bare(new: Vec<u8>) -> Self {
        Self {
            sequence: 7,
            security_counter: 3,
            vendor: "acme",
            product: "lamp",
            hardware: vec!["rev-b", "rev-c"],
            isa: Isa::Thumb,
            version: "1.1.0",
            load_address: None,
            new,
            sources: Vec::new(),
            payloads: Vec::new(),
            bootloader: None,
            os: None,
            layout: None,
            validity: Validity::default(),
            preconditions: Preconditions::default(),
            keyset_version: None,
            signers: vec![Signer::new(1)],
            keysets: Vec::new(),
        }
    }

    pub(crate) fn package(&self) -> Package {
        let (mut payloads, mut stored) = (Vec::new(), Vec::new());
        for (number, spec) in (0..).zip(&self.payloads) {
            let (payload, bytes) = spec.store(number);
            payloads.push(payload);
            stored.extend(bytes);
        }
        let sources: Vec<_> = self
            .sources
            .iter()
            .map(|(version, image)| describe(version, image, None))
            .collect();
        let manifest = Manifest {
            sequence: self.sequence,
            security_counter: self.security_counter,
            vendor: self.vendor,
            product: self.product,
            hardware: List::from_slice(&self.hardware),
            isa: self.isa,
            target: describe(self.version, &self.new, self.load_address),
            sources: List::from_slice(&sources),
            payloads: List::from_slice(&payloads),
            bootloader: self.bootloader,
            os: self.os,
            layout: self.layout,
            validity: self.validity,
            preconditions: self.preconditions,
            keyset_version: self.keyset_version,
            keysets_len: len_u32(&self.keysets),
        };
        let mut encoded = vec![0; 16_384];
        let len = manifest.encode(&mut encoded).unwrap();
        encoded.truncate(len);
        let signed: Vec<_> = self
            .signers
            .iter()
            .map(|signer| signer.sign(&encoded))
            .collect();
        Package::assemble(encoded, &signed, payloads, stored, self.keysets.clone())
    }
}

impl PayloadSpec {
    /// The payload's entry, and its pages and blocks in the order of storage.
    fn store(&self, number: u32) -> (Payload, Vec<u8>) {
        let mut payload = Payload {
            role: self.role,
            source: self.source,
            codec: self.codec,
            size: len_u32(&self.stream),
            block_size: self.block_size,
            root: Digest([0; DIGEST_LEN]),
            checkpoint_interval: self.checkpoint_interval,
            in_place_group: self.in_place.0,
            in_place_shift: self.in_place.1,
            needs: Needs {
                workspace: self.workspace,
                ram: u32::MAX,
                scratch: self.scratch,
                erases: self.erases,
                min_operations: 0,
                min_work: 0,
            },
        };
        payload.needs.ram = u32::try_from(payload.min_ram()).unwrap();
        let geometry = Index::new(&payload);
        let blocks: Vec<&[u8]> = self.stream.chunks(index(self.block_size)).collect();
        let hashes: Vec<Digest> = (0..)
            .zip(&blocks)
            .map(|(block, bytes)| block_hash(number, block, bytes))
            .collect();
        let mut pages = vec![Vec::new(); index(geometry.page_count())];
        payload.root = hashes[0];
        for page in (0..geometry.page_count()).rev() {
            let mut bytes = Vec::new();
            for block in 0..geometry.block_count() {
                if geometry.page_of_block(block) == Some(page) {
                    bytes.extend(hashes[index(block)].0);
                }
            }
            if geometry.next_page_hash_offset(page).is_some() {
                bytes.extend(payload.root.0);
            }
            payload.root = page_hash(number, page, &bytes);
            pages[index(page)] = bytes;
        }
        let parts = geometry.items().flat_map(|placed| match placed.item {
            Item::Page(page) => pages[index(page)].clone(),
            Item::Block(block) => blocks[index(block)].to_vec(),
        });
        (payload, parts.collect())
    }
}

fn describe<'v>(version: &'v str, image: &[u8], load_address: Option<u64>) -> Image<'v> {
    Image {
        version,
        digest: sha256(image),
        size: len_u32(image),
        load_address,
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// A package and where its pieces lie.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) bytes: Vec<u8>,
    pub(crate) manifest: Vec<u8>,
    pub(crate) payloads: Vec<Payload>,
    stored: Vec<u8>,
    keysets: Vec<u8>,
}

impl Package {
    fn assemble(
        manifest: Vec<u8>,
        signed: &[Signed],
        payloads: Vec<Payload>,
        stored: Vec<u8>,
        keysets: Vec<u8>,
    ) -> Self {
        let entries: Vec<_> = signed
            .iter()
            .map(|signed| SignatureEntry {
                algorithm: signed.algorithm,
                key_id: signed.id,
                protected: &signed.protected,
                signature: &signed.signature,
            })
            .collect();
        let mut envelope = vec![0; 16_384];
        let len = Envelope::new(&manifest, &entries)
            .encode(&mut envelope)
            .unwrap();
        envelope.truncate(len);
        let header = Header {
            keysets_len: u16::try_from(keysets.len()).unwrap(),
            envelope_len: len_u32(&envelope),
            payloads_len: u64::from(len_u32(&stored)),
        };
        let mut bytes = vec![0; Header::LEN];
        header.encode(&mut bytes).unwrap();
        bytes.extend_from_slice(&keysets);
        bytes.extend(envelope);
        bytes.extend_from_slice(&stored);
        Self {
            bytes,
            manifest,
            payloads,
            stored,
            keysets,
        }
    }

    /// The same manifest and payloads under other signatures.
    pub(crate) fn signed_by(&self, signed: &[Signed]) -> Self {
        let manifest = self.manifest.clone();
        let (payloads, stored) = (self.payloads.clone(), self.stored.clone());
        Self::assemble(manifest, signed, payloads, stored, self.keysets.clone())
    }

    /// Bytes of header and envelope.
    pub(crate) fn head_len(&self) -> usize {
        self.bytes.len() - self.stored.len()
    }

    /// The parts of payload `number`: what they are, and where in the package they lie.
    pub(crate) fn parts(&self, number: usize) -> Vec<(Item, Range<usize>)> {
        let before: u64 = self.payloads[..number]
            .iter()
            .map(|payload| Index::new(payload).stored_len())
            .sum();
        let start = self.head_len() + usize::try_from(before).unwrap();
        Index::new(&self.payloads[number])
            .items()
            .map(|placed| {
                let from = start + usize::try_from(placed.offset).unwrap();
                (placed.item, from..from + index(placed.len))
            })
            .collect()
    }
}
