use sprag_delta::{Addresses, Isa, Operation, Profile, Segments};

use super::{EncodeOptions, Fields, MovedTo, choose_majors};

const ADDRESSES: Addresses = Addresses {
    old: Segments::at(0x0800_0000),
    new: Segments::at(0x0800_0000),
    ram_base: 0,
    ram_len: 0,
};

const OPTIONS: EncodeOptions<'_> = EncodeOptions {
    isa: Isa::Thumb,
    addresses: ADDRESSES,
    ..EncodeOptions::new(Profile::Kib16)
};

/// BL from one offset to another.
fn call(from: u32, to: u32) -> [u8; 4] {
    let distance = to.wrapping_sub(from + 4);
    let high = 0xf000 | distance >> 24 & 1 << 10 | distance >> 12 & 0x3ff;
    (high | 0xf800_0000 | (distance >> 1 & 0x7ff) << 16).to_le_bytes()
}

/// `count` calls to places `target` bytes further on, each followed by two bytes of its own.
fn code(count: u32, target: u32) -> Vec<u8> {
    let mut image = Vec::new();
    for number in 0..count {
        let from = number * 8;
        image.extend_from_slice(&call(from, from + target));
        image.extend_from_slice(&[0x10, 0x20, number.to_le_bytes()[0] & 7, 0x46]);
    }
    image.resize(image.len() + 4000, 0);
    image
}

#[test]
fn masked_code_does_not_show_where_it_calls() {
    let (near, far) = (code(50, 1000), code(50, 1500));
    assert_ne!(near, far);
    let masks = [&near, &far].map(|image| Fields::old(&OPTIONS, image).masked());
    assert_eq!(masks[0], masks[1]);
    assert_ne!(masks[0], near);
}

#[test]
fn all_operations_are_major_while_there_is_room() {
    let image = code(100, 600);
    let fields = Fields::old(&OPTIONS, &image);
    let copy = |source, copy_len| Operation {
        literal_len: 1,
        copy_len,
        source,
        major: true,
    };
    let tail = Operation {
        literal_len: 9,
        major: true,
        ..Operation::default()
    };
    // The calls of the first go to the second.
    let operations = [
        copy(0, 100),
        copy(650, 40),
        copy(2000, 60),
        copy(1500, 50),
        tail,
    ];
    for (count, expected) in [
        (0, [false; 5]),
        (1, [false, true, false, false, false]),
        (2, [true, true, false, false, false]),
        (3, [true, true, true, false, false]),
        (9, [true, true, true, true, false]),
    ] {
        let mut chosen = operations;
        choose_majors(&mut chosen, &fields, count);
        assert_eq!(chosen.map(|operation| operation.major), expected, "{count}");
    }
}

#[test]
fn shifts_are_those_of_the_decoders_map() {
    let copy = |literal_len, copy_len, source, major| Operation {
        literal_len,
        copy_len,
        source,
        major,
    };
    // To 10, 110 (nested in the first), 160 (not major), 260.
    let operations = [
        copy(10, 100, 1000, true),
        copy(0, 50, 1020, true),
        copy(0, 100, 5000, false),
        copy(0, 10, 3000, true),
    ];
    let moved = MovedTo::of(&operations);
    let shift = |from: u32, to: u32| Some(to.wrapping_sub(from));
    for (target, expected) in [
        (999, None),
        (1000, shift(1000, 10)),
        (1030, shift(1000, 10)),
        (2999, shift(1000, 10)),
        (3000, shift(3000, 260)),
        (9000, shift(3000, 260)),
    ] {
        assert_eq!(moved.shift(target), expected, "{target}");
    }
}
