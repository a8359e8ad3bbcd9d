//! USB Flashing Format (Microsoft, UF2 specification).

use std::borrow::Cow;

use super::{ContainerError, Piece};

/// Bytes of a block, and of its data at most.
const BLOCK_LEN: usize = 512;
const DATA_OFFSET: usize = 32;
const DATA_MAX: usize = 476;

/// The three magic numbers of a block.
const MAGIC: [u32; 2] = [0x0a32_4655, 0x9e5d_5157];
const MAGIC_END: u32 = 0x0ab1_6f30;

/// Flags: not for the main flash; a part of a file; the family is told.
const NOT_MAIN_FLASH: u32 = 0x1;
const FILE_CONTAINER: u32 = 0x1000;
const FAMILY: u32 = 0x2000;

/// The family of blocks for any chip, which RP2350 files begin with beside the image's own.
const ABSOLUTE: u32 = 0xe48b_ff57;

pub(super) fn begins(file: &[u8]) -> bool {
    word(file, 0) == Some(MAGIC[0])
        && word(file, 4) == Some(MAGIC[1])
        && word(file, BLOCK_LEN - 4) == Some(MAGIC_END)
}

pub(super) fn pieces(file: &[u8]) -> Result<Vec<Piece<'_>>, ContainerError> {
    if !begins(file) {
        return Err(ContainerError::NotInFormat {
            format: "UF2",
            reason: "it does not begin with a block".into(),
        });
    }
    let (blocks, rest) = file.as_chunks::<BLOCK_LEN>();
    let mut found: Vec<(Option<u32>, Piece<'_>)> = Vec::new();
    // Blocks of the image that were told, and how many there are to be.
    let (mut numbers, mut total) = (Vec::new(), 0);
    for (number, block) in (0_u32..).zip(blocks) {
        let bad = |reason: &str| ContainerError::BadRecord {
            unit: "block",
            number,
            reason: reason.into(),
        };
        if !begins(block) {
            return Err(bad("its magic numbers are wrong"));
        }
        // All words lie in the block.
        let field = |offset| word(block, offset).unwrap_or_default();
        let (flags, address, len) = (field(8), field(12), field(16));
        if flags & NOT_MAIN_FLASH != 0 {
            continue;
        }
        if flags & FILE_CONTAINER != 0 {
            return Err(bad("it holds a file, not flash"));
        }
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let data = block.get(DATA_OFFSET..).and_then(|data| data.get(..len));
        let data = data.filter(|_| len <= DATA_MAX);
        let data = data.ok_or_else(|| bad("it says it has more bytes than a block holds"))?;
        let family = (flags & FAMILY != 0).then(|| field(28));
        if family != Some(ABSOLUTE) {
            numbers.push(field(20));
            total = field(24);
        }
        found.push((
            family,
            Piece {
                start: address.into(),
                bytes: Cow::Borrowed(data),
            },
        ));
    }
    if !rest.is_empty() {
        return Err(ContainerError::CutShort {
            missing: format!("the last block has {} of {BLOCK_LEN} B", rest.len()),
        });
    }
    if found.iter().any(|(family, _)| *family != Some(ABSOLUTE)) {
        found.retain(|(family, _)| *family != Some(ABSOLUTE));
    }
    let families: Vec<u32> = found.iter().filter_map(|(family, _)| *family).collect();
    if let Some(&first) = families.first()
        && let Some(&second) = families.iter().find(|family| **family != first)
    {
        return Err(ContainerError::MixedFamilies { first, second });
    }
    numbers.sort_unstable();
    numbers.dedup();
    let told = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    if told < total {
        return Err(ContainerError::CutShort {
            missing: format!("{told} of {total} blocks are there"),
        });
    }
    Ok(found.into_iter().map(|(_, piece)| piece).collect())
}

fn word(bytes: &[u8], offset: usize) -> Option<u32> {
    let bytes = bytes.get(offset..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}
