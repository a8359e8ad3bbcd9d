//! One update, from the first byte of a package to the mark for the trial boot, over any storage.

use sprag_verifier::{
    Attempt, BootRecord, Device, Error, Intake, Preflight, PreflightStatus, Resources, Status,
    Storage, Updater, arena_len, check, intake_len,
};

use super::{UpdateInputs, UpdateReport};
use crate::codec::HostCodecs;
use crate::trust::authenticate;

/// Boots in which a new image must confirm itself.
const TRIAL_BOOTS: u8 = 3;

/// Where the package comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'p> {
    /// The application fetches it; here it is whole.
    Link(&'p [u8]),
    /// The bootloader of a device with a single slot takes what the application staged.
    Staged,
}

/// Drives an update to the mark for the trial boot; on a device with a single slot, from a link, until all is staged,
/// and then, in the bootloader, from there. `trailer_reserve` bytes at the end of each slot belong to the bootloader.
///
/// `progress` is told the bytes of the new image written, and in all.
///
/// # Errors
/// What the verifier reports; the device can be offered the package again.
pub(crate) fn drive<S: Storage>(
    storage: &mut S,
    trailer_reserve: u32,
    origin: Origin<'_>,
    inputs: &UpdateInputs<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<UpdateReport, Error> {
    // Phase one: header, envelope, signature, policy, resources, source digest.
    let mut buffer = vec![0; intake_len(sprag_manifest::MAX_ENVELOPE_LEN)];
    let mut intake = Intake::new(&mut buffer);
    let record = BootRecord::load(storage)?;
    let (package, (authentic, head_len)) = match origin {
        Origin::Link(package) => (package, authenticate(intake, package, inputs.trust)?),
        Origin::Staged if intake.load_staged(storage)? => {
            (&[][..], (intake.authenticate(inputs.trust)?, 0))
        }
        Origin::Staged => return Err(Error::WrongState),
    };
    let mut device = with_record(inputs.device, &record);
    device.attempt = Attempt::of(&record, &authentic.digest());
    let verified = check(authentic, &device)?;
    let resources = Resources {
        ram: inputs.ram,
        trailer_reserve,
        trial_boots: TRIAL_BOOTS,
    };
    let mut preflight = Preflight::new(&verified, resources, &HostCodecs);
    if matches!(origin, Origin::Staged) {
        preflight = preflight.in_bootloader();
    }
    let plan = loop {
        match preflight.step(storage)? {
            PreflightStatus::Working => {}
            PreflightStatus::Ready(plan) => break plan,
        }
    };
    let validity = verified.validity();

    // Phase two: the arena is as long as the manifest says, and no longer.
    let arena_bytes = arena_len(&plan, &HostCodecs);
    let mut arena = vec![0; usize::try_from(arena_bytes).unwrap_or(usize::MAX)];
    let mut updater = Updater::new(plan, &mut arena, &HostCodecs)?;
    let mut fetched_bytes = u64::try_from(head_len).unwrap_or(u64::MAX);
    let mut shown = 0;
    loop {
        match updater.step(storage)? {
            Status::Done | Status::Staged => break,
            Status::NeedInput(wanted) => {
                let start = usize::try_from(wanted.offset).unwrap_or(usize::MAX);
                let len = usize::try_from(wanted.len).unwrap_or(usize::MAX);
                let end = start.saturating_add(len).min(package.len());
                let bytes = package.get(start..end).unwrap_or_default();
                if bytes.is_empty() {
                    return Err(truncated(package, wanted.offset));
                }
                let taken = updater.push(wanted.offset, bytes)?;
                fetched_bytes += u64::try_from(taken).unwrap_or(0);
            }
            _ => {}
        }
        let (done, total) = updater.progress().image;
        if done != shown {
            shown = done;
            progress(done.into(), total.into());
        }
    }
    Ok(UpdateReport {
        payload: plan.payload_number(),
        arena_bytes,
        fetched_bytes,
        validity,
        resumed: plan.is_resumed(),
    })
}

/// The package ends where the device wants more: malformed, at its end.
fn truncated(package: &[u8], wanted: u64) -> Error {
    let len = u64::try_from(package.len()).unwrap_or(u64::MAX);
    Error::StreamGap { wanted, found: len }
}

/// The device, with what its boot record knows where an update has been confirmed.
fn with_record<'d>(device: &Device<'d>, record: &BootRecord) -> Device<'d> {
    let mut device = *device;
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
    device
}
