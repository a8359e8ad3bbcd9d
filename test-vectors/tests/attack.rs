//! The pass matrix of `sprag attack`: packages of other shapes withstand as well, and what comes through is found.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;

use sprag::attack::{Case, Chunks, Desk, Expected, Layer, Matrix, Setting, corpus};
use sprag::{
    BuildInputs, CodecChoice, Effort, FullImage, IsaMismatch, ReleaseSpec, Source, WayBack, build,
};
use sprag_manifest::{Isa, Release};
use sprag_vectors::bases::{self, BASES};
use sprag_vectors::folder;
use sprag_vectors::index::Index;

/// A delta from each of two versions, and the full image.
fn three_payloads() -> Vec<u8> {
    of_two_versions(FullImage::Always, None)
}

/// A delta from each of two versions, for a single slot where the groups are told.
fn of_two_versions(full: FullImage, in_place: Option<u32>) -> Vec<u8> {
    let release = Release {
        vendor: Some("acme".into()),
        product: Some("sensor".into()),
        hardware: vec!["r1".into()],
        isa: Some(Isa::Thumb),
        new_version: Some("1.1.0".into()),
        block_size: Some(256),
        ..Release::default()
    };
    let older = older();
    let inputs = BuildInputs {
        release: ReleaseSpec::new(release).unwrap(),
        sources: vec![
            Source {
                version: "1.0.0",
                bytes: bases::old(),
            },
            Source {
                version: "0.9.0",
                bytes: &older,
            },
        ],
        new: bases::new(),
        codec: CodecChoice::Native,
        ram: Some(8192),
        told_address: None,
        effort: Effort::Fast,
        full,
        isa_mismatch: IsaMismatch::Allow,
        profile: None,
        in_place,
        way_back: WayBack::Without,
    };
    build(&inputs, &bases::key(), &mut |_, _, _| ()).unwrap()
}

/// A version before the old one.
fn older() -> Vec<u8> {
    bases::old()[..1500].to_vec()
}

fn run(package: &[u8], setting: &Setting, cases: &[Case]) -> Matrix {
    Matrix::run(package, setting, cases, &mut |_, _| ()).unwrap()
}

fn withstands(what: &str, package: &[u8], setting: &Setting) {
    let cases = corpus(package, &bases::key(), setting, 20, 200).unwrap();
    let matrix = run(package, setting, &cases);
    assert_eq!(matrix.failures, [], "{what}");
    assert_eq!(matrix.other_codes, [], "{what}");
    assert!(matrix.attacks() > 400, "{what}: {}", matrix.attacks());
    println!(
        "{what}: {} attacks, most erases {}",
        matrix.attacks(),
        matrix.most_erases
    );
}

fn chosen(package: &[u8], setting: &Setting) -> Option<u32> {
    let outcome = Desk::new(setting).unwrap().offer(package, Chunks::Whole);
    outcome.payload
}

#[test]
fn packages_of_other_shapes_withstand() {
    let one = bases::setting();
    withstands("three payloads", &three_payloads(), &one);
    withstands("two pages", BASES[4].package, &one);
    // The device chooses another payload than the first.
    let unknown = one.changed("no-image", |device| device.installed_version = None);
    let unknown = unknown.running("no-image", Vec::new());
    assert_eq!(chosen(&three_payloads(), &unknown), Some(2));
    withstands("no old image", &three_payloads(), &unknown);
    let before = one.changed("before", |device| {
        device.installed_version = Some("0.9.0".into());
    });
    let before = before.running("before", older());
    let two = of_two_versions(FullImage::WhereSmaller, None);
    assert_eq!(chosen(&two, &before), Some(1));
    withstands("the second source", &two, &before);
}

/// An only slot that was begun is not the good package's any more: the device that is offered all in turn is renewed.
#[test]
fn a_package_for_a_single_slot_withstands() {
    let single = bases::setting().changed("single", |device| {
        device.flash.slots = 1;
        device.flash.staging_size = 64 * 1024;
        device.flash.scratch_size = 64 * 1024;
    });
    let package = of_two_versions(FullImage::WhereSmaller, Some(4096));
    withstands("a single slot", &package, &single);
}

#[test]
fn a_device_with_a_stored_keyset_withstands() {
    let text = fs::read_to_string(folder().join("index.json")).unwrap();
    let index: Index = serde_json::from_str(&text).unwrap();
    let file = "good/keyset-one-step.sprag";
    let vector = index
        .vectors
        .iter()
        .find(|vector| vector.file == file)
        .unwrap();
    let device = index
        .devices
        .iter()
        .find(|device| device.name == vector.device);
    let setting = device.unwrap().clone();
    let name = setting.name.clone();
    let setting = setting.running(&name, bases::old().to_vec());
    withstands("a chain", &fs::read(folder().join(file)).unwrap(), &setting);
}

/// What a device takes though it must not, or refuses though it may not, or writes too early, is a finding.
#[test]
fn what_comes_through_is_found() {
    let (base, setting) = (&BASES[0], bases::setting());
    let case = |name: &str, expected, package: &[u8]| Case {
        name: name.into(),
        layer: Layer::Signature,
        why: "made up".into(),
        expected,
        package: package.to_vec(),
        setting: setting.clone(),
    };
    let mut bad = base.package.to_vec();
    bad[200] ^= 1;
    let other = Case {
        package: BASES[4].package.to_vec(),
        ..case("another-image", Expected::RefusedOrIdentical, &[])
    };
    let cases = [
        case("taken", Expected::Code(202), base.package),
        case("refused", Expected::Identical, &bad),
        other,
        case("other-code", Expected::Code(301), &bad),
        case("as-it-should", Expected::Code(202), &bad),
    ];
    let matrix = run(base.package, &setting, &cases);
    let found: Vec<&str> = matrix
        .failures
        .iter()
        .map(|finding| &*finding.attack)
        .collect();
    assert_eq!(found, ["taken", "refused", "another-image"]);
    let other: Vec<&str> = matrix
        .other_codes
        .iter()
        .map(|finding| &*finding.attack)
        .collect();
    assert_eq!(other, ["other-code"]);
    let row = matrix.layers[0];
    assert_eq!(
        (row.attacks, row.refused, row.identical, row.failed),
        (5, 2, 0, 3)
    );
    // The package that the device refuses as it is, is not attacked.
    assert!(Matrix::run(&bad, &setting, &cases, &mut |_, _| ()).is_err());
    assert!(
        Desk::new(&setting)
            .unwrap()
            .offer(&bad, Chunks::Whole)
            .result
            .is_err()
    );
}
