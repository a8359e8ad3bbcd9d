//! Damage as a line does it: bits flipped, bytes missing and bytes too many, anywhere in a package.

use super::case::{Bench, Expected, Layer};

/// What happens to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// This bit is flipped, counted from the first byte's lowest.
    Bit(usize),
    /// It ends before this byte.
    Cut(usize),
    /// A byte of this value comes in front of this one.
    Insert(usize, u8),
    /// This byte is missing.
    Delete(usize),
}

impl Damage {
    /// The damaged package; `None` if it is what it was.
    #[must_use]
    pub fn apply(self, package: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = package.to_vec();
        match self {
            Self::Bit(bit) => *bytes.get_mut(bit / 8)? ^= 1 << (bit % 8),
            Self::Cut(len) => bytes.truncate(len),
            Self::Insert(at, byte) if at <= bytes.len() => bytes.insert(at, byte),
            Self::Delete(at) if at < bytes.len() => {
                bytes.remove(at);
            }
            Self::Insert(..) | Self::Delete(_) => return None,
        }
        (bytes != package).then_some(bytes)
    }

    /// What it is called.
    const fn kind(self) -> &'static str {
        match self {
            Self::Bit(_) => "bit",
            Self::Cut(_) => "cut",
            Self::Insert(..) => "insert",
            Self::Delete(_) => "delete",
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Bit(at) | Self::Cut(at) | Self::Insert(at, _) | Self::Delete(at) => at,
        }
    }

    /// Every damage of each kind to a package of `len` bytes, or each `step`-th.
    pub fn all(len: usize, step: usize) -> impl Iterator<Item = Self> {
        let step = step.max(1);
        let bits = (0..8 * len).step_by(step).map(Self::Bit);
        let cuts = (0..len).step_by(step).map(Self::Cut);
        let inserted = (0..=len).step_by(step).flat_map(|at| {
            // A byte that changes all that follows, and one that looks like padding.
            [Self::Insert(at, 0xa5), Self::Insert(at, 0)]
        });
        let deleted = (0..len).step_by(step).map(Self::Delete);
        bits.chain(cuts).chain(inserted).chain(deleted)
    }
}

/// About `count` damages, spread over the package.
pub(super) fn attack(bench: &mut Bench<'_>, count: usize) {
    if count == 0 {
        return;
    }
    let package = bench.package;
    // Twelve for each byte: eight bits, a cut, two insertions, a deletion. An odd step meets every bit.
    let step = (12 * package.len() / count).max(1) | 1;
    for damage in Damage::all(package.len(), step) {
        if let Some(bytes) = damage.apply(package) {
            let name = format!("{}-{}", damage.kind(), damage.place());
            let why = "damage on the way";
            let case = (
                Layer::Bytes,
                name.as_str(),
                Expected::RefusedOrIdentical,
                why,
            );
            bench.add_on(bench.setting.clone(), case, bytes);
        }
    }
}
