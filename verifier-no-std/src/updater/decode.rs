//! Verified blocks through the decoder into the slot.

use super::output::Flushed;
use super::{Pass, State, Updater};
use crate::codec::{CodecError, PatchDecoder, Pull, PullError};
use crate::error::Error;
use crate::flash::Flash;
use crate::hash::Hasher;
use crate::mend::erase_again;
use crate::storage::Storage;

/// Times decoding starts over because a sector held something else than it should.
const MAX_RESTARTS: u8 = 8;

impl<D: PatchDecoder> Updater<'_, D> {
    /// Decodes at most one chunk and writes it.
    #[inline(never)]
    pub(super) fn decode<S: Storage>(&mut self, flash: &mut Flash<'_, S>) -> Result<(), Error> {
        loop {
            if self.output.ends_group() {
                if self.output.is_pending() {
                    return self.flush(flash);
                }
                self.end_group();
                return Ok(());
            }
            let (mut images, room) = self.output.split(&self.plan, flash);
            match self.decoder.pull(&mut images, room).map_err(|e| match e {
                PullError::Images(e) => e,
                PullError::Codec(e) => e.into(),
            })? {
                Pull::Output(count) => {
                    if self.output.add(count)? {
                        return self.flush(flash);
                    }
                }
                Pull::NeedInput => match self.state {
                    State::Feed(taken) => {
                        if !self.feed(taken)? {
                            return Ok(());
                        }
                    }
                    _ => return Err(self.truncated()),
                },
                Pull::Done => return self.finish_decoding(flash),
            }
        }
    }

    /// Gives the decoder more of the block; `false` when the block is used up.
    fn feed(&mut self, taken: usize) -> Result<bool, Error> {
        let part = self.cursor.part().ok_or(Error::WrongState)?;
        let len = usize::try_from(part.len).unwrap_or(usize::MAX);
        let rest = self.block.get(taken..len).unwrap_or_default();
        if !rest.is_empty() {
            let count = self.decoder.push(rest)?;
            if count == 0 {
                // A decoder that wants input and takes none would wait for ever.
                return Err(CodecError::Malformed.into());
            }
            self.state = State::Feed(taken.saturating_add(count));
            return Ok(true);
        }
        self.cursor.advance(self.page);
        self.state = match (self.cursor.part(), self.staging) {
            (Some(_), Some(_)) => State::Locate(Pass::Apply),
            (Some(_), None) => State::Receive(0),
            (None, _) => {
                self.decoder.finish();
                State::Drain
            }
        };
        Ok(false)
    }

    fn flush<S: Storage>(&mut self, flash: &mut Flash<'_, S>) -> Result<(), Error> {
        match self.output.flush(&self.plan, flash)? {
            Flushed::Written => {
                if S::CHECKPOINTS
                    && let Some(state) = self.begin_checkpoint(flash)
                {
                    self.state = state;
                }
            }
            Flushed::Dirty(offset)
                if self.plan.in_place.is_none() && self.restarts < MAX_RESTARTS =>
            {
                self.restarts = self.restarts.saturating_add(1);
                self.state = State::Mend(offset);
            }
            Flushed::Dirty(offset) => {
                let area = self.plan.target;
                return Err(Error::FlashVerify {
                    area,
                    address: flash.address(area, offset),
                });
            }
        }
        Ok(())
    }

    /// Erases the sector at `offset` of the slot. With it go chunks that were right: decode again from the start, or
    /// from the last checkpoint, which lies in front of it.
    /// What other sectors hold is compared, found right and left.
    #[inline(never)]
    pub(super) fn mend<S: Storage>(&mut self, storage: &mut S, offset: u32) -> Result<(), Error> {
        erase_again(storage, self.plan.target, offset, self.plan.new_size)?;
        self.start_over();
        self.state = match self.staging {
            Some(_) => State::Locate(Pass::Apply),
            None => self.first_or_found(false),
        };
        Ok(())
    }

    fn finish_decoding<S: Storage>(&mut self, flash: &mut Flash<'_, S>) -> Result<(), Error> {
        if !matches!(self.state, State::Drain) {
            // The stream is over while blocks are left, or bytes of this one.
            return Err(CodecError::Trailing.into());
        }
        if self.output.made() != self.plan.new_size {
            return Err(self.truncated());
        }
        if self.output.is_pending() {
            return self.flush(flash);
        }
        if self
            .plan
            .in_place
            .is_some_and(|in_place| in_place.group != 0)
        {
            self.end_group();
        } else {
            self.state = State::Check(Hasher::new(), 0);
        }
        Ok(())
    }

    fn truncated(&self) -> Error {
        Error::OutputSize {
            package: self.plan.new_size,
            decoded: self.output.made(),
        }
    }
}
