//! Phase one, second half: nothing of the manifest is read before a trusted key's signature over it holds.
//!
//! Needs no decoder workspace: the Ed25519 check takes about 8 KiB of stack by itself, and returns before the
//! second phase's memory need exist.

use sprag_manifest::{
    ALG_HSS_LMS, Algorithm, DecodeError, DecodeErrorKind, Digest, Document, Envelope, Header,
    KeyId, Manifest, SIG_PREFIX_MAX, sig_structure_prefix_of,
};

use crate::ed25519::Ed25519;
use crate::error::Error;
use crate::example_keys::is_example_key;
use crate::hash::sha256;
use crate::intake::HEADROOM;
use crate::lms::LmsKey;

/// What a key may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRole {
    /// Key set updates.
    Root,
    /// Release manifests.
    Release,
}

/// One key of the trust store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// The name by which signatures refer to it: the key number of its minisign file.
    pub id: KeyId,
    /// What it may sign.
    pub role: KeyRole,
    /// The Ed25519 public key (RFC 8032, section 5.1.2).
    pub key: [u8; 32],
}

/// Whether the published example keys are accepted; only tests and demonstrations do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ExampleKeys {
    /// Refuse them, whatever the trust store holds.
    #[default]
    Refuse,
    /// Treat them as any other key.
    Accept,
}

/// The keys a device trusts.
#[derive(Clone, Copy, Debug)]
pub struct TrustAnchors<'k> {
    /// The keys.
    pub keys: &'k [TrustedKey],
    /// Whether the published example keys count.
    pub example_keys: ExampleKeys,
}

/// A manifest whose signature was checked. Only [`crate::Intake::authenticate`] makes one.
#[derive(Clone, Debug)]
pub struct AuthenticManifest<'b> {
    pub(crate) header: Header,
    /// Header and envelope as received.
    pub(crate) head: &'b [u8],
    pub(crate) manifest: Manifest<'b>,
    /// SHA-256 of the manifest's bytes.
    pub(crate) digest: Digest,
    pub(crate) signer: KeyId,
}

impl<'b> AuthenticManifest<'b> {
    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest<'b> {
        &self.manifest
    }

    /// SHA-256 of the manifest's bytes: the identity of the package.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The key whose signature was accepted.
    #[must_use]
    pub const fn signer(&self) -> KeyId {
        self.signer
    }
}

/// Checks the signature over the envelope in `buf` (headroom, header, envelope) and reads the manifest. Not inlined:
/// the caller's frame shall not hold what only the manifest's reader needs.
#[inline(never)]
pub(crate) fn authenticate<'b, V: Ed25519>(
    header: Header,
    buf: &'b mut [u8],
    trust: &TrustAnchors<'_>,
) -> Result<AuthenticManifest<'b>, Error> {
    let signer = accept_one::<V>(buf, trust)?;
    read_manifest(header, buf, signer)
}

/// The same, with a signature by an LMS key besides.
#[inline(never)]
pub(crate) fn authenticate_both<'b, V: Ed25519>(
    header: Header,
    buf: &'b mut [u8],
    trust: &TrustAnchors<'_>,
    lms: &[LmsKey],
) -> Result<AuthenticManifest<'b>, Error> {
    let signer = accept_one::<V>(buf, trust)?;
    accept_lms(buf, lms)?;
    read_manifest(header, buf, signer)
}

/// Reads the manifest of the envelope in `buf`, whose signature by `signer` has been checked. Not inlined: the signature's
/// check must not have its frame below it.
#[inline(never)]
pub(crate) fn read_manifest(
    header: Header,
    buf: &mut [u8],
    signer: KeyId,
) -> Result<AuthenticManifest<'_>, Error> {
    let buf: &[u8] = buf;
    let (_, head) = buf.split_at_checked(HEADROOM).ok_or(Error::WrongState)?;
    let envelope = Envelope::decode(head.get(Header::LEN..).unwrap_or_default())?;
    let bytes = envelope.manifest_bytes();
    let manifest = Manifest::decode(bytes)?;
    check_lengths(&header, &manifest)?;
    Ok(AuthenticManifest {
        header,
        head,
        manifest,
        digest: sha256(bytes),
        signer,
    })
}

/// The header's lengths again, against the signed ones.
fn check_lengths(header: &Header, manifest: &Manifest<'_>) -> Result<(), Error> {
    let lengths = [
        (
            manifest.keysets_len.into(),
            header.keysets_len.into(),
            Header::KEYSETS_LEN_FIELD,
        ),
        (
            manifest.payloads_len().unwrap_or(u64::MAX),
            header.payloads_len,
            Header::PAYLOADS_LEN_FIELD,
        ),
    ];
    for (expected, found, field) in lengths {
        if expected != found {
            return Err(Error::Format(DecodeError {
                kind: DecodeErrorKind::LengthMismatch { expected, found },
                offset: u32::try_from(field.start).unwrap_or(u32::MAX),
            }));
        }
    }
    Ok(())
}

/// A trusted key with a valid signature. One signature by a trusted release key that does not hold refuses the
/// package, whatever the order; those by other keys, in other roles or algorithms, are passed over.
#[inline(never)]
fn accept_one<V: Ed25519>(buf: &mut [u8], trust: &TrustAnchors<'_>) -> Result<KeyId, Error> {
    let mut signed = Signed::manifest(buf);
    let mut accepted = None;
    let mut refusal = None;
    let mut number = 0_usize;
    while let Some((id, algorithm)) = signed.signer(number)? {
        let named = || trust.keys.iter().filter(|key| key.id == id);
        let release = named().find(|key| key.role == KeyRole::Release);
        let trusted = u32::try_from(trust.keys.len()).unwrap_or(u32::MAX);
        let refused = match (release, algorithm) {
            (Some(key), Algorithm::EdDsa) => {
                signed.check::<V>(number, key, trust.example_keys)?;
                accepted = accepted.or(Some(id));
                None
            }
            (Some(_), Algorithm::HssLms) => Some(Error::AlgorithmUnsupported {
                package: ALG_HSS_LMS,
            }),
            (Some(_), Algorithm::Other(package)) => Some(Error::AlgorithmUnsupported { package }),
            (None, _) if named().next().is_some() => Some(Error::KeyRole { key: id }),
            (None, _) => Some(Error::UnknownKey {
                package: id,
                trusted,
            }),
        };
        refusal = refusal.or(refused);
        number = number.saturating_add(1);
    }
    // The reader refuses an envelope without signatures, so one or the other has been noted.
    accepted.ok_or(refusal.unwrap_or(Error::WrongState))
}

/// Whether a trusted LMS key has signed. As with Ed25519, one signature by a trusted key that does not hold refuses the
/// package; those by other keys are passed over.
#[inline(never)]
fn accept_lms(buf: &mut [u8], lms: &[LmsKey]) -> Result<(), Error> {
    let envelope = Signed::manifest(buf).into_envelope()?;
    let mut signed = false;
    for entry in envelope.signatures() {
        let key = lms.iter().find(|key| key.id == entry.key_id);
        if let (Some(key), Algorithm::HssLms) = (key, entry.algorithm) {
            key.verify_entry(Document::Manifest, &envelope, &entry)?;
            signed = true;
        }
    }
    match signed {
        true => Ok(()),
        false => Err(Error::LmsMissing {
            trusted: u32::try_from(lms.len()).unwrap_or(u32::MAX),
        }),
    }
}

/// A document in its envelope, in a buffer that has room for the head of the Sig_structure in front of it.
///
/// The check of an Ed25519 signature takes most of the stack that phase one takes. So none of the functions that lead to
/// it holds what only another step needs: each step takes the envelope apart anew, and has its own frame.
pub(crate) struct Signed<'b> {
    pub(crate) buf: &'b mut [u8],
    /// Where the envelope begins; it ends with the buffer.
    pub(crate) start: usize,
    pub(crate) document: Document,
}

impl<'b> Signed<'b> {
    /// A manifest behind headroom and header.
    pub(crate) fn manifest(buf: &'b mut [u8]) -> Self {
        Self {
            buf,
            start: HEADROOM.saturating_add(Header::LEN),
            document: Document::Manifest,
        }
    }

    pub(crate) fn envelope(&self) -> Result<Envelope<'_>, Error> {
        let bytes = self.buf.get(self.start..).unwrap_or_default();
        Ok(Envelope::decode_as(self.document, bytes)?)
    }

    fn into_envelope(self) -> Result<Envelope<'b>, Error> {
        let buf: &'b [u8] = self.buf;
        let bytes = buf.get(self.start..).unwrap_or_default();
        Ok(Envelope::decode_as(self.document, bytes)?)
    }

    /// Whose signature number `number` is said to be, and by which algorithm; `None` behind the last.
    #[inline(never)]
    fn signer(&self, number: usize) -> Result<Option<(KeyId, Algorithm)>, Error> {
        let entry = self.envelope()?.signatures().nth(number);
        Ok(entry.map(|entry| (entry.key_id, entry.algorithm)))
    }

    /// Checks signature number `number`, which names `key`.
    #[inline(never)]
    pub(crate) fn check<V: Ed25519>(
        &mut self,
        number: usize,
        key: &TrustedKey,
        example_keys: ExampleKeys,
    ) -> Result<(), Error> {
        // Used where it was made: `?` would leave a second copy on the stack.
        match &mut self.candidate::<V>(number, key, example_keys) {
            Ok(candidate) => candidate.verify(self.buf),
            Err(e) => Err(*e),
        }
    }

    /// What the check needs, and what can be refused without it.
    #[inline(never)]
    fn candidate<V: Ed25519>(
        &self,
        number: usize,
        key: &TrustedKey,
        example_keys: ExampleKeys,
    ) -> Result<Candidate<V>, Error> {
        if example_keys == ExampleKeys::Refuse && is_example_key(&key.key) {
            return Err(Error::ExampleKey { key: key.id });
        }
        let invalid = Error::SignatureInvalid { key: key.id };
        let verifying = V::key(&key.key).ok_or(Error::WeakKey { key: key.id })?;
        let envelope = self.envelope()?;
        let entry = envelope.signatures().nth(number).ok_or(invalid)?;
        let mut prefix = [0; SIG_PREFIX_MAX];
        let len = envelope.manifest_bytes().len();
        let prefix_len = sig_structure_prefix_of(
            self.document,
            envelope.body_protected(),
            entry.protected,
            len,
            &mut prefix,
        )
        .map_err(|_| invalid)?;
        let offset = usize::try_from(envelope.manifest_offset()).unwrap_or(usize::MAX);
        let start = self.start.saturating_add(offset);
        Ok(Candidate {
            id: key.id,
            key: verifying,
            signature: entry.signature.try_into().map_err(|_| invalid)?,
            content: start..start.saturating_add(len),
            prefix,
            prefix_len,
        })
    }
}

/// A signature that names a trusted key, with everything that its check needs.
struct Candidate<V: Ed25519> {
    id: KeyId,
    key: V::Key,
    signature: [u8; 64],
    /// Where the signed document lies in the buffer.
    content: core::ops::Range<usize>,
    prefix: [u8; SIG_PREFIX_MAX],
    prefix_len: usize,
}

impl<V: Ed25519> Candidate<V> {
    /// Exchanges the head of the Sig_structure (RFC 9052, section 4.4) for what lies directly before the received document,
    /// so that exactly the received bytes are verified without a second copy, and changes it back.
    ///
    /// Not inlined: the stack of the signature's check is free again before the manifest is read.
    #[inline(never)]
    fn verify(&mut self, buf: &mut [u8]) -> Result<(), Error> {
        let invalid = Error::SignatureInvalid { key: self.id };
        let content = self.content.clone();
        let start = content.start.checked_sub(self.prefix_len).ok_or(invalid)?;
        self.exchange(buf.get_mut(start..content.start).ok_or(invalid)?);
        let message = buf.get(start..content.end).unwrap_or_default();
        let holds = V::verify(&self.key, message, &self.signature);
        self.exchange(buf.get_mut(start..content.start).unwrap_or_default());
        // Twice, from memory: a glitch that skips one comparison does not make a bad signature good.
        match (core::hint::black_box(holds), core::hint::black_box(&holds)) {
            (true, true) => Ok(()),
            _ => Err(invalid),
        }
    }

    fn exchange(&mut self, under: &mut [u8]) {
        for (byte, kept) in under.iter_mut().zip(&mut self.prefix) {
            core::mem::swap(byte, kept);
        }
    }
}
