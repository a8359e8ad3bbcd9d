//! The head and the content of one item, which everything else in the reader is made of.

use core::str;

use super::{Reader, Step, widen};
use crate::error::{DecodeErrorKind, ItemType, Limit};

impl<'a> Reader<'a> {
    /// Reads the head of an item (RFC 8949 section 3): its type, with its value, length or count in
    /// `self.value`.
    pub(super) fn head(&mut self) -> Step<ItemType> {
        self.start = self.position;
        let first = self.advance(1)?.first().copied().unwrap_or_default();
        let forbidden = DecodeErrorKind::ForbiddenItem { first };
        let item_type = match first >> 5 {
            0 => ItemType::Uint,
            1 => ItemType::Negative,
            2 => ItemType::Bytes,
            3 => ItemType::Text,
            4 => ItemType::Array,
            5 => ItemType::Map,
            6 => ItemType::Tag,
            _ => return self.refuse(forbidden),
        };
        let info = first & 0x1f;
        self.value = u64::from(info);
        // Bytes of the value behind the head's first, and the smallest value that needs them.
        let (len, least) = match info {
            0..=23 => return Ok(item_type),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            31 if matches!(first >> 5, 2..=5) => {
                return self.refuse(DecodeErrorKind::IndefiniteLength);
            }
            _ => return self.refuse(forbidden),
        };
        let bytes = self.advance(len)?;
        let value = bytes
            .iter()
            .fold(0, |value, byte| (value << 8) | u64::from(*byte));
        if value < least {
            return self.refuse(DecodeErrorKind::NonMinimalInteger { value });
        }
        self.value = value;
        Ok(item_type)
    }

    pub(super) fn expect(&mut self, expected: ItemType) -> Step<()> {
        let found = self.head()?;
        if found == expected {
            Ok(())
        } else {
            self.wrong_type(expected, found)
        }
    }

    /// The content of the string whose head was read last.
    pub(super) fn content(&mut self) -> Step<&'a [u8]> {
        // A length that does not fit `usize` is certainly more than what is left.
        match usize::try_from(self.value) {
            Ok(len) => self.advance(len),
            Err(_) => self.truncated(self.value),
        }
    }

    pub(super) fn text_content(&mut self) -> Step<&'a str> {
        let bytes = self.content()?;
        str::from_utf8(bytes).or_else(|_| self.refuse(DecodeErrorKind::InvalidUtf8))
    }

    /// The number of items of a list of 1 to `max`.
    pub(super) fn list_len(&mut self, limit: Limit, max: u32) -> Step<u32> {
        self.expect(ItemType::Array)?;
        match u32::try_from(self.value) {
            Ok(0) => self.refuse(DecodeErrorKind::Empty),
            Ok(count) if count <= max => self.check_count(self.value).map(|()| count),
            _ => self.refuse_limit(limit, u64::from(max)),
        }
    }

    /// Takes `len` bytes; a refusal points to the item that they belong to.
    pub(super) fn advance(&mut self, len: usize) -> Step<&'a [u8]> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let Some((taken, _)) = rest.split_at_checked(len) else {
            return self.truncated(widen(len));
        };
        self.position = self.position.saturating_add(len);
        Ok(taken)
    }

    /// Refuses a count of items that the remaining bytes cannot hold, before anyone iterates.
    pub(super) fn check_count(&mut self, needed: u64) -> Step<()> {
        if needed <= widen(self.remaining()) {
            Ok(())
        } else {
            self.truncated(needed)
        }
    }

    pub(super) fn truncated<T>(&mut self, needed: u64) -> Step<T> {
        let available = widen(self.remaining());
        self.refuse(DecodeErrorKind::Truncated { needed, available })
    }

    pub(super) fn wrong_type<T>(&mut self, expected: ItemType, found: ItemType) -> Step<T> {
        if found == ItemType::Tag {
            return self.forbidden();
        }
        self.refuse(DecodeErrorKind::WrongType { expected, found })
    }

    /// A tag is never a field's value, known or unknown.
    pub(super) fn forbidden<T>(&mut self) -> Step<T> {
        let first = self.bytes.get(self.start).copied().unwrap_or_default();
        self.refuse(DecodeErrorKind::ForbiddenItem { first })
    }

    pub(super) fn wrong_length<T>(&mut self, expected: u64, found: u64) -> Step<T> {
        self.refuse(DecodeErrorKind::LengthMismatch { expected, found })
    }
}
