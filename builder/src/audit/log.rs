//! The log's file: locked while it is read or written, synced before anybody relies on it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::chain::{Chain, Listed};
use super::entry::{Action, Entry};
use super::error::AuditError;
use super::subject::{Subject, Tail};
use crate::digest::sha256;
use crate::holder::Signer;
use crate::output::sync_folder;

/// A log that is open to be written, by this process alone.
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
    file: File,
    bytes: Vec<u8>,
    chain: Chain,
}

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repaired {
    /// The end was whole.
    Nothing,
    /// The last entry lacked nothing but the end of its line.
    LineEnd,
    /// The bytes of a torn line were moved to a file of their own.
    Kept {
        /// The file.
        path: PathBuf,
        /// How many bytes.
        bytes: u64,
    },
}

impl AuditLog {
    /// Begins a log, with an entry that says so.
    ///
    /// # Errors
    /// [`AuditError::Exists`], [`AuditError::Failed`], [`AuditError::Signer`].
    pub fn create(path: &Path, key: &dyn Signer, time: u64) -> Result<Listed, AuditError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => AuditError::Exists { path: path.into() },
                _ => AuditError::failed(path, error),
            })?;
        sync_folder(path);
        // Locked as long as this is open: nobody else writes before what failed is gone.
        let held = file.try_clone();
        let log = Self::locked(path, file)?;
        let fresh = log.bytes.is_empty();
        let begun = log.append(Action::Open, Subject::default(), key, time);
        if fresh && begun.is_err() {
            // What failed is told, and not what became of the rest of it.
            let _ = fs::remove_file(path);
        }
        drop(held);
        begun
    }

    /// Opens a log to append to it. Waits for any other process that does.
    ///
    /// # Errors
    /// [`AuditError::Failed`], and those of [`Chain::read`].
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| AuditError::failed(path, error))?;
        Self::locked(path, file)
    }

    /// Reads a log, at a moment in which nobody writes it.
    ///
    /// # Errors
    /// [`AuditError::Failed`].
    pub fn read(path: &Path) -> Result<Vec<u8>, AuditError> {
        let failed = |error| AuditError::failed(path, error);
        let mut file = File::open(path).map_err(failed)?;
        file.lock_shared().map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    fn locked(path: &Path, mut file: File) -> Result<Self, AuditError> {
        let failed = |error| AuditError::failed(path, error);
        // Released when the file is closed, however this process ends.
        file.lock().map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let chain = Chain::read(&bytes, None)?;
        Ok(Self {
            path: path.into(),
            file,
            bytes,
            chain,
        })
    }

    /// The entries that it has.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Appends an entry, which is on the disk when this returns, and gives the lock back.
    ///
    /// # Errors
    /// [`AuditError::Torn`] if the end is torn; [`AuditError::Failed`], [`AuditError::Signer`].
    pub fn append(
        mut self,
        action: Action,
        subject: Subject,
        key: &dyn Signer,
        time: u64,
    ) -> Result<Listed, AuditError> {
        if self.chain.torn() > 0 {
            return Err(self.torn());
        }
        self.write_entry(action, subject, key, time)
    }

    /// Makes the end whole again. Nothing is lost: what is torn goes to a file of its own, before it is taken from the
    /// log, and an entry says so.
    ///
    /// # Errors
    /// [`AuditError::Failed`].
    pub fn repair(mut self, key: &dyn Signer, time: u64) -> Result<Repaired, AuditError> {
        let whole = self.chain.whole();
        let torn = self.bytes.get(whole..).unwrap_or_default().to_vec();
        if torn.is_empty() {
            return Ok(Repaired::Nothing);
        }
        let ended = [self.bytes.as_slice(), b"\n"].concat();
        let follows = Chain::read(&ended, None).is_ok_and(|chain| chain.torn() == 0);
        if follows {
            self.write(ended.len().saturating_sub(1), b"\n")?;
            return Ok(Repaired::LineEnd);
        }
        let bytes = u64::try_from(torn.len()).unwrap_or(u64::MAX);
        let digest = sha256(&torn);
        let mut name = self.path.clone().into_os_string();
        // By its digest: a repair that was cut off itself keeps the same bytes under the same name again.
        name.push(format!(
            ".torn-{}",
            digest.to_string().get(..16).unwrap_or_default()
        ));
        let kept = PathBuf::from(name);
        self.keep(&kept, &torn)?;
        self.truncate(whole)?;
        let subject = Subject {
            torn: Some(Tail {
                bytes,
                sha256: digest,
            }),
            ..Subject::default()
        };
        self.write_entry(Action::Repair, subject, key, time)?;
        Ok(Repaired::Kept { path: kept, bytes })
    }

    /// That the end is torn.
    #[must_use]
    pub fn torn(&self) -> AuditError {
        AuditError::Torn {
            path: self.path.clone(),
            entries: self.chain.len(),
            bytes: self.chain.torn(),
        }
    }

    fn write_entry(
        &mut self,
        action: Action,
        subject: Subject,
        key: &dyn Signer,
        time: u64,
    ) -> Result<Listed, AuditError> {
        let entry = Entry {
            seq: self.chain.len(),
            prev: self.chain.last_digest(),
            time,
            action,
            key: key.key_id(),
            subject,
        };
        let line = entry.to_line(key)?;
        let digest = sha256(line.as_bytes());
        self.write(self.chain.whole(), format!("{line}\n").as_bytes())?;
        Ok(Listed { entry, digest })
    }

    /// Writes at the end, and waits for the disk. What a full disk took of it is taken back.
    fn write(&mut self, at: usize, bytes: &[u8]) -> Result<(), AuditError> {
        let start = u64::try_from(at).unwrap_or(u64::MAX);
        let written = self
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| self.file.write_all(bytes))
            .and_then(|()| self.file.sync_all());
        written.map_err(|error| {
            let _ = self.file.set_len(start);
            AuditError::failed(&self.path, error)
        })
    }

    fn truncate(&self, len: usize) -> Result<(), AuditError> {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        self.file
            .set_len(len)
            .and_then(|()| self.file.sync_all())
            .map_err(|error| AuditError::failed(&self.path, error))
    }

    fn keep(&self, path: &Path, bytes: &[u8]) -> Result<(), AuditError> {
        let failed = |error| AuditError::failed(path, error);
        if fs::read(path).is_ok_and(|found| found == bytes) {
            return Ok(());
        }
        let mut file = File::create(path).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        sync_folder(path);
        Ok(())
    }
}

/// Seconds of Unix time, by this machine's clock.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
