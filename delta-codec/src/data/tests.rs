use std::vec::Vec;

use super::Data;
use crate::isa::{Code, Field, Kind, Side};
use crate::segments::Segments;

const SIDE: Side = Side {
    segments: Segments::at(0xffff_8000_0800_0000),
    len: 1 << 20,
    ram_base: 0,
    ram_len: 0,
};

fn image(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The fields of a table at the front of an image, with their places.
fn fields(data: Data, image: &[u8]) -> Vec<(usize, Kind, u32)> {
    let mut found = Vec::new();
    for place in (0..image.len()).step_by(4) {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(&image[place..]) {
            *to = *from;
        }
        let offset = u32::try_from(place).unwrap();
        let field = data.recognise(&SIDE, offset, bytes, Code::new(image, place));
        let Some(Field { kind, len, target }) = field else {
            continue;
        };
        // The same target gives the same bytes; another one is read from those it gives.
        let len = usize::from(len);
        let same = data.rewrite(&SIDE, kind, bytes, offset, target).unwrap();
        assert_eq!(same[..len], bytes[..len]);
        let moved = data
            .rewrite(&SIDE, kind, bytes, offset, target ^ 16)
            .unwrap();
        let seen = data.target(&SIDE, kind, offset, moved, target);
        assert_eq!(seen, Some(target ^ 16));
        found.push((place, kind, target));
    }
    found
}

#[test]
fn numbers_of_types_and_names_are_told_by_what_lies_around() {
    let types = [
        // A pointer to type 7.
        [0, 2 << 24, 7],
        // A structure of 24 bytes with a member of type 9 at bit 64.
        [0x300, 4 << 24 | 1, 24],
        [0x5_0000, 9, 64],
    ];
    let found = fields(Data::Numbers32, &image(&types.concat()));
    let (name, number) = (1 << 26, 2 << 26);
    assert_eq!(
        found,
        [
            (8, Kind::Ram, number | 7),
            (12, Kind::Ram, name | 0x300),
            (24, Kind::Ram, name | 0x5_0000),
            (28, Kind::Ram, number | 9),
        ]
    );
}

#[test]
fn relocations_are_told_by_their_type() {
    let (low, high) = (0x0800_0000, 0xffff_8000);
    let record = |place, target| [low + place, high, 0x403, 0, low + target, high];
    let table = [record(0x1000, 0x50), record(0x1010, 0xf000)];
    let found = fields(Data::Relocation64, &image(&table.concat()));
    assert_eq!(
        found,
        [
            (0, Kind::Ram, 0x1000),
            (16, Kind::Pointer, 0x50),
            (24, Kind::Ram, 0x1010),
            (40, Kind::Pointer, 0xf000),
        ]
    );
    let others = [low, high, 0x101, 0, low, high];
    assert_eq!(fields(Data::Relocation64, &image(&others)), []);
}

#[test]
fn numbers_stand_for_their_classes() {
    for data in Data::ALL {
        assert_eq!(Data::from_code(data.code()), Some(data));
    }
    assert_eq!(Data::from_code(6), None);
}
