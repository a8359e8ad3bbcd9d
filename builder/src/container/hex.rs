//! Intel HEX (Intel, Hexadecimal Object File Format Specification, 1988).

use std::borrow::Cow;

use ihex::{ReaderError, Record};

use super::{ContainerError, Piece, begins_with_record, lines};

/// Digits of the shortest record.
const RECORD_DIGITS: usize = 10;

pub(super) fn begins(file: &[u8]) -> bool {
    begins_with_record(file, |file| file.strip_prefix(b":"), RECORD_DIGITS)
}

pub(super) fn pieces(file: &[u8]) -> Result<Vec<Piece<'static>>, ContainerError> {
    if !begins(file) {
        return Err(ContainerError::NotInFormat {
            format: "Intel HEX",
            reason: "it does not begin with a record".into(),
        });
    }
    let mut pieces: Vec<Piece<'static>> = Vec::new();
    let (mut base, mut ended) = (0_u64, false);
    for (number, line) in lines(file) {
        let bad = |reason: String| ContainerError::BadRecord {
            unit: "line",
            number,
            reason,
        };
        if ended {
            return Err(bad("it follows the end record".into()));
        }
        let text = core::str::from_utf8(line).map_err(|_| bad("it is not text".into()))?;
        let record = Record::from_record_string(text).map_err(|e| match e {
            // In this order, whatever the crate calls them.
            ReaderError::ChecksumMismatch(expected, found) => ContainerError::BadChecksum {
                line: number,
                found,
                expected,
            },
            e => bad(e.to_string()),
        })?;
        match record {
            Record::Data { offset, value } => {
                let start = base + u64::from(offset);
                match pieces.last_mut().filter(|last| last.end() == start) {
                    Some(last) => last.bytes.to_mut().extend(value),
                    None => pieces.push(Piece {
                        start,
                        bytes: Cow::Owned(value),
                    }),
                }
            }
            Record::EndOfFile => ended = true,
            Record::ExtendedSegmentAddress(segment) => base = u64::from(segment) << 4,
            Record::ExtendedLinearAddress(high) => base = u64::from(high) << 16,
            // Where to begin is nothing to write to flash.
            Record::StartSegmentAddress { .. } | Record::StartLinearAddress(_) => {}
        }
    }
    if ended {
        Ok(pieces)
    } else {
        Err(ContainerError::CutShort {
            missing: "there is no end record".into(),
        })
    }
}
