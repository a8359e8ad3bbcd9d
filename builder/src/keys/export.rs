//! Public keys in the forms that others read: PEM, COSE, and sources for devices.

use core::fmt::Write as _;

use ed25519_dalek::pkcs8::EncodePublicKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;

use super::{KeyError, VerifyingKey, minisign_id};

/// A form of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportForm {
    /// A minisign public key file.
    Minisign,
    /// `SubjectPublicKeyInfo` (RFC 8410) in PEM, as OpenSSL writes and reads it.
    Pem,
    /// A `COSE_Key` (RFC 9052, section 7; RFC 9053, section 7.2), in the deterministic encoding.
    Cose,
    /// A constant for firmware in Rust.
    Rust,
    /// Constants for firmware in C.
    C,
}

impl VerifyingKey {
    /// The key in a form. `name` is what the constants of sources are called.
    ///
    /// # Errors
    ///
    /// [`KeyError::ExportName`] where the name cannot be one of a constant.
    pub fn export(&self, form: ExportForm, name: &str) -> Result<Vec<u8>, KeyError> {
        Ok(match form {
            ExportForm::Minisign => self.to_file_text().into_bytes(),
            ExportForm::Pem => self.to_pem()?.into_bytes(),
            ExportForm::Cose => self.to_cose_key(),
            ExportForm::Rust => self.to_rust(constant(name)?).into_bytes(),
            ExportForm::C => self.to_c(constant(name)?).into_bytes(),
        })
    }

    fn to_pem(&self) -> Result<String, KeyError> {
        let weak = |_| KeyError::Weak {
            key_id: self.key_id(),
        };
        let key = ed25519_dalek::VerifyingKey::from_bytes(&self.to_bytes()).map_err(weak)?;
        // Of 44 bytes that are all there, nothing can fail.
        key.to_public_key_pem(LineEnding::LF)
            .map_err(|_| KeyError::Weak {
                key_id: self.key_id(),
            })
    }

    /// {1: 1 (OKP), 2: key id, 3: -8 (EdDSA), -1: 6 (Ed25519), -2: key}.
    fn to_cose_key(&self) -> Vec<u8> {
        let mut bytes = vec![0xa5, 0x01, 0x01, 0x02, 0x48];
        bytes.extend(self.key_id().0);
        bytes.extend([0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20]);
        bytes.extend(self.to_bytes());
        bytes
    }

    fn to_rust(&self, name: &str) -> String {
        format!(
            "// Sprag key {id}: its public half, made by `sprag key export --rust`.\n\
             /// May sign releases.\n\
             pub const {name}: sprag_verifier::TrustedKey = sprag_verifier::TrustedKey {{\n    \
             id: sprag_verifier::KeyId([\n{key_id}    ]),\n    \
             role: sprag_verifier::KeyRole::Release,\n    \
             key: [\n{key}    ],\n}};\n",
            id = minisign_id(self.key_id()),
            name = name.to_ascii_uppercase(),
            key_id = rows(&self.key_id().0, "        "),
            key = rows(&self.to_bytes(), "        "),
        )
    }

    fn to_c(&self, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        format!(
            "/* Sprag key {id}: its public half, made by `sprag key export --c`. */\n\
             #include <stdint.h>\n\n\
             static const uint8_t {lower}_id[8] = {{\n{key_id}}};\n\n\
             static const uint8_t {lower}[32] = {{\n{key}}};\n",
            id = minisign_id(self.key_id()),
            key_id = rows(&self.key_id().0, "    "),
            key = rows(&self.to_bytes(), "    "),
        )
    }
}

/// Eight bytes a row.
fn rows(bytes: &[u8], indent: &str) -> String {
    let mut text = String::new();
    for row in bytes.chunks(8) {
        text.push_str(indent);
        let row: Vec<_> = row.iter().map(|byte| format!("{byte:#04x},")).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", row.join(" "));
    }
    text
}

/// A name that both languages take.
fn constant(name: &str) -> Result<&str, KeyError> {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let goes_on = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if begins && goes_on && name.len() <= 64 {
        Ok(name)
    } else {
        Err(KeyError::ExportName { name: name.into() })
    }
}
