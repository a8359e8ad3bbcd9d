use sprag_delta::{Class, Data, Isa, Region};

use super::{find, origin};

/// Functions that call each other, then a table of their offsets from `origin`, then one relative to
/// its own place.
fn image(origin: u32) -> Vec<u8> {
    let mut words = Vec::new();
    for number in 0..64 * 256_u32 {
        let call = 0x9400_0000 | (16 * (number % 100 + 1));
        words.push(if number % 4 == 0 {
            call
        } else {
            0xf900_0000 | number
        });
    }
    for number in 0..16 * 256_u32 {
        words.push(number * 16 + 0x1_0000 - origin);
    }
    for number in 0..16 * 256_u32 {
        let place = u32::try_from(words.len() * 4).unwrap();
        words.push((number * 16).wrapping_sub(place));
    }
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn tables_are_told_from_code() {
    let image = image(0x8000);
    let found = find(Isa::A64, &image, 32);
    let region = |start, data| Region {
        start,
        class: Class::Data(data),
    };
    assert_eq!(
        found,
        [
            region(64 << 10, Data::Offset32),
            region(80 << 10, Data::Relative32)
        ]
    );
    assert_eq!(find(Isa::A64, &image, 1).len(), 1);
    assert_eq!(find(Isa::None, &image, 32), []);
}

#[test]
fn offsets_count_from_where_functions_are() {
    for expected in [0, 0x8000] {
        let image = image(expected);
        let regions = find(Isa::A64, &image, 32);
        assert_eq!(origin(Isa::A64, &image, &regions), expected);
    }
}
