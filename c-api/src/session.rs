//! One update, from the first byte of the package to the mark in the boot record. No unsafe code but one: the memory
//! is taken anew for phase two.

use sprag_verifier::{
    Attempt, BootRecord, CodecSet, Error, ExampleKeys, Intake, Plan, Preflight, PreflightStatus,
    Progress, Resources, Status, TrustAnchors, Updater, check,
};

use crate::flash::CallbackFlash;
use crate::given::Given;
use crate::status::{Misuse, Refusal, SPRAG_DONE, SPRAG_OK, SPRAG_STAGED};
use crate::types::{SPRAG_FLAG_BOOTLOADER, SPRAG_FLAG_DEFERRED, SPRAG_FLAG_EXAMPLE_KEYS};

#[cfg(not(feature = "full"))]
type Codecs = sprag_verifier::DeltaCodecs;
#[cfg(feature = "full")]
type Codecs = sprag_verifier::NativeCodecs;

#[cfg(not(feature = "full"))]
const CODECS: Codecs = sprag_verifier::DeltaCodecs;
#[cfg(feature = "full")]
const CODECS: Codecs = sprag_verifier::NativeCodecs;

/// Phase two, in the caller's memory.
type PhaseTwo = Updater<'static, <Codecs as CodecSet>::Decoder<'static>>;

/// What a handle holds.
#[derive(Debug)]
pub(crate) struct Session {
    given: Given,
    flash: CallbackFlash<'static>,
    /// Where in the package the next pushed byte lies.
    position: u64,
    /// What the last call came to, and whether that was the end.
    last: Result<i32, Refusal>,
    ended: bool,
    state: State,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, in the caller's memory; a box would need a heap"
)]
enum State {
    /// Header and envelope are collected.
    Head(Intake<'static>),
    /// The rest is fetched and applied.
    Body(PhaseTwo),
    /// Nothing can be done.
    Failed,
}

impl Session {
    /// Checks what was handed over, and begins with the first byte of the package.
    pub(crate) fn new(given: Given) -> Result<Self, Misuse> {
        given.check()?;
        Ok(Self {
            given,
            flash: given.flash()?,
            position: 0,
            last: Ok(SPRAG_OK),
            ended: false,
            state: State::Head(head(&given)?),
        })
    }

    /// What the last call came to.
    pub(crate) const fn last(&self) -> Result<i32, Refusal> {
        self.last
    }

    /// How far phase two is.
    pub(crate) const fn progress(&self) -> Progress {
        match &self.state {
            State::Body(updater) => updater.progress(),
            _ => Progress {
                blocks: (0, 0),
                image: (0, 0),
            },
        }
    }

    /// The range of the package that is wanted next: offset and length.
    pub(crate) fn wanted(&self) -> (u64, u32) {
        match &self.state {
            State::Head(intake) => {
                let len = u32::try_from(intake.wanted()).unwrap_or(u32::MAX);
                (self.position, len)
            }
            State::Body(updater) => updater
                .wanted()
                .map_or((self.position, 0), |wanted| (wanted.offset, wanted.len)),
            State::Failed => (self.position, 0),
        }
    }

    /// Takes bytes of the package that follow those taken before.
    pub(crate) fn process(&mut self, bytes: &[u8]) -> Result<i32, Refusal> {
        if self.ended {
            return self.last;
        }
        let result = self.take(bytes);
        self.note(result)
    }

    /// Goes on with what an earlier run left in flash, as far as that leads without a link.
    pub(crate) fn resume(&mut self) -> Result<i32, Refusal> {
        match &self.state {
            State::Head(_) if self.position == 0 => {
                let result = self.go_on();
                self.note(result)
            }
            _ => Err(Error::WrongState.into()),
        }
    }

    /// The next bytes lie at `offset`.
    pub(crate) fn seek(&mut self, offset: u64) -> Result<i32, Refusal> {
        match &self.state {
            State::Body(_) => self.position = offset,
            // The head is collected from the front.
            State::Head(_) if offset == self.position => {}
            _ => return Err(Error::WrongState.into()),
        }
        Ok(SPRAG_OK)
    }

    /// What the update came to.
    pub(crate) fn finalize(&mut self) -> Result<i32, Refusal> {
        match self.ended {
            true => self.last,
            false => Err(Misuse::Incomplete.into()),
        }
    }

    fn note(&mut self, result: Result<i32, Refusal>) -> Result<i32, Refusal> {
        self.last = result;
        match result {
            Ok(SPRAG_OK) => {}
            // Nothing is lost: the part is fetched again.
            Err(refusal) if stands(&refusal) => {
                // What is wanted may be known only after some work, as behind a checkpoint.
                if let State::Body(updater) = &mut self.state
                    && let Err(e) = work(updater, &mut self.flash)
                {
                    self.last = Err(e.into());
                    self.ended = !stands(&e.into());
                }
                self.position = self.wanted().0;
            }
            _ => self.ended = true,
        }
        self.last
    }

    fn take(&mut self, bytes: &[u8]) -> Result<i32, Refusal> {
        let mut rest = bytes;
        loop {
            match &mut self.state {
                State::Failed => return Err(Error::WrongState.into()),
                State::Head(intake) => {
                    let taken = intake.push(rest)?;
                    let whole = intake.wanted() == 0;
                    self.advance(&mut rest, taken);
                    if !whole {
                        return Ok(SPRAG_OK);
                    }
                    self.begin()?;
                }
                State::Body(updater) => {
                    let flash = &mut self.flash;
                    let status = work(updater, flash)?;
                    if status != SPRAG_OK || rest.is_empty() {
                        return Ok(status);
                    }
                    // No further than the part that is wanted: what follows the package in the same piece is passed over.
                    let end = updater
                        .wanted()
                        .map_or(0, |wanted| wanted.offset.saturating_add(wanted.len.into()));
                    let room = usize::try_from(end.saturating_sub(self.position)).unwrap_or(0);
                    let piece = match room {
                        0 => rest,
                        _ => rest.get(..room).unwrap_or(rest),
                    };
                    let taken = updater.push(self.position, piece)?;
                    if taken == 0 {
                        return Err(Error::WrongState.into());
                    }
                    self.advance(&mut rest, taken);
                }
            }
        }
    }

    fn advance(&mut self, rest: &mut &[u8], taken: usize) {
        *rest = rest.get(taken..).unwrap_or_default();
        let taken = u64::try_from(taken).unwrap_or(u64::MAX);
        self.position = self.position.saturating_add(taken);
    }

    fn go_on(&mut self) -> Result<i32, Refusal> {
        let State::Head(intake) = &mut self.state else {
            return Err(Error::WrongState.into());
        };
        match intake.load_staged(&mut self.flash) {
            Ok(true) => {}
            Ok(false) => return Ok(SPRAG_OK),
            // A head that cannot be read is fetched again.
            Err(_) => return self.start_over(),
        }
        match self.begin() {
            Ok(()) => {}
            Err(Refusal::Update(e)) if matches!(e.code(), 100..300) => return self.start_over(),
            Err(refusal) => return Err(refusal),
        }
        let status = self.take(&[])?;
        self.position = self.wanted().0;
        Ok(status)
    }

    fn start_over(&mut self) -> Result<i32, Refusal> {
        self.state = State::Head(head(&self.given)?);
        Ok(SPRAG_OK)
    }

    /// From the whole head to phase two.
    fn begin(&mut self) -> Result<(), Refusal> {
        let State::Head(intake) = core::mem::replace(&mut self.state, State::Failed) else {
            return Err(Error::WrongState.into());
        };
        let plan = phase_one(intake, &self.given, &mut self.flash)?;
        let arena = arena(&self.given)?;
        self.state = State::Body(Updater::new(plan, arena, &CODECS)?);
        Ok(())
    }
}

/// Whether an update goes on after a refusal.
const fn stands(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Update(
            Error::BlockHash { .. }
                | Error::PageHash { .. }
                | Error::StreamGap { .. }
                | Error::StreamEnd { .. }
        )
    )
}

fn head(given: &Given) -> Result<Intake<'static>, Misuse> {
    arena(given).map(Intake::new)
}

/// The memory, for what comes next.
fn arena(given: &Given) -> Result<&'static mut [u8], Misuse> {
    #[expect(unsafe_code, reason = "both phases use the same memory")]
    // SAFETY: it is asked for by `head` and `begin`. Before either, the one thing that holds it is the intake in
    // `State::Head`, which is gone by then: `begin` has given it to `phase_one`, whose result borrows nothing, and
    // `start_over`, and `new` before the first, replace it without a look.
    unsafe {
        given.memory()
    }
}

/// Whether the package is ours, and what is to be done. Not inlined: its stack is free again before phase two.
#[inline(never)]
fn phase_one(
    intake: Intake<'static>,
    given: &Given,
    flash: &mut CallbackFlash<'static>,
) -> Result<Plan, Refusal> {
    let config = given.config();
    let has = |flag: u32| config.flags & flag != 0;
    let (keys, count) = given.keys()?;
    let trust = TrustAnchors {
        keys: keys.get(..count).unwrap_or_default(),
        example_keys: match has(SPRAG_FLAG_EXAMPLE_KEYS) {
            true => ExampleKeys::Accept,
            false => ExampleKeys::Refuse,
        },
    };
    #[cfg(not(feature = "salty"))]
    let authentic = intake.authenticate(&trust)?;
    #[cfg(feature = "salty")]
    let authentic = intake.authenticate_by::<sprag_verifier::Salty>(&trust)?;
    let record = BootRecord::load(flash)?;
    let mut device = given.device(record.installed(None))?;
    device.attempt = Attempt::of(&record, &authentic.digest());
    if has(SPRAG_FLAG_DEFERRED) {
        device.attempt = device.attempt.deferred();
    }
    let verified = check(authentic, &device)?;
    let resources = Resources {
        ram: u32::try_from(config.memory_len).unwrap_or(u32::MAX),
        trailer_reserve: config.trailer_reserve,
        trial_boots: given.trial_boots()?,
    };
    let mut preflight = Preflight::new(&verified, resources, &CODECS);
    if has(SPRAG_FLAG_BOOTLOADER) {
        preflight = preflight.in_bootloader();
    }
    loop {
        if let PreflightStatus::Ready(plan) = preflight.step(flash)? {
            return Ok(plan);
        }
        flash.idle();
    }
}

/// Steps until bytes are wanted, or the end.
fn work(updater: &mut PhaseTwo, flash: &mut CallbackFlash<'static>) -> Result<i32, Error> {
    loop {
        match updater.step(flash)? {
            Status::NeedInput(_) => return Ok(SPRAG_OK),
            Status::Done => return Ok(SPRAG_DONE),
            Status::Staged => return Ok(SPRAG_STAGED),
            _ => flash.idle(),
        }
    }
}
