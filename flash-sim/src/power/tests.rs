//! Cuts a small script at every operation in every style, over several geometries.

use core::ops::Range;
use std::collections::BTreeSet;

use super::CutStyle;
use crate::error::FlashError;
use crate::geometry::{Geometry, WriteRule};
use crate::log::{Operation, OperationKind, Outcome};
use crate::sim::FlashSim;

fn geometries() -> Vec<Geometry> {
    let uneven = Geometry::uneven(&[(2, 256), (1, 512), (1, 1024)]);
    vec![
        uneven.clone(),
        uneven.clone().with_write_size(4).with_erased_value(0x00),
        uneven
            .clone()
            .with_write_size(16)
            .with_write_rule(WriteRule::WriteOnce),
        uneven.with_write_size(256),
        Geometry::stm32l0().first_sectors(8),
        Geometry::stm32l4().first_sectors(4),
        Geometry::nrf52840().first_sectors(4),
    ]
}

/// A flash full of an old image.
fn old(geometry: &Geometry) -> FlashSim {
    let mut flash = FlashSim::new(geometry.clone());
    let image: Vec<u8> = (0..geometry.capacity())
        .map(|n| u8::try_from(n * 7 % 251).unwrap())
        .collect();
    flash.load(0, &image);
    flash
}

/// Two sectors erased in one call, a write of up to 12 units, one of one unit, two erases.
fn script(flash: &mut FlashSim) -> Result<(), FlashError> {
    let geometry = flash.geometry().clone();
    let unit = geometry.write_size();
    let [third, fourth] = [2, 3].map(|n| geometry.sectors().nth(n).unwrap());
    let long = (12 * unit).min(third.start - unit);
    flash.erase(0, third.start)?;
    flash.write(0, &vec![0x5a; crate::index(long)])?;
    flash.write(long, &vec![0xc3; crate::index(unit)])?;
    flash.erase(third.start, third.range().end)?;
    flash.erase(fourth.start, fourth.range().end)
}

fn range(operation: &Operation) -> Range<usize> {
    let start = crate::index(operation.address);
    start..start + crate::index(operation.len)
}

/// Whether each bit of `found` is as in `a` or as in `b`.
fn is_between(found: &[u8], a: &[u8], b: &[u8]) -> bool {
    found
        .iter()
        .zip(a)
        .zip(b)
        .all(|((found, a), b)| (found ^ a) & (found ^ b) == 0)
}

/// The part of the flash that a style may leave half changed.
fn torn_part(operation: &Operation, style: CutStyle, geometry: &Geometry) -> Range<usize> {
    match style {
        CutStyle::Clean | CutStyle::AfterCompletion => 0..0,
        CutStyle::TornWrite { units_done, .. } => {
            let unit = crate::index(geometry.write_size());
            let start = range(operation).start + crate::index(units_done) * unit;
            start..start + unit
        }
        CutStyle::PartialErase { sectors_done, .. } => {
            let first = geometry.sector_at(operation.address).unwrap().index;
            let sector = geometry
                .sectors()
                .nth(crate::index(first + sectors_done))
                .unwrap();
            crate::index(sector.start)..crate::index(sector.range().end)
        }
    }
}

#[test]
fn every_cut_of_every_operation_leaves_only_what_it_may() {
    let (mut cuts, mut torn_units) = (0, 0);
    for geometry in geometries() {
        let mut uncut = old(&geometry);
        script(&mut uncut).unwrap();
        // The content before each operation, and after the last.
        let mut states = vec![old(&geometry)];
        for n in 1..=uncut.operation_count() {
            let mut flash = old(&geometry);
            flash.cut_after(n - 1, CutStyle::AfterCompletion);
            assert_eq!(script(&mut flash), Err(FlashError::PowerLost));
            states.push(flash);
        }
        assert_eq!(states.len(), 6);
        assert_eq!(states[5].bytes(), uncut.bytes());

        for (operation, state) in uncut.log().iter().zip(states.windows(2)) {
            let (before, after) = (&state[0], &state[1]);
            let styles = CutStyle::for_operation(operation, &geometry, 11);
            for &style in &styles {
                let case = format!("{geometry:?} {operation:?} {style:?}");
                let mut flash = old(&geometry);
                flash.cut_after(operation.index, style);
                assert_eq!(script(&mut flash), Err(FlashError::PowerLost), "{case}");
                assert_eq!(flash.operation_count(), operation.index + 1, "{case}");
                let cut = Operation {
                    outcome: Outcome::Cut,
                    ..*operation
                };
                assert_eq!(flash.log().last(), Some(&cut), "{case}");

                let torn = torn_part(operation, style, &geometry);
                let done = match style {
                    CutStyle::Clean => 0..0,
                    CutStyle::AfterCompletion => range(operation),
                    _ => range(operation).start..torn.start,
                };
                for at in 0..flash.bytes().len() {
                    let expected = if done.contains(&at) { after } else { before };
                    let found = flash.bytes()[at];
                    assert!(
                        torn.contains(&at) || found == expected.bytes()[at],
                        "{case} at {at}"
                    );
                }
                let end = u32::try_from(torn.end).unwrap();
                let weak = flash.weak_bits(u32::try_from(torn.start).unwrap()..end);
                assert_eq!(weak, flash.weak_bits(0..geometry.capacity()), "{case}");
                let [found, before, after] =
                    [&flash, before, after].map(|flash| &flash.bytes()[torn.clone()]);
                match style {
                    CutStyle::PartialErase { seed, .. } if seed % 4 == 0 => {
                        let programmed = vec![!geometry.erased_value(); torn.len()];
                        assert!(is_between(found, before, &programmed), "{case}");
                        assert_ne!(found, before, "{case}");
                    }
                    CutStyle::PartialErase { seed, .. } => {
                        assert!(is_between(found, before, after), "{case}");
                        assert_eq!(found == after, seed % 4 == 2, "{case}");
                        assert_eq!(weak == 0, seed % 4 == 3, "{case}");
                        assert!(seed % 4 != 2 || weak <= 8, "{case}");
                    }
                    _ => {
                        assert!(is_between(found, before, after), "{case}");
                        torn_units += u32::from(found != before && found != after);
                    }
                }
                cuts += 1;
            }
        }
    }
    // Per geometry: erases of 2, 1 and 1 sectors, writes of 12 units (1 where a unit is a
    // sector) and 1; each operation also clean and after completion.
    assert_eq!(cuts, 6 * (2 * 5 + 4 * 4 + 13) + (2 * 5 + 4 * 4 + 2));
    assert!(torn_units > 60, "only {torn_units} units were really torn");
}

#[test]
fn without_power_every_call_fails_and_nothing_changes_or_counts() {
    let mut flash = old(&geometries()[1]);
    flash.cut_after(0, CutStyle::Clean);
    assert!(flash.is_powered());
    assert_eq!(script(&mut flash), Err(FlashError::PowerLost));
    assert!(!flash.is_powered());
    let off = flash.clone();
    // Not even misuse is noticed: there is nobody left to commit it.
    assert_eq!(flash.read(1, &mut [0; 4096]), Err(FlashError::PowerLost));
    assert_eq!(flash.write(1, &[0]), Err(FlashError::PowerLost));
    assert_eq!(flash.erase(1, 2), Err(FlashError::PowerLost));
    assert_eq!(flash, off);

    flash.power_on();
    assert!(flash.is_powered());
    script(&mut flash).unwrap();
    let mut uncut = old(&geometries()[1]);
    script(&mut uncut).unwrap();
    assert_eq!(flash.bytes(), uncut.bytes());
}

#[test]
fn power_on_forgets_a_cut_that_has_not_come() {
    let mut flash = old(&geometries()[0]);
    flash.cut_after(2, CutStyle::Clean);
    flash.power_on();
    script(&mut flash).unwrap();
}

#[test]
fn reads_do_not_bring_the_cut_nearer() {
    let mut flash = old(&geometries()[0]);
    flash.cut_after(1, CutStyle::Clean);
    for _ in 0..10 {
        flash.read(0, &mut [0; 16]).unwrap();
    }
    flash.erase(0, 256).unwrap();
    assert_eq!(flash.write(0, &[0]), Err(FlashError::PowerLost));
}

#[test]
fn a_clean_or_complete_cut_wears_as_much_as_was_done() {
    let geometry = &geometries()[0];
    let wear = |style| {
        let mut flash = old(geometry);
        flash.cut_after(0, style);
        script(&mut flash).unwrap_err();
        flash.erase_counts().to_vec()
    };
    assert_eq!(wear(CutStyle::Clean), [0, 0, 0, 0]);
    assert_eq!(
        wear(CutStyle::PartialErase {
            sectors_done: 0,
            seed: 1
        }),
        [1, 0, 0, 0]
    );
    assert_eq!(
        wear(CutStyle::PartialErase {
            sectors_done: 1,
            seed: 1
        }),
        [1, 1, 0, 0]
    );
    assert_eq!(
        wear(CutStyle::PartialErase {
            sectors_done: 2,
            seed: 1
        }),
        [1, 1, 0, 0]
    );
    assert_eq!(wear(CutStyle::AfterCompletion), [1, 1, 0, 0]);
}

#[test]
fn a_torn_style_acts_on_the_other_kind_of_operation_too() {
    let geometry = &geometries()[1];
    let cut = |n, style| {
        let mut flash = old(geometry);
        flash.cut_after(n, style);
        script(&mut flash).unwrap_err();
        flash
    };
    for seed in 0..20 {
        let as_write = CutStyle::TornWrite {
            units_done: 1,
            garble: seed,
        };
        let as_erase = CutStyle::PartialErase {
            sectors_done: 1,
            seed,
        };
        assert_eq!(cut(0, as_write), cut(0, as_erase));
        assert_eq!(cut(1, as_write), cut(1, as_erase));
    }
}

#[test]
fn a_torn_unit_counts_as_written_unless_it_took_no_bit() {
    let geometry = Geometry::uniform(64, 1).with_write_rule(WriteRule::WriteOnce);
    let mut seen = BTreeSet::new();
    for garble in 0..200 {
        let mut flash = FlashSim::new(geometry.clone());
        flash.cut_after(
            0,
            CutStyle::TornWrite {
                units_done: 1,
                garble,
            },
        );
        flash.write(0, &[0xfe, 0xfc, 0xfe]).unwrap_err();
        assert_eq!([0, 2].map(|address| flash.unit_writes(address)), [1, 0]);
        let found = flash.bytes()[1];
        assert_eq!(flash.unit_writes(1), u8::from(found != 0xff), "{garble}");
        seen.insert(found);
    }
    // Every subset of the two bits occurs.
    assert_eq!(seen, BTreeSet::from([0xfc, 0xfd, 0xfe, 0xff]));
}

#[test]
#[should_panic(expected = "write at 0x00000000: the unit was written since its last erase")]
fn after_a_partial_erase_written_units_stay_written() {
    let geometry = Geometry::uniform(64, 1).with_write_rule(WriteRule::WriteOnce);
    let mut flash = FlashSim::new(geometry);
    flash.write(0, &[0]).unwrap();
    flash.cut_after(
        0,
        CutStyle::PartialErase {
            sectors_done: 0,
            seed: 2,
        },
    );
    flash.erase(0, 64).unwrap_err();
    flash.power_on();
    assert_eq!(flash.bytes()[0], 0xff);
    flash.write(0, &[0]).unwrap();
}

#[test]
fn a_nearly_done_erase_reads_as_erased_now_and_as_something_else_then() {
    let geometry = Geometry::uniform(256, 1);
    let (mut erased, mut other) = (0, 0);
    for n in 0..50 {
        let mut flash = old(&geometry);
        flash.cut_after(
            0,
            CutStyle::PartialErase {
                sectors_done: 0,
                seed: 4 * n + 2,
            },
        );
        flash.erase(0, 256).unwrap_err();
        flash.power_on();
        for _ in 0..20 {
            let mut found = [0; 256];
            flash.read(0, &mut found).unwrap();
            *(if found == [0xff; 256] {
                &mut erased
            } else {
                &mut other
            }) += 1;
        }
        // A whole erase makes it sound again.
        flash.erase(0, 256).unwrap();
        assert_eq!(flash.weak_bits(0..256), 0);
        for _ in 0..20 {
            let mut found = [0; 256];
            flash.read(0, &mut found).unwrap();
            assert_eq!(found, [0xff; 256]);
        }
    }
    assert!(
        erased > 100 && other > 100,
        "erased {erased} times, other {other} times"
    );
}

#[test]
fn equal_seeds_give_equal_flash_and_others_do_not() {
    let geometry = &geometries()[6];
    let run = |noise, seed| {
        let mut flash = old(geometry);
        let mut twin = FlashSim::with_seed(geometry.clone(), noise);
        twin.load(0, flash.bytes());
        flash = twin;
        flash.cut_after(
            0,
            CutStyle::PartialErase {
                sectors_done: 1,
                seed,
            },
        );
        script(&mut flash).unwrap_err();
        flash.power_on();
        let mut found = vec![0; 4096];
        flash.read(4096, &mut found).unwrap();
        (flash, found)
    };
    assert_eq!(run(1, 5), run(1, 5));
    assert_ne!(
        run(1, 5).1,
        run(2, 5).1,
        "noise decides what weak bits read as"
    );
    assert_eq!(run(1, 5).0.bytes(), run(2, 5).0.bytes());
    assert_ne!(run(1, 5).0.bytes(), run(1, 9).0.bytes());
}

#[test]
fn reads_have_no_cuts() {
    let read = Operation {
        index: 0,
        kind: OperationKind::Read,
        address: 0,
        len: 16,
        outcome: Outcome::Completed,
    };
    assert_eq!(CutStyle::for_operation(&read, &geometries()[0], 0), []);
}
