//! Attacks on a package, and the device on the desk that must withstand them. `sprag attack` runs them on a user's
//! package; `test-vectors/v1` freezes them for small ones.
//!
//! | step | items |
//! | --- | --- |
//! | a package taken apart | [`Parts`], [`Item`] |
//! | the attacks | [`Bench`], [`Case`], [`corpus`] |
//! | the device | [`Setting`], [`Desk`] |
//! | what became of them | [`Matrix`] |

pub mod cbor;
pub mod parts;

mod blocks;
mod case;
mod desk;
mod envelope;
mod manifest;
mod matrix;
mod policy;
mod setting;
mod signatures;
mod streams;
mod sweep;

use crate::error::Error;
use crate::keys::SigningKey;

pub use case::{Bench, Case, Expected, Layer};
pub use cbor::Item;
pub use desk::{Chunks, Desk, Outcome, verify_at_desk};
pub use matrix::{Finding, Matrix, Row};
pub use parts::Parts;
pub use setting::{Named, Setting, Trusted, bytes, hex};
pub use sweep::Damage;

/// Every attack on `package`, which `setting` takes as it is and whose manifest `key` signs anew; with `mutations` hostile
/// streams, and about `damaged` packages that were damaged on the way.
///
/// # Errors
/// What is wrong with the package.
pub fn corpus(
    package: &[u8],
    key: &SigningKey,
    setting: &Setting,
    mutations: u32,
    damaged: usize,
) -> Result<Vec<Case>, Error> {
    let mut bench = Bench::new(package, key, setting)?;
    blocks::attack(&mut bench);
    envelope::attack(&mut bench);
    signatures::attack(&mut bench);
    manifest::attack(&mut bench);
    policy::attack(&mut bench);
    streams::attack(&mut bench, mutations);
    sweep::attack(&mut bench, damaged);
    Ok(bench.cases)
}
