//! Links and power in small: every claim of a simulation, on images that take milliseconds.

use sprag_manifest::{DeviceProfile, Header, Index, Item, LinkProfile};
use sprag_verifier::{Error as DeviceError, Retry, RetryLimits};

use super::cuts::{Power, in_units, lives_through};
use super::life::{Stop, Story, World};
use super::link::{Damage, Link};
use super::meter::Meter;
use super::{Cuts, Flaws, PERFECT, SimulationInputs, perfect, simulate};
use crate::build::{Source, WayBack, build};
use crate::codec::CodecChoice;
use crate::device::SimStorage;
use crate::profile::{default_flash, intended_device};
use crate::testing::{anchors, inputs, key, trusted};
use crate::verify::manifest_of;

/// Bytes without a pattern.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut chance = super::link::Chance(seed);
    (0..len).map(|_| chance.next().to_le_bytes()[0]).collect()
}

fn profile(text: &str) -> DeviceProfile {
    toml::from_str(&format!("ram = 40000\n{text}")).unwrap()
}

/// A full package of 380 blocks of 256 bytes, and a device for it.
fn with_blocks(profile: &DeviceProfile, test: impl FnOnce(&World<'_>, &Meter, u64)) {
    let new = noise(380 * 256, 1);
    let mut wanted = inputs(vec![], &new);
    wanted.codec = CodecChoice::Stored;
    wanted.release.block_size = 256;
    let key = key();
    let package = build(&wanted, &key, &mut |_, _, _| {}).unwrap();
    let manifest = manifest_of(&package).unwrap();
    let payload = manifest.payloads.get(0).unwrap();
    assert_eq!(Index::new(&payload).block_count(), 380);
    let block = Index::new(&payload)
        .items()
        .find(|placed| placed.item == Item::Block(372))
        .unwrap();
    let payloads = Header::decode(&package).unwrap().payloads_offset();
    let keys = trusted(&key);
    let device = intended_device(&manifest, None);
    let flash = default_flash(manifest.target.size);
    let world = World {
        package: &package,
        trust: &anchors(&keys),
        device: &device,
        profile,
        trailer_reserve: 0,
        old: &[1; 64],
        new: &new,
        confirms: true,
    };
    let mut storage = SimStorage::new(&flash, 0).unwrap();
    storage.load(sprag_verifier::Area::SlotA, world.old);
    let meter = Meter::new(storage, profile.timing);
    test(&world, &meter, payloads + block.offset + 7);
}

/// Block 372 of 380 is damaged on the server: fetched again alone, or named after a bounded number of tries.
#[test]
fn one_bad_block_is_repaired_alone_or_named() {
    for damage in [Damage::Once, Damage::Alternating, Damage::Always] {
        with_blocks(&profile(""), |world, meter, at| {
            let mut meter = meter.clone();
            let mut link = Link::new(world.package, PERFECT, 0);
            link.damage(at, damage);
            let mut story = Story::default();
            let ended = world.live(&mut meter, &mut link, &mut story);
            let whole = head_len(world) + 380 * 256 + story_pages(world);
            match damage {
                Damage::Always => {
                    let tries = RetryLimits::default().per_part;
                    let named = DeviceError::BlockRetries { block: 372, tries };
                    assert_eq!(ended, Err(Stop::Refused(named)));
                    assert_eq!(story.refusals, u64::from(tries));
                    // Each delay has its bound, so the end has one: 1 + 2 + ... + 64 s and the fetching.
                    assert!(meter.clock < 300_000_000_000, "{}", meter.clock);
                }
                _ => {
                    assert_eq!(ended, Ok(()));
                    assert_eq!(story.refusals, 1, "{damage:?}");
                    assert_eq!(
                        link.counts.bytes,
                        whole + 256,
                        "{damage:?}: that block again"
                    );
                }
            }
            assert!(story.boots <= 3);
        });
    }
}

/// Bytes of index pages.
fn story_pages(world: &World<'_>) -> u64 {
    let manifest = manifest_of(world.package).unwrap();
    let payload = manifest.payloads.get(0).unwrap();
    Index::new(&payload).stored_len() - u64::from(payload.size)
}

/// Bytes of header and envelope.
fn head_len(world: &World<'_>) -> u64 {
    Header::decode(world.package).unwrap().payloads_offset()
}

/// A damaged head is fetched again whole; one that never comes right ends with what is wrong with it.
#[test]
fn a_bad_head_is_fetched_again_or_named() {
    for damage in [Damage::Once, Damage::Alternating, Damage::Always] {
        with_blocks(&profile(""), |world, meter, _| {
            let head = head_len(world);
            let mut link = Link::new(world.package, PERFECT, 0);
            link.damage(head - 1, damage);
            let mut story = Story::default();
            let ended = world.live(&mut meter.clone(), &mut link, &mut story);
            if damage == Damage::Always {
                assert!(
                    matches!(
                        ended,
                        Err(Stop::Refused(DeviceError::SignatureInvalid { .. }))
                    ),
                    "{ended:?}"
                );
                assert_eq!((story.refusals, story.fetched), (8, 0));
            } else {
                assert_eq!((ended, story.refusals), (Ok(()), 1), "{damage:?}");
                let whole = 2 * head + 380 * 256 + story_pages(world);
                assert_eq!(link.counts.bytes, whole, "{damage:?}");
            }
        });
    }
}

/// Lossy, repeating, reordering, corrupting links, many seeds: the right image each time, never without an end.
#[test]
fn any_link_that_gives_something_converges() {
    let profile = profile("");
    let seeds = if std::env::var_os("SPRAG_FULL").is_some() {
        500
    } else {
        40
    };
    with_blocks(&profile, |world, meter, _| {
        for seed in 1..=seeds {
            let share = |n: u32| u32::try_from((seed * 7919 + u64::from(n)) % 60_000).unwrap();
            let link = LinkProfile {
                bytes_per_second: 20_000,
                latency_ms: 50,
                datagram: 64,
                loss: 3 * share(1),
                duplicate: share(2),
                reorder: 2 * share(3),
                corrupt: share(4) / 4,
                up_s: 20,
                down_s: 3,
                token_s: 40,
            };
            let mut meter = meter.clone();
            let mut link = Link::new(world.package, link, seed);
            let mut story = Story::default();
            let ended = world.live(&mut meter, &mut link, &mut story);
            assert_eq!(ended, Ok(()), "seed {seed}: {:?}", link.counts);
            assert!(link.counts.lost + link.counts.corrupted > 0, "seed {seed}");
        }
    });
}

/// A link that breaks off every 300 s for four hours, with tokens that change: at most one block again for each cut.
#[test]
fn four_hours_of_cuts_cost_a_block_each() {
    let profile = profile("");
    with_blocks(&profile, |world, meter, _| {
        // So slow that it takes the four hours.
        let link = LinkProfile {
            bytes_per_second: 8,
            latency_ms: 500,
            up_s: 300,
            down_s: 20,
            token_s: 3_600,
            datagram: 64,
            ..PERFECT
        };
        let mut meter = meter.clone();
        let mut link = Link::new(world.package, link, 1);
        let mut story = Story::default();
        assert_eq!(world.live(&mut meter, &mut link, &mut story), Ok(()));
        let counts = link.counts;
        assert!(counts.cuts >= 40 && counts.tokens >= 3, "{counts:?}");
        assert!(meter.clock > 4 * 3600 * 1_000_000_000);
        let whole = head_len(world) + 380 * 256 + story_pages(world);
        assert!(counts.bytes <= whole + counts.cuts * 256, "{counts:?}");
    });
}

/// The package moves to another server in the middle, with another token and datagrams of another size: the update goes on
/// where it was, before a reset and behind one.
#[test]
fn a_package_that_moves_is_fetched_on() {
    with_blocks(&profile(""), |world, meter, _| {
        let slow = |datagram, token_s| LinkProfile {
            bytes_per_second: 10_000,
            latency_ms: 20,
            datagram,
            token_s,
            ..PERFECT
        };
        for (at, datagram) in [(2, 100), (7, 64), (200, 1), (383, 1000)] {
            let mut meter = meter.clone();
            let mut link = Link::new(world.package, slow(200, 5), 1);
            link.moves(at, world.package, slow(datagram, 3));
            let mut story = Story::default();
            assert_eq!(world.live(&mut meter, &mut link, &mut story), Ok(()));
            let whole = head_len(world) + 380 * 256 + story_pages(world);
            assert_eq!((link.counts.bytes, story.refusals), (whole, 0), "{at}");
            assert!(link.counts.tokens > 0, "{at}");
        }
    });
}

/// What is there is another package, or another build of the same version: the update ends with the part that did not
/// come right, and the old image runs on.
#[test]
fn a_package_that_moves_and_changes_is_named() {
    with_blocks(&profile(""), |world, meter, _| {
        let mut other = world.package.to_vec();
        let head = usize::try_from(head_len(world)).unwrap();
        for byte in &mut other[head..] {
            *byte ^= 0x20;
        }
        for at in [3, 50, 300] {
            for package in [&other[..], &world.package[..head]] {
                let mut meter = meter.clone();
                let mut link = Link::new(world.package, PERFECT, 1);
                link.moves(at, package, PERFECT);
                let mut story = Story::default();
                let mut retry = Retry::new(RetryLimits::default());
                let ended = world.boot(&mut meter, &mut link, &mut retry, &mut story);
                let Err(Stop::Refused(e)) = ended else {
                    panic!("{at}: {ended:?}");
                };
                // Nothing at all may be a link that is down.
                let expected = if package.len() == head { 335 } else { 608 };
                assert!(
                    e.code() == expected || (e.code() == 609 && at < 50),
                    "{at}: {e:?}"
                );
                // With the package as it was, the update goes on.
                let mut link = Link::new(world.package, PERFECT, 1);
                assert_eq!(world.live(&mut meter, &mut link, &mut story), Ok(()));
            }
        }
    });
}

/// A link that gives nothing ends in a deferral, and what was verified is kept.
#[test]
fn a_dead_link_defers() {
    let profile = profile("");
    with_blocks(&profile, |world, meter, _| {
        let dead = LinkProfile {
            loss: 1_000_000,
            ..PERFECT
        };
        let mut meter = meter.clone();
        let mut story = Story::default();
        let mut retry = Retry::new(RetryLimits::default());
        let mut link = Link::new(world.package, dead, 1);
        let ended = world.boot(&mut meter, &mut link, &mut retry, &mut story);
        let Err(Stop::Refused(e)) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!((e.code(), e.lwm2m_result()), (335, 11));
    });
}

fn small() -> (Vec<u8>, Vec<u8>) {
    let old = noise(6_000, 3);
    let mut new = old.clone();
    new.splice(1_000..1_100, noise(300, 4));
    (old, new)
}

fn simulated(text: &str, cuts: Cuts) -> super::Simulation {
    let (old, new) = small();
    let source = Source {
        version: "1",
        bytes: &old,
    };
    let package = build(&inputs(vec![source], &new), &key(), &mut |_, _, _| {}).unwrap();
    let profile = profile(text);
    let inputs = SimulationInputs {
        package: &package,
        profile: &profile,
        old: &old,
        cuts,
        flaws: Flaws::default(),
        seed: 1,
    };
    simulate(&inputs, &mut |_, _, _| {}).unwrap()
}

const FLASH: &str = "[flash]\nslot-size = 16384\nsector-size = 1024\nwrite-size = 4\n";

#[test]
fn every_operation_is_cut_and_nothing_is_lost() {
    let result = simulated(FLASH, Cuts::All);
    let cuts = result.cuts;
    assert!(result.may_ship, "{:?}", result.failures);
    assert_eq!(cuts.operations_cut, cuts.operations);
    assert_eq!(cuts.single, 2 * cuts.operations);
    assert!(cuts.double > cuts.operations / 2 && cuts.operations > 30);
    assert_eq!((cuts.bricks, cuts.stuck), (0, 0));
    assert_eq!(
        cuts.booted_old + cuts.booted_new,
        cuts.single + 2 * cuts.double
    );
    assert!(cuts.booted_new > 0);
    assert_eq!(result.uninterrupted.task_late, 0);
    assert!(result.uninterrupted.worst_step_us > 0);
    let least = result.progress.least_operations.unwrap();
    assert!(result.progress.operations_exact && least > 1 && least < cuts.operations);
    // Equal inputs, equal results.
    let again = serde_json::to_string(&simulated(FLASH, Cuts::All)).unwrap();
    assert_eq!(again, serde_json::to_string(&result).unwrap());
}

/// With a single slot the bootloader goes on without a link, and what the manifest states of wear and power holds.
#[test]
fn a_single_slot_is_cut_everywhere() {
    let text = "[flash]\nslots = 1\nslot-size = 32768\nsector-size = 1024\nwrite-size = 4\n\
                staging-size = 16384\nscratch-size = 22528\n";
    let profile = DeviceProfile {
        ram: 18432,
        ..profile(text)
    };
    let old = noise(26_000, 3);
    let mut new = old.clone();
    new.splice(1_000..1_100, noise(300, 4));
    let source = Source {
        version: "1",
        bytes: &old,
    };
    let mut wanted = inputs(vec![source], &new);
    wanted.profile = Some(&profile);
    wanted.way_back = WayBack::WithReverse;
    let package = build(&wanted, &key(), &mut |_, _, _| {}).unwrap();
    let inputs = SimulationInputs {
        package: &package,
        profile: &profile,
        old: &old,
        cuts: Cuts::Sample(30),
        flaws: Flaws::default(),
        seed: 1,
    };
    let result = simulate(&inputs, &mut |_, _, _| {}).unwrap();
    assert!(result.may_ship, "{:?}: {:?}", result.failures, result.flaws);
    let cuts = result.cuts;
    assert_eq!((cuts.bricks, cuts.stuck, cuts.task_late), (0, 0, 0));
    let back = result.way_back.unwrap();
    assert_eq!((back.bricks, back.stuck, back.task_late), (0, 0, 0));
    assert!(
        back.single == 60 && back.double > 20 && back.went_on > 20,
        "{back:?}"
    );
    let outcomes = back.booted_old + back.booted_new + back.went_on;
    assert_eq!(outcomes, back.single + 2 * back.double);
    let outcomes = cuts.booted_old + cuts.booted_new + cuts.went_on;
    assert_eq!(outcomes, cuts.single + 2 * cuts.double);
    assert!(cuts.went_on > 20 && cuts.booted_old > 0, "{cuts:?}");
    let run = result.uninterrupted;
    assert!(
        run.image_erases == 2 && run.image_erases_bound == 2,
        "{run:?}"
    );
    let progress = result.progress;
    assert!(progress.stated_operations > 0, "{progress:?}");
}

/// A bad sector of the staging area costs nothing, of the slot the update, of neither the device; a flaky read nothing.
#[test]
fn flaws_of_the_flash_are_outlived_or_named() {
    let (old, new) = small();
    let source = Source {
        version: "1",
        bytes: &old,
    };
    let package = build(&inputs(vec![source], &new), &key(), &mut |_, _, _| {}).unwrap();
    let profile = profile(&format!("{FLASH}staging-size = 16384\n"));
    let inputs = SimulationInputs {
        package: &package,
        profile: &profile,
        old: &old,
        cuts: Cuts::Sample(2),
        flaws: Flaws {
            bad_sectors: 60,
            flaky_reads: 60,
        },
        seed: 1,
    };
    let result = simulate(&inputs, &mut |_, _, _| {}).unwrap();
    assert!(result.may_ship, "{:?}: {:?}", result.failures, result.flaws);
    let bad = result.flaws.bad_sectors;
    assert_eq!((bad.lives, bad.bricks, bad.unfinished), (60, 0, 0));
    // Every third is one of the staging area.
    assert!(bad.completed >= 20 && bad.refused >= 10, "{bad:?}");
    let known = [802, 803, 804];
    assert!(bad.codes.iter().all(|code| known.contains(code)), "{bad:?}");
    let flaky = result.flaws.flaky_reads;
    assert_eq!((flaky.completed, flaky.bricks), (60, 0), "{flaky:?}");
}

#[test]
fn a_step_that_takes_too_long_for_the_task_beside_fails_the_gate() {
    let slow = format!("{FLASH}[timing]\nerase-us = 600000\n");
    let result = simulated(&slow, Cuts::Sample(2));
    assert!(result.uninterrupted.task_late > 0);
    assert!(
        !result.may_ship && result.failures[0].contains("late"),
        "{:?}",
        result.failures
    );
}

#[test]
fn power_that_does_not_last_fails_the_gate() {
    let least = simulated(FLASH, Cuts::Sample(2))
        .progress
        .least_milliseconds
        .unwrap();
    let with = |ms: u64| simulated(&format!("{FLASH}[power]\non-ms = {ms}\n"), Cuts::Sample(2));
    assert!(with(least).may_ship);
    let result = with(least / 2);
    assert!(
        !result.may_ship && result.failures[0].contains("power lasts"),
        "{:?}",
        result.failures
    );
}

/// With power that lasts for only so many operations, or so much work, each time: from the least that the manifest
/// states on, the update always comes to its end; with far less it does not.
#[test]
fn what_the_manifest_states_as_least_power_is_enough() {
    let places = [
        (24_000, "slot-size = 49152\n", "the tail of the slot"),
        (
            24_000,
            "slot-size = 28672\nstaging-size = 16384\n",
            "an area",
        ),
        (24_000, "slot-size = 28672\n", "nowhere"),
        (
            64_000,
            "slot-size = 68608\nscratch-size = 65536\n",
            "checkpoints",
        ),
        (
            24_000,
            "slots = 1\nslot-size = 36864\nstaging-size = 49152\nscratch-size = 32768\n",
            "the only slot",
        ),
    ];
    for (len, flash, place) in places {
        let (old, new) = moved(len);
        let text = format!("[flash]\nsector-size = 1024\nwrite-size = 4\n{flash}");
        let profile = profile(&text);
        let source = Source {
            version: "1",
            bytes: &old,
        };
        let mut wanted = inputs(vec![source], &new);
        wanted.profile = Some(&profile);
        wanted.codec = CodecChoice::Native;
        wanted.ram = Some(8192);
        wanted.release.block_size = 1024;
        if place == "the only slot" {
            wanted.way_back = WayBack::WithReverse;
        }
        let key = key();
        let package = build(&wanted, &key, &mut |_, _, _| {}).unwrap();
        let manifest = manifest_of(&package).unwrap();
        let needs = manifest.payloads.get(0).unwrap().needs;
        let interval = manifest.payloads.get(0).unwrap().checkpoint_interval;
        assert_eq!(interval > 0, place == "checkpoints", "{place}");
        let keys = trusted(&key);
        let device = intended_device(&manifest, Some("1"));
        let units = in_units(&profile);
        let world = World {
            package: &package,
            trust: &anchors(&keys),
            device: &device,
            profile: &units,
            trailer_reserve: 0,
            old: &old,
            new: &new,
            confirms: true,
        };
        let mut storage = SimStorage::new(&profile.flash.unwrap(), old.len()).unwrap();
        storage.load(sprag_verifier::Area::SlotA, &old);
        let meter = Meter::new(storage, units.timing);
        let mut uncut = meter.clone();
        let (mut link, mut story) = (perfect(&world), Story::default());
        assert_eq!(world.live(&mut uncut, &mut link, &mut story), Ok(()));
        let (all_operations, all_work) = (uncut.operations(), uncut.clock);

        let completes = |power| lives_through(&world, &meter, power, 400, 7);
        let stated = u64::from(needs.min_operations);
        println!("{place}: {stated} of {all_operations} operations");
        for operations in steps(stated, all_operations.max(stated + 12)) {
            assert!(
                completes(Power::Operations(operations)),
                "{place}: {operations} operations"
            );
        }
        assert!(
            !completes(Power::Operations(stated / 8)),
            "{place}: far fewer operations"
        );
        let stated = u64::from(needs.min_work) * 1024;
        println!("{place}: {stated} of {all_work} bytes of work");
        for work in steps(stated, all_work.max(stated + 12)) {
            assert!(
                completes(Power::Nanoseconds(work)),
                "{place}: {work} bytes of work"
            );
        }
        assert!(
            !completes(Power::Nanoseconds(stated / 4)),
            "{place}: far less work"
        );
    }
}

/// Some numbers from `least` to `most`, the first few one behind the other.
fn steps(least: u64, most: u64) -> impl Iterator<Item = u64> {
    let count = if std::env::var_os("SPRAG_FULL").is_some() {
        100
    } else {
        6
    };
    let apart = (most - least) / count;
    (0..count / 2)
        .map(move |n| least + n)
        .chain((1..=count).map(move |n| least + n * apart))
}

/// An image without a pattern, and one that has it in other places with other bytes between.
fn moved(len: usize) -> (Vec<u8>, Vec<u8>) {
    let old = noise(len, 11);
    let (front, back) = old.split_at(len / 3);
    let new = [back, &noise(2500, 12), front].concat();
    (old, new)
}

#[test]
fn shipped_profiles_are_profiles() {
    for (name, text) in crate::profile::SHIPPED_PROFILES {
        let profile: DeviceProfile = toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(profile.flash.is_some() && profile.link.is_some(), "{name}");
        assert_eq!(profile.task.period_ms, 500, "{name}");
    }
}
