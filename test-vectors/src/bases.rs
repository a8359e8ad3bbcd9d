//! The good packages that everything is made of. They were built once (`--bin inputs`) and are kept as files, so that
//! a better encoder changes no vector.

use sprag::attack::{Setting, Trusted, hex};
use sprag::{
    BuildInputs, CodecChoice, Effort, FullImage, IsaMismatch, ReleaseSpec, SigningKey, Source,
    WayBack, build, sha256,
};
use sprag_manifest::{FlashProfile, Isa, KeyId, Release};

/// The old image: 2 KiB of the demonstration's firmware.
#[must_use]
pub fn old() -> &'static [u8] {
    part(include_bytes!("../../builder/demo/sensor-1.0.0.bin"))
}

/// The new image: the same place in its successor.
#[must_use]
pub fn new() -> &'static [u8] {
    part(include_bytes!("../../builder/demo/sensor-1.1.0.bin"))
}

fn part(image: &'static [u8]) -> &'static [u8] {
    image.get(0x2000..0x2800).unwrap_or_default()
}

/// The key that signs; `builder/tests/keys/TEST-ONLY.key` holds it, and no device trusts it.
#[must_use]
pub fn key() -> SigningKey {
    SigningKey::from_seed(KeyId(*b"TESTONLY"), b"sprag tests: trust this nowhere!")
}

/// A longer image, of 34 blocks, so that its index has two pages.
#[must_use]
pub fn long() -> &'static [u8] {
    let image: &[u8] = include_bytes!("../../builder/demo/sensor-1.1.0.bin");
    image.get(0x2000..0x2000 + 34 * 256 - 9).unwrap_or_default()
}

/// A good package.
#[derive(Clone, Copy, Debug)]
pub struct Base {
    /// Its name.
    pub name: &'static str,
    /// Its bytes.
    pub package: &'static [u8],
    /// What it leads to.
    pub target: &'static [u8],
    /// What it is.
    pub why: &'static str,
}

/// All of them: one for each codec, and a long one.
pub static BASES: [Base; 5] = [
    Base {
        name: "delta",
        package: include_bytes!("../inputs/delta.sprag"),
        target: include_bytes!("../inputs/new.bin"),
        why: "a native delta",
    },
    Base {
        name: "full",
        package: include_bytes!("../inputs/full.sprag"),
        target: include_bytes!("../inputs/new.bin"),
        why: "a native full image",
    },
    Base {
        name: "bsdiff",
        package: include_bytes!("../inputs/bsdiff.sprag"),
        target: include_bytes!("../inputs/new.bin"),
        why: "bsdiff operations in a zstd frame",
    },
    Base {
        name: "stored",
        package: include_bytes!("../inputs/stored.sprag"),
        target: include_bytes!("../inputs/new.bin"),
        why: "the image as it is",
    },
    Base {
        name: "pages",
        package: include_bytes!("../inputs/pages.sprag"),
        target: include_bytes!("../inputs/long.bin"),
        why: "an image of 34 blocks, with two pages",
    },
];

/// Builds a base anew.
///
/// # Errors
/// Those of [`build`].
pub fn build_base(name: &str) -> Result<Vec<u8>, sprag::Error> {
    let (codec, has_source) = match name {
        "delta" => (CodecChoice::Native, true),
        "full" => (CodecChoice::Native, false),
        "bsdiff" => (CodecChoice::BsdiffZstd, true),
        _ => (CodecChoice::Stored, false),
    };
    let release = ReleaseSpec::new(Release {
        vendor: Some("acme".into()),
        product: Some("sensor".into()),
        hardware: vec!["r1".into(), "r2".into()],
        isa: Some(Isa::Thumb),
        new_version: Some("1.1.0".into()),
        block_size: Some(256),
        ..Release::default()
    })?;
    let sources = Source {
        version: "1.0.0",
        bytes: old(),
    };
    let inputs = BuildInputs {
        release,
        sources: if has_source { vec![sources] } else { vec![] },
        new: if name == "pages" { long() } else { new() },
        codec,
        ram: Some(if name == "bsdiff" { 1 << 22 } else { 8192 }),
        told_address: None,
        effort: Effort::Best,
        full: FullImage::WhereSmaller,
        isa_mismatch: IsaMismatch::Allow,
        profile: None,
        in_place: None,
        way_back: WayBack::Without,
    };
    build(&inputs, &key(), &mut |_, _, _| ())
}

/// The device that takes every base.
#[must_use]
pub fn setting() -> Setting {
    let public = key().verifying_key();
    Setting {
        name: "sensor".into(),
        vendor: "acme".into(),
        product: "sensor".into(),
        hardware: "r1".into(),
        isa: Isa::Thumb,
        bootloader: None,
        os: None,
        layout: None,
        load_address: None,
        keyset_version: 0,
        now: None,
        battery_percent: None,
        free_storage: None,
        temperature: None,
        free_ram: None,
        minute_of_day: None,
        installed_version: Some("1.0.0".into()),
        sequence: 0,
        security_counter: 0,
        keys: vec![Trusted {
            id: hex(&public.key_id().0),
            key: hex(&public.to_bytes()),
            role: "release".into(),
        }],
        example_keys: false,
        keyset: None,
        envelope_max: 16_384,
        ram: 1 << 23,
        decodes_bsdiff: true,
        flash: FlashProfile {
            slots: 2,
            slot_size: 16_384,
            sector_size: 4096,
            write_size: 8,
            erased_value: 0xff,
            trailer_reserve: 0,
            staging_size: 0,
            scratch_size: 0,
        },
        old_sha256: hex(&sha256(old()).0),
        old: old().into(),
    }
}
