//! What a device does before it decodes a byte, and for every block: CBOR, Ed25519, SHA-256.

use divan::{Bencher, black_box, counter::BytesCount};
use ed25519_dalek::{Signature, Signer, SigningKey};
use sha2::{Digest as _, Sha256};
use sprag_manifest::{
    Algorithm, Codec, Digest, Envelope, Image, Index, Isa, KeyId, List, Manifest, Needs, Payload,
    Preconditions, Role, SIG_PREFIX_MAX, SignatureEntry, Validity, block_prefix, eddsa_protected,
    sig_structure_prefix,
};

const PAYLOAD_SIZE: u32 = 20_000;

fn main() {
    divan::main();
}

#[divan::bench]
fn envelope_decode(bencher: Bencher<'_, '_>) {
    let envelope = envelope(&manifest());
    bencher.bench(|| Envelope::decode(black_box(&envelope)));
}

#[divan::bench]
fn manifest_decode(bencher: Bencher<'_, '_>) {
    let manifest = manifest();
    bencher.bench(|| Manifest::decode(black_box(&manifest)));
}

#[divan::bench]
fn index_walk_of_a_27_megabyte_payload(bencher: Bencher<'_, '_>) {
    let payload = Payload {
        size: 27_302_400,
        ..payload()
    };
    bencher.bench(|| Index::new(black_box(&payload)).items().count());
}

#[divan::bench]
fn ed25519_verify_strict(bencher: Bencher<'_, '_>) {
    let manifest = manifest();
    let message = signed_bytes(&manifest);
    let key = signing_key();
    let signature: Signature = key.sign(&message);
    let key = key.verifying_key();
    bencher.bench(|| key.verify_strict(black_box(&message), black_box(&signature)));
}

#[divan::bench(args = [256, 1024, 4096, 65536])]
fn block_hash(bencher: Bencher<'_, '_>, block_size: usize) {
    let block = vec![0x5a; block_size];
    let prefix = block_prefix(0, 7);
    bencher.counter(BytesCount::new(block_size)).bench(|| {
        Sha256::new()
            .chain_update(black_box(prefix))
            .chain_update(black_box(&block))
            .finalize()
    });
}

fn payload() -> Payload {
    let mut payload = Payload {
        role: Role::Delta,
        source: Some(0),
        codec: Codec::NativeDelta,
        size: PAYLOAD_SIZE,
        block_size: 4096,
        root: Digest([3; 32]),
        checkpoint_interval: 0,
        in_place_group: 0,
        in_place_shift: 0,
        needs: Needs {
            workspace: 16_384,
            ram: 0,
            scratch: 0,
            erases: 1,
            min_operations: 0,
            min_work: 0,
        },
    };
    payload.needs.ram = u32::try_from(payload.min_ram()).unwrap_or(u32::MAX);
    payload
}

fn manifest() -> Vec<u8> {
    let image = |version, digest, size| Image {
        version,
        digest: Digest([digest; 32]),
        size,
        load_address: Some(0x0800_0000),
    };
    let sources = [image("1.0.0", 1, 261_048)];
    let payloads = [payload()];
    let manifest = Manifest {
        sequence: 1,
        security_counter: 1,
        vendor: "sprag-benches",
        product: "measured-device",
        hardware: List::from_slice(&["rev-a", "rev-b"]),
        isa: Isa::Thumb,
        target: image("1.1.0", 2, 261_448),
        sources: List::from_slice(&sources),
        payloads: List::from_slice(&payloads),
        bootloader: None,
        os: None,
        layout: None,
        validity: Validity::default(),
        preconditions: Preconditions::default(),
        keyset_version: None,
        keysets_len: 0,
    };
    let mut buffer = vec![0; 1024];
    let len = manifest.encode(&mut buffer).expect("a valid manifest");
    buffer.truncate(len);
    buffer
}

fn envelope(manifest: &[u8]) -> Vec<u8> {
    let key_id = KeyId([7; 8]);
    let protected = eddsa_protected(key_id);
    let signature = signing_key().sign(&signed_bytes(manifest)).to_bytes();
    let entries = [SignatureEntry {
        algorithm: Algorithm::EdDsa,
        key_id,
        protected: &protected,
        signature: &signature,
    }];
    let mut buffer = vec![0; 2048];
    let len = Envelope::new(manifest, &entries)
        .encode(&mut buffer)
        .expect("a valid envelope");
    buffer.truncate(len);
    buffer
}

fn signed_bytes(manifest: &[u8]) -> Vec<u8> {
    let mut prefix = [0; SIG_PREFIX_MAX];
    let protected = eddsa_protected(KeyId([7; 8]));
    let body = sprag_manifest::BODY_PROTECTED;
    let len = sig_structure_prefix(body, &protected, manifest.len(), &mut prefix)
        .expect("a prefix within its bound");
    [&prefix[..len], manifest].concat()
}

fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}
