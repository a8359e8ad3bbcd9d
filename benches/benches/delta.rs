//! Decode and encode throughput of the native delta codec, in bytes of the new image.
//!
//! The images are made here, with operations that are known, so that nothing but the codec is
//! timed: `unchanged` is one copy, `edited` has a small insertion and some changed bytes every
//! 4 KiB, `unrelated` is literals only.

use core::convert::Infallible;

use divan::{Bencher, black_box, counter::BytesCount};
use sprag_delta::{
    Addresses, ByteSink, Decoder, Encoding, Images, Isa, Operation, Profile, Pull, Unit, encode,
    workspace_len,
};

const OLD_SIZE: u32 = 512 * 1024;
const STRIDE: u32 = 4096;

fn main() {
    divan::main();
}

#[divan::bench(args = [Case::Unchanged, Case::Edited, Case::Unrelated])]
fn decode(bencher: Bencher<'_, '_>, case: Case) {
    let pair = Pair::new(case);
    let patch = pair.patch();
    let mut workspace = vec![0; workspace_len(Profile::Kib16)];
    assert_eq!(pair.decode(&patch, &mut workspace), pair.new.len());
    bencher
        .counter(BytesCount::new(pair.new.len()))
        .bench_local(|| pair.decode(black_box(&patch), &mut workspace));
}

#[divan::bench(args = [Case::Unchanged, Case::Edited, Case::Unrelated])]
fn code_known_operations(bencher: Bencher<'_, '_>, case: Case) {
    let pair = Pair::new(case);
    bencher
        .counter(BytesCount::new(pair.new.len()))
        .bench(|| pair.patch());
}

/// Copying is the floor under every decoder that reads its old image through calls of 256 bytes.
#[divan::bench]
fn copy_through_images(bencher: Bencher<'_, '_>) {
    let pair = Pair::new(Case::Unchanged);
    let mut images = Slices(&pair.old);
    let mut out = [0; 256];
    bencher
        .counter(BytesCount::new(pair.old.len()))
        .bench_local(|| {
            for offset in (0..OLD_SIZE).step_by(out.len()) {
                let _ = images.read_old(black_box(offset), &mut out);
                black_box(&out);
            }
        });
}

#[derive(Debug, Clone, Copy)]
enum Case {
    Unchanged,
    Edited,
    Unrelated,
}

struct Pair {
    old: Vec<u8>,
    new: Vec<u8>,
    operations: Vec<Operation>,
}

impl Pair {
    fn new(case: Case) -> Self {
        let mut random = Random(0x2545_f491_4f6c_dd1d);
        let old = random.bytes(OLD_SIZE);
        let (mut new, mut operations) = (Vec::new(), Vec::new());
        match case {
            Case::Unchanged => {
                new.clone_from(&old);
                operations.push(operation(0, OLD_SIZE, 0));
            }
            Case::Edited => {
                for (number, chunk) in (0..).zip(old.chunks(usize::try_from(STRIDE).unwrap_or(1))) {
                    new.extend(random.bytes(16));
                    let start = new.len();
                    new.extend_from_slice(chunk);
                    for at in [100, 101, 2000, 3333] {
                        new[start + at] ^= 0x11;
                    }
                    operations.push(operation(16, STRIDE, number * STRIDE));
                }
            }
            Case::Unrelated => {
                new = random.bytes(OLD_SIZE);
                operations.push(operation(OLD_SIZE, 0, 0));
            }
        }
        Self {
            old,
            new,
            operations,
        }
    }

    fn patch(&self) -> Vec<u8> {
        let mut sink = Sink(Vec::new());
        let encoding = Encoding {
            profile: Profile::Kib16,
            unit: Unit::Halfword,
            isa: Isa::None,
            addresses: Addresses::default(),
            regions: &[],
        };
        encode(
            &mut vec![0; workspace_len(Profile::Kib16)],
            encoding,
            (&self.old, &self.new),
            &self.operations,
            &mut sink,
            |_| (),
        )
        .expect("operations that fit the images");
        sink.0
    }

    /// Decodes in pieces of 256 bytes, as a device does, and returns the bytes made.
    fn decode(&self, mut patch: &[u8], workspace: &mut [u8]) -> usize {
        let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let mut decoder = Decoder::new(workspace, len(&self.old), len(&self.new));
        let mut images = Slices(&self.old);
        let mut out = [0; 256];
        let mut made = 0;
        loop {
            let taken = decoder.push(patch);
            patch = &patch[taken..];
            if patch.is_empty() {
                decoder.finish();
            }
            match decoder.pull(&mut images, &mut out).expect("a valid patch") {
                Pull::Output(len) => {
                    black_box(&out[..len]);
                    made += len;
                }
                Pull::NeedInput => {}
                Pull::Done => return made,
            }
        }
    }
}

fn operation(literal_len: u32, copy_len: u32, source: u32) -> Operation {
    Operation {
        literal_len,
        copy_len,
        source,
        major: false,
    }
}

struct Sink(Vec<u8>);

impl ByteSink for Sink {
    fn put(&mut self, byte: u8) {
        self.0.push(byte);
    }
}

struct Slices<'a>(&'a [u8]);

impl Images for Slices<'_> {
    type Error = Infallible;

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Infallible> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        buf.copy_from_slice(&self.0[start..start + buf.len()]);
        Ok(())
    }

    fn read_new(&mut self, _: u32, _: &mut [u8]) -> Result<(), Infallible> {
        unreachable!("these patches copy from the old image only")
    }
}

/// xorshift64*: the same images on every machine.
struct Random(u64);

impl Random {
    fn bytes(&mut self, len: u32) -> Vec<u8> {
        (0..len).map(|_| self.byte()).collect()
    }

    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d).to_be_bytes()[0]
    }
}
