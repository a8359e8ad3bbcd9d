//! A disk that loses what was not synced, and updates that are cut off from power on it at every write and sync.

use core::cell::RefCell;
use std::io;
use std::rc::Rc;

use sprag_verifier::{Area, Boot, BootRecord, Outcome, Phase, choose, confirm};

use super::medium::Medium;
use super::storage::{Areas, RECORD_LEN, SlotStorage};
use super::{NewSlots, Slots, SlotsError, drive_on};
use crate::build::Source;
use crate::codec::CodecChoice;
use crate::demo::{NEW_IMAGE, OLD_IMAGE};
use crate::device::{UpdateInputs, UpdateReport};
use crate::error::Error;
use crate::profile::intended_device;
use crate::release::ReleaseSpec;
use crate::testing::{anchors, built, inputs, key, noise_of, release, trusted};
use crate::verify::manifest_of;

/// Bytes that a disk writes as one.
const BLOCK: usize = 512;
/// Bytes that the system writes back as one.
const PAGE: usize = 4096;
/// Room for the image, and behind it for what is staged.
const SLOT_LEN: u32 = 256 << 10;

fn package(codec: CodecChoice) -> Vec<u8> {
    let mut inputs = inputs(
        vec![Source {
            version: "1.0.0",
            bytes: OLD_IMAGE,
        }],
        NEW_IMAGE,
    );
    inputs.codec = codec;
    inputs.release = ReleaseSpec::new(release()).unwrap();
    built(&inputs).unwrap()
}

/// Power that all disks share, and the order in which they lose things.
#[derive(Debug)]
struct Power {
    operations: u64,
    cut_at: Option<u64>,
    random: u64,
}

impl Power {
    fn random(&mut self, below: u64) -> u64 {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn operation(&mut self) -> io::Result<()> {
        if self.cut_at.is_some_and(|at| self.operations >= at) {
            return Err(io::Error::other("no power"));
        }
        self.operations += 1;
        Ok(())
    }
}

/// What the system holds of a file, and what the disk does.
#[derive(Debug)]
struct Disk {
    power: Rc<RefCell<Power>>,
    held: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<usize>,
}

impl Disk {
    fn write_back(&mut self, block: usize) {
        let end = (block + BLOCK).min(self.held.len());
        self.durable[block..end].copy_from_slice(&self.held[block..end]);
    }
}

impl Medium for Disk {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.held.len().try_into().unwrap())
    }

    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        buf.copy_from_slice(&self.held[start..start + buf.len()]);
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.power.borrow_mut().operation()?;
        let start = usize::try_from(offset).unwrap();
        self.held[start..start + bytes.len()].copy_from_slice(bytes);
        let blocks = (start - start % BLOCK..start + bytes.len()).step_by(BLOCK);
        self.unsynced.extend(blocks);
        // The system writes back when it likes: a block may reach the disk before its next change.
        let count = u64::try_from(self.unsynced.len()).unwrap();
        let (now, which) = {
            let mut power = self.power.borrow_mut();
            (power.random(4) == 0, power.random(count))
        };
        if now {
            let block = self.unsynced[usize::try_from(which).unwrap()];
            self.write_back(block);
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.power.borrow_mut().operation()?;
        for block in core::mem::take(&mut self.unsynced) {
            self.write_back(block);
        }
        Ok(())
    }
}

/// The disks of a gateway whose slot A holds the old image.
struct Gateway {
    power: Rc<RefCell<Power>>,
    /// In the order of [`PLACES`].
    disks: Vec<Disk>,
}

const PLACES: [Area; 4] = [Area::SlotA, Area::SlotB, Area::Record, Area::Staging];

impl Gateway {
    fn new(seed: u64, staging_len: usize) -> Self {
        let power = Rc::new(RefCell::new(Power {
            operations: 0,
            cut_at: None,
            random: seed,
        }));
        let len = usize::try_from(SLOT_LEN).unwrap();
        let mut slot_a = OLD_IMAGE.to_vec();
        slot_a.resize(len, 0);
        // Of an image from before, so that an erase that is lost is missed.
        let slot_b = vec![0xa5; len];
        let record = vec![0; usize::try_from(RECORD_LEN).unwrap()];
        let disks = [slot_a, slot_b, record, vec![0x5a; staging_len]].map(|bytes| Disk {
            power: Rc::clone(&power),
            held: bytes.clone(),
            durable: bytes,
            unsynced: Vec::new(),
        });
        let disks = disks.into();
        Self { power, disks }
    }

    /// Runs `job` in a process of its own, which ends at the given write or sync; and how many there were.
    fn run<T>(
        &mut self,
        end_at: Option<u64>,
        job: impl FnOnce(&mut SlotStorage<Disk>) -> T,
    ) -> (T, u64) {
        {
            let mut power = self.power.borrow_mut();
            (power.operations, power.cut_at) = (0, end_at);
        }
        let mut disks = core::mem::take(&mut self.disks).into_iter();
        let mut disk = || disks.next().unwrap();
        let areas = Areas {
            slot_a: disk(),
            slot_b: disk(),
            record: disk(),
            staging: Some(disk()),
        };
        let mut storage = SlotStorage::new(areas).unwrap();
        let result = job(&mut storage);
        self.disks = storage.into_media().map(|(_, disk)| disk).collect();
        (result, self.power.borrow().operations)
    }

    /// Each block that was not synced is lost or not.
    fn power_off(&mut self) {
        for disk in &mut self.disks {
            for block in core::mem::take(&mut disk.unsynced) {
                if self.power.borrow_mut().random(2) == 0 {
                    disk.write_back(block);
                }
            }
            disk.held = disk.durable.clone();
        }
    }

    /// The same with whole pages of the system, which it writes back or not as one.
    fn lose_pages(&mut self) {
        for disk in &mut self.disks {
            let salt = self.power.borrow_mut().random(u64::MAX);
            for block in core::mem::take(&mut disk.unsynced) {
                let page = u64::try_from(block / PAGE).unwrap();
                let mut draw = Power {
                    operations: 0,
                    cut_at: None,
                    random: salt ^ page,
                };
                if draw.random(2) == 0 {
                    disk.write_back(block);
                }
            }
            disk.held = disk.durable.clone();
        }
    }

    fn update(
        &mut self,
        end_at: Option<u64>,
        package: &[u8],
    ) -> (Result<UpdateReport, sprag_verifier::Error>, u64) {
        self.run(end_at, |storage| update(storage, package))
    }

    /// Whether a slot holds an image.
    fn holds(&self, slot: Area, image: &[u8]) -> bool {
        let place = PLACES.iter().position(|&area| area == slot).unwrap();
        self.disks[place].held.starts_with(image)
    }

    /// What the record on the disk says must be true of the slots on the disk.
    fn assert_bootable(&mut self, context: &str) -> BootRecord {
        let record = self.run(None, BootRecord::load).0;
        let record = record.unwrap_or_else(|e| panic!("{context}: record: {e}"));
        let image = match record.confirmed {
            Area::SlotB => NEW_IMAGE,
            _ => OLD_IMAGE,
        };
        assert!(self.holds(record.confirmed, image), "{context}: {record:?}");
        if is_marked(&record) {
            let slot = record.confirmed.other_slot();
            assert!(self.holds(slot, NEW_IMAGE), "{context}: {record:?}");
        }
        record
    }
}

fn update(
    storage: &mut SlotStorage<Disk>,
    package: &[u8],
) -> Result<UpdateReport, sprag_verifier::Error> {
    let keys = trusted(&key());
    let described = intended_device(&manifest_of(package)?, Some("1.0.0"));
    let inputs = UpdateInputs {
        trust: &anchors(&keys),
        device: &described,
        ram: 1 << 20,
    };
    drive_on(storage, 0, package, &inputs, &mut |_, _| ())
}

/// Cuts an update at every `stride`-th operation, and boots and confirms after it; then lets it go on.
fn sweep(codec: CodecChoice, staging_len: usize, stride: u64) -> (u64, u64) {
    let package = package(codec);
    let whole = Gateway::new(1, staging_len).update(None, &package);
    whole.0.unwrap();
    let (mut ends, mut resumed) = (0, 0);
    for at in (0..whole.1).step_by(usize::try_from(stride).unwrap()) {
        let context = format!("cut at {at} of {}", whole.1);
        let mut gateway = Gateway::new(at, staging_len);
        assert!(gateway.update(Some(at), &package).0.is_err(), "{context}");
        ends += 1;
        gateway.power_off();
        if !is_marked(&gateway.assert_bootable(&context)) {
            ends += u64::from(gateway.update(Some(whole.1 / 2), &package).0.is_err());
            gateway.power_off();
        }
        if !is_marked(&gateway.assert_bootable(&context)) {
            let report = gateway.update(None, &package).0;
            let report = report.unwrap_or_else(|e| panic!("{context}: {e:?}"));
            resumed += u64::from(report.resumed);
        }
        for end_at in [Some(0), Some(1), Some(2), Some(3), None] {
            let _ = gateway.run(end_at, choose);
            gateway.power_off();
            gateway.assert_bootable(&context);
        }
        for end_at in [Some(0), Some(1), Some(2), Some(3), None] {
            let confirmed = gateway.run(end_at, |storage| confirm(storage, Area::SlotB));
            gateway.power_off();
            let record = gateway.assert_bootable(&context);
            if confirmed.0.is_ok() {
                assert_eq!(record.confirmed, Area::SlotB, "{context}");
            }
        }
        let record = gateway.assert_bootable(&context);
        let end = (record.phase, record.outcome, record.confirmed);
        assert_eq!(
            end,
            (Phase::Idle, Outcome::Confirmed, Area::SlotB),
            "{context}"
        );
    }
    (ends, resumed)
}

fn is_marked(record: &BootRecord) -> bool {
    matches!(record.phase, Phase::Pending | Phase::Testing)
}

/// All operations in the full form, some in the short one.
fn stride() -> u64 {
    match std::env::var_os("SPRAG_FULL") {
        Some(_) => 1,
        None => 13,
    }
}

fn assert_swept(codec: CodecChoice, staging_len: usize) {
    let (ends, resumed) = sweep(codec, staging_len, stride());
    assert!(ends > 30, "{ends} ends");
    assert!(resumed > ends / 8, "{resumed} of {ends} went on");
}

#[test]
fn a_power_cut_that_loses_what_was_not_synced_leaves_an_image_to_boot() {
    // Staged at the tail of the slot, and in an area of its own.
    for staging_len in [0, 128 << 10] {
        assert_swept(CodecChoice::BsdiffZstd, staging_len);
    }
}

/// A staging file that was all zeros is filled without an erase, and so without a sync: a cut takes back any of many
/// parts in the middle, and what an earlier run wrote lies behind the places that are free again.
#[test]
fn parts_in_the_middle_that_a_power_cut_took_back_are_staged_again() {
    let mut new = noise_of(3, 150_000);
    for (number, part) in new.chunks_mut(PAGE).enumerate() {
        // The write of a part begins behind the bytes that are like erased ones, of which it has more than later parts.
        part[..4 * (40 - number)].fill(0);
        part[4 * (40 - number)] = 1;
    }
    let mut build = inputs(Vec::new(), &new);
    build.codec = CodecChoice::Stored;
    let package = built(&build).unwrap();
    let seeds = match stride() {
        1 => 200,
        _ => 20,
    };
    let mut resumed = 0;
    for seed in 0..seeds {
        let mut gateway = Gateway::new(seed, 256 << 10);
        for disk in &mut gateway.disks[2..] {
            disk.held.fill(0);
            disk.durable.fill(0);
        }
        for cut in [260 + seed, 300 + 2 * seed] {
            assert!(gateway.update(Some(cut), &package).0.is_err());
            gateway.lose_pages();
        }
        let report = gateway.update(None, &package).0;
        let report = report.unwrap_or_else(|e| panic!("seed {seed}: {e:?}"));
        resumed += u64::from(report.resumed);
        assert!(gateway.holds(Area::SlotB, &new), "seed {seed}");
    }
    assert!(resumed > seeds / 2, "{resumed} of {seeds} went on");
}

#[test]
fn a_folder_is_made_updated_booted_and_confirmed() {
    let package = package(CodecChoice::BsdiffZstd);
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("fw");
    let new = NewSlots {
        image: OLD_IMAGE,
        slot_size: SLOT_LEN,
        staging_size: 0,
    };
    Slots::create(&folder, &new).unwrap();
    assert!(matches!(
        Slots::create(&folder, &new),
        Err(Error::Output(_))
    ));
    let left: Vec<_> = std::fs::read_dir(parent.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");

    let keys = trusted(&key());
    let manifest = manifest_of(&package).unwrap();
    let described = intended_device(&manifest, Some("1.0.0"));
    let inputs = UpdateInputs {
        trust: &anchors(&keys),
        device: &described,
        ram: 1 << 20,
    };
    let mut slots = Slots::open_for_update(&folder).unwrap();
    let busy = Slots::open_for_update(&folder);
    assert!(matches!(busy, Err(Error::Slots(SlotsError::Busy { .. }))));
    slots.update(0, &package, &inputs, &mut |_, _| ()).unwrap();
    drop(slots);
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    assert!(read("slot-a").starts_with(OLD_IMAGE));
    assert!(read("slot-b").starts_with(NEW_IMAGE));
    assert_eq!(read("slot-b").len(), usize::try_from(SLOT_LEN).unwrap());

    let mut slots = Slots::open_record(&folder).unwrap();
    assert_eq!(slots.boot().unwrap(), Boot::Trial(Area::SlotB));
    assert!(slots.confirm(Area::SlotA).is_err());
    assert_eq!(slots.confirm(Area::SlotB).unwrap().confirmed, Area::SlotB);
    assert_eq!(slots.boot().unwrap(), Boot::Confirmed(Area::SlotB));
}

#[test]
fn a_folder_that_lacks_something_is_named_with_it() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("fw");
    let new = NewSlots {
        image: OLD_IMAGE,
        slot_size: SLOT_LEN,
        staging_size: 4096,
    };
    let too_small = NewSlots {
        slot_size: 1,
        ..new
    };
    let refusal = Slots::create(&folder, &too_small);
    assert!(matches!(refusal, Err(Error::DoesNotFit { .. })));
    assert!(!folder.exists());
    for name in ["slot-a", "slot-b", "record"] {
        Slots::create(&folder, &new).unwrap();
        assert!(Slots::open(&folder).is_ok());
        std::fs::File::create(folder.join(name)).unwrap();
        assert_eq!(
            Slots::open(&folder).unwrap_err().code(),
            1130,
            "{name} empty"
        );
        std::fs::remove_file(folder.join(name)).unwrap();
        let refusal = Slots::open(&folder).unwrap_err();
        assert_eq!((refusal.code(), refusal.exit_code()), (1130, 3));
        assert!(refusal.to_string().contains(name), "{refusal}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
