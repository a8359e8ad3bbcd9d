//! Manifests that say what none may say, under a signature that holds.

mod fields;
mod payloads;

use super::case::{Bench, Layer};
use super::cbor::{Item, head};

/// All of them.
pub(super) fn attack(bench: &mut Bench<'_>) {
    encoding(bench);
    skipped(bench);
    fields::required(bench);
    fields::optional(bench);
    payloads::list(bench);
    payloads::entries(bench);
    payloads::sizes(bench);
}

fn raw(bytes: &[u8]) -> Item {
    Item::Raw(bytes.to_vec())
}

/// What RFC 8949, section 4.2.1, leaves no choice about.
fn encoding(bench: &mut Bench<'_>) {
    let manifest = bench.parts.manifest.clone();
    let cut = manifest.len().saturating_sub(1);
    let package = bench
        .parts
        .signed(manifest.get(..cut).unwrap_or_default(), bench.key);
    bench.add(
        Layer::Manifest,
        "manifest-truncated",
        100,
        "the manifest ends inside its last item",
        package,
    );
    let package = bench
        .parts
        .signed(&[&manifest[..], &[0]].concat(), bench.key);
    bench.add(
        Layer::Manifest,
        "manifest-trailing-byte",
        101,
        "a byte follows the manifest's map",
        package,
    );
    let package = bench.parts.signed(&[], bench.key);
    bench.add(
        Layer::Manifest,
        "manifest-empty",
        100,
        "the manifest has no bytes",
        package,
    );
    let count_bomb = [
        head(5, u64::from(u32::MAX)),
        manifest.get(1..).unwrap_or_default().to_vec(),
    ]
    .concat();
    let package = bench.parts.signed(&count_bomb, bench.key);
    bench.add(
        Layer::Manifest,
        "manifest-map-count-bomb",
        100,
        "a map announces 2^32 - 1 entries",
        package,
    );
    let endless = [&[0xbf], manifest.get(1..).unwrap_or_default(), &[0xff]].concat();
    let package = bench.parts.signed(&endless, bench.key);
    bench.add(
        Layer::Manifest,
        "manifest-indefinite-map",
        107,
        "the map's length is indefinite",
        package,
    );
    let long_head = [
        &[0xb8],
        manifest.get(..1).unwrap_or_default(),
        manifest.get(1..).unwrap_or_default(),
    ]
    .concat();
    let long_head: Vec<u8> = long_head
        .iter()
        .enumerate()
        .map(|(at, byte)| if at == 1 { byte & 31 } else { *byte })
        .collect();
    let package = bench.parts.signed(&long_head, bench.key);
    bench.add(
        Layer::Manifest,
        "manifest-long-map-head",
        106,
        "the map's count is not in its shortest form",
        package,
    );

    let of_sequence: [(&str, u16, &str, &[u8]); 17] = [
        ("integer-in-2-bytes", 106, "7 in two bytes", &[0x18, 7]),
        (
            "integer-in-3-bytes",
            106,
            "255 in three bytes",
            &[0x19, 0, 255],
        ),
        (
            "integer-in-5-bytes",
            106,
            "65535 in five bytes",
            &[0x1a, 0, 0, 255, 255],
        ),
        (
            "integer-in-9-bytes",
            106,
            "2^32 - 1 in nine bytes",
            &[0x1b, 0, 0, 0, 0, 255, 255, 255, 255],
        ),
        (
            "indefinite-bytes",
            107,
            "a byte string of indefinite length",
            &[0x5f, 0x41, 0, 0xff],
        ),
        (
            "indefinite-array",
            107,
            "an array of indefinite length",
            &[0x9f, 0xff],
        ),
        ("half-float", 108, "a float", &[0xf9, 0x3c, 0]),
        (
            "double-float",
            108,
            "a float of eight bytes",
            &[0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0],
        ),
        ("null", 108, "null", &[0xf6]),
        ("true", 108, "true", &[0xf5]),
        (
            "simple-value",
            108,
            "a simple value in two bytes",
            &[0xf8, 0x20],
        ),
        ("tag", 108, "a tag in front of an integer", &[0xc0, 7]),
        (
            "reserved-information",
            108,
            "additional information 28",
            &[0x1c],
        ),
        ("break", 108, "a break outside any item", &[0xff]),
        (
            "text",
            109,
            "a text where an integer belongs",
            &[0x61, b'7'],
        ),
        (
            "negative",
            109,
            "a negative integer where none may be",
            &[0x20],
        ),
        (
            "bignum-bytes",
            109,
            "a byte string where an integer belongs",
            &[0x41, 7],
        ),
    ];
    for (name, code, why, bytes) in of_sequence {
        bench.manifest(
            &format!("manifest-sequence-{name}"),
            code,
            why,
            |manifest| {
                manifest.set(2, raw(bytes));
            },
        );
    }
    bench.manifest(
        "manifest-vendor-bytes",
        109,
        "a byte string where a text belongs",
        |manifest| {
            manifest.set(4, Item::Bytes(b"acme".to_vec()));
        },
    );
    bench.manifest(
        "manifest-digest-text",
        109,
        "a text where a digest belongs",
        |manifest| {
            if let Some(target) = manifest.get_mut(8) {
                target.set(2, Item::Text(vec![b'a'; 32]));
            }
        },
    );
    bench.manifest(
        "manifest-string-beyond-end",
        100,
        "a text is longer than what is left",
        |manifest| {
            if let Item::Map(entries) = manifest {
                entries.retain(|(key, _)| matches!(key, Item::Uint(1..=3)));
                entries.push((Item::Uint(4), raw(&[0x7a, 0, 1, 0, 0, b'a'])));
                // As many as the head announces are needed nowhere: the text ends the input.
                for key in 5..=8 {
                    entries.push((Item::Uint(key), raw(&[])));
                }
            }
        },
    );
    bench.manifest(
        "manifest-key-in-2-bytes",
        106,
        "a key is not in its shortest form",
        |manifest| {
            if let Item::Map(entries) = manifest
                && let Some((key, _)) = entries.get_mut(1)
            {
                *key = raw(&[0x18, 2]);
            }
        },
    );
    bench.manifest("manifest-key-twice", 112, "key 2 twice", |manifest| {
        if let Item::Map(entries) = manifest {
            entries.insert(2, (Item::Uint(2), Item::Uint(9)));
        }
    });
    bench.manifest(
        "manifest-keys-out-of-order",
        113,
        "key 3 before key 2",
        |manifest| {
            if let Item::Map(entries) = manifest {
                entries.swap(1, 2);
            }
        },
    );
}

/// Fields that nobody has assigned.
fn skipped(bench: &mut Bench<'_>) {
    bench.manifest(
        "manifest-unknown-critical-field",
        114,
        "key 100 is positive and unknown",
        |manifest| {
            manifest.set(100, Item::Uint(1));
        },
    );
    bench.manifest("manifest-key-0", 114, "key 0 is reserved", |manifest| {
        manifest.set(0, Item::Uint(1));
    });
    bench.manifest(
        "manifest-key-text",
        109,
        "a key that is a text",
        |manifest| {
            if let Item::Map(entries) = manifest {
                entries.push((Item::text("a"), Item::Uint(1)));
            }
        },
    );
    let nested =
        |levels: usize| (0..levels).fold(Item::Uint(0), |inner, _| Item::Array(vec![inner]));
    bench.manifest(
        "manifest-skipped-field-too-deep",
        111,
        "an unknown field nests five arrays",
        |manifest| {
            manifest.set(-1, nested(5));
        },
    );
    bench.manifest(
        "manifest-depth-bomb",
        111,
        "an unknown field nests 4000 arrays",
        |manifest| {
            manifest.set(-1, Item::Raw([&[0x81; 4_000][..], &[0]].concat()));
        },
    );
    bench.manifest(
        "manifest-skipped-fields-too-many",
        104,
        "17 unknown fields",
        |manifest| {
            for key in 1..=17 {
                manifest.set(-key, Item::Uint(0));
            }
        },
    );
    bench.manifest(
        "manifest-skipped-field-float",
        108,
        "a float in an unknown field",
        |manifest| {
            manifest.set(-1, raw(&[0xf9, 0, 0]));
        },
    );
    bench.manifest(
        "manifest-skipped-field-count-bomb",
        100,
        "an unknown field announces 2^32 - 1 items",
        |manifest| {
            manifest.set(-1, raw(&head(4, u64::from(u32::MAX))));
        },
    );
    bench.manifest(
        "manifest-skipped-field-text-not-utf8",
        116,
        "an unknown field's text is not UTF-8",
        |manifest| {
            manifest.set(-1, Item::Text(vec![0xc3, 0x28]));
        },
    );
}
