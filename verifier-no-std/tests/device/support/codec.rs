//! The codecs of the tests: the device's own, and one of copies and literals under the number of bsdiff-zstd.

use core::cell::Cell;
use core::fmt;
use std::rc::Rc;

use sprag_manifest::{Codec, Payload};
use sprag_verifier::{
    CodecError, CodecSet, DeltaCodecs, Images, NativeCodecs, NativeDecoder, PatchDecoder, Pull,
    PullError,
};

use super::index;

/// What the test codec borrows: less than a block, more than an operation's head.
pub(crate) const WORKSPACE_LEN: u32 = 96;

const HEAD_LEN: usize = 9;

/// All codecs of the tests. Counts the bytes that decoders were given.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestCodecs {
    pushed: Rc<Cell<usize>>,
    /// Whether the device left the decoder of full images out.
    pub(crate) without_full: bool,
}

impl TestCodecs {
    pub(crate) fn pushed(&self) -> usize {
        self.pushed.get()
    }
}

pub(crate) struct TestDecoder<'w> {
    inner: Inner<'w>,
    pushed: Rc<Cell<usize>>,
}

#[expect(clippy::large_enum_variant, reason = "one value")]
enum Inner<'w> {
    Native(NativeDecoder<'w>),
    Copies(CopyDecoder<'w>),
}

impl CodecSet for TestCodecs {
    type Decoder<'w> = TestDecoder<'w>;

    fn supports(&self, codec: Codec) -> bool {
        match codec {
            Codec::NativeFull if self.without_full => DeltaCodecs.supports(codec),
            Codec::BsdiffZstd => true,
            _ => NativeCodecs.supports(codec),
        }
    }

    fn borrowed_workspace(&self, payload: &Payload) -> u32 {
        payload.needs.workspace
    }

    fn open<'w>(
        &self,
        payload: &Payload,
        old_size: u32,
        new_size: u32,
        workspace: &'w mut [u8],
    ) -> Result<TestDecoder<'w>, CodecError> {
        let inner = match payload.codec {
            Codec::BsdiffZstd => Inner::Copies(CopyDecoder::new(workspace, new_size)),
            _ => Inner::Native(NativeCodecs.open(payload, old_size, new_size, workspace)?),
        };
        let pushed = Rc::clone(&self.pushed);
        Ok(TestDecoder { inner, pushed })
    }
}

impl PatchDecoder for TestDecoder<'_> {
    fn push(&mut self, input: &[u8]) -> Result<usize, CodecError> {
        let count = match &mut self.inner {
            Inner::Native(decoder) => decoder.push(input)?,
            Inner::Copies(decoder) => decoder.push(input),
        };
        self.pushed.set(self.pushed.get() + count);
        Ok(count)
    }

    fn finish(&mut self) {
        match &mut self.inner {
            Inner::Native(decoder) => decoder.finish(),
            Inner::Copies(decoder) => decoder.finished = true,
        }
    }

    fn pull<I: Images>(
        &mut self,
        images: &mut I,
        out: &mut [u8],
    ) -> Result<Pull, PullError<I::Error>> {
        match &mut self.inner {
            Inner::Native(decoder) => decoder.pull(images, out),
            Inner::Copies(decoder) => decoder.pull(images, out),
        }
    }

    fn restart(&mut self) {
        match &mut self.inner {
            Inner::Native(decoder) => decoder.restart(),
            Inner::Copies(decoder) => decoder.restart(),
        }
    }
}

impl fmt::Debug for TestDecoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestDecoder").finish_non_exhaustive()
    }
}

/// Reads what `test_stream` writes; input waits in the workspace.
struct CopyDecoder<'w> {
    workspace: &'w mut [u8],
    filled: usize,
    finished: bool,
    /// Kind, offset and bytes left of the operation under way.
    operation: Option<(u8, u32, u32)>,
    made: u32,
    size: u32,
}

impl<'w> CopyDecoder<'w> {
    fn new(workspace: &'w mut [u8], size: u32) -> Self {
        assert_eq!(workspace.len(), index(WORKSPACE_LEN), "as signed");
        Self {
            workspace,
            filled: 0,
            finished: false,
            operation: None,
            made: 0,
            size,
        }
    }

    fn restart(&mut self) {
        (self.filled, self.finished) = (0, false);
        (self.operation, self.made) = (None, 0);
    }

    fn push(&mut self, input: &[u8]) -> usize {
        let room = &mut self.workspace[self.filled..];
        let count = room.len().min(input.len());
        room[..count].copy_from_slice(&input[..count]);
        self.filled += count;
        count
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let bytes = self.workspace[..count].to_vec();
        self.workspace.copy_within(count..self.filled, 0);
        self.filled -= count;
        bytes
    }

    fn pull<I: Images>(
        &mut self,
        images: &mut I,
        out: &mut [u8],
    ) -> Result<Pull, PullError<I::Error>> {
        let mut count = 0;
        while count < out.len() {
            let Some((kind, offset, left)) = self.operation.filter(|(_, _, left)| *left > 0) else {
                if self.filled < HEAD_LEN {
                    break;
                }
                let head = self.take(HEAD_LEN);
                let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
                self.operation = Some((head[0], number(1), number(5)));
                continue;
            };
            let room = &mut out[count..];
            let mut len = room.len().min(index(left));
            match kind {
                1 => images.read_old(offset, &mut room[..len]),
                // What this call has put out is not in the image yet.
                2 if count > 0 => break,
                2 => {
                    len = len.min(index(self.made - offset));
                    images.read_new(offset, &mut room[..len])
                }
                3 if self.filled == 0 => break,
                3 => {
                    len = len.min(self.filled);
                    let bytes = self.take(len);
                    out[count..count + len].copy_from_slice(&bytes);
                    Ok(())
                }
                found => return Err(CodecError::Header { found }.into()),
            }
            .map_err(PullError::Images)?;
            let step = u32::try_from(len).unwrap();
            self.operation = Some((kind, offset + step, left - step));
            count += len;
            if kind == 2 {
                break;
            }
        }
        self.made += u32::try_from(count).unwrap();
        match (count, self.finished) {
            (1.., _) => Ok(Pull::Output(count)),
            (0, false) => Ok(Pull::NeedInput),
            (0, true) if self.filled != 0 => Err(CodecError::Malformed.into()),
            (0, true) if self.made == self.size => Ok(Pull::Done),
            (0, true) => Err(CodecError::Truncated { made: self.made }.into()),
        }
    }
}
