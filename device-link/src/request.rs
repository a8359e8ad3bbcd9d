//! What a host asks of a device.

use sprag_manifest::{EncodeError, Writer};

use crate::cbor::each;
use crate::header::{HEADER_LEN, Header, Operation};

/// Group of the operating system: echo, reset, parameters.
const OS: u16 = 0;
const ECHO: u8 = 0;
const RESET: u8 = 5;
const PARAMETERS: u8 = 6;
/// Group of images.
const IMAGE: u16 = 1;
const STATE: u8 = 0;
const UPLOAD: u8 = 1;
/// Our own group, the first that mcumgr leaves to users.
pub(crate) const OWN: u16 = 64;
const HELLO: u8 = 0;
const REPORT: u8 = 1;

pub(crate) const FALSE: &[u8] = &[0xf4];
pub(crate) const TRUE: &[u8] = &[0xf5];

/// A piece of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Upload<'b> {
    /// Where in the package it lies.
    pub offset: u64,
    /// Bytes of the package; with the first piece.
    pub len: Option<u64>,
    /// Any bytes that tell one package from another; with the first piece.
    pub tag: Option<&'b [u8]>,
    /// The piece.
    pub data: &'b [u8],
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'b> {
    /// Who are you, what runs, what can you do?
    Hello,
    /// What went wrong last?
    Report,
    /// Take this.
    Upload(Upload<'b>),
    /// Which images are there?
    Images,
    /// Confirm the image that runs, or, for testing, the one with this digest: it is on trial anyway.
    SetState {
        /// Digest of the image meant.
        digest: Option<&'b [u8]>,
        /// Whether it is to be kept.
        confirm: bool,
    },
    /// Say this.
    Echo(&'b str),
    /// Start anew.
    Reset,
    /// How long may a packet be?
    Parameters,
}

impl<'b> Request<'b> {
    /// Reads the body of a request. `None` for what is not known here.
    #[must_use]
    pub fn decode(header: &Header, body: &'b [u8]) -> Option<Self> {
        use Operation::{Read, Write};
        Some(match (header.operation, header.group, header.command) {
            (Read, OWN, HELLO) => Self::Hello,
            (Read, OWN, REPORT) => Self::Report,
            (Write, IMAGE, UPLOAD) => Self::Upload(upload(body)?),
            (Read, IMAGE, STATE) => Self::Images,
            (Write, IMAGE, STATE) => {
                let (mut digest, mut confirm) = (None, false);
                each(body, |key, value| match key {
                    "hash" => digest = value.bytes(),
                    "confirm" => confirm = value == crate::cbor::Value::Bool(true),
                    _ => {}
                })?;
                Self::SetState { digest, confirm }
            }
            (Read | Write, OS, ECHO) => {
                let mut said = None;
                each(body, |key, value| {
                    if key == "d" {
                        said = value.text();
                    }
                })?;
                Self::Echo(said?)
            }
            (Write, OS, RESET) => Self::Reset,
            (Read, OS, PARAMETERS) => Self::Parameters,
            _ => return None,
        })
    }

    /// Writes the whole packet; its length.
    ///
    /// # Errors
    /// `BufferTooSmall`.
    pub fn encode(&self, sequence: u8, packet: &mut [u8]) -> Result<usize, EncodeError> {
        let capacity = u64::try_from(packet.len()).unwrap_or(u64::MAX);
        let small = EncodeError::BufferTooSmall { capacity };
        let (operation, group, command) = match self {
            Self::Hello => (Operation::Read, OWN, HELLO),
            Self::Report => (Operation::Read, OWN, REPORT),
            Self::Upload(_) => (Operation::Write, IMAGE, UPLOAD),
            Self::Images => (Operation::Read, IMAGE, STATE),
            Self::SetState { .. } => (Operation::Write, IMAGE, STATE),
            Self::Echo(_) => (Operation::Write, OS, ECHO),
            Self::Reset => (Operation::Write, OS, RESET),
            Self::Parameters => (Operation::Read, OS, PARAMETERS),
        };
        let (head, body) = packet.split_first_chunk_mut::<HEADER_LEN>().ok_or(small)?;
        let mut writer = Writer::new(body);
        self.body(&mut writer)?;
        let len = writer.len();
        *head = Header {
            operation,
            version: 1,
            len: u16::try_from(len).map_err(|_| small)?,
            group,
            sequence,
            command,
        }
        .encode();
        Ok(len.saturating_add(HEADER_LEN))
    }

    fn body(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        match self {
            Self::Hello | Self::Report | Self::Images | Self::Reset | Self::Parameters => {
                writer.map(0)
            }
            Self::Echo(text) => {
                writer.map(1)?;
                writer.text("d")?;
                writer.text(text)
            }
            Self::SetState { digest, confirm } => {
                writer.map(if digest.is_some() { 2 } else { 1 })?;
                if let Some(digest) = digest {
                    writer.text("hash")?;
                    writer.byte_string(digest)?;
                }
                writer.text("confirm")?;
                writer.raw(if *confirm { TRUE } else { FALSE })
            }
            Self::Upload(upload) => {
                let optional = [upload.len.is_some(), upload.tag.is_some()];
                let count = optional
                    .into_iter()
                    .map(u64::from)
                    .fold(2, u64::wrapping_add);
                writer.map(count)?;
                writer.text("off")?;
                writer.uint(upload.offset)?;
                if let Some(len) = upload.len {
                    writer.text("len")?;
                    writer.uint(len)?;
                }
                if let Some(tag) = upload.tag {
                    writer.text("sha")?;
                    writer.byte_string(tag)?;
                }
                writer.text("data")?;
                writer.byte_string(upload.data)
            }
        }
    }
}

fn upload(body: &[u8]) -> Option<Upload<'_>> {
    let (mut upload, mut offset) = (Upload::default(), None);
    each(body, |key, value| match key {
        "off" => offset = value.uint(),
        "len" => upload.len = value.uint(),
        "sha" => upload.tag = value.bytes(),
        "data" => upload.data = value.bytes().unwrap_or_default(),
        _ => {}
    })?;
    upload.offset = offset?;
    Some(upload)
}
