//! Every binding of a manifest to a device: met, not met, and what the device cannot tell.

use sprag_manifest::{Isa, Preconditions, Requirement, TimeWindow, Validity};
use sprag_verifier::{
    BootRecord, Component, Device, Error, Installed, Intake, Reason, StagingPlace, Text,
    ValidityCheck, check,
};

use crate::support::{
    Board, DEVICE, Link, Offer, Release, Room, Stop, nrf, random_image, random_operations, sha256,
};

const fn deferred(reason: Reason, retry_after: u32) -> Error {
    Error::Deferred {
        reason,
        retry_after,
    }
}

type Change = fn(&mut Release, &mut Device<'static>);

fn requirement(
    id: &'static str,
    min: Option<u64>,
    max: Option<u64>,
) -> Option<Requirement<'static>> {
    Some(Requirement { id, min, max })
}

fn component(id: &'static str, version: u64) -> Option<Component<'static>> {
    Some(Component { id, version })
}

/// What is refused, with both sides of the comparison.
fn refused() -> Vec<(u16, Error, Change)> {
    vec![
        (
            301,
            Error::Vendor {
                package: Text::new("acme"),
                device: Text::new("acme2"),
            },
            |_, d| d.vendor = "acme2",
        ),
        (
            301,
            Error::Vendor {
                package: Text::new("Acme"),
                device: Text::new("acme"),
            },
            |r, _| r.vendor = "Acme",
        ),
        (
            302,
            Error::Product {
                package: Text::new("lamp"),
                device: Text::new("lam"),
            },
            |_, d| d.product = "lam",
        ),
        (
            302,
            Error::Product {
                package: Text::new("lamp.x"),
                device: Text::new("lamp"),
            },
            |r, _| r.product = "lamp.x",
        ),
        (
            303,
            Error::Hardware {
                package: Text::new("rev-b"),
                device: Text::new("rev-d"),
            },
            |_, d| d.hardware = "rev-d",
        ),
        (
            303,
            Error::Hardware {
                package: Text::new("rev-b"),
                device: Text::new("rev-"),
            },
            |_, d| d.hardware = "rev-",
        ),
        (
            303,
            Error::Hardware {
                package: Text::new("rev-b"),
                device: Text::new(""),
            },
            |_, d| d.hardware = "",
        ),
        (
            304,
            Error::Isa {
                package: Isa::Thumb,
                device: Isa::Rv32,
            },
            |_, d| d.isa = Isa::Rv32,
        ),
        (
            304,
            Error::Isa {
                package: Isa::None,
                device: Isa::Thumb,
            },
            |r, _| r.isa = Isa::None,
        ),
        (
            305,
            Error::BootloaderId {
                package: Text::new("bolt"),
                device: Text::new("latch"),
            },
            |r, _| {
                r.bootloader = requirement("bolt", None, None);
            },
        ),
        (
            305,
            Error::BootloaderId {
                package: Text::new("latch"),
                device: Text::new(""),
            },
            |r, d| {
                r.bootloader = requirement("latch", None, None);
                d.bootloader = None;
            },
        ),
        (
            306,
            Error::BootloaderVersion {
                min: 5,
                max: u64::MAX,
                device: 4,
            },
            |r, d| {
                r.bootloader = requirement("latch", Some(5), None);
                d.bootloader = component("latch", 4);
            },
        ),
        (
            306,
            Error::BootloaderVersion {
                min: 0,
                max: 5,
                device: 6,
            },
            |r, d| {
                r.bootloader = requirement("latch", None, Some(5));
                d.bootloader = component("latch", 6);
            },
        ),
        (
            307,
            Error::OsId {
                package: Text::new("linux"),
                device: Text::new("zephyr"),
            },
            |r, _| {
                r.os = requirement("linux", None, None);
            },
        ),
        (
            307,
            Error::OsId {
                package: Text::new("zephyr"),
                device: Text::new(""),
            },
            |r, d| {
                r.os = requirement("zephyr", None, None);
                d.os = None;
            },
        ),
        (
            308,
            Error::OsVersion {
                min: 7,
                max: 9,
                device: 10,
            },
            |r, d| {
                r.os = requirement("zephyr", Some(7), Some(9));
                d.os = component("zephyr", 10);
            },
        ),
        (
            308,
            Error::OsVersion {
                min: 7,
                max: 9,
                device: 6,
            },
            |r, d| {
                r.os = requirement("zephyr", Some(7), Some(9));
                d.os = component("zephyr", 6);
            },
        ),
        (
            309,
            Error::Layout {
                package: Text::new("one-slot"),
                device: Text::new("two-slots"),
            },
            |r, _| {
                r.layout = Some("one-slot");
            },
        ),
        (
            309,
            Error::Layout {
                package: Text::new("two-slots"),
                device: Text::new(""),
            },
            |r, d| {
                r.layout = Some("two-slots");
                d.layout = None;
            },
        ),
        (
            310,
            Error::LoadAddress {
                package: 0x0800_8000,
                device: 0x0800_4000,
            },
            |r, _| {
                r.load_address = Some(0x0800_8000);
            },
        ),
        (
            320,
            Error::SecurityCounter {
                package: 3,
                device: 4,
            },
            |_, d| d.installed.security_counter = 4,
        ),
        (
            320,
            Error::SecurityCounter {
                package: 0,
                device: u64::MAX,
            },
            |r, d| {
                r.security_counter = 0;
                d.installed.security_counter = u64::MAX;
            },
        ),
        (
            321,
            Error::Sequence {
                package: 7,
                device: 8,
            },
            |_, d| d.installed.sequence = 8,
        ),
        (
            321,
            Error::Sequence {
                package: 7,
                device: 7,
            },
            |_, d| d.installed.sequence = 7,
        ),
        (
            322,
            Error::NotYetValid {
                package: 101,
                device: 100,
            },
            |r, d| {
                (r.validity.not_before, d.now) = (Some(101), Some(100));
            },
        ),
        (
            323,
            Error::Expired {
                package: 99,
                device: 100,
            },
            |r, d| {
                (r.validity.not_after, d.now) = (Some(99), Some(100));
            },
        ),
        (
            324,
            Error::KeysetVersion {
                package: 3,
                device: 2,
            },
            |r, _| r.keyset_version = Some(3),
        ),
        (
            330,
            deferred(Reason::Battery { need: 81, have: 80 }, 1800),
            |r, _| {
                r.preconditions.min_battery_percent = Some(81);
            },
        ),
        (
            330,
            deferred(Reason::Battery { need: 1, have: 0 }, 1800),
            |r, d| {
                r.preconditions.min_battery_percent = Some(1);
                d.battery_percent = None;
            },
        ),
        (
            331,
            deferred(
                Reason::Storage {
                    need: 65_537,
                    have: 65_536,
                },
                3600,
            ),
            |r, _| {
                r.preconditions.min_free_storage = Some(65_537);
            },
        ),
        (
            331,
            deferred(Reason::Storage { need: 1, have: 0 }, 3600),
            |r, d| {
                r.preconditions.min_free_storage = Some(1);
                d.free_storage = None;
            },
        ),
        (
            332,
            deferred(
                Reason::Temperature {
                    min: i8::MIN,
                    max: 19,
                    have: Some(20),
                },
                600,
            ),
            |r, _| r.preconditions.max_temperature = Some(19),
        ),
        (
            333,
            deferred(
                Reason::Ram {
                    need: 4_097,
                    have: 4_096,
                },
                60,
            ),
            |r, _| r.preconditions.min_free_ram = Some(4_097),
        ),
        (
            334,
            deferred(
                Reason::Window {
                    need: TimeWindow::new(481, 600).unwrap(),
                    have: Some(480),
                },
                60,
            ),
            |r, _| r.preconditions.window = TimeWindow::new(481, 600),
        ),
    ]
}

/// What is accepted, up to the last value that may be.
const ACCEPTED: &[(&str, Change)] = &[
    ("as it is", |_, _| {}),
    ("second hardware revision", |_, d| d.hardware = "rev-c"),
    ("bootloader of the least version", |r, d| {
        r.bootloader = requirement("latch", Some(5), Some(9));
        d.bootloader = component("latch", 5);
    }),
    ("bootloader of the greatest version", |r, d| {
        r.bootloader = requirement("latch", Some(5), Some(9));
        d.bootloader = component("latch", 9);
    }),
    ("any bootloader, and none", |_, d| d.bootloader = None),
    ("os of the only version", |r, d| {
        r.os = requirement("zephyr", Some(5), Some(5));
        d.os = component("zephyr", 5);
    }),
    ("any os, and none", |_, d| d.os = None),
    ("the layout", |r, _| r.layout = Some("two-slots")),
    ("any layout, and none", |_, d| d.layout = None),
    ("the load address", |r, _| {
        r.load_address = Some(0x0800_4000);
    }),
    (
        "a load address, and a device that does not know its own",
        |r, d| {
            (r.load_address, d.load_address) = (Some(0x0800_8000), None);
        },
    ),
    ("equal security counter", |_, d| {
        d.installed.security_counter = 3;
    }),
    ("next sequence", |_, d| d.installed.sequence = 6),
    ("greatest sequence", |r, d| {
        (r.sequence, d.installed.sequence) = (u64::MAX, u64::MAX - 1);
    }),
    ("the installed image again", |r, d| {
        d.installed.sequence = 7;
        d.installed.digest = Some(sha256(&r.new));
    }),
    ("the first second of validity", |r, d| {
        (r.validity.not_before, d.now) = (Some(100), Some(100));
    }),
    ("the last second of validity", |r, d| {
        (r.validity.not_after, d.now) = (Some(100), Some(100));
    }),
    ("no clock", |r, d| {
        r.validity = Validity {
            not_before: Some(u64::MAX),
            not_after: None,
        };
        d.now = None;
    }),
    ("the keyset", |r, _| r.keyset_version = Some(2)),
    ("just enough of everything", |r, _| {
        r.preconditions = Preconditions {
            min_battery_percent: Some(80),
            min_free_storage: Some(65_536),
            min_temperature: Some(20),
            max_temperature: Some(20),
            min_free_ram: Some(4_096),
            window: TimeWindow::new(480, 481),
        };
    }),
    ("nothing asked, nothing known", |_, d| {
        (d.battery_percent, d.free_storage) = (None, None);
        (d.temperature, d.free_ram) = (None, None);
    }),
];

fn start() -> (Board<1, 4, 512>, Release, Vec<u8>) {
    let old = random_image(800, 1);
    let release = Release::delta(&old, &random_operations(800, 900, 2));
    let room = Room {
        place: StagingPlace::Area,
        image: 2,
        staging: 6,
    };
    (nrf(room).in_service(&old), release, old)
}

#[test]
fn what_does_not_match_is_refused_with_both_sides_and_no_flash_operation() {
    for (code, error, change) in refused() {
        let (mut board, mut release, old) = start();
        let mut device = DEVICE;
        change(&mut release, &mut device);
        assert_eq!(error.code(), code, "{error:?}");

        // The check by itself: the numbers of the record are the test's.
        let package = release.package();
        let mut offer = Offer::new(&package, &old);
        offer.device = device;
        let refused = judge(&package.bytes, &offer).map(|_| ());
        assert_eq!(refused, Err(error));

        // The whole way, for everything that does not come from the record.
        if !(320..=321).contains(&code) {
            let stop = board
                .update(&offer, &mut Link::new(&package.bytes))
                .unwrap_err();
            assert_eq!(stop, Stop::Refused(error));
            assert_eq!(board.operations(), 0, "{error:?}");
            assert_eq!(board.record(), BootRecord::default(), "{error:?}");
        }
    }
}

#[test]
fn what_matches_is_accepted() {
    for (name, change) in ACCEPTED {
        let (mut board, mut release, old) = start();
        let mut device = DEVICE;
        change(&mut release, &mut device);
        let package = release.package();
        let mut offer = Offer::new(&package, &old);
        offer.device = device;
        judge(&package.bytes, &offer).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        board
            .update(&offer, &mut Link::new(&package.bytes))
            .unwrap_or_else(|e| panic!("{name}: {e:?}"));
    }
}

#[test]
fn validity_that_could_not_be_judged_is_reported() {
    let validity = |not_before, not_after| Validity {
        not_before,
        not_after,
    };
    for (validity, now, expected) in [
        (validity(None, None), None, ValidityCheck::None),
        (validity(None, None), Some(5), ValidityCheck::None),
        (validity(Some(1), None), None, ValidityCheck::NoClock),
        (validity(None, Some(1)), None, ValidityCheck::NoClock),
        (validity(Some(1), Some(9)), Some(5), ValidityCheck::Checked),
    ] {
        let (_, mut release, old) = start();
        release.validity = validity;
        let package = release.package();
        let mut offer = Offer::new(&package, &old);
        offer.device.now = now;
        assert_eq!(
            judge(&package.bytes, &offer),
            Ok(expected),
            "{validity:?} {now:?}"
        );
    }
}

#[test]
fn freshness_by_security_counter_and_sequence() {
    // (package, installed, same digest installed) -> accepted
    let table = [
        ((3, 7), (0, 0), false, true),
        ((3, 7), (3, 6), false, true),
        ((3, 7), (3, 7), false, false),
        ((3, 7), (3, 7), true, true),
        ((3, 7), (3, 8), true, false),
        ((3, 7), (4, 6), false, false),
        ((3, 7), (4, 7), true, false),
        ((3, 7), (2, 8), false, false),
        ((0, 0), (0, 0), false, true),
        ((1, 0), (0, 0), true, true),
    ];
    for (package, installed, same, accepted) in table {
        let (_, mut release, old) = start();
        (release.security_counter, release.sequence) = package;
        let mut offer = Offer::new(&release.package(), &old);
        let (security_counter, sequence) = installed;
        let other = (sequence != 0).then(|| sha256(&old));
        offer.device.installed = Installed {
            version: None,
            digest: if same {
                Some(sha256(&release.new))
            } else {
                other
            },
            security_counter,
            sequence,
        };
        let verdict = judge(&release.package().bytes, &offer);
        assert_eq!(
            verdict.is_ok(),
            accepted,
            "{package:?} over {installed:?}: {verdict:?}"
        );
    }
}

fn judge(package: &[u8], offer: &Offer) -> Result<ValidityCheck, Error> {
    let mut buf = vec![0; offer.intake_len];
    let mut intake = Intake::new(&mut buf);
    intake.push(package)?;
    let authentic = intake.authenticate(&offer.trust())?;
    check(authentic, &offer.device).map(|verified| verified.validity())
}
