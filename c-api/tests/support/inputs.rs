//! A package for the program in C, and the same update in Rust over the same flash.

use core::ops::Range;
use std::path::{Path, PathBuf};

use sprag::{
    BuildInputs, CodecChoice, Effort, ExportForm, FullImage, IsaMismatch, ReleaseSpec, SigningKey,
    Source, WayBack, build,
};
use sprag_manifest::{Isa, KeyId, Release};
use sprag_verifier::{
    Area, Attempt, BootRecord, Device, ExampleKeys, FlashErrorKind, Geometry, Intake, KeyRole,
    NativeCodecs, Preflight, PreflightStatus, Resources, Status, Storage, TrustAnchors, TrustedKey,
    Updater, check,
};

const SMALL: usize = 2048;
/// Bytes of a large sector, as `nor.h` has it.
pub(crate) const SECTOR: usize = 4096;
/// Bytes of the flash.
pub(crate) const NOR_SIZE: usize = 4 * SMALL + 56 * SECTOR;
/// `SPRAG_MEMORY_8K`.
const MEMORY_LEN: usize = 12_288;

/// Files for the program.
pub(crate) struct Inputs {
    package: Vec<u8>,
    old: Vec<u8>,
    files: [PathBuf; 3],
}

fn key() -> SigningKey {
    SigningKey::from_seed(KeyId(*b"TESTONLY"), b"sprag tests: trust this nowhere!")
}

impl Inputs {
    /// Package, images and `trust.h`, which `sprag key export --c` would write.
    pub(crate) fn make(folder: &Path) -> Self {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../builder/demo");
        let read = |name: &str| std::fs::read(demo.join(name)).unwrap();
        let (old, new) = (read("sensor-1.0.0.bin"), read("sensor-1.1.0.bin"));
        let release = Release {
            vendor: Some("acme".into()),
            product: Some("sensor".into()),
            hardware: vec!["r1".into()],
            isa: Some(Isa::Thumb),
            new_version: Some("1.1.0".into()),
            block_size: Some(1024),
            ..Release::default()
        };
        let inputs = BuildInputs {
            release: ReleaseSpec::new(release).unwrap(),
            sources: vec![Source {
                version: "1.0.0",
                bytes: &old,
            }],
            new: &new,
            codec: CodecChoice::Native,
            ram: Some(8192),
            effort: Effort::Fast,
            full: FullImage::WhereSmaller,
            isa_mismatch: IsaMismatch::Refuse,
            told_address: None,
            profile: None,
            in_place: None,
            way_back: WayBack::Without,
        };
        let package = build(&inputs, &key(), &mut |_, _, _| ()).unwrap();
        let other = SigningKey::from_seed(KeyId(*b"OTHERKEY"), b"sprag tests: one that is not it!");
        let trust = [(key(), "test_release"), (other, "other_key")].map(|(key, name)| {
            let source = key.verifying_key().export(ExportForm::C, name).unwrap();
            String::from_utf8(source).unwrap()
        });
        std::fs::write(folder.join("trust.h"), trust.concat()).unwrap();
        let files = [("package", &package), ("old", &old), ("new", &new)].map(|(name, bytes)| {
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        });
        Self {
            package,
            old,
            files,
        }
    }

    /// Package, old and new image.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The flash after the same update without C in between.
    pub(crate) fn update_in_rust(&self) -> Vec<u8> {
        let mut nor = Nor(vec![0xff; NOR_SIZE]);
        let start = Nor::region(Area::SlotA).start;
        nor.0[start..start + self.old.len()].copy_from_slice(&self.old);
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
        let record = BootRecord::load(&mut nor).unwrap();
        let device = Device {
            vendor: "acme",
            product: "sensor",
            hardware: "r1",
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
            installed: record.installed(None),
        };
        let mut memory = vec![0; MEMORY_LEN];
        let plan = {
            let mut intake = Intake::new(&mut memory);
            intake.push(&self.package).unwrap();
            let verified = check(intake.authenticate(&trust).unwrap(), &device).unwrap();
            let resources = Resources {
                ram: u32::try_from(MEMORY_LEN).unwrap(),
                trailer_reserve: 0,
                trial_boots: 3,
            };
            let mut preflight = Preflight::new(&verified, resources, &NativeCodecs);
            loop {
                if let PreflightStatus::Ready(plan) = preflight.step(&mut nor).unwrap() {
                    break plan;
                }
            }
        };
        let mut updater = Updater::new(plan, &mut memory, &NativeCodecs).unwrap();
        loop {
            match updater.step(&mut nor).unwrap() {
                Status::Done => return nor.0,
                Status::NeedInput(wanted) => {
                    let start = usize::try_from(wanted.offset).unwrap();
                    let end = start + usize::try_from(wanted.len).unwrap();
                    let bytes = &self.package[start..end];
                    updater.push(wanted.offset, bytes).unwrap();
                }
                _ => {}
            }
        }
    }
}

/// The flash of `nor.c`.
struct Nor(Vec<u8>);

impl Nor {
    const fn region(area: Area) -> Range<usize> {
        const SLOT_A: usize = 4 * SMALL;
        const SLOT_B: usize = SLOT_A + 24 * SECTOR;
        const STAGING: usize = SLOT_B + 24 * SECTOR;
        match area {
            Area::Record => 0..2 * SMALL,
            Area::SlotA => SLOT_A..SLOT_B,
            Area::SlotB => SLOT_B..STAGING,
            Area::Staging => STAGING..NOR_SIZE,
            _ => 0..0,
        }
    }

    fn at(&mut self, area: Area, offset: u32, len: usize) -> &mut [u8] {
        let start = Self::region(area).start + usize::try_from(offset).unwrap();
        &mut self.0[start..start + len]
    }
}

impl Storage for Nor {
    fn geometry(&self, area: Area) -> Geometry {
        let region = Self::region(area);
        Geometry {
            size: u32::try_from(region.len()).unwrap(),
            write_size: 8,
            erased: 0xff,
            base: 0x0800_0000 + u32::try_from(region.start).unwrap(),
        }
    }

    fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        let size = match area {
            Area::Record => SMALL,
            _ => SECTOR,
        };
        let size = u32::try_from(size).unwrap();
        let start = offset - offset % size;
        start..start + size
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        buf.copy_from_slice(self.at(area, offset, buf.len()));
        Ok(())
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        self.at(area, offset, bytes.len()).copy_from_slice(bytes);
        Ok(())
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        let len = usize::try_from(range.end - range.start).unwrap();
        self.at(area, range.start, len).fill(0xff);
        Ok(())
    }
}
