//! A file or a partition, as far as the order of writes and syncs is concerned.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

/// Bytes that stay where they are put, once they are synced. Tests put one in its place that loses the rest.
pub(super) trait Medium {
    /// Its length in bytes.
    fn len(&mut self) -> io::Result<u64>;

    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<()>;

    /// Writes; until the next [`Medium::sync`] a power cut may take any part of it back.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything durable that was written.
    fn sync(&mut self) -> io::Result<()>;
}

impl Medium for File {
    fn len(&mut self) -> io::Result<u64> {
        // A partition's metadata say 0.
        self.seek(SeekFrom::End(0))
    }

    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(offset))?;
        self.read_exact(buf)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(offset))?;
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // No length changes, so the data are all there is to sync.
        self.sync_data()
    }
}
