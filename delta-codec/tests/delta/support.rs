use proptest::prelude::*;
use sprag_delta::{
    Addresses, ByteSink, DecodeError, Decoder, Encoding, Images, Isa, Operation, Profile, Pull,
    Segments, Unit, WORK_PER_BYTE, encode, workspace_len,
};

/// The old image in memory; it counts reads and refuses those outside.
pub(crate) struct Memory<'a> {
    pub(crate) old: &'a [u8],
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) struct Outside;

impl Images for Memory<'_> {
    type Error = Outside;

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Outside> {
        let start = usize::try_from(offset).unwrap();
        buf.copy_from_slice(self.old.get(start..start + buf.len()).ok_or(Outside)?);
        Ok(())
    }

    fn read_new(&mut self, _: u32, _: &mut [u8]) -> Result<(), Outside> {
        Err(Outside)
    }
}

pub(crate) struct Stream(pub(crate) Vec<u8>);

impl ByteSink for Stream {
    fn put(&mut self, byte: u8) {
        self.0.push(byte);
    }
}

/// Images and operations that fit each other.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) encoding: Encoding<'static>,
    pub(crate) old: Vec<u8>,
    pub(crate) new: Vec<u8>,
    pub(crate) operations: Vec<Operation>,
}

pub(crate) fn len_u32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

impl Case {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut stream = Stream(Vec::new());
        let mut workspace = vec![0xa5; workspace_len(self.encoding.profile)];
        let images = (self.old.as_slice(), self.new.as_slice());
        encode(
            &mut workspace,
            self.encoding,
            images,
            &self.operations,
            &mut stream,
            |_| (),
        )
        .unwrap();
        stream.0
    }

    pub(crate) fn decode(&self, patch: &[u8]) -> Result<Vec<u8>, DecodeError<Outside>> {
        self.decode_in_pieces(patch, usize::MAX, 256)
    }

    /// Decodes with input pieces and output buffers of the given sizes, and checks the promises
    /// that hold for any input.
    pub(crate) fn decode_in_pieces(
        &self,
        patch: &[u8],
        piece_len: usize,
        out_len: usize,
    ) -> Result<Vec<u8>, DecodeError<Outside>> {
        let mut workspace = vec![0x5a; workspace_len(self.encoding.profile)];
        let mut decoder = Decoder::new(&mut workspace, len_u32(&self.old), len_u32(&self.new));
        let mut images = Memory { old: &self.old };
        let mut out = vec![0; out_len];
        let mut new = Vec::new();
        let mut rest = patch;
        loop {
            let piece = &rest[..rest.len().min(piece_len)];
            rest = &rest[decoder.push(piece)..];
            if rest.is_empty() {
                decoder.finish();
            }
            let work = decoder.work();
            let pulled = decoder.pull(&mut images, &mut out);
            let before = if new.is_empty() {
                self.encoding.profile.work_before_output()
            } else {
                0
            };
            let limit = WORK_PER_BYTE * (u32::try_from(out_len).unwrap() + 1) + before;
            assert!(
                decoder.work().wrapping_sub(work) <= limit,
                "a pull worked too much"
            );
            match pulled {
                Ok(Pull::Output(len)) => {
                    assert!(len > 0, "an output of nothing");
                    new.extend_from_slice(&out[..len]);
                    assert!(
                        new.len() <= self.new.len(),
                        "more output than the new image holds"
                    );
                    assert_eq!(decoder.produced(), len_u32(&new));
                }
                Ok(Pull::NeedInput) => assert!(!rest.is_empty(), "asks for input after its end"),
                Ok(Pull::Done) => {
                    assert_eq!(new.len(), self.new.len(), "done too early");
                    return Ok(new);
                }
                Err(error) => {
                    assert_eq!(
                        decoder.pull(&mut images, &mut out),
                        Err(DecodeError::Failed)
                    );
                    return Err(error);
                }
            }
        }
    }
}

/// One operation of a made-up patch: literals, then where the copy begins and how long it is as
/// fractions of what is possible, then which of its bytes differ, then whether it is announced.
type Piece = (Vec<u8>, u16, u16, Vec<(u16, u8)>, bool);

/// What is not under test: 16 KiB, halfwords, no fields.
pub(crate) const PLAIN: Encoding<'static> = Encoding {
    profile: Profile::Kib16,
    unit: Unit::Halfword,
    isa: Isa::None,
    addresses: Addresses {
        old: Segments::at(0),
        new: Segments::at(0),
        ram_base: 0,
        ram_len: 0,
    },
    regions: &[],
};

/// Firmware as it comes: Thumb in flash, with RAM.
pub(crate) const THUMB: Encoding<'static> = Encoding {
    isa: Isa::Thumb,
    addresses: Addresses {
        old: Segments::at(0x0800_0000),
        new: Segments::at(0x0801_0000),
        ram_base: 0x2000_0000,
        ram_len: 0x1_0000,
    },
    ..PLAIN
};

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

pub(crate) fn build(
    encoding: Encoding<'static>,
    old: Vec<u8>,
    pieces: &[Piece],
    tail: &[u8],
) -> Case {
    let mut new = Vec::new();
    let mut operations = Vec::new();
    let scale = |whole: usize, fraction: u16| whole * usize::from(fraction) / 65536;
    for (literals, source, len, changes, major) in pieces {
        if old.is_empty() {
            continue;
        }
        let source = scale(old.len(), *source);
        let len = 1 + scale(old.len() - source, *len);
        new.extend_from_slice(literals);
        let start = new.len();
        new.extend_from_slice(&old[source..source + len]);
        for (place, byte) in changes {
            new[start + scale(len, *place)] = *byte;
        }
        operations.push(Operation {
            literal_len: len_u32(literals),
            copy_len: u32::try_from(len).unwrap(),
            source: u32::try_from(source).unwrap(),
            major: *major,
        });
    }
    new.extend_from_slice(tail);
    if !tail.is_empty() {
        let literal_len = len_u32(tail);
        operations.push(Operation {
            literal_len,
            ..Operation::default()
        });
    }
    Case {
        encoding,
        old,
        new,
        operations,
    }
}

pub(crate) fn encodings() -> impl Strategy<Value = Encoding<'static>> {
    let addresses = prop_oneof![
        Just(THUMB.addresses),
        Just(PLAIN.addresses),
        (any::<u64>(), any::<u64>(), any::<u32>(), any::<u32>()).prop_map(
            |(old_base, new_base, ram_base, ram_len)| Addresses {
                old: Segments::at(old_base),
                new: Segments::at(new_base),
                ram_base,
                ram_len
            }
        ),
    ];
    let profile = prop::sample::select(&Profile::ALL[..3]);
    let unit = prop::sample::select(&Unit::ALL[..]);
    (profile, unit, prop::sample::select(&ISAS[..]), addresses).prop_map(
        |(profile, unit, isa, addresses)| {
            let addresses = if isa == Isa::None {
                PLAIN.addresses
            } else {
                addresses
            };
            Encoding {
                profile,
                unit,
                isa,
                addresses,
                regions: &[],
            }
        },
    )
}

/// Bytes with many branches, calls and pointers.
fn code(len: usize) -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        (0_u32..0x800, 0_u32..0x800).prop_map(|(a, b)| 0xf800_f000 | a & 3 | (b & 0x7ff) << 16),
        (0_u32..0x1000).prop_map(|offset| 0x0800_0000 | offset),
        (0_u32..0x100).prop_map(|offset| 0x2000_0000 | offset << 2),
        (0_u32..0x400).prop_map(|distance| 0x9400_0000 | distance),
        (0_u32..0x400).prop_map(|distance| 0xeb00_0000 | distance),
        (0_u32..0x100).prop_map(|distance| 0x0000_00ef | distance << 21),
        (0_u32..0x100).prop_map(|distance| 0x4800_d100 | distance | distance << 16),
        any::<u32>(),
    ];
    prop::collection::vec(word, 0..len / 4)
        .prop_map(|words| words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

fn bytes(len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..len),
        prop::collection::vec(0_u8..4, 0..len),
        (any::<u8>(), 0..len).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let piece = (
        bytes(20),
        any::<u16>(),
        any::<u16>(),
        prop::collection::vec((any::<u16>(), any::<u8>()), 0..6),
        any::<bool>(),
    );
    (
        encodings(),
        prop_oneof![bytes(3000), code(3000), code(3000)],
        prop::collection::vec(piece, 0..12),
        bytes(40),
    )
        .prop_map(|(encoding, old, pieces, tail)| build(encoding, old, &pieces, &tail))
}

/// Reproducible noise.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.byte()).collect()
    }
}

/// A case in which everything occurs: long and short copies, scattered and dense changes, jumps
/// both ways, literals in the middle and at the end, calls and pointers that move.
pub(crate) fn rich_case(encoding: Encoding<'static>) -> Case {
    let mut noise = Noise(0x1234_5678_9abc_def1);
    let mut old = noise.bytes(6000);
    for place in (400..3000).step_by(8) {
        let target = noise.next().to_le_bytes();
        old[place..place + 2].copy_from_slice(&[target[0] & 1, 0xf0]);
        old[place + 2..place + 4].copy_from_slice(&[target[1], 0xf8]);
        if place % 3 == 0 {
            old[place + 4..place + 8].copy_from_slice(&[target[2], target[3] & 15, 0, 8]);
        } else if place % 7 == 0 {
            old[place + 4..place + 8].copy_from_slice(&[target[2], 0, 0, 0x20]);
        }
    }
    let mut pieces: Vec<Piece> = vec![
        (vec![], 0, 16000, vec![], true),
        (
            noise.bytes(3),
            30000,
            9000,
            vec![(100, 7), (9000, 8), (9100, 9), (40000, 1)],
            true,
        ),
        (
            vec![],
            1000,
            300,
            vec![(5, 1), (20000, 2), (40000, 3)],
            false,
        ),
        (
            noise.bytes(40),
            20000,
            65535,
            vec![(30000, 0), (65000, 0)],
            true,
        ),
        (vec![], 64000, 1, vec![], false),
        (
            noise.bytes(1),
            1,
            50000,
            (0..40).map(|i| (i * 1500, 0x41)).collect(),
            true,
        ),
    ];
    if encoding.isa != Isa::None {
        // Pointers that went elsewhere than the map says.
        for place in 0..60 {
            pieces[5].3.push((place * 700 + 11, 0x20));
        }
    }
    build(encoding, old, &pieces, &noise.bytes(9))
}
