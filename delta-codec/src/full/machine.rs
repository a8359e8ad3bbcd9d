//! The decoder's state machine: from binary decisions to filtered bytes, and from those to plain ones.

use super::filter::{REACH, Restorer, filter};
use super::memory::{Memory, Source};
use super::model::{self, LENGTH_STEPS};
use super::tables::Tables;
use super::{RECENT_LEN, WINDOW_LEN};
use crate::coder::{BYTES_PER_DECISION, RangeDecoder};
use crate::error::DecodeError;
use crate::fifo::FIFO_LEN;
use crate::images::Images;
use crate::isa::Isa;
use crate::moving::to_front;

/// Most binary decisions of one [`Machine::step`]: the rest of a long copy, a number of 32 bits.
pub(crate) const STEP_WORK: u32 = 31 + 31;

/// Most stream bytes one step consumes: of such a number the unary length is modelled, the other
/// bits are raw, eight to a byte.
pub(crate) const STEP_INPUT: usize = BYTES_PER_DECISION * 31 + 31 / 8 + 2;

const _: () = assert!(STEP_INPUT <= FIFO_LEN && model::SOURCE_WORK < STEP_WORK);

/// Steps that make no byte between two that do: the end of a copy and the source of the next.
pub(crate) const IDLE_STEPS: u32 = 2;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A literal, or the beginning of a copy.
    Operation,
    /// In a copy: the byte, or its end.
    Copy {
        source: Source,
        /// Bytes so far.
        len: u32,
    },
    /// In a copy whose length is known.
    Rest {
        source: Source,
        /// Bytes left.
        left: u32,
    },
}

/// All state besides tables, coder and the bytes at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) mode: Mode,
    pub(crate) memory: Memory,
    pub(crate) restorer: Restorer,
    /// Plain bytes that found no room in the output buffer, the first lowest.
    ready: u64,
    ready_len: u8,
    /// Place and length of the filtered bytes in the window.
    window_start: u32,
    window_len: u32,
}

/// What a step works with.
pub(crate) struct Context<'a, 't, 'r, 'w, I> {
    pub(crate) coder: &'a mut RangeDecoder<'r, 'w>,
    pub(crate) tables: &'a mut Tables<'t>,
    /// Filtered bytes from the middle of the image.
    pub(crate) window: &'a mut [u8; WINDOW_LEN],
    /// The newest filtered bytes, each at its offset modulo the length.
    pub(crate) recent: &'a mut [u8; RECENT_LEN],
    pub(crate) images: &'a mut I,
    /// Bytes of the image that earlier calls gave out.
    pub(crate) given: u32,
}

impl Machine {
    pub(crate) const fn new(isa: Isa, len: u32) -> Self {
        Self {
            mode: Mode::Operation,
            memory: Memory::new(isa.unit_log2()),
            restorer: Restorer::new(isa, len),
            ready: 0,
            ready_len: 0,
            window_start: 0,
            window_len: 0,
        }
    }

    /// Whether everything is out.
    pub(crate) const fn is_done(&self) -> bool {
        self.ready_len == 0 && self.restorer.offset >= self.restorer.len
    }

    pub(crate) const fn isa(&self) -> Isa {
        self.restorer.isa
    }

    /// Bytes given out.
    pub(crate) fn given(&self) -> u32 {
        self.restorer
            .offset
            .saturating_sub(u32::from(self.ready_len))
    }

    /// Moves plain bytes to the front of `out` and returns how many.
    pub(crate) fn release(&mut self, out: &mut [u8]) -> usize {
        if self.ready_len == 0
            && let Some((bytes, len)) = self.restorer.pop()
        {
            (self.ready, self.ready_len) = (u64::from_le_bytes(bytes), len);
        }
        let mut written = 0_usize;
        for (slot, _) in out.iter_mut().zip(0..self.ready_len) {
            let [low, ..] = self.ready.to_le_bytes();
            *slot = low;
            self.ready >>= 8;
            written = written.wrapping_add(1);
        }
        let len = u8::try_from(written).unwrap_or(self.ready_len);
        self.ready_len = self.ready_len.saturating_sub(len);
        written
    }

    /// Does one unit of work: at most [`STEP_WORK`] binary decisions, [`STEP_INPUT`] bytes of input
    /// and one read of the new image. `out` holds what this call gave out. There must be nothing to
    /// release.
    pub(crate) fn step<I: Images>(
        &mut self,
        context: &mut Context<'_, '_, '_, '_, I>,
        out: &[u8],
    ) -> Result<(), DecodeError<I::Error>> {
        let total = self.restorer.len;
        let offset = self.memory.offset;
        if offset >= total {
            return Ok(());
        }
        let expected = match offset.checked_sub(self.memory.distance()) {
            Some(at) => self.byte(context, at, out)?,
            None => 0,
        };
        let (tables, coder) = (&mut *context.tables, &mut *context.coder);
        match self.mode {
            Mode::Operation => {
                if model::is_copy(tables, coder, &self.memory, expected, false) {
                    self.begin(context, expected)?;
                } else {
                    let byte = model::literal(tables, coder, &self.memory, expected, 0);
                    self.put(context.recent, byte);
                    self.memory.after_literal();
                }
            }
            Mode::Copy { source, len } if len >= LENGTH_STEPS => {
                let left = model::more(tables, coder, 0);
                if left > total.saturating_sub(offset) {
                    return Err(DecodeError::OutputOverrun {
                        offset,
                        len: left,
                        new_len: total,
                    });
                }
                self.rest(source, len, left);
            }
            Mode::Copy { source, len } => {
                let memory = &self.memory;
                if len < source.shortest()
                    || model::goes_on(tables, coder, memory, (source, len), expected, false)
                {
                    self.put(context.recent, expected);
                    let len = len.saturating_add(1);
                    self.mode = Mode::Copy { source, len };
                } else {
                    self.rest(source, len, 0);
                }
            }
            Mode::Rest { source, left } => {
                self.put(context.recent, expected);
                self.rest(source, LENGTH_STEPS, left.saturating_sub(1));
            }
        }
        Ok(())
    }

    /// Reads where a copy comes from.
    fn begin<I: Images>(
        &mut self,
        context: &mut Context<'_, '_, '_, '_, I>,
        expected: u8,
    ) -> Result<(), DecodeError<I::Error>> {
        let (tables, coder) = (&mut *context.tables, &mut *context.coder);
        let source = model::source(tables, coder, &self.memory, expected, Source::Repeat(0));
        self.memory.repeat(source);
        let distance = self.memory.distance();
        if distance == 0 || distance > self.memory.offset {
            return Err(DecodeError::SourceOutOfRange {
                offset: self.memory.offset.wrapping_sub(distance),
                len: source.shortest(),
                old_len: self.memory.offset,
            });
        }
        self.mode = Mode::Copy { source, len: 0 };
        Ok(())
    }

    /// The copy of `len` bytes goes on for `left`.
    fn rest(&mut self, source: Source, len: u32, left: u32) {
        if left > 0 {
            self.mode = Mode::Rest { source, left };
        } else {
            self.memory.after_copy(source, len);
            self.mode = Mode::Operation;
        }
    }

    /// Adds a filtered byte.
    fn put(&mut self, recent: &mut [u8; RECENT_LEN], byte: u8) {
        if let Some(slot) = recent.get_mut(ring(self.memory.offset)) {
            *slot = byte;
        }
        self.memory.advance(byte);
        self.restorer.push(byte);
    }

    /// The filtered byte at `offset`, which lies before the next one.
    fn byte<I: Images>(
        &mut self,
        context: &mut Context<'_, '_, '_, '_, I>,
        offset: u32,
        out: &[u8],
    ) -> Result<u8, DecodeError<I::Error>> {
        let back = self.memory.offset.wrapping_sub(offset);
        if usize::try_from(back).is_ok_and(|back| back <= RECENT_LEN) {
            return Ok(context.recent.get(ring(offset)).copied().unwrap_or(0));
        }
        if offset.wrapping_sub(self.window_start) >= self.window_len {
            self.fill(context, offset, out)?;
        }
        let place = usize::try_from(offset.wrapping_sub(self.window_start)).unwrap_or(usize::MAX);
        Ok(context.window.get(place).copied().unwrap_or(0))
    }

    /// Reads back what was given out around `offset`, and filters it.
    fn fill<I: Images>(
        &mut self,
        context: &mut Context<'_, '_, '_, '_, I>,
        offset: u32,
        out: &[u8],
    ) -> Result<(), DecodeError<I::Error>> {
        let start = offset.saturating_sub(REACH) & !3;
        let known = self.given().saturating_sub(start);
        let len = usize::try_from(known).unwrap_or(usize::MAX);
        let piece = match context.window.get_mut(..len) {
            Some(piece) => piece,
            None => &mut context.window[..],
        };
        let before = usize::try_from(context.given.saturating_sub(start)).unwrap_or(usize::MAX);
        let (read, made) = piece.split_at_mut(before.min(piece.len()));
        if !read.is_empty() {
            context
                .images
                .read_new(start, read)
                .map_err(DecodeError::Images)?;
        }
        let skip = usize::try_from(start.saturating_sub(context.given)).unwrap_or(usize::MAX);
        let made_out = out.get(skip..).unwrap_or_default();
        for (to, from) in made.iter_mut().zip(made_out) {
            *to = *from;
        }
        filter(self.restorer.isa, start, piece);
        // What lies too close to either end may have been filtered otherwise.
        let margin = if start == 0 { 0 } else { REACH };
        let len = u32::try_from(piece.len()).unwrap_or(0);
        if margin > 0 {
            to_front(piece, 16);
        }
        self.window_start = start.wrapping_add(margin);
        self.window_len = len.saturating_sub(margin).saturating_sub(8);
        Ok(())
    }
}

fn ring(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX) & RECENT_LEN.wrapping_sub(1)
}
