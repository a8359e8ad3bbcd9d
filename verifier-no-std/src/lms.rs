//! LMS (RFC 8554, SP 800-208): signatures from a hash alone, as a second one beside Ed25519's for devices that live
//! longer than elliptic curves may. In COSE it is HSS-LMS with one level (RFC 8778): a tree of one-time keys, whose
//! root is the public key.
//!
//! ```text
//! public key   0..4 levels 1 | 4..8 LMS type | 8..12 LM-OTS type | 12..28 I | 28..60 root
//! signature    0..4 levels above 0 | 4..8 leaf q | 8..12 LM-OTS type | 12..44 C | p * 32 chains | LMS type | h * 32 path
//! ```
//!
//! Integers are big-endian. A signature is read once, from its first byte to its last; what is kept of it meanwhile are
//! three states of SHA-256 and some words. Which builds link this is chosen by type: [`WithLms`], or
//! [`Intake::authenticate_both`](crate::Intake::authenticate_both).

use core::marker::PhantomData;

use sprag_manifest::{
    Digest, Document, Envelope, HSS_LMS_KEY_LEN, KeyId, SIG_PREFIX_MAX, SignatureEntry,
    sig_structure_prefix_of,
};

use crate::ed25519::Ed25519;
use crate::error::Error;
use crate::hash::{Hasher, same};
use crate::record::Fields;

/// Domains of the hashes (RFC 8554 section 3.3).
const D_PBLC: [u8; 2] = [0x80, 0x80];
const D_MESG: [u8; 2] = [0x81, 0x81];
const D_LEAF: [u8; 2] = [0x82, 0x82];
const D_INTR: [u8; 2] = [0x83, 0x83];

/// An HSS-LMS key that a device trusts for releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LmsKey {
    /// The name by which signatures refer to it.
    pub id: KeyId,
    /// The public key of an HSS with one level (RFC 8554 section 6.1).
    pub key: [u8; HSS_LMS_KEY_LEN],
}

impl LmsKey {
    /// Checks a signature over the bytes of `message`, one part behind the other.
    ///
    /// # Errors
    /// [`Error::LmsKey`], [`Error::LmsType`], [`Error::LmsLength`], [`Error::LmsLeaf`] for what cannot be a signature by
    /// this key, [`Error::SignatureInvalid`] for what is none.
    pub fn verify(&self, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
        let unusable = Error::LmsKey { key: self.id };
        let mut fields = Fields(&self.key);
        let (Some(1), Some(lms), Some(ots)) =
            (word(&mut fields), word(&mut fields), word(&mut fields))
        else {
            return Err(unusable);
        };
        let (Some(height), Some(ots_parameters)) = (height_of(lms), OtsParameters::of(ots)) else {
            return Err(unusable);
        };
        let (Some(tree), Some(root)) = (fields.array::<16>(), fields.array()) else {
            return Err(unusable);
        };

        let need = signature_len(height, ots_parameters);
        let have = u32::try_from(signature.len()).unwrap_or(u32::MAX);
        let short = Error::LmsLength { need, have };
        let mut rest = Fields(signature);
        expect(word(&mut rest).ok_or(short)?, 0)?;
        let leaf = word(&mut rest).ok_or(short)?;
        expect(word(&mut rest).ok_or(short)?, ots)?;
        if have != need {
            return Err(short);
        }
        let leaves = 1_u32.checked_shl(height).unwrap_or(u32::MAX);
        if leaf >= leaves {
            let (package, device) = (leaf, leaves);
            return Err(Error::LmsLeaf { package, device });
        }
        let one_time = OneTime {
            tree,
            leaf,
            parameters: ots_parameters,
        };
        let digits = one_time.digits(rest.array().ok_or(short)?, message);
        let key = one_time.public_key(&digits, &mut rest).ok_or(short)?;
        expect(word(&mut rest).ok_or(short)?, lms)?;
        let found = climb(tree, leaves.saturating_add(leaf), key, &mut rest).ok_or(short)?;
        // Twice, from memory: a glitch that skips one comparison does not make a bad signature good.
        let root = Digest(root);
        match (
            same(&found, &root),
            same(core::hint::black_box(&found), &root),
        ) {
            (true, true) => Ok(()),
            _ => Err(Error::SignatureInvalid { key: self.id }),
        }
    }

    /// Checks an entry of an envelope: a signature over the Sig_structure (RFC 9052, section 4.4).
    ///
    /// # Errors
    /// Those of [`LmsKey::verify`].
    #[inline(never)]
    pub fn verify_entry(
        &self,
        document: Document,
        envelope: &Envelope<'_>,
        entry: &SignatureEntry<'_>,
    ) -> Result<(), Error> {
        let invalid = Error::SignatureInvalid { key: self.id };
        let content = envelope.manifest_bytes();
        let mut prefix = [0; SIG_PREFIX_MAX];
        let len = sig_structure_prefix_of(
            document,
            envelope.body_protected(),
            entry.protected,
            content.len(),
            &mut prefix,
        )
        .map_err(|_| invalid)?;
        let prefix = prefix.get(..len).ok_or(invalid)?;
        self.verify(&[prefix, content], entry.signature)
    }
}

/// The height of a tree with SHA-256 and 32 bytes (RFC 8554 section 5.1).
const fn height_of(lms_type: u32) -> Option<u32> {
    match lms_type {
        5 => Some(5),
        6 => Some(10),
        7 => Some(15),
        _ => None,
    }
}

/// What a one-time signature is made of, with SHA-256 and 32 bytes (RFC 8554 section 4.1).
#[derive(Clone, Copy)]
struct OtsParameters {
    /// Bits of a digit.
    width: u32,
    /// Digits of hash and checksum: as many chains there are.
    chains: u16,
}

impl OtsParameters {
    const fn of(ots_type: u32) -> Option<Self> {
        match ots_type {
            3 => Some(Self {
                width: 4,
                chains: 67,
            }),
            4 => Some(Self {
                width: 8,
                chains: 34,
            }),
            _ => None,
        }
    }

    /// The highest digit.
    const fn last(self) -> u8 {
        match self.width {
            4 => 15,
            _ => u8::MAX,
        }
    }

    /// Digit `index` of `bytes`, from the front.
    fn digit(self, bytes: &[u8; 34], index: u16) -> u8 {
        let at = |index: u16| bytes.get(usize::from(index)).copied().unwrap_or_default();
        match (self.width, index & 1) {
            (4, 0) => at(index >> 1) >> 4,
            (4, _) => at(index >> 1) & 15,
            _ => at(index),
        }
    }
}

/// Bytes of a signature.
fn signature_len(height: u32, ots: OtsParameters) -> u32 {
    // Levels, leaf, both types; C, chains and path.
    let hashes = height.saturating_add(ots.chains.into()).saturating_add(1);
    hashes.saturating_mul(32).saturating_add(16)
}

/// A one-time key of a tree.
struct OneTime {
    tree: [u8; 16],
    leaf: u32,
    parameters: OtsParameters,
}

impl OneTime {
    /// The hash of a message under the randomizer `c`, and its checksum (RFC 8554 section 4.4).
    #[inline(never)]
    fn digits(&self, c: [u8; 32], message: &[&[u8]]) -> [u8; 34] {
        let mut hasher = self.begin();
        hasher.update(&D_MESG);
        hasher.update(&c);
        for part in message {
            hasher.update(part);
        }
        let mut digits = [0; 34];
        for (to, from) in digits.iter_mut().zip(hasher.finish().0) {
            *to = from;
        }
        let of_hash = 256_u32.checked_div(self.parameters.width).unwrap_or(0);
        let mut sum = 0_u16;
        for index in 0..u16::try_from(of_hash).unwrap_or(0) {
            let digit = self.parameters.digit(&digits, index);
            sum = sum.wrapping_add(self.parameters.last().wrapping_sub(digit).into());
        }
        // Digits of the checksum begin at its highest bit that can be set: 12 bits for digits of 4, 16 for those of 8.
        if self.parameters.width == 4 {
            sum = sum.wrapping_shl(4);
        }
        for (to, from) in digits.iter_mut().skip(32).zip(sum.to_be_bytes()) {
            *to = from;
        }
        digits
    }

    /// The key that the chains of a signature lead to (RFC 8554, algorithm 4b).
    #[inline(never)]
    fn public_key(&self, digits: &[u8; 34], chains: &mut Fields<'_>) -> Option<Digest> {
        let mut key = self.begin();
        key.update(&D_PBLC);
        for chain in 0..self.parameters.chains {
            let mut value: [u8; 32] = chains.array()?;
            for step in self.parameters.digit(digits, chain)..self.parameters.last() {
                let mut hasher = self.begin();
                hasher.update(&chain.to_be_bytes());
                hasher.update(&[step]);
                hasher.update(&value);
                value = hasher.finish().0;
            }
            key.update(&value);
        }
        Some(key.finish())
    }

    fn begin(&self) -> Hasher {
        begin(self.tree, self.leaf)
    }
}

/// The root above a leaf (RFC 8554, algorithm 6a); the leaves' numbers begin at how many there are, the root's is 1.
#[inline(never)]
fn climb(tree: [u8; 16], leaf: u32, key: Digest, path: &mut Fields<'_>) -> Option<Digest> {
    let mut hasher = begin(tree, leaf);
    hasher.update(&D_LEAF);
    hasher.update(&key.0);
    let mut node = hasher.finish();
    let mut number = leaf;
    while number > 1 {
        let sibling = path.array()?;
        let (left, right) = match number & 1 {
            1 => (sibling, node.0),
            _ => (node.0, sibling),
        };
        number >>= 1;
        let mut hasher = begin(tree, number);
        hasher.update(&D_INTR);
        hasher.update(&left);
        hasher.update(&right);
        node = hasher.finish();
    }
    Some(node)
}

/// All hashes begin with the tree, and a leaf or a node in it.
fn begin(tree: [u8; 16], number: u32) -> Hasher {
    let mut hasher = Hasher::new();
    hasher.update(&tree);
    hasher.update(&number.to_be_bytes());
    hasher
}

const fn expect(package: u32, device: u32) -> Result<(), Error> {
    match package == device {
        true => Ok(()),
        false => Err(Error::LmsType { package, device }),
    }
}

fn word(fields: &mut Fields<'_>) -> Option<u32> {
    fields.array().map(u32::from_be_bytes)
}

/// The signatures that a build can check, chosen by type: an implementation of [`Ed25519`] alone, or [`WithLms`].
pub trait Signatures {
    /// Checks those of Ed25519.
    type Ed25519: Ed25519;

    /// Checks one by HSS-LMS, as [`LmsKey::verify_entry`]; `None` where that is not linked.
    fn hss_lms(
        key: &LmsKey,
        document: Document,
        envelope: &Envelope<'_>,
        entry: &SignatureEntry<'_>,
    ) -> Option<Result<(), Error>>;
}

impl<V: Ed25519> Signatures for V {
    type Ed25519 = V;

    fn hss_lms(
        _: &LmsKey,
        _: Document,
        _: &Envelope<'_>,
        _: &SignatureEntry<'_>,
    ) -> Option<Result<(), Error>> {
        None
    }
}

/// LMS beside an implementation of Ed25519, for keysets that list keys of both.
#[derive(Clone, Copy, Debug)]
pub struct WithLms<V>(PhantomData<V>);

impl<V: Ed25519> Signatures for WithLms<V> {
    type Ed25519 = V;

    fn hss_lms(
        key: &LmsKey,
        document: Document,
        envelope: &Envelope<'_>,
        entry: &SignatureEntry<'_>,
    ) -> Option<Result<(), Error>> {
        Some(key.verify_entry(document, envelope, entry))
    }
}
