//! The memory cells: what programming, erasing and interrupting them does to bits.
//!
//! Cells know no sectors, units or rules; they only move bits between the erased and the
//! programmed state. Weak bits read at random, stuck bits never change.

use core::ops::Range;
use std::collections::BTreeMap;

use crate::rng::Rng;

/// How often a weak bit reads as programmed, in eighths.
const WEAK_READS_PROGRAMMED: u8 = 2;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cells {
    bytes: Vec<u8>,
    erased_value: u8,
    /// Mask of the weak bits of each byte; empty until the first one, to keep snapshots cheap.
    weak: Vec<u8>,
    stuck: BTreeMap<usize, Stuck>,
}

impl Cells {
    pub(crate) fn new(len: usize, erased_value: u8) -> Self {
        Self {
            bytes: vec![erased_value; len],
            erased_value,
            weak: Vec::new(),
            stuck: BTreeMap::new(),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Copies out, with weak bits as they happen to read this time.
    pub(crate) fn read(&self, start: usize, out: &mut [u8], noise: &mut Rng) {
        let range = start..start + out.len();
        out.copy_from_slice(&self.bytes[range.clone()]);
        if !self.weak.is_empty() {
            for (byte, &weak) in out.iter_mut().zip(&self.weak[range]) {
                if weak != 0 {
                    let programmed = noise.mask(WEAK_READS_PROGRAMMED) & weak;
                    *byte = (*byte & !weak) | ((self.erased_value & weak) ^ programmed);
                }
            }
        }
    }

    /// Replaces content: what is loaded is neither weak nor torn.
    pub(crate) fn load(&mut self, start: usize, data: &[u8]) {
        let range = start..start + data.len();
        self.bytes[range.clone()].copy_from_slice(data);
        self.clear_weak(range.clone());
        self.settle(range);
    }

    pub(crate) fn is_erased(&self, range: Range<usize>) -> bool {
        self.bytes[range]
            .iter()
            .all(|&byte| byte == self.erased_value)
    }

    /// Position of the first byte that cannot become its counterpart in `data` without an erase.
    /// Weak and stuck bits excuse the caller, who cannot know them.
    pub(crate) fn conflict(&self, start: usize, data: &[u8]) -> Option<usize> {
        (start..)
            .zip(data)
            .map(|(at, &new)| (at, new))
            .find_map(|(at, new)| {
                let returning = self.programmed(self.bytes[at]) & !self.programmed(new);
                let excused = self.weak.get(at).unwrap_or(&0)
                    | self.stuck.get(&at).map_or(0, |stuck| stuck.mask);
                (returning & !excused != 0).then_some(at)
            })
    }

    pub(crate) fn program(&mut self, start: usize, data: &[u8]) {
        for (at, &new) in (start..).zip(data) {
            self.program_bits(at, self.programmed(new));
        }
        self.settle(start..start + data.len());
    }

    /// Programs a random part of the bits that `data` asks for.
    pub(crate) fn program_partly(&mut self, start: usize, data: &[u8], rng: &mut Rng) {
        let eighths = density(rng);
        for (at, &new) in (start..).zip(data) {
            let wanted = self.programmed(new);
            self.program_bits(at, wanted & rng.mask(eighths));
        }
        self.settle(start..start + data.len());
    }

    pub(crate) fn erase(&mut self, range: Range<usize>) {
        self.bytes[range.clone()].fill(self.erased_value);
        self.clear_weak(range.clone());
        self.settle(range);
    }

    /// Interrupts an erase. A flash programs all bits of a sector first, so that they wear alike,
    /// then erases and verifies them: `seed` modulo 4 picks the moment.
    pub(crate) fn erase_partly(&mut self, range: Range<usize>, seed: u64) {
        let mut rng = Rng::new(seed);
        let eighths = density(&mut rng);
        match seed % 4 {
            0 => {
                for at in range.clone() {
                    let flipped = rng.mask(eighths) & !self.programmed(self.bytes[at]);
                    self.program_bits(at, flipped);
                    self.weaken(at, flipped & rng.mask(1));
                }
            }
            2 => {
                self.erase(range.clone());
                let len = u32::try_from(range.len()).expect("addresses have 32 bits");
                for _ in 0..=rng.below(8) {
                    let at = range.start + crate::index(rng.below(len));
                    self.weaken(at, 1 << rng.below(8));
                }
            }
            phase => {
                for at in range.clone() {
                    let old = self.programmed(self.bytes[at]);
                    let kept = old & !rng.mask(eighths);
                    self.bytes[at] = self.erased_value ^ kept;
                    if phase == 1 {
                        self.weaken(at, old & rng.mask(1));
                    }
                }
            }
        }
        self.settle(range);
    }

    pub(crate) fn weaken(&mut self, at: usize, mask: u8) {
        if mask != 0 {
            self.weak.resize(self.bytes.len(), 0);
            self.weak[at] |= mask;
        }
    }

    pub(crate) fn weak_bits(&self, range: Range<usize>) -> u32 {
        self.weak
            .get(range)
            .map_or(0, |weak| weak.iter().map(|mask| mask.count_ones()).sum())
    }

    /// Sticks the bits of `mask` to their state in `value`.
    pub(crate) fn stick(&mut self, at: usize, mask: u8, value: u8) {
        let stuck = self.stuck.entry(at).or_default();
        stuck.value = (stuck.value & !mask) | (value & mask);
        stuck.mask |= mask;
        self.settle(at..at + 1);
    }

    /// Frees all stuck bits; they stay as they are until the next operation.
    pub(crate) fn unstick(&mut self) {
        self.stuck.clear();
    }

    /// The bits of a byte that differ from the erased state.
    fn programmed(&self, byte: u8) -> u8 {
        byte ^ self.erased_value
    }

    fn program_bits(&mut self, at: usize, bits: u8) {
        let programmed = self.programmed(self.bytes[at]) | bits;
        self.bytes[at] = self.erased_value ^ programmed;
        if let Some(weak) = self.weak.get_mut(at) {
            *weak &= !bits;
        }
    }

    fn clear_weak(&mut self, range: Range<usize>) {
        if let Some(weak) = self.weak.get_mut(range) {
            weak.fill(0);
        }
    }

    /// Returns stuck bits to where they are stuck.
    fn settle(&mut self, range: Range<usize>) {
        for (&at, stuck) in self.stuck.range(range) {
            self.bytes[at] = (self.bytes[at] & !stuck.mask) | stuck.value;
            if let Some(weak) = self.weak.get_mut(at) {
                *weak &= !stuck.mask;
            }
        }
    }
}

/// The bits of one byte that never change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stuck {
    mask: u8,
    /// Their state; zero outside the mask.
    value: u8,
}

/// A share of bits, in eighths, that is neither none nor all.
fn density(rng: &mut Rng) -> u8 {
    u8::try_from(1 + rng.below(7)).expect("at most 7")
}
