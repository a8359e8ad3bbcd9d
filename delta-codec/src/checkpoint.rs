//! Saving a decoder between two calls and going on later, perhaps after a reset.

mod transfer;

use core::fmt;
use core::mem::size_of;

use transfer::{Load, Save, Transfer};

use crate::coder::{BYTES_PAST_END, Range};
use crate::decoder::{Decoder, Phase};
use crate::fifo::FIFO_LEN;
use crate::isa::{FAR_KIND_COUNT, Isa, KIND_COUNT, Side};
use crate::machine::{Machine, Mode, VERBATIM_MAX, VERBATIM_MIN, WINDOW_LEN};
use crate::model::{STRETCH_MAX, STRETCH_MIN};
use crate::moving;
use crate::profile::{Profile, workspace_len};
use crate::region::{Class, Span};
use crate::segments::{SEGMENTS_MAX, Segments};
use crate::tables::Layout;

/// Why a decoder was not saved or restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The buffer given to [`Decoder::save`] is too small, in bytes.
    BufferTooSmall {
        /// Bytes the checkpoint takes.
        need: usize,
        /// Bytes given.
        have: usize,
    },
    /// The workspace given to [`Decoder::restore`] is too small, in bytes.
    WorkspaceTooSmall {
        /// Bytes the checkpoint's profile needs.
        need: usize,
        /// Bytes given.
        have: usize,
    },
    /// The bytes are no checkpoint of a decoder of these images.
    Malformed,
    /// The decoder has failed; there is nothing to save.
    Failed,
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { need, have } => {
                write!(
                    f,
                    "a checkpoint takes {need} bytes and the buffer has {have}"
                )
            }
            Self::WorkspaceTooSmall { need, have } => {
                write!(
                    f,
                    "the checkpoint needs {need} bytes of workspace and has {have}"
                )
            }
            Self::Malformed => f.write_str("the bytes are no checkpoint for these images"),
            Self::Failed => f.write_str("the decoder has failed and cannot be saved"),
        }
    }
}

impl core::error::Error for CheckpointError {}

/// Why [`Decoder::load`] failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadError<E> {
    /// Reading the checkpoint failed.
    Read(E),
    /// The checkpoint was refused.
    Checkpoint(CheckpointError),
}

/// First byte of a checkpoint; changes with anything below or in the model.
const VERSION: u8 = 1;

/// Version, phase, profile, then the queue: finished, missing, length, bytes.
const QUEUE_LEN: usize = 3 + 1 + 1 + 1 + FIFO_LEN;

/// Coder and machine: see [`transfer`].
const STATE_LEN: usize =
    14 + KIND_COUNT + (22 + FAR_KIND_COUNT) * 4 + 8 + 2 * (17 + (SEGMENTS_MAX - 1) * 8);

/// Bytes of a checkpoint of a decoder with `profile`.
#[must_use]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "constants of a few KiB, evaluated when compiled"
)]
pub const fn checkpoint_len(profile: Profile) -> usize {
    QUEUE_LEN + STATE_LEN + Layout::of(profile).len()
}

impl<'w> Decoder<'w> {
    /// Bytes of the whole state now, at most [`checkpoint_len`].
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Failed`] after an error.
    pub const fn saved_len(&self) -> Result<usize, CheckpointError> {
        match self.phase {
            Phase::Start => Ok(QUEUE_LEN),
            Phase::Running { profile, .. } => Ok(checkpoint_len(profile)),
            Phase::Failed => Err(CheckpointError::Failed),
        }
    }

    /// Writes the whole state to the front of `buf` and returns its length,
    /// [`saved_len`](Self::saved_len). Input pushed but not yet decoded is part of it.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::BufferTooSmall`], or [`CheckpointError::Failed`] after an error.
    pub fn save(&self, buf: &mut [u8]) -> Result<usize, CheckpointError> {
        let (need, have) = (self.saved_len()?, buf.len());
        let Some(buf) = buf.get_mut(..need) else {
            return Err(CheckpointError::BufferTooSmall { need, have });
        };
        self.save_piece(0, buf)?;
        Ok(need)
    }

    /// Fills `buf` with the bytes of the state from `offset` on, as [`save`](Self::save) writes them
    /// in one piece; bytes behind its end stay as they are. Pieces belong together as long as the
    /// decoder is neither pushed nor pulled.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Failed`] after an error.
    pub fn save_piece(&self, offset: usize, buf: &mut [u8]) -> Result<(), CheckpointError> {
        let (profile, running) = match self.phase {
            Phase::Start => (Profile::Kib8, None),
            Phase::Running {
                profile,
                range,
                machine,
            } => (profile, Some((range, machine))),
            Phase::Failed => return Err(CheckpointError::Failed),
        };
        let mut put = Save {
            skip: offset,
            rest: buf,
        };
        put.u8(&mut { VERSION });
        put.u8(&mut u8::from(running.is_some()));
        put.u8(&mut profile.code());
        put.u8(&mut u8::from(self.fifo.is_finished()));
        put.u8(&mut u8::try_from(self.fifo.missing()).unwrap_or(u8::MAX));
        put.u8(&mut u8::try_from(self.fifo.len()).unwrap_or(u8::MAX));
        let mut queue = [0; FIFO_LEN];
        if let Some(front) = queue.get_mut(..self.fifo.len()) {
            moving::put(front, self.fifo.waiting());
        }
        put.bytes(&mut queue);
        if let Some((mut range, mut machine)) = running {
            transfer(&mut put, &mut range, &mut machine);
            let tables = self.slab.get(WINDOW_LEN..).unwrap_or_default();
            put.copy(tables.get(..Layout::of(profile).len()).unwrap_or_default());
        }
        Ok(())
    }

    /// Continues a saved decoder in a workspace of the same or larger size. `old_len` and
    /// `new_len` are the lengths of the images in bytes. `saved` is not trusted: whatever it
    /// holds, the decoder keeps its promises for hostile input.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Malformed`] or [`CheckpointError::WorkspaceTooSmall`].
    pub fn restore(
        workspace: &'w mut [u8],
        old_len: u32,
        new_len: u32,
        saved: &[u8],
    ) -> Result<Self, CheckpointError> {
        let mut decoder = Self::new(workspace, old_len, new_len);
        let read = |offset: usize, piece: &mut [u8]| -> Result<(), CheckpointError> {
            let bytes = saved.get(offset..).and_then(|rest| rest.get(..piece.len()));
            moving::put(piece, bytes.ok_or(CheckpointError::Malformed)?);
            Ok(())
        };
        match decoder.load(saved.len(), read) {
            Ok(()) => Ok(decoder),
            Err(LoadError::Read(e) | LoadError::Checkpoint(e)) => Err(e),
        }
    }

    /// Puts the decoder into the state of `len` bytes that `read` gives, from front to back and each
    /// byte once: it fills the buffer with the bytes at the offset. The images are those that the
    /// decoder was made for. What is read is not trusted, as in [`restore`](Self::restore).
    ///
    /// # Errors
    ///
    /// Those of [`restore`](Self::restore), and what `read` reports; then the decoder is of no use
    /// before a [`restart`](Self::restart).
    pub fn load<E>(
        &mut self,
        len: usize,
        read: impl FnMut(usize, &mut [u8]) -> Result<(), E>,
    ) -> Result<(), LoadError<E>> {
        self.restart();
        let result = self.try_load(&mut Load::new(len, read));
        if result.is_err() {
            self.phase = Phase::Failed;
        }
        result
    }

    fn try_load<E, R>(&mut self, get: &mut Load<R, E>) -> Result<(), LoadError<E>>
    where
        R: FnMut(usize, &mut [u8]) -> Result<(), E>,
    {
        let malformed = LoadError::Checkpoint(CheckpointError::Malformed);
        let have = self.fifo.capacity().saturating_add(self.slab.len());
        let [version, running, profile, finished, missing, queue_len] =
            core::array::from_fn(|_| get.next());
        let mut queue = [0; FIFO_LEN];
        get.bytes(&mut queue);
        let whole = get.check().map_err(LoadError::Read)?;
        let (Some(profile), Some(waiting)) = (
            Profile::from_code(profile),
            queue.get(..usize::from(queue_len)),
        ) else {
            return Err(malformed);
        };
        let missing = u32::from(missing);
        let plausible = version == VERSION
            && running <= 1
            && finished <= 1
            && missing <= BYTES_PAST_END
            && (missing == 0 || finished == 1 && waiting.is_empty() && running == 1);
        if !plausible || !whole {
            return Err(malformed);
        }
        let need = workspace_len(profile);
        if have < need {
            let small = CheckpointError::WorkspaceTooSmall { need, have };
            return Err(LoadError::Checkpoint(small));
        }
        if !self.fifo.refill(waiting, finished == 1, missing) {
            return Err(malformed);
        }
        if running == 1 {
            let mut range = Range { range: 0, code: 0 };
            let side = |len| Side {
                segments: Segments::at(0),
                len,
                ram_base: 0,
                ram_len: 0,
            };
            let mut machine = Machine::new(side(self.old_len), side(self.new_len), Isa::None, 0);
            transfer(get, &mut range, &mut machine);
            let tables = self.slab.get_mut(WINDOW_LEN..).unwrap_or_default();
            get.bytes(
                tables
                    .get_mut(..Layout::of(profile).len())
                    .unwrap_or_default(),
            );
            let whole = get.check().map_err(LoadError::Read)?;
            if !whole || !range.is_valid() || !machine.is_valid(profile) {
                return Err(malformed);
            }
            self.phase = Phase::Running {
                profile,
                range,
                machine,
            };
        }
        if get.is_at_end() {
            Ok(())
        } else {
            Err(malformed)
        }
    }
}

fn segments(to: &mut impl Transfer, segments: &mut Segments) {
    to.u64(&mut segments.base);
    to.u8(&mut segments.count);
    to.u32(&mut segments.tail);
    to.u32(&mut segments.origin);
    for further in &mut segments.further {
        to.u32(&mut further.start);
        to.u32(&mut further.shift);
    }
}

fn transfer(to: &mut impl Transfer, range: &mut Range, machine: &mut Machine) {
    to.u32(&mut range.range);
    to.u32(&mut range.code);
    let Machine { old, new, .. } = machine;
    let (mut class, mut mode) = (machine.first_class.code(), machine.mode.code());
    to.u8(&mut class);
    to.u8(&mut mode);
    // An unknown number becomes a mode that is refused, as no output is due in it.
    machine.mode = Mode::from_code(mode).unwrap_or(Mode::End);
    machine.first_class = Class::from_code(class).unwrap_or(Class::NONE);
    segments(to, &mut old.segments);
    segments(to, &mut new.segments);
    to.u32(&mut old.ram_base);
    to.u32(&mut old.ram_len);
    (new.ram_base, new.ram_len) = (old.ram_base, old.ram_len);
    to.u32(&mut machine.region_count);
    to.u32(&mut machine.layout_done);
    machine.region = Span::EMPTY;
    to.u64(&mut machine.held);
    to.u8(&mut machine.held_len);
    to.u8(&mut machine.unit_log2);
    to.u8(&mut machine.delta);
    to.u8(&mut machine.exponent);
    to.u8(&mut machine.past);
    to.u8(&mut machine.plain_left);
    to.u8(&mut machine.inner_left);
    to.u8(&mut machine.verbatim);
    to.u8(&mut machine.verbatim_wait);
    to.u32(&mut machine.anchor_count);
    let mut flags = u8::from(machine.after_literals)
        | u8::from(machine.at_start) << 1
        | u8::from(machine.half) << 2
        | u8::from(machine.is_verbatim) << 3;
    to.u8(&mut flags);
    machine.after_literals = flags & 1 != 0;
    machine.at_start = flags & 2 != 0;
    machine.half = flags & 4 != 0;
    machine.is_verbatim = flags & 8 != 0;
    let mut risky = machine.risky.to_le_bytes();
    to.bytes(&mut risky);
    machine.risky = u16::from_le_bytes(risky);
    to.bytes(&mut machine.field_past);
    for value in machine.diagonals.iter_mut().chain(&mut machine.residuals) {
        to.u32(value);
    }
    to.u32(&mut machine.produced);
    to.u32(&mut machine.major_count);
    to.u32(&mut machine.major_done);
    to.u32(&mut machine.map_len);
    to.u32(&mut machine.literal_left);
    to.u32(&mut machine.copy_left);
    to.u32(&mut machine.source);
    to.u32(&mut machine.recent);
    to.u32(&mut machine.misses);
    to.u32(&mut machine.run);
    to.u32(&mut machine.clean_left);
    to.u32(&mut machine.doubt_left);
    // The window is filled anew.
    (machine.window_start, machine.window_len) = (0, 0);
}

impl Machine {
    /// Whether a decoder of these images can be in this state.
    fn is_valid(&self, profile: Profile) -> bool {
        let Some(left) = self.new.len.checked_sub(self.produced) else {
            return false;
        };
        let copies = self.copy_left > 0
            && self
                .source
                .checked_add(self.copy_left)
                .is_some_and(|end| end <= self.old.len)
            && self
                .literal_left
                .checked_add(self.copy_left)
                .is_some_and(|len| len <= left);
        let idle = self.literal_left == 0 && self.copy_left == 0;
        let fits = match self.mode {
            Mode::Layout
            | Mode::SegmentCount
            | Mode::Segment
            | Mode::RegionCount
            | Mode::Region
            | Mode::MajorCount => idle && self.produced == 0,
            Mode::MajorGap | Mode::Operation => idle,
            Mode::End => idle && left == 0,
            Mode::LiteralLen => idle && left > 0,
            Mode::Source | Mode::MajorSource => self.literal_left < left,
            Mode::MajorRest => self.literal_left == 0 && copies,
            Mode::CopyLen | Mode::MajorLen => {
                self.literal_left < left && self.source < self.old.len
            }
            Mode::Literal => {
                let ends = self.copy_left == 0 && self.literal_left <= left;
                self.literal_left > 0 && (copies || ends)
            }
            Mode::Offer | Mode::Unit => self.literal_left == 0 && copies,
            Mode::Clean => {
                self.literal_left == 0 && copies && (1..=self.copy_left).contains(&self.clean_left)
            }
        };
        let limit = profile.major_count(self.old.len, self.new.len, self.old.ram_len);
        let mapped = self.major_done <= self.major_count
            && self.map_len <= self.major_count
            && usize::try_from(self.major_count).is_ok_and(|count| count <= limit);
        let held = usize::from(self.held_len) < size_of::<u64>()
            && u32::from(self.held_len) <= self.produced
            && (self.held_len == 0 || !self.is_mapping());
        let regions = Layout::of(profile).region_count;
        let placed = usize::try_from(self.region_count).is_ok_and(|count| count <= regions)
            && self.layout_done <= self.region_count.saturating_mul(2).max(64)
            && usize::from(self.old.segments.count) < SEGMENTS_MAX
            && usize::from(self.new.segments.count) < SEGMENTS_MAX;
        fits && mapped
            && placed
            && held
            && self.unit_log2 <= 2
            && (STRETCH_MIN..=STRETCH_MAX).contains(&self.exponent)
            && (VERBATIM_MIN..=VERBATIM_MAX).contains(&self.verbatim)
            && self.doubt_left <= self.copy_left
    }
}

impl Mode {
    /// In the order of their numbers.
    const ALL: [Self; 19] = [
        Self::MajorCount,
        Self::MajorGap,
        Self::MajorSource,
        Self::MajorLen,
        Self::MajorRest,
        Self::Operation,
        Self::LiteralLen,
        Self::Source,
        Self::CopyLen,
        Self::Literal,
        Self::Offer,
        Self::Clean,
        Self::Unit,
        Self::End,
        Self::Layout,
        Self::SegmentCount,
        Self::Segment,
        Self::RegionCount,
        Self::Region,
    ];

    fn code(self) -> u8 {
        let number = Self::ALL.iter().position(|mode| *mode == self);
        number
            .and_then(|number| u8::try_from(number).ok())
            .unwrap_or(u8::MAX)
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}
