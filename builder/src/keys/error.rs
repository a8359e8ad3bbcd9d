//! What can be wrong with keys and detached signatures.

use core::error::Error;
use core::fmt;
use std::io;
use std::path::PathBuf;

use sprag_manifest::KeyId;

use super::{PASSWORD_VARIABLE, minisign_id};
use crate::input::shown;
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
            | Self::WrongPassword { .. }
            | Self::OtherKey { .. }
            | Self::InvalidSignature => 5,
            Self::Output(error) => error.exit_code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::Missing { .. } => "check the path; `sprag key generate --out FILE.key` makes one",
            Self::Unreadable { .. } => "ask its owner: secret keys are readable by one user only",
            Self::NotAKey { .. } => "name a key file made by `sprag key generate` or `minisign -G`",
            Self::SecretWherePublic { .. } => {
                "name the .pub file; if this secret key has left its machine, replace the pair"
            }
            Self::PublicWhereSecret { .. } => "name the .key file; a .pub file cannot sign",
            Self::Broken { .. } => "restore the key file from its backup",
            Self::Weak { .. } => {
                "refuse it and ask its owner for another: honest tools make no such key"
            }
            Self::Exists { .. } => "choose another name, or move the old pair away first",
            Self::Output(error) => return error.help(),
            Self::WrongPassword { .. } => {
                "try again; if the password is right, the file is damaged"
            }
            Self::TooCostly { .. } => "check where the key file comes from",
            Self::NoMemory { .. } => "free memory or raise the limit; `ulimit -v` shows it",
            Self::NoRandomness => "check the system's random number generator",
            Self::NoPassword => {
                return Some(format!(
                    "give --password-file FILE, or set {PASSWORD_VARIABLE}"
                ));
            }
            Self::PasswordsDiffer => "run the command again",
            Self::PasswordFile { .. } => "check the path and its permissions",
            Self::EmptyPassword => {
                "choose a password, or ask for an unencrypted key: --no-password"
            }
            Self::PasswordTooLong { .. } => "choose a shorter one",
            Self::PasswordNotText => "save the password as UTF-8",
            Self::ToStdout => "name a file: --out FILE.key",
            Self::Foreign { .. } => {
                "give PEM (PKCS#8 or a public key), a minisign key, or 32 bytes with --raw"
            }
            Self::Exposed { .. } => {
                "`chmod 600` it; if others may have read it unencrypted, replace the key"
            }
            Self::Published { .. } => "make a key of your own: `sprag key generate --out FILE.key`",
            Self::ExportName { .. } => "give --name with letters, digits and underscores",
            Self::MalformedSignature => "name the .minisig file that belongs to the package",
            Self::OtherKey { .. } => "verify with the key that made it, if you trust that key",
            Self::InvalidSignature => {
                "do not use the file: it is not what the owner of the key signed"
            }
            Self::CommentRefused => "rename the file",
            Self::Data(_) => "check the file that is to be signed",
        };
        Some(text.into())
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => write!(f, "{}: no such key file", shown(path)),
            Self::Unreadable { path, source } => {
                write!(f, "{}: the key cannot be read: {source}", shown(path))
            }
            Self::NotAKey { path, found } => {
                write!(f, "{}: is not a minisign key but {found}", shown(path))
            }
            Self::SecretWherePublic { path, found } => write!(
                f,
                "{}: is {found}, and a public key belongs here: never hand out a secret key",
                shown(path)
            ),
            Self::PublicWhereSecret { path, found } => {
                write!(
                    f,
                    "{}: is {found}, and a secret key is needed to sign",
                    shown(path)
                )
            }
            Self::Broken { path } => {
                write!(
                    f,
                    "{}: the key is damaged: its checksum is wrong",
                    shown(path)
                )
            }
            Self::Weak { key_id } => {
                let id = minisign_id(*key_id);
                write!(
                    f,
                    "key {id} is weak: anyone could make signatures that it accepts"
                )
            }
            Self::Exists { path } => {
                write!(
                    f,
                    "{}: exists already, and keys are never overwritten",
                    shown(path)
                )
            }
            Self::Output(error) => error.fmt(f),
            Self::WrongPassword { path } => write!(f, "{}: wrong password", shown(path)),
            Self::TooCostly { opslimit, memlimit } => write!(
                f,
                "the key file asks for {opslimit} operations and {memlimit} bytes to open it"
            ),
            Self::NoMemory { needed } => {
                write!(f, "not enough memory: opening the key takes {needed} bytes")
            }
            Self::NoRandomness => f.write_str("the system gave no randomness"),
            Self::NoPassword => {
                f.write_str("a password is needed, and there is no terminal to ask for it")
            }
            Self::PasswordsDiffer => f.write_str("the two passwords differ"),
            Self::PasswordFile { path, source } => {
                write!(
                    f,
                    "{}: the password file cannot be read: {source}",
                    shown(path)
                )
            }
            Self::EmptyPassword => f.write_str("the password is empty"),
            Self::PasswordTooLong { max } => {
                write!(
                    f,
                    "the password is longer than {max} bytes, which minisign cannot read"
                )
            }
            Self::PasswordNotText => f.write_str("the password is not UTF-8"),
            Self::ToStdout => {
                f.write_str("a key pair is two files and never goes to standard output")
            }
            Self::Foreign { path, reason } => write!(
                f,
                "{}: no Ed25519 key can be read from it: {reason}",
                shown(path)
            ),
            Self::Exposed { path, mode } => write!(
                f,
                "{}: others than its owner reach this secret key (mode bits {mode:03o})",
                shown(path)
            ),
            Self::Published { path } => write!(
                f,
                "{}: is an example key, whose secret half everybody has",
                shown(path)
            ),
            Self::ExportName { name } => {
                write!(
                    f,
                    "`{}` cannot be the name of a constant",
                    name.escape_debug()
                )
            }
            Self::MalformedSignature => f.write_str("the signature is not in minisign's format"),
            Self::OtherKey { expected, found } => {
                let (found, expected) = (minisign_id(*found), minisign_id(*expected));
                write!(
                    f,
                    "the signature was made by key {found}, not by {expected}"
                )
            }
            Self::InvalidSignature => f.write_str("the signature does not fit the file"),
            Self::CommentRefused => f.write_str("the file's name cannot stand in a signature"),
            Self::Data(source) => write!(f, "the data to sign cannot be read: {source}"),
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
