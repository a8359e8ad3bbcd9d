//! A device with a single slot: the power fails at every operation while the new image is made over the old one.
//!
//! `SPRAG_FULL=1` cuts in every way, and twice far more often.

use flash_sim::CutStyle;
use sprag_manifest::Role;
use sprag_verifier::{
    Area, Boot, Error, Outcome, Phase, Region, StagingPlace, Status, Updater, arena_len, choose,
    confirm,
};

use crate::support::{
    Board, Link, Offer, Operation, Package, PayloadSpec, Release, Rng, Room, Stop, index, l0, l4,
    nrf, random_image,
};

/// Calls of `step` after which an update counts as stuck.
const MANY_STEPS: u32 = 100_000;
/// Times under power in which an update must come to its end.
const MANY_BOOTS: u32 = 12;

fn is_full() -> bool {
    std::env::var_os("SPRAG_FULL").is_some()
}

/// How the new image came to be, in sectors of the part.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Sectors of the larger image, of a group, and by which the old image is moved up.
    image: u32,
    group: u32,
    shift: u32,
    /// Bytes of a checkpoint, with room.
    checkpoint: u32,
    native: bool,
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

/// Slot A, staging and scratch area; no slot B.
fn single<const R: usize, const W: usize, const S: usize>(
    make: impl Fn(Room) -> Board<R, W, S>,
    plan: Plan,
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

struct Case<const R: usize, const W: usize, const S: usize> {
    fresh: Board<R, W, S>,
    old: Vec<u8>,
    new: Vec<u8>,
    package: Package,
    offer: Offer,
    /// Whether the new image confirms itself.
    confirms: bool,
}

/// What a time under power achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lived {
    Staged,
    Applied,
    Confirmed,
    /// Nothing is left to do.
    Rests,
}

impl<const R: usize, const W: usize, const S: usize> Case<R, W, S> {
    fn new(make: impl Fn(Room) -> Board<R, W, S>, plan: Plan, seed: u64) -> Self {
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
        let new = crate::support::apply(&old, &there);
        let release = |old: &[u8], operations: &[Operation]| match plan.native {
            true => Release::native_delta(old, operations),
            false => Release::delta(old, operations),
        };
        let mut forward = release(&old, &there);
        let back = release(&new, &back_to(&old, &new, in_place));
        let first = &mut forward.payloads[0];
        (first.scratch, first.in_place) = (scratch, in_place);
        forward.payloads.push(PayloadSpec {
            role: Role::Reverse,
            scratch,
            in_place,
            ..back.payloads[0].clone()
        });
        let package = forward.package();
        let mut offer = Offer::new(&package, &old);
        offer.resources.trial_boots = 3;
        let fresh = single(make, plan).in_service(&old);
        Self {
            fresh,
            old,
            new,
            package,
            offer,
            confirms: true,
        }
    }

    /// Boots, and does what bootloader and firmware do.
    fn run(&self, board: &mut Board<R, W, S>, link: &mut Link<'_>) -> Result<Lived, Stop> {
        let boot = choose(&mut board.storage()).map_err(|e| board.stop(e))?;
        match boot {
            Boot::Apply(Area::SlotA) => self.apply(board).map(|()| Lived::Applied),
            Boot::Trial(slot) if self.confirms => {
                assert!(board.holds(slot, &self.new));
                confirm(&mut board.storage(), slot).map_err(|e| board.stop(e))?;
                Ok(Lived::Confirmed)
            }
            Boot::Trial(slot) => {
                assert!(board.holds(slot, &self.new));
                Ok(Lived::Applied)
            }
            Boot::Confirmed(slot) if board.holds(slot, &self.new) => Ok(Lived::Rests),
            Boot::Confirmed(slot) => {
                assert!(board.holds(slot, &self.old), "neither image");
                if board.record().outcome == Outcome::Reverted {
                    return Ok(Lived::Rests);
                }
                self.stage(board, link).map(|()| Lived::Staged)
            }
            other => panic!("{other:?}"),
        }
    }

    /// What the application does.
    fn stage(&self, board: &mut Board<R, W, S>, link: &mut Link<'_>) -> Result<(), Stop> {
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
            match updater
                .step(&mut board.storage())
                .map_err(|e| board.stop(e))?
            {
                Status::Done => return Ok(()),
                Status::Working => {}
                other => panic!("{other:?} in the bootloader"),
            }
        }
        panic!("the update does not come to an end");
    }

    /// Powers on until nothing is left to do.
    fn live(&self, board: &mut Board<R, W, S>, link: &mut Link<'_>, what: &str) {
        for _ in 0..MANY_BOOTS {
            board.sim_mut().power_on();
            match self.run(board, link) {
                Ok(Lived::Rests) => return,
                Ok(_) => {}
                Err(stop) => panic!("{what}: {stop:?}"),
            }
        }
        panic!("{what}: no end");
    }

    /// Whether the device is as it should be in the end.
    fn check_end(&self, board: &mut Board<R, W, S>, what: &str) {
        let image = if self.confirms { &self.new } else { &self.old };
        assert!(board.holds(Area::SlotA, image), "{what}: another image");
        let record = board.record();
        let outcome = match self.confirms {
            true => Outcome::Confirmed,
            false => Outcome::Reverted,
        };
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

    /// Cuts every operation; every so many recoveries are cut again. Returns both counts.
    fn sweep(&self, double_every: u64, styles: usize) -> (u64, u64) {
        let mut uncut = self.fresh.clone();
        self.live(&mut uncut, &mut Link::new(&self.package.bytes), "uncut");
        self.check_end(&mut uncut, "uncut");
        // Moved up and made; the way back does the same again.
        let slot = uncut.range(Area::SlotA, uncut.region(Area::SlotA).len);
        let most = if self.confirms { 2 } else { 4 };
        assert!(uncut.most_erases(&slot) <= most);
        let log = uncut.sim().log().to_vec();
        let (mut cuts, mut double_cuts) = (0, 0);
        let mut rng = Rng(log.len().try_into().unwrap());
        // How far the device had come when the last byte was staged.
        let mut staged = self.fresh.clone();
        staged.sim_mut().power_on();
        let mut link = Link::new(&self.package.bytes);
        assert_eq!(self.run(&mut staged, &mut link), Ok(Lived::Staged));
        let staged = staged.operations();
        for operation in &log {
            let all = CutStyle::for_operation(operation, uncut.sim().geometry(), 7);
            for style in all.into_iter().take(styles) {
                cuts += 1;
                let mut what = format!("{S}/{W}, cut {:?} {style:?}", operation.index);
                let mut board = self.fresh.clone();
                let mut link = Link::new(&self.package.bytes);
                board.sim_mut().cut_after(operation.index, style);
                self.run_to_cut(&mut board, &mut link, &what);
                if cuts % double_every == 0 {
                    double_cuts += 1;
                    let index = rng.next() % u64::try_from(log.len()).unwrap();
                    let seed = rng.next();
                    let style = match seed % 3 {
                        0 => CutStyle::Clean,
                        1 => CutStyle::TornWrite {
                            units_done: u32::try_from((seed >> 8) % 64).unwrap(),
                            garble: seed,
                        },
                        _ => CutStyle::PartialErase {
                            sectors_done: 0,
                            seed: seed >> 8,
                        },
                    };
                    what += &format!(", then {index} {style:?}");
                    board.sim_mut().power_on();
                    board.sim_mut().cut_after(index, style);
                    self.run_to_cut(&mut board, &mut link, &what);
                }
                if operation.index >= staged {
                    // The link is gone for good.
                    link = Link::none();
                }
                self.live(&mut board, &mut link, &what);
                self.check_end(&mut board, &what);
            }
        }
        (cuts, double_cuts)
    }

    /// Lives until the power fails, or nothing is left to do.
    fn run_to_cut(&self, board: &mut Board<R, W, S>, link: &mut Link<'_>, what: &str) {
        loop {
            match self.run(board, link) {
                Ok(Lived::Rests) | Err(Stop::PowerLost) => return,
                Ok(_) => {}
                Err(stop) => panic!("{what}: {stop:?}"),
            }
        }
    }
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

/// An update there, and one there and back.
fn sweep<const R: usize, const W: usize, const S: usize>(
    make: impl Fn(Room) -> Board<R, W, S> + Copy,
    plan: Plan,
    least: u64,
) {
    let (double_every, styles) = if is_full() { (3, 9) } else { (7, 2) };
    let mut total = (0, 0);
    for seed in 0..2 {
        let mut case = Case::new(make, plan, seed);
        for confirms in [true, false] {
            case.confirms = confirms;
            let (cuts, double_cuts) = case.sweep(double_every, styles);
            total = (total.0 + cuts, total.1 + double_cuts);
        }
    }
    println!(
        "{S}/{W}, {plan:?}: {} cuts, {} of them followed by another",
        total.0, total.1
    );
    assert!(total.0 >= least, "only {} cuts", total.0);
}

const SMALL: Plan = Plan {
    image: 13,
    group: 4,
    shift: 2,
    checkpoint: 256 + 120,
    native: false,
};

#[test]
fn nrf52_like() {
    sweep(nrf::<512>, SMALL, 1000);
}

#[test]
fn stm32l4_like() {
    sweep(l4::<512>, Plan { shift: 0, ..SMALL }, 1000);
}

#[test]
fn stm32l0() {
    sweep(
        l0,
        Plan {
            image: 20,
            group: 8,
            shift: 4,
            ..SMALL
        },
        1000,
    );
}

#[test]
fn the_native_codec() {
    let plan = Plan {
        image: 13,
        checkpoint: 9000,
        native: true,
        ..SMALL
    };
    let mut case = Case::new(nrf::<1024>, plan, 0);
    for confirms in [true, false] {
        case.confirms = confirms;
        case.sweep(9, 1);
    }
}

/// With the decoder's state lost there is no way on but a full image, which the bootloader takes from a link.
#[test]
fn both_checkpoints_lost() {
    let mut case = Case::new(nrf::<512>, SMALL, 0);
    let full = Release::full(case.new.clone()).package();
    let (mut lost, mut fine) = (0, 0);
    let mut uncut = case.fresh.clone();
    case.live(&mut uncut, &mut Link::new(&case.package.bytes), "uncut");
    for operation in uncut.sim().log().to_vec() {
        let mut board = case.fresh.clone();
        let mut link = Link::new(&case.package.bytes);
        board.sim_mut().cut_after(operation.index, CutStyle::Clean);
        case.run_to_cut(&mut board, &mut link, "cut");
        board.sim_mut().power_on();
        let record = board.record();
        let resumes = match record.phase {
            Phase::Decoding if record.erase_offset > 0 => record.erase_offset,
            _ => continue,
        };
        let scratch = board.region(Area::Scratch);
        let junk = vec![0x5a; index(scratch.len)];
        // One copy is as good as both, if it is the right one.
        let half = scratch.start + 4 * 512 + u32::from(resumes / 2048 % 2 == 0) * 512;
        let mut half_lost = board.clone();
        half_lost.sim_mut().load(half, &junk[..512]);
        case.live(&mut half_lost, &mut Link::none(), "half lost");
        case.check_end(&mut half_lost, "half lost");
        fine += 1;

        board.sim_mut().load(scratch.start, &junk);
        let refused = Err(Stop::Refused(Error::CheckpointLost { offset: resumes }));
        assert_eq!(case.run(&mut board, &mut Link::none()), refused);
        // It never boots what is there, and no delta helps.
        assert_eq!(board.record().phase, Phase::Recovering);
        assert_eq!(board.would_boot(), Boot::Apply(Area::SlotA));
        let none = case.run(&mut board, &mut Link::none());
        assert_eq!(none, Err(Stop::Refused(Error::NoPayload { payloads: 2 })));

        let delta = core::mem::replace(&mut case.offer, Offer::new(&full, &case.old));
        case.offer.in_bootloader = true;
        case.stage(&mut board, &mut Link::new(&full.bytes)).unwrap();
        case.live(&mut board, &mut Link::none(), "full");
        case.check_end(&mut board, "full");
        case.offer = delta;
        lost += 1;
    }
    assert!(lost > 20 && fine > 20, "{lost} {fine}");
}

/// What the running image does is stage; it never overwrites itself.
#[test]
fn the_application_only_stages() {
    let case = Case::new(nrf::<512>, SMALL, 1);
    let mut board = case.fresh.clone();
    let mut link = Link::new(&case.package.bytes);
    assert_eq!(case.run(&mut board, &mut link), Ok(Lived::Staged));
    let outside =
        [Area::Staging, Area::Record].map(|area| board.range(area, board.region(area).len));
    assert_eq!(board.strayed(&outside), []);
    assert_eq!(board.would_boot(), Boot::Apply(Area::SlotA));
    let again = case.stage(&mut board, &mut link);
    assert_eq!(again, Err(Stop::Refused(Error::WrongState)));
}

/// Sectors that do not divide a group are refused before anything is written.
#[test]
fn groups_are_whole_sectors() {
    let made_for = Case::new(nrf::<512>, SMALL, 0);
    let plan = Plan {
        image: 3,
        group: 1,
        checkpoint: 400,
        ..SMALL
    };
    let mut case = Case::new(nrf::<4096>, plan, 0);
    case.fresh = single(nrf::<4096>, plan).in_service(&made_for.old);
    (case.package, case.offer) = (made_for.package, made_for.offer);
    let mut board = case.fresh.clone();
    let refused = case.stage(&mut board, &mut Link::new(&case.package.bytes));
    let error = Error::GroupOfSectors {
        package: 2048,
        sector: 4096,
    };
    assert_eq!(refused, Err(Stop::Refused(error)));
    assert_eq!(board.operations(), 0);
}
