//! Flash parts with their layouts. Areas stand apart, so that a write between them is seen.

use flash_sim::{FlashSim, Geometry, WriteRule};
use sprag_verifier::{NorLayout, Region, Sectors, StagingPlace};

use super::Board;

/// Address at which every part is mapped.
const BASE: u32 = 0x0800_0000;

/// Bytes of one copy of the boot record.
const RECORD_LEN: u32 = 212;

/// How many sectors an image may take, and where blocks wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) place: StagingPlace,
    /// Sectors of an image.
    pub(crate) image: u32,
    /// Sectors of the staging area or tail; of the scratch area, where nothing is staged.
    pub(crate) staging: u32,
}

/// nRF52840: 4 KiB sectors, 4 B words; or with smaller sectors, to sweep faster.
pub(crate) fn nrf<const SECTOR: usize>(room: Room) -> Board<1, 4, SECTOR> {
    lay(room, Slots::Even, |geometry| geometry.with_write_size(4))
}

/// STM32L4: 2 KiB sectors, 8 B double words that are written once.
pub(crate) fn l4<const SECTOR: usize>(room: Room) -> Board<1, 8, SECTOR> {
    lay(room, Slots::Even, |geometry| {
        geometry
            .with_write_size(8)
            .with_write_rule(WriteRule::WriteOnce)
    })
}

/// STM32H7: 128 KiB sectors, 32 B flash words that are written once.
pub(crate) fn h7<const SECTOR: usize>(room: Room) -> Board<1, 32, SECTOR> {
    lay(room, Slots::Even, |geometry| {
        geometry
            .with_write_size(32)
            .with_write_rule(WriteRule::WriteOnce)
    })
}

/// STM32L0: 128 B sectors, 4 B words that are written once, erased to zeros.
pub(crate) fn l0(room: Room) -> Board<1, 4, 128> {
    lay(room, Slots::Even, |geometry| {
        geometry
            .with_write_size(4)
            .with_erased_value(0x00)
            .with_write_rule(WriteRule::WriteOnce)
    })
}

/// RP2040: 4 KiB sectors, 256 B pages; read in words here, as many drivers do.
pub(crate) fn rp2040(room: Room) -> Board<4, 256, 4096> {
    lay(room, Slots::Even, |geometry| {
        geometry.with_write_size(256).with_read_size(4)
    })
}

/// A serial flash that writes single bytes.
pub(crate) fn bytewise<const SECTOR: usize>(room: Room) -> Board<1, 1, SECTOR> {
    lay(room, Slots::Even, |geometry| geometry)
}

/// STM32U5: 16 B quad words that are written once.
pub(crate) fn u5<const SECTOR: usize>(room: Room) -> Board<1, 16, SECTOR> {
    lay(room, Slots::Even, |geometry| {
        geometry
            .with_write_size(16)
            .with_write_rule(WriteRule::WriteOnce)
    })
}

/// SAM D21: rows of 256 B, pages of 64 B.
pub(crate) fn samd21(room: Room) -> Board<1, 64, 256> {
    lay(room, Slots::Even, |geometry| geometry.with_write_size(64))
}

/// STM32F4 with two banks: four sectors of an eighth, one of a half, then large ones; 16, 64 and 128 KiB on the part.
/// A slot begins with a bank, so that its image lies in sectors of three sizes.
pub(crate) fn f4<const SECTOR: usize>(room: Room) -> Board<1, 4, SECTOR> {
    lay(room, Slots::Bank, |geometry| geometry.with_write_size(4))
}

/// The sectors of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slots {
    /// All alike.
    Even,
    /// The first is divided into five.
    Bank,
}

fn lay<const READ: usize, const WRITE: usize, const SECTOR: usize>(
    room: Room,
    slots: Slots,
    part: impl Fn(Geometry) -> Geometry,
) -> Board<READ, WRITE, SECTOR> {
    let size = u32::try_from(SECTOR).unwrap();
    let (tail, area, scratch) = match room.place {
        StagingPlace::Direct => (0, 0, room.staging),
        StagingPlace::Area => (0, room.staging, 0),
        _ => (room.staging, 0, 0),
    };
    let slot = room.image + tail;
    let record = 2 * RECORD_LEN.div_ceil(size);
    let mut runs = vec![(1, size)];
    let mut next = 1;
    let mut region = |count: u32, slots: Slots| {
        let start = next * size;
        next += count + 1;
        match slots {
            Slots::Even => runs.push((count + 1, size)),
            Slots::Bank => runs.extend([(4, size / 8), (1, size / 2), (count, size)]),
        }
        Region {
            start,
            len: count * size,
        }
    };
    let record = region(record, Slots::Even);
    let (slot_a, slot_b) = (region(slot, slots), region(slot, slots));
    let (staging, scratch) = (region(area, Slots::Even), region(scratch, Slots::Even));
    let geometry = part(Geometry::uneven(&runs));
    let erased = geometry.erased_value();
    let sectors = match slots {
        Slots::Even => Sectors::Uniform,
        Slots::Bank => {
            let starts: Vec<u32> = geometry.sectors().map(|sector| sector.start).collect();
            Sectors::Starts(starts.leak())
        }
    };
    Board::new(
        FlashSim::new(geometry),
        NorLayout {
            slot_a,
            slot_b,
            staging,
            record,
            scratch,
            erased,
            base: BASE,
            sectors,
        },
    )
}
