//! Fields that this version does not know.

use sprag_manifest::DecodeErrorKind as Kind;
use sprag_manifest::{Limit, Manifest, Reader};

use crate::cbor::{Value, int, text};
use crate::samples::{FULL, encoded, tree};

fn nested(levels: usize) -> Value {
    (0..levels).fold(int(1), |inner, level| {
        if level % 2 == 0 {
            Value::Array(vec![int(0), inner])
        } else {
            Value::Map(vec![(int(3), text("x")), (Value::Int(-1), inner)])
        }
    })
}

#[test]
fn a_noncritical_field_in_any_map_is_skipped() {
    let values = [
        int(u64::MAX),
        Value::Int(-(1 << 64)),
        Value::Bytes(vec![0xff; 300]),
        text("Grüße \u{202e}"),
        text(""),
        Value::Array(vec![]),
        Value::Map(vec![]),
        nested(4),
    ];
    let paths: &[&[i128]] = &[
        &[],
        &[8],
        &[9, 0],
        &[9, 1],
        &[10, 0],
        &[10, 3],
        &[11],
        &[12],
        &[14],
        &[15],
    ];
    for path in paths {
        for value in &values {
            let mut extended = tree(&FULL);
            extended.append(path, -1, value.clone());
            extended.append(path, -300, value.clone());
            let bytes = extended.to_bytes();
            let manifest = Manifest::decode(&bytes).expect("skipped");
            assert_eq!(manifest, FULL, "{path:?} {value:?}");
            assert_eq!(encoded(&manifest), encoded(&FULL));
        }
    }
}

#[test]
fn a_map_of_noncritical_fields_only_is_not_empty() {
    let mut extended = tree(&FULL);
    extended.set(&[14], Value::Map(vec![(Value::Int(-1), int(0))]));
    let bytes = extended.to_bytes();
    let manifest = Manifest::decode(&bytes).unwrap();
    assert_eq!(manifest.validity, sprag_manifest::Validity::default());
    assert!(crate::sweeps::check_manifest(&bytes));
}

#[test]
fn only_so_many_fields_are_skipped() {
    for path in [&[][..], &[8], &[10, 1]] {
        let mut extended = tree(&FULL);
        for key in 1..=16 {
            extended.append(path, -key, int(0));
        }
        assert!(Manifest::decode(&extended.to_bytes()).is_ok());
        extended.append(path, -17, int(0));
        let expected = Kind::LimitExceeded {
            limit: Limit::Skipped,
            max: 16,
            found: 17,
        };
        assert_eq!(
            Manifest::decode(&extended.to_bytes()).unwrap_err().kind,
            expected
        );
    }
}

#[test]
fn skipped_fields_are_checked_all_the_same() {
    #[rustfmt::skip]
    let table: &[(&str, &[u8], Kind)] = &[
        ("a long form", &[0x18, 0x01], Kind::NonMinimalInteger { value: 1 }),
        ("a long form inside", &[0x81, 0x18, 0x01], Kind::NonMinimalInteger { value: 1 }),
        ("indefinite", &[0x9f, 0xff], Kind::IndefiniteLength),
        ("a float", &[0x81, 0xfa, 0, 0, 0, 0], Kind::ForbiddenItem { first: 0xfa }),
        ("a simple value", &[0xf8, 0x20], Kind::ForbiddenItem { first: 0xf8 }),
        ("a tag", &[0xd8, 0x62, 0x00], Kind::ForbiddenItem { first: 0xd8 }),
        ("bad text", &[0x61, 0x80], Kind::InvalidUtf8),
        ("a text key", &[0xa1, 0x61, b'a', 0], Kind::WrongType { expected: sprag_manifest::ItemType::Uint, found: sprag_manifest::ItemType::Text }),
        ("an array key", &[0xa1, 0x80, 0], Kind::WrongType { expected: sprag_manifest::ItemType::Uint, found: sprag_manifest::ItemType::Array }),
        ("a key twice", &[0xa2, 1, 0, 1, 0], Kind::DuplicateKey { key: 1 }),
        ("keys out of order", &[0xa2, 2, 0, 1, 0], Kind::KeyOrder { previous: 2, found: 1 }),
        ("keys out of order, deeper", &[0x81, 0xa3, 1, 0x81, 7, 0x20, 0, 2, 0], Kind::KeyOrder { previous: -1, found: 2 }),
        ("a missing value", &[0xa1, 1], Kind::Truncated { needed: 2, available: 1 }),
        ("2^32 items", &[0x9b, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2], Kind::Truncated { needed: 1 << 32, available: 2 }),
        ("2^63 entries", &[0xbb, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2], Kind::Truncated { needed: u64::MAX, available: 2 }),
        ("2^64 - 1 bytes", b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff\x00", Kind::Truncated { needed: u64::MAX, available: 1 }),
        ("a break", &[0xff], Kind::ForbiddenItem { first: 0xff }),
    ];
    for (name, bytes, expected) in table {
        let mut extended = tree(&FULL);
        extended.append(&[], -1, Value::Raw(bytes.to_vec()));
        let error = Manifest::decode(&extended.to_bytes()).expect_err(name);
        assert_eq!(error.kind, *expected, "{name}");
        // The reader alone says the same.
        assert_eq!(
            Reader::read_all(bytes, Reader::skip).unwrap_err().kind,
            *expected,
            "{name}"
        );
    }
}

#[test]
fn depth_bombs_stop_at_the_limit() {
    for levels in 0..=4 {
        assert_eq!(
            Reader::read_all(&nested(levels).to_bytes(), Reader::skip),
            Ok(()),
            "{levels}"
        );
    }
    for levels in 5..9 {
        let error = Reader::read_all(&nested(levels).to_bytes(), Reader::skip).unwrap_err();
        assert_eq!(error.kind, Kind::NestingTooDeep { max: 4 }, "{levels}");
    }
    for head in [0x81, 0xa1] {
        let mut extended = tree(&FULL);
        extended.append(&[], -1, Value::Raw([head, 1].repeat(5_000)));
        let bytes = if head == 0x81 {
            let mut deep = tree(&FULL);
            deep.append(&[], -1, Value::Raw(vec![0x81; 10_000]));
            deep.to_bytes()
        } else {
            extended.to_bytes()
        };
        let error = Manifest::decode(&bytes).unwrap_err();
        assert_eq!(error.kind, Kind::NestingTooDeep { max: 4 });
    }
}

#[test]
fn siblings_do_not_count_as_depth() {
    // Eight arrays of four levels beside each other, inside nothing.
    let row = Value::Array(vec![nested(3); 8]);
    assert_eq!(Reader::read_all(&row.to_bytes(), Reader::skip), Ok(()));
    let row = Value::Array(vec![nested(4)]);
    assert!(Reader::read_all(&row.to_bytes(), Reader::skip).is_err());
    // Empty containers open and close at once, also at the deepest level.
    assert_eq!(
        Reader::read_all(&[0x84, 0x80, 0xa0, 0x81, 0x81, 0x80, 0x00], Reader::skip),
        Ok(())
    );
    let after = Reader::read_all(&[0x82, 0x80, 0xa0, 0x05], |reader| {
        reader.skip()?;
        reader.uint()
    });
    assert_eq!(after, Ok(5));
}
