//! Versions packed into one integer, so that a device compares them with one instruction.

use core::fmt;
use core::str::FromStr;

const PART_COUNT: usize = 4;

/// Up to four parts of 16 bits: `a.b.c.d` is `a << 48 | b << 32 | c << 16 | d`.
///
/// ```
/// use sprag_manifest::PackedVersion;
///
/// let version: PackedVersion = "v1.5.2".parse()?;
/// assert_eq!(version.0, 0x0001_0005_0002_0000);
/// assert_eq!(version.to_string(), "1.5.2");
/// assert!(version < "1.10".parse()?);
/// # Ok::<(), sprag_manifest::VersionError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackedVersion(pub u64);

/// Why a text is not a packed version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionError {
    /// There is no text, apart from a leading `v`.
    Empty,
    /// More parts than four.
    TooManyParts {
        /// How many.
        count: usize,
    },
    /// A part is not a decimal number.
    NotANumber {
        /// Which part, from 0.
        part: usize,
    },
    /// A part does not fit 16 bits.
    PartTooLarge {
        /// Which part, from 0.
        part: usize,
    },
}

impl PackedVersion {
    /// The four parts, most significant first.
    #[must_use]
    pub fn parts(self) -> [u16; PART_COUNT] {
        let [a, b, c, d, e, f, g, h] = self.0.to_be_bytes();
        [[a, b], [c, d], [e, f], [g, h]].map(u16::from_be_bytes)
    }

    /// The version with these parts, most significant first.
    #[must_use]
    pub fn from_parts(parts: [u16; PART_COUNT]) -> Self {
        Self(
            parts
                .into_iter()
                .fold(0, |packed, part| (packed << 16) | u64::from(part)),
        )
    }
}

impl FromStr for PackedVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let numbers = text.strip_prefix('v').unwrap_or(text);
        if numbers.is_empty() {
            return Err(VersionError::Empty);
        }
        let count = numbers.split('.').count();
        if count > PART_COUNT {
            return Err(VersionError::TooManyParts { count });
        }
        let mut parts = [0; PART_COUNT];
        for (part, (place, number)) in parts.iter_mut().zip(numbers.split('.')).enumerate() {
            // `u16::from_str` would take a plus sign.
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(VersionError::NotANumber { part });
            }
            *place = number
                .parse()
                .map_err(|_| VersionError::PartTooLarge { part })?;
        }
        Ok(Self::from_parts(parts))
    }
}

/// Three parts, and the fourth if it is not 0: `1.5.0`, `1.5.2.7`. Parses back to the same value.
impl fmt::Display for PackedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.parts();
        write!(f, "{a}.{b}.{c}")?;
        if d == 0 { Ok(()) } else { write!(f, ".{d}") }
    }
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a version without numbers"),
            Self::TooManyParts { count } => {
                write!(
                    f,
                    "a version of {count} parts, at most {PART_COUNT} can be packed"
                )
            }
            Self::NotANumber { part } => {
                write!(
                    f,
                    "part {} of the version is not a decimal number",
                    part.saturating_add(1)
                )
            }
            Self::PartTooLarge { part } => {
                write!(
                    f,
                    "part {} of the version exceeds 65535",
                    part.saturating_add(1)
                )
            }
        }
    }
}

impl core::error::Error for VersionError {}

#[cfg(test)]
mod tests {
    use super::{PackedVersion, VersionError};
    use proptest::prelude::{any, proptest};
    use std::string::ToString;

    #[test]
    fn texts() {
        let table = [
            ("1", Ok(0x0001_0000_0000_0000)),
            ("1.5.2", Ok(0x0001_0005_0002_0000)),
            ("v1.5.2", Ok(0x0001_0005_0002_0000)),
            ("01.005", Ok(0x0001_0005_0000_0000)),
            ("0.0.0.0", Ok(0)),
            ("65535.65535.65535.65535", Ok(u64::MAX)),
            ("", Err(VersionError::Empty)),
            ("v", Err(VersionError::Empty)),
            ("1.2.3.4.5", Err(VersionError::TooManyParts { count: 5 })),
            ("1.", Err(VersionError::NotANumber { part: 1 })),
            (".1", Err(VersionError::NotANumber { part: 0 })),
            ("1.+2", Err(VersionError::NotANumber { part: 1 })),
            ("1.2.3-rc1", Err(VersionError::NotANumber { part: 2 })),
            ("vv1", Err(VersionError::NotANumber { part: 0 })),
            ("1.65536", Err(VersionError::PartTooLarge { part: 1 })),
            (
                "99999999999999999999",
                Err(VersionError::PartTooLarge { part: 0 }),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse(), expected.map(PackedVersion), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn prints_what_parses_back(packed in any::<u64>()) {
            let version = PackedVersion(packed);
            assert_eq!(version.to_string().parse(), Ok(version));
        }

        #[test]
        fn order_is_that_of_the_parts(a in any::<[u16; 4]>(), b in any::<[u16; 4]>()) {
            let (packed_a, packed_b) = (PackedVersion::from_parts(a), PackedVersion::from_parts(b));
            assert_eq!(packed_a.cmp(&packed_b), a.cmp(&b));
            assert_eq!(packed_a.parts(), a);
        }
    }
}
