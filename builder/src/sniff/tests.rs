use sprag_manifest::Isa;

use super::isa;
use crate::demo::{NEW_IMAGE, OLD_IMAGE};
use crate::testing::noise;

/// The head of an image, and enough behind it for every check.
fn image(head: &[u8]) -> Vec<u8> {
    let mut image = head.to_vec();
    image.resize(4096, 0);
    image
}

fn elf(class: u8, machine: u16) -> Vec<u8> {
    let mut head = b"\x7fELF".to_vec();
    head.extend([class, 1, 1]);
    head.resize(18, 0);
    head.extend(machine.to_le_bytes());
    image(&head)
}

fn linux_arm64() -> Vec<u8> {
    let mut head = vec![0x4d, 0x5a];
    head.resize(56, 0);
    head.extend(b"ARM\x64");
    image(&head)
}

fn linux_riscv() -> Vec<u8> {
    let mut head = vec![0x4d, 0x5a];
    head.resize(48, 0);
    head.extend(b"RISCV\0\0\0RSC\x05");
    image(&head)
}

fn uimage(architecture: u8, compression: u8) -> Vec<u8> {
    let mut head = vec![0x27, 0x05, 0x19, 0x56];
    head.resize(64, 0);
    head[29] = architecture;
    head[31] = compression;
    image(&head)
}

fn mcuboot(header_len: u16, program: &[u8]) -> Vec<u8> {
    let mut head = vec![0x3d, 0xb8, 0xf3, 0x96, 0, 0, 0, 0];
    head.extend(header_len.to_le_bytes());
    head.resize(header_len.into(), 0);
    head.extend(program);
    image(&head)
}

fn esp(chip: u16) -> Vec<u8> {
    let mut head = vec![0xe9, 5, 2, 0x2f, 0x40, 0x11, 0x08, 0x40, 0xee, 0, 0, 0];
    head.extend(chip.to_le_bytes());
    head.resize(23, 0);
    head.push(1);
    image(&head)
}

/// An ESP8266 image: right behind the common header comes the first segment, with load address and length.
fn esp8266(first_segment_len: u32) -> Vec<u8> {
    let mut head = vec![
        0xe9, 4, 2, 0x40, 0x9c, 0xf3, 0x10, 0x40, 0x00, 0x00, 0x10, 0x40,
    ];
    head.extend(first_segment_len.to_le_bytes());
    image(&head)
}

fn vectors(stack: u32, handlers: &[u32]) -> Vec<u8> {
    let words = [&[stack], handlers].concat();
    image(
        &words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<_>>(),
    )
}

const HANDLERS: [u32; 7] = [
    0x0800_0101,
    0x0800_0103,
    0x0800_0105,
    0x0800_0107,
    0x0800_0109,
    0x0800_010b,
    0x0800_010d,
];

#[test]
fn headers_are_known() {
    #[rustfmt::skip]
    let cases = [
        ("elf arm", elf(1, 40), Some((Isa::A32, "ELF machine 40"))),
        ("elf aarch64", elf(2, 183), Some((Isa::A64, "ELF machine 183"))),
        ("elf riscv32", elf(1, 243), Some((Isa::Rv32, "32-bit ELF, machine 243"))),
        ("elf riscv64", elf(2, 243), Some((Isa::Rv64, "64-bit ELF, machine 243"))),
        ("elf xtensa", elf(1, 94), Some((Isa::Xtensa, "ELF machine 94"))),
        ("elf x86-64", elf(2, 62), Some((Isa::X86_64, "ELF machine 62"))),
        ("elf mips", elf(1, 8), None),
        ("elf arm, big-endian", elf(1, 40_u16.swap_bytes()), None),
        ("half an elf header", b"\x7fELF\x01".to_vec(), None),
        ("linux", linux_arm64(), Some((Isa::A64, "AArch64 Linux image header"))),
        ("linux, risc-v", linux_riscv(), Some((Isa::Rv64, "RISC-V Linux image header"))),
        ("uimage, arm", uimage(2, 0), Some((Isa::A32, "U-Boot image header"))),
        ("uimage, arm64", uimage(22, 0), Some((Isa::A64, "U-Boot image header"))),
        ("uimage, x86-64", uimage(24, 0), Some((Isa::X86_64, "U-Boot image header"))),
        ("uimage, xtensa", uimage(25, 0), Some((Isa::Xtensa, "U-Boot image header"))),
        ("uimage, riscv", uimage(26, 0), Some((Isa::Rv64, "U-Boot image header"))),
        ("uimage, mips", uimage(5, 0), None),
        ("uimage, compressed", uimage(2, 1), None),
        ("mcuboot", mcuboot(0x200, &vectors(0x2000_4000, &HANDLERS)),
            Some((Isa::Thumb, "Cortex-M vector table behind an MCUboot header"))),
        ("mcuboot, no vectors", mcuboot(0x200, &[0; 64]), None),
        ("esp32", esp(0), None),
        ("esp32-s2", esp(2), Some((Isa::Xtensa, "ESP image header, Xtensa chip"))),
        ("esp32-s3", esp(9), Some((Isa::Xtensa, "ESP image header, Xtensa chip"))),
        ("esp32-c3", esp(5), Some((Isa::Rv32, "ESP image header, RISC-V chip"))),
        ("esp32-c6", esp(13), Some((Isa::Rv32, "ESP image header, RISC-V chip"))),
        ("esp32-h2", esp(16), Some((Isa::Rv32, "ESP image header, RISC-V chip"))),
        ("an esp chip to come", esp(999), None),
        ("esp8266, a short first segment", esp8266(16), None),
        ("esp8266", esp8266(0x6a54), None),
        ("cortex-m", vectors(0x2000_4000, &HANDLERS), Some((Isa::Thumb, "Cortex-M vector table"))),
        ("cortex-m, reserved vectors", vectors(0x1000_0000, &[&HANDLERS[..6], &[0; 9]].concat()),
            Some((Isa::Thumb, "Cortex-M vector table"))),
        ("five handlers", vectors(0x2000_4000, &HANDLERS[..5]), None),
        ("an even handler", vectors(0x2000_4000, &[&HANDLERS[..], &[0x0800_0110]].concat()), None),
        ("a handler far away", vectors(0x2000_4000, &[&HANDLERS[..], &[0x0900_0001]].concat()), None),
        ("stack in flash", vectors(0x0800_4000, &HANDLERS), None),
        ("stack behind ram", vectors(0x4000_0000, &HANDLERS), None),
        ("a crooked stack", vectors(0x2000_4002, &HANDLERS), None),
        ("nothing", vec![], None),
        ("63 bytes of a vector table", vectors(0x2000_4000, &HANDLERS)[..63].to_vec(), None),
        ("zeros", vec![0; 4096], None),
        ("erased flash", vec![0xff; 4096], None),
        ("text", b"Firmware for the sensor node, version 1.1.0".repeat(100), None),
        ("the old demonstration", OLD_IMAGE.to_vec(), Some((Isa::Thumb, "Cortex-M vector table"))),
        ("the new demonstration", NEW_IMAGE.to_vec(), Some((Isa::Thumb, "Cortex-M vector table"))),
    ];
    for (name, image, expected) in cases {
        let found = isa(&image).map(|sighting| (sighting.isa, sighting.evidence));
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn what_is_seen_allows_what_may_be_declared() {
    let both = [Isa::A32, Isa::Thumb, Isa::None];
    let cases: [(&str, Vec<u8>, &[Isa]); 5] = [
        // An ELF file for Arm holds either kind of code.
        ("elf arm", elf(1, 40), &both),
        (
            "cortex-m",
            vectors(0x2000_4000, &HANDLERS),
            &[Isa::Thumb, Isa::None],
        ),
        ("linux", linux_arm64(), &[Isa::A64, Isa::None]),
        ("esp32-c3", esp(5), &[Isa::Rv32, Isa::None]),
        (
            "linux, risc-v",
            linux_riscv(),
            &[Isa::Rv64, Isa::Rv32, Isa::None],
        ),
    ];
    for (name, image, allowed) in cases {
        let sighting = isa(&image).unwrap();
        for declared in Isa::ALL {
            assert_eq!(
                sighting.allows(declared),
                allowed.contains(&declared),
                "{name} {declared:?}"
            );
        }
    }
}

#[test]
fn bytes_without_meaning_are_never_taken_for_a_header() {
    let mut numbers = noise(1);
    let mut image = vec![0; 1 << 20];
    for round in 0..200_000 {
        for (to, from) in image.iter_mut().take(64).zip(numbers.by_ref()) {
            *to = from;
        }
        // Every other head begins as one that is worth a look.
        match round % 8 {
            1 => image[0] = 0xe9,
            3 => image[3] = 0x20,
            5 => image[..2].copy_from_slice(&[0xe9, 4]),
            7 => image[..4].copy_from_slice(&0x2000_4000_u32.to_le_bytes()),
            _ => {}
        }
        assert_eq!(isa(&image), None, "{round}: {:02x?}", &image[..64]);
    }
}
