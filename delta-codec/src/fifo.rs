//! The input queue: stream bytes pushed and not yet decoded.

use crate::moving::{put, to_front};

/// Bytes of the queue in the workspace.
pub(crate) const FIFO_LEN: usize = 120;

/// A queue of at most [`FIFO_LEN`] bytes over a lent buffer.
#[derive(Debug)]
pub(crate) struct Fifo<'w> {
    bytes: &'w mut [u8],
    start: usize,
    end: usize,
    /// No more bytes will be pushed.
    finished: bool,
    /// Bytes asked for beyond the end, read as zeros.
    missing: u32,
}

impl<'w> Fifo<'w> {
    pub(crate) fn new(bytes: &'w mut [u8]) -> Self {
        Self {
            bytes,
            start: 0,
            end: 0,
            finished: false,
            missing: 0,
        }
    }

    /// Forgets all input, as if new.
    pub(crate) const fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        self.finished = false;
        self.missing = 0;
    }

    /// Takes what fits and returns how much that was.
    pub(crate) fn push(&mut self, input: &[u8]) -> usize {
        if self.finished {
            return 0;
        }
        if self.start > 0 {
            let end = self.end.min(self.bytes.len());
            let start = self.start.min(end);
            to_front(self.bytes.get_mut(..end).unwrap_or_default(), start);
            (self.start, self.end) = (0, end.wrapping_sub(start));
        }
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        let len = room.len().min(input.len());
        put(room, input);
        self.end = self.end.wrapping_add(len);
        len
    }

    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }

    /// The next byte, or zero beyond the end.
    #[inline]
    pub(crate) fn next(&mut self) -> u8 {
        if self.start < self.end
            && let Some(&byte) = self.bytes.get(self.start)
        {
            self.start = self.start.wrapping_add(1);
            return byte;
        }
        self.missing = self.missing.saturating_add(1);
        0
    }

    /// Bytes the queue can hold.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// Whether `need` bytes are here, or all there will ever be.
    pub(crate) fn has(&self, need: usize) -> bool {
        self.finished || self.len() >= need
    }

    /// Bytes waiting.
    pub(crate) fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    pub(crate) fn missing(&self) -> u32 {
        self.missing
    }

    /// The bytes waiting, for a checkpoint.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Puts a queue back as [`Fifo::waiting`] and its counters described it. False if it cannot
    /// be held.
    pub(crate) fn refill(&mut self, waiting: &[u8], finished: bool, missing: u32) -> bool {
        (self.start, self.end, self.finished) = (0, 0, false);
        let all = self.push(waiting) == waiting.len();
        (self.finished, self.missing) = (finished, missing);
        all
    }
}

#[cfg(test)]
mod tests;
