//! From one keyset to the next.

use sprag_manifest::{Algorithm, Document, Keyset, Quorum};

use super::Keyring;
use super::signers::{Among, KeysOf, Signers};
use crate::authenticate::{ExampleKeys, Signed};
use crate::ed25519::Ed25519 as _;
use crate::error::Error;
use crate::example_keys::is_example_key;
use crate::flash::Flash;
use crate::hash::sha256;
use crate::lms::Signatures;
use crate::storage::Storage;

impl Keyring<'_> {
    /// Takes the update in `buf`, whose envelope begins at `start`, and stores it: the next version, signed by quorums
    /// of this keyset's root keys and of its own.
    ///
    /// # Errors
    /// What is wrong with it, then nothing is stored; flash errors, then this keyset or the next one counts.
    #[inline(never)]
    pub(super) fn follow<V: Signatures, S: Storage>(
        &mut self,
        storage: &mut S,
        buf: &mut [u8],
        start: usize,
    ) -> Result<(), Error> {
        let mut signed = Signed {
            buf,
            start,
            document: Document::Keyset,
        };
        // The old root first: nothing of the new keyset is read before.
        let stored = KeysOf::Stored(self.encoded());
        let old = signed.signers::<V>(stored, Among::Root, self.example_keys)?;
        let (version, root) = self.succeed::<V>(&signed, &old)?;
        let new = signed.signers::<V>(KeysOf::Document, Among::Root, self.example_keys)?;
        new.satisfy(&root)?;
        let envelope = signed.envelope()?;
        let bytes = envelope.manifest_bytes();
        self.store(&mut Flash::new(storage), bytes)?;
        self.adopt(bytes, version);
        // Over the old keyset, too: it must not count again, with the keys revoked since, when this copy decays.
        self.store_again(&mut Flash::new(storage))
    }

    /// Version and root of the keyset in `signed`, which the keys `old` of this one have signed. Not inlined: neither
    /// keyset lies on the stack while signatures are checked.
    #[inline(never)]
    fn succeed<V: Signatures>(
        &self,
        signed: &Signed<'_>,
        old: &Signers,
    ) -> Result<(u32, Quorum), Error> {
        let current = self.keyset()?;
        old.satisfy(&current.root)?;
        let envelope = signed.envelope()?;
        let next = Keyset::decode(envelope.manifest_bytes())?;
        check_succession(&current, &next)?;
        check_keys::<V>(&next, self.example_keys)?;
        Ok((next.version, next.root))
    }

    /// Holds the update in `buf`, of the stored version, against the stored keyset.
    pub(super) fn compare(&self, buf: &mut [u8], start: usize) -> Result<(), Error> {
        let signed = Signed {
            buf,
            start,
            document: Document::Keyset,
        };
        let envelope = signed.envelope()?;
        let (package, device) = (envelope.manifest_bytes(), self.encoded());
        if package == device {
            return Ok(());
        }
        let (package, device) = (sha256(package), sha256(device));
        Err(Error::KeysetFork { package, device })
    }
}

/// Whether `next` may come behind `current`, whoever signed it.
fn check_succession(current: &Keyset<'_>, next: &Keyset<'_>) -> Result<(), Error> {
    let (package, device) = (next.version, current.version);
    if device.checked_add(1) != Some(package) {
        return Err(Error::KeysetSkipped { package, device });
    }
    if next.name != current.name {
        let (package, device) = (next.name.into(), current.name.into());
        return Err(Error::KeysetName { package, device });
    }
    // The reader has seen that no key of `next` is among those that it revokes.
    for revoked in current.revoked.iter() {
        if !next.revokes(revoked.public.0) {
            return Err(Error::RevocationLost { key: revoked.id });
        }
    }
    Ok(())
}

/// Every key is one that can prove something.
fn check_keys<V: Signatures>(keyset: &Keyset<'_>, example_keys: ExampleKeys) -> Result<(), Error> {
    for key in keyset.keys.iter() {
        let (Algorithm::EdDsa, Ok(bytes)) = (key.algorithm, key.public.0.try_into()) else {
            continue;
        };
        if example_keys == ExampleKeys::Refuse && is_example_key(bytes) {
            return Err(Error::ExampleKey { key: key.id });
        }
        if !is_canonical(bytes) || V::Ed25519::key(bytes).is_none() {
            return Err(Error::WeakKey { key: key.id });
        }
    }
    Ok(())
}

/// Whether y is below 2^255 - 19: a second encoding of a key would count as another key.
fn is_canonical(key: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = key;
    *low < 0xed || *high & 0x7f != 0x7f || middle.iter().any(|&byte| byte != 0xff)
}
