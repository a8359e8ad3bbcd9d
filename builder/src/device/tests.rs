use flash_sim::CutStyle;
use sprag_delta::{Class, Isa};
use sprag_manifest::{Codec, FlashProfile, Release};
use sprag_verifier::{Area, Boot, Error as DeviceError};

use super::{SimulatedDevice, UpdateInputs, UpdateReport};
use crate::build::Source;
use crate::codec::CodecChoice;
use crate::delta::regions;
use crate::demo::{NEW_IMAGE, OLD_IMAGE};
use crate::image::segments::of_headers;
use crate::inspect::inspect;
use crate::profile::{default_flash, intended_device};
use crate::release::ReleaseSpec;
use crate::testing::code::{Noise, functions};
use crate::testing::{anchors, built, inputs, key, noise_of, release, trusted};
use crate::verify::manifest_of;

fn package(old: &[u8], new: &[u8], codec: CodecChoice, release: Release) -> Vec<u8> {
    let mut inputs = inputs(
        vec![Source {
            version: "1.0.0",
            bytes: old,
        }],
        new,
    );
    (inputs.codec, inputs.release) = (codec, ReleaseSpec::new(release).unwrap());
    built(&inputs).unwrap()
}

fn ram(package: &[u8]) -> u32 {
    manifest_of(package)
        .unwrap()
        .payloads
        .iter()
        .map(|payload| payload.needs.ram)
        .max()
        .unwrap()
}

/// Offers `package` to a device with `ram` bytes.
fn update(
    device: &mut SimulatedDevice,
    package: &[u8],
    ram: u32,
) -> Result<UpdateReport, DeviceError> {
    let keys = trusted(&key());
    let manifest = manifest_of(package)?;
    let described = intended_device(&manifest, Some("1.0.0"));
    let inputs = UpdateInputs {
        trust: &anchors(&keys),
        device: &described,
        ram,
    };
    device.update(package, &inputs, &mut |_, _| ())
}

fn new_device(old: &[u8], new: &[u8]) -> SimulatedDevice {
    let longest = u32::try_from(old.len().max(new.len())).unwrap();
    SimulatedDevice::new(&default_flash(longest), old).unwrap()
}

#[test]
fn every_codec_makes_the_new_image_in_the_memory_it_states() {
    let (old, new) = (OLD_IMAGE, NEW_IMAGE);
    for codec in [
        CodecChoice::Native,
        CodecChoice::BsdiffZstd,
        CodecChoice::Stored,
    ] {
        let package = package(old, new, codec, release());
        let ram = ram(&package);
        let mut short = new_device(old, new);
        let untouched = short.totals();
        let refusal = update(&mut short, &package, ram - 1).unwrap_err();
        assert_eq!(
            refusal,
            DeviceError::Ram {
                need: ram,
                have: ram - 1
            },
            "{codec:?}"
        );
        let totals = short.totals();
        assert_eq!(
            (totals.erases, totals.writes),
            (untouched.erases, untouched.writes),
            "{codec:?}"
        );

        let mut device = new_device(old, new);
        let report = update(&mut device, &package, ram).unwrap();
        assert!(
            report.arena_bytes <= ram,
            "{codec:?}: {} B",
            report.arena_bytes
        );
        assert_eq!(
            report.fetched_bytes,
            u64::try_from(package.len()).unwrap(),
            "{codec:?}"
        );
        assert_eq!(
            device.power_on().unwrap(),
            Boot::Trial(Area::SlotB),
            "{codec:?}"
        );
        assert!(device.slot(Area::SlotB, new.len()) == new, "{codec:?}");
        assert!(device.slot(Area::SlotA, old.len()) == old, "{codec:?}");
        assert_eq!(device.most_erases(Area::SlotB), 1, "{codec:?}");
        assert_eq!(device.most_erases(Area::SlotA), 0, "{codec:?}");
    }
}

#[test]
fn flash_of_any_kind() {
    let (old, new) = (noise_of(1, 9_000), noise_of(2, 9_500));
    let package = package(&old, &new, CodecChoice::Auto, release());
    let mut profile = FlashProfile {
        slots: 2,
        slot_size: 16_384,
        sector_size: 256,
        write_size: 1,
        erased_value: 0,
        trailer_reserve: 0,
        staging_size: 0,
        scratch_size: 0,
    };
    for (sector_size, write_size, erased_value, trailer_reserve, staging_size) in [
        (256, 1, 0xff, 0, 0),
        (2048, 8, 0xff, 2048, 0),
        (4096, 16, 0, 4096, 0),
        (16_384, 32, 0xff, 0, 16_384),
        (1024, 4, 0xff, 0, 32_768),
    ] {
        profile = FlashProfile {
            sector_size,
            write_size,
            erased_value,
            trailer_reserve,
            staging_size,
            ..profile
        };
        let mut device = SimulatedDevice::new(&profile, &old).unwrap();
        update(&mut device, &package, ram(&package)).unwrap();
        assert_eq!(
            device.power_on().unwrap().slot(),
            Area::SlotB,
            "{profile:?}"
        );
        assert!(device.slot(Area::SlotB, new.len()) == new, "{profile:?}");
    }
    // A slot that is too small is refused before anything is erased.
    profile = FlashProfile {
        slot_size: 9_216,
        sector_size: 1024,
        ..profile
    };
    let mut device = SimulatedDevice::new(&profile, &old).unwrap();
    let refusal = update(&mut device, &package, ram(&package)).unwrap_err();
    assert_eq!(
        refusal,
        DeviceError::SlotTooSmall {
            need: 9_500,
            have: 9_216
        }
    );
    assert_eq!(device.totals().erases, 0);
}

#[test]
fn slots_grow_to_hold_what_is_in_them() {
    let old = noise_of(1, 20_000);
    let device = SimulatedDevice::new(&default_flash(100), &old).unwrap();
    assert!(device.slot(Area::SlotA, old.len()) == old);
    assert!(
        device.slot(Area::SlotB, 1 << 20).is_empty(),
        "nothing is there behind the slot"
    );
}

#[test]
fn packages_that_end_early_are_refused_and_then_resumed() {
    let (old, new) = (noise_of(1, 9_000), noise_of(2, 9_500));
    let package = package(&old, &new, CodecChoice::Auto, release());
    let ram = ram(&package);
    let mut flash = default_flash(9_500);
    flash.slot_size *= 2;
    let mut device = SimulatedDevice::new(&flash, &old).unwrap();
    let refusal = update(&mut device, &package[..6_000], ram).unwrap_err();
    assert!(
        matches!(refusal, DeviceError::StreamGap { found: 6_000, .. }),
        "{refusal:?}"
    );
    assert_eq!(device.power_on().unwrap().slot(), Area::SlotA);
    let report = update(&mut device, &package, ram).unwrap();
    assert!(report.resumed);
    assert_eq!(device.power_on().unwrap().slot(), Area::SlotB);
    assert!(device.slot(Area::SlotB, new.len()) == new);
}

#[test]
fn trial_confirm_and_the_way_back() {
    let (first, second, third) = (noise_of(1, 5_000), noise_of(2, 5_000), noise_of(3, 5_000));
    let named = |old: &[u8], new: &[u8], version: &str, counter| {
        let new_version = Some(version.into());
        let release = Release {
            new_version,
            security_counter: Some(counter),
            ..release()
        };
        package(old, new, CodecChoice::Stored, release)
    };
    let to_second = named(&first, &second, "2.0.0", 1);
    let to_third = named(&second, &third, "3.0.0", 0);
    let mut device = new_device(&first, &second);
    let offer = |device: &mut SimulatedDevice, package: &[u8]| {
        update(device, package, ram(package)).map_err(|e| e.code())
    };
    assert_eq!(device.confirm().unwrap_err().code(), 902);
    offer(&mut device, &to_second).unwrap();
    assert_eq!(device.power_on().unwrap(), Boot::Trial(Area::SlotB));
    // No slot is touched while the running image is on trial.
    assert_eq!(offer(&mut device, &to_third).unwrap_err(), 901);
    let record = device.confirm().unwrap();
    assert_eq!((record.sequence, record.security_counter), (2 << 48, 1));
    assert_eq!(device.power_on().unwrap().slot(), Area::SlotB);
    // A release that would take the counter back, and one that is not newer.
    assert_eq!(offer(&mut device, &to_third).unwrap_err(), 320);
    let older = named(&second, &first, "1.9.0", 1);
    assert_eq!(offer(&mut device, &older).unwrap_err(), 321);
    let to_third = named(&second, &third, "3.0.0", 1);
    offer(&mut device, &to_third).unwrap();
    assert_eq!(device.power_on().unwrap(), Boot::Trial(Area::SlotA));
    // It never confirms itself, so the boots run out and the last one that did is back.
    let boots: Vec<_> = (0..4).map(|_| device.power_on().unwrap().slot()).collect();
    assert_eq!(boots.last(), Some(&Area::SlotB), "{boots:?}");
    assert!(device.slot(Area::SlotB, 5_000) == second);
}

#[test]
fn a_cut_at_every_operation_leaves_a_device_that_boots() {
    let (mut old, new) = (noise_of(1, 3_000), noise_of(2, 3_100));
    old[..1_000].copy_from_slice(&new[2_000..3_000]);
    cut_everywhere(
        &old,
        &new,
        package(&old, &new, CodecChoice::BsdiffZstd, release()),
    );
    cut_everywhere(
        &old,
        &new,
        package(&old, &new, CodecChoice::Native, release()),
    );
}

/// The decoder of a full image reads what it wrote back from a slot that a cut may have torn.
#[test]
fn a_full_image_survives_a_cut_at_every_operation() {
    let (old, mut new) = (noise_of(1, 3_000), noise_of(2, 1_000));
    new.extend_from_within(..900);
    new.extend_from_within(200..1_500);
    let mut inputs = inputs(vec![], &new);
    inputs.codec = CodecChoice::Native;
    let package = built(&inputs).unwrap();
    let manifest = manifest_of(&package).unwrap();
    let codecs: Vec<Codec> = manifest
        .payloads
        .iter()
        .map(|payload| payload.codec)
        .collect();
    assert_eq!(codecs, [Codec::NativeFull]);
    cut_everywhere(&old, &new, package);
}

/// Installs `package` with a power cut at every flash operation in turn, torn and garbled.
fn cut_everywhere(old: &[u8], new: &[u8], package: Vec<u8>) {
    let ram = ram(&package);
    let flash = FlashProfile {
        slot_size: 8_192,
        sector_size: 1_024,
        ..default_flash(1)
    };
    let mut cuts = 0;
    loop {
        let mut device = SimulatedDevice::new(&flash, old).unwrap();
        device.cut_power_after(
            cuts,
            CutStyle::TornWrite {
                units_done: 1,
                garble: cuts,
            },
        );
        let ended = update(&mut device, &package, ram);
        let whole = device.is_powered();
        assert_eq!(ended.is_ok(), whole, "cut {cuts}: {ended:?}");
        let boot = device.power_on().unwrap();
        let (image, slot) = match boot.slot() {
            Area::SlotA => (old, Area::SlotA),
            _ => (new, Area::SlotB),
        };
        assert!(
            device.slot(slot, image.len()) == image,
            "cut {cuts}: {boot:?}"
        );
        if whole {
            break;
        }
        if boot.slot() == Area::SlotA {
            update(&mut device, &package, ram).unwrap();
            assert_eq!(device.power_on().unwrap().slot(), Area::SlotB, "cut {cuts}");
        }
        assert!(device.slot(Area::SlotB, new.len()) == new, "cut {cuts}");
        cuts += 1;
    }
    assert!(cuts > 20, "{cuts} cuts");
}

/// An ELF file of two segments far apart: code with 64 bytes of `inserted` in it or none, and a table of its addresses.
fn linked(inserted: &[u8]) -> Vec<u8> {
    const CODE_OFFSET: usize = 0x400;
    const CODE_BASE: u64 = 0x40_0000;
    const INSERT: usize = 0x1000;
    let mut code = functions(Isa::A64, 250);
    code.truncate(20 * 1024);
    code.splice(INSERT..INSERT, inserted.iter().copied());
    let words =
        |words: &[u64]| -> Vec<u8> { words.iter().flat_map(|word| word.to_le_bytes()).collect() };
    let wide = |value: usize| u64::try_from(value).unwrap();
    let mut table = Vec::new();
    let mut noise = Noise(5);
    for _ in 0..1200 {
        let mut place = (usize::try_from(noise.next()).unwrap() % (20 * 1024)) & !3;
        if place >= INSERT {
            place += inserted.len();
        }
        table.extend(words(&[CODE_BASE + wide(place)]));
    }
    let table_offset = CODE_OFFSET + code.len();
    // ELF64, little-endian, AArch64; the program headers follow the header.
    let mut image = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xb7\0\x01\0\0\0".to_vec();
    image.extend(words(&[CODE_BASE, 64, 0]));
    image.extend([0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 64, 0, 0, 0, 0, 0]);
    for (flags, offset, address, len) in [
        (5, CODE_OFFSET, CODE_BASE, code.len()),
        (6, table_offset, 0x4000_0000, table.len()),
    ] {
        let len = wide(len);
        image.extend(words(&[
            1 | flags << 32,
            wide(offset),
            address,
            address,
            len,
            len,
            4,
        ]));
    }
    image.resize(CODE_OFFSET, 0);
    [image, code, table].concat()
}

#[test]
fn several_segments_and_regions_arrive() {
    let (old, new) = (linked(&[]), linked(&noise_of(7, 64)));
    let headers = of_headers(&old).unwrap();
    assert_eq!(headers.segments.len(), 2, "{headers:?}");
    let regions = regions::find(Isa::A64, &old, 32);
    let data = regions
        .iter()
        .filter(|region| matches!(region.class, Class::Data(_)));
    assert_eq!(data.count(), 1, "{regions:?}");

    let package = package(&old, &new, CodecChoice::Native, release());
    let manifest = manifest_of(&package).unwrap();
    let payload = manifest.payloads.iter().next().unwrap();
    assert_eq!(payload.codec, Codec::NativeDelta);
    let stream = inspect(&package).unwrap().payloads[0]
        .stream
        .clone()
        .unwrap();
    assert_eq!((stream.isa.as_str(), stream.regions), ("a64", 1));
    assert_eq!(stream.old_segments.len(), 2, "{stream:?}");
    assert_eq!(stream.old_segments[1].address, 0x4000_0000);
    let mut device = new_device(&old, &new);
    let ram = ram(&package);
    update(&mut device, &package, ram).unwrap();
    assert_eq!(device.power_on().unwrap(), Boot::Trial(Area::SlotB));
    assert!(device.slot(Area::SlotB, new.len()) == new);
}
