//! LMS keys for tests: one leaf whose signatures hold, in a tree of which nothing else was ever made.

use sha2::{Digest as _, Sha256};
use sprag_manifest::{Algorithm, Document, HSS_LMS_KEY_LEN, KeyId, hss_lms_protected};
use sprag_verifier::LmsKey;

use super::{Signed, signed_bytes_of};

/// LMS types (RFC 8554, section 5.1) with their heights, LM-OTS types (section 4.1) with width and chains.
pub(crate) const H5: (u32, u32) = (5, 5);
pub(crate) const H10: (u32, u32) = (6, 10);
pub(crate) const H15: (u32, u32) = (7, 15);
pub(crate) const W4: (u32, u32, u16) = (3, 4, 67);
pub(crate) const W8: (u32, u32, u16) = (4, 8, 34);

/// A key, and the leaf that it signs with. Its siblings on the way to the root are made up, and the root follows from
/// them: only a forger could tell.
#[derive(Clone, Debug)]
pub(crate) struct LmsSigner {
    pub(crate) id: KeyId,
    pub(crate) lms: (u32, u32),
    pub(crate) ots: (u32, u32, u16),
    pub(crate) leaf: u32,
}

impl LmsSigner {
    pub(crate) fn new(id: u8, lms: (u32, u32), ots: (u32, u32, u16), leaf: u32) -> Self {
        let id = KeyId([id; 8]);
        Self { id, lms, ots, leaf }
    }

    fn tree(&self) -> [u8; 16] {
        hash(&[b"tree", &self.id.0]).first_chunk().copied().unwrap()
    }

    fn begin(&self, number: u32) -> Sha256 {
        Sha256::new()
            .chain_update(self.tree())
            .chain_update(number.to_be_bytes())
    }

    fn walk(&self, chain: u16, from: u32, to: u32, mut value: [u8; 32]) -> [u8; 32] {
        for step in from..to {
            let step = u8::try_from(step).unwrap();
            value = self
                .begin(self.leaf)
                .chain_update(chain.to_be_bytes())
                .chain_update([step])
                .chain_update(value)
                .finalize()
                .into();
        }
        value
    }

    fn secret(&self, chain: u16) -> [u8; 32] {
        hash(&[b"chain", &self.id.0, &chain.to_be_bytes()])
    }

    fn sibling(&self, level: u32) -> [u8; 32] {
        hash(&[b"path", &self.id.0, &level.to_be_bytes()])
    }

    /// The public key.
    pub(crate) fn key(&self) -> LmsKey {
        let last = (1 << self.ots.1) - 1;
        let mut one_time = self.begin(self.leaf).chain_update([0x80, 0x80]);
        for chain in 0..self.ots.2 {
            one_time.update(self.walk(chain, 0, last, self.secret(chain)));
        }
        let mut number = (1 << self.lms.1) + self.leaf;
        let leaf = self.begin(number).chain_update([0x82, 0x82]);
        let mut node: [u8; 32] = leaf.chain_update(one_time.finalize()).finalize().into();
        for level in 0..self.lms.1 {
            let sibling = self.sibling(level);
            let pair = match number % 2 {
                1 => [sibling, node],
                _ => [node, sibling],
            };
            number /= 2;
            let parent = self.begin(number).chain_update([0x83, 0x83]);
            node = parent.chain_update(pair.as_flattened()).finalize().into();
        }
        let words = [1, self.lms.0, self.ots.0].map(u32::to_be_bytes);
        let key = [words.as_flattened(), &self.tree(), &node].concat();
        LmsKey {
            id: self.id,
            key: <[u8; HSS_LMS_KEY_LEN]>::try_from(key).unwrap(),
        }
    }

    /// A signature over `message`.
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        let (width, chains) = (self.ots.1, self.ots.2);
        let c = hash(&[b"randomizer", message]);
        let mut digest = self
            .begin(self.leaf)
            .chain_update([0x81, 0x81])
            .chain_update(c)
            .chain_update(message)
            .finalize()
            .to_vec();
        let digits = |bytes: &[u8]| -> Vec<u32> {
            let halves = |byte: &u8| [byte >> 4, byte & 15].map(u32::from);
            match width {
                4 => bytes.iter().flat_map(halves).collect(),
                _ => bytes.iter().map(|byte| u32::from(*byte)).collect(),
            }
        };
        let last = (1 << width) - 1;
        let sum: u32 = digits(&digest).iter().map(|digit| last - digit).sum();
        let shift = if width == 4 { 4 } else { 0 };
        digest.extend(u16::try_from(sum << shift).unwrap().to_be_bytes());
        let words = [0, self.leaf, self.ots.0].map(u32::to_be_bytes);
        let mut signature = [words.as_flattened(), &c].concat();
        for (chain, digit) in (0..chains).zip(digits(&digest)) {
            signature.extend(self.walk(chain, 0, digit, self.secret(chain)));
        }
        signature.extend(self.lms.0.to_be_bytes());
        for level in 0..self.lms.1 {
            signature.extend(self.sibling(level));
        }
        signature
    }

    /// What this signer puts under `manifest`.
    pub(crate) fn sign(&self, manifest: &[u8]) -> Signed {
        self.sign_document(Document::Manifest, manifest)
    }

    pub(crate) fn sign_document(&self, document: Document, content: &[u8]) -> Signed {
        let protected = hss_lms_protected(self.id).to_vec();
        let message = signed_bytes_of(document, &protected, content);
        Signed {
            algorithm: Algorithm::HssLms,
            id: self.id,
            signature: self.sign_bytes(&message),
            protected,
        }
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
