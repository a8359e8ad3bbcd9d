//! The bytes of minisign's files: comment lines, and Base64 lines of fixed layouts.
//!
//! ```text
//! secret key, 158 B     0..2 "Ed" | 2..4 kdf "Sc" or 00 00 | 4..6 "B2" | 6..38 salt
//!                       38..46 opslimit u64 | 46..54 memlimit u64
//!                       54..62 key id | 62..126 Ed25519 seed and public key | 126..158 checksum
//! public key, 42 B      0..2 "Ed" | 2..10 key id | 10..42 Ed25519 public key
//! signature, 74 B       0..2 "ED" prehashed or "Ed" legacy | 2..10 key id | 10..74 Ed25519 signature
//! ```
//!
//! Integers are little-endian. Bytes 54..158 of an encrypted secret key are combined by exclusive or
//! with as many bytes of scrypt output. The checksum is BLAKE2b-256 over "Ed", key id and key.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use ct_codecs::{Base64, Decoder as _, Encoder as _};
use sprag_manifest::{HSS_LMS_KEY_LEN, KeyId};
use zeroize::Zeroizing;

use super::{Found, minisign_id};

/// The longest key or signature file in bytes. Stock `minisign` allows comments of 1 KiB, and of
/// 8 KiB where they are trusted.
pub(super) const MAX_FILE_LEN: usize = 16 << 10;

pub(super) const UNTRUSTED: &str = "untrusted comment: ";
pub(super) const TRUSTED: &str = "trusted comment: ";

/// Length in bytes of the part of a secret key that a password hides.
pub(super) const HIDDEN_LEN: usize = 104;

pub(super) const ED25519: [u8; 2] = *b"Ed";
/// Not minisign's: an LMS key in the same layout.
pub(super) const LMS: [u8; 2] = *b"LM";
const PREHASHED: [u8; 2] = *b"ED";
const SCRYPT: [u8; 2] = *b"Sc";
const NO_KDF: [u8; 2] = [0, 0];
const BLAKE2B: [u8; 2] = *b"B2";
const SECRET_LEN: usize = 158;
const PUBLIC_LEN: usize = 42;
const LMS_PUBLIC_LEN: usize = 70;
const SIGNATURE_LEN: usize = 74;

/// How the hidden part of a secret key file is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    None,
    Scrypt {
        salt: [u8; 32],
        opslimit: u64,
        memlimit: u64,
    },
}

/// A secret key file taken apart: the hidden part is still hidden.
pub(super) struct SecretBox {
    /// What the key signs with: the first two letters of the file's bytes.
    pub(super) kind: [u8; 2],
    pub(super) cipher: Cipher,
    pub(super) hidden: Hidden,
}

/// Key id, key and checksum, under the scrypt stream or in the clear. Cleared when dropped.
pub(super) struct Hidden(Zeroizing<[u8; HIDDEN_LEN]>);

impl Hidden {
    pub(super) fn new(kind: [u8; 2], key_id: KeyId, pair: &[u8; 64]) -> Self {
        let mut bytes = Zeroizing::new([0; HIDDEN_LEN]);
        let parts = key_id
            .0
            .iter()
            .chain(pair)
            .copied()
            .chain(checksum(kind, key_id, pair));
        bytes
            .iter_mut()
            .zip(parts)
            .for_each(|(to, from)| *to = from);
        Self(bytes)
    }

    /// Hides the clear, or clears the hidden.
    pub(super) fn combine(&mut self, stream: &[u8; HIDDEN_LEN]) {
        self.0
            .iter_mut()
            .zip(stream)
            .for_each(|(byte, mask)| *byte ^= mask);
    }

    /// Id and key pair, if the checksum agrees with them. Where a key is not encrypted, minisign 0.11
    /// writes zeros in its place, and only the agreement of the pair's halves is left to check.
    pub(super) fn open(&self, kind: [u8; 2], cipher: Cipher) -> Option<(KeyId, &[u8; 64])> {
        let (key_id, rest) = self.0.split_first_chunk()?;
        let (pair, found) = rest.split_first_chunk()?;
        let key_id = KeyId(*key_id);
        let absent = (kind, cipher) == (ED25519, Cipher::None) && found == [0; 32];
        // In variable time: it tells about the hash of a guess, which whoever guesses knows.
        (absent || found == checksum(kind, key_id, pair)).then_some((key_id, pair))
    }
}

impl SecretBox {
    pub(super) fn decode(text: &str) -> Result<Self, Found> {
        Self::decode_kind(text, ED25519, Found::SecretKey)
    }

    pub(super) fn decode_lms(text: &str) -> Result<Self, Found> {
        Self::decode_kind(text, LMS, Found::LmsSecretKey)
    }

    fn decode_kind(text: &str, kind: [u8; 2], expected: Found) -> Result<Self, Found> {
        let bytes = Zeroizing::new(key_line(text)?);
        if recognise(&bytes) != expected {
            return Err(recognise(&bytes));
        }
        let mut rest = bytes.as_slice();
        let cipher = decode_cipher(&mut rest).ok_or(Found::Unknown)?;
        let hidden = rest.try_into().map_err(|_| Found::Unknown)?;
        Ok(Self {
            kind,
            cipher,
            hidden: Hidden(Zeroizing::new(hidden)),
        })
    }

    pub(super) fn encode(&self) -> Zeroizing<String> {
        // Reserved in full, so that growing leaves no copy of a key behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_LEN));
        let whose = if self.kind == LMS {
            "sprag LMS"
        } else {
            "minisign"
        };
        let (kdf, salt, opslimit, memlimit, comment) = match self.cipher {
            Cipher::None => (NO_KDF, [0; 32], 0, 0, "unencrypted secret key"),
            Cipher::Scrypt {
                salt,
                opslimit,
                memlimit,
            } => (SCRYPT, salt, opslimit, memlimit, "encrypted secret key"),
        };
        bytes.extend([self.kind, kdf, BLAKE2B].as_flattened());
        bytes.extend(salt);
        bytes.extend(opslimit.to_le_bytes());
        bytes.extend(memlimit.to_le_bytes());
        bytes.extend(self.hidden.0.as_slice());
        let line = Zeroizing::new(base64(&bytes));
        let mut text = Zeroizing::new(String::with_capacity(512));
        for part in [UNTRUSTED, whose, " ", comment, "\n", &line, "\n"] {
            text.push_str(part);
        }
        text
    }
}

/// The two lines of a public key file.
pub(super) fn encode_public(key_id: KeyId, key: &[u8; 32]) -> String {
    let bytes = [&ED25519, key_id.0.as_slice(), key].concat();
    format!(
        "{UNTRUSTED}minisign public key {}\n{}\n",
        minisign_id(key_id),
        base64(&bytes)
    )
}

/// Id and key of a public key file.
pub(super) fn decode_public(text: &str) -> Result<(KeyId, [u8; 32]), Found> {
    let bytes = key_line(text)?;
    match (
        recognise(&bytes),
        bytes.first_chunk::<10>(),
        bytes.last_chunk(),
    ) {
        (Found::PublicKey, Some([_, _, key_id @ ..]), Some(key)) => Ok((KeyId(*key_id), *key)),
        (found, ..) => Err(found),
    }
}

/// The two lines of an LMS public key file.
pub(super) fn encode_lms_public(key_id: KeyId, key: &[u8; HSS_LMS_KEY_LEN]) -> String {
    let bytes = [&LMS, key_id.0.as_slice(), key].concat();
    format!(
        "{UNTRUSTED}sprag LMS public key {}\n{}\n",
        minisign_id(key_id),
        base64(&bytes)
    )
}

/// Id and key of an LMS public key file.
pub(super) fn decode_lms_public(text: &str) -> Result<(KeyId, [u8; HSS_LMS_KEY_LEN]), Found> {
    let bytes = key_line(text)?;
    match (
        recognise(&bytes),
        bytes.first_chunk::<10>(),
        bytes.last_chunk(),
    ) {
        (Found::LmsPublicKey, Some([_, _, key_id @ ..]), Some(key)) => Ok((KeyId(*key_id), *key)),
        (found, ..) => Err(found),
    }
}

/// The four lines of a prehashed signature.
pub(super) fn encode_signature(
    key_id: KeyId,
    signature: &[u8; 64],
    trusted: &str,
    global: &[u8; 64],
) -> String {
    let bytes = [&PREHASHED, key_id.0.as_slice(), signature].concat();
    format!(
        "{UNTRUSTED}signature from minisign secret key\n{}\n{TRUSTED}{trusted}\n{}\n",
        base64(&bytes),
        base64(global),
    )
}

/// Whether a signature is prehashed, and the id it bears. The rest is `minisign-verify`'s to read.
pub(super) fn decode_signature_head(text: &str) -> Option<(bool, KeyId)> {
    let bytes = key_line(text).ok()?;
    match bytes.first_chunk::<10>()? {
        _ if bytes.len() != SIGNATURE_LEN => None,
        [b'E', b'D', key_id @ ..] => Some((true, KeyId(*key_id))),
        [b'E', b'd', key_id @ ..] => Some((false, KeyId(*key_id))),
        _ => None,
    }
}

/// The decoded second line.
fn key_line(text: &str) -> Result<Vec<u8>, Found> {
    let mut lines = text.lines();
    let (Some(comment), Some(line)) = (lines.next(), lines.next()) else {
        return Err(recognise_text(text));
    };
    if !comment.starts_with(UNTRUSTED) {
        return Err(recognise_text(text));
    }
    Base64::decode_to_vec(line.trim_end(), None).map_err(|_| Found::Unknown)
}

fn checksum(kind: [u8; 2], key_id: KeyId, pair: &[u8; 64]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    hash.update(kind);
    hash.update(key_id.0);
    hash.update(pair);
    hash.finalize().into()
}

fn decode_cipher(rest: &mut &[u8]) -> Option<Cipher> {
    let (_, tail) = rest.split_first_chunk::<2>()?;
    let (kdf, tail) = tail.split_first_chunk()?;
    let (checksum, tail) = tail.split_first_chunk()?;
    let (salt, tail) = tail.split_first_chunk()?;
    let (opslimit, tail) = tail.split_first_chunk()?;
    let (memlimit, tail) = tail.split_first_chunk()?;
    *rest = tail;
    if *checksum != BLAKE2B {
        return None;
    }
    match *kdf {
        NO_KDF => Some(Cipher::None),
        SCRYPT => Some(Cipher::Scrypt {
            salt: *salt,
            opslimit: u64::from_le_bytes(*opslimit),
            memlimit: u64::from_le_bytes(*memlimit),
        }),
        _ => None,
    }
}

/// What a Base64 line is, by its length and its first bytes.
fn recognise(bytes: &[u8]) -> Found {
    match (bytes.len(), bytes.first_chunk::<2>()) {
        (SECRET_LEN, Some(&ED25519)) => Found::SecretKey,
        (SECRET_LEN, Some(&LMS)) => Found::LmsSecretKey,
        (PUBLIC_LEN, Some(&ED25519)) => Found::PublicKey,
        (LMS_PUBLIC_LEN, Some(&LMS)) => Found::LmsPublicKey,
        (SIGNATURE_LEN, Some(&(ED25519 | PREHASHED))) => Found::Signature,
        _ => Found::Unknown,
    }
}

/// What a file is that has not the shape of minisign's files.
fn recognise_text(text: &str) -> Found {
    let first = text.lines().next().unwrap_or_default();
    let pem = first.starts_with("-----BEGIN ");
    let ssh = ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"];
    if pem && first.contains("PRIVATE KEY") {
        Found::OtherSecretKey
    } else if pem && first.contains("PUBLIC KEY") || ssh.iter().any(|kind| first.starts_with(kind))
    {
        Found::OtherPublicKey
    } else {
        Found::Unknown
    }
}

fn base64(bytes: &[u8]) -> String {
    // It fails only where the length overflows, and these are at most 158 bytes.
    Base64::encode_to_string(bytes).unwrap_or_default()
}
