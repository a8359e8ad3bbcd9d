//! Inputs: images and packages read once, pinned by their digest, and never a fault.
//!
//! [`Pinned`] holds the bytes of a file, or of standard input, exactly as they were when they were
//! read. Up to 64 MiB they are held in memory. Anything longer is copied, hashed on the way, to a
//! temporary file without a name, and that copy is mapped. The file itself is never mapped: a
//! mapping of a file that another process shortens ends in SIGBUS, which no check of the length
//! before or after can rule out. So whatever happens to the file later, the bytes stay, and
//! [`Pinned::recheck`] tells that they are no longer what the file holds.

mod error;
mod image;
mod mapped;
mod read;

#[cfg(test)]
mod tests;

use core::fmt;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use sprag_manifest::Digest;

use crate::printable::printable;

pub use self::error::{INPUT_CODES, InputError};
pub use self::image::Image;
use self::read::{CHUNK_LEN, Content, collect, length, next_chunk, open};

/// The longest input in bytes: offsets and sizes of images are 32-bit in a package.
pub const MAX_INPUT_LEN: u64 = 0xffff_ffff;

/// The longest text file, such as a release file or a device profile, in bytes.
pub const MAX_TEXT_LEN: u64 = 1 << 20;

/// The bytes of one input, as they were when it was read.
///
/// ```no_run
/// # fn main() -> Result<(), sprag::InputError> {
/// let old = sprag::Pinned::read("old.bin".as_ref())?;
/// println!("{} bytes", old.bytes().len());
/// old.recheck()?; // before anything about these bytes is signed
/// # Ok(())
/// # }
/// ```
pub struct Pinned {
    path: PathBuf,
    kind: Kind,
    content: Content,
    digest: Digest,
}

impl Pinned {
    /// Reads the file at `path`, or standard input where `path` is `-`.
    ///
    /// # Errors
    ///
    /// Missing, a directory or a device, unreadable, empty, longer than [`MAX_INPUT_LEN`], changed
    /// while it was read, or too long for memory with no room for the copy.
    pub fn read(path: &Path) -> Result<Self, InputError> {
        Self::read_with(path, MEMORY_LEN)
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Memory(bytes) => bytes,
            Content::Mapped(mapped) => mapped.bytes(),
        }
    }

    /// SHA-256 of the bytes, the figure that `sha256sum` prints.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The path as it was given; `-` is standard input.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file again and compares: what was read must still be what the path holds.
    ///
    /// To be called before a signature is made. Standard input and pipes can be read only once and
    /// have nothing to compare, so for them this does nothing.
    ///
    /// # Errors
    ///
    /// [`InputError::Changed`] where length or digest differ or the file is gone;
    /// [`InputError::Unreadable`] where it can no longer be read.
    pub fn recheck(&self) -> Result<(), InputError> {
        if self.kind == Kind::Stream {
            return Ok(());
        }
        let before = length(self.bytes());
        let changed = |after| InputError::Changed {
            path: self.path.clone(),
            before,
            after,
        };
        let unreadable = |source| InputError::Unreadable {
            path: self.path.clone(),
            source,
        };
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(changed(None)),
            opened => opened.map_err(unreadable)?,
        };
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() || metadata.len() != before {
            return Err(changed(Some(metadata.len())));
        }
        // One byte more than before shows a file that has grown since its length was asked.
        let mut rest = file.take(before.saturating_add(1));
        let mut buffer = vec![0; CHUNK_LEN];
        let (mut hash, mut after) = (Sha256::new(), 0);
        loop {
            let chunk = next_chunk(&mut rest, &mut buffer).map_err(unreadable)?;
            if chunk.is_empty() {
                break;
            }
            hash.update(chunk);
            after += length(chunk);
        }
        if Digest(hash.finalize().into()) == self.digest {
            Ok(())
        } else {
            Err(changed(Some(after)))
        }
    }

    /// [`Pinned::read`] with another longest length for memory, so that tests map small files.
    fn read_with(path: &Path, memory_len: u64) -> Result<Self, InputError> {
        if is_stdin(path) {
            return Self::from_stream(path, &mut io::stdin().lock(), memory_len);
        }
        let (file, metadata) = open(path)?;
        if metadata.is_file() {
            Self::from_file(path, &file, &mut &file, &metadata, memory_len)
        } else {
            Self::from_stream(path, &mut &file, memory_len)
        }
    }

    /// `reader` reads `file`; a test puts one between that shortens the file on the way.
    fn from_file(
        path: &Path,
        file: &File,
        reader: &mut impl Read,
        metadata: &fs::Metadata,
        memory_len: u64,
    ) -> Result<Self, InputError> {
        let before = metadata.len();
        if before > MAX_INPUT_LEN {
            return Err(InputError::TooLarge {
                path: path.into(),
                max: MAX_INPUT_LEN,
            });
        }
        let (content, digest) = collect(path, reader, before, memory_len)?;
        let read_len = length(content.bytes());
        let after = file.metadata().map_err(|source| InputError::Unreadable {
            path: path.into(),
            source,
        })?;
        let found = if read_len == before {
            after.len()
        } else {
            read_len
        };
        if found != before || modified(&after) != modified(metadata) {
            return Err(InputError::Changed {
                path: path.into(),
                before,
                after: Some(found),
            });
        }
        Self::new(path, Kind::File, content, digest)
    }

    fn from_stream(
        path: &Path,
        stream: &mut impl Read,
        memory_len: u64,
    ) -> Result<Self, InputError> {
        let (content, digest) = collect(path, stream, 0, memory_len)?;
        Self::new(path, Kind::Stream, content, digest)
    }

    fn new(path: &Path, kind: Kind, content: Content, digest: Digest) -> Result<Self, InputError> {
        if content.bytes().is_empty() {
            return Err(InputError::Empty { path: path.into() });
        }
        Ok(Self {
            path: path.into(),
            kind,
            content,
            digest,
        })
    }
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinned")
            .field("path", &self.path)
            .field("len", &self.bytes().len())
            .finish_non_exhaustive()
    }
}

impl AsRef<[u8]> for Pinned {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

/// Reads a text file, such as a release file or a device profile, or standard input for `-`.
///
/// # Errors
///
/// As [`Pinned::read`], with [`MAX_TEXT_LEN`] as the limit, and [`InputError::NotText`] with the
/// offset of the first byte that is not UTF-8. An empty file is an empty text.
pub fn read_text(path: &Path) -> Result<String, InputError> {
    let mut bytes = Vec::new();
    let result = if is_stdin(path) {
        io::stdin()
            .lock()
            .take(MAX_TEXT_LEN + 1)
            .read_to_end(&mut bytes)
    } else {
        open(path)?.0.take(MAX_TEXT_LEN + 1).read_to_end(&mut bytes)
    };
    result.map_err(|source| InputError::Unreadable {
        path: path.into(),
        source,
    })?;
    if length(&bytes) > MAX_TEXT_LEN {
        return Err(InputError::TooLarge {
            path: path.into(),
            max: MAX_TEXT_LEN,
        });
    }
    String::from_utf8(bytes).map_err(|error| InputError::NotText {
        path: path.into(),
        offset: error.utf8_error().valid_up_to(),
    })
}

/// Refuses a command line that reads standard input twice: the second read would find nothing.
///
/// # Errors
///
/// [`InputError::StdinTwice`].
pub fn single_stdin<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), InputError> {
    match paths.into_iter().filter(|path| is_stdin(path)).count() {
        0 | 1 => Ok(()),
        _ => Err(InputError::StdinTwice),
    }
}

/// Whether `path` means standard input.
#[must_use]
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == OsStr::new("-")
}

/// A path as messages show it: in full, and quoted and escaped where it is not [`printable`], so that a file's name cannot
/// write to the terminal or show as another.
pub(crate) fn shown(path: &Path) -> String {
    if is_stdin(path) {
        return "standard input".into();
    }
    match path.to_str() {
        Some(text) if printable(text) == text => text.into(),
        _ => format!("{path:?}"),
    }
}

/// The system's error without the random name of a temporary file, which `tempfile` adds: equal
/// failures print equal messages.
pub(crate) fn plain(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::Other => error,
        _ if error.raw_os_error().is_some() => error,
        kind => kind.into(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A regular file, which can be read again.
    File,
    /// Standard input or a pipe, which can be read once.
    Stream,
}

fn modified(metadata: &fs::Metadata) -> Option<std::time::SystemTime> {
    metadata.modified().ok()
}

/// Longer inputs are mapped rather than held in memory, so that they can be paged out.
const MEMORY_LEN: u64 = 64 << 20;
