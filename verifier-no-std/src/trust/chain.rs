//! The chain of keyset updates in front of the envelope, from chunks of any size.

use sprag_manifest::{
    ChainHead, DecodeError, DecodeErrorKind, KEYSET_HEAD_LEN, Limit, MAX_KEYSETS,
};

use super::Keyring;
use crate::error::Error;
use crate::lms::Signatures;
use crate::storage::Storage;

/// How far the chain has been taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    /// Bytes of the section that are still to come.
    left: u16,
    /// Updates that have begun.
    count: u32,
    /// The version of the last one.
    last: Option<u32>,
    head: [u8; KEYSET_HEAD_LEN],
    /// Bytes of the current update, head included, that have come.
    seen: usize,
    /// Whether it was refused: nothing behind that is looked at.
    failed: bool,
}

/// What is to be done with the bytes that were pushed.
enum Part {
    Head,
    /// Of an update that the device has, and has left behind.
    Passed,
    /// Of one that is to be looked at.
    Wanted(ChainHead),
}

impl Chain {
    pub(crate) const fn new(len: u16) -> Self {
        Self {
            left: len,
            count: 0,
            last: None,
            head: [0; KEYSET_HEAD_LEN],
            seen: 0,
            failed: false,
        }
    }

    /// Bytes that are still to come; never 0 for a chain that was refused.
    pub(crate) fn wanted(&self) -> usize {
        usize::from(self.left).max(usize::from(self.failed))
    }

    /// Takes bytes from the front of `chunk`, follows an update that they complete, and returns how many it took.
    /// Updates are collected in `buf` from `start` on. After an error it takes nothing more.
    pub(crate) fn push<V: Signatures, S: Storage>(
        &mut self,
        chunk: &[u8],
        room: (&mut [u8], usize),
        keyring: &mut Keyring<'_>,
        storage: &mut S,
    ) -> Result<usize, Error> {
        if self.failed {
            return Err(Error::WrongState);
        }
        let taken = self.take::<V, S>(chunk, room, keyring, storage);
        self.failed = taken.is_err();
        taken
    }

    fn take<V: Signatures, S: Storage>(
        &mut self,
        chunk: &[u8],
        (buf, start): (&mut [u8], usize),
        keyring: &mut Keyring<'_>,
        storage: &mut S,
    ) -> Result<usize, Error> {
        // Told by where the head begins, not by where a chunk ends.
        if self.seen == 0 && usize::from(self.left) < KEYSET_HEAD_LEN {
            let needed = u64::try_from(KEYSET_HEAD_LEN).unwrap_or(u64::MAX);
            return Err(truncated(needed, self.left.into()));
        }
        let part = self.part(keyring)?;
        let head_len = KEYSET_HEAD_LEN;
        let total = match part {
            Part::Head => head_len,
            _ => head_len.saturating_add(ChainHead::decode(&self.head)?.len.into()),
        };
        let count = total
            .saturating_sub(self.seen)
            .min(chunk.len())
            .min(self.left.into());
        let bytes = chunk.get(..count).unwrap_or_default();
        let into = match &part {
            Part::Head => self.head.get_mut(self.seen..),
            Part::Passed => None,
            Part::Wanted(_) => {
                let at = start.saturating_add(self.seen.saturating_sub(head_len));
                buf.get_mut(at..)
            }
        };
        for (to, from) in into.unwrap_or_default().iter_mut().zip(bytes) {
            *to = *from;
        }
        self.seen = self.seen.saturating_add(count);
        self.left = self
            .left
            .saturating_sub(u16::try_from(count).unwrap_or(u16::MAX));
        match part {
            Part::Head if self.seen == head_len => self.begin(keyring, buf.len(), start)?,
            Part::Wanted(head) if self.seen == total => {
                let end = start.saturating_add(head.len.into());
                let buf = buf.get_mut(..end).ok_or(Error::WrongState)?;
                if head.version == keyring.version {
                    keyring.compare(buf, start)?;
                } else {
                    keyring.follow::<V, S>(storage, buf, start)?;
                }
            }
            _ => {}
        }
        if !matches!(part, Part::Head) && self.seen == total {
            self.seen = 0;
        }
        Ok(count)
    }

    fn part(&self, keyring: &Keyring<'_>) -> Result<Part, Error> {
        if self.seen < KEYSET_HEAD_LEN {
            return Ok(Part::Head);
        }
        let head = ChainHead::decode(&self.head)?;
        Ok(match head.version < keyring.version {
            true => Part::Passed,
            false => Part::Wanted(head),
        })
    }

    /// Judges the head of an update.
    fn begin(&mut self, keyring: &Keyring<'_>, buf_len: usize, start: usize) -> Result<(), Error> {
        let head = ChainHead::decode(&self.head)?;
        self.count = self.count.saturating_add(1);
        if self.count > MAX_KEYSETS {
            let (max, found) = (MAX_KEYSETS.into(), self.count.into());
            let limit = Limit::Keysets;
            return Err(refused(DecodeErrorKind::LimitExceeded {
                limit,
                max,
                found,
            }));
        }
        if head.len > self.left {
            return Err(truncated(head.len.into(), self.left.into()));
        }
        let package = head.version;
        let before = self.last.unwrap_or(package.wrapping_sub(1));
        if before.checked_add(1).is_some_and(|next| next != package) {
            let device = before;
            return Err(Error::KeysetSkipped { package, device });
        }
        self.last = Some(package);
        let device = keyring.version;
        if package > device.saturating_add(1) {
            return Err(Error::KeysetSkipped { package, device });
        }
        let need = start.saturating_add(head.len.into());
        if package >= device && need > buf_len {
            let width = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
            let (need, have) = (width(need), width(buf_len));
            return Err(Error::EnvelopeTooLarge { need, have });
        }
        Ok(())
    }
}

const fn refused(kind: DecodeErrorKind) -> Error {
    Error::Format(DecodeError { kind, offset: 0 })
}

const fn truncated(needed: u64, available: u64) -> Error {
    refused(DecodeErrorKind::Truncated { needed, available })
}
