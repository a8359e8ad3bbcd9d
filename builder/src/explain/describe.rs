//! Errors of the device side in words, with both sides of the comparison.

mod deferral;
mod format;
mod words;

#[cfg(test)]
mod tests;

use sprag_manifest::Codec;
use sprag_verifier::{CodecError, Error};

use crate::keys::minisign_id;
use deferral::deferral;
pub(crate) use words::date;
use words::{area, count, driver, name, sequence, version_range};

/// An error of the device side in a sentence, with both sides of the comparison.
///
/// Names are shown with control characters escaped: on the device's side nothing has vouched for them.
#[must_use]
pub fn describe(error: &Error) -> String {
    match *error {
        Error::Format(error) => format::describe(&error),

        Error::UnknownKey { package, trusted } => format!(
            "the package is signed by key {}, which this device does not trust; it trusts {}",
            minisign_id(package),
            count(trusted, "key")
        ),
        Error::SignatureInvalid { key } => format!(
            "the signature that names key {} does not verify over this manifest",
            minisign_id(key)
        ),
        Error::AlgorithmUnsupported { package } => format!(
            "the package is signed with COSE algorithm {package}, this device verifies -8 (Ed25519)"
        ),
        Error::KeyRole { key } => format!(
            "the package is signed by key {}, which is trusted, but not for releases",
            minisign_id(key)
        ),
        Error::WeakKey { key } => format!(
            "key {} of the trust store is weak: anyone could make signatures that it accepts",
            minisign_id(key)
        ),
        Error::ExampleKey { key } => format!(
            "the package is signed by example key {}, whose secret half is published",
            minisign_id(key)
        ),

        Error::KeyRevoked { key } => format!(
            "a signature names key {}, which the key set has revoked",
            minisign_id(key)
        ),
        Error::Threshold { need, have } => format!(
            "valid signatures by {} are needed, there are {have}",
            count(need, "key")
        ),
        Error::KeyScope { package, keyset } => format!(
            "the keys that signed are limited to {}, the package is for {}",
            name(&keyset),
            name(&package)
        ),
        Error::LmsMissing { trusted } => format!(
            "the package has no LMS signature by a trusted key; the device asks for one beside Ed25519, and trusts {}",
            count(trusted, "key")
        ),
        Error::LmsType { package, device } => {
            format!("the LMS signature says type {package} where its key says {device}")
        }
        Error::LmsLength { need, have } => {
            format!("the LMS signature has {have} bytes, those of its key have {need}")
        }
        Error::LmsLeaf { package, device } => format!(
            "the LMS signature is by leaf {package}, its key's tree has {device} leaves, counted from 0"
        ),
        Error::LmsKey { key } => format!(
            "LMS key {} has several levels, or parameters that are not supported",
            minisign_id(key)
        ),

        Error::Vendor { package, device } => format!(
            "the package is made for vendor {}, this device's vendor is {}",
            name(&package),
            name(&device)
        ),
        Error::Product { package, device } => format!(
            "the package is made for product {}, this device's product is {}",
            name(&package),
            name(&device)
        ),
        Error::Hardware { package, device } => format!(
            "this device's hardware revision is {}, which the package does not list; it begins \
             with {}",
            name(&device),
            name(&package)
        ),
        Error::Isa { package, device } => format!(
            "the package is made for instruction set {}, this device's is {}",
            package.name(),
            device.name()
        ),
        Error::BootloaderId { package, device } => format!(
            "the package needs bootloader {}, this device's is {}",
            name(&package),
            name(&device)
        ),
        Error::BootloaderVersion { min, max, device } => {
            version_range("bootloader", min, max, device)
        }
        Error::OsId { package, device } => format!(
            "the package needs operating system {}, this device's is {}",
            name(&package),
            name(&device)
        ),
        Error::OsVersion { min, max, device } => {
            version_range("operating system", min, max, device)
        }
        Error::Layout { package, device } => format!(
            "the package is made for partition layout {}, this device's is {}",
            name(&package),
            name(&device)
        ),
        Error::LoadAddress { package, device } => format!(
            "the new image is linked for {package:#010x}, this device runs its slot at \
             {device:#010x}"
        ),
        Error::SequenceRange { package, min, max } => format!(
            "the package's sequence number is {}, the key set allows {} to {}",
            sequence(package),
            sequence(min),
            sequence(max)
        ),
        Error::SecurityCounterRange { package, min, max } => format!(
            "the package's security counter is {package}, the key set allows {min} to {max}"
        ),
        Error::KeysetNotYetValid { keyset, device } => format!(
            "the key set is valid from {}, this device's clock says {}",
            date(keyset),
            date(device)
        ),
        Error::KeysetName { package, device } => format!(
            "the update is of key set {}, this device has {}",
            name(&package),
            name(&device)
        ),
        Error::RevocationLost { key } => format!(
            "the update forgets that key {} was revoked",
            minisign_id(key)
        ),
        Error::SecurityCounter { package, device } => format!(
            "the package's security counter is {package}, this device has stored {device} and never \
             goes below it"
        ),
        Error::Sequence { package, device } if package == device => format!(
            "the package has the installed sequence number {}, but another image",
            sequence(package)
        ),
        Error::Sequence { package, device } => format!(
            "the package's sequence number is {}, this device has {} installed",
            sequence(package),
            sequence(device)
        ),
        Error::NotYetValid { package, device } => format!(
            "the package is valid from {}, this device's clock says {}",
            date(package),
            date(device)
        ),
        Error::Expired { package, device } => format!(
            "the package was valid until {}, this device's clock says {}",
            date(package),
            date(device)
        ),
        Error::KeysetVersion { package, device } => {
            format!("the package needs key set version {package}, this device has version {device}")
        }
        Error::Deferred {
            reason,
            retry_after,
        } => deferral(&reason, retry_after),
        Error::KeysetsUnsupported { package } => format!(
            "the package carries {package} B of key set updates, which this build cannot judge"
        ),
        Error::KeysetSkipped { package, device } => {
            format!("a key set update has version {package}, and version {device} is before it")
        }
        Error::KeysetFork { package, device } => format!(
            "the package has another key set of the stored version: SHA-256 {package}, and this device \
             has {device}"
        ),
        Error::KeysetExpired { keyset, device } => format!(
            "the key set was valid until {}, this device's clock says {}",
            date(keyset),
            date(device)
        ),

        Error::EnvelopeTooLarge { need, have } => {
            format!("the package's head needs a buffer of {need} B, this device gives {have} B")
        }
        Error::Ram { need, have } => {
            format!("the update needs {need} B of RAM, this device gives {have} B")
        }
        Error::Scratch { need, have } => {
            format!("the payload needs {need} B of scratch flash, the device has {have} B")
        }
        Error::SlotTooSmall { need, have } => {
            format!("the new image has {need} B, the slot has room for {have} B")
        }
        Error::CodecUnsupported { package } => {
            let name = Codec::from_number(package.into()).map_or("unknown", Codec::name);
            format!(
                "the payload is encoded as {name} (codec {package}), which this build cannot decode"
            )
        }
        Error::Geometry {
            area: place,
            write_size,
        } => format!(
            "{} is written in units of {write_size} B, and only powers of two up to 256 are served",
            area(place)
        ),
        Error::NoPayload { payloads } => format!(
            "the package has {}, and none that this device can use",
            count(payloads, "payload")
        ),

        Error::GroupOfSectors { package, sector } => format!(
            "the payload is made in groups of {package} B, which are not whole sectors of {sector} B"
        ),
        Error::KeysetArea { need, have } => {
            format!("two copies of the key set need {need} B of flash, their area has {have} B")
        }

        Error::SourceDigest { package, device } => format!(
            "the installed image has SHA-256 {device}, the package was made for that version with \
             SHA-256 {package}"
        ),
        Error::SourceVersion { package, device } => format!(
            "this device reports version {}, but its image is the one that the package lists as {}",
            name(&device),
            name(&package)
        ),
        Error::SourceNotListed { sources, device } => format!(
            "the installed image (version {}) is none that the package serves: it lists {}, and has no \
             full image",
            name(&device),
            count(sources, "source")
        ),

        Error::BlockHash { block } => {
            format!("block {block} does not have the hash that the manifest was signed for")
        }
        Error::PageHash { page } => {
            format!("index page {page} does not have the hash that the manifest was signed for")
        }
        Error::StreamGap { wanted, found } if found > wanted => format!(
            "the package is wanted from byte {wanted} on, and the bytes pushed begin at {found}"
        ),
        Error::StreamGap { wanted, found } => {
            format!("the package ends at byte {found}, and more is wanted from byte {wanted} on")
        }
        Error::StreamEnd { package, found } => format!(
            "the package ends at byte {package}, and there are bytes behind its end (offset \
             {found})"
        ),
        Error::StagedBlock { block, address } => format!(
            "block {block}, staged in flash at {address:#010x}, can no longer be read back as it \
             was"
        ),
        Error::StagingExhausted { have } => {
            format!("torn blocks have used up the {have} B of the staging area")
        }
        Error::TargetDigest { package, device } => format!(
            "the new image in flash has SHA-256 {device}, the manifest was signed for {package}"
        ),
        Error::BlockRetries { block, tries } => {
            format!("block {block} came wrong {tries} times")
        }
        Error::PageRetries { page, tries } => {
            format!("index page {page} came wrong {tries} times")
        }

        Error::CheckpointLost { offset } => format!(
            "the decoder was to go on at byte {offset} of the new image, and its saved state is lost"
        ),

        Error::Codec(error) => codec(&error),
        Error::OutputSize { package, decoded } => format!(
            "the payload made {decoded} B, the manifest states {package} B for the new image"
        ),

        Error::FlashRead {
            area: place,
            address,
            kind,
        } => format!(
            "flash at {address:#010x} ({}) could not be read: {}",
            area(place),
            driver(kind)
        ),
        Error::FlashWrite {
            area: place,
            address,
            kind,
        } => format!(
            "flash at {address:#010x} ({}) could not be written: {}",
            area(place),
            driver(kind)
        ),
        Error::FlashErase {
            area: place,
            address,
            kind,
        } => format!(
            "flash at {address:#010x} ({}) could not be erased: {}",
            area(place),
            driver(kind)
        ),
        Error::FlashVerify {
            area: place,
            address,
        } => format!(
            "flash at {address:#010x} ({}) does not read back as it was written",
            area(place)
        ),

        Error::Unconfirmed => {
            "the installed image is on trial: confirm it or let it revert before the next update"
                .into()
        }
        Error::NothingToConfirm => "no image is on trial, so there is nothing to confirm".into(),
        Error::RecordLost => {
            "neither copy of the boot record is whole, and its area is not blank".into()
        }
        Error::WrongState => "a call came in a state that cannot serve it".into(),
        Error::RevertedBefore { manifest } => {
            format!("the package with manifest {manifest} was tried and reverted")
        }
        Error::KeysetLost => {
            "neither copy of the stored key set is whole, and their area is not blank".into()
        }
        // The enum may grow; a test over the register of codes tells when it has.
        _ => format!("error {}", error.code()),
    }
}

fn codec(error: &CodecError) -> String {
    match *error {
        CodecError::Header { found } => format!(
            "the payload's stream has {found:#04x} in its header, which this decoder does not know"
        ),
        CodecError::WorkspaceTooSmall { need, have } => {
            format!(
                "the payload's stream needs a workspace of {need} B, the decoder was given {have} B"
            )
        }
        CodecError::SourceRange { offset, len, size } => {
            format!("the payload copies {len} B from offset {offset} of an image of {size} B")
        }
        CodecError::OutputOverrun { size } => {
            format!("the payload makes more than the {size} B of the new image")
        }
        CodecError::Truncated { made } => {
            format!("the payload ends after {made} B of the new image were made")
        }
        CodecError::Trailing => "bytes follow the end of the payload's stream".into(),
        CodecError::Malformed => {
            "the payload's stream breaks a rule of its codec, or its own checksum".into()
        }
        CodecError::SavedState => {
            "the decoder's saved state is torn, or belongs to another stream".into()
        }
        _ => format!(
            "the payload's stream was refused with code {}",
            error.code()
        ),
    }
}
