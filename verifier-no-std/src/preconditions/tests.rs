//! Values at, above and below every threshold, for each of the four ways an attempt can stand.

use std::vec::Vec;

use sprag_manifest::{Digest, Isa, Preconditions, TimeWindow};

use super::{Attempt, Reason, check_preconditions};
use crate::error::Error;
use crate::policy::{Device, Installed};
use crate::record::{BootRecord, Phase};

use Attempt::{Begun, Deferred, First, Halted};

const DEVICE: Device<'static> = Device {
    vendor: "",
    product: "",
    hardware: "",
    isa: Isa::None,
    bootloader: None,
    os: None,
    layout: None,
    load_address: None,
    keyset_version: 0,
    now: None,
    battery_percent: None,
    free_storage: None,
    temperature: None,
    free_ram: None,
    minute_of_day: None,
    attempt: First,
    installed: Installed {
        version: None,
        digest: None,
        security_counter: 0,
        sequence: 0,
    },
};

const ATTEMPTS: [Attempt; 4] = [First, Deferred, Begun, Halted];

fn ends(asked: Preconditions, device: &Device<'_>) -> [bool; 4] {
    ATTEMPTS.map(|attempt| {
        let device = Device { attempt, ..*device };
        match check_preconditions(&asked, &device) {
            Ok(()) => true,
            Err(Error::Deferred { retry_after, .. }) => {
                assert!(retry_after > 0);
                false
            }
            Err(other) => panic!("{other:?}"),
        }
    })
}

const NONE: [bool; 4] = [false; 4];
const ALL: [bool; 4] = [true; 4];
/// Only an update that runs goes on.
const RUNNING: [bool; 4] = [false, false, true, false];
/// All but one that was put off before it began.
const NOT_DEFERRED: [bool; 4] = [true, false, true, true];
/// One that has begun does not wait for what the device can no longer tell.
const ONCE_BEGUN: [bool; 4] = [false, false, true, true];

#[test]
fn battery() {
    let asked = |percent| Preconditions {
        min_battery_percent: Some(percent),
        ..Preconditions::NONE
    };
    // Asked, measured (per cent), and who may go on.
    let table = [
        (30, Some(24), NONE),
        (30, Some(25), RUNNING),
        (30, Some(29), RUNNING),
        (30, Some(30), NOT_DEFERRED),
        (30, Some(34), NOT_DEFERRED),
        (30, Some(35), ALL),
        (30, None, ONCE_BEGUN),
        // More than full is not asked for, less than empty neither.
        (98, Some(99), NOT_DEFERRED),
        (98, Some(100), ALL),
        (100, Some(100), ALL),
        (3, Some(0), RUNNING),
        (0, Some(0), NOT_DEFERRED),
        (0, Some(5), ALL),
    ];
    for (percent, battery_percent, expected) in table {
        let device = Device {
            battery_percent,
            ..DEVICE
        };
        let what = (percent, battery_percent);
        assert_eq!(ends(asked(percent), &device), expected, "{what:?}");
    }
}

#[test]
fn temperature() {
    let table = [
        ((Some(-10), Some(45)), Some(-13), NONE),
        ((Some(-10), Some(45)), Some(-12), RUNNING),
        ((Some(-10), Some(45)), Some(-10), NOT_DEFERRED),
        ((Some(-10), Some(45)), Some(-8), ALL),
        ((Some(-10), Some(45)), Some(43), ALL),
        ((Some(-10), Some(45)), Some(45), NOT_DEFERRED),
        ((Some(-10), Some(45)), Some(47), RUNNING),
        ((Some(-10), Some(45)), Some(48), NONE),
        ((Some(-10), Some(45)), None, ONCE_BEGUN),
        ((None, Some(45)), Some(i8::MIN), ALL),
        ((None, Some(45)), Some(44), NOT_DEFERRED),
        ((Some(0), None), Some(i8::MAX), ALL),
        ((Some(0), None), Some(1), NOT_DEFERRED),
        // A range too narrow for the margin still has a middle.
        ((Some(20), Some(20)), Some(20), ALL),
        ((Some(20), Some(22)), Some(21), ALL),
        ((Some(20), Some(22)), Some(20), NOT_DEFERRED),
        ((Some(20), Some(22)), Some(19), RUNNING),
        ((Some(i8::MIN), Some(i8::MAX)), Some(i8::MIN), NOT_DEFERRED),
    ];
    for ((min_temperature, max_temperature), temperature, expected) in table {
        let asked = Preconditions {
            min_temperature,
            max_temperature,
            ..Preconditions::NONE
        };
        let device = Device {
            temperature,
            ..DEVICE
        };
        let what = (min_temperature, max_temperature, temperature);
        assert_eq!(ends(asked, &device), expected, "{what:?}");
    }
}

#[test]
fn free_storage_and_free_ram() {
    let table = [
        (8_000, Some(6_999), NONE),
        (8_000, Some(7_000), RUNNING),
        (8_000, Some(8_000), NOT_DEFERRED),
        (8_000, Some(8_999), NOT_DEFERRED),
        (8_000, Some(9_000), ALL),
        (8_000, None, ONCE_BEGUN),
        (u32::MAX, Some(u32::MAX), ALL),
        (0, Some(0), ALL),
        (0, None, ONCE_BEGUN),
    ];
    for (asked, have, expected) in table {
        let storage = Preconditions {
            min_free_storage: Some(asked),
            ..Preconditions::NONE
        };
        let ram = Preconditions {
            min_free_ram: Some(asked),
            ..Preconditions::NONE
        };
        let with_storage = Device {
            free_storage: have,
            ..DEVICE
        };
        let with_ram = Device {
            free_ram: have,
            ..DEVICE
        };
        assert_eq!(ends(storage, &with_storage), expected, "{asked} {have:?}");
        assert_eq!(ends(ram, &with_ram), expected, "{asked} {have:?}");
    }
}

#[test]
fn time_window() {
    let clock = |hour: u16, minute: u16| Some(hour * 60 + minute);
    // The window is 22:00-04:30. Seconds to wait are those to 22:00.
    let table = [
        (clock(21, 59), NONE, 60),
        (clock(22, 0), ALL, 0),
        (clock(0, 0), ALL, 0),
        (clock(4, 29), ALL, 0),
        (clock(4, 30), RUNNING, 63_000),
        (clock(4, 59), RUNNING, 61_260),
        (clock(5, 0), NONE, 61_200),
        (None, ONCE_BEGUN, 3_600),
    ];
    let asked = Preconditions {
        window: TimeWindow::new(1_320, 270),
        ..Preconditions::NONE
    };
    for (minute_of_day, expected, wait) in table {
        let device = Device {
            minute_of_day,
            ..DEVICE
        };
        assert_eq!(ends(asked, &device), expected, "{minute_of_day:?}");
        if let Err(Error::Deferred { retry_after, .. }) = check_preconditions(&asked, &device) {
            assert_eq!(retry_after, wait, "{minute_of_day:?}");
        }
    }
}

/// A battery that hovers about the threshold, and loads and unloads: begun and halted change places rarely, and an
/// update that has begun is never kept waiting for more than the threshold.
#[test]
fn a_value_that_hovers_does_not_start_and_stop_the_update() {
    let asked = Preconditions {
        min_battery_percent: Some(30),
        ..Preconditions::NONE
    };
    let levels = [29, 31, 29, 34, 29, 36, 31, 28, 26, 25, 24, 29, 30, 26, 25];
    let mut attempt = First;
    let went_on: Vec<bool> = levels
        .into_iter()
        .map(|percent| {
            let device = Device {
                battery_percent: Some(percent),
                attempt,
                ..DEVICE
            };
            match check_preconditions(&asked, &device) {
                Ok(()) => attempt = Begun,
                Err(_) => attempt = attempt.deferred(),
            }
            attempt == Begun
        })
        .collect();
    let [no, yes] = [false, true];
    let expected = [
        no, no, no, no, no, yes, yes, yes, yes, yes, no, no, yes, yes, yes,
    ];
    assert_eq!(went_on, expected);
}

#[test]
fn the_boot_record_tells_what_has_begun() {
    let manifest = Digest([7; 32]);
    for (phase, digest, expected) in [
        (Phase::Idle, manifest, First),
        (Phase::Erasing, manifest, Begun),
        (Phase::Writing, manifest, Begun),
        (Phase::Pending, manifest, First),
        (Phase::Writing, Digest([8; 32]), First),
    ] {
        let record = BootRecord {
            phase,
            manifest,
            ..BootRecord::default()
        };
        assert_eq!(Attempt::of(&record, &digest), expected, "{phase:?}");
    }
}

#[test]
fn the_first_reason_is_reported_with_the_bound_that_applied() {
    let asked = Preconditions {
        min_battery_percent: Some(50),
        min_free_ram: Some(10),
        ..Preconditions::NONE
    };
    let device = Device {
        battery_percent: Some(52),
        attempt: Deferred,
        ..DEVICE
    };
    let expected = Error::Deferred {
        reason: Reason::Battery { need: 55, have: 52 },
        retry_after: 1_800,
    };
    assert_eq!(check_preconditions(&asked, &device), Err(expected));
    assert_eq!((expected.code(), expected.lwm2m_result()), (330, 11));
}
