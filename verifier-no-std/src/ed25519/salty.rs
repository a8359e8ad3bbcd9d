//! By `salty`, with the checks that it lacks in front of it.

use core::hint::black_box;

use salty::{PublicKey, Signature};

use super::Ed25519;

/// By the crate `salty`: less program flash, about three times the instructions. `salty` itself checks the equation
/// without the cofactor and compares the canonical encoding of the point it finds with `R`; the rest is checked here.
/// Where `ed25519-dalek` takes a key that is not canonical, this one does not.
#[derive(Clone, Copy, Debug)]
pub struct Salty;

impl Ed25519 for Salty {
    type Key = PublicKey;

    fn key(bytes: &[u8; 32]) -> Option<PublicKey> {
        match is_plausible(bytes) {
            true => PublicKey::try_from(bytes).ok(),
            false => None,
        }
    }

    fn verify(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
        let (r, s) = signature.split_at(32);
        let (Some(r), Some(s)) = (r.first_chunk(), s.first_chunk()) else {
            return false;
        };
        is_plausible(r)
            && is_below(s, &GROUP_ORDER)
            && key
                .verify(message, &Signature::from(black_box(signature)))
                .is_ok()
    }
}

/// L = 2^252 + 27742317777372353535851937790883648493, lowest byte first.
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// p = 2^255 - 19, lowest byte first.
const FIELD_ORDER: [u8; 32] = {
    let mut p = [0xff; 32];
    (p[0], p[31]) = (0xed, 0x7f);
    p
};

/// The canonical y of all points of small order, lowest byte first: of the orders 4, 1, 2 and twice 8.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = FIELD_ORDER;
        minus_one[0] = 0xec;
        minus_one
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// Whether the encoding of a point is canonical, and not of small order; it need not be a point.
fn is_plausible(point: &[u8; 32]) -> bool {
    let mut y = *point;
    let [.., last] = &mut y;
    *last &= 0x7f;
    is_below(&y, &FIELD_ORDER) && !SMALL_ORDER.contains(&y)
}

/// Of numbers with the lowest byte first.
fn is_below(number: &[u8; 32], limit: &[u8; 32]) -> bool {
    number.iter().rev().lt(limit.iter().rev())
}

#[cfg(test)]
mod tests;
