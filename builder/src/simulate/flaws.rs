//! Lives on flash that is not as it should be: a sector that will not erase or take a write, reads that come wrong.

use flash_sim::{Defect, Flake};
use sprag_verifier::{Area, Storage as _, choose};

use super::life::{Stop, Story, World};
use super::link::Chance;
use super::meter::Meter;
use super::report::{FlawCounts, FlawReport};
use super::{SimulationInputs, perfect};
use crate::codec::Progress;

/// Boots from the start that a device has to get over reads that came wrong.
const TRIES: u32 = 4;

/// Codes that are reported.
const MOST_CODES: usize = 8;

/// How many lives have a flaw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaws {
    /// With a bad sector each.
    pub bad_sectors: u64,
    /// With reads that come wrong.
    pub flaky_reads: u64,
}

impl Default for Flaws {
    fn default() -> Self {
        Self {
            bad_sectors: 8,
            flaky_reads: 8,
        }
    }
}

/// Lives with each kind of flaw.
pub(super) fn flaws(
    world: &World<'_>,
    factory: &Meter,
    inputs: &SimulationInputs<'_>,
    reads: u64,
    progress: Progress<'_>,
) -> FlawReport {
    let Flaws {
        bad_sectors,
        flaky_reads,
    } = inputs.flaws;
    let mut chance = Chance(inputs.seed ^ 0xf1a4);
    let mut report = FlawReport::default();
    // All that an update writes to; the staging area first, which alone can do without a sector.
    let areas: Vec<Area> = [
        Area::Staging,
        Area::SlotB,
        Area::Record,
        Area::Scratch,
        Area::SlotA,
    ]
    .into_iter()
    .filter(|area| {
        // Of the running image's slot nothing is written, unless it is the only one.
        let single = factory.geometry(Area::SlotB).size == 0;
        factory.geometry(*area).size > 0 && (single || *area != Area::SlotA)
    })
    .collect();
    let total = bad_sectors + flaky_reads;
    for n in 0..bad_sectors {
        let mut meter = factory.clone();
        let turn = usize::try_from(n).unwrap_or(0).checked_rem(areas.len());
        if let Some(&area) = turn.and_then(|turn| areas.get(turn)) {
            let size = usize::try_from(factory.geometry(area).size).unwrap_or(0);
            let offset = u32::try_from(chance.below(size)).unwrap_or(0);
            let defect = match (chance.below(3), area) {
                (0, _) => Defect::EraseFails,
                // What is in use already holds what it should.
                (1, _) | (_, Area::SlotA | Area::Record) => Defect::WriteFails,
                _ => Defect::StuckBits {
                    seed: chance.next(),
                },
            };
            meter.storage.break_sector(area, offset, defect);
        }
        live(world, meter, 1, &mut report.bad_sectors);
        progress("bad sectors", n + 1, total);
    }
    let capacity = factory.storage.sim().geometry().capacity();
    for n in 0..flaky_reads {
        let mut meter = factory.clone();
        let flake = match n.is_multiple_of(2) {
            true => Flake::WrongBit,
            false => Flake::Error,
        };
        let skip = chance.next().checked_rem(reads.max(1)).unwrap_or(0);
        let skip = u32::try_from(skip).unwrap_or(u32::MAX);
        let sim = meter.storage.sim_mut();
        sim.flaky_reads(0..capacity, flake, skip, 1);
        live(world, meter, TRIES, &mut report.flaky_reads);
        progress("flaky reads", bad_sectors + n + 1, total);
    }
    report
}

fn live(world: &World<'_>, mut meter: Meter, tries: u32, counts: &mut FlawCounts) {
    counts.lives += 1;
    let mut code = 0;
    for _ in 0..tries {
        meter.power_on(None);
        let ended = world.live(&mut meter, &mut perfect(world), &mut Story::default());
        match ended {
            Ok(()) => {
                counts.completed += 1;
                return;
            }
            Err(Stop::Refused(e)) => code = e.code(),
            Err(Stop::PowerLost | Stop::Brick(_)) => {}
        }
    }
    let boots = choose(&mut meter).ok();
    let whole = boots.is_some_and(|boot| {
        let slot = meter.storage.bytes(boot.slot());
        slot.starts_with(world.old) || slot.starts_with(world.new)
    });
    let single = meter.geometry(Area::SlotB).size == 0;
    match whole {
        true => counts.refused += 1,
        // The only slot, or what makes its image, has failed for good: no software gets over that.
        false if single => counts.unfinished += 1,
        false => counts.bricks += 1,
    }
    if counts.codes.len() < MOST_CODES && !counts.codes.contains(&code) {
        counts.codes.push(code);
    }
}
