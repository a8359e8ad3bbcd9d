//! What the streams of the native codecs say of the images: what the builder found out, as devices are told.

use core::convert::Infallible;

use serde::{Deserialize, Serialize};
use sprag_delta::{Class, Decoder, Images, Isa, Profile, Pull, Segments, Stated, full};
use sprag_manifest::Codec;

/// Bytes of a stream after which its layout is known, however many regions there are.
const LAYOUT_MAX: usize = 64 * 1024;

/// What a native stream says of the images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamInspection {
    /// The profile: bytes of RAM that decoding stays within.
    pub profile_bytes: u64,
    /// Instruction set that the codec works with.
    pub isa: String,
    /// Where the old image lies in memory; empty for a full image, and without an instruction set.
    pub old_segments: Vec<SegmentView>,
    /// The same of the new image.
    pub new_segments: Vec<SegmentView>,
    /// Address of the first byte of RAM.
    pub ram_address: u32,
    /// Bytes of RAM; 0 if none is known.
    pub ram_bytes: u32,
    /// Regions with a class of their own behind the first.
    pub regions: u32,
}

/// A piece of an image that lies in one piece in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentView {
    /// Offset in the image of its first byte.
    pub offset: u32,
    /// Address of that byte.
    pub address: u64,
}

/// What `stream` says; nothing if it is of another codec, or too damaged to tell.
pub(super) fn stated(
    codec: Codec,
    stream: &[u8],
    old_len: u32,
    new_len: u32,
) -> Option<StreamInspection> {
    match codec {
        Codec::NativeDelta => delta(stream, old_len, new_len),
        Codec::NativeFull => full_image(stream, new_len),
        _ => None,
    }
}

fn delta(stream: &[u8], old_len: u32, new_len: u32) -> Option<StreamInspection> {
    let profile = Profile::from_code(*stream.get(1)?)?;
    let mut workspace = vec![0; sprag_delta::workspace_len(profile)];
    let mut decoder = Decoder::new(&mut workspace, old_len, new_len);
    let len = stream.len().min(LAYOUT_MAX);
    // Byte by byte: what follows the layout needs the images, which are not here.
    for (number, byte) in stream.iter().enumerate().take(len) {
        decoder.push(&[*byte]);
        if number + 1 == stream.len() {
            decoder.finish();
        }
        let pulled = decoder.pull(&mut Nothing, &mut [0]);
        if let Some(stated) = decoder.stated() {
            return Some(view(&stated));
        }
        if !matches!(pulled, Ok(Pull::NeedInput)) {
            break;
        }
    }
    None
}

fn view(stated: &Stated) -> StreamInspection {
    let isa = match stated.class {
        Class::Code(isa) => isa,
        Class::Data(_) => Isa::None,
    };
    let at = stated.addresses;
    let segments = |segments: Segments| match isa {
        Isa::None => Vec::new(),
        _ => segments
            .iter()
            .map(|segment| SegmentView {
                offset: segment.offset,
                address: segment.address,
            })
            .collect(),
    };
    StreamInspection {
        profile_bytes: bytes(stated.profile),
        isa: name(isa),
        old_segments: segments(at.old),
        new_segments: segments(at.new),
        ram_address: at.ram_base,
        ram_bytes: at.ram_len,
        regions: stated.region_count,
    }
}

fn full_image(stream: &[u8], new_len: u32) -> Option<StreamInspection> {
    let profile = Profile::from_code(*stream.get(1)? >> 4)?;
    let mut workspace = vec![0; full::workspace_len(profile)];
    let mut decoder = full::Decoder::new(&mut workspace, new_len);
    decoder.push(stream);
    decoder.finish();
    let _ = decoder.pull(&mut Nothing, &mut []);
    let (profile, isa) = decoder.stated()?;
    Some(StreamInspection {
        profile_bytes: bytes(profile),
        isa: name(isa),
        old_segments: Vec::new(),
        new_segments: Vec::new(),
        ram_address: 0,
        ram_bytes: 0,
        regions: 0,
    })
}

fn bytes(profile: Profile) -> u64 {
    u64::try_from(profile.bytes()).unwrap_or(u64::MAX)
}

fn name(isa: Isa) -> String {
    let isa = sprag_manifest::Isa::from_number(isa.code().into());
    isa.unwrap_or(sprag_manifest::Isa::None).name().into()
}

/// Images that are not here: zeros.
struct Nothing;

impl Images for Nothing {
    type Error = Infallible;

    fn read_old(&mut self, _: u32, buf: &mut [u8]) -> Result<(), Infallible> {
        buf.fill(0);
        Ok(())
    }

    fn read_new(&mut self, _: u32, buf: &mut [u8]) -> Result<(), Infallible> {
        buf.fill(0);
        Ok(())
    }
}
