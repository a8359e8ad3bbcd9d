//! `docs/FORMAT.md` is checked against the code: its worked example, its codes and its limits.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use sprag_manifest::{
    Algorithm, BODY_PROTECTED, Codec, DecodeErrorKind, Digest, Envelope, Header, Image, Index, Isa,
    Item, KeyId, List, Manifest, Needs, Payload, Preconditions, Requirement, Role, SIG_PREFIX_MAX,
    SignatureEntry, Validity, block_prefix, eddsa_protected, page_prefix, sig_structure_prefix,
};

const FORMAT_MD: &str = include_str!("../../docs/FORMAT.md");

/// The seed of the example's signing key (RFC 8032 section 5.1.5). It is printed in the document:
/// no device may ever trust it.
const SEED: [u8; 32] = *b"sprag FORMAT.md example key seed";

const KEY_ID: KeyId = KeyId(*b"EXAMPLE1");

/// The new image of the example.
const IMAGE: &[u8] = b"An image of 32 bytes, version 2.";

fn key() -> SigningKey {
    SigningKey::from_bytes(&SEED)
}

fn sha256(parts: &[&[u8]]) -> Digest {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    Digest(hash.finalize().into())
}

/// What a signature covers, from an envelope's own slices.
fn signed_bytes(envelope: &Envelope<'_>, entry: &SignatureEntry<'_>) -> Option<Vec<u8>> {
    let mut prefix = [0; SIG_PREFIX_MAX];
    let manifest = envelope.manifest_bytes();
    let (body, sign) = (envelope.body_protected(), entry.protected);
    let len = sig_structure_prefix(body, sign, manifest.len(), &mut prefix).ok()?;
    Some([prefix.get(..len)?, manifest].concat())
}

/// The example, made from nothing.
fn build() -> Option<Vec<u8>> {
    let mut payload = Payload {
        role: Role::Full,
        source: None,
        codec: Codec::Stored,
        size: 32,
        block_size: 256,
        root: sha256(&[&block_prefix(0, 0), IMAGE]),
        checkpoint_interval: 0,
        in_place_group: 0,
        in_place_shift: 0,
        needs: Needs {
            workspace: 0,
            ram: 0,
            scratch: 0,
            erases: 1,
            min_operations: 0,
            min_work: 0,
        },
    };
    payload.needs.ram = u32::try_from(payload.min_ram()).ok()?;
    let manifest = Manifest {
        sequence: 0x0002_0000_0000_0000,
        security_counter: 1,
        vendor: "acme",
        product: "lamp",
        hardware: List::from_slice(&["r1", "r2"]),
        isa: Isa::Thumb,
        target: Image {
            version: "2.0.0",
            digest: sha256(&[IMAGE]),
            size: 32,
            load_address: Some(0x0800_0000),
        },
        sources: List::empty(),
        payloads: List::from_slice(core::slice::from_ref(&payload)),
        bootloader: Some(Requirement {
            id: "mcuboot",
            min: Some(1 << 48),
            max: None,
        }),
        os: None,
        layout: None,
        validity: Validity::default(),
        preconditions: Preconditions::default(),
        keyset_version: None,
        keysets_len: 0,
    };
    let mut buffer = [0; 1024];
    let len = manifest.encode(&mut buffer).ok()?;
    let manifest_bytes = buffer.get(..len)?.to_vec();

    let protected = eddsa_protected(KEY_ID);
    let mut prefix = [0; SIG_PREFIX_MAX];
    let len = sig_structure_prefix(
        BODY_PROTECTED,
        &protected,
        manifest_bytes.len(),
        &mut prefix,
    );
    let signed = [prefix.get(..len.ok()?)?, &manifest_bytes].concat();
    let signature = key().sign(&signed).to_bytes();
    let entry = SignatureEntry {
        algorithm: Algorithm::EdDsa,
        key_id: KEY_ID,
        protected: &protected,
        signature: &signature,
    };
    let entries = [entry];
    let len = Envelope::new(&manifest_bytes, &entries)
        .encode(&mut buffer)
        .ok()?;
    let envelope = buffer.get(..len)?.to_vec();

    let header = Header {
        keysets_len: 0,
        envelope_len: u32::try_from(envelope.len()).ok()?,
        payloads_len: manifest.payloads_len()?,
    };
    let mut header_bytes = [0; Header::LEN];
    header.encode(&mut header_bytes).ok()?;
    Some([&header_bytes, &envelope[..], IMAGE].concat())
}

/// The bytes of the example, from the lines `offset | hexadecimal | meaning` of the document.
fn printed() -> Vec<u8> {
    let block = FORMAT_MD
        .split("```hex\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let mut bytes = Vec::new();
    for line in block.unwrap_or_default().lines() {
        let mut columns = line.split('|').map(str::trim);
        let (offset, hex) = (
            columns.next().unwrap_or_default(),
            columns.next().unwrap_or_default(),
        );
        assert_eq!(
            usize::from_str_radix(offset, 16).ok(),
            Some(bytes.len()),
            "{line}"
        );
        assert!(
            columns.next().is_some_and(|meaning| !meaning.is_empty()),
            "{line}"
        );
        for byte in hex.split_whitespace() {
            bytes.push(u8::from_str_radix(byte, 16).unwrap_or_else(|_| panic!("{line}")));
        }
    }
    bytes
}

#[test]
fn the_example_is_what_the_code_writes() {
    let built = build().unwrap();
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(hex(&printed()), hex(&built));
}

#[test]
fn the_example_is_what_the_code_reads() {
    let package = printed();
    let header = Header::decode(&package).unwrap();
    let len = |number: u64| usize::try_from(number).unwrap();
    assert_eq!(len(header.package_len().unwrap()), package.len());
    let (envelope_at, payloads_at) = (len(header.envelope_offset()), len(header.payloads_offset()));
    let envelope_bytes = &package[envelope_at..payloads_at];

    let envelope = Envelope::decode(envelope_bytes).unwrap();
    let entry = envelope.signatures().next().unwrap();
    assert_eq!((envelope.signature_count(), entry.key_id), (1, KEY_ID));
    let public = key().verifying_key();
    let signed = signed_bytes(&envelope, &entry).unwrap();
    let signature = Signature::from_slice(entry.signature).unwrap();
    public.verify_strict(&signed, &signature).unwrap();

    let manifest = Manifest::decode(envelope.manifest_bytes()).unwrap();
    assert_eq!(manifest.payloads_len(), Some(header.payloads_len));
    let payload = manifest.payloads.get(0).unwrap();
    let index = Index::new(&payload);
    assert_eq!((index.block_count(), index.page_count()), (1, 0));
    let placed = index.first().unwrap();
    let block = &package[payloads_at..][len(placed.offset)..len(placed.end())];
    assert_eq!(placed.item, Item::Block(0));
    assert_eq!(sha256(&[&block_prefix(0, 0), block]), payload.root);
    assert_eq!(sha256(&[block]), manifest.target.digest);

    // Written again, every part is the same.
    let mut buffer = [0; 1024];
    let written = manifest.encode(&mut buffer).unwrap();
    assert_eq!(&buffer[..written], envelope.manifest_bytes());
    let written = envelope.encode(&mut buffer).unwrap();
    assert_eq!(&buffer[..written], envelope_bytes);
    let written = header.encode(&mut buffer).unwrap();
    assert_eq!(&buffer[..written], &package[..envelope_at]);

    // The overhead of a payload of one block: everything but the payload, 400 bytes at most.
    assert!(payloads_at <= 400, "{payloads_at}");
}

#[test]
fn the_key_is_the_printed_one() {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let public: VerifyingKey = key().verifying_key();
    assert!(FORMAT_MD.contains(&hex(&SEED)));
    assert!(FORMAT_MD.contains(&hex(public.as_bytes())));
}

#[test]
fn one_bit_anywhere_in_the_signed_bytes_breaks_the_signature() {
    let package = printed();
    let envelope_at = Header::LEN;
    let header = Header::decode(&package).unwrap();
    let end = usize::try_from(header.payloads_offset()).unwrap();
    let public = key().verifying_key();
    for position in envelope_at..end {
        for bit in 0..8 {
            let mut bent = package.clone();
            bent[position] ^= 1 << bit;
            let Ok(envelope) = Envelope::decode(&bent[envelope_at..end]) else {
                continue;
            };
            // Whoever verifies asks for the algorithm and the key first.
            let trusted = |entry: &SignatureEntry<'_>| {
                entry.algorithm == Algorithm::EdDsa && entry.key_id == KEY_ID
            };
            for entry in envelope.signatures().filter(trusted) {
                let signed = signed_bytes(&envelope, &entry).unwrap();
                let signature = Signature::from_slice(entry.signature).unwrap();
                assert!(
                    public.verify_strict(&signed, &signature).is_err(),
                    "{position} {bit}"
                );
            }
        }
    }
}

/// The rows of the table behind the line `marker`, cut into their columns.
fn table(marker: &str) -> Vec<Vec<&'static str>> {
    let rest = FORMAT_MD.split(marker).nth(1).unwrap_or_default();
    let lines = rest.lines().skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn every_code_is_in_the_document() {
    let listed: Vec<(u16, String)> = table("<!-- codes -->")
        .iter()
        .map(|row| (row[0].parse().unwrap(), row[2].to_owned()))
        .collect();
    let expected: Vec<(u16, String)> = DecodeErrorKind::ALL
        .iter()
        .map(|(code, text)| (*code, (*text).to_owned()))
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn every_limit_is_in_the_document() {
    use sprag_manifest as m;
    let wide = |len: usize| u64::try_from(len).unwrap();
    let expected = [
        ("MAX_ENVELOPE_LEN", wide(m::MAX_ENVELOPE_LEN)),
        ("MAX_KEYSETS_LEN", wide(m::MAX_KEYSETS_LEN)),
        ("MAX_KEYSETS", m::MAX_KEYSETS.into()),
        ("MAX_KEYSET_LEN", wide(m::MAX_KEYSET_LEN)),
        ("MAX_KEYSET_UPDATE_LEN", wide(m::MAX_KEYSET_UPDATE_LEN)),
        ("MAX_KEYS", m::MAX_KEYS.into()),
        ("MAX_RELEASE_ROLES", m::MAX_RELEASE_ROLES.into()),
        ("MAX_REVOKED", m::MAX_REVOKED.into()),
        ("MAX_THRESHOLD", m::MAX_THRESHOLD.into()),
        ("MAX_KEY_LEN", wide(m::MAX_KEY_LEN)),
        ("MAX_PAYLOADS_LEN", m::MAX_PAYLOADS_LEN),
        ("MAX_SIGNATURES", m::MAX_SIGNATURES.into()),
        ("MAX_SOURCES", m::MAX_SOURCES.into()),
        ("MAX_PAYLOADS", m::MAX_PAYLOADS.into()),
        ("MAX_HARDWARE", m::MAX_HARDWARE.into()),
        ("MAX_TEXT_LEN", wide(m::MAX_TEXT_LEN)),
        ("MAX_NESTING", wide(m::MAX_NESTING)),
        ("MAX_SKIPPED", m::MAX_SKIPPED.into()),
        ("MIN_BLOCK_SIZE", m::MIN_BLOCK_SIZE.into()),
        ("MAX_BLOCK_SIZE", m::MAX_BLOCK_SIZE.into()),
        ("MAX_IMAGE_SIZE", m::MAX_IMAGE_SIZE.into()),
        ("MAX_BATTERY_PERCENT", m::MAX_BATTERY_PERCENT.into()),
        ("PAGE_ENTRIES", m::PAGE_ENTRIES.into()),
        ("PAGE_LEN", m::PAGE_LEN.into()),
        ("OUTPUT_BUFFER_LEN", m::OUTPUT_BUFFER_LEN.into()),
    ];
    let listed: Vec<(String, u64)> = table("<!-- limits -->")
        .iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].parse().unwrap()))
        .collect();
    let expected: Vec<(String, u64)> = expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn pages_chain_as_the_document_says() {
    // 70 blocks: pages of 31, 31 and 8 blocks. Built back to front, then read front to back.
    let data: Vec<u8> = (0..70 * 256_u32)
        .map(|number| number.to_le_bytes()[1])
        .collect();
    let mut payload = Payload {
        role: Role::Full,
        source: None,
        codec: Codec::Stored,
        size: u32::try_from(data.len()).unwrap(),
        block_size: 256,
        root: Digest([0; 32]),
        checkpoint_interval: 0,
        in_place_group: 0,
        in_place_shift: 0,
        needs: Needs {
            workspace: 0,
            ram: 2048,
            scratch: 0,
            erases: 1,
            min_operations: 0,
            min_work: 0,
        },
    };
    let index = Index::new(&payload);
    let number = |number: usize| u32::try_from(number).unwrap();
    let hashes: Vec<Digest> = data
        .chunks(256)
        .enumerate()
        .map(|(block, bytes)| sha256(&[&block_prefix(3, number(block)), bytes]))
        .collect();
    let mut pages: Vec<Vec<u8>> = Vec::new();
    let mut groups: Vec<&[Digest]> = vec![&hashes[..31], &hashes[31..62], &hashes[62..]];
    while let Some(group) = groups.pop() {
        let mut page: Vec<u8> = group.iter().flat_map(|hash| hash.0).collect();
        if let Some(next) = pages.last() {
            page.extend(sha256(&[&page_prefix(3, number(groups.len() + 1)), next]).0);
        }
        pages.push(page);
    }
    pages.reverse();
    payload.root = sha256(&[&page_prefix(3, 0), &pages[0]]);
    let mut stored = Vec::new();
    for (page, blocks) in pages.iter().zip([0..31, 31..62, 62..70]) {
        stored.extend(page);
        blocks.for_each(|block| stored.extend(&data[block * 256..(block + 1) * 256]));
    }

    assert_eq!(u64::try_from(stored.len()).unwrap(), index.stored_len());
    let mut expected_page = payload.root;
    let mut page_bytes: &[u8] = &[];
    let mut read: Vec<u8> = Vec::new();
    for placed in index.items() {
        let range = usize::try_from(placed.offset).unwrap()..usize::try_from(placed.end()).unwrap();
        let bytes = &stored[range];
        let entry = |offset: u32| {
            let start = usize::try_from(offset).unwrap();
            Digest(page_bytes[start..start + 32].try_into().unwrap())
        };
        match placed.item {
            Item::Page(page) => {
                assert_eq!(sha256(&[&page_prefix(3, page), bytes]), expected_page);
                page_bytes = bytes;
                if let Some(offset) = index.next_page_hash_offset(page) {
                    let start = usize::try_from(offset).unwrap();
                    expected_page = Digest(bytes[start..start + 32].try_into().unwrap());
                }
            }
            Item::Block(block) => {
                let hash = entry(index.block_hash_offset(block).unwrap());
                assert_eq!(sha256(&[&block_prefix(3, block), bytes]), hash);
                read.extend(bytes);
            }
        }
    }
    assert_eq!(read, data);
}
