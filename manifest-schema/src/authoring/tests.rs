//! Files as people write them, right and wrong.

use super::{DeviceProfile, Release};
use crate::manifest::{Isa, Preconditions, Requirement, TimeWindow, Validity};
use crate::version::PackedVersion;
use std::string::ToString;

const RELEASE: &str = r#"
vendor = "acme"
product = "gateway"
hardware = ["r1", "r2"]
isa = "x86-64"
old-version = "1.5.1"
new-version = "1.5.2"
security-counter = 7
sequence = 281496451547136
load-address = 0x0800_0000
layout = "dual-512k"
block-size = 4096
keyset-version = 3

[bootloader]
id = "mcuboot"
min = "1.9"
max = "v2.0.0"

[os]
id = "zephyr"

[validity]
not-before = 1700000000
not-after = 1900000000

[preconditions]
min-battery-percent = 30
min-free-storage = 65536
min-temperature = -10
max-temperature = 45
min-free-ram = 8192
window = "22:00-04:30"
"#;

const PROFILE: &str = r#"
vendor = "acme"
product = "gateway"
hardware = "r1"
isa = "thumb"
ram = 40960
installed-version = "1.5.1"
sequence = 5
security-counter = 2
load-address = 0x0800_0000
layout = "dual-512k"
battery-percent = 80
free-storage = 1000000
temperature = 21
free-ram = 20000
bootloader = { id = "mcuboot", version = "1.10" }
os = { id = "zephyr", version = "3.7.0" }

[flash]
slot-size = 524288
sector-size = 4096
write-size = 8
erased-value = 0
trailer-reserve = 4096
staging-size = 131072
scratch-size = 16384

[timing]
erase-us = 45000

[link]
bytes-per-second = 2000
loss = 10000

[power]
on-ms = 3000
"#;

#[test]
fn a_whole_release() {
    let release: Release = toml::from_str(RELEASE).unwrap();
    assert_eq!(release.isa, Some(Isa::X86_64));
    assert_eq!(release.load_address, Some(0x0800_0000));
    let bootloader = release.bootloader.as_ref().unwrap();
    let expected = Requirement {
        id: "mcuboot",
        min: Some(0x0001_0009_0000_0000),
        max: Some(0x0002_0000_0000_0000),
    };
    assert_eq!(bootloader.as_requirement(), expected);
    let validity = Validity {
        not_before: Some(1_700_000_000),
        not_after: Some(1_900_000_000),
    };
    assert_eq!(Validity::from(release.validity), validity);
    let preconditions = Preconditions {
        min_battery_percent: Some(30),
        min_free_storage: Some(65_536),
        min_temperature: Some(-10),
        max_temperature: Some(45),
        min_free_ram: Some(8_192),
        window: TimeWindow::new(22 * 60, 4 * 60 + 30),
    };
    assert_eq!(Preconditions::from(release.preconditions), preconditions);
    // Written out and read again it is the same.
    assert_eq!(
        toml::from_str::<Release>(&toml::to_string(&release).unwrap()).unwrap(),
        release
    );
}

#[test]
fn an_empty_release() {
    let release: Release = toml::from_str("").unwrap();
    assert_eq!(release, Release::default());
    assert_eq!(toml::to_string(&release).unwrap(), "");
}

#[test]
fn a_whole_profile() {
    let profile: DeviceProfile = toml::from_str(PROFILE).unwrap();
    assert_eq!(profile.isa, Some(Isa::Thumb));
    assert_eq!(
        profile.os.as_ref().unwrap().version,
        PackedVersion(0x0003_0007_0000_0000)
    );
    let flash = profile.flash.unwrap();
    assert_eq!(
        (
            flash.slot_size,
            flash.erased_value,
            flash.staging_size,
            flash.scratch_size
        ),
        (524_288, 0, 131_072, 16_384)
    );
    assert_eq!(
        toml::from_str::<DeviceProfile>(&toml::to_string(&profile).unwrap()).unwrap(),
        profile
    );
}

#[test]
fn a_short_profile() {
    let text = "vendor='a'\nproduct='b'\nhardware='c'\nisa='none'\nram=1\n[flash]\nslot-size=8\nsector-size=4\nwrite-size=2";
    let profile: DeviceProfile = toml::from_str(text).unwrap();
    assert_eq!((profile.sequence, profile.security_counter), (0, 0));
    assert_eq!(profile.bootloader, None);
    let flash = profile.flash.unwrap();
    assert_eq!((flash.erased_value, flash.slots), (0xff, 2));
    let one: DeviceProfile = toml::from_str(&[text, "\nslots=1\nstaging-size=4"].concat()).unwrap();
    assert_eq!(one.flash.unwrap().slots, 1);
}

#[test]
fn refusals_say_why() {
    #[rustfmt::skip]
    let releases = [
        ("sequenze = 1", "unknown field `sequenze`"),
        ("new_version = '1'", "unknown field `new_version`"),
        ("vendor = 'a b'", "1 to 32 characters of A-Z a-z 0-9 . _ + -"),
        ("vendor = ''", "1 to 32 characters"),
        ("hardware = ['r1', 'r\u{e9}']", "1 to 32 characters"),
        ("hardware = 'r1'", "expected a sequence"),
        ("layout = 'a/b'", "1 to 32 characters"),
        ("isa = 'Thumb'", "one of none, thumb, a32"),
        ("block-size = 1000", "1000 is not a power of two from 256 to 65536"),
        ("block-size = 128", "128 is not a power of two"),
        ("sequence = -1", "invalid value"),
        ("[bootloader]\nmin = '1'", "missing field `id`"),
        ("[bootloader]\nid = 'x'\nmin = '1.x'", "part 2 of the version is not a decimal number"),
        ("[bootloader]\nid = 'x'\nversion = '1'", "unknown field `version`"),
        ("[validity]\nafter = 1", "unknown field `after`"),
        ("[preconditions]\nmin-battery-percent = 101", "101 is not 0 to 100 per cent"),
        ("[preconditions]\nmin-temperature = -129", "invalid value"),
        ("[preconditions]\nwindow = '22:00'", "two different times of day"),
    ];
    for (text, expected) in releases {
        let error = toml::from_str::<Release>(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    #[rustfmt::skip]
    let profiles = [
        ("ram = 40960", "", "missing field `ram`"),
        ("hardware = \"r1\"", "hardware = ['r1']", "expected a string"),
        ("slot-size = 524288", "slot-size = 524289", "slot-size 524289 is not a multiple of sector-size 4096"),
        ("write-size = 8", "write-size = 3", "sector-size 4096 is not a multiple of write-size 3"),
        ("write-size = 8", "write-size = 0", "is not a multiple of write-size 0"),
        ("sector-size = 4096", "sector-size = 0", "at least 1"),
        ("staging-size = 131072", "staging-size = 1", "staging-size 1 is not a multiple"),
        ("scratch-size = 16384", "scratch-size = 4097", "scratch-size 4097 is not a multiple"),
        ("trailer-reserve = 4096", "trailer-reserve = 524288", "leaves nothing"),
        ("slot-size = 524288", "slot-size = 524288\nslots = 0", "slots 0 is neither 1 nor 2"),
        ("slot-size = 524288", "slot-size = 524288\nslots = 3", "slots 3 is neither 1 nor 2"),
        ("staging-size = 131072", "slots = 1", "one slot needs a staging-size"),
        ("write-size = 8", "write-size = 8\nread-size = 1", "unknown field `read-size`"),
        ("erased-value = 0", "erased-value = 256", "invalid value"),
        ("battery-percent = 80", "battery-percent = 180", "180 is not 0 to 100"),
        ("loss = 10000", "losses = 1", "unknown field `losses`"),
        ("[power]", "[battery]", "unknown field `battery`"),
        ("version = \"1.10\"", "min = '1'", "unknown field `min`"),
    ];
    for (from, to, expected) in profiles {
        assert!(PROFILE.contains(from), "{from}");
        let error = toml::from_str::<DeviceProfile>(&PROFILE.replace(from, to)).unwrap_err();
        assert!(error.to_string().contains(expected), "{to}: {error}");
    }
}
