//! Whether a package is signed by those who may sign it.

use sprag_manifest::{CounterRange, Header, KeyId, Keyset, Manifest, Quorum, Scope, Validity};

use super::Keyring;
use super::signers::{Among, KeysOf, Signers};
use crate::authenticate::{AuthenticManifest, Signed, read_manifest};
use crate::error::Error;
use crate::lms::Signatures;
use crate::text::Text;

impl Keyring<'_> {
    /// Checks the signatures over the envelope in `buf` (headroom, header, envelope), reads the manifest, and holds it
    /// against what the keyset says of releases.
    #[inline(never)]
    pub(crate) fn authenticate<'b, V: Signatures>(
        &self,
        header: Header,
        buf: &'b mut [u8],
        now: Option<u64>,
    ) -> Result<AuthenticManifest<'b>, Error> {
        let (signers, signer) = self.signers_of_release::<V>(buf, now)?;
        self.read_release(header, buf, &signers, signer)
    }

    /// Who has signed, if they are enough. Not inlined, as what follows: neither keyset nor manifest lies on the stack
    /// while signatures are checked.
    #[inline(never)]
    fn signers_of_release<V: Signatures>(
        &self,
        buf: &mut [u8],
        now: Option<u64>,
    ) -> Result<(Signers, KeyId), Error> {
        self.check_now(now)?;
        let stored = KeysOf::Stored(self.encoded());
        let mut signed = Signed::manifest(buf);
        let signers = signed.signers::<V>(stored, Among::Releases, self.example_keys)?;
        let signer = self.satisfied(&signers)?;
        Ok((signers, signer))
    }

    #[inline(never)]
    fn read_release<'b>(
        &self,
        header: Header,
        buf: &'b mut [u8],
        signers: &Signers,
        signer: KeyId,
    ) -> Result<AuthenticManifest<'b>, Error> {
        let authentic = read_manifest(header, buf, signer);
        if let Ok(authentic) = &authentic {
            self.check_release(signers, authentic.manifest())?;
        }
        authentic
    }

    #[inline(never)]
    fn check_now(&self, now: Option<u64>) -> Result<(), Error> {
        check_validity(&self.keyset()?.validity, now)
    }

    #[inline(never)]
    fn satisfied(&self, signers: &Signers) -> Result<KeyId, Error> {
        satisfy_any(&self.keyset()?, signers)?;
        signers.first.ok_or(Error::WrongState)
    }

    /// What the keyset says of releases, against one that is signed.
    #[inline(never)]
    fn check_release(&self, signers: &Signers, manifest: &Manifest<'_>) -> Result<(), Error> {
        let keyset = self.keyset()?;
        check_scope(&keyset, signers, manifest)?;
        if let Some(package) = manifest.keyset_version.filter(|&v| v > self.version) {
            let device = self.version;
            return Err(Error::KeysetVersion { package, device });
        }
        let sequence = (manifest.sequence, keyset.sequences);
        check_range(sequence, |package, min, max| Error::SequenceRange {
            package,
            min,
            max,
        })?;
        let counter = (manifest.security_counter, keyset.security_counters);
        check_range(counter, |package, min, max| Error::SecurityCounterRange {
            package,
            min,
            max,
        })
    }
}

/// Some role has its quorum, whatever it covers: without one, nothing of the manifest is read.
fn satisfy_any(keyset: &Keyset<'_>, signers: &Signers) -> Result<(), Error> {
    let mut refusal = None;
    for role in keyset.releases.iter() {
        match signers.satisfy(&role.quorum) {
            Ok(()) => return Ok(()),
            // The role that some key signed for says more than one that nobody signed for.
            Err(e) if refusal.is_none() || has_signed(&role.quorum, signers) => refusal = Some(e),
            Err(_) => {}
        }
    }
    Err(refusal.unwrap_or(Error::WrongState))
}

const fn has_signed(quorum: &Quorum, signers: &Signers) -> bool {
    !quorum.members.and(signers.keys).is_empty()
}

/// Some role that has its quorum covers this release.
fn check_scope(
    keyset: &Keyset<'_>,
    signers: &Signers,
    manifest: &Manifest<'_>,
) -> Result<(), Error> {
    let mut refusal = Error::WrongState;
    for role in keyset.releases.iter() {
        if signers.satisfy(&role.quorum).is_err() {
            continue;
        }
        match outside(&role.scope, manifest) {
            None => return Ok(()),
            Some((package, keyset)) => refusal = Error::KeyScope { package, keyset },
        }
    }
    Err(refusal)
}

/// What the release says that the role does not cover, and what the role is limited to.
fn outside(scope: &Scope<'_>, manifest: &Manifest<'_>) -> Option<(Text, Text)> {
    let limits = [
        (manifest.vendor, scope.vendor),
        (manifest.product, scope.product),
    ];
    for (package, limit) in limits {
        if let Some(limit) = limit.filter(|&limit| limit != package) {
            return Some((package.into(), limit.into()));
        }
    }
    let first = scope.hardware.iter().next()?;
    let covered = |revision: &&str| scope.hardware.iter().any(|limit| limit == *revision);
    let revision = manifest
        .hardware
        .iter()
        .find(|revision| !covered(revision))?;
    Some((revision.into(), first.into()))
}

fn check_range(
    (package, range): (u64, CounterRange),
    refused: impl Fn(u64, u64, u64) -> Error,
) -> Result<(), Error> {
    match range.contains(package) {
        true => Ok(()),
        false => Err(refused(
            package,
            range.min.unwrap_or(0),
            range.max.unwrap_or(u64::MAX),
        )),
    }
}

fn check_validity(validity: &Validity, now: Option<u64>) -> Result<(), Error> {
    let Some(device) = now else {
        return Ok(());
    };
    match (validity.not_before, validity.not_after) {
        (Some(keyset), _) if device < keyset => Err(Error::KeysetNotYetValid { keyset, device }),
        (_, Some(keyset)) if device > keyset => Err(Error::KeysetExpired { keyset, device }),
        _ => Ok(()),
    }
}
