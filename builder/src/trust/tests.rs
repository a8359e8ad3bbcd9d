//! A ceremony at a desk, and what it refuses.

use sprag_manifest::KeyId;

use super::{KeysetSpec, TrustFile, changes};
use crate::digest::sha256;
use crate::error::Error;
use crate::keys::SigningKey;

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(KeyId([number; 8]), &[number; 32])
}

/// 2 of the root keys 10 to 12, 2 of the release keys 1 to 3.
fn first() -> KeysetSpec {
    let mut spec = KeysetSpec::new("acme-fleet");
    for number in [10, 11, 12] {
        let id = spec.list(&key(number).verifying_key()).unwrap();
        spec.root.members.push(id);
    }
    for number in [1, 2, 3] {
        let id = spec.list(&key(number).verifying_key()).unwrap();
        spec.releases[0].role.members.push(id);
    }
    (spec.root.threshold, spec.releases[0].role.threshold) = (2, 2);
    spec
}

/// Three versions, the last two with another release key each; all signed.
pub(crate) fn ceremony() -> TrustFile {
    let mut store = TrustFile::new(&first()).unwrap();
    store.sign(&key(10)).unwrap();
    store.sign(&key(11)).unwrap();
    for gone in [1, 2] {
        let mut spec = store.spec(store.last()).unwrap();
        let revoked = spec.remove(KeyId([gone; 8])).unwrap();
        spec.revoked.push(revoked);
        let come = spec.list(&key(gone + 3).verifying_key()).unwrap();
        spec.releases[0].role.members.push(come);
        store.change(&spec).unwrap();
        store.sign(&key(11)).unwrap();
        store.sign(&key(12)).unwrap();
    }
    store
}

#[test]
fn a_store_is_read_as_it_was_written() {
    let store = ceremony();
    assert_eq!((store.last(), store.last_complete()), (3, 3));
    let bytes = store.encode().unwrap();
    assert!(TrustFile::is_one(&bytes));
    assert_eq!(TrustFile::decode("x".as_ref(), &bytes).unwrap(), store);
    for len in 0..bytes.len() {
        let cut = TrustFile::decode("x".as_ref(), &bytes[..len]);
        assert!(cut.is_err() || cut.unwrap().last() < 3, "{len}");
    }
    // A draft behind signed versions, too.
    let mut drafted = store;
    let spec = drafted.spec(3).unwrap();
    drafted.change(&spec).unwrap();
    let bytes = drafted.encode().unwrap();
    let again = TrustFile::decode("x".as_ref(), &bytes).unwrap();
    assert_eq!((again.last(), again.last_complete()), (4, 3));
}

#[test]
fn a_version_is_in_force_when_both_roots_have_signed() {
    let mut store = ceremony();
    let mut spec = store.spec(3).unwrap();
    // Root 10 and 11 go, 13 and 14 come.
    for (gone, come) in [(10, 13), (11, 14)] {
        spec.remove(KeyId([gone; 8])).unwrap();
        let id = spec.list(&key(come).verifying_key()).unwrap();
        spec.root.members.push(id);
    }
    store.change(&spec).unwrap();
    for number in [10, 12, 13] {
        assert_eq!(store.last_complete(), 3);
        store.sign(&key(number)).unwrap();
    }
    assert_eq!(store.last_complete(), 4);
    let again = store.sign(&key(13)).unwrap_err();
    assert!(matches!(again, Error::TrustChange { .. }), "{again}");
    let stranger = store.sign(&key(1)).unwrap_err();
    assert!(matches!(stranger, Error::TrustChange { .. }), "{stranger}");
}

#[test]
fn a_change_voids_the_signatures_under_a_version_that_is_not_in_force() {
    let mut store = ceremony();
    let mut spec = store.spec(3).unwrap();
    store.change(&spec).unwrap();
    store.sign(&key(10)).unwrap();
    spec.releases[0].role.threshold = 1;
    store.change(&spec).unwrap();
    assert_eq!(store.last(), 4);
    assert_eq!(store.signatures(4).unwrap().own.0, []);
}

#[test]
fn what_changes_is_told_in_words() {
    let old = first();
    let mut new = old.clone();
    let revoked = new.remove(KeyId([1; 8])).unwrap();
    new.revoked.push(revoked);
    let id = new.list(&key(4).verifying_key()).unwrap();
    new.releases[0].role.members.push(id);
    new.root.threshold = 3;
    new.sequences.max = Some(100);
    assert_eq!(
        changes(Some(&old), &new),
        [
            "key 101010101010101 (release) is REVOKED for ever",
            "key 404040404040404 is added: release",
            &format!(
                "key 404040404040404 is SHA-256 {}",
                sha256(&key(4).verifying_key().to_bytes())
            ),
            "root: 2 of 3 signatures become 3 of 3",
            "sequence numbers becomes 0 to 100",
        ]
    );
    assert_eq!(
        changes(Some(&new), &new),
        ["nothing changes but the version"]
    );
    let mut bent = new.clone();
    bent.name = "other-fleet".into();
    bent.revoked.clear();
    assert_eq!(
        changes(Some(&new), &bent),
        [
            "the NAME becomes other-fleet: devices refuse that",
            "the revocation of key 101010101010101 is DROPPED: devices refuse that",
        ]
    );
}

#[test]
fn nothing_is_signed_upon_a_base_that_is_not_in_force() {
    let good = ceremony();
    let mut spec = good.spec(3).unwrap();
    spec.root.threshold = 3;
    let mut store = good.clone();
    store.change(&spec).unwrap();
    assert!(store.clone().sign(&key(10)).is_ok());
    let bytes = store.encode().unwrap();
    // The version before has lost a signature; or one in a root's name does not hold.
    let reason = |store: &mut TrustFile| match store.sign(&key(10)) {
        Err(Error::TrustChange { reason }) => reason,
        other => panic!("{other:?}"),
    };
    let mut lacking = TrustFile::decode("x".as_ref(), &bytes).unwrap();
    lacking.forget(3);
    assert_eq!(reason(&mut lacking), "version 3 of 4 lacks signatures");
    let mut forged = store.clone();
    forged.forge(3);
    assert!(reason(&mut forged).contains("does not hold"));
    // Another key under a root key's id.
    let other = SigningKey::from_seed(KeyId([10; 8]), &[99; 32]);
    assert!(store.sign(&other).is_err());
    // Signed by all who must, and no device follows it: a revocation is gone.
    let mut spec = good.spec(3).unwrap();
    spec.revoked.clear();
    let mut store = good;
    store.change(&spec).unwrap();
    for number in [10, 11] {
        store.sign(&key(number)).unwrap();
    }
    assert_eq!(store.judge(4).unwrap_err().code(), 315);
    assert_eq!(store.last_complete(), 3);
}

impl TrustFile {
    fn forget(&mut self, number: usize) {
        self.versions[number - 1].signatures.pop();
    }

    fn forge(&mut self, number: usize) {
        self.versions[number - 1].signatures[0].1[0] ^= 1;
    }
}

#[test]
fn keys_are_listed_once_and_revoked_ones_never_again() {
    let mut spec = first();
    let revoked = spec.remove(KeyId([1; 8])).unwrap();
    spec.revoked.push(revoked);
    let refused = |result: Result<_, Error>| {
        assert!(matches!(result, Err(Error::TrustChange { .. })));
    };
    refused(spec.list(&key(1).verifying_key()));
    // Another key under a listed id, and a listed key under another id.
    refused(spec.list(&SigningKey::from_seed(KeyId([2; 8]), &[77; 32]).verifying_key()));
    refused(spec.list(&SigningKey::from_seed(KeyId([77; 8]), &[2; 32]).verifying_key()));
    spec.remove(KeyId([2; 8])).unwrap();
    // One release key is left, and two must sign.
    assert_eq!(spec.encode().unwrap_err().code(), 136);
}

#[test]
fn chains_lead_from_a_version_to_the_last() {
    let store = ceremony();
    let (chain, version) = store.chain(1).unwrap();
    assert_eq!(version, 3);
    assert!(chain.starts_with(&2_u32.to_le_bytes()));
    let (short, _) = store.chain(2).unwrap();
    assert!(chain.ends_with(&short) && short.len() < chain.len());
    assert!(store.chain(3).is_err());
}
