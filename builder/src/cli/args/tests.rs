use sprag_manifest::{Isa, KeyId, PackedVersion};
use sprag_verifier::ExampleKeys;

use super::{Trust, bytes, codec, effort, isa, key_name, number, old_image, requirement};
use crate::codec::{CodecChoice, Effort};

const NUMBER: &str = "a number, decimal or with 0x";
const TOO_MANY: &str = "at most 4294967295 bytes";

#[test]
fn codecs() {
    let cases = [
        ("auto", Some(CodecChoice::Auto)),
        ("native", Some(CodecChoice::Native)),
        ("bsdiff-zstd", Some(CodecChoice::BsdiffZstd)),
        ("stored", Some(CodecChoice::Stored)),
        ("", None),
        ("Auto", None),
        ("bsdiff", None),
        ("bsdiff_zstd", None),
        (" auto", None),
    ];
    for (text, expected) in cases {
        let expected = expected.ok_or("one of: auto, native, bsdiff-zstd, stored".to_owned());
        assert_eq!(codec(text), expected, "{text:?}");
    }
}

#[test]
fn efforts() {
    let cases = [
        ("fast", Some(Effort::Fast)),
        ("default", Some(Effort::Default)),
        ("best", Some(Effort::Best)),
        ("", None),
        ("Fast", None),
        ("slow", None),
    ];
    for (text, expected) in cases {
        let expected = expected.ok_or("one of: fast, default, best".to_owned());
        assert_eq!(effort(text), expected, "{text:?}");
    }
}

#[test]
fn instruction_sets() {
    for expected in Isa::ALL {
        assert_eq!(isa(expected.name()), Ok(expected));
    }
    for text in ["", "Thumb", "arm", "x86_64", "thumb "] {
        let reason = isa(text).unwrap_err();
        for known in Isa::ALL {
            assert!(reason.contains(known.name()), "{text:?}: {reason}");
        }
    }
}

#[test]
fn byte_counts() {
    let cases = [
        ("0", Ok(0)),
        ("16384", Ok(16_384)),
        ("0x4000", Ok(16_384)),
        ("16KiB", Ok(16_384)),
        ("0x10KiB", Ok(16_384)),
        ("8MiB", Ok(8_388_608)),
        ("4294967295", Ok(u32::MAX)),
        ("4095MiB", Ok(4_293_918_720)),
        ("4294967296", Err(TOO_MANY)),
        ("4096MiB", Err(TOO_MANY)),
        ("18446744073709551615MiB", Err(TOO_MANY)),
        ("18446744073709551616", Err(NUMBER)),
        ("", Err(NUMBER)),
        ("KiB", Err(NUMBER)),
        ("16 KiB", Err(NUMBER)),
        ("16kib", Err(NUMBER)),
        ("16KB", Err(NUMBER)),
        ("1.5MiB", Err(NUMBER)),
        ("-1", Err(NUMBER)),
    ];
    for (text, expected) in cases {
        assert_eq!(bytes(text), expected.map_err(str::to_owned), "{text:?}");
    }
}

#[test]
fn numbers() {
    let cases = [
        ("0", Some(0)),
        ("007", Some(7)),
        ("18446744073709551615", Some(u64::MAX)),
        ("0x08000000", Some(0x0800_0000)),
        ("0xffffffffffffffff", Some(u64::MAX)),
        ("0xFF", Some(255)),
        ("", None),
        ("0x", None),
        ("0X10", None),
        ("+1", None),
        ("0x+1", None),
        ("-1", None),
        ("1_000", None),
        ("18446744073709551616", None),
        ("0x10000000000000000", None),
        (" 1", None),
        ("ff", None),
    ];
    for (text, expected) in cases {
        assert_eq!(number(text), expected.ok_or(NUMBER.to_owned()), "{text:?}");
    }
}

#[test]
fn requirements() {
    let version = |text: &str| Some(text.parse::<PackedVersion>().unwrap());
    let cases = [
        ("mcuboot", "mcuboot", None, None),
        ("mcuboot=", "mcuboot", None, None),
        ("mcuboot=1.9", "mcuboot", version("1.9"), None),
        ("mcuboot=1.9..", "mcuboot", version("1.9"), None),
        ("mcuboot=..2.1", "mcuboot", None, version("2.1")),
        (
            "mcuboot=1.9..2.1",
            "mcuboot",
            version("1.9"),
            version("2.1"),
        ),
        ("os=v3.7.0", "os", version("3.7"), None),
        ("a+b_c-d.e=1", "a+b_c-d.e", version("1"), None),
    ];
    for (text, id, min, max) in cases {
        let parsed = requirement(text).unwrap();
        assert_eq!((parsed.id.as_str(), parsed.min, parsed.max), (id, min, max));
    }
    let usage = "ID, ID=MIN or ID=MIN..MAX, for example mcuboot=1.9..2.1";
    let refusals = [
        ("", usage),
        ("=1.9", usage),
        ("a b=1", usage),
        ("mcuboot 1.9", usage),
        (
            "mcuboot=1.x",
            "part 2 of the version is not a decimal number",
        ),
        (
            "mcuboot=1...2",
            "part 1 of the version is not a decimal number",
        ),
        ("mcuboot=1.65536", "part 2 of the version exceeds 65535"),
        (
            "mcuboot=1=2",
            "part 1 of the version is not a decimal number",
        ),
        (
            "mcuboot=1..2..3",
            "part 2 of the version is not a decimal number",
        ),
    ];
    for (text, reason) in refusals {
        assert_eq!(requirement(text), Err(reason.into()), "{text:?}");
    }
}

#[test]
fn old_images() {
    let cases = [
        ("old.bin", None, "old.bin"),
        ("-", None, "-"),
        ("1.5.1=old.bin", Some("1.5.1"), "old.bin"),
        ("1.5.1=-", Some("1.5.1"), "-"),
        ("1.0+b_2-rc=a/b=c.bin", Some("1.0+b_2-rc"), "a/b=c.bin"),
        // Not a version: a path with an equals sign in it.
        ("./a=b", None, "./a=b"),
        ("build/a=b", None, "build/a=b"),
        ("=old.bin", None, "=old.bin"),
        // Nothing behind the sign, so it is a name that ends with it.
        ("1.5.1=", None, "1.5.1="),
        (
            "0123456789012345678901234567890123=x",
            None,
            "0123456789012345678901234567890123=x",
        ),
    ];
    for (text, version, path) in cases {
        let image = old_image(text).unwrap();
        assert_eq!(image.version.as_deref(), version, "{text:?}");
        assert_eq!(image.path.to_str(), Some(path), "{text:?}");
    }
}

#[test]
fn keys_are_named_as_minisign_names_them() {
    let id = KeyId([0x84, 0x46, 0x0b, 0x18, 0xb9, 0xf7, 0xa0, 0x0e]);
    assert_eq!(key_name(id), "EA0F7B9180B4684");
}

#[test]
fn example_keys_are_refused_unless_asked_for() {
    for example_keys in [ExampleKeys::Refuse, ExampleKeys::Accept] {
        let trust = Trust {
            keyset: None,
            keys: Vec::new(),
            example_keys,
        };
        assert_eq!(trust.anchors().example_keys, example_keys);
        assert!(trust.anchors().keys.is_empty());
    }
}
