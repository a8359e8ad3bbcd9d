use std::vec;
use std::vec::Vec;

use super::{NUMBER_WORK, signed, unsigned};
use crate::coder::{Range, RangeDecoder, RangeEncoder};
use crate::fifo::Fifo;
use crate::map::Widths;
use crate::profile::Profile;
use crate::tables::{Layout, Tables};

const WIDTHS: Widths = Widths::of_lengths(1 << 20, 1 << 20, 1 << 16);

fn slab() -> Vec<u8> {
    vec![0; Layout::of(Profile::Kib8).len()]
}

#[test]
fn numbers_come_back() {
    let mut numbers: Vec<u32> = (0..300).collect();
    numbers.extend((0..32).flat_map(|bit| {
        let power = 1_u32 << bit;
        [power.wrapping_sub(1), power, power.wrapping_add(1)]
    }));
    numbers.push(u32::MAX);
    let mut stream = Vec::new();
    {
        let mut slab = slab();
        let mut tables = Tables::split(&mut slab, Profile::Kib8, WIDTHS).unwrap();
        tables.reset();
        let mut coder = RangeEncoder::new(&mut stream);
        for &number in &numbers {
            unsigned(&mut tables, &mut coder, 0, number);
            let number = i32::from_le_bytes(number.to_le_bytes());
            signed(&mut tables, &mut coder, 0, number);
        }
        coder.finish();
    }
    let mut slab = slab();
    let mut tables = Tables::split(&mut slab, Profile::Kib8, WIDTHS).unwrap();
    tables.reset();
    let mut lent = vec![0; stream.len()];
    let mut fifo = Fifo::new(&mut lent);
    fifo.push(&stream);
    fifo.finish();
    let state = Range::start(&mut fifo);
    let mut coder = RangeDecoder {
        state,
        fifo: &mut fifo,
        work: 0,
    };
    for &number in &numbers {
        let before = coder.work;
        assert_eq!(unsigned(&mut tables, &mut coder, 0, 0), number);
        let signed_number = i32::from_le_bytes(number.to_le_bytes());
        assert_eq!(signed(&mut tables, &mut coder, 0, 0), signed_number);
        assert!(coder.work.wrapping_sub(before) <= NUMBER_WORK.wrapping_mul(2));
    }
}
