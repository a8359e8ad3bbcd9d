//! The manifest map, in the order of its keys.

use super::parts::Validity;
use super::preconditions::Preconditions;
use super::{Manifest, keys};
use crate::error::EncodeError;
use crate::header::FORMAT_VERSION;
use crate::list::Element;
use crate::writer::Writer;

pub(super) fn manifest(
    manifest: &Manifest<'_>,
    writer: &mut Writer<'_>,
) -> Result<(), EncodeError> {
    let validity = Some(manifest.validity).filter(|validity| *validity != Validity::default());
    let preconditions = Some(manifest.preconditions)
        .filter(|preconditions| *preconditions != Preconditions::default());
    let keysets_len = Some(manifest.keysets_len).filter(|len| *len != 0);
    let optional = [
        !manifest.sources.is_empty(),
        manifest.bootloader.is_some(),
        manifest.os.is_some(),
        manifest.layout.is_some(),
        validity.is_some(),
        preconditions.is_some(),
        manifest.keyset_version.is_some(),
        keysets_len.is_some(),
    ];
    // Keys 1 to 8 and 10 are always there.
    writer.map(
        optional
            .into_iter()
            .fold(9, |sum, there| sum.saturating_add(u64::from(there))),
    )?;

    key(writer, keys::FORMAT)?;
    writer.uint(u64::from(FORMAT_VERSION))?;
    key(writer, keys::SEQUENCE)?;
    writer.uint(manifest.sequence)?;
    key(writer, keys::SECURITY_COUNTER)?;
    writer.uint(manifest.security_counter)?;
    key(writer, keys::VENDOR)?;
    writer.text(manifest.vendor)?;
    key(writer, keys::PRODUCT)?;
    writer.text(manifest.product)?;
    key(writer, keys::HARDWARE)?;
    manifest.hardware.encode(writer)?;
    key(writer, keys::ISA)?;
    writer.uint(u64::from(manifest.isa.number()))?;
    key(writer, keys::TARGET)?;
    manifest.target.encode(writer)?;
    if !manifest.sources.is_empty() {
        key(writer, keys::SOURCES)?;
        manifest.sources.encode(writer)?;
    }
    key(writer, keys::PAYLOADS)?;
    manifest.payloads.encode(writer)?;
    if let Some(bootloader) = &manifest.bootloader {
        key(writer, keys::BOOTLOADER)?;
        bootloader.encode(writer)?;
    }
    if let Some(os) = &manifest.os {
        key(writer, keys::OS)?;
        os.encode(writer)?;
    }
    if let Some(layout) = manifest.layout {
        key(writer, keys::LAYOUT)?;
        writer.text(layout)?;
    }
    if let Some(validity) = validity {
        key(writer, keys::VALIDITY)?;
        validity.encode(writer)?;
    }
    if let Some(preconditions) = preconditions {
        key(writer, keys::PRECONDITIONS)?;
        preconditions.encode(writer)?;
    }
    if let Some(version) = manifest.keyset_version {
        key(writer, keys::KEYSET_VERSION)?;
        writer.uint(u64::from(version))?;
    }
    if let Some(len) = keysets_len {
        key(writer, keys::KEYSETS_LEN)?;
        writer.uint(u64::from(len))?;
    }
    Ok(())
}

fn key(writer: &mut Writer<'_>, key: u8) -> Result<(), EncodeError> {
    writer.uint(u64::from(key))
}
