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

    fn most_state(&self, payload: &Payload) -> u32 {
        match payload.codec {
            Codec::BsdiffZstd => CopyDecoder::STATE_LEN,
            _ => NativeCodecs.most_state(payload),
        }
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

    fn state_len(&self) -> Option<u32> {
        match &self.inner {
            Inner::Native(decoder) => decoder.state_len(),
            Inner::Copies(_) => Some(CopyDecoder::STATE_LEN),
        }
    }

    fn save_state(&self, offset: u32, buf: &mut [u8]) -> Result<(), CodecError> {
        match &self.inner {
            Inner::Native(decoder) => decoder.save_state(offset, buf),
            Inner::Copies(decoder) => {
                let state = decoder.state();
                let rest = &state[index(offset).min(state.len())..];
                let count = rest.len().min(buf.len());
                buf[..count].copy_from_slice(&rest[..count]);
                Ok(())
            }
        }
    }

    fn load_state<E>(
        &mut self,
        len: u32,
        mut read: impl FnMut(u32, &mut [u8]) -> Result<(), E>,
    ) -> Result<(), PullError<E>> {
        match &mut self.inner {
            Inner::Native(decoder) => decoder.load_state(len, read),
            Inner::Copies(decoder) => {
                if len != CopyDecoder::STATE_LEN {
                    return Err(CodecError::SavedState.into());
                }
                let mut state = vec![0; index(len)];
                read(0, &mut state).map_err(PullError::Images)?;
                decoder.set_state(&state)?;
                Ok(())
            }
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

    /// Operation, bytes made and bytes held, and these.
    const STATE_LEN: u32 = 1 + 4 + 4 + 4 + 4 + WORKSPACE_LEN;

    fn state(&self) -> Vec<u8> {
        let (kind, offset, left) = self.operation.unwrap_or_default();
        let mut state = vec![kind];
        let filled = u32::try_from(self.filled).unwrap();
        for number in [offset, left, self.made, filled] {
            state.extend(number.to_le_bytes());
        }
        state.extend(&*self.workspace);
        state
    }

    fn set_state(&mut self, state: &[u8]) -> Result<(), CodecError> {
        let number = |at: usize| u32::from_le_bytes(state[at..at + 4].try_into().unwrap());
        let [offset, left, made, filled] = [1, 5, 9, 13].map(number);
        if filled > WORKSPACE_LEN || made > self.size || state[0] > 3 {
            return Err(CodecError::SavedState);
        }
        self.restart();
        self.operation = (left > 0).then_some((state[0], offset, left));
        (self.made, self.filled) = (made, index(filled));
        self.workspace.copy_from_slice(&state[17..]);
        Ok(())
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
                    let back = self.made.checked_sub(offset).filter(|back| *back > 0);
                    len = len.min(index(back.ok_or(CodecError::Malformed)?));
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
            self.operation = Some((kind, offset.wrapping_add(step), left - step));
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
