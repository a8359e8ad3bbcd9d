//! Every bit of a package is flipped in turn, and each time the layer that owns the byte refuses: the
//! checks at a desk (`sprag verify`) for all, and a device without touching its flash for all that comes before the
//! blocks.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/fixture.rs"]
mod fixture;

use core::ops::Range;

use fixture::{NEW, OLD};
use sprag::{
    CodecChoice, Error, FullImage, SimulatedDevice, UpdateInputs, default_flash, inspect,
    intended_device, verify,
};
use sprag_manifest::{Envelope, Header, Index, Item, Manifest};
use sprag_verifier::{Area, Error as DeviceError, ExampleKeys, KeyRole, TrustAnchors, TrustedKey};

fn trusted() -> [TrustedKey; 1] {
    let public = fixture::key().verifying_key();
    [TrustedKey {
        id: public.key_id(),
        role: KeyRole::Release,
        key: public.to_bytes(),
    }]
}

fn anchors(keys: &[TrustedKey]) -> TrustAnchors<'_> {
    TrustAnchors {
        keys,
        example_keys: ExampleKeys::Refuse,
    }
}

/// Whom a byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Header,
    Envelope,
    KeyId,
    Manifest,
    Signature,
    Page(u32),
    Block(u32),
}

/// The parts of a package with one signature, in order and without gaps.
fn owners(package: &[u8]) -> Vec<(Range<usize>, Owner)> {
    let header = Header::decode(package).unwrap();
    let payloads = usize::try_from(header.payloads_offset()).unwrap();
    let envelope = Envelope::decode(&package[Header::LEN..payloads]).unwrap();
    let manifest_start = Header::LEN + usize::try_from(envelope.manifest_offset()).unwrap();
    let manifest_end = manifest_start + envelope.manifest_bytes().len();
    let signature = payloads - 64;
    // Before the signature: its own head of 2 bytes, the empty map, and the identifier's 8 bytes.
    let key_id = signature - 11;
    assert_eq!(&package[key_id..key_id + 8], b"TESTONLY");
    let mut parts = vec![
        (0..Header::LEN, Owner::Header),
        (Header::LEN..manifest_start, Owner::Envelope),
        (manifest_start..manifest_end, Owner::Manifest),
        (manifest_end..key_id, Owner::Envelope),
        (key_id..key_id + 8, Owner::KeyId),
        (key_id + 8..signature, Owner::Envelope),
        (signature..payloads, Owner::Signature),
    ];
    let mut at = payloads;
    let manifest = Manifest::decode(envelope.manifest_bytes()).unwrap();
    for payload in manifest.payloads.iter() {
        for placed in Index::new(&payload).items() {
            let owner = match placed.item {
                Item::Page(page) => Owner::Page(page),
                Item::Block(block) => Owner::Block(block),
            };
            let end = at + usize::try_from(placed.len).unwrap();
            parts.push((at..end, owner));
            at = end;
        }
    }
    assert!(
        parts
            .windows(2)
            .all(|pair| pair[0].0.end == pair[1].0.start)
    );
    assert_eq!(at, package.len());
    parts
}

fn is_right(owner: Owner, refusal: &DeviceError) -> bool {
    let code = refusal.code();
    match owner {
        // 325: keysets, which this build cannot judge; 603: an envelope that is longer than the file.
        Owner::Header => matches!(code, 100..=199 | 325 | 603),
        Owner::Envelope => matches!(code, 100..=199 | 202 | 203),
        Owner::KeyId => code == 201,
        Owner::Manifest | Owner::Signature => code == 202,
        Owner::Page(expected) => {
            matches!(refusal, DeviceError::PageHash { page } if *page == expected)
        }
        Owner::Block(expected) => {
            matches!(refusal, DeviceError::BlockHash { block } if *block == expected)
        }
    }
}

#[test]
fn every_flipped_bit_is_refused_by_the_layer_that_owns_it() {
    let package = fixture::package(CodecChoice::Native, FullImage::WhereSmaller, 256);
    let keys = trusted();
    let trust = anchors(&keys);
    verify(&package, &trust, None).unwrap();
    let parts = owners(&package);
    assert!(parts.iter().any(|(_, owner)| *owner == Owner::Page(1)));
    let mut flipped = package.clone();
    let (mut bytes, mut bits) = (0, 0);
    for (range, owner) in parts {
        for at in range {
            for bit in 0..8 {
                flipped[at] ^= 1 << bit;
                match verify(&flipped, &trust, None) {
                    Err(Error::Device(refusal)) => {
                        assert!(
                            is_right(owner, &refusal),
                            "byte {at}, {owner:?}: {refusal:?}"
                        );
                    }
                    found => panic!("byte {at}, {owner:?}: {found:?}"),
                }
                flipped[at] ^= 1 << bit;
                bits += 1;
            }
            bytes += 1;
        }
    }
    assert_eq!(bytes, package.len());
    assert_eq!(bits, 8 * package.len());
    println!("{bits} flipped bits in {bytes} bytes, all refused");
}

#[test]
fn a_device_refuses_before_it_writes_or_decodes() {
    let package = fixture::package(CodecChoice::Native, FullImage::WhereSmaller, 1024);
    let keys = trusted();
    let inspection = inspect(&package).unwrap();
    let start = usize::try_from(inspection.manifest_offset).unwrap();
    let end = start + usize::try_from(inspection.manifest_bytes).unwrap();
    let bytes = package[start..end].to_vec();
    let manifest = Manifest::decode(&bytes).unwrap();
    let described = intended_device(&manifest, Some("1.0.0"));
    let inputs = UpdateInputs {
        trust: &anchors(&keys),
        device: &described,
        ram: inspection.total_ram_bytes,
    };
    let longest = u32::try_from(NEW.len().max(OLD.len())).unwrap();
    let fresh = SimulatedDevice::new(&default_flash(longest), OLD).unwrap();
    let mut flipped = package.clone();
    let mut refused = 0;
    for (range, owner) in owners(&package) {
        let step = match owner {
            // A device decodes up to the block, so one byte for each will do.
            Owner::Page(_) | Owner::Block(_) => range.len(),
            _ => 1,
        };
        for at in range.step_by(step) {
            flipped[at] ^= 1 << (at % 8);
            let mut device = fresh.clone();
            let refusal = device
                .update(&flipped, &inputs, &mut |_, _| ())
                .unwrap_err();
            assert!(
                is_right(owner, &refusal),
                "byte {at}, {owner:?}: {refusal:?}"
            );
            let totals = device.totals();
            match owner {
                // The first page or block comes after the record and the erased slot, and before any of the image.
                Owner::Page(0) | Owner::Block(0) => {
                    let slot = device.slot(Area::SlotB, NEW.len());
                    assert!(
                        slot.iter().all(|byte| *byte == 0xff),
                        "byte {at}: {totals:?}"
                    );
                }
                Owner::Page(_) | Owner::Block(_) => {}
                _ => assert_eq!(
                    (totals.writes, totals.erases),
                    (0, 0),
                    "byte {at}, {owner:?}"
                ),
            }
            assert!(device.slot(Area::SlotA, OLD.len()) == OLD, "byte {at}");
            assert_eq!(device.power_on().unwrap().slot(), Area::SlotA, "byte {at}");
            flipped[at] ^= 1 << (at % 8);
            refused += 1;
        }
    }
    let head = usize::try_from(inspection.header_bytes + inspection.envelope_bytes).unwrap();
    let items: u32 = inspection
        .payloads
        .iter()
        .map(|payload| payload.blocks + 1)
        .sum();
    assert_eq!(refused, head + usize::try_from(items).unwrap());
    println!("{refused} packages refused by a device");
}
