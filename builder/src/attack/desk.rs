//! The device on the desk that packages are offered to: the real verifier over simulated flash, fed in pieces of any
//! size, its flash operations counted.

use core::ops::Range;

use sprag_manifest::{Digest, MAX_KEYSET_LEN};
use sprag_verifier::{
    Area, Attempt, Boot, BootRecord, CodecSet, Dalek, Device, Error, FlashErrorKind, Geometry,
    Intake, Keyring, NativeCodecs, Phase, Preflight, PreflightStatus, Resources, Status, Storage,
    TrustAnchors, Updater, arena_len, check, choose, confirm, intake_len,
};

use super::setting::{Setting, bytes};
use crate::codec::HostCodecs;
use crate::device::{Origin, SimStorage, UpdateInputs, drive};
use crate::digest::sha256;
use crate::trust::{Memory, follow};
use crate::verify::verify;

/// Boots in which a new image must confirm itself.
const TRIAL_BOOTS: u8 = 3;

/// In which pieces a package comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunks {
    /// As the device asks.
    Whole,
    /// So many bytes at a time.
    Every(usize),
    /// In two pieces, cut here.
    SplitAt(usize),
}

impl Chunks {
    /// Where the piece ends that begins at, or has, this byte.
    fn end(self, at: usize, len: usize) -> usize {
        let end = match self {
            Self::Whole => len,
            Self::Every(step) => (at / step.max(1) + 1).saturating_mul(step.max(1)),
            Self::SplitAt(cut) if at < cut => cut,
            Self::SplitAt(_) => len,
        };
        end.min(len)
    }
}

/// What became of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The refusal; the digest of the new image if there was none.
    pub result: Result<Digest, Error>,
    /// Flash operations (writes and erases, the stored keyset's apart) before a trusted key's signature held, and
    /// after which, in all.
    pub before: u64,
    /// The same by the end.
    pub after: u64,
    /// Number of the payload that the device chose, where it came that far.
    pub payload: Option<u32>,
}

/// How far a package came.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    /// Flash operations when a trusted key's signature held.
    authentic: Option<u64>,
    /// The payload chosen.
    payload: Option<u32>,
}

/// A device on the desk.
#[derive(Clone, Debug)]
pub struct Desk {
    setting: Setting,
    flash: DeskFlash,
}

impl Desk {
    /// A device as it left the factory.
    ///
    /// # Errors
    /// [`crate::Error::BadValue`] and [`crate::Error::DoesNotFit`] for flash that cannot be.
    pub fn new(setting: &Setting) -> Result<Self, crate::Error> {
        let mut sim = SimStorage::new(&setting.flash, setting.old.len())?;
        sim.load(Area::SlotA, &setting.old);
        let flash = DeskFlash {
            sim,
            trust: Memory::new(),
        };
        let setting = setting.clone();
        Ok(Self { setting, flash })
    }

    /// Offers a package, up to the mark for the trial boot.
    pub fn offer(&mut self, package: &[u8], chunks: Chunks) -> Outcome {
        let start = self.operations();
        let mut reached = Reached::default();
        let result = match self.setting.decodes_bsdiff {
            true => self.run(package, chunks, &HostCodecs, &mut reached),
            false => self.run(package, chunks, &NativeCodecs, &mut reached),
        };
        let after = self.operations() - start;
        Outcome {
            result,
            before: reached.authentic.map_or(after, |before| before - start),
            after,
            payload: reached.payload,
        }
    }

    /// Flash operations so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.flash.operations()
    }

    /// Most erases of any sector.
    #[must_use]
    pub fn most_erases(&self) -> u32 {
        let areas = [
            Area::SlotA,
            Area::SlotB,
            Area::Record,
            Area::Staging,
            Area::Scratch,
        ];
        let counts = areas
            .into_iter()
            .flat_map(|area| self.flash.sim.erase_counts(area));
        counts.copied().max().unwrap_or(0)
    }

    /// The first `len` bytes of a slot.
    #[must_use]
    pub fn slot(&self, slot: Area, len: usize) -> &[u8] {
        self.flash.sim.bytes(slot).get(..len).unwrap_or_default()
    }

    /// Boots, and says which slot.
    ///
    /// # Errors
    /// What the boot chooser reports.
    pub fn boot(&mut self) -> Result<Area, Error> {
        choose(&mut self.flash).map(Boot::slot)
    }

    /// The application on trial says that it is well.
    ///
    /// # Errors
    /// What the verifier reports.
    pub fn confirm(&mut self, slot: Area) -> Result<(), Error> {
        confirm(&mut self.flash, slot).map(|_| ())
    }

    /// Whether an only slot is being made anew, or has lost its image: only the package that did so, or a full image,
    /// goes on from there.
    #[must_use]
    pub fn is_under_way(&mut self) -> bool {
        BootRecord::load(&mut self.flash).is_ok_and(|record| {
            matches!(
                record.phase,
                Phase::Staged
                    | Phase::Moving
                    | Phase::Decoding
                    | Phase::Copying
                    | Phase::Recovering
            )
        })
    }

    fn run<C: CodecSet>(
        &mut self,
        package: &[u8],
        chunks: Chunks,
        codecs: &C,
        reached: &mut Reached,
    ) -> Result<Digest, Error> {
        let setting = &self.setting;
        let flash = &mut self.flash;
        let keys = setting.trusted();
        let trust = TrustAnchors {
            keys: &keys,
            example_keys: setting.example_keys(),
        };
        let mut device = setting.device();
        let mut buffer = vec![0; intake_len(index(setting.envelope_max))];
        let mut intake = Intake::new(&mut buffer);
        let mut memory = [0; MAX_KEYSET_LEN];
        let authentic = if let Some(keyset) = &setting.keyset {
            let example_keys = setting.example_keys();
            let mut keyring = Keyring::load(flash, &bytes(keyset), &mut memory, example_keys)?;
            feed(package, chunks, &mut intake, &mut |intake, piece| {
                intake.push_with::<Dalek, _>(piece, &mut keyring, flash)
            })?;
            device.keyset_version = keyring.version();
            intake.authenticate_with::<Dalek>(&keyring, setting.now)?
        } else {
            feed(package, chunks, &mut intake, &mut |intake, piece| {
                intake.push(piece)
            })?;
            intake.authenticate(&trust)?
        };
        reached.authentic = Some(flash.operations());
        let manifest = authentic.manifest();
        let (target, payloads) = (manifest.target, manifest.payloads);
        let record = BootRecord::load(flash)?;
        device.attempt = Attempt::of(&record, &authentic.digest());
        advance(&mut device, &record);
        let verified = check(authentic, &device)?;
        let resources = Resources {
            ram: setting.ram,
            trailer_reserve: setting.flash.trailer_reserve,
            trial_boots: TRIAL_BOOTS,
        };
        let mut preflight = Preflight::new(&verified, resources, codecs);
        let plan = loop {
            match preflight.step(flash)? {
                PreflightStatus::Working => {}
                PreflightStatus::Ready(plan) => break plan,
            }
        };
        // Entries differ: each root is of its own number.
        reached.payload = (0..)
            .zip(payloads.iter())
            .find_map(|(number, payload)| (payload == *plan.payload()).then_some(number));
        let mut arena = vec![0; index(arena_len(&plan, codecs))];
        let mut updater = Updater::new(plan, &mut arena, codecs)?;
        let staged = loop {
            match updater.step(flash)? {
                Status::Done => break false,
                Status::Staged => break true,
                Status::NeedInput(wanted) => {
                    let at = usize::try_from(wanted.offset).unwrap_or(usize::MAX);
                    let end = match chunks {
                        Chunks::Whole => at.saturating_add(index(wanted.len)),
                        _ => usize::MAX,
                    };
                    let end = end.min(chunks.end(at, package.len()));
                    let piece = package.get(at..end).unwrap_or_default();
                    if piece.is_empty() {
                        return Err(cut_short(package, wanted.offset));
                    }
                    updater.push(wanted.offset, piece)?;
                }
                _ => {}
            }
        };
        if staged {
            let Boot::Apply(_) = choose(flash)? else {
                return Err(Error::WrongState);
            };
            let inputs = UpdateInputs {
                trust: &trust,
                device: &device,
                ram: setting.ram,
            };
            let reserve = setting.flash.trailer_reserve;
            drive(flash, reserve, Origin::Staged, &inputs, &mut |_, _| ())?;
        }
        let slot = match self.setting.flash.slots {
            2 => record.confirmed.other_slot(),
            _ => record.confirmed,
        };
        Ok(sha256(self.slot(slot, index(target.size))))
    }
}

/// Gives a piece to the intake; how many bytes it took.
type Push<'f, 'b> = dyn FnMut(&mut Intake<'b>, &[u8]) -> Result<usize, Error> + 'f;

/// The head of a package, in pieces, until the device has it.
fn feed<'b>(
    package: &[u8],
    chunks: Chunks,
    intake: &mut Intake<'b>,
    push: &mut Push<'_, 'b>,
) -> Result<(), Error> {
    let mut at = 0;
    while intake.wanted() > 0 {
        let end = chunks.end(at, package.len());
        let piece = package.get(at..end).unwrap_or_default();
        if piece.is_empty() {
            return Err(cut_short(package, at.try_into().unwrap_or(u64::MAX)));
        }
        at += push(intake, piece)?;
    }
    Ok(())
}

/// What the boot record knows, where that is ahead.
fn advance(device: &mut Device<'_>, record: &BootRecord) {
    let known = record.installed(device.installed.version);
    if known.sequence > device.installed.sequence {
        device.installed.sequence = known.sequence;
        device.installed.digest = known.digest;
    }
    let counter = device
        .installed
        .security_counter
        .max(known.security_counter);
    device.installed.security_counter = counter;
}

/// The package ends where the device wants more.
fn cut_short(package: &[u8], wanted: u64) -> Error {
    let found = u64::try_from(package.len()).unwrap_or(u64::MAX);
    Error::StreamGap { wanted, found }
}

/// The device's flash: simulated, but for the stored keyset, which lies in memory.
#[derive(Clone, Debug)]
struct DeskFlash {
    sim: SimStorage,
    trust: Memory,
}

impl DeskFlash {
    fn operations(&self) -> u64 {
        let totals = self.sim.sim().totals();
        totals.writes + totals.erases
    }
}

impl Storage for DeskFlash {
    fn geometry(&self, area: Area) -> Geometry {
        match area {
            Area::Trust => self.trust.geometry(area),
            _ => self.sim.geometry(area),
        }
    }

    fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        match area {
            Area::Trust => self.trust.sector(area, offset),
            _ => self.sim.sector(area, offset),
        }
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        match area {
            Area::Trust => self.trust.read(area, offset, buf),
            _ => self.sim.read(area, offset, buf),
        }
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        match area {
            Area::Trust => self.trust.write(area, offset, bytes),
            _ => self.sim.write(area, offset, bytes),
        }
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        match area {
            Area::Trust => self.trust.erase(area, range),
            _ => self.sim.erase(area, range),
        }
    }
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// What `sprag verify` says of a package for this device.
///
/// # Errors
/// Its refusal.
pub fn verify_at_desk(package: &[u8], setting: &Setting) -> Result<(), crate::Error> {
    let mut keys = setting.trusted();
    let example_keys = setting.example_keys();
    let mut device = setting.device();
    if let Some(keyset) = &setting.keyset {
        let followed = follow(package, &bytes(keyset), example_keys, setting.now)?;
        device.keyset_version = followed.version;
        keys = followed.keys;
    }
    let trust = TrustAnchors {
        keys: &keys,
        example_keys,
    };
    verify(package, &trust, Some(&device)).map(|_| ())
}
