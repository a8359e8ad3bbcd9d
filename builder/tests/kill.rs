//! `sprag apply --slots`, `slots boot` and `slots confirm` are killed at random points and run again.
//!
//! After every kill the folder is looked at as a bootloader would: the record can be read, and the slots that it
//! says can boot hold the old image or the new one, whole. `SPRAG_FULL=1` kills 1,000 times.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/fixture.rs"]
mod fixture;

use core::time::Duration;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use sprag::{CodecChoice, FullImage, NewSlots, Slots, slot_name};
use sprag_verifier::{Area, BootRecord, Outcome, Phase};
use tempfile::TempDir;

const SEED: u64 = 20_261_121;
const SLOT_LEN: u32 = 512 << 10;
/// Signal number of a kill that no process can refuse.
const SIGKILL: i32 = 9;
/// Kills in one life of a folder; then the update may end.
const KILLS_PER_LIFE: u32 = 5;

struct Bench {
    folder: TempDir,
    random: u64,
    /// How long an update takes here, when nobody kills it.
    whole: Duration,
    kills: u32,
    /// Kills that left an update under way.
    midway: u32,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let package = fixture::package(CodecChoice::BsdiffZstd, FullImage::WhereSmaller, 1024);
        fs::write(folder.path().join("fw.sprag"), package).unwrap();
        let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys/TEST-ONLY.pub");
        fs::copy(key, folder.path().join("TEST-ONLY.pub")).unwrap();
        let mut bench = Self {
            folder,
            random: SEED,
            whole: Duration::ZERO,
            kills: 0,
            midway: 0,
        };
        bench.make_slots();
        let start = Instant::now();
        assert!(bench.apply().wait().unwrap().success());
        bench.whole = start.elapsed();
        bench
    }

    fn slots(&self) -> PathBuf {
        self.folder.path().join("fw")
    }

    fn make_slots(&self) {
        let _ = fs::remove_dir_all(self.slots());
        let new = NewSlots {
            image: fixture::OLD,
            slot_size: SLOT_LEN,
            staging_size: 0,
        };
        Slots::create(&self.slots(), &new).unwrap();
        // An older image was here: what is not erased shows.
        fs::write(
            self.slots().join("slot-b"),
            vec![0xa5; usize::try_from(SLOT_LEN).unwrap()],
        )
        .unwrap();
    }

    fn spawn(&self, arguments: &str) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sprag"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null()).spawn().unwrap()
    }

    fn apply(&self) -> Child {
        self.spawn("apply fw.sprag --slots fw --trust TEST-ONLY.pub")
    }

    /// Lets the child run for a random time, kills it, and looks at what it left.
    fn kill(&mut self, mut child: Child) -> (ExitStatus, BootRecord) {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let share = u32::try_from((z ^ (z >> 31)) % 1000).unwrap();
        // Squared, since an update that goes on takes less time than a whole one.
        std::thread::sleep(self.whole * share / 1000 * share / 1000);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let record = self.assert_bootable();
        if status.signal() == Some(SIGKILL) {
            self.kills += 1;
            self.midway += u32::from(matches!(record.phase, Phase::Erasing | Phase::Writing));
        }
        (status, record)
    }

    fn holds(&self, slot: Area, image: &[u8]) -> bool {
        let bytes = fs::read(self.slots().join(slot_name(slot))).unwrap();
        bytes.starts_with(image)
    }

    /// What the record says can boot holds an image.
    fn assert_bootable(&self) -> BootRecord {
        let record = Slots::open(&self.slots()).unwrap().record().unwrap();
        let confirmed = match record.confirmed {
            Area::SlotB => fixture::NEW,
            _ => fixture::OLD,
        };
        assert!(self.holds(record.confirmed, confirmed), "{record:?}");
        if matches!(record.phase, Phase::Pending | Phase::Testing) {
            let trial = record.confirmed.other_slot();
            assert!(self.holds(trial, fixture::NEW), "{record:?}");
        }
        record
    }

    /// One life of a folder, from the factory to the confirmed update.
    fn live(&mut self) {
        self.make_slots();
        for _ in 0..KILLS_PER_LIFE {
            let child = self.apply();
            self.kill(child);
        }
        // Whatever became of them: once more, undisturbed.
        assert!(self.apply().wait().unwrap().success());
        let record = self.assert_bootable();
        assert_eq!(record.phase, Phase::Pending);
        let boot = self.spawn("slots boot fw");
        self.kill(boot);
        assert!(self.spawn("slots boot fw").wait().unwrap().success());
        let confirm = self.spawn("slots confirm fw --running slot-b");
        let (_, record) = self.kill(confirm);
        if record.confirmed == Area::SlotA {
            let mut again = self.spawn("slots confirm fw --running slot-b");
            assert!(again.wait().unwrap().success());
        }
        let record = self.assert_bootable();
        let end = (record.phase, record.outcome, record.confirmed);
        assert_eq!(end, (Phase::Idle, Outcome::Confirmed, Area::SlotB));
    }
}

#[test]
fn killed_at_random_points_it_ends_right() {
    let wanted = match std::env::var_os("SPRAG_FULL") {
        Some(_) => 1000,
        None => 25,
    };
    let mut bench = Bench::new();
    let mut lives = 0;
    while bench.kills < wanted {
        bench.live();
        lives += 1;
        assert!(
            lives < wanted,
            "{} kills only: all ended first",
            bench.kills
        );
    }
    println!(
        "{} kills in {lives} lives, {} of them with an update under way; all ended right",
        bench.kills, bench.midway
    );
    assert!(bench.midway > 0, "no kill met an update under way");
}
