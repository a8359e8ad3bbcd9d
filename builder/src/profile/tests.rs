use sprag_manifest::{FlashProfile, Isa, Manifest, PackedVersion, Release, ReleaseRequirement};
use sprag_verifier::Error as DeviceError;

use super::{default_flash, device, intended_device, read_profile};
use crate::error::Error;
use crate::release::ReleaseSpec;
use crate::testing::{anchors, built, inputs, key, release, trusted};
use crate::verify::{manifest_of, verify};

const PROFILE: &str = r#"
vendor = "acme"
product = "gateway"
hardware = "r2"
isa = "none"
ram = 32768
installed-version = "1.0.0"
sequence = 1
security-counter = 2
load-address = 0x0800_0000
layout = "dual-512k"
battery-percent = 80
free-storage = 100000
bootloader = { id = "mcuboot", version = "2.0" }
os = { id = "zephyr", version = "3.7" }
"#;

fn profile(text: &str) -> Result<sprag_manifest::DeviceProfile, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("device.toml");
    std::fs::write(&path, text).unwrap();
    read_profile(&path)
}

/// A release that asks for all that a profile can answer.
fn demanding() -> Release {
    let requirement = |id: &str, min: &str, max: &str| {
        let version = |text: &str| Some(text.parse::<PackedVersion>().unwrap());
        Some(ReleaseRequirement {
            id: id.into(),
            min: version(min),
            max: version(max),
        })
    };
    let mut release = Release {
        security_counter: Some(2),
        load_address: Some(0x0800_0000),
        layout: Some("dual-512k".into()),
        bootloader: requirement("mcuboot", "1.9", "2.1"),
        os: requirement("zephyr", "3.7", "3.7"),
        ..release()
    };
    release.preconditions.min_battery_percent = Some(50);
    release.preconditions.min_free_storage = Some(100_000);
    release
}

fn package(release: Release) -> Vec<u8> {
    let mut inputs = inputs(vec![], b"the new image");
    inputs.release = ReleaseSpec::new(release).unwrap();
    built(&inputs).unwrap()
}

fn verified(package: &[u8], profile_text: &str) -> u16 {
    let profile = profile(profile_text).unwrap();
    let keys = trusted(&key());
    match verify(package, &anchors(&keys), Some(&device(&profile))) {
        Ok(_) => 0,
        Err(Error::Device(e)) => e.code(),
        Err(e) => panic!("{e:?}"),
    }
}

#[test]
fn every_field_reaches_the_check() {
    let package = package(demanding());
    assert_eq!(verified(&package, PROFILE), 0);
    let cases = [
        ("vendor = \"acme\"", "vendor = \"acmf\"", 301),
        ("product = \"gateway\"", "product = \"gatewaz\"", 302),
        ("hardware = \"r2\"", "hardware = \"r3\"", 303),
        ("isa = \"none\"", "isa = \"thumb\"", 304),
        ("id = \"mcuboot\"", "id = \"uboot\"", 305),
        (
            "bootloader = { id = \"mcuboot\", version = \"2.0\" }",
            "",
            305,
        ),
        ("version = \"2.0\"", "version = \"2.1.1\"", 306),
        ("version = \"2.0\"", "version = \"1.8\"", 306),
        ("id = \"zephyr\"", "id = \"riot\"", 307),
        ("os = { id = \"zephyr\", version = \"3.7\" }", "", 307),
        ("version = \"3.7\"", "version = \"3.8\"", 308),
        ("layout = \"dual-512k\"", "layout = \"dual-1m\"", 309),
        ("layout = \"dual-512k\"", "", 309),
        (
            "load-address = 0x0800_0000",
            "load-address = 0x0802_0000",
            310,
        ),
        ("security-counter = 2", "security-counter = 3", 320),
        ("sequence = 1", "sequence = 562949953421312", 321),
        ("battery-percent = 80", "battery-percent = 49", 330),
        ("battery-percent = 80", "", 330),
        ("free-storage = 100000", "free-storage = 99999", 331),
        ("free-storage = 100000", "", 331),
        // What may be left out, or differ.
        ("load-address = 0x0800_0000", "", 0),
        ("security-counter = 2", "security-counter = 1", 0),
        ("security-counter = 2", "", 0),
        ("sequence = 1", "sequence = 562949953421311", 0),
        ("installed-version = \"1.0.0\"", "", 0),
        ("battery-percent = 80", "battery-percent = 50", 0),
        ("hardware = \"r2\"", "hardware = \"r1\"", 0),
    ];
    for (line, instead, expected) in cases {
        assert!(PROFILE.contains(line), "{line}");
        let found = verified(&package, &PROFILE.replace(line, instead));
        assert_eq!(found, expected, "{line} -> {instead}");
    }
}

#[test]
fn files_say_what_is_wrong_with_them() {
    for (text, reason) in [
        ("", "missing field `ram`"),
        ("vendor = 1", "line 1"),
        (&PROFILE.replace("ram = 32768", ""), "missing field `ram`"),
        (&PROFILE.replace("ram", "rom"), "unknown field `rom`"),
        (
            &format!("{PROFILE}[flash]\nslot-size = 100\nsector-size = 64\nwrite-size = 4\n"),
            "slot-size 100",
        ),
    ] {
        let refusal = profile(text).unwrap_err();
        assert_eq!((refusal.code(), refusal.exit_code()), (1003, 4), "{text}");
        assert!(refusal.to_string().contains(reason), "{text}: {refusal}");
    }
}

#[test]
fn the_intended_device_takes_the_package() {
    let full = package(demanding());
    let plain = package(release());
    let keys = trusted(&key());
    for package in [full, plain] {
        let manifest: Manifest<'_> = manifest_of(&package).unwrap();
        for version in [None, Some("1.0.0")] {
            let described = intended_device(&manifest, version);
            assert_eq!(described.installed.version, version);
            verify(&package, &anchors(&keys), Some(&described)).unwrap();
        }
    }
    // Whatever bounds a requirement has.
    for (min, max) in [
        (None, None),
        (Some("1"), None),
        (None, Some("1")),
        (Some("1"), Some("2")),
    ] {
        let version = |text: &str| text.parse::<PackedVersion>().unwrap();
        let bootloader = ReleaseRequirement {
            id: "mcuboot".into(),
            min: min.map(version),
            max: max.map(version),
        };
        let package = package(Release {
            bootloader: Some(bootloader),
            ..release()
        });
        let manifest = manifest_of(&package).unwrap();
        let described = intended_device(&manifest, None);
        verify(&package, &anchors(&keys), Some(&described)).unwrap();
    }
}

#[test]
fn a_stranger_is_told_both_sides() {
    let package = package(release());
    let profile = profile(&PROFILE.replace("\"acme\"", "\"umbrella\"")).unwrap();
    let keys = trusted(&key());
    let refusal = verify(&package, &anchors(&keys), Some(&device(&profile))).unwrap_err();
    let Error::Device(DeviceError::Vendor { package, device }) = refusal else {
        panic!("{refusal:?}")
    };
    assert_eq!((package.as_str(), device.as_str()), ("acme", "umbrella"));
    assert_eq!(Some(Isa::None), profile.isa);
}

#[test]
fn flash_without_a_profile_holds_the_image() {
    for (image, slot) in [
        (0, 4096),
        (1, 4096),
        (4096, 4096),
        (4097, 8192),
        (84_012, 86_016),
    ] {
        let FlashProfile {
            slot_size,
            sector_size,
            write_size,
            erased_value,
            ..
        } = default_flash(image);
        assert_eq!(
            (slot_size, sector_size, write_size, erased_value),
            (slot, 4096, 4, 0xff),
            "{image}"
        );
    }
    assert!(default_flash(u32::MAX).slot_size >= u32::MAX - 4096);
}
