//! Sorting the suffixes of an old image, the first and steadiest cost of every encoder here.

use divan::{Bencher, black_box, counter::BytesCount};

fn main() {
    divan::main();
}

#[divan::bench(args = [256, 1024, 4096])]
fn sort(bencher: Bencher<'_, '_>, kibibytes: usize) {
    let image = code_like(kibibytes * 1024);
    let mut suffixes = vec![0; image.len()];
    bencher
        .counter(BytesCount::new(image.len()))
        .bench_local(|| divsufsort::sort_in_place(black_box(&image), &mut suffixes));
}

/// Bytes with repeats of all lengths, as compiled code has them: half fresh, half copied from
/// earlier.
fn code_like(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    let mut image: Vec<u8> = vec![0; 64];
    while image.len() < len {
        let run = 4 + next(60);
        if next(2) == 0 {
            image.extend((0..run).map(|_| u8::try_from(next(256)).unwrap_or(0)));
        } else {
            let start = next(image.len() - 63);
            let run = run.min(image.len() - start);
            image.extend_from_within(start..start + run);
        }
    }
    image.truncate(len);
    image
}
