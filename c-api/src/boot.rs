//! The functions of the bootloader, and of an image on trial. They need no handle.
#![expect(unsafe_code, reason = "the caller is written in C")]

use sprag_verifier::{Area, Boot, BootRecord, Outcome, Phase, choose, confirm, give_up};

use crate::flash::CallbackFlash;
use crate::status::{Misuse, Refusal, status};
use crate::types::{
    BootChoice, FlashConfig, RecordView, SPRAG_BOOT_APPLY, SPRAG_BOOT_CONFIRMED,
    SPRAG_BOOT_REVERTED, SPRAG_BOOT_TRIAL, SPRAG_BOOT_UNRECORDED, SPRAG_SLOT_A, SPRAG_SLOT_B,
};
use crate::{given, pointer};

/// Chooses the slot to boot, and counts the boot of an image on trial. That image is hashed each time, so that a slot
/// that lost its bytes is never booted.
///
/// On an error (`SPRAG_E_RECORD_LOST`, or of flash where no whole image is known of) a bootloader boots the slot whose image it can check by its own
/// means.
///
/// # Safety
/// `flash` is null or points at a `sprag_flash` that says its size, whose sector table may be read, and whose
/// callbacks may be called, until the function returns; `choice` is null or points at a `sprag_boot` that says its
/// size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_boot_choose(
    flash: *const FlashConfig,
    choice: *mut BootChoice,
) -> i32 {
    let choose = |flash: &mut CallbackFlash<'_>| {
        // First of all: a choice that cannot be told would still cost the image on trial one of its boots.
        // SAFETY: the caller's promise.
        unsafe { pointer::check_size(choice)? };
        let boot = choose(flash)?;
        let kind = match boot {
            Boot::Trial(_) => SPRAG_BOOT_TRIAL,
            Boot::Reverted(_) => SPRAG_BOOT_REVERTED,
            Boot::Apply(_) => SPRAG_BOOT_APPLY,
            Boot::Unrecorded { .. } => SPRAG_BOOT_UNRECORDED,
            _ => SPRAG_BOOT_CONFIRMED,
        };
        let area = flash.area(boot.slot());
        let chosen = |struct_size| BootChoice {
            struct_size,
            kind,
            slot: number(boot.slot()),
            address: area.address,
            size: area.size,
        };
        // SAFETY: the caller's promise.
        unsafe { pointer::fill(choice, chosen)? };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { with(flash, choose) }
}

/// Confirms the image on trial, which runs from `slot`: from now on it is the one that boots.
///
/// # Safety
/// `flash` as in `sprag_boot_choose`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_confirm(flash: *const FlashConfig, slot: u32) -> i32 {
    let confirm = |flash: &mut CallbackFlash<'_>| {
        confirm(flash, area(slot)?)?;
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { with(flash, confirm) }
}

/// Gives up the image on trial, which runs from `slot`: the next boot is the confirmed image's. Restart then.
///
/// # Safety
/// `flash` as in `sprag_boot_choose`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_give_up(flash: *const FlashConfig, slot: u32) -> i32 {
    let give_up = |flash: &mut CallbackFlash<'_>| {
        give_up(flash, area(slot)?)?;
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { with(flash, give_up) }
}

/// Lets a package that was reverted be tried again (`SPRAG_E_REVERTED_BEFORE`).
///
/// # Safety
/// `flash` as in `sprag_boot_choose`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_forgive(flash: *const FlashConfig) -> i32 {
    let forgive = |flash: &mut CallbackFlash<'_>| {
        BootRecord::forgive(flash)?;
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { with(flash, forgive) }
}

/// Reads the boot record, for reports and for a choice of the bootloader's own.
///
/// # Safety
/// `flash` as in `sprag_boot_choose`; `view` is null or points at a `sprag_record` that says its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_record_read(
    flash: *const FlashConfig,
    view: *mut RecordView,
) -> i32 {
    let read = |flash: &mut CallbackFlash<'_>| {
        let record = BootRecord::load(flash)?;
        let seen = |struct_size| RecordView {
            struct_size,
            confirmed: number(record.confirmed),
            phase: phase(record.phase),
            outcome: match record.outcome {
                Outcome::Confirmed => 1,
                Outcome::Reverted => 2,
                _ => 0,
            },
            tries_left: record.tries_left.into(),
            revision: record.revision,
            security_counter: record.security_counter,
            sequence: record.sequence,
        };
        // SAFETY: the caller's promise.
        unsafe { pointer::fill(view, seen)? };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { with(flash, read) }
}

/// Lets `call` work on a flash.
///
/// # Safety
/// `flash` as in `sprag_boot_choose`.
unsafe fn with(
    flash: *const FlashConfig,
    call: impl FnOnce(&mut CallbackFlash<'_>) -> Result<(), Refusal>,
) -> i32 {
    // SAFETY: the caller's promise.
    let flash = unsafe { given::flash(flash) };
    let result = flash
        .map_err(Refusal::from)
        .and_then(|mut flash| call(&mut flash));
    status(result.map(|()| crate::SPRAG_OK))
}

fn area(slot: u32) -> Result<Area, Misuse> {
    match slot {
        SPRAG_SLOT_A => Ok(Area::SlotA),
        SPRAG_SLOT_B => Ok(Area::SlotB),
        _ => Err(Misuse::Argument),
    }
}

const fn number(slot: Area) -> u32 {
    match slot {
        Area::SlotB => SPRAG_SLOT_B,
        _ => SPRAG_SLOT_A,
    }
}

/// As the record has it in flash.
const fn phase(phase: Phase) -> u32 {
    match phase {
        Phase::Idle => 0,
        Phase::Erasing => 1,
        Phase::Writing => 2,
        Phase::Pending => 3,
        Phase::Testing => 4,
        Phase::Staged => 5,
        Phase::Moving => 6,
        Phase::Decoding => 7,
        Phase::Copying => 8,
        Phase::Recovering => 9,
        _ => u32::MAX,
    }
}
