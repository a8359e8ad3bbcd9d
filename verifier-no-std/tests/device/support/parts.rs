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
    uniform(room, |geometry| geometry.with_write_size(4))
}

/// STM32L4: 2 KiB sectors, 8 B double words that are written once.
pub(crate) fn l4<const SECTOR: usize>(room: Room) -> Board<1, 8, SECTOR> {
    uniform(room, |geometry| {
        geometry
            .with_write_size(8)
            .with_write_rule(WriteRule::WriteOnce)
    })
}

/// STM32H7: 128 KiB sectors, 32 B flash words that are written once.
pub(crate) fn h7<const SECTOR: usize>(room: Room) -> Board<1, 32, SECTOR> {
    uniform(room, |geometry| {
        geometry
            .with_write_size(32)
            .with_write_rule(WriteRule::WriteOnce)
    })
}

/// STM32L0: 128 B sectors, 4 B words that are written once, erased to zeros.
pub(crate) fn l0(room: Room) -> Board<1, 4, 128> {
    uniform(room, |geometry| {
        geometry
            .with_write_size(4)
            .with_erased_value(0x00)
            .with_write_rule(WriteRule::WriteOnce)
    })
}

/// RP2040: 4 KiB sectors, 256 B pages; read in words here, as many drivers do.
pub(crate) fn rp2040(room: Room) -> Board<4, 256, 4096> {
    uniform(room, |geometry| {
        geometry.with_write_size(256).with_read_size(4)
    })
}

/// The first nine sectors of an STM32F4 at a sixteenth of their size: 4 x 1 KiB, 4 KiB, 8 KiB and so on.
/// Slot A is made of three sizes, slot B of one.
pub(crate) fn uneven(room: Room) -> Board<1, 4, 8192> {
    const STARTS: &[u32] = &[
        0, 1024, 2048, 3072, 4096, 8192, 16384, 24576, 32768, 40960, 49152,
    ];
    let geometry = Geometry::uneven(&[(4, 1024), (1, 4096), (7, 8192)])
        .with_write_size(4)
        .first_sectors(11);
    let slots = match room.place {
        StagingPlace::Direct | StagingPlace::Area => [(2048, 14336), (16384, 8192)],
        _ => [(2048, 22528), (24576, 24576)],
    };
    let region = |(start, len)| Region { start, len };
    let behind = (40960, 16384);
    let (staging, scratch) = match room.place {
        StagingPlace::Area => (behind, (0, 0)),
        StagingPlace::Direct => ((0, 0), behind),
        _ => ((0, 0), (0, 0)),
    };
    Board::new(
        FlashSim::new(geometry),
        NorLayout {
            slot_a: region(slots[0]),
            slot_b: region(slots[1]),
            staging: region(staging),
            record: region((0, 2048)),
            scratch: region(scratch),
            erased: 0xff,
            base: BASE,
            sectors: Sectors::Starts(STARTS),
        },
    )
}

fn uniform<const READ: usize, const WRITE: usize, const SECTOR: usize>(
    room: Room,
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
    let mut next = 1;
    let mut region = |sectors: u32| {
        let start = next * size;
        next += sectors + 1;
        Region {
            start,
            len: sectors * size,
        }
    };
    let (record, slot_a, slot_b) = (region(record), region(slot), region(slot));
    let (staging, scratch) = (region(area), region(scratch));
    let geometry = part(Geometry::uniform(size, next));
    let erased = geometry.erased_value();
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
            sectors: Sectors::Uniform,
        },
    )
}
