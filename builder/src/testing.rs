//! What the tests of several modules build with.

pub(crate) mod code;

use sprag_manifest::{Isa, KeyId, Release};
use sprag_verifier::{ExampleKeys, KeyRole, TrustAnchors, TrustedKey};

use crate::build::{BuildInputs, FullImage, IsaMismatch, Source, WayBack, build};
use crate::codec::{CodecChoice, Effort};
use crate::error::Error;
use crate::keys::SigningKey;
use crate::release::ReleaseSpec;

/// A key that anybody can sign with.
pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(KeyId(*b"TESTONLY"), b"sprag tests: trust this nowhere!")
}

/// `key`'s public half, as a trust store holds it.
pub(crate) fn trusted(key: &SigningKey) -> [TrustedKey; 1] {
    let public = key.verifying_key();
    [TrustedKey {
        id: public.key_id(),
        role: KeyRole::Release,
        key: public.to_bytes(),
    }]
}

pub(crate) const fn anchors(keys: &[TrustedKey]) -> TrustAnchors<'_> {
    TrustAnchors {
        keys,
        example_keys: ExampleKeys::Refuse,
    }
}

/// A release with everything that has no default.
pub(crate) fn release() -> Release {
    Release {
        vendor: Some("acme".into()),
        product: Some("gateway".into()),
        hardware: vec!["r1".into(), "r2".into()],
        isa: Some(Isa::None),
        new_version: Some("2.0.0".into()),
        ..Release::default()
    }
}

/// Inputs with every choice at its default.
pub(crate) fn inputs<'a>(sources: Vec<Source<'a>>, new: &'a [u8]) -> BuildInputs<'a> {
    BuildInputs {
        release: ReleaseSpec::new(release()).unwrap(),
        sources,
        new,
        codec: CodecChoice::Auto,
        ram: None,
        told_address: None,
        effort: Effort::default(),
        full: FullImage::WhereSmaller,
        isa_mismatch: IsaMismatch::Refuse,
        profile: None,
        in_place: None,
        way_back: WayBack::Without,
    }
}

pub(crate) fn built(inputs: &BuildInputs<'_>) -> Result<Vec<u8>, Error> {
    build(inputs, &key(), &mut |_, _, _| ())
}

/// A long sequence of bytes without pattern (xorshift64).
pub(crate) fn noise(mut state: u64) -> impl Iterator<Item = u8> {
    core::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
}

/// `len` bytes without pattern.
pub(crate) fn noise_of(seed: u64, len: usize) -> Vec<u8> {
    noise(seed).take(len).collect()
}
