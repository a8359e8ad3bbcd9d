//! A device with a single slot, the whole way: built, proven, applied in place, and back again.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use flash_sim::CutStyle;
use sprag::{
    BuildInputs, CodecChoice, Effort, Error, FullImage, IsaMismatch, ReleaseSpec, SigningKey,
    SimulatedDevice, Source, UpdateInputs, WayBack, build, inspect, intended_device,
    intended_flash,
};
use sprag_manifest::{
    DeviceProfile, Envelope, FlashProfile, Header, Isa, KeyId, Manifest, ManifestView, Release,
    Role,
};
use sprag_verifier::{Area, Boot, ExampleKeys, KeyRole, Outcome, TrustAnchors, TrustedKey};

const PROFILE: &str = "ram = 18432\n[flash]\nslots = 1\nslot-size = 0x8800\nsector-size = 1024\n\
                       write-size = 4\nstaging-size = 0xa000\nscratch-size = 0x5800\n";

fn noise(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    core::iter::repeat_with(next).take(len).collect()
}

/// Images that share nearly all: something is inserted near the start, which moves the rest up, something removed, and
/// what was at the start is at the end, when its place has long been overwritten.
fn pair() -> (Vec<u8>, Vec<u8>) {
    let old = noise(30_000, 1);
    let mut new = old.clone();
    new.splice(900..1_000, noise(1_500, 2));
    new.drain(22_000..22_300);
    new.rotate_left(800);
    (old, new)
}

fn key() -> SigningKey {
    SigningKey::from_seed(KeyId(*b"TESTONLY"), b"sprag tests: trust this nowhere!")
}

fn profile(text: &str) -> DeviceProfile {
    toml::from_str(text).unwrap()
}

fn inputs<'i>(old: &'i [u8], new: &'i [u8], profile: Option<&'i DeviceProfile>) -> BuildInputs<'i> {
    let release = ReleaseSpec::new(Release {
        vendor: Some("acme".into()),
        product: Some("lamp".into()),
        hardware: vec!["r1".into()],
        isa: Some(Isa::None),
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
        effort: Effort::Fast,
        full: FullImage::WhereSmaller,
        isa_mismatch: IsaMismatch::Refuse,
        profile,
        in_place: None,
        way_back: WayBack::Without,
    }
}

fn built(inputs: &BuildInputs<'_>) -> Result<Vec<u8>, Error> {
    build(inputs, &key(), &mut |_, _, _| ())
}

fn manifest(package: &[u8]) -> Manifest<'_> {
    let payloads = usize::try_from(Header::decode(package).unwrap().payloads_offset()).unwrap();
    let envelope = Envelope::decode(&package[Header::LEN..payloads]).unwrap();
    Manifest::decode(envelope.manifest_bytes()).unwrap()
}

/// Calls `test` with what a device of `ram` bytes is offered.
fn offered<T>(package: &[u8], ram: u32, test: impl FnOnce(&UpdateInputs<'_>) -> T) -> T {
    let key = key();
    let keys = [TrustedKey {
        id: key.key_id(),
        role: KeyRole::Release,
        key: key.verifying_key().to_bytes(),
    }];
    let manifest = manifest(package);
    test(&UpdateInputs {
        trust: &TrustAnchors {
            keys: &keys,
            example_keys: ExampleKeys::Refuse,
        },
        device: &intended_device(&manifest, Some("1")),
        ram,
    })
}

fn most_erases(device: &SimulatedDevice) -> u32 {
    device.most_erases(Area::SlotA)
}

#[test]
fn there_in_the_bounds_it_states() {
    let (old, new) = pair();
    let profile = profile(PROFILE);
    let package = built(&inputs(&old, &new, Some(&profile))).unwrap();
    let view = ManifestView::from(&manifest(&package));
    let [payload] = view.payloads.as_slice() else {
        panic!("{view:?}")
    };
    let flash = profile.flash.unwrap();
    let sectors = |len: usize| u32::try_from(len.next_multiple_of(1024)).unwrap();
    assert_eq!(payload.role, Role::Delta);
    assert_eq!(payload.in_place_shift, flash.slot_size - sectors(old.len()));
    assert!(payload.in_place_group > 0 && payload.in_place_group < sectors(new.len()));
    assert_eq!(payload.scratch_bytes, flash.scratch_size);
    assert_eq!(payload.erases, 2);
    assert!(payload.min_operations > 0);
    assert!(payload.total_ram_bytes <= 16 * 1024 + 2048, "{payload:?}");
    offered(&package, profile.ram, |update| {
        let mut device = SimulatedDevice::new(&flash, &old).unwrap();
        let report = device.update(&package, update, &mut |_, _| ()).unwrap();
        assert!(report.arena_bytes <= payload.total_ram_bytes);
        assert_eq!(device.power_on().unwrap(), Boot::Trial(Area::SlotA));
        assert!(device.slot(Area::SlotA, new.len()) == new);
        assert_eq!(most_erases(&device), payload.erases);
        assert_eq!(device.confirm().unwrap().outcome, Outcome::Confirmed);
        assert_eq!(device.power_on().unwrap(), Boot::Confirmed(Area::SlotA));
    });
}

#[test]
fn and_back_again() {
    let (old, new) = pair();
    let profile = profile(PROFILE);
    let wanted = BuildInputs {
        way_back: WayBack::WithReverse,
        ..inputs(&old, &new, Some(&profile))
    };
    let package = built(&wanted).unwrap();
    let inspection = inspect(&package).unwrap();
    let roles: Vec<_> = inspection
        .payloads
        .iter()
        .map(|p| p.role.as_str())
        .collect();
    assert_eq!(roles, ["delta", "reverse"]);
    offered(&package, profile.ram, |update| {
        let flash = profile.flash.unwrap();
        let mut device = SimulatedDevice::new(&flash, &old).unwrap();
        device.update(&package, update, &mut |_, _| ()).unwrap();
        let mut boots = 0;
        while let Boot::Trial(_) = device.power_on().unwrap() {
            boots += 1;
        }
        assert_eq!(boots, 3);
        device.apply_staged(update, &mut |_, _| ()).unwrap();
        assert_eq!(device.power_on().unwrap(), Boot::Confirmed(Area::SlotA));
        assert!(device.slot(Area::SlotA, old.len()) == old);
        // What was reverted is not taken again.
        let again = device.update(&package, update, &mut |_, _| ());
        assert_eq!(again.unwrap_err().code(), 905);
        // A confirm forgets the way back.
        let mut device = SimulatedDevice::new(&flash, &old).unwrap();
        device.update(&package, update, &mut |_, _| ()).unwrap();
        device.power_on().unwrap();
        assert_eq!(device.confirm().unwrap().reverse, None);
    });
}

/// The power fails at operations all over the update, and the bootloader goes on alone once all was staged.
#[test]
fn a_cut_anywhere_is_made_good() {
    let (old, new) = pair();
    let profile = profile(PROFILE);
    let package = built(&inputs(&old, &new, Some(&profile))).unwrap();
    let flash = profile.flash.unwrap();
    offered(&package, profile.ram, |update| {
        let (mut at, mut in_bootloader) = (0, 0);
        loop {
            let mut device = SimulatedDevice::new(&flash, &old).unwrap();
            let garble = at * 77;
            let style = CutStyle::TornWrite {
                units_done: 3,
                garble,
            };
            device.cut_power_after(at, style);
            let ended = device.update(&package, update, &mut |_, _| ());
            if device.is_powered() {
                ended.unwrap();
                break;
            }
            match device.power_on().unwrap() {
                Boot::Apply(_) => {
                    in_bootloader += 1;
                    device.apply_staged(update, &mut |_, _| ()).unwrap();
                }
                Boot::Confirmed(_) => {
                    assert!(device.slot(Area::SlotA, old.len()) == old, "cut {at}");
                    device.update(&package, update, &mut |_, _| ()).unwrap();
                }
                _ => {}
            }
            let boot = device.power_on().unwrap();
            assert_eq!(boot, Boot::Trial(Area::SlotA), "cut {at}");
            assert!(device.slot(Area::SlotA, new.len()) == new, "cut {at}");
            at += 31;
        }
        assert!(at > 300 && in_bootloader > 10, "{at} {in_bootloader}");
    });
}

/// Without a profile: a slot of two sectors more than the larger image.
#[test]
fn a_group_is_all_that_need_be_known() {
    let (old, new) = pair();
    let wanted = BuildInputs {
        in_place: Some(4096),
        ..inputs(&old, &new, None)
    };
    let package = built(&wanted).unwrap();
    let manifest = manifest(&package);
    let payload = manifest.payloads.get(0).unwrap();
    assert_eq!(payload.in_place_group, 4096);
    let larger = u32::try_from(old.len().max(new.len())).unwrap();
    let flash = intended_flash(&manifest, old.len(), package.len());
    assert_eq!((flash.slots, flash.sector_size), (1, 4096));
    assert_eq!(flash.slot_size, larger.next_multiple_of(4096) + 2 * 4096);
    // As good for a device with two slots.
    offered(&package, payload.needs.ram, |update| {
        let two = FlashProfile { slots: 2, ..flash };
        let mut device = SimulatedDevice::new(&two, &old).unwrap();
        device.update(&package, update, &mut |_, _| ()).unwrap();
        assert_eq!(device.power_on().unwrap(), Boot::Trial(Area::SlotB));
        assert!(device.slot(Area::SlotB, new.len()) == new);
    });
}

/// A full image is staged, and made in the slot itself.
#[test]
fn full_images_fit_a_single_slot_too() {
    let (old, new) = pair();
    let profile = profile(PROFILE);
    let wanted = BuildInputs {
        full: FullImage::Always,
        ..inputs(&old, &new, Some(&profile))
    };
    let package = built(&wanted).unwrap();
    let view = ManifestView::from(&manifest(&package));
    assert_eq!(view.payloads.len(), 2);
    let full = &view.payloads[1];
    assert_eq!(
        (full.role, full.in_place_group, full.erases),
        (Role::Full, 0, 1)
    );
    offered(&package, profile.ram, |update| {
        let flash = profile.flash.unwrap();
        let mut device = SimulatedDevice::new(&flash, b"another").unwrap();
        let report = device.update(&package, update, &mut |_, _| ()).unwrap();
        assert_eq!(report.payload, 1);
        assert!(device.slot(Area::SlotA, new.len()) == new);
    });
}

#[test]
fn equal_inputs_give_equal_packages() {
    let (old, new) = pair();
    let profile = profile(PROFILE);
    let wanted = BuildInputs {
        way_back: WayBack::WithReverse,
        ..inputs(&old, &new, Some(&profile))
    };
    assert!(built(&wanted).unwrap() == built(&wanted).unwrap());
}

#[test]
fn what_cannot_be_is_refused() {
    let (old, new) = pair();
    let code = |inputs: &BuildInputs<'_>| built(inputs).unwrap_err().code();
    let refused = |text: &str| {
        let profile = profile(text);
        let wanted = BuildInputs {
            way_back: WayBack::WithReverse,
            ..inputs(&old, &new, Some(&profile))
        };
        match built(&wanted) {
            Err(Error::DoesNotFit { what, need, have }) => {
                assert!(need > have, "{what}: {need} of {have}");
                what
            }
            other => panic!("{:?}", other.map(|package| package.len())),
        }
    };
    let slot = refused(&PROFILE.replace("0x8800", "0x7800"));
    assert_eq!(slot, "the new image");
    let scratch = refused(&PROFILE.replace("0x5800", "0x1000"));
    assert_eq!(scratch, "the scratch area");
    let staging = refused(&PROFILE.replace("0xa000", "0x1000"));
    assert_eq!(staging, "staging the update and its way back");
    let ram = refused(&PROFILE.replace("18432", "6000"));
    assert_eq!(ram, "the native delta decoder");

    let one = profile(PROFILE);
    let two = profile(&PROFILE.replace("slots = 1", "slots = 2"));
    let back = |inputs| BuildInputs {
        way_back: WayBack::WithReverse,
        ..inputs
    };
    let with = |codec, inputs| BuildInputs { codec, ..inputs };
    let group = |in_place, inputs| BuildInputs {
        in_place: Some(in_place),
        ..inputs
    };
    let on_one = || inputs(&old, &new, Some(&one));
    assert_eq!(code(&back(inputs(&old, &new, None))), 1002);
    assert_eq!(code(&back(inputs(&old, &new, Some(&two)))), 1002);
    assert_eq!(code(&with(CodecChoice::BsdiffZstd, on_one())), 1002);
    assert_eq!(code(&back(with(CodecChoice::Stored, on_one()))), 1002);
    assert_eq!(code(&group(4096, on_one())), 1002);
    assert_eq!(code(&group(1000, inputs(&old, &new, None))), 1002);
    let nothing_old = BuildInputs {
        sources: vec![],
        ..on_one()
    };
    assert_eq!(code(&back(nothing_old)), 1001);
}
