//! A good package over a bad link, on flash that loses power: whatever comes, the device boots the old image or the new
//! one, and at last, left in peace, the new one.
//!
//! An input is where blocks are staged (1 B), then sessions of eight bytes: the operation at which power fails (2 B) and how
//! (1 B), bytes of a chunk (1 B), where the link damages a byte (2 B) and which bits (1 B), and what else it does (1 B).

use flash_sim::{ConstFlash, CutStyle, FlashSim, Geometry};
use sprag_verifier::{
    Area, Boot, BootRecord, Error, Intake, NativeCodecs, NorLayout, NorStorage, Plan, Preflight,
    PreflightStatus, Region, Resources, Sectors, Status, Storage as _, Updater, Wanted, arena_len,
    check, choose, confirm, intake_len,
};

use crate::choices::Choices;
use crate::made::{Made, device};

const SECTOR: usize = 1024;
const SECTOR_LEN: u32 = 1024;
const WRITE: usize = 8;
const WRITE_LEN: u32 = 8;
/// Sectors of a slot: the longer image, and room for a staged package behind it.
const SLOT: u32 = 8;
const STAGING: u32 = 3;
const RECORD: u32 = 2;
const ENVELOPE_MAX: usize = 1024;
/// Most sessions of an input.
const SESSIONS_MAX: usize = 12;
/// Steps after which an update counts as stuck.
const STEPS_MAX: u32 = 20_000;
/// Refused parts after which the link is given up.
const REFUSALS_MAX: u32 = 4;
/// Enough for every power cut of an input.
const TRIAL_BOOTS: u8 = 100;

type Flash = ConstFlash<1, WRITE, SECTOR>;

/// Runs one input.
///
/// # Panics
/// If the device does not boot, boots anything else, or does not come to the new image.
pub fn run(input: &[u8]) {
    let made = Made::get();
    let mut choices = Choices::new(input);
    let mut board = Board::new(made, choices.u8());
    for _ in 0..SESSIONS_MAX {
        if choices.is_empty() {
            break;
        }
        let session = Session::take(&mut choices);
        board.power_on(session.cut);
        let _ = board.session(made, &session);
        board.power_on(None);
        board.boot(made);
    }
    // Twice: the update, and its trial.
    for _ in 0..2 {
        board.power_on(None);
        let ended = board.session(made, &Session::GOOD);
        assert_eq!(ended, Ok(()), "a good package on a good device");
    }
    let slot = board.boot(made);
    assert!(board.holds(slot, &made.new), "the new image");
}

/// One time under power.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    cut: Option<(u64, CutStyle)>,
    chunk: usize,
    damage: Option<(u64, u8)>,
    /// The link sends some bytes again that came before.
    repeats: bool,
}

impl Session {
    pub(crate) const GOOD: Self = Self {
        cut: None,
        chunk: 4096,
        damage: None,
        repeats: false,
    };

    fn take(choices: &mut Choices<'_>) -> Self {
        let (after, how) = (choices.u16(), choices.u8());
        let kind = u64::from(how);
        let style = match how % 4 {
            0 => CutStyle::Clean,
            1 => CutStyle::AfterCompletion,
            2 => CutStyle::TornWrite {
                units_done: u32::from(how >> 2) % 32,
                garble: kind,
            },
            _ => CutStyle::PartialErase {
                sectors_done: 0,
                seed: kind >> 2,
            },
        };
        let chunk = usize::from(choices.u8()).max(1);
        let (at, mask, flags) = (choices.u16(), choices.u8(), choices.u8());
        Self {
            cut: (after != 0).then(|| (u64::from(after) % 600, style)),
            chunk,
            damage: (mask != 0).then_some((at.into(), mask)),
            repeats: flags & 1 != 0,
        }
    }

    /// What the link sends of the package from `offset` on.
    fn sent(&mut self, package: &[u8], offset: u64, len: usize) -> Vec<u8> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = package.get(start..).unwrap_or_default();
        let mut bytes = rest[..len.min(self.chunk).min(rest.len())].to_vec();
        if let Some((at, mask)) = self.damage
            && let Some(place) = at.checked_sub(offset)
            && let Some(byte) = bytes.get_mut(usize::try_from(place).unwrap_or(usize::MAX))
        {
            *byte ^= mask;
            // Once: the next time the byte comes as it is.
            self.damage = None;
        }
        bytes
    }
}

pub(crate) struct Board {
    flash: Flash,
    layout: NorLayout<'static>,
}

impl Board {
    pub(crate) fn new(made: &Made, staging: u8) -> Self {
        let mut end = 0;
        let mut region = |sectors: u32| {
            let start = end;
            let len = sectors * SECTOR_LEN;
            end += len;
            Region { start, len }
        };
        let layout = NorLayout {
            slot_a: region(SLOT),
            slot_b: region(SLOT),
            staging: region(if staging & 1 == 0 { 0 } else { STAGING }),
            record: region(RECORD),
            scratch: Region::default(),
            erased: 0xff,
            base: 0,
            sectors: Sectors::Uniform,
        };
        let geometry = Geometry::uniform(SECTOR_LEN, end / SECTOR_LEN).with_write_size(WRITE_LEN);
        let mut sim = FlashSim::new(geometry);
        sim.load(layout.slot_a.start, &made.old);
        Self {
            flash: ConstFlash::new(sim),
            layout,
        }
    }

    /// Puts bytes into an area, as somebody would who has the part in his hands.
    pub(crate) fn put(&mut self, area: Area, bytes: &[u8]) {
        let region = match area {
            Area::Record => self.layout.record,
            Area::Staging => self.layout.staging,
            _ => self.layout.slot_b,
        };
        let len = bytes.len().min(usize::try_from(region.len).expect("small"));
        self.flash.sim_mut().load(region.start, &bytes[..len]);
    }

    pub(crate) fn power_on(&mut self, cut: Option<(u64, CutStyle)>) {
        let sim = self.flash.sim_mut();
        sim.power_on();
        if let Some((after, style)) = cut {
            sim.cut_after(after, style);
        }
    }

    pub(crate) fn storage(&mut self) -> NorStorage<'static, &mut Flash> {
        NorStorage::new(&mut self.flash, self.layout)
    }

    /// What the bootloader starts: a slot with one of the two images.
    pub(crate) fn boot(&mut self, made: &Made) -> Area {
        let slot = choose(&mut self.storage()).expect("a device boots").slot();
        let whole = self.holds(slot, &made.old) || self.holds(slot, &made.new);
        assert!(whole, "{slot:?} holds neither image");
        slot
    }

    pub(crate) fn holds(&mut self, slot: Area, image: &[u8]) -> bool {
        let mut bytes = vec![0; image.len()];
        let read = self.storage().read(slot, 0, &mut bytes);
        read.is_ok() && bytes == image
    }

    /// Boots; confirms what is on trial, and updates what is old.
    pub(crate) fn session(&mut self, made: &Made, session: &Session) -> Result<(), Error> {
        match choose(&mut self.storage())? {
            Boot::Trial(slot) => confirm(&mut self.storage(), slot).map(|_| ()),
            boot if self.holds(boot.slot(), &made.new) => Ok(()),
            _ => self.update(made, *session),
        }
    }

    fn update(&mut self, made: &Made, mut session: Session) -> Result<(), Error> {
        let mut storage = self.storage();
        let mut buffer = vec![0; intake_len(ENVELOPE_MAX)];
        let mut intake = Intake::new(&mut buffer);
        let mut at = 0_u64;
        loop {
            let bytes = session.sent(&made.package, at, usize::MAX);
            let taken = intake.push(&bytes)?;
            at += u64::try_from(taken).unwrap_or(u64::MAX);
            if taken < bytes.len() || bytes.is_empty() {
                break;
            }
        }
        let authentic = intake.authenticate(&made.trust())?;
        let record = BootRecord::load(&mut storage)?;
        let verified = check(authentic, &device(record.installed(Some("1.0.0"))))?;
        let resources = Resources {
            ram: u32::MAX,
            trailer_reserve: 0,
            trial_boots: TRIAL_BOOTS,
        };
        let mut preflight = Preflight::new(&verified, resources, &NativeCodecs);
        let plan = loop {
            if let PreflightStatus::Ready(plan) = preflight.step(&mut storage)? {
                break plan;
            }
        };
        apply(&mut storage, plan, &made.package, &mut session)
    }
}

fn apply<S: sprag_verifier::Storage>(
    storage: &mut S,
    plan: Plan,
    package: &[u8],
    session: &mut Session,
) -> Result<(), Error> {
    let len = usize::try_from(arena_len(&plan, &NativeCodecs)).expect("small");
    let mut arena = vec![0; len];
    let mut updater = Updater::new(plan, &mut arena, &NativeCodecs)?;
    let mut refusals = 0;
    for _ in 0..STEPS_MAX {
        match updater.step(storage)? {
            Status::NeedInput(Wanted { offset, len }) => {
                let len = usize::try_from(len).expect("small");
                let bytes = session.sent(package, offset, len);
                let early = if session.repeats { offset.min(9) } else { 0 };
                let again = usize::try_from(offset - early).expect("small");
                let sent = [
                    &package[again..][..usize::try_from(early).expect("small")],
                    &bytes,
                ];
                match updater.push(offset - early, &sent.concat()) {
                    Ok(_) => {}
                    Err(Error::BlockHash { .. } | Error::PageHash { .. })
                        if refusals < REFUSALS_MAX =>
                    {
                        refusals += 1;
                    }
                    Err(e) => return Err(e),
                }
            }
            Status::Done => return Ok(()),
            _ => {}
        }
    }
    panic!("the update goes nowhere");
}
