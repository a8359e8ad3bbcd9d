//! The JSON that scripts read.

use super::ManifestView;
use crate::ids::Digest;
use crate::list::List;
use crate::manifest::{
    Codec, Image, Isa, Manifest, Needs, Payload, Preconditions, Requirement, Role, TimeWindow,
    Validity,
};
use serde_json::{Value, json};
use std::string::ToString;

const IMAGE: Image<'_> = Image {
    version: "1.5.2",
    digest: Digest([0x11; 32]),
    size: 9_000,
    load_address: None,
};

const SOURCE: Image<'_> = Image {
    version: "1.5.1",
    digest: Digest([0x22; 32]),
    ..IMAGE
};

const PAYLOAD: Payload = Payload {
    role: Role::Delta,
    source: Some(0),
    codec: Codec::NativeDelta,
    size: 9_000,
    block_size: 4_096,
    root: Digest([0xab; 32]),
    checkpoint_interval: 16_384,
    in_place_group: 8_192,
    in_place_shift: 0,
    needs: Needs {
        workspace: 16_384,
        ram: 20_832,
        scratch: 0,
        erases: 1,
        min_operations: 40,
        min_work: 700,
    },
};

const MANIFEST: Manifest<'_> = Manifest {
    sequence: u64::MAX,
    security_counter: 1,
    vendor: "acme",
    product: "gateway",
    hardware: List::from_slice(&["r1"]),
    isa: Isa::X86_64,
    target: IMAGE,
    sources: List::from_slice(&[SOURCE]),
    payloads: List::from_slice(&[
        PAYLOAD,
        Payload {
            role: Role::Full,
            source: None,
            codec: Codec::Stored,
            in_place_group: 0,
            in_place_shift: 0,
            ..PAYLOAD
        },
    ]),
    bootloader: Some(Requirement {
        id: "mcuboot",
        min: Some(0x0001_0009_0000_0000),
        max: None,
    }),
    os: None,
    layout: None,
    validity: Validity {
        not_before: None,
        not_after: Some(5),
    },
    preconditions: Preconditions {
        min_battery_percent: Some(1),
        min_free_storage: None,
        window: TimeWindow::new(60, 120),
        ..Preconditions::NONE
    },
    keyset_version: None,
    keysets_len: 0,
};

fn expected() -> Value {
    let payload = |role, source: Option<u32>, codec, offset, group| {
        json!({
            "role": role, "source": source, "codec": codec,
            "payload_bytes": 9_000, "stored_bytes": 9_096, "offset": offset,
            "block_bytes": 4_096, "blocks": 3, "pages": 1, "root": "ab".repeat(32),
            "ram_bytes": 16_384, "total_ram_bytes": 20_832, "scratch_bytes": 0, "erases": 1,
            "checkpoint_interval": 16_384, "in_place_group": group, "in_place_shift": 0, "min_operations": 40, "min_work": 700,
        })
    };
    let image = |version, byte: &str| json!({"version": version, "sha256": byte.repeat(32), "bytes": 9_000, "load_address": null});
    json!({
        "sequence": u64::MAX, "security_counter": 1,
        "vendor": "acme", "product": "gateway", "hardware": ["r1"], "isa": "x86-64",
        "target": image("1.5.2", "11"), "sources": [image("1.5.1", "22")],
        "payloads": [
            payload("delta", Some(0), "native-delta", 0, 8_192),
            payload("full", None, "stored", 9_096, 0),
        ],
        "payloads_bytes": 18_192,
        "bootloader": {"id": "mcuboot", "min": "1.9.0", "max": null},
        "os": null, "layout": null,
        "validity": {"not_before": null, "not_after": 5},
        "preconditions": {"min_battery_percent": 1, "min_free_storage": null, "min_temperature": null,
            "max_temperature": null, "min_free_ram": null, "window": "01:00-02:00"},
        "keyset_version": null, "keysets_bytes": 0,
    })
}

#[test]
fn every_field() {
    let view = ManifestView::from(&MANIFEST);
    assert_eq!(serde_json::to_value(&view).unwrap(), expected());
    assert_eq!(
        serde_json::from_value::<ManifestView>(expected()).unwrap(),
        view
    );
    // What was decoded gives the same view as what was built.
    let mut buffer = [0; 1024];
    let len = MANIFEST.encode(&mut buffer).unwrap();
    assert_eq!(
        ManifestView::from(&Manifest::decode(&buffer[..len]).unwrap()),
        view
    );
}

#[test]
fn unknown_fields_and_bad_text_are_refused() {
    for (pointer, value, why) in [
        ("", json!({"extra": 1}), "unknown field `extra`"),
        ("/target", json!({"sha512": ""}), "unknown field `sha512`"),
        ("/payloads/0", json!({"size": 1}), "unknown field `size`"),
        (
            "/payloads/1",
            json!({"codec": "zip"}),
            "one of stored, native-delta",
        ),
        (
            "/payloads/1",
            json!({"role": "Full"}),
            "one of delta, full, reverse",
        ),
        ("/target", json!({"sha256": "00"}), "64 hexadecimal digits"),
        (
            "/bootloader",
            json!({"min": "1.9.x"}),
            "not a decimal number",
        ),
    ] {
        let mut json = expected();
        let place = json.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        place.extend(value.as_object().unwrap().clone());
        let error = serde_json::from_value::<ManifestView>(json)
            .unwrap_err()
            .to_string();
        assert!(error.contains(why), "{pointer} {value}: {error}");
    }
}
