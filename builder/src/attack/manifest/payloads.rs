//! Entries of payloads that say what none may say.

use crate::attack::case::{Bench, first_payload};
use crate::attack::cbor::Item;

/// Fields of a payload's entry that must be there.
const PAYLOAD_REQUIRED: [(i64, &str); 8] = [
    (1, "role"),
    (3, "codec"),
    (4, "size"),
    (5, "block-size"),
    (6, "root"),
    (7, "workspace"),
    (8, "ram"),
    (10, "erases"),
];

/// The list of payloads.
pub(super) fn list(bench: &mut Bench<'_>) {
    bench.manifest(
        "payloads-none",
        121,
        "a package without a payload",
        |manifest| {
            manifest.set(10, Item::Array(vec![]));
        },
    );
    bench.manifest("payloads-66", 104, "66 payloads", |manifest| {
        let first = first_payload(manifest).cloned();
        manifest.set(
            10,
            Item::Array(first.into_iter().cycle().take(66).collect()),
        );
    });
    bench.manifest(
        "payloads-alike",
        128,
        "two payloads of one role and source",
        |manifest| {
            if let Some(entries) = manifest.get_mut(10).and_then(Item::items_mut) {
                entries.extend(entries.first().cloned());
            }
        },
    );
    bench.manifest(
        "payloads-len-other",
        118,
        "the payloads are longer than the header says",
        |manifest| {
            if let Some(entry) = first_payload(manifest) {
                let size = entry.get(4).and_then(Item::as_uint).unwrap_or(0);
                entry.set(8, Item::Uint(1 << 30));
                entry.set(4, Item::Uint(size.saturating_add(1 << 20)));
            }
        },
    );
}

/// What a payload is.
pub(super) fn entries(bench: &mut Bench<'_>) {
    for (key, name) in PAYLOAD_REQUIRED {
        bench.payload(
            &format!("payload-without-{name}"),
            115,
            "a required field is missing",
            |entry| {
                entry.remove(key);
            },
        );
    }
    let delta = |entry: &mut Item| {
        entry.set(1, Item::Uint(0));
        entry.set(2, Item::Uint(0));
    };
    let full = |entry: &mut Item| {
        entry.set(1, Item::Uint(1));
        for key in [2, 12, 14] {
            entry.remove(key);
        }
    };
    bench.payload(
        "payload-role-3",
        119,
        "a role that does not exist",
        |entry| entry.set(1, Item::Uint(3)),
    );
    bench.payload(
        "payload-codec-4",
        119,
        "a codec that does not exist",
        |entry| entry.set(3, Item::Uint(4)),
    );
    bench.payload(
        "payload-source-not-listed",
        125,
        "source 31 of fewer",
        |entry| {
            delta(entry);
            entry.set(2, Item::Uint(31));
        },
    );
    bench.payload(
        "payload-delta-without-source",
        126,
        "a delta from nothing",
        |entry| {
            delta(entry);
            entry.remove(2);
        },
    );
    bench.payload(
        "payload-reverse-without-source",
        126,
        "a way back to nothing",
        |entry| {
            entry.set(1, Item::Uint(2));
            entry.remove(2);
        },
    );
    bench.payload(
        "payload-full-with-source",
        127,
        "a full image that names a source",
        |entry| {
            full(entry);
            entry.set(2, Item::Uint(0));
        },
    );
    bench.payload(
        "payload-full-with-group",
        134,
        "a full image in groups of sectors",
        |entry| {
            full(entry);
            entry.set(12, Item::Uint(4096));
        },
    );
    bench.payload(
        "payload-full-with-shift",
        134,
        "a full image for which the old one moves",
        |entry| {
            full(entry);
            entry.set(14, Item::Uint(4096));
        },
    );
    bench.payload(
        "payload-unknown-critical-field",
        114,
        "an unknown field of a payload",
        |entry| {
            entry.set(16, Item::Uint(1));
        },
    );
    bench.payload(
        "payload-keys-out-of-order",
        113,
        "two fields of a payload change places",
        |entry| {
            if let Item::Map(entries) = entry {
                entries.swap(0, 1);
            }
        },
    );
}

/// How large it is, and what it takes.
pub(super) fn sizes(bench: &mut Bench<'_>) {
    let values: [(&str, u16, &str, i64, Item); 18] = [
        ("size-0", 105, "a payload without a byte", 4, Item::Uint(0)),
        (
            "size-2-32",
            104,
            "a payload of 4 GiB",
            4,
            Item::Uint(1 << 32),
        ),
        (
            "block-size-128",
            105,
            "blocks that are too small",
            5,
            Item::Uint(128),
        ),
        (
            "block-size-0",
            105,
            "blocks without a byte",
            5,
            Item::Uint(0),
        ),
        (
            "block-size-131072",
            104,
            "blocks that are too large",
            5,
            Item::Uint(131_072),
        ),
        (
            "block-size-300",
            119,
            "blocks of no power of two",
            5,
            Item::Uint(300),
        ),
        (
            "root-31-bytes",
            118,
            "a root that is cut short",
            6,
            Item::Bytes(vec![0; 31]),
        ),
        (
            "root-33-bytes",
            118,
            "a root that is too long",
            6,
            Item::Bytes(vec![0; 33]),
        ),
        (
            "workspace-above-ram",
            132,
            "a workspace that exceeds the RAM",
            7,
            Item::Uint(u64::from(u32::MAX)),
        ),
        (
            "ram-0",
            131,
            "less RAM than its buffers take",
            8,
            Item::Uint(0),
        ),
        ("scratch-0", 120, "a default written out", 9, Item::Uint(0)),
        (
            "erases-2-32",
            104,
            "more erases than a flash has",
            10,
            Item::Uint(1 << 32),
        ),
        (
            "checkpoint-interval-0",
            120,
            "a default written out",
            11,
            Item::Uint(0),
        ),
        (
            "min-operations-0",
            120,
            "a default written out",
            13,
            Item::Uint(0),
        ),
        (
            "in-place-shift-0",
            120,
            "a default written out",
            14,
            Item::Uint(0),
        ),
        (
            "in-place-group-0",
            120,
            "a default written out",
            12,
            Item::Uint(0),
        ),
        (
            "min-work-0",
            120,
            "a default written out",
            15,
            Item::Uint(0),
        ),
        ("ram-2-32", 104, "4 GiB of RAM", 8, Item::Uint(1 << 32)),
    ];
    for (name, code, why, key, value) in values {
        bench.payload(&format!("payload-{name}"), code, why, |entry| {
            // What is held against the RAM is not what is attacked, but in two cases.
            if name == "ram-0" {
                entry.set(7, Item::Uint(0));
            }
            entry.set(key, value);
        });
    }
    bench.payload(
        "payload-ram-one-short",
        131,
        "a byte less of RAM than its buffers take",
        |entry| {
            let number = |key| entry.get(key).and_then(Item::as_uint).unwrap_or(0);
            let (size, block, workspace) = (number(4), number(5), number(7));
            let blocks = size.div_ceil(block.max(1));
            let page = if blocks <= 1 { 0 } else { 32 * blocks.min(32) };
            entry.set(8, Item::Uint(workspace + page + block.min(size) + 255));
        },
    );
}
