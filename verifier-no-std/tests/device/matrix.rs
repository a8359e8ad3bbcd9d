//! Every strategy on every kind of flash, with the power cut at every operation.
//!
//! | test | in the usual run | with `SPRAG_FULL=1` |
//! | --- | --- | --- |
//! | `large_images` | six combinations, images of 48 to 64 KiB; writes torn at the first, a middle and the last unit | all, torn at every unit, and 10,000 pairs of cuts each |
//! | `small_images` | all combinations, images of some KiB, torn at every unit | with more images |
//! | `sectors_of_128_kib` | two strategies, one of 200 operations cut | three, one of five, and 500 pairs each |
//! | `every_pair` | every cut of every recovery of a small update, for one combination | for each strategy |
//!
//! `SPRAG_ROWS=nRF52` runs the rows whose name or part has that word.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

use sprag_manifest::Index;
use sprag_verifier::{Area, StagingPlace, checkpoint_copy_len};

use crate::support::single_slot::{InPlacePlan, SingleSlot, Trial};
use crate::support::sweep::{Counts, Life, Pairs, Tears, sweep, uncut};
use crate::support::two_slots::TwoSlots;
use crate::support::{
    Board, Release, Room, TestCodecs, bytewise, f4, h7, l0, l4, nrf, random_image,
    random_operations, rp2040, samd21, u5,
};

/// What is done with flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strategy {
    /// Two slots, staged behind the image.
    Tail,
    /// Two slots, staged in an area.
    Area,
    /// Two slots, decoded as blocks come, with checkpoints.
    Direct(Codec),
    /// One slot.
    InPlace(Codec),
    /// One slot, and back again.
    Back,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Test,
    Native,
}

impl Strategy {
    const fn name(self) -> &'static str {
        match self {
            Self::Tail => "A/B, staged at the slot's tail",
            Self::Area => "A/B, staging area",
            Self::Direct(Codec::Test) => "A/B, checkpoints",
            Self::Direct(Codec::Native) => "A/B, checkpoints, native delta",
            Self::InPlace(Codec::Test) => "in place",
            Self::InPlace(Codec::Native) => "in place, native delta",
            Self::Back => "in place, and back",
        }
    }
}

/// A flash part, and how large the images on it are.
#[derive(Clone, Copy, Debug)]
struct Part {
    name: &'static str,
    /// Sectors of an image.
    image: u32,
    /// Sectors of a group and of the shift of an update in place.
    group: (u32, u32),
    /// Bytes of a block.
    block_size: u32,
}

const fn part(name: &'static str, image: u32, group: (u32, u32), block_size: u32) -> Part {
    Part {
        name,
        image,
        group,
        block_size,
    }
}

#[derive(Clone, Copy, Debug)]
struct Effort {
    tears: Tears,
    pairs: Pairs,
    seed: u64,
}

/// What one combination came to.
#[derive(Clone, Debug)]
struct Row {
    strategy: &'static str,
    part: &'static str,
    /// Bytes of the new image, and the sectors that it takes.
    image: (usize, usize),
    counts: Counts,
    wear: [Wear; 3],
}

/// Most erases of a sector without a cut, and the bound.
#[derive(Clone, Copy, Debug)]
struct Wear {
    seen: u32,
    bound: u32,
}

/// A combination that waits to be run.
struct Job {
    strategy: Strategy,
    part: Part,
    run: Box<dyn Fn(Effort) -> Row + Send + Sync>,
}

fn add<const R: usize, const W: usize, const S: usize>(
    jobs: &mut Vec<Job>,
    make: fn(Room) -> Board<R, W, S>,
    part: Part,
    strategies: &[Strategy],
) {
    for &strategy in strategies {
        jobs.push(Job {
            strategy,
            part,
            run: Box::new(move |effort| match strategy {
                Strategy::InPlace(_) | Strategy::Back => run_single(make, part, strategy, effort),
                _ => run_two(make, part, strategy, effort),
            }),
        });
    }
}

fn run_two<const R: usize, const W: usize, const S: usize>(
    make: fn(Room) -> Board<R, W, S>,
    part: Part,
    strategy: Strategy,
    effort: Effort,
) -> Row {
    let size = u32::try_from(S).unwrap();
    let (old_len, new_len) = (part.image * size - 77, part.image * size - size / 2);
    let old = random_image(old_len, 11 + effort.seed);
    let operations = random_operations(old_len, new_len, 31 + effort.seed);
    let mut release = match strategy {
        Strategy::Direct(Codec::Native) => Release::native_delta(&old, &operations),
        _ => Release::delta(&old, &operations),
    };
    release.payloads[0].block_size = part.block_size;
    let place = match strategy {
        Strategy::Tail => StagingPlace::SlotTail,
        Strategy::Area => StagingPlace::Area,
        _ => StagingPlace::Direct,
    };
    if place == StagingPlace::Direct {
        // Each block then leads to a sector's end, and to a chunk's.
        let block_size = part.block_size.max(2 * size).max(1024);
        release = release.with_checkpoints(block_size);
    }
    let package = release.package();
    let copy = checkpoint_copy_len(&package.payloads[0], &TestCodecs::default()).div_ceil(size);
    let room = Room {
        place,
        image: part.image,
        staging: match place {
            StagingPlace::Direct => 2 * copy,
            _ => {
                u32::try_from(package.bytes.len() * 7 / 5).unwrap() / size + 8.min(65536 / size + 2)
            }
        },
    };
    let life = TwoSlots::of_seed(make(room), &release, &old, place, effort.seed % 3);
    let board = uncut(&life);
    let blocks = Index::new(&package.payloads[0]).block_count();
    let waiting = match place {
        StagingPlace::Direct => board.region(Area::Scratch),
        StagingPlace::Area => board.region(Area::Staging),
        _ => {
            let mut tail = board.region(Area::SlotB);
            tail.start += part.image * size;
            tail.len -= part.image * size;
            tail
        }
    };
    let slot = board.range(Area::SlotB, board.region(Area::SlotB).len);
    let erased = u32::try_from(sectors(&board, &slot)).unwrap();
    let wear = [
        wear(
            &board,
            Area::SlotB,
            new_len,
            package.payloads[0].needs.erases,
        ),
        // Five changes of the record, the first in both places, and a note behind every sixteen sectors erased.
        wear(
            &board,
            Area::Record,
            board.region(Area::Record).len,
            (6 + erased.saturating_sub(1) / 16).div_ceil(2),
        ),
        Wear {
            seen: board.most_erases(&(waiting.start..waiting.start + waiting.len)),
            bound: match place {
                // A checkpoint for each block, in two places.
                StagingPlace::Direct => blocks.div_ceil(2),
                StagingPlace::Area => 1,
                // When it is entered, and when it is left.
                _ => 2,
            },
        },
    ];
    row(&life, strategy, part, (Area::SlotB, new_len), wear, effort)
}

fn run_single<const R: usize, const W: usize, const S: usize>(
    make: fn(Room) -> Board<R, W, S>,
    part: Part,
    strategy: Strategy,
    effort: Effort,
) -> Row {
    let native = strategy == Strategy::InPlace(Codec::Native);
    let plan = InPlacePlan {
        image: part.image,
        group: part.group.0,
        shift: part.group.1,
        checkpoint: if native { 9000 } else { 256 + 120 },
        block_size: part.block_size,
        native,
    };
    let (trial, ways) = match strategy {
        Strategy::Back => (Trial::Fails, 2),
        _ => (Trial::Confirms, 1),
    };
    let mut life = SingleSlot::new(make, plan, effort.seed, trial);
    if effort.seed % 3 == 1 {
        life.fresh.sim_mut().report_torn_units();
    }
    let board = uncut(&life);
    let groups = part.image.div_ceil(plan.group);
    let moves = part
        .image
        .checked_div(plan.shift.min(plan.group))
        .map_or(0, |moves| moves + 1);
    let whole = |area| board.region(area).len;
    let erases = life.package.payloads[0].needs.erases;
    let wear = [
        wear(&board, Area::SlotA, whole(Area::SlotA), ways * erases),
        // A change for each move and two for each group, and nine around them; in two places.
        wear(
            &board,
            Area::Record,
            whole(Area::Record),
            ways * (moves + 2 * groups + 9).div_ceil(2),
        ),
        // Each group is made there once.
        wear(&board, Area::Scratch, whole(Area::Scratch), ways * groups),
    ];
    let image = (Area::SlotA, u32::try_from(life.new.len()).unwrap());
    row(&life, strategy, part, image, wear, effort)
}

fn wear<const R: usize, const W: usize, const S: usize>(
    board: &Board<R, W, S>,
    area: Area,
    len: u32,
    bound: u32,
) -> Wear {
    Wear {
        seen: board.most_erases(&board.range(area, len)),
        bound,
    }
}

fn sectors<const R: usize, const W: usize, const S: usize>(
    board: &Board<R, W, S>,
    range: &core::ops::Range<u32>,
) -> usize {
    let sectors = board.sim().geometry().sectors();
    sectors
        .filter(|sector| range.contains(&sector.start))
        .count()
}

fn row<const R: usize, const W: usize, const S: usize>(
    life: &impl Life<R, W, S>,
    strategy: Strategy,
    part: Part,
    (slot, new_len): (Area, u32),
    wear: [Wear; 3],
    effort: Effort,
) -> Row {
    let row = Row {
        strategy: strategy.name(),
        part: part.name,
        image: (
            usize::try_from(new_len).unwrap(),
            sectors(life.fresh(), &life.fresh().range(slot, new_len)),
        ),
        counts: sweep(life, effort.tears, effort.pairs),
        wear,
    };
    let Counts {
        cuts,
        double_cuts,
        boots,
        ..
    } = row.counts;
    assert_eq!(cuts, boots.iter().sum::<u64>());
    // A reset after each cut found an image to boot, and the sweep has seen the end of each.
    let cut = match effort.tears {
        Tears::FewOf(apart) => row.counts.operations / apart,
        _ => row.counts.operations,
    };
    assert!(cuts >= 3 * cut, "{row:?}");
    match effort.pairs {
        Pairs::Sampled(pairs) => assert!(double_cuts >= pairs, "{row:?}"),
        Pairs::Every => assert!(double_cuts >= 3 * cuts, "{row:?}"),
    }
    for wear in row.wear {
        assert!(wear.seen <= wear.bound, "{row:?}");
    }
    assert!(
        row.wear[0].bound <= 2 || strategy == Strategy::Back,
        "{row:?}"
    );
    row
}

/// Names the combination that failed, dropped by the panic.
struct Running(String);

impl Drop for Running {
    fn drop(&mut self) {
        eprintln!("failed: {}", self.0);
    }
}

/// Runs the combinations on all processors, prints their table, and returns it.
fn run(jobs: &[Job], effort: impl Fn(usize) -> Effort + Sync) -> Vec<Row> {
    let wanted = std::env::var("SPRAG_ROWS").unwrap_or_default();
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(number) else { break };
            let name = format!("{}, {}", job.strategy.name(), job.part.name);
            if !name.contains(&wanted) {
                continue;
            }
            let running = Running(name);
            let row = (job.run)(effort(number));
            core::mem::forget(running);
            println!("{}", line(&row));
            rows.lock().unwrap().push((number, row));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(4));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|(number, _)| *number);
    let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    println!(
        "| strategy | flash | image (B) | sectors | operations | cuts | boot old / new / bootloader | double cuts | bricks | most operations in a step | erases of image, record, staging or checkpoints (bound) |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
    for row in &rows {
        println!("{}", line(row));
    }
    rows
}

fn line(row: &Row) -> String {
    let Counts {
        operations,
        cuts,
        double_cuts,
        boots: [old, new, bootloader],
        step,
    } = row.counts;
    let wear = row
        .wear
        .map(|Wear { seen, bound }| format!("{seen} ({bound})"));
    format!(
        "| {} | {} | {} | {} | {operations} | {cuts} | {old} / {new} / {bootloader} | {double_cuts} | 0 | {step} | {} |",
        row.strategy,
        row.part,
        row.image.0,
        row.image.1,
        wear.join(", ")
    )
}

const NATIVE: [Strategy; 2] = [
    Strategy::Direct(Codec::Native),
    Strategy::InPlace(Codec::Native),
];

const ALL: [Strategy; 5] = [
    Strategy::Tail,
    Strategy::Area,
    Strategy::Direct(Codec::Test),
    Strategy::InPlace(Codec::Test),
    Strategy::Back,
];

pub(crate) fn is_full() -> bool {
    std::env::var_os("SPRAG_FULL").is_some()
}

fn total(rows: &[Row]) -> Counts {
    let mut total = Counts::default();
    for row in rows {
        total.add(row.counts);
    }
    total
}

/// Images of 48 to 64 KiB over at least twelve sectors.
#[test]
fn large_images() {
    let mut jobs = Vec::new();
    let (nrf52, stm32l4) = (
        part("nRF52, 4 KiB, 4 B", 13, (4, 1), 1024),
        part("STM32L4, 2 KiB, 8 B once", 25, (8, 0), 1024),
    );
    let (stm32l0, stm32h7) = (
        part("STM32L0, 128 B, 4 B once, erased 00", 390, (64, 32), 1024),
        part("STM32H7, 4 KiB for 128, 32 B once", 13, (4, 1), 2048),
    );
    let (stm32f4, pico) = (
        part("STM32F4, 1, 4 and 8 KiB, 4 B", 8, (2, 1), 1024),
        part("RP2040, 4 KiB, 256 B", 13, (4, 1), 1024),
    );
    let stm32u5 = part("STM32U5, 4 KiB for 8, 16 B once", 13, (4, 1), 1024);
    let bytes = part("serial NOR, 4 KiB, 1 B", 13, (4, 1), 2048);
    if is_full() {
        add(&mut jobs, nrf::<4096>, nrf52, &ALL);
        add(&mut jobs, nrf::<4096>, nrf52, &NATIVE);
        add(&mut jobs, l4::<2048>, stm32l4, &ALL);
        add(&mut jobs, l4::<2048>, stm32l4, &NATIVE);
        add(&mut jobs, l0, stm32l0, &ALL);
        add(&mut jobs, h7::<4096>, stm32h7, &ALL);
        add(&mut jobs, f4::<8192>, stm32f4, &ALL);
        add(&mut jobs, rp2040, pico, &ALL);
        add(&mut jobs, u5::<4096>, stm32u5, &ALL);
        add(&mut jobs, bytewise::<4096>, bytes, &ALL[..3]);
    } else {
        let (in_place, direct) = (
            Strategy::InPlace(Codec::Test),
            Strategy::Direct(Codec::Test),
        );
        add(&mut jobs, nrf::<4096>, nrf52, &[Strategy::Back]);
        add(&mut jobs, f4::<8192>, stm32f4, &[in_place]);
        add(&mut jobs, l0, stm32l0, &[Strategy::Tail]);
        add(&mut jobs, l4::<2048>, stm32l4, &NATIVE[..1]);
        add(&mut jobs, h7::<4096>, stm32h7, &[direct]);
        add(&mut jobs, rp2040, pico, &[Strategy::Area]);
    }
    let rows = run(&jobs, |number| Effort {
        tears: if is_full() { Tears::All } else { Tears::Few },
        pairs: Pairs::Sampled(if is_full() { 10_000 } else { 100 }),
        seed: u64::try_from(number % 3).unwrap(),
    });
    for row in &rows {
        assert!((48 << 10..=64 << 10).contains(&row.image.0), "{row:?}");
        assert!(row.image.1 >= 12, "{row:?}");
    }
    let total = total(&rows);
    println!("{total:?}");
    if rows.len() < jobs.len() {
        return;
    }
    let (combinations, cuts, double_cuts) = match is_full() {
        true => (42, 1_000_000, 420_000),
        false => (6, 20_000, 600),
    };
    assert_eq!(rows.len(), combinations);
    assert!(total.cuts >= cuts, "{total:?}");
    assert!(total.double_cuts >= double_cuts, "{total:?}");
}

/// Sectors as large as they come: an update has hundreds of writes to each, and one torn chunk costs all of them.
#[test]
fn sectors_of_128_kib() {
    let mut jobs = Vec::new();
    let real = part("STM32H7, 128 KiB, 32 B once", 2, (1, 1), 4096);
    let strategies = [ALL[0], ALL[1], ALL[3]];
    let strategies = &strategies[if is_full() { 0 } else { 1 }..];
    add(&mut jobs, h7::<131_072>, real, strategies);
    let rows = run(&jobs, |number| Effort {
        tears: Tears::FewOf(if is_full() { 5 } else { 200 }),
        pairs: Pairs::Sampled(if is_full() { 500 } else { 4 }),
        seed: u64::try_from(number % 3).unwrap(),
    });
    let total = total(&rows);
    println!("{total:?}");
    if rows.len() == jobs.len() {
        assert!(total.cuts >= if is_full() { 5000 } else { 60 }, "{total:?}");
    }
}

/// Images of some KiB, torn at every write unit: on boards fresh from the factory, with ECC, and in service.
#[test]
fn small_images() {
    let mut jobs = Vec::new();
    for _ in 0..if is_full() { 12 } else { 1 } {
        let all = &ALL;
        add(
            &mut jobs,
            nrf::<512>,
            part("nRF52, 512 B for 4 KiB, 4 B", 10, (4, 2), 256),
            all,
        );
        add(
            &mut jobs,
            l4::<512>,
            part("STM32L4, 512 B for 2 KiB, 8 B once", 10, (4, 0), 256),
            all,
        );
        add(
            &mut jobs,
            l0,
            part("STM32L0, 128 B, 4 B once, erased 00", 16, (4, 6), 256),
            all,
        );
        add(
            &mut jobs,
            h7::<1024>,
            part("STM32H7, 1 KiB for 128, 32 B once", 8, (2, 1), 512),
            all,
        );
        add(
            &mut jobs,
            f4::<1024>,
            part("STM32F4, 128, 512 and 1024 B, 4 B", 6, (2, 1), 256),
            all,
        );
        add(
            &mut jobs,
            u5::<512>,
            part("STM32U5, 512 B for 8 KiB, 16 B once", 10, (4, 1), 256),
            all,
        );
        add(
            &mut jobs,
            samd21,
            part("SAM D21, 256 B, 64 B", 14, (8, 2), 256),
            all,
        );
        add(
            &mut jobs,
            bytewise::<512>,
            part("serial NOR, 512 B for 4 KiB, 1 B", 3, (1, 1), 256),
            all,
        );
    }
    let rows = run(&jobs, |number| Effort {
        tears: Tears::All,
        pairs: Pairs::Sampled(if is_full() { 10_000 } else { 300 }),
        seed: u64::try_from(number).unwrap(),
    });
    let total = total(&rows);
    println!("{total:?}");
    if rows.len() == jobs.len() {
        assert!(total.cuts >= 100_000, "{total:?}");
        assert!(total.double_cuts >= 40 * 300, "{total:?}");
    }
}

/// Every way to cut every recovery from every cut.
#[test]
fn every_pair() {
    let strategies = if is_full() { &ALL[..] } else { &ALL[..1] };
    let mut jobs = Vec::new();
    add(
        &mut jobs,
        samd21,
        part("SAM D21, 256 B, 64 B", 3, (2, 1), 256),
        strategies,
    );
    let rows = run(&jobs, |_| Effort {
        tears: Tears::All,
        pairs: Pairs::Every,
        seed: 2,
    });
    println!("{:?}", total(&rows));
}
