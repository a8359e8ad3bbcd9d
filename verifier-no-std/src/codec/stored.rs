//! The codec `stored`: the payload is the new image.

use super::{CodecError, Images, PatchDecoder, Pull, PullError};

#[cfg(test)]
mod tests;

/// Bytes held between a push and a pull.
const HELD: usize = 64;

/// Passes the payload through.
#[derive(Debug)]
pub struct StoredDecoder {
    held: [u8; HELD],
    /// Bytes of `held` that were pulled, and that were pushed.
    pulled: usize,
    pushed: usize,
    made: u32,
    size: u32,
    finished: bool,
}

impl StoredDecoder {
    /// A decoder of an image of `size` bytes.
    #[must_use]
    pub const fn new(size: u32) -> Self {
        Self {
            held: [0; HELD],
            pulled: 0,
            pushed: 0,
            made: 0,
            size,
            finished: false,
        }
    }
}

impl PatchDecoder for StoredDecoder {
    fn push(&mut self, input: &[u8]) -> Result<usize, CodecError> {
        if self.pulled == self.pushed {
            (self.pulled, self.pushed) = (0, 0);
        }
        let room = self.held.get_mut(self.pushed..).unwrap_or_default();
        let count = room.len().min(input.len());
        for (to, from) in room.iter_mut().zip(input) {
            *to = *from;
        }
        self.pushed = self.pushed.saturating_add(count);
        Ok(count)
    }

    fn finish(&mut self) {
        self.finished = true;
    }

    fn pull<I: Images>(
        &mut self,
        _images: &mut I,
        out: &mut [u8],
    ) -> Result<Pull, PullError<I::Error>> {
        let held = self.held.get(self.pulled..self.pushed).unwrap_or_default();
        let count = held.len().min(out.len());
        for (to, from) in out.iter_mut().zip(held) {
            *to = *from;
        }
        let made = u32::try_from(count).map_or(u32::MAX, |n| self.made.saturating_add(n));
        if made > self.size {
            return Err(CodecError::OutputOverrun { size: self.size }.into());
        }
        self.made = made;
        self.pulled = self.pulled.saturating_add(count);
        match (count, self.finished) {
            (1.., _) => Ok(Pull::Output(count)),
            (0, false) => Ok(Pull::NeedInput),
            (0, true) if self.made == self.size => Ok(Pull::Done),
            (0, true) => Err(CodecError::Truncated { made: self.made }.into()),
        }
    }

    fn restart(&mut self) {
        *self = Self::new(self.size);
    }
}
