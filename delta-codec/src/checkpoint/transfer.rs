//! The two ways of a list of fields.

use crate::moving::put;

/// Moves fields into a checkpoint or out of it: one list of fields serves both ways.
pub(super) trait Transfer {
    fn bytes(&mut self, bytes: &mut [u8]);

    fn u8(&mut self, value: &mut u8) {
        self.bytes(core::slice::from_mut(value));
    }

    fn u64(&mut self, value: &mut u64) {
        let mut bytes = value.to_le_bytes();
        self.bytes(&mut bytes);
        *value = u64::from_le_bytes(bytes);
    }

    fn u32(&mut self, value: &mut u32) {
        let mut bytes = value.to_le_bytes();
        self.bytes(&mut bytes);
        *value = u32::from_le_bytes(bytes);
    }
}

/// Into a piece of a checkpoint.
pub(super) struct Save<'a> {
    /// Bytes still to pass over before the piece begins.
    pub(super) skip: usize,
    /// What of the piece is still to be filled.
    pub(super) rest: &'a mut [u8],
}

impl Save<'_> {
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        let skipped = self.skip.min(bytes.len());
        self.skip = self.skip.saturating_sub(skipped);
        let bytes = bytes.get(skipped..).unwrap_or_default();
        let count = bytes.len().min(self.rest.len());
        let (front, rest) = core::mem::take(&mut self.rest)
            .split_at_mut_checked(count)
            .unwrap_or_default();
        put(front, bytes);
        self.rest = rest;
    }
}

impl Transfer for Save<'_> {
    fn bytes(&mut self, bytes: &mut [u8]) {
        self.copy(bytes);
    }
}

/// Bytes that are read at a time for small fields.
const BUFFER_LEN: usize = 64;

/// Out of a checkpoint, which is read from front to back, each byte once.
pub(super) struct Load<R, E> {
    read: R,
    /// Where the next read begins, and how many bytes are left from there.
    offset: usize,
    left: usize,
    buffer: [u8; BUFFER_LEN],
    start: usize,
    end: usize,
    /// Whether all that was asked for was there.
    ok: bool,
    failure: Option<E>,
}

impl<E, R: FnMut(usize, &mut [u8]) -> Result<(), E>> Load<R, E> {
    pub(super) fn new(len: usize, read: R) -> Self {
        Self {
            read,
            offset: 0,
            left: len,
            buffer: [0; BUFFER_LEN],
            start: 0,
            end: 0,
            ok: true,
            failure: None,
        }
    }

    pub(super) fn next(&mut self) -> u8 {
        let mut byte = 0;
        self.u8(&mut byte);
        byte
    }

    /// Whether all that was asked for was there. What the reader reported, if it failed.
    pub(super) fn check(&mut self) -> Result<bool, E> {
        match self.failure.take() {
            Some(e) => Err(e),
            None => Ok(self.ok),
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.left == 0 && self.start == self.end
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        let (offset, len) = (self.offset, bytes.len());
        let Some(left) = self.left.checked_sub(len) else {
            self.ok = false;
            return;
        };
        (self.offset, self.left) = (offset.saturating_add(len), left);
        if let Err(e) = (self.read)(offset, bytes) {
            self.ok = false;
            self.failure = self.failure.take().or(Some(e));
        }
    }
}

impl<E, R: FnMut(usize, &mut [u8]) -> Result<(), E>> Transfer for Load<R, E> {
    fn bytes(&mut self, bytes: &mut [u8]) {
        let mut wanted = bytes;
        while self.ok && !wanted.is_empty() {
            let held = self.buffer.get(self.start..self.end).unwrap_or_default();
            if held.is_empty() && wanted.len() >= BUFFER_LEN {
                self.fill(wanted);
                return;
            }
            if held.is_empty() {
                let len = self.left.min(BUFFER_LEN);
                let mut buffer = self.buffer;
                self.fill(buffer.get_mut(..len).unwrap_or_default());
                (self.buffer, self.start, self.end) = (buffer, 0, len);
                self.ok &= len > 0;
                continue;
            }
            let count = held.len().min(wanted.len());
            let (now, later) = wanted.split_at_mut_checked(count).unwrap_or_default();
            put(now, held.get(..count).unwrap_or_default());
            self.start = self.start.saturating_add(count);
            wanted = later;
        }
    }
}
