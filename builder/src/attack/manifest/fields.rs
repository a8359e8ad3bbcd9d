//! Fields of the manifest that are missing, or hold what none may hold.

use super::raw;
use crate::attack::case::Bench;
use crate::attack::cbor::{Item, head};

/// Fields of the manifest that must be there, by their names in the register.
const REQUIRED: [(i64, &str); 9] = [
    (1, "format"),
    (2, "sequence"),
    (3, "security-counter"),
    (4, "vendor"),
    (5, "product"),
    (6, "hardware"),
    (7, "isa"),
    (8, "target"),
    (10, "payloads"),
];

/// Required fields, and their values.
pub(super) fn required(bench: &mut Bench<'_>) {
    for (key, name) in REQUIRED {
        bench.manifest(
            &format!("manifest-without-{name}"),
            115,
            "a required field is missing",
            |manifest| {
                manifest.remove(key);
            },
        );
    }
    bench.manifest(
        "manifest-format-2",
        103,
        "a format version that does not exist yet",
        |manifest| {
            manifest.set(1, Item::Uint(2));
        },
    );
    let names: [(&str, u16, &str, Vec<u8>); 9] = [
        ("empty", 105, "a name without a character", vec![]),
        ("33-bytes", 104, "a name of 33 bytes", vec![b'a'; 33]),
        (
            "not-utf8",
            116,
            "a name that is not UTF-8",
            vec![b'a', 0xff],
        ),
        ("nul", 117, "a zero byte in a name", vec![b'a', 0, b'b']),
        ("newline", 117, "a line feed in a name", vec![b'a', b'\n']),
        ("space", 117, "a space in a name", b"ac me".to_vec()),
        ("slash", 117, "a slash in a name", b"../acme".to_vec()),
        (
            "bidirectional",
            117,
            "a right-to-left override in a name",
            "a\u{202e}emca".into(),
        ),
        (
            "confusable",
            117,
            "a Cyrillic letter that looks like a Latin one",
            "\u{430}cme".into(),
        ),
    ];
    for (name, code, why, text) in names {
        bench.manifest(&format!("manifest-vendor-{name}"), code, why, |manifest| {
            manifest.set(4, Item::Text(text));
        });
    }
    bench.manifest(
        "manifest-product-empty",
        105,
        "a product without a name",
        |manifest| {
            manifest.set(5, Item::text(""));
        },
    );
    bench.manifest(
        "manifest-hardware-none",
        121,
        "for no hardware revision at all",
        |manifest| {
            manifest.set(6, Item::Array(vec![]));
        },
    );
    bench.manifest(
        "manifest-hardware-33",
        104,
        "for 33 hardware revisions",
        |manifest| {
            manifest.set(6, Item::Array(vec![Item::text("r"); 33]));
        },
    );
    bench.manifest(
        "manifest-hardware-count-bomb",
        104,
        "an array announces 2^64 - 1 items",
        |manifest| {
            manifest.set(6, raw(&head(4, u64::MAX)));
        },
    );
    bench.manifest(
        "manifest-hardware-wildcard",
        117,
        "no revision stands for all",
        |manifest| {
            manifest.set(6, Item::Array(vec![Item::text("*")]));
        },
    );
    bench.manifest(
        "manifest-isa-8",
        119,
        "an instruction set that does not exist",
        |manifest| {
            manifest.set(7, Item::Uint(8));
        },
    );
    let mut image = |name: &str, code, why: &str, key, value: Option<Item>| {
        bench.manifest(&format!("manifest-target-{name}"), code, why, |manifest| {
            let Some(target) = manifest.get_mut(8) else {
                return;
            };
            match value {
                Some(value) => target.set(key, value),
                None => target.remove(key),
            }
        });
    };
    image(
        "digest-31-bytes",
        118,
        "a digest that is cut short",
        2,
        Some(Item::Bytes(vec![1; 31])),
    );
    image(
        "size-0",
        105,
        "an image without a byte",
        3,
        Some(Item::Uint(0)),
    );
    image(
        "size-2-32",
        104,
        "an image of 4 GiB",
        3,
        Some(Item::Uint(1 << 32)),
    );
    image("without-digest", 115, "an image without a digest", 2, None);
    image(
        "unknown-critical-field",
        114,
        "an unknown field of an image",
        9,
        Some(Item::Uint(1)),
    );
    image(
        "load-address-negative",
        109,
        "a negative address",
        4,
        Some(Item::Nint(0)),
    );
}

/// Fields that may be left out.
pub(super) fn optional(bench: &mut Bench<'_>) {
    let digest = |n: u8| Item::Bytes(vec![n; 32]);
    let image =
        move |n: u8| Item::map([(1, Item::text("0.9")), (2, digest(n)), (3, Item::Uint(9))]);
    bench.manifest(
        "manifest-sources-none",
        121,
        "an empty list is left out",
        |manifest| {
            manifest.set(9, Item::Array(vec![]));
        },
    );
    bench.manifest("manifest-sources-33", 104, "33 sources", |manifest| {
        manifest.set(9, Item::Array((0..33).map(image).collect()));
    });
    bench.manifest(
        "manifest-sources-alike",
        129,
        "two sources of one digest",
        |manifest| {
            manifest.set(9, Item::Array(vec![image(1), image(1)]));
        },
    );
    bench.manifest(
        "manifest-source-is-target",
        130,
        "the target among the sources",
        |manifest| {
            let target = manifest.get(8).cloned();
            manifest.set(9, Item::Array(target.into_iter().collect()));
        },
    );
    let requirement = |min: u64, max: u64| {
        Item::map([
            (1, Item::text("a")),
            (2, Item::Uint(min)),
            (3, Item::Uint(max)),
        ])
    };
    let range = |min: u64, max: u64| Item::map([(1, Item::Uint(min)), (2, Item::Uint(max))]);
    let one = |key: i64, value: u64| Item::map([(key, Item::Uint(value))]);
    let two =
        |a: (i64, i64), b: (i64, i64)| Item::map([(a.0, Item::int(a.1)), (b.0, Item::int(b.1))]);
    let fields: [(&str, u16, &str, i64, Item); 22] = [
        (
            "bootloader-empty-range",
            122,
            "no version of a bootloader suits",
            11,
            requirement(2, 1),
        ),
        (
            "os-empty-range",
            122,
            "no version of an operating system suits",
            12,
            requirement(2, 1),
        ),
        (
            "os-without-id",
            115,
            "a requirement of nothing",
            12,
            one(2, 1),
        ),
        (
            "layout-not-a-name",
            117,
            "a layout with a space",
            13,
            Item::text("a b"),
        ),
        (
            "validity-empty",
            121,
            "an empty map is left out",
            14,
            Item::Map(vec![]),
        ),
        (
            "validity-empty-range",
            122,
            "valid at no time",
            14,
            range(2, 1),
        ),
        (
            "preconditions-empty",
            121,
            "an empty map is left out",
            15,
            Item::Map(vec![]),
        ),
        (
            "battery-101",
            104,
            "more than a full battery",
            15,
            one(1, 101),
        ),
        (
            "free-storage-2-32",
            104,
            "4 GiB of free storage",
            15,
            one(2, 1 << 32),
        ),
        (
            "temperature-128",
            119,
            "hotter than a byte can tell",
            15,
            one(3, 128),
        ),
        (
            "temperature-minus-129",
            119,
            "colder than a byte can tell",
            15,
            Item::map([(4, Item::int(-129))]),
        ),
        (
            "temperature-empty-range",
            119,
            "no temperature suits",
            15,
            two((3, 10), (4, -10)),
        ),
        (
            "free-ram-2-32",
            104,
            "4 GiB of free RAM",
            15,
            one(5, 1 << 32),
        ),
        (
            "window-1440",
            119,
            "a minute behind the day's last",
            15,
            two((6, 1440), (7, 1)),
        ),
        (
            "window-without-end",
            115,
            "a window that does not end",
            15,
            one(6, 1),
        ),
        (
            "window-without-start",
            115,
            "a window that does not begin",
            15,
            one(7, 1),
        ),
        (
            "window-empty",
            119,
            "a window without a minute",
            15,
            two((6, 5), (7, 5)),
        ),
        (
            "keyset-version-2-32",
            104,
            "a keyset version beyond 32 bits",
            16,
            Item::Uint(1 << 32),
        ),
        (
            "keysets-len-0",
            120,
            "a default written out",
            17,
            Item::Uint(0),
        ),
        (
            "keysets-len-8193",
            104,
            "more keysets than there may be",
            17,
            Item::Uint(8193),
        ),
        (
            "precondition-unknown-critical",
            114,
            "an unknown precondition",
            15,
            one(9, 1),
        ),
        (
            "validity-unknown-critical",
            114,
            "an unknown bound of validity",
            14,
            one(3, 1),
        ),
    ];
    for (name, code, why, key, value) in fields {
        bench.manifest(&format!("manifest-{name}"), code, why, |manifest| {
            manifest.set(key, value);
        });
    }
    if bench.parts.keysets.is_empty() {
        bench.manifest(
            "manifest-keysets-not-there",
            118,
            "the manifest states keysets that the header does not have",
            |manifest| {
                manifest.set(17, Item::Uint(5));
            },
        );
    }
}
