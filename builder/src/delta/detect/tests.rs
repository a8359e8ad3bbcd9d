use sprag_delta::Isa;

use super::detect_addresses;

/// An image of functions, then a table of pointers to them.
fn image(isa: Isa, base: u32) -> Vec<u8> {
    let (prologue, thumb_bit): (&[u8], u32) = match isa {
        Isa::Thumb => (&[0x10, 0xb5, 0x04, 0x46], 1),
        _ => (&[0x10, 0x40, 0x2d, 0xe9], 0),
    };
    let mut image = Vec::new();
    for number in 0..200_u8 {
        image.extend_from_slice(prologue);
        image.extend(
            (0_u8..36).map(|place| number.wrapping_mul(37).wrapping_add(place.wrapping_mul(11))),
        );
    }
    for number in 0..200 {
        image.extend_from_slice(&(base + number * 40 + thumb_bit).to_le_bytes());
    }
    image
}

#[test]
fn bases_are_found() {
    for (isa, base) in [
        (Isa::Thumb, 0),
        (Isa::Thumb, 0x0800_4000),
        (Isa::A32, 0x6000_0000),
    ] {
        let found = detect_addresses(isa, &image(isa, base));
        assert_eq!(
            (found.old_base, found.new_base),
            (base.into(), base.into()),
            "{isa:?}"
        );
    }
}

#[test]
fn nothing_speaks_for_a_base() {
    for image in [&[][..], &[0; 3], &[0xff; 5000]] {
        assert_eq!(detect_addresses(Isa::Thumb, image).old_base, 0);
        assert_eq!(detect_addresses(Isa::A64, image).ram_len, 0);
    }
}
