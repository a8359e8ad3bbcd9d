//! The stored keyset: which keys a device trusts, as far as it has followed their rotations.
//!
//! A device that uses it keeps two copies of a [`Keyset`] in [`Area::Trust`], and holds the one that counts in RAM, in a
//! [`Keyring`]. A package may carry the updates that a device has missed: [`Intake::push_with`] follows them one by one,
//! each signed by a quorum of the old and of the new root keys, and stores each at once. Only then is the envelope
//! looked at, by [`Intake::authenticate_with`]. So a key that a package's chain revokes is revoked for this very
//! package, and whatever becomes of the firmware, the keyset stays.
//!
//! Devices with fixed keys use [`crate::TrustAnchors`] and link nothing of this.
//!
//! [`Intake::push_with`]: crate::Intake::push_with
//! [`Intake::authenticate_with`]: crate::Intake::authenticate_with

mod chain;
mod follow;
mod release;
mod signers;
mod store;
mod under_way;

use sprag_manifest::{CounterRange, Keyset, MAX_KEYSET_LEN};

use crate::authenticate::ExampleKeys;
use crate::error::Error;
use crate::flash::Flash;
use crate::record::BootRecord;
use crate::storage::Storage;

pub(crate) use chain::Chain;
pub(crate) use under_way::under_way;

/// The keyset that a device goes by.
#[derive(Debug)]
pub struct Keyring<'m> {
    /// The keyset, encoded.
    bytes: &'m mut [u8; MAX_KEYSET_LEN],
    len: usize,
    version: u32,
    /// Whether the second copy is the one that counts.
    is_second: bool,
    example_keys: ExampleKeys,
}

impl<'m> Keyring<'m> {
    /// Loads the stored keyset into `memory`. Where none was ever stored, `factory` is, an encoded keyset that the
    /// firmware brings along; from then on it does not matter which one that is.
    ///
    /// # Errors
    /// [`Error::KeysetArea`] if [`Area::Trust`](crate::Area::Trust) is too small; [`Error::KeysetLost`] if neither copy
    /// is whole and the area is not blank; [`Error::Format`] for a factory keyset that is none; flash errors.
    pub fn load<S: Storage>(
        storage: &mut S,
        factory: &[u8],
        memory: &'m mut [u8; MAX_KEYSET_LEN],
        example_keys: ExampleKeys,
    ) -> Result<Self, Error> {
        let mut keyring = Self {
            bytes: memory,
            len: 0,
            version: 0,
            is_second: false,
            example_keys,
        };
        keyring.restore(&mut Flash::new(storage), factory)?;
        Ok(keyring)
    }

    /// The keyset.
    ///
    /// # Errors
    /// None while memory holds what was put there.
    #[inline(never)]
    pub fn keyset(&self) -> Result<Keyset<'_>, Error> {
        Ok(Keyset::decode(self.encoded())?)
    }

    /// The keyset, encoded.
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The keyset's version, for [`crate::Device::keyset_version`].
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Brings the boot record's counters back into the ranges of the keyset: one above its range, as a release key in
    /// the wrong hands can leave behind, is set to the lowest value that releases may have; the sequence number to one
    /// below, so that the release which has it is newer. To be called with every update, when the chain has been followed
    /// and before the boot record is asked what is installed. Writes nothing if nothing is to be done.
    ///
    /// # Errors
    /// Those of [`BootRecord::load`], and of writing flash.
    pub fn settle<S: Storage>(&self, storage: &mut S) -> Result<BootRecord, Error> {
        let keyset = self.keyset()?;
        let record = BootRecord::load(storage)?;
        let settled = |value: u64, range: CounterRange| match range.max {
            Some(max) if value > max => range.min.unwrap_or(0),
            _ => value,
        };
        let sequence = match settled(record.sequence, keyset.sequences) {
            same if same == record.sequence => same,
            lowest => lowest.saturating_sub(1),
        };
        let counter = settled(record.security_counter, keyset.security_counters);
        if (sequence, counter) == (record.sequence, record.security_counter) {
            return Ok(record);
        }
        BootRecord::update(storage, |record| {
            (record.sequence, record.security_counter) = (sequence, counter);
            Ok(())
        })
    }
}
