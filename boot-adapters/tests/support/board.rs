//! A board with two slots over simulated flash, packages for it, and an update from end to end.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use core::ops::Range;

use flash_sim::{FlashSim, Geometry};
use sprag::{
    BuildInputs, CodecChoice, Effort, FullImage, IsaMismatch, ReleaseSpec, SigningKey, WayBack,
    build,
};
use sprag_manifest::{Isa, KeyId, Release};
use sprag_verifier::{
    Area, Attempt, Device, Error, ExampleKeys, FlashErrorKind, Geometry as AreaGeometry, Installed,
    Intake, KeyRole, NativeCodecs, Preflight, PreflightStatus, Resources, Status, Storage,
    TrustAnchors, TrustedKey, Updater, arena_len, check, intake_len,
};

/// Boots in which a new image must confirm itself.
pub(crate) const TRIAL_BOOTS: u8 = 3;
const RECORD_SECTORS: u32 = 2;

/// A flash part, divided into a record and two slots. Sizes are bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) sector_size: u32,
    pub(crate) slot_sectors: u32,
    /// Sectors that the second slot has more.
    pub(crate) extra_sectors: u32,
    /// Sectors at the end, for the bootloader.
    pub(crate) state_sectors: u32,
    pub(crate) write_size: u32,
    pub(crate) erased: u8,
}

/// The part with what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    pub(crate) part: Part,
    pub(crate) sim: FlashSim,
}

impl Board {
    pub(crate) fn new(part: Part) -> Self {
        let slots = 2 * part.slot_sectors + part.extra_sectors;
        let sectors = RECORD_SECTORS + slots + part.state_sectors;
        let geometry = Geometry::uniform(part.sector_size, sectors)
            .with_write_size(part.write_size)
            .with_erased_value(part.erased);
        let sim = FlashSim::new(geometry);
        Self { part, sim }
    }

    pub(crate) fn region(&self, area: Area) -> Range<u32> {
        let sectors = match area {
            Area::Record => 0..RECORD_SECTORS,
            Area::SlotA => RECORD_SECTORS..RECORD_SECTORS + self.part.slot_sectors,
            Area::SlotB => {
                let start = RECORD_SECTORS + self.part.slot_sectors;
                start..start + self.part.slot_sectors + self.part.extra_sectors
            }
            _ => 0..0,
        };
        sectors.start * self.part.sector_size..sectors.end * self.part.sector_size
    }

    /// What a slot holds.
    pub(crate) fn slot(&self, area: Area) -> &[u8] {
        let region = self.region(area);
        let index = |at: u32| usize::try_from(at).unwrap();
        &self.sim.bytes()[index(region.start)..index(region.end)]
    }

    /// Puts bytes at the start of an area, as a programmer does.
    pub(crate) fn put(&mut self, area: Area, bytes: &[u8]) {
        let start = self.region(area).start;
        self.sim.load(start, bytes);
    }

    fn address(&self, area: Area, offset: u32, len: usize) -> Result<u32, FlashErrorKind> {
        let region = self.region(area);
        let address = region.start + offset;
        let end = address + u32::try_from(len).unwrap();
        match end <= region.end {
            true => Ok(address),
            false => Err(FlashErrorKind::OutOfBounds),
        }
    }
}

impl Storage for Board {
    fn geometry(&self, area: Area) -> AreaGeometry {
        let region = self.region(area);
        AreaGeometry {
            size: region.end - region.start,
            write_size: self.part.write_size,
            erased: self.part.erased,
            base: region.start,
        }
    }

    fn sector(&self, _: Area, offset: u32) -> Range<u32> {
        let start = offset - offset % self.part.sector_size;
        start..start + self.part.sector_size
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        let address = self.address(area, offset, buf.len())?;
        let read = self.sim.read(address, buf);
        read.map_err(|_| FlashErrorKind::Other)
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        let address = self.address(area, offset, bytes.len())?;
        let written = self.sim.write(address, bytes);
        written.map_err(|_| FlashErrorKind::Other)
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        let from = self.region(area).start + range.start;
        let to = self.region(area).start + range.end;
        let erased = self.sim.erase(from, to);
        erased.map_err(|_| FlashErrorKind::Other)
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed(KeyId(*b"TESTONLY"), b"sprag tests: trust this nowhere!")
}

/// A package with the whole of `new`, stored as it is.
pub(crate) fn package(new: &[u8]) -> Vec<u8> {
    package_of(new, "2.0.0")
}

pub(crate) fn package_of(new: &[u8], version: &str) -> Vec<u8> {
    let release = Release {
        vendor: Some("acme".into()),
        product: Some("sensor".into()),
        hardware: vec!["r1".into()],
        isa: Some(Isa::None),
        new_version: Some(version.into()),
        block_size: Some(512),
        ..Release::default()
    };
    let inputs = BuildInputs {
        release: ReleaseSpec::new(release).unwrap(),
        sources: Vec::new(),
        new,
        codec: CodecChoice::Stored,
        ram: None,
        effort: Effort::Fast,
        full: FullImage::Always,
        isa_mismatch: IsaMismatch::Refuse,
        told_address: None,
        profile: None,
        in_place: None,
        way_back: WayBack::Without,
    };
    build(&inputs, &key(), &mut |_, _, _| ()).unwrap()
}

/// Offers `package` and drives the update to its mark in the boot record.
pub(crate) fn update<S: Storage>(
    storage: &mut S,
    package: &[u8],
    trailer_reserve: u32,
) -> Result<(), Error> {
    let public = key().verifying_key();
    let trusted = [TrustedKey {
        id: public.key_id(),
        role: KeyRole::Release,
        key: public.to_bytes(),
    }];
    let trust = TrustAnchors {
        keys: &trusted,
        example_keys: ExampleKeys::Refuse,
    };
    let device = Device {
        vendor: "acme",
        product: "sensor",
        hardware: "r1",
        isa: Isa::None,
        bootloader: None,
        os: None,
        layout: None,
        load_address: None,
        keyset_version: u32::MAX,
        now: None,
        battery_percent: None,
        free_storage: None,
        temperature: None,
        free_ram: None,
        minute_of_day: None,
        attempt: Attempt::First,
        installed: Installed::default(),
    };
    let mut buffer = vec![0; intake_len(sprag_manifest::MAX_ENVELOPE_LEN)];
    let mut intake = Intake::new(&mut buffer);
    intake.push(package)?;
    let verified = check(intake.authenticate(&trust)?, &device)?;
    let resources = Resources {
        ram: 1 << 20,
        trailer_reserve,
        trial_boots: TRIAL_BOOTS,
    };
    let mut preflight = Preflight::new(&verified, resources, &NativeCodecs);
    let plan = loop {
        if let PreflightStatus::Ready(plan) = preflight.step(storage)? {
            break plan;
        }
    };
    let mut arena = vec![0; usize::try_from(arena_len(&plan, &NativeCodecs)).unwrap()];
    let mut updater = Updater::new(plan, &mut arena, &NativeCodecs)?;
    loop {
        match updater.step(storage)? {
            Status::Done => return Ok(()),
            Status::NeedInput(wanted) => {
                let start = usize::try_from(wanted.offset).unwrap();
                let end = start + usize::try_from(wanted.len).unwrap();
                updater.push(wanted.offset, &package[start..end])?;
            }
            _ => {}
        }
    }
}
