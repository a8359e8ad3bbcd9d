//! A package on its way to a device over a line, in SMP (docs/SERIAL.md): who is there, is it for that device, the bytes that the
//! device wants, and the start of the new image. The line may break off and the device may start anew at any moment.

mod error;
mod fit;
mod peer;
mod wire;

use core::time::Duration;
use std::time::Instant;

use sprag_link::{Fault, Hello, Request, Side, Stage, Upload};
use sprag_manifest::{Digest, Isa, Manifest};
use sprag_verifier::Outcome;

use crate::digest::sha256;
use crate::error::Error;
use crate::verify::manifest_of;

pub use error::{LINK_CODES, LinkError, Reported};
use fit::refusal;
use peer::{Broken, PACKET_MAX, Peer};
pub use wire::Address;
use wire::Wire;

/// Between two tries to open a line, or two questions whether an image was confirmed.
const PAUSE: Duration = Duration::from_millis(50);
/// Bytes of a packet around the data: header, keys, offset; and with the first piece length and tag.
const AROUND: u64 = 48;
const AROUND_FIRST: u64 = 120;
/// The same answer so often is no progress.
const STALLS: u32 = 40;

/// How patient to be, and what to do at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendOptions {
    /// How long one answer may take before the request is repeated.
    pub answer: Duration,
    /// How long nothing may move forward: a device that is gone, or that starts anew.
    pub patience: Duration,
    /// Whether the device is asked to start the new image, and watched until it confirms it.
    pub start: bool,
}

/// What a device said of itself, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceFacts {
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Revision of the board.
    pub hardware: String,
    /// Instruction set.
    pub isa: Isa,
    /// Version of the image that runs.
    pub version: String,
    /// Digest of the confirmed image, once one was confirmed.
    pub digest: Option<Digest>,
    /// Security counter of the confirmed image.
    pub security_counter: u64,
    /// Sequence number of the confirmed image.
    pub sequence: u64,
    /// How an update stands.
    pub stage: Stage,
    /// How the last one ended.
    pub outcome: Outcome,
    /// Bytes of memory for an update.
    pub ram: u64,
    /// Bytes of the longest envelope.
    pub envelope: u64,
    /// Bytes of the longest image.
    pub slot: u64,
    /// Bytes of the longest packet.
    pub packet: u64,
}

impl From<Hello<'_>> for DeviceFacts {
    fn from(hello: Hello<'_>) -> Self {
        let digest = hello.digest.and_then(|digest| digest.try_into().ok());
        Self {
            vendor: hello.vendor.into(),
            product: hello.product.into(),
            hardware: hello.hardware.into(),
            isa: hello.isa,
            version: hello.version.into(),
            digest: digest.map(Digest),
            security_counter: hello.security_counter,
            sequence: hello.sequence,
            stage: hello.stage,
            outcome: hello.outcome,
            ram: hello.ram,
            envelope: hello.envelope,
            slot: hello.slot,
            packet: hello.packet,
        }
    }
}

/// What happens on the way.
#[derive(Clone, Copy, Debug)]
pub enum SendEvent<'e> {
    /// The device has said who it is, for the first time.
    Device(&'e DeviceFacts),
    /// The device wants the package from this byte on, of so many.
    Wants(u64, u64),
    /// The line broke off, or the device is silent; it is tried again.
    Lost,
    /// All is there, and the device starts the new image.
    Starting,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The device ran the new image before anything was sent.
    Already,
    /// The new image waits for the next start.
    Waiting,
    /// The new image runs and is confirmed.
    Confirmed,
}

/// What was done.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The device, as it was found.
    pub device: DeviceFacts,
    /// How it ended.
    pub outcome: SendOutcome,
    /// The byte that the device wanted first behind the head of the package: beyond the first block, it went on.
    pub resumed_at: Option<u64>,
    /// Bytes of the package that were sent, repetitions included.
    pub sent_bytes: u64,
    /// Times that an answer did not come.
    pub repeated: u32,
    /// Times that the line was opened again.
    pub reconnects: u32,
}

/// Brings `package` to the device behind `address`.
///
/// # Errors
/// What the package is not, before the line is opened; [`Error::Device`] if it is not for that device, before a byte of it is sent;
/// [`Error::Link`] if the line fails for longer than the patience, and what the device reports.
pub fn send(
    address: &Address,
    package: &[u8],
    options: &SendOptions,
    tell: &mut dyn FnMut(SendEvent<'_>),
) -> Result<Sent, Error> {
    let manifest = manifest_of(package)?;
    let mut journey = Journey {
        package,
        tag: sha256(package),
        manifest: &manifest,
        options,
        tell,
        device: None,
        moved: Instant::now(),
        best: 0,
        all_there: false,
        resumed_at: None,
        sent_bytes: 0,
        repeated: 0,
    };
    let (mut reconnects, mut sequence) = (0, 0);
    loop {
        let broken = match Wire::open(address, options.answer) {
            Ok(wire) => {
                let mut peer = Peer::new(wire, options.answer, sequence);
                let came_to = journey.talk(&mut peer);
                sequence = peer.sequence();
                match came_to {
                    Ok(outcome) => return journey.report(outcome, reconnects),
                    Err(broken) => broken,
                }
            }
            Err(source) => Broken::Lost(Some(source)),
        };
        match broken {
            Broken::Ended(error) => return Err(*error),
            Broken::Lost(source) if journey.moved.elapsed() > options.patience => {
                let port = address.to_string();
                return Err(Error::Link(match source {
                    Some(source) => LinkError::Failed { port, source },
                    None => LinkError::Silent { port },
                }));
            }
            Broken::Lost(_) => {}
        }
        reconnects += 1;
        (journey.tell)(SendEvent::Lost);
        std::thread::sleep(PAUSE);
    }
}

struct Journey<'j, 'e> {
    package: &'j [u8],
    tag: Digest,
    manifest: &'j Manifest<'j>,
    options: &'j SendOptions,
    tell: &'e mut dyn FnMut(SendEvent<'_>),
    device: Option<DeviceFacts>,
    /// When something moved forward last.
    moved: Instant,
    /// The greatest offset that the device has wanted.
    best: u64,
    /// Whether the device has had the whole package.
    all_there: bool,
    resumed_at: Option<u64>,
    sent_bytes: u64,
    repeated: u32,
}

impl Journey<'_, '_> {
    fn talk(&mut self, peer: &mut Peer) -> Result<SendOutcome, Broken> {
        loop {
            let facts = self.hello(peer)?;
            if self.device.is_none() {
                (self.tell)(SendEvent::Device(&facts));
                self.device = Some(facts.clone());
                self.moved = Instant::now();
            }
            if self.runs_new(&facts) {
                if facts.stage != Stage::Trial {
                    let sent = self.all_there || self.sent_bytes > 0;
                    return Ok(if sent {
                        SendOutcome::Confirmed
                    } else {
                        SendOutcome::Already
                    });
                }
            } else if self.all_there
                && (facts.stage, facts.outcome) == (Stage::Idle, Outcome::Reverted)
            {
                // While an update is under way, the outcome is that of the one before.
                let version = facts.version;
                return Err(ended(Error::Link(LinkError::Reverted { version })));
            } else if facts.stage != Stage::Pending || !self.all_there {
                refusal(self.manifest, self.package, &facts)
                    .map_or(Ok(()), |e| Err(ended(Error::Device(e))))?;
                self.upload(peer, facts.packet)?;
                // A device that forgets what it was sent is sent it again, but not for ever.
                if !self.all_there {
                    (self.all_there, self.moved) = (true, Instant::now());
                }
                if !self.options.start {
                    return Ok(SendOutcome::Waiting);
                }
                (self.tell)(SendEvent::Starting);
                // The answer may be lost with the start.
                peer.order(&Request::Reset)?;
            } else {
                peer.order(&Request::Reset)?;
            }
            if self.moved.elapsed() > self.options.patience {
                let version = self.manifest.target.version.to_owned();
                return Err(ended(Error::Link(LinkError::NotConfirmed { version })));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Whether the new image is the one that runs.
    fn runs_new(&self, facts: &DeviceFacts) -> bool {
        let target = &self.manifest.target;
        match (facts.stage, facts.digest) {
            (Stage::Trial, _) | (_, None) => facts.version == target.version,
            (_, Some(digest)) => digest == target.digest,
        }
    }

    /// Asks who is there, until there is an answer or no patience left.
    fn hello(&mut self, peer: &mut Peer) -> Result<DeviceFacts, Broken> {
        loop {
            match peer.ask(&Request::Hello)? {
                None => {
                    self.repeated += 1;
                    if self.moved.elapsed() > self.options.patience {
                        return Err(Broken::Lost(None));
                    }
                }
                Some(answer) => {
                    if let Some(fault) = answer.get().and_then(|answer| answer.fault()) {
                        return Err(ended(said(&fault)));
                    }
                    let hello = answer.get().and_then(|answer| answer.hello());
                    return match hello {
                        Some(hello) => Ok(hello.into()),
                        None => Err(ended(Error::Link(LinkError::Answer {
                            what: "it does not introduce itself as docs/SERIAL.md has it",
                        }))),
                    };
                }
            }
        }
    }

    /// Sends what is wanted until nothing is.
    fn upload(&mut self, peer: &mut Peer, packet: u64) -> Result<(), Broken> {
        let total = u64::try_from(self.package.len()).unwrap_or(u64::MAX);
        // A device may take longer packets than are made here.
        let packet = packet.min(u64::try_from(PACKET_MAX).unwrap_or(u64::MAX));
        let (mut offset, mut stalls, mut silences) = (0, 0, 0_u32);
        loop {
            let around = if offset == 0 { AROUND_FIRST } else { AROUND };
            let len = packet.saturating_sub(around).max(1).min(total - offset);
            let end = usize::try_from(offset + len).unwrap_or(usize::MAX);
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let upload = Upload {
                offset,
                len: (offset == 0).then_some(total),
                tag: (offset == 0).then_some(self.tag.0.as_slice()),
                data: self.package.get(start..end).unwrap_or_default(),
            };
            self.sent_bytes += len;
            let Some(answer) = peer.ask(&Request::Upload(upload))? else {
                self.repeated += 1;
                silences += 1;
                if self.moved.elapsed() > self.options.patience || silences > STALLS {
                    return Err(Broken::Lost(None));
                }
                continue;
            };
            silences = 0;
            let answer = answer.get();
            if let Some(fault) = answer.and_then(|answer| answer.fault()) {
                // Both sides of the comparison are in the report.
                let report = match fault.code {
                    Some(_) => peer.ask(&Request::Report)?,
                    None => None,
                };
                let report = report.as_ref().and_then(|report| report.get()?.fault());
                let full = report.filter(|report| report.code == fault.code);
                return Err(ended(said(&full.unwrap_or(fault))));
            }
            let wanted = answer.and_then(|answer| answer.offset());
            let Some(wanted) = wanted.filter(|wanted| *wanted <= total) else {
                let what = "it wants bytes that the package does not have";
                return Err(ended(Error::Link(LinkError::Answer { what })));
            };
            (self.tell)(SendEvent::Wants(wanted, total));
            if offset == 0 && wanted > len {
                self.resumed_at.get_or_insert(wanted);
            }
            if wanted > self.best {
                (self.best, self.moved, stalls) = (wanted, Instant::now(), 0);
            } else {
                stalls += 1;
            }
            if wanted == total {
                return Ok(());
            }
            if stalls > STALLS && self.moved.elapsed() > self.options.patience {
                let what = "it wants the same bytes again and again";
                return Err(ended(Error::Link(LinkError::Answer { what })));
            }
            offset = wanted;
        }
    }

    fn report(self, outcome: SendOutcome, reconnects: u32) -> Result<Sent, Error> {
        // Nothing ends well before the device has introduced itself.
        let device = self.device.ok_or(Error::Link(LinkError::Answer {
            what: "it did not introduce itself",
        }))?;
        Ok(Sent {
            device,
            outcome,
            resumed_at: self.resumed_at,
            sent_bytes: self.sent_bytes,
            repeated: self.repeated,
            reconnects,
        })
    }
}

fn ended(error: Error) -> Broken {
    Broken::Ended(Box::new(error))
}

/// A device's refusal, owned.
fn said(fault: &Fault<'_>) -> Error {
    let side = |side: Option<Side<'_>>| {
        side.map(|side| match side {
            Side::Number(number) => number.to_string(),
            Side::Text(text) => text.to_owned(),
            Side::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    };
    match fault.code {
        Some(code) => Error::Reported(Reported {
            code,
            package: side(fault.package),
            device: side(fault.device),
        }),
        None => Error::Link(LinkError::Unserved { rc: fault.rc }),
    }
}

#[cfg(test)]
mod tests;
