//! The oracle: CBOR as a tree, read leniently and without any of the crate's code.

/// The entries of a map.
type Entries = Vec<(Value, Value)>;

/// A CBOR item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Int(i128),
    Bytes(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Self>),
    Map(Entries),
    Tag(u64, Box<Self>),
    /// Bytes to be put in place of an item, whatever they are. Never the result of `parse`.
    Raw(Vec<u8>),
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.as_bytes().to_vec())
}

pub(crate) fn int(value: u64) -> Value {
    Value::Int(i128::from(value))
}

/// Reads one item that fills `bytes`; `None` for anything but the types above in definite lengths.
pub(crate) fn parse(bytes: &[u8]) -> Option<Value> {
    let mut rest = bytes;
    let value = item(&mut rest)?;
    rest.is_empty().then_some(value)
}

fn item(rest: &mut &[u8]) -> Option<Value> {
    let first = bytes(rest, 1)?[0];
    let argument = match first & 31 {
        small @ 0..=23 => u64::from(small),
        width @ 24..=27 => bytes(rest, 1 << (width - 24))?
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        _ => return None,
    };
    Some(match first >> 5 {
        0 => Value::Int(i128::from(argument)),
        1 => Value::Int(-1 - i128::from(argument)),
        2 => Value::Bytes(bytes(rest, usize::try_from(argument).ok()?)?.to_vec()),
        3 => Value::Text(bytes(rest, usize::try_from(argument).ok()?)?.to_vec()),
        4 => Value::Array((0..argument).map(|_| item(rest)).collect::<Option<_>>()?),
        5 => Value::Map(
            (0..argument)
                .map(|_| Some((item(rest)?, item(rest)?)))
                .collect::<Option<_>>()?,
        ),
        6 => Value::Tag(argument, Box::new(item(rest)?)),
        _ => return None,
    })
}

fn bytes<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(len)?;
    *rest = left;
    Some(taken)
}

impl Value {
    /// Writes the item with shortest heads, and map entries in the order in which they are.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Int(value) if *value >= 0 => head(out, 0, u64::try_from(*value).unwrap()),
            Self::Int(value) => head(out, 1, u64::try_from(-1 - *value).unwrap()),
            Self::Bytes(bytes) => {
                head(out, 2, u64::try_from(bytes.len()).unwrap());
                out.extend(bytes);
            }
            Self::Text(bytes) => {
                head(out, 3, u64::try_from(bytes.len()).unwrap());
                out.extend(bytes);
            }
            Self::Array(items) => {
                head(out, 4, u64::try_from(items.len()).unwrap());
                items.iter().for_each(|item| item.write(out));
            }
            Self::Map(entries) => {
                head(out, 5, u64::try_from(entries.len()).unwrap());
                for (key, value) in entries {
                    key.write(out);
                    value.write(out);
                }
            }
            Self::Tag(number, item) => {
                head(out, 6, *number);
                item.write(out);
            }
            Self::Raw(bytes) => out.extend(bytes),
        }
    }

    /// The same item with the entries of every map in the order of RFC 8949 section 4.2.1.
    pub(crate) fn sorted(mut self) -> Self {
        self.visit_maps(&mut |entries| entries.sort_by_key(|(key, _)| key.to_bytes()));
        self
    }

    /// The same item without the entries whose key is negative, and without maps that had no others.
    pub(crate) fn without_noncritical(mut self) -> Self {
        let is_negative = |key: &Self| matches!(key, Self::Int(key) if *key < 0);
        let says_nothing = |value: &Self| match value {
            Self::Map(entries) => entries.iter().all(|(key, _)| is_negative(key)),
            _ => false,
        };
        self.visit_maps(&mut |entries| {
            entries.retain(|(key, value)| !is_negative(key) && !says_nothing(value));
        });
        self
    }

    /// Calls `edit` with the entries of every map, outer ones first.
    pub(crate) fn visit_maps(&mut self, edit: &mut dyn FnMut(&mut Entries)) {
        match self {
            Self::Map(entries) => {
                edit(entries);
                for (_, value) in entries {
                    value.visit_maps(edit);
                }
            }
            Self::Array(items) => items.iter_mut().for_each(|item| item.visit_maps(edit)),
            Self::Tag(_, item) => item.visit_maps(edit),
            _ => (),
        }
    }

    /// The item at `path`: keys of maps, indices of arrays. A tag is passed through.
    pub(crate) fn at(&mut self, path: &[i128]) -> &mut Self {
        let Some((step, rest)) = path.split_first() else {
            return self;
        };
        match self {
            Self::Tag(_, item) => item.at(path),
            Self::Array(items) => items[usize::try_from(*step).unwrap()].at(rest),
            Self::Map(entries) => {
                let found = entries.iter_mut().find(|(key, _)| *key == Self::Int(*step));
                found.unwrap().1.at(rest)
            }
            other => panic!("no step {step} in {other:?}"),
        }
    }

    /// The entries of the map at `path`.
    pub(crate) fn map(&mut self, path: &[i128]) -> &mut Entries {
        match self.at(path) {
            Self::Map(entries) => entries,
            other => panic!("not a map: {other:?}"),
        }
    }

    /// The items of the array at `path`.
    pub(crate) fn array(&mut self, path: &[i128]) -> &mut Vec<Self> {
        match self.at(path) {
            Self::Array(items) => items,
            Self::Tag(_, item) => item.array(&[]),
            other => panic!("not an array: {other:?}"),
        }
    }

    pub(crate) fn set(&mut self, path: &[i128], value: Self) {
        *self.at(path) = value;
    }

    pub(crate) fn remove(&mut self, path: &[i128], key: i128) {
        self.map(path).retain(|(found, _)| *found != Self::Int(key));
    }

    /// Adds an entry behind the others.
    pub(crate) fn append(&mut self, path: &[i128], key: i128, value: Self) {
        self.map(path).push((Self::Int(key), value));
    }
}

fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let bytes = argument.to_be_bytes();
    let width = match argument {
        0..24 => return out.push(major << 5 | bytes[7]),
        24..0x100 => 0,
        0x100..0x1_0000 => 1,
        0x1_0000..0x1_0000_0000 => 2,
        _ => 3,
    };
    out.push(major << 5 | (24 + width));
    out.extend(&bytes[8 - (1 << width)..]);
}

#[test]
fn the_oracle_knows_appendix_a() {
    // RFC 8949 appendix A.
    let table: &[(&[u8], Value)] = &[
        (&[0x00], int(0)),
        (&[0x18, 0x64], int(100)),
        (
            &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            int(u64::MAX),
        ),
        (
            &[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            Value::Int(-(1 << 64)),
        ),
        (&[0x39, 0x03, 0xe7], Value::Int(-1000)),
        (&[0x44, 1, 2, 3, 4], Value::Bytes(vec![1, 2, 3, 4])),
        (b"\x64IETF", text("IETF")),
        (
            &[0x82, 0x01, 0x80],
            Value::Array(vec![int(1), Value::Array(vec![])]),
        ),
        (
            &[0xa2, 1, 2, 3, 4],
            Value::Map(vec![(int(1), int(2)), (int(3), int(4))]),
        ),
        (&[0xc1, 0x00], Value::Tag(1, Box::new(int(0)))),
    ];
    for (bytes, value) in table {
        assert_eq!(parse(bytes).as_ref(), Some(value), "{bytes:02x?}");
        assert_eq!(value.to_bytes(), *bytes, "{value:?}");
    }
    for bytes in [
        &[0xf5][..],
        &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0x9f, 0xff],
        &[0x82, 1],
        &[1, 1],
    ] {
        assert_eq!(parse(bytes), None, "{bytes:02x?}");
    }
}
