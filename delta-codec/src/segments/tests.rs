use std::vec::Vec;

use super::{SEGMENTS_MAX, Segment, Segments};

fn segment(offset: u32, address: u64) -> Segment {
    Segment { offset, address }
}

/// An ESP image: a header, then segments in flash and in RAM, in no order of their addresses.
fn esp() -> Segments {
    let segments = [
        segment(0x20, 0x3f40_0020),
        segment(0x1028, 0x3ffb_0000),
        segment(0x2030, 0x4008_0000),
        segment(0x3038, 0x400d_0018),
    ];
    Segments::of(&segments).unwrap()
}

#[test]
fn addresses_and_offsets_are_inverse() {
    let segments = esp();
    let len = 0x8000;
    for offset in (0..len).step_by(0x100).chain([0x1027, 0x1028, 0x302f]) {
        let address = segments.address_of(offset);
        let low = segments.low_address_of(offset);
        assert_eq!(u64::from(low), address);
        assert_eq!(segments.offset_of(low, len), Some(offset), "{offset:#x}");
    }
    assert_eq!(segments.address_of(0x1028), 0x3ffb_0000);
    assert_eq!(segments.address_of(0x4000), 0x400d_0018 + 0xfc8);
    assert_eq!(segments.offset_of(0x3ffb_2000, len), None);
    assert_eq!(segments.offset_of(0, len), None);
}

#[test]
fn the_tail_has_offsets_behind_the_image() {
    let one = Segments::at(0x8000_0000).with_tail(0x100);
    assert_eq!(one.offset_of(0x8000_00ff, 0x80), Some(0xff));
    assert_eq!(one.offset_of(0x8000_0180, 0x80), None);
    let several = esp().with_tail(0x100);
    let end = several.low_address_of(0x8000);
    assert_eq!(several.offset_of(end, 0x8000), Some(0x8000));
    assert_eq!(several.offset_of(end + 0x100, 0x8000), None);
}

#[test]
fn addresses_beyond_4_gib() {
    let kernel = Segments::of(&[segment(0, 0xffff_8000_0800_0000)]).unwrap();
    assert_eq!(kernel.address_of(0x1234), 0xffff_8000_0800_1234);
    assert_eq!(kernel.offset_of(0x0800_1234, 0x10_0000), Some(0x1234));
}

#[test]
fn what_is_no_list_of_segments() {
    assert_eq!(Segments::of(&[]), None);
    assert_eq!(Segments::of(&[segment(8, 8), segment(8, 9)]), None);
    assert_eq!(Segments::of(&[segment(0, 0), segment(8, 1 << 32)]), None);
    let many: Vec<Segment> = (0..100)
        .map(|n| segment(n, 0))
        .take(SEGMENTS_MAX + 1)
        .collect();
    assert_eq!(Segments::of(&many), None);
    assert!(Segments::of(&many[1..]).is_some());
}
