//! The table of attacks on keys and freshness in docs/SECURITY-MODEL.md, held against the tests that it names, and the
//! cases that no other file has.

use std::fs;
use std::path::Path;

use flash_sim::CutStyle;
use sprag_manifest::{Document, KeyId, Scope};
use sprag_verifier::{Dalek, Error, Intake, Outcome, Phase};

use crate::support::single_slot::{InPlacePlan, SingleSlot, Trial};
use crate::support::sweep::{cut_fresh, uncut};
use crate::support::{Board, Signer, nrf};
use crate::trust::{Accepted, Device, Set, package_with};

#[test]
fn every_attack_of_the_table_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = fs::read_to_string(root.join("docs/SECURITY-MODEL.md")).unwrap();
    let (_, table) = document.split_once("<!-- attacks -->").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, attack, codes, test, _] = cells[..] else {
            panic!("{row}")
        };
        let (file, name) = test.trim_matches('`').split_once("` `").unwrap();
        let path = match file.contains('/') {
            true => root.join(file),
            false => root.join("verifier-no-std/tests/device").join(file),
        };
        let source = fs::read_to_string(&path).unwrap();
        assert!(
            source.contains(&format!("#[test]\nfn {name}()")),
            "{attack}: {file} has no test {name}"
        );
        for code in codes.split(", ").filter(|code| !code.is_empty()) {
            assert!(code.parse::<u16>().is_ok_and(|code| code >= 100), "{row}");
        }
        count += 1;
    }
    assert!(count > 25, "{count}");
}

#[test]
fn one_signature_that_does_not_hold_outweighs_a_quorum() {
    let set = Set::new();
    let package = package_with(|_| (), &[], &[1, 2, 3]);
    let signed = |bent: u8| {
        let by = |number| {
            let mut signed = Signer::new(number).sign(&package.manifest);
            signed.signature[40] ^= u8::from(number == bent);
            signed
        };
        package.signed_by(&[by(1), by(2), by(3)]).bytes
    };
    let (signer, keyset) = (KeyId([1; 8]), 1);
    assert_eq!(
        Device::new(&set).offer(&signed(0)),
        Ok(Accepted { signer, keyset })
    );
    for bent in 1..=3 {
        let key = KeyId([bent; 8]);
        let refused = Err(Error::SignatureInvalid { key });
        assert_eq!(Device::new(&set).offer(&signed(bent)), refused);
    }
}

#[test]
fn a_threshold_that_cannot_be_is_refused_though_the_root_signs_it() {
    let first = Set::new();
    let next = first.next(|_| ());
    // The quorums of the keyset: {1: 2, 2: members}.
    let encoded = next.encoded();
    let places: Vec<usize> = (0..encoded.len() - 4)
        .filter(|at| encoded[*at..].starts_with(&[0xa2, 1, 2, 2]))
        .collect();
    assert_eq!(places.len(), 2);
    for place in places {
        for (threshold, code) in [(0, 105), (4, 136), (5, 104), (2, 0)] {
            let mut bent = encoded.clone();
            bent[place + 2] = threshold;
            let sign = |number| Set::sign(Document::Keyset, number, &bent);
            let update = Set::update_of(next.version(), &bent, &[sign(10), sign(11)]);
            let package = package_with(|_| (), &update, &[1, 2]);
            let found = Device::new(&first).offer(&package.bytes);
            assert_eq!(found.map_or_else(|e| e.code(), |_| 0), code, "{threshold}");
        }
    }
}

/// What the bootloader of a device with a single slot says of the package that `intake` gets.
fn judge(
    board: &mut Board<1, 4, 512>,
    device: &mut Device,
    link: Option<&[u8]>,
) -> Option<Result<(), u16>> {
    let mut buf = vec![0; 77 + 20 + 2_048];
    let mut intake = Intake::new(&mut buf);
    match link {
        Some(bytes) => {
            intake.push(bytes).unwrap();
        }
        // Nothing is staged, or the head not yet.
        None if !matches!(intake.load_staged(&mut board.storage()), Ok(true)) => return None,
        None => {}
    }
    Some(device.with_keyring(|keyring| {
        let judged = intake.authenticate_under_way::<Dalek, _>(keyring, &mut board.storage(), None);
        judged.map(|_| ()).map_err(|e| e.code())
    }))
}

/// A key is revoked at any moment of an update of the only slot. While the slot is whole, or another package comes, the
/// keyset counts; once the slot has been begun, the package that began it goes on, and the way back as well.
#[test]
fn a_revocation_does_not_lock_a_slot_out_that_was_begun() {
    let plan = InPlacePlan {
        image: 13,
        group: 4,
        shift: 2,
        checkpoint: 256 + 120,
        block_size: 256,
        native: false,
    };
    let mut set = Set::new();
    set.releases = vec![(1, vec![1], Scope::default())];
    let revoked = set.next(|next| {
        next.releases[0].1 = vec![2];
        next.revoked = vec![1];
    });
    let news = package_with(|_| (), &revoked.signed(&[10, 11]), &[2]);
    let mut before = Device::new(&set);
    let mut after = before.clone();
    after.offer(&news.bytes).unwrap();
    let other = package_with(|release| release.sequence = 99, &[], &[1]);

    for trial in [Trial::Confirms, Trial::Fails] {
        let case = SingleSlot::new(nrf::<512>, plan, 0, trial);
        let (mut begun, mut staged, mut back) = (0, 0, 0);
        for operation in uncut(&case).sim().log() {
            let (mut board, _) = cut_fresh(&case, (operation.index, CutStyle::Clean));
            board.sim_mut().power_on();
            let (phase, outcome) = (board.record().phase, board.record().outcome);
            let goes_on = match phase {
                Phase::Moving | Phase::Decoding | Phase::Copying => {
                    begun += 1;
                    true
                }
                Phase::Staged if outcome == Outcome::Reverted => {
                    back += 1;
                    true
                }
                Phase::Staged => {
                    staged += 1;
                    false
                }
                _ => false,
            };
            // A new package by the revoked key is never taken, whatever is under way.
            let new = judge(&mut board, &mut after, Some(&other.bytes));
            assert_eq!(new, Some(Err(207)), "{phase:?}");
            let Some(resumed) = judge(&mut board, &mut after, None) else {
                assert!(!goes_on);
                continue;
            };
            if !goes_on && phase != Phase::Staged {
                // What is staged of the head may be torn.
                assert!(resumed.is_err());
                continue;
            }
            let expected = if goes_on { Ok(()) } else { Err(207) };
            assert_eq!(resumed, expected, "{phase:?}");
            assert_eq!(
                judge(&mut board, &mut before, None),
                Some(Ok(())),
                "{phase:?}"
            );
        }
        let way_back = back > 0 || trial == Trial::Confirms;
        assert!(
            begun > 20 && staged > 0 && way_back,
            "{begun} {staged} {back}"
        );
    }
}
