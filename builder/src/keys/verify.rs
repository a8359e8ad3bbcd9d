//! The public half: verifying keys and detached signatures.

use core::fmt;
use std::path::Path;

use minisign_verify::{PublicKey, Signature};
use sprag_manifest::KeyId;

use super::file::read_key_text;
use super::format::{decode_public, decode_signature_head, encode_public};
use super::{Found, KeyError, SigningKey, minisign_id};

/// A public key and its id. Only keys that can prove something exist as this type: canonical, on
/// the curve and in its prime-order group.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    key_id: KeyId,
    bytes: [u8; 32],
}

impl VerifyingKey {
    /// A key from its 32 bytes (RFC 8032).
    ///
    /// # Errors
    ///
    /// [`KeyError::Weak`].
    pub fn from_bytes(key_id: KeyId, bytes: [u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes);
        // No encoding with y >= p passes these two either: such points are weak, of mixed order, or
        // not on the curve. There are 38, and a test tries them all.
        let strong = key.is_ok_and(|key| !key.is_weak() && key.to_edwards().is_torsion_free());
        if strong {
            Ok(Self { key_id, bytes })
        } else {
            Err(KeyError::Weak { key_id })
        }
    }

    /// The public half of a secret key: a multiple of the base point, so never weak.
    pub(super) fn of(key: &SigningKey) -> Self {
        Self {
            key_id: key.key_id(),
            bytes: key.public_bytes(),
        }
    }

    /// Reads a minisign public key file (`.pub`).
    ///
    /// # Errors
    ///
    /// Missing, unreadable, not a key, a secret key, or weak.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = read_key_text(path)?;
        let (key_id, bytes) = decode_public(&text).map_err(|found| match found {
            Found::SecretKey | Found::OtherSecretKey | Found::LmsSecretKey => {
                KeyError::SecretWherePublic {
                    path: path.into(),
                    found,
                }
            }
            _ => KeyError::NotAKey {
                path: path.into(),
                found,
            },
        })?;
        Self::from_bytes(key_id, bytes)
    }

    /// The id, eight bytes as in the file: the COSE `kid`.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The 32 bytes of the key (RFC 8032).
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.bytes
    }

    /// The text of a minisign public key file.
    #[must_use]
    pub fn to_file_text(&self) -> String {
        encode_public(self.key_id, &self.bytes)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", minisign_id(self.key_id))
    }
}

/// Which of minisign's two kinds a signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureKind {
    /// Over the BLAKE2b-512 hash of the file: the kind that Sprag makes.
    Prehashed,
    /// Over the file's own bytes: an old kind, verified and never made.
    Legacy,
}

/// What a valid detached signature says. Only [`verify_detached`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detached {
    kind: SignatureKind,
    trusted_comment: String,
}

impl Detached {
    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The comment that was signed with the file. The other comment, which anybody may edit, is
    /// not kept.
    #[must_use]
    pub fn trusted_comment(&self) -> &str {
        &self.trusted_comment
    }
}

/// Verifies a detached signature (the text of a `.minisig` file) over `data`, and its trusted
/// comment.
///
/// # Errors
///
/// Malformed, made by a key of another id, or not valid.
pub fn verify_detached(
    key: &VerifyingKey,
    signature: &str,
    data: &[u8],
) -> Result<Detached, KeyError> {
    let (prehashed, found) =
        decode_signature_head(signature).ok_or(KeyError::MalformedSignature)?;
    if found != key.key_id {
        return Err(KeyError::OtherKey {
            expected: key.key_id,
            found,
        });
    }
    let parsed = Signature::decode(signature).map_err(|_| KeyError::MalformedSignature)?;
    let public = PublicKey::decode(&key.to_file_text()).map_err(|_| KeyError::InvalidSignature)?;
    let kind = if prehashed {
        SignatureKind::Prehashed
    } else {
        SignatureKind::Legacy
    };
    let legacy_too = kind == SignatureKind::Legacy;
    public
        .verify(data, &parsed, legacy_too)
        .map_err(|_| KeyError::InvalidSignature)?;
    Ok(Detached {
        kind,
        trusted_comment: parsed.trusted_comment().into(),
    })
}
