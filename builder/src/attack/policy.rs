//! Good packages that are offered to the wrong device, or at the wrong time, and requirements that no device meets.

mod resources;

use sprag_manifest::Isa;

use super::case::{Bench, Expected, Layer};
use super::cbor::Item;
use super::setting::{Named, Setting};

/// All of them.
pub(super) fn attack(bench: &mut Bench<'_>) {
    identity(bench);
    components(bench);
    freshness(bench);
    preconditions(bench);
    resources::attack(bench);
    resources::sources(bench);
}

/// The package as it is, on another device.
fn on(
    bench: &mut Bench<'_>,
    layer: Layer,
    (name, code, why): (&str, u16, &str),
    change: impl FnOnce(&mut Setting),
) {
    let setting = bench.device(name, change);
    let package = bench.package.to_vec();
    bench.add_on(
        setting,
        (layer, &format!("{layer}-{name}"), Expected::Code(code), why),
        package,
    );
}

/// A changed manifest, on a changed device.
fn of(
    bench: &mut Bench<'_>,
    layer: Layer,
    (name, code, why): (&str, u16, &str),
    change: impl FnOnce(&mut Setting),
    edit: impl FnOnce(&mut Item),
) {
    let setting = bench.device(name, change);
    let package = bench.with_manifest(edit);
    bench.add_on(
        setting,
        (layer, &format!("{layer}-{name}"), Expected::Code(code), why),
        package,
    );
}

fn identity(bench: &mut Bench<'_>) {
    let binding = Layer::Binding;
    on(
        bench,
        binding,
        ("vendor", 301, "another maker's device"),
        |device| device.vendor = "other".into(),
    );
    on(
        bench,
        binding,
        ("vendor-case", 301, "names are compared byte for byte"),
        |device| {
            device.vendor = format!("{}X", device.vendor);
        },
    );
    on(
        bench,
        binding,
        ("product", 302, "another product"),
        |device| device.product = "other".into(),
    );
    on(
        bench,
        binding,
        ("hardware", 303, "another revision of the board"),
        |device| device.hardware = "other".into(),
    );
    on(
        bench,
        binding,
        ("isa", 304, "another processor"),
        |device| {
            device.isa = if device.isa == Isa::Rv32 {
                Isa::Thumb
            } else {
                Isa::Rv32
            };
        },
    );
    let at = |device: &mut Setting| device.load_address = Some(0x4000);
    of(
        bench,
        binding,
        ("load-address", 310, "linked for another address"),
        at,
        |manifest| {
            if let Some(target) = manifest.get_mut(8) {
                target.set(4, Item::Uint(0x8000));
            }
        },
    );
    let layout = |device: &mut Setting| device.layout = Some("two-slots".into());
    of(
        bench,
        binding,
        ("layout", 309, "another partition layout"),
        layout,
        |manifest| {
            manifest.set(13, Item::text("three-slots"));
        },
    );
    of(
        bench,
        binding,
        (
            "layout-unknown",
            309,
            "a layout that the device cannot tell",
        ),
        |device| device.layout = None,
        |manifest| {
            manifest.set(13, Item::text("three-slots"));
        },
    );
}

fn components(bench: &mut Bench<'_>) {
    let named = |id: &str, version| {
        Some(Named {
            id: id.into(),
            version,
        })
    };
    let requirement = |id: &str, min, max| {
        Item::map([
            (1, Item::text(id)),
            (2, Item::Uint(min)),
            (3, Item::Uint(max)),
        ])
    };
    let kinds = [("bootloader", 11, 305), ("os", 12, 307)];
    for (kind, key, code) in kinds {
        let set = move |device: &mut Setting, value: Option<Named>| match kind {
            "os" => device.os = value,
            _ => device.bootloader = value,
        };
        let need = |manifest: &mut Item| manifest.set(key, requirement("latch", 10, 20));
        let cases = [
            ("other", code, "another one", named("other", 15)),
            ("missing", code, "none that the device can tell", None),
            (
                "too-old",
                code + 1,
                "a version below the range",
                named("latch", 9),
            ),
            (
                "too-new",
                code + 1,
                "a version above the range",
                named("latch", 21),
            ),
        ];
        for (name, code, why, value) in cases {
            let name = format!("{kind}-{name}");
            of(
                bench,
                Layer::Binding,
                (&name, code, why),
                |device| set(device, value),
                need,
            );
        }
    }
}

fn freshness(bench: &mut Bench<'_>) {
    let layer = Layer::Freshness;
    let manifest = bench.parts.manifest_item();
    let number = |key| manifest.get(key).and_then(Item::as_uint).unwrap_or(0);
    let (sequence, counter) = (number(2), number(3));
    if let Some(newer) = sequence.checked_add(1) {
        on(
            bench,
            layer,
            ("older", 321, "a newer release is installed"),
            |device| device.sequence = newer,
        );
    }
    on(
        bench,
        layer,
        (
            "same-sequence",
            321,
            "another release of this number is installed",
        ),
        |device| {
            device.sequence = sequence.max(1);
        },
    );
    if let Some(above) = counter.checked_add(1) {
        on(
            bench,
            layer,
            (
                "counter-below",
                320,
                "a release is installed that must not be undone",
            ),
            |device| {
                device.security_counter = above;
            },
        );
        on(
            bench,
            layer,
            (
                "counter-below-sequence-above",
                320,
                "a higher sequence number does not make up for the counter",
            ),
            |device| {
                (device.security_counter, device.sequence) = (above, sequence.saturating_sub(1));
            },
        );
    }
    let at = |device: &mut Setting| device.now = Some(1_000);
    of(
        bench,
        layer,
        ("not-yet-valid", 322, "valid from tomorrow on"),
        at,
        |manifest| {
            manifest.set(14, Item::map([(1, Item::Uint(1_001))]));
        },
    );
    of(
        bench,
        layer,
        ("expired", 323, "valid until yesterday"),
        at,
        |manifest| {
            manifest.set(14, Item::map([(2, Item::Uint(999))]));
        },
    );
    of(
        bench,
        layer,
        (
            "keyset-version",
            324,
            "signed by keys that the device does not have yet",
        ),
        |device| device.keyset_version = 2,
        |manifest| {
            manifest.set(16, Item::Uint(3));
        },
    );
}

fn preconditions(bench: &mut Bench<'_>) {
    let layer = Layer::Preconditions;
    let needs = |key: i64, value: i64| {
        move |manifest: &mut Item| manifest.set(15, Item::map([(key, Item::int(value))]))
    };
    of(
        bench,
        layer,
        ("battery", 330, "a battery that is too low"),
        |device| device.battery_percent = Some(49),
        needs(1, 50),
    );
    of(
        bench,
        layer,
        (
            "battery-unknown",
            330,
            "a battery that the device cannot tell",
        ),
        |device| device.battery_percent = None,
        needs(1, 50),
    );
    of(
        bench,
        layer,
        ("storage", 331, "too little storage"),
        |device| device.free_storage = Some(9_999),
        needs(2, 10_000),
    );
    of(
        bench,
        layer,
        ("cold", 332, "too cold"),
        |device| device.temperature = Some(-11),
        needs(3, -10),
    );
    of(
        bench,
        layer,
        ("hot", 332, "too hot"),
        |device| device.temperature = Some(51),
        needs(4, 50),
    );
    of(
        bench,
        layer,
        ("ram", 333, "too little RAM beside the update"),
        |device| device.free_ram = Some(9_999),
        needs(5, 10_000),
    );
    of(
        bench,
        layer,
        ("window", 334, "not the time of day"),
        |device| device.minute_of_day = Some(60),
        |manifest| {
            manifest.set(15, Item::map([(6, Item::Uint(120)), (7, Item::Uint(240))]));
        },
    );
    of(
        bench,
        layer,
        ("window-ended", 334, "the first minute behind the window"),
        |device| device.minute_of_day = Some(240),
        |manifest| {
            manifest.set(15, Item::map([(6, Item::Uint(120)), (7, Item::Uint(240))]));
        },
    );
}
