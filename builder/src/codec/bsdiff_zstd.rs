//! The codec `bsdiff-zstd`: bsdiff's operations in one zstd frame, for devices that run Linux and want decoding at
//! memory speed.
//!
//! Stream (docs/FORMAT.md, "bsdiff-zstd stream"): one byte, the window's binary logarithm (10 to 27); then one
//! zstd frame (RFC 8878) without dictionary, whose window is at most that. Its content is a sequence of
//! operations: three 8-byte little-endian integers in sign and magnitude (add length, insert length, seek), then
//! the bytes to add to the old image's, then the bytes to insert. Only the first operation may make nothing.

use sprag_manifest::Codec;
use sprag_verifier::{CodecError, Images, PatchDecoder, Pull, PullError};
use zstd::stream::raw::{CParameter, DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::Encoded;
use crate::error::Error;

/// Smallest and largest window, as binary logarithms; RFC 8878 recommends decoders to support 8 MiB, and zstd
/// itself goes to 128 MiB without being asked.
const WINDOW_LOGS: core::ops::RangeInclusive<u32> = 10..=27;

/// What a zstd decoder holds besides its window: tables, one block (RFC 8878, section 3.1.1.2: at most 128 KiB) in
/// and out, and this decoder's own buffers. Measured at 0.4 MiB.
const OVERHEAD: u32 = 512 * 1024;

/// Bytes of operation header.
const CONTROL_LEN: usize = 24;
/// Decompressed bytes, and bytes of the old image, handled at a time.
const PIECE_LEN: usize = 4096;
/// zstd's level: the strongest that needs no more memory than the window on the device.
const LEVEL: i32 = 19;

/// Bytes of memory that decoding with this window takes.
const fn workspace(window_log: u32) -> u32 {
    OVERHEAD.saturating_add(1_u32.wrapping_shl(window_log))
}

/// Encodes with the largest useful window that `ram` allows.
pub(super) fn encode(old: &[u8], new: &[u8], ram: u32) -> Result<Encoded, Error> {
    let smallest = *WINDOW_LOGS.start();
    let fits = |log: &u32| workspace(*log) <= ram;
    let Some(allowed) = WINDOW_LOGS.filter(fits).max() else {
        return Err(Error::DoesNotFit {
            what: "bsdiff-zstd with its smallest window",
            need: workspace(smallest).into(),
            have: ram.into(),
        });
    };
    let failed = |e: std::io::Error| Error::Codec {
        codec: "bsdiff-zstd",
        reason: e.to_string(),
    };
    let mut operations = Vec::new();
    bsdiff::diff(old, new, &mut operations).map_err(failed)?;
    let operations = without_empty(&operations);

    let useful = operations.len().max(1).next_power_of_two().ilog2();
    let window_log = useful.clamp(smallest, allowed);
    let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(failed)?;
    compressor
        .set_parameter(CParameter::WindowLog(window_log))
        .map_err(failed)?;
    let frame = compressor.compress(&operations).map_err(failed)?;
    let mut bytes = vec![u8::try_from(window_log).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(&frame);
    Ok(Encoded {
        codec: Codec::BsdiffZstd,
        bytes,
        workspace: workspace(window_log),
    })
}

/// The operations without those that make nothing, whose seeks go to the operation before. The first may stay: it
/// has none before it.
fn without_empty(operations: &[u8]) -> Vec<u8> {
    let mut kept: Vec<u8> = Vec::with_capacity(operations.len());
    let mut last: Option<(usize, i64)> = None;
    let mut rest = operations;
    while let Some((control, behind)) = rest.split_first_chunk::<CONTROL_LEN>() {
        let [add, insert, seek] = control_numbers(control);
        let data = usize::try_from(add.saturating_add(insert)).unwrap_or(usize::MAX);
        let (data, behind) = behind.split_at(data.min(behind.len()));
        rest = behind;
        if let (true, Some((at, seek_before))) = (data.is_empty(), last) {
            let seek = seek_before.saturating_add(seek);
            last = Some((at, seek));
            kept.splice(at..at.saturating_add(8), sign_magnitude(seek).to_le_bytes());
        } else {
            last = Some((kept.len().saturating_add(16), seek));
            kept.extend_from_slice(control);
            kept.extend_from_slice(data);
        }
    }
    kept
}

/// Add length, insert length and seek, in sign and magnitude.
fn control_numbers(control: &[u8; CONTROL_LEN]) -> [i64; 3] {
    let (numbers, _) = control.as_chunks::<8>();
    let mut numbers = numbers.iter().map(|bytes| {
        let raw = u64::from_le_bytes(*bytes);
        let magnitude = i64::try_from(raw & !SIGN).unwrap_or(i64::MAX);
        if raw & SIGN == 0 {
            magnitude
        } else {
            -magnitude
        }
    });
    core::array::from_fn(|_| numbers.next().unwrap_or(0))
}

const fn sign_magnitude(number: i64) -> u64 {
    let magnitude = number.unsigned_abs();
    if number < 0 {
        magnitude | SIGN
    } else {
        magnitude
    }
}

/// The sign bit of a number in sign and magnitude.
const SIGN: u64 = 1 << 63;

/// Decodes the stream as it comes.
pub struct BsdiffZstdDecoder {
    zstd: Option<Decoder<'static>>,
    /// Stream bytes pushed and not yet decompressed.
    input: Vec<u8>,
    finished: bool,
    /// Whether zstd filled the last piece, and so may have more without more input.
    filled: bool,
    frame_ended: bool,
    /// Decompressed bytes, and how many of them are used.
    content: Vec<u8>,
    used: usize,
    operation: Remaining,
    /// Whether an operation has been read.
    begun: bool,
    old_position: i64,
    made: u32,
    workspace: u32,
    old_size: u32,
    new_size: u32,
}

/// What remains of the operation under way.
#[derive(Clone, Copy, Debug, Default)]
struct Remaining {
    add: u64,
    insert: u64,
    seek: i64,
}

impl core::fmt::Debug for BsdiffZstdDecoder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BsdiffZstdDecoder")
            .field("made", &self.made)
            .field("new_size", &self.new_size)
            .finish_non_exhaustive()
    }
}

impl BsdiffZstdDecoder {
    /// A decoder that stays within `workspace` bytes, as the manifest states them.
    #[must_use]
    pub fn new(workspace: u32, old_size: u32, new_size: u32) -> Self {
        Self {
            zstd: None,
            input: Vec::new(),
            finished: false,
            filled: false,
            frame_ended: false,
            content: Vec::new(),
            used: 0,
            operation: Remaining::default(),
            begun: false,
            old_position: 0,
            made: 0,
            workspace,
            old_size,
            new_size,
        }
    }

    /// Decompresses until a piece is there, or the input is used up.
    fn decompress(&mut self) -> Result<(), CodecError> {
        if self.zstd.is_none() {
            let Some(&log) = self.input.first() else {
                return Ok(());
            };
            let window_log = u32::from(log);
            if !WINDOW_LOGS.contains(&window_log) {
                return Err(CodecError::Header { found: log });
            }
            if workspace(window_log) > self.workspace {
                let (need, have) = (workspace(window_log), self.workspace);
                return Err(CodecError::WorkspaceTooSmall { need, have });
            }
            let mut zstd = Decoder::new().map_err(|_| CodecError::Malformed)?;
            zstd.set_parameter(DParameter::WindowLogMax(window_log))
                .map_err(|_| CodecError::Malformed)?;
            self.zstd = Some(zstd);
            self.input.remove(0);
        }
        let Some(zstd) = self.zstd.as_mut() else {
            return Ok(());
        };
        self.content.drain(..self.used);
        self.used = 0;
        while self.content.len() < PIECE_LEN && !self.frame_ended {
            // zstd takes it for an error to be asked 16 times in vain.
            if self.input.is_empty() && !self.filled {
                break;
            }
            let mut piece = [0; PIECE_LEN];
            let mut source = InBuffer::around(&self.input);
            let mut room = OutBuffer::around(&mut piece[..]);
            let hint = zstd
                .run(&mut source, &mut room)
                .map_err(|_| CodecError::Malformed)?;
            let (consumed, produced) = (source.pos(), room.pos());
            self.content.extend(piece.iter().take(produced));
            self.input.drain(..consumed);
            self.frame_ended = hint == 0;
            self.filled = produced == PIECE_LEN;
            if consumed == 0 && produced == 0 {
                break;
            }
        }
        if self.frame_ended && !self.input.is_empty() {
            return Err(CodecError::Trailing);
        }
        Ok(())
    }

    fn available(&self) -> usize {
        self.content.len().saturating_sub(self.used)
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let end = self.used.saturating_add(count).min(self.content.len());
        let bytes = self
            .content
            .get(self.used..end)
            .unwrap_or_default()
            .to_vec();
        self.used = end;
        bytes
    }

    /// Reads the next operation's lengths; `false` if they are not all there.
    fn next_operation(&mut self) -> Result<bool, CodecError> {
        if self.available() < CONTROL_LEN {
            self.decompress()?;
        }
        if self.available() < CONTROL_LEN {
            return Ok(false);
        }
        let control = self.take(CONTROL_LEN);
        let control = control.first_chunk().ok_or(CodecError::Malformed)?;
        let [add, insert, seek] = control_numbers(control);
        let left = u64::from(self.new_size.saturating_sub(self.made));
        let overrun = CodecError::OutputOverrun {
            size: self.new_size,
        };
        let add = u64::try_from(add).map_err(|_| CodecError::Malformed)?;
        let insert = u64::try_from(insert).map_err(|_| CodecError::Malformed)?;
        if add.checked_add(insert).is_none_or(|sum| sum > left) {
            return Err(overrun);
        }
        if add == 0 && insert == 0 {
            // A stream of operations that make nothing would go on without end.
            if self.begun {
                return Err(CodecError::Malformed);
            }
            self.begun = true;
            self.old_position = seek;
            return self.next_operation();
        }
        self.begun = true;
        self.operation = Remaining { add, insert, seek };
        Ok(true)
    }

    /// Bytes of the old image at the read position, which must all lie inside it.
    fn read_old<I: Images>(
        &mut self,
        images: &mut I,
        count: usize,
    ) -> Result<Vec<u8>, PullError<I::Error>> {
        let len = u64::try_from(count).unwrap_or(u64::MAX);
        let refused = CodecError::SourceRange {
            offset: self.old_position,
            len,
            size: self.old_size,
        };
        let offset = u32::try_from(self.old_position).map_err(|_| refused)?;
        if u64::from(offset).saturating_add(len) > self.old_size.into() {
            return Err(refused.into());
        }
        let mut bytes = vec![0; count];
        images
            .read_old(offset, &mut bytes)
            .map_err(PullError::Images)?;
        Ok(bytes)
    }
}

impl PatchDecoder for BsdiffZstdDecoder {
    fn push(&mut self, input: &[u8]) -> Result<usize, CodecError> {
        let room = PIECE_LEN.saturating_sub(self.input.len());
        let taken = input.get(..room.min(input.len())).unwrap_or_default();
        self.input.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn finish(&mut self) {
        self.finished = true;
    }

    fn pull<I: Images>(
        &mut self,
        images: &mut I,
        out: &mut [u8],
    ) -> Result<Pull, PullError<I::Error>> {
        let idle = self.operation.add == 0 && self.operation.insert == 0;
        if idle && self.made < self.new_size {
            if !self.next_operation()? {
                return self.starved();
            }
        } else if self.available() == 0 {
            self.decompress()?;
        }
        if self.made == self.new_size {
            return self.ended();
        }
        let left = match self.operation {
            Remaining { add: 0, insert, .. } => insert,
            Remaining { add, .. } => add,
        };
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let count = left.min(out.len()).min(self.available()).min(PIECE_LEN);
        if count == 0 {
            return if out.is_empty() {
                Ok(Pull::Output(0))
            } else {
                self.starved()
            };
        }
        let mut bytes = self.take(count);
        let done = u64::try_from(count).unwrap_or(u64::MAX);
        if self.operation.add > 0 {
            let old = self.read_old(images, count)?;
            for (byte, old) in bytes.iter_mut().zip(old) {
                *byte = byte.wrapping_add(old);
            }
            self.operation.add -= done;
            self.old_position = i64::try_from(done)
                .ok()
                .and_then(|done| self.old_position.checked_add(done))
                .ok_or(CodecError::Malformed)?;
        } else {
            self.operation.insert -= done;
        }
        if self.operation.add == 0 && self.operation.insert == 0 {
            let seek = self.operation.seek;
            self.old_position = self
                .old_position
                .checked_add(seek)
                .ok_or(CodecError::Malformed)?;
        }
        for (to, from) in out.iter_mut().zip(&bytes) {
            *to = *from;
        }
        self.made = self
            .made
            .saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        Ok(Pull::Output(count))
    }

    fn restart(&mut self) {
        *self = Self::new(self.workspace, self.old_size, self.new_size);
    }
}

impl BsdiffZstdDecoder {
    /// No content is left: more input is wanted, or missing.
    fn starved<E>(&self) -> Result<Pull, PullError<E>> {
        if self.finished || self.frame_ended {
            return Err(CodecError::Truncated { made: self.made }.into());
        }
        Ok(Pull::NeedInput)
    }

    /// The new image is whole: frame and content must be used up too.
    fn ended<E>(&mut self) -> Result<Pull, PullError<E>> {
        self.decompress()?;
        if self.available() > 0 {
            return Err(CodecError::Trailing.into());
        }
        match (self.frame_ended, self.finished) {
            (true, true) => Ok(Pull::Done),
            (false, true) => Err(CodecError::Truncated { made: self.made }.into()),
            (_, false) => Ok(Pull::NeedInput),
        }
    }
}

#[cfg(test)]
mod tests;
