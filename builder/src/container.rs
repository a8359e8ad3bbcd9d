//! Files that hold a flash image in another form: Intel HEX, S-records, UF2, and ELF if asked. A device holds the
//! flat image, so that is what is coded: the ranges of the file at their addresses, and what lies between them
//! erased.

mod elf;
mod error;
mod hex;
mod srec;
mod uf2;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use error::{CONTAINER_CODES, ContainerError};

/// What an erased byte reads as, and gaps between ranges are filled with.
const ERASED: u8 = 0xff;

/// The longest gap that is filled. Ranges that lie further apart are in different memories, such as configuration
/// words, and no update of one slot can write both.
pub const GAP_MAX: u64 = 8 << 20;

/// What an input file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum InputFormat {
    /// Intel HEX, S-records and UF2 are recognised; everything else is the image itself.
    #[default]
    Auto,
    /// The image itself, whatever it looks like.
    Bin,
    /// ELF, of which the device holds the segments that are loaded, each at its physical address.
    Elf,
    /// Intel HEX.
    Hex,
    /// Motorola S-records.
    Srec,
    /// USB Flashing Format.
    Uf2,
}

impl InputFormat {
    /// All, in the order of their names in `--help`.
    pub const ALL: [Self; 6] = [
        Self::Auto,
        Self::Bin,
        Self::Elf,
        Self::Hex,
        Self::Srec,
        Self::Uf2,
    ];

    /// Its name as a flag's value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Bin => "bin",
            Self::Elf => "elf",
            Self::Hex => "hex",
            Self::Srec => "srec",
            Self::Uf2 => "uf2",
        }
    }

    /// What `file` begins like, if it is one of those that are recognised.
    fn of(file: &[u8]) -> Self {
        if hex::begins(file) {
            Self::Hex
        } else if srec::begins(file) {
            Self::Srec
        } else if uf2::begins(file) {
            Self::Uf2
        } else {
            Self::Bin
        }
    }
}

/// The image in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatImage<'f> {
    /// What the file is; never [`InputFormat::Auto`].
    pub format: InputFormat,
    /// The image: the file's own bytes, or what they stand for.
    pub bytes: Cow<'f, [u8]>,
    /// Address of the first byte, if the file tells.
    pub load_address: Option<u64>,
}

/// The image in `file`, which is in `format`.
///
/// # Errors
/// [`ContainerError`] if the file is not in that format, or is damaged, or cannot be one image.
pub fn flatten(file: &[u8], format: InputFormat) -> Result<FlatImage<'_>, ContainerError> {
    let format = match format {
        InputFormat::Auto => InputFormat::of(file),
        given => given,
    };
    let pieces = match format {
        InputFormat::Auto | InputFormat::Bin => {
            return Ok(FlatImage {
                format: InputFormat::Bin,
                bytes: Cow::Borrowed(file),
                load_address: None,
            });
        }
        InputFormat::Elf => elf::pieces(file)?,
        InputFormat::Hex => hex::pieces(file)?,
        InputFormat::Srec => srec::pieces(file)?,
        InputFormat::Uf2 => uf2::pieces(file)?,
    };
    let (start, bytes) = join(pieces)?;
    Ok(FlatImage {
        format,
        bytes: Cow::Owned(bytes),
        load_address: Some(start),
    })
}

/// Bytes and the address they belong to.
#[derive(Debug)]
struct Piece<'f> {
    start: u64,
    bytes: Cow<'f, [u8]>,
}

impl Piece<'_> {
    fn end(&self) -> u64 {
        let len = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        self.start.saturating_add(len)
    }
}

/// The pieces as one image, with its address.
fn join(mut pieces: Vec<Piece<'_>>) -> Result<(u64, Vec<u8>), ContainerError> {
    pieces.retain(|piece| !piece.bytes.is_empty());
    // Stable: what is said of an overlap does not depend on the sort.
    pieces.sort_by_key(|piece| piece.start);
    let start = pieces.first().ok_or(ContainerError::NoData)?.start;
    let mut image = Vec::new();
    let mut end = start;
    for piece in &pieces {
        let Some(gap) = piece.start.checked_sub(end) else {
            return Err(ContainerError::Overlap {
                address: piece.start,
            });
        };
        if gap > GAP_MAX {
            return Err(ContainerError::Gap {
                from: end,
                to: piece.start,
                max: GAP_MAX,
            });
        }
        let gap = usize::try_from(gap).unwrap_or(usize::MAX);
        image.resize(image.len() + gap, ERASED);
        image.extend_from_slice(&piece.bytes);
        end = piece.end();
    }
    Ok((start, image))
}

/// The lines of a text file with their numbers from 1, blank ones left out.
fn lines(file: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    (1..)
        .zip(file.split(|byte| *byte == b'\n'))
        .map(|(number, line)| (number, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
}

/// Whether a file is a text whose first line is `mark` and then so many hexadecimal digits.
fn begins_with_record(file: &[u8], mark: impl Fn(&[u8]) -> Option<&[u8]>, digits: usize) -> bool {
    let rest = mark(file.trim_ascii_start()).and_then(|rest| rest.get(..digits));
    rest.is_some_and(|rest| rest.iter().all(u8::is_ascii_hexdigit))
}
