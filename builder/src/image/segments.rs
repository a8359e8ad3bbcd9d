//! Where the parts of an image lie in memory, as its own headers say.

use object::elf::{FileHeader32, FileHeader64, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};
use sprag_delta::{SEGMENTS_MAX, Segment, Segments};

/// Where an image lies, and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Headers {
    /// The segments, by offset.
    pub(crate) segments: Vec<Segment>,
    /// What says so, for people.
    pub(crate) evidence: &'static str,
    /// What lies behind this offset is not told of by the header.
    pub(crate) told_len: usize,
}

impl Headers {
    /// As the codec has it. What the headers do not tell of lies at `base`, if that is known.
    pub(crate) fn segments(&self, base: Option<u64>, len: usize) -> Option<Segments> {
        let mut segments = self.segments.clone();
        if let (Some(base), Ok(told)) = (base, u32::try_from(self.told_len))
            && self.told_len < len
        {
            if segments.len() == SEGMENTS_MAX {
                segments.pop();
            }
            segments.push(Segment {
                offset: told,
                address: base.wrapping_add(told.into()),
            });
        }
        Segments::of(&segments)
    }
}

/// What the headers of `image` say.
pub(crate) fn of_headers(image: &[u8]) -> Option<Headers> {
    elf(image).or_else(|| esp(image)).or_else(|| uimage(image))
}

/// A run of bytes with an address, before the largest are chosen.
struct Run {
    segment: Segment,
    len: u32,
}

/// Runs whose addresses are nearly a continuation of those before are part of them: what points into them is taken to
/// point a little beside, where everything moved alike, and that is told cheaper than where they begin.
const NEAR: u64 = 0x1_0000;

/// The largest runs that the codec can hold, by offset, those that continue the one before joined to it.
fn largest(mut runs: Vec<Run>) -> Option<Vec<Segment>> {
    runs.sort_by_key(|run| run.segment.offset);
    runs.dedup_by(|next, last| {
        let shift = |run: &Run| run.segment.address.wrapping_sub(run.segment.offset.into());
        let same = shift(next).abs_diff(shift(last)) <= NEAR;
        if same {
            last.len = last.len.saturating_add(next.len);
        }
        same
    });
    while runs.len() > SEGMENTS_MAX {
        let (smallest, _) = runs.iter().enumerate().min_by_key(|(_, run)| run.len)?;
        runs.remove(smallest);
    }
    let segments: Vec<Segment> = runs.iter().map(|run| run.segment).collect();
    (!segments.is_empty()).then_some(segments)
}

/// ELF files that are the payload themselves: programs, shared libraries.
fn elf(image: &[u8]) -> Option<Headers> {
    match FileKind::parse(image).ok()? {
        FileKind::Elf32 => elf_of::<FileHeader32<Endianness>>(image),
        FileKind::Elf64 => elf_of::<FileHeader64<Endianness>>(image),
        _ => None,
    }
}

fn elf_of<H: FileHeader<Endian = Endianness>>(image: &[u8]) -> Option<Headers> {
    let header = H::parse(image).ok()?;
    let endian = header.endian().ok()?;
    let mut runs = Vec::new();
    for segment in header.program_headers(endian, image).ok()? {
        let (offset, len) = segment.file_range(endian);
        let (Ok(offset), Ok(len)) = (u32::try_from(offset), u32::try_from(len)) else {
            continue;
        };
        if segment.p_type(endian) != PT_LOAD || len == 0 {
            continue;
        }
        runs.push(Run {
            segment: Segment {
                offset,
                address: segment.p_vaddr(endian).into(),
            },
            len,
        });
    }
    Some(Headers {
        segments: largest(runs)?,
        evidence: "ELF program headers",
        told_len: image.len(),
    })
}

/// Espressif application images (ESP-IDF and ESP8266 SDK, `esp_app_format.h`): a header of 8 bytes, or 24 with the
/// extended one, then segments with their load address and length.
fn esp(image: &[u8]) -> Option<Headers> {
    let [0xe9, count @ 1..=16, ..] = *image else {
        return None;
    };
    // Only one of the two leads through all segments to a checksum.
    let (runs, told_len) =
        esp_segments(image, 24, count).or_else(|| esp_segments(image, 8, count))?;
    Some(Headers {
        segments: largest(runs)?,
        evidence: "ESP image header",
        told_len,
    })
}

/// Bytes of a segment's header.
const ESP_SEGMENT: usize = 8;

/// Addresses that the memories of all these chips lie between.
const ESP_MEMORY: core::ops::Range<u32> = 0x3c00_0000..0x6100_0000;

fn esp_segments(image: &[u8], header_len: usize, count: u8) -> Option<(Vec<Run>, usize)> {
    let (mut at, mut sum) = (header_len, 0xef_u8);
    let mut runs = Vec::new();
    for _ in 0..count {
        let address = word(image, at)?;
        let len = word(image, at + 4)?;
        at += ESP_SEGMENT;
        let end = at.checked_add(usize::try_from(len).ok()?)?;
        let bytes = image.get(at..end)?;
        if !ESP_MEMORY.contains(&address) || len % 4 != 0 {
            return None;
        }
        sum = bytes.iter().fold(sum, |sum, byte| sum ^ byte);
        runs.push(Run {
            segment: Segment {
                offset: u32::try_from(at).ok()?,
                address: address.into(),
            },
            len,
        });
        at = end;
    }
    // The checksum is the last byte of the next 16.
    let end = (at / 16 + 1) * 16;
    (image.get(end - 1) == Some(&sum)).then_some((runs, end))
}

/// U-Boot's legacy image header (`include/image.h`): big-endian, 64 bytes, with the load address of what follows.
fn uimage(image: &[u8]) -> Option<Headers> {
    let header = image.get(..64)?;
    let field = |offset: usize| {
        let bytes = header.get(offset..).and_then(|rest| rest.first_chunk());
        bytes.copied().map(u32::from_be_bytes)
    };
    let uncompressed = header.get(31) == Some(&0);
    let len = usize::try_from(field(12)?).ok()?;
    let fits = len > 0 && image.len() >= len.checked_add(64)?;
    if field(0)? != 0x2705_1956 || !uncompressed || !fits {
        return None;
    }
    let segment = Segment {
        offset: 64,
        address: field(16)?.into(),
    };
    Some(Headers {
        segments: vec![segment],
        evidence: "U-Boot image header",
        told_len: image.len(),
    })
}

fn word(bytes: &[u8], offset: usize) -> Option<u32> {
    let bytes = bytes.get(offset..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests;
