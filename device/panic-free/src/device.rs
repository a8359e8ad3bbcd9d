//! One function for each thing that a device does.

use core::hint::black_box;

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use sprag_link::{Identity, Line, Memory, Port, serve};
use sprag_manifest::{Isa, KeyId, MAX_KEYSET_LEN};
use sprag_verifier::{
    Area, Attempt, BootRecord, CodecSet, Dalek, DeltaCodecs, Device, Error, ExampleKeys, Installed,
    Intake, KeyRole, Keyring, NativeCodecs, NorLayout, NorStorage, Preflight, PreflightStatus,
    Region, Resources, Retry, RetryLimits, Sectors, Status, Storage, TrustAnchors, TrustedKey,
    TwoSlots, Updater, arena_len, check, choose, confirm, give_up,
};

/// A part of which nothing is known.
struct Part;

impl ErrorType for Part {
    type Error = NorFlashErrorKind;
}

fn answer() -> Result<(), NorFlashErrorKind> {
    match black_box(0) {
        0 => Ok(()),
        1 => Err(NorFlashErrorKind::NotAligned),
        2 => Err(NorFlashErrorKind::OutOfBounds),
        _ => Err(NorFlashErrorKind::Other),
    }
}

impl ReadNorFlash for Part {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        black_box((offset, bytes));
        answer()
    }

    fn capacity(&self) -> usize {
        black_box(1 << 20)
    }
}

impl NorFlash for Part {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        black_box((from, to));
        answer()
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        black_box((offset, bytes));
        answer()
    }
}

fn part() -> NorStorage<'static, Part> {
    let region = || Region {
        start: black_box(0),
        len: black_box(0),
    };
    let sectors = match black_box(true) {
        true => Sectors::Uniform,
        false => Sectors::Starts(black_box(&[0, 1])),
    };
    NorStorage::new(
        Part,
        NorLayout {
            slot_a: region(),
            slot_b: region(),
            staging: region(),
            record: region(),
            scratch: region(),
            erased: black_box(0xff),
            base: black_box(0),
            sectors,
        },
    )
}

/// The whole of it.
#[unsafe(no_mangle)]
extern "C" fn begin() -> u32 {
    #[cfg(feature = "index")]
    black_box([1_u8, 2, 3][black_box(3_usize)]);
    let mut codes = 0_u32;
    let mut note = |result: Result<(), Error>| {
        let error = result.err();
        let numbers = error.map_or((0, 0), |e| (e.code(), e.lwm2m_result()));
        codes ^= u32::from(numbers.0) ^ u32::from(numbers.1);
    };
    note(update(&mut part(), &NativeCodecs));
    note(update(&mut TwoSlots::<_, false>(part()), &DeltaCodecs));
    note(boot(&mut part()));
    let trust = Region {
        start: black_box(0),
        len: black_box(0),
    };
    note(trusted(&mut part().with_trust(trust)));
    listen(&mut part());
    codes ^ crate::through_c::all()
}

fn boot(storage: &mut impl Storage) -> Result<(), Error> {
    black_box(choose(storage)?);
    black_box(confirm(storage, black_box(Area::SlotA))?);
    black_box(give_up(storage, black_box(Area::SlotB))?);
    black_box(BootRecord::forgive(storage)?);
    Ok(())
}

/// With a stored keyset.
fn trusted(storage: &mut impl Storage) -> Result<(), Error> {
    let mut memory = [0; MAX_KEYSET_LEN];
    let accept = black_box(ExampleKeys::Accept);
    let mut keyring = Keyring::load(storage, black_box(&[]), black_box(&mut memory), accept)?;
    black_box(keyring.settle(storage)?);
    let mut buffer = [0; 512];
    let mut intake = Intake::new(black_box(&mut buffer));
    while black_box(intake.wanted()) > 0 {
        intake.push_with::<Dalek, _>(black_box(&[]), &mut keyring, storage)?;
    }
    let authentic = intake.authenticate_with::<Dalek>(&keyring, black_box(None))?;
    black_box((authentic.signer(), keyring.version(), keyring.encoded()));
    Ok(())
}

fn update(storage: &mut impl Storage, codecs: &impl CodecSet) -> Result<(), Error> {
    let mut buffer = [0; 512];
    let mut intake = Intake::new(black_box(&mut buffer));
    if black_box(true) {
        intake.load_staged(storage)?;
    }
    while black_box(intake.wanted()) > 0 {
        intake.push(black_box(&[]))?;
    }
    let keys = [TrustedKey {
        id: KeyId(black_box([0; 8])),
        role: black_box(KeyRole::Release),
        key: black_box([0; 32]),
    }];
    let trust = TrustAnchors {
        keys: black_box(&keys),
        example_keys: black_box(ExampleKeys::Refuse),
    };
    let authentic = intake.authenticate(&trust)?;
    let record = BootRecord::load(storage)?;
    let device = device(record.installed(None));
    let verified = check(authentic, &device)?;
    let resources = black_box(Resources {
        ram: 0,
        trailer_reserve: 0,
        trial_boots: 0,
    });
    let mut preflight = Preflight::new(&verified, resources, codecs);
    if black_box(true) {
        preflight = preflight.in_bootloader();
    }
    let plan = loop {
        if let PreflightStatus::Ready(plan) = preflight.step(storage)? {
            break plan;
        }
    };
    black_box(arena_len(&plan, codecs));
    let mut arena = [0; 512];
    let mut updater = Updater::new(plan, black_box(&mut arena), codecs)?;
    let mut retry = Retry::new(black_box(RetryLimits::default()));
    loop {
        match updater.step(storage)? {
            Status::NeedInput(wanted) => {
                if let Err(e) = updater.push(wanted.offset, black_box(&[])) {
                    black_box(retry.refused(e)?);
                }
            }
            Status::Done => break,
            _ => {
                black_box((updater.progress(), updater.resumed()));
            }
        }
    }
    Ok(())
}

fn device<'d>(installed: Installed<'d>) -> Device<'d> {
    black_box(Device {
        vendor: "",
        product: "",
        hardware: "",
        isa: Isa::Thumb,
        bootloader: None,
        os: None,
        layout: None,
        load_address: None,
        keyset_version: 0,
        now: None,
        battery_percent: None,
        free_storage: None,
        temperature: None,
        free_ram: None,
        minute_of_day: None,
        attempt: Attempt::First,
        installed,
    })
}

/// A line of which nothing is known.
struct Wire;

impl Port for Wire {
    fn read(&mut self) -> Option<u8> {
        black_box(None)
    }

    fn write(&mut self, bytes: &[u8]) {
        black_box(bytes);
    }

    fn wait(&mut self) -> bool {
        black_box(true)
    }
}

/// The session over a serial line.
fn listen(storage: &mut impl Storage) {
    let (mut packet, mut arena) = ([0; 512], [0; 512]);
    let mut line = Line::new(Wire, black_box(&mut packet));
    let mut memory = Memory {
        bytes: black_box(&mut arena),
        envelope: black_box(256),
    };
    let keys = [TrustedKey {
        id: KeyId(black_box([0; 8])),
        role: black_box(KeyRole::Release),
        key: black_box([0; 32]),
    }];
    let trust = TrustAnchors {
        keys: black_box(&keys),
        example_keys: black_box(ExampleKeys::Refuse),
    };
    let identity = Identity {
        device: device(Installed::default()),
        resources: black_box(Resources {
            ram: 0,
            trailer_reserve: 0,
            trial_boots: 0,
        }),
        trust: &trust,
        running: black_box(Area::SlotA),
        healthy: black_box(true),
    };
    black_box(serve(
        &mut line,
        storage,
        &mut memory,
        &identity,
        &NativeCodecs,
    ));
}
