//! What can be wrong with keys and detached signatures.

mod words;

use core::error::Error;
use core::fmt;
use std::io;
use std::path::PathBuf;

use sprag_manifest::KeyId;

use crate::output::OutputError;

/// Number and name of every [`KeyError`]. Failures to write a key file have the numbers of
/// [`OutputError`].
pub const KEY_CODES: &[(u16, &str)] = &[
    (1200, "KEY_MISSING"),
    (1201, "KEY_UNREADABLE"),
    (1202, "KEY_NOT_A_KEY"),
    (1203, "KEY_SECRET_WHERE_PUBLIC_BELONGS"),
    (1204, "KEY_PUBLIC_WHERE_SECRET_BELONGS"),
    (1205, "KEY_BROKEN"),
    (1206, "KEY_WEAK"),
    (1207, "KEY_EXISTS"),
    (1208, "KEY_PASSWORD_WRONG"),
    (1209, "KEY_TOO_COSTLY"),
    (1210, "KEY_NO_MEMORY"),
    (1211, "KEY_NO_RANDOMNESS"),
    (1212, "KEY_PASSWORD_NEEDED"),
    (1213, "KEY_PASSWORDS_DIFFER"),
    (1214, "KEY_PASSWORD_FILE"),
    (1215, "KEY_PASSWORD_EMPTY"),
    (1216, "KEY_PASSWORD_TOO_LONG"),
    (1217, "KEY_PASSWORD_NOT_TEXT"),
    (1218, "KEY_TO_STANDARD_OUTPUT"),
    (1219, "KEY_FOREIGN"),
    (1220, "MINISIG_MALFORMED"),
    (1221, "MINISIG_OTHER_KEY"),
    (1222, "MINISIG_INVALID"),
    (1223, "MINISIG_COMMENT_REFUSED"),
    (1224, "MINISIG_DATA_UNREADABLE"),
    (1225, "KEY_EXPORT_NAME"),
    (1226, "KEY_EXPOSED"),
    (1227, "KEY_PUBLISHED"),
    (1228, "KEY_LMS_STATE"),
    (1229, "KEY_LMS_USED_UP"),
];

/// What a file was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// A minisign secret key.
    SecretKey,
    /// A minisign public key.
    PublicKey,
    /// A minisign signature.
    Signature,
    /// A secret LMS key of Sprag's.
    LmsSecretKey,
    /// A public LMS key of Sprag's.
    LmsPublicKey,
    /// A secret key in another format, such as PEM.
    OtherSecretKey,
    /// A public key in another format, such as PEM or ssh's.
    OtherPublicKey,
    /// A Sprag package.
    Package,
    /// None of these, or one of these damaged.
    Unknown,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecretKey => "a minisign secret key",
            Self::PublicKey => "a minisign public key",
            Self::Signature => "a minisign signature",
            Self::LmsSecretKey => "a secret LMS key, which signs beside an Ed25519 key",
            Self::LmsPublicKey => "a public LMS key",
            Self::OtherSecretKey => "a secret key in another format",
            Self::OtherPublicKey => "a public key in another format",
            Self::Package => "a Sprag package",
            Self::Unknown => "something else, or damaged",
        })
    }
}

/// Why a key, a password or a detached signature was refused. No variant holds a secret.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no such file.
    Missing {
        /// The path as given.
        path: PathBuf,
    },
    /// The system refused to open or to read the file.
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is not a minisign key.
    NotAKey {
        /// The path as given.
        path: PathBuf,
        /// What it is.
        found: Found,
    },
    /// A secret key was given where a public one belongs: the wrong file is being passed around.
    SecretWherePublic {
        /// The path as given.
        path: PathBuf,
        /// What it is.
        found: Found,
    },
    /// A public key was given where a secret one is needed to sign.
    PublicWhereSecret {
        /// The path as given.
        path: PathBuf,
        /// What it is.
        found: Found,
    },
    /// The checksum of an unencrypted key is wrong, or its secret and public halves disagree.
    Broken {
        /// The path as given.
        path: PathBuf,
    },
    /// A public key that is no point of the curve, not canonical, or outside the prime-order group:
    /// signatures under it would prove nothing.
    Weak {
        /// The id it bears.
        key_id: KeyId,
    },
    /// The key file exists already. Keys are never overwritten.
    Exists {
        /// The path as given.
        path: PathBuf,
    },
    /// The key file could not be written.
    Output(OutputError),
    /// The password does not open the key (or the key is damaged: the two look the same).
    WrongPassword {
        /// The path as given.
        path: PathBuf,
    },
    /// The key file asks for more work or memory than any tool writes.
    TooCostly {
        /// Operations as libsodium counts them.
        opslimit: u64,
        /// Bytes.
        memlimit: u64,
    },
    /// There is not enough memory to open the key.
    NoMemory {
        /// Bytes that are needed.
        needed: usize,
    },
    /// The system gave no randomness.
    NoRandomness,
    /// A password is needed, none was given and there is no terminal to ask on.
    NoPassword,
    /// The two entries of a new password differ.
    PasswordsDiffer,
    /// The password file cannot be read.
    PasswordFile {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A new key would be encrypted under an empty password.
    EmptyPassword,
    /// Longer than stock `minisign` can read.
    PasswordTooLong {
        /// The limit in bytes.
        max: usize,
    },
    /// The password is not UTF-8.
    PasswordNotText,
    /// A new key pair was asked for on standard output.
    ToStdout,
    /// No Ed25519 key can be read from a file of another tool.
    Foreign {
        /// The path as given.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Others than its owner can reach a secret key's file.
    Exposed {
        /// The path as given.
        path: PathBuf,
        /// The bits of its mode that let them.
        mode: u32,
    },
    /// A key whose secret half is published: devices refuse it.
    Published {
        /// The path as given.
        path: PathBuf,
    },
    /// Which leaves of an LMS key are used is not known, or not sure.
    LmsState {
        /// The state's path.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// All leaves of an LMS key are used.
    LmsUsedUp {
        /// The key's path.
        path: PathBuf,
        /// How many it had.
        leaves: u32,
    },
    /// A name that no constant can have.
    ExportName {
        /// The name as given.
        name: String,
    },
    /// The signature is not in minisign's format.
    MalformedSignature,
    /// The signature bears the id of another key.
    OtherKey {
        /// The id of the key it was checked with.
        expected: KeyId,
        /// The id it bears.
        found: KeyId,
    },
    /// The key did not make this signature over these bytes and this comment.
    InvalidSignature,
    /// A name that cannot stand in a trusted comment: empty, too long, or with control characters.
    CommentRefused,
    /// The bytes to be signed could not be read.
    Data(io::Error),
}

impl KeyError {
    /// The stable number, explained by `sprag explain`.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::Missing { .. } => 1200,
            Self::Unreadable { .. } => 1201,
            Self::NotAKey { .. } => 1202,
            Self::SecretWherePublic { .. } => 1203,
            Self::PublicWhereSecret { .. } => 1204,
            Self::Broken { .. } => 1205,
            Self::Weak { .. } => 1206,
            Self::Exists { .. } => 1207,
            Self::Output(error) => error.code(),
            Self::WrongPassword { .. } => 1208,
            Self::TooCostly { .. } => 1209,
            Self::NoMemory { .. } => 1210,
            Self::NoRandomness => 1211,
            Self::NoPassword => 1212,
            Self::PasswordsDiffer => 1213,
            Self::PasswordFile { .. } => 1214,
            Self::EmptyPassword => 1215,
            Self::PasswordTooLong { .. } => 1216,
            Self::PasswordNotText => 1217,
            Self::ToStdout => 1218,
            Self::Foreign { .. } => 1219,
            Self::MalformedSignature => 1220,
            Self::OtherKey { .. } => 1221,
            Self::InvalidSignature => 1222,
            Self::CommentRefused => 1223,
            Self::Data(_) => 1224,
            Self::ExportName { .. } => 1225,
            Self::Exposed { .. } => 1226,
            Self::Published { .. } => 1227,
            Self::LmsState { .. } => 1228,
            Self::LmsUsedUp { .. } => 1229,
        }
    }

    /// The exit code of the command: 2 usage, 3 I/O, 4 malformed, 5 signature or key refused.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoPassword
            | Self::PasswordsDiffer
            | Self::EmptyPassword
            | Self::PasswordTooLong { .. }
            | Self::PasswordNotText
            | Self::ToStdout
            | Self::ExportName { .. }
            | Self::CommentRefused => 2,
            Self::Missing { .. }
            | Self::Unreadable { .. }
            | Self::Exists { .. }
            | Self::NoMemory { .. }
            | Self::NoRandomness
            | Self::PasswordFile { .. }
            | Self::Data(_) => 3,
            Self::NotAKey { .. }
            | Self::Foreign { .. }
            | Self::Broken { .. }
            | Self::TooCostly { .. }
            | Self::MalformedSignature => 4,
            Self::SecretWherePublic { .. }
            | Self::PublicWhereSecret { .. }
            | Self::Weak { .. }
            | Self::Exposed { .. }
            | Self::Published { .. }
            | Self::LmsState { .. }
            | Self::LmsUsedUp { .. }
            | Self::WrongPassword { .. }
            | Self::OtherKey { .. }
            | Self::InvalidSignature => 5,
            Self::Output(error) => error.exit_code(),
        }
    }
}

// No `source`: the message above already holds it.
impl Error for KeyError {}

impl From<OutputError> for KeyError {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::Exists { path } => Self::Exists { path },
            other => Self::Output(other),
        }
    }
}
