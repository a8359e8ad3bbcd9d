//! Devices that lack memory, flash, a codec, or the old image.

use sprag_manifest::FlashProfile;

use super::{of, on};
use crate::attack::case::{Bench, Expected, Layer, first_payload};
use crate::attack::cbor::Item;
use crate::attack::setting::Setting;

pub(super) fn attack(bench: &mut Bench<'_>) {
    let layer = Layer::Resources;
    let envelope = u32::try_from(bench.parts.envelope.encode().len()).unwrap_or(u32::MAX);
    on(
        bench,
        layer,
        (
            "envelope-buffer",
            401,
            "a buffer that is a byte short of the envelope",
        ),
        |device| {
            device.envelope_max = envelope.saturating_sub(1);
        },
    );
    // Payloads for other codecs or sources may want less.
    let usable = (0..)
        .map_while(|number| bench.parts.payload(number))
        .map(|payload| payload.needs.ram);
    if let Some(least) = usable.min() {
        on(
            bench,
            layer,
            ("ram", 402, "a byte less RAM than the payload states"),
            |device| device.ram = least - 1,
        );
    }
    let target = bench
        .parts
        .manifest_item()
        .get(8)
        .and_then(|target| target.get(3))
        .and_then(Item::as_uint);
    let (target, old) = (
        target.unwrap_or(0),
        u64::try_from(bench.setting.old.len()).unwrap_or(u64::MAX),
    );
    let sector = u64::from(bench.setting.flash.sector_size);
    let slot = old.max(1).next_multiple_of(sector);
    if target > slot {
        on(
            bench,
            layer,
            ("slot", 404, "a slot that is shorter than the image"),
            |device| {
                device.flash.slot_size = u32::try_from(slot).unwrap_or(u32::MAX);
            },
        );
    } else {
        of(
            bench,
            layer,
            ("slot", 404, "a slot that is shorter than the image"),
            |_| (),
            |manifest| {
                if let Some(target) = manifest.get_mut(8) {
                    target.set(3, Item::Uint(u64::from(u32::MAX)));
                }
            },
        );
    }
    of(
        bench,
        layer,
        ("codec", 405, "a codec that the device does not have"),
        |device| device.decodes_bsdiff = false,
        |manifest| {
            keep_first(manifest);
            if let Some(entry) = first_payload(manifest) {
                entry.set(3, Item::Uint(3));
            }
        },
    );
    if bench.parts.stored.len() == 1 {
        of(
            bench,
            layer,
            (
                "scratch",
                403,
                "scratch sectors that an update of the other slot does not have",
            ),
            |_| (),
            |manifest| {
                if let Some(entry) = first_payload(manifest) {
                    for key in [11, 12, 14] {
                        entry.remove(key);
                    }
                    entry.set(9, Item::Uint(4096));
                }
            },
        );
        let has_source = bench
            .parts
            .payload(0)
            .is_some_and(|payload| payload.source.is_some());
        if has_source {
            of(
                bench,
                layer,
                ("only-back", 407, "nothing but a way back"),
                |_| (),
                |manifest| {
                    if let Some(entry) = first_payload(manifest) {
                        entry.set(1, Item::Uint(2));
                    }
                },
            );
            let single = |device: &mut Setting| {
                device.flash = FlashProfile {
                    slots: 1,
                    staging_size: 64 * 1024,
                    scratch_size: 64 * 1024,
                    ..device.flash
                };
            };
            of(
                bench,
                layer,
                (
                    "group",
                    408,
                    "groups that are no whole sectors of this flash",
                ),
                single,
                |manifest| {
                    if let Some(entry) = first_payload(manifest) {
                        entry.set(9, Item::Uint(16_384));
                        entry.set(12, Item::Uint(1_000));
                    }
                },
            );
        }
    }
}

/// Leaves one payload in the manifest; what was stored of the others stays, so its length no longer fits, but for one.
fn keep_first(manifest: &mut Item) {
    if let Some(entries) = manifest.get_mut(10).and_then(Item::items_mut) {
        for entry in entries {
            entry.set(3, Item::Uint(3));
        }
    }
}

pub(super) fn sources(bench: &mut Bench<'_>) {
    let payload = bench.parts.payload(0);
    let Some(source) = payload.and_then(|payload| payload.source) else {
        return;
    };
    if bench.parts.stored.len() > 1 {
        return;
    }
    let sources = bench.parts.manifest_item().get(9).cloned();
    let place = usize::try_from(source).unwrap_or(usize::MAX);
    let version = sources
        .as_ref()
        .and_then(|list| list.items().get(place)?.get(1).cloned());
    let Some(Item::Text(version)) = version else {
        return;
    };
    let version = String::from_utf8_lossy(&version).into_owned();
    let mut altered = bench.setting.old.to_vec();
    if let Some(byte) = altered.last_mut() {
        *byte ^= 1;
    }
    let layer = Layer::Source;
    let package = bench.package.to_vec();
    let good = bench.setting.clone();
    let mut add = |name: &str, code, why: &str, setting: Setting| {
        bench.add_on(
            setting,
            (layer, &format!("source-{name}"), Expected::Code(code), why),
            package.clone(),
        );
    };
    let running = good.clone().running("altered-image", altered.clone());
    add(
        "altered",
        503,
        "a bit of the old image is another",
        running.changed("altered-image", |device| device.installed_version = None),
    );
    add(
        "altered-under-its-version",
        501,
        "the version is listed, and the image is another",
        running.changed("altered-image-1.0", |device| {
            device.installed_version = Some(version);
        }),
    );
    add(
        "under-another-version",
        502,
        "the image is listed, under another version",
        good.changed("other-version", |device| {
            device.installed_version = Some("9.9.9".into());
        }),
    );
    let blank = vec![0xff; altered.len()];
    add(
        "blank",
        503,
        "no image is installed",
        good.changed("blank-slot", |device| device.installed_version = None)
            .running("blank-slot", blank),
    );
}
