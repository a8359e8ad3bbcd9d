//! The CBOR of SMP, read with an open hand: maps with text keys, unknown keys, longer forms and indefinite lengths, as other
//! implementations send them. `sprag_manifest::Reader` refuses all that, and rightly: what it reads is signed. Nothing here
//! is trusted.

/// Containers inside containers that are passed over; more is refused.
const MAX_DEPTH: usize = 8;
/// The count of a container of indefinite length.
const UNTIL_BREAK: u64 = u64::MAX;
const BREAK: u8 = 0xff;

/// A value of a map, as far as SMP has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'b> {
    Uint(u64),
    Bytes(&'b [u8]),
    Text(&'b str),
    Bool(bool),
    /// A map or an array, as it stands.
    Nested(&'b [u8]),
    /// What no message of ours has.
    Other,
}

impl<'b> Value<'b> {
    pub(crate) const fn uint(self) -> Option<u64> {
        match self {
            Self::Uint(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) const fn bytes(self) -> Option<&'b [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) const fn text(self) -> Option<&'b str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Shows each entry of the map that `bytes` begins with. `None` if it is not one with text keys, or not whole.
pub(crate) fn each<'b>(bytes: &'b [u8], mut show: impl FnMut(&'b str, Value<'b>)) -> Option<()> {
    let mut reader = Reader(bytes);
    let (Major::Map, mut left) = reader.head()? else {
        return None;
    };
    while !reader.ends(left) {
        let Value::Text(key) = reader.value()? else {
            return None;
        };
        show(key, reader.value()?);
        if left != UNTIL_BREAK {
            left = left.saturating_sub(1);
        }
    }
    Some(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Major {
    Uint,
    Negative,
    Bytes,
    Text,
    Array,
    Map,
    Tag,
    Simple,
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, len: u64) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(len).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// Type and argument of the next item.
    fn head(&mut self) -> Option<(Major, u64)> {
        let [first] = self.take(1)? else { return None };
        let major = match first >> 5 {
            0 => Major::Uint,
            1 => Major::Negative,
            2 => Major::Bytes,
            3 => Major::Text,
            4 => Major::Array,
            5 => Major::Map,
            6 => Major::Tag,
            _ => Major::Simple,
        };
        let argument = match first & 0x1f {
            small @ 0..24 => u64::from(small),
            more @ 24..28 => {
                let bytes = self.take(1 << (more & 3))?;
                bytes
                    .iter()
                    .fold(0, |value, byte| (value << 8) | u64::from(*byte))
            }
            31 if matches!(major, Major::Array | Major::Map) => UNTIL_BREAK,
            _ => return None,
        };
        Some((major, argument))
    }

    /// Whether a container with so many items left is at its end; takes the break.
    fn ends(&mut self, left: u64) -> bool {
        match (left, self.0.split_first()) {
            (UNTIL_BREAK, Some((&BREAK, rest))) => {
                self.0 = rest;
                true
            }
            (left, _) => left == 0,
        }
    }

    fn value(&mut self) -> Option<Value<'b>> {
        let whole = self.0;
        Some(match self.head()? {
            (Major::Uint, value) => Value::Uint(value),
            (Major::Bytes, len) => Value::Bytes(self.take(len)?),
            (Major::Text, len) => Value::Text(core::str::from_utf8(self.take(len)?).ok()?),
            (Major::Simple, 20) => Value::Bool(false),
            (Major::Simple, 21) => Value::Bool(true),
            (Major::Negative | Major::Simple, _) => Value::Other,
            (major, count) => {
                self.pass(major, count)?;
                let len = whole.len().checked_sub(self.0.len())?;
                Value::Nested(whole.get(..len)?)
            }
        })
    }

    /// Passes over the items of a container whose head was read.
    fn pass(&mut self, major: Major, count: u64) -> Option<()> {
        let mut open = [0_u64; MAX_DEPTH];
        let mut depth = 1_usize;
        *open.first_mut()? = items(major, count)?;
        while let Some(level) = depth.checked_sub(1) {
            let left = open.get_mut(level)?;
            if self.ends(*left) {
                depth = level;
                continue;
            }
            if *left != UNTIL_BREAK {
                *left = left.saturating_sub(1);
            }
            match self.head()? {
                (Major::Bytes | Major::Text, len) => {
                    self.take(len)?;
                }
                (major @ (Major::Array | Major::Map | Major::Tag), count) => {
                    *open.get_mut(depth)? = items(major, count)?;
                    depth = depth.saturating_add(1);
                }
                _ => {}
            }
        }
        Some(())
    }
}

/// Items in a container.
fn items(major: Major, count: u64) -> Option<u64> {
    match (major, count) {
        (Major::Tag, _) => Some(1),
        (Major::Map, count) if count != UNTIL_BREAK => count.checked_mul(2),
        (_, count) => Some(count),
    }
}

#[cfg(test)]
mod tests;
