//! The tree of one-time keys (RFC 8554, sections 4 and 5), with SHA-256 and 32 bytes.

use core::fmt;
use core::num::NonZero;
use core::str::FromStr;
use std::thread;

use sha2::{Digest as _, Sha256};
use sprag_manifest::HSS_LMS_KEY_LEN;
use zeroize::Zeroizing;

/// Domains of the hashes (RFC 8554 section 3.3).
const D_PBLC: [u8; 2] = [0x80, 0x80];
const D_MESG: [u8; 2] = [0x81, 0x81];
const D_LEAF: [u8; 2] = [0x82, 0x82];
const D_INTR: [u8; 2] = [0x83, 0x83];

pub(super) type Node = [u8; 32];

/// The height of a tree and the bits of a digit: what `--lms` takes, as `H10/W8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LmsParameters {
    height: u32,
    width: u32,
}

impl LmsParameters {
    /// The LMS and the LM-OTS type (RFC 8554, sections 4.1 and 5.1).
    pub(super) const fn types(self) -> [u32; 2] {
        let lms = match self.height {
            5 => 5,
            10 => 6,
            _ => 7,
        };
        [lms, if self.width == 4 { 3 } else { 4 }]
    }

    pub(super) const fn of_types(lms: u32, ots: u32) -> Option<Self> {
        let height = match lms {
            5 => 5,
            6 => 10,
            7 => 15,
            _ => return None,
        };
        let width = match ots {
            3 => 4,
            4 => 8,
            _ => return None,
        };
        Some(Self { height, width })
    }

    /// How many signatures a key makes in its life.
    #[must_use]
    pub const fn leaves(self) -> u32 {
        1 << self.height
    }

    /// Bytes of a signature with its HSS level (RFC 8554, sections 4.5, 5.4 and 6.2).
    pub(super) fn signature_len(self) -> usize {
        let nodes = u32::from(self.chains()) + self.height + 1;
        16 + 32 * usize::try_from(nodes).unwrap_or(0)
    }

    const fn chains(self) -> u16 {
        if self.width == 4 { 67 } else { 34 }
    }

    const fn last(self) -> u8 {
        if self.width == 4 { 15 } else { 255 }
    }
}

impl fmt::Display for LmsParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "H{}/W{}", self.height, self.width)
    }
}

impl FromStr for LmsParameters {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [5, 10, 15].into_iter().flat_map(|height| {
            let of = move |width| Self { height, width };
            [of(4), of(8)]
        });
        known
            .into_iter()
            .find(|parameters| parameters.to_string() == text)
            .ok_or_else(|| "is none of H5/W4, H5/W8, H10/W4, H10/W8, H15/W4, H15/W8".into())
    }
}

/// What a key is made of.
pub(super) struct Tree {
    pub(super) parameters: LmsParameters,
    /// The tree's identifier, I.
    pub(super) id: [u8; 16],
    /// Of what all one-time keys are made (RFC 8554, appendix A).
    pub(super) seed: Zeroizing<[u8; 32]>,
}

impl Tree {
    /// All nodes, level by level from the leaves to the root, by as many threads as there are cores.
    pub(super) fn levels(&self) -> Vec<Vec<Node>> {
        let leaves = self.parameters.leaves();
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let share = leaves.div_ceil(u32::try_from(threads).unwrap_or(1)).max(1);
        let mut level: Vec<Node> = thread::scope(|scope| {
            let workers: Vec<_> = (0..leaves)
                .step_by(usize::try_from(share).unwrap_or(1))
                .map(|from| {
                    let range = from..leaves.min(from.saturating_add(share));
                    scope.spawn(move || range.map(|leaf| self.leaf(leaf)).collect::<Vec<_>>())
                })
                .collect();
            // A worker panics where this would; it has nothing to panic about.
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap_or_default())
                .collect()
        });
        let mut levels = Vec::new();
        let mut first = leaves;
        while level.len() > 1 {
            first >>= 1;
            let parents = (first..).zip(level.chunks_exact(2));
            let parents = parents.map(|(number, pair)| {
                let hash = self.begin(number).chain_update(D_INTR);
                hash.chain_update(pair.as_flattened()).finalize().into()
            });
            let parents = parents.collect();
            levels.push(core::mem::replace(&mut level, parents));
        }
        levels.push(level);
        levels
    }

    /// The public key, as an HSS with one level (RFC 8554, section 6.1).
    pub(super) fn public(&self, root: &Node) -> [u8; HSS_LMS_KEY_LEN] {
        let [lms, ots] = self.parameters.types();
        let words = [1, lms, ots].map(u32::to_be_bytes);
        let mut key = [0; HSS_LMS_KEY_LEN];
        let parts = [words.as_flattened(), &self.id, root].concat();
        key.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        key
    }

    /// The signature by a leaf, with the randomizer `c` (RFC 8554, algorithms 3 and 5; section 6.2).
    pub(super) fn sign(
        &self,
        levels: &[Vec<Node>],
        leaf: u32,
        c: &Node,
        message: &[u8],
    ) -> Vec<u8> {
        let hash = self.begin(leaf).chain_update(D_MESG).chain_update(c);
        let hash: Node = hash.chain_update(message).finalize().into();
        let [lms, ots] = self.parameters.types();
        let mut signature = [0, leaf, ots].map(u32::to_be_bytes).concat();
        signature.extend(c);
        for (chain, digit) in (0_u16..).zip(self.digits(&hash)) {
            signature.extend(self.walk(leaf, chain, 0..digit, self.secret(leaf, chain)));
        }
        signature.extend(lms.to_be_bytes());
        let mut number = usize::try_from(leaf).unwrap_or(usize::MAX);
        for level in levels {
            // The last level is the root, which has no sibling.
            signature.extend(level.get(number ^ 1).into_iter().flatten());
            number >>= 1;
        }
        signature
    }

    /// The digits of a hash and of their checksum.
    fn digits(&self, hash: &Node) -> Vec<u8> {
        let wide = self.parameters.width == 8;
        let split = |bytes: &[u8]| -> Vec<u8> {
            match wide {
                true => bytes.to_vec(),
                false => bytes
                    .iter()
                    .flat_map(|byte| [byte >> 4, byte & 15])
                    .collect(),
            }
        };
        let mut digits = split(hash);
        let last = self.parameters.last();
        let sum: u16 = digits.iter().map(|digit| u16::from(last - digit)).sum();
        let sum = if wide { sum } else { sum << 4 };
        digits.extend(split(&sum.to_be_bytes()));
        digits.truncate(self.parameters.chains().into());
        digits
    }

    fn leaf(&self, leaf: u32) -> Node {
        let mut key = self.begin(leaf).chain_update(D_PBLC);
        for chain in 0..self.parameters.chains() {
            let secret = self.secret(leaf, chain);
            key.update(self.walk(leaf, chain, 0..self.parameters.last(), secret));
        }
        let number = self.parameters.leaves() + leaf;
        let hash = self.begin(number).chain_update(D_LEAF);
        hash.chain_update(key.finalize()).finalize().into()
    }

    /// The beginning of a chain (RFC 8554, appendix A).
    fn secret(&self, leaf: u32, chain: u16) -> Node {
        let hash = self.begin(leaf).chain_update(chain.to_be_bytes());
        let hash = hash.chain_update([0xff]).chain_update(*self.seed);
        hash.finalize().into()
    }

    fn walk(&self, leaf: u32, chain: u16, steps: core::ops::Range<u8>, from: Node) -> Node {
        steps.fold(from, |value, step| {
            let hash = self.begin(leaf).chain_update(chain.to_be_bytes());
            hash.chain_update([step])
                .chain_update(value)
                .finalize()
                .into()
        })
    }

    fn begin(&self, number: u32) -> Sha256 {
        Sha256::new()
            .chain_update(self.id)
            .chain_update(number.to_be_bytes())
    }
}
