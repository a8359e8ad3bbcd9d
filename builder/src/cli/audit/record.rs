//! The flags with which other commands leave an entry.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::audit::{Action, AuditLog, Chain, Subject, now};
use crate::error::Error;
use crate::keys::{PasswordSource, SigningKey};

/// Where to leave an entry, and by whom.
#[derive(Debug, Args)]
pub(in crate::cli) struct AuditArgs {
    /// Append an entry to this log before the result is written
    #[arg(
        long,
        value_name = "FILE",
        env = "SPRAG_AUDIT",
        hide_env_values = true,
        requires = "audit_key",
        help_heading = "Audit log"
    )]
    audit: Option<PathBuf>,
    /// Secret key that signs the entry
    #[arg(
        long,
        value_name = "FILE.key",
        env = "SPRAG_AUDIT_KEY",
        hide_env_values = true,
        requires = "audit",
        help_heading = "Audit log"
    )]
    audit_key: Option<PathBuf>,
    /// File whose first line is that key's password (else SPRAG_PASSWORD, else a prompt)
    #[arg(
        long,
        value_name = "FILE",
        requires = "audit",
        help_heading = "Audit log"
    )]
    audit_password_file: Option<PathBuf>,
    /// Time of the entry, in seconds of Unix time [default: this machine's clock]
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "audit",
        help_heading = "Audit log"
    )]
    audit_time: Option<u64>,
}

/// Somebody who leaves entries in a log. Without a log, nobody does.
pub(in crate::cli) struct Recorder {
    log: Option<(PathBuf, SigningKey)>,
    time: Option<u64>,
}

impl AuditArgs {
    /// Opens the key, and looks whether the log can be appended to: before any work is done.
    pub(in crate::cli) fn open(&self) -> Result<Recorder, Error> {
        let (Some(path), Some(key)) = (&self.audit, &self.audit_key) else {
            return Ok(Recorder {
                log: None,
                time: None,
            });
        };
        let log = AuditLog::open(path)?;
        if log.chain().torn() > 0 {
            return Err(log.torn().into());
        }
        drop(log);
        let password = PasswordSource::from_option(self.audit_password_file.as_deref());
        let key = SigningKey::load(key, &password)?;
        Ok(Recorder {
            log: Some((path.clone(), key)),
            time: self.audit_time,
        })
    }

    /// Files that no output may replace.
    pub(in crate::cli) fn paths(&self) -> impl Iterator<Item = &Path> {
        let all = [&self.audit, &self.audit_key, &self.audit_password_file];
        all.into_iter().flatten().map(PathBuf::as_path)
    }

    /// The log's entries.
    pub(in crate::cli) fn chain(&self) -> Result<Chain, Error> {
        let path = self.audit.as_ref().ok_or(Error::BadValue {
            field: "approval",
            value: String::new(),
            reason: "it is the number of an entry, so it needs --audit".into(),
        })?;
        Ok(Chain::read(&AuditLog::read(path)?, None)?)
    }
}

impl Recorder {
    /// Leaves an entry, if there is a log.
    pub(in crate::cli) fn record(
        &self,
        action: Action,
        subject: impl FnOnce() -> Result<Subject, Error>,
    ) -> Result<(), Error> {
        if let Some((path, key)) = &self.log {
            let time = self.time.unwrap_or_else(now);
            AuditLog::open(path)?.append(action, subject()?, key, time)?;
        }
        Ok(())
    }
}
