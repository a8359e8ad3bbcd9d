//! A short text inside an error, without borrowing from the package.

use sprag_manifest::MAX_TEXT_LEN;

/// A name, id or version of at most 32 bytes, as the manifest limits them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text {
    bytes: [u8; MAX_TEXT_LEN],
    len: u8,
}

impl Text {
    /// No text.
    pub const EMPTY: Self = Self {
        bytes: [0; MAX_TEXT_LEN],
        len: 0,
    };

    /// The first 32 bytes of `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut bytes = [0; MAX_TEXT_LEN];
        let mut len = 0_u8;
        for (to, from) in bytes.iter_mut().zip(text.as_bytes()) {
            *to = *from;
            len = len.saturating_add(1);
        }
        Self { bytes, len }
    }

    /// The text; empty if a longer text was cut inside a character.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes
            .get(..usize::from(self.len))
            .and_then(|bytes| core::str::from_utf8(bytes).ok())
            .unwrap_or("")
    }
}

impl core::fmt::Debug for Text {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.as_str().fmt(f)
    }
}

impl core::fmt::Display for Text {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}
