//! Which keys of a keyset have signed a document.

use core::ops::Range;

use sprag_manifest::{ALG_HSS_LMS, Algorithm, Document, Envelope, KeyId, Keyset, Members, Quorum};

use crate::authenticate::{Candidate, ExampleKeys, KeyRole, TrustedKey};
use crate::error::Error;
use crate::lms::{LmsKey, Signatures};

/// A document in its envelope, in a buffer that has room for the head of the Sig_structure in front of it.
pub(super) struct Signed<'b> {
    pub(super) buf: &'b mut [u8],
    /// Where the envelope begins; it ends with the buffer.
    pub(super) start: usize,
    pub(super) document: Document,
}

/// Which of a keyset's keys count.
#[derive(Clone, Copy)]
pub(super) enum Among {
    Root,
    /// Those that may sign some release.
    Releases,
}

impl Among {
    fn members(self, keyset: &Keyset<'_>) -> Members {
        match self {
            Self::Root => keyset.root.members,
            Self::Releases => {
                let members = keyset.releases.iter().map(|role| role.quorum.members);
                Members(members.fold(0, |all, Members(some)| all | some))
            }
        }
    }
}

/// The keys whose signatures hold.
pub(super) struct Signers {
    pub(super) keys: Members,
    /// The first of them.
    pub(super) first: Option<KeyId>,
    /// Why another signature did not count, of the first one that did not.
    refusal: Option<Error>,
}

impl Signers {
    /// # Errors
    /// If these are not enough for `quorum`: why, or how many there are.
    pub(super) fn satisfy(&self, quorum: &Quorum) -> Result<(), Error> {
        // Twice, from memory: a glitch that skips one comparison does not make a quorum.
        let met = quorum.is_met_by(self.keys);
        if core::hint::black_box(met) && core::hint::black_box(quorum).is_met_by(self.keys) {
            return Ok(());
        }
        let (need, have) = (quorum.threshold, self.keys.and(quorum.members).len());
        match self.refusal {
            Some(refusal) if have == 0 => Err(refusal),
            _ => Err(Error::Threshold { need, have }),
        }
    }
}

impl Signed<'_> {
    pub(super) fn envelope(&self) -> Result<Envelope<'_>, Error> {
        let bytes = self.buf.get(self.start..).unwrap_or_default();
        Ok(Envelope::decode_as(self.document, bytes)?)
    }

    /// Where the document lies in the buffer.
    fn content(&self) -> Result<Range<usize>, Error> {
        let envelope = self.envelope()?;
        let offset = usize::try_from(envelope.manifest_offset()).unwrap_or(usize::MAX);
        let start = self.start.saturating_add(offset);
        Ok(start..start.saturating_add(envelope.manifest_bytes().len()))
    }

    /// Checks all signatures by keys `among` those of the keyset, which is `keyset`, or the document itself. One that
    /// does not hold refuses the document, whatever the order; those by other keys are passed over. A key counts once,
    /// however often it signed.
    ///
    /// Not inlined: it is long, and there are three callers.
    #[inline(never)]
    pub(super) fn signers<V: Signatures>(
        &mut self,
        keyset: Option<&Keyset<'_>>,
        among: Among,
        example_keys: ExampleKeys,
    ) -> Result<Signers, Error> {
        let content = self.content()?;
        let mut signers = Signers {
            keys: Members::NONE,
            first: None,
            refusal: None,
        };
        let mut number = 0_usize;
        loop {
            let envelope = self.envelope()?;
            let Some(entry) = envelope.signatures().nth(number) else {
                return Ok(signers);
            };
            number = number.saturating_add(1);
            let own;
            let keyset = match keyset {
                Some(keyset) => keyset,
                None => {
                    own = Keyset::decode(envelope.manifest_bytes())?;
                    &own
                }
            };
            let found = (0..)
                .zip(keyset.keys.iter())
                .find(|(_, key)| key.id == entry.key_id);
            let is_among = |index| among.members(keyset).contains(index);
            let refusal = match (found, entry.algorithm) {
                (Some((index, key)), Algorithm::EdDsa)
                    if key.algorithm == Algorithm::EdDsa && is_among(index) =>
                {
                    let trusted = TrustedKey {
                        id: key.id,
                        role: KeyRole::Root,
                        key: key.public.0.try_into().map_err(|_| Error::WrongState)?,
                    };
                    let signed = (self.document, &envelope, &entry);
                    let candidate = Candidate::<V::Ed25519>::new(&trusted, signed, example_keys)?;
                    candidate.verify(self.buf, content.clone())?;
                    signers.keys = signers.keys.with(index);
                    signers.first = signers.first.or(Some(trusted.id));
                    continue;
                }
                (Some((index, key)), Algorithm::HssLms)
                    if key.algorithm == Algorithm::HssLms && is_among(index) =>
                {
                    let trusted = LmsKey {
                        id: key.id,
                        key: key.public.0.try_into().map_err(|_| Error::WrongState)?,
                    };
                    match V::hss_lms(&trusted, self.document, &envelope, &entry) {
                        Some(holds) => {
                            holds?;
                            signers.keys = signers.keys.with(index);
                            signers.first = signers.first.or(Some(trusted.id));
                            continue;
                        }
                        None => Error::AlgorithmUnsupported {
                            package: ALG_HSS_LMS,
                        },
                    }
                }
                (Some((index, key)), _) if !is_among(index) => Error::KeyRole { key: key.id },
                (Some(_), Algorithm::Other(package)) => Error::AlgorithmUnsupported { package },
                // A key of another algorithm than it is named with.
                (Some((_, key)), Algorithm::EdDsa | Algorithm::HssLms) => {
                    Error::SignatureInvalid { key: key.id }
                }
                (None, _) if keyset.revoked.iter().any(|key| key.id == entry.key_id) => {
                    Error::KeyRevoked { key: entry.key_id }
                }
                (None, _) => Error::UnknownKey {
                    package: entry.key_id,
                    trusted: keyset.keys.len(),
                },
            };
            signers.refusal = signers.refusal.or(Some(refusal));
        }
    }
}
