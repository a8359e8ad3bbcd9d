//! A device with a stored keyset: rotations in band, thresholds, delegates, revocation, counters out of bounds. The
//! cases of keys and freshness, by name with their codes.

use ed25519_dalek::Signer as _;
use flash_sim::{ConstFlash, CutStyle, FlashSim, Geometry};
use sprag_manifest::{
    Algorithm, ChainHead, CounterRange, Document, Envelope, Header, Key, KeyId, Keyset, List,
    MAX_KEYSET_LEN, Manifest, Members, PublicKey, Quorum, ReleaseRole, SIG_PREFIX_MAX, Scope,
    SignatureEntry, Validity, eddsa_protected, sig_structure_prefix_of,
};
use sprag_verifier::{
    AuthenticManifest, BootRecord, Dalek, EXAMPLE_KEYS, Error, ExampleKeys, Intake, Keyring,
    NorLayout, NorStorage, Region, Sectors, Signatures,
};

use crate::support::{
    H5, LmsSigner, Package, Release, Signed, Signer, W8, len_u32, sha256, signed_bytes_of,
};

const SECTOR: u32 = 256;
const PLACE: u32 = 1_024;
const TRUST: Region = Region {
    start: 2 * SECTOR,
    len: 2 * PLACE,
};
const NOW: u64 = 1_800_000_000;

/// Signers of this number and above sign by LMS.
const LMS_FROM: u8 = 100;

type Flash = ConstFlash<1, 8, 256>;

/// A device: its flash, which outlives resets, and the keyset that its firmware brings along.
#[derive(Clone)]
pub(crate) struct Device {
    flash: Flash,
    factory: Vec<u8>,
}

fn storage(flash: &mut Flash) -> NorStorage<'static, &mut Flash> {
    let none = Region::default();
    let layout = NorLayout {
        slot_a: none,
        slot_b: none,
        staging: none,
        record: Region {
            start: 0,
            len: 2 * SECTOR,
        },
        scratch: none,
        erased: 0xff,
        base: 0,
        sectors: Sectors::Uniform,
    };
    NorStorage::new(flash, layout).with_trust(TRUST)
}

impl Device {
    pub(crate) fn new(factory: &Set) -> Self {
        let geometry = Geometry::uniform(SECTOR, 2 + 2 * PLACE / SECTOR).with_write_size(8);
        Self {
            flash: ConstFlash::new(FlashSim::new(geometry)),
            factory: factory.encoded(),
        }
    }

    /// What happens with a package: the chain is followed, then the envelope judged.
    pub(crate) fn offer(&mut self, bytes: &[u8]) -> Result<Accepted, Error> {
        self.offer_at(bytes, Some(NOW), bytes.len())
    }

    /// The same with the signatures that a build can check.
    pub(crate) fn offer_by<V: Signatures>(&mut self, bytes: &[u8]) -> Result<Accepted, Error> {
        self.offer_in_pieces::<V>(bytes, Some(NOW), bytes.len())
    }

    fn offer_at(
        &mut self,
        bytes: &[u8],
        now: Option<u64>,
        piece: usize,
    ) -> Result<Accepted, Error> {
        self.offer_in_pieces::<Dalek>(bytes, now, piece)
    }

    fn offer_in_pieces<V: Signatures>(
        &mut self,
        bytes: &[u8],
        now: Option<u64>,
        piece: usize,
    ) -> Result<Accepted, Error> {
        let mut memory = [0; MAX_KEYSET_LEN];
        let mut storage = storage(&mut self.flash);
        let refuse = ExampleKeys::Refuse;
        let mut keyring = Keyring::load(&mut storage, &self.factory, &mut memory, refuse)?;
        let mut buf = vec![0; 77 + 20 + 4_096];
        let mut intake = Intake::new(&mut buf);
        for piece in bytes.chunks(piece) {
            let mut rest = piece;
            while !rest.is_empty() && (intake.wanted() > 0) {
                let taken = intake.push_with::<V, _>(rest, &mut keyring, &mut storage)?;
                rest = &rest[taken..];
            }
        }
        let authentic = intake.authenticate_with::<V>(&keyring, now)?;
        Ok(Accepted::of(&authentic, keyring.version()))
    }

    pub(crate) fn with_keyring<T>(&mut self, work: impl FnOnce(&Keyring<'_>) -> T) -> T {
        let mut memory = [0; MAX_KEYSET_LEN];
        let mut storage = storage(&mut self.flash);
        let refuse = ExampleKeys::Refuse;
        work(&Keyring::load(&mut storage, &self.factory, &mut memory, refuse).unwrap())
    }

    fn version(&mut self) -> Result<u32, Error> {
        let mut memory = [0; MAX_KEYSET_LEN];
        let mut storage = storage(&mut self.flash);
        let refuse = ExampleKeys::Refuse;
        Keyring::load(&mut storage, &self.factory, &mut memory, refuse)
            .map(|keyring| keyring.version())
    }

    fn settle(&mut self) -> BootRecord {
        let mut memory = [0; MAX_KEYSET_LEN];
        let mut storage = storage(&mut self.flash);
        let refuse = ExampleKeys::Refuse;
        let keyring = Keyring::load(&mut storage, &self.factory, &mut memory, refuse).unwrap();
        keyring.settle(&mut storage).unwrap()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) signer: KeyId,
    pub(crate) keyset: u32,
}

impl Accepted {
    fn of(authentic: &AuthenticManifest<'_>, keyset: u32) -> Self {
        Self {
            signer: authentic.signer(),
            keyset,
        }
    }
}

/// A keyset as its makers see it: numbers of signers, those from 100 on by LMS, and what they may do.
#[derive(Clone)]
pub(crate) struct Set {
    version: u32,
    name: &'static str,
    pub(crate) root: (u32, Vec<u8>),
    pub(crate) releases: Vec<(u32, Vec<u8>, Scope<'static>)>,
    pub(crate) revoked: Vec<u8>,
    validity: Validity,
    sequences: CounterRange,
    security_counters: CounterRange,
    /// Another public key for a signer.
    forged: Option<(u8, [u8; 32])>,
}

impl Set {
    /// 2 of the root keys 10 to 12, 2 of the release keys 1 to 3.
    pub(crate) fn new() -> Self {
        Self {
            version: 1,
            name: "acme-fleet",
            root: (2, vec![10, 11, 12]),
            releases: vec![(2, vec![1, 2, 3], Scope::default())],
            revoked: vec![],
            validity: Validity::default(),
            sequences: CounterRange::ANY,
            security_counters: CounterRange::ANY,
            forged: None,
        }
    }

    /// The LMS key of a number.
    pub(crate) fn lms(number: u8) -> LmsSigner {
        LmsSigner::new(number, H5, W8, u32::from(number) % 32)
    }

    /// A signature by the key of a number.
    pub(crate) fn sign(document: Document, number: u8, content: &[u8]) -> Signed {
        match number {
            LMS_FROM.. => Self::lms(number).sign_document(document, content),
            _ => sign_as(document, &Signer::new(number), content),
        }
    }

    /// The next version, changed.
    pub(crate) fn next(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        next.version += 1;
        change(&mut next);
        next
    }

    pub(crate) fn encoded(&self) -> Vec<u8> {
        let members = self.releases.iter().flat_map(|(_, members, _)| members);
        let mut numbers: Vec<u8> = self.root.1.iter().chain(members).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let public = |number: u8| match self.forged {
            Some((forged, key)) if forged == number => key.to_vec(),
            _ if number >= LMS_FROM => Self::lms(number).key().key.to_vec(),
            _ => Signer::new(number).key.verifying_key().to_bytes().to_vec(),
        };
        let publics: Vec<Vec<u8>> = numbers.iter().map(|number| public(*number)).collect();
        let key = |number: u8, public| Key {
            id: KeyId([number; 8]),
            algorithm: match number {
                LMS_FROM.. => Algorithm::HssLms,
                _ => Algorithm::EdDsa,
            },
            public: PublicKey(public),
        };
        let keys: Vec<_> = numbers
            .iter()
            .zip(&publics)
            .map(|(number, public)| key(*number, public.as_slice()))
            .collect();
        let members = |of: &[u8]| {
            let index = |number| numbers.iter().position(|other| other == number).unwrap();
            of.iter().fold(Members::NONE, |all, number| {
                all.with(u32::try_from(index(number)).unwrap())
            })
        };
        let releases: Vec<_> = self
            .releases
            .iter()
            .map(|(threshold, of, scope)| ReleaseRole {
                quorum: Quorum {
                    threshold: *threshold,
                    members: members(of),
                },
                scope: *scope,
            })
            .collect();
        let revoked: Vec<_> = self
            .revoked
            .iter()
            .map(|number| (*number, public(*number)))
            .collect();
        let mut revoked: Vec<_> = revoked
            .iter()
            .map(|(number, public)| key(*number, public.as_slice()))
            .collect();
        revoked.sort_by_key(|key| key.public);
        let keyset = Keyset {
            version: self.version,
            name: self.name,
            keys: List::from_slice(&keys),
            root: Quorum {
                threshold: self.root.0,
                members: members(&self.root.1),
            },
            releases: List::from_slice(&releases),
            validity: self.validity,
            sequences: self.sequences,
            security_counters: self.security_counters,
            revoked: List::from_slice(&revoked),
        };
        let mut bytes = vec![0; MAX_KEYSET_LEN];
        let len = keyset.encode(&mut bytes).unwrap();
        bytes.truncate(len);
        bytes
    }

    /// The update, signed by these.
    pub(crate) fn signed(&self, by: &[u8]) -> Vec<u8> {
        let entries: Vec<_> = by
            .iter()
            .map(|number| Self::sign(Document::Keyset, *number, &self.encoded()))
            .collect();
        self.update(&entries)
    }

    pub(crate) fn update(&self, signed: &[Signed]) -> Vec<u8> {
        Self::update_of(self.version, &self.encoded(), signed)
    }

    /// An update with these bytes in the place of a keyset.
    pub(crate) fn update_of(version: u32, content: &[u8], signed: &[Signed]) -> Vec<u8> {
        framed(version, &enveloped(content, signed))
    }

    pub(crate) fn version(&self) -> u32 {
        self.version
    }
}

fn sign_as(document: Document, signer: &Signer, content: &[u8]) -> Signed {
    let mut signed = signer.sign(content);
    let message = signed_bytes_of(document, &signed.protected, content);
    signed.signature = signer.key.sign(&message).to_bytes().to_vec();
    signed
}

fn enveloped(content: &[u8], signed: &[Signed]) -> Vec<u8> {
    let entries: Vec<_> = signed
        .iter()
        .map(|signed| SignatureEntry {
            algorithm: signed.algorithm,
            key_id: signed.id,
            protected: &signed.protected,
            signature: &signed.signature,
        })
        .collect();
    let mut bytes = vec![0; 4_096];
    let len = Envelope::of(Document::Keyset, content, &entries)
        .encode(&mut bytes)
        .unwrap();
    bytes.truncate(len);
    bytes
}

fn framed(version: u32, update: &[u8]) -> Vec<u8> {
    let len = u16::try_from(update.len()).unwrap();
    [&ChainHead { version, len }.encode()[..], update].concat()
}

/// A package with this chain in front, signed by these.
pub(crate) fn package_with(change: impl FnOnce(&mut Release), chain: &[u8], by: &[u8]) -> Package {
    let mut release = Release::full(vec![0x5a; 300]);
    release.signers = by.iter().map(|number| Signer::new(*number)).collect();
    release.keysets = chain.to_vec();
    change(&mut release);
    release.package()
}

fn package(chain: &[u8], by: &[u8]) -> Vec<u8> {
    package_with(|_| (), chain, by).bytes
}

fn id(number: u8) -> KeyId {
    KeyId([number; 8])
}

const BOTH_ROOTS: &[u8] = &[10, 11];

#[test]
fn release_signatures_by_threshold() {
    let set = Set::new();
    let manifest = |by: &[u8]| package(&[], by);
    let threshold = |have| Err(Error::Threshold { need: 2, have });
    let accepted = |number| {
        Ok(Accepted {
            signer: id(number),
            keyset: 1,
        })
    };
    let table: &[(&str, &[u8], Result<Accepted, Error>)] = &[
        ("two of three", &[1, 2], accepted(1)),
        ("the others, in another order", &[3, 2], accepted(3)),
        ("three of three", &[1, 2, 3], accepted(1)),
        ("one", &[1], threshold(1)),
        ("the same twice", &[1, 1], threshold(1)),
        ("one, and strangers", &[20, 1, 21], threshold(1)),
        ("two, and strangers", &[20, 1, 21, 2], accepted(1)),
        (
            "strangers alone",
            &[20, 21],
            Err(Error::UnknownKey {
                package: id(20),
                trusted: 6,
            }),
        ),
        (
            "root keys alone",
            &[10, 11],
            Err(Error::KeyRole { key: id(10) }),
        ),
        ("one, and a root key", &[1, 10], threshold(1)),
    ];
    for (name, by, expected) in table {
        assert_eq!(&Device::new(&set).offer(&manifest(by)), expected, "{name}");
    }
    // One that does not hold refuses, wherever it stands, even beside two that do.
    let good = package_with(|_| (), &[], &[1, 2, 3]);
    for bad in 0..3 {
        let mut signed: Vec<_> = [1, 2, 3]
            .map(|number| Signer::new(number).sign(&good.manifest))
            .to_vec();
        signed[bad].signature[40] ^= 1;
        let offered = Device::new(&set).offer(&good.signed_by(&signed).bytes);
        let key = signed[bad].id;
        assert_eq!(offered, Err(Error::SignatureInvalid { key }), "{bad}");
    }
}

#[test]
fn a_signature_over_another_document_is_none() {
    let set = Set::new();
    let good = package_with(|_| (), &[], &[1, 2]);
    // As a keyset's: the bytes of the manifest, in the context of the other document.
    let one = Signer::new(1);
    let signed = [
        sign_as(Document::Keyset, &one, &good.manifest),
        Signer::new(2).sign(&good.manifest),
    ];
    let refused = Device::new(&set).offer(&good.signed_by(&signed).bytes);
    assert_eq!(refused, Err(Error::SignatureInvalid { key: id(1) }));
    // The contexts differ, besides the content types.
    let protected = eddsa_protected(id(1));
    let context = |document: Document| {
        let mut prefix = [0; SIG_PREFIX_MAX];
        let body = Document::Manifest.body_protected();
        sig_structure_prefix_of(document, body, &protected, 9, &mut prefix).unwrap();
        prefix
    };
    assert_ne!(context(Document::Keyset), context(Document::Manifest));
    // And the reverse.
    let next = set.next(|_| ());
    let as_manifest: Vec<_> = [10, 11]
        .map(|number| Signer::new(number).sign(&next.encoded()))
        .to_vec();
    let refused = Device::new(&set).offer(&package(&next.update(&as_manifest), &[1, 2]));
    assert_eq!(refused, Err(Error::SignatureInvalid { key: id(10) }));
    // A manifest's whole envelope in the place of an update.
    let header = Header::decode(&good.bytes).unwrap();
    let end = usize::try_from(header.payloads_offset()).unwrap();
    let refused = Device::new(&set).offer(&package(&framed(2, &good.bytes[20..end]), &[1, 2]));
    assert_eq!(refused.unwrap_err().code(), 124);
}

#[test]
fn a_rotation_takes_both_roots() {
    let set = Set::new();
    let next = set.next(|next| next.root = (2, vec![13, 14, 12]));
    let threshold = |have| Err(Error::Threshold { need: 2, have });
    let table: &[(&str, &[u8], Result<u32, Error>)] = &[
        ("old and new", &[10, 11, 13, 14], Ok(2)),
        ("one key is in both", &[10, 12, 13], Ok(2)),
        ("in another order", &[13, 12, 10], Ok(2)),
        (
            "the old alone",
            &[10, 11],
            Err(Error::UnknownKey {
                package: id(10),
                trusted: 6,
            }),
        ),
        (
            "the new alone",
            &[13, 14],
            Err(Error::UnknownKey {
                package: id(13),
                trusted: 6,
            }),
        ),
        ("one old, two new", &[10, 13, 14], threshold(1)),
        ("two old, one new", &[10, 11, 13], threshold(1)),
        ("an old one twice", &[10, 10, 13, 14], threshold(1)),
        (
            "release keys",
            &[1, 2, 3],
            Err(Error::KeyRole { key: id(1) }),
        ),
    ];
    for (name, by, expected) in table {
        let mut device = Device::new(&set);
        let offered = device.offer(&package(&next.signed(by), &[1, 2]));
        let stored = expected.as_ref().copied();
        assert_eq!(offered.map(|accepted| accepted.keyset), *expected, "{name}");
        assert_eq!(device.version(), Ok(stored.unwrap_or(1)), "{name}");
    }
}

/// Five rotations: release keys change each time, root keys too.
fn five() -> (Set, Vec<Set>, Vec<Vec<u8>>) {
    let first = Set::new();
    let mut sets = vec![first.clone()];
    let mut updates = Vec::new();
    for step in 0..5_u8 {
        let before = sets.last().unwrap();
        let (gone, come) = (10 + step, 13 + step);
        let next = before.next(|next| {
            next.root.1.retain(|number| *number != gone);
            next.root.1.push(come);
            next.releases[0].1 = vec![1 + step, 2 + step, 3 + step];
        });
        updates.push(next.signed(&[gone + 1, gone + 2, come]));
        sets.push(next);
    }
    (first, sets, updates)
}

#[test]
fn a_device_that_was_offline_for_five_rotations() {
    let (first, sets, updates) = five();
    let chain = updates.concat();
    let accepted = Ok(Accepted {
        signer: id(6),
        keyset: 6,
    });
    let good = package(&chain, &[6, 7]);
    for piece in [1, 5, 6, 7, 100, good.len()] {
        let mut device = Device::new(&first);
        assert_eq!(
            device.offer_at(&good, None, piece),
            accepted,
            "{piece} bytes"
        );
        assert_eq!(device.version(), Ok(6));
    }
    // Wherever a device stands, the same package takes it on; and again when it is there.
    for (missed, _) in sets.iter().enumerate() {
        let mut device = Device::new(&first);
        let part = package(&updates[..missed].concat(), &[6, 7]);
        let _ = device.offer(&part);
        assert_eq!(device.version(), Ok(u32::try_from(missed).unwrap() + 1));
        for _ in 0..2 {
            assert_eq!(device.offer(&good), accepted, "{missed}");
        }
    }
}

#[test]
fn each_forged_link_is_refused_and_those_before_it_are_kept() {
    let (first, sets, updates) = five();
    for link in 0..5 {
        let (before, set) = (&sets[link], &sets[link + 1]);
        let thief: Vec<Signed> = [40, 41, 42]
            .iter()
            .zip([11 + link, 12 + link, 13 + link])
            .map(|(thief, claimed)| {
                let claimed = u8::try_from(claimed).unwrap();
                let signer = Signer {
                    id: id(claimed),
                    key: Signer::new(*thief).key,
                };
                sign_as(Document::Keyset, &signer, &set.encoded())
            })
            .collect();
        let signers = {
            let gone = u8::try_from(10 + link).unwrap();
            [gone + 1, gone + 2, gone + 3]
        };
        let bent = |at: usize| {
            let mut update = updates[link].clone();
            update[at] ^= 1;
            update
        };
        let last = updates[link].len() - 1;
        let skipped = set.next(|_| ());
        let by_signers: Vec<_> = signers
            .iter()
            .map(|number| sign_as(Document::Keyset, &Signer::new(*number), &skipped.encoded()))
            .collect();
        // Under the number of the version that follows, which nobody signs.
        let hidden = framed(set.version, &enveloped(&skipped.encoded(), &by_signers));
        let skipped = skipped.signed(&signers);
        let other_name = {
            let mut other = set.clone();
            other.name = "other-fleet";
            other.signed(&signers)
        };
        let own_root = {
            let mut own = before.clone();
            own.version += 1;
            own.root = (1, vec![40]);
            own.signed(&[40])
        };
        let forged: Vec<(&str, Vec<u8>, u16)> = vec![
            ("by other keys under these names", set.update(&thief), 202),
            ("a bit of the last signature", bent(last), 202),
            ("a root of its own", own_root, 201),
            ("a version skipped", skipped, 326),
            ("a version skipped under another number", hidden, 326),
            ("another fleet's", other_name, 314),
        ];
        for (name, forged, code) in forged {
            let mut chain = updates.clone();
            chain[link] = forged;
            let mut device = Device::new(&first);
            let refused = device
                .offer(&package(&chain.concat(), &[6, 7]))
                .unwrap_err();
            assert_eq!(refused.code(), code, "{name}, link {link}");
            let kept = u32::try_from(link).unwrap() + 1;
            assert_eq!(device.version(), Ok(kept), "{name}, link {link}");
            // The good chain goes on from there.
            let good = package(&updates.concat(), &[6, 7]);
            assert!(device.offer(&good).is_ok(), "{name}, link {link}");
        }
        let mut without = updates.clone();
        without.remove(link);
        let mut device = Device::new(&first);
        let refused = device.offer(&package(&without.concat(), &[6, 7]));
        // Without the last link, the keys of the last set are unknown; else there is a gap.
        let code = if link == 4 { 208 } else { 326 };
        assert_eq!(refused.unwrap_err().code(), code, "link {link}");
    }
}

#[test]
fn replay_and_fork() {
    let (first, sets, updates) = five();
    let mut device = Device::new(&first);
    device.offer(&package(&updates.concat(), &[6, 7])).unwrap();
    // Old updates are passed over, whoever offers them, and so are the keys that signed then.
    let replay = package(&updates[..2].concat(), &[3, 4]);
    assert_eq!(
        device.offer(&replay),
        Err(Error::UnknownKey {
            package: id(3),
            trusted: 6
        })
    );
    assert_eq!(device.version(), Ok(6));
    // Another keyset of the stored version, rightly signed.
    let fork = sets[4].next(|fork| fork.releases[0].1 = vec![30, 31]);
    let signed = fork.signed(&[14, 15, 16]);
    let mut other = Device::new(&sets[4]);
    assert!(other.offer(&package(&signed, &[30, 31])).is_ok());
    assert_eq!(
        device.offer(&package(&signed, &[6, 7])),
        Err(Error::KeysetFork {
            package: sha256(&fork.encoded()),
            device: sha256(&sets[5].encoded()),
        })
    );
}

#[test]
fn chains_have_a_limit_and_whole_links() {
    let first = Set::new();
    let mut sets = vec![first.clone()];
    for _ in 0..9 {
        sets.push(sets.last().unwrap().next(|_| ()));
    }
    let chain = |count: usize| {
        let links = sets[1..=count].iter().map(|set| set.signed(BOTH_ROOTS));
        links.collect::<Vec<_>>().concat()
    };
    let mut device = Device::new(&first);
    assert!(device.offer(&package(&chain(8), &[1, 2])).is_ok());
    let mut device = Device::new(&first);
    let refused = device.offer(&package(&chain(9), &[1, 2])).unwrap_err();
    assert_eq!((refused.code(), device.version()), (104, Ok(9)));
    // Cut anywhere, the chain is refused or lacks its end; no length makes it another one.
    let whole = chain(2);
    let link = whole.len() / 2;
    for len in (1..whole.len()).step_by(7).chain(link - 6..link + 8) {
        let bytes = package(&whole[..len], &[1, 2]);
        let offered = |piece| {
            let mut device = Device::new(&first);
            (device.offer_at(&bytes, Some(NOW), piece), device.version())
        };
        let at_once = offered(bytes.len());
        assert_eq!(at_once.0.is_ok(), len == link, "{len}");
        // However it comes, the verdict is the same.
        for piece in [1, 5, 64] {
            assert_eq!(offered(piece), at_once, "{len} in pieces of {piece}");
        }
    }
}

#[test]
fn a_chain_that_was_refused_stays_refused() {
    let first = Set::new();
    // The last update of the chain: behind it nothing of the chain is wanted.
    let refused = first.next(|_| ()).signed(&[10]);
    let bytes = package(&refused, &[1, 2]);
    let mut device = Device::new(&first);
    let mut memory = [0; MAX_KEYSET_LEN];
    let mut storage = storage(&mut device.flash);
    let refuse = ExampleKeys::Refuse;
    let mut keyring = Keyring::load(&mut storage, &device.factory, &mut memory, refuse).unwrap();
    let mut buf = vec![0; 77 + 20 + 2_048];
    let mut intake = Intake::new(&mut buf);
    let (chain, envelope) = bytes.split_at(20 + refused.len());
    let mut push = |bytes: &[u8], intake: &mut Intake<'_>| {
        intake.push_with::<Dalek, _>(bytes, &mut keyring, &mut storage)
    };
    let threshold = Err(Error::Threshold { need: 2, have: 1 });
    assert_eq!(push(chain, &mut intake), threshold);
    assert_eq!(push(envelope, &mut intake), Err(Error::WrongState));
    assert!(intake.wanted() > 0);
}

#[test]
fn revocation() {
    let first = Set::new();
    let second = first.next(|next| {
        next.releases[0].1 = vec![1, 2, 4];
        next.revoked = vec![3];
    });
    let update = second.signed(BOTH_ROOTS);
    let by_revoked = package(&[], &[3, 2]);
    let mut device = Device::new(&first);
    assert!(device.offer(&by_revoked).is_ok(), "before");
    // Judged before the envelope: the package that brings the news is held against it.
    let refused = device.offer(&package(&update, &[3, 30]));
    assert_eq!(refused, Err(Error::KeyRevoked { key: id(3) }));
    // Stored at once, though the package was refused.
    assert_eq!(device.version(), Ok(2));
    assert_eq!(
        device.offer(&by_revoked),
        Err(Error::Threshold { need: 2, have: 1 })
    );
    assert!(
        device.offer(&package(&[], &[3, 2, 4])).is_ok(),
        "beside two that count"
    );
    // Neither forgotten nor undone.
    let forgets = second.next(|next| next.revoked.clear());
    assert_eq!(
        device.offer(&package(&forgets.signed(BOTH_ROOTS), &[1, 2])),
        Err(Error::RevocationLost { key: id(3) })
    );
    let more = second.next(|next| next.revoked.push(2));
    let mut bent = more.clone();
    bent.releases[0].1 = vec![1, 4];
    assert!(
        device
            .offer(&package(&bent.signed(BOTH_ROOTS), &[1, 4]))
            .is_ok()
    );
}

#[test]
fn delegates_sign_what_they_are_given() {
    let hardware: &'static [&'static str] = &["rev-b", "rev-c"];
    let limited = |scope| {
        let mut set = Set::new();
        set.releases.push((1, vec![7], scope));
        set
    };
    let scope = Scope::default();
    let lamp = Scope {
        vendor: Some("acme"),
        product: Some("lamp"),
        hardware: List::from_slice(hardware),
    };
    let other = |package, keyset| {
        let text = sprag_verifier::Text::new;
        Err(Error::KeyScope {
            package: text(package),
            keyset: text(keyset),
        })
    };
    type Change = fn(&mut Release);
    let table: &[(&str, Scope<'static>, Change, Result<(), Error>)] = &[
        ("its own", lamp, |_| (), Ok(())),
        (
            "one of its revisions",
            lamp,
            |release| release.hardware = vec!["rev-c"],
            Ok(()),
        ),
        (
            "another vendor",
            lamp,
            |release| release.vendor = "globex",
            other("globex", "acme"),
        ),
        (
            "another product",
            lamp,
            |release| release.product = "lamp2",
            other("lamp2", "lamp"),
        ),
        (
            "a revision too many",
            lamp,
            |release| release.hardware.push("rev-d"),
            other("rev-d", "rev-b"),
        ),
        (
            "vendor alone",
            Scope {
                vendor: Some("acme"),
                ..scope
            },
            |release| release.product = "lamp2",
            Ok(()),
        ),
    ];
    for (name, scope, change, expected) in table {
        let set = limited(*scope);
        let bytes = package_with(change, &[], &[7]).bytes;
        let offered = Device::new(&set).offer(&bytes);
        assert_eq!(offered.map(|_| ()), *expected, "{name}");
        // The other role covers all of it.
        let bytes = package_with(change, &[], &[7, 1, 2]).bytes;
        assert!(Device::new(&set).offer(&bytes).is_ok(), "{name}");
    }
    // A delegate does not make up a quorum of another role.
    assert_eq!(
        Device::new(&limited(lamp)).offer(&package(&[], &[1])),
        Err(Error::Threshold { need: 2, have: 1 })
    );
}

#[test]
fn keys_that_prove_nothing_are_not_taken_in() {
    let set = Set::new();
    let with = |key: [u8; 32]| {
        let next = set.next(|next| {
            next.releases[0].1.push(5);
            next.forged = Some((5, key));
        });
        Device::new(&set)
            .offer(&package(&next.signed(BOTH_ROOTS), &[1, 2]))
            .unwrap_err()
    };
    let mut identity = [0; 32];
    identity[0] = 1;
    // y = p + 2 to p + 18: second encodings, of points of full order among them.
    let second = (0xef..=0xff).map(|low| {
        let mut key = [0xff; 32];
        (key[0], key[31]) = (low, 0x7f);
        key
    });
    for key in [identity, [0; 32]].into_iter().chain(second) {
        assert_eq!(with(key), Error::WeakKey { key: id(5) });
    }
    assert_eq!(with(EXAMPLE_KEYS[0]), Error::ExampleKey { key: id(5) });
}

#[test]
fn validity_is_judged_of_the_last_keyset_alone() {
    let first = Set::new();
    let until = |second| Validity {
        not_before: None,
        not_after: Some(second),
    };
    let expired = first.next(|next| next.validity = until(NOW - 1));
    let good = expired.next(|next| next.validity = until(NOW));
    let early = good.next(|next| {
        next.validity = Validity {
            not_before: Some(NOW + 1),
            not_after: None,
        };
    });
    let chain: Vec<Vec<u8>> = [&expired, &good, &early]
        .map(|set| set.signed(BOTH_ROOTS))
        .to_vec();
    let mut device = Device::new(&first);
    let only = package(&chain[0], &[1, 2]);
    assert_eq!(
        device.offer(&only),
        Err(Error::KeysetExpired {
            keyset: NOW - 1,
            device: NOW
        })
    );
    assert!(
        device.offer_at(&only, None, only.len()).is_ok(),
        "without a clock"
    );
    assert!(
        device
            .offer(&package(&chain[..2].concat(), &[1, 2]))
            .is_ok(),
        "an expired one on the way"
    );
    assert_eq!(
        device.offer(&package(&chain.concat(), &[1, 2])),
        Err(Error::KeysetNotYetValid {
            keyset: NOW + 1,
            device: NOW
        })
    );
}

#[test]
fn counters_have_bounds_and_a_poisoned_one_can_be_settled() {
    let range = |min, max| CounterRange {
        min: Some(min),
        max: Some(max),
    };
    let mut first = Set::new();
    first.sequences = range(5, 100);
    first.security_counters = range(2, 9);
    let offered = |sequence, security_counter| {
        let change = |release: &mut Release| {
            (release.sequence, release.security_counter) = (sequence, security_counter);
        };
        let bytes = package_with(change, &[], &[1, 2]).bytes;
        Device::new(&first).offer(&bytes).map(|_| ())
    };
    assert_eq!(offered(5, 2), Ok(()));
    assert_eq!(offered(100, 9), Ok(()));
    for package in [4, 101, u64::MAX] {
        let (min, max) = (5, 100);
        assert_eq!(
            offered(package, 2),
            Err(Error::SequenceRange { package, min, max })
        );
    }
    for package in [1, 10, u64::MAX] {
        let (min, max) = (2, 9);
        assert_eq!(
            offered(5, package),
            Err(Error::SecurityCounterRange { package, min, max })
        );
    }
    // A device whose counters a stolen key has driven to the end, before there were bounds.
    let mut device = Device::new(&first);
    device.poison();
    let record = device.record();
    assert_eq!(
        (record.sequence, record.security_counter),
        (u64::MAX, u64::MAX)
    );
    let settled = device.settle();
    // The release with the lowest sequence number is newer than that.
    assert_eq!((settled.sequence, settled.security_counter), (4, 2));
    assert_eq!(device.record(), settled);
    // Done once, and nothing is written again.
    let operations = device.flash.sim().operation_count();
    assert_eq!(device.settle(), settled);
    assert_eq!(device.flash.sim().operation_count(), operations);
}

impl Device {
    fn record(&mut self) -> BootRecord {
        BootRecord::load(&mut storage(&mut self.flash)).unwrap()
    }

    /// Writes a boot record whose counters are at their end.
    fn poison(&mut self) {
        // Any record; `forgive` stores it.
        BootRecord::forgive(&mut storage(&mut self.flash)).unwrap();
        for copy in [0, SECTOR] {
            let at = usize::try_from(copy).unwrap();
            let mut body = self.flash.sim().bytes()[at..at + 212].to_vec();
            body[16..32].fill(0xff);
            let checksum = sha256(&body[..196]);
            body[196..].copy_from_slice(&checksum.0[..16]);
            self.flash.sim_mut().load(copy, &body);
        }
    }
}

#[test]
fn the_manifest_may_ask_for_a_keyset() {
    let set = Set::new();
    let ask = |version| {
        let change = |release: &mut Release| release.keyset_version = Some(version);
        let bytes = package_with(change, &[], &[1, 2]).bytes;
        Device::new(&set).offer(&bytes).map(|_| ())
    };
    assert_eq!(ask(1), Ok(()));
    assert_eq!(
        ask(2),
        Err(Error::KeysetVersion {
            package: 2,
            device: 1
        })
    );
}

#[test]
fn a_cut_at_any_write_leaves_the_old_keyset_or_the_new() {
    let (first, _, updates) = five();
    let good = package(&updates[..2].concat(), &[3, 4]);
    for stored in [0, 1] {
        let mut fresh = Device::new(&first);
        if stored == 1 {
            fresh.version().unwrap();
        }
        fresh.flash.sim_mut().reset_counters();
        let mut whole = fresh.clone();
        whole.offer(&good).unwrap();
        let log = whole.flash.sim().log().to_vec();
        assert!(log.len() > 4);
        let mut cuts = 0;
        for operation in &log {
            let geometry = whole.flash.sim().geometry().clone();
            for style in CutStyle::for_operation(operation, &geometry, 1) {
                let mut device = fresh.clone();
                device.flash.sim_mut().cut_after(operation.index, style);
                assert!(device.offer(&good).is_err(), "{operation:?} {style:?}");
                device.flash.sim_mut().power_on();
                let version = device.version().unwrap();
                assert!((1..=3).contains(&version), "{version}");
                let again = device.offer(&good).map(|accepted| accepted.keyset);
                assert_eq!(again, Ok(3), "{operation:?} {style:?}");
                cuts += 1;
            }
        }
        assert!(cuts > 100, "{cuts}");
    }
}

#[test]
fn a_stored_keyset_is_kept_whatever_the_firmware_brings_along() {
    let (first, sets, updates) = five();
    let mut device = Device::new(&first);
    device.offer(&package(&updates.concat(), &[6, 7])).unwrap();
    device.factory = sets[1].encoded();
    assert_eq!(device.version(), Ok(6));
    device.factory = sets[5].next(|_| ()).encoded();
    assert_eq!(device.version(), Ok(6));
    // One copy lost: the other counts, and says the same. Both: nothing is made up.
    let newer = TRUST.start + PLACE;
    let torn = [0; 8];
    let mut lost = device.clone();
    lost.flash.sim_mut().load(TRUST.start, &torn);
    lost.flash.sim_mut().load(newer, &torn);
    assert_eq!(lost.version(), Err(Error::KeysetLost));
    for place in [TRUST.start, newer] {
        let mut half = device.clone();
        half.flash.sim_mut().load(place, &torn);
        assert_eq!(half.version(), Ok(6));
        // Made good at once.
        assert_eq!(half.copies(), device.copies());
    }
}

#[test]
fn a_keyset_that_decays_behind_a_cut_is_no_new_device() {
    let (first, _, updates) = five();
    let mut device = Device::new(&first);
    device.offer(&package(&updates.concat(), &[6, 7])).unwrap();
    let blank = vec![0xff; usize::try_from(PLACE).unwrap()];
    let second = TRUST.start + PLACE;
    // One place was just erased, for the copy to come; the other one is lost, or cannot be read.
    for (empty, lost) in [(second, TRUST.start), (TRUST.start, second)] {
        let mut decayed = device.clone();
        decayed.flash.sim_mut().load(empty, &blank);
        decayed.flash.sim_mut().load(lost, &[0; 8]);
        assert_eq!(decayed.version(), Err(Error::KeysetLost));
    }
}

#[test]
fn a_cut_between_two_copies_is_made_good() {
    let (first, _, updates) = five();
    let mut old = Device::new(&first);
    old.version().unwrap();
    let mut new = old.clone();
    new.offer(&package(&updates[0], &[2, 3])).ok();
    for place in [0, PLACE] {
        let at = usize::try_from(TRUST.start + place).unwrap();
        let newer = new.flash.sim().bytes()[at..at + usize::try_from(PLACE).unwrap()].to_vec();
        let mut mixed = old.clone();
        mixed.flash.sim_mut().load(TRUST.start + place, &newer);
        assert_eq!(mixed.version(), Ok(2));
        assert_eq!(mixed.copies(), new.copies());
    }
}

impl Device {
    /// What the trust area holds.
    fn copies(&self) -> &[u8] {
        let at = |at| usize::try_from(at).unwrap();
        &self.flash.sim().bytes()[at(TRUST.start)..at(TRUST.start + TRUST.len)]
    }
}

#[test]
fn an_area_too_small_is_refused() {
    let set = Set::new();
    let mut device = Device::new(&set);
    let mut memory = [0; MAX_KEYSET_LEN];
    for len in [0, PLACE, 2 * PLACE - SECTOR] {
        let short = Region {
            start: TRUST.start,
            len,
        };
        let mut storage = storage(&mut device.flash).with_trust(short);
        let refused = Keyring::load(
            &mut storage,
            &device.factory,
            &mut memory,
            ExampleKeys::Refuse,
        );
        let (need, have) = (2 * PLACE, len);
        assert_eq!(
            refused.map(|keyring| keyring.version()),
            Err(Error::KeysetArea { need, have })
        );
    }
}

#[test]
fn devices_with_fixed_keys_refuse_chains() {
    let set = Set::new();
    let bytes = package(&set.next(|_| ()).signed(BOTH_ROOTS), &[1, 2]);
    let mut buf = vec![0; 4_096];
    let refused = Intake::new(&mut buf).push(&bytes).unwrap_err();
    let Error::KeysetsUnsupported { package } = refused else {
        panic!("{refused:?}")
    };
    assert!(package > 300);
}

#[test]
fn an_update_that_does_not_fit_the_buffer_says_so() {
    let set = Set::new();
    let update = set.next(|_| ()).signed(BOTH_ROOTS);
    let bytes = package(&update, &[1, 2]);
    let mut device = Device::new(&set);
    let mut memory = [0; MAX_KEYSET_LEN];
    let mut storage = storage(&mut device.flash);
    let refuse = ExampleKeys::Refuse;
    let mut keyring = Keyring::load(&mut storage, &device.factory, &mut memory, refuse).unwrap();
    let need = 97 + len_u32(&update) - 6;
    let mut buf = vec![0; usize::try_from(need - 1).unwrap()];
    let mut intake = Intake::new(&mut buf);
    let refused = intake.push_with::<Dalek, _>(&bytes, &mut keyring, &mut storage);
    let have = need - 1;
    assert_eq!(refused, Err(Error::EnvelopeTooLarge { need, have }));
}

#[test]
fn no_manifest_is_read_without_a_quorum() {
    // A manifest that is none, under one signature of the two that it takes: the signatures are missed first.
    let set = Set::new();
    let good = package_with(|_| (), &[], &[1, 2]);
    let broken = |by: &[u8]| {
        let mut bent = good.clone();
        bent.manifest[0] = 0x00;
        assert!(Manifest::decode(&bent.manifest).is_err());
        let signed: Vec<_> = by
            .iter()
            .map(|number| Signer::new(*number).sign(&bent.manifest))
            .collect();
        Device::new(&set).offer(&bent.signed_by(&signed).bytes)
    };
    assert_eq!(broken(&[1]), Err(Error::Threshold { need: 2, have: 1 }));
    assert_eq!(broken(&[1, 2]).unwrap_err().code(), 109);
}
