//! What the caller has handed over, as the updater takes it: flash, keys, device, memory, callbacks.
//!
//! The references live as long as the handle, by the contract of `sprag_init`.
#![expect(unsafe_code, reason = "the caller is written in C")]

use sprag_manifest::Isa;
use sprag_verifier::{Component, Device, Installed, KeyId, KeyRole, TrustedKey};

use crate::flash::CallbackFlash;
use crate::pointer;
use crate::status::Misuse;
use crate::types::{
    Config, DeviceConfig, FlashConfig, SPRAG_FLAG_BOOTLOADER, SPRAG_FLAG_DEFERRED,
    SPRAG_FLAG_EXAMPLE_KEYS, SPRAG_FLASH_OUT_OF_BOUNDS, SPRAG_KNOWN_BATTERY,
    SPRAG_KNOWN_LOAD_ADDRESS, SPRAG_KNOWN_MINUTE, SPRAG_KNOWN_NOW, SPRAG_KNOWN_RAM,
    SPRAG_KNOWN_STORAGE, SPRAG_KNOWN_TEMPERATURE, SPRAG_MAX_KEYS, SPRAG_MAX_SECTOR_RUNS,
    SPRAG_ROLE_RELEASE, SPRAG_ROLE_ROOT,
};

/// A configuration whose caller has promised what `sprag_init` asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    config: Config,
}

impl Given {
    /// Takes the promise.
    ///
    /// # Safety
    /// What `config` points at may be read, and its memory be written, until the `Given` is gone, and nothing else
    /// changes it.
    pub(crate) const unsafe fn new(config: Config) -> Self {
        Self { config }
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// Finds out at once what is wrong with it.
    pub(crate) fn check(&self) -> Result<(), Misuse> {
        let known = SPRAG_FLAG_EXAMPLE_KEYS | SPRAG_FLAG_BOOTLOADER | SPRAG_FLAG_DEFERRED;
        if self.config.flags & !known != 0 {
            return Err(Misuse::Argument);
        }
        self.trial_boots()?;
        self.flash()?;
        self.device(Installed::default())?;
        self.keys().map(|_| ())
    }

    pub(crate) fn trial_boots(&self) -> Result<u8, Misuse> {
        u8::try_from(self.config.trial_boots).map_err(|_| Misuse::Argument)
    }

    pub(crate) fn flash(&self) -> Result<CallbackFlash<'static>, Misuse> {
        // SAFETY: the promise of `new`.
        unsafe { flash(self.config.flash) }
    }

    /// The memory of both phases, one after the other.
    ///
    /// # Safety
    /// No reference that an earlier call has returned is used again.
    pub(crate) unsafe fn memory(&self) -> Result<&'static mut [u8], Misuse> {
        // SAFETY: the promise of `new`, and the caller's.
        unsafe { pointer::memory(self.config.memory, self.config.memory_len) }
    }

    /// The trust store, and how many keys it has.
    pub(crate) fn keys(&self) -> Result<([TrustedKey; SPRAG_MAX_KEYS], usize), Misuse> {
        let none = TrustedKey {
            id: KeyId([0; 8]),
            role: KeyRole::Root,
            key: [0; 32],
        };
        let mut keys = [none; SPRAG_MAX_KEYS];
        let count = usize::try_from(self.config.key_count).map_err(|_| Misuse::Argument)?;
        if count > SPRAG_MAX_KEYS {
            return Err(Misuse::Argument);
        }
        // SAFETY: the promise of `new`.
        let given = unsafe { pointer::slice(self.config.keys, count)? };
        for (key, given) in keys.iter_mut().zip(given) {
            *key = TrustedKey {
                // SAFETY: the promise of `new`.
                id: KeyId(unsafe { pointer::bytes(given.id)? }),
                role: match given.role {
                    SPRAG_ROLE_RELEASE => KeyRole::Release,
                    SPRAG_ROLE_ROOT => KeyRole::Root,
                    _ => return Err(Misuse::Argument),
                },
                // SAFETY: the promise of `new`.
                key: unsafe { pointer::bytes(given.key)? },
            };
        }
        Ok((keys, count))
    }

    /// The device, with what its boot record says.
    pub(crate) fn device(&self, installed: Installed<'static>) -> Result<Device<'static>, Misuse> {
        // SAFETY: the promise of `new`.
        let device = unsafe { pointer::shared(self.config.device)? };
        let DeviceConfig {
            vendor,
            product,
            hardware,
            version,
            bootloader,
            os,
            layout,
            ..
        } = *device;
        let mut texts = [None; 7];
        let pointers = [vendor, product, hardware, version, bootloader, os, layout];
        for (text, pointer) in texts.iter_mut().zip(pointers) {
            // SAFETY: the promise of `new`.
            *text = unsafe { pointer::text(pointer)? };
        }
        let [vendor, product, hardware, version, bootloader, os, layout] = texts;
        let known = |bit: u32| device.known & bit != 0;
        let component =
            |id: Option<&'static str>, version: u64| id.map(|id| Component { id, version });
        Ok(Device {
            vendor: vendor.ok_or(Misuse::NullPointer)?,
            product: product.ok_or(Misuse::NullPointer)?,
            hardware: hardware.ok_or(Misuse::NullPointer)?,
            isa: Isa::from_number(device.isa.into()).ok_or(Misuse::Argument)?,
            bootloader: component(bootloader, device.bootloader_version),
            os: component(os, device.os_version),
            layout,
            load_address: known(SPRAG_KNOWN_LOAD_ADDRESS).then_some(device.load_address),
            keyset_version: device.keyset_version,
            now: known(SPRAG_KNOWN_NOW).then_some(device.now),
            battery_percent: known(SPRAG_KNOWN_BATTERY).then_some(device.battery_percent),
            free_storage: known(SPRAG_KNOWN_STORAGE).then_some(device.free_storage),
            temperature: known(SPRAG_KNOWN_TEMPERATURE).then_some(device.temperature),
            free_ram: known(SPRAG_KNOWN_RAM).then_some(device.free_ram),
            minute_of_day: known(SPRAG_KNOWN_MINUTE).then_some(device.minute_of_day),
            attempt: sprag_verifier::Attempt::First,
            installed: Installed {
                version,
                ..installed
            },
        })
    }
}

/// The flash at `pointer`.
///
/// # Safety
/// If it is not null, it and its sector table may be read for as long as the result lives, nothing changes them, and
/// its callbacks may be called.
pub(crate) unsafe fn flash<'c>(pointer: *const FlashConfig) -> Result<CallbackFlash<'c>, Misuse> {
    // SAFETY: the caller's promise.
    let config: &FlashConfig = unsafe { pointer::shared(pointer)? };
    if config.sector_runs > SPRAG_MAX_SECTOR_RUNS {
        return Err(Misuse::FlashLayout);
    }
    let count = usize::try_from(config.sector_runs).map_err(|_| Misuse::FlashLayout)?;
    // SAFETY: the caller's promise.
    let runs = unsafe { pointer::slice(config.sectors, count)? };
    CallbackFlash::new(config, runs)
}

// A `FlashConfig` that comes by reference was made by `flash` above, whose caller has promised that its callbacks may
// be called. Null ones have been refused; they answer as if the address were outside.

pub(crate) fn read(config: &FlashConfig, address: u32, buf: &mut [u8]) -> i32 {
    config.read.map_or(SPRAG_FLASH_OUT_OF_BOUNDS, |read| {
        // SAFETY: so many bytes may be written there; the rest is the promise.
        unsafe { read(config.user, address, buf.as_mut_ptr(), buf.len()) }
    })
}

pub(crate) fn write(config: &FlashConfig, address: u32, bytes: &[u8]) -> i32 {
    config.write.map_or(SPRAG_FLASH_OUT_OF_BOUNDS, |write| {
        // SAFETY: so many bytes may be read there; the rest is the promise.
        unsafe { write(config.user, address, bytes.as_ptr(), bytes.len()) }
    })
}

pub(crate) fn erase(config: &FlashConfig, address: u32, len: u32) -> i32 {
    config.erase.map_or(SPRAG_FLASH_OUT_OF_BOUNDS, |erase| {
        // SAFETY: the promise.
        unsafe { erase(config.user, address, len) }
    })
}

pub(crate) fn idle(config: &FlashConfig) {
    if let Some(idle) = config.idle {
        // SAFETY: the promise.
        unsafe { idle(config.user) };
    }
}
