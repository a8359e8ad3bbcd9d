use sprag_manifest::{Isa, PackedVersion, Release};

use super::{DEFAULT_BLOCK_SIZE, ReleaseSpec, checked_name, read_release};
use crate::error::Error;
use crate::testing::release;

#[test]
fn defaults_are_filled_in() {
    let spec = ReleaseSpec::new(release()).unwrap();
    assert_eq!(spec.sequence, "2.0.0".parse::<PackedVersion>().unwrap().0);
    assert_eq!(spec.sequence, 2 << 48);
    assert_eq!(
        (spec.security_counter, spec.block_size),
        (0, DEFAULT_BLOCK_SIZE)
    );
    assert_eq!(spec.rest, release());
}

#[test]
fn what_is_given_is_kept() {
    let given = Release {
        sequence: Some(7),
        security_counter: Some(3),
        block_size: Some(512),
        load_address: Some(0x0800_0000),
        layout: Some("dual-512k".into()),
        ..release()
    };
    let spec = ReleaseSpec::new(given.clone()).unwrap();
    assert_eq!(
        (spec.sequence, spec.security_counter, spec.block_size),
        (7, 3, 512)
    );
    assert_eq!(spec.rest, given);
    assert_eq!(
        (spec.vendor.as_str(), spec.product.as_str()),
        ("acme", "gateway")
    );
    assert_eq!((spec.hardware.len(), spec.isa), (2, Isa::None));
}

#[test]
fn sequence_numbers_follow_versions() {
    let cases = [
        ("1", Some(0x0001_0000_0000_0000)),
        ("v1.2", Some(0x0001_0002_0000_0000)),
        ("1.5.2", Some(0x0001_0005_0002_0000)),
        ("1.5.2.65535", Some(0x0001_0005_0002_ffff)),
        ("0.0.0", Some(0)),
        ("1.5.2-rc1", None),
        ("1.5.2.3.4", None),
        ("1.65536", None),
        ("nightly", None),
    ];
    for (version, expected) in cases {
        let named = |sequence| {
            let new_version = Some(version.into());
            ReleaseSpec::new(Release {
                new_version,
                sequence,
                ..release()
            })
        };
        match (named(None), expected) {
            (Ok(spec), Some(sequence)) => assert_eq!(spec.sequence, sequence, "{version}"),
            (
                Err(Error::BadValue {
                    field,
                    value,
                    reason,
                }),
                None,
            ) => {
                assert_eq!((field, value.as_str()), ("new-version", version));
                assert!(reason.ends_with("pass --sequence"), "{version}: {reason}");
            }
            (found, _) => panic!("{version}: {found:?}"),
        }
        assert_eq!(named(Some(5)).unwrap().sequence, 5, "{version}");
    }
    // As versions grow, so do they.
    let ascending = [
        "0.9", "0.9.1", "0.10", "1", "1.0.0.1", "1.0.1", "1.2", "1.10", "2",
    ];
    let numbers = ascending.map(|version| {
        ReleaseSpec::new(Release {
            new_version: Some(version.into()),
            ..release()
        })
        .unwrap()
        .sequence
    });
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}

#[test]
fn what_is_missing_is_named_in_the_order_of_the_flags() {
    let mut release = Release::default();
    let missing = |release: &Release| match ReleaseSpec::new(release.clone()) {
        Err(Error::MissingField { field }) => field,
        found => panic!("{found:?}"),
    };
    assert_eq!(missing(&release), "vendor");
    release.vendor = Some("acme".into());
    assert_eq!(missing(&release), "product");
    release.product = Some("gateway".into());
    assert_eq!(missing(&release), "hardware");
    release.hardware = vec!["r1".into()];
    assert_eq!(missing(&release), "isa");
    release.isa = Some(Isa::Thumb);
    assert_eq!(missing(&release), "new-version");
    release.new_version = Some("1.0.0".into());
    ReleaseSpec::new(release).unwrap();
}

#[test]
fn names_are_held_to_the_rule_of_the_format() {
    let long = "a".repeat(32);
    for name in ["a", "1.5.2-rc1+b_7", long.as_str()] {
        assert_eq!(checked_name("vendor", name.into()).unwrap(), name);
    }
    let too_long = "a".repeat(33);
    for name in [
        "",
        "a b",
        "a/b",
        "größe",
        "a\n",
        "a\u{1b}[2J",
        too_long.as_str(),
    ] {
        for field in ["vendor", "product", "hardware", "new-version", "layout"] {
            let mut release = release();
            match field {
                "vendor" => release.vendor = Some(name.into()),
                "product" => release.product = Some(name.into()),
                "hardware" => release.hardware.push(name.into()),
                "layout" => release.layout = Some(name.into()),
                _ => release.new_version = Some(name.into()),
            }
            let refusal = ReleaseSpec::new(release).unwrap_err();
            assert!(
                matches!(&refusal, Error::BadValue { field: found, value, .. }
                    if *found == field && value == name),
                "{field} {name:?}: {refusal:?}"
            );
        }
    }
}

#[test]
fn block_sizes_are_powers_of_two() {
    for (size, good) in [
        (0, false),
        (1, false),
        (128, false),
        (255, false),
        (256, true),
        (257, false),
        (4095, false),
        (4096, true),
        (65_536, true),
        (131_072, false),
        (u32::MAX, false),
    ] {
        let release = Release {
            block_size: Some(size),
            ..release()
        };
        match ReleaseSpec::new(release) {
            Ok(spec) => assert!(good && spec.block_size == size, "{size}"),
            Err(e) => assert!(
                !good
                    && matches!(
                        e,
                        Error::BadValue {
                            field: "block-size",
                            ..
                        }
                    ),
                "{size}: {e:?}"
            ),
        }
    }
}

#[test]
fn files_say_what_is_wrong_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("release.toml");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        read_release(&path)
    };
    assert_eq!(
        read("vendor = 'acme'\n").unwrap().vendor.as_deref(),
        Some("acme")
    );
    assert_eq!(read("").unwrap(), Release::default());
    for (text, reason) in [
        ("vendor = ", "line 1"),
        ("vendor = 'acme'\nsequenze = 1", "unknown field `sequenze`"),
        ("\0\u{1}", "line 1"),
        ("isa = 'mips'", "line 1"),
    ] {
        let refusal = read(text).unwrap_err();
        let shown = refusal.to_string();
        assert_eq!((refusal.code(), refusal.exit_code()), (1003, 4), "{text:?}");
        assert!(
            shown.contains("release.toml: ") && shown.contains(reason),
            "{text:?}: {shown}"
        );
    }
    let missing = read_release(&folder.path().join("none.toml")).unwrap_err();
    assert_eq!((missing.code(), missing.exit_code()), (1010, 3));
}
