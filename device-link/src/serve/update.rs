//! One update: the pieces of a package pushed into the verifier, and the byte wanted next as the answer.

use sprag_verifier::{
    Attempt, BootRecord, CodecSet, Error, Intake, Plan, Preflight, PreflightStatus, Retry,
    RetryLimits, Status, Storage, Updater, arena_len, check, intake_len,
};

use super::line::{Line, PackageTag, Port};
use super::{End, Identity, Memory, attend};
use crate::request::Upload;

/// Why an update ended before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The verifier refused; the request that was received last has not been answered.
    Refused(Error),
    /// The request that was received last begins another package.
    Again,
    /// The device is to start anew, or the line is gone.
    End(End),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// What both phases use.
struct Session<'s, 'b, P, S> {
    line: &'s mut Line<'b, P>,
    storage: &'s mut S,
    identity: &'s Identity<'s>,
    envelope: usize,
    package: Option<PackageTag>,
}

/// Takes the package whose first piece was received last. After `Ok` all is answered, and the new image waits for the next
/// start.
pub(super) fn update<P: Port, S: Storage, C: CodecSet>(
    line: &mut Line<'_, P>,
    storage: &mut S,
    memory: &mut Memory<'_>,
    identity: &Identity<'_>,
    codecs: &C,
) -> Result<(), Stop> {
    let first = line.upload().unwrap_or_default();
    let (package, package_len) = (PackageTag::of(&first), first.len.unwrap_or(0));
    let mut session = Session {
        line,
        storage,
        identity,
        envelope: memory.envelope,
        package,
    };
    let head = intake_len(memory.envelope).min(memory.bytes.len());
    let (head, _) = memory.bytes.split_at_mut_checked(head).unwrap_or_default();
    let plan = session.phase_one(head, codecs)?;
    let need = arena_len(&plan, codecs);
    let have = u32::try_from(memory.bytes.len()).unwrap_or(u32::MAX);
    let arena = usize::try_from(need)
        .ok()
        .and_then(|len| memory.bytes.get_mut(..len));
    let arena = arena.ok_or(Error::Ram { need, have })?;
    session.phase_two(plan, arena, codecs)?;
    session.line.finished = session.package;
    session.line.answer_offset(package_len);
    Ok(())
}

impl<P: Port, S: Storage> Session<'_, '_, P, S> {
    /// Is it ours?
    #[inline(never)]
    fn phase_one<C: CodecSet>(&mut self, buffer: &mut [u8], codecs: &C) -> Result<Plan, Stop> {
        let mut intake = Intake::new(buffer);
        let mut taken = 0_u64;
        loop {
            let upload = self.line.upload().unwrap_or_default();
            let count = intake.push(fresh(&upload, taken))?;
            taken = u64::try_from(count).map_or(taken, |count| taken.saturating_add(count));
            if intake.wanted() == 0 {
                break;
            }
            self.line.answer_offset(taken);
            self.next_piece()?;
        }
        let authentic = intake.authenticate(self.identity.trust)?;
        let record = BootRecord::load(self.storage)?;
        let mut device = self.identity.device;
        device.installed = record.installed(device.installed.version);
        device.attempt = Attempt::of(&record, &authentic.digest());
        let verified = check(authentic, &device)?;
        let mut preflight = Preflight::new(&verified, self.identity.resources, codecs);
        loop {
            if let PreflightStatus::Ready(plan) = preflight.step(self.storage)? {
                return Ok(plan);
            }
        }
    }

    /// Apply it.
    #[inline(never)]
    fn phase_two<C: CodecSet>(
        &mut self,
        plan: Plan,
        arena: &mut [u8],
        codecs: &C,
    ) -> Result<(), Stop> {
        let mut updater = Updater::new(plan, arena, codecs)?;
        let mut retry = Retry::new(RetryLimits::default());
        // Whether the piece that was received last is used up.
        let mut used = false;
        loop {
            let wanted = match updater.step(self.storage)? {
                Status::NeedInput(wanted) => wanted,
                Status::Done | Status::Staged => return Ok(()),
                _ => continue,
            };
            let upload = self.line.upload().unwrap_or_default();
            let piece = fresh(&upload, wanted.offset);
            if used || piece.is_empty() {
                self.line.answer_offset(wanted.offset);
                self.next_piece()?;
                used = false;
                continue;
            }
            match updater.push(wanted.offset, piece) {
                Ok(_) if updater.wanted().is_none() => retry.verified(),
                Ok(_) => {}
                Err(refusal) => {
                    // The host decides how long to wait; what came with the bad part is not looked at.
                    retry.refused(refusal)?;
                    used = true;
                }
            }
        }
    }

    /// Waits for the next piece of this package, and answers what else is asked.
    fn next_piece(&mut self) -> Result<(), Stop> {
        loop {
            if !self.line.receive() {
                return Err(Stop::End(End::Closed));
            }
            match self.line.upload() {
                Some(upload) if upload.offset == 0 && upload.len.is_some() => {
                    // The host begins anew: with this package, at what is wanted now.
                    let same = self.package.is_some() && PackageTag::of(&upload) == self.package;
                    return if same { Ok(()) } else { Err(Stop::Again) };
                }
                Some(_) => return Ok(()),
                None => {
                    let end = attend(self.line, self.storage, self.identity, self.envelope);
                    if let Some(end) = end {
                        return Err(Stop::End(end));
                    }
                }
            }
        }
    }
}

/// The bytes of a piece from `offset` of the package on; none if it lies elsewhere.
fn fresh<'b>(upload: &Upload<'b>, offset: u64) -> &'b [u8] {
    let skip = offset.checked_sub(upload.offset);
    let skip = skip.and_then(|skip| usize::try_from(skip).ok());
    skip.and_then(|skip| upload.data.get(skip..))
        .unwrap_or_default()
}
