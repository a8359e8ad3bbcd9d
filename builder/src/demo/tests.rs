use std::collections::BTreeSet;
use std::fs;

use sprag_manifest::Codec;
use sprag_verifier::{Area, Boot};

use super::{CUTS, DemoReport, NEW_IMAGE, OLD_IMAGE, demo};
use crate::inspect::inspect;

fn run() -> (DemoReport, Vec<String>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut steps = Vec::new();
    let report = demo(folder.path(), &mut |step| steps.push(step.to_owned())).unwrap();
    (report, steps, folder)
}

#[test]
fn images_fit_their_promise() {
    for image in [OLD_IMAGE, NEW_IMAGE] {
        assert!((1..=96 << 10).contains(&image.len()), "{} B", image.len());
    }
    assert_ne!(OLD_IMAGE, NEW_IMAGE);
}

#[test]
fn the_journey() {
    let (report, steps, folder) = run();
    assert_eq!(
        steps,
        [
            "generate a key pair",
            "build, sign and prove a package",
            "verify it: signature, and the hash of every block",
            "tamper with it, and offer it to a device",
            "update a device, and cut its power on the way",
        ]
    );

    // Sizes: the delta beats the full image by far, and bsdiff.
    assert_eq!(report.full_bytes, u64::try_from(NEW_IMAGE.len()).unwrap());
    let sent = report.inspection.package_bytes;
    assert!(
        sent * 4 < report.full_bytes,
        "{sent} B of {} B",
        report.full_bytes
    );
    assert!(
        report.inspection.payload_bytes <= report.bsdiff_bytes,
        "{sent} B"
    );
    assert_eq!(report.inspection.codec, Codec::NativeDelta);
    assert_eq!(
        report.blocks,
        u64::from(report.inspection.payloads[0].blocks)
    );

    // Each layer refuses what is its own.
    let codes: Vec<_> = report
        .refusals
        .iter()
        .map(|r| (r.what, r.error.code()))
        .collect();
    let expected = [
        ("a byte of the manifest", 202),
        ("a byte of the signature", 202),
        ("a byte of a block", 601),
    ];
    assert_eq!(codes, expected);
    let [manifest, signature, block] = report.refusals.as_slice() else {
        panic!("three")
    };
    assert_eq!(
        (manifest.flash_operations, signature.flash_operations),
        (0, 0)
    );
    assert!(
        block.flash_operations > 0,
        "blocks before the bad one are written"
    );

    // After every cut something boots: the old image until the new one is whole.
    let (last, cut) = report.boots.split_last().unwrap();
    assert_eq!(
        u64::try_from(cut.len()).unwrap(),
        CUTS,
        "{:?}",
        report.boots
    );
    assert!(cut.iter().all(|boot| boot.slot() == Area::SlotA), "{cut:?}");
    assert!(matches!(last, Boot::Trial(Area::SlotB)), "{last:?}");
    assert!(
        report.most_erases <= u32::try_from(CUTS).unwrap() + 1,
        "{} erases",
        report.most_erases
    );

    // What is left to look at.
    let names: BTreeSet<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = [
        "demo.key",
        "demo.pub",
        "sensor-1.0.0.bin",
        "sensor-1.1.0.bin",
        "sensor-applied.bin",
        "sensor.sprag",
    ];
    assert!(names.iter().eq(expected), "{names:?}");
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert!(read("sensor-applied.bin") == NEW_IMAGE);
    assert_eq!(inspect(&read("sensor.sprag")).unwrap(), report.inspection);
}

#[test]
fn only_keys_and_signatures_differ_from_run_to_run() {
    let ((first, ..), (second, ..)) = (run(), run());
    assert_ne!(first.inspection.signatures, second.inspection.signatures);
    assert_eq!(first.inspection.manifest, second.inspection.manifest);
    assert_eq!(first.inspection.payloads, second.inspection.payloads);
    assert_eq!(
        (first.boots, first.most_erases),
        (second.boots, second.most_erases)
    );
    assert_eq!(first.bsdiff_bytes, second.bsdiff_bytes);
}
