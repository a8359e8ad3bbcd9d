//! The fixed header of a package: magic, format version, lengths.
//!
//! ```text
//!  0      4      6      8          12                20
//!  +------+------+------+----------+-----------------+
//!  | SPRG | ver  | keys | envelope |    payloads     |   little-endian lengths, in bytes
//!  +------+------+------+----------+-----------------+
//! ```
//!
//! Nothing signs the header. Its lengths only say how much to read; each is checked again against
//! what the signed manifest says.

use core::ops::Range;

use crate::error::{DecodeError, DecodeErrorKind, EncodeError, Limit};
use crate::limits::{MAX_ENVELOPE_LEN, MAX_KEYSETS_LEN, MAX_PAYLOADS_LEN};
use crate::reader::widen;
use crate::writer::Writer;

/// The first four bytes of every package.
pub const MAGIC: [u8; 4] = *b"SPRG";

/// The version of header and manifest that this crate reads and writes.
pub const FORMAT_VERSION: u16 = 1;

/// The decoded header. All lengths are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Length of the keysets section; 0 if there is none.
    pub keysets_len: u16,
    /// Length of the envelope.
    pub envelope_len: u32,
    /// Length of the payloads section: all pages and blocks of all payloads.
    pub payloads_len: u64,
}

impl Header {
    /// Bytes of an encoded header.
    pub const LEN: usize = 20;

    /// Where the fields are, in bytes from the start of the package.
    pub const MAGIC_FIELD: Range<usize> = 0..4;
    /// Format version, u16.
    pub const VERSION_FIELD: Range<usize> = 4..6;
    /// Keysets length, u16.
    pub const KEYSETS_LEN_FIELD: Range<usize> = 6..8;
    /// Envelope length, u32.
    pub const ENVELOPE_LEN_FIELD: Range<usize> = 8..12;
    /// Payloads length, u64.
    pub const PAYLOADS_LEN_FIELD: Range<usize> = 12..20;

    /// Reads a header from the first [`Header::LEN`] bytes; what follows them is not looked at.
    ///
    /// # Errors
    /// `Truncated`, `BadMagic`, `UnsupportedFormat`, and `BelowMinimum` or `LimitExceeded` for a
    /// length that no valid package has.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some(&bytes) = bytes.first_chunk::<{ Self::LEN }>() else {
            let (needed, available) = (widen(Self::LEN), widen(bytes.len()));
            return Err(at(
                &(0..0),
                DecodeErrorKind::Truncated { needed, available },
            ));
        };
        // Cut once, in the order of the fields: the pattern has as many bytes as the header.
        let [
            m0,
            m1,
            m2,
            m3,
            v0,
            v1,
            k0,
            k1,
            e0,
            e1,
            e2,
            e3,
            payloads @ ..,
        ] = bytes;
        let found = [m0, m1, m2, m3];
        if found != MAGIC {
            return Err(at(&Self::MAGIC_FIELD, DecodeErrorKind::BadMagic { found }));
        }
        let version = u16::from_le_bytes([v0, v1]);
        if version != FORMAT_VERSION {
            let kind = DecodeErrorKind::UnsupportedFormat {
                found: u64::from(version),
            };
            return Err(at(&Self::VERSION_FIELD, kind));
        }
        let header = Self {
            keysets_len: u16::from_le_bytes([k0, k1]),
            envelope_len: u32::from_le_bytes([e0, e1, e2, e3]),
            payloads_len: u64::from_le_bytes(payloads),
        };
        header.check()?;
        Ok(header)
    }

    /// Writes the header.
    ///
    /// # Errors
    /// `BufferTooSmall`, or `Refused` for lengths that [`Header::decode`] refuses.
    pub fn encode(&self, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        self.check().map_err(EncodeError::Refused)?;
        let mut writer = Writer::new(buffer);
        writer.raw(&MAGIC)?;
        writer.raw(&FORMAT_VERSION.to_le_bytes())?;
        writer.raw(&self.keysets_len.to_le_bytes())?;
        writer.raw(&self.envelope_len.to_le_bytes())?;
        writer.raw(&self.payloads_len.to_le_bytes())?;
        Ok(writer.len())
    }

    /// Offset of the envelope from the start of the package.
    #[must_use]
    pub fn envelope_offset(&self) -> u64 {
        widen(Self::LEN).saturating_add(u64::from(self.keysets_len))
    }

    /// Offset of the payloads section from the start of the package.
    #[must_use]
    pub fn payloads_offset(&self) -> u64 {
        self.envelope_offset()
            .saturating_add(u64::from(self.envelope_len))
    }

    /// Length of the whole package, or `None` if it does not fit 64 bits (never after `decode`).
    #[must_use]
    pub fn package_len(&self) -> Option<u64> {
        self.payloads_offset().checked_add(self.payloads_len)
    }

    fn check(&self) -> Result<(), DecodeError> {
        let keysets = (0, u64::from(self.keysets_len), widen(MAX_KEYSETS_LEN));
        let envelope = (1, u64::from(self.envelope_len), widen(MAX_ENVELOPE_LEN));
        let payloads = (1, self.payloads_len, MAX_PAYLOADS_LEN);
        in_range(&Self::KEYSETS_LEN_FIELD, Limit::KeysetsLen, keysets)?;
        in_range(&Self::ENVELOPE_LEN_FIELD, Limit::EnvelopeLen, envelope)?;
        in_range(&Self::PAYLOADS_LEN_FIELD, Limit::PayloadsLen, payloads)
    }
}

fn in_range(
    field: &Range<usize>,
    limit: Limit,
    (min, found, max): (u64, u64, u64),
) -> Result<(), DecodeError> {
    if found < min {
        return Err(at(
            field,
            DecodeErrorKind::BelowMinimum { limit, min, found },
        ));
    }
    if found > max {
        return Err(at(
            field,
            DecodeErrorKind::LimitExceeded { limit, max, found },
        ));
    }
    Ok(())
}

fn at(field: &Range<usize>, kind: DecodeErrorKind) -> DecodeError {
    DecodeError {
        kind,
        offset: u32::try_from(field.start).unwrap_or(u32::MAX),
    }
}
