//! The old bytes around the source, read into a window.

use super::{Context, Machine};
use crate::coder::Coder;
use crate::error::DecodeError;
use crate::images::Images;
use crate::isa::{Bytes, Code, low_after, reach};
use crate::model::{self, OldPlace};
use crate::truth::Truth;

impl Machine {
    /// The old byte at the source with its surroundings, and the key and the bytes of its halfword;
    /// zeros outside the old image.
    #[inline]
    pub(super) fn old_place(&self, window: &[u8]) -> (OldPlace, u16, [u8; 2]) {
        let offset = self.source;
        let around = self.around(window);
        // The byte so many places on.
        let at = |distance: u32| {
            let [byte, ..] = around
                .wrapping_shr(24_u32.wrapping_add(distance << 3))
                .to_le_bytes();
            byte
        };
        let opcode = offset | model::instruction_mask(self.unit_log2);
        let place = OldPlace {
            offset,
            byte: at(0),
            before: at(u32::MAX),
            after: at(1),
            opcode: at(opcode.wrapping_sub(offset)),
        };
        let [first, second, ..] = around
            .wrapping_shr(24_u32.wrapping_sub((offset & 1) << 3))
            .to_le_bytes();
        let half = [first, second];
        if self.unit_log2 < 2 {
            return (place, u16::from_le_bytes(half), half);
        }
        // Of a word-sized instruction both halves matter.
        let word = low_after(around, 24_u32.wrapping_sub((offset & 3) << 3));
        let key = (word ^ offset >> 1 & 1).wrapping_mul(0x9e37_79b1);
        let [_, _, low, high] = key.to_le_bytes();
        (place, u16::from_le_bytes([low, high]), half)
    }

    /// The old bytes from three before the source on, zeros outside the old image.
    #[inline]
    fn around(&self, window: &[u8]) -> u64 {
        let index = self.source.wrapping_sub(self.window_start);
        let window = window
            .get(..model::usize_of(self.window_len))
            .unwrap_or_default();
        let start = model::usize_of(index).wrapping_sub(3);
        match window.get(start..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => self.around_end(window),
        }
    }

    /// The same next to either end of the image.
    #[inline(never)]
    fn around_end(&self, window: &[u8]) -> u64 {
        let index = self.source.wrapping_sub(self.window_start);
        let mut bytes = Bytes::default();
        for (distance, byte) in (0_u32..).zip(&mut bytes) {
            let index = index.wrapping_add(distance).wrapping_sub(3);
            *byte = window.get(model::usize_of(index)).copied().unwrap_or(0);
        }
        u64::from_le_bytes(bytes)
    }

    /// The place of the source in the window, which holds what lies around it.
    pub(super) fn old_code<'c>(&self, window: &'c [u8]) -> Code<'c> {
        self.old_code_at(window, self.source)
    }

    /// The same for another offset in the old image.
    pub(super) fn old_code_at<'c>(&self, window: &'c [u8], offset: u32) -> Code<'c> {
        let window = window
            .get(..model::usize_of(self.window_len))
            .unwrap_or_default();
        let place = model::usize_of(offset.wrapping_sub(self.window_start));
        Code::new(window, place)
    }

    /// The old bytes at the source, zeros beyond the end. Afterwards the window holds them, at
    /// least the three bytes before, and what the recogniser may look at.
    #[inline]
    pub(super) fn old_bytes<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Result<Bytes, DecodeError<I::Error>> {
        self.old_bytes_at(context, self.source)
    }

    /// The same for another offset in the old image.
    #[inline]
    pub(super) fn old_bytes_at<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        offset: u32,
    ) -> Result<Bytes, DecodeError<I::Error>> {
        let (behind, ahead) = reach(self.region.class);
        let index = offset.wrapping_sub(self.window_start);
        if index < behind.max(3) || index.saturating_add(ahead) > self.window_len {
            self.fill_window(context, offset)?;
        }
        let index = model::usize_of(offset.wrapping_sub(self.window_start));
        let rest = context.window.get(index..).unwrap_or_default();
        if let Some(bytes) = rest.first_chunk()
            && index.wrapping_add(bytes.len()) <= model::usize_of(self.window_len)
        {
            return Ok(*bytes);
        }
        let window = context
            .window
            .get(..model::usize_of(self.window_len))
            .unwrap_or_default();
        Ok(front(window.get(index..).unwrap_or_default()))
    }

    /// Reads the old image around an offset, unless all there is is at hand.
    #[inline(never)]
    fn fill_window<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        offset: u32,
    ) -> Result<(), DecodeError<I::Error>> {
        let (behind, ahead) = reach(self.region.class);
        let from = offset.saturating_sub(behind.max(3));
        let to = offset.saturating_add(ahead).min(self.old.len);
        let end = self.window_start.saturating_add(self.window_len);
        if from < self.window_start || to > end {
            let start = from & !3;
            let len = self.old.len.saturating_sub(start);
            let len = model::usize_of(len).min(context.window.len());
            let window = context.window.get_mut(..len).unwrap_or_default();
            context
                .images
                .read_old(start, window)
                .map_err(DecodeError::Images)?;
            self.window_start = start;
            self.window_len = u32::try_from(len).unwrap_or(0);
        }
        Ok(())
    }
}

/// The first bytes, zeros beyond the end.
pub(crate) fn front(bytes: &[u8]) -> Bytes {
    if let Some(front) = bytes.first_chunk() {
        return *front;
    }
    let mut front = Bytes::default();
    for (to, from) in front.iter_mut().zip(bytes) {
        *to = *from;
    }
    front
}
