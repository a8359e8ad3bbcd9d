//! Signed lines: one JSON object in its only spelling, with a signature as its last field.

use ct_codecs::{Decoder as _, Encoder as _, Hex};
use ed25519_dalek::Signature;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sprag_manifest::KeyId;

use crate::holder::{HolderError, Signer};
use crate::keys::VerifyingKey;

/// What begins the signed bytes of an entry. No envelope and no minisign file begins like this.
pub(super) const ENTRY: &str = "sprag audit entry 1\n";
/// What begins the signed bytes of a head.
pub(super) const HEAD: &str = "sprag audit head 1\n";

const SIGNATURE: &str = ",\"sig\":\"";

/// A value that was read from a line, and what its signature is over.
pub(super) struct Sealed<T> {
    pub(super) value: T,
    message: Vec<u8>,
    signature: [u8; 64],
}

/// Whose a line is.
pub(super) enum Standing {
    /// A trusted key signed it.
    Good,
    /// It names no trusted key.
    Untrusted,
    /// The key that it names did not sign it.
    Forged,
}

impl<T> Sealed<T> {
    /// Whether the one of `keys` that has this id made the signature.
    pub(super) fn judge(&self, keys: &[VerifyingKey], id: KeyId) -> Standing {
        let mut named = keys.iter().filter(|key| key.key_id() == id).peekable();
        if named.peek().is_none() {
            return Standing::Untrusted;
        }
        match named.any(|key| self.is_by(key)) {
            true => Standing::Good,
            false => Standing::Forged,
        }
    }

    fn is_by(&self, key: &VerifyingKey) -> bool {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key.to_bytes());
        let signature = Signature::from_bytes(&self.signature);
        key.is_ok_and(|key| key.verify_strict(&self.message, &signature).is_ok())
    }
}

/// A line, without its end.
pub(super) fn seal<T: Serialize>(
    context: &str,
    value: &T,
    key: &dyn Signer,
) -> Result<String, HolderError> {
    // Neither can fail: the values are plain, and the length of hexadecimal digits does not overflow.
    let body = serde_json::to_string(value).unwrap_or_default();
    let signature = key.sign(format!("{context}{body}").as_bytes())?;
    let signature = Hex::encode_to_string(signature).unwrap_or_default();
    let open = body.strip_suffix('}').unwrap_or(&body);
    Ok(format!("{open}{SIGNATURE}{signature}\"}}"))
}

/// Takes a line apart. There is one spelling of a value: any other is refused, so that a line cannot be edited without
/// changing what it says.
pub(super) fn open<T: Serialize + DeserializeOwned>(
    context: &str,
    line: &[u8],
) -> Result<Sealed<T>, String> {
    let line = core::str::from_utf8(line).map_err(|_| "it is not text")?;
    let (open, rest) = line
        .rsplit_once(SIGNATURE)
        .ok_or("it has no signature at its end")?;
    let signature = rest
        .strip_suffix("\"}")
        .filter(|hex| !hex.bytes().any(|byte| byte.is_ascii_uppercase()))
        .and_then(|hex| Hex::decode_to_vec(hex, None).ok()?.try_into().ok())
        .ok_or("its signature is not 64 bytes in hexadecimal")?;
    let body = format!("{open}}}");
    let value: T = serde_json::from_str(&body).map_err(|e| e.to_string())?;
    if serde_json::to_string(&value).ok().as_ref() != Some(&body) {
        return Err("it is not spelled as it would be written".into());
    }
    Ok(Sealed {
        value,
        message: format!("{context}{body}").into_bytes(),
        signature,
    })
}
