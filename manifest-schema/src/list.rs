//! Lists that need no memory: either the validated bytes they came in, or a slice of items.

use core::fmt;

use crate::error::EncodeError;
use crate::reader::{Reader, Step};
use crate::writer::Writer;

/// What a [`List`] holds: decoded from, and encoded to, one CBOR item.
pub trait Element<'a>: Copy {
    /// Reads and checks one item.
    ///
    /// # Errors
    /// Whatever the item breaks.
    fn decode(reader: &mut Reader<'a>) -> Step<Self>;

    /// Writes one item.
    ///
    /// # Errors
    /// `BufferTooSmall`.
    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError>;
}

impl<'a> Element<'a> for &'a str {
    fn decode(reader: &mut Reader<'a>) -> Step<Self> {
        reader.name()
    }

    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text(self)
    }
}

/// A list in a manifest or an envelope. Two lists are equal if their items are.
#[derive(Clone, Copy)]
pub struct List<'a, T>(Repr<'a, T>);

#[derive(Clone, Copy)]
enum Repr<'a, T> {
    /// Items that [`Reader::list`] has checked, from `first` to the end of `bytes`.
    Encoded {
        bytes: &'a [u8],
        first: usize,
        count: u32,
    },
    Items(&'a [T]),
}

impl<'a, T: Element<'a>> List<'a, T> {
    /// A list without items.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Repr::Items(&[]))
    }

    /// A list of these items. Nothing is checked until they are encoded.
    #[must_use]
    pub const fn from_slice(items: &'a [T]) -> Self {
        Self(Repr::Items(items))
    }

    pub(crate) const fn encoded(bytes: &'a [u8], first: usize, count: u32) -> Self {
        Self(Repr::Encoded {
            bytes,
            first,
            count,
        })
    }

    /// Writes the list as an array.
    pub(crate) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.array(u64::from(self.len()))?;
        self.iter().try_for_each(|item| item.encode(writer))
    }

    /// The items in order.
    #[must_use]
    pub const fn iter(&self) -> Iter<'a, T> {
        match self.0 {
            Repr::Encoded {
                bytes,
                first,
                count,
            } => Iter(Source::Encoded {
                bytes,
                position: first,
                left: count,
            }),
            Repr::Items(items) => Iter(Source::Items(items)),
        }
    }

    /// The item at `index`, or `None` behind the last.
    ///
    /// Reads the items before it again if the list is still encoded.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<T> {
        self.iter().nth(usize::try_from(index).ok()?)
    }

    /// The number of items.
    #[must_use]
    pub fn len(&self) -> u32 {
        match self.0 {
            Repr::Encoded { count, .. } => count,
            Repr::Items(items) => u32::try_from(items.len()).unwrap_or(u32::MAX),
        }
    }

    /// Whether there are no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a, T: Element<'a>> Default for List<'a, T> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<'a, T: Element<'a>> From<&'a [T]> for List<'a, T> {
    fn from(items: &'a [T]) -> Self {
        Self::from_slice(items)
    }
}

impl<'a, T: Element<'a> + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Element<'a> + Eq> Eq for List<'a, T> {}

impl<'a, T: Element<'a> + fmt::Debug> fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Element<'a>> IntoIterator for &List<'a, T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Element<'a>> IntoIterator for List<'a, T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// Iterator over the items of a [`List`].
#[derive(Clone, Debug)]
pub struct Iter<'a, T>(Source<'a, T>);

#[derive(Clone, Debug)]
enum Source<'a, T> {
    Encoded {
        bytes: &'a [u8],
        position: usize,
        left: u32,
    },
    Items(&'a [T]),
}

impl<T> Iter<'_, T> {
    /// The offset of the next item in the slice that was decoded; 0 if the list was not decoded.
    pub(crate) const fn offset(&self) -> usize {
        match &self.0 {
            Source::Encoded { position, .. } => *position,
            Source::Items(_) => 0,
        }
    }
}

impl<'a, T: Element<'a>> Iterator for Iter<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Source::Encoded {
                bytes,
                position,
                left,
            } => {
                *left = left.checked_sub(1)?;
                let mut reader = Reader::at(bytes, *position);
                // Every item was decoded once before the list was made, so this cannot fail.
                let item = T::decode(&mut reader).ok();
                *position = reader.position();
                item
            }
            Source::Items(items) => {
                let (first, rest) = items.split_first()?;
                *items = rest;
                Some(*first)
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.0 {
            Source::Encoded { left, .. } => usize::try_from(*left).unwrap_or(usize::MAX),
            Source::Items(items) => items.len(),
        };
        (left, Some(left))
    }
}

impl<'a, T: Element<'a>> ExactSizeIterator for Iter<'a, T> {}
