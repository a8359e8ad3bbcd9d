//! Images made for tests, of code that is none: functions that call each other, filled with noise.

use sprag_delta::{Class, Isa, Kind, Segments, Side};

/// Repeatable noise.
pub(crate) struct Noise(pub(crate) u32);

impl Noise {
    pub(crate) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// How functions of an instruction set begin, saving the return address.
pub(crate) const fn prologue(isa: Isa) -> [u8; 4] {
    match isa {
        Isa::Thumb => [0x10, 0xb5, 0x04, 0x46],
        Isa::A32 => [0x10, 0x40, 0x2d, 0xe9],
        Isa::A64 => [0xfd, 0x7b, 0xbe, 0xa9],
        Isa::Rv32 => [0x41, 0x11, 0x06, 0xc6],
        Isa::Rv64 => [0x41, 0x11, 0x06, 0xe4],
        _ => [0x12, 0xc1, 0xf0, 0x09],
    }
}

/// `count` functions of `isa`, each of which calls another.
pub(crate) fn functions(isa: Isa, count: usize) -> Vec<u8> {
    let call: [u8; 4] = match isa {
        Isa::Thumb => [0x00, 0xf0, 0x00, 0xf8],
        Isa::A32 => [0x00, 0x00, 0x00, 0xeb],
        Isa::A64 => [0x00, 0x00, 0x00, 0x94],
        Isa::Rv32 | Isa::Rv64 => [0xef, 0x00, 0x00, 0x00],
        _ => [0x05, 0x00, 0x00, 0x3d],
    };
    let mut noise = Noise(9);
    let (mut image, mut begins, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..count {
        begins.push(offset(&image));
        image.extend(prologue(isa));
        calls.push(offset(&image));
        image.extend(call);
        let len = 4 * usize::try_from(noise.next() % 40).unwrap();
        image.extend(noise.bytes(len));
    }
    let side = Side {
        segments: Segments::at(0),
        len: offset(&image),
        ram_base: 0,
        ram_len: 0,
    };
    for place in calls {
        let pick = usize::try_from(noise.next()).unwrap() % begins.len();
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&call);
        let bytes = side
            .rewrite(Class::Code(isa), Kind::Call, bytes, place, begins[pick])
            .unwrap();
        let place = usize::try_from(place).unwrap();
        image[place..place + 4].copy_from_slice(&bytes[..4]);
    }
    image
}

fn offset(image: &[u8]) -> u32 {
    u32::try_from(image.len()).unwrap()
}
