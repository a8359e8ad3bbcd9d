use core::fmt;

use super::header::{HEADER_LEN, Header};
use super::machine::{Context, IDLE_STEPS, Machine, STEP_INPUT, STEP_WORK};
use super::tables::{Layout, Tables};
use super::{RECENT_LEN, WINDOW_LEN, workspace_len};
use crate::coder::{BYTES_PAST_END, Range, RangeDecoder};
use crate::decoder::Pull;
use crate::error::DecodeError;
use crate::fifo::{FIFO_LEN, Fifo};
use crate::images::Images;
use crate::isa::Isa;
use crate::profile::Profile;

/// Upper bound of binary decisions for each byte of output, see [`Decoder::pull`].
pub const WORK_PER_BYTE: u32 = (IDLE_STEPS + 1) * STEP_WORK;

/// A streaming decoder of one full image.
///
/// Bytes go in by [`push`](Self::push), in pieces of any size, and come out by
/// [`pull`](Self::pull); neither the pieces nor the sizes of the output buffers change the result.
pub struct Decoder<'w> {
    fifo: Fifo<'w>,
    /// Window, newest bytes and tables.
    slab: &'w mut [u8],
    phase: Phase,
    len: u32,
    /// Binary decisions so far.
    work: u32,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Before the header.
    Start,
    Running {
        profile: Profile,
        range: Range,
        machine: Machine,
    },
    Failed,
}

impl<'w> Decoder<'w> {
    /// Starts decoding a stream in `workspace`, which must have at least [`workspace_len`] bytes for
    /// the profile in the stream's header; its contents do not matter. `len` is the length of the
    /// image in bytes.
    #[must_use]
    pub fn new(workspace: &'w mut [u8], len: u32) -> Self {
        let fifo_len = FIFO_LEN.min(workspace.len());
        // If it is too small for any profile, `pull` says so.
        let (fifo, slab) = workspace.split_at_mut_checked(fifo_len).unwrap_or_default();
        Self {
            fifo: Fifo::new(fifo),
            slab,
            phase: Phase::Start,
            len,
            work: 0,
        }
    }

    /// Goes back to the beginning of the stream, as after [`new`](Self::new).
    pub fn restart(&mut self) {
        self.fifo.clear();
        self.phase = Phase::Start;
        self.work = 0;
    }

    /// Takes input bytes, in order, and returns how many were taken; the rest must be offered
    /// again after a [`pull`](Self::pull). After [`finish`](Self::finish) none are taken.
    pub fn push(&mut self, input: &[u8]) -> usize {
        self.fifo.push(input)
    }

    /// Says that no more input will come.
    pub fn finish(&mut self) {
        self.fifo.finish();
    }

    /// Decodes into `out` and returns what was achieved. Of `images` only the new one is read, and
    /// of it only bytes that earlier calls gave out.
    ///
    /// A call writes at most `out.len()` bytes and takes at most [`WORK_PER_BYTE`]
    /// `* (out.len() + 8)` binary decisions. The last bytes come only after
    /// [`finish`](Self::finish).
    ///
    /// # Errors
    ///
    /// Any [`DecodeError`]; bytes written to `out` by a failed call are no part of the image, and
    /// the decoder is of no more use.
    pub fn pull<I: Images>(
        &mut self,
        images: &mut I,
        out: &mut [u8],
    ) -> Result<Pull, DecodeError<I::Error>> {
        let result = self.try_pull(images, out);
        if result.is_err() {
            self.phase = Phase::Failed;
        }
        result
    }

    /// Binary decisions decoded so far, wrapping: the cost of decoding, independent of the
    /// processor.
    #[must_use]
    pub fn work(&self) -> u32 {
        self.work
    }

    /// Bytes of the image decoded so far.
    #[must_use]
    pub fn produced(&self) -> u32 {
        match self.phase {
            Phase::Running { machine, .. } => machine.given(),
            Phase::Start | Phase::Failed => 0,
        }
    }

    /// The profile and the instruction set that the stream's header says, once that is decoded; nothing
    /// after an error.
    #[must_use]
    pub fn stated(&self) -> Option<(Profile, Isa)> {
        match self.phase {
            Phase::Running {
                profile, machine, ..
            } => Some((profile, machine.isa())),
            Phase::Start | Phase::Failed => None,
        }
    }

    fn try_pull<I: Images>(
        &mut self,
        images: &mut I,
        out: &mut [u8],
    ) -> Result<Pull, DecodeError<I::Error>> {
        if matches!(self.phase, Phase::Start) && !self.start()? {
            return Ok(Pull::NeedInput);
        }
        let Phase::Running {
            profile,
            range,
            mut machine,
        } = self.phase
        else {
            return Err(DecodeError::Failed);
        };
        let have = FIFO_LEN.saturating_add(self.slab.len());
        let Some((window, recent, mut tables)) = split(self.slab, profile) else {
            return Err(DecodeError::WorkspaceTooSmall {
                need: workspace_len(profile),
                have,
            });
        };
        let mut coder = RangeDecoder {
            state: range,
            fifo: &mut self.fifo,
            work: self.work,
        };
        let mut context = Context {
            coder: &mut coder,
            tables: &mut tables,
            window,
            recent,
            images,
            given: machine.given(),
        };
        let mut written = 0_usize;
        while !machine.is_done() {
            let (front, rest) = out.split_at_mut_checked(written).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let len = machine.release(rest);
            if len > 0 {
                written = written.saturating_add(len);
                continue;
            }
            if !context.coder.fifo.has(STEP_INPUT) {
                break;
            }
            let stepped = machine.step(&mut context, front);
            if context.coder.fifo.missing() > BYTES_PAST_END {
                return Err(DecodeError::Truncated {
                    produced: machine.given(),
                });
            }
            stepped?;
        }
        (self.work, self.phase) = (
            coder.work,
            Phase::Running {
                profile,
                range: coder.state,
                machine,
            },
        );
        if written > 0 {
            Ok(Pull::Output(written))
        } else if machine.is_done() {
            self.end()
        } else if self.fifo.has(STEP_INPUT) {
            // The output buffer is empty.
            Ok(Pull::Output(0))
        } else {
            Ok(Pull::NeedInput)
        }
    }

    /// Reads header and first bytes once they are here. False if they are not.
    fn start<E>(&mut self) -> Result<bool, DecodeError<E>> {
        let least = workspace_len(Profile::Kib8);
        let have = self.fifo.capacity().saturating_add(self.slab.len());
        if have < least {
            return Err(DecodeError::WorkspaceTooSmall { need: least, have });
        }
        if !self.fifo.has(const { HEADER_LEN + 4 }) {
            return Ok(false);
        }
        let Header { profile, isa } = Header::read(&mut self.fifo)?;
        let Some((_, _, mut tables)) = split(self.slab, profile) else {
            return Err(DecodeError::WorkspaceTooSmall {
                need: workspace_len(profile),
                have,
            });
        };
        tables.reset();
        self.phase = Phase::Running {
            profile,
            range: Range::start(&mut self.fifo),
            machine: Machine::new(isa, self.len),
        };
        Ok(true)
    }

    /// Judges the end of the input once the image is complete: a whole stream leaves the decoder
    /// exactly [`BYTES_PAST_END`] bytes beyond its end, which only a finished input allows.
    fn end<E>(&self) -> Result<Pull, DecodeError<E>> {
        let unread = u32::try_from(self.fifo.len()).unwrap_or(u32::MAX);
        let surplus = BYTES_PAST_END
            .saturating_sub(self.fifo.missing())
            .saturating_add(unread);
        if surplus == 0 {
            Ok(Pull::Done)
        } else {
            Err(DecodeError::TrailingInput { surplus })
        }
    }
}

type Parts<'a> = (
    &'a mut [u8; WINDOW_LEN],
    &'a mut [u8; RECENT_LEN],
    Tables<'a>,
);

/// Window, newest bytes and tables.
fn split(slab: &mut [u8], profile: Profile) -> Option<Parts<'_>> {
    let (window, rest) = slab.split_first_chunk_mut()?;
    let (recent, tables) = rest.split_first_chunk_mut()?;
    Some((window, recent, Tables::split(tables, Layout::of(profile))?))
}

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("len", &self.len)
            .field("produced", &self.produced())
            .finish_non_exhaustive()
    }
}
