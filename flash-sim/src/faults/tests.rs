//! Each fault does what it says, and nothing does it unasked.

use super::{Defect, Flake};
use crate::error::FlashError;
use crate::geometry::{Geometry, WriteRule};
use crate::log::Outcome;
use crate::power::CutStyle;
use crate::sim::FlashSim;

/// Four sectors of 64 B, write size 4.
fn flash() -> FlashSim {
    FlashSim::new(Geometry::uniform(64, 4).with_write_size(4))
}

fn read(flash: &mut FlashSim, address: u32) -> Result<[u8; 4], FlashError> {
    let mut out = [0; 4];
    flash.read(address, &mut out).map(|()| out)
}

#[test]
fn a_sector_that_cannot_be_erased_says_so_and_stays_as_it_is() {
    let mut flash = flash();
    flash.load(0, &[0x11; 256]);
    flash.break_sector(130, Defect::EraseFails);
    assert_eq!(
        flash.erase(64, 256),
        Err(FlashError::EraseFailed { address: 128 })
    );
    // The sector before it was erased, the one after was not reached.
    assert_eq!(flash.bytes()[64..128], [0xff; 64]);
    assert_eq!(flash.bytes()[128..], [0x11; 128]);
    assert_eq!(flash.erase_counts(), [0, 1, 0, 0]);
    assert_eq!(
        flash.log().last().map(|operation| operation.outcome),
        Some(Outcome::Failed)
    );
    flash.erase(192, 256).unwrap();
}

#[test]
fn a_sector_that_cannot_be_written_says_so_and_stays_as_it_is() {
    let mut flash = flash();
    flash.break_sector(64, Defect::WriteFails);
    assert_eq!(
        flash.write(56, &[0; 16]),
        Err(FlashError::WriteFailed { address: 64 })
    );
    assert_eq!(flash.bytes()[56..72], [[0; 8], [0xff; 8]].concat());
    assert_eq!([60, 64].map(|address| flash.unit_writes(address)), [1, 0]);
    flash.erase(64, 128).unwrap();
    flash.write(128, &[0; 4]).unwrap();
}

#[test]
fn defects_of_a_sector_add_up() {
    let mut flash = flash();
    flash.break_sector(0, Defect::EraseFails);
    flash.break_sector(0, Defect::WriteFails);
    assert_eq!(
        flash.erase(0, 64),
        Err(FlashError::EraseFailed { address: 0 })
    );
    assert_eq!(
        flash.write(0, &[0; 4]),
        Err(FlashError::WriteFailed { address: 0 })
    );
}

#[test]
fn stuck_bits_falsify_silently() {
    let mut flash = flash();
    flash.stick_bits(5, 0x81, 0x01);
    assert_eq!(flash.bytes()[4..6], [0xff, 0x7f]);
    flash.erase(0, 64).unwrap();
    assert_eq!(read(&mut flash, 4), Ok([0xff, 0x7f, 0xff, 0xff]));
    flash.write(4, &[0x80; 4]).unwrap();
    assert_eq!(read(&mut flash, 4), Ok([0x80, 0x01, 0x80, 0x80]));
    // The caller is not blamed for a bit that should have come back.
    flash.erase(0, 64).unwrap();
    flash.write(4, &[0xff; 4]).unwrap();
    assert_eq!(read(&mut flash, 4), Ok([0xff, 0x7f, 0xff, 0xff]));
}

#[test]
fn a_sector_with_stuck_bits_shows_them_in_one_state_or_the_other() {
    for seed in 0..100 {
        let mut flash = flash();
        flash.break_sector(64, Defect::StuckBits { seed });
        let mut wrong = [0; 2];
        for (wrong, value) in wrong.iter_mut().zip([0xff, 0x00]) {
            flash.erase(0, 256).unwrap();
            flash.write(0, &[value; 256]).unwrap();
            let differs = |bytes: &[u8]| -> u32 {
                bytes.iter().map(|byte| (byte ^ value).count_ones()).sum()
            };
            *wrong = differs(&flash.bytes()[64..128]);
            assert_eq!(differs(flash.bytes()), *wrong, "{seed}: only that sector");
        }
        assert!(
            (1..=8).contains(&(wrong[0] + wrong[1])),
            "{seed}: {wrong:?}"
        );
    }
}

#[test]
fn sectors_wear_out_one_by_one() {
    let mut flash = flash();
    flash.wear_out_after(3, Defect::EraseFails);
    for _ in 0..3 {
        flash.erase(0, 64).unwrap();
    }
    assert_eq!(
        flash.erase(0, 64),
        Err(FlashError::EraseFailed { address: 0 })
    );
    flash.erase(64, 128).unwrap();
    assert_eq!(flash.erase_counts(), [3, 1, 0, 0]);
}

#[test]
fn a_sector_may_wear_out_silently() {
    let mut flash = flash();
    flash.wear_out_after(2, Defect::StuckBits { seed: 3 });
    let mut sound = Vec::new();
    for _ in 0..3 {
        flash.erase(0, 64).unwrap();
        let erased = flash.bytes() == [0xff; 256];
        flash.write(0, &[0; 64]).unwrap();
        sound.push(erased && flash.bytes()[..64] == [0; 64]);
        assert_eq!(flash.bytes()[64..], [0xff; 192]);
    }
    assert_eq!(sound, [true, false, false]);
}

#[test]
fn a_protected_range_refuses_changes_whole() {
    let mut flash = flash();
    flash.load(0, &[0xf0; 256]);
    flash.protect(70..72);
    flash.protect(192..200);
    let before = flash.bytes().to_vec();
    assert_eq!(
        flash.erase(0, 256),
        Err(FlashError::WriteProtected { address: 70 })
    );
    assert_eq!(
        flash.write(64, &[0; 8]),
        Err(FlashError::WriteProtected { address: 70 })
    );
    assert_eq!(
        flash.write(196, &[0; 4]),
        Err(FlashError::WriteProtected { address: 196 })
    );
    assert_eq!(flash.bytes(), before);
    flash.write(72, &[0; 4]).unwrap();
    flash.write(64, &[0; 4]).unwrap();
    flash.erase(128, 192).unwrap();
    assert_eq!(read(&mut flash, 68), Ok([0xf0; 4]));
}

#[test]
fn flaky_reads_fail_as_often_as_told() {
    let mut flash = flash();
    flash.flaky_reads(64..66, Flake::Error, 1, 2);
    let failed = Err(FlashError::ReadFailed { address: 64 });
    assert_eq!(read(&mut flash, 64), Ok([0xff; 4]));
    assert_eq!(read(&mut flash, 60), Ok([0xff; 4]), "beside the range");
    assert_eq!(read(&mut flash, 64), failed);
    assert_eq!(read(&mut flash, 68), Ok([0xff; 4]), "beside the range");
    assert_eq!(read(&mut flash, 64), failed);
    assert_eq!(read(&mut flash, 64), Ok([0xff; 4]));
    assert_eq!(flash.totals().reads, 6);
}

#[test]
fn a_wrong_bit_lies_in_the_flaky_range_and_goes_away() {
    let mut flash = flash();
    flash.flaky_reads(9..11, Flake::WrongBit, 0, 500);
    let mut wrong = [0; 16];
    for _ in 0..500 {
        let mut out = [0; 16];
        flash.read(0, &mut out).unwrap();
        let bits: u32 = out.iter().map(|byte| byte.count_zeros()).sum();
        assert_eq!(bits, 1);
        for (wrong, byte) in wrong.iter_mut().zip(out) {
            *wrong |= !byte;
        }
    }
    assert_eq!(wrong[9..11], [0xff; 2], "every bit of the range");
    assert_eq!((&wrong[..9], &wrong[11..]), (&[0; 9][..], &[0; 5][..]));
    assert_eq!(read(&mut flash, 8), Ok([0xff; 4]));
}

#[test]
fn passing_failures_hit_the_operations_they_are_meant_for() {
    let mut flash = flash();
    flash.fail_after(1, 2);
    flash.erase(0, 64).unwrap();
    assert_eq!(
        flash.write(0, &[0; 4]),
        Err(FlashError::WriteFailed { address: 0 })
    );
    assert_eq!(
        flash.erase(64, 128),
        Err(FlashError::EraseFailed { address: 64 })
    );
    assert_eq!(
        (flash.bytes(), flash.erase_counts()),
        (&[0xff; 256][..], &[1, 0, 0, 0][..])
    );
    // The same write again is no second write.
    flash.write(0, &[0; 4]).unwrap();
    assert_eq!((flash.unit_writes(0), flash.operation_count()), (1, 4));
    flash.fail_after(0, 0);
    flash.erase(0, 64).unwrap();
}

#[test]
fn a_misdirected_write_lands_elsewhere() {
    let mut flash = flash();
    flash.misdirect_write_after(1, 128);
    flash.write(0, &[1; 4]).unwrap();
    flash.erase(64, 128).unwrap();
    flash.write(4, &[2; 8]).unwrap();
    flash.write(12, &[3; 4]).unwrap();
    assert_eq!(
        flash.bytes()[..16],
        [[1; 4], [0xff; 4], [0xff; 4], [3; 4]].concat()
    );
    assert_eq!(
        flash.bytes()[128..140],
        [[2; 4], [2; 4], [0xff; 4]].concat()
    );
    assert_eq!(
        flash.log().last().map(|operation| operation.address),
        Some(12)
    );
}

#[test]
fn weak_bits_read_both_ways_until_programmed_or_erased() {
    let mut flash = flash();
    flash.weaken_bits(0, 0x0f);
    flash.weaken_bits(64, 0x01);
    assert_eq!(flash.weak_bits(0..256), 5);
    let either = |flash: &mut FlashSim, address| {
        (0..200).fold((0xff, 0x00), |(low, high), _| {
            let [byte, rest @ ..] = read(flash, address).unwrap();
            assert_eq!(rest, [0xff; 3]);
            (low & byte, high | byte)
        })
    };
    assert_eq!(either(&mut flash, 0), (0xf0, 0xff));
    assert_eq!(flash.bytes()[0], 0xff, "the stored state");
    flash.write(0, &[0xfc, 0xff, 0xff, 0xff]).unwrap();
    assert_eq!(
        either(&mut flash, 0),
        (0xf0, 0xfc),
        "programmed bits are sound"
    );
    flash.erase(0, 64).unwrap();
    assert_eq!(either(&mut flash, 0), (0xff, 0xff));
    assert_eq!(either(&mut flash, 64), (0xfe, 0xff));
    flash.load(64, &[0xff]);
    assert_eq!(either(&mut flash, 64), (0xff, 0xff));
}

#[test]
fn torn_units_are_reported_only_if_asked_for() {
    let geometry = Geometry::uniform(64, 4)
        .with_write_size(4)
        .with_write_rule(WriteRule::WriteOnce);
    let mut flash = FlashSim::new(geometry);
    flash.cut_after(
        0,
        CutStyle::TornWrite {
            units_done: 2,
            garble: 1,
        },
    );
    flash.write(0, &[0; 16]).unwrap_err();
    flash.power_on();
    assert_ne!(read(&mut flash, 8), Ok([0xff; 4]));
    flash.report_torn_units();
    let torn = Err(FlashError::Uncorrectable { address: 8 });
    assert_eq!(read(&mut flash, 8), torn);
    assert_eq!(
        flash.read(0, &mut [0; 64]),
        Err(FlashError::Uncorrectable { address: 8 })
    );
    assert_eq!(
        (read(&mut flash, 4), read(&mut flash, 12)),
        (Ok([0; 4]), Ok([0xff; 4]))
    );
    // A cut erase leaves it torn, and the units that were whole; a whole one heals them.
    flash.cut_after(
        0,
        CutStyle::PartialErase {
            sectors_done: 0,
            seed: 2,
        },
    );
    flash.erase(0, 64).unwrap_err();
    flash.power_on();
    assert_eq!(read(&mut flash, 8), torn);
    assert_eq!(
        read(&mut flash, 0),
        Err(FlashError::Uncorrectable { address: 0 })
    );
    flash.erase(0, 64).unwrap();
    assert_eq!(read(&mut flash, 8), Ok([0xff; 4]));
}

#[test]
fn a_cut_changes_nothing_that_a_fault_forbids() {
    let torn_write = CutStyle::TornWrite {
        units_done: 0,
        garble: 1,
    };
    let torn_erase = CutStyle::PartialErase {
        sectors_done: 0,
        seed: 1,
    };
    let knobs: [fn(&mut FlashSim); 3] = [
        |flash| flash.protect(0..64),
        |flash| flash.fail_after(0, 1),
        |flash| {
            flash.break_sector(0, Defect::EraseFails);
            flash.break_sector(0, Defect::WriteFails);
        },
    ];
    for knob in knobs {
        for style in [torn_write, torn_erase, CutStyle::AfterCompletion] {
            let mut flash = flash();
            flash.load(0, &[0xf0; 64]);
            let before = flash.bytes().to_vec();
            knob(&mut flash);
            let mut erased = flash.clone();
            flash.cut_after(0, style);
            assert_eq!(flash.write(0, &[0; 8]), Err(FlashError::PowerLost));
            assert_eq!(flash.bytes(), before);
            erased.cut_after(0, style);
            assert_eq!(erased.erase(0, 64), Err(FlashError::PowerLost));
            assert_eq!(erased.bytes(), before);
            assert_eq!((erased.erase_counts()[0], erased.weak_bits(0..256)), (0, 0));
        }
    }
}

#[test]
fn cleared_faults_are_gone() {
    let mut flash = flash();
    flash.break_sector(0, Defect::EraseFails);
    flash.break_sector(0, Defect::WriteFails);
    flash.break_sector(0, Defect::StuckBits { seed: 1 });
    flash.wear_out_after(1, Defect::EraseFails);
    flash.protect(0..256);
    flash.flaky_reads(0..256, Flake::Error, 0, 100);
    flash.fail_after(0, 100);
    flash.misdirect_write_after(0, 64);
    flash.report_torn_units();
    flash.clear_faults();
    for value in [0x00, 0x5a] {
        flash.erase(0, 256).unwrap();
        flash.write(0, &[value; 64]).unwrap();
        assert_eq!(
            flash.bytes(),
            [[value; 64], [0xff; 64], [0xff; 64], [0xff; 64]].concat()
        );
        assert_eq!(read(&mut flash, 0), Ok([value; 4]));
    }
}

#[test]
#[should_panic(expected = "0x00000100 is beyond the capacity 0x100")]
fn there_is_no_sector_to_break_past_the_end() {
    flash().break_sector(256, Defect::EraseFails);
}

#[test]
#[should_panic(expected = "0x00000100 is beyond the capacity 0x100")]
fn there_is_no_bit_to_stick_past_the_end() {
    flash().stick_bits(256, 1, 0);
}

#[test]
#[should_panic(expected = "0x00000100 is beyond the capacity 0x100")]
fn there_is_no_bit_to_weaken_past_the_end() {
    flash().weaken_bits(256, 1);
}

#[test]
#[should_panic(expected = "a sector bears at least one erase")]
fn wear_out_before_the_first_erase_is_refused() {
    flash().wear_out_after(0, Defect::EraseFails);
}

#[test]
#[should_panic(expected = "misdirected write at 0x000000fe: 4 bytes pass the capacity 0x100")]
fn a_write_is_not_misdirected_past_the_end() {
    let mut flash = flash();
    flash.misdirect_write_after(0, 254);
    flash.write(0, &[0; 4]).unwrap();
}
