//! Sweeps over a package of each codec: every bit, every length, every byte inserted or deleted; every split, every size
//! of piece. A typed refusal or the identical image, never anything else, and no flash operation before a signature
//! holds.
//!
//! `SPRAG_FULL=1` tries all of them; otherwise a part, the same each time.

use sprag::attack::{Bench, Chunks, Damage, Desk, Outcome};
use sprag::sha256;
use sprag_vectors::bases::{self, BASES, Base};
use sprag_verifier::Area;

fn is_full() -> bool {
    std::env::var_os("SPRAG_FULL").is_some()
}

/// Three packages, one for each codec that decodes.
fn packages() -> impl Iterator<Item = &'static Base> {
    let names = ["delta", "full", "bsdiff"];
    BASES.iter().filter(move |base| names.contains(&base.name))
}

fn fresh() -> Desk {
    Desk::new(&bases::setting()).expect("flash as it may be")
}

/// Whether it was the identical image; panics at anything but that or a refusal.
fn identical(base: &Base, what: &str, outcome: &Outcome) -> bool {
    let name = base.name;
    assert_eq!(
        outcome.before, 0,
        "{name}, {what}: flash operations before a signature held"
    );
    match outcome.result {
        Ok(made) => assert_eq!(made, sha256(base.target), "{name}, {what}: another image"),
        Err(e) => assert!(e.code() < 800, "{name}, {what}: {e:?}"),
    }
    outcome.result.is_ok()
}

#[test]
fn damage_is_refused_or_does_no_harm() {
    let step = if is_full() { 1 } else { 29 };
    for base in packages() {
        let (mut bits, mut cuts, mut inserted, mut deleted, mut taken) = (0, 0, 0, 0, 0);
        let device = fresh();
        for damage in Damage::all(base.package.len(), step) {
            let Some(bytes) = damage.apply(base.package) else {
                continue;
            };
            let outcome = device.clone().offer(&bytes, Chunks::Whole);
            let is_identical = identical(base, &format!("{damage:?}"), &outcome);
            match damage {
                Damage::Bit(_) => bits += 1,
                Damage::Cut(_) => cuts += 1,
                Damage::Insert(..) => inserted += 1,
                Damage::Delete(_) => deleted += 1,
            }
            if is_identical {
                // What is inserted behind the last byte is never asked for.
                let behind = matches!(damage, Damage::Insert(at, _) if at == base.package.len());
                assert!(behind, "{}: {damage:?} was taken", base.name);
                taken += 1;
            }
        }
        println!(
            "{}: {} B; {bits} bits, {cuts} lengths, {inserted} bytes inserted, {deleted} deleted: \
             all refused but {taken}, which change nothing",
            base.name,
            base.package.len()
        );
    }
}

#[test]
fn pieces_of_any_size_make_the_same() {
    let step = if is_full() { 1 } else { 37 };
    for base in packages() {
        let (mut splits, mut sizes) = (0, 0);
        let device = fresh();
        let flash =
            |desk: &Desk| [Area::SlotA, Area::SlotB].map(|slot| desk.slot(slot, 16_384).to_vec());
        let mut whole = device.clone();
        assert!(identical(
            base,
            "whole",
            &whole.offer(base.package, Chunks::Whole)
        ));
        let whole = flash(&whole);
        for at in (0..=base.package.len()).step_by(step) {
            let mut desk = device.clone();
            assert!(identical(
                base,
                &format!("split at {at}"),
                &desk.offer(base.package, Chunks::SplitAt(at))
            ));
            assert!(flash(&desk) == whole, "{}: split at {at}", base.name);
            splits += 1;
        }
        for size in (1..=64).step_by(if is_full() { 1 } else { 9 }) {
            let mut desk = device.clone();
            assert!(identical(
                base,
                &format!("pieces of {size}"),
                &desk.offer(base.package, Chunks::Every(size))
            ));
            assert!(flash(&desk) == whole, "{}: pieces of {size}", base.name);
            sizes += 1;
        }
        println!(
            "{}: {splits} splits, {sizes} sizes of pieces: the same flash",
            base.name
        );
    }
}

/// Bad packages wear nothing out, and a good one is taken after them.
#[test]
fn after_a_thousand_bad_packages_a_good_one_is_taken() {
    for base in packages() {
        let bench_key = bases::key();
        let setting = bases::setting();
        let bench = Bench::new(base.package, &bench_key, &setting).expect("a good package");
        let head = base.package.len() - bench.parts.stored.iter().map(Vec::len).sum::<usize>();
        let mut desk = fresh();
        let mut offered = 0;
        for bit in (0..8 * head).cycle().step_by(11).take(1_000) {
            let bytes = Damage::Bit(bit).apply(base.package).expect("a bit of it");
            assert!(!identical(
                base,
                "a bit of the head",
                &desk.offer(&bytes, Chunks::Whole)
            ));
            offered += 1;
        }
        assert_eq!((desk.operations(), desk.most_erases()), (0, 0), "wear");
        let outcome = desk.offer(base.package, Chunks::Whole);
        assert_eq!(outcome.result, Ok(sha256(base.target)));
        assert_eq!(desk.boot(), Ok(Area::SlotB));
        println!(
            "{}: {offered} bad packages without a flash operation, then the good one",
            base.name
        );
    }
}

/// A server that serves wrong blocks for ever cannot wear a slot out: the update goes on where it stood.
#[test]
fn wrong_blocks_wear_nothing_out() {
    for base in packages() {
        let mut desk = fresh();
        let last = 8 * base.package.len() - 1;
        for bit in (last - 99)..=last {
            let bytes = Damage::Bit(bit).apply(base.package).expect("a bit of it");
            assert!(!identical(
                base,
                "a bit of the last block",
                &desk.offer(&bytes, Chunks::Whole)
            ));
        }
        let worn = desk.most_erases();
        assert!(worn <= 110, "{}: {worn} erases", base.name);
        assert_eq!(
            desk.offer(base.package, Chunks::Whole).result,
            Ok(sha256(base.target))
        );
        println!(
            "{}: 100 wrong last blocks, at most {worn} erases of a sector, then the good one",
            base.name
        );
    }
}
