//! Comparing a result with the new image, in pieces.
//!
//! Whole images are never read into memory here: a child's peak memory is reported as at least
//! this process's own.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

const PIECE_SIZE: usize = 64 * 1024;

/// Whether both files hold the same bytes.
pub(crate) fn same_bytes(a: &Path, b: &Path) -> io::Result<bool> {
    let mut a = BufReader::with_capacity(PIECE_SIZE, File::open(a)?);
    let mut b = BufReader::with_capacity(PIECE_SIZE, File::open(b)?);
    loop {
        let (left, right) = (a.fill_buf()?, b.fill_buf()?);
        if left.is_empty() || right.is_empty() {
            return Ok(left.is_empty() && right.is_empty());
        }
        let len = left.len().min(right.len());
        if left[..len] != right[..len] {
            return Ok(false);
        }
        a.consume(len);
        b.consume(len);
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE_SIZE, same_bytes};

    #[test]
    fn differences_anywhere_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let image = vec![7u8; 2 * PIECE_SIZE + 3];
        let mut last_byte = image.clone();
        *last_byte.last_mut().unwrap() = 8;
        let mut first_byte = image.clone();
        first_byte[0] = 8;
        let cases: [(&str, &[u8], bool); 6] = [
            ("equal", &image, true),
            ("first byte", &first_byte, false),
            ("last byte", &last_byte, false),
            ("one byte short", &image[1..], false),
            ("cut at a piece", &image[..PIECE_SIZE], false),
            ("empty", &[], false),
        ];
        let left = folder.path().join("left");
        let right = folder.path().join("right");
        std::fs::write(&left, &image).unwrap();
        for (name, bytes, expected) in cases {
            std::fs::write(&right, bytes).unwrap();
            assert_eq!(same_bytes(&left, &right).unwrap(), expected, "{name}");
            assert_eq!(same_bytes(&right, &left).unwrap(), expected, "{name}");
        }
        assert!(same_bytes(&left, &folder.path().join("absent")).is_err());
    }
}
