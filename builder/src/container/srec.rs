//! Motorola S-records (M68000 Family Programmer's Reference Manual, appendix C).

use std::borrow::Cow;

use super::{ContainerError, Piece, begins_with_record, lines};

/// Digits of the shortest record behind its type: count, address, checksum.
const RECORD_DIGITS: usize = 8;

pub(super) fn begins(file: &[u8]) -> bool {
    begins_with_record(file, behind_type, RECORD_DIGITS)
}

fn behind_type(record: &[u8]) -> Option<&[u8]> {
    match record {
        [b'S', b'0'..=b'9', rest @ ..] => Some(rest),
        _ => None,
    }
}

pub(super) fn pieces(file: &[u8]) -> Result<Vec<Piece<'static>>, ContainerError> {
    if !begins(file) {
        return Err(ContainerError::NotInFormat {
            format: "S-record",
            reason: "it does not begin with a record".into(),
        });
    }
    let mut pieces: Vec<Piece<'static>> = Vec::new();
    let (mut ended, mut data_records) = (false, 0_u64);
    for (number, line) in lines(file) {
        let bad = |reason: &str| ContainerError::BadRecord {
            unit: "line",
            number,
            reason: reason.into(),
        };
        if ended {
            return Err(bad("it follows the end record"));
        }
        let [b'S', kind, digits @ ..] = line else {
            return Err(bad("it does not begin with S"));
        };
        let bytes = bytes(digits).ok_or_else(|| bad("it is not whole bytes in hexadecimal"))?;
        let ([count, body @ ..], Some(&found)) = (bytes.as_slice(), bytes.last()) else {
            return Err(bad("it is too short"));
        };
        if usize::from(*count) != body.len() {
            return Err(bad("it is not as long as it says"));
        }
        let (_, summed) = bytes.split_last().unwrap_or((&0, &[]));
        let expected = !summed
            .iter()
            .fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        if found != expected {
            return Err(ContainerError::BadChecksum {
                line: number,
                found,
                expected,
            });
        }
        let address_len = match kind {
            b'0' | b'1' | b'5' | b'9' => 2,
            b'2' | b'6' | b'8' => 3,
            b'3' | b'7' => 4,
            _ => return Err(bad("there is no such type of record")),
        };
        let body = summed.get(1..).unwrap_or_default();
        let Some((address, data)) = body.split_at_checked(address_len) else {
            return Err(bad("it is too short for its type"));
        };
        let address = address
            .iter()
            .fold(0_u64, |address, byte| address << 8 | u64::from(*byte));
        match kind {
            b'1'..=b'3' => {
                data_records += 1;
                match pieces.last_mut().filter(|last| last.end() == address) {
                    Some(last) => last.bytes.to_mut().extend_from_slice(data),
                    None => pieces.push(Piece {
                        start: address,
                        bytes: Cow::Owned(data.to_vec()),
                    }),
                }
            }
            // How many there are, in as many bits as fit.
            b'5' | b'6' => {
                let bits = if *kind == b'5' { 16 } else { 24 };
                if data_records % (1 << bits) != address {
                    return Err(bad("records are missing before it"));
                }
            }
            b'7'..=b'9' => ended = true,
            _ => {}
        }
    }
    if ended {
        Ok(pieces)
    } else {
        Err(ContainerError::CutShort {
            missing: "there is no end record (S7, S8 or S9)".into(),
        })
    }
}

/// The bytes that pairs of hexadecimal digits stand for.
fn bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let digit = |digit: u8| char::from(digit).to_digit(16);
    pairs
        .iter()
        .map(|&[high, low]| u8::try_from(digit(high)? << 4 | digit(low)?).ok())
        .collect()
}
