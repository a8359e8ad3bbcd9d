use std::borrow::Cow;

use super::{CONTAINER_CODES, ContainerError, GAP_MAX, InputFormat, flatten};

/// A line of Intel HEX.
fn hex(address: u16, kind: u8, data: &[u8]) -> String {
    let mut bytes = vec![u8::try_from(data.len()).unwrap()];
    bytes.extend(address.to_be_bytes());
    bytes.push(kind);
    bytes.extend(data);
    let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    bytes.push(sum.wrapping_neg());
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!(":{digits}\r\n")
}

const HEX_END: &str = ":00000001FF\r\n";

/// A line of S-records with an address of `address_len` bytes.
fn srec(kind: u8, address: u32, address_len: usize, data: &[u8]) -> String {
    let mut bytes = vec![u8::try_from(data.len() + address_len + 1).unwrap()];
    bytes.extend(&address.to_be_bytes()[4 - address_len..]);
    bytes.extend(data);
    let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    bytes.push(!sum);
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("S{kind}{digits}\n")
}

/// A block of UF2.
fn uf2(flags: u32, address: u32, number: u32, total: u32, family: u32, data: &[u8]) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap();
    let words = [
        0x0a32_4655,
        0x9e5d_5157,
        flags,
        address,
        len,
        number,
        total,
        family,
    ];
    let mut block: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    block.extend(data);
    block.resize(508, 0);
    block.extend(0x0ab1_6f30_u32.to_le_bytes());
    block
}

/// A 32-bit ELF program with segments of (type, physical address, bytes).
fn elf(segments: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut file = b"\x7fELF\x01\x01\x01".to_vec();
    file.resize(16, 0);
    let count = u16::try_from(segments.len()).unwrap();
    file.extend([
        2, 0, 40, 0, 1, 0, 0, 0, 0, 0, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 52, 0, 32, 0,
    ]);
    file.extend(count.to_le_bytes());
    file.extend([40, 0, 0, 0, 0, 0]);
    assert_eq!(file.len(), 52);
    let mut offset = 52 + 32 * u32::from(count);
    for &(kind, address, bytes) in segments {
        let len = u32::try_from(bytes.len()).unwrap();
        // Runs in RAM, lies in flash.
        for word in [kind, offset, 0x2000_0000, address, len, len + 8, 5, 4] {
            file.extend(word.to_le_bytes());
        }
        offset += len;
    }
    for (_, _, bytes) in segments {
        file.extend(*bytes);
    }
    file
}

#[test]
fn images_are_flat() {
    let hex_file = hex(0, 4, &[0x08, 0x00])
        + &hex(0x4000, 0, &[1, 2, 3])
        + "\r\n"
        + &hex(0x4005, 0, &[4])
        + &hex(0, 5, &[8, 0, 0x40, 1])
        + HEX_END;
    let segmented = hex(0, 2, &[0x10, 0x00]) + &hex(2, 0, &[7]) + HEX_END;
    let srec_file = srec(0, 0, 2, b"name")
        + &srec(2, 0x8003, 3, &[4])
        + &srec(1, 0x8000, 2, &[1, 2])
        + &srec(5, 2, 2, &[])
        + &srec(9, 0x8000, 2, &[]);
    let long_srec = srec(3, 0x0800_4000, 4, &[1, 2]) + &srec(7, 0, 4, &[]);
    let uf2_file = [
        uf2(0x2000, 0x10ff_ff00, 0, 2, 0xe48b_ff57, &[9]),
        uf2(0x2000, 0x1000_0100, 1, 2, 0xe48b_ff59, &[3, 4]),
        uf2(0x2000, 0x1000_00fe, 0, 2, 0xe48b_ff59, &[1, 2]),
        uf2(0x2001, 0, 0, 1, 0xe48b_ff59, &[8]),
    ]
    .concat();
    let elf_file = elf(&[
        (1, 0x0800_0006, &[5]),
        (6, 0, &[9, 9]),
        (1, 0x0800_0000, &[1, 2, 3, 4]),
    ]);
    use InputFormat::{Auto, Bin, Elf, Hex, Srec, Uf2};
    // The bytes and where they load.
    type Flat<'a> = (&'a [u8], Option<u64>);
    let cases: [(&[u8], InputFormat, InputFormat, Flat<'_>); 9] = [
        (
            hex_file.as_bytes(),
            Auto,
            Hex,
            (&[1, 2, 3, 255, 255, 4], Some(0x0800_4000)),
        ),
        (segmented.as_bytes(), Hex, Hex, (&[7], Some(0x1_0002))),
        (
            srec_file.as_bytes(),
            Auto,
            Srec,
            (&[1, 2, 255, 4], Some(0x8000)),
        ),
        (
            long_srec.as_bytes(),
            Srec,
            Srec,
            (&[1, 2], Some(0x0800_4000)),
        ),
        (&uf2_file, Auto, Uf2, (&[1, 2, 3, 4], Some(0x1000_00fe))),
        (
            &elf_file,
            Elf,
            Elf,
            (&[1, 2, 3, 4, 255, 255, 5], Some(0x0800_0000)),
        ),
        (&elf_file, Auto, Bin, (&elf_file, None)),
        (hex_file.as_bytes(), Bin, Bin, (hex_file.as_bytes(), None)),
        (b":no record", Auto, Bin, (b":no record", None)),
    ];
    for (number, (file, given, format, (bytes, load_address))) in cases.into_iter().enumerate() {
        let image = flatten(file, given).unwrap_or_else(|e| panic!("case {number}: {e}"));
        assert_eq!(image.format, format, "case {number}");
        assert_eq!(image.bytes, Cow::Borrowed(bytes), "case {number}");
        assert_eq!(image.load_address, load_address, "case {number}");
    }
}

#[test]
fn what_is_no_image_is_refused() {
    use InputFormat::{Auto, Elf, Hex, Srec, Uf2};
    let far = u16::try_from((GAP_MAX >> 16) + 1).unwrap().to_be_bytes();
    let one = hex(0, 0, &[1]);
    let block = uf2(0, 0, 0, 1, 0, &[1]);
    let cut_elf = &elf(&[(1, 0, &[1, 2, 3, 4])])[..85];
    let text = |text: String| text.into_bytes();
    let cases: Vec<(&str, Vec<u8>, InputFormat, u16)> = vec![
        ("no hex", b"text".to_vec(), Hex, 1060),
        ("no srec", b"S1".to_vec(), Srec, 1060),
        ("no uf2", vec![0; 512], Uf2, 1060),
        ("no elf", vec![0; 512], Elf, 1060),
        ("cut elf", cut_elf.to_vec(), Elf, 1061),
        (
            "hex line",
            text(one.clone() + ":00\r\n" + HEX_END),
            Auto,
            1061,
        ),
        (
            "hex not text",
            [one.as_bytes(), b":\xff\xff\n"].concat(),
            Auto,
            1061,
        ),
        (
            "hex behind end",
            text(one.clone() + HEX_END + &one),
            Auto,
            1061,
        ),
        ("hex type", text(hex(0, 9, &[]) + HEX_END), Auto, 1061),
        (
            "hex checksum",
            text(one.replace("FE", "FD") + HEX_END),
            Auto,
            1062,
        ),
        ("hex end", text(one.clone()), Auto, 1063),
        (
            "hex overlap",
            text(one.clone() + &one + HEX_END),
            Auto,
            1064,
        ),
        (
            "hex gap",
            text(one.clone() + &hex(0, 4, &far) + &one + HEX_END),
            Auto,
            1065,
        ),
        ("hex empty", text(HEX_END.into()), Auto, 1066),
        ("srec type", text(srec(4, 0, 3, &[])), Auto, 1061),
        (
            "srec digits",
            text(srec(1, 0, 2, &[1]) + "S1zz\n"),
            Auto,
            1061,
        ),
        ("srec count", text(srec(5, 3, 2, &[])), Auto, 1061),
        (
            "srec length",
            text(srec(1, 0, 2, &[1]).replace("S104", "S105")),
            Auto,
            1061,
        ),
        (
            "srec checksum",
            text(srec(1, 0, 2, &[1]).replace("01fa", "01fb")),
            Auto,
            1062,
        ),
        ("srec end", text(srec(1, 0, 2, &[1])), Auto, 1063),
        ("srec empty", text(srec(9, 0, 2, &[])), Auto, 1066),
        (
            "uf2 magic",
            [block.clone(), vec![0; 512]].concat(),
            Auto,
            1061,
        ),
        ("uf2 file", uf2(0x1000, 0, 0, 1, 0, &[1]), Auto, 1061),
        (
            "uf2 block",
            [block.clone(), vec![0; 9]].concat(),
            Auto,
            1063,
        ),
        ("uf2 blocks", uf2(0, 0, 0, 2, 0, &[1]), Auto, 1063),
        (
            "uf2 families",
            [uf2(0x2000, 0, 0, 1, 5, &[1]), uf2(0x2000, 1, 0, 1, 6, &[1])].concat(),
            Auto,
            1067,
        ),
        ("elf empty", elf(&[(6, 0, &[1])]), Elf, 1066),
    ];
    for (name, file, format, code) in &cases {
        let error = flatten(file, *format).expect_err(name);
        assert_eq!(error.code(), *code, "{name}: {error}");
    }
    let missing = CONTAINER_CODES
        .iter()
        .find(|(code, _)| cases.iter().all(|case| case.3 != *code));
    assert_eq!(missing, None, "a code that no case leads to");
}

#[test]
fn errors_name_the_place() {
    let file = hex(0, 0, &[1]) + "\r\n" + &hex(1, 0, &[2]).replace("FC", "FB") + HEX_END;
    let error = flatten(file.as_bytes(), InputFormat::Auto).unwrap_err();
    let expected = ContainerError::BadChecksum {
        line: 3,
        found: 0xfb,
        expected: 0xfc,
    };
    assert_eq!(error, expected);
    assert_eq!(
        error.to_string(),
        "line 3: the checksum is fb, and that of the bytes is fc"
    );
}

#[test]
fn any_bytes_are_an_image_or_an_error() {
    let mut noise = crate::testing::code::Noise(2);
    for round in 0..300 {
        let mut file = match round % 3 {
            0 => (hex(0, 0, &[1, 2, 3]) + HEX_END).into_bytes(),
            1 => (srec(1, 0, 2, &[1, 2]) + &srec(9, 0, 2, &[])).into_bytes(),
            _ => [uf2(0, 0, 0, 1, 0, &[1]), elf(&[(1, 0, &[1])])].concat(),
        };
        let place = usize::try_from(noise.next()).unwrap() % file.len();
        file[place] = noise.bytes(1)[0];
        for format in InputFormat::ALL {
            if let Ok(image) = flatten(&file, format) {
                assert!(!image.bytes.is_empty());
            }
        }
    }
}
