#![expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]

use std::vec::Vec;

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
                let at =
                    search.next_field(offset, (&mut bytes, 4), &mut inner_left, &mut |_, _, _| {
                        false
                    });
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

/// Over many words the search stops only where the slow way comes by, at the latest where that must
/// stop, and agrees on where instructions begin.
#[test]
fn a_long_search_keeps_to_instructions() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let (mut long, mut stopped) = (0, 0);
    for (isa, round) in (1..8).flat_map(|isa| (0..3_000_u32).map(move |round| (isa, round))) {
        let class = Class::Code(Isa::from_code(isa).unwrap());
        let side = Side {
            segments: Segments::at(0x0800_0000),
            len: 0x10_0000,
            ram_base: 0x2000_0000,
            ram_len: 0x8000,
        };
        let mut bytes = [0_u8; 80];
        for byte in &mut bytes {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            // Much of it plain in every set.
            *byte = match state >> 61 {
                0..=4 => 0x11,
                _ => state.to_be_bytes()[1],
            };
        }
        let offset = 0x8_0000 + (round & 6);
        let limit = 60;
        let mut inner_left = 0;
        let mut copy = bytes;
        let search = Search::new(&side, class, Zone::default());
        let at = search.next_field(
            offset,
            (&mut copy, limit),
            &mut inner_left,
            &mut |_, _, _| false,
        );
        assert_eq!(copy, bytes);
        let places = slow(&side, class, offset, (&bytes, limit));
        assert!(
            places.contains(&(at, inner_left)),
            "{class:?} at {offset:x}: {at}, {inner_left} left, not of {places:?} in {bytes:x?}"
        );
        long += u32::from(at > 12);
        stopped += u32::from(at < limit);
    }
    assert!(long > 3_000 && stopped > 3_000, "{long} {stopped}");
}

/// Every place that a walk byte by byte comes by, and the bytes left of an instruction there.
fn slow(side: &Side, class: Class, start: u32, (bytes, limit): (&[u8], usize)) -> Vec<(usize, u8)> {
    let unit = 1_u32 << class.step_log2();
    let mut inner = u8::try_from(start.wrapping_neg() & (unit - 1)).unwrap();
    let mut places = Vec::new();
    let mut at = 0_usize;
    loop {
        places.push((at, inner));
        let offset = start + u32::try_from(at).unwrap();
        let Some(here) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else {
            return places;
        };
        let found = match inner {
            0 => side.recognise(class, offset, *here),
            _ => side.recognise_inside(class, offset, *here),
        };
        // An instruction may lead beyond the limit.
        if found.is_some() || at >= limit && inner == 0 {
            return places;
        }
        if inner == 0 {
            inner = side.instruction_len(class, offset, *here);
            places.push((at, inner));
        }
        inner -= 1;
        at += 1;
    }
}
