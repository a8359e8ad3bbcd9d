//! ELF programs for bare metal: what the loader would write to flash (System V gABI, chapter 5).

use std::borrow::Cow;

use object::elf::{FileHeader32, FileHeader64, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

use super::{ContainerError, Piece};

pub(super) fn pieces(file: &[u8]) -> Result<Vec<Piece<'_>>, ContainerError> {
    match FileKind::parse(file) {
        Ok(FileKind::Elf32) => loaded::<FileHeader32<Endianness>>(file),
        Ok(FileKind::Elf64) => loaded::<FileHeader64<Endianness>>(file),
        _ => Err(ContainerError::NotInFormat {
            format: "ELF",
            reason: "it does not begin with an ELF header".into(),
        }),
    }
}

/// The bytes of the segments that are loaded, at their physical addresses: where flash is, even of what code copies
/// to RAM before it uses it.
fn loaded<H: FileHeader<Endian = Endianness>>(
    file: &[u8],
) -> Result<Vec<Piece<'_>>, ContainerError> {
    let damaged = |e: object::Error| ContainerError::NotInFormat {
        format: "ELF",
        reason: e.to_string(),
    };
    let header = H::parse(file).map_err(damaged)?;
    let endian = header.endian().map_err(damaged)?;
    let mut pieces = Vec::new();
    for (number, segment) in (0_u32..).zip(header.program_headers(endian, file).map_err(damaged)?) {
        if segment.p_type(endian) != PT_LOAD {
            continue;
        }
        let bytes = segment
            .data(endian, file)
            .map_err(|()| ContainerError::BadRecord {
                unit: "segment",
                number,
                reason: "it lies outside the file".into(),
            })?;
        pieces.push(Piece {
            start: segment.p_paddr(endian).into(),
            bytes: Cow::Borrowed(bytes),
        });
    }
    Ok(pieces)
}
