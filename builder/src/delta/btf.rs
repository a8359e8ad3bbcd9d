//! BTF, the debug information of Linux kernels: where it lies, and marks that make its numbers look
//! alike that mean the same (`Documentation/bpf/btf.rst` of the kernel).

use core::ops::Range;

/// Magic number, version, flags and length of the header, of a little-endian machine.
const START: [u8; 8] = [0x9f, 0xeb, 1, 0, 24, 0, 0, 0];
const HEADER_LEN: usize = 24;

/// Less is not worth a region.
const TYPES_MIN: usize = 1 << 14;

/// A BTF section of an image.
pub(super) struct Btf<'a> {
    image: &'a [u8],
    types: usize,
    names: usize,
    end: usize,
}

impl<'a> Btf<'a> {
    /// The large BTF sections of an image.
    pub(super) fn find(image: &'a [u8]) -> impl Iterator<Item = Self> {
        let starts = (0..image.len()).step_by(4);
        starts.filter_map(|start| Self::at(image, start))
    }

    fn at(image: &'a [u8], start: usize) -> Option<Self> {
        if !image.get(start..)?.starts_with(&START) {
            return None;
        }
        let field = |index: usize| word(image, start + 8 + 4 * index);
        let types = start + HEADER_LEN + field(0)?;
        let names = start + HEADER_LEN + field(2)?;
        let end = names + field(3)?;
        let is_whole = types + field(1)? <= names && end <= image.len();
        (is_whole && types + TYPES_MIN <= names && types.is_multiple_of(4)).then_some(Self {
            image,
            types,
            names,
            end,
        })
    }

    pub(super) fn types(&self) -> Range<usize> {
        self.types..self.names
    }

    pub(super) fn names(&self) -> Range<usize> {
        self.names..self.end
    }

    /// Replaces each number by a mark of what it stands for.
    pub(super) fn mark(&self, marked: &mut [u8]) {
        // Type 0 is void.
        let mut types = vec![mix(1, 0)];
        let mut references = Vec::new();
        let mut names = Vec::new();
        let mut place = self.types;
        while let Some((info, len)) = self.head(place) {
            let kind = info >> 24 & 31;
            names.push(place);
            let name = word(self.image, place).unwrap_or(0);
            let size = if refers(kind) {
                0
            } else {
                word(self.image, place + 8).unwrap_or(0)
            };
            types.push(mix(mix(self.name_mark(name), as_u64(info)), as_u64(size)));
            if refers(kind) {
                references.push((place + 8, types.len() - 1));
            }
            let inner = place + 12..place + len;
            match kind {
                ARRAY => references.extend([(place + 12, 0), (place + 16, 0)]),
                STRUCT | UNION => {
                    names.extend(inner.clone().step_by(12));
                    references.extend(inner.step_by(12).map(|place| (place + 4, 0)));
                }
                ENUM => names.extend(inner.step_by(8)),
                ENUM_64 => names.extend(inner.step_by(12)),
                FUNCTION_TYPE => {
                    names.extend(inner.clone().step_by(8));
                    references.extend(inner.step_by(8).map(|place| (place + 4, 0)));
                }
                SECTION => references.extend(inner.step_by(12).map(|place| (place, 0))),
                _ => {}
            }
            place += len;
        }
        // What a type without a name refers to tells it from others.
        for _ in 0..2 {
            let before = types.clone();
            for &(place, index) in references.iter().filter(|(_, index)| *index > 0) {
                let to = word(self.image, place).unwrap_or(0);
                types[index] = mix(before[index], before.get(to).copied().unwrap_or(0));
            }
        }
        let mut put = |place: usize, mark: u64| {
            if let Some(bytes) = marked.get_mut(place..place + 4) {
                bytes.copy_from_slice(&mark.to_be_bytes()[..4]);
            }
        };
        for place in names {
            let name = word(self.image, place).unwrap_or(0);
            if name != 0 {
                put(place, self.name_mark(name));
            }
        }
        for (place, _) in references {
            let to = word(self.image, place).unwrap_or(0);
            if to != 0 {
                put(place, types.get(to).copied().unwrap_or(0));
            }
        }
    }

    /// The second word of a type, and how many bytes it takes.
    fn head(&self, place: usize) -> Option<(usize, usize)> {
        if place + 12 > self.names {
            return None;
        }
        let info = word(self.image, place + 4)?;
        let count = info & 0xffff;
        let rest = match info >> 24 & 31 {
            INTEGER | VARIABLE | TAG => 4,
            ARRAY => 12,
            STRUCT | UNION | SECTION | ENUM_64 => 12 * count,
            ENUM | FUNCTION_TYPE => 8 * count,
            _ => 0,
        };
        Some((info, 12 + rest))
    }

    fn name_mark(&self, name: usize) -> u64 {
        let names = self.image.get(self.names + name..self.end);
        let bytes = names
            .unwrap_or_default()
            .iter()
            .take_while(|byte| **byte != 0);
        bytes.fold(0, |mark, byte| mix(mark, u64::from(*byte)))
    }
}

const INTEGER: usize = 1;
const ARRAY: usize = 3;
const STRUCT: usize = 4;
const UNION: usize = 5;
const ENUM: usize = 6;
const FUNCTION_TYPE: usize = 13;
const VARIABLE: usize = 14;
const SECTION: usize = 15;
const TAG: usize = 17;
const ENUM_64: usize = 19;

/// Whether the third word of a kind of types is the number of another.
fn refers(kind: usize) -> bool {
    matches!(kind, 2 | 8..=14 | 17 | 18)
}

fn mix(mark: u64, value: u64) -> u64 {
    let mixed = (mark ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

fn as_u64(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

fn word(image: &[u8], place: usize) -> Option<usize> {
    let bytes = image.get(place..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}

#[cfg(test)]
mod tests;
