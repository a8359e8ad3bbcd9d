//! A device's life under simulation: boots, updates over its link, is cut, and boots again.

use sprag_manifest::{DeviceProfile, MAX_ENVELOPE_LEN};
use sprag_verifier::{
    Area, Attempt, Boot, BootRecord, Device, Error, Intake, Outcome, Phase, Preflight,
    PreflightStatus, Resources, Retry, RetryLimits, Status, Storage as _, TrustAnchors, Updater,
    arena_len, check, choose, confirm, intake_len,
};

use super::link::Link;
use super::meter::Meter;
use crate::codec::HostCodecs;

const MILLION: u64 = 1_000_000;
/// Boots in which a new image confirms itself.
const TRIAL_BOOTS: u8 = 3;

/// What does not change in a simulation.
#[derive(Debug)]
pub(super) struct World<'w> {
    pub(super) package: &'w [u8],
    pub(super) trust: &'w TrustAnchors<'w>,
    pub(super) device: &'w Device<'w>,
    pub(super) profile: &'w DeviceProfile,
    pub(super) trailer_reserve: u32,
    pub(super) old: &'w [u8],
    pub(super) new: &'w [u8],
    /// Whether the new image confirms itself; else the old one is to run again.
    pub(super) confirms: bool,
}

/// Why a time under power ended before its aim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The power went.
    PowerLost,
    /// The device code ended the update.
    Refused(Error),
    /// The slot that boots holds neither the old image nor the new one.
    Brick(Area),
}

/// What happened along the way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Story {
    /// Bytes of payload that were fetched.
    pub(super) fetched: u64,
    /// Longest step, in nanoseconds, and what it was.
    pub(super) worst_step: (u64, &'static str),
    /// Most erases and writes of one step.
    pub(super) worst_operations: u64,
    pub(super) steps: u64,
    /// Runs of the task beside, and those that were late.
    pub(super) tasks: (u64, u64),
    task_due: u64,
    pub(super) boots: u64,
    /// Parts refused, and requests without an answer.
    pub(super) refusals: u64,
    pub(super) no_answers: u64,
}

impl Story {
    /// One that begins now; the task beside is due first after its period.
    pub(super) fn from_now(meter: &Meter, profile: &DeviceProfile) -> Self {
        let period = u64::from(profile.task.period_ms.max(1)) * MILLION;
        Self {
            task_due: meter.clock + period,
            ..Self::default()
        }
    }
}

impl World<'_> {
    /// Boots, and does what the image in the slot does: the new one on trial confirms itself, the old one updates.
    /// Returns whether the new image is confirmed.
    pub(super) fn boot(
        &self,
        meter: &mut Meter,
        link: &mut Link<'_>,
        retry: &mut Retry,
        story: &mut Story,
    ) -> Result<bool, Stop> {
        story.boots += 1;
        let boot = match choose(meter).map_err(|e| stop(meter, e))? {
            // Without power, nothing boots.
            Boot::Unrecorded { failure, .. } if !meter.storage.sim().is_powered() => {
                return Err(stop(meter, failure));
            }
            boot => boot,
        };
        let slot = boot.slot();
        if matches!(boot, Boot::Apply(_)) {
            // The bootloader of a device with a single slot makes the image, and begins anew.
            return self.apply(meter, story).map(|()| false);
        }
        let holds = |image: &[u8]| meter.storage.bytes(slot).get(..image.len()) == Some(image);
        match (boot, holds(self.new), holds(self.old)) {
            (Boot::Trial(_), true, _) if !self.confirms => Ok(false),
            (Boot::Trial(_), true, _) => {
                confirm(meter, slot).map_err(|e| stop(meter, e))?;
                Ok(true)
            }
            (Boot::Trial(_), false, _) | (_, false, false) => Err(Stop::Brick(slot)),
            (_, true, _) => Ok(true),
            _ if !self.confirms && self.has_reverted(meter)? => Ok(true),
            _ => self.update(meter, link, retry, story).map(|()| false),
        }
    }

    /// Whether the last update ended with the old image running again.
    fn has_reverted(&self, meter: &mut Meter) -> Result<bool, Stop> {
        let record = BootRecord::load(meter).map_err(|e| stop(meter, e))?;
        Ok((record.phase, record.outcome) == (Phase::Idle, Outcome::Reverted))
    }

    /// Boots until the new image is confirmed; the power is on, and a cut to come still comes.
    pub(super) fn live(
        &self,
        meter: &mut Meter,
        link: &mut Link<'_>,
        story: &mut Story,
    ) -> Result<(), Stop> {
        let mut retry = Retry::new(RetryLimits::default());
        for _ in 0..MANY_BOOTS {
            match self.boot(meter, link, &mut retry, story) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                // A session that was given up is followed by another one.
                Err(Stop::Refused(Error::Deferred { retry_after, .. })) => {
                    meter.pass(u64::from(retry_after) * 1000 * MILLION);
                    retry.begin_session();
                }
                // These leave a record with which the next try begins anew.
                Err(Stop::Refused(
                    Error::StagingExhausted { .. }
                    | Error::StagedBlock { .. }
                    | Error::TargetDigest { .. },
                )) => {}
                Err(e) => return Err(e),
            }
        }
        Err(Stop::Refused(Error::WrongState))
    }

    /// One update, from the first byte of the package to the mark for the trial boot; with a single slot, until all is
    /// staged.
    pub(super) fn update(
        &self,
        meter: &mut Meter,
        link: &mut Link<'_>,
        retry: &mut Retry,
        story: &mut Story,
    ) -> Result<(), Stop> {
        self.drive(meter, Some((link, retry)), story)
    }

    /// What the bootloader of a device with a single slot does with what is staged, without a link.
    pub(super) fn apply(&self, meter: &mut Meter, story: &mut Story) -> Result<(), Stop> {
        self.drive(meter, None, story)
    }

    fn drive(
        &self,
        meter: &mut Meter,
        mut session: Option<(&mut Link<'_>, &mut Retry)>,
        story: &mut Story,
    ) -> Result<(), Stop> {
        let mut buffer = vec![0; intake_len(MAX_ENVELOPE_LEN)];
        let mut intake = Intake::new(&mut buffer);
        let authentic = match session.as_mut() {
            Some((link, retry)) => {
                let head = self.fetch_head(meter, link, retry, story)?;
                self.authenticate(intake, &head)
            }
            None => {
                let read = meter.bytes_read();
                if !intake.load_staged(meter).map_err(|e| stop(meter, e))? {
                    return Err(Stop::Refused(Error::WrongState));
                }
                meter.hash(meter.bytes_read() - read);
                meter.verify();
                intake.authenticate(self.trust)
            }
        };
        let authentic = authentic.map_err(Stop::Refused)?;
        let record = BootRecord::load(meter).map_err(|e| stop(meter, e))?;
        let mut device = *self.device;
        device.attempt = Attempt::of(&record, &authentic.digest());
        let verified = check(authentic, &device).map_err(Stop::Refused)?;
        let resources = Resources {
            ram: self.profile.ram,
            trailer_reserve: self.trailer_reserve,
            trial_boots: TRIAL_BOOTS,
        };
        let mut preflight = Preflight::new(&verified, resources, &HostCodecs);
        if session.is_none() {
            preflight = preflight.in_bootloader();
        }
        let plan = loop {
            let start = Mark::of(meter);
            let status = preflight.step(meter);
            meter.hash(meter.bytes_read() - start.read);
            self.note(meter, story, &start, "preparing");
            if let PreflightStatus::Ready(plan) = status.map_err(|e| stop(meter, e))? {
                break plan;
            }
        };
        let len = arena_len(&plan, &HostCodecs);
        let mut arena = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        let mut updater = Updater::new(plan, &mut arena, &HostCodecs).map_err(Stop::Refused)?;
        let mut written = 0;
        loop {
            let start = Mark::of(meter);
            let status = updater.step(meter);
            let image = updater.progress().image.0;
            let what = if image > written {
                "decoding"
            } else {
                "hashing and staging"
            };
            match image.checked_sub(written) {
                // What a run goes on from was decoded by the one before.
                Some(bytes) if (1..=MOST_DECODED).contains(&bytes) => meter.decode(bytes.into()),
                _ => meter.hash(meter.bytes_read() - start.read),
            }
            written = image;
            self.note(meter, story, &start, what);
            match status.map_err(|e| stop(meter, e))? {
                Status::Done | Status::Staged => return Ok(()),
                Status::NeedInput(wanted) => {
                    let Some((link, retry)) = session.as_mut() else {
                        return Err(Stop::Refused(Error::WrongState));
                    };
                    let answer = link.request(wanted.offset, wanted.len, meter.clock);
                    self.wait(meter, story, answer.took);
                    let waited = match answer.result {
                        Ok(datagrams) => {
                            let mut refused = None;
                            for (offset, bytes) in datagrams {
                                story.fetched += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                                match updater.push(offset, &bytes) {
                                    // A datagram that is ahead of its turn is dropped.
                                    Ok(_) | Err(Error::StreamGap { .. }) => {}
                                    Err(e) => refused = Some(e),
                                }
                            }
                            meter.hash(wanted.len.into());
                            match refused {
                                Some(e) => {
                                    story.refusals += 1;
                                    retry.refused(e).map_err(Stop::Refused)?
                                }
                                None if updater.wanted().is_none() => {
                                    retry.verified();
                                    0
                                }
                                // Some of it came: the rest is asked for at once.
                                None if updater.wanted() != Some(wanted) => 0,
                                None => retry.no_answer().map_err(Stop::Refused)?,
                            }
                        }
                        Err(_) => {
                            story.no_answers += 1;
                            retry.no_answer().map_err(Stop::Refused)?
                        }
                    };
                    self.wait(meter, story, u64::from(waited) * MILLION);
                }
                _ => {}
            }
        }
    }

    /// Time in which the device may sleep: the task runs when it is due.
    pub(super) fn wait(&self, meter: &mut Meter, story: &mut Story, nanoseconds: u64) {
        meter.pass(nanoseconds);
        let period = u64::from(self.profile.task.period_ms.max(1)) * MILLION;
        while story.task_due + period <= meter.clock {
            story.task_due += period;
            story.tasks.0 += 1;
        }
    }

    /// Between two steps the task runs if it is due; it is late if it ends behind its period.
    fn note(&self, meter: &mut Meter, story: &mut Story, start: &Mark, what: &'static str) {
        let took = meter.clock - start.clock;
        story.steps += 1;
        if took > story.worst_step.0 {
            story.worst_step = (took, what);
        }
        story.worst_operations = story
            .worst_operations
            .max(meter.operations() - start.operations);
        let task = self.profile.task;
        let period = u64::from(task.period_ms.max(1)) * MILLION;
        while story.task_due <= meter.clock {
            meter.pass(u64::from(task.work_ms) * MILLION);
            let late = meter.clock > story.task_due + period;
            story.tasks = (story.tasks.0 + 1, story.tasks.1 + u64::from(late));
            story.task_due += period;
            if late {
                // What was missed is over; the next run is in phase again.
                story.task_due = story.task_due.max(meter.clock - meter.clock % period);
            }
        }
    }
}

/// Bytes of the image that a step decodes at most.
const MOST_DECODED: u32 = 256;
/// Boots after which an update counts as one that never ends.
const MANY_BOOTS: u32 = 40;

/// The slot that an update fills: the other one, or the only one.
pub(super) fn filled_slot(meter: &Meter) -> Area {
    match meter.geometry(Area::SlotB).size {
        0 => Area::SlotA,
        _ => Area::SlotB,
    }
}

/// Where the counters stood.
struct Mark {
    clock: u64,
    read: u64,
    operations: u64,
}

impl Mark {
    fn of(meter: &Meter) -> Self {
        Self {
            clock: meter.clock,
            read: meter.bytes_read(),
            operations: meter.operations(),
        }
    }
}

/// Tells a refusal from the end of power, which a driver reports as any failure.
pub(super) fn stop(meter: &Meter, error: Error) -> Stop {
    match meter.is_powered() && !meter.power_is_gone() {
        true => Stop::Refused(error),
        false => Stop::PowerLost,
    }
}
