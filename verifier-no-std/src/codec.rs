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

/// Why a pull failed: the stream, or the images behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullError<E> {
    /// Reading the old or the new image failed.
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
