use sprag_delta::{Class, Data, Isa, Region};

use super::{find, origin};

/// Code whose first half calls functions in its second half, then a table of their offsets from
/// `origin`, then a shorter one relative to its own place.
fn image(origin: u32) -> Vec<u8> {
    let mut words = Vec::new();
    for number in 0..128 * 256_u32 {
        let calls = number % 4 == 0 && number < 64 * 256;
        words.push(if calls {
            0x9400_0000 | (64 * 256)
        } else {
            0xf900_0000 | number
        });
    }
    for number in 0..16 * 256_u32 {
        words.push(number * 16 + 0x1_0000 - origin);
    }
    for number in 0..8 * 256_u32 {
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
            region(128 << 10, Data::Offset32),
            region(144 << 10, Data::Relative32)
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
