//! Every way an update can be refused or fail, with both sides of the failed comparison.
//!
//! Codes are stable numbers: they travel in device reports and are never moved or used again. The hundreds
//! name the layer (see [`Error::code`]); the builder's `sprag explain CODE` prints cause and remedy.

mod codes;

use sprag_manifest::{DecodeError, Digest, Isa, KeyId};

use crate::codec::CodecError;
use crate::preconditions::Reason;
use crate::storage::{Area, FlashErrorKind};
use crate::text::Text;

pub use codes::{BINDING_CODES, CODES, lwm2m_result};

/// Why a package was refused, or an update stopped.
///
/// Values named `package` or `need` are the package's side of the comparison, `device` or `have` the
/// device's. Sizes are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not a well-formed package; codes 100 to 199 are `sprag_manifest`'s.
    Format(DecodeError),

    /// No signature names a key of the trust store.
    UnknownKey {
        /// Key of the package's first signature.
        package: KeyId,
        /// Keys in the trust store.
        trusted: u32,
    },
    /// A signature that names a trusted key does not verify (RFC 8032, strict).
    SignatureInvalid {
        /// The key it names.
        key: KeyId,
    },
    /// A trusted key is named with an algorithm this build does not verify.
    AlgorithmUnsupported {
        /// COSE algorithm number (RFC 9053).
        package: i64,
    },
    /// The signature's key is trusted, but not for releases.
    KeyRole {
        /// The key it names.
        key: KeyId,
    },
    /// A key of the trust store is not a point of full order.
    WeakKey {
        /// The key.
        key: KeyId,
    },
    /// The signature's key is one of the published example keys.
    ExampleKey {
        /// The key.
        key: KeyId,
    },
    /// The signature's key was revoked.
    KeyRevoked {
        /// The key it names.
        key: KeyId,
    },
    /// Fewer keys have signed than the role asks for.
    Threshold {
        /// Signatures by different keys that it takes.
        need: u32,
        /// Those that hold.
        have: u32,
    },
    /// The keys that signed may sign releases, but not this one.
    KeyScope {
        /// Vendor, product or hardware revision in the manifest.
        package: Text,
        /// What the keys are limited to.
        keyset: Text,
    },
    /// The device asks for an LMS signature beside the Ed25519 one, and the package has none by a key that it trusts.
    LmsMissing {
        /// LMS keys that the device trusts.
        trusted: u32,
    },
    /// An LMS signature names other parameters than its key has, or more levels than one.
    LmsType {
        /// The number of levels above the lowest, the LM-OTS type or the LMS type in the signature (RFC 8554).
        package: u32,
        /// What the key asks for in its place.
        device: u32,
    },
    /// An LMS signature is shorter or longer than those of its key.
    LmsLength {
        /// Bytes of every signature by the key.
        need: u32,
        /// Bytes of this one.
        have: u32,
    },
    /// An LMS signature is by a leaf that its key's tree does not have: the key was used up.
    LmsLeaf {
        /// The leaf.
        package: u32,
        /// The leaves of the tree.
        device: u32,
    },
    /// An LMS key has several levels, or parameters that are not supported.
    LmsKey {
        /// The key.
        key: KeyId,
    },

    /// Made for another vendor.
    Vendor {
        /// Vendor in the manifest.
        package: Text,
        /// Vendor of this device.
        device: Text,
    },
    /// Made for another product.
    Product {
        /// Product in the manifest.
        package: Text,
        /// Product of this device.
        device: Text,
    },
    /// This board's hardware revision is not listed.
    Hardware {
        /// First revision the manifest lists.
        package: Text,
        /// Revision of this board.
        device: Text,
    },
    /// Made for another instruction set.
    Isa {
        /// Instruction set in the manifest.
        package: Isa,
        /// Instruction set of this device.
        device: Isa,
    },
    /// Needs another bootloader, or the device did not say which it has.
    BootloaderId {
        /// Bootloader the manifest requires.
        package: Text,
        /// Bootloader of this device; empty if it names none.
        device: Text,
    },
    /// The bootloader's version is outside the required range.
    BootloaderVersion {
        /// Lowest accepted packed version.
        min: u64,
        /// Highest accepted packed version.
        max: u64,
        /// Packed version on this device.
        device: u64,
    },
    /// Needs another operating system, or the device did not say which it has.
    OsId {
        /// Operating system the manifest requires.
        package: Text,
        /// Operating system of this device; empty if it names none.
        device: Text,
    },
    /// The operating system's version is outside the required range.
    OsVersion {
        /// Lowest accepted packed version.
        min: u64,
        /// Highest accepted packed version.
        max: u64,
        /// Packed version on this device.
        device: u64,
    },
    /// Made for another partition layout.
    Layout {
        /// Layout in the manifest.
        package: Text,
        /// Layout of this device; empty if it names none.
        device: Text,
    },
    /// The new image is linked for another address than the slot's.
    LoadAddress {
        /// Address in the manifest.
        package: u64,
        /// Address at which this device runs its slot.
        device: u64,
    },
    /// The keyset lets no release have this sequence number.
    SequenceRange {
        /// Sequence number in the manifest.
        package: u64,
        /// Lowest accepted.
        min: u64,
        /// Highest accepted.
        max: u64,
    },
    /// The keyset lets no release have this security counter.
    SecurityCounterRange {
        /// Counter in the manifest.
        package: u64,
        /// Lowest accepted.
        min: u64,
        /// Highest accepted.
        max: u64,
    },
    /// The keyset is not valid yet, by the device's trusted clock (seconds of Unix time).
    KeysetNotYetValid {
        /// First valid second of the keyset.
        keyset: u64,
        /// Now.
        device: u64,
    },
    /// The update is of another fleet's keyset.
    KeysetName {
        /// Name in the update.
        package: Text,
        /// Name of the stored keyset.
        device: Text,
    },
    /// The update forgets that a key was revoked.
    RevocationLost {
        /// The key.
        key: KeyId,
    },
    /// The security counter would go back.
    SecurityCounter {
        /// Counter in the manifest.
        package: u64,
        /// Counter stored on this device.
        device: u64,
    },
    /// Not newer than what is installed.
    Sequence {
        /// Sequence number in the manifest.
        package: u64,
        /// Sequence number installed.
        device: u64,
    },
    /// Not valid yet, by the device's trusted clock (seconds of Unix time).
    NotYetValid {
        /// First valid second.
        package: u64,
        /// Now.
        device: u64,
    },
    /// No longer valid, by the device's trusted clock (seconds of Unix time).
    Expired {
        /// Last valid second.
        package: u64,
        /// Now.
        device: u64,
    },
    /// The device's key set is older than the package requires.
    KeysetVersion {
        /// Lowest key set version the package accepts.
        package: u32,
        /// Key set version of this device.
        device: u32,
    },
    /// Not now: the package is good, and may be tried again.
    Deferred {
        /// What has to change first.
        reason: Reason,
        /// Seconds after which another try pays.
        retry_after: u32,
    },
    /// The package carries key set updates, which this build cannot judge.
    KeysetsUnsupported {
        /// Their length.
        package: u32,
    },
    /// A keyset update is not the one that follows.
    KeysetSkipped {
        /// Its version.
        package: u32,
        /// The version before it: of the update in front, or of the stored keyset.
        device: u32,
    },
    /// There are two keysets of the stored version.
    KeysetFork {
        /// SHA-256 of the one in the package.
        package: Digest,
        /// SHA-256 of the stored one.
        device: Digest,
    },
    /// The keyset is no longer valid, by the device's trusted clock (seconds of Unix time).
    KeysetExpired {
        /// Last valid second of the keyset.
        keyset: u64,
        /// Now.
        device: u64,
    },

    /// The envelope is longer than the buffer given to [`crate::Intake`].
    EnvelopeTooLarge {
        /// Buffer length that would do.
        need: u32,
        /// Buffer length.
        have: u32,
    },
    /// The update needs more memory than the device gives to it.
    Ram {
        /// Total buffer bytes of the smallest usable payload.
        need: u32,
        /// Bytes given.
        have: u32,
    },
    /// The payload needs scratch sectors, which an update of the other slot does not have.
    Scratch {
        /// Bytes the manifest states.
        need: u32,
        /// Bytes there are.
        have: u32,
    },
    /// The new image does not fit the slot.
    SlotTooSmall {
        /// Bytes of the new image.
        need: u32,
        /// Usable bytes of the slot.
        have: u32,
    },
    /// This build has no decoder for the payload's codec.
    CodecUnsupported {
        /// Codec number in the manifest.
        package: u32,
    },
    /// The flash geometry is outside what the updater supports.
    Geometry {
        /// Where.
        area: Area,
        /// Bytes of one write.
        write_size: u32,
    },
    /// No payload of the package can be used here.
    NoPayload {
        /// Payloads in the package.
        payloads: u32,
    },
    /// The groups of a payload for a single slot, or the way the old image is moved up, are not whole sectors here.
    GroupOfSectors {
        /// Bytes of a group.
        package: u32,
        /// Bytes of a sector that does not divide one of them.
        sector: u32,
    },
    /// The area for the stored keyset has no room for two copies.
    KeysetArea {
        /// Bytes that they take.
        need: u32,
        /// Bytes of the area.
        have: u32,
    },

    /// The installed version is listed, but the image in flash is not that version's.
    SourceDigest {
        /// Digest the manifest lists for the installed version.
        package: Digest,
        /// Digest of the image in flash.
        device: Digest,
    },
    /// The image in flash is listed, but under another version than the device reports.
    SourceVersion {
        /// Version the manifest lists for that digest.
        package: Text,
        /// Version the device reports.
        device: Text,
    },
    /// The image in flash is none of the listed sources, and the package has no full payload.
    SourceNotListed {
        /// Sources in the manifest.
        sources: u32,
        /// Version the device reports; empty if it names none.
        device: Text,
    },

    /// A block is not the one the manifest was signed for; fetch it again.
    BlockHash {
        /// Its index in the payload.
        block: u32,
    },
    /// An index page is not the one the manifest was signed for; fetch it again.
    PageHash {
        /// Its index in the payload.
        page: u32,
    },
    /// Bytes were pushed that leave a gap after the last accepted one.
    StreamGap {
        /// Offset wanted, from the start of the package.
        wanted: u64,
        /// Offset pushed.
        found: u64,
    },
    /// Bytes were pushed that lie behind the end of the package.
    StreamEnd {
        /// Length of the package.
        package: u64,
        /// Offset pushed.
        found: u64,
    },
    /// A block that had been staged can no longer be read back.
    StagedBlock {
        /// Its index in the payload.
        block: u32,
        /// Absolute address in flash.
        address: u32,
    },
    /// The staging area holds too many torn attempts; the update begins anew.
    StagingExhausted {
        /// Bytes of the staging area.
        have: u32,
    },
    /// The new image in flash is not the one the manifest was signed for.
    TargetDigest {
        /// Digest in the manifest.
        package: Digest,
        /// Digest read back from flash.
        device: Digest,
    },
    /// A block came wrong each time it was fetched: what the server holds, or what sends it, is at fault.
    BlockRetries {
        /// Its index in the payload.
        block: u32,
        /// Times it came.
        tries: u32,
    },
    /// The same for an index page.
    PageRetries {
        /// Its index in the payload.
        page: u32,
        /// Times it came.
        tries: u32,
    },

    /// Neither copy of the decoder's state is whole, and the old image is partly overwritten.
    CheckpointLost {
        /// Where in the new image the decoder was to go on.
        offset: u32,
    },

    /// The payload's stream is malformed; codes 700 to 799 say how.
    Codec(CodecError),
    /// The stream ended with another number of bytes than the manifest states.
    OutputSize {
        /// Size in the manifest.
        package: u32,
        /// Bytes decoded.
        decoded: u32,
    },

    /// The flash driver reported an error.
    FlashRead {
        /// Where.
        area: Area,
        /// Absolute address.
        address: u32,
        /// What the driver said.
        kind: FlashErrorKind,
    },
    /// The flash driver reported an error.
    FlashWrite {
        /// Where.
        area: Area,
        /// Absolute address.
        address: u32,
        /// What the driver said.
        kind: FlashErrorKind,
    },
    /// The flash driver reported an error.
    FlashErase {
        /// Where.
        area: Area,
        /// Absolute address.
        address: u32,
        /// What the driver said.
        kind: FlashErrorKind,
    },
    /// Flash does not read back as it was written, even after an erase.
    FlashVerify {
        /// Where.
        area: Area,
        /// Absolute address.
        address: u32,
    },

    /// The running image is on trial: confirm it, or let it revert, before the next update.
    Unconfirmed,
    /// There is no image on trial to confirm.
    NothingToConfirm,
    /// Neither copy of the boot record is whole, though the area is not blank.
    RecordLost,
    /// A call came in a state that cannot serve it.
    WrongState,
    /// This very package was tried and reverted; [`crate::BootRecord::forgive`] lets it be tried again.
    RevertedBefore {
        /// SHA-256 of its manifest.
        manifest: Digest,
    },
    /// Neither copy of the stored keyset is whole, though the area is not blank.
    KeysetLost,
}

impl Error {
    /// The stable number of this error.
    ///
    /// 1xx format, 2xx signature, 3xx policy, 4xx resources, 5xx source image, 6xx blocks and target,
    /// 7xx decoding, 8xx flash, 9xx state.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Format(e) => e.code(),
            Self::UnknownKey { .. } => 201,
            Self::SignatureInvalid { .. } => 202,
            Self::AlgorithmUnsupported { .. } => 203,
            Self::KeyRole { .. } => 204,
            Self::WeakKey { .. } => 205,
            Self::ExampleKey { .. } => 206,
            Self::KeyRevoked { .. } => 207,
            Self::Threshold { .. } => 208,
            Self::KeyScope { .. } => 209,
            Self::LmsMissing { .. } => 210,
            Self::LmsType { .. } => 211,
            Self::LmsLength { .. } => 212,
            Self::LmsLeaf { .. } => 213,
            Self::LmsKey { .. } => 214,
            Self::Vendor { .. } => 301,
            Self::Product { .. } => 302,
            Self::Hardware { .. } => 303,
            Self::Isa { .. } => 304,
            Self::BootloaderId { .. } => 305,
            Self::BootloaderVersion { .. } => 306,
            Self::OsId { .. } => 307,
            Self::OsVersion { .. } => 308,
            Self::Layout { .. } => 309,
            Self::LoadAddress { .. } => 310,
            Self::SequenceRange { .. } => 311,
            Self::SecurityCounterRange { .. } => 312,
            Self::KeysetNotYetValid { .. } => 313,
            Self::KeysetName { .. } => 314,
            Self::RevocationLost { .. } => 315,
            Self::SecurityCounter { .. } => 320,
            Self::Sequence { .. } => 321,
            Self::NotYetValid { .. } => 322,
            Self::Expired { .. } => 323,
            Self::KeysetVersion { .. } => 324,
            Self::KeysetsUnsupported { .. } => 325,
            Self::KeysetSkipped { .. } => 326,
            Self::KeysetFork { .. } => 327,
            Self::KeysetExpired { .. } => 328,
            Self::Deferred { reason, .. } => match reason {
                Reason::Battery { .. } => 330,
                Reason::Storage { .. } => 331,
                Reason::Temperature { .. } => 332,
                Reason::Ram { .. } => 333,
                Reason::Window { .. } => 334,
                Reason::Link { .. } => 335,
            },
            Self::EnvelopeTooLarge { .. } => 401,
            Self::Ram { .. } => 402,
            Self::Scratch { .. } => 403,
            Self::SlotTooSmall { .. } => 404,
            Self::CodecUnsupported { .. } => 405,
            Self::Geometry { .. } => 406,
            Self::NoPayload { .. } => 407,
            Self::GroupOfSectors { .. } => 408,
            Self::KeysetArea { .. } => 409,
            Self::SourceDigest { .. } => 501,
            Self::SourceVersion { .. } => 502,
            Self::SourceNotListed { .. } => 503,
            Self::BlockHash { .. } => 601,
            Self::PageHash { .. } => 602,
            Self::StreamGap { .. } => 603,
            Self::StreamEnd { .. } => 604,
            Self::StagedBlock { .. } => 605,
            Self::StagingExhausted { .. } => 606,
            Self::TargetDigest { .. } => 607,
            Self::BlockRetries { .. } => 608,
            Self::PageRetries { .. } => 609,
            Self::CheckpointLost { .. } => 610,
            Self::Codec(e) => e.code(),
            Self::OutputSize { .. } => 720,
            Self::FlashRead { .. } => 801,
            Self::FlashWrite { .. } => 802,
            Self::FlashErase { .. } => 803,
            Self::FlashVerify { .. } => 804,
            Self::Unconfirmed => 901,
            Self::NothingToConfirm => 902,
            Self::RecordLost => 903,
            Self::WrongState => 904,
            Self::RevertedBefore { .. } => 905,
            Self::KeysetLost => 906,
        }
    }

    /// The update result of the LwM2M Firmware Update object (Object 5, resource 5) for this error.
    #[must_use]
    pub const fn lwm2m_result(&self) -> u8 {
        lwm2m_result(self.code())
    }
}

impl From<DecodeError> for Error {
    fn from(e: DecodeError) -> Self {
        Self::Format(e)
    }
}

impl From<CodecError> for Error {
    fn from(e: CodecError) -> Self {
        Self::Codec(e)
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "E{}", self.code())
    }
}

impl core::error::Error for Error {}
