use sha2::{Digest as _, Sha256};
use sprag_manifest::{Codec, Digest, Envelope, Header, Image, Manifest, Release, Role};

use super::{Fit, PayloadSpec, assemble, cut, entry};
use crate::codec::Encoded;
use crate::digest::sha256;
use crate::error::Error;
use crate::release::ReleaseSpec;
use crate::testing::{key, noise_of, release};

fn spec(len: usize) -> PayloadSpec {
    let encoded = Encoded {
        codec: Codec::NativeDelta,
        bytes: noise_of(5, len),
        workspace: 1234,
    };
    PayloadSpec {
        role: Role::Delta,
        source: Some(0),
        encoded,
        in_place: None,
        decoder_reads: None,
    }
}

/// docs/FORMAT.md, section 3.7, word for word: root and stored bytes.
fn twin(number: u32, payload: &[u8], block_size: usize) -> (Digest, Vec<u8>) {
    let blocks: Vec<&[u8]> = payload.chunks(block_size).collect();
    let hashes: Vec<[u8; 32]> = (0..)
        .zip(&blocks)
        .map(|(i, block)| hash(b"SPB1", number, i, block))
        .collect();
    match hashes.as_slice() {
        [only] => (Digest(*only), payload.to_vec()),
        _ => {
            let (first, stored) = pages(number, 0, &hashes, &blocks);
            (Digest(first), stored)
        }
    }
}

fn hash(tag: &[u8; 4], payload: u32, item: u32, bytes: &[u8]) -> [u8; 32] {
    let parts = [&tag[..], &payload.to_le_bytes(), &item.to_le_bytes(), bytes];
    Sha256::digest(parts.concat()).into()
}

/// The hash of a page, and it and all that is stored behind it, from what is left of hashes and blocks.
fn pages(number: u32, page: u32, hashes: &[[u8; 32]], blocks: &[&[u8]]) -> ([u8; 32], Vec<u8>) {
    if hashes.len() <= 32 {
        let bytes = hashes.concat();
        return (
            hash(b"SPP1", number, page, &bytes),
            [bytes, blocks.concat()].concat(),
        );
    }
    let (next, behind) = pages(number, page + 1, &hashes[31..], &blocks[31..]);
    let bytes = [hashes[..31].concat(), next.to_vec()].concat();
    let stored = [bytes.clone(), blocks[..31].concat(), behind].concat();
    (hash(b"SPP1", number, page, &bytes), stored)
}

#[test]
fn blocks_and_pages_are_those_of_the_format() {
    let block_size = 256;
    let counts = [
        1, 2, 3, 30, 31, 32, 33, 34, 61, 62, 63, 64, 93, 94, 95, 125, 126, 1000,
    ];
    let mut compared = 0;
    for blocks in counts {
        for last in [1, 255, 256] {
            for number in [0, 1, 64] {
                let len = (blocks - 1) * block_size + last;
                let spec = spec(len);
                let (payload, stored) = cut(number, entry(&spec, 256), &spec.encoded.bytes);
                let (root, expected) = twin(number, &spec.encoded.bytes, block_size);
                assert_eq!(payload.root, root, "{blocks} blocks, payload {number}");
                assert!(stored == expected, "{blocks} blocks, payload {number}");
                let buffers = if blocks == 1 { 0 } else { 32 * blocks.min(32) };
                let ram = 1234 + buffers + len.min(block_size) + 256;
                assert_eq!(
                    payload.needs.ram,
                    u32::try_from(ram).unwrap(),
                    "{blocks} blocks"
                );
                compared += 1;
            }
        }
    }
    assert_eq!(compared, counts.len() * 9);
}

#[test]
fn other_block_sizes() {
    for (block_size, len) in [
        (256, 100_000),
        (1024, 33 * 1024 + 1),
        (4096, 300_000),
        (65_536, 200_001),
    ] {
        let spec = spec(len);
        let (payload, stored) = cut(3, entry(&spec, block_size), &spec.encoded.bytes);
        let expected = twin(3, &spec.encoded.bytes, usize::try_from(block_size).unwrap());
        assert_eq!(payload.block_size, block_size);
        assert!((payload.root, stored) == expected, "{block_size}");
    }
}

/// Names as long as they are in practice, and every binding that a careful vendor would sign.
fn realistic() -> Release {
    Release {
        vendor: Some("nordkraft-energy".into()),
        product: Some("smart-meter-gw".into()),
        hardware: vec!["rev-c".into(), "rev-d".into()],
        new_version: Some("12.10.31".into()),
        load_address: Some(0x0801_0000),
        layout: Some("dual-512k".into()),
        ..release()
    }
}

fn package_of(release: Release, payload: usize) -> Vec<u8> {
    let release = ReleaseSpec::new(release).unwrap();
    let old = Image {
        version: "12.10.30",
        digest: sha256(b"old"),
        size: 1_000_000,
        load_address: None,
    };
    let new = Image {
        version: &release.new_version,
        digest: sha256(b"new"),
        size: 1_000_000,
        load_address: release.rest.load_address,
    };
    assemble(
        &release,
        &[old],
        new,
        &[spec(payload)],
        Fit::default(),
        &key(),
    )
    .unwrap()
}

#[test]
fn overhead_stays_within_its_bounds() {
    let block = 4096;
    let mut most = (0, 0);
    for payload in [1, 100, 1000, block - 1, block] {
        let overhead = package_of(realistic(), payload).len() - payload;
        assert!(overhead <= 400, "{payload} B: {overhead} B");
        most.0 = most.0.max(overhead);
    }
    let lengths = [
        block + 1,
        2 * block,
        10_000,
        31 * block,
        32 * block,
        32 * block + 1,
        1_000_000,
        10_000_000,
    ];
    for payload in lengths {
        let overhead = package_of(realistic(), payload).len() - payload;
        assert!(overhead <= payload / 100 + 448, "{payload} B: {overhead} B");
        most.1 = most.1.max(overhead - overhead.min(payload / 100));
    }
    println!(
        "one block: {} B at most; several: 1 % and {} B at most",
        most.0, most.1
    );
}

#[test]
fn what_is_assembled_is_what_was_described() {
    let release = ReleaseSpec::new(Release {
        security_counter: Some(9),
        ..realistic()
    })
    .unwrap();
    let package = package_of(
        Release {
            security_counter: Some(9),
            ..realistic()
        },
        10_000,
    );
    let header = Header::decode(&package).unwrap();
    assert_eq!(
        header.package_len(),
        Some(u64::try_from(package.len()).unwrap())
    );
    let start = usize::try_from(header.payloads_offset()).unwrap();
    let envelope = Envelope::decode(&package[Header::LEN..start]).unwrap();
    let manifest = Manifest::decode(envelope.manifest_bytes()).unwrap();
    assert_eq!(manifest.sequence, release.sequence);
    assert_eq!(manifest.security_counter, 9);
    assert_eq!(manifest.layout, Some("dual-512k"));
    assert_eq!(manifest.target.load_address, Some(0x0801_0000));
    assert!(manifest.hardware.iter().eq(["rev-c", "rev-d"]));
    assert_eq!((manifest.sources.len(), manifest.payloads.len()), (1, 1));
    assert_eq!(manifest.keysets_len, 0);
    assert_eq!(
        envelope
            .signatures()
            .map(|entry| entry.key_id)
            .collect::<Vec<_>>(),
        [key().key_id()]
    );
}

#[test]
fn rules_of_the_format_are_kept_on_the_way_out() {
    let assembled = |release: Release| {
        let release = ReleaseSpec::new(release).unwrap();
        let image = |version| Image {
            version,
            digest: sha256(b"x"),
            size: 1,
            load_address: None,
        };
        assemble(
            &release,
            &[image("1")],
            image("2"),
            &[spec(10)],
            Fit::default(),
            &key(),
        )
    };
    // Old and new image have the same digest here.
    let refusal = assembled(release()).unwrap_err();
    assert!(matches!(refusal, Error::Manifest(_)), "{refusal:?}");
    assert_eq!((refusal.code(), refusal.exit_code()), (1026, 4));
    let revisions: Vec<String> = (0..33).map(|n| format!("r{n}")).collect();
    let refusal = assembled(Release {
        hardware: revisions,
        ..release()
    })
    .unwrap_err();
    assert!(matches!(refusal, Error::Manifest(_)), "{refusal:?}");
}
