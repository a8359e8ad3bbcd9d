//! Deltas between structured images must give the new one, in pieces of any size and from checkpoints at any call,
//! whatever is claimed of the images: wrong claims cost bytes, never correctness.
//!
//! An input is a pace (3 B), flags (1 B), what is claimed of the images, the old image with its length in front (2 B), and the
//! edit that makes the new one of it.

use sprag::delta::{Effort, EncodeOptions, encode};
use sprag::{CodecLimits, encode_native};
use sprag_delta::{Addresses, Class, Isa, Profile, REGION_UNIT, Region, Segment, Segments};

use crate::choices::Choices;
use crate::decoding::{self, End, Pace, len_u32};
use crate::images;

pub(crate) const ISAS: [Isa; 8] = [
    Isa::None,
    Isa::Thumb,
    Isa::A32,
    Isa::A64,
    Isa::Rv32,
    Isa::Rv64,
    Isa::Xtensa,
    Isa::X86_64,
];

/// The local search of the best effort takes too long here, and that of the default is not for each time.
pub(crate) const EFFORTS: [Effort; 4] = [Effort::Fast, Effort::Default, Effort::Fast, Effort::Fast];

/// Flags, all of them: the builder finds out about the images by itself, which takes its time.
const FIND: u8 = 0b1110;

/// Runs one input.
///
/// # Panics
/// If another image comes back.
pub fn run(input: &[u8]) {
    let mut choices = Choices::new(input);
    let pace = Pace::take(&mut choices);
    let flags = choices.u8();
    let profile = profile(&mut choices);
    let effort = choices.pick(&EFFORTS);
    let isa = choices.pick(&ISAS);
    let ram = (choices.u32(), choices.u32());
    let addresses = Addresses {
        old: segments(&mut choices),
        new: segments(&mut choices),
        ram_base: ram.0,
        ram_len: ram.1,
    };
    let old_regions = regions(&mut choices);
    let new_regions = regions(&mut choices);
    let old = images::old(&mut choices);
    let new = images::new(&mut choices, old);
    let stream = if flags & FIND == FIND {
        let limits = CodecLimits {
            ram: u32::try_from(profile.bytes()).unwrap_or(u32::MAX),
            effort,
            isa: None,
            load_address: None,
            in_place: None,
        };
        let encoded = encode_native(old, &new, &limits, &mut |_, _, _| ());
        encoded.expect("images that are short enough").bytes
    } else {
        let within = |regions: &[Region], image: &[u8]| -> Vec<Region> {
            let inside = regions
                .iter()
                .filter(|region| region.start < len_u32(image));
            inside.copied().collect()
        };
        let options = EncodeOptions {
            profile,
            effort,
            isa,
            addresses,
            old_regions: &within(&old_regions, old),
            new_regions: &within(&new_regions, &new),
            in_place: None,
        };
        encode(old, &new, &options).expect("options that fit each other")
    };
    let made = decoding::delta(&stream, old, len_u32(&new), pace);
    match made.end {
        End::Done => assert!(made.bytes == new, "another image came back"),
        End::Stopped => assert!(new.starts_with(&made.bytes), "another image came back"),
        End::Refused(error) => panic!("refused: {error:?}"),
    }
}

/// Now and then a gateway's, whose tables take time to clear.
fn profile(choices: &mut Choices<'_>) -> Profile {
    use Profile::{Gateway, Kib8, Kib16, Kib64};
    choices.pick(&[
        Kib8, Kib16, Kib64, Kib8, Kib16, Kib8, Kib16, Kib64, Kib8, Kib16, Kib8, Kib16, Kib8, Kib16,
        Kib16, Gateway,
    ])
}

/// Up to six segments, a tail and an origin.
fn segments(choices: &mut Choices<'_>) -> Segments {
    let count = choices.u8() % 7;
    let base = choices.u64();
    let mut offset = 0_u32;
    let segments: Vec<Segment> = (0..count)
        .map(|number| {
            if number > 0 {
                offset += 1 + u32::from(choices.u16());
            }
            let distance = u64::from(choices.u32() & 0x3fff_ffff);
            let address = base.wrapping_add(distance);
            Segment { offset, address }
        })
        .collect();
    let segments = Segments::of(&segments).unwrap_or(Segments::at(base));
    segments.with_tail(u32::from(choices.u16()))
}

/// Up to seven regions.
fn regions(choices: &mut Choices<'_>) -> Vec<Region> {
    let mut start = 0;
    let count = choices.u8() % 8;
    let mut regions = Vec::new();
    for _ in 0..count {
        start += REGION_UNIT * (1 + u32::from(choices.u8() % 4));
        let class = Class::from_code(choices.u8() % 24).unwrap_or(Class::NONE);
        regions.push(Region { start, class });
    }
    regions
}
