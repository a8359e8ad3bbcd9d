//! Which entries approve a package, and the one that it names.

use sprag_manifest::{Digest, KeyId, Reader, Writer};

use super::chain::Chain;
use super::entry::{Action, Entry};
use super::error::AuditError;
use super::subject::Subject;
use crate::error::Error;
use crate::verify::manifest_bytes;

/// An entry by its number and the digest of its line. A package that names one vouches for the log up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryRef {
    /// Its number.
    pub seq: u64,
    /// SHA-256 of its line.
    pub digest: Digest,
}

/// What a log says of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// Numbers of the entries that approve it.
    pub entries: Vec<u64>,
    /// Their keys, each once.
    pub keys: Vec<KeyId>,
    /// The entry that the package names.
    pub named: Option<EntryRef>,
}

impl EntryRef {
    /// The entry that a package names.
    ///
    /// # Errors
    /// What is wrong with the package's head.
    pub fn of_package(package: &[u8]) -> Result<Option<Self>, Error> {
        Ok(Self::of_manifest(manifest_bytes(package)?))
    }

    /// The value of [`MANIFEST_KEY`], if it is there and has the form that [`EntryRef::add_to`] gives it.
    fn of_manifest(manifest: &[u8]) -> Option<Self> {
        let read = Reader::read_all(manifest, |reader| {
            let mut found = None;
            for _ in 0..reader.map_len()? {
                if reader.int()? != MANIFEST_KEY {
                    reader.skip()?;
                    continue;
                }
                reader.tuple(2)?;
                found = Some(Self {
                    seq: reader.uint()?,
                    digest: Digest(reader.fixed()?),
                });
            }
            Ok(found)
        });
        read.ok().flatten()
    }

    /// Adds the entry to a manifest as its last field, which devices skip: its key is negative (docs/FORMAT.md, 3.5).
    pub(crate) fn add_to(self, manifest: &mut Vec<u8>) -> Result<(), Error> {
        let mut buffer = [0; 64];
        let mut writer = Writer::new(&mut buffer);
        writer.int(MANIFEST_KEY)?;
        writer.array(2)?;
        writer.uint(self.seq)?;
        writer.byte_string(self.digest.as_bytes())?;
        // A map of less than 23 fields tells their number in its first byte, and a manifest has at most 17.
        if let Some(head) = manifest.first_mut() {
            *head = head.saturating_add(1);
        }
        manifest.extend_from_slice(writer.written());
        Ok(())
    }
}

impl Chain {
    /// Which entries approve a package. An approval counts until it is withdrawn; one key counts once.
    ///
    /// # Errors
    /// [`AuditError::NotApproved`] if fewer than `least` keys do, or the entry that the package names does not;
    /// [`AuditError::Truncated`] and [`AuditError::Fork`] if the log is not the one that the package names.
    pub fn approval(&self, package: &[u8], least: u64) -> Result<Approved, Error> {
        let manifest = manifest_bytes(package)?;
        let subject = Subject::of_manifest(manifest)?;
        let named = EntryRef::of_manifest(manifest);
        let (entries, withdrawn) = self.standing(&subject);
        let mut keys: Vec<KeyId> = Vec::new();
        for listed in self.entries() {
            if entries.contains(&listed.entry.seq) && !keys.contains(&listed.entry.key) {
                keys.push(listed.entry.key);
            }
        }
        let found = u64::try_from(keys.len()).unwrap_or(u64::MAX);
        if found < least {
            return Err(AuditError::NotApproved {
                needed: least,
                found,
                withdrawn,
            }
            .into());
        }
        if let Some(named) = named {
            let seq = self.find(named)?.entry.seq;
            if !entries.contains(&seq) {
                return Err(AuditError::NamesOther { number: seq }.into());
            }
        }
        Ok(Approved {
            entries,
            keys,
            named,
        })
    }

    /// The entries that approve a package and were not withdrawn, and the last that withdrew any before it.
    fn standing(&self, package: &Subject) -> (Vec<u64>, Option<u64>) {
        let mut entries = Vec::new();
        let mut withdrawn = None;
        for listed in self.entries() {
            let Entry {
                action,
                subject,
                seq,
                ..
            } = &listed.entry;
            match action {
                Action::Approve if subject.covers(package) => entries.push(*seq),
                Action::Revoke if subject.withdraws(package) => {
                    entries.clear();
                    withdrawn = Some(*seq);
                }
                _ => {}
            }
        }
        (entries, withdrawn)
    }

    /// The approvals that stand and that `withdrawal` would take back, for some of their hardware at least.
    ///
    /// # Errors
    /// [`AuditError::WithdrawsNothing`] if there is none.
    pub fn withdrawn_by(&self, withdrawal: &Subject) -> Result<Vec<u64>, AuditError> {
        let mut found = match withdrawal.manifest {
            Some(_) => self.standing(withdrawal).0,
            None => self.withdrawn_by_image(withdrawal),
        };
        found.sort_unstable();
        found.dedup();
        match found.is_empty() {
            true => Err(AuditError::WithdrawsNothing),
            false => Ok(found),
        }
    }

    fn withdrawn_by_image(&self, withdrawal: &Subject) -> Vec<u64> {
        let entries = self.entries().iter().map(|listed| &listed.entry);
        let approvals = entries.filter(|entry| entry.action == Action::Approve);
        let packages = approvals.clone().map(|entry| entry.subject.clone());
        // Approvals of the image hold for one revision and not for another: the one without a name stands for all that
        // no entry names.
        let named = approvals.flat_map(|entry| &entry.subject.hardware);
        let revisions = named.chain(&withdrawal.hardware).cloned();
        let of_revision = |revision| Subject {
            hardware: vec![revision],
            ..withdrawal.clone()
        };
        packages
            .filter(|subject| subject.manifest.is_some())
            .chain(revisions.chain([String::new()]).map(of_revision))
            .filter(|package| withdrawal.withdraws(package))
            .flat_map(|package| self.standing(&package).0)
            .collect()
    }
}

/// The manifest's key of the entry that approved the package.
const MANIFEST_KEY: i64 = -1;
