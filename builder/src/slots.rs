//! Two slots, a boot record and a staging area as files of one folder, or as partitions that it links to: how a
//! gateway under Linux holds its old and its new image.
//!
//! | name in the folder | what it is |
//! | --- | --- |
//! | `slot-a`, `slot-b` | an image each, from the first byte on; as long as a slot is |
//! | `record` | the boot record; zeros on a new device |
//! | `staging` | where the package waits while it arrives; may be missing |
//!
//! The length of a file or partition is the size of its area. What makes a power cut harmless is the order of
//! writes and syncs, and that is [`SlotStorage`]'s.

mod error;
mod medium;
mod storage;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sprag_verifier::{Area, Boot, BootRecord, Storage as _, choose, confirm};

pub use self::error::{SLOT_CODES, SlotsError};
use self::medium::Medium;
use self::storage::{Areas, RECORD_LEN, SlotStorage};
use crate::device::{Origin, UpdateInputs, UpdateReport, drive};
use crate::error::Error;
use crate::output::{OutputError, folder_of, sync_folder};

/// A folder of slots, locked while this lives, unless it was opened to be looked at.
#[derive(Debug)]
pub struct Slots {
    folder: PathBuf,
    storage: SlotStorage<File>,
}

/// What a folder of slots is made with. Sizes are bytes.
#[derive(Clone, Copy, Debug)]
pub struct NewSlots<'i> {
    /// The image that slot A begins with.
    pub image: &'i [u8],
    /// Size of each slot.
    pub slot_size: u32,
    /// Size of the staging area; 0 for none.
    pub staging_size: u32,
}

impl Slots {
    /// Makes a folder whose slot A holds an image and whose boot record says so: complete or absent.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`] if the image is longer than the slot; [`OutputError`] if there is something of that
    /// name, or the disk refuses.
    pub fn create(folder: &Path, new: &NewSlots<'_>) -> Result<(), Error> {
        let (need, have) = (wide(new.image.len()), u64::from(new.slot_size));
        if need > have {
            return Err(Error::DoesNotFit {
                what: "the image",
                need,
                have,
            });
        }
        if folder.symlink_metadata().is_ok() {
            let path = folder.into();
            return Err(OutputError::Exists { path }.into());
        }
        let failed = |e| Error::from(OutputError::from_io(folder, e));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".sprag-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o777));
        }
        let made = builder.tempdir_in(folder_of(folder)).map_err(failed)?;
        let sizes = [
            (Area::SlotA, new.slot_size),
            (Area::SlotB, new.slot_size),
            (Area::Record, RECORD_LEN),
            (Area::Staging, new.staging_size),
        ];
        for (area, size) in sizes.into_iter().filter(|&(_, size)| size > 0) {
            let path = made.path().join(name(area));
            if area == Area::SlotA {
                fs::write(&path, new.image).map_err(failed)?;
            }
            let mut options = File::options();
            let file = options.write(true).create(true).truncate(false).open(&path);
            let file = file.map_err(failed)?;
            file.set_len(size.into()).map_err(failed)?;
            file.sync_all().map_err(failed)?;
        }
        sync_folder(&made.path().join(name(Area::SlotA)));
        fs::rename(made.path(), folder).map_err(failed)?;
        // It has its name now; there is nothing to remove.
        let _ = made.keep();
        sync_folder(folder);
        Ok(())
    }

    /// Opens a folder to look at it: nothing can be written.
    ///
    /// # Errors
    /// [`SlotsError`] if something is missing or cannot be read.
    pub fn open(folder: &Path) -> Result<Self, SlotsError> {
        Self::open_with(folder, &[])
    }

    /// Opens a folder to change its boot record.
    ///
    /// # Errors
    /// As [`Slots::open`]; [`SlotsError::Busy`] while another process has it open.
    pub fn open_record(folder: &Path) -> Result<Self, SlotsError> {
        Self::open_with(folder, &[Area::Record])
    }

    /// Opens a folder for an update: everything but the slot with the confirmed image can be written.
    ///
    /// # Errors
    /// As [`Slots::open_record`], and the boot record must be readable.
    pub fn open_for_update(folder: &Path) -> Result<Self, Error> {
        let mut slots = Self::open_record(folder)?;
        let target = slots.record()?.confirmed.other_slot();
        for area in [target, Area::Staging] {
            let size = slots.storage.geometry(area).size;
            if size > 0 {
                let file = open_file(folder, area, Access::Write)?;
                slots.storage.replace(area, file);
            }
        }
        Ok(slots)
    }

    fn open_with(folder: &Path, writable: &[Area]) -> Result<Self, SlotsError> {
        let open = |area| {
            let access = match writable.contains(&area) {
                true => Access::Write,
                false => Access::Read,
            };
            open_file(folder, area, access)
        };
        let record = open(Area::Record)?;
        if !writable.is_empty() && record.try_lock().is_err() {
            let folder = folder.into();
            return Err(SlotsError::Busy { folder });
        }
        let staging = match folder.join(name(Area::Staging)).exists() {
            true => Some(open(Area::Staging)?),
            false => None,
        };
        let areas = Areas {
            slot_a: open(Area::SlotA)?,
            slot_b: open(Area::SlotB)?,
            record,
            staging,
        };
        let storage = SlotStorage::new(areas).map_err(|(area, reason)| SlotsError::Incomplete {
            path: folder.join(name(area)),
            reason,
        })?;
        Ok(Self {
            folder: folder.into(),
            storage,
        })
    }

    /// The path of an area's file or partition.
    #[must_use]
    pub fn path(&self, area: Area) -> PathBuf {
        self.folder.join(name(area))
    }

    /// What the boot record says.
    ///
    /// # Errors
    /// What the verifier reports, or the system.
    pub fn record(&mut self) -> Result<BootRecord, Error> {
        let record = BootRecord::load(&mut self.storage);
        record.map_err(|e| self.reason(e))
    }

    /// Chooses the slot to boot and counts the try, as a bootloader does at every reset.
    ///
    /// # Errors
    /// As [`Slots::record`].
    pub fn boot(&mut self) -> Result<Boot, Error> {
        let boot = choose(&mut self.storage);
        boot.map_err(|e| self.reason(e))
    }

    /// The image that runs from `running` says that it is well.
    ///
    /// # Errors
    /// As [`Slots::record`]; [`sprag_verifier::Error::NothingToConfirm`] if it is not on trial.
    pub fn confirm(&mut self, running: Area) -> Result<BootRecord, Error> {
        let record = confirm(&mut self.storage, running);
        record.map_err(|e| self.reason(e))
    }

    /// Offers `package` and drives the update to the mark for the trial boot. Killed at any point, or cut off from
    /// power, it can be called again. `trailer_reserve` bytes at the end of the slots are left alone.
    ///
    /// # Errors
    /// What the verifier reports, or the system.
    pub fn update(
        &mut self,
        trailer_reserve: u32,
        package: &[u8],
        inputs: &UpdateInputs<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<UpdateReport, Error> {
        let storage = &mut self.storage;
        let done = drive_on(storage, trailer_reserve, package, inputs, progress);
        done.map_err(|e| self.reason(e))
    }

    /// What the system said of a file, where that is behind an error of the device code.
    fn reason(&mut self, e: sprag_verifier::Error) -> Error {
        match (e.code(), self.storage.take_failure()) {
            (801..=803, Some((area, source))) => {
                let path = self.path(area);
                SlotsError::Failed { path, source }.into()
            }
            _ => e.into(),
        }
    }
}

/// Drives an update. Flash tears one staged part in a power cut, and the log has room for some; a disk can tear many.
/// Where that leaves no room, the record says so and the update begins anew.
fn drive_on<M: Medium>(
    storage: &mut SlotStorage<M>,
    trailer_reserve: u32,
    package: &[u8],
    inputs: &UpdateInputs<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<UpdateReport, sprag_verifier::Error> {
    let origin = Origin::Link(package);
    match drive(storage, trailer_reserve, origin, inputs, progress) {
        Err(sprag_verifier::Error::StagingExhausted { .. }) => {
            drive(storage, trailer_reserve, origin, inputs, progress)
        }
        done => done,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

fn open_file(folder: &Path, area: Area, access: Access) -> Result<File, SlotsError> {
    let path = folder.join(name(area));
    let write = access == Access::Write;
    File::options()
        .read(true)
        .write(write)
        .open(&path)
        .map_err(|source| SlotsError::from_io(path, source))
}

/// The name of an area's file.
#[must_use]
pub const fn name(area: Area) -> &'static str {
    match area {
        Area::SlotA => "slot-a",
        Area::SlotB => "slot-b",
        Area::Staging => "staging",
        _ => "record",
    }
}

fn wide(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
