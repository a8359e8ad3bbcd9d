//! Reading: what may be opened, and where its bytes go.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use sprag_manifest::Digest;

use super::mapped::{Mapped, Snapshot};
use super::{InputError, MAX_INPUT_LEN, plain};

/// Where the bytes of an input are.
pub(super) enum Content {
    Memory(Vec<u8>),
    Mapped(Mapped),
}

impl Content {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Memory(bytes) => bytes,
            Self::Mapped(mapped) => mapped.bytes(),
        }
    }
}

/// Opens a file or a pipe. Directories, terminals and other devices are refused.
pub(super) fn open(path: &Path) -> Result<(File, fs::Metadata), InputError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(InputError::Missing { path: path.into() });
        }
        Err(source) => {
            return Err(InputError::Unreadable {
                path: path.into(),
                source,
            });
        }
    };
    let metadata = file.metadata().map_err(|source| InputError::Unreadable {
        path: path.into(),
        source,
    })?;
    if metadata.is_dir() {
        return Err(InputError::Directory { path: path.into() });
    }
    if !metadata.is_file() && !is_pipe(&metadata) {
        return Err(InputError::NotAFile { path: path.into() });
    }
    Ok((file, metadata))
}

#[cfg(unix)]
fn is_pipe(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    metadata.file_type().is_fifo()
}

#[cfg(not(unix))]
fn is_pipe(_: &fs::Metadata) -> bool {
    false
}

/// Reads everything, hashing on the way: into memory, and beyond `memory_len` into a snapshot.
pub(super) fn collect(
    path: &Path,
    source: &mut impl Read,
    expected_len: u64,
    memory_len: u64,
) -> Result<(Content, Digest), InputError> {
    let unreadable = |source| InputError::Unreadable {
        path: path.into(),
        source,
    };
    let no_copy = |error| InputError::NoCopy {
        path: path.into(),
        source: plain(error),
    };
    let mut bytes = Vec::new();
    let mut snapshot = None;
    if expected_len > memory_len {
        snapshot = Some(Snapshot::create().map_err(no_copy)?);
    } else {
        bytes.reserve_exact(usize::try_from(expected_len).unwrap_or(0));
    }
    let mut buffer = vec![0; CHUNK_LEN];
    let (mut hash, mut total) = (Sha256::new(), 0_u64);
    loop {
        let chunk = next_chunk(source, &mut buffer).map_err(unreadable)?;
        if chunk.is_empty() {
            break;
        }
        hash.update(chunk);
        total = total.saturating_add(length(chunk));
        if total > MAX_INPUT_LEN {
            return Err(InputError::TooLarge {
                path: path.into(),
                max: MAX_INPUT_LEN,
            });
        }
        if snapshot.is_none() && total > memory_len {
            let mut fresh = Snapshot::create().map_err(no_copy)?;
            fresh
                .write_all(&core::mem::take(&mut bytes))
                .map_err(no_copy)?;
            snapshot = Some(fresh);
        }
        match &mut snapshot {
            Some(copy) => copy.write_all(chunk).map_err(no_copy)?,
            None => bytes.extend_from_slice(chunk),
        }
    }
    let content = match snapshot {
        Some(copy) => Content::Mapped(copy.map().map_err(no_copy)?),
        None => Content::Memory(bytes),
    };
    Ok((content, Digest(hash.finalize().into())))
}

/// One read, repeated when a signal interrupts it; empty at the end.
pub(super) fn next_chunk<'b>(source: &mut impl Read, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
    loop {
        match source.read(buffer) {
            Ok(count) => return Ok(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

pub(super) fn length(bytes: &[u8]) -> u64 {
    // No slice is longer than u64::MAX on any target Rust has.
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Large enough that reading costs few system calls, small enough to stay in a cache.
pub(super) const CHUNK_LEN: usize = 256 << 10;
