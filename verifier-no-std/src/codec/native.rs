//! The codecs of a microcontroller: `stored`, the native delta and the native full image; or the first two.

use sprag_delta::{DecodeError, Decoder, LoadError, Profile, checkpoint_len, full, workspace_len};
use sprag_manifest::{Codec, Payload};

use super::{CodecError, CodecSet, Images, PatchDecoder, Pull, PullError, StoredDecoder};

/// `stored`, the native delta and the native full image.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeCodecs;

/// `stored` and the native delta: for devices that spare the program flash of the full image's decoder.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeltaCodecs;

/// The decoder of a payload that [`NativeCodecs`] opened.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is no heap, and one decoder at a time"
)]
pub enum NativeDecoder<'w> {
    /// The payload is stored or a native delta.
    Delta(DeltaDecoder<'w>),
    /// The payload is a native full image.
    Full(full::Decoder<'w>),
}

/// The decoder of a payload that [`DeltaCodecs`] opened.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one value, in the updater")]
pub enum DeltaDecoder<'w> {
    /// The payload is the image.
    Stored(StoredDecoder),
    /// The payload is a native delta.
    Delta(Decoder<'w>),
}

impl CodecSet for NativeCodecs {
    type Decoder<'w> = NativeDecoder<'w>;

    fn supports(&self, codec: Codec) -> bool {
        codec == Codec::NativeFull || DeltaCodecs.supports(codec)
    }

    fn borrowed_workspace(&self, payload: &Payload) -> u32 {
        payload.needs.workspace
    }

    fn most_state(&self, payload: &Payload) -> u32 {
        DeltaCodecs.most_state(payload)
    }

    fn open<'w>(
        &self,
        payload: &Payload,
        old_size: u32,
        new_size: u32,
        workspace: &'w mut [u8],
    ) -> Result<NativeDecoder<'w>, CodecError> {
        match payload.codec {
            Codec::NativeFull => {
                let decoder = full::Decoder::new(workspace, new_size);
                Ok(NativeDecoder::Full(decoder))
            }
            _ => DeltaCodecs
                .open(payload, old_size, new_size, workspace)
                .map(NativeDecoder::Delta),
        }
    }
}

impl CodecSet for DeltaCodecs {
    type Decoder<'w> = DeltaDecoder<'w>;

    fn supports(&self, codec: Codec) -> bool {
        matches!(codec, Codec::Stored | Codec::NativeDelta)
    }

    fn borrowed_workspace(&self, payload: &Payload) -> u32 {
        payload.needs.workspace
    }

    fn most_state(&self, payload: &Payload) -> u32 {
        match payload.codec {
            Codec::Stored => StoredDecoder::STATE_LEN,
            Codec::NativeDelta => {
                let room = usize::try_from(payload.needs.workspace).unwrap_or(usize::MAX);
                let fitting = Profile::ALL
                    .into_iter()
                    .filter(|profile| workspace_len(*profile) <= room);
                let most = fitting.map(checkpoint_len).max().unwrap_or(0);
                u32::try_from(most).unwrap_or(0)
            }
            _ => 0,
        }
    }

    fn open<'w>(
        &self,
        payload: &Payload,
        old_size: u32,
        new_size: u32,
        workspace: &'w mut [u8],
    ) -> Result<DeltaDecoder<'w>, CodecError> {
        match payload.codec {
            Codec::Stored => Ok(DeltaDecoder::Stored(StoredDecoder::new(new_size))),
            Codec::NativeDelta => Ok(DeltaDecoder::Delta(Decoder::new(
                workspace, old_size, new_size,
            ))),
            _ => Err(CodecError::Malformed),
        }
    }
}

impl PatchDecoder for NativeDecoder<'_> {
    fn push(&mut self, input: &[u8]) -> Result<usize, CodecError> {
        match self {
            Self::Delta(decoder) => decoder.push(input),
            Self::Full(decoder) => Ok(decoder.push(input)),
        }
    }

    fn finish(&mut self) {
        match self {
            Self::Delta(decoder) => decoder.finish(),
            Self::Full(decoder) => decoder.finish(),
        }
    }

    fn pull<I: Images>(
        &mut self,
        images: &mut I,
        out: &mut [u8],
    ) -> Result<Pull, PullError<I::Error>> {
        match self {
            Self::Delta(decoder) => decoder.pull(images, out),
            Self::Full(decoder) => decoder.pull(images, out).map_err(refusal),
        }
    }

    fn restart(&mut self) {
        match self {
            Self::Delta(decoder) => decoder.restart(),
            Self::Full(decoder) => decoder.restart(),
        }
    }

    fn state_len(&self) -> Option<u32> {
        match self {
            Self::Delta(decoder) => decoder.state_len(),
            Self::Full(_) => None,
        }
    }

    fn save_state(&self, offset: u32, buf: &mut [u8]) -> Result<(), CodecError> {
        match self {
            Self::Delta(decoder) => decoder.save_state(offset, buf),
            Self::Full(_) => Err(CodecError::SavedState),
        }
    }

    fn load_state<E>(
        &mut self,
        len: u32,
        read: impl FnMut(u32, &mut [u8]) -> Result<(), E>,
    ) -> Result<(), PullError<E>> {
        match self {
            Self::Delta(decoder) => decoder.load_state(len, read),
            Self::Full(_) => Err(CodecError::SavedState.into()),
        }
    }
}

impl PatchDecoder for DeltaDecoder<'_> {
    fn push(&mut self, input: &[u8]) -> Result<usize, CodecError> {
        match self {
            Self::Stored(decoder) => decoder.push(input),
            Self::Delta(decoder) => Ok(decoder.push(input)),
        }
    }

    fn finish(&mut self) {
        match self {
            Self::Stored(decoder) => decoder.finish(),
            Self::Delta(decoder) => decoder.finish(),
        }
    }

    fn pull<I: Images>(
        &mut self,
        images: &mut I,
        out: &mut [u8],
    ) -> Result<Pull, PullError<I::Error>> {
        match self {
            Self::Stored(decoder) => decoder.pull(images, out),
            Self::Delta(decoder) => decoder.pull(images, out).map_err(refusal),
        }
    }

    fn restart(&mut self) {
        match self {
            Self::Stored(decoder) => decoder.restart(),
            Self::Delta(decoder) => decoder.restart(),
        }
    }

    fn state_len(&self) -> Option<u32> {
        match self {
            Self::Stored(decoder) => decoder.state_len(),
            Self::Delta(decoder) => u32::try_from(decoder.saved_len().ok()?).ok(),
        }
    }

    fn save_state(&self, offset: u32, buf: &mut [u8]) -> Result<(), CodecError> {
        match self {
            Self::Stored(decoder) => decoder.save_state(offset, buf),
            Self::Delta(decoder) => {
                let offset = usize::try_from(offset).map_err(|_| CodecError::SavedState)?;
                let saved = decoder.save_piece(offset, buf);
                saved.map_err(|_| CodecError::SavedState)
            }
        }
    }

    fn load_state<E>(
        &mut self,
        len: u32,
        mut read: impl FnMut(u32, &mut [u8]) -> Result<(), E>,
    ) -> Result<(), PullError<E>> {
        match self {
            Self::Stored(decoder) => decoder.load_state(len, read),
            Self::Delta(decoder) => {
                let len = usize::try_from(len).map_err(|_| CodecError::SavedState)?;
                let loaded = decoder.load(len, |offset, piece| {
                    read(u32::try_from(offset).unwrap_or(u32::MAX), piece)
                });
                loaded.map_err(|e| match e {
                    LoadError::Read(e) => PullError::Images(e),
                    LoadError::Checkpoint(_) => CodecError::SavedState.into(),
                })
            }
        }
    }
}

/// The codec's own words, in the numbers of reports.
fn refusal<E>(error: DecodeError<E>) -> PullError<E> {
    let narrow = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    PullError::Codec(match error {
        DecodeError::Images(e) => return PullError::Images(e),
        DecodeError::WorkspaceTooSmall { need, have } => CodecError::WorkspaceTooSmall {
            need: narrow(need),
            have: narrow(have),
        },
        DecodeError::BadHeader { value, .. } => CodecError::Header { found: value },
        DecodeError::SourceOutOfRange {
            offset,
            len,
            old_len,
        } => CodecError::SourceRange {
            offset: offset.into(),
            len: len.into(),
            size: old_len,
        },
        DecodeError::OutputOverrun { new_len, .. } => CodecError::OutputOverrun { size: new_len },
        DecodeError::Truncated { produced } => CodecError::Truncated { made: produced },
        DecodeError::TrailingInput { .. } => CodecError::Trailing,
        _ => CodecError::Malformed,
    })
}
