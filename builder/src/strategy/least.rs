//! The least power with which an update comes to its end, if power lasts only so long each time: so much that after
//! each reset all is looked at again and something new is made. The sweeps of `simulate` hold these sums against the
//! device code.

use sprag_manifest::{Index, MAX_ENVELOPE_LEN, Payload};
use sprag_verifier::{CodecSet, Images, PatchDecoder, Pull, checkpoint_copy_len};

use crate::codec::HostCodecs;

/// Bytes that the device writes at a time.
const CHUNK: u64 = 256;
/// Operations that make good what a cut tore, and of notes in the boot record up to the next.
const MENDING_AND_NOTES: u64 = 15 + 24;
/// Resets in which a payload is staged at least. Each may tear one block, and there is room for four.
const STAGING_RESETS: u64 = 3;
/// Work of reading and writing the boot record, all of it between two resets.
const RECORD_WORK: u64 = 16 * 1024;
/// Times that a torn block is looked at, read and hashed.
const LOOKS_AT_TORN: u64 = 16;
/// Bytes of an image's worth of work in a unit of the manifest.
const UNIT: u64 = 1024;

/// What an update is about, apart from its payload. Sizes are bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// The new image.
    pub(crate) image: u32,
    /// The largest old image that the package knows.
    pub(crate) source: u32,
    /// What the decoder reads of both images; `None` if nothing is known.
    pub(crate) decoder_reads: Option<u64>,
    /// A sector of the flash.
    pub(crate) sector: u32,
}

/// Erases and writes between two cuts of the power that are enough for a payload that is staged in `tail` bytes of the
/// slot, or in an area of its own, or not staged.
pub(crate) fn operations(payload: &Payload, scope: &Scope, tail: Option<u32>) -> u32 {
    let sector = u64::from(scope.sector.max(1));
    let chunks = |len: u64| len.div_ceil(CHUNK);
    let index = Index::new(payload);
    let parts = index.items().map(|part| u64::from(part.len));
    let head = u64::try_from(MAX_ENVELOPE_LEN)
        .unwrap_or(u64::MAX)
        .min(2048);
    let logged = parts.map(chunks).sum::<u64>() + index.stored_len().div_ceil(sector);
    let block = u64::from(index.block_buffer_len());
    let one_block = chunks(block) + block.div_ceil(sector);
    let staging = logged / STAGING_RESETS + one_block + chunks(head) + head.div_ceil(sector);
    // The sector that a cut tore and the one behind it are made again.
    let mending = 2 * (chunks(sector) + 1);
    // A tail that was in use is erased in one go.
    let cleaning = u64::from(tail.unwrap_or(0)).div_ceil(sector);
    let most = staging.max(mending).max(cleaning);
    u32::try_from(MENDING_AND_NOTES + most).unwrap_or(u32::MAX)
}

/// Work between two cuts of the power that is enough, in units of 1024 bytes hashed, decoded, read and written.
pub(crate) fn work(payload: &Payload, scope: &Scope) -> u32 {
    let Some(reads) = scope.decoder_reads else {
        return 0;
    };
    let (image, source) = (u64::from(scope.image), u64::from(scope.source));
    let index = Index::new(payload);
    let sector = u64::from(scope.sector);
    let head = u64::try_from(MAX_ENVELOPE_LEN)
        .unwrap_or(u64::MAX)
        .min(2048);
    // The old image is read and hashed, and what may be the whole new one.
    let looked_at = 3 * head + 2 * source + 2 * image;
    // What is staged is read and hashed twice: to find what is there, and to be decoded.
    let block = u64::from(index.block_buffer_len());
    let staged = 2 * (2 * index.stored_len() + LOOKS_AT_TORN * block);
    // Each byte is decoded and compared with flash. Steps end within what the decoder reads, which counts it again.
    let decoded = 2 * image + reads + reads / 8;
    // Where the cut was is looked for, and two sectors are made again.
    let mended = 6 * (sector + CHUNK) + 128 * image.div_ceil(sector.max(CHUNK));
    let checkpoints = match payload.checkpoint_interval {
        0 => 0,
        // What is made is hashed as it goes to flash, one copy is read and hashed, and another written and read back.
        // What the copy counts on costs less to hash than to decode.
        _ => image + 6 * u64::from(checkpoint_copy_len(payload, &HostCodecs)),
    };
    in_units(RECORD_WORK + looked_at + staged + decoded + mended + checkpoints)
}

/// The same for a payload of a device with a single slot, which stages it `together` with the one that leads back, if there is one.
/// Saved states of the decoder have `state_len` bytes.
pub(crate) fn work_in_place(
    payload: &Payload,
    together: &[Payload],
    scope: &Scope,
    state_len: u32,
) -> u32 {
    let Some(reads) = scope.decoder_reads else {
        return 0;
    };
    // Whichever way it leads.
    let longest = u64::from(scope.image.max(scope.source));
    let head = u64::try_from(MAX_ENVELOPE_LEN)
        .unwrap_or(u64::MAX)
        .min(2048);
    // The application looks for what it runs, or the bootloader for what it is to do; an image on trial is hashed.
    let looked_at = 6 * head + 4 * longest;
    let staged: u64 = together
        .iter()
        .map(|payload| {
            let index = Index::new(payload);
            let block = u64::from(index.block_buffer_len());
            2 * (2 * index.stored_len() + LOOKS_AT_TORN * block)
        })
        .sum();
    // A group is decoded from a saved state, so that this is more than enough; a full image as a whole.
    let decoded = 2 * longest + reads + reads / 8;
    // A piece is moved or a group copied: read twice, written and read back.
    let piece = match payload.in_place_group {
        0 => longest,
        group => u64::from(group.max(payload.in_place_shift)),
    };
    let copied = 4 * (piece + u64::from(scope.sector));
    let saved = 6 * u64::from(state_len);
    // The image that was made is read and hashed, once more if it seems wrong.
    let checked = 4 * longest;
    in_units(RECORD_WORK + looked_at + staged + decoded + copied + saved + checked)
}

fn in_units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

/// Bytes of both images that the decoder of `stream` reads; `None` for a stream that is not decoded.
pub(crate) fn decoder_reads(
    payload: &Payload,
    stream: &[u8],
    old: &[u8],
    new: &[u8],
) -> Option<u64> {
    let len = |bytes: &[u8]| u32::try_from(bytes.len()).ok();
    let workspace = HostCodecs.borrowed_workspace(payload);
    let mut workspace = vec![0; usize::try_from(workspace).ok()?];
    let mut decoder = HostCodecs
        .open(payload, len(old)?, len(new)?, &mut workspace)
        .ok()?;
    let mut images = Counted { old, new, read: 0 };
    let mut rest = stream;
    let mut out = [0; 256];
    loop {
        match decoder.pull(&mut images, &mut out).ok()? {
            Pull::Done => return Some(images.read),
            Pull::Output(_) => {}
            Pull::NeedInput if rest.is_empty() => decoder.finish(),
            Pull::NeedInput => {
                let taken = decoder.push(rest).ok().filter(|taken| *taken > 0)?;
                rest = rest.get(taken..)?;
            }
        }
    }
}

/// Images of which every byte read is counted.
struct Counted<'i> {
    old: &'i [u8],
    new: &'i [u8],
    read: u64,
}

impl Counted<'_> {
    fn read(&mut self, old: bool, offset: u32, buf: &mut [u8]) -> Result<(), Outside> {
        let image = if old { self.old } else { self.new };
        let start = usize::try_from(offset).map_err(|_| Outside)?;
        let bytes = image.get(start..).and_then(|bytes| bytes.get(..buf.len()));
        buf.copy_from_slice(bytes.ok_or(Outside)?);
        self.read += u64::try_from(buf.len()).unwrap_or(u64::MAX);
        Ok(())
    }
}

/// A read outside an image.
#[derive(Debug)]
struct Outside;

impl core::fmt::Display for Outside {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("read outside the image")
    }
}

impl Images for Counted<'_> {
    type Error = Outside;

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Outside> {
        self.read(true, offset, buf)
    }

    fn read_new(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Outside> {
        self.read(false, offset, buf)
    }
}
