//! A guess at the load address of images that do not say it themselves.

use std::collections::BTreeMap;

use sprag_delta::{Addresses, Isa};

/// Guesses where two images of bare Arm firmware lie, from the words in the old one that point at
/// the beginnings of functions. Base 0 without RAM if nothing speaks for another.
#[must_use]
pub fn detect_addresses(isa: Isa, old: &[u8]) -> Addresses {
    let base = match isa {
        Isa::Thumb | Isa::A32 => detect_base(isa, old),
        _ => 0,
    };
    let ram = match isa {
        Isa::Thumb if base < 0x2000_0000 => (0x2000_0000, 0x10_0000),
        _ => (0, 0),
    };
    Addresses {
        old_base: base,
        new_base: base,
        ram_base: ram.0,
        ram_len: ram.1,
    }
}

/// Bases are looked for in steps of a page.
const PAGE: u32 = 0x1000;

/// A page that fewer words point into is no candidate.
const WORDS_MIN: u32 = 3;

fn detect_base(isa: Isa, old: &[u8]) -> u64 {
    let (chunks, _) = old.as_chunks::<4>();
    let mut words: Vec<u32> = chunks
        .iter()
        .map(|word| u32::from_le_bytes(*word))
        .filter(|word| {
            if isa == Isa::Thumb {
                word & 1 == 1
            } else {
                word & 3 == 0
            }
        })
        .collect();
    // A frequent instruction must not count as many pointers.
    words.sort_unstable();
    words.dedup();
    let mut pages: BTreeMap<u32, u32> = BTreeMap::new();
    for word in &words {
        *pages.entry(word & !(PAGE - 1)).or_default() += 1;
    }
    let mut best = (0, 0);
    // Of equal scores the lowest base wins.
    for (&base, &count) in &pages {
        if count < WORDS_MIN {
            continue;
        }
        // Of many words that happen to lie in the range, a few happen to point at functions: what
        // counts is the share that does, too.
        let (mut inside, mut votes) = (16_u64, 0_u64);
        for word in &words {
            if let Some(is_function) = is_function(isa, old, *word, base) {
                inside += 1;
                votes += u64::from(is_function);
            }
        }
        let score = votes * votes / inside;
        if score > best.0 {
            best = (score, base);
        }
    }
    u64::from(best.1)
}

/// Whether a word points at an instruction that saves the link register; `None` outside the image.
fn is_function(isa: Isa, old: &[u8], word: u32, base: u32) -> Option<bool> {
    let offset = (word & !1).wrapping_sub(base);
    let code = usize::try_from(offset)
        .ok()
        .and_then(|offset| old.get(offset..))?;
    Some(match isa {
        Isa::Thumb => matches!(code, [_, 0xb5, ..] | [0x2d, 0xe9, ..]),
        _ => matches!(code, [_, _, 0x2d, 0xe9, ..]),
    })
}

#[cfg(test)]
mod tests;
