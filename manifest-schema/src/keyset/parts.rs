//! The small structures of a keyset.

use crate::envelope::{ALG_EDDSA, ALG_HSS_LMS, Algorithm};
use crate::error::{DecodeErrorKind, EncodeError, Limit};
use crate::ids::KeyId;
use crate::limits::{
    EDDSA_KEY_LEN, HSS_LMS_KEY_LEN, MAX_HARDWARE, MAX_KEY_LEN, MAX_KEYS, MAX_THRESHOLD,
};
use crate::list::{Element, List};
use crate::manifest::{count, optional, range};
use crate::reader::{Reader, Step, widen};
use crate::writer::Writer;

/// The bytes of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey<'a>(pub &'a [u8]);

/// A key of a keyset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    /// By what signatures name it.
    pub id: KeyId,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// Its bytes: 32 for EdDSA, 60 for HSS-LMS, 1 to [`MAX_KEY_LEN`] for another algorithm.
    pub public: PublicKey<'a>,
}

/// Keys of a keyset by their indices: bit n stands for key n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Members(pub u16);

/// So many of these keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Signatures by different keys that it takes: 1 to [`MAX_THRESHOLD`], and not more than there are members.
    pub threshold: u32,
    /// The keys.
    pub members: Members,
}

/// What a release role is limited to. Nothing is limited by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope<'a> {
    /// Releases of this vendor.
    pub vendor: Option<&'a str>,
    /// Releases for this product.
    pub product: Option<&'a str>,
    /// Releases for none but these hardware revisions; empty for any.
    pub hardware: List<'a, &'a str>,
}

/// Who may sign releases, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseRole<'a> {
    /// Who.
    pub quorum: Quorum,
    /// Which.
    pub scope: Scope<'a>,
}

/// Values that a counter may take, both ends inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterRange {
    /// Not less than this.
    pub min: Option<u64>,
    /// Not more than this.
    pub max: Option<u64>,
}

impl Members {
    /// No key.
    pub const NONE: Self = Self(0);

    /// How many keys.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether key `index` is one of them.
    #[must_use]
    pub const fn contains(self, index: u32) -> bool {
        self.and(Self::NONE.with(index)).0 != 0
    }

    /// These and key `index`.
    #[must_use]
    pub const fn with(self, index: u32) -> Self {
        match 1_u16.checked_shl(index) {
            Some(bit) => Self(self.0 | bit),
            None => self,
        }
    }

    /// Those that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Quorum {
    /// Whether these keys, each with a valid signature, are enough.
    #[must_use]
    pub const fn is_met_by(&self, signers: Members) -> bool {
        // A threshold of 0 is no quorum, wherever it may come from.
        self.threshold != 0 && self.members.and(signers).len() >= self.threshold
    }

    pub(super) fn fields(
        reader: &mut Reader<'_>,
        fields: &mut crate::fields::Fields,
    ) -> Step<Self> {
        let threshold = fields
            .required(reader, 1)?
            .uint32(Limit::Threshold, MAX_THRESHOLD)?;
        if threshold == 0 {
            return reader.refuse_minimum(Limit::Threshold, 1);
        }
        let members = fields.required(reader, 2)?.uint()?;
        let Ok(members) = u16::try_from(members) else {
            let key = 2;
            let value = members;
            return reader.refuse(DecodeErrorKind::InvalidValue { key, value });
        };
        let quorum = Self {
            threshold,
            members: Members(members),
        };
        let members = quorum.members.len();
        if threshold > members {
            return reader.refuse(DecodeErrorKind::ThresholdUnreachable { threshold, members });
        }
        Ok(quorum)
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Step<Self> {
        let mut fields = reader.map()?;
        let quorum = Self::fields(reader, &mut fields)?;
        fields.end(reader)?;
        Ok(quorum)
    }

    pub(super) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.map(2)?;
        self.encode_fields(writer)
    }

    fn encode_fields(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.uint(1)?;
        writer.uint(u64::from(self.threshold))?;
        writer.uint(2)?;
        writer.uint(u64::from(self.members.0))
    }
}

impl Scope<'_> {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.vendor.is_none() && self.product.is_none() && self.hardware.is_empty()
    }
}

impl CounterRange {
    /// Every value.
    pub const ANY: Self = Self {
        min: None,
        max: None,
    };

    /// Whether `value` is in the range.
    #[must_use]
    pub fn contains(&self, value: u64) -> bool {
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Step<Self> {
        let mut fields = reader.map()?;
        let (min, max) = range(reader, &mut fields, 1)?;
        fields.end(reader)?;
        Ok(Self { min, max })
    }

    pub(super) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.map(count(self.min).saturating_add(count(self.max)))?;
        optional(writer, 1, self.min)?;
        optional(writer, 2, self.max)
    }
}

impl<'a> Element<'a> for PublicKey<'a> {
    fn decode(reader: &mut Reader<'a>) -> Step<Self> {
        let bytes = reader.byte_string()?;
        if bytes.is_empty() {
            return reader.refuse_minimum(Limit::KeyLen, 1);
        }
        if bytes.len() > MAX_KEY_LEN {
            return reader.refuse_limit(Limit::KeyLen, widen(MAX_KEY_LEN));
        }
        Ok(Self(bytes))
    }

    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.byte_string(self.0)
    }
}

impl<'a> Element<'a> for Key<'a> {
    fn decode(reader: &mut Reader<'a>) -> Step<Self> {
        let mut fields = reader.map()?;
        let id = KeyId(fields.required(reader, 1)?.fixed()?);
        let public = PublicKey::decode(fields.required(reader, 2)?)?;
        let len = public.0.len();
        let algorithm = if fields.has(reader, 3)? {
            match reader.int()? {
                ALG_EDDSA => return reader.refuse(DecodeErrorKind::DefaultWritten { key: 3 }),
                ALG_HSS_LMS if len != HSS_LMS_KEY_LEN => {
                    let (expected, found) = (widen(HSS_LMS_KEY_LEN), widen(len));
                    let kind = DecodeErrorKind::LengthMismatch { expected, found };
                    return fields.refuse(reader, kind);
                }
                other => Algorithm::from_other(other),
            }
        } else if len == EDDSA_KEY_LEN {
            Algorithm::EdDsa
        } else {
            let (expected, found) = (widen(EDDSA_KEY_LEN), widen(len));
            return fields.refuse(reader, DecodeErrorKind::LengthMismatch { expected, found });
        };
        fields.end(reader)?;
        Ok(Self {
            id,
            algorithm,
            public,
        })
    }

    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        let other = match self.algorithm {
            Algorithm::EdDsa => None,
            Algorithm::HssLms => Some(ALG_HSS_LMS),
            Algorithm::Other(number) => Some(number),
        };
        writer.map(if other.is_some() { 3 } else { 2 })?;
        writer.uint(1)?;
        writer.byte_string(&self.id.0)?;
        writer.uint(2)?;
        self.public.encode(writer)?;
        let Some(number) = other else { return Ok(()) };
        writer.uint(3)?;
        writer.int(number)
    }
}

impl<'a> Element<'a> for ReleaseRole<'a> {
    fn decode(reader: &mut Reader<'a>) -> Step<Self> {
        let mut fields = reader.map()?;
        let quorum = Quorum::fields(reader, &mut fields)?;
        let scope = Scope {
            vendor: fields.optional(reader, 3, Reader::name)?,
            product: fields.optional(reader, 4, Reader::name)?,
            hardware: fields
                .optional(reader, 5, |reader| {
                    reader.list(Limit::Hardware, MAX_HARDWARE)
                })?
                .unwrap_or_default(),
        };
        fields.end(reader)?;
        Ok(Self { quorum, scope })
    }

    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        let Scope {
            vendor,
            product,
            hardware,
        } = self.scope;
        let there = [vendor.is_some(), product.is_some(), !hardware.is_empty()];
        writer.map(
            there
                .into_iter()
                .fold(2, |sum, there| sum.saturating_add(u64::from(there))),
        )?;
        self.quorum.encode_fields(writer)?;
        if let Some(vendor) = vendor {
            writer.uint(3)?;
            writer.text(vendor)?;
        }
        if let Some(product) = product {
            writer.uint(4)?;
            writer.text(product)?;
        }
        if !hardware.is_empty() {
            writer.uint(5)?;
            hardware.encode(writer)?;
        }
        Ok(())
    }
}

const _: () = assert!(MAX_KEYS <= u16::BITS);
