use core::convert::Infallible;

use sprag_delta::full::{Decoder, workspace_len};
use sprag_delta::{Images, Isa, Profile, Pull};

use super::{encode, find_isa};
use crate::delta::Effort;

const ISAS: [Isa; 6] = [
    Isa::Thumb,
    Isa::A32,
    Isa::A64,
    Isa::Rv32,
    Isa::Rv64,
    Isa::Xtensa,
];

struct Made(Vec<u8>);

impl Images for Made {
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

/// Encodes, decodes, and returns the stream's length.
fn round_trip(image: &[u8], profile: Profile, isa: Isa, effort: Effort) -> usize {
    let stream = encode(image, profile, isa, effort, &mut |_| ()).unwrap();
    let mut workspace = vec![0x99; workspace_len(profile)];
    let mut decoder = Decoder::new(&mut workspace, u32::try_from(image.len()).unwrap());
    let mut made = Made(Vec::new());
    let mut rest = stream.as_slice();
    let mut out = [0; 1000];
    loop {
        rest = &rest[decoder.push(rest)..];
        if rest.is_empty() {
            decoder.finish();
        }
        match decoder.pull(&mut made, &mut out).unwrap() {
            Pull::Output(count) => made.0.extend_from_slice(&out[..count]),
            Pull::NeedInput => {}
            Pull::Done => break,
        }
    }
    assert!(made.0 == image, "{profile:?} {isa:?}");
    stream.len()
}

/// Functions that call each other, as Thumb code: calls of one function differ by where they stand.
fn thumb_image(len: usize) -> Vec<u8> {
    let mut image = Vec::new();
    let mut state = 1_u32;
    let mut next = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    while image.len() < len {
        for _ in 0..next(6) {
            let opcode = 0x2000 + next(40) * 0x101;
            image.extend(u16::try_from(opcode & 0x7fff).unwrap().to_le_bytes());
        }
        let target = (next(30) * 977) & !1;
        let distance = target.wrapping_sub(u32::try_from(image.len()).unwrap() + 4) >> 1;
        let high = 0xf000 | distance >> 11 & 0x7ff;
        let low = 0xf800 | distance & 0x7ff;
        image.extend(u16::try_from(high).unwrap().to_le_bytes());
        image.extend(u16::try_from(low).unwrap().to_le_bytes());
    }
    image.truncate(len);
    image
}

#[test]
fn images_come_back() {
    let code = thumb_image(20_000);
    for profile in Profile::ALL {
        for isa in ISAS {
            round_trip(&code, profile, isa, Effort::Fast);
        }
    }
    for len in [1, 2, 3, 5, 100, 1023, 1024, 1025, 1535, 1536, 1537, 4001] {
        round_trip(&code[..len], Profile::Kib8, Isa::Thumb, Effort::Default);
        round_trip(&vec![7; len], Profile::Kib16, Isa::A64, Effort::Default);
    }
}

#[test]
fn the_instruction_set_is_found_and_pays() {
    let code = thumb_image(20_000);
    assert_eq!(find_isa(&code, &ISAS), Isa::Thumb);
    assert_eq!(find_isa(&vec![0; 5000], &ISAS), Isa::None);
    let plain = round_trip(&code, Profile::Kib16, Isa::None, Effort::Default);
    let filtered = round_trip(&code, Profile::Kib16, Isa::Thumb, Effort::Default);
    assert!(filtered * 10 < plain * 9, "{filtered} {plain}");
}

#[test]
fn equal_inputs_give_equal_bytes() {
    let code = thumb_image(9000);
    let once = || {
        encode(
            &code,
            Profile::Kib16,
            Isa::Thumb,
            Effort::Default,
            &mut |_| (),
        )
    };
    assert_eq!(once(), once());
}

/// With `SPRAG_CORPUS` set to a folder of pairs with `PEERS.csv`: the new images under 1 MiB against xz -9e.
#[test]
fn the_corpus_beats_xz() {
    let Some(corpus) = std::env::var_os("SPRAG_CORPUS").map(std::path::PathBuf::from) else {
        return;
    };
    let peers = std::fs::read_to_string(corpus.join("PEERS.csv")).unwrap();
    let (mut log, mut count) = (0.0, 0.0);
    for line in peers.lines().skip(1) {
        let mut fields = line.split(',');
        let name = fields.next().unwrap();
        let xz: f64 = fields.nth(2).unwrap().parse().unwrap();
        let image = std::fs::read(corpus.join(name).join("new.bin")).unwrap();
        if image.len() >= 1 << 20 {
            continue;
        }
        let isa = find_isa(&image, &ISAS);
        let len = round_trip(&image, Profile::Kib16, isa, Effort::Default);
        let len = f64::from(u32::try_from(len).unwrap());
        println!("{name}: {len} B, {:.4} of xz, {isa:?}", len / xz);
        log += (len / xz).ln();
        count += 1.0;
    }
    assert!(count > 0.0, "no images");
    let mean = f64::exp(log / count);
    println!("geometric mean {mean:.4}");
    assert!(mean <= 0.97, "{mean:.4}");
}
