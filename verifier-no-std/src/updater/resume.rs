//! Checkpoints of an update that is decoded as its blocks come: written at the first sector boundary that each block
//! leads to, found again after a reset.
//!
//! A checkpoint stands where the new image fills whole sectors. So a chunk that a cut tore lies in a sector behind it,
//! which can be erased without losing what the checkpoint counts on. It carries the rest of its block, so that at most
//! the block after it is fetched again.

use sprag_manifest::{Digest, Item};

use super::{CHECK_STEP_LEN, Pass, State, Updater};
use crate::checkpoint::{BODY_START, CheckpointRefusal, Header, Place, read_header, write_header};
use crate::codec::{PatchDecoder, PullError};
use crate::error::Error;
use crate::flash::{CHUNK, Flash};
use crate::hash::{Hasher, same};
use crate::mend::erase_again;
use crate::storage::Storage;

/// Pieces of a body written in one step.
const PIECES_PER_STEP: u32 = 4;

/// Blocks that may be refused behind a restored checkpoint before its page is not believed any more.
const MAX_DOUBTS: u8 = 3;

/// What this run knows of the checkpoints.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checkpoints {
    /// The block in which the newest one stands, and the bytes of the image made by then.
    newest: Option<(u32, u32)>,
    /// Whether the next is written to the second place.
    second_next: bool,
    /// The copy that this run went on from, while its state may be at fault for what goes wrong.
    restored: Option<bool>,
    /// Bytes of the image that it spared decoding.
    from: Option<u32>,
    refused: [Option<CheckpointRefusal>; 2],
    /// Copies that were read and refused, and not written over since.
    tried: [bool; 2],
    doubts: u8,
    /// Whether the sector that a cut may have torn was erased.
    mended: bool,
    /// A place that cannot be written is left alone.
    broken: bool,
}

/// The search for the last sector that an earlier run wrote to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frontier {
    /// Bytes of the image that stay.
    from: u32,
    at: u32,
    /// The last sector found that is not blank.
    last: Option<u32>,
    /// Where in the block decoding goes on, or `None` at its start.
    taken: Option<usize>,
}

/// A checkpoint on its way to flash.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    header: Header,
    /// Next byte to erase; behind the copy's last once all is erased.
    erase_at: u32,
    /// Bytes of the body written.
    written: u32,
    hasher: Hasher,
}

/// How a run went on from a checkpoint, for reports and tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resumed {
    /// Bytes of the new image that a checkpoint spared decoding; `None` if none was used.
    pub from: Option<u32>,
    /// Why the first and the second copy were not used; `None` for one that was, or that was not looked at.
    pub refused: [Option<CheckpointRefusal>; 2],
}

impl<D: PatchDecoder> Updater<'_, D> {
    /// How this run went on from a checkpoint.
    #[must_use]
    pub fn resumed(&self) -> Resumed {
        let known = &self.checkpoints;
        Resumed {
            from: known.from,
            refused: known.refused,
        }
    }

    /// Where to begin, or to begin again after a sector was mended.
    pub(super) fn first_or_found(&self, resumed: bool) -> State {
        match self.plan.checkpoints {
            Some(_) if resumed || self.checkpoints.newest.is_some() => State::Find,
            None if self.staging.is_none() => self.behind_the_cut(0, None),
            _ => Self::first_state(&self.plan),
        }
    }

    /// Takes the checkpoint of the two that is further, and hashes what it counts on.
    pub(super) fn find<S: Storage>(&mut self, flash: &mut Flash<'_, S>) {
        let best = self.plan.checkpoints.and_then(|place| {
            let mut best: Option<(bool, Header)> = None;
            for second in [false, true] {
                let copy = usize::from(second);
                // What was refused for its content is not tried again.
                if self.checkpoints.tried.get(copy).is_none_or(|tried| *tried) {
                    continue;
                }
                match read_header(flash, &place, second, &self.plan) {
                    Ok(header) => {
                        if best.is_none_or(|(_, other)| other.made < header.made) {
                            best = Some((second, header));
                        }
                    }
                    Err(refusal) => {
                        if let Some(slot) = self.checkpoints.refused.get_mut(copy) {
                            *slot = Some(refusal);
                        }
                    }
                }
            }
            best
        });
        self.state = match best {
            Some((second, header)) => State::Prefix {
                second,
                header,
                hasher: Hasher::new(),
                at: 0,
            },
            None => {
                self.checkpoints.newest = None;
                self.checkpoints.restored = None;
                self.behind_the_cut(0, None)
            }
        };
    }

    /// Hashes a piece of what the checkpoint counts on; then takes its body.
    pub(super) fn check_prefix<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        second: bool,
    ) -> Result<(), Error> {
        let State::Prefix {
            header, hasher, at, ..
        } = &mut self.state
        else {
            return Err(Error::WrongState);
        };
        let header = *header;
        let sector = flash.sector(self.plan.target, header.made);
        if header.made >= self.plan.new_size || sector.start != header.made {
            self.refuse(second, CheckpointRefusal::Position);
            return Ok(());
        }
        let end = header.made.min(at.saturating_add(CHECK_STEP_LEN));
        let mut buf = [0_u8; CHUNK];
        while *at < end {
            let left = usize::try_from(end.saturating_sub(*at)).unwrap_or(CHUNK);
            let Some(piece) = buf.get_mut(..left.min(CHUNK)) else {
                break;
            };
            if flash.read(self.plan.target, *at, piece).is_err() {
                self.refuse(second, CheckpointRefusal::Prefix);
                return Ok(());
            }
            hasher.update(piece);
            *at = u32::try_from(piece.len()).map_or(u32::MAX, |n| at.saturating_add(n));
        }
        if *at < header.made {
            return Ok(());
        }
        let hasher = hasher.clone();
        if !same(&hasher.so_far(), &header.prefix) {
            self.refuse(second, CheckpointRefusal::Prefix);
            return Ok(());
        }
        match self.take(flash, second, &header) {
            Ok(block) => {
                self.output.resume(header.made, hasher);
                self.fetched = block.saturating_add(1);
                let known = &mut self.checkpoints;
                known.newest = Some((block, header.made));
                if self.plan.resumed && !known.mended {
                    known.from = Some(header.made);
                }
                (known.restored, known.second_next, known.doubts) = (Some(second), !second, 0);
                let taken = usize::try_from(header.taken).unwrap_or(usize::MAX);
                self.state = self.behind_the_cut(header.made, Some(taken));
            }
            Err(refusal) => self.refuse(second, refusal),
        }
        Ok(())
    }

    /// What to do before decoding goes on at `made` bytes: once after a reset, the sector that the cut may have torn
    /// is looked for.
    pub(super) fn behind_the_cut(&self, made: u32, taken: Option<usize>) -> State {
        match (self.plan.resumed && !self.checkpoints.mended, taken) {
            (true, _) => State::Frontier(Frontier {
                from: made,
                at: made,
                last: None,
                taken,
            }),
            (false, Some(taken)) => State::Feed(taken),
            (false, None) if self.staging.is_some() => State::Locate(Pass::Apply),
            (false, None) => Self::first_state(&self.plan),
        }
    }

    /// Looks at 4 KiB of a sector; behind the last, erases the one in which the cut run was writing. A torn chunk that
    /// was only found when it is decoded again would cost all that leads to it once more: with power that lasts no
    /// longer than for that, the update would never get behind it.
    #[inline(never)]
    pub(super) fn seek_frontier<S: Storage>(&mut self, storage: &mut S) -> Result<(), Error> {
        let State::Frontier(frontier) = &mut self.state else {
            return Err(Error::WrongState);
        };
        let (target, size) = (self.plan.target, self.plan.new_size);
        let mut flash = Flash::new(storage);
        if frontier.at < size {
            let sector = flash.sector(target, frontier.at);
            let end = sector.end.min(frontier.at.saturating_add(CHECK_STEP_LEN));
            frontier.at = match flash.is_blank(target, frontier.at..end)? {
                true => end,
                false => {
                    frontier.last = Some(sector.start);
                    sector.end
                }
            };
            return Ok(());
        }
        let found = *frontier;
        let first = found.last.unwrap_or(found.from);
        let sector = flash.sector(target, first);
        let chunk = u32::try_from(CHUNK).unwrap_or(u32::MAX);
        let tail = sector.start.max(sector.end.saturating_sub(chunk))..sector.end;
        // A sector written to its end: the cut may have torn the first chunk behind it, which may read as erased.
        let full = found.last.is_some() && !flash.is_blank(target, tail)?;
        // Whole chunks, where they are longer than sectors: half of one would look torn.
        let within = sector.start.checked_rem(chunk).unwrap_or(0);
        erase_again(storage, target, sector.start.saturating_sub(within), size)?;
        if full && sector.end < size {
            erase_again(storage, target, sector.end, size)?;
        }
        self.checkpoints.mended = true;
        self.state = self.behind_the_cut(found.from, found.taken);
        Ok(())
    }

    /// Puts cursor, page, block and decoder back; the block.
    fn take<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        second: bool,
        header: &Header,
    ) -> Result<u32, CheckpointRefusal> {
        let place = self.plan.checkpoints.ok_or(CheckpointRefusal::Position)?;
        let start = place.copy(second).0.saturating_add(BODY_START);
        let mut cursor = self.cursor;
        cursor.resume(header.part, header.root);
        let part = cursor.part().ok_or(CheckpointRefusal::Position)?;
        let (Item::Block(block), Some(rest)) = (part.item, part.len.checked_sub(header.taken))
        else {
            return Err(CheckpointRefusal::Position);
        };
        let page_len = cursor.page_buffer_len();
        let state_at = page_len.saturating_add(rest);
        let state_len = header
            .body_len
            .checked_sub(state_at)
            .ok_or(CheckpointRefusal::Position)?;

        let mut hasher = Hasher::new();
        let mut read = |offset: u32, piece: &mut [u8]| {
            flash.read(place.area, start.saturating_add(offset), piece)?;
            hasher.update(piece);
            Ok::<_, Error>(())
        };
        let taken = usize::try_from(header.taken).unwrap_or(usize::MAX);
        let len = usize::try_from(part.len).unwrap_or(usize::MAX);
        let block_rest = self
            .block
            .get_mut(taken..len)
            .ok_or(CheckpointRefusal::Position)?;
        let taken_back = read(0, self.page)
            .and_then(|()| read(page_len, block_rest))
            .map_err(PullError::Images)
            .and_then(|()| {
                self.decoder.load_state(state_len, |offset, piece| {
                    read(state_at.saturating_add(offset), piece)
                })
            });
        match taken_back {
            Err(PullError::Images(_)) => return Err(CheckpointRefusal::Body),
            Err(PullError::Codec(_)) => return Err(CheckpointRefusal::State),
            Ok(()) => {}
        }
        if !hasher.finish().0.starts_with(&header.body_sum)
            || !cursor.is_believable(self.page, &self.plan.payload.root)
        {
            return Err(CheckpointRefusal::Body);
        }
        self.cursor = cursor;
        Ok(block)
    }

    /// Goes back to the start of the stream, or to the other copy.
    fn refuse(&mut self, second: bool, refusal: CheckpointRefusal) {
        let copy = usize::from(second);
        if let Some(slot) = self.checkpoints.refused.get_mut(copy) {
            *slot = Some(refusal);
        }
        if let Some(tried) = self.checkpoints.tried.get_mut(copy) {
            *tried = true;
        }
        (self.checkpoints.restored, self.checkpoints.from) = (None, None);
        // The copy that is no good is written over first.
        self.checkpoints.second_next = second;
        self.start_over();
        self.state = State::Find;
    }

    /// Whether something that went wrong may be the fault of a checkpoint; then the run goes on without it.
    pub(super) fn blame_checkpoint(&mut self, error: &Error) -> bool {
        let telling = matches!(error, Error::Codec(_) | Error::OutputSize { .. });
        match self.checkpoints.restored {
            Some(second) if telling => {
                self.refuse(second, CheckpointRefusal::State);
                true
            }
            _ => false,
        }
    }

    /// A block was refused. A page that came with a checkpoint may be wrong: then no block is ever right.
    pub(super) fn doubt_checkpoint(&mut self) {
        if let Some(second) = self.checkpoints.restored {
            self.checkpoints.doubts = self.checkpoints.doubts.saturating_add(1);
            if self.checkpoints.doubts >= MAX_DOUBTS {
                self.refuse(second, CheckpointRefusal::Body);
            }
        }
    }

    /// Begins a checkpoint if one is due: the chunk that was just written fills a sector, for the first time in this
    /// block, far enough from the last one.
    pub(super) fn begin_checkpoint<S: Storage>(&mut self, flash: &Flash<'_, S>) -> Option<State> {
        let place = self.plan.checkpoints.filter(|_| !self.checkpoints.broken)?;
        let State::Feed(taken) = self.state else {
            return None;
        };
        let part = self.cursor.part()?;
        let Item::Block(block) = part.item else {
            return None;
        };
        let made = self.output.written();
        let last = self.checkpoints.newest;
        let apart = made.saturating_sub(last.map_or(0, |(_, made)| made));
        let due = last.is_none_or(|(last, _)| last != block)
            && apart >= self.plan.payload.checkpoint_interval
            && made < self.plan.new_size
            && flash.sector(self.plan.target, made).start == made;
        if !due {
            return None;
        }
        let taken = u32::try_from(taken).unwrap_or(u32::MAX);
        let state_len = self.decoder.state_len()?;
        let body_len = self
            .cursor
            .page_buffer_len()
            .saturating_add(part.len.saturating_sub(taken))
            .saturating_add(state_len);
        let (start, end) = place.copy(self.checkpoints.second_next);
        if BODY_START.saturating_add(body_len) > end.saturating_sub(start) {
            return None;
        }
        Some(State::Save(Writer {
            header: Header {
                part: self.cursor.ordinal(),
                taken,
                made,
                prefix: self.output.prefix()?,
                root: self.cursor.root(),
                body_len,
                body_sum: [0; 16],
            },
            erase_at: start,
            written: 0,
            hasher: Hasher::new(),
        }))
    }

    /// Erases a sector, or writes a piece. A place that cannot be written costs checkpoints and not the update.
    pub(super) fn save<S: Storage>(&mut self, flash: &mut Flash<'_, S>, mut writer: Writer) {
        let taken = usize::try_from(writer.header.taken).unwrap_or(usize::MAX);
        let made = writer.header.made;
        self.state = match self.try_save(flash, &mut writer) {
            Ok(false) => State::Save(writer),
            Ok(true) => {
                let block = self.cursor.block();
                let known = &mut self.checkpoints;
                if let Some(tried) = known.tried.get_mut(usize::from(known.second_next)) {
                    *tried = false;
                }
                known.newest = Some((block, made));
                known.second_next = !known.second_next;
                State::Feed(taken)
            }
            Err(_) => {
                self.checkpoints.broken = true;
                State::Feed(taken)
            }
        };
    }

    fn try_save<S: Storage>(
        &self,
        flash: &mut Flash<'_, S>,
        writer: &mut Writer,
    ) -> Result<bool, Error> {
        let place: Place = self.plan.checkpoints.ok_or(Error::WrongState)?;
        let second = self.checkpoints.second_next;
        let (start, end) = place.copy(second);
        if writer.erase_at < end {
            let sector = flash.sector(place.area, writer.erase_at);
            writer.erase_at = sector.end;
            flash.erase(place.area, sector)?;
            return Ok(false);
        }
        let body = start.saturating_add(BODY_START);
        for _ in 0..PIECES_PER_STEP {
            let left = writer.header.body_len.saturating_sub(writer.written);
            if left == 0 {
                let digest: Digest = writer.hasher.so_far();
                if let Some(sum) = digest.0.first_chunk() {
                    writer.header.body_sum = *sum;
                }
                write_header(flash, &place, second, &self.plan, &writer.header)?;
                return Ok(true);
            }
            let mut piece = [flash.erased(place.area); CHUNK];
            let len = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
            let taken = usize::try_from(writer.header.taken).unwrap_or(usize::MAX);
            let filled = piece.get_mut(..len).unwrap_or_default();
            self.body_piece(taken, writer.written, filled)?;
            writer.hasher.update(filled);
            let len = u32::try_from(len).unwrap_or(u32::MAX);
            let padded = usize::try_from(flash.align(place.area, len)).unwrap_or(CHUNK);
            let bytes = piece.get(..padded).unwrap_or(&piece);
            flash.write(place.area, body.saturating_add(writer.written), bytes)?;
            writer.written = writer.written.saturating_add(len);
        }
        Ok(false)
    }

    /// The bytes of the body from `offset` on: page, rest of the block, state.
    fn body_piece(&self, taken: usize, offset: u32, piece: &mut [u8]) -> Result<(), Error> {
        let part = self.cursor.part().ok_or(Error::WrongState)?;
        let len = usize::try_from(part.len).unwrap_or(usize::MAX);
        let rest = self.block.get(taken..len).ok_or(Error::WrongState)?;
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let front = self.page.iter().chain(rest).skip(from);
        for (to, from) in piece.iter_mut().zip(front) {
            *to = *from;
        }
        let front_len = self.page.len().saturating_add(rest.len());
        let begin = front_len.saturating_sub(from);
        if let Some(state) = piece.get_mut(begin..) {
            let skip = from.saturating_sub(front_len);
            let skip = u32::try_from(skip).map_err(|_| Error::WrongState)?;
            self.decoder.save_state(skip, state)?;
        }
        Ok(())
    }
}
