//! Questions and their answers over an open line.

use core::time::Duration;
use std::io;
use std::time::Instant;

use sprag_link::{Answer, FrameReader, Header, Request, write_frame};

use super::wire::Wire;
use crate::error::Error;

/// How long a device that runs takes to say who it is, also at 9600 baud.
const HELLO_PATIENCE: Duration = Duration::from_millis(600);
/// Bytes of the longest packet either way.
pub(super) const PACKET_MAX: usize = 8192;

/// Why a conversation ended early.
pub(super) enum Broken {
    /// The line is gone, or nobody answers: worth another try.
    Lost(Option<io::Error>),
    /// Another try would not help.
    Ended(Box<Error>),
}

impl From<io::Error> for Broken {
    fn from(e: io::Error) -> Self {
        Self::Lost(Some(e))
    }
}

/// The packet of an answer.
pub(super) struct Packet(Vec<u8>);

impl Packet {
    pub(super) fn get(&self) -> Option<Answer<'_>> {
        Answer::decode(&self.0)
    }
}

/// The device at the other end.
pub(super) struct Peer {
    wire: Wire,
    patience: Duration,
    sequence: u8,
    /// The header of what was asked last.
    asked: Option<Header>,
}

impl Peer {
    /// `sequence` is that of the last request before: an answer to one on an earlier connection may still be under way.
    pub(super) const fn new(wire: Wire, patience: Duration, sequence: u8) -> Self {
        Self {
            wire,
            patience,
            sequence,
            asked: None,
        }
    }

    /// The sequence number of the last request.
    pub(super) const fn sequence(&self) -> u8 {
        self.sequence
    }

    /// Asks, and waits for the answer; nothing if none comes in time.
    pub(super) fn ask(&mut self, request: &Request<'_>) -> Result<Option<Packet>, Broken> {
        self.order(request)?;
        let patience = match request {
            // Nothing is done for it but looking; and a device that starts anew loses it, which must not cost long.
            Request::Hello => self.patience.min(HELLO_PATIENCE),
            _ => self.patience,
        };
        let until = Instant::now() + patience;
        let mut buf = vec![0; PACKET_MAX];
        let mut reader = FrameReader::new(&mut buf);
        let mut bytes = [0; 512];
        while Instant::now() < until {
            let count = self.wire.read(&mut bytes)?;
            for byte in bytes.get(..count).unwrap_or_default() {
                if !reader.push(*byte) {
                    continue;
                }
                let packet = reader.packet().unwrap_or_default();
                // Answers to what was asked before, and was answered late, are passed over.
                let answers = |answer: Answer<'_>| {
                    let named = |header: Header| (header.sequence, header.group, header.command);
                    self.asked.map(named) == Some(named(answer.header))
                };
                if Answer::decode(packet).is_some_and(answers) {
                    return Ok(Some(Packet(packet.to_vec())));
                }
            }
        }
        Ok(None)
    }

    /// Sends a request whose answer nobody waits for.
    pub(super) fn order(&mut self, request: &Request<'_>) -> Result<(), Broken> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut packet = vec![0; PACKET_MAX];
        let len = request
            .encode(self.sequence, &mut packet)
            .map_err(|e| Broken::Ended(Box::new(Error::Manifest(e))))?;
        let packet = packet.get(..len).unwrap_or_default();
        self.asked = Header::split(packet).map(|(header, _)| header);
        // A line end first, so that half a line that was lost before does not swallow the next one.
        let mut frame = vec![b'\n'];
        write_frame(packet, |line| {
            frame.extend_from_slice(line);
        });
        Ok(self.wire.write(&frame)?)
    }
}
