//! A device on the desk: runs the real verifier over simulated flash.
//!
//! `sprag build` proves each package with it before any output, `sprag apply` makes the new image with it, and
//! `sprag demo` cuts its power.

mod drive;
mod flash;

use flash_sim::{CutStyle, Totals};
use sprag_manifest::FlashProfile;
use sprag_verifier::{
    Area, Boot, BootRecord, Device, Error, TrustAnchors, ValidityCheck, choose, confirm,
};

pub(crate) use drive::{Origin, drive};
pub(crate) use flash::SimStorage;

/// A device with flash, and no firmware but the verifier.
#[derive(Clone, Debug)]
pub struct SimulatedDevice {
    storage: SimStorage,
    slot_count: u32,
    trailer_reserve: u32,
    /// The slot that was booted last.
    running: Area,
}

/// How an update went.
#[derive(Clone, Copy, Debug)]
pub struct UpdateReport {
    /// Number of the payload that was used.
    pub payload: u32,
    /// Bytes of the arena in phase two.
    pub arena_bytes: u32,
    /// Bytes of the package that were pushed and taken.
    pub fetched_bytes: u64,
    /// What became of the validity dates.
    pub validity: ValidityCheck,
    /// Whether it went on from an earlier run.
    pub resumed: bool,
}

/// What drives an update besides the package.
#[derive(Debug)]
pub struct UpdateInputs<'i> {
    /// Keys the device trusts.
    pub trust: &'i TrustAnchors<'i>,
    /// What the device is; its installed counters are taken from the boot record where that is ahead.
    pub device: &'i Device<'i>,
    /// Bytes of memory for phase two.
    pub ram: u32,
}

impl SimulatedDevice {
    /// A device whose slot A runs `old`, and whose flash is as `profile` says, with slots grown to hold `old`.
    ///
    /// # Errors
    /// [`crate::Error::BadValue`] for granularities that no flash has, [`crate::Error::DoesNotFit`] beyond 32-bit
    /// addresses.
    pub fn new(profile: &FlashProfile, old: &[u8]) -> Result<Self, crate::Error> {
        let mut storage = SimStorage::new(profile, old.len())?;
        storage.load(Area::SlotA, old);
        Ok(Self {
            storage,
            slot_count: profile.slots,
            trailer_reserve: profile.trailer_reserve,
            running: Area::SlotA,
        })
    }

    /// Lets the `n`-th flash operation from now be the last: it is cut in the given way.
    pub fn cut_power_after(&mut self, n: u64, style: CutStyle) {
        self.storage.sim_mut().cut_after(n, style);
    }

    /// Whether the power is still on.
    #[must_use]
    pub fn is_powered(&self) -> bool {
        self.storage.sim().is_powered()
    }

    /// Switches the power on and lets the bootloader choose.
    ///
    /// # Errors
    /// What the boot chooser reports.
    pub fn power_on(&mut self) -> Result<Boot, Error> {
        self.storage.sim_mut().power_on();
        let boot = choose(&mut self.storage)?;
        self.running = boot.slot();
        Ok(boot)
    }

    /// The application on trial says that it is well.
    ///
    /// # Errors
    /// What the verifier reports.
    pub fn confirm(&mut self) -> Result<BootRecord, Error> {
        confirm(&mut self.storage, self.running)
    }

    /// The first `len` bytes of a slot.
    #[must_use]
    pub fn slot(&self, slot: Area, len: usize) -> &[u8] {
        self.storage.bytes(slot).get(..len).unwrap_or_default()
    }

    /// Counts of flash operations so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.storage.sim().totals()
    }

    /// Most erases of any sector so far.
    #[must_use]
    pub fn most_erases(&self, slot: Area) -> u32 {
        self.storage
            .erase_counts(slot)
            .iter()
            .copied()
            .max()
            .unwrap_or(0)
    }

    /// Offers `package` to the device and drives the update to the mark for the trial boot. With a single slot the
    /// application stages it, and the bootloader, after a reset, makes the new image of that.
    ///
    /// `progress` is told the bytes of the new image written, and in all.
    ///
    /// # Errors
    /// What the verifier reports; the device can be offered the package again.
    pub fn update(
        &mut self,
        package: &[u8],
        inputs: &UpdateInputs<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<UpdateReport, Error> {
        let origin = Origin::Link(package);
        let reserve = self.trailer_reserve;
        let fetched = drive(&mut self.storage, reserve, origin, inputs, progress)?;
        if self.slot_count == 2 {
            return Ok(fetched);
        }
        // A reset, but no new power.
        let Boot::Apply(_) = choose(&mut self.storage)? else {
            return Err(Error::WrongState);
        };
        let applied = self.apply_staged(inputs, progress)?;
        Ok(UpdateReport {
            arena_bytes: fetched.arena_bytes.max(applied.arena_bytes),
            ..fetched
        })
    }

    /// What the bootloader of a device with a single slot does after [`Boot::Apply`]: makes the image of what is staged,
    /// without a link. Goes on where a cut stopped it.
    ///
    /// # Errors
    /// What the verifier reports.
    pub fn apply_staged(
        &mut self,
        inputs: &UpdateInputs<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<UpdateReport, Error> {
        let reserve = self.trailer_reserve;
        drive(&mut self.storage, reserve, Origin::Staged, inputs, progress)
    }
}

#[cfg(test)]
mod tests;
