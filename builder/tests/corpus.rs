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
    intended_flash, verify,
};
use sprag_manifest::{Envelope, Header, Isa, KeyId, Manifest, Release};
use sprag_verifier::{Area, Boot, ExampleKeys, KeyRole, TrustAnchors, TrustedKey};

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

/// A pair for a device with a single slot of the larger image, rounded up, and two sectors of 4 KiB; there and back.
#[test]
fn a_pair_goes_in_place() {
    const NAME: &str = "cm3-particle-photon-p2";
    let Some(corpus) = std::env::var_os("SPRAG_CORPUS") else {
        println!("skipped: SPRAG_CORPUS names no folder of firmware pairs");
        return;
    };
    let folder = Path::new(&corpus).join(NAME);
    if !folder.is_dir() {
        println!("skipped: no {NAME} in SPRAG_CORPUS");
        return;
    }
    let read = |name| fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{NAME}/{name}: {e}"));
    let (old, new) = (read("old.bin"), read("new.bin"));
    let two = inputs(NAME, &old, &new);
    let one = BuildInputs {
        in_place: Some(72 << 10),
        way_back: WayBack::WithReverse,
        ..inputs(NAME, &old, &new)
    };
    let key = key();
    let [two, one] = [two, one].map(|inputs| build(&inputs, &key, &mut |_, _, _| ()).unwrap());
    let (two, inspection) = (inspect(&two).unwrap(), inspect(&one).unwrap());
    let [there, back] = inspection.manifest.payloads.as_slice() else {
        panic!("{:?}", inspection.payloads)
    };
    // The bounds of an update in place.
    let more = u64::from(there.payload_bytes) * 100 / two.payload_bytes;
    assert!(more <= 115, "{more} % of the patch for two slots");
    for payload in [there, back] {
        assert!(payload.total_ram_bytes <= (16 << 10) + 2048, "{payload:?}");
        assert!(
            payload.erases <= 2 && payload.min_operations > 0,
            "{payload:?}"
        );
    }
    let manifest = manifest_of(&one);
    let flash = intended_flash(&manifest, old.len(), one.len());
    let larger = u32::try_from(old.len().max(new.len())).unwrap();
    assert_eq!(flash.slot_size, larger.next_multiple_of(4096) + 2 * 4096);
    let keys = trusted(&key);
    let update = UpdateInputs {
        trust: &anchors(&keys),
        device: &intended_device(&manifest, Some("1")),
        ram: there.total_ram_bytes,
    };
    let mut device = SimulatedDevice::new(&flash, &old).unwrap();
    device.update(&one, &update, &mut |_, _| ()).unwrap();
    assert_eq!(device.power_on().unwrap(), Boot::Trial(Area::SlotA));
    assert!(device.slot(Area::SlotA, new.len()) == new, "other bytes");
    assert!(device.most_erases(Area::SlotA) <= there.erases);
    while let Boot::Trial(_) = device.power_on().unwrap() {}
    device.apply_staged(&update, &mut |_, _| ()).unwrap();
    assert_eq!(device.power_on().unwrap(), Boot::Confirmed(Area::SlotA));
    assert!(device.slot(Area::SlotA, old.len()) == old, "other bytes");
    println!(
        "{NAME}: two slots {} B, in place {} B and {} B back, shift {} B",
        two.payload_bytes, there.payload_bytes, back.payload_bytes, there.in_place_shift
    );
}

fn key() -> SigningKey {
    SigningKey::from_seed(KeyId(*b"TESTONLY"), b"sprag tests: trust this nowhere!")
}

fn trusted(key: &SigningKey) -> [TrustedKey; 1] {
    [TrustedKey {
        id: key.key_id(),
        role: KeyRole::Release,
        key: key.verifying_key().to_bytes(),
    }]
}

const fn anchors(keys: &[TrustedKey]) -> TrustAnchors<'_> {
    TrustAnchors {
        keys,
        example_keys: ExampleKeys::Refuse,
    }
}

fn manifest_of(package: &[u8]) -> Manifest<'_> {
    let header = Header::decode(package).unwrap();
    let payloads = usize::try_from(header.payloads_offset()).unwrap();
    let envelope = Envelope::decode(&package[Header::LEN..payloads]).unwrap();
    Manifest::decode(envelope.manifest_bytes()).unwrap()
}

fn inputs<'i>(name: &str, old: &'i [u8], new: &'i [u8]) -> BuildInputs<'i> {
    let release = ReleaseSpec::new(Release {
        vendor: Some("corpus".into()),
        product: Some("pair".into()),
        hardware: vec!["r1".into()],
        isa: Some(isa(name)),
        new_version: Some("2".into()),
        ..Release::default()
    });
    BuildInputs {
        release: release.unwrap(),
        sources: vec![Source {
            version: "1",
            bytes: old,
        }],
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

/// Builds, verifies and applies a pair, and returns its figures.
fn whole_way(name: &str, pair: &Path) -> String {
    let (old, new) = (
        fs::read(pair.join("old.bin")).unwrap(),
        fs::read(pair.join("new.bin")).unwrap(),
    );
    let key = key();
    let keys = trusted(&key);
    let trust = anchors(&keys);
    let inputs = inputs(name, &old, &new);
    let package = build(&inputs, &key, &mut |_, _, _| ()).unwrap_or_else(|e| panic!("{name}: {e}"));
    verify(&package, &trust, None).unwrap_or_else(|e| panic!("{name}: {e}"));

    let manifest = manifest_of(&package);
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
