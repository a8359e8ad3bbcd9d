//! SHA-256 (FIPS 180-4) as the format uses it, and a comparison whose time tells nothing.

use sha2::{Digest as _, Sha256};
use sprag_manifest::{Digest, block_prefix, page_prefix};

/// A digest in the making.
#[derive(Clone, Debug)]
pub(crate) struct Hasher(Sha256);

impl Hasher {
    pub(crate) fn new() -> Self {
        Self(Sha256::new())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }

    /// The digest so far.
    pub(crate) fn so_far(&self) -> Digest {
        self.clone().finish()
    }
}

/// SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// The hash that authenticates block `index` of payload `payload`.
#[must_use]
pub fn block_hash(payload: u32, index: u32, bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(&block_prefix(payload, index));
    hasher.update(bytes);
    hasher.finish()
}

/// The hash that authenticates index page `index` of payload `payload`.
#[must_use]
pub fn page_hash(payload: u32, index: u32, bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(&page_prefix(payload, index));
    hasher.update(bytes);
    hasher.finish()
}

/// Compares two digests in a time that does not depend on where they differ.
pub(crate) fn same(a: &Digest, b: &Digest) -> bool {
    let difference = a.0.iter().zip(&b.0).fold(0_u8, |sum, (a, b)| sum | (a ^ b));
    core::hint::black_box(difference) == 0
}
