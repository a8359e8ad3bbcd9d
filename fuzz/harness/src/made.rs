//! A small package, made once: two images, a key, and the update from one to the other.

use std::sync::OnceLock;

use sprag::{
    BuildInputs, CodecChoice, Effort, FullImage, IsaMismatch, ReleaseSpec, SigningKey, Source,
    WayBack, build,
};
use sprag_manifest::{Isa, KeyId, Release};
use sprag_verifier::{Attempt, Device, ExampleKeys, Installed, KeyRole, TrustAnchors, TrustedKey};

use crate::choices::Noise;

/// Bytes of the old image.
const OLD_LEN: usize = 5000;
/// The key of the tests; no device trusts it.
pub(crate) const SEED: [u8; 32] = [7; 32];
pub(crate) const KEY_ID: KeyId = KeyId([7; 8]);

/// Two images and the package between them.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) old: Vec<u8>,
    pub(crate) new: Vec<u8>,
    pub(crate) package: Vec<u8>,
    keys: [TrustedKey; 1],
}

impl Made {
    /// The same on every call.
    pub(crate) fn get() -> &'static Self {
        static MADE: OnceLock<Made> = OnceLock::new();
        MADE.get_or_init(Self::make)
    }

    fn make() -> Self {
        let mut noise = Noise(1);
        // Half of it compresses: text and tables beside code.
        let mut old: Vec<u8> = Vec::new();
        while old.len() < OLD_LEN {
            old.extend(noise.bytes(64));
            old.extend([noise.u8(); 64]);
        }
        old.truncate(OLD_LEN);
        let mut new = old.clone();
        new.splice(700..720, noise.bytes(90));
        new.splice(3000..3200, []);
        new.extend(noise.bytes(400));
        let key = SigningKey::from_seed(KEY_ID, &SEED);
        let package = build(&inputs(&old, &new), &key, &mut |_, _, _| ()).expect("small images");
        let public = ed25519_dalek::SigningKey::from_bytes(&SEED).verifying_key();
        let keys = [TrustedKey {
            id: KEY_ID,
            role: KeyRole::Release,
            key: public.to_bytes(),
        }];
        Self {
            old,
            new,
            package,
            keys,
        }
    }

    /// Trust in the key of the tests.
    pub(crate) fn trust(&self) -> TrustAnchors<'_> {
        TrustAnchors {
            keys: &self.keys,
            example_keys: ExampleKeys::Refuse,
        }
    }
}

fn inputs<'i>(old: &'i [u8], new: &'i [u8]) -> BuildInputs<'i> {
    let release = ReleaseSpec::new(Release {
        vendor: Some("acme".into()),
        product: Some("lamp".into()),
        hardware: vec!["rev-b".into()],
        isa: Some(Isa::Thumb),
        new_version: Some("1.1.0".into()),
        block_size: Some(256),
        ..Release::default()
    });
    BuildInputs {
        release: release.expect("a whole release"),
        sources: vec![Source {
            version: "1.0.0",
            bytes: old,
        }],
        new,
        codec: CodecChoice::Native,
        ram: Some(8192),
        told_address: None,
        effort: Effort::Fast,
        full: FullImage::WhereSmaller,
        isa_mismatch: IsaMismatch::Allow,
        profile: None,
        in_place: None,
        way_back: WayBack::Without,
    }
}

/// The device that the package is meant for.
pub(crate) fn device(installed: Installed<'_>) -> Device<'_> {
    Device {
        vendor: "acme",
        product: "lamp",
        hardware: "rev-b",
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
        attempt: Attempt::First,
        installed,
    }
}
