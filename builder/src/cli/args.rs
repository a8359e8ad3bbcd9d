//! Flags that several commands share, and the parsers of their values.

use std::path::{Path, PathBuf};

use clap::Args;
use sprag_manifest::{Isa, KeyId, PackedVersion, ReleaseRequirement, is_name};
use sprag_verifier::{ExampleKeys, KeyRole, TrustAnchors, TrustedKey};

use crate::codec::{CodecChoice, Effort};
use crate::container::InputFormat;
use crate::error::Error;
use crate::input::Pinned;
use crate::keys::VerifyingKey;
use crate::trust::{Followed, TrustFile, follow};

/// The keys that signatures are checked against.
#[derive(Debug, Args)]
pub(super) struct TrustArgs {
    /// Public key file that signatures are checked against (minisign format); may be repeated. Or a trust store: then
    /// the package's chain is followed from its last signed version on, and thresholds are asked for
    #[arg(long, value_name = "FILE.pub", required = true)]
    trust: Vec<PathBuf>,
    /// Accept the published keys of keys-example/, which anybody can sign with
    #[arg(long)]
    allow_example_keys: bool,
}

impl TrustArgs {
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.trust
    }

    pub(super) fn load(&self) -> Result<Trust, Error> {
        let mut keys = Vec::new();
        let mut keyset = None;
        for path in &self.trust {
            let bytes = Pinned::read(path).ok();
            let store = bytes.filter(|bytes| TrustFile::is_one(bytes.bytes()));
            if let Some(store) = store {
                keyset = Some(self.keyset(path, store.bytes())?);
                continue;
            }
            let key = VerifyingKey::load(path)?;
            keys.push(TrustedKey {
                id: key.key_id(),
                role: KeyRole::Release,
                key: key.to_bytes(),
            });
        }
        let example_keys = match self.allow_example_keys {
            true => ExampleKeys::Accept,
            false => ExampleKeys::Refuse,
        };
        Ok(Trust {
            keys,
            keyset,
            example_keys,
        })
    }

    /// The last signed version of a trust store, which stands alone.
    fn keyset(&self, path: &Path, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let refused = |reason: &str| {
            let reason = reason.into();
            Err(Error::TrustChange { reason })
        };
        if self.trust.len() > 1 {
            return refused("a trust store is given alone, without other stores or keys");
        }
        let store = TrustFile::decode(path, bytes)?;
        match store.last_complete() {
            0 => refused("no version of the trust store is fully signed"),
            last => Ok(store.keyset(last)?.to_vec()),
        }
    }
}

/// Keys read from files.
#[derive(Debug)]
pub(super) struct Trust {
    keys: Vec<TrustedKey>,
    keyset: Option<Vec<u8>>,
    example_keys: ExampleKeys,
}

impl Trust {
    /// Holds a package against the key set, if that is what is trusted: from then on its release keys are. `now` is a
    /// second of Unix time.
    pub(super) fn follow(
        &mut self,
        package: &[u8],
        now: Option<u64>,
    ) -> Result<Option<Followed>, Error> {
        let Some(keyset) = &self.keyset else {
            return Ok(None);
        };
        let followed = follow(package, keyset, self.example_keys, now)?;
        self.keys.clone_from(&followed.keys);
        Ok(Some(followed))
    }

    /// The key set in hexadecimal, if that is what is trusted.
    pub(super) fn keyset_text(&self) -> Option<String> {
        self.keyset.as_deref().map(crate::attack::hex)
    }

    pub(super) fn anchors(&self) -> TrustAnchors<'_> {
        TrustAnchors {
            keys: &self.keys,
            example_keys: self.example_keys,
        }
    }
}

/// A key id for people.
pub(super) fn key_name(id: KeyId) -> String {
    crate::keys::minisign_id(id)
}

/// `--codec`.
pub(super) fn codec(text: &str) -> Result<CodecChoice, String> {
    match text {
        "auto" => Ok(CodecChoice::Auto),
        "native" => Ok(CodecChoice::Native),
        "bsdiff-zstd" => Ok(CodecChoice::BsdiffZstd),
        "stored" => Ok(CodecChoice::Stored),
        _ => Err("one of: auto, native, bsdiff-zstd, stored".into()),
    }
}

/// `--input-format`.
pub(super) fn input_format(text: &str) -> Result<InputFormat, String> {
    let found = InputFormat::ALL
        .into_iter()
        .find(|format| format.name() == text);
    found.ok_or_else(|| {
        let names: Vec<&str> = InputFormat::ALL
            .iter()
            .map(|format| format.name())
            .collect();
        format!("one of: {}", names.join(", "))
    })
}

/// `--effort`.
pub(super) fn effort(text: &str) -> Result<Effort, String> {
    match text {
        "fast" => Ok(Effort::Fast),
        "default" => Ok(Effort::Default),
        "best" => Ok(Effort::Best),
        _ => Err("one of: fast, default, best".into()),
    }
}

/// `--isa` and `--codec-isa`.
pub(super) fn isa(text: &str) -> Result<Isa, String> {
    Isa::from_name(text).ok_or_else(|| {
        let names: Vec<_> = Isa::ALL.iter().map(|isa| isa.name()).collect();
        format!("one of: {}", names.join(", "))
    })
}

/// A number of bytes: `16384`, `0x4000`, `16KiB`, `8MiB`.
pub(super) fn bytes(text: &str) -> Result<u32, String> {
    let (digits, unit) = match text.strip_suffix("KiB") {
        Some(digits) => (digits, 1 << 10),
        None => match text.strip_suffix("MiB") {
            Some(digits) => (digits, 1 << 20),
            None => (text, 1),
        },
    };
    number(digits)?
        .checked_mul(unit)
        .and_then(|bytes| u32::try_from(bytes).ok())
        .ok_or_else(|| "at most 4294967295 bytes".into())
}

/// A number, decimal or hexadecimal.
pub(super) fn number(text: &str) -> Result<u64, String> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    // `from_str_radix` would take a plus sign.
    let parsed = u64::from_str_radix(digits, radix)
        .ok()
        .filter(|_| !digits.starts_with('+'));
    parsed.ok_or_else(|| "a number, decimal or with 0x".into())
}

/// The length of a group, which is not zero.
pub(super) fn group(text: &str) -> Result<u32, String> {
    match bytes(text)? {
        0 => Err("at least one byte".into()),
        len => Ok(len),
    }
}

/// `ID`, `ID=MIN`, `ID=MIN..MAX`, `ID=..MAX`.
pub(super) fn requirement(text: &str) -> Result<ReleaseRequirement, String> {
    let (id, range) = text.split_once('=').unwrap_or((text, ""));
    if !is_name(id) {
        return Err("ID, ID=MIN or ID=MIN..MAX, for example mcuboot=1.9..2.1".into());
    }
    let (min, max) = range.split_once("..").unwrap_or((range, ""));
    let version = |text: &str| match text {
        "" => Ok(None),
        _ => text
            .parse::<PackedVersion>()
            .map(Some)
            .map_err(|e| e.to_string()),
    };
    Ok(ReleaseRequirement {
        id: id.into(),
        min: version(min)?,
        max: version(max)?,
    })
}

/// `--old`: `PATH`, or `VERSION=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OldImage {
    pub(super) version: Option<String>,
    pub(super) path: PathBuf,
}

pub(super) fn old_image(text: &str) -> Result<OldImage, String> {
    // A version has no slash, so a path with an equals sign can be given as ./a=b.
    Ok(match text.split_once('=') {
        Some((version, path)) if is_name(version) && !path.is_empty() => OldImage {
            version: Some(version.into()),
            path: path.into(),
        },
        _ => OldImage {
            version: None,
            path: text.into(),
        },
    })
}

#[cfg(test)]
mod tests;
