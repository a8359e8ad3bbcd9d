//! Cuts of the power at the operations of an update, pairs of them, and power that lasts only so long each time.

use sprag_manifest::{DeviceProfile, Manifest, Needs, TaskProfile, TimingProfile};
use sprag_verifier::{Area, Boot, Retry, RetryLimits, Storage as _};

use super::life::{Stop, Story, World, filled_slot};
use super::link::Chance;
use super::meter::{Change, Meter, torn};
use super::report::{CutReport, ForwardProgress, Uninterrupted};
use super::{Cuts, SimulationInputs, perfect};
use crate::codec::Progress;
use crate::error::Error;

use flash_sim::CutStyle;

const MILLION: u64 = 1_000_000;
/// Bytes of images that a sweep makes by default before it takes samples.
const WORK: u64 = 96 << 20;
/// Fewest operations that a sample has.
const LEAST_SAMPLE: u64 = 24;
/// Boots without a change of flash after which nothing will ever change.
const IDLE_BOOTS: u32 = 2;

/// An update without a fault, and what it did to flash.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) report: Uninterrupted,
    pub(super) changes: Vec<Change>,
    /// Bytes of payload that were fetched.
    pub(super) fetched: u64,
    /// Reads of flash.
    pub(super) reads: u64,
    /// Least operations between cuts that the manifest states, 0 if none.
    pub(super) stated_operations: u32,
    /// Least work that it states, 0 if none.
    pub(super) stated_work: u32,
}

/// Updates without a fault, up to the confirmed boot of the new image.
///
/// # Errors
/// What the device code says; [`Error::Gate`] where the new image does not boot.
pub(super) fn uninterrupted(
    world: &World<'_>,
    factory: &Meter,
    manifest: &Manifest<'_>,
) -> Result<Run, Error> {
    let mut meter = factory.clone();
    meter.record();
    let mut story = Story::default();
    match world.live(&mut meter, &mut perfect(world), &mut story) {
        Ok(()) => {}
        Err(Stop::Refused(e)) => return Err(e.into()),
        Err(stop) => {
            let reason = format!("the update without a fault ended with {stop:?}");
            return Err(Error::Gate { reason });
        }
    }
    let totals = meter.storage.sim().totals();
    let most = |area| most_erases(&meter, area);
    let (image, tail) = slot_erases(&meter, world);
    let payloads = manifest.payloads.iter();
    let most_stated = |needs: fn(&Needs) -> u32| {
        let stated = manifest.payloads.iter().map(|p| needs(&p.needs));
        stated.max().unwrap_or(0)
    };
    let milliseconds = meter.clock / MILLION;
    let report = Uninterrupted {
        milliseconds,
        operations: meter.operations(),
        sectors_erased: totals.sectors_erased,
        bytes_written: totals.bytes_written,
        image_erases: image,
        image_erases_bound: payloads.map(|p| p.needs.erases).max().unwrap_or(0),
        tail_erases: tail,
        record_erases: most(Area::Record),
        staging_erases: most(Area::Staging),
        worst_step_us: story.worst_step.0 / 1000,
        worst_step: story.worst_step.1,
        worst_step_operations: story.worst_operations,
        steps: story.steps,
        task_runs: story.tasks.0,
        task_late: story.tasks.1,
        millijoules: milliseconds * u64::from(world.profile.power.active_mw) / 1000,
    };
    Ok(Run {
        report,
        changes: meter.recorded(),
        fetched: story.fetched,
        reads: totals.reads,
        stated_operations: most_stated(|needs| needs.min_operations),
        stated_work: most_stated(|needs| needs.min_work),
    })
}

fn most_erases(meter: &Meter, area: Area) -> u32 {
    meter
        .storage
        .erase_counts(area)
        .iter()
        .copied()
        .max()
        .unwrap_or(0)
}

/// Most erases of a sector of the image, and of the slot behind it.
fn slot_erases(meter: &Meter, world: &World<'_>) -> (u32, u32) {
    let slot = filled_slot(meter);
    let counts = meter.storage.erase_counts(slot);
    let sector = meter.storage.sector(slot, 0);
    let sector = usize::try_from(sector.end).unwrap_or(usize::MAX).max(1);
    let sectors = world.new.len().div_ceil(sector).min(counts.len());
    let (image, tail) = counts.split_at(sectors);
    let most = |counts: &[u32]| counts.iter().copied().max().unwrap_or(0);
    (most(image), most(tail))
}

/// Operations that are cut, in order.
fn chosen(operations: u64, inputs: &SimulationInputs<'_>, image: u64) -> Vec<u64> {
    let wanted = match inputs.cuts {
        Cuts::All => operations,
        // Each operation is cut twice, and each recovery makes the image once more.
        Cuts::Auto => (WORK / (2 * image.max(1))).max(LEAST_SAMPLE),
        Cuts::Sample(n) => n,
    };
    if wanted >= operations {
        return (0..operations).collect();
    }
    // One operation of each of `wanted` equal stretches, so that no part of the update goes without.
    let mut chance = Chance(inputs.seed);
    (0..wanted)
        .map(|stretch| {
            let start = stretch * operations / wanted;
            let end = ((stretch + 1) * operations / wanted).max(start + 1);
            start + chance.next() % (end - start)
        })
        .collect()
}

/// The way back to the old image: an update whose new image is never confirmed, and the first of its changes that
/// another one has not.
pub(super) fn way_back(world: &World<'_>, factory: &Meter, run: &Run) -> Option<(Run, u64)> {
    let mut meter = factory.clone();
    meter.record();
    let mut story = Story::default();
    world
        .live(&mut meter, &mut perfect(world), &mut story)
        .ok()?;
    // The last change of the other one is the confirmation.
    let first = u64::try_from(run.changes.len()).unwrap_or(u64::MAX);
    let back = Run {
        changes: meter.recorded(),
        fetched: story.fetched,
        ..*run
    };
    Some((back, first.saturating_sub(2)))
}

/// Cuts each chosen operation from the `first` on clean and torn, and some recoveries again.
pub(super) fn sweep(
    world: &World<'_>,
    factory: &Meter,
    (run, first): (&Run, u64),
    inputs: &SimulationInputs<'_>,
    progress: Progress<'_>,
) -> CutReport {
    let operations = u64::try_from(run.changes.len()).unwrap_or(u64::MAX);
    let operations = operations.saturating_sub(first);
    let image = u64::try_from(world.new.len().max(1)).unwrap_or(u64::MAX);
    let chosen = chosen(operations, inputs, image);
    let total = u64::try_from(chosen.len()).unwrap_or(u64::MAX);
    let mut report = CutReport {
        operations,
        operations_cut: total,
        seed: inputs.seed,
        ..CutReport::default()
    };
    let mut chance = Chance(inputs.seed ^ operations);
    let mut next = chosen.into_iter().peekable();
    let mut done = 0;
    // Flash as it is before each operation, which needs no decoder to be made again.
    let mut before = factory.clone();
    for (number, change) in (0_u64..).zip(&run.changes) {
        if number
            .checked_sub(first)
            .is_some_and(|n| next.peek() == Some(&n))
        {
            next.next();
            for style in [
                CutStyle::Clean,
                torn(unit(&mut chance, change), chance.next()),
            ] {
                let mut cut = before.clone();
                cut.storage.sim_mut().cut_after(0, style);
                let lasted = cut.replay(change);
                debug_assert!(!lasted && !cut.is_powered());
                report.single += 1;
                let needed = recover(world, &cut, None, run.fetched, &mut report);
                // A pair for every other operation: the recovery is cut where chance says.
                if number.is_multiple_of(2) && needed > 0 {
                    report.double += 1;
                    let second = (chance.next() % needed, torn(0, chance.next()));
                    recover(world, &cut, Some(second), run.fetched, &mut report);
                }
            }
            done += 1;
            progress("cutting", done, total);
        }
        before.replay(change);
    }
    report
}

/// The unit of a write at which it is torn, or the sector of an erase.
fn unit(chance: &mut Chance, change: &Change) -> u32 {
    let units = match change {
        Change::Write(_, _, bytes) => bytes.len() / 4,
        Change::Erase(..) => 1,
    };
    u32::try_from(chance.below(units.max(1))).unwrap_or(0)
}

/// Powers on after a cut, perhaps cuts once more, and lets the device come to its end. Returns the operations of the
/// recovery.
fn recover(
    world: &World<'_>,
    cut: &Meter,
    second: Option<(u64, CutStyle)>,
    fetched: u64,
    report: &mut CutReport,
) -> u64 {
    let mut meter = cut.clone();
    let (operations, clock) = (meter.operations(), meter.clock);
    meter.power_on(None);
    note_boot(world, &meter, report);
    let mut story = Story::from_now(&meter, world.profile);
    if let Some((after, style)) = second {
        meter.storage.sim_mut().cut_after(after, style);
    }
    let mut ended = world.live(&mut meter, &mut perfect(world), &mut story);
    if ended == Err(Stop::PowerLost) {
        meter.power_on(None);
        note_boot(world, &meter, report);
        ended = world.live(&mut meter, &mut perfect(world), &mut story);
    }
    match ended {
        Ok(()) => {}
        Err(Stop::Brick(_)) => report.bricks += 1,
        Err(_) => report.stuck += 1,
    }
    if second.is_none() {
        report.refetched_bytes = report
            .refetched_bytes
            .max(story.fetched.saturating_sub(fetched));
    }
    report.recovery_ms = report.recovery_ms.max((meter.clock - clock) / MILLION);
    report.task_late += story.tasks.1;
    report.image_erases = report.image_erases.max(slot_erases(&meter, world).0);
    meter.operations() - operations
}

/// Which image boots now, on a twin, so that the boot itself can be cut.
fn note_boot(world: &World<'_>, meter: &Meter, report: &mut CutReport) {
    let mut twin = meter.clone();
    let Ok(boot) = sprag_verifier::choose(&mut twin) else {
        report.bricks += 1;
        return;
    };
    if matches!(boot, Boot::Apply(_)) {
        // What comes of it, the life behind the cut tells.
        report.went_on += 1;
        return;
    }
    let slot = twin.storage.bytes(boot.slot());
    if slot.starts_with(world.new) {
        report.booted_new += 1;
    } else if slot.starts_with(world.old) {
        report.booted_old += 1;
    } else {
        report.bricks += 1;
    }
}

/// How long power lasts each time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Power {
    Operations(u64),
    Nanoseconds(u64),
}

/// Boots for each operation of an update after which it counts as one that does not come to its end.
const BOOTS_AN_OPERATION: u64 = 20;

/// The least power with which the update comes to its end.
pub(super) fn forward_progress(
    world: &World<'_>,
    factory: &Meter,
    run: &Run,
    inputs: &SimulationInputs<'_>,
    progress: Progress<'_>,
) -> ForwardProgress {
    let image = u64::try_from(world.new.len().max(1)).unwrap_or(u64::MAX);
    let operations = run.report.operations;
    // A device that gets on at all makes an operation at a boot, and some again; of a small update many
    // boots would be cheap, but tell no more.
    let enough = BOOTS_AN_OPERATION * operations;
    let boots = (2 * WORK / image).min(enough).max(2 * LEAST_SAMPLE);
    let completes = |power| lives_through(world, factory, power, boots, inputs.seed);
    // Fewer operations at a time need more boots than are worth it.
    let least = (3 * operations / boots).max(1);
    progress("power", 0, 2);
    let by_operations = search(least, operations, |k| completes(Power::Operations(k)));
    // What the manifest states may lie in the width of the search.
    let stated = u64::from(run.stated_operations);
    let by_operations = match by_operations {
        Some(found) if (1..found).contains(&stated) && completes(Power::Operations(stated)) => {
            Some(stated)
        }
        found => found,
    };
    progress("power", 1, 2);
    let total = run.report.milliseconds.max(1);
    let at_least = (4 * total / boots).max(1);
    let by_time = search(at_least, 2 * total, |ms| {
        completes(Power::Nanoseconds(ms * MILLION))
    });
    progress("power", 2, 2);
    let stated_work = run.stated_work;
    let work_suffices = (stated_work > 0).then(|| {
        let profile = in_units(world.profile);
        let world = World {
            profile: &profile,
            ..*world
        };
        let meter = Meter::new(factory.storage.clone(), profile.timing);
        let power = Power::Nanoseconds(u64::from(stated_work) * 1024);
        lives_through(&world, &meter, power, boots, inputs.seed)
    });
    ForwardProgress {
        stated_work,
        work_suffices,
        least_operations: by_operations,
        operations_exact: by_operations.is_some_and(|k| k == 1 || k > least),
        least_milliseconds: by_time,
        stated_operations: run.stated_operations,
        power_ms: world.profile.power.on_ms.into(),
    }
}

/// The device with a clock that counts work: a nanosecond for each byte hashed, decoded, read or written, and nothing
/// else takes any.
pub(super) fn in_units(profile: &DeviceProfile) -> DeviceProfile {
    let unit = profile.flash.map_or(1, |flash| flash.write_size);
    DeviceProfile {
        timing: TimingProfile {
            erase_us: 0,
            write_ns: unit,
            read_ns: 1,
            hash_ns: 1,
            decode_ns: 1,
            signature_us: 0,
        },
        task: TaskProfile {
            work_ms: 0,
            ..profile.task
        },
        ..profile.clone()
    }
}

/// The least number from `least` to `most` with which it succeeds, found by halving; 5 % wide where it is large.
fn search(least: u64, most: u64, mut succeeds: impl FnMut(u64) -> bool) -> Option<u64> {
    let mut good = most.max(least);
    if !succeeds(good) {
        return None;
    }
    let mut bad = least - 1;
    while good - bad > 1 + good / 20 {
        let middle = bad + (good - bad) / 2;
        match succeeds(middle) {
            true => good = middle,
            false => bad = middle,
        }
    }
    Some(good)
}

/// Whether the update comes to its end with so much power each time.
pub(super) fn lives_through(
    world: &World<'_>,
    factory: &Meter,
    power: Power,
    boots: u64,
    seed: u64,
) -> bool {
    let mut meter = factory.clone();
    let mut story = Story::default();
    let mut chance = Chance(seed);
    let mut idle = 0;
    let mut retry = Retry::new(RetryLimits::default());
    for _ in 0..boots {
        match power {
            Power::Operations(k) => {
                meter.power_on(None);
                meter.storage.sim_mut().cut_after(k, torn(0, chance.next()));
            }
            Power::Nanoseconds(ns) => meter.power_on(Some(ns)),
        }
        let before = meter.operations();
        // The boot that confirms has power for itself: it follows a reset that the update made.
        match world.boot(&mut meter, &mut perfect(world), &mut retry, &mut story) {
            Ok(true) => return true,
            Ok(false) | Err(Stop::PowerLost) => {}
            Err(_) => return false,
        }
        idle = if meter.operations() == before {
            idle + 1
        } else {
            0
        };
        if idle > IDLE_BOOTS {
            return false;
        }
    }
    false
}
