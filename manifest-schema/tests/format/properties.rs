//! What holds for any manifest and for any bytes.

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, proptest};
use proptest::sample::select;
use sprag_manifest::{
    Codec, Digest, Header, Image, Index, Isa, MAX_PAYLOADS_LEN, Manifest, Needs, Payload,
    Preconditions, Reader, Requirement, Role, TimeWindow, Validity,
};

use crate::samples::encoded;
use crate::sweeps::{check_envelope, check_manifest};

/// Id, lowest and highest version.
type OwnedRequirement = (String, Option<u64>, Option<u64>);

/// A manifest that owns what a [`Manifest`] borrows.
#[derive(Clone, Debug)]
struct Owned {
    numbers: (u64, u64, Option<u32>, u32),
    names: (String, String, Option<String>),
    hardware: Vec<String>,
    isa: Isa,
    images: Vec<(String, [u8; 32], u32, Option<u64>)>,
    payloads: Vec<Payload>,
    requirements: [Option<OwnedRequirement>; 2],
    validity: Validity,
    preconditions: Preconditions,
}

impl Owned {
    fn with<R>(&self, use_it: impl FnOnce(&Manifest<'_>) -> R) -> R {
        let hardware: Vec<&str> = self.hardware.iter().map(String::as_str).collect();
        let images: Vec<Image<'_>> = self
            .images
            .iter()
            .map(|(version, digest, size, load_address)| Image {
                version,
                digest: Digest(*digest),
                size: *size,
                load_address: *load_address,
            })
            .collect();
        let [bootloader, os] = self.requirements.each_ref().map(|requirement| {
            requirement.as_ref().map(|(id, min, max)| Requirement {
                id,
                min: *min,
                max: *max,
            })
        });
        use_it(&Manifest {
            sequence: self.numbers.0,
            security_counter: self.numbers.1,
            vendor: &self.names.0,
            product: &self.names.1,
            hardware: (&hardware[..]).into(),
            isa: self.isa,
            target: images[0],
            sources: (&images[1..]).into(),
            payloads: (&self.payloads[..]).into(),
            bootloader,
            os,
            layout: self.names.2.as_deref(),
            validity: self.validity,
            preconditions: self.preconditions,
            keyset_version: self.numbers.2,
            keysets_len: self.numbers.3,
        })
    }
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9._+-]{1,32}"
}

fn range() -> impl Strategy<Value = (Option<u64>, Option<u64>)> {
    (option::of(any::<u64>()), option::of(any::<u64>())).prop_map(|range| match range {
        (Some(min), Some(max)) if min > max => (Some(max), Some(min)),
        range => range,
    })
}

fn requirement() -> impl Strategy<Value = Option<OwnedRequirement>> {
    option::of((name(), range()).prop_map(|(id, (min, max))| (id, min, max)))
}

fn payload(role: Role, source: Option<u32>) -> impl Strategy<Value = Payload> {
    let sizes = (1..=u32::MAX, 8_u32..=16, 0..=u32::MAX - 67_000);
    let rest = (
        select(&Codec::ALL[..]),
        any::<[u8; 32]>(),
        any::<u32>(),
        any::<u32>(),
    );
    let steps = (any::<u32>(), any::<(u32, u32)>(), any::<(u32, u32)>());
    (sizes, rest, steps, any::<u16>()).prop_map(
        move |(
            (size, log, workspace),
            (codec, root, scratch, erases),
            (checkpoint_interval, (group, shift), (min_operations, min_work)),
            spare,
        )| {
            let mut payload = Payload {
                role,
                source,
                codec,
                size,
                block_size: 1 << log,
                root: Digest(root),
                checkpoint_interval,
                in_place_group: if role == Role::Full { 0 } else { group },
                in_place_shift: if role == Role::Full { 0 } else { shift },
                needs: Needs {
                    workspace,
                    ram: 0,
                    scratch,
                    erases,
                    min_operations,
                    min_work,
                },
            };
            let least = u32::try_from(payload.min_ram()).unwrap();
            payload.needs.ram = least.saturating_add(u32::from(spare));
            payload
        },
    )
}

fn payloads(sources: u32) -> impl Strategy<Value = Vec<Payload>> {
    let mut purposes = vec![(Role::Full, None)];
    for source in 0..sources {
        purposes.extend([(Role::Delta, Some(source)), (Role::Reverse, Some(source))]);
    }
    let some = proptest::sample::subsequence(purposes.clone(), 1..=purposes.len()).prop_shuffle();
    some.prop_flat_map(|purposes| {
        purposes
            .into_iter()
            .map(|(role, source)| payload(role, source).boxed())
            .collect::<Vec<_>>()
    })
}

fn preconditions() -> impl Strategy<Value = Preconditions> {
    let bytes = || option::of(any::<u32>());
    let degrees = || option::of(any::<i8>());
    let minutes = (0..1_440_u16, 0..1_440_u16);
    let fields = (
        option::of(0..=100_u8),
        bytes(),
        bytes(),
        degrees(),
        degrees(),
    );
    (fields, option::of(minutes)).prop_map(|((battery, storage, ram, a, b), minutes)| {
        let both = a.is_some() && b.is_some();
        Preconditions {
            min_battery_percent: battery,
            min_free_storage: storage,
            min_temperature: if both { a.min(b) } else { a },
            max_temperature: if both { a.max(b) } else { b },
            min_free_ram: ram,
            window: minutes.and_then(|(from, until)| TimeWindow::new(from, until)),
        }
    })
}

fn manifest() -> impl Strategy<Value = Owned> {
    let digests = btree_set(any::<[u8; 32]>(), 1..6);
    let images = digests.prop_flat_map(|digests| {
        let image = (name(), 1..=u32::MAX, option::of(any::<u64>()));
        vec(image, digests.len()).prop_map(move |images| {
            let images = images.into_iter().zip(&digests);
            images
                .map(|((version, size, load), digest)| (version, *digest, size, load))
                .collect()
        })
    });
    let images_payloads = images.prop_flat_map(|images: Vec<_>| {
        let sources = u32::try_from(images.len() - 1).unwrap();
        (Just(images), payloads(sources))
    });
    let numbers = (
        any::<u64>(),
        any::<u64>(),
        option::of(any::<u32>()),
        0..=8_192_u32,
    );
    let names = (name(), name(), option::of(name()));
    let conditions = (range(), preconditions());
    let binding = (
        vec(name(), 1..5),
        select(&Isa::ALL[..]),
        requirement(),
        requirement(),
    );
    (numbers, names, binding, images_payloads, conditions).prop_map(
        |(numbers, names, (hardware, isa, bootloader, os), (images, payloads), conditions)| {
            let ((not_before, not_after), preconditions) = conditions;
            Owned {
                numbers,
                names,
                hardware,
                isa,
                images,
                payloads,
                requirements: [bootloader, os],
                validity: Validity {
                    not_before,
                    not_after,
                },
                preconditions,
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(owned in manifest()) {
        owned.with(|manifest| {
            let bytes = encoded(manifest);
            let decoded = Manifest::decode(&bytes).unwrap();
            assert_eq!(&decoded, manifest);
            assert!(check_manifest(&bytes));
            // Lists by index, and the payloads one behind the other.
            let mut offset = 0;
            for (number, payload) in (0..).zip(manifest.payloads.iter()) {
                assert_eq!(decoded.payloads.get(number), Some(payload));
                assert_eq!(decoded.payload_offset(number), Some(offset));
                offset += Index::new(&payload).stored_len();
            }
            assert_eq!(decoded.payloads.get(manifest.payloads.len()), None);
            assert_eq!(decoded.payloads_len(), Some(offset));
            assert!(offset <= MAX_PAYLOADS_LEN);
        });
    }

    #[test]
    fn damage_is_noticed_or_harmless(
        owned in manifest(),
        changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = owned.with(encoded);
        for (position, byte) in changes {
            let position = position.index(bytes.len());
            bytes[position] = byte;
        }
        check_manifest(&bytes);
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..600)) {
        check_manifest(&bytes);
        check_envelope(&bytes);
        let _ = Header::decode(&bytes);
        let _ = Reader::read_all(&bytes, Reader::skip);
    }

    /// Bytes that look like CBOR get further than random ones.
    #[test]
    fn likely_bytes_never_panic(
        bytes in vec(select(&[0x00_u8, 0x01, 0x02, 0x18, 0x20, 0x41, 0x58, 0x61, 0x81, 0x84, 0xa1, 0xa2, 0xd8, 0x62][..]), 0..60),
    ) {
        check_manifest(&bytes);
        check_envelope(&bytes);
        // What the reader skips is what the oracle reads as well, and the one encoding of it.
        if Reader::read_all(&bytes, Reader::skip).is_ok() {
            let tree = crate::cbor::parse(&bytes).unwrap();
            prop_assert_eq!(tree.sorted().to_bytes(), bytes);
        }
    }

    #[test]
    fn headers_are_read_as_written(keysets in 0..=8192_u16, envelope in 1..=16_384_u32, payloads in 1..=MAX_PAYLOADS_LEN) {
        let header = Header { keysets_len: keysets, envelope_len: envelope, payloads_len: payloads };
        let mut bytes = [0; Header::LEN];
        prop_assert_eq!(header.encode(&mut bytes), Ok(Header::LEN));
        prop_assert_eq!(Header::decode(&bytes), Ok(header));
    }
}
