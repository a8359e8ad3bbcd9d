//! Images, and the operations that make a new one from an old one.

use sprag_delta::{Addresses, ByteSink, Encoding, Isa, Profile, Unit, encode, full, workspace_len};

use super::{index, len_u32};

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

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).unwrap()
    }

    pub(crate) fn bytes(&mut self, len: u32) -> Vec<u8> {
        (0..len)
            .map(|_| u8::try_from(self.next() & 0xff).unwrap())
            .collect()
    }
}

/// Random bytes with runs of both erased values, so that chunks begin, end or consist of what looks blank.
pub(crate) fn random_image(len: u32, seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed);
    let mut image = Vec::new();
    while len_u32(&image) < len {
        let run = 1 + rng.below(300);
        match rng.below(5) {
            0 => image.resize(image.len() + index(run), 0xff),
            1 => image.resize(image.len() + index(run), 0x00),
            _ => image.extend(rng.bytes(run)),
        }
    }
    image.truncate(index(len));
    image
}

/// A part of the new image.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Bytes of the old image.
    Old { offset: u32, len: u32 },
    /// Bytes of the new image that are made already.
    New { offset: u32, len: u32 },
    /// Bytes from nowhere.
    Literal(Vec<u8>),
}

/// Operations that make an image of `new_len` bytes out of one of `old_len`, or of nothing.
pub(crate) fn random_operations(old_len: u32, new_len: u32, seed: u64) -> Vec<Operation> {
    let mut rng = Rng(seed);
    let mut operations = Vec::new();
    let mut made = 0;
    while made < new_len {
        let len = (1 + rng.below(400)).min(new_len - made);
        let operation = match rng.below(6) {
            0..3 => Operation::Literal(random_image(len.min(300), rng.next())),
            3 if made > 0 => {
                let offset = rng.below(made);
                let len = len.min(made - offset);
                Operation::New { offset, len }
            }
            _ if old_len > 0 => {
                let offset = rng.below(old_len);
                let len = len.min(old_len - offset);
                Operation::Old { offset, len }
            }
            _ => Operation::Literal(random_image(len, rng.next())),
        };
        made += operation.len();
        operations.push(operation);
    }
    operations
}

/// What the operations make of `old`.
pub(crate) fn apply(old: &[u8], operations: &[Operation]) -> Vec<u8> {
    let mut new = Vec::new();
    for operation in operations {
        match operation {
            Operation::Old { offset, len } => {
                new.extend_from_slice(&old[index(*offset)..index(offset + len)]);
            }
            Operation::New { offset, len } => {
                new.extend_from_within(index(*offset)..index(offset + len));
            }
            Operation::Literal(bytes) => new.extend_from_slice(bytes),
        }
    }
    new
}

/// The operations as the test codec reads them: kind, then offset and length, or length and bytes.
pub(crate) fn test_stream(operations: &[Operation]) -> Vec<u8> {
    let mut stream = Vec::new();
    for operation in operations {
        let (kind, offset) = match operation {
            Operation::Old { offset, .. } => (1, *offset),
            Operation::New { offset, .. } => (2, *offset),
            Operation::Literal(_) => (3, 0),
        };
        stream.push(kind);
        stream.extend(offset.to_le_bytes());
        stream.extend(operation.len().to_le_bytes());
        if let Operation::Literal(bytes) = operation {
            stream.extend_from_slice(bytes);
        }
    }
    stream
}

struct Sink(Vec<u8>);

impl ByteSink for Sink {
    fn put(&mut self, byte: u8) {
        self.0.push(byte);
    }
}

/// The image as a native full stream of the smallest profile: the longest copy wherever there is one.
pub(crate) fn native_full_stream(new: &[u8]) -> Vec<u8> {
    let isa = Isa::Thumb;
    let mut filtered = new.to_vec();
    full::filter_image(isa, &mut filtered);
    let mut sink = Sink(Vec::new());
    let profile = Profile::Kib8;
    let mut workspace = vec![0; full::workspace_len(profile)];
    let mut encoder =
        full::Encoder::new(&mut workspace, profile, isa, &filtered, &mut sink).unwrap();
    let mut at = 0;
    while at < filtered.len() {
        let same = |start: usize| {
            let pairs = filtered[start..].iter().zip(&filtered[at..]);
            pairs.take_while(|(there, here)| there == here).count()
        };
        let longest = (0..at).map(|start| (same(start), start)).max();
        match longest {
            Some((len, start)) if len > 2 => {
                let distance = u32::try_from(at - start).unwrap();
                encoder.copy(
                    full::Source::Distance(distance),
                    u32::try_from(len).unwrap(),
                );
                at += len;
            }
            _ => {
                encoder.literal();
                at += 1;
            }
        }
    }
    encoder.finish();
    sink.0
}

/// The operations as a native delta of the smallest profile.
pub(crate) fn native_stream(old: &[u8], new: &[u8], operations: &[Operation]) -> Vec<u8> {
    let mut native = Vec::new();
    let mut literal_len = 0;
    for operation in operations {
        match operation {
            Operation::Old { offset, len } => {
                native.push(sprag_delta::Operation {
                    literal_len,
                    copy_len: *len,
                    source: *offset,
                    major: false,
                });
                literal_len = 0;
            }
            other => literal_len += other.len(),
        }
    }
    if literal_len > 0 {
        native.push(sprag_delta::Operation {
            literal_len,
            copy_len: 0,
            source: 0,
            major: false,
        });
    }
    let encoding = Encoding {
        profile: Profile::Kib8,
        unit: Unit::Halfword,
        isa: Isa::Thumb,
        addresses: Addresses::default(),
        regions: &[],
    };
    let mut sink = Sink(Vec::new());
    let mut workspace = vec![0; workspace_len(encoding.profile)];
    encode(
        &mut workspace,
        encoding,
        (old, new),
        &native,
        &mut sink,
        |_| (),
    )
    .unwrap();
    sink.0
}

impl Operation {
    pub(crate) fn len(&self) -> u32 {
        match self {
            Self::Old { len, .. } | Self::New { len, .. } => *len,
            Self::Literal(bytes) => len_u32(bytes),
        }
    }
}
