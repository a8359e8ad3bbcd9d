//! May this package ship to that device? Runs it with the device code on the flash, memory, link and power that a
//! profile declares, cuts the power at its operations, and says what became of it.

mod cuts;
mod flaws;
mod head;
mod life;
mod link;
mod meter;
mod report;

use flash_sim::Trace;
use sprag_manifest::{DeviceProfile, FlashProfile, Header, KeyId, LinkProfile, Manifest, Role};
use sprag_verifier::{Area, ExampleKeys, KeyRole, TrustAnchors, TrustedKey};

use crate::codec::Progress;
use crate::device::SimStorage;
use crate::error::Error;
use crate::inspect::SCHEMA;
use crate::keys::SigningKey;
use crate::package::signed_anew;
use crate::profile::{default_flash, device_of_class};
use crate::verify::manifest_of;
use life::{Stop, Story, World, filled_slot};
use link::Link;
use meter::Meter;

pub use flaws::Flaws;
pub use report::{
    CutReport, FlawCounts, FlawReport, ForwardProgress, LinkReport, Simulation, Uninterrupted,
};

/// How many operations are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Cuts {
    /// As many as a few minutes allow: all of a small image, a seeded sample of a large one.
    #[default]
    Auto,
    /// All.
    All,
    /// A seeded sample of so many.
    Sample(u64),
}

/// What to simulate.
#[derive(Debug)]
pub struct SimulationInputs<'i> {
    /// The package; its signature is not checked here, see [`crate::verify`].
    pub package: &'i [u8],
    /// The device.
    pub profile: &'i DeviceProfile,
    /// The image that it runs; empty for a package with a full payload.
    pub old: &'i [u8],
    /// How many operations are cut.
    pub cuts: Cuts,
    /// How many updates run on flash with flaws.
    pub flaws: Flaws,
    /// Picks operations, torn bits and what the link does.
    pub seed: u64,
}

/// Runs the simulation.
///
/// # Errors
/// What the device code says of the package in an update without any fault; [`Error::BadValue`] for flash that no
/// device has. A package that fails later is reported in the result.
pub fn simulate(
    inputs: &SimulationInputs<'_>,
    progress: Progress<'_>,
) -> Result<Simulation, Error> {
    // The key of the release is not at hand, and nothing here is about it: all else is as in the package.
    let key = SigningKey::from_seed(KeyId(*b"SIMULATE"), b"sprag simulate: known to anybody");
    let keys = [TrustedKey {
        id: key.key_id(),
        role: KeyRole::Release,
        key: key.verifying_key().to_bytes(),
    }];
    let trust = TrustAnchors {
        keys: &keys,
        example_keys: ExampleKeys::Refuse,
    };
    let package = signed_anew(inputs.package, &key)?;
    let manifest = manifest_of(&package)?;
    let device = device_of_class(inputs.profile, &manifest);
    let flash = flash_of(inputs, &manifest);
    let mut storage = SimStorage::new(&flash, inputs.old.len())?;
    storage.sim_mut().set_trace(Trace::Off);
    storage.load(Area::SlotA, inputs.old);
    let factory = Meter::new(storage, inputs.profile.timing);

    // What the new image is, the device code tells.
    let mut new = vec![];
    let world = |new| World {
        package: &package,
        trust: &trust,
        device: &device,
        profile: inputs.profile,
        trailer_reserve: flash.trailer_reserve,
        old: inputs.old,
        new,
        confirms: true,
    };
    let sought = first_run(&world(&[]), &factory, &manifest)?;
    new.extend_from_slice(&sought);
    let world = world(&new);

    let run = cuts::uninterrupted(&world, &factory, &manifest)?;
    let mut failures = Vec::new();
    let cuts = cuts::sweep(&world, &factory, (&run, 0), inputs, progress);
    let back = cuts_on_the_way_back(&world, &factory, &run, &manifest, inputs, progress)?;
    let flaws = flaws::flaws(&world, &factory, inputs, run.reads, progress);
    let progress_report = cuts::forward_progress(&world, &factory, &run, inputs, progress);
    let link = inputs
        .profile
        .link
        .map(|profile| over_link(&world, &factory, profile, &run, inputs.seed));
    judge(
        &run.report,
        (&cuts, back.as_ref()),
        &progress_report,
        link.as_ref(),
        &mut failures,
    );
    for (counts, what) in [
        (&flaws.bad_sectors, "a bad sector"),
        (&flaws.flaky_reads, "a flaky read"),
    ] {
        if counts.bricks > 0 {
            failures.push(format!(
                "{} of {} updates with {what} left nothing to boot",
                counts.bricks, counts.lives
            ));
        }
    }
    if flaws.flaky_reads.completed < flaws.flaky_reads.lives {
        failures.push("an update does not come to its end after a flaky read".into());
    }
    Ok(Simulation {
        schema: SCHEMA,
        may_ship: failures.is_empty(),
        failures,
        uninterrupted: run.report,
        cuts,
        progress: progress_report,
        way_back: back,
        flaws,
        link,
    })
}

/// Of a package with a payload for the way back of a single slot: the new image is never confirmed.
fn cuts_on_the_way_back(
    world: &World<'_>,
    factory: &Meter,
    run: &cuts::Run,
    manifest: &Manifest<'_>,
    inputs: &SimulationInputs<'_>,
    progress: Progress<'_>,
) -> Result<Option<CutReport>, Error> {
    let mut payloads = manifest.payloads.iter();
    let leads_back = payloads.any(|p| p.role == Role::Reverse && p.in_place_group != 0);
    if !leads_back || filled_slot(factory) != Area::SlotA {
        return Ok(None);
    }
    let world = World {
        confirms: false,
        ..*world
    };
    let Some((back, first)) = cuts::way_back(&world, factory, run) else {
        let reason = "the new image was not confirmed, and the old one does not run again".into();
        return Err(Error::Gate { reason });
    };
    Ok(Some(cuts::sweep(
        &world,
        factory,
        (&back, first),
        inputs,
        progress,
    )))
}

/// A link without faults that takes no time.
const PERFECT: LinkProfile = LinkProfile {
    bytes_per_second: u32::MAX,
    latency_ms: 0,
    datagram: u32::MAX,
    loss: 0,
    duplicate: 0,
    reorder: 0,
    corrupt: 0,
    up_s: 0,
    down_s: 0,
    token_s: 0,
};

fn perfect<'p>(world: &World<'p>) -> Link<'p> {
    Link::new(world.package, PERFECT, 0)
}

fn flash_of(inputs: &SimulationInputs<'_>, manifest: &Manifest<'_>) -> FlashProfile {
    let old = u32::try_from(inputs.old.len()).unwrap_or(u32::MAX);
    let size = manifest.target.size.max(old);
    inputs.profile.flash.unwrap_or_else(|| default_flash(size))
}

/// Updates once, and takes the image from the slot.
fn first_run(
    world: &World<'_>,
    factory: &Meter,
    manifest: &Manifest<'_>,
) -> Result<Vec<u8>, Error> {
    let mut meter = factory.clone();
    let mut story = Story::default();
    let mut retry = sprag_verifier::Retry::new(sprag_verifier::RetryLimits::default());
    match world.update(&mut meter, &mut perfect(world), &mut retry, &mut story) {
        Ok(()) => {}
        Err(Stop::Refused(e)) => return Err(missing_old(e, world, manifest)),
        Err(stop) => {
            return Err(Error::Gate {
                reason: format!("the first boot ended with {stop:?}"),
            });
        }
    }
    let slot = filled_slot(&meter);
    if slot == Area::SlotA {
        match world.apply(&mut meter, &mut story) {
            Ok(()) => {}
            Err(Stop::Refused(e)) => return Err(e.into()),
            Err(stop) => {
                return Err(Error::Gate {
                    reason: format!("the bootloader ended with {stop:?}"),
                });
            }
        }
    }
    let len = usize::try_from(manifest.target.size).unwrap_or(usize::MAX);
    let image = meter.storage.bytes(slot).get(..len);
    Ok(image.unwrap_or_default().to_vec())
}

/// A delta needs the image that it was made from.
fn missing_old(e: sprag_verifier::Error, world: &World<'_>, manifest: &Manifest<'_>) -> Error {
    let full = manifest.payloads.iter().any(|p| p.role == Role::Full);
    match world.old.is_empty() && !full {
        true => Error::MissingField { field: "old" },
        false => e.into(),
    }
}

/// The update over the device's own link.
fn over_link(
    world: &World<'_>,
    factory: &Meter,
    profile: LinkProfile,
    run: &cuts::Run,
    seed: u64,
) -> LinkReport {
    let mut meter = factory.clone();
    meter.power_on(None);
    let mut link = Link::new(world.package, profile, seed);
    let mut story = Story::default();
    let ended = world.live(&mut meter, &mut link, &mut story);
    let counts = link.counts;
    let head_len = Header::decode(world.package).map_or(0, |header| header.payloads_offset());
    LinkReport {
        completed: ended.is_ok(),
        code: match ended {
            Err(Stop::Refused(e)) => e.code(),
            _ => 0,
        },
        milliseconds: meter.clock / 1_000_000,
        sent_bytes: counts.bytes,
        extra_bytes: counts.bytes.saturating_sub(run.fetched + head_len),
        requests: counts.requests,
        refused_parts: story.refusals,
        unanswered: story.no_answers,
        link_cuts: counts.cuts,
        tokens: counts.tokens,
        datagrams: [
            counts.lost,
            counts.duplicated,
            counts.reordered,
            counts.corrupted,
        ],
    }
}

fn judge(
    run: &Uninterrupted,
    (cuts, back): (&CutReport, Option<&CutReport>),
    progress: &ForwardProgress,
    link: Option<&LinkReport>,
    failures: &mut Vec<String>,
) {
    let mut fail = |failed: bool, reason: String| {
        if failed {
            failures.push(reason);
        }
    };
    for (cuts, when) in [(Some(cuts), ""), (back, " on the way back")] {
        let Some(cuts) = cuts else { continue };
        let bricks = format!("{} cuts{when} left nothing to boot", cuts.bricks);
        fail(cuts.bricks > 0, bricks);
        let stuck = format!(
            "{} cuts{when} were followed by an update without an end",
            cuts.stuck
        );
        fail(cuts.stuck > 0, stuck);
        let late = format!(
            "the task beside was late {} times behind cuts{when}",
            cuts.task_late
        );
        fail(cuts.task_late > 0 && run.task_late == 0, late);
    }
    let late = format!(
        "the task beside was late {} times; the longest step ({}) took {} ms",
        run.task_late,
        run.worst_step,
        run.worst_step_us / 1000
    );
    fail(run.task_late > 0, late);
    let wear = format!(
        "a sector of the image was erased {} times, the manifest states {}",
        run.image_erases, run.image_erases_bound
    );
    fail(run.image_erases > run.image_erases_bound, wear);
    let stated = u64::from(progress.stated_operations);
    let least = progress.least_operations;
    let short =
        format!("the manifest states {stated} operations between cuts as enough, they are not");
    fail(
        stated > 0 && least.is_none_or(|least| least > stated),
        short,
    );
    let short = format!(
        "the manifest states {} KiB of work between cuts as enough, they are not",
        progress.stated_work
    );
    fail(progress.work_suffices == Some(false), short);
    let enough = progress
        .least_milliseconds
        .is_some_and(|least| least <= progress.power_ms);
    let power = format!(
        "power lasts {} ms at a time, the update needs {}",
        progress.power_ms,
        progress
            .least_milliseconds
            .map_or_else(|| "more than was tried".into(), |ms| format!("{ms} ms"))
    );
    fail(progress.power_ms > 0 && !enough, power);
    if let Some(link) = link {
        let reason = format!("over its link the update ends with error {}", link.code);
        fail(!link.completed, reason);
    }
}

#[cfg(test)]
mod tests;
