//! The two copies of the boot record in flash: which counts, and how a change is stored.

use core::ops::Range;

use super::{BootRecord, RECORD_LEN};
use crate::error::Error;
use crate::flash::Flash;
use crate::storage::{Area, Storage};

/// Times a copy is read before it counts as torn.
const READS: u8 = 3;
/// Times a copy is written before its place counts as worn out.
const WRITES: u8 = 2;
/// What the second place holds until a device has its first record. A torn record cannot look like it: it has none of
/// the bits of its magic.
const NEW_MARK: [u8; 4] = [!b'S', !b'P', !b'R', !b'B'];
/// The longest padded copy: write units have at most 256 bytes.
const PADDED_LEN: usize = 256;

/// The record that counts, and which copy it is.
#[derive(Debug)]
pub(crate) struct Copies {
    pub(crate) current: BootRecord,
    current_is_second: bool,
    birth: Birth,
}

/// Whether a record was ever stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Birth {
    /// None was. The second place is to say so, here, before the first one is touched.
    Unmarked(u32),
    /// None was: the second place says so, and the first one may hold a torn one.
    Marked,
    Past,
}

impl Copies {
    /// Reads the record, lets `change` judge and edit it, and stores it.
    pub(crate) fn change<S: Storage>(
        &mut self,
        storage: &mut S,
        change: impl FnOnce(&mut BootRecord) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut flash = Flash::new(storage);
        self.read(&mut flash)?;
        change(&mut self.current)?;
        self.store(&mut flash)
    }

    /// Stores the current record over the older copy.
    pub(crate) fn store<S: Storage>(&mut self, flash: &mut Flash<'_, S>) -> Result<(), Error> {
        flash.check_geometry(Area::Record)?;
        self.current.revision = self.current.revision.saturating_add(1);
        if let Birth::Unmarked(at) = self.birth {
            mark_new(flash, Area::Record, NEW_MARK, at)?;
            self.birth = Birth::Marked;
        }
        self.store_over_older(flash)?;
        if self.birth == Birth::Marked {
            // The mark goes: from now on, one copy that decays is never all there was.
            self.birth = Birth::Past;
            self.store_over_older(flash)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn store_over_older<S: Storage>(&mut self, flash: &mut Flash<'_, S>) -> Result<(), Error> {
        let second = !self.current_is_second;
        let mut bytes = [flash.erased(Area::Record); PADDED_LEN];
        self.current.encode(&mut bytes);
        let bytes = units(flash, Area::Record, &bytes, RECORD_LEN);
        write_place(flash, second, bytes)?;
        self.current_is_second = second;
        Ok(())
    }

    /// Of a device as it left the factory, until [`Copies::read`] has looked.
    pub(crate) fn new() -> Self {
        Self {
            current: BootRecord::default(),
            // As if the second copy counted: the first write goes to the first place.
            current_is_second: true,
            birth: Birth::Past,
        }
    }

    /// Finds the copy that counts. In place, because a record is long and stacks are short.
    #[inline(never)]
    pub(crate) fn read<S: Storage>(&mut self, flash: &mut Flash<'_, S>) -> Result<(), Error> {
        let behind = copy_range(flash, true);
        let first = read_copy(flash, 0, &mut self.current);
        let mut other = BootRecord::default();
        let second = read_copy(flash, behind.start, &mut other);
        // A copy that cannot be read, as flash with ECC answers for a torn write, is not whole.
        match (&first, &second) {
            (Ok(true), Ok(true)) if other.revision > self.current.revision => self.current = other,
            (Ok(true), _) => self.current_is_second = false,
            (_, Ok(true)) => self.current = other,
            _ => match Birth::of(flash, Area::Record, NEW_MARK, behind)? {
                Birth::Past => return Err(first.and(second).err().unwrap_or(Error::RecordLost)),
                birth => self.birth = birth,
            },
        }
        Ok(())
    }
}

impl Birth {
    /// Whether a device without a whole copy never had one. What a cut in the middle of a change leaves, one place
    /// blank and in the other what decayed since, must not look like that.
    ///
    /// `second` is where the second copy lies in `area`, behind the first one.
    #[inline(never)]
    pub(crate) fn of<S: Storage>(
        flash: &mut Flash<'_, S>,
        area: Area,
        new_mark: [u8; 4],
        second: Range<u32>,
    ) -> Result<Self, Error> {
        let erased = flash.erased(area);
        let unit = flash.align(area, u32::try_from(new_mark.len()).unwrap_or(u32::MAX));
        let (mut whole, mut begun, mut free) = (false, false, None);
        let mut at = second.start;
        // A mark that was torn is made good behind it, once.
        for _ in 0..2 {
            let mut found = new_mark.map(|_| erased);
            if at.saturating_add(unit) > second.end {
                break;
            }
            if flash.read(area, at, &mut found).is_ok() {
                let mut bytes = found.iter().zip(new_mark);
                if bytes.any(|(found, mark)| (found ^ erased) & !(mark ^ erased) != 0) {
                    return Ok(Self::Past);
                }
                whole |= found == new_mark;
                match found.iter().all(|byte| *byte == erased) {
                    true => free = free.or(Some(at)),
                    false => begun = true,
                }
            }
            at = at.saturating_add(unit);
        }
        if !flash.is_blank(area, at..second.end)? {
            return Ok(Self::Past);
        }
        let untouched = flash.is_blank(area, 0..second.start)?;
        Ok(match free.filter(|_| !whole) {
            Some(at) if untouched => Self::Unmarked(at),
            _ if untouched || begun => Self::Marked,
            _ => Self::Past,
        })
    }
}

/// Whether the copy at `offset` is whole, and then what it says, into `record`. A copy that was misread once must not
/// cost what it says, so it is read again before it counts as torn.
#[inline(never)]
fn read_copy<S: Storage>(
    flash: &mut Flash<'_, S>,
    offset: u32,
    record: &mut BootRecord,
) -> Result<bool, Error> {
    let mut bytes = [0; RECORD_LEN];
    let mut read = Ok(());
    for _ in 0..READS {
        read = flash.read(Area::Record, offset, &mut bytes);
        if read.is_ok()
            && let Some(whole) = BootRecord::decode(&bytes)
        {
            *record = whole;
            return Ok(true);
        }
    }
    read.map(|()| false)
}

/// Erases the first or the second place and writes `bytes` there, once more if the driver reports a failure.
fn write_place<S: Storage>(
    flash: &mut Flash<'_, S>,
    second: bool,
    bytes: &[u8],
) -> Result<(), Error> {
    let place = copy_range(flash, second);
    let mut written = Ok(());
    for _ in 0..WRITES {
        written = flash
            .erase(Area::Record, place.clone())
            .and_then(|()| flash.write(Area::Record, place.start, bytes));
        // What does not read back may have gone astray: that is not done twice.
        if matches!(written, Ok(()) | Err(Error::FlashVerify { .. })) {
            break;
        }
    }
    written
}

/// Writes the mark of a device that has no record yet. No erase: one that is cut leaves what a lost record may look
/// like.
#[inline(never)]
pub(crate) fn mark_new<S: Storage>(
    flash: &mut Flash<'_, S>,
    area: Area,
    new_mark: [u8; 4],
    at: u32,
) -> Result<(), Error> {
    let mut bytes = [flash.erased(area); PADDED_LEN];
    for (to, from) in bytes.iter_mut().zip(new_mark) {
        *to = from;
    }
    flash.write(area, at, units(flash, area, &bytes, new_mark.len()))
}

/// The first `len` bytes and what makes them whole write units.
fn units<'b, S: Storage>(
    flash: &Flash<'_, S>,
    area: Area,
    bytes: &'b [u8; PADDED_LEN],
    len: usize,
) -> &'b [u8] {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    let len = usize::try_from(flash.align(area, len)).unwrap_or(PADDED_LEN);
    bytes.get(..len).unwrap_or(bytes)
}

/// Where the first or the second copy lies: as many sectors as it takes, one on most parts.
fn copy_range<S: Storage>(flash: &Flash<'_, S>, second: bool) -> Range<u32> {
    let len = u32::try_from(RECORD_LEN).unwrap_or(u32::MAX);
    let first_end = flash.align_to_sector(Area::Record, len);
    if second {
        first_end..flash.align_to_sector(Area::Record, first_end.saturating_add(len))
    } else {
        0..first_end
    }
}
