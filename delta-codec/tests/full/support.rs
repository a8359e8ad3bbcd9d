//! Images, streams and a decoder that is watched.

use core::convert::Infallible;

use sprag_delta::full::{Decoder, Encoder, Source, WORK_PER_BYTE, filter_image, workspace_len};
use sprag_delta::{ByteSink, DecodeError, Images, Isa, Profile, Pull};

pub(crate) const ISAS: [Isa; 7] = [
    Isa::None,
    Isa::Thumb,
    Isa::A32,
    Isa::A64,
    Isa::Rv32,
    Isa::Rv64,
    Isa::Xtensa,
];

struct Sink(Vec<u8>);

impl ByteSink for Sink {
    fn put(&mut self, byte: u8) {
        self.0.push(byte);
    }
}

/// A small generator; the same seed gives the same numbers everywhere.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

/// Random bytes, repetitions near and far, and the first bytes of every kind of field.
pub(crate) fn image(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed);
    let mut image = Vec::new();
    while image.len() < len {
        match rng.below(4) {
            0 => image.extend((0..rng.below(9)).map(|_| 0xd0_u8)),
            1 => image.extend(rng.next().to_le_bytes()),
            2 => {
                let starts = [
                    [0x12, 0xf0, 0x34, 0xf8],
                    [0x01, 0xf4, 0x34, 0xb9],
                    [0x10, 0x20, 0x00, 0xeb],
                    [0x10, 0x20, 0x00, 0x94],
                    [0x10, 0x20, 0x00, 0x90],
                    [0xef, 0x00, 0x20, 0x01],
                    [0x97, 0x00, 0x20, 0x01],
                    [0xe7, 0x80, 0x20, 0x01],
                    [0x05, 0x12, 0x25, 0x34],
                ];
                image.extend(starts[rng.below(starts.len())]);
            }
            _ if image.is_empty() => {}
            _ => {
                let start = rng.below(image.len());
                for at in start..start + rng.below(80) {
                    image.push(image[at]);
                }
            }
        }
    }
    image.truncate(len);
    image
}

/// A stream of copies, some cut short, and literals.
pub(crate) fn stream(image: &[u8], profile: Profile, isa: Isa, seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed);
    let mut filtered = image.to_vec();
    filter_image(isa, &mut filtered);
    let mut sink = Sink(Vec::new());
    let mut workspace = vec![0; workspace_len(profile)];
    let mut encoder = Encoder::new(&mut workspace, profile, isa, &filtered, &mut sink).unwrap();
    let mut at = 0;
    while at < filtered.len() {
        let mut sources = Vec::new();
        for number in 0..4_u8 {
            let distance = encoder.memory().repeats()[usize::from(number)];
            sources.push((Source::Repeat(number), distance));
        }
        for _ in 0..20 {
            let distance = u32::try_from(1 + rng.below(at)).unwrap();
            sources.push((Source::Distance(distance), distance));
        }
        let long = |&(source, distance): &(Source, u32)| {
            let start = at.checked_sub(usize::try_from(distance).unwrap())?;
            let pairs = filtered[start..].iter().zip(&filtered[at..]);
            let len = pairs.take_while(|(there, here)| there == here).count();
            let len = u32::try_from(len).unwrap();
            (len >= source.shortest()).then_some((len, source))
        };
        match sources.iter().filter_map(long).max_by_key(|(len, _)| *len) {
            Some((len, source)) => {
                let cut = u32::try_from(rng.below(8)).unwrap();
                let len = if cut == 0 { source.shortest() } else { len };
                encoder.copy(source, len);
                at += usize::try_from(len).unwrap();
            }
            None => {
                encoder.literal();
                at += 1;
            }
        }
    }
    encoder.finish();
    sink.0
}

/// The new image as far as it was given out: reads beyond it fail the test.
pub(crate) struct Given<'m>(pub(crate) &'m [u8]);

impl Images for Given<'_> {
    type Error = Infallible;

    fn read_old(&mut self, _: u32, _: &mut [u8]) -> Result<(), Infallible> {
        panic!("there is no old image");
    }

    fn read_new(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Infallible> {
        let start = usize::try_from(offset).unwrap();
        buf.copy_from_slice(&self.0[start..start + buf.len()]);
        Ok(())
    }
}

/// Decodes, in pieces as `rng` says, and watches what the decoder promises.
pub(crate) fn decode(
    workspace: &mut [u8],
    stream: &[u8],
    len: usize,
    rng: &mut Rng,
) -> Result<Vec<u8>, DecodeError<Infallible>> {
    let mut decoder = Decoder::new(workspace, u32::try_from(len).unwrap());
    let mut made = Vec::new();
    let mut rest = stream;
    loop {
        let piece = rest.len().min(1 + rng.below(200));
        let taken = decoder.push(&rest[..piece]);
        rest = &rest[taken..];
        if rest.is_empty() {
            decoder.finish();
        }
        let mut out = vec![0x5a; 1 + rng.below(300)];
        let before = decoder.work();
        let pulled = decoder.pull(&mut Given(&made), &mut out);
        let bound = WORK_PER_BYTE * (u32::try_from(out.len()).unwrap() + 8);
        assert!(decoder.work() - before <= bound);
        match pulled? {
            Pull::Output(count) => {
                assert!(count > 0);
                made.extend_from_slice(&out[..count]);
                assert!(made.len() <= len);
                assert_eq!(decoder.produced(), u32::try_from(made.len()).unwrap());
            }
            Pull::NeedInput => assert!(!rest.is_empty()),
            Pull::Done => return Ok(made),
        }
    }
}
