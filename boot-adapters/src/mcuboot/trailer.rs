//! The image trailer: where its fields lie, what they say, and the order in which they are written.
//!
//! From the end of the slot down, with `A` the largest alignment that MCUboot was built for (`BOOT_MAX_ALIGN`):
//!
//! ```text
//! magic      the last 16 bytes; with padding ahead, whole multiples of A
//! image_ok   A bytes, the first is 1 once the image is confirmed, or was requested for good
//! copy_done  A bytes, the first is 1 once a swap has ended
//! swap_info  A bytes, the first is the swap type, in its upper half the number of the image
//! swap_size  A bytes
//! keys       two, if images are encrypted
//! status     3 write units for each sector of a slot
//! ```

use core::ops::Range;

use sprag_verifier::{Area, Error, Storage};

use super::Upgrade;
use crate::flash::{erase, read, write};

const MAGIC_LEN: u32 = 16;
/// The magic where `BOOT_MAX_ALIGN` is 8.
const MAGIC_8: [u8; 16] = [
    0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f, 0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80,
];
/// What follows the alignment (16 bits, little-endian) in the magic where it is more.
const MAGIC_WIDE: [u8; 14] = [
    0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d, 0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a,
];
/// Largest `BOOT_MAX_ALIGN` there is.
const ALIGN_LIMIT: usize = crate::flash::LONGEST_WRITE;
/// States of a sector that a swap records.
const STATUS_STATES: u32 = 3;
const FLAG_SET: u8 = 1;
const SWAP_TEST: u8 = 2;
const SWAP_PERMANENT: u8 = 3;

/// How MCUboot brings an image to the primary slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Swap through a scratch area.
    SwapScratch,
    /// Swap by moving the primary image up by a sector, which images leave free.
    SwapMove,
    /// Overwrite the primary slot: there is no way back.
    Overwrite,
}

/// What the device's MCUboot was built with. Sizes are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// `BOOT_MAX_ALIGN`: 8, or the write unit where that is more; a power of two up to 32.
    pub max_align: u32,
    /// `BOOT_MAX_IMG_SECTORS`.
    pub max_sectors: u32,
    /// How images get to the primary slot.
    pub mode: Mode,
    /// Room that each of the two image keys takes in the trailer; 0 without encryption.
    pub key_len: u32,
}

/// What a trailer's magic says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Magic {
    /// The trailer counts.
    Good,
    /// Erased.
    Unset,
    /// Anything else.
    Bad,
}

/// What a flag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// 1.
    Set,
    /// Erased.
    Unset,
    /// Anything else.
    Bad,
}

/// What a slot's trailer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrailerState {
    /// Whether the trailer counts.
    pub magic: Magic,
    /// Whether the image is confirmed, or requested for good.
    pub image_ok: Flag,
    /// Whether a swap to this slot has ended.
    pub copy_done: Flag,
}

/// What MCUboot does at a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapType {
    /// Nothing.
    None,
    /// Swap, and revert unless confirmed.
    Test,
    /// Swap for good.
    Permanent,
    /// Swap back.
    Revert,
}

impl TrailerState {
    /// Whether this, in the primary slot, makes MCUboot swap back.
    pub(super) fn can_revert(&self) -> bool {
        (self.magic, self.copy_done, self.image_ok) == (Magic::Good, Flag::Set, Flag::Unset)
    }
}

impl SwapType {
    /// What the trailers of both slots make MCUboot do.
    #[must_use]
    pub fn of(primary: &TrailerState, secondary: &TrailerState) -> Self {
        match (secondary.magic, secondary.image_ok) {
            (Magic::Good, Flag::Unset) => Self::Test,
            (Magic::Good, Flag::Set) => Self::Permanent,
            (Magic::Unset, _) if primary.can_revert() => Self::Revert,
            _ => Self::None,
        }
    }
}

impl Trailer {
    /// Length of the trailer for writes of `write_size` bytes, as MCUboot and imgtool count it.
    #[must_use]
    pub fn len(&self, write_size: u32) -> u32 {
        let magic = align_up(MAGIC_LEN, self.max_align);
        let fields = |count: u32| self.max_align.saturating_mul(count).saturating_add(magic);
        match self.mode {
            Mode::Overwrite => fields(2),
            Mode::SwapScratch | Mode::SwapMove => {
                let status = self
                    .max_sectors
                    .saturating_mul(STATUS_STATES)
                    .saturating_mul(write_size);
                status
                    .saturating_add(self.key_len.saturating_mul(2))
                    .saturating_add(fields(4))
            }
        }
    }

    /// Bytes at the end of `slot` that images and staged blocks keep off: the trailer's sectors, and for
    /// [`Mode::SwapMove`] one more.
    #[must_use]
    pub fn reserve<S: Storage>(&self, storage: &S, slot: Area) -> u32 {
        let sectors = self.sectors(storage, slot);
        let start = match (self.mode, sectors.start.checked_sub(1)) {
            (Mode::SwapMove, Some(before)) => storage.sector(slot, before).start,
            _ => sectors.start,
        };
        sectors.end.saturating_sub(start)
    }

    /// Reads what the trailer of `slot` says.
    ///
    /// # Errors
    /// [`Error::FlashRead`].
    pub fn read<S: Storage>(&self, storage: &mut S, slot: Area) -> Result<TrailerState, Error> {
        let geometry = storage.geometry(slot);
        let mut magic = [0; 16];
        read(
            storage,
            slot,
            geometry.size.saturating_sub(MAGIC_LEN),
            &mut magic,
        )?;
        let mut flag = |offset| {
            let mut byte = [0];
            read(storage, slot, offset, &mut byte)?;
            Ok::<_, Error>(match byte {
                [found] if found == geometry.erased => Flag::Unset,
                [FLAG_SET] => Flag::Set,
                _ => Flag::Bad,
            })
        };
        Ok(TrailerState {
            image_ok: flag(self.image_ok(geometry.size))?,
            copy_done: flag(self.copy_done(geometry.size))?,
            magic: if magic == self.magic() {
                Magic::Good
            } else if magic.iter().all(|&byte| byte == geometry.erased) {
                Magic::Unset
            } else {
                Magic::Bad
            },
        })
    }

    /// Erases the trailer's sectors where they hold anything.
    pub(super) fn erase_unless_blank<S: Storage>(
        &self,
        storage: &mut S,
        slot: Area,
    ) -> Result<(), Error> {
        let sectors = self.sectors(storage, slot);
        let erased = storage.geometry(slot).erased;
        let mut at = sectors.start;
        let mut probe = [0_u8; 64];
        while at < sectors.end {
            let left = usize::try_from(sectors.end.saturating_sub(at)).unwrap_or(64);
            let Some(found) = probe.get_mut(..left.min(64)) else {
                break;
            };
            // What cannot be read is not blank.
            if read(storage, slot, at, found).is_err() || found.iter().any(|&byte| byte != erased) {
                return erase(storage, slot, sectors);
            }
            at = at.saturating_add(u32::try_from(found.len()).unwrap_or(u32::MAX));
        }
        Ok(())
    }

    /// Writes a request to swap, its magic last. The sectors are erased first, whatever they read as: an erase
    /// that a power cut has shortened can read as whole.
    pub(super) fn write_request<S: Storage>(
        &self,
        storage: &mut S,
        slot: Area,
        upgrade: Upgrade,
    ) -> Result<(), Error> {
        let geometry = storage.geometry(slot);
        let sectors = self.sectors(storage, slot);
        erase(storage, slot, sectors)?;
        let swap_type = match upgrade {
            Upgrade::Test => SWAP_TEST,
            Upgrade::Permanent => SWAP_PERMANENT,
        };
        self.write_field(storage, slot, self.swap_info(geometry.size), swap_type)?;
        if upgrade == Upgrade::Permanent {
            self.write_field(storage, slot, self.image_ok(geometry.size), FLAG_SET)?;
        }
        // The whole multiple of the alignment that ends with the magic.
        let padded = align_up(MAGIC_LEN, self.max_align);
        let mut bytes = [geometry.erased; ALIGN_LIMIT];
        let len = usize::try_from(padded).unwrap_or(ALIGN_LIMIT);
        let bytes = bytes.get_mut(..len).ok_or(self.refused(slot))?;
        for (to, from) in bytes.iter_mut().rev().zip(self.magic().into_iter().rev()) {
            *to = from;
        }
        let offset = geometry.size.saturating_sub(padded);
        write(storage, slot, offset, bytes)
    }

    /// Confirms the image of `slot`, where MCUboot waits for that.
    pub(super) fn write_image_ok<S: Storage>(
        &self,
        storage: &mut S,
        slot: Area,
    ) -> Result<(), Error> {
        if self.read(storage, slot)?.can_revert() {
            let offset = self.image_ok(storage.geometry(slot).size);
            self.write_field(storage, slot, offset, FLAG_SET)?;
        }
        Ok(())
    }

    /// Writes a field of one byte, in a write unit of its own.
    fn write_field<S: Storage>(
        &self,
        storage: &mut S,
        slot: Area,
        offset: u32,
        value: u8,
    ) -> Result<(), Error> {
        let geometry = storage.geometry(slot);
        let mut unit = [geometry.erased; ALIGN_LIMIT];
        if let Some(first) = unit.first_mut() {
            *first = value;
        }
        let len = usize::try_from(geometry.write_size).unwrap_or(usize::MAX);
        match unit.get(..len) {
            Some(unit) if geometry.write_size <= self.max_align => {
                write(storage, slot, offset, unit)
            }
            _ => Err(self.refused(slot)),
        }
    }

    /// The whole sectors that the trailer lies in.
    fn sectors<S: Storage>(&self, storage: &S, slot: Area) -> Range<u32> {
        let geometry = storage.geometry(slot);
        let start = geometry.size.saturating_sub(self.len(geometry.write_size));
        storage.sector(slot, start).start..geometry.size
    }

    fn magic(&self) -> [u8; 16] {
        if self.max_align <= 8 {
            return MAGIC_8;
        }
        let align = u16::try_from(self.max_align).unwrap_or(0).to_le_bytes();
        let mut magic = [0; 16];
        for (to, from) in magic.iter_mut().zip(align.into_iter().chain(MAGIC_WIDE)) {
            *to = from;
        }
        magic
    }

    fn image_ok(&self, size: u32) -> u32 {
        size.saturating_sub(align_up(MAGIC_LEN, self.max_align))
            .saturating_sub(self.max_align)
    }

    fn copy_done(&self, size: u32) -> u32 {
        self.image_ok(size).saturating_sub(self.max_align)
    }

    fn swap_info(&self, size: u32) -> u32 {
        self.copy_done(size).saturating_sub(self.max_align)
    }

    const fn refused(&self, area: Area) -> Error {
        Error::Geometry {
            area,
            write_size: self.max_align,
        }
    }
}

fn align_up(value: u32, align: u32) -> u32 {
    value.checked_next_multiple_of(align).unwrap_or(u32::MAX)
}
