use super::{Class, Regions, Span};
use crate::data::Data;
use crate::isa::Isa;

#[test]
fn numbers_of_classes_are_stable() {
    assert_eq!(Class::NONE.code(), 0);
    assert_eq!(Class::Code(Isa::A64).code(), 3);
    assert_eq!(Class::Data(Data::Pointer32).code(), 16);
    for code in 0..=u8::MAX {
        if let Some(class) = Class::from_code(code) {
            assert_eq!(class.code(), code);
        }
    }
    assert_eq!(Class::from_code(15), None);
    assert_eq!(Class::from_code(255), None);
}

#[test]
fn each_place_is_in_one_region() {
    let mut entries = [[0; 5]; 4];
    let mut regions = Regions {
        entries: &mut entries,
    };
    let (code, data) = (Class::Code(Isa::A64), Class::Data(Data::Pointer64));
    regions.set(0, 0x400, data);
    regions.set(1, 0x800, code);
    let span = |start, len, class| Span { start, len, class };
    assert_eq!(regions.find(0, code, 7), span(0, u32::MAX, code));
    assert_eq!(regions.find(2, code, 0x3ff), span(0, 0x400, code));
    assert_eq!(regions.find(2, code, 0x400), span(0x400, 0x400, data));
    assert_eq!(
        regions.find(2, code, 0x1000),
        span(0x800, u32::MAX - 0x800, code)
    );
    assert!(regions.find(2, code, 0x400).holds(0x7ff));
    assert!(!regions.find(2, code, 0x400).holds(0x800));
    assert_eq!(regions.find(2, code, 0x400).left(0x7ff), 1);
    assert!(!Span::EMPTY.holds(0));
}
