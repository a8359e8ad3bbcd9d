//! Why a token or an agent did not sign.

use core::fmt;
use std::path::PathBuf;

use sprag_manifest::KeyId;

use crate::exit;
use crate::input::shown;
use crate::keys::{KeyError, minisign_id};

/// Number and name of every [`HolderError`].
pub const HOLDER_CODES: &[(u16, &str)] = &[
    (1180, "TOKEN_MODULE"),
    (1181, "TOKEN_NOT_FOUND"),
    (1182, "TOKEN_KEY_NOT_FOUND"),
    (1183, "TOKEN_PIN"),
    (1184, "TOKEN_REFUSED"),
    (1185, "AGENT_UNREACHABLE"),
    (1186, "AGENT_KEY_NOT_FOUND"),
    (1187, "AGENT_REFUSED"),
    (1188, "SIGNATURE_WRONG"),
];

/// Why a token or an agent did not sign. No variant holds a PIN.
#[derive(Debug)]
#[non_exhaustive]
pub enum HolderError {
    /// A PKCS #11 module cannot be loaded or started.
    Module {
        /// The path as given.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Not exactly one token has the label.
    Token {
        /// The label.
        label: String,
        /// How many have it.
        found: usize,
        /// The labels that there are.
        labels: Vec<String>,
    },
    /// Not exactly one Ed25519 key on the token has the label.
    TokenKey {
        /// The label.
        label: String,
        /// How many have it.
        found: usize,
    },
    /// The PIN is missing, or the token refused it.
    Pin {
        /// The token's label.
        token: String,
        /// Why.
        reason: String,
    },
    /// The token refused to read or to sign.
    Refused {
        /// The token's label.
        token: String,
        /// What it said.
        reason: String,
    },
    /// There is no agent, or it does not speak its protocol.
    AgentUnreachable {
        /// Why.
        reason: String,
    },
    /// The agent does not hold the key.
    AgentKey {
        /// The key.
        key: KeyId,
        /// How many keys it holds.
        held: usize,
    },
    /// The agent refused to sign.
    AgentRefused {
        /// The key.
        key: KeyId,
    },
    /// What came back is no signature by the key.
    Wrong {
        /// The key.
        key: KeyId,
    },
    /// A key that a token holds is weak, or a PIN's file cannot be read.
    Key(KeyError),
}

impl HolderError {
    /// The stable number, explained by `sprag explain`.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::Module { .. } => 1180,
            Self::Token { .. } => 1181,
            Self::TokenKey { .. } => 1182,
            Self::Pin { .. } => 1183,
            Self::Refused { .. } => 1184,
            Self::AgentUnreachable { .. } => 1185,
            Self::AgentKey { .. } => 1186,
            Self::AgentRefused { .. } => 1187,
            Self::Wrong { .. } => 1188,
            Self::Key(e) => e.code(),
        }
    }

    /// The exit code of the command.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Module { .. } | Self::AgentUnreachable { .. } => exit::IO,
            Self::Token { .. } | Self::TokenKey { .. } | Self::AgentKey { .. } => exit::USAGE,
            Self::Pin { .. }
            | Self::Refused { .. }
            | Self::AgentRefused { .. }
            | Self::Wrong { .. } => exit::SIGNATURE,
            Self::Key(e) => e.exit_code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::Module { .. } => {
                "name the module that came with the token, such as /usr/lib/softhsm/libsofthsm2.so"
            }
            Self::Token { .. } => "plug it in; labels are case-sensitive",
            Self::TokenKey { .. } => {
                "`pkcs11-tool --list-objects --login` shows the keys of a token"
            }
            Self::Pin { .. } => {
                "give --pin-file FILE or set SPRAG_PIN; too many wrong ones lock a token"
            }
            Self::Refused { .. } => "check that the token signs with Ed25519 (CKM_EDDSA)",
            Self::AgentUnreachable { .. } => {
                "start one with `eval $(ssh-agent)`; SSH_AUTH_SOCK names its socket"
            }
            Self::AgentKey { .. } => {
                "`ssh-add -L` lists the keys of the agent; add it with ssh-add"
            }
            Self::AgentRefused { .. } => {
                "confirm it at the agent, or unlock the agent: `ssh-add -X`"
            }
            Self::Wrong { .. } => {
                "nothing was signed; check that --key is the public half of that key"
            }
            Self::Key(e) => return e.help(),
        };
        Some(text.into())
    }
}

impl fmt::Display for HolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module { path, reason } => {
                write!(f, "{}: no PKCS #11 module: {reason}", shown(path))
            }
            Self::Token {
                label,
                found,
                labels,
            } => {
                let labels = labels.join(", ");
                write!(
                    f,
                    "{found} tokens are labelled {label:?}; there are: {labels}"
                )
            }
            Self::TokenKey { label, found } => {
                write!(
                    f,
                    "{found} Ed25519 keys on the token are labelled {label:?}"
                )
            }
            Self::Pin { token, reason } => write!(f, "the PIN of token {token:?}: {reason}"),
            Self::Refused { token, reason } => write!(f, "token {token:?}: {reason}"),
            Self::AgentUnreachable { reason } => write!(f, "no ssh-agent: {reason}"),
            Self::AgentKey { key, held } => {
                let key = minisign_id(*key);
                write!(
                    f,
                    "the ssh-agent holds {held} keys, and key {key} is none of them"
                )
            }
            Self::AgentRefused { key } => {
                write!(
                    f,
                    "the ssh-agent refused to sign with key {}",
                    minisign_id(*key)
                )
            }
            Self::Wrong { key } => {
                write!(
                    f,
                    "what came back is no signature by key {}",
                    minisign_id(*key)
                )
            }
            Self::Key(e) => e.fmt(f),
        }
    }
}

impl core::error::Error for HolderError {}

impl From<KeyError> for HolderError {
    fn from(e: KeyError) -> Self {
        Self::Key(e)
    }
}
