//! A key set as its makers edit it.

use sprag_manifest::{
    Algorithm, CounterRange, EncodeError, Key, KeyId, Keyset, List, MAX_KEYSET_LEN, Members,
    PublicKey, Quorum, ReleaseRole, Scope, Validity,
};

use crate::error::Error;
use crate::keys::{VerifyingKey, minisign_id};

/// So many of these keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleSpec {
    /// Signatures by different keys that it takes.
    pub threshold: u32,
    /// The keys.
    pub members: Vec<KeyId>,
}

/// Who may sign releases, and which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseRoleSpec {
    /// Who.
    pub role: RoleSpec,
    /// Releases of this vendor alone.
    pub vendor: Option<String>,
    /// Releases for this product alone.
    pub product: Option<String>,
    /// Releases for none but these hardware revisions; empty for any.
    pub hardware: Vec<String>,
}

/// A key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysetSpec {
    /// Its version.
    pub version: u32,
    /// Whose it is.
    pub name: String,
    /// Its keys.
    pub keys: Vec<VerifyingKey>,
    /// Who signs key sets.
    pub root: RoleSpec,
    /// Who signs releases. The first role covers everything.
    pub releases: Vec<ReleaseRoleSpec>,
    /// When it may be used.
    pub validity: Validity,
    /// Sequence numbers that releases may have.
    pub sequences: CounterRange,
    /// Security counters that releases may have.
    pub security_counters: CounterRange,
    /// Keys that never come back.
    pub revoked: Vec<VerifyingKey>,
}

impl ReleaseRoleSpec {
    /// Whether it covers every release.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.vendor.is_none() && self.product.is_none() && self.hardware.is_empty()
    }
}

impl KeysetSpec {
    /// The first version of a key set, without keys.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            version: 1,
            name: name.into(),
            keys: Vec::new(),
            root: RoleSpec::default(),
            releases: vec![ReleaseRoleSpec::default()],
            validity: Validity::default(),
            sequences: CounterRange::ANY,
            security_counters: CounterRange::ANY,
            revoked: Vec::new(),
        }
    }

    /// Takes an encoded key set apart.
    ///
    /// # Errors
    /// What the format's reader refuses, and keys that this version of Sprag does not know or that are weak.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let keyset = Keyset::decode(bytes).map_err(sprag_verifier::Error::from)?;
        let all: Vec<Key<'_>> = keyset.keys.iter().collect();
        let keys = |list: List<'_, Key<'_>>| -> Result<Vec<VerifyingKey>, Error> {
            list.iter().map(|key| known(&key)).collect()
        };
        let role = |quorum: Quorum| RoleSpec {
            threshold: quorum.threshold,
            members: (0..)
                .zip(&all)
                .filter(|(index, _)| quorum.members.contains(*index))
                .map(|(_, key)| key.id)
                .collect(),
        };
        Ok(Self {
            version: keyset.version,
            name: keyset.name.into(),
            keys: keys(keyset.keys)?,
            root: role(keyset.root),
            releases: keyset
                .releases
                .iter()
                .map(|release| ReleaseRoleSpec {
                    role: role(release.quorum),
                    vendor: release.scope.vendor.map(Into::into),
                    product: release.scope.product.map(Into::into),
                    hardware: release.scope.hardware.iter().map(Into::into).collect(),
                })
                .collect(),
            validity: keyset.validity,
            sequences: keyset.sequences,
            security_counters: keyset.security_counters,
            revoked: keys(keyset.revoked)?,
        })
    }

    /// The encoding, which the format's reader has accepted.
    ///
    /// # Errors
    /// [`Error::Manifest`] with the rule that it breaks.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let publics: Vec<[u8; 32]> = self.keys.iter().map(VerifyingKey::to_bytes).collect();
        let keys: Vec<Key<'_>> = self
            .keys
            .iter()
            .zip(&publics)
            .map(|(key, public)| entry(key.key_id(), public))
            .collect();
        let mut revoked: Vec<(KeyId, [u8; 32])> = self
            .revoked
            .iter()
            .map(|key| (key.key_id(), key.to_bytes()))
            .collect();
        revoked.sort_by_key(|(_, public)| *public);
        revoked.dedup_by_key(|(_, public)| *public);
        let revoked: Vec<Key<'_>> = revoked
            .iter()
            .map(|(id, public)| entry(*id, public))
            .collect();
        let hardware: Vec<Vec<&str>> = self
            .releases
            .iter()
            .map(|release| release.hardware.iter().map(String::as_str).collect())
            .collect();
        let releases: Vec<ReleaseRole<'_>> = self
            .releases
            .iter()
            .zip(&hardware)
            .map(|(release, hardware)| ReleaseRole {
                quorum: self.quorum(&release.role),
                scope: Scope {
                    vendor: release.vendor.as_deref(),
                    product: release.product.as_deref(),
                    hardware: List::from_slice(hardware),
                },
            })
            .collect();
        let keyset = Keyset {
            version: self.version,
            name: &self.name,
            keys: List::from_slice(&keys),
            root: self.quorum(&self.root),
            releases: List::from_slice(&releases),
            validity: self.validity,
            sequences: self.sequences,
            security_counters: self.security_counters,
            revoked: List::from_slice(&revoked),
        };
        let mut buffer = vec![0; 2 * MAX_KEYSET_LEN];
        let len = keyset.encode(&mut buffer).map_err(|e| match e {
            EncodeError::Refused(e) => Error::Device(e.into()),
            other => Error::Manifest(other),
        })?;
        buffer.truncate(len);
        Ok(buffer)
    }

    /// The key of this id.
    #[must_use]
    pub fn key(&self, id: KeyId) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| key.key_id() == id)
    }

    /// The roles in which this key signs, in words.
    #[must_use]
    pub fn roles_of(&self, id: KeyId) -> Vec<String> {
        let root = self.root.members.contains(&id).then(|| "root".to_owned());
        let releases = self
            .releases
            .iter()
            .filter(|release| release.role.members.contains(&id))
            .map(super::summary::role_name);
        root.into_iter().chain(releases).collect()
    }

    /// Lists `key`, if it is not listed.
    ///
    /// # Errors
    /// [`Error::TrustChange`] if it is revoked, or another key has its id.
    pub fn list(&mut self, key: &VerifyingKey) -> Result<KeyId, Error> {
        let id = key.key_id();
        let same = |other: &&VerifyingKey| other.to_bytes() == key.to_bytes();
        if self.revoked.iter().any(|other| same(&other)) {
            let reason = format!("key {} is revoked, and never comes back", minisign_id(id));
            return Err(Error::TrustChange { reason });
        }
        match self
            .keys
            .iter()
            .find(|other| same(other) || other.key_id() == id)
        {
            None => self.keys.push(key.clone()),
            Some(other) if other == key => {}
            Some(other) => {
                let reason = format!(
                    "keys {} and {} have the same bytes or the same id",
                    minisign_id(other.key_id()),
                    minisign_id(id)
                );
                return Err(Error::TrustChange { reason });
            }
        }
        Ok(id)
    }

    /// Takes a key out of every role. Delegates without keys go with it.
    ///
    /// # Errors
    /// [`Error::TrustChange`] if it is not listed.
    pub fn remove(&mut self, id: KeyId) -> Result<VerifyingKey, Error> {
        let Some(place) = self.keys.iter().position(|key| key.key_id() == id) else {
            let reason = format!("key {} is not in the key set", minisign_id(id));
            return Err(Error::TrustChange { reason });
        };
        let key = self.keys.remove(place);
        self.root.members.retain(|member| *member != id);
        for release in &mut self.releases {
            release.role.members.retain(|member| *member != id);
        }
        let has_keys = |release: &ReleaseRoleSpec| !release.role.members.is_empty();
        self.releases
            .retain(|release| release.is_unlimited() || has_keys(release));
        Ok(key)
    }

    fn quorum(&self, role: &RoleSpec) -> Quorum {
        let listed = (0..).zip(&self.keys);
        let members = listed
            .filter(|(_, key)| role.members.contains(&key.key_id()))
            .fold(Members::NONE, |all, (index, _)| all.with(index));
        Quorum {
            threshold: role.threshold,
            members,
        }
    }
}

const fn entry(id: KeyId, public: &[u8; 32]) -> Key<'_> {
    Key {
        id,
        algorithm: Algorithm::EdDsa,
        public: PublicKey(public),
    }
}

fn known(key: &Key<'_>) -> Result<VerifyingKey, Error> {
    match (key.algorithm, key.public.0.try_into()) {
        (Algorithm::EdDsa, Ok(bytes)) => Ok(VerifyingKey::from_bytes(key.id, bytes)?),
        (Algorithm::HssLms, _) => {
            let package = sprag_manifest::ALG_HSS_LMS;
            Err(sprag_verifier::Error::AlgorithmUnsupported { package }.into())
        }
        (Algorithm::Other(package), _) => {
            Err(sprag_verifier::Error::AlgorithmUnsupported { package }.into())
        }
        // The reader has checked the length.
        (Algorithm::EdDsa, Err(_)) => Err(crate::keys::KeyError::Weak { key_id: key.id }.into()),
    }
}
