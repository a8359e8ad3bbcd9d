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
    /// Bytes of its state: what was made, and what is held with its length.
    pub(crate) const STATE_LEN: u32 = 4 + 1 + 64;

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

    fn state_len(&self) -> Option<u32> {
        Some(Self::STATE_LEN)
    }

    fn save_state(&self, offset: u32, buf: &mut [u8]) -> Result<(), CodecError> {
        let held = self.held.get(self.pulled..self.pushed).unwrap_or_default();
        let mut waiting = [0; HELD];
        for (to, from) in waiting.iter_mut().zip(held) {
            *to = *from;
        }
        let count = u8::try_from(held.len()).map_err(|_| CodecError::SavedState)?;
        let made = self.made.to_le_bytes();
        let state = made
            .iter()
            .chain(core::slice::from_ref(&count))
            .chain(&waiting);
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        for (to, from) in buf.iter_mut().zip(state.skip(skip)) {
            *to = *from;
        }
        Ok(())
    }

    fn load_state<E>(
        &mut self,
        len: u32,
        mut read: impl FnMut(u32, &mut [u8]) -> Result<(), E>,
    ) -> Result<(), PullError<E>> {
        self.restart();
        if len != Self::STATE_LEN {
            return Err(CodecError::SavedState.into());
        }
        let (mut made, mut count, mut held) = ([0; 4], [0; 1], [0; HELD]);
        read(0, &mut made).map_err(PullError::Images)?;
        read(4, &mut count).map_err(PullError::Images)?;
        read(5, &mut held).map_err(PullError::Images)?;
        let (made, [count]) = (u32::from_le_bytes(made), count);
        let pushed = usize::from(count);
        if made > self.size || pushed > HELD {
            return Err(CodecError::SavedState.into());
        }
        (self.made, self.held, self.pushed) = (made, held, pushed);
        Ok(())
    }
}
