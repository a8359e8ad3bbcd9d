use sprag_delta::Segment;

use super::of_headers;

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// An Espressif image of segments with noise, and its checksum.
fn esp(header_len: usize, segments: &[(u32, u32)]) -> Vec<u8> {
    let count = u8::try_from(segments.len()).unwrap();
    let mut image = vec![0xe9, count, 2, 0x20];
    image.resize(header_len, 0);
    let (mut noise, mut sum) = (crate::testing::code::Noise(4), 0xef);
    for &(address, len) in segments {
        let bytes = noise.bytes(usize::try_from(len).unwrap());
        sum = bytes.iter().fold(sum, |sum, byte| sum ^ byte);
        image.extend(words(&[address, len]));
        image.extend(bytes);
    }
    image.resize((image.len() / 16 + 1) * 16, 0);
    *image.last_mut().unwrap() = sum;
    image
}

fn segments(pairs: &[(u32, u64)]) -> Vec<Segment> {
    pairs
        .iter()
        .map(|&(offset, address)| Segment { offset, address })
        .collect()
}

#[test]
fn esp_images_tell_where_their_segments_lie() {
    for header_len in [8_u32, 24] {
        let parts = [
            (0x4010_0000, 0x100),
            (0x3ffe_8000, 0x20),
            (0x4020_1000, 0x40),
        ];
        let image = esp(usize::try_from(header_len).unwrap(), &parts);
        let found = of_headers(&image).unwrap();
        let at = header_len + 8;
        let expected = [
            (at, 0x4010_0000),
            (at + 0x108, 0x3ffe_8000),
            (at + 0x130, 0x4020_1000),
        ];
        assert_eq!(found.segments, segments(&expected));
        assert_eq!(found.told_len, image.len());

        // What follows lies where the words in it say.
        let all = found
            .segments(Some(0x4030_0000), image.len() + 100)
            .unwrap();
        let behind = u32::try_from(image.len()).unwrap();
        assert_eq!(all.address_of(behind), 0x4030_0000 + u64::from(behind));
        assert_eq!(all.address_of(at + 4), 0x4010_0004);

        for (place, what) in [(image.len() - 1, "checksum"), (1, "count"), (0, "magic")] {
            let mut damaged = image.clone();
            damaged[place] ^= 0x40;
            assert_eq!(of_headers(&damaged), None, "{what}");
        }
        assert_eq!(of_headers(&image[..image.len() - 1]), None, "cut");
    }
}

#[test]
fn the_largest_segments_are_kept() {
    let parts: Vec<(u32, u32)> = (0..9)
        .map(|number| (0x4000_0000 + (8 - number) * 0x10_0000, 0x100 - number * 4))
        .collect();
    let found = of_headers(&esp(24, &parts)).unwrap();
    let kept: Vec<u64> = found
        .segments
        .iter()
        .map(|segment| segment.address)
        .collect();
    let largest: Vec<u64> = parts[..6]
        .iter()
        .map(|(address, _)| u64::from(*address))
        .collect();
    assert_eq!(kept, largest);
}

#[test]
fn uimages_tell_their_load_address() {
    let mut image = vec![0; 80];
    image[..4].copy_from_slice(&0x2705_1956_u32.to_be_bytes());
    image[12..16].copy_from_slice(&16_u32.to_be_bytes());
    image[16..20].copy_from_slice(&0x8000_8000_u32.to_be_bytes());
    let found = of_headers(&image).unwrap();
    assert_eq!(found.segments, segments(&[(64, 0x8000_8000)]));
    assert_eq!(found.segments(None, 80).unwrap().address_of(0), 0x8000_7fc0);
    // Compressed, what follows is no code.
    image[31] = 1;
    assert_eq!(of_headers(&image), None);
    image[31] = 0;
    assert_eq!(of_headers(&image[..79]), None, "cut");
}

/// An ELF file with `segments` of (offset, address, length).
fn elf(wide: bool, segments: &[(u32, u32, u32)]) -> Vec<u8> {
    let count = u16::try_from(segments.len()).unwrap();
    let mut file = b"\x7fELF".to_vec();
    file.extend([if wide { 2 } else { 1 }, 1, 1]);
    file.resize(16, 0);
    file.extend([3, 0, 40, 0, 1, 0, 0, 0]);
    let (word, header_len): (usize, u8) = if wide { (8, 64) } else { (4, 52) };
    let number = |file: &mut Vec<u8>, value: u32| {
        file.extend(&u64::from(value).to_le_bytes()[..word]);
    };
    number(&mut file, 0);
    number(&mut file, header_len.into());
    number(&mut file, 0);
    file.extend([0, 0, 0, 0, header_len, 0, if wide { 56 } else { 32 }, 0]);
    file.extend(count.to_le_bytes());
    file.extend([0; 6]);
    for &(offset, address, len) in segments {
        file.extend(1_u32.to_le_bytes());
        if wide {
            file.extend(5_u32.to_le_bytes());
        }
        for value in [offset, address, address, len, len] {
            number(&mut file, value);
        }
        if !wide {
            file.extend(5_u32.to_le_bytes());
        }
        number(&mut file, 4);
    }
    file.resize(0x2000, 0);
    file
}

#[test]
fn elf_segments_far_from_their_offsets_are_told() {
    for wide in [false, true] {
        let parts = [
            (0, 0x1_0000, 0x800),
            // A page further than its offset: part of the one before.
            (0x800, 0x1_1800, 0x100),
            (0xa00, 0x2000_0000, 0x100),
        ];
        let found = of_headers(&elf(wide, &parts)).unwrap();
        let expected = [(0, 0x1_0000), (0xa00, 0x2000_0000)];
        assert_eq!(found.segments, segments(&expected), "wide: {wide}");
        assert_eq!(of_headers(&elf(wide, &[])), None, "no segments");
    }
}

#[test]
fn other_bytes_say_nothing() {
    let noise = crate::testing::code::Noise(6).bytes(1 << 16);
    for image in [&[][..], b"\x7fELF", &[0xe9; 4], &[0xe9; 400], &noise] {
        assert_eq!(of_headers(image), None);
    }
}
