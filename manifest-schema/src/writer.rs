//! The mirror of `reader.rs`: deterministic CBOR (RFC 8949 section 4.2.1) into a slice.
//!
//! Map keys are written in the order in which they are given; the callers of this crate give them in
//! increasing order, and their output is read back before it is returned.

use crate::error::{EncodeError, ItemType};
use crate::reader::widen;

/// A cursor that fills a buffer from its start.
#[derive(Debug)]
pub struct Writer<'b> {
    buffer: &'b mut [u8],
    position: usize,
}

impl<'b> Writer<'b> {
    /// A writer at the start of `buffer`.
    #[must_use]
    pub const fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer,
            position: 0,
        }
    }

    /// Writes `bytes` as they are.
    ///
    /// # Errors
    /// `BufferTooSmall`.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        let place = self
            .position
            .checked_add(bytes.len())
            .and_then(|end| Some((end, self.buffer.get_mut(self.position..end)?)));
        let Some((end, place)) = place else {
            return Err(EncodeError::BufferTooSmall {
                capacity: widen(self.buffer.len()),
            });
        };
        // The slices' own copy can panic where lengths differ, and the compiler keeps that path.
        for (to, from) in place.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.position = end;
        Ok(())
    }

    /// Writes an unsigned integer.
    ///
    /// # Errors
    /// `BufferTooSmall`.
    pub fn uint(&mut self, value: u64) -> Result<(), EncodeError> {
        self.head(ItemType::Uint, value)
    }

    /// Writes a signed integer.
    ///
    /// # Errors
    /// `BufferTooSmall`.
    pub fn int(&mut self, value: i64) -> Result<(), EncodeError> {
        match u64::try_from(value) {
            Ok(value) => self.head(ItemType::Uint, value),
            // The complement of a negative number is -1 - n, which major type 1 stands for.
            Err(_) => self.head(ItemType::Negative, (!value).unsigned_abs()),
        }
    }

    /// Writes a byte string.
    ///
    /// # Errors
    /// `BufferTooSmall`.
    pub fn byte_string(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.byte_string_head(widen(bytes.len()))?;
        self.raw(bytes)
    }

    /// Writes the head of a byte string of `len` bytes, which the caller adds.
    ///
    /// # Errors
    /// `BufferTooSmall`.
    pub fn byte_string_head(&mut self, len: u64) -> Result<(), EncodeError> {
        self.head(ItemType::Bytes, len)
    }

    /// Writes a text string.
    ///
    /// # Errors
    /// `BufferTooSmall`.
    pub fn text(&mut self, text: &str) -> Result<(), EncodeError> {
        self.head(ItemType::Text, widen(text.len()))?;
        self.raw(text.as_bytes())
    }

    /// Writes the head of an array of `count` items.
    ///
    /// # Errors
    /// `BufferTooSmall`.
    pub fn array(&mut self, count: u64) -> Result<(), EncodeError> {
        self.head(ItemType::Array, count)
    }

    /// Writes the head of a map of `count` entries.
    ///
    /// # Errors
    /// `BufferTooSmall`.
    pub fn map(&mut self, count: u64) -> Result<(), EncodeError> {
        self.head(ItemType::Map, count)
    }

    /// Writes a tag number; the tagged item follows.
    ///
    /// # Errors
    /// `BufferTooSmall`.
    pub fn tag(&mut self, number: u64) -> Result<(), EncodeError> {
        self.head(ItemType::Tag, number)
    }

    /// Bytes written so far.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.position
    }

    /// Whether nothing has been written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.position == 0
    }

    /// The bytes written so far.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        self.buffer.get(..self.position).unwrap_or_default()
    }

    fn head(&mut self, item_type: ItemType, value: u64) -> Result<(), EncodeError> {
        let major: u8 = match item_type {
            ItemType::Uint => 0x00,
            ItemType::Negative => 0x20,
            ItemType::Bytes => 0x40,
            ItemType::Text => 0x60,
            ItemType::Array => 0x80,
            ItemType::Map => 0xa0,
            ItemType::Tag => 0xc0,
        };
        if let Ok(value) = u8::try_from(value) {
            if value < 24 {
                return self.raw(&[major | value]);
            }
            return self.raw(&[major | 24, value]);
        }
        if let Ok(value) = u16::try_from(value) {
            self.raw(&[major | 25])?;
            return self.raw(&value.to_be_bytes());
        }
        if let Ok(value) = u32::try_from(value) {
            self.raw(&[major | 26])?;
            return self.raw(&value.to_be_bytes());
        }
        self.raw(&[major | 27])?;
        self.raw(&value.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::Writer;
    use crate::error::EncodeError;

    #[test]
    fn heads_are_minimal() {
        // RFC 8949 appendix A.
        let table: &[(i64, &[u8])] = &[
            (0, &[0x00]),
            (23, &[0x17]),
            (24, &[0x18, 0x18]),
            (255, &[0x18, 0xff]),
            (256, &[0x19, 0x01, 0x00]),
            (65535, &[0x19, 0xff, 0xff]),
            (65536, &[0x1a, 0x00, 0x01, 0x00, 0x00]),
            (
                1_000_000_000_000,
                &[0x1b, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00],
            ),
            (-1, &[0x20]),
            (-10, &[0x29]),
            (-100, &[0x38, 0x63]),
            (-1000, &[0x39, 0x03, 0xe7]),
            (
                i64::MIN,
                &[0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            ),
        ];
        for (value, expected) in table {
            let mut buffer = [0; 9];
            let mut writer = Writer::new(&mut buffer);
            writer.int(*value).unwrap();
            assert_eq!(writer.written(), *expected, "{value}");
            assert_eq!(writer.len(), expected.len(), "{value}");
        }
    }

    #[test]
    fn full_buffers_are_refused() {
        let mut buffer = [0; 4];
        let mut writer = Writer::new(&mut buffer);
        writer.text("abc").unwrap();
        assert_eq!(
            writer.uint(0),
            Err(EncodeError::BufferTooSmall { capacity: 4 })
        );
        assert_eq!(writer.written(), b"\x63abc");
    }
}
