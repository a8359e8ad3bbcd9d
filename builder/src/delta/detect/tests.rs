use sprag_delta::{Addresses, Isa, Segments};

use super::detect_addresses;
use crate::testing::code::{Noise, prologue};

/// An image at `base`: functions of noise, texts, and a table of pointers to both.
fn image(isa: Isa, base: u64) -> Vec<u8> {
    let thumb_bit = u64::from(isa == Isa::Thumb);
    let mut noise = Noise(7);
    let (mut image, mut pointers) = (Vec::new(), Vec::new());
    for number in 0..120_u32 {
        pointers.push(base + u64::try_from(image.len()).unwrap() + thumb_bit);
        image.extend(prologue(isa));
        let len = 4 * usize::try_from(noise.next() % 40).unwrap();
        image.extend(noise.bytes(len));
        if number % 3 == 0 {
            image.push(0);
            pointers.push(base + u64::try_from(image.len()).unwrap());
            image.extend(format!("text {number}\0").bytes());
            image.resize(image.len().next_multiple_of(4), 0xff);
        }
    }
    image.resize(image.len().next_multiple_of(8), 0);
    for pointer in pointers {
        match isa {
            Isa::A64 | Isa::Rv64 => image.extend(pointer.to_le_bytes()),
            _ => image.extend(u32::try_from(pointer).unwrap().to_le_bytes()),
        }
    }
    image
}

#[test]
fn bases_are_found() {
    for (isa, base) in [
        (Isa::Thumb, 0),
        (Isa::Thumb, 0x0800_4000),
        (Isa::A32, 0x6000_0000),
        (Isa::A64, 0x8_0000),
        (Isa::A64, 0xffff_8000_0800_0000),
        (Isa::Rv32, 0x4202_0000),
        (Isa::Rv64, 0x8000_0000),
        (Isa::Xtensa, 0x4020_0000),
        // Behind a header of 64 bytes, which the address does not count.
        (Isa::A32, 0x17ff_ffc0),
    ] {
        let (old, new) = (image(isa, base), image(isa, base + 0x3000));
        let found = detect_addresses(isa, &old, &new);
        assert_eq!(
            (found.old, found.new),
            (Segments::at(base), Segments::at(base + 0x3000)),
            "{isa:?}"
        );
        // An image of noise lies where the other one does.
        let found = detect_addresses(isa, &old, &Noise(1).bytes(20_000));
        let at_base = Segments::at(base);
        assert_eq!((found.old, found.new), (at_base, at_base), "{isa:?}");
    }
}

#[test]
fn ram_is_where_loaded_words_point() {
    let mut noise = Noise(3);
    let mut old = image(Isa::Thumb, 0);
    let mut used = Vec::new();
    for _ in 0..100 {
        // LDR R0, [PC, #4], and what it loads.
        old.extend([0x01, 0x48, 0x70, 0x47]);
        old.extend(noise.bytes(4));
        used.push(0x2000_1000 + noise.next() % 0x2000);
        old.extend(used[used.len() - 1].to_le_bytes());
    }
    let found = detect_addresses(Isa::Thumb, &old, &old);
    let (low, high) = (found.ram_base, found.ram_base + found.ram_len);
    assert!(used.iter().all(|address| (low..high).contains(address)));
    assert!(
        0x2000_0f00 <= low && high <= 0x2000_3100,
        "{low:x} {high:x}"
    );
}

#[test]
fn nothing_speaks_for_a_base() {
    let noise = Noise(11).bytes(300_000);
    for isa in [
        Isa::None,
        Isa::Thumb,
        Isa::A32,
        Isa::A64,
        Isa::Rv32,
        Isa::Rv64,
        Isa::Xtensa,
    ] {
        for image in [&[][..], &[0; 3], &[0xff; 5000], &noise] {
            let found = detect_addresses(isa, image, &[]);
            assert_eq!(found, Addresses::default(), "{isa:?}, {} B", image.len());
        }
    }
}

/// What is known of the corpus from its makers: instruction set and address.
#[test]
fn bases_of_the_corpus_are_found() {
    let Some(corpus) = std::env::var_os("SPRAG_CORPUS") else {
        println!("skipped: SPRAG_CORPUS names no folder of firmware pairs");
        return;
    };
    for (pair, isa, base) in [
        ("a64-kernel-cloud", Isa::A64, 0xffff_8000_0800_0000),
        ("a64-uboot-rpi4-near", Isa::A64, 0x8_0000),
        ("arm-uboot-qemu", Isa::A32, 0),
        ("cm0-microbit-mpy-113-124", Isa::Thumb, 0),
        ("cm3-particle-photon-p2", Isa::Thumb, 0x0806_0000),
        ("cm4-particle-argon-150-152", Isa::Thumb, 0x3_0000),
        ("cm4-pxt-microbit-codal", Isa::Thumb, 0),
        ("cm4-pybv11-rel", Isa::Thumb, 0x0802_0000),
        ("rv32-opensbi", Isa::Rv32, 0),
        ("xtensa-esp8266-mpy", Isa::Xtensa, 0x4020_0000),
    ] {
        let folder = std::path::Path::new(&corpus).join(pair);
        let [old, new] = ["old.bin", "new.bin"].map(|name| std::fs::read(folder.join(name)));
        let (Ok(old), Ok(new)) = (old, new) else {
            println!("skipped: SPRAG_CORPUS has no {pair}");
            continue;
        };
        let found = detect_addresses(isa, &old, &new);
        // Where a header tells of the beginning, what was found is at the end.
        for (segments, image) in [(found.old, &old), (found.new, &new)] {
            let last = u32::try_from(image.len() - 1).unwrap();
            let found = segments.address_of(last) - u64::from(last);
            assert_eq!(found, base, "{pair}");
        }
    }
}
