//! Everything the builder can refuse or fail at, under one roof: a stable code, the command's exit code, and
//! what to do about it.

use std::path::PathBuf;

use sprag_manifest::{EncodeError, Isa};

use crate::audit::AuditError;
use crate::container::ContainerError;
use crate::exit;
use crate::holder::HolderError;
use crate::input::InputError;
use crate::keys::KeyError;
use crate::output::OutputError;
use crate::send::{LinkError, Reported};
use crate::slots::SlotsError;

/// Why a command ended without its result.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// An input could not be read.
    Input(InputError),
    /// An input holds no image in the format it is in.
    Container {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: ContainerError,
    },
    /// An output could not be written.
    Output(OutputError),
    /// A folder of slots cannot be used.
    Slots(SlotsError),
    /// A line to a device failed.
    Link(LinkError),
    /// What a device at the other end of a line refused.
    Reported(Reported),
    /// A key or signature file was refused.
    Key(KeyError),
    /// A token or an agent did not sign.
    Holder(HolderError),
    /// An audit log was refused, or could not be written.
    Audit(AuditError),
    /// What the device code said of the package.
    Device(sprag_verifier::Error),
    /// What the device code said of a package that was just built; nothing was written.
    SelfCheck(sprag_verifier::Error),
    /// A field that a package must have was given neither as a flag nor in `release.toml`.
    MissingField {
        /// The flag, without its dashes.
        field: &'static str,
    },
    /// A flag's value is not usable.
    BadValue {
        /// The flag or field.
        field: &'static str,
        /// What was given.
        value: String,
        /// Why not.
        reason: String,
    },
    /// `release.toml` or a device profile is not one.
    Authoring {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, with the line.
        reason: String,
    },
    /// The new image equals an old one.
    SameImages {
        /// Version of the old image.
        version: String,
    },
    /// An image is empty.
    EmptyImage {
        /// Its version.
        version: String,
    },
    /// Two sources have the same bytes.
    DuplicateSource {
        /// The first's version.
        first: String,
        /// The second's.
        second: String,
    },
    /// The image is made for another instruction set than was declared.
    IsaMismatch {
        /// What was declared.
        declared: Isa,
        /// What the image's own header says.
        found: Isa,
        /// How that was seen.
        evidence: &'static str,
    },
    /// No codec fits the device.
    DoesNotFit {
        /// What does not.
        what: &'static str,
        /// Bytes needed.
        need: u64,
        /// Bytes there are.
        have: u64,
    },
    /// A payload could not be encoded.
    Codec {
        /// The codec.
        codec: &'static str,
        /// Why not.
        reason: String,
    },
    /// The manifest would break the format's rules.
    Manifest(EncodeError),
    /// A gate failed: the package is sound, but must not ship to this device.
    Gate {
        /// What failed first.
        reason: String,
    },
    /// A file is not a trust store.
    TrustFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A trust store cannot be changed or signed in this way.
    TrustChange {
        /// Why not.
        reason: String,
    },
    /// A request for a signature, or the answer to one, does not fit what it is about.
    SignRequest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The self-check applied the package and got other bytes.
    SelfCheckBytes {
        /// Version of the source it was applied to.
        source: String,
    },
}

impl Error {
    /// The stable number.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::Input(e) => e.code(),
            Self::Container { error, .. } => error.code(),
            Self::Output(e) => e.code(),
            Self::Slots(e) => e.code(),
            Self::Link(e) => e.code(),
            Self::Reported(e) => e.code,
            Self::Key(e) => e.code(),
            Self::Holder(e) => e.code(),
            Self::Audit(e) => e.code(),
            Self::Device(e) | Self::SelfCheck(e) => e.code(),
            Self::MissingField { .. } => 1001,
            Self::BadValue { .. } => 1002,
            Self::Authoring { .. } => 1003,
            Self::SameImages { .. } => 1020,
            Self::EmptyImage { .. } => 1021,
            Self::DuplicateSource { .. } => 1022,
            Self::IsaMismatch { .. } => 1023,
            Self::DoesNotFit { .. } => 1024,
            Self::Codec { .. } => 1025,
            Self::Manifest(_) => 1026,
            Self::SelfCheckBytes { .. } => 1027,
            Self::Gate { .. } => 1030,
            Self::TrustFile { .. } => 1040,
            Self::TrustChange { .. } => 1041,
            Self::SignRequest { .. } => 1042,
        }
    }

    /// The command's exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input(e) => e.exit_code(),
            Self::Container { error, .. } => error.exit_code(),
            Self::Output(e) => e.exit_code(),
            Self::Slots(e) => e.exit_code(),
            Self::Link(e) => e.exit_code(),
            Self::Reported(e) => exit::for_device(e.code),
            Self::Key(e) => e.exit_code(),
            Self::Holder(e) => e.exit_code(),
            Self::Audit(e) => e.exit_code(),
            Self::Device(e) => exit::for_device(e.code()),
            Self::SelfCheck(e) => match exit::for_device(e.code()) {
                exit::DOES_NOT_FIT => exit::DOES_NOT_FIT,
                _ => exit::BUG,
            },
            Self::SelfCheckBytes { .. } => exit::BUG,
            Self::Gate { .. } => exit::GATE,
            Self::MissingField { .. }
            | Self::BadValue { .. }
            | Self::SameImages { .. }
            | Self::EmptyImage { .. }
            | Self::TrustChange { .. }
            | Self::DuplicateSource { .. } => exit::USAGE,
            Self::SignRequest { .. } => exit::SIGNATURE,
            Self::Authoring { .. }
            | Self::TrustFile { .. }
            | Self::Codec { .. }
            | Self::Manifest(_) => exit::MALFORMED,
            Self::IsaMismatch { .. } => exit::POLICY,
            Self::DoesNotFit { .. } => exit::DOES_NOT_FIT,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Input(e) => e.help(),
            Self::Container { error, .. } => Some(error.help().into()),
            Self::Output(e) => e.help(),
            Self::Slots(e) => e.help(),
            Self::Link(e) => e.help(),
            Self::Reported(e) => Some(format!("sprag explain {} tells cause and remedy", e.code)),
            Self::Key(e) => e.help(),
            Self::Holder(e) => e.help(),
            Self::Audit(e) => e.help(),
            Self::Device(e) => Some(format!("sprag explain {} tells cause and remedy", e.code())),
            Self::SelfCheck(e) if exit::for_device(e.code()) == exit::DOES_NOT_FIT => Some(
                "nothing was written; lower --ram or --block-size, or give the device more".into(),
            ),
            Self::SelfCheck(_) | Self::SelfCheckBytes { .. } => Some(
                "nothing was written; if the device profile is right this is a bug in sprag".into(),
            ),
            Self::MissingField { field } => {
                Some(format!("pass --{field}, or set `{field}` in release.toml"))
            }
            Self::BadValue { .. } => None,
            Self::Gate { .. } => {
                Some("the report says what, and `sprag explain 1030` what to do".into())
            }
            Self::Authoring { .. } => {
                Some("docs/CLI.md lists the keys of release.toml and of device profiles".into())
            }
            Self::SameImages { .. } => {
                Some("there is nothing to update; check --old and --new".into())
            }
            Self::EmptyImage { .. } => Some("check that the build step wrote the image".into()),
            Self::DuplicateSource { .. } => Some("list each old image once".into()),
            Self::IsaMismatch { .. } => {
                Some("correct --isa, or pass --allow-isa-mismatch if you are sure".into())
            }
            Self::DoesNotFit { .. } => Some(
                "raise --ram, lower --block-size, choose another --codec, or give the device more"
                    .into(),
            ),
            Self::TrustFile { .. } => {
                Some("`sprag trust init` makes one; restore a damaged one from its backup".into())
            }
            Self::TrustChange { .. } => {
                Some("`sprag trust show` tells what the store holds, and who has signed".into())
            }
            Self::SignRequest { .. } => Some(
                "nothing was signed or written; make the request again from the package".into(),
            ),
            Self::Codec { .. } | Self::Manifest(_) => None,
        }
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Input(e) => e.fmt(f),
            Self::Container { path, error } => {
                write!(f, "{}: {error}", crate::input::shown(path))
            }
            Self::Output(e) => e.fmt(f),
            Self::Slots(e) => e.fmt(f),
            Self::Link(e) => e.fmt(f),
            Self::Reported(e) => e.fmt(f),
            Self::Key(e) => e.fmt(f),
            Self::Holder(e) => e.fmt(f),
            Self::Audit(e) => e.fmt(f),
            Self::Device(e) => crate::explain::describe(e).fmt(f),
            Self::SelfCheck(e) => {
                write!(
                    f,
                    "the device code refused the new package: {}",
                    crate::explain::describe(e)
                )
            }
            Self::MissingField { field } => write!(f, "the package needs a value for `{field}`"),
            Self::BadValue {
                field,
                value,
                reason,
            } => {
                write!(f, "`{field}` cannot be {value:?}: {reason}")
            }
            Self::Authoring { path, reason } => {
                write!(f, "{}: {}", crate::input::shown(path), reason.trim_end())
            }
            Self::SameImages { version } => {
                write!(f, "the new image equals the old image of version {version}")
            }
            Self::EmptyImage { version } => write!(f, "the image of version {version} is empty"),
            Self::DuplicateSource { first, second } => {
                write!(
                    f,
                    "the old images of versions {first} and {second} are the same"
                )
            }
            Self::IsaMismatch {
                declared,
                found,
                evidence,
            } => write!(
                f,
                "--isa says {}, but the new image is {} ({evidence})",
                declared.name(),
                found.name()
            ),
            Self::DoesNotFit { what, need, have } => {
                write!(f, "{what} needs {need} B, and the device gives {have} B")
            }
            Self::Codec { codec, reason } => write!(f, "codec {codec}: {reason}"),
            Self::Manifest(e) => write!(f, "the manifest breaks the format's rules: {e}"),
            Self::Gate { reason } => write!(f, "must not ship: {reason}"),
            Self::TrustFile { path, reason } | Self::SignRequest { path, reason } => {
                write!(f, "{}: {reason}", crate::input::shown(path))
            }
            Self::TrustChange { reason } => f.write_str(reason),
            Self::SelfCheckBytes { source } => write!(
                f,
                "the package, applied to version {source}, does not make the new image"
            ),
        }
    }
}

impl core::error::Error for Error {}

impl From<InputError> for Error {
    fn from(e: InputError) -> Self {
        Self::Input(e)
    }
}

impl From<OutputError> for Error {
    fn from(e: OutputError) -> Self {
        Self::Output(e)
    }
}

impl From<SlotsError> for Error {
    fn from(e: SlotsError) -> Self {
        Self::Slots(e)
    }
}

impl From<KeyError> for Error {
    fn from(e: KeyError) -> Self {
        Self::Key(e)
    }
}

impl From<HolderError> for Error {
    fn from(e: HolderError) -> Self {
        Self::Holder(e)
    }
}

impl From<AuditError> for Error {
    fn from(e: AuditError) -> Self {
        Self::Audit(e)
    }
}

impl From<sprag_verifier::Error> for Error {
    fn from(e: sprag_verifier::Error) -> Self {
        Self::Device(e)
    }
}

impl From<EncodeError> for Error {
    fn from(e: EncodeError) -> Self {
        Self::Manifest(e)
    }
}

/// Codes that are this module's own, with their names.
pub const BUILD_CODES: &[(u16, &str)] = &[
    (1001, "MISSING_FIELD"),
    (1002, "BAD_VALUE"),
    (1003, "AUTHORING_FILE"),
    (1020, "SAME_IMAGES"),
    (1021, "EMPTY_IMAGE"),
    (1022, "DUPLICATE_SOURCE_IMAGE"),
    (1023, "ISA_MISMATCH"),
    (1024, "DOES_NOT_FIT"),
    (1025, "CODEC_FAILED"),
    (1026, "MANIFEST_RULES"),
    (1027, "SELF_CHECK_BYTES"),
    (1030, "GATE_FAILED"),
    (1040, "TRUST_FILE"),
    (1041, "TRUST_CHANGE"),
    (1042, "SIGN_REQUEST"),
];
