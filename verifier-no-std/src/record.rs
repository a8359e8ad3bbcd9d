//! The boot record: which slot boots, how far an update has come, and the counters that only go forward.
//!
//! Two copies, one in each of the record area's first two sectors (or several, where sectors are smaller than
//! a copy). A change erases and writes the older copy, so that a torn write or erase leaves the other whole; the valid copy with the higher revision counts.
//! Layout (docs/FORMAT.md, "Boot record"), little-endian:
//!
//! ```text
//! 0..4 magic "SPRB" | 4..6 layout version 2 | 6 phase | 7 confirmed slot | 8..12 revision | 12 tries left
//! 13 outcome | 14 staging kind | 15 reverse payload plus 1, or zero | 16..24 security counter | 24..32 sequence | 32..40 trial security
//! counter | 40..48 trial sequence | 48..52 trial image size | 52..56 staging start | 56..60 payload index
//! 60..64 confirmed image size | 64..96 confirmed image digest | 96..128 manifest digest | 128..160 trial image digest
//! 160..164 erase offset | 164..196 manifest digest of the update that was reverted last
//! 196..212 checksum: first 16 bytes of SHA-256 of 0..196
//! ```

mod copies;

pub(crate) use copies::{Birth, Copies, mark_new};

use sprag_manifest::Digest;

use crate::error::Error;
use crate::flash::Flash;
use crate::hash::sha256;
use crate::policy::Installed;
use crate::storage::{Area, Storage};

const MAGIC: [u8; 4] = *b"SPRB";
const VERSION: u16 = 2;
const BODY_LEN: usize = 196;
/// Bytes of one copy before it is padded to whole write units.
const RECORD_LEN: usize = 212;
const CHECKSUM_LEN: usize = 16;

/// How far an update has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Phase {
    /// The confirmed slot runs; nothing is under way.
    #[default]
    Idle,
    /// The other slot is being erased for a new image.
    Erasing,
    /// The other slot is being filled.
    Writing,
    /// The new image is whole and waits for its first boot.
    Pending,
    /// The new image has been booted on trial.
    Testing,
    /// Single slot: the whole payload is staged; the bootloader applies it.
    Staged,
    /// Single slot: the image is being moved up in its slot. Its bytes from [`BootRecord::erase_offset`] on are moved.
    Moving,
    /// Single slot: the group at [`BootRecord::erase_offset`] is being made in the scratch area. All before it is in
    /// the slot.
    Decoding,
    /// Single slot: the group at [`BootRecord::erase_offset`] is whole in the scratch area and is being copied to the slot.
    Copying,
    /// Single slot: it holds no whole image, and a full payload is being staged.
    Recovering,
}

/// How the last update ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Outcome {
    /// None has ended yet.
    #[default]
    None,
    /// The new image was confirmed.
    Confirmed,
    /// The new image was not confirmed in its tries, or did not hold; the old one runs again.
    Reverted,
}

/// Where the blocks of an update wait, if anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StagingPlace {
    /// Nowhere: blocks are decoded as they come.
    #[default]
    Direct,
    /// In the staging area.
    Area,
    /// Behind the new image, at the tail of the slot it fills.
    SlotTail,
}

/// What both the bootloader and the updater know after a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootRecord {
    /// How far an update has come.
    pub phase: Phase,
    /// The slot with the confirmed image: [`Area::SlotA`] or [`Area::SlotB`].
    pub confirmed: Area,
    /// Counts the changes of the record.
    pub revision: u32,
    /// Boots that the image on trial still has.
    pub tries_left: u8,
    /// How the last update ended.
    pub outcome: Outcome,
    /// Where the update's blocks wait.
    pub staging: StagingPlace,
    /// Security counter of the confirmed image; packages below it are refused.
    pub security_counter: u64,
    /// Sequence number of the confirmed image.
    pub sequence: u64,
    /// Security counter that a confirm would store.
    pub trial_security_counter: u64,
    /// Sequence number that a confirm would store.
    pub trial_sequence: u64,
    /// Bytes of the image under way or on trial.
    pub trial_size: u32,
    /// First byte of the staged package in its area.
    pub staging_start: u32,
    /// Index of the payload under way.
    pub payload: u32,
    /// Single slot: index of the payload that leads back, staged as well, until the new image is confirmed.
    pub reverse: Option<u32>,
    /// Bytes of the confirmed image; 0 until the first update is confirmed.
    pub confirmed_size: u32,
    /// Digest of the confirmed image; zero until the first update is confirmed.
    pub confirmed_digest: Digest,
    /// SHA-256 of the manifest of the update under way.
    pub manifest: Digest,
    /// Digest of the image under way or on trial.
    pub trial_digest: Digest,
    /// While erasing: sectors before this offset of the slot are erased. While writing: the sector at this offset
    /// is being erased again, or [`BootRecord::NO_ERASE`]. For a single slot see [`Phase`]. A sector whose erase was cut short can read as
    /// erased, so what flash holds cannot tell.
    pub erase_offset: u32,
    /// SHA-256 of the manifest of the update that was reverted last, which is not tried again; zero if none was.
    pub reverted: Digest,
}

impl Default for BootRecord {
    /// A device as it leaves the factory: slot A runs, no counter has moved.
    fn default() -> Self {
        Self {
            phase: Phase::Idle,
            confirmed: Area::SlotA,
            revision: 0,
            tries_left: 0,
            outcome: Outcome::None,
            staging: StagingPlace::Direct,
            security_counter: 0,
            sequence: 0,
            trial_security_counter: 0,
            trial_sequence: 0,
            trial_size: 0,
            staging_start: 0,
            payload: 0,
            reverse: None,
            confirmed_size: 0,
            confirmed_digest: Digest([0; 32]),
            manifest: Digest([0; 32]),
            trial_digest: Digest([0; 32]),
            erase_offset: Self::NO_ERASE,
            reverted: Digest([0; 32]),
        }
    }
}

impl BootRecord {
    /// [`BootRecord::erase_offset`] when no erase is under way.
    pub const NO_ERASE: u32 = u32::MAX;

    /// Reads the record; a blank area is a device as it left the factory.
    ///
    /// # Errors
    /// [`Error::RecordLost`] if neither copy is whole and the area is not blank; a flash read error if neither can
    /// be read.
    pub fn load<S: Storage>(storage: &mut S) -> Result<Self, Error> {
        let mut copies = Copies::new();
        copies.read(&mut Flash::new(storage))?;
        Ok(copies.current)
    }

    /// What is installed, for [`crate::Device`]: the counters and the digest of the confirmed image, with the version
    /// that the application knows.
    #[must_use]
    pub fn installed<'d>(&self, version: Option<&'d str>) -> Installed<'d> {
        Installed {
            version,
            digest: (self.confirmed_size != 0).then_some(self.confirmed_digest),
            security_counter: self.security_counter,
            sequence: self.sequence,
        }
    }

    /// Lets an update that was reverted be tried again.
    ///
    /// # Errors
    /// Those of [`BootRecord::load`], and of writing flash.
    pub fn forgive<S: Storage>(storage: &mut S) -> Result<Self, Error> {
        Self::update(storage, |record| {
            record.reverted = Digest([0; 32]);
            Ok(())
        })
    }

    /// Reads the record, lets `change` judge and edit it, and stores it as the newest copy, over the older one. What
    /// is judged is what is stored: the record is read once.
    ///
    /// # Errors
    /// What `change` refuses, then nothing is stored; [`Error::RecordLost`], and flash errors. The copy that counted
    /// before still counts then.
    pub(crate) fn update<S: Storage>(
        storage: &mut S,
        change: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let mut copies = Copies::new();
        copies.change(storage, change)?;
        Ok(copies.current)
    }

    /// The same where nobody asks what was stored: a record is long, and stacks are short.
    ///
    /// # Errors
    /// Those of [`BootRecord::update`].
    pub(crate) fn change<S: Storage>(
        storage: &mut S,
        change: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        Copies::new().change(storage, change)
    }

    /// Writes the copy to the front of `bytes`.
    fn encode(&self, bytes: &mut [u8]) {
        let phase = match self.phase {
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
        };
        // A package has at most 65 payloads.
        let reverse = self.reverse.and_then(|number| u8::try_from(number).ok());
        let reverse = reverse.map_or(0, |number| number.saturating_add(1));
        let outcome = match self.outcome {
            Outcome::None => 0,
            Outcome::Confirmed => 1,
            Outcome::Reverted => 2,
        };
        let staging = match self.staging {
            StagingPlace::Direct => 0,
            StagingPlace::Area => 1,
            StagingPlace::SlotTail => 2,
        };
        let slot = u8::from(self.confirmed == Area::SlotB);
        let fields: [&[u8]; 18] = [
            &MAGIC,
            &VERSION.to_le_bytes(),
            &[phase, slot],
            &self.revision.to_le_bytes(),
            &[self.tries_left, outcome, staging, reverse],
            &self.security_counter.to_le_bytes(),
            &self.sequence.to_le_bytes(),
            &self.trial_security_counter.to_le_bytes(),
            &self.trial_sequence.to_le_bytes(),
            &self.trial_size.to_le_bytes(),
            &self.staging_start.to_le_bytes(),
            &self.payload.to_le_bytes(),
            &self.confirmed_size.to_le_bytes(),
            &self.confirmed_digest.0,
            &self.manifest.0,
            &self.trial_digest.0,
            &self.erase_offset.to_le_bytes(),
            &self.reverted.0,
        ];
        let Some((body, checksum)) = bytes.split_at_mut_checked(BODY_LEN) else {
            return;
        };
        for (to, from) in body.iter_mut().zip(fields.iter().copied().flatten()) {
            *to = *from;
        }
        for (to, from) in checksum.iter_mut().zip(sha256(body).0).take(CHECKSUM_LEN) {
            *to = from;
        }
    }

    /// `None` if the copy is torn, blank or of another layout version.
    fn decode(bytes: &[u8; RECORD_LEN]) -> Option<Self> {
        let (body, checksum) = bytes.split_at(BODY_LEN);
        let digest = sha256(body);
        if digest.0.get(..checksum.len())? != checksum {
            return None;
        }
        let mut fields = Fields(body);
        if fields.array::<4>()? != MAGIC || u16::from_le_bytes(fields.array()?) != VERSION {
            return None;
        }
        let [phase, slot] = fields.array()?;
        let revision = fields.u32()?;
        let [tries_left, outcome, staging, reverse] = fields.array()?;
        Some(Self {
            phase: match phase {
                0 => Phase::Idle,
                1 => Phase::Erasing,
                2 => Phase::Writing,
                3 => Phase::Pending,
                4 => Phase::Testing,
                5 => Phase::Staged,
                6 => Phase::Moving,
                7 => Phase::Decoding,
                8 => Phase::Copying,
                9 => Phase::Recovering,
                _ => return None,
            },
            confirmed: match slot {
                0 => Area::SlotA,
                1 => Area::SlotB,
                _ => return None,
            },
            revision,
            tries_left,
            outcome: match outcome {
                0 => Outcome::None,
                1 => Outcome::Confirmed,
                2 => Outcome::Reverted,
                _ => return None,
            },
            staging: match staging {
                0 => StagingPlace::Direct,
                1 => StagingPlace::Area,
                2 => StagingPlace::SlotTail,
                _ => return None,
            },
            security_counter: fields.u64()?,
            sequence: fields.u64()?,
            trial_security_counter: fields.u64()?,
            trial_sequence: fields.u64()?,
            trial_size: fields.u32()?,
            staging_start: fields.u32()?,
            payload: fields.u32()?,
            reverse: reverse.checked_sub(1).map(u32::from),
            confirmed_size: fields.u32()?,
            confirmed_digest: Digest(fields.array()?),
            manifest: Digest(fields.array()?),
            trial_digest: Digest(fields.array()?),
            erase_offset: fields.u32()?,
            reverted: Digest(fields.array()?),
        })
    }
}

/// Takes fixed-width fields off the front.
pub(crate) struct Fields<'b>(pub(crate) &'b [u8]);

impl Fields<'_> {
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}
