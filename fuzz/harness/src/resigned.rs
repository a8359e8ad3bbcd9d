//! Hostile manifests under a good signature, so that the signature is no wall: in chunks of any size the device's phase
//! one says what it says of the whole, and what it lets through is what the schema reads.
//!
//! An input is a pace of chunks (1 B), then edits of the manifest of a good package: place (2 B), bytes taken away (1 B),
//! bytes put there (1 B), and these.

use ed25519_dalek::{Signer as _, SigningKey};
use sprag_manifest::{
    Algorithm, BODY_PROTECTED, Envelope, Header, Manifest, SIG_PREFIX_MAX, SignatureEntry,
    eddsa_protected, sig_structure_prefix,
};
use sprag_verifier::{Error, Installed, Intake, check, intake_len};

use crate::choices::Choices;
use crate::made::{KEY_ID, Made, SEED, device};

/// Longest envelope that the device takes.
const ENVELOPE_MAX: usize = 4096;
/// Most edits.
const EDITS_MAX: usize = 16;

/// Runs one input.
///
/// # Panics
/// If a promise is broken.
pub fn run(input: &[u8]) {
    let mut choices = Choices::new(input);
    let pace = usize::from(choices.u8());
    let mut manifest = good_manifest();
    for _ in 0..EDITS_MAX {
        if choices.is_empty() {
            break;
        }
        let at = choices.below(manifest.len() + 1);
        let gone = usize::from(choices.u8()).min(manifest.len() - at);
        let come = usize::from(choices.u8());
        let come = choices.bytes(come).to_vec();
        manifest.splice(at..at + gone, come);
    }
    let Some(head) = signed(&manifest) else {
        return; // an envelope has a longest length
    };
    let whole = phase_one(&head, head.len());
    assert_eq!(phase_one(&head, pace.max(1)), whole, "chunks of {pace}");
    match whole {
        Ok(sequence) => {
            let read = Manifest::decode(&manifest).expect("what the device let through");
            assert_eq!(read.sequence, sequence);
        }
        Err(e) => assert!(!e.to_string().is_empty()),
    }
}

/// The manifest of the good package.
pub(crate) fn good_manifest() -> Vec<u8> {
    let package = &Made::get().package;
    let header = Header::decode(package).expect("a package");
    let len = usize::try_from(header.envelope_len).expect("small");
    let envelope = Envelope::decode(&package[Header::LEN..][..len]).expect("an envelope");
    envelope.manifest_bytes().to_vec()
}

/// Header and envelope around a manifest, which is signed.
fn signed(manifest: &[u8]) -> Option<Vec<u8>> {
    let protected = eddsa_protected(KEY_ID);
    let mut prefix = [0; SIG_PREFIX_MAX];
    let len = sig_structure_prefix(BODY_PROTECTED, &protected, manifest.len(), &mut prefix).ok()?;
    let signature = SigningKey::from_bytes(&SEED).sign(&[&prefix[..len], manifest].concat());
    let entries = [SignatureEntry {
        algorithm: Algorithm::EdDsa,
        key_id: KEY_ID,
        protected: &protected,
        signature: &signature.to_bytes(),
    }];
    let mut envelope = vec![0; 1 << 17];
    let len = Envelope::new(manifest, &entries)
        .encode(&mut envelope)
        .ok()?;
    let whole = Header::decode(&Made::get().package).expect("a package");
    let header = Header {
        envelope_len: u32::try_from(len).ok()?,
        ..whole
    };
    let mut head = vec![0; Header::LEN];
    header.encode(&mut head).ok()?;
    head.extend_from_slice(&envelope[..len]);
    Some(head)
}

/// What the device says of a head that comes in chunks; the sequence number of what it lets through.
fn phase_one(head: &[u8], chunk: usize) -> Result<u64, Error> {
    let mut buffer = vec![0; intake_len(ENVELOPE_MAX)];
    let mut intake = Intake::new(&mut buffer);
    for chunk in head.chunks(chunk) {
        assert_eq!(intake.push(chunk)?, chunk.len(), "all of a head is taken");
    }
    let authentic = intake.authenticate(&Made::get().trust())?;
    let installed = Installed {
        version: None,
        digest: None,
        security_counter: 0,
        sequence: 0,
    };
    let verified = check(authentic, &device(installed))?;
    Ok(verified.manifest().sequence)
}
