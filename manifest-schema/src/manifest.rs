//! The manifest: what the package is for, what it needs, and the root of every payload's index.

mod check;
mod decode;
mod encode;
mod keys;
mod parts;
mod payload;
mod preconditions;

pub use parts::{Image, Isa, Requirement, Validity};
pub use payload::{Codec, Needs, Payload, Role};
pub use preconditions::{ParseWindowError, Preconditions, TimeWindow};

pub(crate) use parts::{count, optional, range};

use crate::envelope::check_len;
use crate::error::{DecodeError, EncodeError};
use crate::index::Index;
use crate::list::List;
use crate::reader::Reader;
use crate::writer::Writer;

/// A manifest. After [`Manifest::decode`] its strings and lists borrow from the decoded bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest<'a> {
    /// Grows with every release; a device installs only what exceeds its own.
    pub sequence: u64,
    /// Grows when a release must never be undone; a device refuses lower ones than its own.
    pub security_counter: u64,
    /// Who made the device.
    pub vendor: &'a str,
    /// What kind of device it is.
    pub product: &'a str,
    /// The hardware revisions that the new image runs on; at least one.
    pub hardware: List<'a, &'a str>,
    /// The instruction set that the new image is made of.
    pub isa: Isa,
    /// The new image.
    pub target: Image<'a>,
    /// The old images that payloads refer to by index; may be empty.
    pub sources: List<'a, Image<'a>>,
    /// The ways from an old image (or none) to an image; at least one.
    pub payloads: List<'a, Payload>,
    /// The bootloader that the new image needs.
    pub bootloader: Option<Requirement<'a>>,
    /// The operating system or firmware stack that the new image needs.
    pub os: Option<Requirement<'a>>,
    /// The partition layout that the new image is linked for.
    pub layout: Option<&'a str>,
    /// When the package may be installed.
    pub validity: Validity,
    /// What the device must have at hand before it begins.
    pub preconditions: Preconditions,
    /// The version of the keyset that the signing keys belong to.
    pub keyset_version: Option<u32>,
    /// Bytes of the keysets section, which the header must repeat.
    pub keysets_len: u32,
}

impl<'a> Manifest<'a> {
    /// Takes the whole slice apart and checks every field, alone and against the others.
    ///
    /// # Errors
    /// The first refusal, with its offset in `bytes`.
    #[inline(never)] // its frame is large, and its callers' need not be
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        check_len(bytes)?;
        Reader::read_all(bytes, |reader| {
            let manifest = decode::manifest(reader)?;
            check::sources(reader, &manifest)?;
            check::payloads(reader, &manifest)?;
            Ok(manifest)
        })
    }

    /// Writes the manifest: the one encoding that decodes to it.
    ///
    /// # Errors
    /// `BufferTooSmall`, or `Refused` if [`Manifest::decode`] would refuse what was written.
    pub fn encode(&self, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = Writer::new(buffer);
        encode::manifest(self, &mut writer)?;
        Manifest::decode(writer.written()).map_err(EncodeError::Refused)?;
        Ok(writer.len())
    }

    /// Offset of payload `number` from the start of the payloads section, in bytes; `None` if there
    /// is no such payload.
    #[must_use]
    pub fn payload_offset(&self, number: u32) -> Option<u64> {
        if number >= self.payloads.len() {
            return None;
        }
        let before = usize::try_from(number).ok()?;
        stored_len(self.payloads.iter().take(before))
    }

    /// Length of the payloads section in bytes: all pages and blocks. `None` if it does not fit 64
    /// bits, which no decoded manifest brings about.
    #[must_use]
    pub fn payloads_len(&self) -> Option<u64> {
        stored_len(self.payloads.iter())
    }
}

fn stored_len(mut payloads: impl Iterator<Item = Payload>) -> Option<u64> {
    payloads.try_fold(0_u64, |sum, payload| {
        sum.checked_add(Index::new(&payload).stored_len())
    })
}
