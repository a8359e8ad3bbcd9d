//! The entries of a map: integer keys in strictly increasing order, unknown ones by their sign.

use crate::error::{DecodeErrorKind, Limit};
use crate::limits::MAX_SKIPPED;
use crate::reader::{Reader, Step};

/// Progress through the map that [`Reader::map`] has entered.
///
/// Known keys are asked for in increasing order, which is the order they must have.
///
/// ```
/// use sprag_manifest::{DecodeError, Reader};
///
/// /// Reads `{1: uint, ? 2: name}`; unknown negative keys are skipped, other unknown ones refused.
/// fn read(bytes: &[u8]) -> Result<(u64, Option<&str>), DecodeError> {
///     Reader::read_all(bytes, |reader| {
///         let mut fields = reader.map()?;
///         let number = fields.required(reader, 1)?.uint()?;
///         let name = fields.optional(reader, 2, Reader::name)?;
///         fields.end(reader)?;
///         Ok((number, name))
///     })
/// }
///
/// assert_eq!(read(&[0xa1, 0x01, 0x07]), Ok((7, None)));
/// assert_eq!(read(&[0xa2, 0x01, 0x07, 0x02, 0x61, b'x']), Ok((7, Some("x"))));
/// assert_eq!(read(&[0xa2, 0x01, 0x07, 0x20, 0x61, b'x']), Ok((7, None)));
/// assert_eq!(read(&[0xa2, 0x01, 0x07, 0x03, 0x07]).unwrap_err().code(), 114);
/// ```
#[derive(Debug)]
pub struct Fields {
    /// Entries whose key was not read yet.
    left: u64,
    /// The last key that was read.
    key: Option<i64>,
    /// Whether the value of that key is still to be read.
    pending: bool,
    /// Where the map begins.
    start: usize,
}

impl Fields {
    pub(crate) const fn new(count: u64, start: usize) -> Self {
        Self {
            left: count,
            key: None,
            pending: false,
            start,
        }
    }

    /// Goes to the value of a field that must be present.
    ///
    /// # Errors
    /// `MissingField` at the offset of the map, and the refusals of [`Fields::has`].
    pub fn required<'r, 'a>(
        &mut self,
        reader: &'r mut Reader<'a>,
        key: u8,
    ) -> Step<&'r mut Reader<'a>> {
        if self.has(reader, key)? {
            return Ok(reader);
        }
        // Perhaps it is there, but out of order: then that is what to say.
        while self.peek(reader)?.is_some() {
            self.pending = false;
            reader.skip()?;
        }
        reader.refuse_at(
            self.start,
            DecodeErrorKind::MissingField {
                key: u64::from(key),
            },
        )
    }

    /// Reads a field with `read` if it is present.
    ///
    /// # Errors
    /// Those of [`Fields::has`] and of `read`.
    pub fn optional<'a, T>(
        &mut self,
        reader: &mut Reader<'a>,
        key: u8,
        read: impl FnOnce(&mut Reader<'a>) -> Step<T>,
    ) -> Step<Option<T>> {
        if self.has(reader, key)? {
            read(reader).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Reads a 32-bit field that is left out if it is 0.
    ///
    /// # Errors
    /// `DefaultWritten` for 0, `LimitExceeded` above `max`, and those of [`Fields::has`].
    pub fn not_default(
        &mut self,
        reader: &mut Reader<'_>,
        key: u8,
        limit: Limit,
        max: u32,
    ) -> Step<u32> {
        if !self.has(reader, key)? {
            return Ok(0);
        }
        match reader.uint32(limit, max)? {
            0 => reader.refuse(DecodeErrorKind::DefaultWritten {
                key: u64::from(key),
            }),
            value => Ok(value),
        }
    }

    /// Whether the next field is `key`; if so, its value follows in `reader`.
    ///
    /// # Errors
    /// `DuplicateKey`, `KeyOrder`, `UnknownCriticalField` for a key in front of it that nobody asked
    /// for, and the refusals of an integer.
    pub fn has(&mut self, reader: &mut Reader<'_>, key: u8) -> Step<bool> {
        match self.peek(reader)? {
            Some(found) if found == i64::from(key) => {
                self.pending = false;
                Ok(true)
            }
            Some(found) if found >= 0 && found < i64::from(key) => unknown(reader, found),
            _ => Ok(false),
        }
    }

    /// Ends the map: fields that nobody asked for are skipped if their keys are negative.
    ///
    /// # Errors
    /// `UnknownCriticalField`, `LimitExceeded` after [`MAX_SKIPPED`] fields, what [`Fields::has`]
    /// refuses in keys, and what [`Reader::skip`] refuses in values.
    pub fn end(mut self, reader: &mut Reader<'_>) -> Step<()> {
        let mut skipped = 0_u32;
        while let Some(key) = self.peek(reader)? {
            if key >= 0 {
                return unknown(reader, key);
            }
            skipped = skipped.saturating_add(1);
            if skipped > MAX_SKIPPED {
                let (max, found) = (u64::from(MAX_SKIPPED), u64::from(skipped));
                let limit = Limit::Skipped;
                return reader.refuse(DecodeErrorKind::LimitExceeded { limit, max, found });
            }
            self.pending = false;
            reader.skip()?;
        }
        Ok(())
    }

    /// Ends a map in which nothing may grow, such as a COSE header.
    ///
    /// # Errors
    /// `UnknownCriticalField` for any field that nobody asked for.
    pub fn end_exact(mut self, reader: &mut Reader<'_>) -> Step<()> {
        match self.peek(reader)? {
            None => Ok(()),
            Some(key) => unknown(reader, key),
        }
    }

    /// Refuses the map as a whole.
    ///
    /// # Errors
    /// Always.
    pub fn refuse<T>(&self, reader: &mut Reader<'_>, kind: DecodeErrorKind) -> Step<T> {
        reader.refuse_at(self.start, kind)
    }

    /// The key whose value is to be read next; `None` behind the last entry.
    fn peek(&mut self, reader: &mut Reader<'_>) -> Step<Option<i64>> {
        if !self.pending {
            let Some(left) = self.left.checked_sub(1) else {
                return Ok(None);
            };
            let key = reader.int()?;
            check_order(reader, self.key, key)?;
            (self.left, self.key, self.pending) = (left, Some(key), true);
        }
        Ok(self.key)
    }
}

/// Bytewise order of the encodings (RFC 8949 section 4.2.1): 0, 1, 2, ..., then -1, -2, -3, ...
pub(crate) fn check_order(reader: &mut Reader<'_>, previous: Option<i64>, found: i64) -> Step<()> {
    // As unsigned numbers, complements of negative ones are in order, and 2^63 lifts them above all.
    let rank = |key: i64| {
        if key < 0 {
            (!key).unsigned_abs() | (1 << 63)
        } else {
            key.unsigned_abs()
        }
    };
    match previous {
        Some(previous) if previous == found => {
            reader.refuse(DecodeErrorKind::DuplicateKey { key: found })
        }
        Some(previous) if rank(previous) > rank(found) => {
            reader.refuse(DecodeErrorKind::KeyOrder { previous, found })
        }
        _ => Ok(()),
    }
}

fn unknown<T>(reader: &mut Reader<'_>, key: i64) -> Step<T> {
    reader.refuse(DecodeErrorKind::UnknownCriticalField { key })
}
