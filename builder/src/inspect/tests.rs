use super::{Inspection, inspect};
use crate::build::Source;
use crate::digest::sha256;
use crate::error::Error;
use crate::release::ReleaseSpec;
use crate::testing::{built, inputs, noise_of, release};
use sprag_manifest::Release;

/// A package of two payloads, the first of several pages.
fn package() -> (Vec<u8>, Inspection) {
    let new = noise_of(1, 12_000);
    let mut old = noise_of(2, 12_000);
    old[..2_000].copy_from_slice(&new[5_000..7_000]);
    let mut inputs = inputs(
        vec![Source {
            version: "1.0.0",
            bytes: &old,
        }],
        &new,
    );
    inputs.full = crate::build::FullImage::Always;
    inputs.release = ReleaseSpec::new(Release {
        block_size: Some(256),
        ..release()
    })
    .unwrap();
    let package = built(&inputs).unwrap();
    let inspection = inspect(&package).unwrap();
    (package, inspection)
}

#[test]
fn every_byte_has_its_place() {
    let (package, inspection) = package();
    let len = u64::try_from(package.len()).unwrap();
    assert_eq!(
        (inspection.package_bytes, inspection.trailing_bytes),
        (len, 0)
    );
    assert_eq!(inspection.package_sha256, sha256(&package));
    let payloads: u64 = inspection
        .payloads
        .iter()
        .map(|p| p.payload_bytes + p.page_bytes)
        .sum();
    assert_eq!(
        inspection.header_bytes + inspection.envelope_bytes + payloads,
        len
    );
    let encoded: u64 = inspection.payloads.iter().map(|p| p.payload_bytes).sum();
    assert_eq!(inspection.overhead_bytes, len - encoded);
    let start = usize::try_from(inspection.manifest_offset).unwrap();
    let manifest = &package[start..start + usize::try_from(inspection.manifest_bytes).unwrap()];
    assert_eq!(inspection.manifest_sha256, sha256(manifest));
    let [first, second] = inspection.payloads.as_slice() else {
        panic!("two payloads")
    };
    assert_eq!(
        (first.role.as_str(), first.source_version.as_deref()),
        ("delta", Some("1.0.0"))
    );
    assert_eq!(
        (second.role.as_str(), second.source_version.as_deref()),
        ("full", None)
    );
    assert_eq!(
        second.offset,
        first.offset + first.payload_bytes + first.page_bytes
    );
    assert_eq!(inspection.payload_bytes, first.payload_bytes);
    // A stored payload without its pages is the image.
    assert_eq!(second.payload_sha256, inspection.target.sha256);
}

#[test]
fn json_is_read_back_with_no_field_unknown() {
    let (_, inspection) = package();
    let text = serde_json::to_string_pretty(&inspection).unwrap();
    assert_eq!(
        serde_json::from_str::<Inspection>(&text).unwrap(),
        inspection
    );
    let more = text.replacen('{', "{\"surprise\": 1,", 1);
    assert!(serde_json::from_str::<Inspection>(&more).is_err());
    // The contract with scripts.
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema"], 1);
    for field in [
        "package_bytes",
        "manifest_bytes",
        "payloads",
        "payload_bytes",
        "codec",
        "ram_bytes",
        "total_ram_bytes",
        "source",
        "target",
    ] {
        assert!(!value[field].is_null(), "{field}");
    }
}

#[test]
fn damage_is_told_where_it_is() {
    let (package, whole) = package();
    assert!(
        whole
            .payloads
            .iter()
            .all(|payload| payload.bad_blocks.is_empty())
    );
    let block = |inspection: &Inspection, at: u64| {
        let mut damaged = package.clone();
        damaged[usize::try_from(at).unwrap()] ^= 1;
        let damaged = inspect(&damaged).unwrap();
        assert_eq!(damaged.manifest, inspection.manifest);
        damaged.payloads
    };
    let full = &whole.payloads[1];
    assert!(full.blocks > 32, "{}", full.blocks);
    // The last byte is in the last block.
    let found = block(&whole, whole.package_bytes - 1);
    assert_eq!(found[1].bad_blocks, [full.blocks - 1]);
    assert_eq!(found[0], whole.payloads[0]);
    // Page 0 stands for all blocks behind it, block 0 for itself.
    let found = block(&whole, full.offset);
    assert_eq!(found[1].bad_blocks, (0..full.blocks).collect::<Vec<_>>());
    let found = block(&whole, full.offset + 1024);
    assert_eq!(found[1].bad_blocks, [0]);
    let found = block(&whole, full.offset + 1024 + 31 * 256);
    assert_eq!(found[1].bad_blocks, (31..full.blocks).collect::<Vec<_>>());
}

#[test]
fn more_and_less_than_a_package() {
    let (package, whole) = package();
    let longer = inspect(&[&package[..], b"abc"].concat()).unwrap();
    assert_eq!(
        (longer.trailing_bytes, longer.package_bytes),
        (3, whole.package_bytes + 3)
    );
    assert_eq!(
        (longer.overhead_bytes, &longer.payloads),
        (whole.overhead_bytes, &whole.payloads)
    );
    for len in 0..package.len() {
        match inspect(&package[..len]) {
            Ok(shorter) => {
                let missing: u64 = shorter.payloads.iter().map(|p| p.missing_bytes).sum();
                assert_eq!(
                    missing,
                    whole.package_bytes - shorter.package_bytes,
                    "{len} B"
                );
                assert!(
                    shorter.payloads.iter().all(|p| p.bad_blocks.is_empty()),
                    "{len} B"
                );
                assert_eq!(shorter.manifest, whole.manifest);
            }
            Err(Error::Device(e)) => {
                assert!(
                    u64::try_from(len).unwrap() < whole.payloads[0].offset,
                    "{len}"
                );
                assert_eq!(e.code() / 100, 1, "{len}: {e:?}");
            }
            Err(e) => panic!("{len}: {e:?}"),
        }
    }
}

#[test]
fn streams_say_what_was_found_of_the_images() {
    use crate::codec::CodecChoice;
    use crate::demo::{NEW_IMAGE, OLD_IMAGE};

    let source = Source {
        version: "1.0.0",
        bytes: OLD_IMAGE,
    };
    let mut delta = inputs(vec![source], NEW_IMAGE);
    delta.codec = CodecChoice::Native;
    let delta = built(&delta).unwrap();
    let inspection = inspect(&delta).unwrap();
    let stream = inspection.payloads[0].stream.as_ref().unwrap();
    assert_eq!(
        (stream.profile_bytes, stream.isa.as_str()),
        (16_384, "thumb")
    );
    let places = |segments: &[super::SegmentView]| -> Vec<(u32, u64)> {
        segments
            .iter()
            .map(|segment| (segment.offset, segment.address))
            .collect()
    };
    assert_eq!(places(&stream.old_segments), [(0, 0x0800_8000)]);
    assert_eq!(places(&stream.new_segments), [(0, 0x0800_8000)]);
    // No stream is too short or too damaged to be looked at.
    let start = usize::try_from(inspection.payloads[0].offset).unwrap();
    let bytes = &delta[start..];
    for len in 0..200 {
        let _ = super::stream::stated(sprag_manifest::Codec::NativeDelta, &bytes[..len], 9, 9);
        let noise = noise_of(u64::try_from(len).unwrap() + 1, len);
        for codec in sprag_manifest::Codec::ALL {
            let _ = super::stream::stated(codec, &noise, 100, 100);
        }
    }

    let mut full = inputs(vec![], &NEW_IMAGE[..6_000]);
    full.codec = CodecChoice::Native;
    let inspection = inspect(&built(&full).unwrap()).unwrap();
    let stream = inspection.payloads[0].stream.as_ref().unwrap();
    assert_eq!(
        (stream.profile_bytes, stream.isa.as_str()),
        (16_384, "thumb")
    );

    let (_, noise) = package();
    assert!(
        noise.payloads[1].stream.is_none(),
        "a stored image says nothing"
    );
}
