//! CBOR as an attacker writes it: a tree of items that need not be what RFC 8949 asks for. Independent of
//! `sprag_manifest`, whose reader is what is attacked.

/// An item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Major type 0.
    Uint(u64),
    /// Major type 1: the number is -1 minus this.
    Nint(u64),
    /// Major type 2.
    Bytes(Vec<u8>),
    /// Major type 3; not necessarily UTF-8.
    Text(Vec<u8>),
    /// Major type 4.
    Array(Vec<Self>),
    /// Major type 5; keys in the order in which they are written.
    Map(Vec<(Self, Self)>),
    /// Major type 6.
    Tag(u64, Box<Self>),
    /// These bytes, whatever they are.
    Raw(Vec<u8>),
}

impl Item {
    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }

    /// An integer.
    #[must_use]
    pub fn int(value: i64) -> Self {
        match u64::try_from(value) {
            Ok(value) => Self::Uint(value),
            Err(_) => Self::Nint(value.unsigned_abs().wrapping_sub(1)),
        }
    }

    /// A map with integers as keys.
    #[must_use]
    pub fn map<const N: usize>(entries: [(i64, Self); N]) -> Self {
        let entries = entries.into_iter();
        Self::Map(
            entries
                .map(|(key, value)| (Self::int(key), value))
                .collect(),
        )
    }

    /// Takes the first item of `bytes`, in the forms that this format uses.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (item, rest) = take(bytes)?;
        rest.is_empty().then_some(item)
    }

    /// The bytes of the item.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Uint(value) => head(0, *value),
            Self::Nint(value) => head(1, *value),
            Self::Bytes(bytes) => [head(2, wide(bytes.len())), bytes.clone()].concat(),
            Self::Text(bytes) => [head(3, wide(bytes.len())), bytes.clone()].concat(),
            Self::Array(items) => {
                let mut bytes = head(4, wide(items.len()));
                bytes.extend(items.iter().flat_map(Self::encode));
                bytes
            }
            Self::Map(entries) => {
                let pairs = entries.iter().flat_map(|(k, v)| [k.encode(), v.encode()]);
                let mut bytes = head(5, wide(entries.len()));
                bytes.extend(pairs.flatten());
                bytes
            }
            Self::Tag(tag, item) => [head(6, *tag), item.encode()].concat(),
            Self::Raw(bytes) => bytes.clone(),
        }
    }

    /// The value of a key, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: i64) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let key = Self::int(key);
        let found = entries.iter().find(|(found, _)| *found == key);
        found.map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: i64) -> Option<&mut Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let key = Self::int(key);
        let found = entries.iter_mut().find(|(found, _)| *found == key);
        found.map(|(_, value)| value)
    }

    /// Writes a value at a key, in the place where the format wants it.
    pub fn set(&mut self, key: i64, value: Self) {
        self.remove(key);
        let Self::Map(entries) = self else {
            return;
        };
        let key = Self::int(key);
        let order = |item: &Self| item.encode();
        let behind = |(found, _): &(Self, Self)| order(found) > order(&key);
        let at = entries.iter().position(behind).unwrap_or(entries.len());
        entries.insert(at, (key, value));
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: i64) {
        if let Self::Map(entries) = self {
            let key = Self::int(key);
            entries.retain(|(found, _)| *found != key);
        }
    }

    /// The items of an array; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The same of an array, to be changed.
    pub fn items_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The number, if this is one.
    #[must_use]
    pub fn as_uint(&self) -> Option<u64> {
        match self {
            Self::Uint(value) => Some(*value),
            _ => None,
        }
    }

    /// The bytes of a byte string.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// The head of an item, in its shortest form.
#[must_use]
pub fn head(major: u8, value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let (info, len) = match value {
        0..=23 => {
            let value = bytes.last().copied().unwrap_or(0);
            return vec![major << 5 | value];
        }
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    let mut head = vec![major << 5 | info];
    head.extend_from_slice(bytes.get(8 - len..).unwrap_or_default());
    head
}

fn take(bytes: &[u8]) -> Option<(Item, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (major, info) = (first >> 5, first & 31);
    let len = match info {
        0..=23 => 0,
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (argument, mut rest) = rest.split_at_checked(len)?;
    let value = match len {
        0 => info.into(),
        _ => argument
            .iter()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte)),
    };
    let count = usize::try_from(value).ok()?;
    let item = match major {
        0 => Item::Uint(value),
        1 => Item::Nint(value),
        2 | 3 => {
            let (bytes, behind) = rest.split_at_checked(count)?;
            rest = behind;
            match major {
                2 => Item::Bytes(bytes.to_vec()),
                _ => Item::Text(bytes.to_vec()),
            }
        }
        4 => {
            let mut items = Vec::new();
            for _ in 0..count {
                let (item, behind) = take(rest)?;
                rest = behind;
                items.push(item);
            }
            Item::Array(items)
        }
        5 => {
            let mut entries = Vec::new();
            for _ in 0..count {
                let (key, behind) = take(rest)?;
                let (value, behind) = take(behind)?;
                rest = behind;
                entries.push((key, value));
            }
            Item::Map(entries)
        }
        6 => {
            let (item, behind) = take(rest)?;
            rest = behind;
            Item::Tag(value, Box::new(item))
        }
        _ => return None,
    };
    Some((item, rest))
}

fn wide(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
