//! The encoding side: the model's state, to be asked for prices and given operations.

use core::fmt;

use super::filter;
use super::header::Header;
use super::memory::{Memory, Source};
use super::model::{self, LENGTH_STEPS};
use super::tables::{Layout, Tables};
use super::{Side, workspace_len};
use crate::coder::{ByteSink, Coder, RangeEncoder};
use crate::encoder::EncodeError;
use crate::isa::Isa;
use crate::profile::Profile;

/// Fraction bits of prices: 256 are one bit.
pub const PRICE_BIT: u32 = 256;

/// Puts the filter of `isa` over a whole image.
pub fn filter_image(isa: Isa, image: &mut [u8]) {
    filter::filter(isa, 0, image);
}

/// A stream in the making. It sees a filtered image, see [`filter_image`].
pub struct Encoder<'a, S: ByteSink> {
    tables: Tables<'a>,
    coder: RangeEncoder<'a, S>,
    memory: Memory,
    image: &'a [u8],
}

impl<'a, S: ByteSink> Encoder<'a, S> {
    /// Begins a stream with its header. The workspace needs [`workspace_len`] bytes.
    ///
    /// # Errors
    /// A workspace that is too small, or an image that is too long.
    pub fn new(
        workspace: &'a mut [u8],
        profile: Profile,
        isa: Isa,
        image: &'a [u8],
        sink: &'a mut S,
    ) -> Result<Self, EncodeError> {
        if u32::try_from(image.len()).is_err() {
            return Err(EncodeError::ImageTooLong);
        }
        let have = workspace.len();
        let Some(mut tables) = Tables::split(workspace, Layout::of(profile)) else {
            return Err(EncodeError::WorkspaceTooSmall {
                need: workspace_len(profile),
                have,
            });
        };
        tables.reset();
        Header { profile, isa }.write(sink);
        Ok(Self {
            tables,
            coder: RangeEncoder::new(sink),
            memory: Memory::new(isa.unit_log2()),
            image,
        })
    }

    /// What the model remembers.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// Codes the next byte as a literal.
    pub fn literal(&mut self) {
        let memory = self.memory;
        let expected = self.expected(&memory);
        let byte = self.byte(memory.offset);
        model::is_copy(&mut self.tables, &mut self.coder, &memory, expected, false);
        model::literal(&mut self.tables, &mut self.coder, &memory, expected, byte);
        self.memory.advance(byte);
        self.memory.after_literal();
    }

    /// Codes the next `len` bytes as a copy; they must be the same there.
    pub fn copy(&mut self, source: Source, len: u32) {
        let expected = self.expected(&self.memory);
        let (tables, coder) = (&mut self.tables, &mut self.coder);
        model::is_copy(tables, coder, &self.memory, expected, true);
        model::source(tables, coder, &self.memory, expected, source);
        self.memory.repeat(source);
        let total = u32::try_from(self.image.len()).unwrap_or(u32::MAX);
        let mut done = 0;
        loop {
            let left = len.saturating_sub(done);
            if done == LENGTH_STEPS && self.memory.offset < total {
                model::more(&mut self.tables, &mut self.coder, left);
                break;
            }
            if done >= source.shortest() && self.memory.offset < total {
                let expected = self.expected(&self.memory);
                let (tables, coder) = (&mut self.tables, &mut self.coder);
                model::goes_on(
                    tables,
                    coder,
                    &self.memory,
                    (source, done),
                    expected,
                    left > 0,
                );
            }
            if left == 0 {
                break;
            }
            let byte = self.byte(self.memory.offset);
            self.memory.advance(byte);
            done = done.saturating_add(1);
        }
        while done < len {
            let byte = self.byte(self.memory.offset);
            self.memory.advance(byte);
            done = done.saturating_add(1);
        }
        self.memory.after_copy(source, len);
    }

    /// Ends the stream.
    pub fn finish(self) {
        self.coder.finish();
    }

    /// The memory after a literal at `memory`.
    #[must_use]
    pub fn after_literal(&self, mut memory: Memory) -> Memory {
        memory.advance(self.byte(memory.offset));
        memory.after_literal();
        memory
    }

    /// The memory after a copy at `memory`.
    #[must_use]
    pub fn after_copy(&self, mut memory: Memory, source: Source, len: u32) -> Memory {
        memory.repeat(source);
        memory.after_copy(source, len);
        memory.offset = memory.offset.saturating_add(len);
        let end = usize::try_from(memory.offset).unwrap_or(usize::MAX);
        let start = end.saturating_sub(8);
        memory.recent = 0;
        for byte in self.image.get(start..end).unwrap_or_default() {
            memory.recent = memory.recent << 8 | u64::from(*byte);
        }
        memory
    }

    /// Price of the flag that says literal or copy.
    pub fn kind_price(&mut self, memory: &Memory, copy: bool) -> u32 {
        let mut meter = Meter(0);
        let expected = self.expected(memory);
        model::is_copy(&mut self.tables, &mut meter, memory, expected, copy);
        meter.0
    }

    /// Price of a literal's byte.
    pub fn literal_price(&mut self, memory: &Memory) -> u32 {
        let mut meter = Meter(0);
        let expected = self.expected(memory);
        let byte = self.byte(memory.offset);
        model::literal(&mut self.tables, &mut meter, memory, expected, byte);
        meter.0
    }

    /// Price of a source.
    pub fn source_price(&mut self, memory: &Memory, source: Source) -> u32 {
        let mut meter = Meter(0);
        let expected = self.expected(memory);
        model::source(&mut self.tables, &mut meter, memory, expected, source);
        meter.0
    }

    /// Price of a copy's going on, or not, after `len` bytes; `memory` is that of then, with the
    /// copy's distance the newest.
    pub fn step_price(&mut self, memory: &Memory, source: Source, len: u32, on: bool) -> u32 {
        let mut meter = Meter(0);
        let expected = self.expected(memory);
        model::goes_on(
            &mut self.tables,
            &mut meter,
            memory,
            (source, len),
            expected,
            on,
        );
        meter.0
    }

    /// What the last copy would go on with.
    fn expected(&self, memory: &Memory) -> u8 {
        memory
            .offset
            .checked_sub(memory.distance())
            .map_or(0, |offset| self.byte(offset))
    }

    fn byte(&self, offset: u32) -> u8 {
        usize::try_from(offset)
            .ok()
            .and_then(|offset| self.image.get(offset).copied())
            .unwrap_or(0)
    }
}

impl<S: ByteSink> fmt::Debug for Encoder<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

/// Counts what decisions would cost, and changes nothing.
struct Meter(u32);

impl Coder for Meter {
    const ENCODING: bool = true;

    #[inline]
    fn code(&mut self, bit: bool, one: u16) -> bool {
        let p = if bit { one } else { one ^ 0xffff };
        let price = PRICES.get(usize::from(p >> 4)).copied().unwrap_or(0);
        self.0 = self.0.saturating_add(u32::from(price));
        bit
    }
}

impl Side for Meter {
    const LEARNING: bool = false;
}

/// -log2((i + 1/2) / 4096) in units of 1/256.
static PRICES: [u16; 4096] = {
    let mut table = [0; 4096];
    let mut i = 0_usize;
    while i < 4096 {
        #[expect(
            clippy::indexing_slicing,
            clippy::as_conversions,
            reason = "evaluated when compiled"
        )]
        {
            // log2 by repeated squaring of a number of 31 bits.
            let mut x = (2 * i as u64 + 1) << 18;
            let mut log = 0_u32;
            while x < 1 << 30 {
                x <<= 1;
                log += 256;
            }
            // Now x / 2^30 is in [1, 2): 8 fraction bits.
            let mut fraction = 0_u32;
            let mut bit = 128;
            while bit > 0 {
                x = (x * x) >> 30;
                if x >= 1 << 31 {
                    x >>= 1;
                    fraction += bit;
                }
                bit >>= 1;
            }
            table[i] = (log + 256 - fraction) as u16;
            i += 1;
        }
    }
    table
};

impl Memory {
    /// The distances of the last copies, newest first.
    #[must_use]
    pub const fn repeats(&self) -> [u32; 4] {
        self.repeats
    }

    /// A copy begins.
    pub fn begin(&mut self, source: Source) {
        self.repeat(source);
    }
}

impl<S: ByteSink> Encoder<'_, S> {
    /// The memory inside a copy, a byte later.
    #[must_use]
    pub fn copied(&self, mut memory: Memory) -> Memory {
        memory.advance(self.byte(memory.offset));
        memory
    }
}
