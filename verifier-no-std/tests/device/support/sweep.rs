//! Cuts the power at every operation of an update's life, in every way that the simulator knows, and cuts again while
//! the device recovers.

use core::fmt::{self, Display, Formatter};

use flash_sim::{CutStyle, Operation, OperationKind};

use super::session::most_in_a_step;
use super::{Board, Link, Package, Rng, Stop, index};

/// Times under power in which an update must come to its end, however the power failed before.
const MANY_BOOTS: u32 = 12;

/// What the device does between two resets is over, and was it the last of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lived {
    /// There is more to do after the next reset.
    On,
    /// Nothing is left to do.
    Rests,
}

/// What boots after a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boots {
    Old,
    New,
    /// The bootloader, which makes the image of an only slot.
    Bootloader,
}

/// An update from the offer to the confirmed image, or to the old one again.
pub(crate) trait Life<const R: usize, const W: usize, const S: usize> {
    /// The board before anything has happened.
    fn fresh(&self) -> &Board<R, W, S>;

    fn package(&self) -> &Package;

    /// One time under power.
    fn run(&self, board: &mut Board<R, W, S>, link: &mut Link<'_>) -> Result<Lived, Stop>;

    /// What boots, which must be whole; panics with `what` if it is not.
    fn boots(&self, board: &Board<R, W, S>, what: &What) -> Boots;

    /// Panics unless the device is as it should be in the end, after so many cuts.
    fn check_end(&self, board: &mut Board<R, W, S>, link: &Link<'_>, cuts: usize, what: &What);

    /// The operation of the uncut life from which on no link is needed any more.
    fn alone_from(&self) -> u64 {
        u64::MAX
    }
}

/// A cut, and perhaps one while the device recovered from it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct What {
    pub(crate) first: Option<(u64, CutStyle)>,
    pub(crate) second: Option<(u64, CutStyle)>,
}

impl Display for What {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.first, self.second) {
            (None, _) => write!(f, "uncut"),
            (Some(first), None) => write!(f, "cut {first:?}"),
            (Some(first), Some(second)) => write!(f, "cut {first:?}, then {second:?}"),
        }
    }
}

/// In how many ways an operation is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tears {
    /// At every write unit.
    All,
    /// At the first write unit, in the middle and at the last.
    Few,
    /// The same, and only one of so many operations is cut.
    FewOf(u64),
}

/// How often the device is cut while it recovers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairs {
    /// So often in all, at places drawn at random.
    Sampled(u64),
    /// At every operation of every recovery.
    Every,
}

/// What a sweep saw.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) operations: u64,
    pub(crate) cuts: u64,
    pub(crate) double_cuts: u64,
    /// What booted right after a cut: the old image, the new one, or neither until the bootloader was done.
    pub(crate) boots: [u64; 3],
    /// Most erases and writes in one call of `step`, cut or not.
    pub(crate) step: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.operations += other.operations;
        self.cuts += other.cuts;
        self.double_cuts += other.double_cuts;
        self.step = self.step.max(other.step);
        for (sum, count) in self.boots.iter_mut().zip(other.boots) {
            *sum += count;
        }
    }

    fn note(&mut self, boots: Boots) {
        self.boots[match boots {
            Boots::Old => 0,
            Boots::New => 1,
            Boots::Bootloader => 2,
        }] += 1;
    }
}

/// Lives without a cut; the board in the end.
pub(crate) fn uncut<const R: usize, const W: usize, const S: usize>(
    life: &impl Life<R, W, S>,
) -> Board<R, W, S> {
    let mut board = life.fresh().clone();
    let mut link = Link::new(&life.package().bytes);
    finish(life, &mut board, &mut link, 0, &What::default());
    board
}

/// Cuts every operation of the life, and some of the recoveries again. After each cut an image boots that is whole, and
/// then the update comes to its end.
pub(crate) fn sweep<const R: usize, const W: usize, const S: usize>(
    life: &impl Life<R, W, S>,
    tears: Tears,
    pairs: Pairs,
) -> Counts {
    most_in_a_step();
    let log = uncut(life).sim().log().to_vec();
    let mut counts = Counts {
        operations: u64::try_from(log.len()).unwrap(),
        ..Counts::default()
    };
    let mut rng = Rng(counts.operations);
    let apart = match tears {
        Tears::FewOf(apart) => apart,
        _ => 1,
    };
    let cut = |operation: &&Operation| operation.index % apart == apart / 2;
    let chosen: Vec<&Operation> = log.iter().filter(cut).collect();
    for (nth, operation) in (1..).zip(&chosen) {
        let at = Place::of(life, operation);
        let styles = styles(operation, &at.before, tears);
        let mut recovery = Vec::new();
        for style in styles.clone() {
            counts.cuts += 1;
            let what = What {
                first: Some((operation.index, style)),
                second: None,
            };
            let cut = at.cut(style);
            counts.note(life.boots(&cut, &what));
            let operations = cut.sim().log().len();
            let mut board = cut.clone();
            let mut link = at.link.clone();
            finish(life, &mut board, &mut link, 1, &what);
            if pairs == Pairs::Every {
                for next in &board.sim().log()[operations..] {
                    for style in self::styles(next, &cut, tears) {
                        let second = (next.index - u64::try_from(operations).unwrap(), style);
                        let what = What {
                            second: Some(second),
                            ..what
                        };
                        counts.double_cuts +=
                            u64::from(cut_again(life, cut.clone(), at.link.clone(), &what));
                    }
                }
            } else if recovery.is_empty() {
                recovery = board.sim().log()[operations..].to_vec();
            }
        }
        if let Pairs::Sampled(pairs) = pairs {
            let due = pairs * nth / u64::try_from(chosen.len()).unwrap();
            // Behind some tears there is less to do than was drawn.
            for _ in 0..4 * (due - counts.double_cuts.min(due)) {
                if counts.double_cuts >= due || recovery.is_empty() {
                    break;
                }
                let first = *draw(&mut rng, &styles);
                let next = draw(&mut rng, &recovery);
                let behind = next.index - recovery[0].index;
                let what = What {
                    first: Some((operation.index, first)),
                    second: Some((
                        behind,
                        *draw(&mut rng, &self::styles(next, &at.before, Tears::All)),
                    )),
                };
                let cut = at.cut(first);
                counts.double_cuts += u64::from(cut_again(life, cut, at.link.clone(), &what));
            }
        }
    }
    counts.step = most_in_a_step();
    counts
}

fn draw<'t, T>(rng: &mut Rng, from: &'t [T]) -> &'t T {
    &from[index(rng.below(u32::try_from(from.len()).unwrap()))]
}

fn styles<const R: usize, const W: usize, const S: usize>(
    operation: &Operation,
    board: &Board<R, W, S>,
    tears: Tears,
) -> Vec<CutStyle> {
    let all = CutStyle::for_operation(operation, board.sim().geometry(), 7);
    match (tears, operation.kind) {
        (Tears::Few | Tears::FewOf(_), OperationKind::Write) if all.len() > 5 => {
            // Clean, torn, torn, torn, and after completion.
            let last = all.len() - 1;
            [0, 1, last / 2, last - 1, last].map(|n| all[n]).into()
        }
        _ => all,
    }
}

/// The device at an operation, which is the next to come.
struct Place<'p, const R: usize, const W: usize, const S: usize> {
    operation: Operation,
    before: Board<R, W, S>,
    /// What a write wanted.
    bytes: Vec<u8>,
    after: Board<R, W, S>,
    link: Link<'p>,
}

impl<'p, const R: usize, const W: usize, const S: usize> Place<'p, R, W, S> {
    fn of(life: &'p impl Life<R, W, S>, operation: &Operation) -> Self {
        let (before, link) = cut_fresh(life, (operation.index, CutStyle::Clean));
        let (after, _) = cut_fresh(life, (operation.index, CutStyle::AfterCompletion));
        let start = index(operation.address);
        let bytes = after.sim().bytes()[start..start + index(operation.len)].to_vec();
        let link = match operation.index >= life.alone_from() {
            true => Link::none(),
            false => link,
        };
        Self {
            operation: *operation,
            before,
            bytes,
            after,
            link,
        }
    }

    /// The board with the operation cut. The device's own code brings it to the operation, once for all of its tears.
    fn cut(&self, style: CutStyle) -> Board<R, W, S> {
        let Operation { address, len, .. } = self.operation;
        let mut board = self.before.clone();
        let sim = board.sim_mut();
        sim.power_on();
        sim.cut_after(0, style);
        let cut = match self.operation.kind {
            OperationKind::Erase => sim.erase(address, address + len),
            _ => sim.write(address, &self.bytes),
        };
        assert!(cut.is_err() && !sim.is_powered());
        if style == CutStyle::AfterCompletion {
            assert_eq!(sim.bytes(), self.after.sim().bytes());
        }
        board
    }
}

pub(crate) fn cut_fresh<'p, const R: usize, const W: usize, const S: usize>(
    life: &'p impl Life<R, W, S>,
    (index, style): (u64, CutStyle),
) -> (Board<R, W, S>, Link<'p>) {
    let mut board = life.fresh().clone();
    let mut link = Link::new(&life.package().bytes);
    board.sim_mut().cut_after(index, style);
    let what = What {
        first: Some((index, style)),
        second: None,
    };
    assert!(
        run_to_cut(life, &mut board, &mut link, &what),
        "{what}: never came"
    );
    (board, link)
}

/// Cuts the recovery as `what` says, then lets it end; whether the second cut came before the end.
fn cut_again<const R: usize, const W: usize, const S: usize>(
    life: &impl Life<R, W, S>,
    mut board: Board<R, W, S>,
    mut link: Link<'_>,
    what: &What,
) -> bool {
    let (index, style) = what.second.unwrap();
    board.sim_mut().power_on();
    board.sim_mut().cut_after(index, style);
    let came = run_to_cut(life, &mut board, &mut link, what);
    life.boots(&board, what);
    finish(life, &mut board, &mut link, 2, what);
    came
}

/// Lives until the power fails, or nothing is left to do; whether it failed.
pub(crate) fn run_to_cut<const R: usize, const W: usize, const S: usize>(
    life: &impl Life<R, W, S>,
    board: &mut Board<R, W, S>,
    link: &mut Link<'_>,
    what: &What,
) -> bool {
    loop {
        match life.run(board, link) {
            Ok(Lived::Rests) => return false,
            Ok(Lived::On) => {}
            Err(Stop::PowerLost) => return true,
            Err(stop) => panic!("{what}: {stop:?}"),
        }
    }
}

/// With the power back, the update comes to its end.
pub(crate) fn finish<const R: usize, const W: usize, const S: usize>(
    life: &impl Life<R, W, S>,
    board: &mut Board<R, W, S>,
    link: &mut Link<'_>,
    cuts: usize,
    what: &What,
) {
    for _ in 0..MANY_BOOTS {
        board.sim_mut().power_on();
        match life.run(board, link) {
            Ok(Lived::Rests) => return life.check_end(board, link, cuts, what),
            Ok(Lived::On) => {}
            // Too much was torn: the update begins anew by itself.
            Err(Stop::Refused(e)) if e.code() == 606 && cuts > 1 => {}
            Err(stop) => panic!("{what}: {stop:?}"),
        }
    }
    panic!("{what}: no end");
}
