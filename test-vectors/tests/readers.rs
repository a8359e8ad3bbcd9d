//! The vectors are frozen, every reader says of every file what the index says, and every code that a package can cause
//! has one.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use sprag::attack::{Chunks, Desk, Setting, hex, verify_at_desk};
use sprag::{Error, inspect, sha256};
use sprag_manifest::DecodeErrorKind;
use sprag_vectors::index::{Index, Reader, Vector};
use sprag_vectors::{folder, present, vectors};
use sprag_verifier::CODES;

/// Of devices that want LMS besides; no other reader has it.
const LMS: &str = "a device that wants LMS besides: verifier-no-std/tests/device/lms.rs";
/// Codes that no package causes on the devices of the index, and why.
const NOT_BY_A_PACKAGE: [(u16, &str); 26] = [
    (
        133,
        "sums of sizes stay below 2^64 within the limits of version 1",
    ),
    (210, LMS),
    (211, LMS),
    (212, LMS),
    (213, LMS),
    (214, LMS),
    (335, "the link's doing"),
    (
        406,
        "a write size that is no power of two or too long: the port's, whatever the package",
    ),
    (409, "the device has no room for its stored keyset"),
    (605, "flash that forgets what was staged"),
    (606, "a staging area with too many torn writes"),
    (
        608,
        "the application's count of refused fetches, each of which is 601",
    ),
    (609, "the same of pages, each of which is 602"),
    (610, "flash that loses the decoder's state in place"),
    (708, "a checkpoint in flash that was changed"),
    (
        720,
        "a decoder that ends early; those of version 1 refuse with 704 to 706 before",
    ),
    (801, "the flash driver"),
    (802, "the flash driver"),
    (803, "the flash driver"),
    (804, "worn flash"),
    (901, "an image on trial"),
    (902, "no image on trial"),
    (903, "a lost boot record"),
    (904, "calls out of order"),
    (905, "a device that has reverted this very package"),
    (906, "a lost keyset"),
];

struct Vectors {
    index: Index,
    devices: BTreeMap<String, Setting>,
}

impl Vectors {
    fn load() -> Self {
        let text = fs::read_to_string(folder().join("index.json")).unwrap();
        let index: Index = serde_json::from_str(&text).unwrap();
        let images: BTreeMap<_, _> = index
            .images
            .iter()
            .map(|image| (image.sha256.clone(), image.file.clone()))
            .collect();
        let mut devices = BTreeMap::new();
        for device in &index.devices {
            let mut device = device.clone();
            device.old = fs::read(folder().join(&images[&device.old_sha256]))
                .unwrap()
                .into();
            assert_eq!(hex(&sha256(&device.old).0), device.old_sha256);
            assert!(
                devices.insert(device.name.clone(), device).is_none(),
                "two devices of one name"
            );
        }
        Self { index, devices }
    }

    /// Every file, with the device that it is offered to.
    fn each(&self) -> impl Iterator<Item = (&Vector, Vec<u8>, &Setting)> {
        self.index.vectors.iter().map(|vector| {
            let bytes = fs::read(folder().join(&vector.file)).unwrap();
            assert_eq!(hex(&sha256(&bytes).0), vector.sha256, "{}", vector.file);
            (vector, bytes, &self.devices[&vector.device])
        })
    }

    /// Holds a reader against the index, and says how many files it could not be asked about, or judges in part.
    fn hold(&self, reader: Reader, ask: impl Fn(&Vector, &[u8], &Setting) -> u16) {
        let (mut alike, mut parts, mut not_asked) = (0, 0, 0);
        let mut wrong = Vec::new();
        for (vector, bytes, setting) in self.each() {
            let Some(expected) = vector.expected(reader) else {
                not_asked += 1;
                continue;
            };
            let found = ask(vector, &bytes, setting);
            if found != expected {
                wrong.push(format!("{}: {found}, not {expected}", vector.file));
            }
            *(if expected == vector.code {
                &mut alike
            } else {
                &mut parts
            }) += 1;
        }
        assert!(wrong.is_empty(), "{reader:?}:\n{}", wrong.join("\n"));
        println!(
            "{reader:?}: {alike} files as the format says, {parts} otherwise for a reason that is written down, {not_asked} not asked"
        );
    }
}

#[test]
fn the_vectors_are_frozen() {
    let mut made = vectors::make().unwrap();
    let text = made.index_text().unwrap();
    made.files.insert("index.json".into(), text.into_bytes());
    let there = present(&folder()).unwrap();
    assert_eq!(there, made.files.keys().cloned().collect::<BTreeSet<_>>());
    for (name, bytes) in &made.files {
        assert!(fs::read(folder().join(name)).unwrap() == *bytes, "{name}");
    }
}

#[test]
fn the_builder_says_so() {
    let vectors = Vectors::load();
    vectors.hold(Reader::Builder, |_, package, setting| {
        // Looking inside refuses or does not, and never panics.
        let _ = inspect(package);
        match verify_at_desk(package, setting) {
            Ok(()) => 0,
            Err(Error::Device(e)) => e.code(),
            Err(e) => panic!("{e}"),
        }
    });
}

#[test]
fn the_device_code_says_so_and_touches_no_flash_before() {
    let vectors = Vectors::load();
    vectors.hold(Reader::Verifier, |vector, package, setting| {
        let mut desk = Desk::new(setting).unwrap();
        let outcome = desk.offer(package, Chunks::Whole);
        assert_eq!(
            outcome.before, 0,
            "{}: flash operations before a signature held",
            setting.name
        );
        match outcome.result {
            Ok(made) => {
                // What a device passes over behind the package is refused elsewhere.
                let image = vector.image.as_ref();
                let is_it = image.is_none_or(|image| *image == hex(&made.0));
                assert!(is_it, "{}: another image", vector.file);
                0
            }
            Err(e) => {
                assert_eq!(desk.boot().unwrap(), sprag_verifier::Area::SlotA);
                assert!(desk.slot(sprag_verifier::Area::SlotA, setting.old.len()) == &*setting.old);
                e.code()
            }
        }
    });
}

#[test]
fn every_code_that_a_package_can_cause_has_a_vector() {
    let vectors = Vectors::load();
    let covered: BTreeSet<u16> = vectors
        .index
        .vectors
        .iter()
        .map(|vector| vector.code)
        .collect();
    let excepted: BTreeSet<u16> = NOT_BY_A_PACKAGE.iter().map(|(code, _)| *code).collect();
    let register = DecodeErrorKind::ALL
        .iter()
        .map(|(code, _)| *code)
        .chain(CODES.iter().map(|(code, _)| *code));
    let register: BTreeSet<u16> = register.collect();
    let missing: Vec<_> = register
        .iter()
        .filter(|code| !covered.contains(code) && !excepted.contains(code))
        .collect();
    assert!(missing.is_empty(), "codes without a vector: {missing:?}");
    let both: Vec<_> = excepted.intersection(&covered).collect();
    assert!(both.is_empty(), "codes that do have a vector: {both:?}");
    let unknown: Vec<_> = excepted.difference(&register).collect();
    assert!(unknown.is_empty(), "no codes: {unknown:?}");
    let reasons = NOT_BY_A_PACKAGE.iter().all(|(_, why)| !why.is_empty());
    assert!(reasons);
    println!(
        "{} codes, {} of them with vectors",
        register.len(),
        register.intersection(&covered).count()
    );
}
