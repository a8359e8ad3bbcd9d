//! The device's own judgement at a desk: a stored key set in memory.

use core::ops::Range;

use sprag_manifest::{
    Algorithm, CounterRange, EncodeError, Header, Key, KeyId, Keyset, List, MAX_ENVELOPE_LEN,
    MAX_KEYSET_LEN, Members, PublicKey, Quorum, ReleaseRole, Scope, Validity,
};
use sprag_verifier::{
    Area, AuthenticManifest, Dalek, Error, ExampleKeys, FlashErrorKind, Geometry, Intake, KeyRole,
    Keyring, Storage, TrustAnchors, TrustedKey, intake_len,
};

use crate::verify::truncated;

/// Bytes of one of the two copies, and of a sector.
const PLACE: u32 = 1_024;

/// What a device goes by once it has followed a package's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The version it came from.
    pub from: u32,
    /// The version it goes by.
    pub version: u32,
    /// The keys that may sign releases.
    pub keys: Vec<TrustedKey>,
    /// The first key whose signature under the package counted.
    pub signer: KeyId,
}

/// Lets a device with this stored key set follow the chain of `package` and judge its signatures. `now` is a second of
/// Unix time, if there is a clock to be trusted.
///
/// # Errors
/// The device's first refusal.
pub(crate) fn follow(
    package: &[u8],
    keyset: &[u8],
    example_keys: ExampleKeys,
    now: Option<u64>,
) -> Result<Followed, Error> {
    let mut flash = Memory::new();
    let mut memory = [0; MAX_KEYSET_LEN];
    let mut keyring = Keyring::load(&mut flash, keyset, &mut memory, example_keys)?;
    let from = keyring.version();
    let mut buffer = vec![0; intake_len(MAX_ENVELOPE_LEN)];
    let mut intake = Intake::new(&mut buffer);
    intake.push_with::<Dalek, _>(package, &mut keyring, &mut flash)?;
    if intake.wanted() > 0 {
        return Err(truncated(package));
    }
    let signer = intake.authenticate_with::<Dalek>(&keyring, now)?.signer();
    let keyset = keyring.keyset()?;
    let keys = (0..).zip(keyset.keys.iter()).filter(|(index, _)| {
        let mut roles = keyset.releases.iter();
        roles.any(|role| role.quorum.members.contains(*index))
    });
    let trusted = keys.filter_map(|(_, key)| {
        Some(TrustedKey {
            id: key.id,
            role: KeyRole::Release,
            key: key.public.0.try_into().ok()?,
        })
    });
    Ok(Followed {
        from,
        version: keyset.version,
        keys: trusted.collect(),
        signer,
    })
}

/// Lets a device with the key set `before` follow one update: a version in the frame of a chain.
///
/// # Errors
/// The device's refusal.
pub(super) fn follow_update(before: &[u8], update: &[u8]) -> Result<(), Error> {
    let mut flash = Memory::new();
    let mut memory = [0; MAX_KEYSET_LEN];
    let mut keyring = Keyring::load(&mut flash, before, &mut memory, ExampleKeys::Accept)?;
    let header = Header {
        keysets_len: u16::try_from(update.len()).unwrap_or(u16::MAX),
        // No package is judged here.
        envelope_len: 1,
        payloads_len: 1,
    };
    let mut package = vec![0; Header::LEN];
    header.encode(&mut package).map_err(|e| match e {
        EncodeError::Refused(e) => e.into(),
        _ => Error::WrongState,
    })?;
    package.extend(update);
    let mut buffer = vec![0; intake_len(MAX_ENVELOPE_LEN)];
    let mut intake = Intake::new(&mut buffer);
    intake.push_with::<Dalek, _>(&package, &mut keyring, &mut flash)?;
    Ok(())
}

/// Reads the head of `package` and checks its signature by fixed keys. Where it carries a chain of key sets, the device
/// is one that has left all of them behind, and trusts these keys: the chain is for others to judge. Returns how many
/// bytes the head has.
///
/// # Errors
/// The device's first refusal.
pub(crate) fn authenticate<'b>(
    mut intake: Intake<'b>,
    package: &[u8],
    trust: &TrustAnchors<'_>,
) -> Result<(AuthenticManifest<'b>, usize), Error> {
    let has_chain = Header::decode(package).is_ok_and(|header| header.keysets_len != 0);
    let ahead = if has_chain { ahead_of_all(trust) } else { None };
    let Some(keyset) = ahead else {
        let taken = intake.push(package)?;
        if intake.wanted() > 0 {
            return Err(truncated(package));
        }
        return Ok((intake.authenticate(trust)?, taken));
    };
    let mut flash = Memory::new();
    let mut memory = [0; MAX_KEYSET_LEN];
    let mut keyring = Keyring::load(&mut flash, &keyset, &mut memory, trust.example_keys)?;
    let taken = intake.push_with::<Dalek, _>(package, &mut keyring, &mut flash)?;
    if intake.wanted() > 0 {
        return Err(truncated(package));
    }
    Ok((intake.authenticate_with::<Dalek>(&keyring, None)?, taken))
}

/// A key set above all others, by which any of the trusted release keys suffices.
fn ahead_of_all(trust: &TrustAnchors<'_>) -> Option<Vec<u8>> {
    let keys: Vec<Key<'_>> = trust
        .keys
        .iter()
        .filter(|key| key.role == KeyRole::Release)
        .map(|key| Key {
            id: key.id,
            algorithm: Algorithm::EdDsa,
            public: PublicKey(&key.key),
        })
        .collect();
    let count = u32::try_from(keys.len()).ok()?;
    let any = Quorum {
        threshold: 1,
        members: (0..count).fold(Members::NONE, Members::with),
    };
    let roles = [ReleaseRole {
        quorum: any,
        scope: Scope::default(),
    }];
    let keyset = Keyset {
        version: u32::MAX,
        name: "desk",
        keys: List::from_slice(&keys),
        root: any,
        releases: List::from_slice(&roles),
        validity: Validity::default(),
        sequences: CounterRange::ANY,
        security_counters: CounterRange::ANY,
        revoked: List::empty(),
    };
    let mut bytes = vec![0; MAX_KEYSET_LEN];
    let len = keyset.encode(&mut bytes).ok()?;
    bytes.truncate(len);
    Some(bytes)
}

/// Flash for a stored key set, and nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Vec<u8>);

impl Memory {
    pub(crate) fn new() -> Self {
        Self(vec![0xff; 2 * usize::try_from(PLACE).unwrap_or(0)])
    }

    fn range(&mut self, area: Area, start: u32, len: usize) -> Result<&mut [u8], FlashErrorKind> {
        let start = usize::try_from(start).map_err(|_| FlashErrorKind::OutOfBounds)?;
        let bytes = match area {
            Area::Trust => start
                .checked_add(len)
                .and_then(|end| self.0.get_mut(start..end)),
            _ => None,
        };
        bytes.ok_or(FlashErrorKind::OutOfBounds)
    }
}

impl Storage for Memory {
    fn geometry(&self, area: Area) -> Geometry {
        Geometry {
            size: if area == Area::Trust { 2 * PLACE } else { 0 },
            write_size: 1,
            erased: 0xff,
            base: 0,
        }
    }

    fn sector(&self, _: Area, offset: u32) -> Range<u32> {
        let start = offset / PLACE * PLACE;
        start..start + PLACE
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        let len = buf.len();
        buf.copy_from_slice(self.range(area, offset, len)?);
        Ok(())
    }

    fn write(&mut self, area: Area, offset: u32, bytes: &[u8]) -> Result<(), FlashErrorKind> {
        self.range(area, offset, bytes.len())?
            .copy_from_slice(bytes);
        Ok(())
    }

    fn erase(&mut self, area: Area, range: Range<u32>) -> Result<(), FlashErrorKind> {
        let len = range.end.saturating_sub(range.start);
        let len = usize::try_from(len).map_err(|_| FlashErrorKind::OutOfBounds)?;
        self.range(area, range.start, len)?.fill(0xff);
        Ok(())
    }
}
