use core::fmt;

use crate::coder::{BYTES_PAST_END, Range, RangeDecoder};
use crate::error::DecodeError;
use crate::fifo::{FIFO_LEN, Fifo};
use crate::header::{HEADER_MAX, Header};
use crate::images::Images;
use crate::isa::Addresses;
use crate::machine::{Context, IDLE_STEPS, Machine, Mode, STEP_INPUT, STEP_WORK, WINDOW_LEN};
use crate::map::Widths;
use crate::profile::{Profile, workspace_len};
use crate::region::Class;
use crate::tables::Tables;
use crate::truth::Unknown;

/// Upper bound of binary decisions for each byte of output, see [`Decoder::pull`].
pub const WORK_PER_BYTE: u32 = (IDLE_STEPS + 1) * STEP_WORK;

/// What [`Decoder::pull`] achieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    /// So many bytes were written to the front of the output buffer; at least one, unless the
    /// buffer is empty.
    Output(usize),
    /// Nothing more can be decoded before more input is pushed, or the input is finished.
    NeedInput,
    /// The new image is complete and the input was used up.
    Done,
}

/// What a stream says of the images, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    /// RAM of the decoder.
    pub profile: Profile,
    /// What the first region of the old image holds.
    pub class: Class,
    /// Where the images lie in memory.
    pub addresses: Addresses,
    /// Regions behind the first one.
    pub region_count: u32,
}

/// A streaming decoder of one patch.
///
/// Bytes go in by [`push`](Self::push), in pieces of any size, and come out by
/// [`pull`](Self::pull); neither the pieces nor the sizes of the output buffers change the result.
pub struct Decoder<'w> {
    pub(crate) fifo: Fifo<'w>,
    /// Window and tables.
    pub(crate) slab: &'w mut [u8],
    pub(crate) phase: Phase,
    pub(crate) old_len: u32,
    pub(crate) new_len: u32,
    /// Binary decisions so far.
    work: u32,
}

#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is no heap, and one decoder at a time"
)]
pub(crate) enum Phase {
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
    /// Starts decoding a stream in `workspace`, which must have at least
    /// [`workspace_len`] bytes for the profile in the stream's header; its contents do not
    /// matter. `old_len` and `new_len` are the lengths of the images in bytes.
    #[must_use]
    pub fn new(workspace: &'w mut [u8], old_len: u32, new_len: u32) -> Self {
        let fifo_len = FIFO_LEN.min(workspace.len());
        // If it is too small for any profile, `pull` says so.
        let (fifo, slab) = workspace.split_at_mut_checked(fifo_len).unwrap_or_default();
        let fifo = Fifo::new(fifo);
        Self {
            fifo,
            slab,
            phase: Phase::Start,
            old_len,
            new_len,
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

    /// Decodes into `out` and returns what was achieved.
    ///
    /// A call writes at most `out.len()` bytes and takes at most [`WORK_PER_BYTE`]
    /// `* (out.len() + 1)` binary decisions; calls before the first output together take up to
    /// [`Profile::work_before_output`] more. With an empty buffer nothing happens
    /// beyond the header. The last bytes come only after [`finish`](Self::finish).
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

    /// Bytes of the new image decoded so far.
    #[must_use]
    pub fn produced(&self) -> u32 {
        match self.phase {
            Phase::Running { machine, .. } => machine.given(),
            Phase::Start | Phase::Failed => 0,
        }
    }

    /// What the stream says of the images, once that is decoded; nothing after an error.
    #[must_use]
    pub fn stated(&self) -> Option<Stated> {
        use Mode::{Layout, Region, RegionCount, Segment, SegmentCount};
        let Phase::Running {
            profile, machine, ..
        } = self.phase
        else {
            return None;
        };
        let is_told = !matches!(
            machine.mode,
            Layout | SegmentCount | Segment | RegionCount | Region
        );
        is_told.then_some(Stated {
            profile,
            class: machine.first_class,
            addresses: Addresses {
                old: machine.old.segments,
                new: machine.new.segments,
                ram_base: machine.old.ram_base,
                ram_len: machine.old.ram_len,
            },
            region_count: machine.region_count,
        })
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
            machine,
        } = &mut self.phase
        else {
            return Err(DecodeError::Failed);
        };
        let have = FIFO_LEN.wrapping_add(self.slab.len());
        let widths = Widths::of(&machine.old, &machine.new);
        // Used where it is returned: two of them would be much stack.
        let mut parts = split(self.slab, *profile, widths);
        let Some((window, tables)) = &mut parts else {
            return Err(DecodeError::WorkspaceTooSmall {
                need: workspace_len(*profile),
                have,
            });
        };
        let mut coder = RangeDecoder {
            state: *range,
            fifo: &mut self.fifo,
            work: self.work,
        };
        let mut context = Context {
            coder: &mut coder,
            tables,
            window,
            images,
            truth: &mut Unknown,
        };

        let mut written = 0_usize;
        while !machine.is_done() {
            let rest = out.get_mut(written..).unwrap_or_default();
            if rest.is_empty() || !context.coder.fifo.has(STEP_INPUT) {
                break;
            }
            let len = machine.step(&mut context, rest)?;
            if context.coder.fifo.missing() > BYTES_PAST_END {
                return Err(DecodeError::Truncated {
                    produced: machine.produced,
                });
            }
            written = written.saturating_add(len);
        }
        let is_done = machine.is_done();
        (self.work, *range) = (coder.work, coder.state);
        if written > 0 {
            Ok(Pull::Output(written))
        } else if is_done {
            self.end()
        } else if self.fifo.has(STEP_INPUT) {
            // The output buffer is empty.
            Ok(Pull::Output(0))
        } else {
            Ok(Pull::NeedInput)
        }
    }

    /// Reads header and first bytes once they are here. False if they are not. Not inlined: the first
    /// state is off the stack again before anything is decoded.
    #[inline(never)]
    fn start<E>(&mut self) -> Result<bool, DecodeError<E>> {
        let least = workspace_len(Profile::Kib8);
        let have = self.fifo.capacity().wrapping_add(self.slab.len());
        if have < least {
            return Err(DecodeError::WorkspaceTooSmall { need: least, have });
        }
        if !self.fifo.has(const { HEADER_MAX + 4 }) {
            return Ok(false);
        }
        let header = Header::read(&mut self.fifo)?;
        if self.fifo.len() == 0 {
            return Err(DecodeError::Truncated { produced: 0 });
        }
        let profile = header.profile;
        let widths = Widths::of_lengths(self.old_len, self.new_len, header.ram_len);
        if !reset(self.slab, profile, widths) {
            return Err(DecodeError::WorkspaceTooSmall {
                need: workspace_len(profile),
                have,
            });
        }
        let range = Range::start(&mut self.fifo);
        self.run(&header, range);
        Ok(true)
    }

    /// Not inlined, as a state in the making takes stack.
    #[inline(never)]
    fn run(&mut self, header: &Header, range: Range) {
        self.phase = Phase::Running {
            profile: header.profile,
            range,
            machine: header.machine(self.old_len, self.new_len),
        };
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

/// Puts all tables into their first state; false if the slab is too short. Not inlined, as their views
/// take stack.
#[inline(never)]
fn reset(slab: &mut [u8], profile: Profile, widths: Widths) -> bool {
    let tables = split(slab, profile, widths);
    tables.map(|(_, mut tables)| tables.reset()).is_some()
}

/// Window and tables.
#[inline(never)]
fn split(slab: &mut [u8], profile: Profile, widths: Widths) -> Option<(&mut [u8], Tables<'_>)> {
    let (window, tables) = slab.split_at_mut_checked(WINDOW_LEN)?;
    Some((window, Tables::split(tables, profile, widths)?))
}

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("old_len", &self.old_len)
            .field("new_len", &self.new_len)
            .field("produced", &self.produced())
            .finish_non_exhaustive()
    }
}
