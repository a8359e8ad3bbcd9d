use super::{Geometry, Sector, WriteRule};

#[test]
fn sector_at_agrees_with_the_list_of_sectors() {
    let geometries = [
        Geometry::uniform(256, 5),
        Geometry::uneven(&[(4, 16), (1, 64), (7, 128)]),
        Geometry::uneven(&[(1, 3), (2, 7), (1, 3)]),
    ];
    for geometry in geometries {
        let mut end = 0;
        for (number, sector) in (0..).zip(geometry.sectors()) {
            assert_eq!((sector.index, sector.start), (number, end), "{geometry:?}");
            for address in sector.range() {
                assert_eq!(geometry.sector_at(address), Some(sector), "{geometry:?}");
                assert_eq!(
                    geometry.is_sector_boundary(address),
                    address == sector.start
                );
            }
            end = sector.range().end;
        }
        assert_eq!(end, geometry.capacity());
        assert_eq!(
            geometry.sectors().count(),
            crate::index(geometry.sector_count())
        );
        assert_eq!(geometry.sector_at(end), None);
        assert!(geometry.is_sector_boundary(end));
        assert!(!geometry.is_sector_boundary(end + 1));
        assert_eq!(geometry.sector_at(u32::MAX), None);
    }
}

#[test]
fn presets_have_the_shape_of_their_parts() {
    use WriteRule::{Multiwrite, WriteOnce};
    let k = 1024;
    // (part, capacity, sectors, largest sector, write size, read size, erased value, rule)
    let table = [
        (
            "nrf52840",
            Geometry::nrf52840(),
            1024 * k,
            256,
            4 * k,
            4,
            1,
            0xff,
            Multiwrite,
        ),
        (
            "stm32f4",
            Geometry::stm32f4(),
            1024 * k,
            12,
            128 * k,
            4,
            1,
            0xff,
            Multiwrite,
        ),
        (
            "stm32l4",
            Geometry::stm32l4(),
            1024 * k,
            512,
            2 * k,
            8,
            1,
            0xff,
            WriteOnce,
        ),
        (
            "stm32h7",
            Geometry::stm32h7(),
            2048 * k,
            16,
            128 * k,
            32,
            1,
            0xff,
            WriteOnce,
        ),
        (
            "stm32u5",
            Geometry::stm32u5(),
            2048 * k,
            256,
            8 * k,
            16,
            1,
            0xff,
            WriteOnce,
        ),
        (
            "stm32l0",
            Geometry::stm32l0(),
            192 * k,
            1536,
            128,
            4,
            1,
            0x00,
            WriteOnce,
        ),
        (
            "rp2040",
            Geometry::rp2040(),
            2048 * k,
            512,
            4 * k,
            256,
            1,
            0xff,
            Multiwrite,
        ),
        (
            "esp32",
            Geometry::esp32(),
            4096 * k,
            1024,
            4 * k,
            4,
            4,
            0xff,
            Multiwrite,
        ),
        (
            "samd21",
            Geometry::samd21(),
            256 * k,
            1024,
            256,
            64,
            1,
            0xff,
            Multiwrite,
        ),
    ];
    for (part, geometry, capacity, sectors, largest, write, read, erased, rule) in table {
        assert_eq!(geometry.capacity(), capacity, "{part}");
        assert_eq!(geometry.sector_count(), sectors, "{part}");
        assert_eq!(geometry.largest_sector(), largest, "{part}");
        assert_eq!(geometry.write_size(), write, "{part}");
        assert_eq!(geometry.read_size(), read, "{part}");
        assert_eq!(geometry.erased_value(), erased, "{part}");
        assert_eq!(geometry.write_rule(), rule, "{part}");
    }
    let fifth = Sector {
        index: 4,
        start: 64 * k,
        size: 64 * k,
    };
    assert_eq!(Geometry::stm32f4().sectors().nth(4), Some(fifth));
}

#[test]
fn first_sectors_keeps_sizes_and_rules() {
    let whole = Geometry::stm32f4();
    for count in 1..=whole.sector_count() {
        let part = whole.clone().first_sectors(count);
        let expected: Vec<Sector> = whole.sectors().take(crate::index(count)).collect();
        assert_eq!(part.sectors().collect::<Vec<_>>(), expected);
        assert_eq!(part.write_size(), 4);
    }
}

#[test]
#[should_panic(expected = "0 of 12 sectors")]
fn no_sector_is_refused() {
    drop(Geometry::stm32f4().first_sectors(0));
}

#[test]
#[should_panic(expected = "13 of 12 sectors")]
fn more_sectors_than_there_are_is_refused() {
    drop(Geometry::stm32f4().first_sectors(13));
}

#[test]
#[should_panic(expected = "an empty run of sectors")]
fn empty_run_is_refused() {
    drop(Geometry::uneven(&[(1, 4096), (0, 4096)]));
}

#[test]
#[should_panic(expected = "the capacity does not fit 32 bits")]
fn capacity_beyond_32_bits_is_refused() {
    drop(Geometry::uneven(&[(0x8000, 0x10000), (0x8000, 0x10000)]));
}

#[test]
#[should_panic(expected = "write size 24 is not a power of two from 1 to 256")]
fn odd_write_size_is_refused() {
    drop(Geometry::uniform(4096, 1).with_write_size(24));
}

#[test]
#[should_panic(expected = "sector size 20 is not a multiple of the write size 8")]
fn write_size_that_splits_a_sector_is_refused() {
    drop(Geometry::uneven(&[(1, 16), (1, 20)]).with_write_size(8));
}

#[test]
#[should_panic(expected = "read size 8 is not a power of two that divides the write size 4")]
fn read_size_above_the_write_size_is_refused() {
    drop(
        Geometry::uniform(4096, 1)
            .with_write_size(4)
            .with_read_size(8),
    );
}

#[test]
#[should_panic(expected = "erased value 0x55 is neither 0x00 nor 0xff")]
fn odd_erased_value_is_refused() {
    drop(Geometry::uniform(4096, 1).with_erased_value(0x55));
}
