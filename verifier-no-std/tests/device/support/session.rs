//! One time under power: boot, and if an update is offered, all of its way to the mark.

use core::cell::Cell;

use flash_sim::Totals;
use sprag_manifest::Isa;
use sprag_verifier::{
    Area, Attempt, Boot, BootRecord, Component, Device, Error, ExampleKeys, Installed, Intake,
    MAX_STEP_OPERATIONS, Plan, Preflight, PreflightStatus, Progress, Resources, Resumed, Status,
    TrustAnchors, TrustedKey, Updater, Wanted, arena_len, check, choose, confirm,
};

use super::package::Signer;
use super::{Board, Package, TestCodecs, index};

/// Calls of `step` after which an update counts as stuck.
const MANY_STEPS: u32 = 100_000;

/// Refused parts after which the transport gives up.
pub(crate) const MANY_REFUSALS: usize = 9;

/// The device of the tests.
pub(crate) const DEVICE: Device<'static> = Device {
    vendor: "acme",
    product: "lamp",
    hardware: "rev-b",
    isa: Isa::Thumb,
    bootloader: Some(Component {
        id: "latch",
        version: 0x0002_0003_0000_0000,
    }),
    os: Some(Component {
        id: "zephyr",
        version: 0x0003_0007_0000_0000,
    }),
    layout: Some("two-slots"),
    load_address: Some(0x0800_4000),
    keyset_version: 2,
    now: Some(1_800_000_000),
    battery_percent: Some(80),
    free_storage: Some(65_536),
    temperature: Some(20),
    free_ram: Some(4_096),
    minute_of_day: Some(480),
    attempt: Attempt::First,
    installed: Installed {
        version: None,
        digest: None,
        security_counter: 0,
        sequence: 0,
    },
};

/// What the device brings to an update.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) device: Device<'static>,
    pub(crate) keys: Vec<TrustedKey>,
    pub(crate) resources: Resources,
    pub(crate) intake_len: usize,
    /// Of a single slot: the bootloader runs.
    pub(crate) in_bootloader: bool,
    /// What is left of the arena's exact length.
    pub(crate) arena_missing: usize,
    pub(crate) codecs: TestCodecs,
    /// The firmware's own names of its versions, by their images.
    pub(crate) versions: Vec<(Vec<u8>, &'static str)>,
}

impl Offer {
    /// A device that trusts the tests' release key and has what `package` needs, not a byte more.
    pub(crate) fn new(package: &Package, old: &[u8]) -> Self {
        let ram = package.payloads.iter().map(|payload| payload.needs.ram);
        Self {
            device: DEVICE,
            keys: vec![Signer::new(1).trusted(sprag_verifier::KeyRole::Release)],
            resources: Resources {
                ram: ram.max().unwrap(),
                trailer_reserve: 0,
                trial_boots: 5,
            },
            intake_len: package.head_len() + 77,
            in_bootloader: false,
            arena_missing: 0,
            codecs: TestCodecs::default(),
            versions: vec![(old.to_vec(), "1.0.0")],
        }
    }

    pub(crate) fn trust(&self) -> TrustAnchors<'_> {
        TrustAnchors {
            keys: &self.keys,
            example_keys: ExampleKeys::Refuse,
        }
    }

    /// The device as it is with this record and this image.
    pub(crate) fn device(&self, record: &BootRecord, version: Option<&'static str>) -> Device<'_> {
        Device {
            installed: Installed {
                version: version.or(self.device.installed.version),
                digest: (record.confirmed_size != 0).then_some(record.confirmed_digest),
                security_counter: record.security_counter,
                sequence: record.sequence,
            },
            ..self.device
        }
    }
}

/// Serves a package, or what became of it, and keeps count.
#[derive(Clone, Debug)]
pub(crate) struct Link<'p> {
    bytes: &'p [u8],
    /// Flips these bits at this offset, once.
    pub(crate) flip_once: Option<(usize, u8)>,
    /// Whether a part may come in pieces.
    piecemeal: bool,
    /// The ranges of payloads that were fetched.
    pub(crate) fetched: Vec<Wanted>,
    /// Why parts were refused, and what the decoder had been given by then.
    pub(crate) refusals: Vec<(Error, usize)>,
    /// How the last run went on from a checkpoint.
    pub(crate) resumed: Resumed,
}

impl<'p> Link<'p> {
    pub(crate) fn new(bytes: &'p [u8]) -> Self {
        Self {
            bytes,
            flip_once: None,
            piecemeal: false,
            fetched: Vec::new(),
            refusals: Vec::new(),
            resumed: Resumed::default(),
        }
    }

    /// No link at all: the head of the package comes from flash, if it is staged there.
    pub(crate) fn none() -> Self {
        Self::new(&[])
    }

    fn serve(&mut self, offset: u64, len: usize) -> Result<Vec<u8>, Stop> {
        let start = usize::try_from(offset).unwrap();
        let len = if self.piecemeal { len.min(100) } else { len };
        let end = (start + len).min(self.bytes.len());
        let mut bytes = self.bytes.get(start..end).unwrap_or_default().to_vec();
        if let Some((at, mask)) = self.flip_once
            && (start..end).contains(&at)
        {
            bytes[at - start] ^= mask;
            self.flip_once = None;
        }
        match bytes.is_empty() {
            true => Err(Stop::LinkEnded),
            false => Ok(bytes),
        }
    }
}

/// Why a time under power ended before its aim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Refused(Error),
    PowerLost,
    LinkEnded,
}

/// What a time under power achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    /// The confirmed image ran and made the update; it waits for its trial.
    Updated,
    /// The new image ran on trial and was confirmed.
    Confirmed,
    /// The new image ran, and had been confirmed before.
    UpToDate,
}

thread_local! {
    static MOST_IN_A_STEP: Cell<u64> = const { Cell::new(0) };
}

/// Erases and writes that one call of `step` made.
pub(crate) fn note_step(made: u64) {
    assert!(
        made <= u64::from(MAX_STEP_OPERATIONS),
        "{made} operations in a step"
    );
    MOST_IN_A_STEP.set(made.max(MOST_IN_A_STEP.get()));
}

/// The most of them since this was asked last, on this thread.
pub(crate) fn most_in_a_step() -> u64 {
    MOST_IN_A_STEP.take()
}

/// The most that one call of `step` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) bytes_read: u64,
    pub(crate) bytes_written: u64,
    pub(crate) sectors_erased: u64,
}

impl Work {
    fn note(&mut self, before: Totals, after: Totals) {
        let operations = |totals: Totals| totals.writes + totals.erases;
        note_step(operations(after) - operations(before));
        let most = |most: &mut u64, before: u64, after: u64| *most = (*most).max(after - before);
        most(&mut self.bytes_read, before.bytes_read, after.bytes_read);
        most(
            &mut self.bytes_written,
            before.bytes_written,
            after.bytes_written,
        );
        most(
            &mut self.sectors_erased,
            before.sectors_erased,
            after.sectors_erased,
        );
    }
}

impl<const READ: usize, const WRITE: usize, const SECTOR: usize> Board<READ, WRITE, SECTOR> {
    /// Boots, and does what the firmware in the slot does: the new one confirms itself, any other updates.
    pub(crate) fn power_on(
        &mut self,
        offer: &Offer,
        new: &[u8],
        link: &mut Link<'_>,
    ) -> Result<Ran, Stop> {
        self.sim_mut().power_on();
        self.run(offer, new, link)
    }

    /// The same without touching the power switch, so that a cut to come still comes.
    pub(crate) fn run(
        &mut self,
        offer: &Offer,
        new: &[u8],
        link: &mut Link<'_>,
    ) -> Result<Ran, Stop> {
        let boot = self.choose()?;
        match boot {
            Boot::Trial(running) => {
                confirm(&mut self.storage(), running).map_err(|e| self.stop(e))?;
                Ok(Ran::Confirmed)
            }
            running if self.holds(running.slot(), new) => Ok(Ran::UpToDate),
            _ => self.update(offer, link).map(|_| Ran::Updated),
        }
    }

    /// What the bootloader does at a reset. A record that cannot be written for want of power boots nothing.
    pub(crate) fn choose(&mut self) -> Result<Boot, Stop> {
        match choose(&mut self.storage()) {
            Ok(Boot::Unrecorded { failure, .. }) if !self.sim().is_powered() => {
                Err(self.stop(failure))
            }
            chosen => chosen.map_err(|e| self.stop(e)),
        }
    }

    /// Powers on until the new image is confirmed.
    pub(crate) fn live(
        &mut self,
        offer: &Offer,
        new: &[u8],
        link: &mut Link<'_>,
    ) -> Result<(), Stop> {
        for expected in [Ran::Updated, Ran::Confirmed, Ran::UpToDate] {
            let ran = self.power_on(offer, new, link)?;
            if ran == Ran::UpToDate {
                return Ok(());
            }
            assert!(ran == expected || ran == Ran::Confirmed, "{ran:?}");
        }
        panic!("the update does not come to an end");
    }

    /// Runs an update up to the mark; what one step did at most, in preflight and updater.
    pub(crate) fn update(&mut self, offer: &Offer, link: &mut Link<'_>) -> Result<[Work; 2], Stop> {
        let mut buf = vec![0xa5; offer.intake_len];
        let (plan, preflight) = self.prepare(offer, link, &mut buf)?;
        let mut arena = vec![0xa5; index(arena_len(&plan, &offer.codecs)) - offer.arena_missing];
        let updater = Updater::new(plan, &mut arena, &offer.codecs).map_err(Stop::Refused)?;
        Ok([preflight, self.apply(updater, offer, link)?])
    }

    /// The same from a link that gives what it has, however little.
    pub(crate) fn update_piecemeal(
        &mut self,
        offer: &Offer,
        link: &mut Link<'_>,
    ) -> Result<(), Stop> {
        link.piecemeal = true;
        self.update(offer, link).map(|_| ())
    }

    /// Phase one, from the first byte to the plan.
    pub(crate) fn prepare(
        &mut self,
        offer: &Offer,
        link: &mut Link<'_>,
        buf: &mut [u8],
    ) -> Result<(Plan, Work), Stop> {
        let mut intake = Intake::new(buf);
        if link.bytes.is_empty() {
            match intake.load_staged(&mut self.storage()) {
                Ok(true) => {}
                Ok(false) => return Err(Stop::LinkEnded),
                Err(e) => return Err(self.stop(e)),
            }
        }
        let mut offset = 0;
        while intake.wanted() > 0 {
            let chunk = link.serve(offset, intake.wanted())?;
            let taken = intake.push(&chunk).map_err(Stop::Refused)?;
            offset += u64::try_from(taken).unwrap();
        }
        let authentic = intake.authenticate(&offer.trust()).map_err(Stop::Refused)?;
        let record = BootRecord::load(&mut self.storage()).map_err(|e| self.stop(e))?;
        let version = self.version_of(offer, record.confirmed);
        let device = offer.device(&record, version);
        let verified = check(authentic, &device).map_err(Stop::Refused)?;
        let mut preflight = Preflight::new(&verified, offer.resources, &offer.codecs);
        if offer.in_bootloader {
            preflight = preflight.in_bootloader();
        }
        let mut work = Work::default();
        for _ in 0..MANY_STEPS {
            let before = self.sim().totals();
            let status = preflight.step(&mut self.storage());
            work.note(before, self.sim().totals());
            if let PreflightStatus::Ready(plan) = status.map_err(|e| self.stop(e))? {
                return Ok((plan, work));
            }
        }
        panic!("the preflight does not come to an end");
    }

    /// Phase one from what is staged in flash.
    pub(crate) fn prepare_alone(&mut self, offer: &Offer) -> Result<(), Stop> {
        let mut buf = vec![0; offer.intake_len];
        self.prepare(offer, &mut Link::none(), &mut buf).map(|_| ())
    }

    /// Phase two, up to the mark; what one step did at most.
    pub(crate) fn apply(
        &mut self,
        mut updater: Updater<'_, <TestCodecs as sprag_verifier::CodecSet>::Decoder<'_>>,
        offer: &Offer,
        link: &mut Link<'_>,
    ) -> Result<Work, Stop> {
        let mut work = Work::default();
        for _ in 0..MANY_STEPS {
            let before = self.sim().totals();
            let status = updater.step(&mut self.storage());
            work.note(before, self.sim().totals());
            link.resumed = updater.resumed();
            match status.map_err(|e| self.stop(e))? {
                Status::NeedInput(wanted) => {
                    let bytes = link.serve(wanted.offset, index(wanted.len))?;
                    link.fetched.push(wanted);
                    match updater.push(wanted.offset, &bytes) {
                        Ok(taken) => assert_eq!(taken, bytes.len()),
                        Err(e @ (Error::BlockHash { .. } | Error::PageHash { .. })) => {
                            link.refusals.push((e, offer.codecs.pushed()));
                            if link.refusals.len() >= MANY_REFUSALS {
                                return Err(Stop::Refused(e));
                            }
                        }
                        Err(e) => return Err(Stop::Refused(e)),
                    }
                }
                Status::Staged => return Ok(work),
                Status::Done => {
                    let Progress { blocks, image } = updater.progress();
                    // After a reset the image may have been found whole, and nothing was left to do.
                    let resting = blocks.0 == 0 && image.0 == 0;
                    let whole = blocks.0 == blocks.1 && image.0 == image.1;
                    assert!(whole || resting, "{:?}", updater.progress());
                    return Ok(work);
                }
                _ => {}
            }
        }
        panic!("the update does not come to an end");
    }

    /// The version whose image is in `slot`.
    fn version_of(&self, offer: &Offer, slot: Area) -> Option<&'static str> {
        let known = offer.versions.iter();
        let here = |(image, _): &&(Vec<u8>, _)| self.holds(slot, image);
        known.filter(here).map(|(_, version)| *version).next()
    }

    /// Tells a refusal from the end of power, which a driver reports as any failure.
    pub(crate) fn stop(&self, error: Error) -> Stop {
        use sprag_verifier::FlashErrorKind::Other;
        if self.sim().is_powered() {
            return Stop::Refused(error);
        }
        let kind = match error {
            Error::FlashRead { kind, .. }
            | Error::FlashWrite { kind, .. }
            | Error::FlashErase { kind, .. } => kind,
            other => panic!("{other:?} without power"),
        };
        assert_eq!(kind, Other);
        Stop::PowerLost
    }
}
