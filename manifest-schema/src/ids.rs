//! Identifiers that are bytes on the wire and hexadecimal for people.

use core::fmt;

use crate::limits::{DIGEST_LEN, KEY_ID_LEN};

/// A SHA-256 digest (FIPS 180-4). Prints as 64 hexadecimal digits, as `sha256sum` does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; DIGEST_LEN]);

/// The identifier of a signing key: eight bytes in the order of minisign's key files.
///
/// A hint for finding the key, never a proof of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; KEY_ID_LEN]);

impl Digest {
    /// Reads 64 hexadecimal digits of either case; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        parse_hex(text).map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; DIGEST_LEN] {
        &self.0
    }
}

impl KeyId {
    /// Reads 16 hexadecimal digits of either case; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        parse_hex(text).map(Self)
    }

    /// The eight bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; KEY_ID_LEN] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (hex_digit(*high)? << 4) | hex_digit(*low)?;
    }
    Some(bytes)
}

fn hex_digit(character: u8) -> Option<u8> {
    char::from(character)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::{Digest, KeyId};
    use std::format;
    use std::string::ToString;

    #[test]
    fn hexadecimal_both_ways() {
        let id = KeyId([0, 1, 0x0a, 0xff, 0x7f, 0x80, 0x10, 0xa5]);
        assert_eq!(id.to_string(), "00010aff7f8010a5");
        assert_eq!(format!("{id:?}"), "00010aff7f8010a5");
        assert_eq!(KeyId::from_hex("00010AFF7f8010a5"), Some(id));
        let digest = Digest([0xab; 32]);
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "00",
            "00010aff7f8010a",
            "00010aff7f8010a5a",
            "00010aff7f8010a5a5",
            "+0010aff7f8010a5",
            "0001 aff7f8010a5",
            "g0010aff7f8010a5",
            "é0010aff7f8010",
        ] {
            assert_eq!(KeyId::from_hex(text), None, "{text:?}");
        }
    }
}
