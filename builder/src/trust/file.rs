//! The file of a trust store: all versions of its key set, oldest first, in the frames of a package's chain. The last
//! one may be a draft: a key set that nobody has signed.

use std::path::Path;

use sprag_manifest::{
    Algorithm, ChainHead, DecodeError, Document, Envelope, KEYSET_HEAD_LEN, KeyId, Keyset,
    MAX_ENVELOPE_LEN, MAX_KEYSETS, MAX_KEYSETS_LEN, SIG_PREFIX_MAX, SignatureEntry,
    eddsa_protected, sig_structure_prefix_of,
};
use sprag_verifier::{Dalek, Ed25519 as _};

use super::device::follow_update;
use super::{KeysetSpec, RoleSpec};
use crate::error::Error;
use crate::keys::{SigningKey, VerifyingKey};

/// A signature by the key of an id.
type Signature = (KeyId, [u8; 64]);

/// A version of the key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// The encoded key set.
    keyset: Vec<u8>,
    pub(super) signatures: Vec<Signature>,
}

/// Who has signed a version, of those who must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signatures {
    /// The root keys of the version before that have signed, and how many must.
    pub before: Option<(Vec<KeyId>, u32)>,
    /// The same of its own root keys.
    pub own: (Vec<KeyId>, u32),
}

impl Signatures {
    /// Whether nobody is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let enough = |(keys, threshold): &(Vec<KeyId>, u32)| {
            u32::try_from(keys.len()).is_ok_and(|count| count >= *threshold)
        };
        self.before.as_ref().is_none_or(enough) && enough(&self.own)
    }
}

/// A trust store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustFile {
    pub(super) versions: Vec<Version>,
}

impl TrustFile {
    /// A store with a first draft.
    ///
    /// # Errors
    /// Those of [`KeysetSpec::encode`].
    pub fn new(first: &KeysetSpec) -> Result<Self, Error> {
        Ok(Self {
            versions: vec![Version {
                keyset: first.encode()?,
                signatures: Vec::new(),
            }],
        })
    }

    /// Whether these look like the bytes of a trust store.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(&1_u32.to_le_bytes())
    }

    /// Takes the bytes of a store apart.
    ///
    /// # Errors
    /// [`Error::TrustFile`] naming `path`, with what is wrong.
    pub fn decode(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let failed = |reason: String| Error::TrustFile {
            path: path.into(),
            reason,
        };
        let said = |e: DecodeError| failed(e.to_string());
        let mut versions: Vec<Version> = Vec::new();
        let mut rest = bytes;
        while let Some((head, behind)) = rest.split_first_chunk::<KEYSET_HEAD_LEN>() {
            let head = ChainHead::decode(head).map_err(said)?;
            let (update, behind) = behind
                .split_at_checked(head.len.into())
                .ok_or_else(|| failed("it ends inside a version".into()))?;
            rest = behind;
            let number = u32::try_from(versions.len() + 1).unwrap_or(u32::MAX);
            let version = match Envelope::decode_as(Document::Keyset, update) {
                Ok(envelope) => Version {
                    keyset: envelope.manifest_bytes().to_vec(),
                    signatures: ed25519(&envelope),
                },
                Err(_) if Keyset::decode(update).is_ok() && rest.is_empty() => Version {
                    keyset: update.to_vec(),
                    signatures: Vec::new(),
                },
                Err(e) => return Err(said(e)),
            };
            let found = KeysetSpec::decode(&version.keyset)?.version;
            if found != number || head.version != number {
                return Err(failed(format!(
                    "version {found} stands where {number} belongs"
                )));
            }
            versions.push(version);
        }
        if versions.is_empty() || !rest.is_empty() {
            return Err(failed(
                "it is no trust store, or ends inside a version".into(),
            ));
        }
        Ok(Self { versions })
    }

    /// The bytes of the store.
    ///
    /// # Errors
    /// None for what [`TrustFile::decode`] and the edits made.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        for (number, version) in (1..).zip(&self.versions) {
            bytes.extend(version.frame(number)?);
        }
        Ok(bytes)
    }

    /// The number of the last version.
    #[must_use]
    pub fn last(&self) -> u32 {
        u32::try_from(self.versions.len()).unwrap_or(u32::MAX)
    }

    /// A version, taken apart.
    ///
    /// # Errors
    /// [`Error::TrustChange`] if there is no such version.
    pub fn spec(&self, number: u32) -> Result<KeysetSpec, Error> {
        KeysetSpec::decode(self.keyset(number)?)
    }

    /// A version, encoded and without signatures: what a firmware brings along.
    ///
    /// # Errors
    /// [`Error::TrustChange`] if there is no such version.
    pub fn keyset(&self, number: u32) -> Result<&[u8], Error> {
        self.version(number)
            .map(|version| version.keyset.as_slice())
    }

    /// Who has signed a version.
    ///
    /// # Errors
    /// [`Error::TrustChange`] if there is no such version, or a signature in a listed key's name does not hold.
    pub fn signatures(&self, number: u32) -> Result<Signatures, Error> {
        let version = self.version(number)?;
        let own = self.spec(number)?;
        let older = self.spec(number.saturating_sub(1)).ok();
        for (id, _) in &version.signatures {
            let listed: Vec<_> = [older.as_ref(), Some(&own)]
                .into_iter()
                .filter_map(|spec| spec?.key(*id))
                .collect();
            if !listed.is_empty() && !listed.iter().any(|key| version.is_signed_by(Some(key))) {
                let name = crate::keys::minisign_id(*id);
                let reason =
                    format!("the signature of key {name} under version {number} does not hold");
                return Err(Error::TrustChange { reason });
            }
        }
        let signed_by = |spec: &KeysetSpec, role: &RoleSpec| {
            let members = role.members.iter();
            let signed = members.filter(|id| version.is_signed_by(spec.key(**id)));
            (signed.copied().collect(), role.threshold)
        };
        let before = match number {
            1 => None,
            _ => {
                let before = self.spec(number - 1)?;
                Some(signed_by(&before, &before.root))
            }
        };
        Ok(Signatures {
            before,
            own: signed_by(&own, &own.root),
        })
    }

    /// Holds a version against the one before, as a device does: all have signed who must, and it may follow.
    ///
    /// # Errors
    /// [`Error::TrustChange`] for signatures that lack or do not hold; the device's refusal.
    pub fn judge(&self, number: u32) -> Result<(), Error> {
        if !self.signatures(number)?.is_complete() {
            let reason = format!("version {number} of {} lacks signatures", self.last());
            return Err(Error::TrustChange { reason });
        }
        if number > 1 {
            let update = self.version(number)?.frame(number)?;
            follow_update(self.keyset(number - 1)?, &update).map_err(Error::Device)?;
        }
        Ok(())
    }

    /// The last version that all have signed who must and that devices follow, as they do those before it; 0 if there
    /// is none.
    #[must_use]
    pub fn last_complete(&self) -> u32 {
        let complete = (1..=self.last()).take_while(|number| self.judge(*number).is_ok());
        complete.last().unwrap_or(0)
    }

    /// Whether all versions before the last one are in force: what the last one changes can be told only then.
    ///
    /// # Errors
    /// Those of [`TrustFile::judge`].
    pub fn check_base(&self) -> Result<(), Error> {
        (1..self.last()).try_for_each(|number| self.judge(number))
    }

    /// Puts `spec` in the place of the last version if not all have signed it, whose signatures are void then; else
    /// behind it.
    ///
    /// # Errors
    /// Those of [`KeysetSpec::encode`].
    pub fn change(&mut self, spec: &KeysetSpec) -> Result<(), Error> {
        let mut spec = spec.clone();
        if self.last_complete() != self.last() {
            self.versions.pop();
        }
        spec.version = self.last() + 1;
        self.versions.push(Version {
            keyset: spec.encode()?,
            signatures: Vec::new(),
        });
        Ok(())
    }

    /// Adds a signature to the last version, which the key must be a root key of, or of the one before.
    ///
    /// # Errors
    /// [`Error::TrustChange`] if it is not, or has signed; those of [`TrustFile::check_base`].
    pub fn sign(&mut self, key: &SigningKey) -> Result<(), Error> {
        self.sign_with(
            &key.verifying_key(),
            |message| Ok(key.sign_ed25519(message)),
        )
    }

    /// The same with a secret half that is elsewhere; `sign` signs the bytes that it is given.
    ///
    /// # Errors
    /// As [`TrustFile::sign`], and those of `sign`.
    pub fn sign_with(
        &mut self,
        public: &VerifyingKey,
        sign: impl FnOnce(&[u8]) -> Result<[u8; 64], Error>,
    ) -> Result<(), Error> {
        self.check_base()?;
        let number = self.last();
        // By its bytes: another key may have the same id.
        let id = public.key_id();
        let lists =
            |spec: &KeysetSpec| spec.root.members.contains(&id) && spec.key(id) == Some(public);
        let mut is_root = lists(&self.spec(number)?);
        if number > 1 {
            is_root |= lists(&self.spec(number - 1)?);
        }
        let refused = |reason: &str| {
            let reason = format!("key {} {reason}", crate::keys::minisign_id(id));
            Err(Error::TrustChange { reason })
        };
        if !is_root {
            return refused("is no root key of this version or of the one before");
        }
        let Some(version) = self.versions.last_mut() else {
            return refused("has nothing to sign");
        };
        if version.is_signed_by(Some(public)) {
            return refused("has signed this version");
        }
        let message = message(id, &version.keyset)?;
        version.signatures.push((id, sign(&message)?));
        Ok(())
    }

    /// The chain that leads devices of version `from` on, and the version that it leads to: complete versions only,
    /// the last ones that the format has room for.
    ///
    /// # Errors
    /// [`Error::TrustChange`] if no complete version is above `from`.
    pub fn chain(&self, from: u32) -> Result<(Vec<u8>, u32), Error> {
        let last = self.last_complete();
        let mut frames = Vec::new();
        let mut len = 0;
        for number in (from.max(1) + 1..=last).rev() {
            let frame = self.version(number)?.frame(number)?;
            len += frame.len();
            if len > MAX_KEYSETS_LEN || frames.len() >= usize::try_from(MAX_KEYSETS).unwrap_or(0) {
                break;
            }
            frames.push(frame);
        }
        if frames.is_empty() {
            let reason = format!("no fully signed version is above {}", from.max(1));
            return Err(Error::TrustChange { reason });
        }
        frames.reverse();
        Ok((frames.concat(), last))
    }

    fn version(&self, number: u32) -> Result<&Version, Error> {
        let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
        index
            .and_then(|index| self.versions.get(index))
            .ok_or_else(|| Error::TrustChange {
                reason: format!("there is no version {number}"),
            })
    }
}

impl Version {
    fn is_signed_by(&self, key: Option<&VerifyingKey>) -> bool {
        let Some(key) = key else {
            return false;
        };
        let Some(verifying) = Dalek::key(&key.to_bytes()) else {
            return false;
        };
        let id = key.key_id();
        message(id, &self.keyset).is_ok_and(|message| {
            let named = self.signatures.iter().filter(|(named, _)| *named == id);
            named
                .into_iter()
                .any(|(_, signature)| Dalek::verify(&verifying, &message, signature))
        })
    }

    /// The version in its frame; a draft stands there bare.
    fn frame(&self, number: u32) -> Result<Vec<u8>, Error> {
        let update = if self.signatures.is_empty() {
            self.keyset.clone()
        } else {
            let protected: Vec<_> = self
                .signatures
                .iter()
                .map(|(id, _)| eddsa_protected(*id))
                .collect();
            let entries: Vec<_> = self
                .signatures
                .iter()
                .zip(&protected)
                .map(|((id, signature), protected)| SignatureEntry {
                    algorithm: Algorithm::EdDsa,
                    key_id: *id,
                    protected,
                    signature,
                })
                .collect();
            let mut buffer = vec![0; MAX_ENVELOPE_LEN];
            let envelope = Envelope::of(Document::Keyset, &self.keyset, &entries);
            let len = envelope.encode(&mut buffer)?;
            buffer.truncate(len);
            buffer
        };
        let len = u16::try_from(update.len()).unwrap_or(u16::MAX);
        let head = ChainHead {
            version: number,
            len,
        };
        let head = head.encode();
        ChainHead::decode(&head).map_err(|e| Error::Device(e.into()))?;
        Ok([&head[..], &update].concat())
    }
}

/// The bytes that key `id` signs for this key set.
fn message(id: KeyId, keyset: &[u8]) -> Result<Vec<u8>, Error> {
    let document = Document::Keyset;
    let mut prefix = [0; SIG_PREFIX_MAX];
    let (body, protected) = (document.body_protected(), eddsa_protected(id));
    let len = sig_structure_prefix_of(document, body, &protected, keyset.len(), &mut prefix)?;
    Ok([prefix.get(..len).unwrap_or_default(), keyset].concat())
}

fn ed25519(envelope: &Envelope<'_>) -> Vec<Signature> {
    let entries = envelope.signatures();
    entries
        .filter_map(|entry| Some((entry.key_id, entry.signature.try_into().ok()?)))
        .collect()
}
