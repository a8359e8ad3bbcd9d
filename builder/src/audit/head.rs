//! Signed heads: how far a log went, kept where whoever writes the log cannot reach.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sprag_manifest::{Digest, KeyId};

use super::approval::EntryRef;
use super::chain::Chain;
use super::error::AuditError;
use super::seal::{self, Standing};
use crate::holder::Signer;
use crate::keys::VerifyingKey;

/// How far a log went: the number and digest of its last entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Always 1.
    head: u32,
    /// Number of the last entry.
    pub seq: u64,
    /// SHA-256 of its line.
    pub entry: Digest,
    /// Seconds of Unix time.
    pub time: u64,
    /// The key that signs.
    pub key: KeyId,
}

impl Head {
    /// The head of a log, signed: the text of its file.
    ///
    /// # Errors
    /// [`AuditError::Head`] naming `path` if the log is empty; [`AuditError::Signer`].
    pub fn seal(
        path: &Path,
        chain: &Chain,
        key: &dyn Signer,
        time: u64,
    ) -> Result<String, AuditError> {
        let last = chain.entries().last().ok_or_else(|| AuditError::Head {
            path: path.into(),
            reason: "the log is empty".into(),
        })?;
        let head = Self {
            head: 1,
            seq: last.entry.seq,
            entry: last.digest,
            time,
            key: key.key_id(),
        };
        let line = seal::seal(seal::HEAD, &head, key)?;
        Ok(format!("{line}\n"))
    }

    /// Reads a head that one of `keys` signed.
    ///
    /// # Errors
    /// [`AuditError::Head`] naming `path`.
    pub fn open(path: &Path, text: &str, keys: &[VerifyingKey]) -> Result<Self, AuditError> {
        let failed = |reason: &str| AuditError::Head {
            path: path.into(),
            reason: reason.into(),
        };
        let line = text
            .strip_suffix('\n')
            .filter(|line| !line.contains('\n'))
            .ok_or_else(|| failed("it is not one line"))?;
        let sealed =
            seal::open::<Self>(seal::HEAD, line.as_bytes()).map_err(|reason| failed(&reason))?;
        if sealed.value.head != 1 {
            return Err(failed("it is of another version"));
        }
        match sealed.judge(keys, sealed.value.key) {
            Standing::Good => Ok(sealed.value),
            Standing::Untrusted => Err(failed("no trusted key signed it")),
            Standing::Forged => Err(failed("its signature does not hold")),
        }
    }

    /// The entry that it vouches for; with it, all before.
    #[must_use]
    pub const fn entry_ref(&self) -> EntryRef {
        EntryRef {
            seq: self.seq,
            digest: self.entry,
        }
    }
}
