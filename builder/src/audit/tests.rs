//! What can be done to a log, by name, and what it ends with.

use std::fs;
use std::path::Path;

use sprag_manifest::KeyId;
use tempfile::TempDir;

use super::*;
use crate::digest::sha256;
use crate::error::Error;
use crate::keys::{SigningKey, VerifyingKey};
use crate::testing::{anchors, built, inputs, noise_of, trusted};
use crate::verify::verify;

fn writer(number: u8) -> SigningKey {
    SigningKey::from_seed(KeyId([number; 8]), &[number; 32])
}

fn keys() -> Vec<VerifyingKey> {
    vec![writer(1).verifying_key(), writer(2).verifying_key()]
}

fn package() -> Vec<u8> {
    built(&inputs(Vec::new(), &noise_of(1, 700))).unwrap()
}

fn append(path: &Path, action: Action, subject: Subject, by: u8) -> Listed {
    let log = AuditLog::open(path).unwrap();
    log.append(action, subject, &writer(by), 1_700_000_000)
        .unwrap()
}

/// A log of six entries by two keys.
fn log() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log");
    AuditLog::create(&path, &writer(1), 1_700_000_000).unwrap();
    let package = package();
    let about = || Subject::of_package(&package).unwrap();
    append(&path, Action::Build, about(), 1);
    append(&path, Action::Simulate, about(), 1);
    append(&path, Action::Approve, about(), 2);
    append(&path, Action::Sign, about(), 1);
    append(&path, Action::Override, about(), 2);
    (folder, path)
}

fn read(bytes: &[u8]) -> Result<Chain, AuditError> {
    Chain::read(bytes, Some(&keys()))
}

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.map(<[u8]>::to_vec).collect()
}

/// Line `number` of a log, as `by` would have written it.
fn forged(
    bytes: &[u8],
    number: usize,
    by: &SigningKey,
    change: impl FnOnce(&mut Entry),
) -> Vec<u8> {
    let mut entry = read(bytes).unwrap().entries()[number].entry.clone();
    entry.key = by.key_id();
    change(&mut entry);
    format!("{}\n", entry.to_line(by).unwrap()).into_bytes()
}

#[test]
fn a_log_is_read_as_it_was_written() {
    let (_folder, path) = log();
    let bytes = AuditLog::read(&path).unwrap();
    let chain = read(&bytes).unwrap();
    assert_eq!(
        (chain.len(), chain.torn(), chain.whole()),
        (6, 0, bytes.len())
    );
    assert_eq!(chain.keys(), [KeyId([1; 8]), KeyId([2; 8])]);
    assert_eq!(chain.entries()[3].entry.action, Action::Approve);
    assert!(matches!(
        AuditLog::create(&path, &writer(1), 0),
        Err(AuditError::Exists { .. })
    ));
    let missing = AuditLog::open(&path.with_extension("none"));
    assert!(matches!(missing, Err(AuditError::Failed { .. })));
}

#[test]
fn attacks_by_name() {
    let (_folder, path) = log();
    let bytes = AuditLog::read(&path).unwrap();
    let whole = lines(&bytes);
    let said = String::from_utf8(whole[3].clone()).unwrap();
    let edited = |from: &str, to: &str| {
        assert!(said.contains(from), "{said}");
        let mut lines = whole.clone();
        lines[3] = said.replacen(from, to, 1).into_bytes();
        lines.concat()
    };
    let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut lines = whole.clone();
        change(&mut lines);
        lines.concat()
    };
    let stranger = writer(9);
    let insider = writer(2);
    // A key of another person under a trusted id.
    let namesake = SigningKey::from_seed(KeyId([1; 8]), &[9; 32]);
    let attacks: [(&str, Vec<u8>, u16); 17] = [
        ("first line deleted", with(&|l| drop(l.remove(0))), 1165),
        ("line deleted", with(&|l| drop(l.remove(2))), 1165),
        ("two lines swapped", with(&|l| l.swap(2, 3)), 1165),
        ("line repeated", with(&|l| l.insert(3, l[2].clone())), 1165),
        (
            "line inserted by a stranger",
            with(&|l| l.insert(3, forged(&bytes, 3, &stranger, |_| ()))),
            1163,
        ),
        (
            "line inserted under a trusted id",
            with(&|l| l.insert(3, forged(&bytes, 3, &namesake, |_| ()))),
            1164,
        ),
        (
            "line replaced by an insider",
            with(&|l| l[3] = forged(&bytes, 3, &insider, |e| e.time += 1)),
            1166,
        ),
        (
            "line inserted by an insider",
            with(&|l| l.insert(3, forged(&bytes, 3, &insider, |_| ()))),
            1165,
        ),
        ("action edited", edited("\"approve\"", "\"build\""), 1164),
        ("time edited", edited("1700000000", "1700000001"), 1164),
        ("version edited", edited("2.0.0", "2.0.1"), 1164),
        (
            "unknown field",
            edited("\"subject\":{", "\"subject\":{\"more\":1,"),
            1162,
        ),
        (
            "same meaning, other spelling",
            edited("\"seq\":3", "\"seq\": 3"),
            1162,
        ),
        (
            "signature in capitals",
            edited("\"sig\":\"", "\"sig\":\"A"),
            1162,
        ),
        ("line end doubled", with(&|l| l[3].push(b'\n')), 1162),
        ("line emptied", with(&|l| l[3] = b"\n".to_vec()), 1162),
        (
            "text put before the first line",
            with(&|l| l.insert(0, b"# a log\n".to_vec())),
            1162,
        ),
    ];
    for (name, bent, code) in attacks {
        let refused = read(&bent).err().map(|e| e.code());
        assert_eq!(refused, Some(code), "{name}");
    }
    // Every byte of a line counts.
    for at in 0..whole[3].len() - 1 {
        let bent = with(&|l| l[3][at] ^= 1);
        assert!(read(&bent).is_err(), "byte {at}");
    }
}

#[test]
fn the_end_is_held_against_a_head() {
    let (_folder, path) = log();
    let bytes = AuditLog::read(&path).unwrap();
    let whole = lines(&bytes);
    let four = whole[..4].concat();
    let place = Path::new("head");
    let keys = keys();
    let seal = |bytes: &[u8]| Head::seal(place, &read(bytes).unwrap(), &writer(1), 1).unwrap();
    let prove = |bytes: &[u8], head: &str| {
        let head = Head::open(place, head, &keys).unwrap();
        read(bytes).unwrap().prove(&[head.entry_ref()])
    };
    let early = seal(&four);
    let counted = |proven, unproven| Proof { proven, unproven };
    assert_eq!(prove(&bytes, &seal(&bytes)).unwrap(), counted(6, 0));
    assert_eq!(prove(&bytes, &early).unwrap(), counted(4, 2));
    assert_eq!(read(&bytes).unwrap().prove(&[]).unwrap(), counted(0, 6));

    // Cut at a line's end, a log is whole: only the head tells.
    for kept in 0..6 {
        let cut = whole[..kept].concat();
        let refused = prove(&cut, &seal(&bytes)).unwrap_err();
        assert_eq!(refused.code(), 1169, "{kept} lines kept: {refused}");
    }
    // Written anew from entry 3 on by those who hold the keys.
    let mut fork = whole[..3].concat();
    fork.extend(forged(&bytes, 3, &writer(2), |e| {
        e.action = Action::Override;
    }));
    assert!(read(&fork).is_ok());
    assert_eq!(prove(&fork, &early).unwrap_err().code(), 1170);
    assert_eq!(prove(&fork, &seal(&bytes)).unwrap_err().code(), 1169);

    let refused = |text: &str| {
        let refused = Head::open(place, text, &keys).unwrap_err();
        assert_eq!(refused.code(), 1168);
        refused.to_string()
    };
    assert!(refused(&early.replace("\"seq\":3", "\"seq\":2")).contains("does not hold"));
    assert!(refused(&early.replace("\"head\":1", "\"head\":2")).contains("another version"));
    assert!(refused(early.trim_end()).contains("one line"));
    assert!(refused(&early.repeat(2)).contains("one line"));
    let stranger = Head::seal(place, &read(&four).unwrap(), &writer(9), 1).unwrap();
    assert!(refused(&stranger).contains("no trusted key"));
    // An entry is no head, and a head no entry.
    refused(&String::from_utf8(whole[0].clone()).unwrap());
    assert_eq!(read(early.as_bytes()).unwrap_err().code(), 1162);
}

#[test]
fn a_cut_while_writing_is_told_and_mended() {
    let (folder, path) = log();
    let bytes = AuditLog::read(&path).unwrap();
    let whole = lines(&bytes);
    let kept: usize = whole[..5].iter().map(Vec::len).sum();
    let torn = |tail: &[u8]| [&bytes[..kept], tail].concat();
    let last = &whole[5];
    let zeros = vec![0; last.len()];
    let half = [&last[..40], &zeros[40..]].concat();
    let mut holed = last.clone();
    holed[100..200].fill(0);
    for (name, tail, lost) in [
        ("one byte", &last[..1], true),
        ("half a line", &last[..300], true),
        ("all but the closing brace", &last[..last.len() - 2], true),
        (
            "all but the end of the line",
            &last[..last.len() - 1],
            false,
        ),
        ("zeros for what never arrived", &half, true),
        ("nothing but zeros", &zeros, true),
        ("a hole of zeros", &holed, true),
    ] {
        fs::write(&path, torn(tail)).unwrap();
        let chain = read(&AuditLog::read(&path).unwrap()).unwrap();
        assert_eq!((chain.len(), chain.torn()), (5, tail.len()), "{name}");
        let log = AuditLog::open(&path).unwrap();
        let refused = log.append(Action::Build, Subject::default(), &writer(1), 1);
        assert_eq!(refused.unwrap_err().code(), 1167, "{name}");
        let done = AuditLog::open(&path)
            .unwrap()
            .repair(&writer(1), 2)
            .unwrap();
        let chain = read(&AuditLog::read(&path).unwrap()).unwrap();
        assert_eq!((chain.len(), chain.torn()), (6, 0), "{name}");
        let end = &chain.entries()[5].entry;
        match done {
            Repaired::Kept { path, bytes } => {
                assert!(lost, "{name}");
                // Nothing is lost, and the log says what was taken from it.
                assert_eq!(fs::read(path).unwrap(), *tail, "{name}");
                let said = end.subject.torn.clone().unwrap();
                assert_eq!((said.bytes, said.sha256), (bytes, sha256(tail)), "{name}");
                assert_eq!(end.action, Action::Repair, "{name}");
            }
            Repaired::LineEnd => {
                assert!(!lost, "{name}");
                assert_eq!(end.action, Action::Override, "{name}");
            }
            Repaired::Nothing => panic!("{name}"),
        }
        append(&path, Action::Build, Subject::default(), 1);
    }
    let again = AuditLog::open(&path).unwrap().repair(&writer(1), 2);
    assert_eq!(again.unwrap(), Repaired::Nothing);
    drop(folder);
}

#[test]
fn a_package_is_approved_by_manifest_or_by_image() {
    let package = package();
    let about = Subject::of_package(&package).unwrap();
    let image = Subject {
        vendor: about.vendor.clone(),
        product: about.product.clone(),
        new: about.new.clone(),
        ..Subject::default()
    };
    let (_folder, path) = log();
    let judged = |least| {
        let chain = read(&AuditLog::read(&path).unwrap()).unwrap();
        chain.approval(&package, least)
    };
    let code = |result: Result<Approved, Error>| result.unwrap_err().code();
    assert_eq!(judged(1).unwrap().entries, [3]);
    // One key counts once.
    append(&path, Action::Approve, about.clone(), 2);
    assert_eq!(code(judged(2)), 1171);
    append(&path, Action::Approve, image.clone(), 1);
    assert_eq!(judged(2).unwrap().entries, [3, 6, 7]);
    // Other images, makers, products and revisions are other things.
    append(&path, Action::Revoke, image.clone(), 1);
    assert_eq!(code(judged(1)), 1171);
    let others = [
        Subject {
            product: Some("other".into()),
            ..image.clone()
        },
        Subject {
            vendor: None,
            ..image.clone()
        },
        Subject {
            new: about.new.clone().map(|new| ImageName {
                version: "2.0.1".into(),
                ..new
            }),
            ..image.clone()
        },
        Subject {
            hardware: vec!["r1".into()],
            ..image.clone()
        },
        Subject {
            manifest: Some(sha256(b"another")),
            ..about.clone()
        },
        // A key set's entry is about no image.
        Subject::default(),
    ];
    for other in others {
        append(&path, Action::Approve, other, 1);
    }
    assert_eq!(code(judged(1)), 1171);
    append(&path, Action::Approve, image, 1);
    assert_eq!(judged(1).unwrap().keys, [KeyId([1; 8])]);
}

#[test]
fn a_package_names_the_entry_that_approved_it() {
    let new = noise_of(1, 700);
    let plain = Subject::of_package(&package()).unwrap();
    let image = Subject {
        vendor: plain.vendor.clone(),
        product: plain.product.clone(),
        new: plain.new.clone(),
        ..Subject::default()
    };
    let (_folder, path) = log();
    let approved = append(&path, Action::Approve, image, 2);
    let name = |seq, digest| {
        let mut inputs = inputs(Vec::new(), &new);
        inputs.release.approval = Some(EntryRef { seq, digest });
        built(&inputs).unwrap()
    };
    let named = name(6, approved.digest);
    // Devices skip the field.
    verify(&named, &anchors(&trusted(&crate::testing::key())), None).unwrap();
    assert_eq!(named.len(), package().len() + 37);
    let bytes = AuditLog::read(&path).unwrap();
    let chain = read(&bytes).unwrap();
    let said = chain.approval(&named, 1).unwrap();
    assert_eq!(said.entries, [6]);
    assert_eq!(said.named, EntryRef::of_package(&named).unwrap());
    assert_eq!(EntryRef::of_package(&package()).unwrap(), None);

    // The package is a head: a log that was cut or written anew is not the one it names.
    let code = |bytes: &[u8], package: &[u8]| {
        let named = EntryRef::of_package(package).unwrap().unwrap();
        let chain = read(bytes).unwrap();
        let proof = chain.prove(&[named]).map_err(Error::from);
        proof
            .and_then(|_| chain.approval(package, 1))
            .unwrap_err()
            .code()
    };
    let cut = lines(&bytes)[..6].concat();
    assert_eq!(code(&cut, &named), 1169);
    let mut fork = cut.clone();
    fork.extend(forged(&bytes, 6, &writer(2), |e| e.time += 1));
    assert_eq!(code(&fork, &named), 1170);
    // Naming the build is naming no approval.
    let build = chain.entries()[1].digest;
    assert_eq!(code(&bytes, &name(1, build)), 1172);
    for seq in [0, 23, 24, 255, 256, 1 << 16, 1 << 32, u64::MAX] {
        let entry = EntryRef { seq, digest: build };
        assert_eq!(
            EntryRef::of_package(&name(seq, build)).unwrap(),
            Some(entry)
        );
    }
}

#[test]
fn times_that_go_back_are_told() {
    let (_folder, path) = log();
    let open = || AuditLog::open(&path).unwrap();
    for time in [5, 4] {
        open()
            .append(Action::Build, Subject::default(), &writer(1), time)
            .unwrap();
    }
    let chain = read(&AuditLog::read(&path).unwrap()).unwrap();
    assert_eq!(chain.backward(), [6, 7]);
}

#[test]
fn a_reason_cannot_forge_a_line() {
    let (_folder, path) = log();
    for reason in ["a\nb", "\",\"sig\":\"", "\u{1b}[2J", "}\n{", "\u{2028}é"] {
        let subject = Subject {
            reason: Some(reason.into()),
            ..Subject::default()
        };
        append(&path, Action::Override, subject.clone(), 1);
        let chain = read(&AuditLog::read(&path).unwrap()).unwrap();
        assert_eq!(chain.entries().last().unwrap().entry.subject, subject);
    }
    assert_eq!(read(&AuditLog::read(&path).unwrap()).unwrap().len(), 11);
}

#[test]
fn appends_at_once_follow_each_other() {
    let (_folder, path) = log();
    std::thread::scope(|scope| {
        for by in [1, 2, 1, 2] {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..25 {
                    append(path, Action::Override, Subject::default(), by);
                }
            });
        }
    });
    let chain = read(&AuditLog::read(&path).unwrap()).unwrap();
    assert_eq!((chain.len(), chain.torn()), (106, 0));
}
