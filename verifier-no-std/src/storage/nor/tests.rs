use std::vec::Vec;

use flash_sim::{ConstFlash, FlashSim, Geometry};

use super::{NorLayout, NorStorage, Region, Sectors};
use crate::storage::{Area, FlashErrorKind, Storage};

type Words = ConstFlash<4, 4, 128>;

/// Two sectors of 64 bytes, then three of 128, read in words; slot A spans both sizes.
fn storage(sectors: Sectors<'static>) -> NorStorage<'static, Words> {
    let geometry = Geometry::uneven(&[(2, 64), (3, 128)])
        .with_write_size(4)
        .with_read_size(4);
    let mut sim = FlashSim::new(geometry);
    let content: Vec<u8> = (0..=255).cycle().take(512).collect();
    sim.load(0, &content);
    let region = |start, len| Region { start, len };
    let layout = NorLayout {
        slot_a: region(64, 192),
        slot_b: region(256, 128),
        staging: region(0, 0),
        record: region(384, 128),
        scratch: region(0, 64),
        erased: 0xff,
        base: 0x1000,
        sectors,
    };
    NorStorage::new(ConstFlash::new(sim), layout)
}

const STARTS: Sectors<'static> = Sectors::Starts(&[0, 64, 128, 256, 384]);

#[test]
fn reads_of_any_alignment_from_a_flash_of_words() {
    let mut storage = storage(STARTS);
    for offset in 0..40 {
        for len in 0..40 {
            let mut buf = std::vec![0; usize::try_from(len).unwrap()];
            storage.read(Area::SlotA, offset, &mut buf).unwrap();
            let expected: Vec<u8> = (64 + offset..64 + offset + len)
                .map(|at| u8::try_from(at).unwrap())
                .collect();
            assert_eq!(buf, expected, "{len} bytes at {offset}");
        }
    }
    let mut last = [0; 3];
    storage.read(Area::SlotA, 189, &mut last).unwrap();
    assert_eq!(last, [253, 254, 255]);
}

#[test]
fn nothing_reaches_out_of_an_area() {
    let mut storage = storage(STARTS);
    let outside = Err(FlashErrorKind::OutOfBounds);
    for (area, offset, len) in [
        (Area::SlotA, 192, 4),
        (Area::SlotA, 188, 8),
        (Area::SlotB, 128, 4),
        (Area::Staging, 0, 4),
        (Area::Record, u32::MAX - 1, 4),
        (Area::Scratch, 60, 8),
        (Area::SlotA, u32::MAX - 3, 4),
    ] {
        let mut buf = std::vec![0; len];
        assert_eq!(
            storage.read(area, offset, &mut buf),
            outside,
            "{area:?} {offset}"
        );
        assert_eq!(
            storage.write(area, offset, &buf),
            outside,
            "{area:?} {offset}"
        );
    }
    assert_eq!(storage.erase(Area::SlotA, 64..320), outside);
    assert_eq!(storage.flash().sim().operation_count(), 0);
}

#[test]
fn sectors_are_ranges_of_their_area() {
    let uneven = storage(STARTS);
    let sectors = [0, 63, 64, 191].map(|offset| uneven.sector(Area::SlotA, offset));
    assert_eq!(sectors, [0..64, 0..64, 64..192, 64..192]);
    assert_eq!(uneven.sector(Area::SlotB, 127), 0..128);
    assert_eq!(uneven.sector(Area::Record, 5), 0..128);
    let uniform = storage(Sectors::Uniform);
    assert_eq!(uniform.sector(Area::SlotB, 127), 0..128);
}

#[test]
fn erases_and_writes_arrive_where_they_should() {
    let mut storage = storage(STARTS);
    storage.erase(Area::SlotA, 64..192).unwrap();
    storage.write(Area::SlotA, 100, &[1, 2, 3, 4]).unwrap();
    let geometry = storage.geometry(Area::SlotA);
    assert_eq!(
        (geometry.size, geometry.write_size, geometry.base),
        (192, 4, 0x1040)
    );
    let sim = storage.into_flash().into_sim();
    assert_eq!(sim.bytes()[164..168], [1, 2, 3, 4]);
    assert_eq!(sim.erase_counts(), [0, 0, 1, 0, 0]);
}
