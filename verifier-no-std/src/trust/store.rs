//! Two copies of the keyset, so that a torn write leaves one. Layout (docs/FORMAT.md, "Stored keyset"), little-endian:
//!
//! ```text
//! 0..4 magic "SPRK" | 4..6 layout version 1 | 6..8 length n | 8..8+n keyset | 16 bytes: SHA-256 of all before, cut
//! ```
//!
//! Of two whole copies the one of the higher version counts, since a version replaces the one below it and no other. A
//! new version is stored in the older copy's place and then in the other one.

use core::ops::Range;

use sprag_manifest::{Keyset, MAX_KEYSET_LEN};

use super::Keyring;
use crate::error::Error;
use crate::flash::{CHUNK, Flash};
use crate::hash::Hasher;
use crate::record::{Birth, Fields, mark_new};
use crate::storage::{Area, Storage};

const MAGIC: [u8; 4] = *b"SPRK";
/// What the second place holds until a device has stored its first keyset.
const NEW_MARK: [u8; 4] = [!b'S', !b'P', !b'R', !b'K'];
const VERSION: u16 = 1;
const HEAD_LEN: usize = 8;
const CHECKSUM_LEN: usize = 16;
/// Bytes kept for a copy.
const PLACE_LEN: u32 = 1_024;
/// Times a copy is read before it counts as torn.
const READS: u8 = 3;

const _: () = assert!(HEAD_LEN + MAX_KEYSET_LEN + CHECKSUM_LEN == 1_024);

impl Keyring<'_> {
    /// Loads the copy that counts, or stores the factory's keyset.
    pub(super) fn restore<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        factory: &[u8],
    ) -> Result<(), Error> {
        flash.check_geometry(Area::Trust)?;
        let (need, have) = (place(flash, true).end, flash.size(Area::Trust));
        if place(flash, false).is_empty() || need > have || need < PLACE_LEN.saturating_mul(2) {
            let need = need.max(PLACE_LEN.saturating_mul(2));
            return Err(Error::KeysetArea { need, have });
        }
        let first = self.read(flash, false);
        let second = self.read(flash, true);
        self.is_second = match (&first, &second) {
            (Ok(Some(first)), Ok(Some(second))) => second > first,
            (Ok(Some(_)), _) => false,
            (_, Ok(Some(_))) => true,
            _ => {
                let keyset = Keyset::decode(factory)?;
                let behind = place(flash, true);
                match Birth::of(flash, Area::Trust, NEW_MARK, behind)? {
                    Birth::Unmarked(at) => mark_new(flash, Area::Trust, NEW_MARK, at)?,
                    Birth::Marked => {}
                    // The factory's keyset may trust what was revoked since: never in the place of a lost one.
                    Birth::Past => {
                        return Err(first.and(second).err().unwrap_or(Error::KeysetLost));
                    }
                }
                self.is_second = true;
                self.store(flash, factory)?;
                self.adopt(factory, keyset.version);
                return self.store_again(flash);
            }
        };
        let Some(version) = self.read(flash, self.is_second)? else {
            return Err(Error::KeysetLost);
        };
        self.version = version;
        // A cut between the writes of two copies. An older one would count again when the newer one decays.
        match (first, second) {
            (Ok(Some(first)), Ok(Some(second))) if first == second => Ok(()),
            (Ok(Some(_)), Ok(Some(_))) => self.store_again(flash),
            // A place that is worn out must not cost the copy that is whole: nothing in it can count.
            _ => self.store_again(flash).or(Ok(())),
        }
    }

    /// From now on the keyset that counts.
    pub(super) fn adopt(&mut self, keyset: &[u8], version: u32) {
        for (to, from) in self.bytes.iter_mut().zip(keyset) {
            *to = *from;
        }
        self.len = keyset.len();
        self.version = version;
    }

    /// Stores `keyset` over the older copy.
    pub(super) fn store<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        keyset: &[u8],
    ) -> Result<(), Error> {
        write(flash, place(flash, !self.is_second), keyset)?;
        self.is_second = !self.is_second;
        Ok(())
    }

    /// Stores what is held in memory in the other place as well.
    pub(super) fn store_again<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
    ) -> Result<(), Error> {
        write(flash, place(flash, !self.is_second), self.encoded())?;
        self.is_second = !self.is_second;
        Ok(())
    }

    /// The version of a copy, which memory then holds; `None` if it is torn or blank.
    fn read<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        second: bool,
    ) -> Result<Option<u32>, Error> {
        let at = place(flash, second).start;
        let mut read = Ok(None);
        for _ in 0..READS {
            read = self.read_once(flash, at);
            if let Ok(Some(_)) = read {
                break;
            }
        }
        read
    }

    fn read_once<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        at: u32,
    ) -> Result<Option<u32>, Error> {
        let mut head = [0; HEAD_LEN];
        flash.read(Area::Trust, at, &mut head)?;
        let mut fields = Fields(&head);
        let magic = fields.array::<4>();
        let version = fields.array().map(u16::from_le_bytes);
        let len = fields
            .array()
            .map(u16::from_le_bytes)
            .map_or(0, usize::from);
        let (Some(MAGIC), Some(VERSION)) = (magic, version) else {
            return Ok(None);
        };
        let Some(keyset) = self.bytes.get_mut(..len) else {
            return Ok(None);
        };
        let at = at.saturating_add(width(HEAD_LEN));
        flash.read(Area::Trust, at, keyset)?;
        let mut checksum = [0; CHECKSUM_LEN];
        flash.read(Area::Trust, at.saturating_add(width(len)), &mut checksum)?;
        if !checksum_of(&head, keyset).eq(checksum) {
            return Ok(None);
        }
        self.len = len;
        Ok(Keyset::decode(self.encoded())
            .ok()
            .map(|keyset| keyset.version))
    }
}

/// Erases a place and writes a copy there.
#[inline(never)]
fn write<S: Storage>(
    flash: &mut Flash<'_, S>,
    place: Range<u32>,
    keyset: &[u8],
) -> Result<(), Error> {
    flash.erase(Area::Trust, place.clone())?;
    let mut head = [0; HEAD_LEN];
    let len = u16::try_from(keyset.len()).unwrap_or(u16::MAX);
    let fields = [&MAGIC[..], &VERSION.to_le_bytes(), &len.to_le_bytes()];
    for (to, from) in head.iter_mut().zip(fields.into_iter().flatten()) {
        *to = *from;
    }
    let checksum = checksum_of(&head, keyset);
    let mut bytes = head
        .iter()
        .copied()
        .chain(keyset.iter().copied())
        .chain(checksum);
    let mut at = place.start;
    loop {
        let mut chunk = [flash.erased(Area::Trust); CHUNK];
        let mut count = 0_usize;
        for (to, from) in chunk.iter_mut().zip(&mut bytes) {
            *to = from;
            count = count.saturating_add(1);
        }
        let len = usize::try_from(flash.align(Area::Trust, width(count))).unwrap_or(CHUNK);
        let chunk = chunk.get(..len).unwrap_or(&chunk);
        if chunk.is_empty() {
            return Ok(());
        }
        flash.write(Area::Trust, at, chunk)?;
        at = at.saturating_add(width(chunk.len()));
    }
}

fn checksum_of(head: &[u8; HEAD_LEN], keyset: &[u8]) -> impl Iterator<Item = u8> + use<> {
    let mut hasher = Hasher::new();
    hasher.update(head);
    hasher.update(keyset);
    hasher.finish().0.into_iter().take(CHECKSUM_LEN)
}

/// Where the first or the second copy lies: whole sectors.
fn place<S: Storage>(flash: &Flash<'_, S>, second: bool) -> Range<u32> {
    let first_end = flash.align_to_sector(Area::Trust, PLACE_LEN);
    if second {
        first_end..flash.align_to_sector(Area::Trust, first_end.saturating_add(PLACE_LEN))
    } else {
        0..first_end
    }
}

fn width(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
