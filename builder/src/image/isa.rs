//! The instruction set of code without a header: of the right one, calls land where functions begin.

use sprag_delta::{Class, Isa, Kind, Segments, Side};

use super::landmarks::{is_prologue, places};

/// The instruction sets that are told apart by their calls. 32-bit RISC-V stands for both.
const CALLING: [Isa; 5] = [Isa::Thumb, Isa::A32, Isa::A64, Isa::Rv32, Isa::Xtensa];

/// Of longer images, so many pieces of this length are looked at.
const PIECES: usize = 4;
const PIECE_LEN: usize = 1 << 20;

/// So many calls, so many times as many as by chance, and so many times as many as of any other instruction set, leave no doubt.
const HITS_MIN: u32 = 48;
const CHANCE_FACTOR: u32 = 3;
const OTHERS_FACTOR: u32 = 16;

/// What the calls in an image say, if they say it clearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Calls {
    /// The instruction set.
    pub(crate) isa: Isa,
    /// Calls that land where a function begins.
    pub(crate) hits: u32,
}

/// Which of the `allowed` instruction sets most code of `image` is in; `None` if its calls leave a doubt.
pub(crate) fn by_calls(image: &[u8], allowed: &[Isa]) -> Option<Calls> {
    let mut counts: Vec<Count> = CALLING.iter().map(|&isa| count(isa, image)).collect();
    counts.sort_by_key(|count| core::cmp::Reverse(count.hits));
    let [first, second, ..] = counts.as_slice() else {
        return None;
    };
    let clear = first.hits >= HITS_MIN.max(first.by_chance.saturating_mul(CHANCE_FACTOR))
        && first.hits >= second.hits.saturating_mul(OTHERS_FACTOR);
    let isa = match first.isa {
        Isa::Rv32 => riscv_width(image)?,
        isa => isa,
    };
    (clear && allowed.contains(&isa)).then_some(Calls {
        isa,
        hits: first.hits,
    })
}

/// Calls of an instruction set.
struct Count {
    isa: Isa,
    /// That land where a function begins.
    hits: u32,
    /// That would if they landed anywhere.
    by_chance: u32,
}

fn count(isa: Isa, image: &[u8]) -> Count {
    let (mut hits, mut by_chance) = (0_u32, 0_u32);
    for piece in pieces(image) {
        let side = Side {
            segments: Segments::at(0),
            len: u32::try_from(piece.len()).unwrap_or(u32::MAX),
            ram_base: 0,
            ram_len: 0,
        };
        let step = 1 << isa.unit_log2();
        let mut begins = vec![false; piece.len()];
        let mut targets = Vec::new();
        for (place, bytes) in places(piece, step) {
            if is_prologue(isa, bytes)
                && let Some(begin) = usize::try_from(place).ok().and_then(|p| begins.get_mut(p))
            {
                *begin = true;
            }
            if let Some(field) = side.recognise(Class::Code(isa), place, bytes)
                && field.kind == Kind::Call
            {
                targets.push(field.target);
            }
        }
        let narrow = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let begun = narrow(begins.iter().filter(|begin| **begin).count());
        let hit = |target: &&u32| {
            let target = usize::try_from(**target).unwrap_or(usize::MAX);
            begins.get(target).is_some_and(|begin| *begin)
        };
        let hit = narrow(targets.iter().filter(hit).count());
        let chance = narrow(targets.len()) * begun / narrow((piece.len() / step).max(1));
        hits += u32::try_from(hit).unwrap_or(u32::MAX);
        by_chance += u32::try_from(chance).unwrap_or(u32::MAX);
    }
    Count {
        isa,
        hits,
        by_chance,
    }
}

/// The image, or pieces that are spread over it evenly.
fn pieces(image: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = image.len() <= PIECES * PIECE_LEN;
    let count = if whole { 1 } else { PIECES };
    let len = if whole { image.len() } else { PIECE_LEN };
    (0..count).filter_map(move |piece| {
        // Whole instructions, whatever the length.
        let start = (image.len() / count * piece) & !7;
        image.get(start..start + len)
    })
}

/// Whether functions save the return address as a word or as a doubleword.
fn riscv_width(image: &[u8]) -> Option<Isa> {
    let (mut words, mut doublewords) = (0_u32, 0_u32);
    for piece in pieces(image) {
        for (_, [a, b, c, d, ..]) in places(piece, 2) {
            let word = u32::from_le_bytes([a, b, c, d]);
            // SW RA, n(SP) and C.SWSP; SD RA, n(SP) and C.SDSP.
            words += u32::from(word & 0x01ff_f07f == 0x0011_2023 || word & 0xe07f == 0xc006);
            doublewords += u32::from(word & 0x01ff_f07f == 0x0011_3023 || word & 0xe07f == 0xe006);
        }
    }
    if words > 2 * doublewords {
        Some(Isa::Rv32)
    } else if doublewords > 2 * words {
        Some(Isa::Rv64)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
