//! Images out of choices: an old one as it stands in the input, and a new one that an edit makes of it.

use crate::choices::Choices;

/// Longest image, in bytes: encoders take milliseconds for each hundred.
const LEN_MAX: usize = 1536;

/// What an edit does next, by the number that says so.
pub(crate) mod edit {
    /// Copies: place and length, two bytes each.
    pub(crate) const COPY: u8 = 0;
    /// Bytes of its own: their number, then they.
    pub(crate) const LITERAL: u8 = 1;
    /// Copies, and adds to every so many words: place, length, distance (two bytes), words.
    pub(crate) const MOVED: u8 = 2;
    /// One other byte: place, value.
    pub(crate) const SET: u8 = 3;
    /// One byte many times: it, and how many (two bytes).
    pub(crate) const RUN: u8 = 4;
    /// Numbers how many kinds there are.
    pub(crate) const COUNT: u8 = 5;
}

/// An old image, of as many bytes as two say.
pub(crate) fn old<'i>(choices: &mut Choices<'i>) -> &'i [u8] {
    let len = choices.below(LEN_MAX);
    choices.bytes(len)
}

/// A new image, by what is left of the choices.
pub(crate) fn new(choices: &mut Choices<'_>, old: &[u8]) -> Vec<u8> {
    let mut new: Vec<u8> = Vec::new();
    while !choices.is_empty() && new.len() < LEN_MAX {
        match choices.u8() % edit::COUNT {
            edit::COPY => new.extend_from_slice(part(choices, old)),
            edit::LITERAL => {
                let len = choices.u8();
                new.extend_from_slice(choices.bytes(len.into()));
            }
            edit::MOVED => {
                let mut moved = part(choices, old).to_vec();
                let distance = u32::from(choices.u16());
                let every = 1 + usize::from(choices.u8());
                let (words, _) = moved.as_chunks_mut::<4>();
                for word in words.iter_mut().step_by(every) {
                    *word = u32::from_le_bytes(*word)
                        .wrapping_add(distance)
                        .to_le_bytes();
                }
                new.extend_from_slice(&moved);
            }
            edit::SET => {
                let (place, value) = (choices.below(new.len()), choices.u8());
                if let Some(byte) = new.get_mut(place) {
                    *byte = value;
                }
            }
            _ => {
                let (value, count) = (choices.u8(), choices.below(2000));
                new.resize(new.len() + count, value);
            }
        }
    }
    new.truncate(LEN_MAX);
    new
}

/// Some of the old image.
fn part<'o>(choices: &mut Choices<'_>, old: &'o [u8]) -> &'o [u8] {
    let start = choices.below(old.len());
    let len = choices.below(old.len() - start + 1);
    &old[start..start + len]
}
