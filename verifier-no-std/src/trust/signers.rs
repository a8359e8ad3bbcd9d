//! Which keys of a keyset have signed a document.

use sprag_manifest::{ALG_HSS_LMS, Algorithm, KeyId, Keyset, Members, Quorum};

use crate::authenticate::{ExampleKeys, KeyRole, Signed, TrustedKey};
use crate::error::Error;
use crate::lms::{LmsKey, Signatures};

/// Where the keys of a document's signers are listed.
#[derive(Clone, Copy)]
pub(super) enum KeysOf<'k> {
    /// In the stored keyset, encoded.
    Stored(&'k [u8]),
    /// In the document itself.
    Document,
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

/// What a signature is, by who is said to have made it.
enum Judged {
    /// To be checked with key `index`.
    Ed25519(u32, TrustedKey),
    /// The same.
    HssLms(u32, LmsKey),
    /// By nobody who counts, and why.
    Passed(Error),
}

impl Signed<'_> {
    /// Checks all signatures by keys `among` those listed. One that does not hold refuses the document, whatever the
    /// order; those by other keys are passed over. A key counts once, however often it signed.
    ///
    /// Not inlined: it is long, and there are three callers.
    #[inline(never)]
    pub(super) fn signers<V: Signatures>(
        &mut self,
        keys: KeysOf<'_>,
        among: Among,
        example_keys: ExampleKeys,
    ) -> Result<Signers, Error> {
        let mut signers = Signers {
            keys: Members::NONE,
            first: None,
            refusal: None,
        };
        let mut number = 0_usize;
        loop {
            // Used where it was made: `?` would leave a second copy on the stack.
            let counted = match &self.judge(number, keys, among) {
                Ok(None) => return Ok(signers),
                Err(e) => return Err(*e),
                Ok(Some(Judged::Ed25519(index, key))) => {
                    self.check::<V::Ed25519>(number, key, example_keys)?;
                    Ok((*index, key.id))
                }
                Ok(Some(Judged::HssLms(index, key))) => match self.check_lms::<V>(number, key) {
                    Some(holds) => holds.map(|()| Ok((*index, key.id)))?,
                    None => Err(Error::AlgorithmUnsupported {
                        package: ALG_HSS_LMS,
                    }),
                },
                Ok(Some(Judged::Passed(refusal))) => Err(*refusal),
            };
            match counted {
                Ok((index, id)) => {
                    signers.keys = signers.keys.with(index);
                    signers.first = signers.first.or(Some(id));
                }
                Err(refusal) => signers.refusal = signers.refusal.or(Some(refusal)),
            }
            number = number.saturating_add(1);
        }
    }

    /// Looks for the key that signature number `number` names; `None` behind the last. The keyset is read for each
    /// signature, so that it need not lie on the stack while one is checked.
    #[inline(never)]
    fn judge(
        &self,
        number: usize,
        keys: KeysOf<'_>,
        among: Among,
    ) -> Result<Option<Judged>, Error> {
        let envelope = self.envelope()?;
        let Some(entry) = envelope.signatures().nth(number) else {
            return Ok(None);
        };
        let keyset = Keyset::decode(match keys {
            KeysOf::Stored(bytes) => bytes,
            KeysOf::Document => envelope.manifest_bytes(),
        })?;
        let found = (0..)
            .zip(keyset.keys.iter())
            .find(|(_, key)| key.id == entry.key_id);
        let Some((index, key)) = found else {
            let revoked = keyset.revoked.iter().any(|key| key.id == entry.key_id);
            let key = entry.key_id;
            return Ok(Some(Judged::Passed(match revoked {
                true => Error::KeyRevoked { key },
                false => Error::UnknownKey {
                    package: key,
                    trusted: keyset.keys.len(),
                },
            })));
        };
        let id = key.id;
        Ok(Some(match (entry.algorithm, key.algorithm) {
            _ if !among.members(&keyset).contains(index) => {
                Judged::Passed(Error::KeyRole { key: id })
            }
            (Algorithm::EdDsa, Algorithm::EdDsa) => Judged::Ed25519(
                index,
                TrustedKey {
                    id,
                    role: KeyRole::Root,
                    key: key.public.0.try_into().map_err(|_| Error::WrongState)?,
                },
            ),
            (Algorithm::HssLms, Algorithm::HssLms) => Judged::HssLms(
                index,
                LmsKey {
                    id,
                    key: key.public.0.try_into().map_err(|_| Error::WrongState)?,
                },
            ),
            (Algorithm::Other(package), _) => {
                Judged::Passed(Error::AlgorithmUnsupported { package })
            }
            // A key of another algorithm than it is named with.
            _ => Judged::Passed(Error::SignatureInvalid { key: id }),
        }))
    }

    /// `None` where LMS is not linked.
    fn check_lms<V: Signatures>(&self, number: usize, key: &LmsKey) -> Option<Result<(), Error>> {
        let envelope = match self.envelope() {
            Ok(envelope) => envelope,
            Err(e) => return Some(Err(e)),
        };
        let entry = envelope.signatures().nth(number)?;
        V::hss_lms(key, self.document, &envelope, &entry)
    }
}
