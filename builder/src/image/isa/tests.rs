use sprag_delta::Isa;

use super::by_calls;
use crate::testing::code::{Noise, functions};

const ALL: [Isa; 7] = [
    Isa::None,
    Isa::Thumb,
    Isa::A32,
    Isa::A64,
    Isa::Rv32,
    Isa::Rv64,
    Isa::Xtensa,
];

#[test]
fn calls_that_land_on_functions_tell_the_instruction_set() {
    for isa in ALL.into_iter().filter(|isa| *isa != Isa::None) {
        let image = functions(isa, 200);
        assert_eq!(by_calls(&image, &ALL).map(|calls| calls.isa), Some(isa));
        assert_eq!(
            by_calls(&image, &[Isa::None]),
            None,
            "{isa:?} is not allowed"
        );
        assert_eq!(
            by_calls(&functions(isa, 8), &ALL),
            None,
            "{isa:?}: too little"
        );
    }
}

#[test]
fn what_is_no_code_leaves_a_doubt() {
    let noise = Noise(5).bytes(400_000);
    let text: Vec<u8> = b"push, call and return: all words and no deeds. ".repeat(5_000);
    for image in [&[][..], &[0; 9], &[0xff; 70_000], &noise, &text] {
        assert_eq!(by_calls(image, &ALL), None, "{} B", image.len());
    }
}

#[test]
fn two_instruction_sets_leave_a_doubt() {
    let mut image = functions(Isa::Thumb, 200);
    image.extend(functions(Isa::A32, 200));
    assert_eq!(by_calls(&image, &ALL), None);
}

/// What is known of the corpus from its makers.
#[test]
fn instruction_sets_of_the_corpus_are_found() {
    let Some(corpus) = std::env::var_os("SPRAG_CORPUS") else {
        println!("skipped: SPRAG_CORPUS names no folder of firmware pairs");
        return;
    };
    for (pair, isa) in [
        ("a64-kernel-cloud", Isa::A64),
        ("a64-uboot-rpi4-near", Isa::A64),
        ("arm-uboot-qemu", Isa::A32),
        ("armhf-libcrypto", Isa::Thumb),
        ("cm0-microbit-mpy-113-124", Isa::Thumb),
        ("cm3-particle-photon-p2", Isa::Thumb),
        ("cm4-particle-argon-150-152", Isa::Thumb),
        ("cm4-pxt-microbit-codal", Isa::Thumb),
        ("cm4-pybv11-rel", Isa::Thumb),
        ("rv32-opensbi", Isa::Rv32),
        ("xtensa-esp8266-mpy", Isa::Xtensa),
    ] {
        for name in ["old.bin", "new.bin"] {
            let path = std::path::Path::new(&corpus).join(pair).join(name);
            let Ok(image) = std::fs::read(path) else {
                println!("skipped: SPRAG_CORPUS has no {pair}/{name}");
                continue;
            };
            assert_eq!(
                by_calls(&image, &ALL).map(|calls| calls.isa),
                Some(isa),
                "{pair}"
            );
        }
    }
}
