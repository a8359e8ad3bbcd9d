//! Flags for secret keys that are not in files.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::Error;
use crate::holder::{HeldKey, Signer as _, TokenPlace};
use crate::keys::{PasswordSource, VerifyingKey};

/// Which token holds a key.
#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    /// PKCS #11 module of the token that holds the secret half
    #[arg(
        long,
        value_name = "MODULE",
        requires_all = ["token", "key_label"],
        help_heading = "Key in a token"
    )]
    pkcs11: Option<PathBuf>,
    /// Label of the token
    #[arg(
        long,
        value_name = "LABEL",
        requires = "pkcs11",
        help_heading = "Key in a token"
    )]
    token: Option<String>,
    /// Label of the key on it
    #[arg(
        long,
        value_name = "LABEL",
        requires = "pkcs11",
        help_heading = "Key in a token"
    )]
    key_label: Option<String>,
}

impl TokenArgs {
    pub(super) fn place(&self) -> Option<TokenPlace> {
        Some(TokenPlace {
            module: self.pkcs11.clone()?,
            token: self.token.clone()?,
            key: self.key_label.clone()?,
        })
    }
}

/// Who holds the secret half, if it is not in the file that --key names.
#[derive(Debug, Args)]
pub(super) struct HolderArgs {
    #[command(flatten)]
    token: TokenArgs,
    /// File whose first line is the token's PIN (else SPRAG_PIN, else a prompt)
    #[arg(
        long,
        value_name = "FILE",
        requires = "pkcs11",
        help_heading = "Key in a token"
    )]
    pin_file: Option<PathBuf>,
    /// The ssh-agent holds the secret half (SSH_AUTH_SOCK)
    #[arg(long, conflicts_with = "pkcs11", help_heading = "Key in an agent")]
    ssh_agent: bool,
}

impl HolderArgs {
    /// Whether the secret half is elsewhere.
    pub(super) fn is_given(&self) -> bool {
        self.ssh_agent || self.token.place().is_some()
    }

    /// `key`, whose secret half is elsewhere.
    pub(super) fn held(&self, key: VerifyingKey) -> HeldKey {
        let pin = || PasswordSource::from_option(self.pin_file.as_deref());
        HeldKey {
            key,
            token: self.token.place().map(|place| (place, pin())),
        }
    }

    /// Lets whoever holds `key` sign.
    pub(super) fn sign(&self, key: &VerifyingKey, message: &[u8]) -> Result<[u8; 64], Error> {
        Ok(self.held(key.clone()).sign(message)?)
    }

    /// Where an error of what it answered came from.
    pub(super) fn source(&self) -> &Path {
        match &self.token.pkcs11 {
            Some(module) => module,
            None => "ssh-agent".as_ref(),
        }
    }
}
