//! A log that was read: its entries, each bound to the one before.

use sprag_manifest::{Digest, KeyId};

use super::approval::EntryRef;
use super::entry::Entry;
use super::error::AuditError;
use super::seal::Standing;
use crate::digest::sha256;
use crate::keys::VerifyingKey;

/// The entries of a log, in order, without a gap.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    entries: Vec<Listed>,
    whole: usize,
    torn: usize,
}

/// An entry and the digest of its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The entry.
    pub entry: Entry,
    /// SHA-256 of its line, without its end.
    pub digest: Digest,
}

/// How much of a log somebody outside of it vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Entries that a head or a package vouches for, from the first on.
    pub proven: u64,
    /// Entries behind them: that none is missing at the end is not proven.
    pub unproven: u64,
}

impl Chain {
    /// Reads a log, and checks that its lines follow each other. Whose signatures they bear is checked only where `keys`
    /// says which count.
    ///
    /// # Errors
    /// The first line that is wrong: [`AuditError::Line`], [`AuditError::Untrusted`], [`AuditError::Signature`],
    /// [`AuditError::Sequence`], [`AuditError::Chain`]. A torn end is no error here: [`Chain::torn`].
    pub fn read(bytes: &[u8], keys: Option<&[VerifyingKey]>) -> Result<Self, AuditError> {
        let mut chain = Self::default();
        let mut prev = ZEROS;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let number = chain.len();
            // An end that is missing, or blocks that never reached the disk and read as zeros.
            let last = chain.whole.saturating_add(line.len()) == bytes.len();
            let Some(text) = line
                .strip_suffix(b"\n")
                .filter(|_| !last || !line.contains(&0))
            else {
                chain.torn = line.len();
                break;
            };
            let sealed = Entry::read(text).map_err(|reason| AuditError::Line { number, reason })?;
            let key = sealed.value.key;
            match keys.map(|keys| sealed.judge(keys, key)) {
                Some(Standing::Untrusted) => return Err(AuditError::Untrusted { number, key }),
                Some(Standing::Forged) => return Err(AuditError::Signature { number, key }),
                Some(Standing::Good) | None => {}
            }
            let entry = sealed.value;
            if entry.seq != number {
                let found = entry.seq;
                return Err(AuditError::Sequence { number, found });
            }
            if entry.prev != prev {
                let found = entry.prev;
                return Err(AuditError::Chain {
                    number,
                    expected: prev,
                    found,
                });
            }
            prev = sha256(text);
            chain.entries.push(Listed {
                entry,
                digest: prev,
            });
            chain.whole = chain.whole.saturating_add(line.len());
        }
        Ok(chain)
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Listed] {
        &self.entries
    }

    /// Number of entries, which is the next one's.
    #[must_use]
    pub fn len(&self) -> u64 {
        u64::try_from(self.entries.len()).unwrap_or(u64::MAX)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes behind the last whole line: what a power cut left of an entry.
    #[must_use]
    pub const fn torn(&self) -> usize {
        self.torn
    }

    /// Bytes of whole lines.
    #[must_use]
    pub const fn whole(&self) -> usize {
        self.whole
    }

    /// Digest of the last line; zeros before the first.
    #[must_use]
    pub fn last_digest(&self) -> Digest {
        self.entries.last().map_or(ZEROS, |last| last.digest)
    }

    /// The keys that signed entries, each once.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyId> {
        let mut keys = Vec::new();
        for listed in &self.entries {
            if !keys.contains(&listed.entry.key) {
                keys.push(listed.entry.key);
            }
        }
        keys
    }

    /// Numbers of the entries whose time is before that of the entry before: clocks err, so it is told, not refused.
    #[must_use]
    pub fn backward(&self) -> Vec<u64> {
        let pairs = self.entries.iter().zip(self.entries.iter().skip(1));
        pairs
            .filter(|(before, after)| after.entry.time < before.entry.time)
            .map(|(_, after)| after.entry.seq)
            .collect()
    }

    /// The entry that `wanted` names.
    ///
    /// # Errors
    /// [`AuditError::Truncated`] if the log ends before it, [`AuditError::Fork`] if another one is in its place.
    pub fn find(&self, wanted: EntryRef) -> Result<&Listed, AuditError> {
        let place = usize::try_from(wanted.seq).unwrap_or(usize::MAX);
        let found = self
            .entries
            .get(place)
            .ok_or_else(|| AuditError::Truncated {
                entries: self.len(),
                wanted: wanted.seq,
            })?;
        if found.digest != wanted.digest {
            return Err(AuditError::Fork {
                number: wanted.seq,
                expected: wanted.digest,
                found: found.digest,
            });
        }
        Ok(found)
    }

    /// How much of the log is proven by entries that somebody outside names.
    ///
    /// # Errors
    /// Those of [`Chain::find`].
    pub fn prove(&self, named: &[EntryRef]) -> Result<Proof, AuditError> {
        let mut proven = 0;
        for wanted in named {
            self.find(*wanted)?;
            proven = proven.max(wanted.seq.saturating_add(1));
        }
        Ok(Proof {
            proven,
            unproven: self.len().saturating_sub(proven),
        })
    }
}

const ZEROS: Digest = Digest([0; 32]);
