//! Every pair of a corpus of real firmware: build, verify, apply, compare.
//!
//! `SPRAG_CORPUS` names a folder that holds a folder for each pair, with `old.bin` and `new.bin`. Pairs whose new
//! image has 4 MiB or more are left to `cargo xtask bench`, and named.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::path::{Path, PathBuf};

use sprag::{
    BuildInputs, CodecChoice, Effort, FullImage, IsaMismatch, ReleaseSpec, SigningKey,
    SimulatedDevice, Source, UpdateInputs, WayBack, build, default_flash, inspect, intended_device,
    verify,
};
use sprag_manifest::{Envelope, Header, Isa, KeyId, Manifest, Release};
use sprag_verifier::{Area, ExampleKeys, KeyRole, TrustAnchors, TrustedKey};

/// New images from here on take too long for a test.
const TOO_LONG: u64 = 4 << 20;

#[test]
fn every_pair_goes_the_whole_way() {
    let Some(corpus) = std::env::var_os("SPRAG_CORPUS") else {
        println!("skipped: SPRAG_CORPUS names no folder of firmware pairs");
        return;
    };
    let mut pairs: Vec<PathBuf> = fs::read_dir(&corpus)
        .unwrap_or_else(|e| panic!("SPRAG_CORPUS={}: {e}", corpus.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.join("new.bin").is_file())
        .collect();
    pairs.sort();
    let mut done = 0;
    for pair in &pairs {
        let name = pair.file_name().unwrap().to_str().unwrap();
        if fs::metadata(pair.join("new.bin")).unwrap().len() >= TOO_LONG {
            println!("{name}: left to the bench, 4 MiB or more");
            continue;
        }
        println!("{name}: {}", whole_way(name, pair));
        done += 1;
    }
    assert!(done > 0, "no pairs in {}", corpus.display());
}

/// Builds, verifies and applies a pair, and returns its figures.
fn whole_way(name: &str, pair: &Path) -> String {
    let (old, new) = (
        fs::read(pair.join("old.bin")).unwrap(),
        fs::read(pair.join("new.bin")).unwrap(),
    );
    let key = SigningKey::from_seed(KeyId(*b"TESTONLY"), b"sprag tests: trust this nowhere!");
    let keys = [TrustedKey {
        id: key.key_id(),
        role: KeyRole::Release,
        key: key.verifying_key().to_bytes(),
    }];
    let trust = TrustAnchors {
        keys: &keys,
        example_keys: ExampleKeys::Refuse,
    };
    let release = ReleaseSpec::new(Release {
        vendor: Some("corpus".into()),
        product: Some("pair".into()),
        hardware: vec!["r1".into()],
        isa: Some(isa(name)),
        new_version: Some("2".into()),
        ..Release::default()
    });
    let inputs = BuildInputs {
        release: release.unwrap(),
        sources: vec![Source {
            version: "1",
            bytes: &old,
        }],
        new: &new,
        codec: CodecChoice::Auto,
        ram: None,
        told_address: None,
        effort: Effort::default(),
        full: FullImage::WhereSmaller,
        isa_mismatch: IsaMismatch::Refuse,
        profile: None,
        in_place: None,
        way_back: WayBack::Without,
    };
    let package = build(&inputs, &key, &mut |_, _, _| ()).unwrap_or_else(|e| panic!("{name}: {e}"));
    verify(&package, &trust, None).unwrap_or_else(|e| panic!("{name}: {e}"));

    let header = Header::decode(&package).unwrap();
    let payloads = usize::try_from(header.payloads_offset()).unwrap();
    let envelope = Envelope::decode(&package[Header::LEN..payloads]).unwrap();
    let manifest = Manifest::decode(envelope.manifest_bytes()).unwrap();
    let described = intended_device(&manifest, Some("1"));
    let inspection = inspect(&package).unwrap();
    let longest = u32::try_from(old.len().max(new.len())).unwrap();
    let mut device = SimulatedDevice::new(&default_flash(longest), &old).unwrap();
    let update = UpdateInputs {
        trust: &trust,
        device: &described,
        ram: inspection.total_ram_bytes,
    };
    let report = device
        .update(&package, &update, &mut |_, _| ())
        .unwrap_or_else(|e| panic!("{name}: {e:?}"));
    assert_eq!(device.power_on().unwrap().slot(), Area::SlotB, "{name}");
    assert!(
        device.slot(Area::SlotB, new.len()) == new,
        "{name}: other bytes"
    );
    assert!(report.arena_bytes <= inspection.total_ram_bytes, "{name}");

    let (package_bytes, payload_bytes) = (inspection.package_bytes, inspection.payload_bytes);
    let overhead = package_bytes - payload_bytes;
    let bound = match inspection.payloads[0].blocks {
        1 => 400,
        _ => payload_bytes / 100 + 448,
    };
    assert!(
        overhead <= bound,
        "{name}: {overhead} B around {payload_bytes} B"
    );
    format!(
        "{} -> {} B, package {package_bytes} B, payload {payload_bytes} B ({}), {} B of RAM, identical",
        old.len(),
        new.len(),
        inspection.codec.name(),
        inspection.total_ram_bytes,
    )
}

/// The instruction set that a folder's name begins with; `none` where that says nothing.
fn isa(name: &str) -> Isa {
    let families = [
        ("cm", Isa::Thumb),
        ("a64", Isa::A64),
        ("arm-", Isa::A32),
        ("rv32", Isa::Rv32),
        ("rv64", Isa::Rv64),
        ("xtensa", Isa::Xtensa),
    ];
    families
        .into_iter()
        .find(|(family, _)| name.starts_with(family))
        .map_or(Isa::None, |(_, isa)| isa)
}
