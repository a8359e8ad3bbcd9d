//! A device with a single slot: the application stages, the bootloader makes the new image over the old one.

use sprag_manifest::Role;
use sprag_verifier::{
    Area, Boot, BootRecord, Outcome, Phase, Region, StagingPlace, Status, Updater, arena_len,
    confirm,
};

use super::session::note_step;
use super::sweep::{Boots, Life, Lived, What};
use super::{
    Board, Link, Offer, Operation, Package, PayloadSpec, Release, Rng, Room, Stop, apply, index,
    random_image,
};

/// Calls of `step` after which an update counts as stuck.
const MANY_STEPS: u32 = 100_000;

/// How the new image came to be, in sectors of the part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InPlacePlan {
    /// Sectors of the larger image, of a group, and by which the old image is moved up.
    pub(crate) image: u32,
    pub(crate) group: u32,
    pub(crate) shift: u32,
    /// Bytes of a checkpoint, with room.
    pub(crate) checkpoint: u32,
    pub(crate) block_size: u32,
    pub(crate) native: bool,
}

/// What becomes of the new image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    /// It confirms itself.
    Confirms,
    /// It does not, and the old image is made again from the payload that leads back.
    Fails,
}

/// An update of a device with a single slot.
pub(crate) struct SingleSlot<const R: usize, const W: usize, const S: usize> {
    pub(crate) fresh: Board<R, W, S>,
    pub(crate) old: Vec<u8>,
    pub(crate) new: Vec<u8>,
    pub(crate) package: Package,
    pub(crate) offer: Offer,
    pub(crate) trial: Trial,
    /// Operations by which all is staged.
    staged: u64,
}

impl<const R: usize, const W: usize, const S: usize> SingleSlot<R, W, S> {
    /// With a payload that leads back in the package.
    pub(crate) fn new(
        make: impl Fn(Room) -> Board<R, W, S>,
        plan: InPlacePlan,
        seed: u64,
        trial: Trial,
    ) -> Self {
        let size = u32::try_from(S).unwrap();
        let lens = (plan.image * size - 77, plan.image * size - size / 2);
        let (old_len, new_len) = if seed.is_multiple_of(2) {
            lens
        } else {
            (lens.1, lens.0)
        };
        let in_place = (plan.group * size, plan.shift * size);
        let scratch = (plan.group + 2 * plan.checkpoint.div_ceil(size)) * size;
        let old = random_image(old_len, 11 + seed);
        let there = operations(old_len, new_len, in_place, 31 + seed);
        let new = apply(&old, &there);
        let release = |old: &[u8], operations: &[Operation]| match plan.native {
            true => Release::native_delta(old, operations),
            false => Release::delta(old, operations),
        };
        let mut forward = release(&old, &there);
        let back = release(&new, &back_to(&old, &new, in_place));
        forward.payloads.push(PayloadSpec {
            role: Role::Reverse,
            ..back.payloads[0].clone()
        });
        for payload in &mut forward.payloads {
            (payload.scratch, payload.in_place) = (scratch, in_place);
            (payload.block_size, payload.erases) = (plan.block_size, 2);
        }
        let package = forward.package();
        let mut offer = Offer::new(&package, &old);
        offer.resources.trial_boots = 3;
        let mut life = Self {
            fresh: single(make, plan).in_service(&old),
            old,
            new,
            package,
            offer,
            trial,
            staged: 0,
        };
        life.count_staged();
        life
    }

    /// Counts the operations by which all is staged, which depend on the flash.
    pub(crate) fn count_staged(&mut self) {
        let mut board = self.fresh.clone();
        let staged = self.run(&mut board, &mut Link::new(&self.package.bytes));
        assert_eq!(staged, Ok(Lived::On));
        self.staged = board.operations();
    }

    /// What the application does.
    pub(crate) fn stage(
        &self,
        board: &mut Board<R, W, S>,
        link: &mut Link<'_>,
    ) -> Result<(), Stop> {
        let mut buf = vec![0xa5; self.offer.intake_len];
        let (plan, _) = board.prepare(&self.offer, link, &mut buf)?;
        assert!(plan.is_staged_only());
        let mut arena = vec![0xa5; index(arena_len(&plan, &self.offer.codecs))];
        let updater = Updater::new(plan, &mut arena, &self.offer.codecs).map_err(Stop::Refused)?;
        board.apply(updater, &self.offer, link).map(|_| ())
    }

    /// What the bootloader does, without any link.
    fn apply(&self, board: &mut Board<R, W, S>) -> Result<(), Stop> {
        let offer = Offer {
            in_bootloader: true,
            ..self.offer.clone()
        };
        let mut buf = vec![0xa5; offer.intake_len];
        let (plan, _) = board.prepare(&offer, &mut Link::none(), &mut buf)?;
        assert!(plan.is_resumed() && !plan.is_staged_only());
        let mut arena = vec![0xa5; index(arena_len(&plan, &offer.codecs))];
        let mut updater =
            Updater::new(plan, &mut arena, &self.offer.codecs).map_err(Stop::Refused)?;
        for _ in 0..MANY_STEPS {
            let before = board.operations();
            let status = updater.step(&mut board.storage());
            note_step(board.operations() - before);
            match status.map_err(|e| board.stop(e))? {
                Status::Done => return Ok(()),
                Status::Working => {}
                other => panic!("{other:?} in the bootloader"),
            }
        }
        panic!("the update does not come to an end");
    }
}

impl<const R: usize, const W: usize, const S: usize> Life<R, W, S> for SingleSlot<R, W, S> {
    fn fresh(&self) -> &Board<R, W, S> {
        &self.fresh
    }

    fn package(&self) -> &Package {
        &self.package
    }

    /// Boots, and does what bootloader and firmware do.
    fn run(&self, board: &mut Board<R, W, S>, link: &mut Link<'_>) -> Result<Lived, Stop> {
        let boot = board.choose()?;
        match boot {
            Boot::Apply(Area::SlotA) => self.apply(board)?,
            Boot::Trial(slot) => {
                assert!(board.holds(slot, &self.new));
                if self.trial == Trial::Confirms {
                    confirm(&mut board.storage(), slot).map_err(|e| board.stop(e))?;
                }
            }
            Boot::Confirmed(slot) if board.holds(slot, &self.new) => return Ok(Lived::Rests),
            Boot::Confirmed(slot) => {
                assert!(board.holds(slot, &self.old), "neither image");
                let record = BootRecord::load(&mut board.storage());
                if record.map_err(|e| board.stop(e))?.outcome == Outcome::Reverted {
                    return Ok(Lived::Rests);
                }
                self.stage(board, link)?;
            }
            other => panic!("{other:?}"),
        }
        Ok(Lived::On)
    }

    fn boots(&self, board: &Board<R, W, S>, what: &What) -> Boots {
        let slot = Area::SlotA;
        match board.would_boot() {
            Boot::Apply(Area::SlotA) => Boots::Bootloader,
            Boot::Trial(Area::SlotA) if board.holds(slot, &self.new) => Boots::New,
            Boot::Confirmed(Area::SlotA) if board.holds(slot, &self.new) => Boots::New,
            Boot::Confirmed(Area::SlotA) if board.holds(slot, &self.old) => Boots::Old,
            other => panic!("{what}: {other:?}"),
        }
    }

    fn check_end(&self, board: &mut Board<R, W, S>, _: &Link<'_>, _: usize, what: &What) {
        let (image, outcome) = match self.trial {
            Trial::Confirms => (&self.new, Outcome::Confirmed),
            Trial::Fails => (&self.old, Outcome::Reverted),
        };
        assert!(board.holds(Area::SlotA, image), "{what}: another image");
        let record = board.record();
        assert_eq!(
            (record.phase, record.outcome),
            (Phase::Idle, outcome),
            "{what}"
        );
        assert_eq!(record.reverse, None, "{what}");
        let areas = [Area::SlotA, Area::Staging, Area::Scratch, Area::Record]
            .map(|area| board.range(area, board.region(area).len));
        assert_eq!(board.strayed(&areas), [], "{what}");
        let slot = board.range(Area::SlotA, u32::try_from(image.len()).unwrap());
        assert_eq!(
            board.sim().weak_bits(slot),
            0,
            "{what}: bits that may change"
        );
    }

    fn alone_from(&self) -> u64 {
        self.staged
    }
}

/// Operations that make `new_len` bytes in groups, with copies only from what is still there.
fn operations(old_len: u32, new_len: u32, (group, shift): (u32, u32), seed: u64) -> Vec<Operation> {
    let mut rng = Rng(seed);
    let mut operations = Vec::new();
    let mut made = 0;
    while made < new_len {
        let left = (group - made % group).min(new_len - made);
        let len = (1 + rng.below(700)).min(left);
        let floor = (made - made % group).saturating_sub(shift);
        let floor = if floor == 0 { 0 } else { floor + 32 };
        // From a place that is near, as in most updates: just above what is lost.
        let offset = floor + rng.below(2 * group).min(rng.below(2 * group));
        let operation = if rng.below(3) > 0 && offset + len <= old_len {
            Operation::Old { offset, len }
        } else {
            Operation::Literal(random_image(len.min(90), rng.next()))
        };
        made += operation.len();
        operations.push(operation);
    }
    operations
}

/// The old image out of the new one: what lies at or above its place, else literal.
fn back_to(old: &[u8], new: &[u8], (group, shift): (u32, u32)) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    let mut made = 0_usize;
    while made < old.len() {
        let (group, shift) = (
            usize::try_from(group).unwrap(),
            usize::try_from(shift).unwrap(),
        );
        let end = (made - made % group + group).min(old.len());
        let floor = (made - made % group).saturating_sub(shift);
        let floor = if floor == 0 { 0 } else { floor + 32 };
        let near = (floor..(floor + 2 * group).min(new.len().saturating_sub(16)))
            .find(|at| old[made..].len() >= 16 && new[*at..*at + 16] == old[made..made + 16]);
        if let Some(at) = near {
            let len = new[at..]
                .iter()
                .zip(&old[made..end])
                .take_while(|(new, old)| new == old)
                .count();
            operations.push(Operation::Old {
                offset: u32::try_from(at).unwrap(),
                len: u32::try_from(len).unwrap(),
            });
            made += len;
        } else {
            let len = 16.min(end - made);
            match operations.last_mut() {
                Some(Operation::Literal(bytes)) if !made.is_multiple_of(group) => {
                    bytes.extend_from_slice(&old[made..made + len]);
                }
                _ => operations.push(Operation::Literal(old[made..made + len].to_vec())),
            }
            made += len;
        }
    }
    operations
}

/// Slot A, staging and scratch area; no slot B.
pub(crate) fn single<const R: usize, const W: usize, const S: usize>(
    make: impl Fn(Room) -> Board<R, W, S>,
    plan: InPlacePlan,
) -> Board<R, W, S> {
    let size = u32::try_from(S).unwrap();
    let scratch = plan.group + 2 * plan.checkpoint.div_ceil(size);
    let room = Room {
        place: StagingPlace::Area,
        image: plan.image + plan.shift.max(2).max(scratch),
        staging: 6 * plan.image + 24,
    };
    let mut board = make(room);
    board.layout.scratch = Region {
        start: board.layout.slot_b.start,
        len: scratch * size,
    };
    board.layout.slot_b = Region::default();
    board.layout.slot_a.len = (plan.image + plan.shift.max(2)) * size;
    board
}
