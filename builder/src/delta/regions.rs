//! What the parts of a large image hold, by statistics on each KiB: code, pointers among anything
//! else, and tables of words relative to their own place or to one place of the image.

use super::btf::Btf;
use sprag_delta::{Class, Data, Isa, Region, Segments};

/// Bytes that have one class.
const BLOCK: usize = 1024;
const WORDS: u32 = 256;

/// Distances nearer than this are numbers of another sort.
const NEAR: u32 = 0x4000;

/// Two offsets in a row are no further apart.
const STEP: u32 = 0x1_0000;

/// Classes that are told by their form: indices of [`CLASSES`].
const NUMBERS: usize = 4;
const RELOCATIONS: usize = 5;

/// Bytes of a relocation.
const RELOCATION_LEN: usize = 24;

/// What a change of class must gain, in blocks.
const CHANGE: u32 = 3;

/// Places that offsets are likely to count from are multiples of this.
const ORIGIN_STEP: usize = 0x1000;
const ORIGIN_MAX: usize = 0x4_0000;

/// More memory behind an image is not believed.
const TAIL_MAX: u32 = 1 << 28;

/// The classes in the order of their scores.
const CLASSES: [fn(Isa) -> Class; 6] = [
    Class::Code,
    |isa| {
        Class::Data(match isa {
            Isa::A64 | Isa::Rv64 => Data::Pointer64,
            _ => Data::Pointer32,
        })
    },
    |_| Class::Data(Data::Relative32),
    |_| Class::Data(Data::Offset32),
    |_| Class::Data(Data::Numbers32),
    |_| Class::Data(Data::Relocation64),
];

/// The regions of an image of `isa` behind its first one, which is code; at most `limit`.
pub(crate) fn find(isa: Isa, image: &[u8], limit: usize) -> Vec<Region> {
    if !knows(isa) {
        return Vec::new();
    }
    let len = u32::try_from(image.len()).unwrap_or(u32::MAX);
    // Relocations alone are not worth the room that numbers take of the map.
    let has_numbers = Btf::find(image).next().is_some();
    let mut labels: Vec<usize> = image
        .chunks(BLOCK)
        .zip((0..).step_by(BLOCK))
        .map(|(block, start)| match label(isa, block, start, len) {
            RELOCATIONS if !has_numbers => 1,
            label => label,
        })
        .collect();
    for btf in Btf::find(image) {
        let (types, names) = (btf.types(), btf.names());
        let whole = |range: core::ops::Range<usize>| {
            let first = range.start.div_ceil(BLOCK);
            first..(range.end / BLOCK).max(first)
        };
        if let Some(labels) = labels.get_mut(whole(types)) {
            labels.fill(NUMBERS);
        }
        if let Some(labels) = labels.get_mut(whole(names)) {
            labels.fill(1);
        }
    }
    let mut change = CHANGE;
    loop {
        let regions = smooth(isa, &labels, change);
        if regions.len() <= limit || change > 1 << 24 {
            return regions.into_iter().take(limit).collect();
        }
        change = change * 5 / 4 + 1;
    }
}

/// What tables of offsets in `image` count from: the place from which most of them are those of
/// functions that are called.
pub(crate) fn origin(isa: Isa, image: &[u8], regions: &[Region]) -> u32 {
    if isa != Isa::A64 {
        return 0;
    }
    let mut called = vec![false; image.len() / 4 + 1];
    for (place, word) in words(image) {
        if word >> 26 == 0x25 {
            let forward = i64::from(word & 0x03ff_ffff) * 4;
            let distance = if word & 1 << 25 == 0 {
                forward
            } else {
                forward - (1 << 28)
            };
            let target = i64::try_from(place).unwrap_or(0) + distance;
            if let Some(slot) = usize::try_from(target / 4)
                .ok()
                .and_then(|index| called.get_mut(index))
            {
                *slot = true;
            }
        }
    }
    let ends = regions.iter().skip(1).map(|region| index(region.start));
    let ends = ends.chain([image.len()]);
    let offsets: Vec<usize> = regions
        .iter()
        .zip(ends)
        .filter(|(region, _)| region.class == Class::Data(Data::Offset32))
        .flat_map(|(region, end)| words(&image[index(region.start)..end]))
        .map(|(_, word)| index(word))
        .collect();
    let votes = |origin: usize| {
        let places = offsets.iter().map(|offset| (offset + origin) / 4);
        places
            .filter(|place| called.get(*place).is_some_and(|called| *called))
            .count()
    };
    let mut best = (0, 0);
    for origin in (0..ORIGIN_MAX).step_by(ORIGIN_STEP) {
        let votes = votes(origin);
        if votes > best.0 {
            best = (votes, origin);
        }
    }
    u32::try_from(best.1).unwrap_or(0)
}

/// Segments of both images with what their tables of offsets count from and the memory behind them.
pub(crate) fn with_origins_and_tails(
    isa: Isa,
    (old, new): (&[u8], &[u8]),
    regions: (&[Region], &[Region]),
    segments: (Segments, Segments),
) -> (Segments, Segments) {
    (
        segments
            .0
            .with_origin(origin(isa, old, regions.0))
            .with_tail(tail(old)),
        segments
            .1
            .with_origin(origin(isa, new, regions.1))
            .with_tail(tail(new)),
    )
}

/// The memory behind an image that a Linux kernel's header asks for: its size in memory is at 16,
/// the magic number at 56 (Documentation/arch/arm64/booting.rst and riscv/boot-image-header.rst).
fn tail(image: &[u8]) -> u32 {
    let magic = image.get(56..60);
    if magic != Some(b"ARM\x64") && magic != Some(b"RSC\x05") {
        return 0;
    }
    let size = image.get(16..).and_then(|rest| rest.first_chunk());
    let size = size.map_or(0, |size| u64::from_le_bytes(*size));
    let len = u64::try_from(image.len()).unwrap_or(u64::MAX);
    u32::try_from(size.saturating_sub(len))
        .ok()
        .filter(|tail| *tail <= TAIL_MAX)
        .unwrap_or(0)
}

/// Whether code of an instruction set is told from data.
fn knows(isa: Isa) -> bool {
    matches!(isa, Isa::A64 | Isa::Rv64)
}

/// The class of a block: an index of [`CLASSES`].
fn label(isa: Isa, block: &[u8], start: u32, len: u32) -> usize {
    let (mut code, mut relative, mut back, mut offsets) = (0, 0, 0, 0);
    let mut before = 0;
    for (place, word) in words(block) {
        let here = start.wrapping_add(u32::try_from(place).unwrap_or(0));
        let magnitude = i32::from_le_bytes(word.to_le_bytes()).unsigned_abs();
        let target = here.wrapping_add(word);
        if magnitude >= NEAR && target < len && target != 0 {
            relative += 1;
            back += word >> 31;
        }
        if word >= 0x1000 && word < len && word.wrapping_sub(before) < STEP {
            offsets += 1;
        }
        before = word;
        code += u32::from(is_common(isa, word));
    }
    let rare = 20;
    if relocations(block) * 2 > block.len() / RELOCATION_LEN {
        RELOCATIONS
    } else if code * 5 > WORDS {
        0
    } else if offsets * 4 > WORDS * 3 {
        3
    } else if relative * 5 > WORDS && back * 3 > relative {
        2
    } else if code * rare > WORDS {
        0
    } else {
        1
    }
}

/// Records of relocations in a block: the types are the same, those of "relative".
fn relocations(block: &[u8]) -> usize {
    let (words, _) = block.as_chunks::<8>();
    let kind = |word: &[u8; 8]| u64::from_le_bytes(*word);
    let same = words.iter().zip(words.iter().skip(RELOCATION_LEN / 8));
    same.filter(|(a, b)| a == b && matches!(kind(a), 3 | 8 | 0x403))
        .count()
}

/// Whether a word is one of the commonest instructions.
fn is_common(isa: Isa, word: u32) -> bool {
    match isa {
        Isa::A64 => {
            word >> 26 == 0x25
                || word == 0xd503_201f
                || matches!(word >> 22, 0x2a4 | 0x2a6)
                || word == 0xd65f_03c0
                || matches!(word >> 24, 0x54 | 0xf9 | 0xaa | 0xb9)
        }
        // RET, and loads and stores by the stack pointer, compressed or not.
        _ => {
            let halves = [word & 0xffff, word >> 16];
            halves.iter().any(|half| {
                *half == 0x8082 || matches!(half & 0xe003, 0x6002 | 0xe002 | 0x4002 | 0xc002)
            })
        }
    }
}

/// The cheapest classes of all blocks, where a change costs `change` blocks: the regions behind the
/// first one.
fn smooth(isa: Isa, labels: &[usize], change: u32) -> Vec<Region> {
    const COUNT: usize = CLASSES.len();
    // The first region is code.
    let mut costs = [u32::MAX / 2; COUNT];
    costs[0] = 0;
    let mut from: Vec<[u8; COUNT]> = Vec::with_capacity(labels.len());
    for label in labels {
        let cheapest = (0..COUNT).min_by_key(|class| costs[*class]).unwrap_or(0);
        let mut step = [0; COUNT];
        let mut next = [0; COUNT];
        for class in 0..COUNT {
            let changed = costs[cheapest] + change;
            let (cost, source) = if from.is_empty() || costs[class] <= changed {
                (costs[class], class)
            } else {
                (changed, cheapest)
            };
            next[class] = cost + wrong(*label, class);
            step[class] = u8::try_from(source).unwrap_or(0);
        }
        costs = next;
        from.push(step);
    }
    let mut class = (0..COUNT).min_by_key(|class| costs[*class]).unwrap_or(0);
    let mut regions = Vec::new();
    for (block, step) in from.iter().enumerate().rev() {
        let before = usize::from(step[class]);
        if before != class {
            regions.push(Region {
                start: u32::try_from(block * BLOCK).unwrap_or(u32::MAX),
                class: CLASSES[class](isa),
            });
            class = before;
        }
    }
    regions.reverse();
    regions
}

/// What it costs to take a block for what it is not.
fn wrong(label: usize, class: usize) -> u32 {
    match (label, class) {
        _ if label == class => 0,
        // Data taken for code gives chance fields, code taken for data none at all.
        (0, _) => 4,
        // Certain by their form.
        (NUMBERS, _) | (_, NUMBERS) => 50,
        (RELOCATIONS, _) | (_, RELOCATIONS) => 8,
        (1, _) => 1,
        _ => 2,
    }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = (usize, u32)> + '_ {
    let (chunks, _) = bytes.as_chunks::<4>();
    let places = (0..).step_by(4);
    places.zip(chunks.iter().map(|word| u32::from_le_bytes(*word)))
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
