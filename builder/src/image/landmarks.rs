//! Places in an image that words elsewhere in it are likely to hold the address of: where functions and texts begin.
//! They are offsets, known without the load address, since calls are relative.

use sprag_delta::{Bytes, Class, Isa, Kind, Segments, Side};

/// Bytes of the shortest text that counts. Shorter ones are found in any data.
const TEXT_MIN: usize = 5;

/// What is known of an image without its address.
#[derive(Debug, Default)]
pub(crate) struct Landmarks {
    /// Where functions begin: for Thumb with the lowest bit set, as pointers to them have. Sorted, each once.
    pub(crate) functions: Vec<u32>,
    /// Where texts begin, sorted.
    pub(crate) texts: Vec<u32>,
    /// Places that a load relative to the program counter reads a word from, sorted, each once.
    pub(crate) literals: Vec<u32>,
}

impl Landmarks {
    /// Walks through `image` as if all of it were code of `isa`. What is not code gives chance finds, which the
    /// number of real ones must outweigh.
    pub(crate) fn of(isa: Isa, image: &[u8]) -> Self {
        let side = Side {
            segments: Segments::at(0),
            len: u32::try_from(image.len()).unwrap_or(u32::MAX),
            ram_base: 0,
            ram_len: 0,
        };
        let mut called = Vec::new();
        let mut literals = Vec::new();
        let mut functions = Vec::new();
        if isa != Isa::None {
            let step = 1 << isa.unit_log2();
            for (place, bytes) in places(image, step) {
                if is_prologue(isa, bytes) {
                    functions.push(place);
                }
                match side.recognise(Class::Code(isa), place, bytes) {
                    Some(field) if field.kind == Kind::Call => called.push(field.target),
                    Some(field)
                        if matches!(field.kind, Kind::Load | Kind::ShortLoad)
                            && loads_words(isa)
                            && field.target & 3 == 0 =>
                    {
                        literals.push(field.target);
                    }
                    _ => {}
                }
            }
        }
        // A place that is called twice is a function whatever it begins with; once may be chance.
        called.sort_unstable();
        functions.extend(
            called
                .windows(2)
                .filter(|pair| pair[0] == pair[1])
                .map(|pair| pair[0]),
        );
        functions.sort_unstable();
        functions.dedup();
        if isa == Isa::Thumb {
            for function in &mut functions {
                *function |= 1;
            }
        }
        literals.sort_unstable();
        literals.dedup();
        Self {
            functions,
            texts: texts(image),
            literals,
        }
    }
}

/// Whether loads relative to the program counter are how code of `isa` comes by addresses.
fn loads_words(isa: Isa) -> bool {
    matches!(isa, Isa::Thumb | Isa::A32 | Isa::Xtensa)
}

/// Each `step`-th place with its next eight bytes, zeros beyond the end.
pub(crate) fn places(image: &[u8], step: usize) -> impl Iterator<Item = (u32, Bytes)> {
    (0..image.len()).step_by(step).map(|place| {
        let rest = image.get(place..).unwrap_or_default();
        let bytes = rest.first_chunk().copied().unwrap_or_else(|| {
            let mut padded = Bytes::default();
            for (to, from) in padded.iter_mut().zip(rest) {
                *to = *from;
            }
            padded
        });
        (u32::try_from(place).unwrap_or(u32::MAX), bytes)
    })
}

/// Whether a function that calls others is likely to begin so: it makes room on the stack or saves the return
/// address.
pub(crate) fn is_prologue(isa: Isa, bytes: Bytes) -> bool {
    let [a, b, c, d, ..] = bytes;
    let half = u16::from_le_bytes([a, b]);
    let word = u32::from_le_bytes([a, b, c, d]);
    match isa {
        // PUSH with LR; STMDB SP! with LR.
        Isa::Thumb => b == 0xb5 || half == 0xe92d && word & 0x4000_0000 != 0,
        // STMDB SP! with LR; STR LR, [SP, #-4]!.
        Isa::A32 => word & 0xffff_4000 == 0xe92d_4000 || word == 0xe52d_e004,
        // STP X29, X30, [SP, #-n]!; PACIASP; BTI C.
        Isa::A64 => word & 0xffe0_7fff == 0xa9a0_7bfd || word == 0xd503_233f || word == 0xd503_245f,
        // ADDI SP, SP, -n; C.ADDI SP, -n; C.ADDI16SP -n.
        Isa::Rv32 | Isa::Rv64 => {
            word & 0x800f_ffff == 0x8001_0113 || half & 0xff83 == 0x1101 || half & 0xff83 == 0x7101
        }
        // ENTRY A1, n; ADDI A1, A1, -n.
        Isa::Xtensa => a == 0x36 && b & 15 == 1 || a == 0x12 && b == 0xc1 && c >= 0x80,
        _ => false,
    }
}

/// Where runs of printable characters begin behind a NUL and end with one.
fn texts(image: &[u8]) -> Vec<u32> {
    let mut found = Vec::new();
    let mut begin = 0;
    for (place, &byte) in image.iter().enumerate() {
        let printable = matches!(byte, b'\t' | b'\n' | b'\r' | 0x1b | 0x20..=0x7e);
        if printable {
            continue;
        }
        // The run's first byte lies behind a byte that is not printable: it must have been a NUL.
        let after_nul = begin == 0 || image.get(begin - 1) == Some(&0);
        if byte == 0 && after_nul && place - begin >= TEXT_MIN {
            found.push(u32::try_from(begin).unwrap_or(u32::MAX));
        }
        begin = place + 1;
    }
    found
}
