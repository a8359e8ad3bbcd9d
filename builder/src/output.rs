//! Outputs: complete or absent.
//!
//! [`Target::check`] refuses what cannot work before any work is done. [`Target::begin`] opens a
//! temporary file in the folder of the output, and [`Pending::commit`] makes it durable and renames
//! it. Until then the output does not exist, and whatever fails leaves nothing behind. For
//! standard output (`-`), pipes and devices the bytes are kept until the commit instead.

mod error;

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

pub use self::error::{OUTPUT_CODES, OutputError};
use crate::input::is_stdin;

/// What to do where the output exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Replace it, in one step, once the new one is complete.
    Replace,
    /// Refuse. For keys, which no command may overwrite.
    Refuse,
}

/// Who may read the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// As the umask has it.
    Ordinary,
    /// The owner alone: mode 0600 from its first byte on.
    Owner,
}

/// A place that an output can be written to, as far as can be known beforehand.
#[derive(Clone, Debug)]
pub struct Target {
    path: PathBuf,
    /// `path`, or what it leads to where it is a link.
    file: PathBuf,
    existing: Existing,
    access: Access,
    kind: Kind,
}

impl Target {
    /// Checks that a file can be made at `path` and that it is none of the `inputs`.
    /// `-` is standard output.
    ///
    /// # Errors
    ///
    /// The folder is missing or not writable, the path is a directory or one of the inputs, or the
    /// file exists and `existing` refuses that.
    pub fn check<'a>(
        path: &Path,
        inputs: impl IntoIterator<Item = &'a Path>,
        existing: Existing,
        access: Access,
    ) -> Result<Self, OutputError> {
        let target = |file: &Path, kind| Self {
            path: path.into(),
            file: file.into(),
            existing,
            access,
            kind,
        };
        if is_stdin(path) {
            return Ok(target(path, Kind::Stdout));
        }
        if path.file_name().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(OutputError::Directory { path: path.into() });
        }
        let failed = |error| OutputError::from_io(path, error);
        let mut file = path.to_path_buf();
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                return Err(OutputError::Directory { path: path.into() });
            }
            Ok(_) if existing == Existing::Refuse => {
                return Err(OutputError::Exists { path: path.into() });
            }
            Ok(found) if !found.is_file() => return Ok(target(path, Kind::Device)),
            Ok(found) => {
                if inputs
                    .into_iter()
                    .any(|input| same_file(path, &found, input))
                {
                    return Err(OutputError::SameAsInput { path: path.into() });
                }
                // Where the path is a link, the file is replaced and not the link.
                file = fs::canonicalize(path).map_err(failed)?;
            }
            // Missing is what is hoped for, and of a missing folder more is said below.
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(failed(error)),
        }
        let folder = folder_of(&file);
        match fs::metadata(folder) {
            Ok(found) if found.is_dir() => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(OutputError::FolderMissing {
                    folder: folder.into(),
                });
            }
            Err(error) if !is_absent(&error) => return Err(failed(error)),
            _ => {
                return Err(OutputError::NotAFolder {
                    folder: folder.into(),
                });
            }
        }
        // The one certain answer to whether a file can be made here is to make one. It has no name.
        tempfile::tempfile_in(folder).map_err(failed)?;
        Ok(target(&file, Kind::File))
    }

    /// The path as it was given; `-` is standard output.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts the output.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be made.
    pub fn begin(self) -> Result<Pending, OutputError> {
        let sink = match self.kind {
            Kind::Stdout | Kind::Device => Sink::Memory(Vec::new()),
            Kind::File => Sink::File(
                self.temporary()
                    .map_err(|error| OutputError::from_io(&self.path, error))?,
            ),
        };
        Ok(Pending { target: self, sink })
    }

    /// Writes the whole output: [`Target::begin`], `bytes`, [`Pending::commit`].
    ///
    /// # Errors
    ///
    /// As these two, or the bytes cannot be written (the disk is full, for one).
    pub fn write(self, bytes: &[u8]) -> Result<(), OutputError> {
        let path = self.path.clone();
        let mut pending = self.begin()?;
        pending
            .write_all(bytes)
            .map_err(|error| OutputError::from_io(&path, error))?;
        pending.commit()
    }

    fn temporary(&self) -> io::Result<BufWriter<NamedTempFile>> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".sprag-").suffix(".tmp");
        #[cfg(unix)]
        if self.access == Access::Ordinary {
            use std::os::unix::fs::PermissionsExt as _;
            // The umask is applied to it. Without this call it would be 0600.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        builder
            .tempfile_in(folder_of(&self.file))
            .map(BufWriter::new)
    }
}

/// An output that is being written and does not exist yet. Dropped, it never will.
#[derive(Debug)]
pub struct Pending {
    target: Target,
    sink: Sink,
}

impl Pending {
    /// Makes the output durable and gives it its name.
    ///
    /// # Errors
    ///
    /// The rest of the bytes cannot be written, or a file that may not be replaced has appeared.
    pub fn commit(self) -> Result<(), OutputError> {
        let Self { target, sink } = self;
        let path = &target.path;
        let failed = |error| OutputError::from_io(path, error);
        match sink {
            Sink::Memory(bytes) if target.kind == Kind::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout
                    .write_all(&bytes)
                    .and_then(|()| stdout.flush())
                    .map_err(failed)
            }
            Sink::Memory(bytes) => {
                let mut device = File::options().write(true).open(path).map_err(failed)?;
                device.write_all(&bytes).map_err(failed)
            }
            Sink::File(writer) => {
                let file = writer
                    .into_inner()
                    .map_err(|error| failed(error.into_error()))?;
                // Before the rename: a name must never lead to a file that a power cut has emptied.
                file.as_file().sync_all().map_err(failed)?;
                match target.existing {
                    Existing::Replace => file.persist(&target.file),
                    Existing::Refuse => file.persist_noclobber(&target.file),
                }
                .map_err(|error| failed(error.error))?;
                sync_folder(&target.file);
                Ok(())
            }
        }
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Sink::Memory(buffer) => buffer.write(bytes),
            Sink::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Memory(_) => Ok(()),
            Sink::File(file) => file.flush(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Stdout,
    /// A pipe or a device: something that a rename would replace rather than write to.
    Device,
}

#[derive(Debug)]
enum Sink {
    File(BufWriter<NamedTempFile>),
    Memory(Vec<u8>),
}

/// The folder that `path` is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// No such file, or what should be its folder is a file.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(unix)]
fn same_file(_: &Path, found: &fs::Metadata, input: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    !is_stdin(input)
        && fs::metadata(input)
            .is_ok_and(|input| (input.dev(), input.ino()) == (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn same_file(path: &Path, _: &fs::Metadata, input: &Path) -> bool {
    match (path.canonicalize(), input.canonicalize()) {
        (Ok(path), Ok(input)) => path == input && !is_stdin(&input),
        _ => false,
    }
}

/// Makes the new name durable, where the system lets a folder be synced. The output is complete
/// either way, so a refusal is not an error.
pub(crate) fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
}
