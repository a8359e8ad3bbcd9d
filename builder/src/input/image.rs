//! Firmware images: files, and what of them a device holds.

use std::borrow::Cow;
use std::path::Path;

use super::{InputError, Pinned};
use crate::container::{InputFormat, flatten};
use crate::error::Error;

/// An image as a device holds it, and the file it came from.
#[derive(Debug)]
pub struct Image {
    file: Pinned,
    format: InputFormat,
    /// The flat image, where it is not the file itself.
    flat: Option<Vec<u8>>,
    load_address: Option<u64>,
}

impl Image {
    /// Reads the image in the file at `path`, or in standard input where `path` is `-`.
    ///
    /// # Errors
    ///
    /// As [`Pinned::read`], and [`Error::Container`] if the file is damaged or not in `format`.
    pub fn read(path: &Path, format: InputFormat) -> Result<Self, Error> {
        let file = Pinned::read(path)?;
        let container = |error| Error::Container {
            path: path.into(),
            error,
        };
        let image = flatten(file.bytes(), format).map_err(container)?;
        let (format, load_address) = (image.format, image.load_address);
        let flat = match image.bytes {
            Cow::Borrowed(_) => None,
            Cow::Owned(bytes) => Some(bytes),
        };
        Ok(Self {
            file,
            format,
            flat,
            load_address,
        })
    }

    /// The bytes that the device holds.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.flat.as_deref().unwrap_or(self.file.bytes())
    }

    /// What the file is.
    #[must_use]
    pub const fn format(&self) -> InputFormat {
        self.format
    }

    /// Address of the first byte, if the file tells.
    #[must_use]
    pub const fn load_address(&self) -> Option<u64> {
        self.load_address
    }

    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// As [`Pinned::recheck`].
    ///
    /// # Errors
    ///
    /// As [`Pinned::recheck`].
    pub fn recheck(&self) -> Result<(), InputError> {
        self.file.recheck()
    }
}
