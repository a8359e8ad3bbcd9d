//! Releases that a key set does not cover.

use sprag::attack::{Bench, Item};

use super::{add, changed, device, first, named, package, quorum, root};
use crate::bases::key;

/// Releases that a key set does not cover.
pub(super) fn attack(bench: &mut Bench<'_>) {
    let of = |edit: &dyn Fn(&mut Item)| changed(1, edit);
    let release = || package(&[], &[key()], |_| ());
    let role = |field: i64, value: Item| {
        move |keyset: &mut Item| {
            let mut role = quorum(1, 0b1100);
            role.set(field, value.clone());
            keyset.set(6, Item::Array(vec![role]));
        }
    };
    let range = |min: u64, max: u64| Item::map([(1, Item::Uint(min)), (2, Item::Uint(max))]);
    let scoped = [
        ("vendor", 3, Item::text("others")),
        ("product", 4, Item::text("others")),
        ("hardware", 5, Item::Array(vec![Item::text("r1")])),
    ];
    for (name, field, value) in scoped {
        let setting = device(&format!("keyset-scope-{name}"), &of(&role(field, value)));
        add(
            bench,
            setting,
            &format!("scope-{name}"),
            209,
            "a release that the role does not cover",
            release(),
        );
    }
    let covering = device(
        "keyset-scope-met",
        &of(&role(
            5,
            Item::Array(vec![Item::text("r1"), Item::text("r2")]),
        )),
    );
    add(
        bench,
        covering,
        "scope-met",
        0,
        "a release that the role just covers",
        release(),
    );
    let sequences = device(
        "keyset-sequences",
        &of(&|keyset| keyset.set(8, range(1 << 40, 1 << 41))),
    );
    add(
        bench,
        sequences,
        "sequence-out-of-range",
        311,
        "a sequence number that releases may not have",
        release(),
    );
    let counters = device("keyset-counters", &of(&|keyset| keyset.set(9, range(5, 9))));
    add(
        bench,
        counters,
        "counter-out-of-range",
        312,
        "a security counter that releases may not have",
        release(),
    );
    let valid = of(&|keyset| keyset.set(7, range(1_000, 2_000)));
    let at = |name: &str, now| device(name, &valid).changed(name, |device| device.now = Some(now));
    add(
        bench,
        at("keyset-early", 999),
        "not-yet-valid",
        313,
        "the key set is not valid yet",
        release(),
    );
    add(
        bench,
        at("keyset-late", 2_001),
        "expired",
        328,
        "the key set is no longer valid",
        release(),
    );
    add(
        bench,
        at("keyset-last-second", 2_000),
        "valid-to-the-second",
        0,
        "the last second counts",
        release(),
    );
    let newer = package(&[], &[key()], |manifest| manifest.set(16, Item::Uint(2)));
    add(
        bench,
        first(),
        "version-of-package",
        324,
        "signed by keys that the device does not have yet",
        newer,
    );
    add(
        bench,
        first(),
        "release-by-root",
        204,
        "a root key signs no release",
        package(&[], &[root()], |_| ()),
    );
    add(
        bench,
        first(),
        "release-by-stranger",
        201,
        "a key that is in no key set",
        package(&[], &[named(3)], |_| ()),
    );
}
