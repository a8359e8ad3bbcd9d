//! Valid manifests that other tests bend.

use sprag_manifest::{
    Codec, Digest, Image, Isa, List, MAX_ENVELOPE_LEN, Manifest, Needs, Payload, Preconditions,
    Requirement, Role, TimeWindow, Validity,
};

use crate::cbor::{Value, parse};

pub(crate) const TARGET: Image<'_> = Image {
    version: "1.5.2",
    digest: Digest([0x11; 32]),
    size: 131_072,
    load_address: Some(0x0800_0000),
};

pub(crate) const SOURCES: [Image<'_>; 2] = [
    Image {
        version: "1.5.1",
        digest: Digest([0x22; 32]),
        size: 130_000,
        load_address: None,
    },
    Image {
        version: "1.4.0",
        digest: Digest([0x33; 32]),
        size: 1,
        load_address: Some(0),
    },
];

pub(crate) const DELTA: Payload = Payload {
    role: Role::Delta,
    source: Some(0),
    codec: Codec::NativeDelta,
    size: 4_096,
    block_size: 4_096,
    root: Digest([0x44; 32]),
    checkpoint_interval: 0,
    in_place_group: 0,
    in_place_shift: 0,
    needs: Needs {
        workspace: 16_384,
        ram: 16_384 + 4_096 + 256,
        scratch: 0,
        erases: 1,
        min_operations: 0,
        min_work: 0,
    },
};

pub(crate) const PAYLOADS: [Payload; 4] = [
    DELTA,
    Payload {
        source: Some(1),
        codec: Codec::BsdiffZstd,
        size: 70_000,
        needs: Needs {
            workspace: 0,
            ram: 18 * 32 + 4_096 + 256,
            scratch: 65_536,
            erases: 2,
            min_operations: 40,
            min_work: 700,
        },
        checkpoint_interval: 16_384,
        in_place_group: 8_192,
        in_place_shift: 0,
        ..DELTA
    },
    Payload {
        role: Role::Full,
        source: None,
        codec: Codec::Stored,
        size: 131_072,
        block_size: 256,
        needs: Needs {
            workspace: 0,
            ram: 4_096,
            scratch: 0,
            erases: 1,
            min_operations: 0,
            min_work: 0,
        },
        ..DELTA
    },
    Payload {
        role: Role::Reverse,
        ..DELTA
    },
];

/// A manifest with every field.
pub(crate) const FULL: Manifest<'_> = Manifest {
    sequence: 0x0001_0005_0002_0000,
    security_counter: 7,
    vendor: "acme",
    product: "gateway-2",
    hardware: List::from_slice(&["rev_A", "rev+b.1"]),
    isa: Isa::Thumb,
    target: TARGET,
    sources: List::from_slice(&SOURCES),
    payloads: List::from_slice(&PAYLOADS),
    bootloader: Some(Requirement {
        id: "mcuboot",
        min: Some(1 << 48),
        max: Some(2 << 48),
    }),
    os: Some(Requirement {
        id: "zephyr",
        min: None,
        max: None,
    }),
    layout: Some("dual-512k"),
    validity: Validity {
        not_before: Some(1_700_000_000),
        not_after: Some(1_900_000_000),
    },
    preconditions: Preconditions {
        min_battery_percent: Some(30),
        min_free_storage: Some(65_536),
        min_temperature: Some(-10),
        max_temperature: Some(45),
        min_free_ram: Some(8_192),
        window: TimeWindow::new(1_320, 270),
    },
    keyset_version: Some(3),
    keysets_len: 1_024,
};

/// A manifest with required fields only.
pub(crate) const SMALL: Manifest<'_> = Manifest {
    hardware: List::from_slice(&["1"]),
    target: Image {
        load_address: None,
        ..TARGET
    },
    sources: List::empty(),
    payloads: List::from_slice(&[PAYLOADS[2]]),
    bootloader: None,
    os: None,
    layout: None,
    validity: Validity {
        not_before: None,
        not_after: None,
    },
    preconditions: Preconditions::NONE,
    keyset_version: None,
    keysets_len: 0,
    ..FULL
};

pub(crate) fn encoded(manifest: &Manifest<'_>) -> Vec<u8> {
    let mut buffer = vec![0; MAX_ENVELOPE_LEN];
    let len = manifest.encode(&mut buffer).unwrap();
    buffer.truncate(len);
    buffer
}

pub(crate) fn tree(manifest: &Manifest<'_>) -> Value {
    parse(&encoded(manifest)).unwrap()
}

#[test]
fn samples_decode_to_themselves() {
    for manifest in [FULL, SMALL] {
        let bytes = encoded(&manifest);
        let decoded = Manifest::decode(&bytes).unwrap();
        assert_eq!(decoded, manifest);
        // A decoded manifest, whose lists are bytes, encodes as well.
        assert_eq!(encoded(&decoded), bytes);
    }
    assert_ne!(FULL, SMALL);
}

#[test]
fn payloads_follow_each_other() {
    // One block; 18 blocks on one page; 512 blocks on 17 pages, 16 of them linked; one block.
    let stored = [4_096, 70_000 + 18 * 32, 131_072 + (512 + 16) * 32, 4_096];
    let mut offset = 0;
    for (number, len) in (0..).zip(stored) {
        assert_eq!(
            FULL.payload_offset(number),
            Some(offset),
            "payload {number}"
        );
        offset += len;
    }
    assert_eq!(FULL.payload_offset(4), None);
    assert_eq!(FULL.payload_offset(u32::MAX), None);
    assert_eq!(FULL.payloads_len(), Some(offset));
}
