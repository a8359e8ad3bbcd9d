//! The vectors of format version 1: small packages, good and bad, of which every reader says the same.
//!
//! `cargo run -p sprag-vectors --bin vectors` writes `v1`; it is frozen, and a test holds each byte against what the
//! program makes.

pub mod bases;
mod good;
pub mod index;
mod keysets;
pub mod vectors;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the vectors are.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("v1")
}

/// The files of a folder and of those in it, by their names from there.
///
/// # Errors
/// Those of reading a folder.
pub fn present(root: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            let inner = present(&entry.path())?;
            names.extend(inner.into_iter().map(|file| format!("{name}/{file}")));
        } else {
            names.insert(name);
        }
    }
    Ok(names)
}
