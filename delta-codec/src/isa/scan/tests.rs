#![expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]

use super::{Search, Zone};
use crate::data::Data;
use crate::isa::{Isa, Side};
use crate::region::Class;
use crate::segments::{Segment, Segments};

/// The search stops wherever a field begins that may change, and knows the length of what it
/// passes.
#[test]
fn the_search_passes_over_no_field_that_changes() {
    let segments = [
        Segments::at(0x0800_0000),
        Segments::at(0xffff_ffc0_0800_0000),
        Segments::of(&[(0, 0x4010_0000), (0x4_0000, 0x3ffe_8000)].map(segment)).unwrap(),
    ];
    for (segments, isa) in segments
        .iter()
        .flat_map(|s| (0..8).map(move |isa| (*s, isa)))
    {
        let class = Class::Code(Isa::from_code(isa).unwrap());
        check(segments, class);
    }
    for data in Data::ALL {
        check(Segments::at(0x0800_0000), Class::Data(data));
    }
}

fn segment((offset, address): (u32, u64)) -> Segment {
    Segment { offset, address }
}

fn check(segments: Segments, class: Class) {
    let side = Side {
        segments,
        len: 0x10_0000,
        ram_base: 0x2000_0000,
        ram_len: 0x8000,
    };
    let zone = Zone {
        from: 0x7_f000,
        len: 0x2000,
    };
    let searches = [Zone::default(), zone].map(|zone| Search::new(&side, class, zone));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..50_000_u32 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let mut bytes = state.to_le_bytes();
        if round % 8 == 0 {
            let target = state.to_be_bytes()[0];
            bytes = side
                .segments
                .address_of(u32::from(target) << 12)
                .to_le_bytes();
        } else if round % 8 == 1 {
            bytes[2..4].copy_from_slice(&[0, 0x20]);
        }
        let offset = 0x8_0000 + round % 16;
        for inside in [0, 4] {
            let found = match inside {
                0 => side.recognise(class, offset, bytes),
                _ => side.recognise_inside(class, offset, bytes),
            };
            for (search, whole) in searches.iter().zip([true, false]) {
                let mut inner_left = inside;
                let at = search.next_field(offset, (&bytes, 4), &mut inner_left, &mut |_, _| false);
                if class == Class::NONE {
                    assert!(at == 4 && (found.is_none() || inside > 0));
                } else if at > 0 {
                    if let Some(field) = found {
                        let near = !field.kind.is_far();
                        let inside = field.target.wrapping_sub(zone.from) < zone.len;
                        assert!(near && inside && !whole, "{class:?} {bytes:x?}: {field:?}");
                    }
                    let expected = match inside {
                        0 => side.instruction_len(class, offset, bytes),
                        _ => inside,
                    };
                    let gone = at + usize::from(inner_left);
                    let next = at > usize::from(expected);
                    let fits = gone == usize::from(expected) || next;
                    assert!(fits, "{class:?} {bytes:x?} at {offset:x}: {gone}");
                }
            }
        }
    }
}
