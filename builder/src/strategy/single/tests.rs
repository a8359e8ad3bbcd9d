use sprag_manifest::{FlashProfile, Header, Payload};

use super::{BUFFERS, Plan, Single, copy_len};
use crate::build::{BuildInputs, Source, WayBack};
use crate::device::{SimulatedDevice, UpdateInputs};
use crate::error::Error;
use crate::profile::{default_flash, intended_device};
use crate::testing::{anchors, built, inputs, key, noise_of, trusted};
use crate::verify::manifest_of;

const KIB: u32 = 1024;

fn flash(slot_size: u32, scratch_size: u32) -> FlashProfile {
    FlashProfile {
        slots: 1,
        slot_size,
        scratch_size,
        staging_size: 64 * KIB,
        ..default_flash(1)
    }
}

fn plan(flash: &FlashProfile, old_len: u32, new_len: u32, ram: u32) -> Result<Plan, Error> {
    Single::of(flash).unwrap().plan(old_len, new_len, ram)
}

#[test]
fn the_old_image_goes_up_as_far_as_the_slot_allows() {
    let flash = flash(256 * KIB, 112 * KIB);
    for (old, new, shift) in [
        (200 * KIB, 201 * KIB, 56 * KIB),
        (200 * KIB - 1, 201 * KIB, 56 * KIB),
        (200 * KIB + 1, 201 * KIB, 52 * KIB),
        (256 * KIB, 100 * KIB, 0),
        // Further up than the new image reaches there is nothing to gain.
        (10 * KIB, 20 * KIB, 20 * KIB),
    ] {
        let plan = plan(&flash, old, new, 16 * KIB).unwrap();
        assert_eq!(plan.in_place.shift, shift, "{old} {new}");
    }
    let reserved = FlashProfile {
        trailer_reserve: 5000,
        ..flash
    };
    let plan = plan(&reserved, 200 * KIB, 201 * KIB, 16 * KIB).unwrap();
    assert_eq!(
        plan.in_place.shift,
        48 * KIB,
        "whole sectors ahead of the reserve"
    );
}

#[test]
fn two_sectors_beyond_the_larger_image_are_enough() {
    for (old, new) in [
        (200 * KIB, 196 * KIB),
        (200 * KIB - 1, 200 * KIB),
        (1, 77_777),
    ] {
        let slot = old.max(new).next_multiple_of(4096) + 2 * 4096;
        for slot in [slot, slot - 4096, slot - 2 * 4096] {
            let plan = plan(&flash(slot, 112 * KIB), old, new, 16 * KIB).unwrap();
            assert!(old.next_multiple_of(4096) + plan.in_place.shift <= slot);
        }
    }
}

/// Groups are whole sectors, the states behind them fit, and have together a quarter of the image at most.
#[test]
fn groups_fill_the_scratch_area() {
    let (old, new) = (400 * KIB, 400 * KIB);
    let copy = copy_len(16 * KIB);
    assert!(copy > 14 * KIB && copy <= 17 * KIB, "{copy}");
    for scratch in (28 * KIB..=500 * KIB).step_by(4096) {
        let plan = plan(&flash(512 * KIB, scratch), old, new, 16 * KIB).unwrap();
        let group = plan.in_place.group_len;
        assert!(group > 0 && group.is_multiple_of(4096) && plan.scratch <= scratch);
        if group == new {
            assert_eq!(plan.scratch, new, "one group needs no state");
            continue;
        }
        let states = plan.scratch - group;
        let copy = copy_len(plan.workspace);
        assert_eq!(states, 2 * copy.next_multiple_of(4096));
        assert_eq!(plan.scratch, scratch, "all of it is used");
        if scratch >= 112 * KIB {
            assert!(plan.workspace > 8 * KIB, "{scratch}");
        }
        if scratch >= 64 * KIB {
            assert!(
                (new.div_ceil(group) - 1) * copy <= new / 4,
                "{scratch}: {group}"
            );
        }
    }
}

#[test]
fn what_does_not_fit_is_said_with_both_numbers() {
    let refusal = |flash: FlashProfile, old, new, ram| match plan(&flash, old, new, ram) {
        Err(Error::DoesNotFit { what, need, have }) => (what, need, have),
        other => panic!("{other:?}"),
    };
    let slot = u64::from(100 * KIB);
    let small = flash(100 * KIB, 112 * KIB);
    let over = 100 * KIB + 1;
    assert_eq!(
        refusal(small, over, KIB, 16 * KIB),
        ("the old image", u64::from(over), slot)
    );
    assert_eq!(
        refusal(small, KIB, over, 16 * KIB),
        ("the new image", u64::from(over), slot)
    );
    let (what, need, have) = refusal(flash(512 * KIB, 20 * KIB), 400 * KIB, 400 * KIB, 16 * KIB);
    assert_eq!((what, have), ("the scratch area", 20 * 1024));
    let least = u32::try_from(need).unwrap();
    assert!(plan(&flash(512 * KIB, least), 400 * KIB, 400 * KIB, 16 * KIB).is_ok());
    let less = flash(512 * KIB, least - 4096);
    assert_eq!(refusal(less, 400 * KIB, 400 * KIB, 16 * KIB).1, need);
    let (what, ..) = refusal(flash(512 * KIB, 112 * KIB), 400 * KIB, 400 * KIB, 4 * KIB);
    assert_eq!(what, "the native delta decoder");
    for group in [0, 1, 2048, 4097] {
        let refused = Single::with_groups(group).unwrap_err();
        assert_eq!((refused.code(), refused.exit_code()), (1002, 2), "{group}");
    }
}

/// An update of images without a pattern, which share their middle.
fn pair() -> (Vec<u8>, Vec<u8>) {
    let old = noise_of(1, 14_000);
    let mut new = old.clone();
    new.splice(3_000..3_100, noise_of(2, 2_000));
    (old, new)
}

fn profile(flash: FlashProfile) -> sprag_manifest::DeviceProfile {
    let mut profile: sprag_manifest::DeviceProfile = toml::from_str("ram = 18432").unwrap();
    profile.flash = Some(flash);
    profile
}

fn with_reverse<'i>(
    old: &'i [u8],
    new: &'i [u8],
    profile: &'i sprag_manifest::DeviceProfile,
) -> BuildInputs<'i> {
    let source = Source {
        version: "1",
        bytes: old,
    };
    BuildInputs {
        profile: Some(profile),
        way_back: WayBack::WithReverse,
        ..inputs(vec![source], new)
    }
}

/// The builder's reckoning of the staging area is the device's, to the byte.
#[test]
fn staging_is_reckoned_as_the_device_does() {
    let (old, new) = pair();
    let roomy = profile(FlashProfile {
        sector_size: 1024,
        ..flash(24 * KIB, 64 * KIB)
    });
    let package = built(&with_reverse(&old, &new, &roomy)).unwrap();
    let manifest = manifest_of(&package).unwrap();
    let payloads: Vec<Payload> = manifest.payloads.iter().collect();
    let head = Header::decode(&package).unwrap().payloads_offset();
    let single = Single::of(&roomy.flash.unwrap()).unwrap();
    let need = single.staging_len(head, &payloads[0], Some(&payloads[1]));
    let need = u32::try_from(need).unwrap();
    let offered = |staging_size: u32| {
        let flash = FlashProfile {
            staging_size,
            ..roomy.flash.unwrap()
        };
        let mut device = SimulatedDevice::new(&flash, &old).unwrap();
        let keys = trusted(&key());
        let update = UpdateInputs {
            trust: &anchors(&keys),
            device: &intended_device(&manifest, Some("1")),
            ram: 18432,
        };
        device.update(&package, &update, &mut |_, _| ())
    };
    let whole = need.next_multiple_of(1024);
    assert!(offered(whole).is_ok());
    let refused = offered(whole - 1024).unwrap_err();
    assert_eq!(refused.code(), 606, "{refused:?}");
    // And the builder refuses it with both numbers.
    let mut small = roomy.clone();
    small.flash = Some(FlashProfile {
        staging_size: whole - 1024,
        ..roomy.flash.unwrap()
    });
    let refused = built(&with_reverse(&old, &new, &small)).unwrap_err();
    let Error::DoesNotFit {
        what,
        need: stated,
        have,
    } = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(what, "staging the update and its way back");
    assert_eq!((stated, have), (need.into(), u64::from(whole - 1024)));
}

/// One block size for both ways, so that page, block and output buffer keep their bound.
#[test]
fn buffers_take_two_kib_at_most() {
    let (old, new) = pair();
    let profile = profile(flash(28 * KIB, 64 * KIB));
    let package = built(&with_reverse(&old, &new, &profile)).unwrap();
    let payloads: Vec<Payload> = manifest_of(&package).unwrap().payloads.iter().collect();
    assert_eq!(payloads.len(), 2);
    for payload in &payloads {
        let buffers = payload.needs.ram - payload.needs.workspace;
        assert!(buffers <= BUFFERS, "{buffers}");
        assert_eq!(payload.needs.ram, payloads[0].needs.ram);
    }
}
