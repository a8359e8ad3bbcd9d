//! What is measured of the decoder alone.

use sprag_delta::{Decoder, Images, Profile, Pull, workspace_len};

/// Bytes asked for at once.
const PIECE_LEN: usize = 4096;

/// Decodes a patch in pieces of 4 KiB with the largest workspace. A function of its own, never
/// inlined: a profiler counts what happens inside it.
///
/// # Errors
///
/// Why the decoder stopped.
#[inline(never)]
pub fn decode_patch(old: &[u8], new_len: usize, mut patch: &[u8]) -> Result<Vec<u8>, String> {
    let len = |len: usize| u32::try_from(len).map_err(|_| "image too long".to_owned());
    let mut workspace = vec![0; workspace_len(Profile::Kib64)];
    let mut decoder = Decoder::new(&mut workspace, len(old.len())?, len(new_len)?);
    let mut images = Slices(old);
    // One byte more than the image: without room the decoder does not look for the end.
    let mut made = vec![0; new_len + 1];
    let mut at = 0;
    loop {
        let taken = decoder.push(patch);
        patch = patch.get(taken..).unwrap_or_default();
        if patch.is_empty() {
            decoder.finish();
        }
        let end = made.len().min(at + PIECE_LEN);
        let room = made.get_mut(at..end).unwrap_or_default();
        match decoder.pull(&mut images, room) {
            Ok(Pull::Output(count)) => at += count,
            Ok(Pull::NeedInput) if !patch.is_empty() => {}
            Ok(Pull::NeedInput) => return Err("the patch ends too early".to_owned()),
            Ok(Pull::Done) => {
                made.truncate(at);
                return Ok(made);
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

struct Slices<'a>(&'a [u8]);

/// A read outside the old image.
#[derive(Debug)]
struct Outside;

impl core::fmt::Display for Outside {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("read outside the old image")
    }
}

impl Images for Slices<'_> {
    type Error = Outside;

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Outside> {
        let start = usize::try_from(offset).map_err(|_| Outside)?;
        let part = self.0.get(start..).and_then(|rest| rest.get(..buf.len()));
        buf.copy_from_slice(part.ok_or(Outside)?);
        Ok(())
    }

    fn read_new(&mut self, _: u32, _: &mut [u8]) -> Result<(), Outside> {
        Err(Outside)
    }
}
