//! Packages that must be taken.

use sprag::attack::{Bench, Expected, Item, Layer, Named, Setting};

use crate::bases::Base;

/// Adds those of a base.
pub(crate) fn add(bench: &mut Bench<'_>, base: &Base) {
    let package = base.package.to_vec();
    let plain = bench.setting.clone();
    let add = |bench: &mut Bench<'_>,
               setting: Setting,
               layer,
               name: &str,
               why: &str,
               package: Vec<u8>| {
        bench.add_on(setting, (layer, name, Expected::Identical, why), package);
    };
    add(
        bench,
        plain.clone(),
        Layer::Bytes,
        base.name,
        base.why,
        package.clone(),
    );
    if base.name != "delta" {
        return;
    }
    let with = |bench: &mut Bench<'_>,
                layer,
                name: &str,
                why: &str,
                setting: Setting,
                edit: &dyn Fn(&mut Item)| {
        let package = bench.with_manifest(edit);
        add(bench, setting, layer, name, why, package);
    };
    with(
        bench,
        Layer::Manifest,
        "manifest-unknown-field",
        "a negative key is passed over, and signed",
        plain.clone(),
        &|manifest| {
            let nested = (0..4).fold(Item::text("x"), |inner, _| Item::Array(vec![inner]));
            manifest.set(-1, nested);
            manifest.set(-70_000, Item::Bytes(vec![1, 2, 3]));
        },
    );
    with(
        bench,
        Layer::Manifest,
        "manifest-16-unknown-fields",
        "as many as may be",
        plain.clone(),
        &|manifest| {
            for key in 1..=16 {
                manifest.set(-key, Item::Uint(0));
            }
        },
    );
    with(
        bench,
        Layer::Manifest,
        "manifest-limits",
        "names of 32 bytes, 32 revisions, numbers of 64 bits",
        plain.changed("longest-names", |device| {
            device.vendor = "V".repeat(32);
            device.hardware = "rev-31".into();
        }),
        &|manifest| {
            manifest.set(2, Item::Uint(u64::MAX));
            manifest.set(3, Item::Uint(u64::MAX));
            manifest.set(4, Item::text(&"V".repeat(32)));
            let revisions = (0..32).map(|number| Item::text(&format!("rev-{number}")));
            manifest.set(6, Item::Array(revisions.collect()));
        },
    );
    with(
        bench,
        Layer::Binding,
        "binding-all",
        "every binding, each met to the last value",
        plain.changed("bound", |device| {
            device.bootloader = Some(Named {
                id: "latch".into(),
                version: 10,
            });
            device.os = Some(Named {
                id: "zephyr".into(),
                version: 20,
            });
            device.layout = Some("two-slots".into());
            device.load_address = Some(0x0800_4000);
            device.keyset_version = 3;
        }),
        &|manifest| {
            let requirement = |id: &str| {
                Item::map([
                    (1, Item::text(id)),
                    (2, Item::Uint(10)),
                    (3, Item::Uint(20)),
                ])
            };
            manifest.set(11, requirement("latch"));
            manifest.set(12, requirement("zephyr"));
            manifest.set(13, Item::text("two-slots"));
            manifest.set(16, Item::Uint(3));
            if let Some(target) = manifest.get_mut(8) {
                target.set(4, Item::Uint(0x0800_4000));
            }
        },
    );
    with(
        bench,
        Layer::Binding,
        "load-address-unknown",
        "a device that does not know its address takes any",
        plain.clone(),
        &|manifest| {
            if let Some(target) = manifest.get_mut(8) {
                target.set(4, Item::Uint(0x0800_4000));
            }
        },
    );
    let validity = |manifest: &mut Item| {
        manifest.set(
            14,
            Item::map([(1, Item::Uint(1_000)), (2, Item::Uint(2_000))]),
        );
    };
    for (name, why, now) in [
        ("valid-first-second", "the first second counts", Some(1_000)),
        ("valid-last-second", "the last second counts", Some(2_000)),
        (
            "valid-without-clock",
            "without a trusted clock, dates are not judged",
            None,
        ),
    ] {
        let setting = plain.changed(name, |device| device.now = now);
        with(bench, Layer::Freshness, name, why, setting, &validity);
    }
    with(
        bench,
        Layer::Preconditions,
        "preconditions-met",
        "each met to the last value",
        plain.changed("ready", |device| {
            device.battery_percent = Some(50);
            device.free_storage = Some(10_000);
            device.temperature = Some(-10);
            device.free_ram = Some(10_000);
            device.minute_of_day = Some(0);
        }),
        &|manifest| {
            manifest.set(
                15,
                Item::map([
                    (1, Item::Uint(50)),
                    (2, Item::Uint(10_000)),
                    (3, Item::int(-10)),
                    (4, Item::int(40)),
                    (5, Item::Uint(10_000)),
                    (6, Item::Uint(1_320)),
                    (7, Item::Uint(1)),
                ]),
            );
        },
    );
    let sequence = bench
        .parts
        .manifest_item()
        .get(2)
        .and_then(Item::as_uint)
        .unwrap_or(0);
    let newer = plain.changed("one-below", |device| {
        device.sequence = sequence.saturating_sub(1);
    });
    add(
        bench,
        newer,
        Layer::Freshness,
        "sequence-next",
        "the next sequence number",
        package.clone(),
    );
    let unnamed = plain.changed("version-unknown", |device| device.installed_version = None);
    add(
        bench,
        unnamed,
        Layer::Source,
        "source-version-unknown",
        "the digest suffices",
        package,
    );
}
