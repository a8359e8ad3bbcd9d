//! Random calls, right and wrong, against a twin that is too simple to be mistaken.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::test_runner::TestCaseResult;
use proptest::{prop_assert, prop_assert_eq, proptest};

use crate::error::FlashError;
use crate::geometry::{Geometry, WriteRule};
use crate::sim::FlashSim;

/// A call whose numbers are taken modulo what the geometry has.
#[derive(Clone, Debug)]
enum Call {
    Read {
        address: u32,
        len: u32,
    },
    /// A write of `units` units from `unit` on; `fit` clears away what the rule forbids.
    Write {
        unit: u32,
        units: u32,
        data: Vec<u8>,
        fit: bool,
    },
    Erase {
        first: u32,
        count: u32,
    },
    Raw {
        from: u32,
        to: u32,
    },
}

/// One byte of the twin.
#[derive(Clone, Copy, Debug)]
struct Byte {
    value: u8,
    writes: u32,
}

struct Twin {
    geometry: Geometry,
    bytes: Vec<Byte>,
    /// First and end address and erase count of each sector.
    sectors: Vec<(u32, u32, u32)>,
}

impl Twin {
    fn new(geometry: &Geometry) -> Self {
        let erased = Byte {
            value: geometry.erased_value(),
            writes: 0,
        };
        Self {
            geometry: geometry.clone(),
            bytes: vec![erased; crate::index(geometry.capacity())],
            sectors: geometry
                .sectors()
                .map(|sector| (sector.start, sector.start + sector.size, 0))
                .collect(),
        }
    }

    /// Changes `data` into something that may be written: in write-once flash, `None` if there
    /// is no such thing.
    fn fit(&self, address: u32, data: &mut [u8]) -> bool {
        let bytes = &self.bytes[crate::index(address)..];
        for (new, old) in data.iter_mut().zip(bytes) {
            *new = if self.geometry.erased_value() == 0xff {
                *new & old.value
            } else {
                *new | old.value
            };
        }
        self.may_write(address, data)
    }

    fn may_write(&self, address: u32, data: &[u8]) -> bool {
        let rule = self.geometry.write_rule();
        data.iter()
            .zip(&self.bytes[crate::index(address)..])
            .all(|(&new, old)| {
                // The bits that change must all be erased ones.
                let erased_bits = !(old.value ^ self.geometry.erased_value());
                (new ^ old.value) & !erased_bits == 0
                    && (rule == WriteRule::Multiwrite || old.writes == 0)
            })
    }

    fn write(&mut self, address: u32, data: &[u8]) {
        for (byte, &value) in self.bytes[crate::index(address)..].iter_mut().zip(data) {
            *byte = Byte {
                value,
                writes: byte.writes + 1,
            };
        }
    }

    /// Whether `from..to` is a list of sectors; if so, erases them.
    fn erase(&mut self, from: u32, to: u32) -> bool {
        let starts = self.sectors.iter().any(|&(start, ..)| start == from);
        let ends = self.sectors.iter().any(|&(_, end, _)| end == to);
        let allowed = from < to && starts && ends;
        if allowed {
            let erased = Byte {
                value: self.geometry.erased_value(),
                writes: 0,
            };
            self.bytes[crate::index(from)..crate::index(to)].fill(erased);
            for (start, _, count) in &mut self.sectors {
                *count += u32::from((from..to).contains(start));
            }
        }
        allowed
    }
}

fn geometry() -> impl Strategy<Value = Geometry> {
    let runs = prop_oneof![
        Just(vec![(4, 256)]),
        Just(vec![(1, 1024)]),
        Just(vec![(4, 256), (1, 512), (2, 1024)]),
        Just(vec![(1, 1024), (2, 256)]),
    ];
    let rule = prop_oneof![Just(WriteRule::WriteOnce), Just(WriteRule::Multiwrite)];
    (runs, 0..9_u32, prop_oneof![Just(0xff), Just(0x00)], rule).prop_map(
        |(runs, write_log, erased_value, rule)| {
            Geometry::uneven(&runs)
                .with_write_size(1 << write_log)
                .with_erased_value(erased_value)
                .with_write_rule(rule)
        },
    )
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        2 => (any::<u32>(), 0..300_u32).prop_map(|(address, len)| Call::Read { address, len }),
        6 => (any::<u32>(), 1..5_u32, vec(any::<u8>(), 1..40), proptest::bool::weighted(0.9))
            .prop_map(|(unit, units, data, fit)| Call::Write { unit, units, data, fit }),
        2 => (any::<u32>(), any::<u32>()).prop_map(|(first, count)| Call::Erase { first, count }),
        1 => (0..5_u32, 0..14_u32).prop_map(|(from, to)| Call::Raw { from: from * 256, to: to * 256 }),
    ]
}

/// Makes a call that must be refused: by a panic, and without a trace.
fn refuse(
    flash: &mut FlashSim,
    call: impl FnOnce(&mut FlashSim) -> Result<(), FlashError>,
) -> TestCaseResult {
    let before = flash.clone();
    prop_assert!(catch_unwind(AssertUnwindSafe(|| call(flash))).is_err());
    prop_assert_eq!(&before, flash);
    Ok(())
}

fn run(geometry: &Geometry, calls: &[Call]) -> TestCaseResult {
    let mut flash = FlashSim::new(geometry.clone());
    let mut twin = Twin::new(geometry);
    let (capacity, unit_size) = (geometry.capacity(), geometry.write_size());
    let mut operations = 0;
    for call in calls {
        match call {
            Call::Read { address, len } => {
                let address = address % capacity;
                let len = (*len).min(capacity - address);
                let mut out = vec![0; crate::index(len)];
                prop_assert_eq!(flash.read(address, &mut out), Ok(()));
                let bytes = &twin.bytes[crate::index(address)..];
                prop_assert!(
                    out.iter()
                        .zip(bytes)
                        .all(|(&byte, twin)| byte == twin.value)
                );
            }
            Call::Write {
                unit,
                units,
                data,
                fit,
            } => {
                let address = unit % (capacity / unit_size) * unit_size;
                let len = (units * unit_size).min(capacity - address);
                let mut data: Vec<u8> = data
                    .iter()
                    .copied()
                    .cycle()
                    .take(crate::index(len))
                    .collect();
                let allowed = if *fit {
                    twin.fit(address, &mut data)
                } else {
                    twin.may_write(address, &data)
                };
                if allowed {
                    prop_assert_eq!(flash.write(address, &data), Ok(()));
                    twin.write(address, &data);
                    operations += 1;
                } else {
                    refuse(&mut flash, |flash| flash.write(address, &data))?;
                }
            }
            Call::Erase { first, count } => {
                let sectors = twin.sectors.len();
                let first = crate::index(*first) % sectors;
                let last = first + crate::index(*count) % (sectors - first);
                let (from, to) = (twin.sectors[first].0, twin.sectors[last].1);
                prop_assert!(twin.erase(from, to));
                prop_assert_eq!(flash.erase(from, to), Ok(()));
                operations += 1;
            }
            Call::Raw { from, to } => {
                if from == to {
                    continue; // No operation, whatever the boundary.
                }
                if twin.erase(*from, *to) {
                    prop_assert_eq!(flash.erase(*from, *to), Ok(()));
                    operations += 1;
                } else {
                    refuse(&mut flash, |flash| flash.erase(*from, *to))?;
                }
            }
        }
        prop_assert!(
            flash
                .bytes()
                .iter()
                .zip(&twin.bytes)
                .all(|(&byte, twin)| byte == twin.value)
        );
        prop_assert_eq!(flash.operation_count(), operations);
    }
    let erases: Vec<u32> = twin.sectors.iter().map(|&(.., count)| count).collect();
    prop_assert_eq!(flash.erase_counts(), erases);
    for (address, byte) in (0..).zip(&twin.bytes) {
        prop_assert_eq!(u32::from(flash.unit_writes(address)), byte.writes);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn behaves_as_the_twin(geometry in geometry(), calls in vec(call(), 0..60)) {
        run(&geometry, &calls)?;
    }
}
