//! The only code that takes raw bytes apart: a strict reader of the deterministic subset of CBOR
//! (RFC 8949 section 4.2.1) that the format uses.
//!
//! Accepted are unsigned and negative integers, byte strings, text strings, arrays, maps with integer
//! keys and, where one is asked for, a tag. Everything else is refused: longer forms of an integer or
//! a length, indefinite lengths, floats, simple values, and counts that the remaining bytes cannot
//! hold. Nothing here can panic, and nothing recurses.
//!
//! The reason of a refusal stays in the reader, so that steps return a bare [`Refused`]: handing 40
//! bytes through every `?` doubles the code of a decoder on a device.

mod item;
mod skip;

use core::str;

use crate::error::{DecodeError, DecodeErrorKind, ItemType, Limit};
use crate::fields::Fields;
use crate::limits::MAX_TEXT_LEN;
use crate::list::{Element, List};

/// A cursor over bytes. Offsets in refusals count from the start of the slice given to
/// [`Reader::read_all`], also inside nested byte strings.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Where the item begins whose head was read last. Refusals point to it.
    start: usize,
    /// The value, length or count in that head.
    value: u64,
    refusal: Option<DecodeError>,
}

/// A step of a reader was refused. The reader knows why; [`Reader::read_all`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Refused(());

/// The result of a step of a [`Reader`].
pub type Step<T> = Result<T, Refused>;

/// The content of a byte string that a [`Reader`] has entered, and what is around it.
#[derive(Debug)]
pub struct Nested<'a> {
    /// The content as it stands.
    pub content: &'a [u8],
    around: &'a [u8],
}

/// Whether `text` may stand in a name, identifier or version: 1 to [`MAX_TEXT_LEN`] bytes of
/// `A-Z a-z 0-9 . _ + -`. Nothing in it can hide in a terminal, a path or a log.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=MAX_TEXT_LEN).contains(&text.len()) && text.bytes().all(is_name_byte)
}

impl<'a> Reader<'a> {
    /// Reads the whole of `bytes` with `read`.
    ///
    /// # Errors
    /// What `read` refuses, and `TrailingBytes` for what it leaves.
    pub fn read_all<T>(
        bytes: &'a [u8],
        read: impl FnOnce(&mut Self) -> Step<T>,
    ) -> Result<T, DecodeError> {
        let mut reader = Self::at(bytes, 0);
        match read(&mut reader).and_then(|value| reader.finish().map(|()| value)) {
            Ok(value) => Ok(value),
            Err(Refused(())) => Err(reader.refusal()),
        }
    }

    /// A reader over `bytes` that begins at `position`.
    pub(crate) const fn at(bytes: &'a [u8], position: usize) -> Self {
        Self {
            bytes,
            position,
            start: position,
            value: 0,
            refusal: None,
        }
    }

    /// Takes `len` bytes as they are.
    ///
    /// # Errors
    /// `Truncated` if fewer are left.
    pub fn take(&mut self, len: usize) -> Step<&'a [u8]> {
        self.start = self.position;
        self.advance(len)
    }

    /// Takes `N` bytes as they are.
    ///
    /// # Errors
    /// `Truncated` if fewer are left.
    pub fn take_array<const N: usize>(&mut self) -> Step<[u8; N]> {
        let taken = self.take(N)?;
        taken.try_into().or_else(|_| self.truncated(widen(N)))
    }

    /// Reads an unsigned integer.
    ///
    /// # Errors
    /// `WrongType` and the refusals of every item.
    pub fn uint(&mut self) -> Step<u64> {
        self.expect(ItemType::Uint)?;
        Ok(self.value)
    }

    /// Reads an unsigned integer of 32 bits, at most `max`.
    ///
    /// # Errors
    /// As [`Reader::uint`], and `LimitExceeded` naming `limit`.
    pub fn uint32(&mut self, limit: Limit, max: u32) -> Step<u32> {
        self.expect(ItemType::Uint)?;
        match u32::try_from(self.value) {
            Ok(found) if found <= max => Ok(found),
            _ => self.refuse_limit(limit, u64::from(max)),
        }
    }

    /// Reads a signed integer: a map key or an algorithm number.
    ///
    /// # Errors
    /// `WrongType` (expecting `Uint`), `LimitExceeded` beyond 64 bits.
    pub fn int(&mut self) -> Step<i64> {
        let found = self.head()?;
        let Ok(magnitude) = i64::try_from(self.value) else {
            return self.refuse_limit(Limit::Signed64, i64::MAX.unsigned_abs());
        };
        match found {
            ItemType::Uint => Ok(magnitude),
            // RFC 8949 section 3.1: major type 1 stands for -1 - n, which is the complement of n.
            ItemType::Negative => Ok(!magnitude),
            _ => self.wrong_type(ItemType::Uint, found),
        }
    }

    /// Reads a byte string.
    ///
    /// # Errors
    /// `WrongType`, `Truncated` and the refusals of every item.
    pub fn byte_string(&mut self) -> Step<&'a [u8]> {
        self.expect(ItemType::Bytes)?;
        self.content()
    }

    /// Reads a byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// As [`Reader::byte_string`], and `LengthMismatch`.
    pub fn fixed<const N: usize>(&mut self) -> Step<[u8; N]> {
        let bytes = self.byte_string()?;
        bytes
            .try_into()
            .or_else(|_| self.wrong_length(widen(N), widen(bytes.len())))
    }

    /// Enters a byte string whose content is read next, up to [`Reader::leave`].
    ///
    /// # Errors
    /// As [`Reader::byte_string`].
    pub fn enter(&mut self) -> Step<Nested<'a>> {
        let content = self.byte_string()?;
        let nested = Nested {
            content,
            around: self.bytes,
        };
        self.bytes = self.bytes.get(..self.position).unwrap_or_default();
        self.position = self.position.saturating_sub(content.len());
        Ok(nested)
    }

    /// Leaves a byte string that [`Reader::enter`] has entered.
    ///
    /// # Errors
    /// `TrailingBytes` if some of its content is left.
    pub fn leave(&mut self, nested: &Nested<'a>) -> Step<()> {
        self.finish()?;
        self.bytes = nested.around;
        Ok(())
    }

    /// Reads a text string of any characters.
    ///
    /// # Errors
    /// `WrongType`, `Truncated`, `InvalidUtf8` and the refusals of every item.
    pub fn text(&mut self) -> Step<&'a str> {
        self.expect(ItemType::Text)?;
        self.text_content()
    }

    /// Reads a name, identifier or version; see [`is_name`].
    ///
    /// # Errors
    /// As [`Reader::text`], and `BelowMinimum`, `LimitExceeded` or `InvalidText`.
    pub fn name(&mut self) -> Step<&'a str> {
        let text = self.text()?;
        if text.is_empty() {
            return self.refuse_minimum(Limit::TextLen, 1);
        }
        if text.len() > MAX_TEXT_LEN {
            return self.refuse_limit(Limit::TextLen, widen(MAX_TEXT_LEN));
        }
        match text.bytes().find(|byte| !is_name_byte(*byte)) {
            None => Ok(text),
            Some(byte) => self.refuse(DecodeErrorKind::InvalidText { byte }),
        }
    }

    /// Enters an array that stands for a structure of `expected` items, which follow.
    ///
    /// # Errors
    /// `WrongType`, `LengthMismatch`, and `Truncated` for more items than bytes are left.
    pub fn tuple(&mut self, expected: u64) -> Step<()> {
        self.expect(ItemType::Array)?;
        self.check_count(self.value)?;
        if self.value == expected {
            Ok(())
        } else {
            self.wrong_length(expected, self.value)
        }
    }

    /// Reads an array of 1 to `max` items and checks each of them.
    ///
    /// # Errors
    /// `WrongType`, `Empty`, `LimitExceeded` naming `limit`, `Truncated` for more items than bytes
    /// are left, and the items' own refusals.
    pub fn list<T: Element<'a>>(&mut self, limit: Limit, max: u32) -> Step<List<'a, T>> {
        let count = self.list_len(limit, max)?;
        let first = self.position;
        for _ in 0..count {
            T::decode(self)?;
        }
        let bytes = self.bytes.get(..self.position).unwrap_or_default();
        Ok(List::encoded(bytes, first, count))
    }

    /// Enters a map that has at least one entry.
    ///
    /// # Errors
    /// `WrongType`, `Empty`, and `Truncated` for more entries than the bytes left can hold.
    pub fn map(&mut self) -> Step<Fields> {
        match self.map_len()? {
            0 => self.refuse(DecodeErrorKind::Empty),
            count => Ok(Fields::new(count, self.start)),
        }
    }

    /// Enters a map of any number of entries, which follow.
    ///
    /// # Errors
    /// `WrongType`, and `Truncated` for more entries than the bytes left can hold.
    pub fn map_len(&mut self) -> Step<u64> {
        self.expect(ItemType::Map)?;
        self.check_count(self.value.saturating_mul(2))?;
        Ok(self.value)
    }

    /// Reads a tag number that must be `expected`; the tagged item follows.
    ///
    /// # Errors
    /// `WrongType` or `WrongTag`.
    pub fn tag(&mut self, expected: u64) -> Step<()> {
        self.expect(ItemType::Tag)?;
        if self.value == expected {
            return Ok(());
        }
        self.refuse(DecodeErrorKind::WrongTag {
            expected,
            found: self.value,
        })
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `TrailingBytes` if anything is left.
    pub fn finish(&mut self) -> Step<()> {
        match widen(self.remaining()) {
            0 => Ok(()),
            count => {
                self.start = self.position;
                self.refuse(DecodeErrorKind::TrailingBytes { count })
            }
        }
    }

    /// Bytes that are left.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.position)
    }

    /// Refuses the item whose head was read last.
    ///
    /// # Errors
    /// Always.
    pub fn refuse<T>(&mut self, kind: DecodeErrorKind) -> Step<T> {
        self.note(kind, self.start);
        Err(Refused(()))
    }

    /// Refuses that item because its value exceeds `max`.
    ///
    /// # Errors
    /// Always.
    pub fn refuse_limit<T>(&mut self, limit: Limit, max: u64) -> Step<T> {
        self.refuse(DecodeErrorKind::LimitExceeded {
            limit,
            max,
            found: self.value,
        })
    }

    /// Refuses that item because its value is below `min`.
    ///
    /// # Errors
    /// Always.
    pub fn refuse_minimum<T>(&mut self, limit: Limit, min: u64) -> Step<T> {
        self.refuse(DecodeErrorKind::BelowMinimum {
            limit,
            min,
            found: self.value,
        })
    }

    /// Refuses what begins at `offset`.
    pub(crate) fn refuse_at<T>(&mut self, offset: usize, kind: DecodeErrorKind) -> Step<T> {
        self.start = offset;
        self.refuse(kind)
    }

    /// The offset of the next byte.
    pub(crate) const fn position(&self) -> usize {
        self.position
    }

    /// Out of line, because refusals are many and rare.
    #[cold]
    #[inline(never)]
    fn note(&mut self, kind: DecodeErrorKind, offset: usize) {
        // No slice that is decoded is longer than the envelope's limit, so 32 bits hold any offset.
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.refusal = Some(DecodeError { kind, offset });
    }

    fn refusal(&self) -> DecodeError {
        // Only this module makes a `Refused`, and it notes the reason first.
        let unknown = DecodeError {
            kind: DecodeErrorKind::Empty,
            offset: 0,
        };
        self.refusal.unwrap_or(unknown)
    }
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-')
}

/// No platform in scope has a `usize` wider than 64 bits.
pub(crate) fn widen(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
