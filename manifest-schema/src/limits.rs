//! Every maximum of the format, each with its reason. A device can rely on them when it sizes its
//! buffers; a reader refuses what exceeds them before it looks further.

/// Most bytes of the envelope (manifest and signatures together).
///
/// A device holds the envelope in RAM to check its signature. 16 KiB leaves room for 32 sources with
/// their payloads (about 7 KiB), or one post-quantum signature (ML-DSA-44: 2420 bytes), and still
/// fits the smallest device in scope beside the 8 KiB of stack that Ed25519 needs.
pub const MAX_ENVELOPE_LEN: usize = 16_384;

/// Most bytes of the chain of keyset updates in front of the envelope.
///
/// Eight rotations of about 1 KiB each: a device that missed more asks for the chain itself.
pub const MAX_KEYSETS_LEN: usize = 8_192;

/// Most keysets of one chain. Each may cost a device [`MAX_SIGNATURES`] checks of signatures.
pub const MAX_KEYSETS: u32 = 8;

/// Bytes in front of each keyset update of a chain: its version and its length.
pub const KEYSET_HEAD_LEN: usize = 6;

/// Most bytes of a keyset without its signatures: a device keeps two copies of it, each with 24 bytes of its own, in
/// 1 KiB.
pub const MAX_KEYSET_LEN: usize = 1_000;

/// Most bytes of a keyset with its signatures: those of eight Ed25519 keys take 664 bytes.
pub const MAX_KEYSET_UPDATE_LEN: usize = 2_048;

/// Most keys of a keyset.
pub const MAX_KEYS: u32 = 16;

/// Most release roles of a keyset: the first without limits, and those of delegates.
pub const MAX_RELEASE_ROLES: u32 = 8;

/// Most revoked keys that a keyset names.
pub const MAX_REVOKED: u32 = 16;

/// Most signatures that a role may ask for: those of the old and of the new root stand in one envelope.
pub const MAX_THRESHOLD: u32 = 4;

/// Most bytes of a public key: an LMS key (RFC 8554) has 56, with its number of levels 60.
pub const MAX_KEY_LEN: usize = 64;

/// Most signatures of one envelope.
///
/// Each costs a device an Ed25519 check of about two million instructions, so eight bound the work
/// that an envelope can ask for before it is refused.
pub const MAX_SIGNATURES: u32 = 8;

/// Most source images of one package. Fleets with more versions in the field get several packages.
pub const MAX_SOURCES: u32 = 32;

/// Most payloads of one package: a delta and a reverse delta for each source, and one full image.
pub const MAX_PAYLOADS: u32 = 65;

/// Most hardware revisions that one package names.
pub const MAX_HARDWARE: u32 = 32;

/// Most bytes of a name, an identifier or a version. Device reports print them on one line.
pub const MAX_TEXT_LEN: usize = 32;

/// Deepest nesting of arrays and maps inside a skipped field.
///
/// The reader keeps one frame of fixed size for each level instead of recursing. Our own structures
/// need three levels.
pub const MAX_NESTING: usize = 4;

/// Most unknown non-critical fields that are skipped in one map. Room to grow, bounded work.
pub const MAX_SKIPPED: u32 = 16;

/// Fewest bytes of a block: below this, the 32-byte hash costs more than an eighth of the payload.
pub const MIN_BLOCK_SIZE: u32 = 256;

/// Most bytes of a block: a device holds one whole block in RAM before it may decode any of it.
pub const MAX_BLOCK_SIZE: u32 = 65_536;

/// Most bytes of an image, and of an encoded payload: flash offsets are 32 bits wide on every device
/// in scope.
pub const MAX_IMAGE_SIZE: u32 = u32::MAX;

/// Most bytes of the payloads section.
///
/// No valid manifest needs more: [`MAX_PAYLOADS`] payloads of 4 GiB, in blocks of
/// [`MIN_BLOCK_SIZE`], each block with its 32-byte hash and one more hash for every 31 blocks,
/// rounded up to 5 GiB a payload. Sums of offsets stay far below 2^63.
pub const MAX_PAYLOADS_LEN: u64 = 65 * 5 * (1 << 30);

/// Most entries of an index page: 31 block hashes and the hash of the next page, or 32 block hashes
/// in the last page. One page is 1 KiB, the price of authenticating blocks in one pass.
pub const PAGE_ENTRIES: u32 = 32;

/// Bytes of a whole index page.
pub const PAGE_LEN: u32 = 1_024;

/// Bytes of a digest (SHA-256, FIPS 180-4).
pub const DIGEST_LEN: usize = 32;

/// Bytes of a key identifier, as in minisign's key files.
pub const KEY_ID_LEN: usize = 8;

/// Bytes of an Ed25519 public key (RFC 8032 section 5.1.5).
pub const EDDSA_KEY_LEN: usize = 32;

/// Bytes of an Ed25519 signature (RFC 8032 section 5.1.6).
pub const EDDSA_SIGNATURE_LEN: usize = 64;

/// Bytes of an HSS-LMS public key with 32-byte hashes (RFC 8554 section 6.1): number of levels 4, key 56.
pub const HSS_LMS_KEY_LEN: usize = 60;

/// Bytes of the buffer that decoded output passes through, counted in every payload's RAM need.
pub const OUTPUT_BUFFER_LEN: u32 = 256;

/// A battery is full at 100 %.
pub const MAX_BATTERY_PERCENT: u8 = 100;
