//! Key sets that say what none may say.

use sprag::SigningKey;
use sprag::attack::{Bench, Item};
use sprag_manifest::KeyId;
use sprag_verifier::EXAMPLE_KEYS;

use super::{SEEDS, add, changed, entry, first, named, package, quorum, root, update};
use crate::bases::key;

/// What a key set must not say, under signatures that hold.
pub(super) fn attack(bench: &mut Bench<'_>) {
    let release = [key()];
    let mut with = |name: &str, code, why: &str, edit: &dyn Fn(&mut Item)| {
        let document = changed(2, edit);
        let chain = update(2, &document.encode(), &[root()]);
        add(
            bench,
            first(),
            name,
            code,
            why,
            package(&chain, &release, |_| ()),
        );
    };
    let keys = |edit: fn(&mut Vec<Item>)| {
        move |keyset: &mut Item| {
            if let Some(keys) = keyset.get_mut(4).and_then(Item::items_mut) {
                edit(keys);
            }
        }
    };
    for (field, name) in [
        (1, "format"),
        (2, "version"),
        (3, "name"),
        (4, "keys"),
        (5, "root"),
        (6, "releases"),
    ] {
        with(
            &format!("without-{name}"),
            115,
            "a required field is missing",
            &|keyset| keyset.remove(field),
        );
    }
    with(
        "format-2",
        103,
        "a format version that does not exist yet",
        &|keyset| keyset.set(1, Item::Uint(2)),
    );
    with("version-0", 105, "version 0", &|keyset| {
        keyset.set(2, Item::Uint(0));
    });
    with("name-with-space", 117, "a name with a space", &|keyset| {
        keyset.set(3, Item::text("a b"));
    });
    with(
        "unknown-critical-field",
        114,
        "key 11 is unknown",
        &|keyset| keyset.set(11, Item::Uint(0)),
    );
    with("keys-none", 121, "a key set without keys", &|keyset| {
        keyset.set(4, Item::Array(vec![]));
    });
    with("keys-17", 104, "17 keys", &|keyset| {
        keyset.set(4, Item::Array(vec![entry(&root()); 17]));
    });
    with(
        "key-twice",
        135,
        "a key twice",
        &keys(|keys| keys.extend(keys.first().cloned())),
    );
    with(
        "key-under-two-names",
        135,
        "a key twice, under two identifiers",
        &keys(|keys| {
            let mut again = keys.first().cloned().unwrap_or(Item::Uint(0));
            again.set(1, Item::Bytes(b"ANOTHER1".to_vec()));
            keys.push(again);
        }),
    );
    with(
        "name-of-two-keys",
        135,
        "two keys of one identifier",
        &keys(|keys| {
            let mut other = entry(&named(3));
            other.set(1, Item::Bytes(SEEDS[0].0.to_vec()));
            keys.push(other);
        }),
    );
    let first_key = |field: i64, value: Item| {
        move |keyset: &mut Item| {
            let keys = keyset.get_mut(4).and_then(Item::items_mut);
            if let Some(key) = keys.and_then(|keys| keys.get_mut(3)) {
                key.set(field, value.clone());
            }
        }
    };
    with(
        "key-id-7-bytes",
        118,
        "an identifier that is cut short",
        &first_key(1, Item::Bytes(vec![1; 7])),
    );
    with(
        "key-31-bytes",
        118,
        "a key that is cut short",
        &first_key(2, Item::Bytes(vec![1; 31])),
    );
    with(
        "algorithm-written",
        120,
        "the default algorithm written out",
        &first_key(3, Item::int(-8)),
    );
    let mut neutral = [0; 32];
    neutral[0] = 1;
    with(
        "weak-key",
        205,
        "a key of small order",
        &first_key(2, Item::Bytes(neutral.to_vec())),
    );
    with(
        "key-not-canonical",
        205,
        "the second encoding of a point",
        &first_key(2, Item::Bytes([&[0xee][..], &[0xff; 30], &[0x7f]].concat())),
    );
    with(
        "example-key",
        206,
        "a key whose secret half is published",
        &first_key(
            2,
            Item::Bytes(EXAMPLE_KEYS.first().map_or(vec![], |key| key.to_vec())),
        ),
    );
    with("threshold-0", 105, "a root of nobody", &|keyset| {
        keyset.set(5, quorum(0, 3));
    });
    with(
        "threshold-5",
        104,
        "more signatures than there may be",
        &|keyset| keyset.set(5, quorum(5, 3)),
    );
    with("threshold-unreachable", 136, "three of two", &|keyset| {
        keyset.set(5, quorum(3, 3));
    });
    with(
        "member-without-key",
        119,
        "a member that is no key",
        &|keyset| keyset.set(5, quorum(1, 1 << 9)),
    );
    with("members-none", 136, "one of nobody", &|keyset| {
        keyset.set(5, quorum(1, 0));
    });
    with("roles-none", 121, "nobody signs releases", &|keyset| {
        keyset.set(6, Item::Array(vec![]));
    });
    with("roles-9", 104, "nine release roles", &|keyset| {
        keyset.set(6, Item::Array(vec![quorum(1, 4); 9]));
    });
    with(
        "role-hardware-none",
        121,
        "a role for no hardware",
        &|keyset| {
            let mut role = quorum(1, 4);
            role.set(5, Item::Array(vec![]));
            keyset.set(6, Item::Array(vec![role]));
        },
    );
    let range = |min: u64, max: u64| Item::map([(1, Item::Uint(min)), (2, Item::Uint(max))]);
    with(
        "sequences-empty-range",
        122,
        "no sequence number suits",
        &|keyset| keyset.set(8, range(2, 1)),
    );
    with(
        "sequences-empty",
        121,
        "an empty map is left out",
        &|keyset| keyset.set(8, Item::Map(vec![])),
    );
    with("validity-empty-range", 122, "valid at no time", &|keyset| {
        keyset.set(7, range(2, 1));
    });
    with(
        "revoked-none",
        121,
        "an empty list is left out",
        &|keyset| keyset.set(10, Item::Array(vec![])),
    );
    with(
        "revoked-and-listed",
        137,
        "a key that it lists and revokes",
        &|keyset| keyset.set(10, Item::Array(vec![entry(&named(1))])),
    );
    let public = |item: &Item| item.get(2).and_then(Item::as_bytes).map(<[u8]>::to_vec);
    let mut two = vec![
        entry(&named(3)),
        entry(&SigningKey::from_seed(KeyId(*b"ANOTHER2"), &[9; 32])),
    ];
    two.sort_by_key(public);
    two.reverse();
    with(
        "revoked-out-of-order",
        138,
        "revoked keys that do not ascend",
        &|keyset| keyset.set(10, Item::Array(two.clone())),
    );
    with(
        "long-integer",
        106,
        "an integer not in its shortest form",
        &|keyset| keyset.set(2, Item::Raw(vec![0x18, 2])),
    );
    let long = changed(2, |keyset| keyset.set(-1, Item::Bytes(vec![0; 1000]))).encode();
    let chain = update(2, &long, &[root()]);
    add(
        bench,
        first(),
        "longer-than-any",
        104,
        "more than 1000 bytes",
        package(&chain, &release, |_| ()),
    );
}
