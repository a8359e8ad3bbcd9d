use std::string::{String, ToString};
use std::vec::Vec;

use super::{Value, each};

fn entries(bytes: &[u8]) -> Option<Vec<(String, Value<'_>)>> {
    let mut entries = Vec::new();
    each(bytes, |key, value| entries.push((key.to_string(), value)))?;
    Some(entries)
}

#[test]
fn maps_of_all_forms_are_read() {
    // Definite, indefinite, and with a length in its longest form.
    for (name, bytes) in [
        ("definite", &b"\xa2\x61a\x01\x61b\x42hi"[..]),
        ("indefinite", b"\xbf\x61a\x01\x61b\x42hi\xff"),
        (
            "long",
            b"\xba\x00\x00\x00\x02\x61a\x1b\0\0\0\0\0\0\0\x01\x78\x01b\x58\x02hi",
        ),
    ] {
        let expected = [
            ("a".to_string(), Value::Uint(1)),
            ("b".to_string(), Value::Bytes(b"hi")),
        ];
        assert_eq!(entries(bytes).unwrap(), expected, "{name}");
    }
    assert_eq!(entries(b"\xa0").unwrap(), []);
}

#[test]
fn what_is_not_known_is_passed_over() {
    // A list in a map in a list, a tag, a negative number, a float, then what is wanted.
    let bytes = b"\xa5\x61a\x82\xbf\x61x\x81\x05\xff\x43abc\x61b\xc1\x1a\0\0\0\x01\x61c\x20\x61d\xf9\0\0\x61e\xf5";
    let entries = entries(bytes).unwrap();
    assert_eq!(entries[0].1, Value::Nested(&bytes[3..14]));
    assert_eq!(entries[4], ("e".to_string(), Value::Bool(true)));
}

#[test]
fn what_is_not_whole_or_no_map_is_refused() {
    let whole = b"\xa2\x61a\x82\xbf\x61x\x81\x05\xff\x43abc\x61b\x42hi";
    assert!(entries(whole).is_some());
    for len in 0..whole.len() {
        assert!(entries(&whole[..len]).is_none(), "{len} bytes");
    }
    for (name, bytes) in [
        ("an array", &b"\x82\x01\x02"[..]),
        ("a number as key", b"\xa1\x01\x02"),
        ("text that is no UTF-8", b"\xa1\x61a\x61\xff"),
        (
            "a count beyond the bytes",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xfe\x61a\x01",
        ),
        (
            "a length beyond the bytes",
            b"\xa1\x61a\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
        ),
        ("a string of indefinite length", b"\xa1\x61a\x5f\x41a\xff"),
        (
            "nine lists",
            b"\xa1\x61a\x81\x81\x81\x81\x81\x81\x81\x81\x81\x01",
        ),
    ] {
        assert!(entries(bytes).is_none(), "{name}");
    }
    assert!(
        entries(b"\xa1\x61a\x81\x81\x81\x81\x81\x81\x81\x81\x01").is_some(),
        "eight lists"
    );
}
