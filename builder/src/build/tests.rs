use sprag_manifest::{Codec, FlashProfile, Isa, Release, Role};
use sprag_verifier::Area;

use super::self_check::unlisted_image;
use super::{BuildInputs, FullImage, IsaMismatch, Source, build};
use crate::codec::CodecChoice;
use crate::demo::{NEW_IMAGE, OLD_IMAGE};
use crate::device::{SimulatedDevice, UpdateInputs};
use crate::error::Error;
use crate::inspect::{Inspection, inspect};
use crate::profile::{default_flash, intended_device};
use crate::release::ReleaseSpec;
use crate::testing::{anchors, built, inputs, key, noise_of, release, trusted};
use crate::verify::manifest_of;

fn source<'a>(version: &'a str, bytes: &'a [u8]) -> Source<'a> {
    Source { version, bytes }
}

fn inspected(inputs: &BuildInputs<'_>) -> (Vec<u8>, Inspection) {
    let package = built(inputs).unwrap();
    let inspection = inspect(&package).unwrap();
    (package, inspection)
}

/// The payload that a device running `old` takes, after it has made the new image with it.
fn applied(package: &[u8], version: &str, old: &[u8], new: &[u8]) -> Result<u32, u16> {
    let keys = trusted(&key());
    let manifest = manifest_of(package).unwrap();
    let described = intended_device(&manifest, Some(version));
    let ram = manifest
        .payloads
        .iter()
        .map(|payload| payload.needs.ram)
        .max()
        .unwrap();
    let longest = u32::try_from(old.len().max(new.len())).unwrap();
    let mut device = SimulatedDevice::new(&default_flash(longest), old).unwrap();
    let update = UpdateInputs {
        trust: &anchors(&keys),
        device: &described,
        ram,
    };
    let report = device
        .update(package, &update, &mut |_, _| ())
        .map_err(|e| e.code())?;
    assert_eq!(device.power_on().unwrap().slot(), Area::SlotB);
    assert!(device.slot(Area::SlotB, new.len()) == new);
    Ok(report.payload)
}

/// The demonstration's old image with a few words changed: another release near it.
fn variant(seed: u64) -> Vec<u8> {
    let mut image = OLD_IMAGE.to_vec();
    for (number, byte) in noise_of(seed, 64).into_iter().enumerate() {
        image[1_000 + number * 1_100] = byte;
    }
    image
}

#[test]
fn one_package_serves_several_sources() {
    let (first, second) = (variant(1), variant(2));
    let sources = vec![
        source("0.8", &first),
        source("0.9", &second),
        source("1.0.0", OLD_IMAGE),
    ];
    let (package, inspection) = inspected(&inputs(sources.clone(), NEW_IMAGE));
    let roles: Vec<_> = inspection
        .payloads
        .iter()
        .map(|payload| (payload.role.as_str(), payload.source_version.as_deref()))
        .collect();
    assert_eq!(
        roles,
        [
            ("delta", Some("0.8")),
            ("delta", Some("0.9")),
            ("delta", Some("1.0.0"))
        ]
    );
    for (number, source) in (0..).zip(&sources) {
        assert_eq!(
            applied(&package, source.version, source.bytes, NEW_IMAGE),
            Ok(number)
        );
        // A device that does not know its version is served by its image's digest.
        assert_eq!(applied(&package, "", source.bytes, NEW_IMAGE), Ok(number));
    }
    // What is not listed is refused, by a code of its own for each way not to be.
    assert_eq!(applied(&package, "0.7", &variant(3), NEW_IMAGE), Err(503));
    assert_eq!(applied(&package, "0.8", &variant(3), NEW_IMAGE), Err(501));
    assert_eq!(applied(&package, "0.8", &second, NEW_IMAGE), Err(502));
}

#[test]
fn with_full_serves_everybody() {
    let mut inputs = inputs(vec![source("1.0.0", OLD_IMAGE)], NEW_IMAGE);
    inputs.full = FullImage::Always;
    let (package, inspection) = inspected(&inputs);
    let roles: Vec<_> = inspection
        .payloads
        .iter()
        .map(|payload| payload.role.as_str())
        .collect();
    assert_eq!(roles, ["delta", "full"]);
    assert_eq!(applied(&package, "1.0.0", OLD_IMAGE, NEW_IMAGE), Ok(0));
    assert_eq!(applied(&package, "0.7", &variant(3), NEW_IMAGE), Ok(1));
    assert_eq!(
        applied(&package, "none", b"an empty slot, almost", NEW_IMAGE),
        Ok(1)
    );
}

#[test]
fn without_old_images_the_package_is_full() {
    let (package, inspection) = inspected(&inputs(vec![], NEW_IMAGE));
    let [payload] = inspection.payloads.as_slice() else {
        panic!("one payload")
    };
    assert_eq!(
        (payload.role.as_str(), payload.codec),
        ("full", Codec::NativeFull)
    );
    assert_eq!(inspection.source, None);
    assert_eq!(applied(&package, "1.0.0", OLD_IMAGE, NEW_IMAGE), Ok(0));
}

#[test]
fn a_delta_that_costs_more_than_the_full_image_is_not_made() {
    let new = noise_of(1, 6_000);
    let (near, far) = ([&new[..5_000], b"tail"].concat(), noise_of(2, 6_000));
    let (package, inspection) =
        inspected(&inputs(vec![source("1", &near), source("2", &far)], &new));
    let manifest = manifest_of(&package).unwrap();
    let payloads: Vec<_> = manifest
        .payloads
        .iter()
        .map(|p| (p.role, p.source, p.codec))
        .collect();
    assert_eq!(payloads.len(), 2, "{payloads:?}");
    assert_eq!((payloads[0].0, payloads[0].1), (Role::Delta, Some(0)));
    assert_eq!(payloads[1], (Role::Full, None, Codec::Stored));
    assert_eq!(inspection.manifest.sources.len(), 2);
    // Both sources get there, and so does any other.
    assert_eq!(applied(&package, "1", &near, &new), Ok(0));
    assert_eq!(applied(&package, "2", &far, &new), Ok(1));
    assert_eq!(applied(&package, "3", b"something else", &new), Ok(1));
}

#[test]
fn auto_is_never_larger_than_any_other_choice() {
    let shifted = [b"four", OLD_IMAGE].concat();
    let noise = noise_of(1, 3_000);
    let cases: [(&str, &[u8], &[u8]); 7] = [
        ("the demonstration", OLD_IMAGE, NEW_IMAGE),
        ("shifted", OLD_IMAGE, &shifted),
        ("unrelated", OLD_IMAGE, &noise),
        ("to one byte", OLD_IMAGE, b"a"),
        ("from one byte", b"a", &noise),
        ("one byte each", b"a", b"b"),
        ("zeros", &[0; 10_000], &[0; 10_001]),
    ];
    for (name, old, new) in cases {
        let size = |codec| {
            let mut inputs = inputs(vec![source("1.0.0", old)], new);
            inputs.codec = codec;
            let (package, inspection) = inspected(&inputs);
            applied(&package, "1.0.0", old, new).unwrap();
            (inspection.payload_bytes, package.len())
        };
        let auto = size(CodecChoice::Auto);
        for codec in [CodecChoice::Native, CodecChoice::Stored] {
            assert!(auto.0 <= size(codec).0, "{name}, {codec:?}");
        }
        assert!(auto.0 <= u64::try_from(new.len()).unwrap(), "{name}");
    }
}

#[test]
fn auto_takes_what_fits_the_memory() {
    let with_ram = |codec, ram| {
        let mut inputs = inputs(vec![source("1.0.0", OLD_IMAGE)], NEW_IMAGE);
        (inputs.codec, inputs.ram) = (codec, Some(ram));
        built(&inputs)
    };
    for ram in [0, 100, 8_192, 16_384, 65_536, 1 << 20, 64 << 20] {
        let package = with_ram(CodecChoice::Auto, ram).unwrap();
        let inspection = inspect(&package).unwrap();
        assert!(
            inspection.ram_bytes <= ram,
            "{ram}: {} B",
            inspection.ram_bytes
        );
    }
    // Where nothing fits, the stored image does.
    let nothing = inspect(&with_ram(CodecChoice::Auto, 100).unwrap()).unwrap();
    assert_eq!((nothing.codec, nothing.ram_bytes), (Codec::Stored, 0));
    for codec in [CodecChoice::Native, CodecChoice::BsdiffZstd] {
        let refusal = with_ram(codec, 100).unwrap_err();
        assert!(
            matches!(refusal, Error::DoesNotFit { have: 100, .. }),
            "{refusal:?}"
        );
        assert_eq!((refusal.code(), refusal.exit_code()), (1024, 8));
    }
}

#[test]
fn equal_inputs_give_equal_bytes() {
    for codec in [
        CodecChoice::Auto,
        CodecChoice::Native,
        CodecChoice::BsdiffZstd,
        CodecChoice::Stored,
    ] {
        let first = variant(1);
        let make = || {
            let sources = vec![source("0.9", first.as_slice()), source("1.0.0", OLD_IMAGE)];
            let mut inputs = inputs(sources, NEW_IMAGE);
            (inputs.codec, inputs.full) = (codec, FullImage::Always);
            built(&inputs).unwrap()
        };
        let made = make();
        assert!(made == make(), "{codec:?}");
        let elsewhere = std::thread::scope(|scope| scope.spawn(make).join().unwrap());
        assert!(made == elsewhere, "{codec:?} on another thread");
    }
}

#[test]
fn images_that_make_no_sense_are_refused() {
    let refused = |sources, new| built(&inputs(sources, new)).unwrap_err();
    let same = refused(vec![source("1", b"image"), source("2", b"other")], b"other");
    assert!(
        matches!(&same, Error::SameImages { version } if version == "2"),
        "{same:?}"
    );
    let empty = refused(vec![source("1", b"image")], b"");
    assert!(
        matches!(&empty, Error::EmptyImage { version } if version == "2.0.0"),
        "{empty:?}"
    );
    let empty = refused(vec![source("1", b"")], b"image");
    assert!(
        matches!(&empty, Error::EmptyImage { version } if version == "1"),
        "{empty:?}"
    );
    let twice = refused(
        vec![source("1", b"a"), source("2", b"b"), source("3", b"a")],
        b"c",
    );
    assert!(
        matches!(&twice, Error::DuplicateSource { first, second } if first == "1" && second == "3"),
        "{twice:?}"
    );
    let named = refused(vec![source("one point oh", b"a")], b"c");
    assert!(
        matches!(
            &named,
            Error::BadValue {
                field: "old-version",
                ..
            }
        ),
        "{named:?}"
    );
    let codes: Vec<_> = [same, empty, twice, named]
        .map(|e| (e.code(), e.exit_code()))
        .into();
    assert_eq!(codes, [(1020, 2), (1021, 2), (1022, 2), (1002, 2)]);
}

#[test]
fn images_as_small_as_they_come() {
    for new in [&[0x5a][..], &[0], &[0x5a, 0x5a]] {
        let (package, _) = inspected(&inputs(vec![], new));
        assert_eq!(applied(&package, "", b"another", new), Ok(0), "{new:?}");
        let old = [0xa5];
        let mut inputs = inputs(vec![source("1", &old)], new);
        inputs.full = FullImage::Always;
        let (package, _) = inspected(&inputs);
        applied(&package, "1", &old, new).unwrap();
    }
}

#[test]
fn whatever_is_listed_the_self_check_finds_something_else() {
    // Single bytes, and such that continue as erased flash does, under the names that a device might give.
    let images: Vec<Vec<u8>> = (0..16)
        .flat_map(|byte| [vec![2 * byte], vec![2 * byte + 1, 0xff]])
        .collect();
    let names: Vec<String> = (0..32).map(|n| format!("{n}")).collect();
    let mut sources: Vec<_> = names
        .iter()
        .zip(&images)
        .map(|(name, image)| source(name, image))
        .collect();
    sources[7].version = "another";
    let mut inputs = inputs(sources, b"\x20 is new");
    inputs.full = FullImage::Always;
    assert_eq!(unlisted_image(&inputs), [33]);
    let package = built(&inputs).unwrap();
    applied(&package, "", b"\x21 is not listed", inputs.new).unwrap();
}

#[test]
fn two_sources_may_have_one_version() {
    let (first, second) = (variant(1), variant(2));
    let inputs = inputs(
        vec![source("1.0", &first), source("1.0", &second)],
        NEW_IMAGE,
    );
    let (package, _) = inspected(&inputs);
    assert_eq!(applied(&package, "1.0", &first, NEW_IMAGE), Ok(0));
    assert_eq!(applied(&package, "1.0", &second, NEW_IMAGE), Ok(1));
}

#[test]
fn what_an_image_is_must_be_what_was_declared() {
    let declared = |isa, isa_mismatch| {
        let release = Release {
            isa: Some(isa),
            ..release()
        };
        let inputs = BuildInputs {
            release: ReleaseSpec::new(release).unwrap(),
            isa_mismatch,
            ..inputs(vec![source("1.0.0", OLD_IMAGE)], NEW_IMAGE)
        };
        built(&inputs)
    };
    for isa in Isa::ALL {
        match declared(isa, IsaMismatch::Refuse) {
            Ok(_) => assert!([Isa::Thumb, Isa::None].contains(&isa), "{isa:?}"),
            Err(e) => {
                assert!(![Isa::Thumb, Isa::None].contains(&isa), "{isa:?}");
                assert_eq!((e.code(), e.exit_code()), (1023, 6));
                let shown = e.to_string();
                assert!(
                    shown.contains(isa.name()) && shown.contains("vector table"),
                    "{shown}"
                );
            }
        }
    }
    let package = declared(Isa::A64, IsaMismatch::Allow).unwrap();
    assert_eq!(manifest_of(&package).unwrap().isa, Isa::A64);
}

#[test]
fn a_package_must_fit_the_profile() {
    let flash = FlashProfile {
        slots: 2,
        slot_size: 131_072,
        sector_size: 2_048,
        write_size: 8,
        erased_value: 0xff,
        trailer_reserve: 2_048,
        staging_size: 0,
        scratch_size: 0,
    };
    let profile = |ram, flash| {
        let text = "vendor='acme'\nproduct='gateway'\nhardware='r1'\nisa='none'\nram=1\n";
        let mut profile: sprag_manifest::DeviceProfile = toml::from_str(text).unwrap();
        (profile.ram, profile.flash) = (ram, flash);
        profile
    };
    let made = |profile: &sprag_manifest::DeviceProfile, codec| {
        let mut inputs = inputs(vec![source("1.0.0", OLD_IMAGE)], NEW_IMAGE);
        (inputs.profile, inputs.codec) = (Some(profile), codec);
        built(&inputs)
    };
    for ram in [8_000, 13_000, 24_576, 131_072, 8 << 20] {
        let profile = profile(ram, Some(flash));
        let inspection = inspect(&made(&profile, CodecChoice::Auto).unwrap()).unwrap();
        assert!(
            inspection.total_ram_bytes <= ram,
            "{ram}: {} B",
            inspection.total_ram_bytes
        );
    }
    // Too little memory for any payload, and a slot that the new image does not fit.
    let refusal = made(&profile(4_000, Some(flash)), CodecChoice::Auto).unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.exit_code()),
        (402, 8),
        "{refusal:?}"
    );
    let small = FlashProfile {
        slot_size: 81_920,
        ..flash
    };
    let refusal = made(&profile(65_536, Some(small)), CodecChoice::Auto).unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.exit_code()),
        (404, 8),
        "{refusal:?}"
    );
    let refusal = made(&profile(8_000, Some(flash)), CodecChoice::BsdiffZstd).unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.exit_code()),
        (1024, 8),
        "{refusal:?}"
    );
}

#[test]
fn progress_goes_from_step_to_step_and_never_back() {
    let mut steps: Vec<(&str, u64, u64)> = Vec::new();
    let inputs = inputs(vec![source("1.0.0", OLD_IMAGE)], NEW_IMAGE);
    build(&inputs, &key(), &mut |step, done, total| {
        assert!(done <= total, "{step}: {done} of {total}");
        match steps.last_mut() {
            Some((last, before, _)) if *last == step => {
                assert!(done >= *before, "{step}: {done} after {before}");
                *before = done;
            }
            _ => steps.push((step, done, total)),
        }
    })
    .unwrap();
    let names: Vec<_> = steps.iter().map(|(step, ..)| *step).collect();
    assert_eq!(names.last(), Some(&"checking"), "{names:?}");
    assert!(names.len() > 1, "{names:?}");
}
