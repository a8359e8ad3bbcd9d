//! The one module of this crate with unsafe code: a mapping of a private copy.
//!
//! Mapping a file that others can reach is unsound in Rust (the bytes may change under a `&[u8]`)
//! and fatal when the file is shortened (SIGBUS on the next access). [`Snapshot`] is a temporary
//! file that never has a name, or loses it at once where the system cannot make one without, so
//! nobody can open, change or shorten it, and its pages can still be written out under memory
//! pressure, which pages of an ordinary buffer on a machine without swap cannot.

#![expect(
    unsafe_code,
    reason = "memmap2 makes file mappings with an unsafe function"
)]

use std::fs::File;
use std::io::{self, Write};

use memmap2::Mmap;

/// A nameless temporary file that is being filled.
pub(super) struct Snapshot(File);

impl Snapshot {
    /// An empty file in the system's folder for temporary files (`TMPDIR`).
    pub(super) fn create() -> io::Result<Self> {
        tempfile::tempfile().map(Self)
    }

    /// Maps what was written. The file is closed: only the mapping keeps it.
    pub(super) fn map(self) -> io::Result<Mapped> {
        // SAFETY: a mapping is sound while nobody changes or shortens the file. This one was made
        // by `create`, has no name that another process could open, its only descriptor is `self.0`,
        // which nobody else has seen, and that descriptor is closed when this function returns.
        // All of its bytes were written, so there is no hole whose page could fail to be made.
        let map = unsafe { Mmap::map(&self.0)? };
        Ok(Mapped(map))
    }
}

impl Write for Snapshot {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The mapped bytes of a [`Snapshot`].
pub(super) struct Mapped(Mmap);

impl Mapped {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
