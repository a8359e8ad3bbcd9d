//! Rules, counters, raw access. The random comparison with a naive twin is in `model`.

mod model;

use super::FlashSim;
use crate::error::FlashError;
use crate::geometry::{Geometry, WriteRule};
use crate::log::{Operation, OperationKind, Outcome, Totals, Trace};
use crate::power::CutStyle;

/// 2 x 64 B and 128 B, read size 2, write size 4.
fn small(rule: WriteRule, erased_value: u8) -> FlashSim {
    let geometry = Geometry::uneven(&[(2, 64), (1, 128)])
        .with_write_size(4)
        .with_read_size(2)
        .with_erased_value(erased_value)
        .with_write_rule(rule);
    FlashSim::new(geometry)
}

fn multi() -> FlashSim {
    small(WriteRule::Multiwrite, 0xff)
}

fn multi_zero() -> FlashSim {
    small(WriteRule::Multiwrite, 0x00)
}

fn once() -> FlashSim {
    small(WriteRule::WriteOnce, 0xff)
}

/// One test for each misuse: name, simulator, call, start of the message.
macro_rules! misuse {
    ($($name:ident: $flash:expr, $call:expr => $message:literal;)*) => {$(
        #[test]
        #[should_panic(expected = $message)]
        fn $name() {
            let mut flash: FlashSim = $flash;
            let call: fn(&mut FlashSim) -> Result<(), FlashError> = $call;
            call(&mut flash).unwrap();
        }
    )*};
}

misuse! {
    read_past_the_end: multi(), |f| f.read(0xfe, &mut [0; 4])
        => "read at 0x000000fe: 4 bytes pass the capacity 0x100";
    read_past_32_bits: multi(), |f| f.read(0xffff_fffe, &mut [0; 4])
        => "read at 0xfffffffe: 4 bytes pass the capacity 0x100";
    read_of_nothing_past_the_end: multi(), |f| f.read(0x102, &mut [])
        => "read at 0x00000102: 0 bytes pass the capacity 0x100";
    read_at_an_odd_address: multi(), |f| f.read(1, &mut [0; 2])
        => "read at 0x00000001: the address is not aligned to 2";
    read_of_an_odd_length: multi(), |f| f.read(2, &mut [0; 3])
        => "read at 0x00000002: the length 3 is not a multiple of 2";
    write_past_the_end: multi(), |f| f.write(0xfc, &[0; 8])
        => "write at 0x000000fc: 8 bytes pass the capacity 0x100";
    write_inside_a_unit: multi(), |f| f.write(2, &[0; 4])
        => "write at 0x00000002: the address is not aligned to 4";
    write_of_part_of_a_unit: multi(), |f| f.write(4, &[0; 6])
        => "write at 0x00000004: the length 6 is not a multiple of 4";
    write_that_sets_a_bit: multi(), |f| { f.write(8, &[0xf0; 4])?; f.write(4, &[0xf1; 8]) }
        => "write at 0x00000008: 0xf0 cannot become 0xf1 without an erase";
    write_that_clears_a_bit_of_erased_00: multi_zero(),
        |f| { f.write(8, &[0x0f; 4])?; f.write(8, &[0x0f, 0x0f, 0x0e, 0x0f]) }
        => "write at 0x0000000a: 0x0f cannot become 0x0e without an erase";
    second_write_of_a_unit: once(), |f| { f.write(4, &[0; 8])?; f.write(0, &[0; 8]) }
        => "write at 0x00000004: the unit was written since its last erase";
    second_write_after_one_of_erased_bytes: once(),
        |f| { f.write(4, &[0xff; 4])?; f.write(4, &[0; 4]) }
        => "write at 0x00000004: the unit was written since its last erase";
    write_once_over_loaded_content: once(), |f| { f.load(6, &[0xfe]); f.write(4, &[0; 4]) }
        => "write at 0x00000004: the unit was written since its last erase";
    erase_from_inside_a_sector: multi(), |f| f.erase(0x20, 0x40)
        => "erase at 0x00000020: 0x00000020 is no sector boundary";
    erase_into_a_sector: multi(), |f| f.erase(0x40, 0xc0)
        => "erase at 0x00000040: 0x000000c0 is no sector boundary";
    erase_past_the_end: multi(), |f| f.erase(0x80, 0x180)
        => "erase at 0x00000080: the end 0x00000180 passes the capacity 0x100";
    erase_backwards: multi(), |f| f.erase(0x80, 0x40)
        => "erase at 0x00000080: the end 0x00000040 comes before the start";
    load_past_the_end: multi(), |f| { f.load(0xff, &[0; 2]); Ok(()) }
        => "load at 0x000000ff: 2 bytes pass the capacity 0x100";
    unit_writes_past_the_end: multi(), |f| { assert_eq!(f.unit_writes(0x100), 0); Ok(()) }
        => "0x00000100 is beyond the capacity 0x100";
    weak_bits_past_the_end: multi(), |f| { assert_eq!(f.weak_bits(0..0x101), 0); Ok(()) }
        => "weak bits of 0..257: out of bounds";
}

#[test]
fn writes_move_bits_to_the_programmed_state_only() {
    let mut flash = multi();
    flash.write(0, &[0xf0; 4]).unwrap();
    flash.write(0, &[0x30; 4]).unwrap();
    assert_eq!(flash.bytes()[..5], [0x30, 0x30, 0x30, 0x30, 0xff]);
    flash.erase(0, 64).unwrap();
    assert_eq!(flash.bytes(), [0xff; 256]);

    let mut flash = multi_zero();
    flash.write(0, &[0x0f; 4]).unwrap();
    flash.write(0, &[0xcf; 4]).unwrap();
    assert_eq!(flash.bytes()[..5], [0xcf, 0xcf, 0xcf, 0xcf, 0x00]);
    flash.erase(0, 64).unwrap();
    assert_eq!(flash.bytes(), [0x00; 256]);
}

#[test]
fn wear_and_totals_are_counted() {
    let mut flash = multi();
    flash.erase(0, 256).unwrap();
    flash.erase(64, 128).unwrap();
    flash.write(4, &[0xfe; 8]).unwrap();
    flash.write(8, &[0xfc; 8]).unwrap();
    flash.read(0, &mut [0; 10]).unwrap();
    assert_eq!(flash.erase_counts(), [1, 2, 1]);
    let writes: Vec<u8> = [0, 4, 8, 12, 16]
        .map(|address| flash.unit_writes(address))
        .to_vec();
    assert_eq!(writes, [0, 1, 2, 1, 0]);
    let totals = Totals {
        reads: 1,
        bytes_read: 10,
        writes: 2,
        bytes_written: 16,
        erases: 2,
        sectors_erased: 4,
    };
    assert_eq!(flash.totals(), totals);
    assert_eq!(flash.operation_count(), 4);

    flash.erase(0, 64).unwrap();
    assert_eq!(flash.unit_writes(8), 0);
    flash.reset_counters();
    assert_eq!(flash.totals(), Totals::default());
    assert_eq!(flash.erase_counts(), [0, 0, 0]);
    assert_eq!((flash.log(), flash.operation_count()), (&[][..], 0));
}

#[test]
fn unit_writes_stop_at_255() {
    let mut flash = multi();
    for _ in 0..300 {
        flash.write(0, &[0; 4]).unwrap();
    }
    assert_eq!(flash.unit_writes(0), 255);
}

#[test]
fn the_log_keeps_what_the_trace_asks_for() {
    let script = |flash: &mut FlashSim| {
        flash.read(0, &mut [0; 2]).unwrap();
        flash.erase(64, 256).unwrap();
        flash.read(2, &mut [0; 4]).unwrap();
        flash.write(64, &[0; 4]).unwrap();
    };
    let entry = |index, kind, address, len| Operation {
        index,
        kind,
        address,
        len,
        outcome: Outcome::Completed,
    };
    use OperationKind::{Erase, Read, Write};
    let all = [
        entry(0, Read, 0, 2),
        entry(0, Erase, 64, 192),
        entry(1, Read, 2, 4),
        entry(1, Write, 64, 4),
    ];
    let table = [
        (Trace::Off, vec![]),
        (Trace::Changes, vec![all[1], all[3]]),
        (Trace::All, all.to_vec()),
    ];
    for (trace, expected) in table {
        let mut flash = multi();
        flash.set_trace(trace);
        script(&mut flash);
        assert_eq!(flash.log(), expected, "{trace:?}");
        assert_eq!(flash.operation_count(), 2, "{trace:?}");
    }
}

#[test]
fn calls_over_no_bytes_are_no_operations() {
    let mut flash = multi();
    flash.set_trace(Trace::All);
    flash.cut_after(0, CutStyle::AfterCompletion);
    flash.read(0x100, &mut []).unwrap();
    flash.write(0x100, &[]).unwrap();
    flash.erase(0x40, 0x40).unwrap();
    flash.erase(0x100, 0x100).unwrap();
    flash.load(0x100, &[]);
    assert!(flash.is_powered());
    assert_eq!((flash.log().len(), flash.totals()), (0, Totals::default()));
}

#[test]
fn load_bypasses_counters_and_power_and_keeps_the_books_of_units() {
    let mut flash = once();
    flash.cut_after(0, CutStyle::Clean);
    assert_eq!(flash.erase(0, 64), Err(FlashError::PowerLost));
    flash.reset_counters();
    flash.load(3, &[1, 2, 3]);
    assert_eq!(flash.bytes()[..8], [0xff, 0xff, 0xff, 1, 2, 3, 0xff, 0xff]);
    assert_eq!(
        [0, 4, 8].map(|address| flash.unit_writes(address)),
        [1, 1, 0]
    );
    flash.load(4, &[0xff; 4]);
    assert_eq!(
        [0, 4, 8].map(|address| flash.unit_writes(address)),
        [1, 0, 0]
    );
    assert_eq!(
        (flash.totals(), flash.is_powered()),
        (Totals::default(), false)
    );

    flash.power_on();
    flash.write(4, &[9; 4]).unwrap();
    assert_eq!(flash.bytes()[4..8], [9; 4]);
}

#[test]
fn a_clone_is_a_snapshot() {
    let mut flash = multi();
    flash.write(0, &[1; 4]).unwrap();
    let snapshot = flash.clone();
    flash.erase(0, 64).unwrap();
    assert_ne!(flash, snapshot);
    assert_eq!(snapshot.bytes()[..4], [1; 4]);
    let mut again = snapshot.clone();
    again.erase(0, 64).unwrap();
    assert_eq!(flash, again);
}

#[test]
fn debug_output_leaves_the_content_out() {
    assert!(format!("{:?}", FlashSim::new(Geometry::nrf52840())).len() < 500);
}
