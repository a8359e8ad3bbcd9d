//! A package of the demonstration's images, and the key that signs it.

use sprag::{
    BuildInputs, CodecChoice, Effort, FullImage, IsaMismatch, ReleaseSpec, SigningKey, Source,
    WayBack, build,
};
use sprag_manifest::{Isa, KeyId, Release};

/// The old image, version 1.0.0.
pub(crate) const OLD: &[u8] = include_bytes!("../../demo/sensor-1.0.0.bin");
/// The new image, version 1.1.0.
pub(crate) const NEW: &[u8] = include_bytes!("../../demo/sensor-1.1.0.bin");

/// A key that anybody can sign with; `builder/tests/keys/TEST-ONLY.key` holds it.
pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(KeyId(*b"TESTONLY"), b"sprag tests: trust this nowhere!")
}

/// A delta and the full image, in blocks of `block_size` bytes.
pub(crate) fn package(codec: CodecChoice, full: FullImage, block_size: u32) -> Vec<u8> {
    let release = ReleaseSpec::new(Release {
        vendor: Some("acme".into()),
        product: Some("sensor".into()),
        hardware: vec!["r1".into(), "r2".into()],
        isa: Some(Isa::Thumb),
        new_version: Some("1.1.0".into()),
        block_size: Some(block_size),
        ..Release::default()
    });
    let inputs = BuildInputs {
        release: release.unwrap(),
        sources: vec![Source {
            version: "1.0.0",
            bytes: OLD,
        }],
        new: NEW,
        codec,
        ram: None,
        told_address: None,
        effort: Effort::Fast,
        full,
        isa_mismatch: IsaMismatch::Refuse,
        profile: None,
        in_place: None,
        way_back: WayBack::Without,
    };
    build(&inputs, &key(), &mut |_, _, _| ()).unwrap()
}
