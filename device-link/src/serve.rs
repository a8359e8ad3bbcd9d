//! The device's side: answers requests, and drives an update from the pieces that come.

mod line;
mod update;

use sprag_verifier::{
    Area, BootRecord, CodecSet, Device, Phase, Resources, Storage, TrustAnchors, confirm,
};

pub use line::{Line, Port};

use crate::answer::INVALID_RC;
use crate::hello::{Hello, Stage};
use crate::request::{FALSE, Request, TRUE};
use update::{Stop, update};

/// What the firmware knows of itself.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'d> {
    /// What packages are held against; what is installed is taken from the boot record, but for the version.
    pub device: Device<'d>,
    /// What an update is given.
    pub resources: Resources,
    /// The keys.
    pub trust: &'d TrustAnchors<'d>,
    /// The slot that runs, as the bootloader chose it.
    pub running: Area,
    /// Whether the image that runs finds itself well. On trial, it is confirmed at the first request that is understood: an
    /// image that cannot be reached could not be updated either.
    pub healthy: bool,
}

/// Memory that both phases of an update use, one after the other. Sizes are bytes.
#[derive(Debug)]
pub struct Memory<'m> {
    /// The arena; the longest envelope's buffer too.
    pub bytes: &'m mut [u8],
    /// The longest envelope that is taken.
    pub envelope: usize,
}

/// Why [`serve`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The host asked for a start.
    Reset,
    /// [`Port::wait`] said that the line is gone.
    Closed,
}

/// Serves requests until the device is to start anew.
pub fn serve<P: Port, S: Storage, C: CodecSet>(
    line: &mut Line<'_, P>,
    storage: &mut S,
    memory: &mut Memory<'_>,
    identity: &Identity<'_>,
    codecs: &C,
) -> End {
    let envelope = memory.envelope;
    let mut again = false;
    loop {
        if !again && !line.receive() {
            return End::Closed;
        }
        again = false;
        let begins = match line.upload() {
            None => match attend(line, storage, identity, envelope) {
                Some(end) => return end,
                None => continue,
            },
            Some(upload) => upload.offset == 0 && upload.len.is_some(),
        };
        settle(line, storage, identity);
        if let Some(len) = line.finished_len() {
            // The answer to the last piece was lost, or the package is sent twice.
            line.answer_offset(len);
            continue;
        }
        if !begins {
            line.answer_offset(0);
            continue;
        }
        match update(line, storage, memory, identity, codecs) {
            Ok(()) => {}
            Err(Stop::Refused(error)) => line.answer_refused(&error),
            Err(Stop::Again) => again = true,
            Err(Stop::End(end)) => return end,
        }
    }
}

/// An image on trial that finds itself well is confirmed once it was reached.
fn settle<P: Port, S: Storage>(line: &mut Line<'_, P>, storage: &mut S, identity: &Identity<'_>) {
    if line.settled || !identity.healthy {
        return;
    }
    // A record that cannot be read or written is found again by whatever comes next.
    line.settled = match BootRecord::load(storage) {
        Ok(record) if record.phase == Phase::Testing => confirm(storage, identity.running).is_ok(),
        Ok(_) => true,
        Err(_) => false,
    };
}

/// Answers a request that is no piece of a package; with an end, if it asks for one.
fn attend<P: Port, S: Storage>(
    line: &mut Line<'_, P>,
    storage: &mut S,
    identity: &Identity<'_>,
    envelope: usize,
) -> Option<End> {
    let Some(request) = line.request() else {
        line.answer_unknown();
        return None;
    };
    if request == Request::Reset {
        line.answer(|writer| writer.map(0));
        return Some(End::Reset);
    }
    settle(line, storage, identity);
    let record = match BootRecord::load(storage) {
        Ok(record) => record,
        Err(error) => {
            line.answer_refused(&error);
            return None;
        }
    };
    let new = new_slot(storage, identity.running);
    let slot = storage.geometry(new).size;
    let installed = record.installed(identity.device.installed.version);
    let packet = line.capacity();
    let wide = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
    match line.request()? {
        Request::Hello => {
            let hello = Hello {
                vendor: identity.device.vendor,
                product: identity.device.product,
                hardware: identity.device.hardware,
                isa: identity.device.isa,
                version: installed.version.unwrap_or_default(),
                digest: installed.digest.as_ref().map(|digest| digest.0.as_slice()),
                security_counter: installed.security_counter,
                sequence: installed.sequence,
                stage: Stage::from(record.phase),
                outcome: record.outcome,
                ram: identity.resources.ram.into(),
                envelope: wide(envelope),
                slot: slot
                    .saturating_sub(identity.resources.trailer_reserve)
                    .into(),
                packet: wide(packet),
            };
            line.answer(|writer| hello.encode(writer));
        }
        Request::Report => match line.fault {
            Some(error) => line.answer_refused(&error),
            None => line.answer(|writer| writer.map(0)),
        },
        Request::Parameters => line.answer(|writer| {
            writer.map(2)?;
            writer.text("buf_size")?;
            writer.uint(wide(packet))?;
            writer.text("buf_count")?;
            writer.uint(1)
        }),
        Request::Echo(_) => line.echo(),
        Request::SetState { digest, confirm } => {
            let on_trial = record.phase == Phase::Testing;
            let tried = match record.phase {
                Phase::Pending | Phase::Testing => Some(record.trial_digest),
                _ => None,
            };
            let known = [tried, installed.digest];
            let mut known = known.iter().flatten();
            let known = digest.is_none_or(|digest| known.any(|known| known.0.as_slice() == digest));
            // An image that does not find itself well is not kept because somebody on the line says so.
            if !known || (confirm && on_trial) {
                line.answer_rc(INVALID_RC);
            } else {
                images(line, identity, &record, new);
            }
        }
        _ => images(line, identity, &record, new),
    }
    None
}

/// Where a new image comes to lie: in the slot that does not run, or in the only one.
fn new_slot<S: Storage>(storage: &S, running: Area) -> Area {
    match storage.geometry(Area::SlotB).size {
        0 => running,
        _ => running.other_slot(),
    }
}

/// The list of images: the one that runs, and a new one that waits for its first boot in the slot `new`.
fn images<P: Port>(
    line: &mut Line<'_, P>,
    identity: &Identity<'_>,
    record: &BootRecord,
    new: Area,
) {
    let number = |slot: Area| u64::from(slot == Area::SlotB);
    let on_trial = record.phase == Phase::Testing;
    let waits = record.phase == Phase::Pending;
    let digest = match on_trial {
        true => Some(record.trial_digest),
        false => record.installed(None).digest,
    };
    let version = identity.device.installed.version.unwrap_or_default();
    line.answer(|writer| {
        writer.map(1)?;
        writer.text("images")?;
        writer.array(if waits { 2 } else { 1 })?;
        writer.map(if digest.is_some() { 6 } else { 5 })?;
        writer.text("slot")?;
        writer.uint(number(identity.running))?;
        writer.text("version")?;
        writer.text(version)?;
        if let Some(digest) = digest {
            writer.text("hash")?;
            writer.byte_string(&digest.0)?;
        }
        for (key, value) in [
            ("bootable", true),
            ("active", true),
            ("confirmed", !on_trial),
        ] {
            writer.text(key)?;
            writer.raw(if value { TRUE } else { FALSE })?;
        }
        if waits {
            writer.map(5)?;
            writer.text("slot")?;
            writer.uint(number(new))?;
            writer.text("version")?;
            writer.text("")?;
            writer.text("hash")?;
            writer.byte_string(&record.trial_digest.0)?;
            for key in ["bootable", "pending"] {
                writer.text(key)?;
                writer.raw(TRUE)?;
            }
        }
        Ok(())
    });
}
