//! The keyset: which keys may sign, what, and how many of them must. It travels in an envelope of its own
//! ([`crate::Document::Keyset`]), signed by root keys, and devices go from one version to the next.

mod check;
mod decode;
mod encode;
mod parts;

pub use parts::{CounterRange, Key, Members, PublicKey, Quorum, ReleaseRole, Scope};

use crate::error::{DecodeError, DecodeErrorKind, EncodeError, Limit};
use crate::limits::{KEYSET_HEAD_LEN, MAX_KEYSET_LEN, MAX_KEYSET_UPDATE_LEN};
use crate::list::List;
use crate::manifest::Validity;
use crate::reader::{Reader, widen};
use crate::writer::Writer;

/// A keyset. After [`Keyset::decode`] its strings and lists borrow from the decoded bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyset<'a> {
    /// Grows by one with every keyset; the first is 1.
    pub version: u32,
    /// Whose keyset it is, from the first version to the last.
    pub name: &'a str,
    /// The keys; at least one. No two have the same bytes or the same identifier.
    pub keys: List<'a, Key<'a>>,
    /// Who signs keysets: this one, and the next.
    pub root: Quorum,
    /// Who signs releases: any of these roles suffices, for what it covers.
    pub releases: List<'a, ReleaseRole<'a>>,
    /// When the keyset may be used; judged of the last one of a chain alone.
    pub validity: Validity,
    /// The sequence numbers that its release keys may give out.
    pub sequences: CounterRange,
    /// The security counters that its release keys may give out.
    pub security_counters: CounterRange,
    /// Keys that no later keyset may list again, in ascending order of their bytes.
    pub revoked: List<'a, Key<'a>>,
}

impl<'a> Keyset<'a> {
    /// Takes the whole slice apart and checks every field, alone and against the others.
    ///
    /// # Errors
    /// The first refusal, with its offset in `bytes`.
    #[inline(never)] // its frame is large, and its callers' need not be
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let limit = Limit::KeysetLen;
        let (max, found) = (widen(MAX_KEYSET_LEN), widen(bytes.len()));
        if found > max {
            let kind = DecodeErrorKind::LimitExceeded { limit, max, found };
            return Err(DecodeError { kind, offset: 0 });
        }
        Reader::read_all(bytes, |reader| {
            let keyset = decode::keyset(reader)?;
            check::keys(reader, &keyset)?;
            check::roles(reader, &keyset)?;
            check::revoked(reader, &keyset)?;
            Ok(keyset)
        })
    }

    /// Writes the keyset: the one encoding that decodes to it.
    ///
    /// # Errors
    /// `BufferTooSmall`, or `Refused` if [`Keyset::decode`] would refuse what was written.
    pub fn encode(&self, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = Writer::new(buffer);
        encode::keyset(self, &mut writer)?;
        Keyset::decode(writer.written()).map_err(EncodeError::Refused)?;
        Ok(writer.len())
    }

    /// Whether the keyset revokes the key of these bytes.
    #[must_use]
    pub fn revokes(&self, key: &[u8]) -> bool {
        self.revoked.iter().any(|revoked| revoked.public.0 == key)
    }
}

/// What stands in front of each update of a chain. Nothing signs it: the version lets a device pass over what it has,
/// and counts for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The version of the keyset that follows.
    pub version: u32,
    /// Bytes of the update that follows: an envelope around a keyset.
    pub len: u16,
}

impl ChainHead {
    /// Reads a head.
    ///
    /// # Errors
    /// `BelowMinimum` for a length of 0, `LimitExceeded` beyond [`MAX_KEYSET_UPDATE_LEN`].
    pub fn decode(bytes: &[u8; KEYSET_HEAD_LEN]) -> Result<Self, DecodeError> {
        let [v0, v1, v2, v3, l0, l1] = *bytes;
        let head = Self {
            version: u32::from_le_bytes([v0, v1, v2, v3]),
            len: u16::from_le_bytes([l0, l1]),
        };
        let limit = Limit::KeysetLen;
        let (max, found) = (widen(MAX_KEYSET_UPDATE_LEN), u64::from(head.len));
        let kind = match found {
            0 => DecodeErrorKind::BelowMinimum {
                limit,
                min: 1,
                found,
            },
            found if found > max => DecodeErrorKind::LimitExceeded { limit, max, found },
            _ => return Ok(head),
        };
        Err(DecodeError { kind, offset: 4 })
    }

    /// The head as it stands in a chain.
    #[must_use]
    pub const fn encode(&self) -> [u8; KEYSET_HEAD_LEN] {
        let [v0, v1, v2, v3] = self.version.to_le_bytes();
        let [l0, l1] = self.len.to_le_bytes();
        [v0, v1, v2, v3, l0, l1]
    }
}

/// The keys of the keyset map; `docs/FORMAT.md` has the same names.
mod keys {
    pub(super) const FORMAT: u8 = 1;
    pub(super) const VERSION: u8 = 2;
    pub(super) const NAME: u8 = 3;
    pub(super) const KEYS: u8 = 4;
    pub(super) const ROOT: u8 = 5;
    pub(super) const RELEASES: u8 = 6;
    pub(super) const VALIDITY: u8 = 7;
    pub(super) const SEQUENCES: u8 = 8;
    pub(super) const SECURITY_COUNTERS: u8 = 9;
    pub(super) const REVOKED: u8 = 10;
}

#[cfg(test)]
mod tests;
