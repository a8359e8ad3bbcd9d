//! Phase one, first half: collects header and envelope from chunks of any size.

use sprag_manifest::{Header, MAX_ENVELOPE_LEN, SIG_PREFIX_MAX};

use crate::authenticate::{
    AuthenticManifest, TrustAnchors, authenticate, authenticate_both, read_manifest,
};
use crate::ed25519::{Dalek, Ed25519};
use crate::error::Error;
use crate::flash::{CHUNK, Flash};
use crate::lms::{LmsKey, Signatures};
use crate::record::{BootRecord, Phase, StagingPlace};
use crate::storage::{Area, Storage};
use crate::trust::{Chain, Keyring, under_way};

/// Bytes at the front of the buffer where the signed structure's head is put together, so that header, envelope
/// and signed bytes need no second copy.
pub(crate) const HEADROOM: usize = SIG_PREFIX_MAX;

/// Buffer length that holds a header and an envelope of `envelope_len` bytes.
#[must_use]
pub const fn intake_len(envelope_len: usize) -> usize {
    HEADROOM
        .saturating_add(Header::LEN)
        .saturating_add(envelope_len)
}

/// Collects the head of a package: 20 bytes of header, then the envelope.
///
/// It refuses at the first byte that cannot be right, and takes nothing beyond the envelope: what it leaves of
/// a chunk belongs to [`crate::Updater::push`].
#[derive(Debug)]
pub struct Intake<'b> {
    buf: &'b mut [u8],
    /// Bytes of header and envelope collected.
    filled: usize,
    header: Option<Header>,
    /// The keyset updates in front of the envelope.
    chain: Chain,
    keysets: Keysets,
}

/// What is done with keyset updates in front of the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keysets {
    Refuse,
    Follow,
    /// They are not there, whatever the header says: a package is staged without them.
    LeftOut,
}

impl<'b> Intake<'b> {
    /// Collects into `buf`; [`intake_len`] says how long it must be for a given envelope.
    #[must_use]
    pub const fn new(buf: &'b mut [u8]) -> Self {
        Self {
            buf,
            filled: 0,
            header: None,
            chain: Chain::new(0),
            keysets: Keysets::Refuse,
        }
    }

    /// Takes bytes from the front of `chunk` and returns how many.
    ///
    /// # Errors
    /// [`Error::Format`] for a header that is not one, [`Error::KeysetsUnsupported`], and
    /// [`Error::EnvelopeTooLarge`] with the buffer length that would do.
    pub fn push(&mut self, chunk: &[u8]) -> Result<usize, Error> {
        let mut taken = 0_usize;
        while let Some(rest) = chunk.get(taken..).filter(|rest| !rest.is_empty()) {
            let wanted = self.head_len().saturating_sub(self.filled);
            if wanted == 0 || self.chain.wanted() > 0 {
                break;
            }
            let start = HEADROOM.saturating_add(self.filled);
            let room = self.buf.get_mut(start..).unwrap_or_default();
            let count = wanted.min(rest.len());
            let Some(room) = room.get_mut(..count) else {
                return Err(self.too_large(Header::LEN));
            };
            for (to, from) in room.iter_mut().zip(rest) {
                *to = *from;
            }
            self.filled = self.filled.saturating_add(count);
            taken = taken.saturating_add(count);
            if self.header.is_none() && self.filled == Header::LEN {
                self.header = Some(self.read_header()?);
            }
        }
        Ok(taken)
    }

    /// The same for a device with a stored keyset: follows the updates that stand in front of the envelope, and stores
    /// each at once.
    ///
    /// # Errors
    /// Those of [`Intake::push`], but for [`Error::KeysetsUnsupported`]; what is wrong with an update, and flash errors.
    /// Updates in front of the one at fault are stored by then.
    pub fn push_with<V: Signatures, S: Storage>(
        &mut self,
        chunk: &[u8],
        keyring: &mut Keyring<'_>,
        storage: &mut S,
    ) -> Result<usize, Error> {
        if self.keysets == Keysets::Refuse {
            self.keysets = Keysets::Follow;
        }
        let mut taken = 0_usize;
        while let Some(rest) = chunk.get(taken..).filter(|rest| !rest.is_empty()) {
            let count = match self.chain.wanted() {
                0 => self.push(rest)?,
                _ => {
                    // The header has been read; behind it, where the envelope will stand, is room.
                    let start = HEADROOM.saturating_add(Header::LEN);
                    let room = (&mut *self.buf, start);
                    self.chain.push::<V, S>(rest, room, keyring, storage)?
                }
            };
            if count == 0 {
                break;
            }
            taken = taken.saturating_add(count);
        }
        Ok(taken)
    }

    /// Takes the head of the package that an interrupted update staged in flash, so that it goes on without a link.
    /// Returns whether there is one; it is authenticated like any other.
    ///
    /// # Errors
    /// Those of [`Intake::push`], and of reading flash and boot record.
    pub fn load_staged<S: Storage>(&mut self, storage: &mut S) -> Result<bool, Error> {
        let record = BootRecord::load(storage)?;
        let area = match record.staging {
            StagingPlace::Area => Area::Staging,
            StagingPlace::SlotTail => record.confirmed.other_slot(),
            StagingPlace::Direct => return Ok(false),
        };
        match record.phase {
            Phase::Writing
            | Phase::Staged
            | Phase::Moving
            | Phase::Decoding
            | Phase::Copying
            | Phase::Recovering => {}
            _ => return Ok(false),
        }
        self.keysets = Keysets::LeftOut;
        let mut flash = Flash::new(storage);
        let mut at = record.staging_start;
        let mut piece = [0_u8; CHUNK];
        while self.wanted() > 0 {
            let len = self.wanted().min(CHUNK);
            let Some(piece) = piece.get_mut(..len) else {
                break;
            };
            flash.read(area, at, piece)?;
            let taken = self.push(piece)?;
            at = u32::try_from(taken).map_or(u32::MAX, |n| at.saturating_add(n));
        }
        Ok(true)
    }

    /// Bytes still wanted; 0 when the envelope is whole.
    #[must_use]
    pub fn wanted(&self) -> usize {
        let rest = self.head_len().saturating_sub(self.filled);
        rest.saturating_add(self.chain.wanted())
    }

    /// Checks the signature and reads the manifest.
    ///
    /// # Errors
    /// [`Error::WrongState`] before the envelope is whole; else what is wrong with envelope, signature or manifest.
    pub fn authenticate(self, trust: &TrustAnchors<'_>) -> Result<AuthenticManifest<'b>, Error> {
        self.authenticate_by::<Dalek>(trust)
    }

    /// The same, with another implementation of Ed25519 than `ed25519-dalek`.
    ///
    /// # Errors
    /// Those of [`Intake::authenticate`].
    pub fn authenticate_by<V: Ed25519>(
        self,
        trust: &TrustAnchors<'_>,
    ) -> Result<AuthenticManifest<'b>, Error> {
        let (header, buf) = self.whole()?;
        authenticate::<V>(header, buf, trust)
    }

    /// The same for a device that asks for two signatures, so that either algorithm may fall: one by a key of `trust`,
    /// and one by a key of `lms` (HSS-LMS, RFC 8778).
    ///
    /// # Errors
    /// Those of [`Intake::authenticate`]; [`Error::LmsMissing`] and those of [`LmsKey::verify`].
    pub fn authenticate_both<V: Ed25519>(
        self,
        trust: &TrustAnchors<'_>,
        lms: &[LmsKey],
    ) -> Result<AuthenticManifest<'b>, Error> {
        let (header, buf) = self.whole()?;
        authenticate_both::<V>(header, buf, trust, lms)
    }

    /// Checks the signatures against a stored keyset, and reads the manifest. `now` is the second of Unix time, from a
    /// trusted clock if there is one.
    ///
    /// # Errors
    /// [`Error::WrongState`] before the envelope is whole; else what is wrong with envelope, signatures or manifest.
    pub fn authenticate_with<V: Signatures>(
        self,
        keyring: &Keyring<'_>,
        now: Option<u64>,
    ) -> Result<AuthenticManifest<'b>, Error> {
        let (header, buf) = self.whole()?;
        keyring.authenticate::<V>(header, buf, now)
    }

    /// As [`Intake::authenticate_with`], for the bootloader of a device with a single slot: a package that has begun to
    /// overwrite the slot is taken by its digest in the boot record, whatever became of its keys since, because nothing
    /// else makes the slot whole again. It was authenticated when the digest was written; any other package, and this
    /// one while it is only staged, is judged by the keyset.
    ///
    /// # Errors
    /// Those of [`Intake::authenticate_with`], and of reading the boot record.
    pub fn authenticate_under_way<V: Signatures, S: Storage>(
        self,
        keyring: &Keyring<'_>,
        storage: &mut S,
        now: Option<u64>,
    ) -> Result<AuthenticManifest<'b>, Error> {
        let record = BootRecord::load(storage)?;
        let (header, buf) = self.whole()?;
        match under_way(buf, &record)? {
            Some(signer) => read_manifest(header, buf, signer),
            None => keyring.authenticate::<V>(header, buf, now),
        }
    }

    /// Header and buffer, once the envelope is whole.
    fn whole(self) -> Result<(Header, &'b mut [u8]), Error> {
        let header = self
            .header
            .filter(|_| self.wanted() == 0)
            .ok_or(Error::WrongState)?;
        let end = HEADROOM.saturating_add(self.filled);
        let buf = self.buf.get_mut(..end).ok_or(Error::WrongState)?;
        Ok((header, buf))
    }

    fn head_len(&self) -> usize {
        match &self.header {
            None => Header::LEN,
            Some(header) => usize::try_from(header.envelope_len)
                .map_or(usize::MAX, |len| Header::LEN.saturating_add(len)),
        }
    }

    fn read_header(&mut self) -> Result<Header, Error> {
        let end = HEADROOM.saturating_add(Header::LEN);
        let bytes = self.buf.get(HEADROOM..end).unwrap_or_default();
        let header = Header::decode(bytes)?;
        match self.keysets {
            Keysets::Follow => self.chain = Chain::new(header.keysets_len),
            Keysets::Refuse if header.keysets_len != 0 => {
                return Err(Error::KeysetsUnsupported {
                    package: header.keysets_len.into(),
                });
            }
            Keysets::Refuse | Keysets::LeftOut => {}
        }
        let len = usize::try_from(header.envelope_len).unwrap_or(usize::MAX);
        if len > MAX_ENVELOPE_LEN || self.buf.len() < intake_len(len) {
            return Err(self.too_large(len));
        }
        Ok(header)
    }

    fn too_large(&self, envelope_len: usize) -> Error {
        Error::EnvelopeTooLarge {
            need: u32::try_from(intake_len(envelope_len)).unwrap_or(u32::MAX),
            have: u32::try_from(self.buf.len()).unwrap_or(u32::MAX),
        }
    }
}
