//! The fields of both images, found once: for masks that make moved code look alike, for the costs
//! of the parse, and for the choice of major operations.

use sprag_delta::{
    Addresses, Bytes, Class, Code, Data, Field, Isa, Kind, Operation, Region, Segments, Side,
};

use super::EncodeOptions;
use super::btf::Btf;

/// Bytes of what a pointer points at that tell it from others.
const POINTED_LEN: usize = 24;

/// Bytes of a relocation, and how far two of them are apart at most.
const RECORD_LEN: usize = 24;
const RECORD_STEP_MAX: u32 = 1 << 16;

/// An image with the fields at each place where one can begin.
pub(super) struct Fields<'a> {
    side: Side,
    bytes: &'a [u8],
    /// The first region's class, then the regions behind it.
    first: Class,
    regions: &'a [Region],
    step: usize,
    found: Vec<Option<Field>>,
}

impl<'a> Fields<'a> {
    pub(super) fn old(options: &EncodeOptions<'a>, bytes: &'a [u8]) -> Self {
        let &EncodeOptions {
            isa,
            addresses,
            old_regions,
            ..
        } = options;
        Self::new((isa, old_regions), addresses.old, addresses, bytes)
    }

    pub(super) fn new_image(options: &EncodeOptions<'a>, bytes: &'a [u8]) -> Self {
        let &EncodeOptions {
            isa,
            addresses,
            new_regions,
            ..
        } = options;
        Self::new((isa, new_regions), addresses.new, addresses, bytes)
    }

    fn new(
        (isa, regions): (Isa, &'a [Region]),
        segments: Segments,
        addresses: Addresses,
        bytes: &'a [u8],
    ) -> Self {
        let Addresses {
            ram_base, ram_len, ..
        } = addresses;
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let side = Side {
            segments,
            len,
            ram_base,
            ram_len,
        };
        let first = Class::Code(isa);
        let step = step_of(first, regions);
        let found = if is_plain(first, regions) {
            Vec::new()
        } else {
            // As the decoder does: no field begins inside an instruction.
            let mut inner_left = 0;
            let mut runs = Runs { first, regions };
            let places = (0..bytes.len()).step_by(step);
            places
                .map(|place| {
                    let (offset, code) = (as_u32(place), at(bytes, place));
                    let class = runs.class(offset);
                    let field = if inner_left > 0 {
                        side.recognise_inside(class, offset, code)
                    } else {
                        inner_left = usize::from(side.instruction_len(class, offset, code));
                        side.recognise_in(class, offset, code, Code::new(bytes, place))
                    };
                    if let Some(field) = field {
                        inner_left = usize::from(field.len);
                    }
                    inner_left = inner_left.saturating_sub(step);
                    field
                })
                .collect()
        };
        Self {
            side,
            bytes,
            first,
            regions,
            step,
            found,
        }
    }

    pub(super) fn get(&self, place: usize) -> Option<Field> {
        if !place.is_multiple_of(self.step) {
            return None;
        }
        *self.found.get(place / self.step)?
    }

    /// What a place is in.
    pub(super) fn class(&self, place: usize) -> Class {
        let above = self
            .regions
            .partition_point(|region| as_usize(region.start) <= place);
        above
            .checked_sub(1)
            .map_or(self.first, |below| self.regions[below].class)
    }

    pub(super) fn side(&self) -> Side {
        self.side
    }

    pub(super) fn bytes_at(&self, place: usize) -> Bytes {
        at(self.bytes, place)
    }

    /// The image with all far targets and all literal loads made alike.
    pub(super) fn masked(&self) -> Vec<u8> {
        let mut masked = self.bytes.to_vec();
        let mut place = 0;
        while place < self.bytes.len() {
            let mut next = place + self.step;
            if let Some(field) = self.get(place)
                && (field.kind.is_far()
                    || matches!(field.kind, Kind::Load | Kind::ShortLoad | Kind::Address))
            {
                let len = usize::from(field.len);
                let (class, bytes) = (self.class(place), self.bytes_at(place));
                let neutral = self.side.neutral(class, field.kind, bytes, as_u32(place));
                if let Some(bytes) = neutral {
                    masked[place..place + len].copy_from_slice(&bytes[..len]);
                    if self.step > 1 {
                        next = place + len;
                    }
                }
            }
            place = next;
        }
        self.mark_pointers(&masked)
    }

    /// Masked bytes with each address replaced by what it points at: pointers to the same thing look
    /// alike, wherever that went, and others do not.
    fn mark_pointers(&self, masked: &[u8]) -> Vec<u8> {
        let mut marked = masked.to_vec();
        for place in (0..self.bytes.len()).step_by(self.step) {
            let Some(field) = self.get(place) else {
                continue;
            };
            let len = usize::from(field.len);
            let has_mark = match self.class(place) {
                Class::Data(Data::Relocation64) => true,
                _ => matches!(field.kind, Kind::Pointer | Kind::Relative),
            };
            if !has_mark || place + len > marked.len() {
                continue;
            }
            let mark = match self.step_in_records(place, field) {
                Some(step) => u64::from(step),
                None => {
                    let target = as_usize(field.target);
                    let Some(seen) = masked.get(target..target + POINTED_LEN) else {
                        continue;
                    };
                    seen.iter().fold(0xcbf2_9ce4_8422_2325, |mark, byte| {
                        (mark ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
                    })
                }
            };
            let mark = mark.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            marked[place..place + len].copy_from_slice(&mark[..len]);
        }
        if self
            .regions
            .iter()
            .any(|region| region.class == Class::Data(Data::Numbers32))
        {
            for btf in Btf::find(self.bytes) {
                btf.mark(&mut marked);
            }
        }
        marked
    }

    /// How far a pointer is behind the same one of the record before, in a table of relocations:
    /// records of three words, the first a pointer, the second always the same.
    fn step_in_records(&self, place: usize, field: Field) -> Option<u32> {
        let before = place.checked_sub(RECORD_LEN)?;
        let last = self.get(before).filter(|last| last.kind == field.kind)?;
        if field.len != 8 || self.bytes_at(before + 8) != self.bytes_at(place + 8) {
            return None;
        }
        let step = field.target.checked_sub(last.target)?;
        (1..RECORD_STEP_MAX).contains(&step).then_some(step)
    }
}

/// The classes of places in their order.
struct Runs<'a> {
    first: Class,
    regions: &'a [Region],
}

impl Runs<'_> {
    /// The class of a place at or behind the last one asked for.
    fn class(&mut self, place: u32) -> Class {
        while let Some((next, rest)) = self.regions.split_first()
            && next.start <= place
        {
            self.first = next.class;
            self.regions = rest;
        }
        self.first
    }
}

/// Whether no field is looked for anywhere.
pub(super) fn is_plain(first: Class, regions: &[Region]) -> bool {
    first == Class::NONE && regions.iter().all(|region| region.class == Class::NONE)
}

/// The distance of places where fields can begin.
pub(super) fn step_of(first: Class, regions: &[Region]) -> usize {
    let classes = regions.iter().map(|region| region.class).chain([first]);
    let steps = classes
        .filter(|class| *class != Class::NONE)
        .map(|class| 1 << class.step_log2());
    steps.min().unwrap_or(1)
}

/// Where old addresses went, by some operations: what the decoder's map will say.
pub(super) struct MovedTo {
    /// Source, its shift; sorted by source.
    pieces: Vec<(u32, u32)>,
}

impl MovedTo {
    pub(super) fn of<'o>(operations: impl IntoIterator<Item = &'o Operation>) -> Self {
        let mut majors = Vec::new();
        let mut start = 0_u32;
        for operation in operations {
            start += operation.literal_len;
            let &Operation {
                source,
                copy_len,
                major,
                ..
            } = operation;
            if major {
                majors.push((source, copy_len, start.wrapping_sub(source)));
            }
            start += copy_len;
        }
        // Stable: of equal sources the last one counts. What lies within another is left out.
        majors.sort_by_key(|(source, ..)| *source);
        let mut end = 0;
        let mut pieces = Vec::new();
        for (source, len, shift) in majors {
            if source + len > end {
                end = source + len;
                pieces.push((source, shift));
            }
        }
        Self { pieces }
    }

    pub(super) fn shift(&self, target: u32) -> Option<u32> {
        let below = self.pieces.partition_point(|(source, _)| *source <= target);
        Some(self.pieces[below.checked_sub(1)?].1)
    }
}

/// Marks up to `count` operations as major: those that other fields refer to most, then the
/// longest.
pub(super) fn choose_majors(operations: &mut [Operation], old: &Fields<'_>, count: usize) {
    let mut by_source: Vec<(u32, u32, usize)> = Vec::new();
    for (index, operation) in operations.iter_mut().enumerate() {
        operation.major = false;
        if operation.copy_len > 0 {
            by_source.push((operation.source, operation.copy_len, index));
        }
    }
    by_source.sort_unstable();
    let mut references = vec![0_u32; operations.len()];
    if operations.len() > count {
        for operation in operations.iter() {
            let source = as_usize(operation.source);
            for place in source..source + as_usize(operation.copy_len) {
                let Some(field) = old.get(place).filter(|field| field.kind != Kind::Ram) else {
                    continue;
                };
                let above = by_source.partition_point(|(source, ..)| *source <= field.target);
                if let Some(below) = above.checked_sub(1) {
                    let (source, len, index) = by_source[below];
                    if field.target - source < len {
                        references[index] += if field.kind.is_far() { 3 } else { 1 };
                    }
                }
            }
        }
    }
    // The decoder's map has no use for what lies, in the old image, within another operation.
    let mut end = 0;
    let reaches = |(source, len, _): &&(u32, u32, usize)| {
        let reaches = source + len > end;
        end = end.max(source + len);
        reaches || operations.len() <= count
    };
    let mut ranked: Vec<(u32, u32, usize)> = by_source
        .iter()
        .filter(reaches)
        .map(|&(_, len, index)| (references[index].min(40) * 64 + len.min(2000), len, index))
        .collect();
    // The index breaks ties: the order is total.
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    for (_, _, index) in ranked.into_iter().take(count) {
        operations[index].major = true;
    }
}

/// Eight bytes of an image, zeros beyond its end.
fn at(bytes: &[u8], place: usize) -> Bytes {
    let rest = bytes.get(place..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = Bytes::default();
        padded[..rest.len()].copy_from_slice(rest);
        padded
    })
}

fn as_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn as_usize(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
