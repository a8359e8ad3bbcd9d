//! The manifest map, key by key.

use super::parts::{Image, Isa, Requirement, Validity};
use super::payload::numbered;
use super::preconditions::Preconditions;
use super::{Manifest, keys};
use crate::error::{DecodeErrorKind, Limit};
use crate::header::FORMAT_VERSION;
use crate::limits::{MAX_HARDWARE, MAX_KEYSETS_LEN, MAX_PAYLOADS, MAX_SOURCES};
use crate::list::Element;
use crate::reader::{Reader, Step};

/// Fields are read in the order in which they are written here: the order of their keys.
pub(super) fn manifest<'a>(reader: &mut Reader<'a>) -> Step<Manifest<'a>> {
    let mut fields = reader.map()?;
    // First of all: nothing that follows can be relied on in another version.
    let format = fields.required(reader, keys::FORMAT)?.uint()?;
    if format != u64::from(FORMAT_VERSION) {
        return reader.refuse(DecodeErrorKind::UnsupportedFormat { found: format });
    }
    let max_keysets_len = u32::try_from(MAX_KEYSETS_LEN).unwrap_or(u32::MAX);
    let manifest = Manifest {
        sequence: fields.required(reader, keys::SEQUENCE)?.uint()?,
        security_counter: fields.required(reader, keys::SECURITY_COUNTER)?.uint()?,
        vendor: fields.required(reader, keys::VENDOR)?.name()?,
        product: fields.required(reader, keys::PRODUCT)?.name()?,
        hardware: fields
            .required(reader, keys::HARDWARE)?
            .list(Limit::Hardware, MAX_HARDWARE)?,
        isa: numbered(reader, &mut fields, keys::ISA, Isa::from_number)?,
        target: Image::decode(fields.required(reader, keys::TARGET)?)?,
        sources: fields
            .optional(reader, keys::SOURCES, |reader| {
                reader.list(Limit::Sources, MAX_SOURCES)
            })?
            .unwrap_or_default(),
        payloads: fields
            .required(reader, keys::PAYLOADS)?
            .list(Limit::Payloads, MAX_PAYLOADS)?,
        bootloader: fields.optional(reader, keys::BOOTLOADER, Requirement::decode)?,
        os: fields.optional(reader, keys::OS, Requirement::decode)?,
        layout: fields.optional(reader, keys::LAYOUT, Reader::name)?,
        validity: fields
            .optional(reader, keys::VALIDITY, Validity::decode)?
            .unwrap_or_default(),
        preconditions: fields
            .optional(reader, keys::PRECONDITIONS, Preconditions::decode)?
            .unwrap_or_default(),
        keyset_version: fields.optional(reader, keys::KEYSET_VERSION, |reader| {
            reader.uint32(Limit::Unsigned32, u32::MAX)
        })?,
        keysets_len: fields.not_default(
            reader,
            keys::KEYSETS_LEN,
            Limit::KeysetsLen,
            max_keysets_len,
        )?,
    };
    fields.end(reader)?;
    Ok(manifest)
}
