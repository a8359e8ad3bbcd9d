//! Which decoders a build links, chosen by type.
//!
//! A device uses [`NativeCodecs`], or [`DeltaCodecs`] to spare program flash; a gateway or the builder brings its own [`CodecSet`] with more. Nothing here
//! knows flash: a decoder is pushed verified bytes and pulled for output.

mod native;
mod stored;

pub use native::{DeltaCodecs, DeltaDecoder, NativeCodecs, NativeDecoder};
pub use sprag_delta::{Images, Pull};
use sprag_manifest::{Codec, Payload};
pub use stored::StoredDecoder;

/// Why a payload's stream was refused. Offsets and lengths are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecError {
    /// The stream's header is not one this decoder knows.
    Header {
        /// The byte that is unknown.
        found: u8,
    },
    /// The workspace is too small for the stream's profile.
    WorkspaceTooSmall {
        /// Bytes needed.
        need: u32,
        /// Bytes given.
        have: u32,
    },
    /// A copy reaches outside the old image.
    SourceRange {
        /// First byte of the copy.
        offset: i64,
        /// Bytes of the copy.
        len: u64,
        /// Bytes of the old image.
        size: u32,
    },
    /// The stream makes more bytes than the new image has.
    OutputOverrun {
        /// Bytes of the new image.
        size: u32,
    },
    /// The stream ends before the new image is whole.
    Truncated {
        /// Bytes made.
        made: u32,
    },
    /// Bytes follow the end of the stream.
    Trailing,
    /// The stream breaks a rule of its codec, or its own checksum.
    Malformed,
    /// Saved state does not belong to this stream, or is torn.
    SavedState,
}

impl CodecError {
    /// The stable number, 701 to 719.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Header { .. } => 701,
            Self::WorkspaceTooSmall { .. } => 702,
            Self::SourceRange { .. } => 703,
            Self::OutputOverrun { .. } => 704,
            Self::Truncated { .. } => 705,
            Self::Trailing => 706,
            Self::Malformed => 707,
            Self::SavedState => 708,
        }
    }
}

/// Why a pull or a load failed: the stream, or what was read for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullError<E> {
    /// Reading the old or the new image, or the saved state, failed.
    Images(E),
    /// The stream was refused.
    Codec(CodecError),
}

impl<E> From<CodecError> for PullError<E> {
    fn from(e: CodecError) -> Self {
        Self::Codec(e)
    }
}

/// A decoder of one payload: bytes in, in any split; the new image out, in order.
pub trait PatchDecoder {
    /// Takes bytes of the stream and returns how many; fewer than given when its buffer is full.
    ///
    /// # Errors
    /// Bytes behind the stream's end.
    fn push(&mut self, input: &[u8]) -> Result<usize, CodecError>;

    /// Says that no more input comes.
    fn finish(&mut self);

    /// Fills `out` as far as the input allows. The work of one call is bounded by `out`'s length and a constant.
    ///
    /// # Errors
    /// What is wrong with the stream, or what `images` reported.
    fn pull<I: Images>(
        &mut self,
        images: &mut I,
        out: &mut [u8],
    ) -> Result<Pull, PullError<I::Error>>;

    /// Goes back to the beginning of the stream.
    fn restart(&mut self);

    /// Bytes of the state as it is now; `None` if this decoder cannot be saved.
    fn state_len(&self) -> Option<u32> {
        None
    }

    /// Fills `buf` with the bytes of the state from `offset` on; bytes behind the end stay as they are.
    ///
    /// # Errors
    /// [`CodecError::SavedState`] if this decoder cannot be saved.
    fn save_state(&self, offset: u32, buf: &mut [u8]) -> Result<(), CodecError> {
        let _ = (offset, buf);
        Err(CodecError::SavedState)
    }

    /// Goes on from a state of `len` bytes, which `read` gives from front to back, each byte once. The state is not
    /// trusted: whatever it holds, the decoder keeps its promises for hostile input.
    ///
    /// # Errors
    /// [`CodecError::SavedState`] for what is no state of this decoder, and what `read` reports; the decoder is of no
    /// use then before a restart.
    fn load_state<E>(
        &mut self,
        len: u32,
        read: impl FnMut(u32, &mut [u8]) -> Result<(), E>,
    ) -> Result<(), PullError<E>> {
        let _ = (len, read);
        Err(CodecError::SavedState.into())
    }
}

/// The codecs of a build.
pub trait CodecSet {
    /// The decoder of a payload.
    type Decoder<'w>: PatchDecoder;

    /// Whether payloads of this codec can be opened.
    fn supports(&self, codec: Codec) -> bool;

    /// How many of the payload's stated workspace bytes the decoder borrows from the arena; fewer than stated
    /// where it brings its own memory.
    fn borrowed_workspace(&self, payload: &Payload) -> u32;

    /// Most bytes of [`PatchDecoder::state_len`] for this payload; 0 if its decoder cannot be saved.
    fn most_state(&self, payload: &Payload) -> u32 {
        let _ = payload;
        0
    }

    /// A decoder at the beginning of `payload`, for images of these sizes.
    ///
    /// # Errors
    /// A codec that is not supported, or a workspace that is too small.
    fn open<'w>(
        &self,
        payload: &Payload,
        old_size: u32,
        new_size: u32,
        workspace: &'w mut [u8],
    ) -> Result<Self::Decoder<'w>, CodecError>;
}
