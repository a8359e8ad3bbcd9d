//! The signed envelope: COSE_Sign (RFC 9052 section 4.1, tag 98) around the manifest's bytes, or a keyset's.
//!
//! ```text
//! 98([ bstr {3: "application/sprag"}, {}, bstr manifest, [ + [ bstr {1: alg, 4: kid}, {}, bstr signature ] ] ])
//! ```
//!
//! A keyset has another content type and another context, so that no signature over the one fits the other.
//!
//! The bytes that were received are the bytes that are verified: the envelope hands out slices of
//! its input, and nothing is ever encoded again before a signature is checked.

use crate::error::{DecodeError, DecodeErrorKind, EncodeError, Limit};
use crate::ids::KeyId;
use crate::limits::{EDDSA_SIGNATURE_LEN, KEY_ID_LEN, MAX_ENVELOPE_LEN, MAX_SIGNATURES};
use crate::list::{Element, Iter, List};
use crate::reader::{Reader, Step, widen};
use crate::writer::Writer;

/// The content type in the body's protected header (RFC 9052 section 3.1, label 3).
pub const CONTENT_TYPE: &str = "application/sprag";

/// The body's protected header: the encoding of `{3: "application/sprag"}`.
pub const BODY_PROTECTED: &[u8] = b"\xa1\x03\x71application/sprag";

/// The external additional data of every Sprag manifest signature (RFC 9052 section 4.3).
///
/// It is not transmitted. No other document is signed with it, so a signature made for something
/// else never verifies a manifest.
pub const EXTERNAL_AAD: &[u8] = b"sprag.manifest.v1";

/// The content type of a keyset update.
pub const KEYSET_CONTENT_TYPE: &str = "application/sprag-keyset";

/// The body's protected header of a keyset update: the encoding of `{3: "application/sprag-keyset"}`.
pub const KEYSET_BODY_PROTECTED: &[u8] = b"\xa1\x03\x78\x18application/sprag-keyset";

/// The external additional data of every signature over a keyset.
pub const KEYSET_EXTERNAL_AAD: &[u8] = b"sprag.keyset.v1";

/// Bytes of the protected header of an EdDSA signature: `{1: -8, 4: kid}`.
pub const EDDSA_PROTECTED_LEN: usize = 13;

/// Most bytes of [`sig_structure_prefix`]: array head 1, context 10, body header 21, signature header
/// with the longest algorithm number 22, external data 18, head of the manifest 5.
pub const SIG_PREFIX_MAX: usize = 77;

const COSE_SIGN_TAG: u64 = 98; // RFC 9052 section 4.1
const SIGNATURE_CONTEXT: &str = "Signature"; // RFC 9052 section 4.4
const LABEL_ALG: u8 = 1; // RFC 9052 section 3.1
const LABEL_CONTENT_TYPE: u8 = 3;
const LABEL_KID: u8 = 4;
pub(crate) const ALG_EDDSA: i64 = -8; // RFC 9053 section 2.2
/// The COSE algorithm number of HSS-LMS (RFC 8778 section 5.1).
pub const ALG_HSS_LMS: i64 = -46;

/// What an envelope is around. Its signatures hold for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// A manifest.
    Manifest,
    /// A keyset.
    Keyset,
}

impl Document {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Manifest => CONTENT_TYPE,
            Self::Keyset => KEYSET_CONTENT_TYPE,
        }
    }

    /// The body's protected header.
    #[must_use]
    pub const fn body_protected(self) -> &'static [u8] {
        match self {
            Self::Manifest => BODY_PROTECTED,
            Self::Keyset => KEYSET_BODY_PROTECTED,
        }
    }

    /// The external additional data of its signatures.
    #[must_use]
    pub const fn external_aad(self) -> &'static [u8] {
        match self {
            Self::Manifest => EXTERNAL_AAD,
            Self::Keyset => KEYSET_EXTERNAL_AAD,
        }
    }
}

/// Bytes of the protected header of an HSS-LMS signature: `{1: -46, 4: kid}`.
pub const HSS_LMS_PROTECTED_LEN: usize = 14;

/// A signature algorithm (RFC 9053).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// EdDSA (-8), with an Ed25519 key of 32 bytes and a signature of 64 bytes (RFC 8032).
    EdDsa,
    /// HSS-LMS (-46, RFC 8778), with a key and a signature as RFC 8554 section 6 writes them.
    HssLms,
    /// Any other number. It decodes, so that whoever judges signatures can refuse or pass over it.
    Other(i64),
}

impl Algorithm {
    /// What a number other than that of EdDSA stands for.
    pub(crate) const fn from_other(number: i64) -> Self {
        match number {
            ALG_HSS_LMS => Self::HssLms,
            other => Self::Other(other),
        }
    }
}

/// One signature with its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureEntry<'a> {
    /// The algorithm named in `protected`.
    pub algorithm: Algorithm,
    /// The key named in `protected`.
    pub key_id: KeyId,
    /// The protected header, exactly as it stands and is signed: the map, without its string head.
    pub protected: &'a [u8],
    /// The signature: 64 bytes for EdDSA, at least one byte for others; how long one by HSS-LMS is, its key says.
    pub signature: &'a [u8],
}

/// A decoded envelope: the manifest's bytes, and who signed them. Nothing is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    body_protected: &'a [u8],
    manifest: &'a [u8],
    signatures: List<'a, SignatureEntry<'a>>,
}

impl<'a> Envelope<'a> {
    /// An envelope to be encoded, of these manifest bytes and signatures.
    #[must_use]
    pub const fn new(manifest: &'a [u8], signatures: &'a [SignatureEntry<'a>]) -> Self {
        Self::of(Document::Manifest, manifest, signatures)
    }

    /// The same around the bytes of any document.
    #[must_use]
    pub const fn of(
        document: Document,
        content: &'a [u8],
        signatures: &'a [SignatureEntry<'a>],
    ) -> Self {
        Self {
            body_protected: document.body_protected(),
            manifest: content,
            signatures: List::from_slice(signatures),
        }
    }

    /// Takes the whole slice apart. The manifest inside is not looked at.
    ///
    /// # Errors
    /// Any refusal of the reader, `UnprotectedHeader`, `WrongContentType`, and limits.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Self::decode_as(Document::Manifest, bytes)
    }

    /// The same for an envelope around any document.
    ///
    /// # Errors
    /// Those of [`Envelope::decode`].
    pub fn decode_as(document: Document, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        check_len(bytes)?;
        Reader::read_all(bytes, |reader| {
            reader.tag(COSE_SIGN_TAG)?;
            reader.tuple(4)?;
            let header = reader.enter()?;
            decode_body_protected(reader, document.content_type())?;
            reader.leave(&header)?;
            expect_no_unprotected(reader)?;
            let manifest = reader.byte_string()?;
            let signatures = reader.list(Limit::Signatures, MAX_SIGNATURES)?;
            Ok(Self {
                body_protected: header.content,
                manifest,
                signatures,
            })
        })
    }

    /// Writes the envelope.
    ///
    /// # Errors
    /// `BufferTooSmall`, or `Refused` if [`Envelope::decode`] would refuse what was written.
    pub fn encode(&self, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = Writer::new(buffer);
        writer.tag(COSE_SIGN_TAG)?;
        writer.array(4)?;
        writer.byte_string(self.body_protected)?;
        writer.map(0)?;
        writer.byte_string(self.manifest)?;
        self.signatures.encode(&mut writer)?;
        Envelope::decode_as(self.document(), writer.written()).map_err(EncodeError::Refused)?;
        Ok(writer.len())
    }

    fn document(&self) -> Document {
        if self.body_protected == KEYSET_BODY_PROTECTED {
            Document::Keyset
        } else {
            Document::Manifest
        }
    }

    /// The encoded manifest, or keyset: the payload of the COSE structure.
    #[must_use]
    pub const fn manifest_bytes(&self) -> &'a [u8] {
        self.manifest
    }

    /// Offset of [`Envelope::manifest_bytes`] from the start of the encoded envelope, in bytes: adds
    /// up with the offset of a refusal inside the manifest.
    #[must_use]
    pub fn manifest_offset(&self) -> u32 {
        // Tag 2, array head 1, body header with its string head, empty map 1, string head.
        let head = |len: usize| match len {
            0..=23 => 1_usize,
            24..=0xff => 2,
            0x100..=0xffff => 3,
            _ => 5,
        };
        let offset = head(self.manifest.len())
            .saturating_add(head(self.body_protected.len()))
            .saturating_add(self.body_protected.len())
            .saturating_add(4);
        u32::try_from(offset).unwrap_or(u32::MAX)
    }

    /// The body's protected header exactly as it stands: the map, without its string head.
    #[must_use]
    pub const fn body_protected(&self) -> &'a [u8] {
        self.body_protected
    }

    /// The signatures in their order.
    #[must_use]
    pub const fn signatures(&self) -> Iter<'a, SignatureEntry<'a>> {
        self.signatures.iter()
    }

    /// The number of signatures: 1 to [`MAX_SIGNATURES`].
    #[must_use]
    pub fn signature_count(&self) -> u32 {
        self.signatures.len()
    }
}

impl<'a> Element<'a> for SignatureEntry<'a> {
    fn decode(reader: &mut Reader<'a>) -> Step<Self> {
        reader.tuple(3)?;
        let header = reader.enter()?;
        let (algorithm, key_id) = decode_sign_protected(reader)?;
        reader.leave(&header)?;
        expect_no_unprotected(reader)?;
        let signature = reader.byte_string()?;
        match algorithm {
            Algorithm::EdDsa if signature.len() != EDDSA_SIGNATURE_LEN => {
                let (expected, found) = (widen(EDDSA_SIGNATURE_LEN), widen(signature.len()));
                reader.refuse(DecodeErrorKind::LengthMismatch { expected, found })
            }
            Algorithm::HssLms | Algorithm::Other(_) if signature.is_empty() => {
                reader.refuse_minimum(Limit::SignatureLen, 1)
            }
            _ => Ok(Self {
                algorithm,
                key_id,
                protected: header.content,
                signature,
            }),
        }
    }

    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.array(3)?;
        writer.byte_string(self.protected)?;
        writer.map(0)?;
        writer.byte_string(self.signature)
    }
}

/// The protected header of an Ed25519 signature by `key_id`: the encoding of `{1: -8, 4: kid}`.
#[must_use]
pub fn eddsa_protected(key_id: KeyId) -> [u8; EDDSA_PROTECTED_LEN] {
    let [a, b, c, d, e, f, g, h] = key_id.0;
    [0xa2, 0x01, 0x27, 0x04, 0x48, a, b, c, d, e, f, g, h]
}

/// The protected header of an HSS-LMS signature by `key_id`: the encoding of `{1: -46, 4: kid}`.
#[must_use]
pub fn hss_lms_protected(key_id: KeyId) -> [u8; HSS_LMS_PROTECTED_LEN] {
    let [a, b, c, d, e, f, g, h] = key_id.0;
    [0xa2, 0x01, 0x38, 0x2d, 0x04, 0x48, a, b, c, d, e, f, g, h]
}

/// The bytes to be signed, up to and including the head of the manifest's byte string.
///
/// A signature covers the `Sig_structure` of RFC 9052 section 4.4,
/// `["Signature", body_protected, sign_protected, EXTERNAL_AAD, manifest]`: what this function puts
/// into `out`, followed by the `manifest_len` bytes of the manifest. Returns the number of bytes.
///
/// # Errors
/// `BufferTooSmall` if the headers are longer than this format's.
pub fn sig_structure_prefix(
    body_protected: &[u8],
    sign_protected: &[u8],
    manifest_len: usize,
    out: &mut [u8; SIG_PREFIX_MAX],
) -> Result<usize, EncodeError> {
    let document = Document::Manifest;
    sig_structure_prefix_of(document, body_protected, sign_protected, manifest_len, out)
}

/// The same for the bytes of any document.
///
/// # Errors
/// Those of [`sig_structure_prefix`].
pub fn sig_structure_prefix_of(
    document: Document,
    body_protected: &[u8],
    sign_protected: &[u8],
    content_len: usize,
    out: &mut [u8; SIG_PREFIX_MAX],
) -> Result<usize, EncodeError> {
    let mut writer = Writer::new(out);
    writer.array(5)?;
    writer.text(SIGNATURE_CONTEXT)?;
    writer.byte_string(body_protected)?;
    writer.byte_string(sign_protected)?;
    writer.byte_string(document.external_aad())?;
    writer.byte_string_head(widen(content_len))?;
    Ok(writer.len())
}

/// No envelope is longer, and so no manifest either.
pub(crate) fn check_len(bytes: &[u8]) -> Result<(), DecodeError> {
    let (limit, max, found) = (
        Limit::EnvelopeLen,
        widen(MAX_ENVELOPE_LEN),
        widen(bytes.len()),
    );
    if found <= max {
        return Ok(());
    }
    Err(DecodeError {
        kind: DecodeErrorKind::LimitExceeded { limit, max, found },
        offset: 0,
    })
}

fn decode_body_protected(reader: &mut Reader<'_>, content_type: &str) -> Step<()> {
    let mut fields = reader.map()?;
    if fields.required(reader, LABEL_CONTENT_TYPE)?.text()? != content_type {
        return reader.refuse(DecodeErrorKind::WrongContentType);
    }
    fields.end_exact(reader)
}

fn decode_sign_protected(reader: &mut Reader<'_>) -> Step<(Algorithm, KeyId)> {
    let mut fields = reader.map()?;
    let algorithm = match fields.required(reader, LABEL_ALG)?.int()? {
        ALG_EDDSA => Algorithm::EdDsa,
        other => Algorithm::from_other(other),
    };
    let key_id = KeyId(fields.required(reader, LABEL_KID)?.fixed::<KEY_ID_LEN>()?);
    fields.end_exact(reader)?;
    Ok((algorithm, key_id))
}

fn expect_no_unprotected(reader: &mut Reader<'_>) -> Step<()> {
    match reader.map_len()? {
        0 => Ok(()),
        count => reader.refuse(DecodeErrorKind::UnprotectedHeader { count }),
    }
}
