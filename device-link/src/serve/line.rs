//! The line as the device sees it: requests in, answers out.

use sprag_manifest::{EncodeError, Writer};
use sprag_verifier::Error;

use crate::answer::{UNKNOWN_RC, refused};
use crate::frame::{FrameReader, write_frame};
use crate::header::{HEADER_LEN, Header, Operation};
use crate::request::{OWN, Request, Upload};

/// Bytes of the longest answer.
const ANSWER_LEN: usize = 512;
/// Bytes of a package's tag that are kept.
const TAG_LEN: usize = 32;

/// The serial line of a device.
pub trait Port {
    /// The next byte that has come, if there is one.
    fn read(&mut self) -> Option<u8>;

    /// Sends bytes.
    fn write(&mut self, bytes: &[u8]);

    /// Nothing has come: a device may sleep here until something does, and feed its watchdog. `false` if nothing ever will.
    fn wait(&mut self) -> bool {
        true
    }
}

/// Length and tag of a package, by which one is told from another. Nothing hangs on it but convenience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PackageTag {
    len: u64,
    tag: [u8; TAG_LEN],
}

impl PackageTag {
    pub(super) fn of(upload: &Upload<'_>) -> Option<Self> {
        let given = upload.tag.filter(|tag| !tag.is_empty())?;
        let mut tag = [0; TAG_LEN];
        for (to, from) in tag.iter_mut().zip(given) {
            *to = *from;
        }
        Some(Self {
            len: upload.len?,
            tag,
        })
    }
}

/// A line, with what was received last.
#[derive(Debug)]
pub struct Line<'b, P> {
    port: P,
    reader: FrameReader<'b>,
    /// What was refused last.
    pub(super) fault: Option<Error>,
    /// Whether the image that runs is known to be confirmed.
    pub(super) settled: bool,
    /// The package whose update is done, and waits for the next start.
    pub(super) finished: Option<PackageTag>,
}

impl<'b, P: Port> Line<'b, P> {
    /// A line over `port`. Packets are received in `buf`, which bounds them.
    #[must_use]
    pub const fn new(port: P, buf: &'b mut [u8]) -> Self {
        Self {
            port,
            reader: FrameReader::new(buf),
            fault: None,
            settled: false,
            finished: None,
        }
    }

    pub(super) const fn capacity(&self) -> usize {
        self.reader.capacity()
    }

    /// Waits for the next request; `false` if the line is gone.
    pub(super) fn receive(&mut self) -> bool {
        loop {
            match self.port.read() {
                Some(byte) => {
                    if self.reader.push(byte) && self.message().is_some() {
                        return true;
                    }
                }
                None if self.port.wait() => {}
                None => return false,
            }
        }
    }

    /// What was received last, unless it is an answer: two devices on one line, or an echo, would answer each other for ever.
    fn message(&self) -> Option<(Header, &[u8])> {
        let (header, body) = Header::split(self.reader.packet()?)?;
        let asks = matches!(header.operation, Operation::Read | Operation::Write);
        asks.then_some((header, body))
    }

    /// The request that was received last; `None` if it is not known.
    pub(super) fn request(&self) -> Option<Request<'_>> {
        let (header, body) = self.message()?;
        Request::decode(&header, body)
    }

    /// The same, if it is a piece of a package.
    pub(super) fn upload(&self) -> Option<Upload<'_>> {
        match self.request()? {
            Request::Upload(upload) => Some(upload),
            _ => None,
        }
    }

    /// Length of the package whose update is done, if the piece that was received belongs to it.
    pub(super) fn finished_len(&self) -> Option<u64> {
        let finished = self.finished?;
        let upload = self.upload()?;
        let same = upload.offset > 0 || PackageTag::of(&upload) == Some(finished);
        same.then_some(finished.len)
    }

    /// Answers the request that was received last.
    pub(super) fn answer(&mut self, body: impl FnOnce(&mut Writer<'_>) -> Result<(), EncodeError>) {
        let mut packet = [0; ANSWER_LEN];
        let Some((request, _)) = self.message() else {
            return;
        };
        let Some((head, rest)) = packet.split_first_chunk_mut::<HEADER_LEN>() else {
            return;
        };
        let mut writer = Writer::new(rest);
        if body(&mut writer).is_err() {
            return;
        }
        let len = writer.len();
        *head = request.answer(u16::try_from(len).unwrap_or(0)).encode();
        let end = len.saturating_add(HEADER_LEN);
        let port = &mut self.port;
        write_frame(packet.get(..end).unwrap_or_default(), |line| {
            port.write(line);
        });
    }

    pub(super) fn answer_offset(&mut self, offset: u64) {
        self.answer(|writer| {
            writer.map(2)?;
            writer.text("rc")?;
            writer.uint(0)?;
            writer.text("off")?;
            writer.uint(offset)
        });
    }

    pub(super) fn answer_refused(&mut self, error: &Error) {
        self.fault = Some(*error);
        // Clients of SMP refuse answers with keys that they do not know; only those of our own group have them.
        let own = self
            .message()
            .is_some_and(|(header, _)| header.group == OWN);
        self.answer(|writer| refused(error, own, writer));
    }

    pub(super) fn answer_unknown(&mut self) {
        self.answer_rc(UNKNOWN_RC);
    }

    pub(super) fn answer_rc(&mut self, rc: u64) {
        self.answer(|writer| {
            writer.map(1)?;
            writer.text("rc")?;
            writer.uint(rc)
        });
    }

    /// Sends back the text of an echo.
    pub(super) fn echo(&mut self) {
        let mut text = [0; ANSWER_LEN / 2];
        let mut len = 0_usize;
        if let Some(Request::Echo(said)) = self.request() {
            for (to, from) in text.iter_mut().zip(said.as_bytes()) {
                *to = *from;
                len = len.saturating_add(1);
            }
        }
        // A text that was cut inside a character is not sent back.
        let said = text
            .get(..len)
            .and_then(|text| core::str::from_utf8(text).ok());
        let said = said.unwrap_or_default();
        self.answer(|writer| {
            writer.map(1)?;
            writer.text("r")?;
            writer.text(said)
        });
    }
}
