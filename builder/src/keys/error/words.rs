//! What is wrong and what to do about it, for people.

use core::fmt;

use super::KeyError;
use crate::input::shown;
use crate::keys::{PASSWORD_VARIABLE, minisign_id};

impl KeyError {
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
            Self::LmsState { .. } => {
                "an LMS key stays where it was made, with its .state file; else make a new one"
            }
            Self::LmsUsedUp { .. } => {
                "make a new key: `sprag key generate --lms H10/W8 --out FILE.key`"
            }
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
            Self::LmsState { path, reason } => write!(f, "{}: {reason}", shown(path)),
            Self::LmsUsedUp { path, leaves } => write!(
                f,
                "{}: the key has made all its {leaves} signatures",
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
