//! Phase two: fetches, checks, stages, decodes and writes one payload, and marks the new image for its trial.
//!
//! The integrator owns the transport: it asks what is [`Updater::wanted`], pushes bytes, and calls
//! [`Updater::step`] until that says `Done`. Everything in flash is touched by `step` alone, a bounded piece at a
//! time.

mod collect;
mod cursor;
mod decode;
mod in_place;
mod output;
mod resume;

pub use in_place::in_place_copy_len;
pub use resume::Resumed;

use sprag_manifest::{Index, Item};

use crate::checkpoint::Header;
use crate::codec::{CodecSet, PatchDecoder};
use crate::error::Error;
use crate::flash::{CHUNK, Flash};
use crate::hash::{Hasher, same};
use crate::plan::Plan;
use crate::record::{BootRecord, Phase};
use crate::staging::Staging;
use crate::storage::Storage;
use cursor::Cursor;
use output::Output;
use resume::{Checkpoints, Frontier, Writer};

/// Most erases and writes in one call of [`Updater::step`], whatever the flash: two sectors that a cut may have torn
/// are erased, each between two notes of it in the boot record. A periodic task is late by so many operations at most.
pub const MAX_STEP_OPERATIONS: u32 = 10;

/// Bytes of the new image hashed in one step when it is read back.
const CHECK_STEP_LEN: u32 = 4096;

/// A range of the package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Offset of the first byte, from the start of the package.
    pub offset: u64,
    /// Bytes up to the end of the page or block.
    pub len: u32,
}

/// What a step leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Call `step` again.
    Working,
    /// Push these bytes.
    NeedInput(Wanted),
    /// The new image is whole and marked for its trial boot.
    Done,
    /// All is staged for the bootloader, which makes the new image in the only slot: start it.
    Staged,
}

/// How far the update is, for a progress display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Blocks fetched, and in all.
    pub blocks: (u32, u32),
    /// Bytes of the new image written, and in all.
    pub image: (u32, u32),
}

/// The state machine of phase two.
#[derive(Debug)]
pub struct Updater<'w, D> {
    plan: Plan,
    decoder: D,
    page: &'w mut [u8],
    block: &'w mut [u8],
    output: Output<'w>,
    cursor: Cursor,
    staging: Option<Staging>,
    checkpoints: Checkpoints,
    /// Blocks fetched or found staged.
    fetched: u32,
    /// Whether parts may be staged that this run has not staged.
    searching: bool,
    rereads: u8,
    restarts: u8,
    /// Whether the new image was hashed a second time.
    rehashed: bool,
    /// Whether the payload that leads back is in turn, of two.
    at_reverse: bool,
    /// Whether anything of the only slot has been overwritten.
    destructive: bool,
    /// After a reset: the part and the place in it from which the decoder goes on.
    walk: Option<(u32, in_place::Input)>,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// An earlier run may have finished the image: look before anything is fetched.
    Recheck(Hasher, u32),
    /// An earlier run may have left checkpoints.
    Find,
    /// A checkpoint was found in the first or the second place: what it counts on is hashed up to here.
    Prefix {
        second: bool,
        header: Header,
        hasher: Hasher,
        at: u32,
    },
    /// Where an earlier run was writing is looked for, and erased.
    Frontier(Frontier),
    /// A checkpoint is being written.
    Save(Writer),
    /// Find the part staged; while all are being staged, or while they are decoded.
    Locate(Pass),
    /// The part arrives; so many bytes have.
    Receive(usize),
    /// The part is whole and is being staged.
    Stage,
    /// The block is whole and is being decoded; the decoder has taken so many bytes.
    Feed(usize),
    /// All input is in the decoder.
    Drain,
    /// The sector at this offset of the slot holds something else than it should.
    Mend(u32),
    /// The new image is read back.
    Check(Hasher, u32),
    /// What was staged behind the new image is erased, from here.
    CleanTail(u32),
    Mark,
    /// Something is done with the only slot.
    InPlace(in_place::Stage),
    Done,
    Failed(Error),
}

/// What a staged part is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    Collect,
    Apply,
}

impl<'w, D: PatchDecoder> Updater<'w, D> {
    /// Begins phase two in `arena`, whose length is [`arena_len`] or more.
    ///
    /// # Errors
    /// [`Error::Ram`] with both lengths, and what the codec refuses.
    #[inline(never)]
    pub fn new<C: CodecSet<Decoder<'w> = D>>(
        plan: Plan,
        arena: &'w mut [u8],
        codecs: &C,
    ) -> Result<Self, Error> {
        let cursor = Cursor::new(&plan);
        let need = arena_len(&plan, codecs);
        let have = u32::try_from(arena.len()).unwrap_or(u32::MAX);
        let short = Error::Ram { need, have };
        if have < need {
            return Err(short);
        }
        let mut arena = arena;
        let mut take = |len: u32| {
            let len = usize::try_from(len).map_err(|_| short)?;
            let (part, rest) = core::mem::take(&mut arena)
                .split_at_mut_checked(len)
                .ok_or(short)?;
            arena = rest;
            Ok::<_, Error>(part)
        };
        let workspace = take(codecs.borrowed_workspace(&plan.payload))?;
        let (page_len, block_len) = buffer_lens(&plan);
        let page = take(page_len)?;
        let block = take(block_len)?;
        let chunk = take(u32::try_from(CHUNK).unwrap_or(u32::MAX))?;
        let decoder = codecs.open(&plan.payload, plan.old_size, plan.new_size, workspace)?;
        let state = match plan.resumed && plan.in_place.is_none() {
            true => State::Recheck(Hasher::new(), 0),
            false => Self::first_state(&plan),
        };
        let checkpoints = Checkpoints::default();
        Ok(Self {
            decoder,
            page,
            block,
            output: Output::new(chunk, &plan),
            cursor,
            staging: plan.staging,
            checkpoints,
            fetched: 0,
            searching: plan.resumed,
            rereads: 0,
            restarts: 0,
            rehashed: false,
            at_reverse: false,
            destructive: plan.in_place.is_some_and(|in_place| in_place.has_begun()),
            walk: None,
            state,
            plan,
        })
    }

    /// The range of the package to push next; `None` while `step` has work, or after the end.
    #[must_use]
    pub fn wanted(&self) -> Option<Wanted> {
        let State::Receive(filled) = self.state else {
            return None;
        };
        let part = self.cursor.part()?;
        let filled = u32::try_from(filled).unwrap_or(u32::MAX);
        Some(Wanted {
            offset: self.part_offset().saturating_add(filled.into()),
            len: part.len.saturating_sub(filled),
        })
    }

    /// How far the update is.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        Progress {
            blocks: (self.fetched, self.cursor.block_count()),
            image: (self.output.written(), self.plan.new_size),
        }
    }

    /// Takes bytes of the package that lie at `offset`, and returns how many: those before the wanted range are
    /// passed over, none are taken while `step` has work. Touches no flash.
    ///
    /// # Errors
    /// [`Error::BlockHash`] or [`Error::PageHash`] when a part is complete and wrong: it is wanted again, and the
    /// update goes on when the right bytes come. [`Error::StreamGap`] and [`Error::StreamEnd`] for offsets that
    /// cannot be used. The error that ended the update, once there is one.
    pub fn push(&mut self, offset: u64, bytes: &[u8]) -> Result<usize, Error> {
        if let State::Failed(e) = self.state {
            return Err(e);
        }
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if offset.saturating_add(len) > self.plan.package_len {
            return Err(Error::StreamEnd {
                package: self.plan.package_len,
                found: offset,
            });
        }
        let (State::Receive(filled), Some(wanted)) = (&self.state, self.wanted()) else {
            return Ok(0);
        };
        let filled = *filled;
        let Some(skip) = wanted.offset.checked_sub(offset) else {
            return Err(Error::StreamGap {
                wanted: wanted.offset,
                found: offset,
            });
        };
        let Some(fresh) = usize::try_from(skip)
            .ok()
            .and_then(|skip| bytes.get(skip..))
        else {
            return Ok(bytes.len());
        };
        let part = self.cursor.part().ok_or(Error::WrongState)?;
        let buffer = match part.item {
            Item::Page(_) => &mut *self.page,
            Item::Block(_) => &mut *self.block,
        };
        let len = usize::try_from(part.len).unwrap_or(usize::MAX);
        let room = buffer.get_mut(filled..len).unwrap_or_default();
        let count = room.len().min(fresh.len());
        for (to, from) in room.iter_mut().zip(fresh) {
            *to = *from;
        }
        let filled = filled.saturating_add(count);
        if filled == len {
            // Whatever the verdict, the part is received anew or done with.
            self.state = State::Receive(0);
            if let Err(e) = self.cursor.check(self.page, self.block) {
                self.doubt_checkpoint();
                return Err(e);
            }
            self.state = self.after_receiving(part.item);
        } else {
            self.state = State::Receive(filled);
        }
        Ok(bytes
            .len()
            .saturating_sub(fresh.len())
            .saturating_add(count))
    }

    /// Does a bounded piece of work: at most [`MAX_STEP_OPERATIONS`] erases and writes, no write longer than 256 bytes
    /// and no erase longer than the sectors under 256 bytes; and of these, of reading 4 KiB, a page, a block or a
    /// checkpoint, and of decoding 256 bytes, one.
    ///
    /// # Errors
    /// What ended the update; from then on the same error. [`Error::StagingExhausted`], [`Error::StagedBlock`] and
    /// [`Error::TargetDigest`] leave a boot record with which the next try begins anew. The old image runs on
    /// after any of them.
    #[inline(never)]
    pub fn step<S: Storage>(&mut self, storage: &mut S) -> Result<Status, Error> {
        match self.advance(storage) {
            Ok(()) => Ok(match (&self.state, self.wanted()) {
                (State::Done, _) if self.plan.is_staged_only() => Status::Staged,
                (State::Done, _) => Status::Done,
                (_, Some(wanted)) => Status::NeedInput(wanted),
                _ => Status::Working,
            }),
            Err(e) => {
                let begin_anew = matches!(
                    e,
                    Error::StagingExhausted { .. }
                        | Error::StagedBlock { .. }
                        | Error::TargetDigest { .. }
                );
                let first = !matches!(self.state, State::Failed(_));
                let in_place = self.plan.in_place;
                self.state = State::Failed(e);
                let phase = match in_place {
                    Some(_) => self.phase_after(&e),
                    None => begin_anew.then_some(Phase::Idle),
                };
                if let (Some(phase), true) = (phase, first) {
                    // What ended the update matters more than a record that cannot be written.
                    let _ = BootRecord::change(storage, |record| {
                        record.phase = phase;
                        Ok(())
                    });
                }
                Err(e)
            }
        }
    }

    // What it calls is never inlined: the stack holds what one piece of work needs, not what all do together.
    fn advance<S: Storage>(&mut self, storage: &mut S) -> Result<(), Error> {
        let mut flash = Flash::new(storage);
        match &mut self.state {
            State::Receive(_) | State::Done => {}
            State::Failed(e) => return Err(*e),
            State::Recheck(hasher, at) => {
                // A word that cannot be read, such as a torn one, is not the image's.
                match check_image(&self.plan, &mut flash, hasher, at) {
                    Ok(None) => {}
                    Ok(Some(true)) => self.state = self.after_check(),
                    Ok(Some(false)) | Err(_) => self.state = self.first_or_found(true),
                }
            }
            State::Find if S::CHECKPOINTS => self.find(&mut flash),
            State::Prefix { second, .. } if S::CHECKPOINTS => {
                let second = *second;
                self.check_prefix(&mut flash, second)?;
            }
            State::Frontier(_) => self.seek_frontier(storage)?,
            State::Save(writer) if S::CHECKPOINTS => {
                let writer = writer.clone();
                self.save(&mut flash, writer);
            }
            State::Locate(pass) => {
                let pass = *pass;
                self.locate(&mut flash, pass)?;
            }
            State::Stage => self.stage(&mut flash)?,
            State::Feed(_) | State::Drain => match self.decode(&mut flash) {
                Err(e) if self.blame_checkpoint(&e) => {}
                decoded => decoded?,
            },
            State::Mend(offset) => {
                let offset = *offset;
                self.mend(storage, offset)?;
            }
            State::Check(hasher, at) => {
                if let Some(holds) = check_image(&self.plan, &mut flash, hasher, at)? {
                    if !holds && !self.rehashed {
                        // Or a bit was misread.
                        self.rehashed = true;
                        self.state = State::Check(Hasher::new(), 0);
                        return Ok(());
                    }
                    if !holds {
                        let (package, device) = (self.plan.new_digest, hasher.so_far());
                        return Err(Error::TargetDigest { package, device });
                    }
                    self.state = self.after_check();
                }
            }
            State::CleanTail(at) => {
                let area = self.plan.target;
                if *at < self.plan.tail().1 {
                    let sector = flash.sector(area, *at);
                    let end = sector.end.min(at.saturating_add(CHECK_STEP_LEN));
                    // After a reset, a sector may read as erased whose erase was cut short.
                    if self.plan.resumed || !flash.is_blank(area, *at..end)? {
                        *at = sector.end;
                        flash.erase(area, sector)?;
                    } else {
                        *at = end;
                    }
                } else {
                    self.state = State::Mark;
                }
            }
            State::InPlace(stage) if S::ONE_SLOT => {
                let stage = *stage;
                self.in_place(storage, stage)?;
            }
            State::Mark => {
                self.mark(storage)?;
                self.state = State::Done;
            }
            // What was left out is never begun: the preflight, of the same storage, plans none of it.
            State::Find | State::Prefix { .. } | State::Save(_) | State::InPlace(_) => {
                return Err(Error::WrongState);
            }
        }
        Ok(())
    }

    /// Parts are looked for only where an earlier run of this update can have staged them: what a fresh run finds is
    /// stale, and torn parts among it would be passed over again and again.
    fn first_state(plan: &Plan) -> State {
        if let Some(in_place) = plan.in_place.filter(|in_place| in_place.applies) {
            return Self::first_stage(&in_place);
        }
        match plan.staging {
            Some(_) if plan.resumed => State::Locate(Pass::Collect),
            _ => State::Receive(0),
        }
    }

    fn part_offset(&self) -> u64 {
        let within = self.cursor.part().map_or(0, |part| part.offset);
        self.plan.payload_offset.saturating_add(within)
    }

    /// A part has arrived and is the right one.
    fn after_receiving(&mut self, item: Item) -> State {
        if self.staging.is_some() {
            return State::Stage;
        }
        match item {
            Item::Block(_) => {
                self.fetched = self.fetched.saturating_add(1);
                State::Feed(0)
            }
            Item::Page(_) => {
                self.cursor.advance(self.page);
                State::Receive(0)
            }
        }
    }

    /// Back to the first page or block, and to the start of the stream.
    fn start_over(&mut self) {
        self.decoder.restart();
        self.output.restart();
        self.cursor = Cursor::new(&self.plan);
        self.staging = self.plan.staging;
        if self.plan.staging.is_none() {
            self.fetched = 0;
        }
    }

    fn after_check(&self) -> State {
        match self.plan.tail() {
            (start, end) if start < end => State::CleanTail(start),
            _ => State::Mark,
        }
    }

    #[inline(never)]
    fn mark<S: Storage>(&self, storage: &mut S) -> Result<(), Error> {
        let plan = &self.plan;
        BootRecord::change(storage, |record| {
            if let Some(in_place) = plan.in_place {
                return self.mark_in_place(&in_place, record);
            }
            if record.phase != Phase::Writing || record.manifest != plan.manifest {
                return Err(Error::WrongState);
            }
            record.phase = Phase::Pending;
            record.tries_left = plan.trial_boots;
            record.trial_size = plan.new_size;
            record.trial_digest = plan.new_digest;
            record.trial_security_counter = plan.security_counter;
            record.trial_sequence = plan.sequence;
            Ok(())
        })
    }
}

/// Hashes a piece of the slot; whether it holds the new image, once all is hashed.
fn check_image<S: Storage>(
    plan: &Plan,
    flash: &mut Flash<'_, S>,
    hasher: &mut Hasher,
    at: &mut u32,
) -> Result<Option<bool>, Error> {
    let end = plan.new_size.min(at.saturating_add(CHECK_STEP_LEN));
    let mut buf = [0_u8; CHUNK];
    while *at < end {
        let left = usize::try_from(end.saturating_sub(*at)).unwrap_or(CHUNK);
        let Some(piece) = buf.get_mut(..left.min(CHUNK)) else {
            break;
        };
        flash.read(plan.target, *at, piece)?;
        hasher.update(piece);
        *at = u32::try_from(piece.len()).map_or(u32::MAX, |n| at.saturating_add(n));
    }
    Ok((*at >= plan.new_size).then(|| same(&hasher.so_far(), &plan.new_digest)))
}

/// Bytes of a page and of a block, of any payload that is staged.
fn buffer_lens(plan: &Plan) -> (u32, u32) {
    let reverse = plan.in_place.and_then(|in_place| in_place.reverse);
    let second = reverse.map(|reverse| Index::new(&reverse.payload));
    let lens = |index: Index| (index.page_buffer_len(), index.block_buffer_len());
    let (page, block) = lens(Index::new(&plan.payload));
    let (second_page, second_block) = second.map_or((0, 0), lens);
    (page.max(second_page), block.max(second_block))
}

/// Bytes of arena that [`Updater::new`] needs for this plan.
#[must_use]
pub fn arena_len<C: CodecSet>(plan: &Plan, codecs: &C) -> u32 {
    let (page_len, block_len) = buffer_lens(plan);
    codecs
        .borrowed_workspace(&plan.payload)
        .saturating_add(page_len)
        .saturating_add(block_len)
        .saturating_add(u32::try_from(CHUNK).unwrap_or(u32::MAX))
}
