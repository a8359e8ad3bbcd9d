//! Decodes one patch and compares the result: the program whose instructions are counted.
//!
//! `decode OLD NEW PATCH` decodes in pieces of 4 KiB; `decode --verbatim ISA` makes a patch of a
//! megabyte that stays as it is, in the instruction set of that number, and decodes it.

use std::process::ExitCode;
use std::{env, fs};

use sprag_benches::decode_patch;
use sprag_delta::{
    Addresses, ByteSink, Encoding, Isa, Operation, Profile, Segments, Unit, encode, workspace_len,
};

const VERBATIM_SIZE: u32 = 1 << 20;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["--verbatim", isa] => verbatim(isa),
        [old, new, patch] => files(old, new, patch),
        _ => Err("usage: decode OLD NEW PATCH | decode --verbatim ISA".to_owned()),
    };
    match done {
        Ok(len) => {
            println!("{len}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn files(old: &str, new: &str, patch: &str) -> Result<usize, String> {
    let read = |path: &str| fs::read(path).map_err(|error| format!("{path}: {error}"));
    check(&read(old)?, &read(new)?, &read(patch)?)
}

fn verbatim(isa: &str) -> Result<usize, String> {
    let number = isa.parse().map_err(|_| format!("{isa} is no number"))?;
    let isa = Isa::from_code(number).ok_or_else(|| format!("no instruction set {number}"))?;
    let image = noise(VERBATIM_SIZE);
    let segments = Segments::at(0x0800_0000);
    let encoding = Encoding {
        profile: Profile::Kib16,
        unit: Unit::Halfword,
        isa,
        addresses: Addresses {
            old: segments,
            new: segments,
            ram_base: 0x2000_0000,
            ram_len: 0x1_0000,
        },
        regions: &[],
    };
    let whole = Operation {
        literal_len: 0,
        copy_len: VERBATIM_SIZE,
        source: 0,
        major: true,
    };
    let mut workspace = vec![0; workspace_len(Profile::Kib16)];
    let mut patch = Sink(Vec::new());
    let images = (image.as_slice(), image.as_slice());
    encode(
        &mut workspace,
        encoding,
        images,
        &[whole],
        &mut patch,
        |_| (),
    )
    .map_err(|error| error.to_string())?;
    check(&image, &image, &patch.0)
}

/// The bytes decoded, if they are the new image.
fn check(old: &[u8], new: &[u8], patch: &[u8]) -> Result<usize, String> {
    let made = decode_patch(old, new.len(), patch)?;
    if made == new {
        Ok(made.len())
    } else {
        Err("the result differs from the new image".to_owned())
    }
}

struct Sink(Vec<u8>);

impl ByteSink for Sink {
    fn put(&mut self, byte: u8) {
        self.0.push(byte);
    }
}

/// xorshift64*: the same image on every machine.
fn noise(len: u32) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut byte = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_be_bytes()[0]
    };
    (0..len).map(|_| byte()).collect()
}
