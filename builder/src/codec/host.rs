//! The codecs that run on the host, and on gateways: those of a microcontroller, and bsdiff-zstd.

use sprag_manifest::{Codec, Payload};
use sprag_verifier::{
    CodecError, CodecSet, Images, NativeCodecs, NativeDecoder, PatchDecoder, Pull, PullError,
};

use super::BsdiffZstdDecoder;

/// Every codec of the format.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostCodecs;

/// The decoder of a payload that [`HostCodecs`] opened.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one value, in the updater")]
pub enum HostDecoder<'w> {
    /// A codec that microcontrollers link as well.
    Native(NativeDecoder<'w>),
    /// bsdiff-zstd; boxed, since it brings its own memory anyway.
    BsdiffZstd(Box<BsdiffZstdDecoder>),
}

impl CodecSet for HostCodecs {
    type Decoder<'w> = HostDecoder<'w>;

    fn supports(&self, codec: Codec) -> bool {
        codec == Codec::BsdiffZstd || NativeCodecs.supports(codec)
    }

    fn borrowed_workspace(&self, payload: &Payload) -> u32 {
        match payload.codec {
            Codec::BsdiffZstd => 0,
            _ => NativeCodecs.borrowed_workspace(payload),
        }
    }

    fn most_state(&self, payload: &Payload) -> u32 {
        match payload.codec {
            Codec::BsdiffZstd => 0,
            _ => NativeCodecs.most_state(payload),
        }
    }

    fn open<'w>(
        &self,
        payload: &Payload,
        old_size: u32,
        new_size: u32,
        workspace: &'w mut [u8],
    ) -> Result<HostDecoder<'w>, CodecError> {
        match payload.codec {
            Codec::BsdiffZstd => {
                let decoder = BsdiffZstdDecoder::new(payload.needs.workspace, old_size, new_size);
                Ok(HostDecoder::BsdiffZstd(Box::new(decoder)))
            }
            _ => NativeCodecs
                .open(payload, old_size, new_size, workspace)
                .map(HostDecoder::Native),
        }
    }
}

impl PatchDecoder for HostDecoder<'_> {
    fn push(&mut self, input: &[u8]) -> Result<usize, CodecError> {
        match self {
            Self::Native(decoder) => decoder.push(input),
            Self::BsdiffZstd(decoder) => decoder.push(input),
        }
    }

    fn finish(&mut self) {
        match self {
            Self::Native(decoder) => decoder.finish(),
            Self::BsdiffZstd(decoder) => decoder.finish(),
        }
    }

    fn pull<I: Images>(
        &mut self,
        images: &mut I,
        out: &mut [u8],
    ) -> Result<Pull, PullError<I::Error>> {
        match self {
            Self::Native(decoder) => decoder.pull(images, out),
            Self::BsdiffZstd(decoder) => decoder.pull(images, out),
        }
    }

    fn restart(&mut self) {
        match self {
            Self::Native(decoder) => decoder.restart(),
            Self::BsdiffZstd(decoder) => decoder.restart(),
        }
    }

    fn state_len(&self) -> Option<u32> {
        match self {
            Self::Native(decoder) => decoder.state_len(),
            Self::BsdiffZstd(decoder) => decoder.state_len(),
        }
    }

    fn save_state(&self, offset: u32, buf: &mut [u8]) -> Result<(), CodecError> {
        match self {
            Self::Native(decoder) => decoder.save_state(offset, buf),
            Self::BsdiffZstd(decoder) => decoder.save_state(offset, buf),
        }
    }

    fn load_state<E>(
        &mut self,
        len: u32,
        read: impl FnMut(u32, &mut [u8]) -> Result<(), E>,
    ) -> Result<(), PullError<E>> {
        match self {
            Self::Native(decoder) => decoder.load_state(len, read),
            Self::BsdiffZstd(decoder) => decoder.load_state(len, read),
        }
    }
}
