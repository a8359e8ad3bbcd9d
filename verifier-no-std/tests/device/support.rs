//! What the tests share: packages, codecs, boards.

mod board;
mod codec;
mod images;
mod lms;
mod package;
mod parts;
mod session;
pub(crate) mod single_slot;
pub(crate) mod sweep;
pub(crate) mod two_slots;

pub(crate) use board::Board;
pub(crate) use codec::{TestCodecs, WORKSPACE_LEN};
pub(crate) use images::{
    Operation, Rng, apply, native_full_stream, native_stream, random_image, random_operations,
    test_stream,
};
pub(crate) use lms::{H5, H10, H15, LmsSigner, W4, W8};
pub(crate) use package::{
    Package, PayloadSpec, Release, Signed, Signer, sha256, signed_bytes, signed_bytes_of,
};
pub(crate) use parts::{Room, bytewise, f4, h7, l0, l4, nrf, rp2040, samd21, u5};
pub(crate) use session::{DEVICE, Link, MANY_REFUSALS, Offer, Ran, Stop, Work};

pub(crate) fn len_u32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

pub(crate) fn index(value: u32) -> usize {
    usize::try_from(value).unwrap()
}
